/* What may be submitted, and how often. */
#include "core_kit.h"
#include "suite.h"

START_TEST (a_token_or_key_leads_to_its_job)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    _cleanup_err_ struct err err = ERR_INIT;
    uint64_t id = submit (k, .name = "a", .token = "token-1", .submit_key = "run-7"), found = 0;
    struct kit_spec same, other;

    kit_spec_fill (&same, &(struct ask){.name = "a"});
    kit_spec_fill (&other, &(struct ask){.name = "b"});
    ck_assert_int_eq (core_find_submit (k->core, ALICE, (const uint8_t *) "token-1", 7, NULL, &same.spec, &found, &err),
                      0);
    ck_assert_uint_eq (found, id);
    found = 0;
    ck_assert_int_eq (
        core_find_submit (k->core, ALICE, (const uint8_t *) "token-2", 7, "run-7", &same.spec, &found, &err), 0);
    ck_assert_uint_eq (found, id);
    ck_assert_int_eq (core_find_submit (k->core, ALICE, NULL, 0, "run-7", &other.spec, &found, &err), -1);
    ck_assert_int_eq (err.code, MOISSON__FAIL_CODE__FAIL_SUBMIT_KEY);
    ck_assert_int_eq (core_find_submit (k->core, ALICE + 1, NULL, 0, "run-7", &same.spec, &found, &err), SUBMIT_E_NEW);
    ck_assert_int_eq (core_find_submit (k->core, ALICE, NULL, 0, "run-8", &same.spec, &found, &err), SUBMIT_E_NEW);
}
END_TEST

START_TEST (keys_live_as_long_as_their_job_and_their_age_more)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .submit_key = "x"), found;
    struct kit_spec s;

    kit_spec_fill (&s, &(struct ask){.name = NULL});
    clock_at (k, START_US + 4000 * USEC_PER_SEC); /* older than its age, but its job waits */
    ck_assert_int_eq (core_find_submit (k->core, ALICE, NULL, 0, "x", &s.spec, &found, NULL), 0);
    cancel (k, id, ALL_TASKS);
    clock_at (k, START_US + 4400 * USEC_PER_SEC);
    ck_assert_uint_eq (core_stats (k->core).jobs, 0);
    ck_assert_int_eq (core_find_submit (k->core, ALICE, NULL, 0, "x", &s.spec, &found, NULL), 0);
    clock_at (k, core_next_deadline (k->core));
    ck_assert_int_eq (core_find_submit (k->core, ALICE, NULL, 0, "x", &s.spec, &found, NULL), SUBMIT_E_NEW);
}
END_TEST

static const struct {
    struct ask ask;
    Moisson__FailCode code;
    const char *why, *number;
} refusals[] = {
    {{.cpus_per_task = 64},
     MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
     "Requested node configuration is not available",
     "64 cpus on one node asked, the largest (n1) has 4"},
    {{.mem = 9000},
     MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
     "Requested node configuration is not available",
     "9000M of memory on one node asked, the largest (n1) has 4000M"},
    {{.mem = 999 * 1024UL * 1024},
     MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
     "Requested node configuration is not available",
     "999T of memory on one node asked, the largest (n1) has 4000M"},
    {{.ntasks = 5, .nodes = 5},
     MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
     "Requested node configuration is not available",
     "5 tasks of 1 cpu on 5 nodes do not fit"},
    {{.ntasks = 9, .nodes = 1, .max_nodes = 2},
     MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
     "Requested node configuration is not available",
     "9 tasks of 1 cpu on 1 to 2 nodes do not fit"},
    {{.gpus = 3}, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG, "Requested node configuration is not available", "3 gpus"},
    {{.nodes = 3}, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG, "Requested node configuration is not available", "3"},
    {{.nodelist = "n9"}, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "Invalid node name specified", "n9"},
    {{.nodelist = "n1", .exclude = "n[1-2]"},
     MOISSON__FAIL_CODE__FAIL_INVALID_NODE,
     "Invalid node name specified",
     "n1 is required and excluded"},
    {{.time_s = 600, .time_min_s = 900},
     MOISSON__FAIL_CODE__FAIL_TIME_LIMIT,
     "Requested time limit is invalid (missing or exceeds some limit)",
     "00:15:00"},
    {{.constraint = "ssd"},
     MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
     "Requested node configuration is not available",
     "\"ssd\""},
    {{.constraint = "(a|b"}, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG, "Invalid feature specification", "(a|b"},
    {{.constraint = "a&"}, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG, "Invalid feature specification", "a&"},
    {{.constraint = "[a"}, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG, "Invalid feature specification", "["},
    {{.partition = "nope"}, MOISSON__FAIL_CODE__FAIL_INVALID_PARTITION, "invalid partition specified: nope", "nope"},
    {{.time_s = 7200},
     MOISSON__FAIL_CODE__FAIL_TIME_LIMIT,
     "Requested time limit is invalid (missing or exceeds some limit)",
     "01:00:00"},
    {{.array_first = 1, .array_last = 4000001},
     MOISSON__FAIL_CODE__FAIL_ARRAY_SIZE,
     "Invalid job array specification",
     "4000000"},
    {{.depend = MOISSON__DEPEND_TYPE__DEP_AFTEROK, .on = 99},
     MOISSON__FAIL_CODE__FAIL_DEPENDENCY,
     "Job dependency problem",
     "99"},
    {{.mem_per_cpu = UINT64_MAX / 2, .cpus_per_task = 4},
     MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
     "Requested node configuration is not available",
     "memory"},
    {{.ntasks = UINT32_MAX, .cpus_per_task = UINT32_MAX},
     MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
     "Requested node configuration is not available",
     "cpus"},
};

START_TEST (refusals_say_what_why_and_how_to_fix_it)
{
    struct kit_conf *c = kit_conf ("n[1-2]", 4);
    c->partition.has_max_time_s = true;
    c->partition.max_time_s = 3600;
    _cleanup_kit_ struct kit *k = kit_with (c);

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        _cleanup_err_ struct err err = ERR_INIT;
        ck_assert_int_eq (kit_admit (k, &refusals[i].ask, &err), -1);
        ck_assert_int_eq (err.code, refusals[i].code);
        ck_assert_msg (!strncmp (err.why, refusals[i].why, strlen (refusals[i].why)), "%s", err.why);
        ck_assert_msg (strstr (err.why, refusals[i].number) != NULL, "%s", err.why);
        ck_assert_msg (err.fix && *err.fix && !strstr (err.fix, "--constraint"), "%s: %s", err.why, err.fix);
    }
    ck_assert_int_eq (admit (k, NULL, .cpus_per_task = 4, .time_s = 3600), 0);
    ck_assert_int_eq (admit (k, NULL, .ntasks = 8), 0);
    ck_assert_int_eq (admit (k, NULL, .array_first = 0, .array_last = 4000000), 0);
}
END_TEST

START_TEST (partitions_accept_as_their_state_says)
{
    static const struct {
        const char *state;
        int rc;
    } cases[] = {{"UP", 0}, {"DOWN", 0}, {"DRAIN", -1}, {"INACTIVE", -1}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kit_conf *c = kit_conf ("n1", 4);
        c->partition.state = (char *) cases[i].state;
        _cleanup_kit_ struct kit *k = kit_with (c);
        ck_assert_int_eq (admit (k, NULL, .name = "x"), cases[i].rc);
    }
}
END_TEST

START_TEST (the_queue_has_an_end)
{
    struct kit_conf *c = kit_conf ("n1", 4);
    c->config.max_job_count = 1;
    _cleanup_kit_ struct kit *k = kit_with (c);
    _cleanup_err_ struct err err = ERR_INIT;

    submit (k, .array_first = 1, .array_last = 1000); /* counts as one */
    ck_assert_int_eq (admit (k, &err, .name = "x"), -1);
    ck_assert_int_eq (err.code, MOISSON__FAIL_CODE__FAIL_TOO_MANY_JOBS);
}
END_TEST

START_TEST (jobs_that_were_submitted_alike_share_their_spec)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    struct start_facts a, b;
    uint64_t first = submit (k, .name = "x"), second = submit (k, .name = "x");

    pass (k);
    ck_assert_int_eq (core_start_facts (k->core, first, 1, &a), 0);
    ck_assert_uint_eq (a.submitted->job_id, first);
    const Moisson__JobSpec *spec = a.submitted->spec;
    ck_assert_int_eq (core_start_facts (k->core, second, 1, &b), 0);
    ck_assert_uint_eq (b.submitted->job_id, second);
    ck_assert_ptr_eq (b.submitted->spec, spec);
    ck_assert_int_eq (core_start_facts (k->core, first, 2, &a), -1);
}
END_TEST

START_TEST (the_first_event_is_the_configuration)
{
    struct core *core = core_create ();
    Moisson__Clock clock = MOISSON__CLOCK__INIT;
    EVENT (clock, CLOCK, &clock);

    ck_assert_int_eq (core_apply (core, &event, 1, NULL, NULL), -1);
    ck_assert_ptr_null (core_config (core));
    ck_assert_int_eq (core_check (core, NULL), 0);
    core_free (core);
}
END_TEST

/* As admit sees a spec with n ranges (each of so many ids, with this step) and n_depends conditions. */
static int admit_many (struct kit *k, size_t n, uint32_t width, uint32_t step, size_t n_depends, struct err *err)
{
    struct kit_spec s;
    Moisson__Range *ranges = xcalloc (n + 1, sizeof *ranges), **list = xcalloc (n + 1, sizeof *list);
    Moisson__Dependency depend = MOISSON__DEPENDENCY__INIT, **depends = xcalloc (n_depends + 1, sizeof *depends);
    int rc;

    kit_spec_fill (&s, &(struct ask){.name = "x"});
    for (size_t i = 0; i < n; i++) {
        ranges[i] = (Moisson__Range) MOISSON__RANGE__INIT;
        ranges[i].last = width - 1;
        ranges[i].has_step = true;
        ranges[i].step = step;
        list[i] = &ranges[i];
    }
    depend.type = MOISSON__DEPEND_TYPE__DEP_SINGLETON;
    for (size_t i = 0; i < n_depends; i++)
        depends[i] = &depend;
    s.spec.array = list;
    s.spec.n_array = n;
    s.spec.depends = depends;
    s.spec.n_depends = n_depends;
    rc = core_admit (k->core, &s.spec, NULL, k->now, err);
    free (ranges);
    free (list);
    free (depends);
    return rc;
}

/* Keeping a task list must not hold the controller up. */
START_TEST (what_one_submit_may_cost_is_bounded)
{
    static const struct {
        size_t ranges;
        uint32_t width, step;
        size_t depends;
        int rc;
    } cases[] = {
        {1, 4000000, 1, 0, 0},   {1, 4000000, 2, 0, 0},  {4096, 1000, 1, 0, 0}, {4097, 1000, 1, 0, -1},
        {40, 4000000, 2, 0, -1}, {3000000, 2, 1, 0, -1}, {0, 0, 0, 1024, 0},    {0, 0, 0, 1025, -1},
    };
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        _cleanup_err_ struct err err = ERR_INIT;
        int rc = admit_many (k, cases[i].ranges, cases[i].width, cases[i].step, cases[i].depends, &err);
        if (rc != cases[i].rc)
            ck_abort_msg ("case %zu: %d, %s", i, rc, err.why ? err.why : "");
        ck_assert (rc == 0 || err.fix);
    }
}
END_TEST

SUITE ("submit", what_one_submit_may_cost_is_bounded, a_token_or_key_leads_to_its_job,
       keys_live_as_long_as_their_job_and_their_age_more, refusals_say_what_why_and_how_to_fix_it,
       partitions_accept_as_their_state_says, the_queue_has_an_end, jobs_that_were_submitted_alike_share_their_spec,
       the_first_event_is_the_configuration)
