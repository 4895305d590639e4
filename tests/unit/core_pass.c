/* Which job goes where. */
#include "core_kit.h"
#include "suite.h"

START_TEST (first_come_first_served_within_a_shape)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t a = submit (k, .name = "a"), b = submit (k, .name = "b");

    ck_assert_uint_eq (pass (k), 1);
    assert_nodes (k, a, "n1");
    assert_reason (k, b, "Resources");
    exited (k, a, 1, 0);
    ck_assert_uint_eq (pass (k), 1);
    assert_nodes (k, b, "n1");
}
END_TEST

START_TEST (a_shape_that_does_not_fit_lets_others_by)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t small = submit (k, .cpus_per_task = 3), wide = submit (k, .cpus_per_task = 2);
    uint64_t behind = submit (k, .cpus_per_task = 2), narrow = submit (k, .cpus_per_task = 1);

    ck_assert_uint_eq (pass (k), 2);
    assert_reason (k, small, "Starting");
    assert_reason (k, narrow, "Starting");
    assert_reason (k, wide, "Resources");
    assert_reason (k, behind, "Priority");
}
END_TEST

START_TEST (what_asks_for_less_memory_passes_what_asks_for_more)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 8); /* 8000 MB */
    uint64_t ids[7];

    ids[0] = submit (k, .mem = 5000, .time_s = 3600); /* what passes ends no later: it delays nobody */
    for (int i = 1; i < 7; i++)
        ids[i] = submit (k, .mem = 7500 - (uint64_t) i * 1000, .time_s = 3600); /* 6500 5500 4500 3500 2500 1500 */
    ck_assert_uint_eq (pass (k), 2);
    assert_reason (k, ids[0], "Starting");
    assert_reason (k, ids[5], "Starting"); /* 2500 of the 3000 that are left */
    exited (k, ids[0], 1, 0);
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, ids[2], "Starting"); /* 5500 is the first that fits exactly */
}
END_TEST

START_TEST (the_fullest_node_that_fits_is_taken)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-3]", 4);
    uint64_t a = submit (k, .cpus_per_task = 3), b = submit (k, .cpus_per_task = 4);
    uint64_t c = submit (k, .cpus_per_task = 1);

    ck_assert_uint_eq (pass (k), 3);
    assert_nodes (k, a, "n1");
    assert_nodes (k, b, "n2");
    assert_nodes (k, c, "n1");
}
END_TEST

START_TEST (lighter_nodes_go_first)
{
    struct kit_conf *c = kit_conf ("n[1-2]", 4);
    c->nodes[0].has_weight = c->nodes[1].has_weight = true;
    c->nodes[0].weight = 10;
    c->nodes[1].weight = 5;
    _cleanup_kit_ struct kit *k = kit_with (c);
    uint64_t a = submit (k, .name = "a"), b = submit (k, .name = "b");

    pass (k);
    assert_nodes (k, a, "n2");
    assert_nodes (k, b, "n2");
}
END_TEST

START_TEST (memory_has_its_defaults)
{
    static const struct {
        struct ask ask;
        uint64_t def_cpu, def_node, expect;
    } cases[] = {
        {{.cpus_per_task = 2}, 0, 0, 2000}, /* the cpus' share of 4000 on 4 */
        {{.cpus_per_task = 2}, 300, 0, 600},
        {{.cpus_per_task = 2}, 0, 700, 700},
        {{.cpus_per_task = 2, .mem = 123}, 300, 0, 123},
        {{.cpus_per_task = 2, .mem_per_cpu = 100}, 300, 0, 200},
        {{.cpus_per_task = 2, .all_memory = true}, 300, 0, 4000},
        {{.cpus_per_task = 1, .exclusive = true}, 0, 0, 4000},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kit_conf *c = kit_conf ("n1", 4);
        c->partition.has_def_mem_per_cpu_mb = c->partition.has_def_mem_per_node_mb = true;
        c->partition.def_mem_per_cpu_mb = cases[i].def_cpu;
        c->partition.def_mem_per_node_mb = cases[i].def_node;
        _cleanup_kit_ struct kit *k = kit_with (c);
        uint64_t id = kit_submit (k, &cases[i].ask);
        _cleanup_rows_ struct rows rows = {.n = 0};
        ck_assert_uint_eq (pass (k), 1);
        rows = rows_of (k, id, false);
        ck_assert_uint_eq (rows.row[0]->mem_mb, cases[i].expect);
    }
}
END_TEST

START_TEST (several_nodes_share_the_tasks_evenly)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-4]", 4);
    uint64_t id = submit (k, .nodes = 2, .ntasks = 6), raw = 0;
    struct start_facts facts;

    core_pass_begin (k->core, k->now);
    ck_assert (place (k, &raw));
    ck_assert_int_eq (core_start_facts (k->core, id, 1, &facts), 0);
    ck_assert_uint_eq (facts.n_shares, 2);
    ck_assert_uint_eq (facts.shares[0]->cpus, 3);
    ck_assert_uint_eq (facts.shares[1]->cpus, 3);
    assert_nodes (k, id, "n[1-2]");
}
END_TEST

START_TEST (the_first_of_the_list_runs_the_script)
{
    struct kit_conf *c = kit_conf ("n[1-4]", 4);
    c->nodes[3].has_weight = true; /* it is chosen first */
    c->nodes[3].weight = 0;
    _cleanup_kit_ struct kit *k = kit_with (c);
    uint64_t id = submit (k, .nodes = 2, .ntasks = 2), raw = 0;
    struct start_facts facts;

    core_pass_begin (k->core, k->now);
    ck_assert (place (k, &raw));
    ck_assert_int_eq (core_start_facts (k->core, id, 1, &facts), 0);
    ck_assert_str_eq (facts.shares[0]->node, "n1");
    ck_assert_str_eq (facts.shares[1]->node, "n4");
}
END_TEST

START_TEST (what_is_too_much_for_one_node_goes_to_as_few_as_will_do)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-4]", 4);
    uint64_t id = submit (k, .ntasks = 9), fixed = submit (k, .nodes = 1, .ntasks = 5);

    ck_assert_uint_eq (pass (k), 1);
    assert_nodes (k, id, "n[1-3]");
    assert_reason (k, fixed, "Resources"); /* -N 1 means one */
}
END_TEST

START_TEST (tasks_per_node_is_a_ceiling)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-4]", 4);
    uint64_t id = submit (k, .ntasks = 6, .ntasks_per_node = 2);
    uint64_t b = submit (k, .nodes = 2, .ntasks_per_node = 1, .cpus_per_task = 2);

    ck_assert_uint_eq (pass (k), 2);
    assert_nodes (k, id, "n[1-3]");
    assert_nodes (k, b, "n[1-2]");
}
END_TEST

START_TEST (node_lists_are_kept)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-4]", 4);
    uint64_t a = submit (k, .nodelist = "n3"), b = submit (k, .exclude = "n[1-3]");
    uint64_t c = submit (k, .nodelist = "n[2,4]", .ntasks = 2);

    ck_assert_uint_eq (pass (k), 3);
    assert_nodes (k, a, "n3");
    assert_nodes (k, b, "n4");
    assert_nodes (k, c, "n[2,4]");
}
END_TEST

START_TEST (features_are_kept)
{
    struct kit_conf *conf = kit_conf ("n[1-3]", 4);
    conf->nodes[1].features = (char *) "ssd,avx";
    conf->nodes[2].features = (char *) "gpu";
    _cleanup_kit_ struct kit *k = kit_with (conf);
    uint64_t a = submit (k, .constraint = "ssd&avx"), b = submit (k, .constraint = "ssd&gpu|gpu");

    uint64_t c = submit (k, .constraint = "((ssd|none)&avx)"), d = submit (k, .constraint = "(none|gpu)&(gpu)");

    ck_assert_uint_eq (pass (k), 4);
    assert_nodes (k, a, "n2");
    assert_nodes (k, b, "n3");
    assert_nodes (k, c, "n2");
    assert_nodes (k, d, "n3");
}
END_TEST

START_TEST (exclusive_takes_a_whole_idle_node)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t a = submit (k, .name = "a"), x = submit (k, .exclusive = true);

    ck_assert_uint_eq (pass (k), 2);
    assert_nodes (k, a, "n1");
    assert_nodes (k, x, "n2");
    ck_assert_uint_eq (node_of (k, "n2").free_cpus, 0);
}
END_TEST

START_TEST (gpus_are_counted)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t a = submit (k, .gpus = 2), b = submit (k, .gpus = 1);

    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, b, "Resources");
    exited (k, a, 1, 0);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (nothing_is_placed_where_it_cannot_go)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t id = submit (k, .nodelist = "n1");

    node_set (k, "n1", "DRAIN");
    ck_assert_uint_eq (pass (k), 0);
    assert_reason (k, id, "ReqNodeNotAvail");
    node_set (k, "n1", "RESUME");
    core_node_session (k->core, "n1", false); /* the connection is lost, for now */
    ck_assert_uint_eq (pass (k), 0);
    assert_node (k, "n1", "idle*");
    node_down (k, "n1", false);
    ck_assert_uint_eq (pass (k), 0);
    assert_node (k, "n1", "down*");
    node_up (k, "n1");
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (a_partition_that_is_down_waits)
{
    struct kit_conf *c = kit_conf ("n1", 4);
    c->partition.state = (char *) "DOWN";
    _cleanup_kit_ struct kit *k = kit_with (c);
    uint64_t id = submit (k, .name = "x");

    ck_assert_uint_eq (pass (k), 0);
    assert_reason (k, id, "PartitionDown");
    c = kit_conf ("n1", 4);
    kit_configure (k, c);
    kit_conf_free (c);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (an_estimate_looks_at_the_limits_of_what_runs)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t a = submit (k, .cpus_per_task = 4, .time_s = 600), b = submit (k, .cpus_per_task = 4, .time_s = 60);
    struct kit_spec s;
    usec_t at;
    const char *node;
    uint32_t cpus;

    pass (k);
    started (k, a, 1);
    started (k, b, 1);
    kit_spec_fill (&s, &(struct ask){.cpus_per_task = 2});
    ck_assert_int_eq (core_estimate (k->core, &s.spec, k->now, &at, &node, &cpus, NULL), 0);
    ck_assert_uint_eq (at, k->now + 60 * USEC_PER_SEC);
    ck_assert_str_eq (node, "n2");
    ck_assert_uint_eq (cpus, 2);
    kit_spec_fill (&s, &(struct ask){.nodes = 2, .ntasks = 2});
    ck_assert_int_eq (core_estimate (k->core, &s.spec, k->now, &at, &node, &cpus, NULL), 0);
    ck_assert_uint_eq (at, k->now + 600 * USEC_PER_SEC);
    kit_spec_fill (&s, &(struct ask){.cpus_per_task = 5});
    ck_assert_int_eq (core_estimate (k->core, &s.spec, k->now, &at, &node, &cpus, NULL), -1);
}
END_TEST

START_TEST (priority_goes_before_the_order_of_submits)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t late = submit (k, .cpus_per_task = 4, .nice = 10), plain = submit (k, .cpus_per_task = 4);
    uint64_t second = submit (k, .cpus_per_task = 4), wide = submit (k, .cpus_per_task = 3, .nice = 5);
    uint64_t first = submit (k, .cpus_per_task = 2, .ntasks = 2, .nice = -1);
    uint64_t low = submit (k, .cpus_per_task = 4, .priority = 7), order[] = {first, plain, second, wide, late, low};

    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        ck_assert_uint_eq (pass (k), 1);
        assert_reason (k, order[i], "Starting");
        exited (k, order[i], 1, 0);
    }
}
END_TEST

START_TEST (an_array_that_is_nicer_waits_for_the_others)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 1);
    uint64_t array = submit (k, .array_first = 1, .array_last = 3, .nice = 1), one = submit (k, .name = "one");

    pass (k);
    assert_reason (k, one, "Starting");
    exited (k, one, 1, 0);
    pass (k);
    _cleanup_rows_ struct rows rows = rows_of (k, array, false);
    ck_assert_uint_eq (rows.n, 2); /* a task, and the rest */
}
END_TEST

SUITE ("pass", priority_goes_before_the_order_of_submits, an_array_that_is_nicer_waits_for_the_others,
       first_come_first_served_within_a_shape, a_shape_that_does_not_fit_lets_others_by,
       what_asks_for_less_memory_passes_what_asks_for_more, the_fullest_node_that_fits_is_taken, lighter_nodes_go_first,
       memory_has_its_defaults, several_nodes_share_the_tasks_evenly, the_first_of_the_list_runs_the_script,
       what_is_too_much_for_one_node_goes_to_as_few_as_will_do, tasks_per_node_is_a_ceiling, node_lists_are_kept,
       features_are_kept, exclusive_takes_a_whole_idle_node, gpus_are_counted, nothing_is_placed_where_it_cannot_go,
       a_partition_that_is_down_waits, an_estimate_looks_at_the_limits_of_what_runs)
