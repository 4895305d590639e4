#include <string.h>
#include "base/idset.h"
#include "base/mem.h"
#include "ctld/job_env.h"
#include "ctld/order.h"
#include "suite.h"

#define NOW (1700000000 * USEC_PER_SEC)

/* A job as the core hands it to a start order; tests change what they are about. */
struct sample {
    Moisson__JobSpec spec;
    Moisson__Submitted submitted;
    Moisson__Share shares[4];
    const Moisson__Share *list[4];
    struct start_facts facts;
    uint32_t groups[2];
    uint8_t script_hash[32], env_hash[32];
};

static void sample_init (struct sample *s)
{
    memset (s, 0, sizeof *s);
    s->spec = (Moisson__JobSpec) MOISSON__JOB_SPEC__INIT;
    s->submitted = (Moisson__Submitted) MOISSON__SUBMITTED__INIT;
    memset (s->script_hash, 7, sizeof s->script_hash);
    memset (s->env_hash, 8, sizeof s->env_hash);
    s->spec.name = "align";
    s->spec.work_dir = "/home/ann/run";
    s->spec.submit_host = "login1";
    s->spec.script_hash = (ProtobufCBinaryData){32, s->script_hash};
    s->spec.env_hash = (ProtobufCBinaryData){32, s->env_hash};
    s->groups[0] = 100;
    s->groups[1] = 2000;
    s->submitted.job_id = 41;
    s->submitted.spec = &s->spec;
    s->submitted.uid = 1000;
    s->submitted.gid = 100;
    s->submitted.user = "ann";
    s->submitted.group = "users";
    s->submitted.groups = s->groups;
    s->submitted.n_groups = 2;
    s->submitted.home = "/home/ann";
    s->submitted.shell = "/bin/bash";
    for (int i = 0; i < 4; i++) {
        static const char *const names[] = {"n01", "n02", "n03", "login1"};

        s->shares[i] = (Moisson__Share) MOISSON__SHARE__INIT;
        s->shares[i].node = (char *) names[i];
        s->shares[i].cpus = 8;
        s->list[i] = &s->shares[i];
    }
    s->facts = (struct start_facts){.submitted = &s->submitted,
                                    .raw_id = 41,
                                    .task = IDSET_NONE,
                                    .attempt = 1,
                                    .shares = s->list,
                                    .n_shares = 1,
                                    .time_limit_s = 600,
                                    .partition = "main"};
}

static char *get (const struct sample *s, const char *name)
{
    _cleanup_strings_ struct strings env = STRINGS_INIT;
    size_t len = strlen (name);
    char *found = NULL;

    job_env_add (&env, &s->facts, "mini", NOW);
    for (size_t i = 0; i < env.n; i++) {
        if (strncmp (env.list[i], name, len) != 0 || env.list[i][len] != '=')
            continue;
        ck_assert_msg (!found, "%s is there twice", name);
        found = xstrdup (env.list[i] + len + 1);
    }
    return found;
}

static void is (const struct sample *s, const char *name, const char *value)
{
    _cleanup_free_ char *got = get (s, name);

    ck_assert_msg (got && !strcmp (got, value), "%s is %s, not %s", name, got ? got : "absent", value);
}

static void absent (const struct sample *s, const char *name)
{
    _cleanup_free_ char *got = get (s, name);

    ck_assert_msg (!got, "%s is there: %s", name, got);
}

START_TEST (a_plain_job_has_what_always_is)
{
    struct sample s;

    sample_init (&s);
    is (&s, "SLURM_JOB_ID", "41");
    is (&s, "SLURM_JOBID", "41");
    is (&s, "SLURM_JOB_NAME", "align");
    is (&s, "SLURM_JOB_NODELIST", "n01");
    is (&s, "SLURM_NODELIST", "n01");
    is (&s, "SLURM_JOB_NUM_NODES", "1");
    is (&s, "SLURM_NNODES", "1");
    is (&s, "SLURM_TASKS_PER_NODE", "1");
    is (&s, "SLURM_JOB_CPUS_PER_NODE", "8");
    is (&s, "SLURM_CPUS_ON_NODE", "8");
    is (&s, "SLURM_NODEID", "0");
    is (&s, "SLURM_PROCID", "0");
    is (&s, "SLURM_LOCALID", "0");
    is (&s, "SLURM_GTIDS", "0");
    is (&s, "SLURM_SUBMIT_DIR", "/home/ann/run");
    is (&s, "SLURM_SUBMIT_HOST", "login1");
    is (&s, "SLURM_JOB_PARTITION", "main");
    is (&s, "SLURM_JOB_USER", "ann");
    is (&s, "SLURM_JOB_UID", "1000");
    is (&s, "SLURM_JOB_GID", "100");
    is (&s, "SLURM_JOB_QOS", "normal");
    is (&s, "SLURM_CLUSTER_NAME", "mini");
    is (&s, "SLURMD_NODENAME", "n01");
    is (&s, "ENVIRONMENT", "BATCH");
    is (&s, "SLURM_JOB_START_TIME", "1700000000");
    is (&s, "SLURM_JOB_END_TIME", "1700000600");
}
END_TEST

START_TEST (what_was_not_asked_for_is_not_there)
{
    static const char *const names[] = {
        "SLURM_NTASKS",
        "SLURM_NPROCS",
        "SLURM_NTASKS_PER_NODE",
        "SLURM_CPUS_PER_TASK",
        "SLURM_MEM_PER_NODE",
        "SLURM_MEM_PER_CPU",
        "SLURM_GPUS",
        "SLURM_GPUS_ON_NODE",
        "SLURM_JOB_ACCOUNT",
        "SLURM_ARRAY_TASK_ID",
        "SLURM_ARRAY_JOB_ID",
        "SLURM_RESTART_COUNT",
        "SLURM_EXPORT_ENV",
        "SLURM_JOB_DEPENDENCY",
        "SLURM_GPUS_PER_NODE",
        "SLURM_ARRAY_TASK_COUNT",
    };
    struct sample s;

    sample_init (&s);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        absent (&s, names[i]);
    s.facts.time_limit_s = 0;
    absent (&s, "SLURM_JOB_END_TIME");
}
END_TEST

START_TEST (what_was_asked_for_is)
{
    struct sample s;

    sample_init (&s);
    s.spec.has_ntasks = s.spec.has_cpus_per_task = s.spec.has_mem_per_cpu_mb = true;
    s.spec.ntasks = 4;
    s.spec.cpus_per_task = 2;
    s.spec.mem_per_cpu_mb = s.facts.mem_per_cpu_mb = 512;
    s.spec.account = "bio";
    s.spec.export_mode = "NONE";
    s.spec.dependency = "afterok:3";
    s.facts.restarts = 2;
    s.shares[0].has_gpus = true;
    s.shares[0].gpus = 2;
    s.spec.gpus_text = (char *) "a100:2";
    is (&s, "SLURM_NTASKS", "4");
    is (&s, "SLURM_NPROCS", "4");
    is (&s, "SLURM_CPUS_PER_TASK", "2");
    is (&s, "SLURM_MEM_PER_CPU", "512");
    absent (&s, "SLURM_MEM_PER_NODE");
    is (&s, "SLURM_JOB_ACCOUNT", "bio");
    is (&s, "SLURM_EXPORT_ENV", "NONE");
    is (&s, "SLURM_JOB_DEPENDENCY", "afterok:3");
    is (&s, "SLURM_RESTART_COUNT", "2");
    is (&s, "SLURM_TASKS_PER_NODE", "4");
    is (&s, "SLURM_GPUS_ON_NODE", "2");
    is (&s, "SLURM_GPUS", "a100:2");
    absent (&s, "SLURM_GPUS_PER_NODE");
    s.spec.gpus_text = NULL;
    s.spec.gres = (char *) "gpu:2";
    s.spec.gpus_per_task_text = (char *) "1";
    s.spec.has_cpus_per_gpu = s.spec.has_mem_per_gpu_mb = s.spec.has_mem_per_node_mb = true;
    s.spec.cpus_per_gpu = 3;
    s.spec.mem_per_gpu_mb = 100;
    absent (&s, "SLURM_GPUS");
    is (&s, "SLURM_GPUS_PER_TASK", "1");
    is (&s, "SLURM_CPUS_PER_GPU", "3");
    is (&s, "SLURM_MEM_PER_GPU", "100");
    absent (&s, "SLURM_MEM_PER_NODE");
    absent (&s, "SLURM_CPUS_PER_TASK");
    is (&s, "SLURM_GPUS_ON_NODE", "2");
}
END_TEST

START_TEST (many_nodes_are_compressed)
{
    struct sample s;

    sample_init (&s);
    s.facts.n_shares = 4;
    s.shares[3].cpus = 4;
    s.spec.has_ntasks = s.spec.has_cpus_per_task = true;
    s.spec.ntasks = 13;
    s.spec.cpus_per_task = 2;
    is (&s, "SLURM_JOB_NODELIST", "n[01-03],login1");
    is (&s, "SLURM_JOB_NUM_NODES", "4");
    is (&s, "SLURM_JOB_CPUS_PER_NODE", "8(x3),4");
    is (&s, "SLURM_TASKS_PER_NODE", "4(x3),1");
    s.spec.has_ntasks = false;
    s.spec.has_ntasks_per_node = true;
    s.spec.ntasks_per_node = 2;
    is (&s, "SLURM_TASKS_PER_NODE", "2(x4)");
    is (&s, "SLURM_NTASKS", "8");
    is (&s, "SLURM_NTASKS_PER_NODE", "2");
}
END_TEST

START_TEST (a_task_knows_its_array)
{
    struct sample s;

    sample_init (&s);
    s.facts.array_id = 41;
    s.facts.raw_id = 57;
    s.facts.task = 9;
    s.facts.task_count = 5;
    s.facts.task_min = 1;
    s.facts.task_max = 9;
    s.facts.task_step = 2;
    is (&s, "SLURM_JOB_ID", "57");
    is (&s, "SLURM_ARRAY_JOB_ID", "41");
    is (&s, "SLURM_ARRAY_TASK_ID", "9");
    is (&s, "SLURM_ARRAY_TASK_COUNT", "5");
    is (&s, "SLURM_ARRAY_TASK_MIN", "1");
    is (&s, "SLURM_ARRAY_TASK_MAX", "9");
    is (&s, "SLURM_ARRAY_TASK_STEP", "2");
}
END_TEST

/* --- orders ------------------------------------------------------------------------------------------------------ */

static const uint8_t key[KEY_SIZE] = {1, 2, 3}, nonce[16] = {9};

static Moisson__SignedOrder *make (const struct sample *s, const char *node)
{
    const struct order_terms terms = {.node = node,
                                      .nonce = nonce,
                                      .nonce_len = sizeof nonce,
                                      .sequence = 77,
                                      .key = key,
                                      .kill_wait_s = 30,
                                      .cluster = "mini",
                                      .now = NOW};

    return order_create (&s->facts, &terms);
}

START_TEST (an_order_carries_the_facts_under_a_mac)
{
    struct sample s;

    sample_init (&s);
    s.shares[0].has_mem_mb = true;
    s.shares[0].mem_mb = 2000;
    Moisson__SignedOrder *signed_order = make (&s, "n01");
    ck_assert_ptr_nonnull (signed_order);
    ck_assert (
        mac_ok (signed_order->order.data, signed_order->order.len, key, signed_order->mac.data, signed_order->mac.len));
    signed_order->order.data[signed_order->order.len / 2] ^= 1;
    ck_assert (!mac_ok (signed_order->order.data, signed_order->order.len, key, signed_order->mac.data,
                        signed_order->mac.len));
    signed_order->order.data[signed_order->order.len / 2] ^= 1;

    Moisson__Order *order = moisson__order__unpack (NULL, signed_order->order.len, signed_order->order.data);
    ck_assert_ptr_nonnull (order);
    ck_assert_str_eq (order->node, "n01");
    ck_assert_uint_eq (order->sequence, 77);
    ck_assert_uint_eq (order->raw_id, 41);
    ck_assert_uint_eq (order->attempt, 1);
    ck_assert_uint_eq (order->uid, 1000);
    ck_assert_uint_eq (order->gid, 100);
    ck_assert_uint_eq (order->n_groups, 2);
    ck_assert_uint_eq (order->groups[1], 2000);
    ck_assert_uint_eq (order->cpus, 8);
    ck_assert_uint_eq (order->mem_mb, 2000);
    ck_assert_uint_eq (order->time_limit_s, 600);
    ck_assert_uint_eq (order->kill_wait_s, 30);
    ck_assert_str_eq (order->work_dir, "/home/ann/run");
    ck_assert_str_eq (order->home, "/home/ann");
    ck_assert_mem_eq (order->launcher_nonce.data, nonce, sizeof nonce);
    ck_assert_mem_eq (order->script_hash.data, s.script_hash, 32);
    ck_assert_mem_eq (order->env_hash.data, s.env_hash, 32);
    ck_assert (!order->has_task);
    ck_assert_uint_gt (order->n_extra_env, 20);

    Moisson__JobSpec *spec = moisson__job_spec__unpack (NULL, order->spec.len, order->spec.data);
    ck_assert_ptr_nonnull (spec);
    ck_assert_str_eq (spec->name, "align");
    moisson__job_spec__free_unpacked (spec, NULL);
    moisson__order__free_unpacked (order, NULL);
    moisson__signed_order__free_unpacked (signed_order, NULL);
}
END_TEST

START_TEST (a_node_without_a_share_gets_no_order)
{
    struct sample s;

    sample_init (&s);
    ck_assert_ptr_null (make (&s, "n02"));
    s.facts.n_shares = 2;
    s.shares[1].cpus = 3;
    Moisson__SignedOrder *signed_order = make (&s, "n02");
    Moisson__Order *order = moisson__order__unpack (NULL, signed_order->order.len, signed_order->order.data);
    ck_assert_uint_eq (order->cpus, 3);
    moisson__order__free_unpacked (order, NULL);
    moisson__signed_order__free_unpacked (signed_order, NULL);
}
END_TEST

SUITE ("order", a_plain_job_has_what_always_is, what_was_not_asked_for_is_not_there, what_was_asked_for_is,
       many_nodes_are_compressed, a_task_knows_its_array, an_order_carries_the_facts_under_a_mac,
       a_node_without_a_share_gets_no_order)
