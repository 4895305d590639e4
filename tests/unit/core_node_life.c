/* What persons, programs, silence and reboots make of a node; what processes that cannot be killed keep of it. Each
 * test goes through a snapshot half way: nothing of it may be forgotten. */
#include "core_kit.h"
#include "suite.h"

/* --- words ----------------------------------------------------------------------------------------------------------
 */

static struct kit *cluster (const char *nodes, uint32_t return_to_service)
{
    struct kit_conf *c = kit_conf (nodes, 4);

    c->config.has_return_to_service = c->config.has_resume_timeout_s = true;
    c->config.return_to_service = return_to_service;
    c->config.resume_timeout_s = 60;
    return kit_with (c);
}

static int load_into (void *arg, const Moisson__Image *image)
{
    size_t len = moisson__image__get_packed_size (image);
    uint8_t *bytes = xmalloc (len + 1);
    struct err err = ERR_INIT;

    moisson__image__pack (image, bytes);
    Moisson__Image *copy = moisson__image__unpack (NULL, len, bytes);
    if (core_load (arg, copy, &err))
        ck_abort_msg ("core_load: %s", err.why);
    moisson__image__free_unpacked (copy, NULL);
    free (bytes);
    return 0;
}

/* Through a snapshot; who can be reached is not in it, so nodes that are up say that they are here. */
static void reload (struct kit *k)
{
    struct core *copy = core_create ();
    uint8_t a[32], b[32];

    ck_assert_int_eq (core_save (k->core, 1000, load_into, copy), 0);
    core_digest (k->core, a);
    core_digest (copy, b);
    ck_assert_mem_eq (a, b, sizeof a);
    core_free (k->core);
    k->core = copy;
    core_node_session (k->core, "n1", true);
}

static int say_try (struct kit *k, const char *node, const char *state, const char *reason, bool person)
{
    Moisson__NodeSet set = MOISSON__NODE_SET__INIT;
    EVENT (node_set, NODE_SET, &set);

    set.node = (char *) node;
    set.state = (char *) state;
    set.reason = (char *) reason;
    set.has_uid = person;
    set.uid = 0;
    return kit_try (k, &event);
}

static void say (struct kit *k, const char *state, const char *reason, bool person)
{
    ck_assert_int_eq (say_try (k, "n1", state, reason, person), 0);
}

static void reboot (struct kit *k, bool asap, const char *next)
{
    Moisson__NodeSet set = MOISSON__NODE_SET__INIT;
    EVENT (node_set, NODE_SET, &set);

    set.node = (char *) "n1";
    set.state = (char *) "REBOOT";
    set.has_asap = true;
    set.asap = asap;
    set.next_state = (char *) next;
    kit_apply (k, &event);
}

struct row {
    char state[32], complete[96], reason[256];
    uint32_t jobs, alloc_cpus;
    bool has_uid;
};

static bool take_row (void *arg, const Moisson__NodeInfo *info)
{
    struct row *row = arg;

    if (strcmp (info->name, "n1"))
        return true;
    snprintf (row->state, sizeof row->state, "%s", info->state);
    snprintf (row->complete, sizeof row->complete, "%s", info->state_complete);
    snprintf (row->reason, sizeof row->reason, "%s", info->reason ? info->reason : "");
    row->jobs = info->jobs;
    row->alloc_cpus = info->alloc_cpus;
    row->has_uid = info->has_reason_uid;
    return true;
}

static struct row look (struct kit *k)
{
    struct row row = {0};

    core_nodes (k->core, 0, 0, take_row, &row);
    return row;
}

#define assert_shows(k, word, whole, why)                                                                              \
    do {                                                                                                               \
        struct row row_ = look (k);                                                                                    \
        ck_assert_str_eq (row_.state, word);                                                                           \
        ck_assert_str_eq (row_.complete, whole);                                                                       \
        ck_assert_str_eq (row_.reason, why);                                                                           \
    } while (0)

static uint64_t run_on_n1 (struct kit *k, uint32_t cpus)
{
    uint64_t id = submit (k, .nodelist = "n1", .cpus_per_task = cpus);

    ck_assert_uint_eq (pass (k), 1);
    started (k, id, 1);
    return id;
}

/* --- persons --------------------------------------------------------------------------------------------------------
 */

START_TEST (drained_failed_resumed)
{
    static const struct {
        const char *state, *busy, *busy_complete, *idle, *idle_complete;
    } cases[] = {
        {"DRAIN", "draining", "MIXED+DRAIN", "drained", "IDLE+DRAIN"},
        {"FAIL", "failing", "MIXED+FAIL", "fail", "IDLE+FAIL"},
    };

    for (size_t i = 0; i < 2; i++) {
        _cleanup_kit_ struct kit *k = cluster ("n1", 1);
        uint64_t id = run_on_n1 (k, 1);
        say (k, cases[i].state, "new disk", true);
        assert_shows (k, cases[i].busy, cases[i].busy_complete, "new disk");
        ck_assert (look (k).has_uid);
        reload (k);
        submit (k, .name = "next");
        ck_assert_uint_eq (pass (k), 0);
        exited (k, id, 1, 0); /* what ran goes on to its end */
        assert_state (k, id, COMPLETED);
        assert_shows (k, cases[i].idle, cases[i].idle_complete, "new disk");
        say (k, "RESUME", NULL, true);
        assert_shows (k, "idle", "IDLE", "");
        ck_assert_uint_eq (pass (k), 1);
    }
}
END_TEST

START_TEST (undrain_lifts_the_drain_alone)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);

    say (k, "DRAIN", "a", true);
    say (k, "DOWN", "b", true);
    assert_shows (k, "drained", "DOWN+DRAIN", "b");
    say (k, "UNDRAIN", NULL, true);
    assert_shows (k, "down", "DOWN", "b");
    say (k, "IDLE", NULL, true);
    assert_shows (k, "idle", "IDLE", "");
}
END_TEST

START_TEST (a_reason_may_be_changed_alone)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);

    say (k, "DRAIN", "first", true);
    say (k, "REASON", "second", true);
    assert_shows (k, "drained", "IDLE+DRAIN", "second");
    ck_assert_int_eq (say_try (k, "n1", "POWER_DOWN", "x", true), -1);
    ck_assert_int_eq (say_try (k, "n9", "DRAIN", "x", true), -1);
}
END_TEST

/* --- programs -------------------------------------------------------------------------------------------------------
 */

START_TEST (a_health_check_takes_back_what_it_said)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);

    ck_assert (core_node_health (k->core, "n1", false));
    ck_assert (!core_node_health (k->core, "n1", true)); /* nothing to take back */
    say (k, "SICK", "disk is slow", false);
    assert_shows (k, "drained", "IDLE+DRAIN", "disk is slow");
    ck_assert (!core_node_health (k->core, "n1", false)); /* said already */
    reload (k);
    ck_assert (core_node_health (k->core, "n1", true));
    say (k, "WELL", NULL, false);
    assert_shows (k, "idle", "IDLE", "");
}
END_TEST

START_TEST (a_persons_drain_outlives_a_good_health_check)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);

    say (k, "SICK", "disk is slow", false);
    say (k, "DRAIN", "new disk on Monday", true);
    reload (k);
    ck_assert (!core_node_health (k->core, "n1", true));
    say (k, "WELL", NULL, false);
    assert_shows (k, "drained", "IDLE+DRAIN", "new disk on Monday");
}
END_TEST

static void ends_with (struct kit *k, uint64_t id, uint32_t attempt, Moisson__EndKind kind, const char *drain)
{
    Moisson__Exit exit = MOISSON__EXIT__INIT;

    exit.kind = kind;
    exit.cause = (char *) "Prolog error: /p exited with code 1";
    exit.drain = (char *) drain;
    ended_as (k, "n1", &exit, id, attempt);
}

START_TEST (a_failed_prolog_drains_and_the_job_goes_elsewhere)
{
    _cleanup_kit_ struct kit *k = cluster ("n[1-2]", 1);
    uint64_t id = submit (k, .name = "j");

    pass (k);
    assert_nodes (k, id, "n1");
    ends_with (k, id, 1, MOISSON__END_KIND__END_REFUSED, "Prolog error: /p exited with code 1 (job 1)");
    ck_assert_uint_eq (effects_count (&k->fx, FX_RECORD), 0); /* it never ran */
    assert_shows (k, "drained", "IDLE+DRAIN", "Prolog error: /p exited with code 1 (job 1)");
    assert_state (k, id, PENDING);
    ck_assert_uint_eq (pass (k), 1); /* on n2 */
    refused (k, id, 2, "some other thing");
    assert_reason (k, id, "Resources"); /* one more time */
    ck_assert_uint_eq (pass (k), 1);
    ends_with (k, id, 3, MOISSON__END_KIND__END_REFUSED, "Prolog error: again");
    assert_reason (k, id, "JobHeldAdmin"); /* one job does not drain the whole cluster */
}
END_TEST

START_TEST (a_failed_epilog_drains_and_the_job_is_what_it_was)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);
    uint64_t id = run_on_n1 (k, 1);

    ends_with (k, id, 1, MOISSON__END_KIND__END_EXITED, "Epilog error");
    assert_state (k, id, COMPLETED);
    assert_shows (k, "drained", "IDLE+DRAIN", "Epilog error");
    say (k, "RESUME", NULL, true);
    ends_with (k, id, 1, MOISSON__END_KIND__END_EXITED, "Epilog error"); /* told again */
    assert_shows (k, "idle", "IDLE", "");
}
END_TEST

START_TEST (a_failed_prolog_of_the_controller_blames_no_node)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);
    uint64_t id = submit (k, .name = "j");
    Moisson__Unplaced u = MOISSON__UNPLACED__INIT;
    EVENT (unplaced, UNPLACED, &u);

    u.raw_id = id;
    u.has_refused = u.refused = true;
    u.why = (char *) "PrologSlurmctld: /p exited with code 1";
    for (u.attempt = 1; u.attempt <= 5; u.attempt++) {
        ck_assert_uint_eq (pass (k), 1);
        core_attempt_configuring (k->core, id, u.attempt, true);
        assert_state (k, id, CONFIGURING);
        kit_apply (k, &event);
        assert_state (k, id, PENDING);
        assert_shows (k, "idle", "IDLE", "");
    }
    assert_reason (k, id, "JobHeldAdmin");
}
END_TEST

/* --- silence and reboots that nobody asked for -----------------------------------------------------------------------
 */

START_TEST (silence_and_return)
{
    static const struct {
        uint32_t service;
        bool rebooted;
        const char *state, *reason;
    } cases[] = {
        {0, false, "down", "Not responding"},
        {0, true, "down", "Not responding"},
        {1, false, "idle", ""},
        {1, true, "idle", ""},
        {2, false, "idle", ""},
        {2, true, "idle", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        _cleanup_kit_ struct kit *k = cluster ("n1", cases[i].service);
        node_down (k, "n1", false);
        assert_shows (k, "down*", "DOWN+NOT_RESPONDING", "Not responding");
        reload (k);
        node_up_as (k, "n1", cases[i].rebooted ? "boot-2" : "boot-1");
        ck_assert_str_eq (look (k).state, cases[i].state);
        ck_assert_str_eq (look (k).reason, cases[i].reason);
        say (k, "RESUME", NULL, true);
        assert_shows (k, "idle", "IDLE", "");
    }
}
END_TEST

START_TEST (a_reboot_that_nobody_asked_for)
{
    for (uint32_t service = 0; service < 3; service++) {
        _cleanup_kit_ struct kit *k = cluster ("n1", service);
        node_up_as (k, "n1", "boot-1"); /* a new agent is no reboot */
        assert_shows (k, "idle", "IDLE", "");
        node_up_as (k, "n1", "boot-2");
        if (service == 2) {
            assert_shows (k, "idle", "IDLE", "");
            continue;
        }
        assert_shows (k, "down", "DOWN", "Node unexpectedly rebooted");
        reload (k);
        node_up_as (k, "n1", "boot-2"); /* that it connects again changes nothing */
        assert_shows (k, "down", "DOWN", "Node unexpectedly rebooted");
        say (k, "RESUME", NULL, true);
        assert_shows (k, "idle", "IDLE", "");
    }
}
END_TEST

START_TEST (a_person_has_set_it_down)
{
    for (uint32_t service = 0; service < 3; service++) {
        _cleanup_kit_ struct kit *k = cluster ("n1", service);
        say (k, "DOWN", "smoke", true);
        node_down (k, "n1", false);
        assert_shows (k, "down*", "DOWN+NOT_RESPONDING", "smoke");
        node_up (k, "n1");
        if (service == 2)
            assert_shows (k, "idle", "IDLE", "");
        else
            assert_shows (k, "down", "DOWN", "smoke");
    }
}
END_TEST

START_TEST (one_that_was_never_there_is_unknown)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);
    struct kit_conf *c = kit_conf ("n[0-1]", 4);

    kit_configure (k, c);
    kit_conf_free (c);
    assert_node (k, "n0", "unknown*");
    node_down (k, "n0", false);
    assert_node (k, "n0", "down*");
    node_up (k, "n0");
    assert_node (k, "n0", "idle");
}
END_TEST

/* --- reboots that were asked for -------------------------------------------------------------------------------------
 */

START_TEST (rebooted_once_it_is_idle)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);
    uint64_t id = run_on_n1 (k, 1);

    reboot (k, false, NULL);
    assert_shows (k, "mixed@", "MIXED+REBOOT_REQUESTED", "Reboot requested");
    ck_assert_ptr_null (core_next_reboot (k->core));
    ck_assert_int_eq (say_try (k, "n1", "REBOOTING", NULL, false), -1); /* not under a job */
    uint64_t more = run_on_n1 (k, 1);                                   /* without ASAP it goes on taking work */
    exited (k, id, 1, 0);
    exited (k, more, 1, 0);
    reload (k);
    assert_shows (k, "reboot", "IDLE+REBOOT_REQUESTED", "Reboot requested");
    ck_assert_str_eq (core_next_reboot (k->core), "n1");
    say (k, "REBOOTING", NULL, false);
    ck_assert_uint_eq (effects_count (&k->fx, FX_REBOOT), 1);
    ck_assert_ptr_null (core_next_reboot (k->core));
    assert_shows (k, "reboot^", "IDLE+REBOOT_ISSUED", "Reboot requested : reboot issued");
    submit (k, .name = "next");
    ck_assert_uint_eq (pass (k), 0);
    reload (k);
    ck_assert (core_node_rebooting (k->core, "n1"));
    node_up_as (k, "n1", "boot-1"); /* a broken link, not the reboot */
    ck_assert (core_node_rebooting (k->core, "n1"));
    node_down (k, "n1", false);
    assert_shows (k, "reboot^", "DOWN+NOT_RESPONDING+REBOOT_ISSUED", "Reboot requested : reboot issued");
    node_up_as (k, "n1", "boot-2");
    assert_shows (k, "idle", "IDLE", "");
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (what_it_is_after_its_reboot)
{
    static const struct {
        bool drained, asap;
        const char *next, *state, *reason;
    } cases[] = {
        {false, true, NULL, "idle", ""},
        {true, true, NULL, "idle", ""},
        {false, false, "RESUME", "idle", ""},
        {true, false, "RESUME", "idle", ""},
        {true, false, NULL, "drained", "drained before its reboot"},
        {false, false, "DOWN", "down", "Reboot requested : reboot issued : reboot complete"},
        {true, true, "DOWN", "down", "old : reboot issued : reboot complete"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        _cleanup_kit_ struct kit *k = cluster ("n1", 1);
        if (cases[i].drained)
            say (k, "DRAIN", "old", true);
        reboot (k, cases[i].asap, cases[i].next);
        ck_assert_int_eq (strcmp (look (k).state, "reboot"), 0);
        say (k, "REBOOTING", NULL, false);
        node_up_as (k, "n1", "boot-2");
        ck_assert_str_eq (look (k).state, cases[i].state);
        if (strcmp (cases[i].state, "drained"))
            ck_assert_str_eq (look (k).reason, cases[i].reason);
    }
}
END_TEST

START_TEST (asap_takes_no_more_work)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);
    uint64_t id = run_on_n1 (k, 1);

    reboot (k, true, NULL);
    assert_shows (k, "draining@", "MIXED+DRAIN+REBOOT_REQUESTED", "Reboot ASAP");
    submit (k, .name = "next");
    ck_assert_uint_eq (pass (k), 0);
    say (k, "CANCEL_REBOOT", NULL, true);
    assert_shows (k, "mixed", "MIXED", "");
    ck_assert_int_eq (say_try (k, "n1", "CANCEL_REBOOT", NULL, true), -1);
    reboot (k, true, NULL);
    exited (k, id, 1, 0);
    say (k, "REBOOTING", NULL, false);
    ck_assert_int_eq (say_try (k, "n1", "CANCEL_REBOOT", NULL, true), -1); /* under way */
    ck_assert_int_eq (say_try (k, "n1", "REBOOT", NULL, true), -1);
}
END_TEST

START_TEST (a_reboot_that_takes_too_long_or_fails)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);

    reboot (k, true, NULL);
    say (k, "REBOOTING", NULL, false);
    ck_assert_uint_eq (core_next_deadline (k->core), k->now + 60 * USEC_PER_SEC);
    clock_at (k, k->now + 60 * USEC_PER_SEC);
    assert_shows (k, "reboot^", "DOWN+DRAIN+REBOOT_ISSUED", "reboot timed out");
    ck_assert_uint_eq (core_next_deadline (k->core), UINT64_MAX);
    reload (k);
    node_up_as (k, "n1", "boot-2"); /* better late */
    assert_shows (k, "idle", "IDLE", "");
    reboot (k, true, NULL);
    say (k, "REBOOTING", NULL, false);
    say (k, "REBOOT_FAILED", "no such program", false);
    assert_shows (k, "drained", "IDLE+DRAIN", "no such program");
    ck_assert (!core_node_rebooting (k->core, "n1"));
}
END_TEST

/* --- processes that cannot be killed
 * ---------------------------------------------------------------------------------- */

static void ends_unkillable (struct kit *k, uint64_t id)
{
    Moisson__Exit exit = MOISSON__EXIT__INIT;

    exit.kind = MOISSON__END_KIND__END_CANCELLED;
    exit.has_unkillable = true;
    exit.unkillable = 2;
    ended_as (k, "n1", &exit, id, 1);
}

static void released (struct kit *k, uint64_t id)
{
    Moisson__AttemptId a = MOISSON__ATTEMPT_ID__INIT, *ids[] = {&a};
    Moisson__Released r = MOISSON__RELEASED__INIT;
    EVENT (released, RELEASED, &r);

    a.raw_id = id;
    a.attempt = 1;
    r.node = (char *) "n1";
    r.ids = ids;
    r.n_ids = 1;
    kit_apply (k, &event);
}

static void registers_holding (struct kit *k, const char *boot, uint64_t id)
{
    Moisson__AttemptId a = MOISSON__ATTEMPT_ID__INIT, *ids[] = {&a};
    Moisson__Register facts = MOISSON__REGISTER__INIT;
    Moisson__NodeUp up = MOISSON__NODE_UP__INIT;
    EVENT (node_up, NODE_UP, &up);

    a.raw_id = id;
    a.attempt = 1;
    facts.node = (char *) "n1";
    facts.boot_id = (char *) boot;
    facts.version = (char *) "test";
    facts.held = ids;
    facts.n_held = id != 0;
    up.facts = &facts;
    kit_apply (k, &event);
}

#define HELD_2 "2 cpus, 2000 MB and 0 gpus are held by processes of job 1 that cannot be killed"

START_TEST (what_cannot_be_killed_keeps_what_it_holds)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);
    uint64_t id = run_on_n1 (k, 2);

    ends_unkillable (k, id);
    assert_state (k, id, CANCELLED); /* for its user it is over */
    assert_shows (k, "completing", "IDLE+COMPLETING", HELD_2);
    ck_assert_uint_eq (look (k).alloc_cpus, 2);
    ck_assert_uint_eq (look (k).jobs, 0);
    uint64_t wide = submit (k, .cpus_per_task = 3);
    ck_assert_uint_eq (pass (k), 0);
    hold (k, wide, ALL_TASKS, true, false); /* else it is promised the node, and what has no limit would delay it */
    uint64_t fits = submit (k, .cpus_per_task = 2); /* the rest of the node works on */
    ck_assert_uint_eq (pass (k), 1);
    reload (k);
    assert_shows (k, "allocated+", "ALLOCATED+COMPLETING", HELD_2);
    registers_holding (k, "boot-1", id); /* it is still there */
    ck_assert_uint_eq (look (k).alloc_cpus, 4);
    exited (k, fits, 1, 0);
    hold (k, wide, ALL_TASKS, false, false);
    ck_assert_uint_eq (pass (k), 0);
    released (k, id);
    ck_assert_uint_eq (effects_count (&k->fx, FX_WANT_PASS), 1);
    assert_shows (k, "idle", "IDLE", "");
    ck_assert_uint_eq (pass (k), 1);
    released (k, id); /* told twice */
}
END_TEST

START_TEST (a_registration_or_a_reboot_ends_it_too)
{
    for (int rebooted = 0; rebooted < 2; rebooted++) {
        _cleanup_kit_ struct kit *k = cluster ("n1", 2);
        uint64_t id = run_on_n1 (k, 2);
        ends_unkillable (k, id);
        registers_holding (k, rebooted ? "boot-2" : "boot-1", rebooted ? id : 0);
        assert_shows (k, "idle", "IDLE", "");
        ck_assert_uint_eq (look (k).alloc_cpus, 0);
    }
}
END_TEST

START_TEST (what_is_held_does_not_hinder_a_reboot)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);
    uint64_t id = run_on_n1 (k, 2);

    ends_unkillable (k, id);
    reboot (k, true, NULL);
    assert_shows (k, "reboot", "IDLE+COMPLETING+DRAIN+REBOOT_REQUESTED", "Reboot ASAP; " HELD_2);
    ck_assert_str_eq (core_next_reboot (k->core), "n1");
}
END_TEST

START_TEST (what_is_held_and_not_known_blocks_its_node)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);
    uint64_t id = run_on_n1 (k, 2);

    say (k, "DOWN", "smoke", true); /* its end is told by a person */
    say (k, "RESUME", NULL, true);
    registers_holding (k, "boot-1", id);
    submit (k, .name = "next");
    ck_assert_uint_eq (pass (k), 0);
    released (k, id);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (an_end_that_was_not_heard_yet_blocks_no_more_than_it_holds)
{
    _cleanup_kit_ struct kit *k = cluster ("n1", 1);
    uint64_t id = run_on_n1 (k, 2);

    registers_holding (k, "boot-1", id); /* the session broke before its end was told */
    ends_unkillable (k, id);
    submit (k, .cpus_per_task = 2);
    ck_assert_uint_eq (pass (k), 1);
    submit (k, .cpus_per_task = 2);
    ck_assert_uint_eq (pass (k), 0);
    released (k, id);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

SUITE ("node_life", drained_failed_resumed, undrain_lifts_the_drain_alone, a_reason_may_be_changed_alone,
       a_health_check_takes_back_what_it_said, a_persons_drain_outlives_a_good_health_check,
       a_failed_prolog_drains_and_the_job_goes_elsewhere, a_failed_epilog_drains_and_the_job_is_what_it_was,
       a_failed_prolog_of_the_controller_blames_no_node, silence_and_return, a_reboot_that_nobody_asked_for,
       a_person_has_set_it_down, one_that_was_never_there_is_unknown, rebooted_once_it_is_idle,
       what_it_is_after_its_reboot, asap_takes_no_more_work, a_reboot_that_takes_too_long_or_fails,
       what_cannot_be_killed_keeps_what_it_holds, a_registration_or_a_reboot_ends_it_too,
       what_is_held_does_not_hinder_a_reboot, what_is_held_and_not_known_blocks_its_node,
       an_end_that_was_not_heard_yet_blocks_no_more_than_it_holds)
