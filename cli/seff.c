/* seff.c - `seff JOBID`. Its users compare lines: the text is that of Slurm's. */
#include "seff.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/states.h"
#include "show.h"
#include "command.h"
#include "failure.h"
#include "jobref.h"
#include "records.h"

#define TOOL "seff"
#define E_NOT_FOUND 2

static void put_head (struct buf *out, const Moisson__AcctRecord *r, const char *cluster)
{
    buf_printf (out, "Job ID: %" PRIu64 "\n", r->raw_id);
    if (r->has_array_id && r->has_task)
        buf_printf (out, "Array Job ID: %" PRIu64 "_%" PRIu32 "\n", r->array_id, r->task);
    buf_printf (out, "Cluster: %s\nUser/Group: %s/%s\nState: %s", cluster, r->user ? r->user : "nobody",
                r->group ? r->group : "nobody", state_name (r->state));
    if (state_is_ended (r->state))
        buf_printf (out, " (exit code %" PRIu32 ")", r->exit_code);
    buf_putc (out, '\n');
}

static void put_cores (struct buf *out, const Moisson__AcctRecord *r)
{
    uint32_t nodes = r->num_nodes ? r->num_nodes : 1;

    if (r->num_cpus <= 1)
        buf_puts (out, "Cores: 1\n");
    else
        buf_printf (out, "Nodes: %" PRIu32 "\nCores per node: %" PRIu32 "\n", nodes, r->num_cpus / nodes);
}

static double per_cent (double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

static void put_cpu (struct buf *out, const Moisson__AcctRecord *r, uint64_t wall)
{
    uint64_t used = (r->cpu_user_us + r->cpu_sys_us) / USEC_PER_SEC;
    uint64_t had = wall * (r->num_cpus ? r->num_cpus : 1);
    char a[64], b[64], c[64];

    buf_printf (out, "CPU Utilized: %s\nCPU Efficiency: %.2f%% of %s core-walltime\nJob Wall-clock time: %s\n",
                duration_format (used, a, sizeof a), per_cent ((double) used, (double) had),
                duration_format (had, b, sizeof b), duration_format (wall, c, sizeof c));
}

static void put_memory (struct buf *out, const Moisson__AcctRecord *r)
{
    uint64_t times = r->mem_per_cpu ? r->num_cpus : r->num_nodes;
    double had = (double) (r->req_mem_mb * (times ? times : 1)), used = (double) r->max_rss_kb / 1024;

    buf_printf (out, "Memory Utilized: %.2f MB\nMemory Efficiency: %.2f%% of %.2f GB\n", used, per_cent (used, had),
                had / 1024);
}

void seff_put (struct buf *out, const Moisson__AcctRecord *r, const char *cluster, usec_t now)
{
    bool ended = state_is_ended (r->state);
    usec_t until = ended ? r->end_us : now;

    put_head (out, r, cluster);
    if (!r->start_us || state_is_pending (r->state)) {
        buf_printf (out, "Efficiency not available for jobs in the %s state.\n", state_name (r->state));
        return;
    }
    put_cores (out, r);
    put_cpu (out, r, show_running (r->start_us, until, r->suspended_us, r->suspended_at) / USEC_PER_SEC);
    put_memory (out, r);
    if (!ended)
        buf_printf (out, "WARNING: Efficiency statistics may be misleading for %s jobs.\n", state_name (r->state));
}

/* "12" of an array is the task with this id, if one has it. */
static const Moisson__AcctRecord *choose (const struct records *records, const Moisson__JobRef *ref)
{
    const Moisson__AcctRecord *best = NULL;

    for (size_t i = 0; i < records->n; i++) {
        const Moisson__AcctRecord *r = records->list[i];
        bool exact = ref->n_tasks || r->raw_id == ref->job_id;
        if (!best || (exact && r->attempt >= best->attempt))
            best = r;
    }
    return best;
}

static int show (const char *text)
{
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_ (records_clear) struct records records = {0};
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_jobref_ Moisson__JobRef *ref = NULL;
    _cleanup_buf_ struct buf out = BUF_INIT;
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;

    if (jobref_parse (text, &ref, NULL, &err)) {
        fprintf (stderr, "Job not found.\n");
        return E_NOT_FOUND;
    }
    filter.jobs = &ref;
    filter.n_jobs = 1;
    if (rpc_create (&rpc, NULL, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    if (records_fetch (&records, rpc, &filter, &err))
        return failure_report (TOOL, NULL, &err);
    const Moisson__AcctRecord *r = choose (&records, ref);
    if (!r) {
        fprintf (stderr, "Job not found.\n");
        return E_NOT_FOUND;
    }
    seff_put (&out, r, rpc_config (rpc)->cluster_name, records.now);
    fputs (buf_str (&out), stdout);
    return 0;
}

/* Not by the table of options: Slurm's ends with 1 after each of its options. */
int seff_run (int argc, char **argv)
{
    if (argc == 2 && (!strcmp (argv[1], "-v") || !strcmp (argv[1], "--version") || !strcmp (argv[1], "-V"))) {
        command_version ();
        return 1;
    }
    if (argc != 2 || *argv[1] == '-') {
        printf ("Usage: seff [Options] <JobID>\n"
                "       Options:\n"
                "       -h    Help menu\n"
                "       -v    Version\n\n"
                "How well a job used the CPUs and the memory that it was given; exit status 2 for a job that is not "
                "known.\n");
        return 1;
    }
    return show (argv[1]);
}
