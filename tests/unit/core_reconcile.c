/* Every cell of wanted x present, by what is really done. */
#include "core/reconcile.h"
#include "core_kit_life.h"
#include "suite.h"

struct deeds { /* "start stop event..." as they come */
    struct kit *k;
    char text[256];
};

static void say (struct deeds *d, const char *word)
{
    strcat (d->text, *d->text ? " " : "");
    strcat (d->text, word);
}

static void do_event (void *arg, Moisson__Event *event)
{
    struct deeds *d = arg;
    static const char *const kinds[] = {
        [MOISSON__END_KIND__END_EXITED] = "exited", [MOISSON__END_KIND__END_CANCELLED] = "cancelled",
        [MOISSON__END_KIND__END_LOST] = "lost",     [MOISSON__END_KIND__END_NODE_REBOOT] = "rebooted",
        [MOISSON__END_KIND__END_SETUP] = "setup",   [MOISSON__END_KIND__END_REFUSED] = "refused",
    };

    say (d, event->what_case == MOISSON__EVENT__WHAT_STARTED ? "started" : kinds[event->ended->exit->kind]);
    kit_apply (d->k, event); /* may be applied at once */
    moisson__event__free_unpacked (event, NULL);
}

static void do_start (void *arg, uint64_t raw_id, uint32_t attempt)
{
    (void) raw_id;
    (void) attempt;
    say (arg, "START");
}

static void do_stop (void *arg, uint64_t raw_id, uint32_t attempt, Moisson__StopHow how, const char *note)
{
    (void) raw_id;
    (void) attempt;
    (void) note;
    say (arg, how == MOISSON__STOP_HOW__STOP_KILL ? "KILL" : "STOP");
}

static void do_forget (void *arg, uint64_t raw_id, uint32_t attempt)
{
    (void) raw_id;
    (void) attempt;
    say (arg, "FORGET");
}

static void do_suspend (void *arg, uint64_t raw_id, uint32_t attempt, bool on)
{
    (void) raw_id;
    (void) attempt;
    say (arg, on ? "SUSPEND" : "RESUME");
}

static struct deeds reconcile (struct kit *k, uint64_t raw_id, enum present_as present, const char *boot)
{
    static const struct reconcile_ops ops = {do_event, do_start, do_stop, do_forget, NULL, do_suspend};
    static const Moisson__AttemptPhase phases[] = {
        [PRESENT_STARTING] = MOISSON__ATTEMPT_PHASE__PHASE_STARTING,
        [PRESENT_RUNNING] = MOISSON__ATTEMPT_PHASE__PHASE_RUNNING,
        [PRESENT_SUSPENDED] = MOISSON__ATTEMPT_PHASE__PHASE_RUNNING,
        [PRESENT_EXITED] = MOISSON__ATTEMPT_PHASE__PHASE_EXITED,
        [PRESENT_REFUSED] = MOISSON__ATTEMPT_PHASE__PHASE_REFUSED,
    };
    Moisson__Register facts = MOISSON__REGISTER__INIT;
    Moisson__AttemptReport report = MOISSON__ATTEMPT_REPORT__INIT, *reports[] = {&report};
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT, *ids[] = {&id};
    Moisson__Exit exit = MOISSON__EXIT__INIT;
    struct deeds d = {.k = k};

    facts.node = (char *) "n1";
    facts.boot_id = (char *) boot;
    facts.version = (char *) "test";
    id.raw_id = raw_id;
    id.attempt = 1;
    exit.id = report.id = &id;
    exit.kind = present == PRESENT_REFUSED ? MOISSON__END_KIND__END_SETUP : MOISSON__END_KIND__END_EXITED;
    report.exit = present == PRESENT_EXITED || present == PRESENT_REFUSED ? &exit : NULL;
    facts.tombstones = ids;
    facts.n_tombstones = present == PRESENT_TOMBSTONE;
    facts.attempts = reports;
    facts.n_attempts = present > PRESENT_GONE && present != PRESENT_TOMBSTONE;
    report.phase = facts.n_attempts ? phases[present] : MOISSON__ATTEMPT_PHASE__PHASE_RUNNING;
    report.has_suspended = report.suspended = present == PRESENT_SUSPENDED;
    core_reconcile (k->core, &facts, &ops, &d);
    return d;
}

/* A job that is wanted so on n1; its raw id. */
static uint64_t wanted (struct kit *k, enum wanted_as as)
{
    uint64_t id = submit (k, .name = "x");

    if (as == WANTED_NONE)
        return id + 77;
    ck_assert_uint_eq (pass (k), 1);
    if (as == WANTED_RUNNING || as == WANTED_SUSPENDED || as == WANTED_STOPPING_RUNNING)
        started (k, id, 1);
    if (as == WANTED_SUSPENDED)
        suspend (k, id, ALL_TASKS, true);
    if (as == WANTED_STOPPING_PLACED || as == WANTED_STOPPING_RUNNING)
        cancel (k, id, ALL_TASKS);
    return id;
}

START_TEST (each_cell_does_what_it_says)
{
    static const char *const expect[N_WANTED][N_PRESENT] = {
        [WANTED_PLACED] = {"START", "rebooted", "", "started", "started RESUME", "exited", "refused", "cancelled"},
        [WANTED_RUNNING] = {"lost", "rebooted", "", "", "RESUME", "exited", "setup", "cancelled"},
        [WANTED_SUSPENDED] = {"lost", "rebooted", "SUSPEND", "SUSPEND", "", "exited", "setup", "cancelled"},
        [WANTED_STOPPING_PLACED] = {"STOP cancelled", "STOP cancelled", "STOP", "STOP", "STOP", "exited", "refused",
                                    "cancelled"},
        [WANTED_STOPPING_RUNNING] = {"lost", "rebooted", "STOP", "STOP", "STOP", "exited", "setup", "cancelled"},
        [WANTED_NONE] = {"", "", "KILL", "KILL", "KILL", "FORGET", "FORGET", "FORGET"},
    };

    for (int w = 0; w < N_WANTED; w++)
        for (int p = 0; p < N_PRESENT; p++) {
            _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
            struct deeds d = reconcile (k, wanted (k, w), p, p == PRESENT_GONE ? "boot-2" : "boot-1");
            if (strcmp (d.text, expect[w][p]))
                ck_abort_msg ("%s x %s: \"%s\", not \"%s\"", wanted_name (w), present_name (p), d.text, expect[w][p]);
        }
}
END_TEST

/* Its shepherd may not have come to the suspend that it was sent before, and the resume is lost: it is said again. */
START_TEST (what_goes_on_is_told_so_again)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = wanted (k, WANTED_SUSPENDED);

    suspend (k, id, ALL_TASKS, false);
    ck_assert_str_eq (reconcile (k, id, PRESENT_RUNNING, "boot-1").text, "RESUME");
}
END_TEST

START_TEST (another_boot_says_why_it_is_gone)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = wanted (k, WANTED_RUNNING);

    node_up_as (k, "n1", "boot-2");
    ck_assert_str_eq (reconcile (k, id + 1, PRESENT_TOMBSTONE, "boot-2").text, "rebooted FORGET");
    assert_state (k, id, NODE_FAIL);
}
END_TEST

/* A power loss may have taken what the node wrote of it. */
START_TEST (what_was_placed_under_an_old_boot_may_have_run)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = wanted (k, WANTED_PLACED);

    node_up_as (k, "n1", "boot-2");
    ck_assert_str_eq (reconcile (k, id + 1, PRESENT_TOMBSTONE, "boot-2").text, "rebooted FORGET");
    assert_state (k, id, NODE_FAIL);
}
END_TEST

START_TEST (an_attempt_is_wanted_on_its_own_node_only)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t id = submit (k, .nodelist = "n2");

    pass (k);
    started (k, id, 1);
    ck_assert_str_eq (reconcile (k, id, PRESENT_RUNNING, "boot-1").text, "KILL"); /* n1 has it */
    assert_state (k, id, RUNNING);
}
END_TEST

START_TEST (an_old_attempt_is_not_wanted)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .requeue = true);

    pass (k);
    started (k, id, 1);
    node_down (k, "n1", false); /* requeued */
    node_up (k, "n1");
    pass (k); /* attempt 2 */
    ck_assert_str_eq (reconcile (k, id, PRESENT_RUNNING, "boot-1").text, "KILL START");
}
END_TEST

/* Attempt 1 of a job that is to run again is still alive: its node takes nothing before it is gone. */
START_TEST (nothing_is_placed_beside_a_stray)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .requeue = true);

    pass (k);
    started (k, id, 1);
    node_down (k, "n1", false); /* requeued */
    node_up (k, "n1");
    ck_assert_str_eq (reconcile (k, id, PRESENT_RUNNING, "boot-1").text, "KILL");
    ck_assert_uint_eq (pass (k), 0);
    assert_reason (k, id, "ReqNodeNotAvail");
    ended_on (k, "n1", id, 1, MOISSON__END_KIND__END_CANCELLED);
    ck_assert_uint_eq (effects_count (&k->fx, FX_FORGET), 1);
    ck_assert_uint_eq (effects_count (&k->fx, FX_WANT_PASS), 1);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (a_new_registration_tells_of_strays_anew)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);

    submit (k, .name = "x");
    ck_assert_str_eq (reconcile (k, 77, PRESENT_STARTING, "boot-1").text, "KILL");
    ck_assert_uint_eq (pass (k), 0);
    node_up (k, "n1");
    ck_assert_str_eq (reconcile (k, 77, PRESENT_EXITED, "boot-1").text, "FORGET");
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

SUITE ("reconcile", each_cell_does_what_it_says, what_goes_on_is_told_so_again, another_boot_says_why_it_is_gone,
       what_was_placed_under_an_old_boot_may_have_run, an_attempt_is_wanted_on_its_own_node_only,
       an_old_attempt_is_not_wanted, nothing_is_placed_beside_a_stray, a_new_registration_tells_of_strays_anew)
