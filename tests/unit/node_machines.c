/* node_machines.c - recorded machines: what is counted, and which CPUs jobs get there. */
#include <string.h>
#include "base/cleanup.h"
#include "nodeagent/slots.h"
#include "suite.h"

#define MACHINE(name) TEST_DATA "/machines/" name ".xml"

/* A node with this topology as a NodeName line of `cpus` CPUs would have it. */
static struct topology *load (const char *file, uint32_t cpus, uint32_t core_cpus, const char *spec)
{
    const struct topology_ask ask = {.topology = file, .cpus = cpus, .core_cpus = core_cpus, .spec_cpus = spec};
    struct topology *t = NULL;
    struct err err = ERR_INIT;

    ck_assert_msg (topology_load (&t, &ask, &err) == 0, "%s", err.why);
    return t;
}

static struct claim take (struct slots *s, uint32_t cpus, const char *expected)
{
    struct claim c = {0};

    ck_assert_int_eq (slots_take (s, cpus, 0, &c), 0);
    _cleanup_free_ char *ids = claim_cpu_ids (&c);
    if (expected)
        ck_assert_str_eq (ids, expected);
    return c;
}

static void release (struct slots *s, struct claim *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        slots_release (s, &list[i]);
}

START_TEST (what_is_counted)
{
    static const struct {
        const char *file;
        uint32_t sockets, cores, threads, caches, numas;
    } rows[] = {
        {MACHINE ("nvidia-dgx2-16gpu"), 2, 2, 1, 2, 2}, {MACHINE ("xeon-2n8c2t-2gpu-ib"), 2, 8, 2, 2, 2},
        {MACHINE ("epyc-7763-2s"), 2, 64, 1, 16, 1},    {MACHINE ("epyc-9654-2s"), 2, 96, 2, 24, 1},
        {MACHINE ("xeon-6140-2s"), 2, 18, 2, 2, 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t cpus = rows[i].sockets * rows[i].cores * rows[i].threads;
        _cleanup_topology_ struct topology *t = load (rows[i].file, cpus, 0, NULL);
        ck_assert_uint_eq (t->sockets, rows[i].sockets);
        ck_assert_uint_eq (t->cores_per_socket, rows[i].cores);
        ck_assert_uint_eq (t->threads_per_core, rows[i].threads);
        ck_assert_uint_eq (t->n_units, cpus);
        ck_assert_uint_eq (t->units[cpus - 1].cache + 1, rows[i].caches);
        ck_assert_uint_eq (t->units[cpus - 1].numa + 1, rows[i].numas);
        ck_assert_uint_eq (t->units[cpus - 1].core + 1, rows[i].sockets * rows[i].cores);
        ck_assert (t->is_virtual && !t->bind && !t->has_found);
        for (uint32_t k = 1; k < cpus; k++) /* groups follow each other: slots.c counts on it */
            ck_assert (t->units[k].cache >= t->units[k - 1].cache && t->units[k].core >= t->units[k - 1].core);
    }
}
END_TEST

START_TEST (small_jobs_stay_within_one_cache)
{
    _cleanup_topology_ struct topology *t = load (MACHINE ("epyc-7763-2s"), 128, 0, NULL); /* 16 caches of 8 cores */
    struct slots *s = slots_create (t);
    struct claim c[6];

    c[0] = take (s, 6, "0-5");
    c[1] = take (s, 4, "8-11");
    c[2] = take (s, 2, "6-7");   /* the two that are left of the first cache */
    c[3] = take (s, 4, "12-15"); /* the four that are left of the second */
    c[4] = take (s, 8, "16-23");
    c[5] = take (s, 20, "24-43"); /* more than a cache: one memory node, lowest first */
    release (s, c, 6);
    ck_assert_uint_eq (slots_free_cpus (s), 128);
    slots_free (s);
}
END_TEST

START_TEST (larger_jobs_stay_within_one_memory_node)
{
    _cleanup_topology_ struct topology *t = load (MACHINE ("xeon-2n8c2t-2gpu-ib"), 32, 2, NULL);
    struct slots *s = slots_create (t);
    struct claim c[4];

    c[0] = take (s, 4, "0-3");
    c[1] = take (s, 16, "16-31"); /* the first node has twelve left */
    c[2] = take (s, 12, "4-15");
    ck_assert_int_eq (slots_take (s, 2, 0, &c[3]), SLOTS_E_FULL);
    release (s, c, 3);
    c[0] = take (s, 20, "0-19"); /* no node has twenty */
    release (s, c, 1);
    slots_free (s);
}
END_TEST

START_TEST (threads_one_by_one_or_cores)
{
    _cleanup_topology_ struct topology *threads = load (MACHINE ("xeon-6140-2s"), 72, 0, NULL);
    _cleanup_topology_ struct topology *cores = load (MACHINE ("xeon-6140-2s"), 72, 2, NULL);
    _cleanup_topology_ struct topology *counted =
        load (MACHINE ("xeon-6140-2s"), 36, 0, NULL); /* CPUs that are cores */
    struct slots *s = slots_create (threads), *w = slots_create (cores), *o = slots_create (counted);
    struct claim c[3];

    c[0] = take (s, 1, "0");
    c[1] = take (s, 1, "1"); /* CR_CPU: its neighbour on the core */
    ck_assert_uint_eq (threads->units[0].core, threads->units[1].core);
    release (s, c, 2);
    c[0] = take (w, 2, "0-1");
    c[1] = take (w, 2, "2-3"); /* CR_Core */
    ck_assert_uint_eq (cores->units[0].core, cores->units[1].core);
    ck_assert_uint_ne (cores->units[1].core, cores->units[2].core);
    c[2] = take (w, 1, "4"); /* half a core, as a claim of an earlier configuration may be */
    release (w, c, 2);
    ck_assert_int_eq (slots_take (w, 71, 0, &c[0]), SLOTS_E_FULL);
    c[0] = take (w, 70, "0-3,6-71"); /* nobody gets its other half */
    release (w, c, 1);
    release (w, &c[2], 1);
    c[0] = take (o, 1, "0");
    ck_assert_uint_eq (counted->units[0].n_os_cpus, 2);
    ck_assert_uint_eq (counted->units[0].os_cpus[1], 36); /* the kernel counts second threads last */
    release (o, c, 1);
    slots_free (s);
    slots_free (w);
    slots_free (o);
}
END_TEST

START_TEST (kept_cores_are_never_given)
{
    /* CoreSpecCount=2: the last core of each socket */
    _cleanup_topology_ struct topology *t = load (MACHINE ("xeon-6140-2s"), 72, 2, "34-35,70-71");
    struct slots *s = slots_create (t);
    struct claim c[40];
    size_t n = 0;

    ck_assert_uint_eq (slots_free_cpus (s), 68);
    while (slots_take (s, 2, 0, &c[n]) == 0) {
        for (uint32_t id = idset_first (c[n].cpus); id != IDSET_NONE; id = idset_next (c[n].cpus, id))
            ck_assert (id != 34 && id != 35 && id != 70 && id != 71);
        n++;
    }
    ck_assert_uint_eq (n, 34);
    release (s, c, n);
    ck_assert_uint_eq (slots_free_cpus (s), 68);
    ck_assert_int_eq (slots_restore (s, "34", NULL, &c[0]), -1); /* what once was given there is not counted */
    slots_free (s);
}
END_TEST

START_TEST (cores_of_two_jobs_are_never_the_same)
{
    _cleanup_topology_ struct topology *t = load (MACHINE ("epyc-9654-2s"), 384, 2, "190-191,382-383");
    struct slots *s = slots_create (t);
    struct claim list[64];
    uint32_t owner[192];
    uint64_t state = 7;

    for (int round = 0; round < 100; round++) {
        size_t n = 0;
        memset (owner, 0, sizeof owner);
        for (; n < 64; n++) {
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            if (slots_take (s, 2 * (1 + (uint32_t) (state >> 59)), 0, &list[n]))
                break;
            for (uint32_t id = idset_first (list[n].cpus); id != IDSET_NONE; id = idset_next (list[n].cpus, id)) {
                uint32_t core = t->units[id].core;
                ck_assert (!owner[core] || owner[core] == n + 1);
                owner[core] = (uint32_t) n + 1;
            }
        }
        release (s, list, n);
        ck_assert_uint_eq (slots_free_cpus (s), 380);
    }
    slots_free (s);
}
END_TEST

START_TEST (a_dgx2_has_four_cpus_on_two_sockets)
{
    _cleanup_topology_ struct topology *t = load (MACHINE ("nvidia-dgx2-16gpu"), 4, 0, NULL);
    struct slots *s = slots_create (t);
    struct claim c[3];

    c[0] = take (s, 1, "0");
    c[1] = take (s, 2, "2-3"); /* two of one socket */
    c[2] = take (s, 1, "1");
    release (s, c, 3);
    slots_free (s);
}
END_TEST

SUITE ("machines", what_is_counted, small_jobs_stay_within_one_cache, larger_jobs_stay_within_one_memory_node,
       threads_one_by_one_or_cores, kept_cores_are_never_given, cores_of_two_jobs_are_never_the_same,
       a_dgx2_has_four_cpus_on_two_sockets)
