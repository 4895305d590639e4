/* What may pass a job that waits, and what becomes of what is free. */
#include "core_kit.h"
#include "core/state.h"
#include "suite.h"

static const struct promise *promise_of (struct kit *k, uint64_t id)
{
    const struct shape *shape = job_find (k->core, id)->shape;

    ck_assert_ptr_nonnull (shape);
    ck_assert_ptr_nonnull (shape->promise);
    ck_assert_uint_eq (shape->promise->job_id, id);
    return shape->promise;
}

/* The steps that are left, without a new cycle. */
static size_t more (struct kit *k)
{
    size_t n = 0;

    while (place (k, NULL))
        n++;
    return n;
}

START_TEST (what_ends_in_time_passes_what_waits_and_what_does_not_waits)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t a = submit (k, .cpus_per_task = 3, .time_s = 3600), b = submit (k, .cpus_per_task = 3, .time_s = 7200);
    uint64_t wide = submit (k, .nodes = 2, .ntasks_per_node = 4, .time_s = 600);

    ck_assert_uint_eq (pass (k), 2);
    ck_assert_uint_eq (promise_of (k, wide)->at, k->now + 7200 * USEC_PER_SEC);
    uint64_t longer = submit (k, .time_s = 7260), shorter = submit (k, .time_s = 7200);
    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, shorter, "Starting");
    assert_reason (k, longer, "Priority");
    exited (k, a, 1, 0);
    exited (k, b, 1, 0);
    ck_assert_uint_eq (more (k), 0); /* the short one is still in the way, and nothing else gets in */
    exited (k, shorter, 1, 0);
    ck_assert_uint_eq (more (k), 1);
    assert_nodes (k, wide, "n[1-2]");
}
END_TEST

START_TEST (what_leaves_room_passes_however_long_it_is)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 8);
    uint64_t running = submit (k, .cpus_per_task = 6, .mem = 1000, .time_s = 3600);
    uint64_t head = submit (k, .cpus_per_task = 6, .mem = 1000, .time_s = 3600);
    uint64_t two = submit (k, .cpus_per_task = 2, .mem = 1000), third = submit (k, .mem = 1000);

    ck_assert_uint_eq (pass (k), 2);
    assert_reason (k, running, "Starting");
    assert_reason (k, two, "Starting");
    ck_assert_uint_eq (promise_of (k, head)->at, k->now + 3600 * USEC_PER_SEC);
    assert_reason (k, third, "Resources");
    exited (k, running, 1, 0);
    ck_assert_uint_eq (more (k), 1);
    assert_reason (k, head, "Starting");
}
END_TEST

START_TEST (where_jobs_have_no_limit_a_node_is_kept_for_what_waits)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 4);
    uint64_t ids[8], whole, next[4];

    for (int i = 0; i < 8; i++)
        ids[i] = submit (k, .mem = 10);
    ck_assert_uint_eq (pass (k), 8);
    whole = submit (k, .cpus_per_task = 4, .mem = 10);
    for (int i = 0; i < 4; i++)
        next[i] = submit (k, .mem = 10);
    ck_assert_uint_eq (pass (k), 0);
    ck_assert (promise_of (k, whole)->at == PROMISE_ONE_DAY);
    for (int i = 0; i < 4; i++) { /* on one of the nodes others come after those that end, on the other one nobody */
        exited (k, ids[i], 1, 0);
        exited (k, ids[4 + i], 1, 0);
        pass (k);
    }
    assert_reason (k, whole, "Starting");
    for (int i = 0; i < 4; i++)
        assert_reason (k, next[i], "Starting");
}
END_TEST

START_TEST (what_becomes_free_goes_to_the_first_in_rank_without_a_new_cycle)
{
    _cleanup_kit_ struct kit *k = kit_new ("n[1-2]", 2);
    uint64_t ids[4], late, first;

    for (int i = 0; i < 4; i++)
        ids[i] = submit (k, .time_s = 600);
    ck_assert_uint_eq (pass (k), 4);
    late = submit (k, .time_s = 600, .mem = 10);
    first = submit (k, .time_s = 300, .priority = PRIORITY_BASE + 1);
    submit (k, .cpus_per_task = 2, .time_s = 600, .priority = PRIORITY_BASE + 5);
    ck_assert_uint_eq (more (k), 0);
    exited (k, ids[1], 1, 0);
    exited (k, ids[2], 1, 0);
    ck_assert_uint_eq (more (k), 2);
    assert_reason (k, first, "Starting"); /* it ends with what keeps the two of the widest from it */
    assert_reason (k, late, "Starting");
}
END_TEST

START_TEST (a_higher_tier_goes_first)
{
    struct kit_conf *c = kit_conf ("n1", 1);
    Moisson__PartitionConf urgent = c->partition, *both[] = {&c->partition, &urgent};
    urgent.name = (char *) "urgent";
    urgent.is_default = false;
    urgent.has_priority = true;
    urgent.priority = 10;
    c->config.partitions = both;
    c->config.n_partitions = 2;
    _cleanup_kit_ struct kit *k = kit_with (c);
    uint64_t usual = submit (k, .priority = PRIORITY_BASE + 1000), first = submit (k, .partition = "urgent");

    ck_assert_uint_eq (pass (k), 1);
    assert_reason (k, first, "Starting");
    assert_reason (k, usual, "Resources");
}
END_TEST

START_TEST (in_order_nothing_passes_but_other_partitions)
{
    struct kit_conf *c = kit_conf ("n1", 4);
    Moisson__PartitionConf other = c->partition, *both[] = {&c->partition, &other};
    struct core_policies policies = {.in_order = true};
    other.name = (char *) "other";
    other.is_default = false;
    c->config.partitions = both;
    c->config.n_partitions = 2;
    _cleanup_kit_ struct kit *k = kit_with (c);
    core_set_policies (k->core, &policies);
    uint64_t running = submit (k, .cpus_per_task = 3, .time_s = 600);
    uint64_t wide = submit (k, .cpus_per_task = 2, .time_s = 60), narrow = submit (k, .time_s = 60);
    uint64_t elsewhere = submit (k, .partition = "other", .time_s = 60);

    ck_assert_uint_eq (pass (k), 2);
    assert_reason (k, elsewhere, "Starting");
    exited (k, elsewhere, 1, 0);
    ck_assert_uint_eq (more (k), 0);
    exited (k, running, 1, 0);
    ck_assert_uint_eq (more (k), 2);
    assert_reason (k, wide, "Starting");
    assert_reason (k, narrow, "Starting");
}
END_TEST

static double emptiest (const struct place_facts *node)
{
    return -(double) node->free_cpus;
}

static const struct place_ops *place_of (const char *type)
{
    static const struct place_ops by_index = {.abi = PLUGIN_ABI, .type = "place/spread", .by_free_cpus = -1};
    static const struct place_ops by_cost = {.abi = PLUGIN_ABI, .type = "place/asked", .cost = emptiest};

    return strcmp (type, "place/spread") ? &by_cost : &by_index;
}

START_TEST (a_partition_chooses_how_nodes_are_taken)
{
    const char *ways[] = {"place/spread", "place/asked"};

    for (int i = 0; i < 2; i++) {
        struct core_policies policies = {.place_find = place_of};
        struct kit_conf *c = kit_conf ("n[1-3]", 4);
        c->partition.place = (char *) ways[i];
        _cleanup_kit_ struct kit *k = kit_with (c);
        core_set_policies (k->core, &policies);
        uint64_t ids[4] = {submit (k, .cpus_per_task = 2), submit (k, .name = "b"), submit (k, .name = "c"),
                           submit (k, .name = "d")};
        ck_assert_uint_eq (pass (k), 4);
        assert_nodes (k, ids[0], "n1");
        assert_nodes (k, ids[1], "n2");
        assert_nodes (k, ids[2], "n3");
        assert_nodes (k, ids[3], "n2");
    }
}
END_TEST

SUITE ("backfill", what_ends_in_time_passes_what_waits_and_what_does_not_waits,
       what_leaves_room_passes_however_long_it_is, where_jobs_have_no_limit_a_node_is_kept_for_what_waits,
       what_becomes_free_goes_to_the_first_in_rank_without_a_new_cycle, a_higher_tier_goes_first,
       in_order_nothing_passes_but_other_partitions, a_partition_chooses_how_nodes_are_taken)
