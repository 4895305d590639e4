#include <string.h>
#include "base/cleanup.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "ctld/acct_match.h"
#include "ctld/page.h"
#include "suite.h"

struct sample {
    Moisson__AcctRequest request;
    Moisson__JobFilter filter;
    Moisson__AcctRecord record;
    Moisson__JobRef ref, *refs[1];
    Moisson__Range range, *ranges[1];
    uint32_t uids[1];
    Moisson__JobState states[1];
};

static void sample_init (struct sample *s)
{
    s->request = (Moisson__AcctRequest) MOISSON__ACCT_REQUEST__INIT;
    s->filter = (Moisson__JobFilter) MOISSON__JOB_FILTER__INIT;
    s->record = (Moisson__AcctRecord) MOISSON__ACCT_RECORD__INIT;
    s->ref = (Moisson__JobRef) MOISSON__JOB_REF__INIT;
    s->range = (Moisson__Range) MOISSON__RANGE__INIT;
    s->refs[0] = &s->ref;
    s->ranges[0] = &s->range;
    s->request.filter = &s->filter;
    s->record.raw_id = 12;
    s->record.uid = 1000;
    s->record.partition = "main";
    s->record.state = MOISSON__JOB_STATE__STATE_COMPLETED;
    s->record.has_submit_us = s->record.has_end_us = true;
    s->record.submit_us = 100;
    s->record.end_us = 200;
    s->record.nodes = "n[1-3]";
}

static void ask_job (struct sample *s, uint64_t id)
{
    s->ref.job_id = id;
    s->filter.jobs = s->refs;
    s->filter.n_jobs = 1;
}

static void ask_tasks (struct sample *s, uint32_t first, uint32_t last, uint32_t step)
{
    s->range.first = first;
    s->range.last = last;
    s->range.has_step = true;
    s->range.step = step;
    s->ref.tasks = s->ranges;
    s->ref.n_tasks = 1;
}

static bool match (const struct sample *s)
{
    _cleanup_hostlist_ struct hostlist *names = NULL;

    if (s->filter.nodelist)
        ck_assert_int_eq (hostlist_parse (&names, s->filter.nodelist, NULL), 0);
    return acct_match (&s->request, names, &s->record);
}

START_TEST (nothing_asked_is_all)
{
    struct sample s;

    sample_init (&s);
    ck_assert (match (&s));
    s.request.filter = NULL;
    ck_assert (match (&s));
}
END_TEST

START_TEST (an_attempt_that_was_repeated_is_shown_with_duplicates_only)
{
    struct sample s;

    sample_init (&s);
    s.record.has_requeued = s.record.requeued = true;
    ck_assert (!match (&s));
    s.request.has_all_attempts = s.request.all_attempts = true;
    ck_assert (match (&s));
}
END_TEST

START_TEST (ids_name_jobs_arrays_and_tasks)
{
    struct sample s;

    sample_init (&s);
    ask_job (&s, 12);
    ck_assert (match (&s));
    ask_job (&s, 13);
    ck_assert (!match (&s));
    s.record.has_array_id = s.record.has_task = true;
    s.record.array_id = 13;
    s.record.task = 7;
    ck_assert (match (&s));
    ask_tasks (&s, 1, 9, 2);
    ck_assert (match (&s));
    ask_tasks (&s, 2, 8, 2);
    ck_assert (!match (&s));
    ask_tasks (&s, 8, UINT32_MAX, 1);
    ck_assert (!match (&s));
}
END_TEST

START_TEST (a_cancelled_rest_is_found_by_any_of_its_tasks)
{
    struct sample s;

    sample_init (&s);
    ask_job (&s, 12);
    s.record.has_array_id = true;
    s.record.array_id = 12;
    s.record.tasks = "3-5,2000000-3000000";
    ask_tasks (&s, 5, 5, 1);
    ck_assert (match (&s));
    ask_tasks (&s, 6, 1999999, 1);
    ck_assert (!match (&s));
    ask_tasks (&s, 6, UINT32_MAX, 1000);
    ck_assert (match (&s));
    ask_tasks (&s, 0, 0, 1);
    ck_assert (!match (&s));
    s.record.tasks = NULL;
    ask_tasks (&s, 5, 5, 1);
    ck_assert (!match (&s));
}
END_TEST

START_TEST (the_window_is_half_open)
{
    struct sample s;

    sample_init (&s);
    s.request.has_since_us = s.request.has_until_us = true;
    s.request.since_us = 200;
    s.request.until_us = 101;
    ck_assert (match (&s));
    s.request.since_us = 201;
    ck_assert (!match (&s));
    s.request.since_us = 150;
    s.request.until_us = 100;
    ck_assert (!match (&s));
    s.request.until_us = 300;
    s.record.has_end_us = false; /* it has not ended */
    s.request.since_us = 250;
    ck_assert (match (&s));
}
END_TEST

START_TEST (filters_combine)
{
    struct sample s;
    char *main_name = "main", *other = "other";

    sample_init (&s);
    s.filter.partitions = &main_name;
    s.filter.n_partitions = 1;
    s.uids[0] = 1000;
    s.filter.uids = s.uids;
    s.filter.n_uids = 1;
    s.states[0] = MOISSON__JOB_STATE__STATE_COMPLETED;
    s.filter.states = s.states;
    s.filter.n_states = 1;
    s.filter.nodelist = "n[3-9]";
    ck_assert (match (&s));
    s.filter.nodelist = "n[4-9]";
    ck_assert (!match (&s));
    s.filter.nodelist = NULL;
    s.filter.partitions = &other;
    ck_assert (!match (&s));
    s.filter.partitions = &main_name;
    s.uids[0] = 1001;
    ck_assert (!match (&s));
    s.uids[0] = 1000;
    s.states[0] = MOISSON__JOB_STATE__STATE_FAILED;
    ck_assert (!match (&s));
    s.filter.n_states = 0;
    s.filter.names = &main_name;
    s.filter.n_names = 1;
    ck_assert (!match (&s)); /* it has no name */
}
END_TEST

START_TEST (packed_rows_read_back_as_a_page)
{
    _cleanup_page_ struct page page = PAGE_INIT;
    Moisson__AcctPage message = MOISSON__ACCT_PAGE__INIT;
    struct sample s;
    _cleanup_free_ char *long_name = xmalloc (5001);

    sample_init (&s);
    memset (long_name, 'x', 5000);
    long_name[5000] = '\0';
    for (uint64_t i = 0; i < 300; i++) {
        s.record.raw_id = i;
        s.record.name = i % 2 ? long_name : NULL;
        page_add (&page, &s.record.base);
    }
    message.last = true;
    page_lend (&page, &message.base);
    size_t len = moisson__acct_page__get_packed_size (&message);
    _cleanup_free_ uint8_t *data = xmalloc (len);
    ck_assert_uint_eq (moisson__acct_page__pack (&message, data), len);
    Moisson__AcctPage *back = moisson__acct_page__unpack (NULL, len, data);
    ck_assert_ptr_nonnull (back);
    ck_assert (back->last);
    ck_assert_uint_eq (back->n_records, 300);
    for (uint64_t i = 0; i < 300; i++) {
        ck_assert_uint_eq (back->records[i]->raw_id, i);
        ck_assert_uint_eq (back->records[i]->name ? strlen (back->records[i]->name) : 0, i % 2 ? 5000 : 0);
    }
    moisson__acct_page__free_unpacked (back, NULL);
}
END_TEST

SUITE ("acct_match", nothing_asked_is_all, an_attempt_that_was_repeated_is_shown_with_duplicates_only,
       ids_name_jobs_arrays_and_tasks, a_cancelled_rest_is_found_by_any_of_its_tasks, the_window_is_half_open,
       filters_combine, packed_rows_read_back_as_a_page)
