#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "ctld/journal.h"
#include "suite.h"

/* --- a store that does as it is told ----------------------------------------------------------------------------- */

#define MANY 64

struct store {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool closed; /* commits wait */
    bool room;
    struct {
        int rc;
        bool written; /* though rc says otherwise: the answer was lost */
    } script[MANY];   /* outcomes in order; then 0 */
    int always;       /* != 0: the outcome until the test says otherwise */
    int commits;      /* calls so far */
    int failed;       /* calls that met `always` */
    int waiting;      /* calls that stand before the closed gate */
    struct {
        uint64_t first, last;
        size_t rows, records, blobs;
        int ballast;
    } seen[MANY];
    uint64_t rows[MANY]; /* sequences in the store */
    size_t n_rows;
};

static struct store *store_create (void)
{
    struct store *s = xcalloc (1, sizeof *s);

    pthread_mutex_init (&s->mutex, NULL);
    pthread_cond_init (&s->changed, NULL);
    s->room = true;
    return s;
}

static void store_free (struct store *s)
{
    pthread_cond_destroy (&s->changed);
    pthread_mutex_destroy (&s->mutex);
    free (s);
}

static void write_rows (struct store *s, const struct store_batch *b)
{
    for (size_t i = 0; i < b->n_rows; i++) {
        bool there = false;

        for (size_t k = 0; k < s->n_rows; k++)
            there |= s->rows[k] == b->rows[i].sequence;
        if (!there)
            s->rows[s->n_rows++] = b->rows[i].sequence;
    }
}

static int fake_commit (struct store *s, const struct store_batch *b, int use_ballast, struct err *err)
{
    pthread_mutex_lock (&s->mutex);
    s->waiting++;
    while (s->closed)
        pthread_cond_wait (&s->changed, &s->mutex);
    s->waiting--;
    if (s->always) {
        int always = s->always;

        s->failed++;
        pthread_mutex_unlock (&s->mutex);
        return always < 0 ? err_set (err, 0, "the disk went away") : always;
    }
    int n = s->commits++;
    ck_assert_int_lt (n, MANY);
    s->seen[n].first = b->n_rows ? b->rows[0].sequence : 0;
    s->seen[n].last = b->n_rows ? b->rows[b->n_rows - 1].sequence : 0;
    s->seen[n].rows = b->n_rows;
    s->seen[n].records = b->n_records;
    s->seen[n].blobs = b->n_blobs;
    s->seen[n].ballast = use_ballast;
    int rc = s->script[n].rc;
    if (rc == 0 || s->script[n].written)
        write_rows (s, b);
    pthread_mutex_unlock (&s->mutex);
    return rc < 0 ? err_set (err, 0, "the disk went away") : rc;
}

static int fake_has_room (struct store *s)
{
    pthread_mutex_lock (&s->mutex);
    int room = s->room;
    pthread_mutex_unlock (&s->mutex);
    return room;
}

static void gate (struct store *s, bool closed)
{
    pthread_mutex_lock (&s->mutex);
    s->closed = closed;
    pthread_cond_broadcast (&s->changed);
    pthread_mutex_unlock (&s->mutex);
}

static void set_always (struct store *s, int rc)
{
    pthread_mutex_lock (&s->mutex);
    s->always = rc;
    pthread_mutex_unlock (&s->mutex);
}

static void set_room (struct store *s, bool room)
{
    pthread_mutex_lock (&s->mutex);
    s->room = room;
    pthread_mutex_unlock (&s->mutex);
}

static int locked (struct store *s, const int *value)
{
    pthread_mutex_lock (&s->mutex);
    int v = *value;
    pthread_mutex_unlock (&s->mutex);
    return v;
}

/* --- a house around the journal ----------------------------------------------------------------------------------- */

struct house {
    struct loop *loop;
    struct store *store;
    struct journal *journal;
    struct timer *tick;
    bool (*until) (struct house *h);
    usec_t deadline;
    uint64_t released[MANY]; /* what the waiters stood for, in the order of their release */
    size_t n_released, n_dropped;
    enum journal_health healths[MANY];
    size_t n_healths;
};

static void on_health (void *arg, enum journal_health health, const char *why)
{
    struct house *h = arg;

    ck_assert (health == JOURNAL_OK || *why);
    h->healths[h->n_healths++] = health;
}

static struct house *house_create (void)
{
    static const struct store_ops ops = {.commit = fake_commit, .has_room = fake_has_room};
    struct house *h = xcalloc (1, sizeof *h);
    struct journal_options options = {.ops = &ops,
                                      .sequence = 0,
                                      .retry_first = 1000,
                                      .retry_most = 4000,
                                      .probe = 2000,
                                      .on_health = on_health,
                                      .arg = h};

    ck_assert_int_eq (loop_create (&h->loop, NULL), 0);
    h->store = store_create ();
    options.loop = h->loop;
    options.store = h->store;
    ck_assert_int_eq (journal_create (&h->journal, &options, NULL), 0);
    return h;
}

static void house_free (struct house *h)
{
    journal_free (h->journal);
    timer_free (h->tick);
    loop_free (h->loop);
    store_free (h->store);
    free (h);
}

static void on_tick (void *arg)
{
    struct house *h = arg;

    if (h->until (h))
        loop_stop (h->loop);
    else if (now_monotonic () > h->deadline)
        ck_abort_msg ("what was waited for did not happen");
    else
        timer_arm (h->tick, 200);
}

/* Turn the loop until this is so. */
static void run_until (struct house *h, bool (*until) (struct house *h))
{
    h->until = until;
    h->deadline = now_monotonic () + 20 * USEC_PER_SEC;
    if (!h->tick)
        h->tick = timer_create_in (h->loop, on_tick, h);
    timer_arm (h->tick, 0);
    loop_run (h->loop);
}

struct note {
    struct house *house;
    uint64_t sequence;
};

static void on_release (void *arg, bool committed)
{
    struct note *note = arg;
    struct house *h = note->house;

    if (committed) {
        bool in_store = false;

        pthread_mutex_lock (&h->store->mutex); /* the law itself: it is in the store by now */
        for (size_t i = 0; i < h->store->n_rows; i++)
            in_store |= h->store->rows[i] == note->sequence;
        pthread_mutex_unlock (&h->store->mutex);
        ck_assert (in_store);
        h->released[h->n_released++] = note->sequence;
    } else {
        h->n_dropped++;
    }
    free (note);
}

static void after (struct house *h, uint64_t sequence)
{
    struct note *note = xmalloc (sizeof *note);

    *note = (struct note){h, sequence};
    journal_after (h->journal, sequence, on_release, note);
}

static uint64_t append (struct house *h)
{
    Moisson__Clock tick = MOISSON__CLOCK__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;

    event.what_case = MOISSON__EVENT__WHAT_CLOCK;
    event.clock = &tick;
    uint64_t sequence = journal_append (h->journal, &event, NULL, NULL, 0);
    after (h, sequence);
    return sequence;
}

static bool one_waits (struct house *h)
{
    return locked (h->store, &h->store->waiting) == 1;
}

static bool all_released (struct house *h)
{
    return h->n_released == journal_sequence (h->journal);
}

static bool is_accepting (struct house *h)
{
    return journal_accepting (h->journal);
}

static bool is_failing (struct house *h)
{
    return journal_health (h->journal) == JOURNAL_FAILING;
}

static bool tried_often (struct house *h)
{
    return locked (h->store, &h->store->failed) >= 5;
}

static void check_order (const struct house *h)
{
    for (size_t i = 0; i < h->n_released; i++)
        ck_assert_uint_eq (h->released[i], i + 1);
}

/* --- tests ------------------------------------------------------------------------------------------------------- */

START_TEST (nothing_is_released_before_its_commit)
{
    struct house *h = house_create ();

    gate (h->store, true);
    for (int i = 0; i < 3; i++)
        append (h);
    run_until (h, one_waits);
    ck_assert_uint_eq (h->n_released, 0);
    ck_assert_uint_eq (journal_committed (h->journal), 0);
    gate (h->store, false);
    run_until (h, all_released);
    ck_assert_uint_eq (journal_committed (h->journal), 3);
    check_order (h);
    house_free (h);
}
END_TEST

START_TEST (what_comes_during_a_commit_shares_the_next_one)
{
    struct house *h = house_create ();

    gate (h->store, true);
    append (h);
    run_until (h, one_waits);
    for (int i = 0; i < 40; i++) {
        append (h);
        if (i % 10 == 0)
            run_until (h, one_waits); /* turns of the loop in between: several batches are published */
    }
    run_until (h, one_waits); /* and the last one */
    gate (h->store, false);
    run_until (h, all_released);
    ck_assert_int_eq (h->store->commits, 2);
    ck_assert_uint_eq (h->store->seen[0].rows, 1);
    ck_assert_uint_eq (h->store->seen[1].rows, 40);
    check_order (h);
    ck_assert_uint_eq (journal_stats (h->journal).commits, 2);
    ck_assert_uint_eq (journal_stats (h->journal).rows, 41);
    house_free (h);
}
END_TEST

START_TEST (a_commit_of_unknown_outcome_is_tried_again_with_the_same_batch)
{
    struct house *h = house_create ();

    h->store->script[0].rc = -1;
    h->store->script[0].written = true; /* it went through, but nobody knows */
    h->store->script[1].rc = -1;
    append (h);
    append (h);
    run_until (h, all_released);
    run_until (h, is_accepting);
    ck_assert_int_eq (h->store->commits, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq (h->store->seen[i].first, 1);
        ck_assert_uint_eq (h->store->seen[i].last, 2);
    }
    ck_assert_uint_eq (h->store->n_rows, 2);
    ck_assert_uint_eq (h->n_released, 2);
    check_order (h);
    ck_assert_uint_eq (journal_stats (h->journal).retries, 2);
    house_free (h);
}
END_TEST

START_TEST (while_the_store_fails_it_does_not_accept)
{
    struct house *h = house_create ();

    set_always (h->store, -1);
    ck_assert (journal_accepting (h->journal));
    append (h);
    run_until (h, is_failing);
    ck_assert (!journal_accepting (h->journal));
    ck_assert_str_eq (journal_trouble (h->journal), "the disk went away");
    ck_assert_uint_eq (h->n_released, 0);
    append (h); /* an exit: it waits behind the first */
    run_until (h, tried_often);
    ck_assert_uint_eq (h->n_released, 0);
    set_always (h->store, 0);
    run_until (h, all_released);
    check_order (h);
    run_until (h, is_accepting);
    ck_assert_int_eq (h->healths[0], JOURNAL_FAILING);
    house_free (h);
}
END_TEST

static bool full_and_released (struct house *h)
{
    return all_released (h) && journal_health (h->journal) == JOURNAL_FULL;
}

START_TEST (a_full_disk_takes_from_the_reserve_and_no_new_work)
{
    struct house *h = house_create ();

    h->store->script[0].rc = STORE_E_FULL;
    set_room (h->store, false);
    append (h);
    run_until (h, full_and_released);
    ck_assert_int_eq (h->store->commits, 2);
    ck_assert_int_eq (h->store->seen[0].ballast, 0);
    ck_assert_int_eq (h->store->seen[1].ballast, 1);
    ck_assert (!journal_accepting (h->journal));
    ck_assert_ptr_nonnull (strstr (journal_trouble (h->journal), "full"));
    append (h); /* what ends is still recorded */
    run_until (h, full_and_released);
    ck_assert_uint_eq (h->n_released, 2);
    set_room (h->store, true);
    run_until (h, is_accepting); /* noticed without a commit */
    ck_assert_int_eq (h->store->commits, 3);
    house_free (h);
}
END_TEST

START_TEST (a_full_disk_and_no_reserve_is_tried_until_it_goes)
{
    struct house *h = house_create ();

    set_always (h->store, STORE_E_FULL);
    append (h);
    run_until (h, is_failing);
    run_until (h, tried_often);
    ck_assert_uint_eq (h->n_released, 0);
    set_always (h->store, 0);
    run_until (h, all_released);
    ck_assert_int_eq (h->store->commits, 1);
    house_free (h);
}
END_TEST

START_TEST (a_store_that_is_full_from_the_start_accepts_nothing)
{
    static const struct store_ops ops = {.commit = fake_commit, .has_room = fake_has_room};
    struct house *h = xcalloc (1, sizeof *h);

    ck_assert_int_eq (loop_create (&h->loop, NULL), 0);
    h->store = store_create ();
    h->store->room = false;
    struct journal_options options = {.loop = h->loop, .ops = &ops, .store = h->store, .probe = 2000};
    ck_assert_int_eq (journal_create (&h->journal, &options, NULL), 0);
    ck_assert (!journal_accepting (h->journal));
    set_room (h->store, true);
    run_until (h, is_accepting);
    house_free (h);
}
END_TEST

START_TEST (records_and_blobs_are_committed_with_their_event)
{
    struct house *h = house_create ();
    _cleanup_effects_ struct effects fx = EFFECTS_INIT;
    Moisson__Clock tick = MOISSON__CLOCK__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    uint8_t hash[32] = {1};
    struct store_blob blobs[2] = {{1000, hash, (const uint8_t *) "#!/bin/sh\n", 10}, {1000, hash, NULL, 0}};

    event.what_case = MOISSON__EVENT__WHAT_CLOCK;
    event.clock = &tick;
    struct fx *record = effects_add (&fx, FX_RECORD);
    record->record = xmalloc (sizeof *record->record);
    moisson__acct_record__init (record->record);
    effects_add (&fx, FX_WANT_PASS);
    after (h, journal_append (h->journal, &event, &fx, blobs, 2));
    run_until (h, all_released);
    ck_assert_int_eq (h->store->commits, 1);
    ck_assert_uint_eq (h->store->seen[0].rows, 1);
    ck_assert_uint_eq (h->store->seen[0].records, 1);
    ck_assert_uint_eq (h->store->seen[0].blobs, 2);
    house_free (h);
}
END_TEST

static bool three_released (struct house *h)
{
    return h->n_released == 3;
}

START_TEST (a_question_waits_for_what_it_rests_on_and_keeps_the_order)
{
    struct house *h = house_create ();

    gate (h->store, true);
    append (h);
    append (h);
    run_until (h, one_waits);
    after (h, 1); /* asks about an older event: still behind what was asked before */
    ck_assert_uint_eq (h->n_released, 0);
    gate (h->store, false);
    run_until (h, three_released);
    ck_assert_uint_eq (h->released[0], 1);
    ck_assert_uint_eq (h->released[1], 2);
    ck_assert_uint_eq (h->released[2], 1);
    after (h, 2); /* long committed, nobody before it: at once */
    ck_assert_uint_eq (h->n_released, 4);
    house_free (h);
}
END_TEST

static int add_rows (void *arg, struct store *store)
{
    size_t *ret = arg;

    pthread_mutex_lock (&store->mutex);
    *ret = store->n_rows;
    pthread_mutex_unlock (&store->mutex);
    return 0;
}

struct call {
    struct house *house;
    size_t rows;
    int rc;
    bool done;
};

static int call_work (void *arg, struct store *store)
{
    struct call *c = arg;

    return add_rows (&c->rows, store);
}

static void call_done (void *arg, int rc)
{
    struct call *c = arg;

    c->rc = rc;
    c->done = true;
    if (rc == 0)
        loop_stop (c->house->loop);
}

START_TEST (work_in_the_thread_comes_behind_what_was_appended)
{
    struct house *h = house_create ();
    struct call c = {.house = h, .rc = 99};

    gate (h->store, true);
    append (h);
    run_until (h, one_waits);
    append (h);
    append (h);
    journal_call (h->journal, call_work, call_done, &c);
    append (h);
    gate (h->store, false);
    loop_run (h->loop);
    ck_assert (c.done);
    ck_assert_int_eq (c.rc, 0);
    ck_assert_uint_eq (c.rows, 3);
    run_until (h, all_released);
    check_order (h);
    house_free (h);
}
END_TEST

START_TEST (freed_with_work_left_it_tells_all_who_wait)
{
    struct house *h = house_create ();
    struct call c = {.house = h, .rc = 99};

    set_always (h->store, -1);
    append (h);
    append (h);
    run_until (h, is_failing);
    append (h);
    journal_call (h->journal, call_work, call_done, &c);
    h->journal = journal_free (h->journal);
    ck_assert_uint_eq (h->n_dropped, 3);
    ck_assert_uint_eq (h->n_released, 0);
    ck_assert (c.done);
    ck_assert_int_lt (c.rc, 0);
    house_free (h);
}
END_TEST

static void append_again (void *arg, bool committed)
{
    struct house *h = arg;

    if (committed && journal_sequence (h->journal) < 5)
        journal_after (h->journal, append (h), append_again, h);
}

static bool five_released (struct house *h)
{
    return h->n_released == 5;
}

START_TEST (a_waiter_may_append)
{
    struct house *h = house_create ();

    journal_after (h->journal, append (h), append_again, h);
    run_until (h, five_released);
    check_order (h);
    house_free (h);
}
END_TEST

SUITE ("journal", nothing_is_released_before_its_commit, what_comes_during_a_commit_shares_the_next_one,
       a_commit_of_unknown_outcome_is_tried_again_with_the_same_batch, while_the_store_fails_it_does_not_accept,
       a_full_disk_takes_from_the_reserve_and_no_new_work, a_full_disk_and_no_reserve_is_tried_until_it_goes,
       a_store_that_is_full_from_the_start_accepts_nothing, records_and_blobs_are_committed_with_their_event,
       a_question_waits_for_what_it_rests_on_and_keeps_the_order, work_in_the_thread_comes_behind_what_was_appended,
       freed_with_work_left_it_tells_all_who_wait, a_waiter_may_append)
