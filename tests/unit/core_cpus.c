/* What one CPU is to the core: whole cores, threads, what jobs never get; and nodes that are smaller than configured.
 */
#include "core_kit.h"
#include "suite.h"

/* n1: `cores` cores of two threads, 1000 MB a thread, given out whole. */
static struct kit_conf *two_threads (uint32_t cores)
{
    struct kit_conf *c = kit_conf ("n1", 2 * cores);

    c->nodes[0].has_core_cpus = true;
    c->nodes[0].core_cpus = 2;
    c->nodes[0].sockets = 1;
    c->nodes[0].cores_per_socket = cores;
    c->nodes[0].threads_per_core = 2;
    return c;
}

static uint32_t cpus_of (struct kit *k, uint64_t id)
{
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    ck_assert_uint_eq (rows.n, 1);
    return rows.row[0]->num_cpus;
}

static uint64_t mem_of (struct kit *k, uint64_t id)
{
    _cleanup_rows_ struct rows rows = rows_of (k, id, false);

    ck_assert_uint_eq (rows.n, 1);
    return rows.row[0]->mem_mb;
}

START_TEST (a_job_gets_whole_cores)
{
    static const struct {
        struct ask ask;
        uint32_t cpus; /* of the 8 of 4 cores; 0 = it does not fit */
    } rows[] = {
        {{.cpus_per_task = 1}, 2},
        {{.cpus_per_task = 2}, 2},
        {{.cpus_per_task = 3}, 4},
        {{.ntasks = 2, .nodes = 1}, 2}, /* tasks share a core */
        {{.ntasks = 3, .nodes = 1}, 4},
        {{.ntasks = 2, .nodes = 1, .cpus_per_task = 3}, 6},
        {{.ntasks = 8, .nodes = 1}, 8},
        {{.ntasks = 9, .nodes = 1}, 0},
        {{.ntasks = 2, .nodes = 1, .tasks_per_core = 1}, 4},
        {{.ntasks = 4, .nodes = 1, .tasks_per_core = 1}, 8},
        {{.ntasks = 5, .nodes = 1, .tasks_per_core = 1}, 0},
        {{.ntasks = 2, .nodes = 1, .tasks_per_core = 1, .cpus_per_task = 3}, 8},
        {{.ntasks = 2, .nodes = 1, .tasks_per_core = 2}, 2},
        {{.cpus_per_task = 2, .threads_per_core = 1}, 4}, /* one thread of each core is used */
        {{.cpus_per_task = 4, .threads_per_core = 1}, 8},
        {{.cpus_per_task = 5, .threads_per_core = 1}, 0},
        {{.ntasks = 4, .nodes = 1, .threads_per_core = 1}, 8},
        {{.cpus_per_task = 2, .threads_per_core = 2}, 2},
        {{.cpus_per_task = 1, .exclusive = true}, 8},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        _cleanup_kit_ struct kit *k = kit_with (two_threads (4));
        _cleanup_err_ struct err err = ERR_INIT;
        ck_assert_int_eq (kit_admit (k, &rows[i].ask, &err), rows[i].cpus ? 0 : -1);
        uint64_t id = kit_submit (k, &rows[i].ask);
        ck_assert_msg (pass (k) == (rows[i].cpus != 0), "row %zu", i);
        if (rows[i].cpus) {
            ck_assert_msg (cpus_of (k, id) == rows[i].cpus, "row %zu: %u cpus", i, cpus_of (k, id));
            ck_assert_uint_eq (node_of (k, "n1").free_cpus, 8 - rows[i].cpus);
        }
    }
}
END_TEST

START_TEST (a_node_holds_as_many_jobs_as_it_has_cores)
{
    _cleanup_kit_ struct kit *k = kit_with (two_threads (4));

    for (int i = 0; i < 6; i++)
        submit (k, .name = "one");
    ck_assert_uint_eq (pass (k), 4);
    assert_node (k, "n1", "allocated");
    exited (k, 1, 1, 0);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (memory_goes_with_the_cpus_that_are_given)
{
    struct kit_conf *c = two_threads (4);
    c->partition.has_def_mem_per_cpu_mb = true;
    c->partition.def_mem_per_cpu_mb = 300;
    _cleanup_kit_ struct kit *k = kit_with (c);
    uint64_t by_default = submit (k, .name = "a"), asked = submit (k, .mem_per_cpu = 500);

    ck_assert_uint_eq (pass (k), 2);
    ck_assert_uint_eq (mem_of (k, by_default), 600);
    ck_assert_uint_eq (mem_of (k, asked), 1000);
    _cleanup_kit_ struct kit *share = kit_with (two_threads (4));
    uint64_t id = submit (share, .cpus_per_task = 3);
    ck_assert_uint_eq (pass (share), 1);
    ck_assert_uint_eq (mem_of (share, id), 4000); /* of 8 CPUs and 8000 MB it has 4: never the whole node */
}
END_TEST

START_TEST (memory_alone_may_decide)
{
    _cleanup_kit_ struct kit *k = kit_with (two_threads (4)); /* 8000 MB */
    uint64_t big = submit (k, .mem = 5000), share = submit (k, .name = "share"),
             per_cpu = submit (k, .mem_per_cpu = 600);

    ck_assert_uint_eq (pass (k), 2);
    assert_reason (k, big, "Starting");
    assert_reason (k, share, "Starting");    /* its 2000 of the 3000 that are left */
    assert_reason (k, per_cpu, "Resources"); /* 1200 for the core */
    exited (k, big, 1, 0);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (one_task_a_core_by_default)
{
    struct kit_conf *c = two_threads (4);
    c->partition.has_one_task_per_core = c->partition.one_task_per_core = true;
    _cleanup_kit_ struct kit *k = kit_with (c);
    uint64_t two = submit (k, .ntasks = 2, .nodes = 1),
             packed = submit (k, .ntasks = 2, .nodes = 1, .tasks_per_core = 2);

    ck_assert_uint_eq (pass (k), 2);
    ck_assert_uint_eq (cpus_of (k, two), 4);
    ck_assert_uint_eq (cpus_of (k, packed), 2);
}
END_TEST

START_TEST (some_cpus_and_memory_are_never_given)
{
    struct kit_conf *c = two_threads (4);
    c->nodes[0].has_spec_cpus = c->nodes[0].has_spec_mem_mb = true;
    c->nodes[0].spec_cpus = 2;
    c->nodes[0].spec_mem_mb = 2000;
    _cleanup_kit_ struct kit *k = kit_with (c);
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_int_eq (admit (k, &err, .cpus_per_task = 7), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "7 cpus on one node asked, the largest (n1) has 6"));
    ck_assert_int_eq (admit (k, &err, .mem = 6001), -1);
    uint64_t all = submit (k, .all_memory = true);
    ck_assert_uint_eq (pass (k), 1);
    ck_assert_uint_eq (mem_of (k, all), 6000);
    exited (k, all, 1, 0);
    uint64_t whole = submit (k, .exclusive = true);
    ck_assert_uint_eq (pass (k), 1);
    ck_assert_uint_eq (cpus_of (k, whole), 6);
    ck_assert_uint_eq (mem_of (k, whole), 6000);
    assert_node (k, "n1", "allocated");
}
END_TEST

START_TEST (memory_that_is_not_given_out)
{
    struct kit_conf *c = kit_conf ("n1", 4); /* 4000 MB */
    c->partition.has_memory_free = c->partition.memory_free = true;
    _cleanup_kit_ struct kit *k = kit_with (c);
    _cleanup_err_ struct err err = ERR_INIT;

    for (int i = 0; i < 2; i++) {
        submit (k, .mem = 3000);
        submit (k, .all_memory = true);
    }
    ck_assert_uint_eq (pass (k), 4);
    ck_assert_uint_eq (mem_of (k, 1), 0); /* nothing is taken, nothing will be limited */
    ck_assert_int_eq (admit (k, &err, .mem = 5000), -1);
    ck_assert_int_eq (admit (k, &err, .mem_per_cpu = 2000, .cpus_per_task = 3), -1);
}
END_TEST

START_TEST (limits_of_memory)
{
    struct kit_conf *c = kit_conf ("n[1-2]", 4); /* 4000 MB each */
    c->partition.has_max_mem_per_cpu_mb = c->partition.has_max_mem_per_node_mb = true;
    c->partition.max_mem_per_cpu_mb = 800;
    c->partition.max_mem_per_node_mb = 3000;
    _cleanup_kit_ struct kit *k = kit_with (c);
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_int_eq (admit (k, &err, .mem_per_cpu = 801), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "--mem-per-cpu=801M asked, partition main allows 800M for each CPU"));
    ck_assert_int_eq (admit (k, &err, .mem_per_cpu = 800, .cpus_per_task = 4), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "in all 3200M asked, partition main allows 3000M on a node"));
    ck_assert_int_eq (admit (k, &err, .mem = 1700, .cpus_per_task = 2), -1);
    ck_assert_str_eq (err.fix, "ask for 3 CPUs (-c), or less memory");
    ck_assert_int_eq (admit (k, &err, .mem = 1600, .cpus_per_task = 2), 0);
    ck_assert_int_eq (admit (k, &err, .mem = 1600, .ntasks = 4, .nodes = 2), 0);
    uint64_t all = submit (k, .all_memory = true);
    ck_assert_uint_eq (pass (k), 1);
    ck_assert_uint_eq (mem_of (k, all), 3000);
}
END_TEST

/* Threads are held one by one when the configuration begins to give out whole cores. */
START_TEST (a_change_to_whole_cores_under_running_jobs)
{
    struct kit_conf *c = two_threads (4), *whole = two_threads (4);
    c->nodes[0].has_core_cpus = false;
    c->nodes[0].core_cpus = 0;
    _cleanup_kit_ struct kit *k = kit_with (c);

    for (int i = 0; i < 3; i++)
        submit (k, .name = "thread");
    ck_assert_uint_eq (pass (k), 3);
    ck_assert_uint_eq (node_of (k, "n1").free_cpus, 5);
    kit_configure (k, whole);
    kit_conf_free (whole);
    ck_assert_uint_eq (node_of (k, "n1").free_cpus, 2); /* each may be on a core of its own */
    submit (k, .name = "core");
    submit (k, .name = "core");
    ck_assert_uint_eq (pass (k), 1);
    exited (k, 1, 1, 0);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

/* --- what was found ----------------------------------------------------------------------------------------------- */

static void register_found (struct kit *k, uint32_t threads, uint64_t mem_mb)
{
    Moisson__Register facts = MOISSON__REGISTER__INIT;
    Moisson__NodeUp up = MOISSON__NODE_UP__INIT;
    EVENT (node_up, NODE_UP, &up);

    facts.node = (char *) "n1";
    facts.boot_id = (char *) "boot-1";
    facts.version = (char *) "test";
    facts.has_found_sockets = facts.has_found_cores = facts.has_found_threads = facts.has_found_mem_mb = true;
    facts.found_sockets = 1;
    facts.found_cores = facts.found_threads = threads;
    facts.found_mem_mb = mem_mb;
    up.facts = &facts;
    kit_apply (k, &event);
}

struct told {
    char reason[256], note[256];
};

static bool tell (void *arg, const Moisson__NodeInfo *row)
{
    struct told *told = arg;

    snprintf (told->reason, sizeof told->reason, "%s", row->reason ? row->reason : "");
    snprintf (told->note, sizeof told->note, "%s", row->note ? row->note : "");
    return true;
}

static struct told told (struct kit *k)
{
    struct told ret;

    core_nodes (k->core, 0, 0, tell, &ret);
    return ret;
}

static bool gets_work (struct kit *k)
{
    uint64_t id = submit (k, .name = "probe");
    bool placed = pass (k) == 1;

    cancel (k, id, ALL_TASKS);
    if (placed)
        ended (k, id, 1, MOISSON__END_KIND__END_CANCELLED, 0, 15);
    return placed;
}

START_TEST (a_node_that_is_smaller_than_configured_gets_no_work)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4); /* 4000 MB */

    register_found (k, 4, 3930); /* 98.25 % */
    ck_assert (gets_work (k));
    ck_assert_str_eq (told (k).note, "RealMemory=4000 is configured, 3930 MB are there");
    register_found (k, 4, 3900);
    ck_assert (!gets_work (k));
    ck_assert_msg (!strncmp (told (k).reason, "Low RealMemory (reported:3900 < 98.00% of configured:4000)", 58), "%s",
                   told (k).reason);
    register_found (k, 8, 3900); /* more CPUs than configured are no fault */
    ck_assert (!gets_work (k));
    register_found (k, 4, 5000);
    ck_assert (gets_work (k)); /* it is back by itself */
    ck_assert_str_eq (told (k).reason, "");
    register_found (k, 3, 5000);
    ck_assert (!gets_work (k));
    ck_assert_msg (!strncmp (told (k).reason, "Low CPUs (reported:3 < configured:4)", 36), "%s", told (k).reason);
}
END_TEST

START_TEST (an_administrator_may_resume_it_all_the_same)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);

    register_found (k, 4, 3000);
    ck_assert (!gets_work (k));
    node_set (k, "n1", "RESUME");
    ck_assert (gets_work (k));
    register_found (k, 4, 3001); /* the same finding, by a kernel that keeps a megabyte less */
    ck_assert (gets_work (k));
    register_found (k, 4, 2000);
    ck_assert (!gets_work (k));
}
END_TEST

START_TEST (a_corrected_configuration_takes_it_back)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    struct kit_conf *smaller = kit_conf ("n1", 3); /* 3000 MB */

    register_found (k, 4, 3000);
    ck_assert (!gets_work (k));
    kit_configure (k, smaller);
    kit_conf_free (smaller);
    ck_assert (gets_work (k));
}
END_TEST

START_TEST (devices_that_are_missing_count_too)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    Moisson__Register facts = MOISSON__REGISTER__INIT;
    Moisson__NodeUp up = MOISSON__NODE_UP__INIT;
    EVENT (node_up, NODE_UP, &up);

    facts.node = (char *) "n1";
    facts.boot_id = (char *) "boot-1";
    facts.version = (char *) "test";
    facts.gres_fault = (char *) "Low gpu (reported:1 < configured:2)";
    up.facts = &facts;
    kit_apply (k, &event);
    ck_assert (!gets_work (k));
    ck_assert_str_eq (told (k).reason, facts.gres_fault);
    facts.gres_fault = NULL;
    kit_apply (k, &event);
    ck_assert (gets_work (k));
}
END_TEST

SUITE ("cpus", a_job_gets_whole_cores, a_node_holds_as_many_jobs_as_it_has_cores,
       memory_goes_with_the_cpus_that_are_given, memory_alone_may_decide, one_task_a_core_by_default,
       some_cpus_and_memory_are_never_given, memory_that_is_not_given_out, limits_of_memory,
       a_change_to_whole_cores_under_running_jobs, a_node_that_is_smaller_than_configured_gets_no_work,
       an_administrator_may_resume_it_all_the_same, a_corrected_configuration_takes_it_back,
       devices_that_are_missing_count_too)
