/* job_env.c - the SLURM_* variables of a batch job: a table of names and how each value is found. */
#include "ctld/job_env.h"
#include <inttypes.h>
#include <stdlib.h>
#include "base/buf.h"
#include "base/hostlist.h"
#include "base/idset.h"
#include "base/mem.h"

struct env_ctx {
    const struct start_facts *f;
    const Moisson__JobSpec *spec;
    const Moisson__Submitted *job;
    const char *cluster;
    usec_t now;
};

/* Appends the value and returns true, or returns false: the variable does not exist. */
typedef bool (*value_fn) (struct buf *out, const struct env_ctx *c);

static bool text (struct buf *out, const char *s)
{
    if (s)
        buf_puts (out, s);
    return s != NULL;
}

static bool number (struct buf *out, bool has, uint64_t v)
{
    if (has)
        buf_printf (out, "%" PRIu64, v);
    return has;
}

static bool zero (struct buf *out, const struct env_ctx *c)
{
    (void) c;
    return number (out, true, 0);
}

static bool raw_id (struct buf *out, const struct env_ctx *c)
{
    return number (out, true, c->f->raw_id);
}

static bool name (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->spec->name ? c->spec->name : "sbatch");
}

static bool node_list (struct buf *out, const struct env_ctx *c)
{
    _cleanup_hostlist_ struct hostlist *hl = hostlist_create ();

    for (size_t i = 0; i < c->f->n_shares; i++)
        hostlist_add (hl, c->f->shares[i]->node);
    _cleanup_free_ char *s = hostlist_compress (hl);
    return text (out, s);
}

static bool batch_node (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->f->n_shares ? c->f->shares[0]->node : NULL);
}

static bool num_nodes (struct buf *out, const struct env_ctx *c)
{
    return number (out, true, c->f->n_shares);
}

static uint32_t cpus_per_task (const struct env_ctx *c)
{
    return c->spec->has_cpus_per_task && c->spec->cpus_per_task ? c->spec->cpus_per_task : 1;
}

static uint32_t tasks (const struct env_ctx *c)
{
    uint32_t nodes = c->f->n_shares ? (uint32_t) c->f->n_shares : 1;

    if (c->spec->has_ntasks)
        return c->spec->ntasks;
    if (c->spec->has_ntasks_per_node)
        return c->spec->ntasks_per_node * nodes;
    return nodes;
}

/* Where the placement does not say (it is of an earlier version), tasks fill the nodes in order, as far as each one's
 * cpus go; every node has at least one. */
static void fill_tasks (const struct env_ctx *c, size_t n, uint32_t *per)
{
    uint32_t left = tasks (c);

    for (size_t i = 0; i < n; i++) {
        uint32_t behind = (uint32_t) (n - i - 1); /* each of these needs one, too */
        uint32_t fit = c->f->shares[i]->cpus / cpus_per_task (c);
        uint32_t most = left > behind ? left - behind : 1;

        if (c->spec->has_ntasks_per_node)
            fit = c->spec->ntasks_per_node;
        per[i] = behind == 0 || fit > most ? most : fit;
        if (per[i] == 0)
            per[i] = 1;
        left = left > per[i] ? left - per[i] : 0;
    }
}

static bool tasks_per_node (struct buf *out, const struct env_ctx *c)
{
    size_t n = c->f->n_shares;
    _cleanup_free_ uint32_t *per = xcalloc (n, sizeof *per);
    bool said = true;

    for (size_t i = 0; i < n; i++) {
        per[i] = c->f->shares[i]->tasks;
        said = said && per[i];
    }
    if (!said)
        fill_tasks (c, n, per);
    _cleanup_free_ char *s = repeat_compress (per, n);
    return text (out, s);
}

static bool cpus_per_node (struct buf *out, const struct env_ctx *c)
{
    size_t n = c->f->n_shares;
    _cleanup_free_ uint32_t *cpus = xcalloc (n, sizeof *cpus);

    for (size_t i = 0; i < n; i++)
        cpus[i] = c->f->shares[i]->cpus;
    _cleanup_free_ char *s = repeat_compress (cpus, n);
    return text (out, s);
}

static bool cpus_on_node (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->f->n_shares > 0, c->f->n_shares ? c->f->shares[0]->cpus : 0);
}

static bool submit_dir (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->spec->work_dir);
}

static bool submit_host (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->spec->submit_host);
}

static bool partition (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->f->partition);
}

static bool account (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->spec->account);
}

static bool qos (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->spec->qos ? c->spec->qos : "normal");
}

static bool user (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->job->user);
}

static bool uid (struct buf *out, const struct env_ctx *c)
{
    return number (out, true, c->job->uid);
}

static bool gid (struct buf *out, const struct env_ctx *c)
{
    return number (out, true, c->job->gid);
}

static bool group (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->job->group);
}

static bool cluster (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->cluster);
}

static bool node_aliases (struct buf *out, const struct env_ctx *c)
{
    (void) c;
    return text (out, "(null)");
}

static bool address_pattern (struct buf *out, const struct env_ctx *c)
{
    (void) c;
    return text (out, "node");
}

/* Where the environment begins as that of a login. */
static bool login_env (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->spec->has_login_env_s, 1);
}

static bool batch (struct buf *out, const struct env_ctx *c)
{
    (void) c;
    return text (out, "BATCH");
}

static bool start_time (struct buf *out, const struct env_ctx *c)
{
    return number (out, true, c->now / USEC_PER_SEC);
}

static bool end_time (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->f->time_limit_s > 0, c->now / USEC_PER_SEC + c->f->time_limit_s);
}

static bool restarts (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->f->restarts > 0, c->f->restarts);
}

static bool export_env (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->spec->export_mode);
}

static bool array_id (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->f->array_id != 0, c->f->array_id);
}

static bool array_task (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->f->array_id != 0, c->f->task);
}

static bool array_count (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->f->array_id != 0, c->f->task_count);
}

static bool array_min (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->f->array_id != 0, c->f->task_min);
}

static bool array_max (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->f->array_id != 0, c->f->task_max);
}

static bool array_step (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->f->array_id != 0, c->f->task_step);
}

static bool dependency (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->spec->dependency);
}

static bool reservation (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->spec->reservation);
}

/* --- only where asked for --- */

static bool asked_tasks (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->spec->has_ntasks || c->spec->has_ntasks_per_node, tasks (c));
}

static bool asked_tasks_per_node (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->spec->has_ntasks_per_node, c->spec->ntasks_per_node);
}

static bool asked_cpus (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->spec->has_cpus_per_task && !c->spec->has_cpus_per_gpu, c->spec->cpus_per_task);
}

static bool asked_threads_per_core (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->spec->has_threads_per_core && !c->spec->hint, c->spec->threads_per_core);
}

static bool asked_tasks_per_core (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->spec->has_ntasks_per_core, c->spec->ntasks_per_core);
}

static bool asked_hint (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->spec->hint);
}

static bool asked_mem_node (struct buf *out, const struct env_ctx *c)
{
    bool all = c->spec->has_mem_per_node_mb && !c->spec->mem_per_node_mb; /* --mem=0 */

    return number (out, (c->f->mem_per_node_mb || all) && !c->spec->has_mem_per_gpu_mb, c->f->mem_per_node_mb);
}

static bool asked_mem_cpu (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->f->mem_per_cpu_mb != 0, c->f->mem_per_cpu_mb);
}

static bool gpus_on_node (struct buf *out, const struct env_ctx *c)
{
    uint32_t gpus = c->f->n_shares && c->f->shares[0]->has_gpus ? c->f->shares[0]->gpus : 0;

    return number (out, gpus > 0, gpus);
}

/* As in Slurm: as typed, and GPUs asked by --gres make none of these. */
static bool asked_gpus (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->spec->gpus_text);
}

static bool asked_gpus_per_node (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->spec->gpus_per_node_text);
}

static bool asked_gpus_per_task (struct buf *out, const struct env_ctx *c)
{
    return text (out, c->spec->gpus_per_task_text);
}

static bool asked_cpus_per_gpu (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->spec->has_cpus_per_gpu, c->spec->cpus_per_gpu);
}

static bool asked_mem_gpu (struct buf *out, const struct env_ctx *c)
{
    return number (out, c->spec->has_mem_per_gpu_mb, c->spec->mem_per_gpu_mb);
}

static const struct {
    const char *name;
    value_fn value;
} table[] = {
    {"SLURM_JOB_ID", raw_id},
    {"SLURM_JOBID", raw_id},
    {"SLURM_JOB_NAME", name},
    {"SLURM_JOB_NODELIST", node_list},
    {"SLURM_NODELIST", node_list},
    {"SLURM_JOB_NUM_NODES", num_nodes},
    {"SLURM_NNODES", num_nodes},
    {"SLURM_TASKS_PER_NODE", tasks_per_node},
    {"SLURM_JOB_CPUS_PER_NODE", cpus_per_node},
    {"SLURM_CPUS_ON_NODE", cpus_on_node},
    {"SLURM_NODEID", zero},
    {"SLURM_PROCID", zero},
    {"SLURM_LOCALID", zero},
    {"SLURM_GTIDS", zero},
    {"SLURM_PRIO_PROCESS", zero},
    {"SLURM_SUBMIT_DIR", submit_dir},
    {"SLURM_SUBMIT_HOST", submit_host},
    {"SLURM_JOB_PARTITION", partition},
    {"SLURM_JOB_ACCOUNT", account},
    {"SLURM_JOB_QOS", qos},
    {"SLURM_JOB_USER", user},
    {"SLURM_JOB_UID", uid},
    {"SLURM_JOB_GID", gid},
    {"SLURM_JOB_GROUP", group},
    {"SLURM_CLUSTER_NAME", cluster},
    {"SLURMD_NODENAME", batch_node},
    {"SLURM_TOPOLOGY_ADDR", batch_node},
    {"SLURM_TOPOLOGY_ADDR_PATTERN", address_pattern},
    {"SLURM_NODE_ALIASES", node_aliases},
    {"SLURM_GET_USER_ENV", login_env},
    {"SLURM_JOB_START_TIME", start_time},
    {"SLURM_JOB_END_TIME", end_time},
    {"SLURM_RESTART_COUNT", restarts},
    {"SLURM_EXPORT_ENV", export_env},
    {"SLURM_JOB_DEPENDENCY", dependency},
    {"SLURM_JOB_RESERVATION", reservation},
    {"SLURM_ARRAY_JOB_ID", array_id},
    {"SLURM_ARRAY_TASK_ID", array_task},
    {"SLURM_ARRAY_TASK_COUNT", array_count},
    {"SLURM_ARRAY_TASK_MIN", array_min},
    {"SLURM_ARRAY_TASK_MAX", array_max},
    {"SLURM_ARRAY_TASK_STEP", array_step},
    {"SLURM_NTASKS", asked_tasks},
    {"SLURM_NPROCS", asked_tasks},
    {"SLURM_NTASKS_PER_NODE", asked_tasks_per_node},
    {"SLURM_CPUS_PER_TASK", asked_cpus},
    {"SLURM_THREADS_PER_CORE", asked_threads_per_core},
    {"SLURM_NTASKS_PER_CORE", asked_tasks_per_core},
    {"SLURM_HINT", asked_hint},
    {"SLURM_MEM_PER_NODE", asked_mem_node},
    {"SLURM_MEM_PER_CPU", asked_mem_cpu},
    {"SLURM_GPUS_ON_NODE", gpus_on_node},
    {"SLURM_GPUS_PER_NODE", asked_gpus_per_node},
    {"SLURM_GPUS", asked_gpus},
    {"SLURM_GPUS_PER_TASK", asked_gpus_per_task},
    {"SLURM_CPUS_PER_GPU", asked_cpus_per_gpu},
    {"SLURM_MEM_PER_GPU", asked_mem_gpu},
    {"ENVIRONMENT", batch},
};

void job_env_add (struct strings *out, const struct start_facts *facts, const char *cluster_name, usec_t now)
{
    struct env_ctx c = {
        .f = facts, .spec = facts->submitted->spec, .job = facts->submitted, .cluster = cluster_name, .now = now};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        _cleanup_buf_ struct buf value = BUF_INIT;

        if (table[i].value (&value, &c))
            strings_printf (out, "%s=%s", table[i].name, buf_str (&value));
    }
}
