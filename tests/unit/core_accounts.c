/* The account tree in the core: who counts where, what is used, who is next, what is refused. */
#include "accounts_kit.h"
#include <math.h>
#include "suite.h"

/* --- the door -------------------------------------------------------------------------------------------------------
 */

START_TEST (accounts_and_qos_are_filled_in)
{
    _cleanup_kit_ struct kit *k = house ();
    uint64_t id = submit (k, .user = "lea");
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    ck_assert_str_eq (rows.row[0]->spec->account, "bio");
    ck_assert_str_eq (rows.row[0]->spec->qos, "normal");
}
END_TEST

START_TEST (the_wall_of_a_qos_is_the_limit_of_who_asks_for_none)
{
    _cleanup_kit_ struct kit *k = house ();
    uint64_t id = submit (k, .user = "lea", .qos = "short");
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    ck_assert_uint_eq (rows.row[0]->time_limit_s, 3600);
}
END_TEST

static void refused_with (struct kit *k, const struct ask *ask, const char *why)
{
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_int_eq (kit_admit (k, ask, &err), -1);
    if (!strstr (err.why, why))
        ck_abort_msg ("\"%s\" is not in \"%s\"", why, err.why);
}

START_TEST (who_is_in_no_account_is_refused)
{
    _cleanup_kit_ struct kit *k = house ();

    refused_with (k, &(struct ask){.user = "bob"}, "Invalid account or account/partition combination specified");
    refused_with (k, &(struct ask){.user = "max", .account = "bio"},
                  "Invalid account or account/partition combination specified");
    refused_with (k, &(struct ask){.user = "lea", .qos = "long"}, "Invalid qos specification");
    refused_with (k, &(struct ask){.user = "max", .qos = "short"}, "Invalid qos specification");
    ck_assert_int_eq (admit (k, NULL, .user = "lea", .qos = "short"), 0);
}
END_TEST

START_TEST (nothing_is_refused_where_nothing_is_enforced)
{
    _cleanup_kit_ struct kit *k = house_with (0, 0);

    ck_assert_int_eq (admit (k, NULL, .user = "bob", .account = "any", .qos = "any"), 0);
    submit (k, .user = "bob", .account = "any", .qos = "any", .array_last = 9);
    ck_assert_uint_eq (pass (k), 10);
}
END_TEST

START_TEST (submit_limits_hold_at_the_door)
{
    _cleanup_kit_ struct kit *k = house ();

    submit (k, .user = "max", .array_first = 1, .array_last = 2);
    ck_assert_int_eq (admit (k, NULL, .user = "max"), 0);
    refused_with (k, &(struct ask){.user = "max", .array_first = 1, .array_last = 2},
                  "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)");
    refused_with (k, &(struct ask){.user = "max", .array_first = 1, .array_last = 2}, "2 jobs pending and running");
    ck_assert_int_eq (admit (k, NULL, .user = "lea", .account = "chem"), 0); /* each user has so many */
    cancel (k, 1, ALL_TASKS);
    ck_assert_int_eq (admit (k, NULL, .user = "max", .array_first = 1, .array_last = 3), 0);
}
END_TEST

/* --- usage ----------------------------------------------------------------------------------------------------------
 */

START_TEST (usage_is_charged_up_the_tree)
{
    _cleanup_kit_ struct kit *k = house ();

    run (k, submit (k, .user = "lea", .cpus_per_task = 3), 10);
    run (k, submit (k, .user = "max", .cpus_per_task = 2), 5);
    ck_assert_double_eq (used_cpu (k, "bio", "lea"), 30);
    ck_assert_double_eq (used_cpu (k, "chem", ""), 10);
    ck_assert_double_eq (used_cpu (k, "science", ""), 40);
    ck_assert_double_eq (used_cpu (k, "root", ""), 40);
    ck_assert_double_eq (used_cpu (k, "guests", ""), 0);
}
END_TEST

START_TEST (a_usage_factor_counts)
{
    _cleanup_kit_ struct kit *k = house ();

    run (k, submit (k, .user = "lea", .qos = "half", .cpus_per_task = 3), 10);
    ck_assert_double_eq (used_cpu (k, "bio", "lea"), 15);
}
END_TEST

START_TEST (usage_halves_in_its_half_life)
{
    _cleanup_kit_ struct kit *k = house_with (0, 86400);

    clock_at (k, k->now);
    run (k, submit (k, .user = "lea", .cpus_per_task = 4), 100);
    clock_at (k, START_US + 86400 * USEC_PER_SEC);
    ck_assert_double_eq_tol (used_cpu (k, "bio", "lea"), 200, 0.001);
    clock_at (k, START_US + 2 * 86400 * USEC_PER_SEC);
    ck_assert_double_eq_tol (used_cpu (k, "science", ""), 100, 0.001);
}
END_TEST

START_TEST (a_new_tree_keeps_what_was_used)
{
    _cleanup_kit_ struct kit *k = house ();
    uint64_t id = submit (k, .user = "lea", .cpus_per_task = 2);

    run (k, submit (k, .user = "max"), 10);
    pass (k);
    started (k, id, 1);
    k->now += 10 * USEC_PER_SEC;
    set_accounts (k, "AccountName=bio\nAccountName=chem\nUserName=lea Account=bio\n"); /* max has gone */
    k->now += 10 * USEC_PER_SEC;
    exited (k, id, 1, 0);
    ck_assert_double_eq (used_cpu (k, "bio", ""), 40);
    ck_assert_double_eq (used_cpu (k, "chem", ""), 10); /* his use stays */
    ck_assert_double_eq (used_cpu (k, "root", ""), 50);
}
END_TEST

START_TEST (usage_can_be_forgotten)
{
    _cleanup_kit_ struct kit *k = house ();
    Moisson__UsageReset reset = MOISSON__USAGE_RESET__INIT;
    EVENT (usage_reset, USAGE_RESET, &reset);

    run (k, submit (k, .user = "lea"), 10);
    run (k, submit (k, .user = "max"), 20);
    reset.user = (char *) "lea";
    kit_apply (k, &event);
    ck_assert_double_eq (used_cpu (k, "bio", "lea"), 0);
    ck_assert_double_eq (used_cpu (k, "science", ""), 20);
    run (k, submit (k, .user = "lea"), 5);
    run (k, submit (k, .user = "lea", .account = "chem"), 3);
    reset.account = (char *) "bio";
    kit_apply (k, &event);
    ck_assert_double_eq (used_cpu (k, "bio", "lea"), 0);
    ck_assert_double_eq (used_cpu (k, "chem", "lea"), 3);
    ck_assert_double_eq (used_cpu (k, "root", ""), 23);
    reset.user = NULL;
    reset.account = (char *) "science";
    kit_apply (k, &event);
    ck_assert_double_eq (used_cpu (k, "chem", ""), 0);
    ck_assert_double_eq (used_cpu (k, "root", ""), 0);
}
END_TEST

static double used_of_qos (struct kit *k, const char *qos)
{
    struct wanted w = {.qos = qos};

    core_assocs (k->core, k->now, look, &w);
    ck_assert_ptr_nonnull (w.row);
    double used = w.row->used[0];
    moisson__assoc_info__free_unpacked (w.row, NULL);
    return used;
}

START_TEST (at_the_end_of_a_period_all_is_forgotten_but_what_does_not_decay)
{
    _cleanup_kit_ struct kit *k = house ();
    Moisson__UsageReset reset = MOISSON__USAGE_RESET__INIT;
    EVENT (usage_reset, USAGE_RESET, &reset);

    set_accounts (k, "QOSName=normal\nQOSName=once Flags=NoDecay\nAccountName=bio QOS=normal,once\n"
                     "UserName=lea Account=bio\n");
    run (k, submit (k, .user = "lea"), 10);
    run (k, submit (k, .user = "lea", .qos = "once"), 20);
    ck_assert_uint_eq (core_usage_reset (k->core), 0);
    reset.has_begins = reset.begins = true;
    kit_apply (k, &event);
    ck_assert_uint_eq (core_usage_reset (k->core), k->now);
    ck_assert_double_eq (used_cpu (k, "root", ""), 30);
    reset.has_begins = reset.begins = false;
    k->now += USEC_PER_SEC;
    kit_apply (k, &event);
    ck_assert_uint_eq (core_usage_reset (k->core), k->now);
    ck_assert_double_eq (used_cpu (k, "root", ""), 0);
    ck_assert_double_eq (used_of_qos (k, "normal"), 0);
    ck_assert_double_eq (used_of_qos (k, "once"), 20);
    reset.qos = (char *) "once";
    kit_apply (k, &event);
    ck_assert_double_eq (used_of_qos (k, "once"), 0);
}
END_TEST

/* --- fairshare ------------------------------------------------------------------------------------------------------
 */

START_TEST (who_has_had_less_of_his_share_comes_first)
{
    _cleanup_kit_ struct kit *k = house ();

    /* bio : chem = 2 : 1 in science, science : guests = 3 : 1 */
    run (k, submit (k, .user = "lea", .account = "bio", .cpus_per_task = 4), 100);
    run (k, submit (k, .user = "max", .cpus_per_task = 4), 100);
    /* nobody of guests has had anything; chem has had twice its share, bio less: bio's lea, then chem's lea before max
     */
    ck_assert_double_eq_tol (fairshare_of (k, "guests", "eve"), 1, 1e-9);
    ck_assert_double_eq_tol (fairshare_of (k, "bio", "lea"), 0.75, 1e-9);
    ck_assert_double_eq_tol (fairshare_of (k, "chem", "lea"), 0.5, 1e-9);
    ck_assert_double_eq_tol (fairshare_of (k, "chem", "max"), 0.25, 1e-9);
}
END_TEST

START_TEST (equals_have_the_same_rank)
{
    _cleanup_kit_ struct kit *k = house ();

    ck_assert_double_eq_tol (fairshare_of (k, "guests", "eve"), 1, 1e-9);
    ck_assert_double_eq_tol (fairshare_of (k, "chem", "lea"), fairshare_of (k, "chem", "max"), 1e-9);
}
END_TEST

/* --- ten thousand jobs ----------------------------------------------------------------------------------------------
 */

#define MANY 10000
#define HALF_LIFE_S 3600
#define PERIOD_S 300

struct past { /* a job as it was run */
    unsigned user;
    uint64_t start_s, end_s, cpus;
};

static const char *const people[] = {"lea", "max", "eve"}, *const theirs[] = {"bio", "chem", "guests"};

static void quick (struct kit *k, Moisson__Event *event)
{
    struct err err = ERR_INIT;

    event->now_us = k->now;
    if (core_apply (k->core, event, k->now, NULL, &err))
        ck_abort_msg ("%s", err.why);
}

static void quick_clock (struct kit *k)
{
    Moisson__Clock c = MOISSON__CLOCK__INIT;
    EVENT (clock, CLOCK, &c);

    quick (k, &event);
}

/* Time goes on in steps that end with each period, as the controller's does. */
static void live_until (struct kit *k, uint64_t second)
{
    while (k->now / USEC_PER_SEC < second) {
        uint64_t next = (k->now / USEC_PER_SEC / PERIOD_S + 1) * PERIOD_S;
        k->now = (next < second ? next : second) * USEC_PER_SEC;
        if (next <= second)
            quick_clock (k);
    }
}

static void quick_job (struct kit *k, struct past *past, uint32_t seed)
{
    struct ask ask = {.user = people[past->user], .account = theirs[past->user], .cpus_per_task = 1 + seed % 4};
    struct kit_spec s;
    Moisson__Submitted submitted = MOISSON__SUBMITTED__INIT;
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
    Moisson__Started started = MOISSON__STARTED__INIT;
    Moisson__Exit exit = MOISSON__EXIT__INIT;
    Moisson__Ended ended = MOISSON__ENDED__INIT;
    Moisson__Event e = MOISSON__EVENT__INIT, *placed;

    kit_spec_fill (&s, &ask);
    submitted.job_id = core_next_job_id (k->core);
    submitted.spec = &s.spec;
    submitted.user = (char *) ask.user;
    e.what_case = MOISSON__EVENT__WHAT_SUBMITTED;
    e.submitted = &submitted;
    quick (k, &e);
    core_pass_begin (k->core, k->now);
    ck_assert_int_eq (core_next_placement (k->core, k->now, &placed), 0);
    quick (k, placed);
    past->cpus = placed->placed->shares[0]->cpus;
    moisson__event__free_unpacked (placed, NULL);
    id.raw_id = submitted.job_id;
    id.attempt = 1;
    started.id = exit.id = &id;
    started.start_us = k->now;
    past->start_s = k->now / USEC_PER_SEC;
    e.what_case = MOISSON__EVENT__WHAT_STARTED;
    e.started = &started;
    quick (k, &e);
    live_until (k, past->start_s + seed / 7 % 400);
    past->end_s = k->now / USEC_PER_SEC;
    exit.kind = MOISSON__END_KIND__END_EXITED;
    ended.exit = &exit;
    e.what_case = MOISSON__EVENT__WHAT_ENDED;
    e.ended = &ended;
    quick (k, &e);
}

/* From the records alone: each second counts once for every half life since the end of its period. */
static double reckon (const struct past *past, size_t n, unsigned user, uint64_t now_s)
{
    uint64_t last = now_s / PERIOD_S * PERIOD_S;
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        for (uint64_t at = past[i].start_s, to; past[i].user == user && at < past[i].end_s; at = to) {
            uint64_t begun = at / PERIOD_S * PERIOD_S;
            to = begun + PERIOD_S < past[i].end_s ? begun + PERIOD_S : past[i].end_s;
            sum += (double) past[i].cpus * (double) (to - at) *
                   (begun < last ? exp2 (-(double) (last - begun) / HALF_LIFE_S) : 1);
        }
    return sum;
}

START_TEST (ten_thousand_jobs_equal_an_independent_calculation)
{
    _cleanup_kit_ struct kit *k = house_with (0, HALF_LIFE_S);
    struct past *past = xcalloc (MANY, sizeof *past);
    uint64_t dice = 88172645463325252ULL;
    struct err err = ERR_INIT;

    k->now = 1200 * USEC_PER_SEC;
    quick_clock (k);
    for (size_t i = 0; i < MANY; i++) {
        dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17; /* xorshift, Marsaglia 2003 */
        past[i].user = (unsigned) (dice >> 40) % 3;
        quick_job (k, &past[i], (uint32_t) dice);
        if (i % 1000 == 999)
            for (unsigned user = 0; user < 3; user++)
                ck_assert_double_eq_tol (used_cpu (k, theirs[user], people[user]),
                                         reckon (past, i + 1, user, k->now / USEC_PER_SEC), 1);
    }
    if (core_check (k->core, &err))
        ck_abort_msg ("%s", err.why);
    free (past);
}
END_TEST

/* --- snapshots ------------------------------------------------------------------------------------------------------
 */

static int load_image (void *arg, const Moisson__Image *image)
{
    return core_load (arg, image, NULL);
}

START_TEST (a_snapshot_has_all_of_it)
{
    _cleanup_kit_ struct kit *k = house_with (ENFORCE_LIMITS, 86400);
    uint64_t id = submit (k, .user = "lea", .qos = "short", .array_first = 1, .array_last = 3);
    struct core *other = core_create ();
    uint8_t before[32], after[32];
    struct err err = ERR_INIT;

    run (k, submit (k, .user = "max", .cpus_per_task = 3), 77);
    pass (k);
    started (k, id + 2, 1);
    k->now += 301 * USEC_PER_SEC;
    clock_at (k, k->now);
    ck_assert_int_eq (core_save (k->core, 7, load_image, other), 0);
    if (core_check (other, &err))
        ck_abort_msg ("%s", err.why);
    core_digest (k->core, before);
    core_digest (other, after);
    ck_assert_mem_eq (before, after, sizeof before);
    core_free (k->core);
    k->core = other;
    k->now += 99 * USEC_PER_SEC;
    exited (k, id + 2, 1, 0);
    ck_assert_double_eq_tol (used_cpu (k, "bio", "lea"), 400, 2);
}
END_TEST

SUITE ("accounts", accounts_and_qos_are_filled_in, the_wall_of_a_qos_is_the_limit_of_who_asks_for_none,
       who_is_in_no_account_is_refused, nothing_is_refused_where_nothing_is_enforced, submit_limits_hold_at_the_door,

       usage_is_charged_up_the_tree, a_usage_factor_counts, usage_halves_in_its_half_life,
       a_new_tree_keeps_what_was_used, usage_can_be_forgotten,
       at_the_end_of_a_period_all_is_forgotten_but_what_does_not_decay, who_has_had_less_of_his_share_comes_first,
       equals_have_the_same_rank, ten_thousand_jobs_equal_an_independent_calculation, a_snapshot_has_all_of_it)
