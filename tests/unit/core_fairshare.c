/* core_fairshare.c - fairshare and budgets after ten thousand jobs, against a calculation of its own: from the list of
 * the jobs that were run, with Fair Tree done as its description says it, for one pair of users at a time. */
#include <math.h>
#include "accounts_kit.h"
#include "suite.h"

#define MANY 10000
#define USERS 60
#define HALF_LIFE_S 7200
#define PERIOD_S 300
#define BUDGET_MIN 110000

/* --- the tree: five levels -----------------------------------------------------------------------------------------
 */

static const struct place {
    const char *name, *above; /* "" for the root */
    unsigned shares;
    bool idle; /* nobody runs anything there, so that there are ties */
} places[] = {
    {"root", "", 1, false},          {"sciences", "root", 5, false},    {"letters", "root", 3, false},
    {"guests", "root", 0, false},    {"physics", "sciences", 4, false}, {"biology", "sciences", 4, false},
    {"maths", "sciences", 0, false}, {"history", "letters", 2, true},   {"law", "letters", 2, true},
    {"music", "letters", 1, false},  {"lasers", "physics", 1, false},   {"plasma", "physics", 2, false},
    {"genes", "biology", 3, true},   {"cells", "biology", 3, true},     {"yeast", "biology", 1, false},
    {"fs", "lasers", 7, false},      {"as", "lasers", 2, false},
};
#define PLACES (sizeof places / sizeof *places)

/* Users have one to three accounts, and not all the same share of them: some have none. */
struct seat {
    unsigned user, place, shares;
    bool idle;
    double used; /* by the list of jobs */
};

struct campus {
    struct seat seats[3 * USERS];
    size_t n;
};

static unsigned place_of (unsigned i)
{
    static const char *const with_users[] = {"guests", "maths", "history", "law", "music",   "plasma", "genes",
                                             "cells",  "yeast", "fs",      "as",  "letters", "physics"};

    for (unsigned p = 0; p < PLACES; p++)
        if (!strcmp (places[p].name, with_users[i % (sizeof with_users / sizeof *with_users)]))
            return p;
    abort ();
}

static void settle (struct campus *campus, struct buf *conf)
{
    buf_puts (conf, "QOSName=normal\n");
    for (size_t p = 1; p < PLACES; p++)
        buf_printf (conf, "AccountName=%s Parent=%s Fairshare=%u%s\n", places[p].name, places[p].above,
                    places[p].shares, strcmp (places[p].name, "plasma") ? "" : " GrpTRESMins=cpu=110000");
    for (unsigned user = 0; user < USERS; user++)
        for (unsigned i = 0; i <= user % 3; i++) {
            unsigned shares = (user + i) % 7 == 6 ? 0 : 1 + (user * 5 + i) % 3;
            const struct place *place = &places[place_of (user + 4 * i)];
            bool idle = place->idle || (!strcmp (place->name, "letters") && user % 4 == 3); /* he ties with accounts */
            campus->seats[campus->n++] = (struct seat){user, place_of (user + 4 * i), shares, idle, 0};
            buf_printf (conf, "UserName=u%u Account=%s Fairshare=%u\n", user, places[place_of (user + 4 * i)].name,
                        shares);
        }
}

/* --- the past, told twice ------------------------------------------------------------------------------------------
 */

struct past {
    size_t seat;
    uint64_t start_s, end_s, cpus;
};

static void happen (struct kit *k, Moisson__Event *event)
{
    struct err err = ERR_INIT;

    event->now_us = k->now;
    if (core_apply (k->core, event, k->now, NULL, &err))
        ck_abort_msg ("%s", err.why);
}

static void live_until (struct kit *k, uint64_t second)
{
    Moisson__Clock c = MOISSON__CLOCK__INIT;
    EVENT (clock, CLOCK, &c);

    while (k->now / USEC_PER_SEC < second) {
        uint64_t next = (k->now / USEC_PER_SEC / PERIOD_S + 1) * PERIOD_S;
        k->now = (next < second ? next : second) * USEC_PER_SEC;
        if (next <= second)
            happen (k, &event);
    }
}

static uint64_t place_it (struct kit *k)
{
    Moisson__Event *placed = NULL;
    uint64_t cpus;

    core_pass_begin (k->core, k->now);
    if (core_next_placement (k->core, k->now, &placed) || !placed)
        ck_abort_msg ("nothing is placed");
    happen (k, placed);
    cpus = placed->placed->shares[0]->cpus;
    moisson__event__free_unpacked (placed, NULL);
    return cpus;
}

static void live (struct kit *k, const struct seat *seat, struct past *past, uint32_t dice)
{
    char user[16];
    struct ask ask = {.user = user, .account = places[seat->place].name, .cpus_per_task = 1 + dice % 4};
    struct kit_spec s;
    Moisson__Submitted submitted = MOISSON__SUBMITTED__INIT;
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
    Moisson__Started started = MOISSON__STARTED__INIT;
    Moisson__Exit exit = MOISSON__EXIT__INIT;
    Moisson__Ended ended = MOISSON__ENDED__INIT;
    Moisson__Event e = MOISSON__EVENT__INIT;

    snprintf (user, sizeof user, "u%u", seat->user);
    kit_spec_fill (&s, &ask);
    submitted.job_id = core_next_job_id (k->core);
    submitted.spec = &s.spec;
    submitted.user = user;
    e.what_case = MOISSON__EVENT__WHAT_SUBMITTED;
    e.submitted = &submitted;
    happen (k, &e);
    past->cpus = place_it (k);
    id.raw_id = submitted.job_id;
    id.attempt = 1;
    started.id = exit.id = &id;
    started.start_us = k->now;
    past->start_s = k->now / USEC_PER_SEC;
    e.what_case = MOISSON__EVENT__WHAT_STARTED;
    e.started = &started;
    happen (k, &e);
    live_until (k, past->start_s + dice / 7 % 500);
    past->end_s = k->now / USEC_PER_SEC;
    exit.kind = MOISSON__END_KIND__END_EXITED;
    ended.exit = &exit;
    e.what_case = MOISSON__EVENT__WHAT_ENDED;
    e.ended = &ended;
    happen (k, &e);
}

/* CPU seconds of one job as they count now: those of a period halve from its end on. */
static double worth (const struct past *job, uint64_t now_s, uint64_t half_life_s)
{
    uint64_t last = now_s / PERIOD_S * PERIOD_S;
    double sum = 0;

    for (uint64_t s = job->start_s / PERIOD_S * PERIOD_S; s < job->end_s; s += PERIOD_S) {
        uint64_t from = s > job->start_s ? s : job->start_s, to = s + PERIOD_S < job->end_s ? s + PERIOD_S : job->end_s;
        double age = half_life_s && s < last ? (double) (last - s) / (double) half_life_s : 0;
        sum += (double) job->cpus * (double) (to - from) * pow (0.5, age);
    }
    return sum;
}

static void reckon (struct campus *campus, const struct past *past, size_t n, uint64_t now_s, uint64_t half_life_s)
{
    for (size_t i = 0; i < campus->n; i++)
        campus->seats[i].used = 0;
    for (size_t i = 0; i < n; i++)
        campus->seats[past[i].seat].used += worth (&past[i], now_s, half_life_s);
}

/* --- Fair Tree, said otherwise -------------------------------------------------------------------------------------
 * No tree is walked: each user has the list of the LF of all from the child of the root down to him, and such lists
 * are compared by the first difference. That is the depth-first order, with accounts that tie taken as one. His rank is
 * the number of those before him. */

static bool lies_in (unsigned place, unsigned account)
{
    for (;;) {
        if (place == account)
            return true;
        if (!*places[place].above)
            return false;
        for (unsigned p = 0; p < PLACES; p++)
            if (!strcmp (places[p].name, places[place].above)) {
                place = p;
                break;
            }
    }
}

static double used_in (const struct campus *campus, unsigned account)
{
    double sum = 0;

    for (size_t i = 0; i < campus->n; i++)
        if (lies_in (campus->seats[i].place, account))
            sum += campus->seats[i].used;
    return sum;
}

/* Of one that has these shares and has used this, in that account. */
static double level (const struct campus *campus, unsigned account, unsigned shares, double used)
{
    double all_shares = 0;

    for (unsigned p = 0; p < PLACES; p++)
        if (!strcmp (places[p].above, places[account].name))
            all_shares += places[p].shares;
    for (size_t i = 0; i < campus->n; i++)
        if (campus->seats[i].place == account)
            all_shares += campus->seats[i].shares;
    if (!shares)
        return 0;
    return used > 0 ? shares / all_shares / (used / used_in (campus, account)) : INFINITY;
}

#define DEEPEST 8

struct way {
    double level[DEEPEST]; /* from below the root to the user */
    size_t n;
};

static struct way way_of (const struct campus *campus, const struct seat *seat)
{
    struct way up = {.n = 1}, down = {0};

    up.level[0] = level (campus, seat->place, seat->shares, seat->used);
    for (unsigned place = seat->place; *places[place].above;) {
        unsigned above = 0;
        while (strcmp (places[above].name, places[place].above) != 0)
            above++;
        up.level[up.n++] = level (campus, above, places[place].shares, used_in (campus, place));
        place = above;
    }
    while (down.n < up.n) {
        down.level[down.n] = up.level[up.n - 1 - down.n];
        down.n++;
    }
    return down;
}

static bool near_by (double a, double b)
{
    return isinf (a) || isinf (b) ? isinf (a) && isinf (b) : fabs (a - b) <= 1e-9 * fmax (a, b);
}

/* Where they differ first; the shorter length if they do not. */
static size_t fork_of (const struct way *a, const struct way *b)
{
    size_t i = 0;

    while (i < a->n && i < b->n && near_by (a->level[i], b->level[i]))
        i++;
    return i;
}

/* Is a before b? A user who ties with an account is before its users, but has the rank of the highest of them. */
static bool before (const struct campus *campus, const struct way *ways, const struct way *a, const struct way *b)
{
    size_t fork = fork_of (a, b);

    if (fork < a->n && fork < b->n)
        return a->level[fork] > b->level[fork];
    if (a->n >= b->n)
        return false;
    for (size_t i = 0; i < campus->n; i++)
        if (ways[i].n > a->n && fork_of (&ways[i], a) == a->n && before (campus, ways, &ways[i], b))
            return true;
    return false;
}

struct ties {
    size_t of_users, with_accounts; /* with somebody of the same level, of a lower one */
};

static struct ties compare_ranks (struct kit *k, const struct campus *campus)
{
    struct way ways[3 * USERS];
    struct ties ties = {0};

    for (size_t i = 0; i < campus->n; i++)
        ways[i] = way_of (campus, &campus->seats[i]);
    for (size_t i = 0; i < campus->n; i++) {
        const char *account = places[campus->seats[i].place].name;
        size_t earlier = 0;
        char user[16];
        snprintf (user, sizeof user, "u%u", campus->seats[i].user);
        for (size_t j = 0; j < campus->n; j++) {
            earlier += before (campus, ways, &ways[j], &ways[i]);
            if (j == i || before (campus, ways, &ways[j], &ways[i]) || before (campus, ways, &ways[i], &ways[j]))
                continue;
            ties.of_users += ways[i].n == ways[j].n;
            ties.with_accounts += ways[i].n < ways[j].n;
        }
        ck_assert_double_eq_tol (fairshare_of (k, account, user), (double) (campus->n - earlier) / (double) campus->n,
                                 1e-12);
        ck_assert_double_eq_tol (used_cpu (k, account, user), campus->seats[i].used, 1);
    }
    for (unsigned p = 0; p < PLACES; p++)
        ck_assert_double_eq_tol (used_cpu (k, places[p].name, ""), used_in (campus, p), 1);
    return ties;
}

/* --- the tests -----------------------------------------------------------------------------------------------------
 */

static struct kit *campus_with (struct campus *campus, uint32_t enforce, uint64_t half_life_s)
{
    struct kit *k = house_with (enforce, half_life_s);
    _cleanup_buf_ struct buf conf = BUF_INIT;

    settle (campus, &conf);
    ck_assert_uint_ge (campus->n, 2 * USERS - 1);
    set_accounts (k, buf_str (&conf));
    k->now = 1200 * USEC_PER_SEC;
    live_until (k, 1500);
    return k;
}

START_TEST (fair_tree_after_ten_thousand_jobs)
{
    struct campus campus = {0};
    _cleanup_kit_ struct kit *k = campus_with (&campus, 0, HALF_LIFE_S);
    struct past *past = xcalloc (MANY, sizeof *past);
    uint64_t dice = 0x9E3779B97F4A7C15ULL;
    struct ties ties;

    for (size_t i = 0; i < MANY; i++) {
        do {
            dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17; /* xorshift, Marsaglia 2003 */
            past[i].seat = (dice >> 33) % campus.n;
        } while (campus.seats[past[i].seat].idle);
        live (k, &campus.seats[past[i].seat], &past[i], (uint32_t) dice);
        if (i % 2500 != 2499)
            continue;
        reckon (&campus, past, i + 1, k->now / USEC_PER_SEC, HALF_LIFE_S);
        ties = compare_ranks (k, &campus);
        ck_assert_uint_gt (ties.of_users, 20);
        ck_assert_uint_gt (ties.with_accounts, 20);
    }
    free (past);
}
END_TEST

/* One account has a budget and uses nothing up by decay: it ends with the job that does not fit into it. */
START_TEST (a_budget_ends_to_the_second)
{
    struct campus campus = {0};
    _cleanup_kit_ struct kit *k = campus_with (&campus, ENFORCE_ASSOCIATIONS | ENFORCE_LIMITS, 0);
    struct past past;
    uint64_t dice = 0x2545F4914F6CDD1DULL, seconds = 0;
    size_t seat = 0, n = 0;
    uint64_t id;

    while (strcmp (places[campus.seats[seat].place].name, "plasma") != 0)
        seat++;
    char user[16];
    snprintf (user, sizeof user, "u%u", campus.seats[seat].user);
    while (seconds + 4 * 500 < BUDGET_MIN * 60ULL) {
        dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
        live (k, &campus.seats[seat], &past, (uint32_t) dice);
        seconds += past.cpus * (past.end_s - past.start_s);
        n++;
    }
    ck_assert_uint_gt (n, MANY);
    ck_assert_double_eq (used_cpu (k, "plasma", ""), (double) seconds);
    id = submit (k, .user = user, .account = "plasma");
    ck_assert_uint_eq (pass (k), 1);
    started (k, id, 1);
    k->now += (BUDGET_MIN * 60ULL - seconds - 1) * USEC_PER_SEC; /* all of it but one second of one CPU */
    clock_at (k, k->now);
    exited (k, id, 1, 0);
    ck_assert_double_eq (used_cpu (k, "plasma", ""), BUDGET_MIN * 60.0 - 1);
    id = submit (k, .user = user, .account = "plasma");
    ck_assert_uint_eq (pass (k), 1); /* a second is left */
    started (k, id, 1);
    k->now += USEC_PER_SEC;
    exited (k, id, 1, 0);
    submit (k, .user = user, .account = "plasma");
    ck_assert_uint_eq (pass (k), 0);
}
END_TEST

SUITE ("fairshare", fair_tree_after_ten_thousand_jobs, a_budget_ends_to_the_second)
