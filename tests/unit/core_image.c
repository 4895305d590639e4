/* Snapshots: what is loaded is the same state, and goes on in the same way. */
#include "core_kit.h"
#include "suite.h"

START_TEST (everything_survives)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-3]", 4);
    uint64_t array = submit (k, .array_first = 1, .array_last = 20, .array_limit = 3, .token = "t", .submit_key = "s");
    uint64_t two = submit (k, .nodes = 2, .ntasks = 2, .requeue = true);
    uint64_t later = submit (k, .begin = START_US + 1000 * USEC_PER_SEC), held = submit (k, .hold = true);
    uint64_t waits = submit (k, .depend = MOISSON__DEPEND_TYPE__DEP_AFTEROK, .on = two);
    uint64_t single = submit (k, .depend = MOISSON__DEPEND_TYPE__DEP_SINGLETON), found;
    struct kit_spec s;

    pass (k);
    hold (k, array, 10, 12, true, false);
    hold (k, array, 13, 13, true, true);
    cancel (k, array, 18, 20);
    exited (k, array + 6, 1, 3);
    started (k, two, 1);
    node_set (k, "n3", "DRAIN");
    kit_reload (k);
    node_up (k, "n1");
    node_up (k, "n2");
    assert_state (k, two, RUNNING);
    assert_reason (k, later, "BeginTime");
    assert_reason (k, held, "JobHeldUser");
    assert_reason (k, waits, "Dependency");
    assert_reason (k, single, "Dependency");
    assert_node (k, "n3", "draining*");
    kit_spec_fill (&s, &(struct ask){.array_first = 1, .array_last = 20, .array_limit = 3});
    ck_assert_int_eq (core_find_submit (k->core, ALICE, NULL, 0, "s", &s.spec, &found, NULL), 0);
    ck_assert_uint_eq (found, array);
    exited (k, two, 1, 0);
    assert_reason (k, waits, "Priority"); /* behind the array */
    kit_reload (k);
    clock_at (k, START_US + 1000 * USEC_PER_SEC);
    kit_reload (k);
    node_up (k, "n1");
    node_up (k, "n2");
    ck_assert_uint_eq (pass (k), 3); /* one more of the array, what begins now, what waited for two */
    kit_reload (k);
}
END_TEST

START_TEST (refusals_survive)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "x");

    for (uint32_t attempt = 1; attempt <= 5; attempt++) {
        node_set (k, "n1", "RESUME");
        ck_assert_uint_eq (pass (k), 1);
        if (attempt == 4) {
            kit_reload (k);
            node_up (k, "n1");
        }
        refused (k, id, attempt, "no room");
    }
    assert_reason (k, id, "JobHeldAdmin");
    kit_reload (k);
    assert_reason (k, id, "JobHeldAdmin");
    assert_cause (k, id, "held after 5 refused starts: no room");
    cancel (k, id, ALL_TASKS);
    assert_state (k, id, CANCELLED);
}
END_TEST

START_TEST (settled_conditions_stay_settled)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t first = submit (k, .name = "first");
    uint64_t never = submit (k, .depend = MOISSON__DEPEND_TYPE__DEP_AFTEROK, .on = first);
    uint64_t due = submit (k, .depend = MOISSON__DEPEND_TYPE__DEP_AFTER, .on = first, .delay_min = 20);

    pass (k);
    exited (k, first, 1, 1);
    clock_at (k, k->now + 300 * USEC_PER_SEC); /* it is gone */
    kit_reload (k);
    assert_reason (k, never, "DependencyNeverSatisfied");
    assert_reason (k, due, "Dependency");
    ck_assert_uint_eq (core_next_deadline (k->core), START_US + 1200 * USEC_PER_SEC);
}
END_TEST

START_TEST (a_node_that_left_survives_while_it_runs_something)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t id = submit (k, .nodelist = "n1");
    struct kit_conf *c;

    pass (k);
    c = kit_conf ("n2", 4);
    kit_configure (k, c);
    kit_conf_free (c);
    kit_reload (k);
    ck_assert_uint_eq (core_stats (k->core).nodes, 2);
    exited (k, id, 1, 0);
    ck_assert_uint_eq (core_stats (k->core).nodes, 1);
    kit_reload (k);
}
END_TEST

START_TEST (many_tasks_come_in_portions)
{
    struct kit_conf *c = kit_conf ("n1", 3000);
    _cleanup_kit_ struct kit *k = kit_with (c);
    uint64_t id = submit (k, .array_first = 0, .array_last = 2499), raw;

    core_pass_begin (k->core, k->now);
    for (int i = 0; i < 2500; i++) {
        Moisson__Event *event;
        ck_assert_int_eq (core_next_placement (k->core, k->now, &event), 0);
        raw = event->placed->raw_id;
        ck_assert_int_eq (core_apply (k->core, event, k->now, NULL, NULL), 0);
        moisson__event__free_unpacked (event, NULL);
    }
    ck_assert_uint_eq (raw, id + 2500);
    kit_reload (k);
    ck_assert_uint_eq (core_stats (k->core).running, 2500);
}
END_TEST

START_TEST (damage_is_noticed)
{
    struct core *core = core_create ();
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__Image image = MOISSON__IMAGE__INIT;
    Moisson__ImageNode node = MOISSON__IMAGE_NODE__INIT;

    node.name = (char *) "n1";
    image.what_case = MOISSON__IMAGE__WHAT_NODE;
    image.node = &node;
    ck_assert_int_eq (core_load (core, &image, &err), -1);
    ck_assert (err_is_set (&err));
    core_free (core);
}
END_TEST

SUITE ("image", everything_survives, refusals_survive, settled_conditions_stay_settled,
       a_node_that_left_survives_while_it_runs_something, many_tasks_come_in_portions, damage_is_noticed)
