#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "nodeagent/slots.h"
#include "suite.h"

#define DOUBLE "synthetic:package:2 l3:2 core:4 pu:2" /* 32 threads, 16 cores, 4 caches */

static struct topology *load (const char *text, uint32_t cpus, uint32_t gpus)
{
    const struct topology_ask ask = {.topology = text, .cpus = cpus, .gpus = gpus};
    struct topology *t = NULL;
    struct err err = ERR_INIT;

    ck_assert_msg (topology_load (&t, &ask, &err) == 0, "%s", err.why);
    return t;
}

static void check_taken (struct slots *s, uint32_t cpus, const char *expected, struct claim *c)
{
    ck_assert_int_eq (slots_take (s, cpus, 0, c), 0);
    _cleanup_free_ char *ids = claim_cpu_ids (c);
    ck_assert_str_eq (ids, expected);
}

START_TEST (synthetic)
{
    _cleanup_topology_ struct topology *t = load (DOUBLE, 32, 0);

    ck_assert (t->is_virtual && !t->bind);
    ck_assert_uint_eq (t->sockets, 2);
    ck_assert_uint_eq (t->cores_per_socket, 8);
    ck_assert_uint_eq (t->threads_per_core, 2);
    ck_assert_uint_eq (t->n_units, 32);
    ck_assert_uint_eq (t->units[0].core, t->units[1].core);
    ck_assert_uint_ne (t->units[1].core, t->units[2].core);
    ck_assert_uint_eq (t->units[7].cache, 0);
    ck_assert_uint_eq (t->units[8].cache, 1);
    ck_assert_uint_eq (t->units[31].cache, 3);
    ck_assert_str_eq (t->text, DOUBLE);
}
END_TEST

START_TEST (cpus_that_are_cores)
{
    _cleanup_topology_ struct topology *t = load (DOUBLE, 16, 0);

    ck_assert_uint_eq (t->n_units, 16);
    ck_assert_uint_eq (t->units[0].n_os_cpus, 2);
    ck_assert_uint_eq (t->units[4].cache, 1);
}
END_TEST

START_TEST (plain_where_there_are_more_cpus_than_the_machine_has)
{
    const struct topology_ask ask = {.cpus = 5000, .gpus = 2, .own_host = true};
    _cleanup_topology_ struct topology *t = NULL;

    ck_assert_int_eq (topology_load (&t, &ask, NULL), 0);
    ck_assert (t->is_virtual && !t->bind);
    ck_assert_uint_eq (t->n_units, 5000);
    ck_assert_uint_eq (t->gpus.n, 2);
    ck_assert_str_eq (t->text, "plain");
}
END_TEST

START_TEST (the_machine_itself_is_bound)
{
    const struct topology_ask ask = {.cpus = 1, .own_host = true}, other = {.cpus = 1, .own_host = false};
    _cleanup_topology_ struct topology *t = NULL, *one_of_many = NULL;

    ck_assert_int_eq (topology_load (&t, &ask, NULL), 0);
    ck_assert (!t->is_virtual && t->bind);
    ck_assert_uint_ge (t->units[0].n_os_cpus, 1);
    ck_assert_int_eq (topology_load (&one_of_many, &other, NULL), 0);
    ck_assert (one_of_many->is_virtual && !one_of_many->bind);
}
END_TEST

START_TEST (bad_topologies)
{
    static const struct {
        const char *topology, *words;
        uint32_t cpus;
    } rows[] = {
        {"synthetic:nothing:0", "is not a synthetic topology", 1},
        {"/nonexistent.xml", "cannot be read as hwloc XML", 1},
        {"synthetic:core:4 pu:1", "CPUs=8, but Topology=synthetic:core:4 pu:1 has 4", 8},
    };
    struct topology *t = NULL;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct topology_ask ask = {.topology = rows[i].topology, .cpus = rows[i].cpus};
        struct err err = ERR_INIT;
        ck_assert_int_eq (topology_load (&t, &ask, &err), -1);
        ck_assert_msg (strstr (err.why, rows[i].words), "%s", err.why);
        err_clear (&err);
    }
    ck_assert_ptr_null (t);
}
END_TEST

START_TEST (small_jobs_fill_the_tightest_cache)
{
    _cleanup_topology_ struct topology *t = load (DOUBLE, 32, 0);
    struct slots *s = slots_create (t);
    struct claim a, b, c, d;

    check_taken (s, 6, "0-5", &a);
    check_taken (s, 4, "8-11", &b); /* the first cache has two left only */
    check_taken (s, 2, "6-7", &c);  /* and this is for them */
    check_taken (s, 8, "16-23", &d);
    slots_release (s, &a);
    check_taken (s, 4, "12-15", &a); /* tighter than the six that came free */
    slots_release (s, &a);
    slots_release (s, &b);
    slots_release (s, &c);
    slots_release (s, &d);
    ck_assert_uint_eq (slots_free_cpus (s), 32);
    slots_free (s);
}
END_TEST

START_TEST (large_jobs_span_as_little_as_they_can)
{
    _cleanup_topology_ struct topology *t = load ("synthetic:package:2 [numa] l3:2 core:8 pu:1", 32, 0);
    struct slots *s = slots_create (t);
    struct claim a, b, c, d;

    check_taken (s, 4, "0-3", &a);
    check_taken (s, 12, "4-15", &b); /* no cache has twelve: the tighter package */
    slots_release (s, &b);
    check_taken (s, 20, "4-23", &b);
    check_taken (s, 8, "24-31", &c);
    ck_assert_int_eq (slots_take (s, 1, 0, &d), SLOTS_E_FULL);
    slots_release (s, &c);
    slots_release (s, &b);
    slots_release (s, &a);
    slots_free (s);
}
END_TEST

START_TEST (no_id_is_held_twice)
{
    _cleanup_topology_ struct topology *t = load (DOUBLE, 32, 2);
    struct slots *s = slots_create (t);
    struct claim list[16];
    bool seen[32];
    uint64_t state = 42;

    for (int round = 0; round < 500; round++) {
        memset (seen, 0, sizeof seen);
        size_t n = 0;
        uint32_t wanted;
        for (; n < 16; n++) {
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            wanted = 1 + (uint32_t) (state >> 60);
            if (slots_take (s, wanted, 0, &list[n]))
                break;
            ck_assert_uint_eq (idset_count (list[n].cpus), wanted);
            for (uint32_t id = idset_first (list[n].cpus); id != IDSET_NONE; id = idset_next (list[n].cpus, id)) {
                ck_assert (!seen[id]);
                seen[id] = true;
            }
        }
        while (n--)
            slots_release (s, &list[n]);
        ck_assert_uint_eq (slots_free_cpus (s), 32);
    }
    slots_free (s);
}
END_TEST

START_TEST (gpus_and_their_text)
{
    _cleanup_topology_ struct topology *t = load (DOUBLE, 32, 4);
    struct slots *s = slots_create (t);
    struct claim a, b, c;

    ck_assert_int_eq (slots_take (s, 1, 3, &a), 0);
    _cleanup_free_ char *three = claim_gpu_ids (&a);
    ck_assert_str_eq (three, "0,1,2");
    ck_assert_int_eq (slots_take (s, 1, 2, &b), SLOTS_E_FULL);
    ck_assert_int_eq (slots_take (s, 1, 1, &b), 0);
    ck_assert_int_eq (slots_take (s, 1, 0, &c), 0);
    ck_assert_ptr_null (claim_gpu_ids (&c));
    slots_release (s, &a);
    slots_release (s, &b);
    slots_release (s, &c);
    slots_free (s);
}
END_TEST

START_TEST (cpus_are_near_the_gpu)
{
    _cleanup_topology_ struct topology *t = load ("synthetic:package:2 [numa] core:4 pu:1", 8, 2);
    struct slots *s = slots_create (t);
    struct claim a, b;

    ck_assert_uint_eq (t->units[3].numa, t->units[0].numa);
    t->gpus.list[0].numa = 1;
    t->gpus.list[1].numa = 0;
    ck_assert_uint_ne (t->units[4].numa, t->units[0].numa);
    ck_assert_int_eq (slots_take (s, 2, 1, &a), 0);
    _cleanup_free_ char *ids = claim_cpu_ids (&a), *gpu = claim_gpu_ids (&a);
    ck_assert_str_eq (gpu, "0");
    ck_assert_str_eq (ids, "4-5");
    ck_assert_int_eq (slots_take (s, 2, 1, &b), 0);
    _cleanup_free_ char *ids2 = claim_cpu_ids (&b);
    ck_assert_str_eq (ids2, "0-1");
    slots_release (s, &a);
    slots_release (s, &b);
    slots_free (s);
}
END_TEST

START_TEST (what_an_earlier_agent_gave_is_restored)
{
    _cleanup_topology_ struct topology *t = load (DOUBLE, 32, 2);
    struct slots *s = slots_create (t);
    struct claim a = {0}, b = {0}, c;

    ck_assert_int_eq (slots_restore (s, "0-3,8", "1", &a), 0);
    ck_assert_uint_eq (slots_free_cpus (s), 27);
    ck_assert_int_eq (slots_restore (s, "8-9", NULL, &b), -1); /* 8 is held */
    ck_assert_int_eq (slots_restore (s, "40", NULL, &b), -1);
    ck_assert_int_eq (slots_restore (s, "4-", NULL, &b), -1);
    ck_assert_uint_eq (slots_free_cpus (s), 27);
    check_taken (s, 4, "4-7", &c);
    slots_release (s, &a);
    slots_release (s, &b);
    slots_release (s, &c);
    ck_assert_uint_eq (slots_free_cpus (s), 32);
    slots_free (s);
}
END_TEST

SUITE ("topology", synthetic, cpus_that_are_cores, plain_where_there_are_more_cpus_than_the_machine_has,
       the_machine_itself_is_bound, bad_topologies, small_jobs_fill_the_tightest_cache,
       large_jobs_span_as_little_as_they_can, no_id_is_held_twice, gpus_and_their_text, cpus_are_near_the_gpu,
       what_an_earlier_agent_gave_is_restored)
