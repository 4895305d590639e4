/* core_reasons.c - each word for why a job waits or has ended, and what is said about it. */
#include "accounts_kit.h"
#include "base/resv_flags.h"
#include "core/state.h"
#include "suite.h"

#define MINUTE 60u
#define LATER(minutes) (START_US + (minutes) *60 * USEC_PER_SEC)

static const char *in_state; /* of the partition in the next cluster */

static struct kit *cluster (uint32_t nodes, uint32_t cpus)
{
    struct kit_conf *c = kit_conf (nodes == 1 ? "n1" : "n[1-2]", cpus);
    Moisson__Licence *licence = &c->licences[0];

    moisson__licence__init (licence);
    licence->name = (char *) "fluent";
    licence->count = 3;
    c->licence_list[0] = licence;
    c->config.licences = c->licence_list;
    c->config.n_licences = 1;
    c->partition.state = (char *) in_state;
    return kit_with (c);
}

static void reserve (struct kit *k, const char *user, usec_t start, uint32_t flags)
{
    Moisson__ResvNode node = MOISSON__RESV_NODE__INIT, *nodes[] = {&node};
    Moisson__Resv resv = MOISSON__RESV__INIT;
    Moisson__ResvSet set = MOISSON__RESV_SET__INIT;
    char *users[] = {(char *) user};
    EVENT (resv_set, RESV_SET, &set);

    node.node = (char *) "n1";
    resv.name = (char *) "r";
    resv.start_us = start;
    resv.end_us = start + 3600 * USEC_PER_SEC;
    resv.has_flags = true;
    resv.flags = flags;
    resv.users = users;
    resv.n_users = 1;
    resv.nodes = nodes;
    resv.n_nodes = 1;
    set.resv = &resv;
    kit_apply (k, &event);
}

/* Each makes a cluster and returns the job that is asked about. */
#define SCENE(name) static uint64_t name (struct kit *k)

SCENE (failed)
{
    uint64_t id = submit (k, .cpus_per_task = 1);

    pass (k);
    started (k, id, 1);
    exited (k, id, 1, 3);
    return id;
}

static uint64_t ends_as (struct kit *k, Moisson__EndKind kind)
{
    uint64_t id = submit (k, .time_s = 10 * MINUTE, .mem = 100, .no_requeue = true);

    pass (k);
    started (k, id, 1);
    ended (k, id, 1, kind, 0, 15);
    return id;
}

SCENE (timed_out)
{
    return ends_as (k, MOISSON__END_KIND__END_TIME_LIMIT);
}

SCENE (killed_for_memory)
{
    return ends_as (k, MOISSON__END_KIND__END_OOM);
}

SCENE (lost)
{
    return ends_as (k, MOISSON__END_KIND__END_LOST);
}

SCENE (overdue)
{
    uint64_t id = submit (k, .hold = true, .time_s = 10 * MINUTE, .deadline = LATER (11));

    clock_at (k, LATER (2));
    return id;
}

SCENE (runs)
{
    uint64_t id = submit (k, .cpus_per_task = 1);

    pass (k);
    started (k, id, 1);
    return id;
}

SCENE (is_prepared)
{
    uint64_t id = submit (k, .cpus_per_task = 1);

    pass (k);
    core_attempt_configuring (k->core, id, 1, true);
    return id;
}

SCENE (was_sent)
{
    uint64_t id = submit (k, .cpus_per_task = 1);

    pass (k);
    return id;
}

SCENE (is_held)
{
    return submit (k, .hold = true);
}

SCENE (is_held_by_an_administrator)
{
    uint64_t id = submit (k, .cpus_per_task = 1);

    hold (k, id, ALL_TASKS, true, true);
    return id;
}

SCENE (its_reservation_has_gone)
{
    uint64_t id;

    reserve (k, "alice", LATER (1), 0);
    id = submit (k, .reservation = "r", .time_s = 2 * 3600, .nodes = 2);
    clock_at (k, LATER (62));
    return id;
}

SCENE (waits_for_two)
{
    uint64_t first = submit (k, .hold = true), second = submit (k, .hold = true);

    return submit (k, .depend = MOISSON__DEPEND_TYPE__DEP_AFTEROK, .on = first,
                   .depend2 = MOISSON__DEPEND_TYPE__DEP_AFTERANY, .on2 = second);
}

SCENE (waits_for_time_after)
{
    uint64_t first = submit (k, .cpus_per_task = 1);

    pass (k);
    started (k, first, 1);
    return submit (k, .depend = MOISSON__DEPEND_TYPE__DEP_AFTER, .on = first, .delay_min = 5);
}

SCENE (waits_in_vain)
{
    uint64_t first = failed (k);

    return submit (k, .depend = MOISSON__DEPEND_TYPE__DEP_AFTEROK, .on = first);
}

SCENE (begins_later)
{
    return submit (k, .begin = LATER (60));
}

SCENE (is_a_wide_array)
{
    uint64_t id = submit (k, .array_first = 0, .array_last = 9, .array_limit = 2);

    pass (k);
    return id;
}

SCENE (plain)
{
    uint64_t id = submit (k, .cpus_per_task = 1);

    pass (k);
    return id;
}

SCENE (finds_no_node)
{
    uint64_t id = submit (k, .cpus_per_task = 1);

    node_down (k, "n1", true);
    node_set (k, "n2", "DRAIN");
    pass (k);
    return id;
}

SCENE (names_a_node_that_is_away)
{
    uint64_t id = submit (k, .nodelist = "n2");

    node_set (k, "n2", "DRAIN");
    pass (k);
    return id;
}

SCENE (comes_before_its_reservation)
{
    reserve (k, "alice", LATER (60), 0);
    return submit (k, .reservation = "r", .time_s = MINUTE);
}

SCENE (lacks_licences)
{
    submit (k, .licenses = "fluent:2");
    uint64_t id = submit (k, .licenses = "fluent:2");

    pass (k);
    return id;
}

static uint64_t reaches_into (struct kit *k, uint32_t flags)
{
    uint64_t id;

    reserve (k, "bob", LATER (60), flags);
    id = submit (k, .nodelist = "n1", .time_s = 7200);
    pass (k);
    return id;
}

SCENE (reaches_into_maintenance)
{
    return reaches_into (k, RESV_MAINT);
}

SCENE (reaches_into_a_reservation)
{
    return reaches_into (k, 0);
}

SCENE (is_third_of_its_kind)
{
    for (int i = 0; i < 2; i++)
        submit (k, .cpus_per_task = 4, .exclusive = true);
    for (int i = 0; i < 2; i++)
        submit (k, .cpus_per_task = 4);
    uint64_t id = submit (k, .cpus_per_task = 4);

    pass (k);
    return id;
}

static uint64_t behind (struct kit *k, uint32_t least)
{
    submit (k, .nodelist = "n1", .cpus_per_task = 3, .mem = 10, .time_s = 3600);
    submit (k, .nodelist = "n1", .cpus_per_task = 4, .mem = 10, .time_s = 3600);
    uint64_t id = submit (k, .nodelist = "n1", .mem = 10, .time_s = 7200, .time_min_s = least);

    pass (k);
    return id;
}

SCENE (would_delay_another)
{
    return behind (k, 0);
}

SCENE (would_delay_another_however_short)
{
    return behind (k, 5400);
}

SCENE (goes_in_order)
{
    struct core_policies policies = {.in_order = true};

    core_set_policies (k->core, &policies);
    return behind (k, 0);
}

SCENE (lacks_room)
{
    submit (k, .nodelist = "n1", .cpus_per_task = 1, .mem = 1000);
    submit (k, .nodelist = "n2", .cpus_per_task = 2, .mem = 500);
    uint64_t id = submit (k, .cpus_per_task = 4, .mem = 3500);

    pass (k);
    return id;
}

static const struct row_of_reason {
    const char *word;
    uint64_t (*scene) (struct kit *k);
    const char *says; /* all of these, between | */
    const char *partition_state;
} reasons[] = {
    {"NonZeroExitCode", failed, "exit code 3", NULL},
    {"TimeLimit", timed_out, "longer than its time limit of 00:10:00", NULL},
    {"NodeDown", lost, "its processes vanished from the node", NULL},
    {"OutOfMemory", killed_for_memory, "memory", NULL},
    {"DeadLine", overdue, "could no longer end before its deadline, 1970-", NULL},
    {"None", runs, "", NULL},
    {"Prolog", is_prepared, "placed on n1; PrologSlurmctld runs", NULL},
    {"Starting", was_sent, "placed on n1, which has not said yet that it runs", NULL},
    {"JobHeldAdmin", is_held_by_an_administrator, "held by an administrator", NULL},
    {"ReservationDeleted", its_reservation_has_gone, "reservation r, |scontrol release 1", NULL},
    {"JobHeldUser", is_held, "scontrol release 1", NULL},
    {"DependencyNeverSatisfied", waits_in_vain, "ended otherwise than asked", NULL},
    {"Dependency", waits_for_two, "2 of 2 conditions not met yet: afterok:1, afterany:2", NULL},
    {"Dependency", waits_for_time_after, "1 of 1 conditions not met yet: after:1+5 (at 1970-", NULL},
    {"BeginTime", begins_later, "not before 1970-", NULL},
    {"PartitionInactive", plain, "partition main is INACTIVE", "INACTIVE"},
    {"PartitionDown", plain, "partition main is DOWN", "DOWN"},
    {"JobArrayTaskLimit", is_a_wide_array, "2 tasks of this array run, %2 allows no more", NULL},
    {"ReqNodeNotAvail", finds_no_node, "none of the 2 nodes that it may use in partition main", NULL},
    {"ReqNodeNotAvail", names_a_node_that_is_away, "node n2, which it asks for by name, is not available", NULL},
    {"Reservation", comes_before_its_reservation, "reservation r begins 1970-", NULL},
    {"Licenses", lacks_licences, "fluent|2|1", NULL},
    {"ReqNodeNotAvail, Reserved for maintenance", reaches_into_maintenance, "reservation r, which begins 1970-", NULL},
    {"ReqNodeNotAvail, May be reserved for other job", reaches_into_a_reservation, "reservation r, which begins 1970-",
     NULL},
    {"Priority", is_third_of_its_kind, "waits behind job 3|2 jobs are before it in partition main", NULL},
    {"Priority", would_delay_another,
     "could delay job 2, which is promised 1 node from|; a shorter one|1 job is before it", NULL},
    {"Priority", would_delay_another_however_short, "on, even within its --time-min; a shorter one may pass it", NULL},
    {"Priority", goes_in_order, "job 2 waits before it, and the jobs of partition main start in their order", NULL},
    {"Resources", lacks_room,
     "asks 4 cpus, 3500 MB on 1 node|most cpus are free on n1: 3, with 3000 MB and 2 gpus|most memory is free on n2: "
     "3500 MB, with 2 cpus|0 jobs are before it",
     NULL},
};

/* As `moisson why` asks. */
static struct rows asked_about (struct kit *k, uint64_t id)
{
    Moisson__JobRef ref = MOISSON__JOB_REF__INIT, *refs[] = {&ref};
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;
    struct rows rows = {0};

    ref.job_id = id;
    filter.jobs = refs;
    filter.n_jobs = 1;
    request.filter = &filter;
    request.has_ended = request.ended = request.has_estimate = request.estimate = true;
    ck_assert_uint_eq (core_jobs (k->core, &request, 0, 0, rows_add, &rows), 0);
    return rows;
}

static void check_words (const struct row_of_reason *row, const Moisson__JobInfo *info)
{
    _cleanup_free_ char *copy = xstrdup (row->says);
    const char *text = info->reason_text ? info->reason_text : "";
    char *save, *part;

    ck_assert_msg (!strcmp (info->reason, row->word), "%s, not %s: %s", info->reason, row->word, text);
    ck_assert_msg (*row->says || !*text, "%s: %s", row->word, text);
    for (part = strtok_r (copy, "|", &save); part; part = strtok_r (NULL, "|", &save))
        ck_assert_msg (strstr (text, part), "%s: \"%s\" does not say \"%s\"", row->word, text, part);
}

START_TEST (each_word_has_its_sentence)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        in_state = reasons[i].partition_state;
        _cleanup_kit_ struct kit *k = cluster (2, 4);
        uint64_t id = reasons[i].scene (k);
        _cleanup_rows_ struct rows rows = asked_about (k, id);
        size_t at = 0;
        while (at + 1 < rows.n && rows.row[at]->attempt) /* of an array: what waits */
            at++;
        ck_assert_uint_gt (rows.n, 0);
        check_words (&reasons[i], rows.row[at]);
    }
}
END_TEST

START_TEST (limits_and_rates_say_how_much)
{
    _cleanup_kit_ struct kit *k = house ();
    struct kit_conf *c = kit_conf ("n[1-2]", 4);
    struct row_of_reason rate = {"StartRate", NULL, "main allows 1 start a second", NULL};
    struct row_of_reason jobs = {"AssocMaxJobsLimit", NULL, "has 1 job running, |in account chem allows 1", NULL};

    submit (k, .user = "max", .account = "chem");
    uint64_t id = submit (k, .user = "max", .account = "chem");
    pass (k);
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);
    check_words (&jobs, rows.row[0]);
    c->partition.has_start_rate = c->partition.has_start_rate_us = true;
    c->partition.start_rate = 1;
    c->partition.start_rate_us = USEC_PER_SEC;
    _cleanup_kit_ struct kit *fast = kit_with (c);
    submit (fast, .mem = 10);
    id = submit (fast, .mem = 10);
    pass (fast);
    rows_free (&rows);
    rows = rows_of (fast, id, false);
    check_words (&rate, rows.row[0]);
}
END_TEST

SUITE ("reasons", each_word_has_its_sentence, limits_and_rates_say_how_much)
