/* core_resv.c - advance reservations: who may make one, of what, and what the pass makes of it. */
#include "core/resv.h"
#include <string.h>
#include "core/state.h"
#include "accounts_kit.h"
#include "core_kit.h"
#include "suite.h"

#define MIN (60 * USEC_PER_SEC)
#define HOUR (60 * MIN)
#define DAY (24 * HOUR)
#define T(minutes) (START_US + (minutes) *MIN)

struct resv_ask { /* a request in words; 0 and NULL = not said */
    Moisson__ResvOpRequest__Op op;
    const char *name, *user, *account, *nodes, *licences, *partition, *features;
    usec_t start, end;
    uint32_t minutes, node_cnt, core_cnt, flags, flags_off;
    bool users_not;
    Moisson__ListHow users_how, accounts_how, nodes_how;
};

static int ask_resv (struct kit *k, const struct resv_ask *ask, Moisson__Resv **ret, struct err *err)
{
    Moisson__ResvOpRequest r = MOISSON__RESV_OP_REQUEST__INIT;
    char *users[] = {(char *) ask->user}, *accounts[] = {(char *) ask->account};
    uint32_t cores[] = {ask->core_cnt};

    r.op = ask->op;
    r.name = (char *) ask->name;
    r.users = users;
    r.n_users = ask->user != NULL;
    r.has_users_how = r.n_users;
    r.users_how = ask->users_how;
    r.users_not = ask->users_not;
    r.accounts = accounts;
    r.n_accounts = ask->account != NULL;
    r.has_accounts_how = r.n_accounts;
    r.accounts_how = ask->accounts_how;
    r.nodes = (char *) ask->nodes;
    r.has_nodes_how = ask->nodes != NULL;
    r.nodes_how = ask->nodes_how;
    r.licences = (char *) ask->licences;
    r.partition = (char *) ask->partition;
    r.features = (char *) ask->features;
    r.has_start_us = ask->start != 0;
    r.start_us = ask->start;
    r.has_end_us = ask->end != 0;
    r.end_us = ask->end;
    r.has_duration_s = ask->minutes != 0;
    r.duration_s = ask->minutes * 60;
    r.has_node_cnt = ask->node_cnt != 0;
    r.node_cnt = ask->node_cnt;
    r.core_cnt = cores;
    r.n_core_cnt = ask->core_cnt != 0;
    r.flags_on = ask->flags;
    r.flags_off = ask->flags_off;
    return core_admit_resv (k->core, &r, 0, k->now, ret, err);
}

static int reserve_try (struct kit *k, const struct resv_ask *ask, struct err *err)
{
    Moisson__ResvSet set = MOISSON__RESV_SET__INIT;
    Moisson__Resv *resv;
    EVENT (resv_set, RESV_SET, &set);

    if (ask_resv (k, ask, &resv, err))
        return -1;
    set.resv = resv;
    kit_apply (k, &event);
    moisson__resv__free_unpacked (resv, NULL);
    return 0;
}

#define reserve(k, ...) ck_assert_int_eq (reserve_try (k, &(struct resv_ask){__VA_ARGS__}, NULL), 0)
#define refuse(k, code_, words, ...)                                                                                   \
    do {                                                                                                               \
        struct err err = ERR_INIT;                                                                                     \
        ck_assert_int_lt (reserve_try (k, &(struct resv_ask){__VA_ARGS__}, &err), 0);                                  \
        ck_assert_msg (err.code == MOISSON__FAIL_CODE__##code_ && strstr (err.why, words) && err.fix, "%d %s",         \
                       err.code, err.why);                                                                             \
        err_clear (&err);                                                                                              \
    } while (0)

static int into (void *arg, const Moisson__Image *image)
{
    size_t len = moisson__image__get_packed_size (image);
    uint8_t *bytes = xmalloc (len + 1);
    Moisson__Image *copy;

    moisson__image__pack (image, bytes);
    copy = moisson__image__unpack (NULL, len, bytes);
    ck_assert_int_eq (core_load (arg, copy, NULL), 0);
    moisson__image__free_unpacked (copy, NULL);
    free (bytes);
    return 0;
}

static void check_snapshot (struct kit *k)
{
    struct core *copy = core_create ();
    struct err err = ERR_INIT;
    uint8_t a[32], b[32];

    ck_assert_int_eq (core_save (k->core, 42, into, copy), 0);
    core_digest (k->core, a);
    core_digest (copy, b);
    ck_assert_mem_eq (a, b, sizeof a);
    if (core_check (copy, &err))
        ck_abort_msg ("core_check: %s", err.why);
    core_free (copy);
}

static void kit_licence (struct kit_conf *c, const char *name, uint32_t count)
{
    Moisson__Licence *licence = &c->licences[c->config.n_licences];

    moisson__licence__init (licence);
    licence->name = (char *) name;
    licence->count = count;
    c->licence_list[c->config.n_licences++] = licence;
    c->config.licences = c->licence_list;
}

START_TEST (nobody_reaches_into_a_reservation)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t longer, shorter;

    reserve (k, .name = "r", .user = "bob", .nodes = "n1", .start = T (10), .minutes = 10);
    longer = submit (k, .time_s = 20 * 60, .user = "alice");
    shorter = submit (k, .time_s = 10 * 60, .user = "alice");
    ck_assert_uint_eq (pass (k), 1);
    assert_state (k, shorter, PENDING);
    assert_reason (k, shorter, "Starting");
    assert_reason (k, longer, "ReqNodeNotAvail, May be reserved for other job");
    ck_assert_uint_eq (core_next_deadline (k->core), T (10));
    check_snapshot (k);
    clock_at (k, T (10));
    ck_assert_uint_eq (pass (k), 0);
    clock_at (k, T (20)); /* it has gone, and was not for ever */
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, longer, "Starting");
    ck_assert_uint_eq (core_next_deadline (k->core) > T (20), 1);
}
END_TEST

START_TEST (who_is_in_it_runs_there_and_then_only)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t inside, other;
    struct err err = ERR_INIT;

    reserve (k, .name = "r", .user = "bob", .nodes = "n2", .start = T (10), .minutes = 10);
    inside = submit (k, .reservation = "r", .user = "bob", .time_s = 3600);
    other = submit (k, .reservation = "r", .user = "alice");
    ck_assert_uint_eq (pass (k), 0);
    assert_reason (k, inside, "Reservation");
    assert_reason (k, other, "Reservation");
    clock_at (k, T (10));
    ck_assert_uint_eq (pass (k), 1);
    started (k, inside, 1);
    assert_nodes (k, inside, "n2");
    assert_reason (k, other, "Reservation");
    check_snapshot (k);
    ck_assert_int_lt (admit (k, &err, .reservation = "r", .nodes = 2), 0);
    ck_assert_int_eq (err.code, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG);
    err_clear (&err);
    ck_assert_int_lt (admit (k, &err, .reservation = "nosuch"), 0);
    ck_assert_int_eq (err.code, MOISSON__FAIL_CODE__FAIL_RESV_INVALID);
    err_clear (&err);
    clock_at (k, T (20)); /* out of time: the node is told, and what waited is held */
    ck_assert_uint_eq (effects_count (&k->fx, FX_LIMIT), 1);
    assert_reason (k, other, "ReservationDeleted");
    check_snapshot (k);
    hold (k, other, ALL_TASKS, false, false);
    ck_assert_uint_eq (pass (k), 1);
    ended (k, inside, 1, MOISSON__END_KIND__END_TIME_LIMIT, 0, 15);
    assert_state (k, inside, TIMEOUT);
}
END_TEST

START_TEST (its_end_may_move_and_may_come_late)
{
    struct kit_conf *c = kit_conf ("n1", 4);
    uint64_t inside;

    c->config.has_resv_over_run_s = true;
    c->config.resv_over_run_s = 300;
    _cleanup_kit_ struct kit *k = kit_with (c);
    reserve (k, .name = "r", .user = "alice", .nodes = "n1", .start = T (0), .minutes = 10);
    inside = submit (k, .reservation = "r");
    ck_assert_uint_eq (pass (k), 1);
    started (k, inside, 1);
    reserve (k, .op = MOISSON__RESV_OP_REQUEST__OP__UPDATE, .name = "r", .minutes = 20);
    clock_at (k, T (15));
    ck_assert_uint_eq (effects_count (&k->fx, FX_LIMIT), 0);
    clock_at (k, T (20));
    ck_assert_uint_eq (effects_count (&k->fx, FX_LIMIT), 0);
    ck_assert_uint_eq (core_next_deadline (k->core), T (25));
    check_snapshot (k);
    clock_at (k, T (25));
    ck_assert_uint_eq (effects_count (&k->fx, FX_LIMIT), 1);
}
END_TEST

START_TEST (a_daily_one_comes_again)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t days, hours;

    reserve (k, .name = "r", .user = "bob", .nodes = "n1", .start = T (60), .minutes = 60, .flags = RESV_DAILY);
    clock_at (k, T (120));
    ck_assert_uint_eq (core_next_deadline (k->core), START_US + DAY + HOUR);
    days = submit (k, .time_s = 24 * 3600);
    hours = submit (k, .time_s = 23 * 3600);
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, hours, "Starting");
    assert_reason (k, days, "ReqNodeNotAvail, May be reserved for other job");
    refuse (k, FAIL_TIME_VALUE, "longer than the time", .name = "s", .user = "bob", .nodes = "n1", .start = T (1000),
            .minutes = 25 * 60, .flags = RESV_DAILY | RESV_OVERLAP);
    refuse (k, FAIL_RESV_OVERLAP, "r has node n1", .name = "s", .user = "bob", .nodes = "n1",
            .start = START_US + 9 * DAY + HOUR + 10 * MIN, .minutes = 1, .flags = RESV_IGNORE_JOBS);
}
END_TEST

START_TEST (days_of_the_week_are_those_of_whoever_made_it)
{
    const usec_t friday = 1735290000ULL * USEC_PER_SEC; /* 2024-12-27 09:00 UTC */
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);

    k->now = friday - HOUR;
    reserve (k, .name = "r", .user = "bob", .nodes = "n1", .start = friday, .minutes = 60, .flags = RESV_WEEKDAY);
    clock_at (k, friday + HOUR);
    ck_assert_uint_eq (core_next_deadline (k->core), friday + 3 * DAY);
    reserve (k, .name = "s", .user = "bob", .nodes = "n1", .start = friday + DAY, .minutes = 60, .flags = RESV_WEEKEND);
    clock_at (k, friday + 2 * DAY + HOUR);
    ck_assert (resv_touches (resv_find (k->core, "s"), friday + 8 * DAY, friday + 8 * DAY + 1, NULL, NULL));
    ck_assert (!resv_touches (resv_find (k->core, "s"), friday + 2 * DAY + HOUR, friday + 8 * DAY, NULL, NULL));
}
END_TEST

START_TEST (a_reservation_is_judged_as_a_whole)
{
    struct kit_conf *c = kit_conf ("n[1-3]", 4);
    uint64_t running;

    kit_licence (c, "fluent", 10);
    _cleanup_kit_ struct kit *k = kit_with (c);
    running = submit (k, .nodelist = "n3", .cpus_per_task = 4);
    pass (k);
    started (k, running, 1);
    refuse (k, FAIL_TIME_VALUE, "past", .name = "r", .user = "a", .nodes = "n1", .start = START_US - 15 * MIN,
            .minutes = 5);
    refuse (k, FAIL_TIME_VALUE, "needs a start", .name = "r", .user = "a", .nodes = "n1", .start = T (1));
    refuse (k, FAIL_TIME_VALUE, "before it starts", .name = "r", .user = "a", .nodes = "n1", .start = T (9),
            .end = T (5));
    refuse (k, FAIL_RESV_LACKS, "lacks users", .name = "r", .nodes = "n1", .start = T (1), .minutes = 5);
    refuse (k, FAIL_INVALID_NODE, "no node n9", .name = "r", .user = "a", .nodes = "n9", .start = T (1), .minutes = 5);
    refuse (k, FAIL_INVALID_NODE, "no nodes", .name = "r", .user = "a", .start = T (1), .minutes = 5);
    refuse (k, FAIL_INVALID_PARTITION, "nosuch", .name = "r", .user = "a", .nodes = "n1", .partition = "nosuch",
            .start = T (1), .minutes = 5);
    refuse (k, FAIL_FEATURE, "nosuch", .name = "r", .user = "a", .node_cnt = 1, .features = "nosuch", .start = T (1),
            .minutes = 5);
    refuse (k, FAIL_LICENCES, "there are 10", .name = "r", .user = "a", .licences = "fluent:11",
            .flags = RESV_ANY_NODES, .start = T (1), .minutes = 5);
    refuse (k, FAIL_NODES_BUSY, "may run on n3", .name = "r", .user = "a", .nodes = "n[1-3]", .start = T (1),
            .minutes = 5);
    refuse (k, FAIL_NODES_BUSY, "3 nodes asked", .name = "r", .user = "a", .node_cnt = 3, .start = T (1), .minutes = 5);
    refuse (k, FAIL_RESV_INVALID, "one way only", .name = "r", .user = "a", .nodes = "n1", .start = T (1), .minutes = 5,
            .flags = RESV_DAILY | RESV_WEEKLY);
    refuse (k, FAIL_RESV_INVALID, "no reservation r", .op = MOISSON__RESV_OP_REQUEST__OP__UPDATE, .name = "r");
    ck_assert (!resv_any (&k->core->resvs));
    reserve (k, .name = "r", .user = "a", .node_cnt = 2, .start = T (1), .minutes = 5, .licences = "fluent:6");
    ck_assert_uint_eq (resv_find (k->core, "r")->msg->n_nodes, 2);
    refuse (k, FAIL_RESV_NAME, "Duplicate", .name = "r", .user = "a", .nodes = "n1", .start = T (1), .minutes = 5);
    refuse (k, FAIL_RESV_OVERLAP, "r has node n1", .name = "s", .user = "a", .nodes = "n1", .start = T (2),
            .minutes = 5);
    refuse (k, FAIL_LICENCES, "keep 6", .name = "s", .user = "a", .licences = "fluent:5", .flags = RESV_ANY_NODES,
            .start = T (2), .minutes = 5);
    reserve (k, .name = "s", .user = "a", .nodes = "n[1-3]", .start = T (2), .minutes = 5,
             .flags = RESV_MAINT | RESV_IGNORE_JOBS);
    reserve (k, .user = "a", .nodes = "n1", .start = T (20), .minutes = 5);
    ck_assert_ptr_nonnull (resv_find (k->core, "a_3"));
    check_snapshot (k);
}
END_TEST

START_TEST (a_few_cpus_of_a_node_can_be_reserved)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t in[3];

    reserve (k, .name = "r", .user = "alice", .core_cnt = 2, .start = T (0), .minutes = 60);
    for (int i = 0; i < 3; i++)
        submit (k, .time_s = 60);
    ck_assert_uint_eq (pass (k), 2); /* two of four are kept */
    for (int i = 0; i < 3; i++)
        in[i] = submit (k, .reservation = "r", .time_s = 60);
    ck_assert_uint_eq (pass (k), 2);
    assert_reason (k, in[0], "Starting");
    check_snapshot (k);
}
END_TEST

START_TEST (maintenance_keeps_off_those_of_other_reservations)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t a, b;

    reserve (k, .name = "r", .user = "alice", .nodes = "n1", .start = T (0), .minutes = 60);
    reserve (k, .name = "m", .user = "root", .nodes = "n1", .start = T (10), .minutes = 10, .flags = RESV_MAINT);
    a = submit (k, .reservation = "r", .time_s = 20 * 60);
    b = submit (k, .reservation = "r", .time_s = 10 * 60);
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, b, "Starting");
    assert_reason (k, a, "ReqNodeNotAvail, Reserved for maintenance");
}
END_TEST

START_TEST (all_but_some_may_use_it_and_it_is_not_deleted_in_use)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    struct err err = ERR_INIT;
    Moisson__Resv *none;
    uint64_t job;

    reserve (k, .name = "r", .user = "alice", .users_not = true, .nodes = "n1", .start = T (0), .minutes = 60);
    submit (k, .reservation = "r", .user = "alice");
    ck_assert_uint_eq (pass (k), 0);
    job = submit (k, .reservation = "r", .user = "bob");
    ck_assert_uint_eq (pass (k), 1);
    ck_assert_int_lt (
        ask_resv (k, &(struct resv_ask){.op = MOISSON__RESV_OP_REQUEST__OP__DELETE, .name = "r"}, &none, &err), 0);
    ck_assert_int_eq (err.code, MOISSON__FAIL_CODE__FAIL_RESV_BUSY);
    err_clear (&err);
    reserve (k, .op = MOISSON__RESV_OP_REQUEST__OP__UPDATE, .name = "r", .user = "carol");
    ck_assert (!resv_lets_in (resv_find (k->core, "r"), "bob", NULL));
    ck_assert (resv_lets_in (resv_find (k->core, "r"), "carol", NULL));
    assert_reason (k, job, "Starting");
}
END_TEST

START_TEST (licences_are_taken_and_given_back)
{
    struct kit_conf *c = kit_conf ("n[1-4]", 4);
    uint64_t a, b, small;
    struct err err = ERR_INIT;

    kit_licence (c, "fluent", 10);
    kit_licence (c, "matlab", 2);
    _cleanup_kit_ struct kit *k = kit_with (c);
    ck_assert_int_lt (admit (k, &err, .licenses = "fluent:11"), 0);
    ck_assert_int_eq (err.code, MOISSON__FAIL_CODE__FAIL_LICENCES);
    err_clear (&err);
    ck_assert_int_lt (admit (k, &err, .licenses = "ansys"), 0);
    err_clear (&err);
    a = submit (k, .licenses = "fluent:6,matlab", .time_s = 600);
    b = submit (k, .licenses = "fluent:6", .time_s = 60);
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, b, "Licenses");
    small = submit (k, .licenses = "fluent:4", .time_s = 1200); /* it lasts longer than a */
    ck_assert_uint_eq (pass (k), 0);
    check_snapshot (k);
    started (k, a, 1);
    small = submit (k, .licenses = "fluent:4", .time_s = 300);
    ck_assert_uint_eq (pass (k), 1);
    exited (k, small, 1, 0);
    exited (k, a, 1, 0);
    ck_assert_uint_eq (pass (k), 2);
    assert_reason (k, b, "Starting");
}
END_TEST

START_TEST (a_reservation_keeps_licences_for_its_jobs)
{
    struct kit_conf *c = kit_conf ("n1", 8);
    uint64_t out, in;

    kit_licence (c, "fluent", 10);
    _cleanup_kit_ struct kit *k = kit_with (c);
    reserve (k, .name = "r", .user = "alice", .licences = "fluent:6", .flags = RESV_ANY_NODES, .start = T (0),
             .minutes = 60);
    out = submit (k, .licenses = "fluent:5", .time_s = 60);
    in = submit (k, .licenses = "fluent:5", .time_s = 60, .reservation = "r");
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, in, "Starting");
    assert_reason (k, out, "Licenses");
    check_snapshot (k);
    exited (k, in, 1, 0);
    clock_at (k, T (60));
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, out, "Starting");
}
END_TEST

START_TEST (fewer_licences_after_a_reconfiguration_kill_nobody)
{
    struct kit_conf *c = kit_conf ("n1", 8), *fewer = kit_conf ("n1", 8);
    uint64_t a, b;

    kit_licence (c, "fluent", 10);
    kit_licence (fewer, "fluent", 3);
    _cleanup_kit_ struct kit *k = kit_with (c);
    a = submit (k, .licenses = "fluent:6", .time_s = 60);
    ck_assert_uint_eq (pass (k), 1);
    kit_configure (k, fewer);
    ck_assert_uint_eq (licence_find (k->core, "fluent")->used, 6);
    b = submit (k, .licenses = "fluent:2", .time_s = 60);
    ck_assert_uint_eq (pass (k), 0);
    assert_reason (k, b, "Licenses");
    check_snapshot (k);
    exited (k, a, 1, 0);
    ck_assert_uint_eq (pass (k), 1);
    kit_conf_free (fewer);
}
END_TEST

START_TEST (users_that_want_to_be_alone_are)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t other;

    submit (k, .uid = 1000, .exclusive_user = true);
    submit (k, .uid = 1000);
    other = submit (k, .uid = 1001);
    ck_assert_uint_eq (pass (k), 2);
    assert_reason (k, other, "Resources");
}
END_TEST

START_TEST (accounts_are_those_of_the_tree_where_it_is_enforced)
{
    static const char words[] = "Invalid account or account/partition combination specified";
    _cleanup_kit_ struct kit *k = house (), *lax = house_with (0, 0);

    reserve (k, .name = "a", .account = "bio", .nodes = "n1", .start = T (60), .minutes = 60);
    refuse (k, FAIL_INVALID_ACCOUNT, words, .name = "b", .account = "bi", .nodes = "n2", .start = T (60),
            .minutes = 60);
    refuse (k, FAIL_INVALID_ACCOUNT, words, .op = MOISSON__RESV_OP_REQUEST__OP__UPDATE, .name = "a", .account = "bi",
            .accounts_how = MOISSON__LIST_HOW__LIST_ADD);
    reserve (k, .op = MOISSON__RESV_OP_REQUEST__OP__UPDATE, .name = "a", .account = "chem",
             .accounts_how = MOISSON__LIST_HOW__LIST_ADD);
    set_accounts (k, "AccountName=chem\nUserName=max Account=chem\n"); /* bio has gone, and may be taken out */
    reserve (k, .op = MOISSON__RESV_OP_REQUEST__OP__UPDATE, .name = "a", .account = "bio",
             .accounts_how = MOISSON__LIST_HOW__LIST_REMOVE);
    reserve (lax, .name = "a", .account = "bi", .nodes = "n1", .start = T (60), .minutes = 60);
}
END_TEST

SUITE ("resv", nobody_reaches_into_a_reservation, who_is_in_it_runs_there_and_then_only,
       its_end_may_move_and_may_come_late, a_daily_one_comes_again, days_of_the_week_are_those_of_whoever_made_it,
       a_reservation_is_judged_as_a_whole, a_few_cpus_of_a_node_can_be_reserved,
       maintenance_keeps_off_those_of_other_reservations, all_but_some_may_use_it_and_it_is_not_deleted_in_use,
       licences_are_taken_and_given_back, a_reservation_keeps_licences_for_its_jobs,
       fewer_licences_after_a_reconfiguration_kill_nobody, users_that_want_to_be_alone_are,
       accounts_are_those_of_the_tree_where_it_is_enforced)
