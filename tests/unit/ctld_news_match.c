/* Filters of those who follow. */
#include "ctld/news_match.h"
#include "suite.h"

static Moisson__News of_task = {.type = (char *) "ended",
                                .has_job_id = true,
                                .job_id = 10,
                                .has_task = true,
                                .task = 3,
                                .has_raw_id = true,
                                .raw_id = 13,
                                .has_uid = true,
                                .uid = 7};
static Moisson__News of_node = {.type = (char *) "node_up", .nodes = (char *) "n1"};

START_TEST (filters_are_joined)
{
    Moisson__EventsRequest asked = MOISSON__EVENTS_REQUEST__INIT;
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;
    Moisson__JobRef ref = MOISSON__JOB_REF__INIT, *refs[] = {&ref};
    Moisson__Range range = MOISSON__RANGE__INIT, *ranges[] = {&range};
    uint32_t uid = 7;
    char *types[] = {(char *) "ended"};

    ck_assert (news_match (&asked, 5, 1, &of_task) && news_match (&asked, 5, 1, &of_node));
    asked.filter = &filter;
    ck_assert (news_match (&asked, 5, 1, &of_node));
    filter.uids = &uid;
    filter.n_uids = 1;
    ck_assert (news_match (&asked, 5, 1, &of_task) && !news_match (&asked, 5, 1, &of_node));
    filter.jobs = refs;
    filter.n_jobs = 1;
    ref.job_id = 10;
    ck_assert (news_match (&asked, 5, 1, &of_task));
    ref.tasks = ranges;
    ref.n_tasks = 1;
    range.first = 2;
    range.last = 4;
    ck_assert (news_match (&asked, 5, 1, &of_task));
    range.has_step = true;
    range.step = 2;
    ck_assert (!news_match (&asked, 5, 1, &of_task));
    ref.job_id = 13;
    ck_assert (news_match (&asked, 5, 1, &of_task)); /* its raw id */
    uid = 8;
    ck_assert (!news_match (&asked, 5, 1, &of_task));
    uid = 7;
    asked.types = types;
    asked.n_types = 1;
    ck_assert (news_match (&asked, 5, 1, &of_task));
    types[0] = (char *) "started";
    ck_assert (!news_match (&asked, 5, 1, &of_task));
}
END_TEST

START_TEST (parts_that_were_seen_are_left_out)
{
    Moisson__EventsRequest asked = MOISSON__EVENTS_REQUEST__INIT;

    asked.has_since = asked.has_since_part = true;
    asked.since = 5;
    asked.since_part = 2;
    ck_assert (!news_match (&asked, 5, 2, &of_task) && news_match (&asked, 5, 3, &of_task));
    ck_assert (news_match (&asked, 6, 1, &of_task));
}
END_TEST

SUITE ("ctld/news_match", filters_are_joined, parts_that_were_seen_are_left_out)
