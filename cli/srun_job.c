/* srun_job.c - which job this is, and which steps of it can be made here. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/hostlist.h"
#include "base/mem.h"
#include "srun.h"

static uint64_t number (const char *name, uint64_t absent)
{
    const char *text = getenv (name);
    char *end;
    unsigned long long n = text && *text ? strtoull (text, &end, 10) : absent;

    return text && *text && *end ? absent : n;
}

static int outside (struct err *err)
{
    err_set (err, 0, "this is not inside a job, and srun cannot allocate one yet (" SRUN_LATER ")");
    return err_fix (err, "put srun into a batch script, or use: sbatch --wait --wrap='COMMAND'");
}

static int gone (const struct srun_job *job, const char *why, struct err *err)
{
    err_set (err, 0, "Unable to confirm allocation for job %" PRIu64 ": %s", job->id, why);
    return err_fix (err, "run srun in the batch script of a running job, with the environment that it has there; to "
                         "forget an old job: unset SLURM_JOB_ID");
}

/* "812.1", which the node says, must be about the same job as what the controller says. */
static int read_attempt (struct srun_job *job, struct err *err)
{
    const char *text = getenv ("MOISSON_ATTEMPT");
    _cleanup_free_ char *dir = NULL;
    struct stat st;
    uint64_t raw;

    job->spool = getenv ("MOISSON_SPOOL");
    if (!text || !job->spool || sscanf (text, "%" SCNu64 ".%" SCNu32, &raw, &job->attempt) != 2 || raw != job->id)
        return gone (job, "it does not run here (MOISSON_ATTEMPT and MOISSON_SPOOL are not its own)", err);
    dir = xasprintf ("%s/attempts/%s", job->spool, text);
    return stat (dir, &st) && errno == ENOENT ? gone (job, "it has ended, or does not run on this host", err) : 0;
}

int srun_job_find (struct srun_job *ret, struct err *err)
{
    struct srun_job job = {.id = number ("SLURM_JOB_ID", number ("SLURM_JOBID", 0))};

    if (!job.id)
        return outside (err);
    if (read_attempt (&job, err))
        return -1;
    job.node = getenv ("SLURMD_NODENAME");
    job.node = job.node ? job.node : "localhost";
    job.scratch = getenv ("MOISSON_SCRATCH");
    job.user = getenv ("SLURM_JOB_USER");
    job.name = getenv ("SLURM_JOB_NAME");
    job.partition = getenv ("SLURM_JOB_PARTITION");
    job.array = number ("SLURM_ARRAY_JOB_ID", 0);
    job.has_task = job.array && getenv ("SLURM_ARRAY_TASK_ID");
    job.task = (uint32_t) number ("SLURM_ARRAY_TASK_ID", 0);
    job.cpus = (uint32_t) number ("SLURM_CPUS_ON_NODE", 1);
    job.cpus = job.cpus && job.cpus <= SRUN_CPUS_MOST ? job.cpus : 1;
    job.nodes = (uint32_t) number ("SLURM_JOB_NUM_NODES", 1);
    *ret = job;
    return 0;
}

/* --- what we can do -------------------------------------------------------------------------------------------------
 */

static int one_task (const struct srun_job *job, const struct srun_options *o, struct err *err)
{
    uint64_t nodes = o->nodes ? o->nodes : o->tasks == 1 ? 1 : job->nodes;
    uint64_t tasks = o->tasks ? o->tasks : nodes * (o->tasks_per_node ? o->tasks_per_node : 1);

    if (nodes > job->nodes) {
        err_set (err, 0, "Unable to create step for job %" PRIu64 ": %" PRIu64 " nodes asked, the job has %u", job->id,
                 nodes, job->nodes);
        return err_fix (err, "ask for them with sbatch --nodes, or leave -N out");
    }
    if (tasks > 1) {
        err_set (err, 0, "%" PRIu64 " tasks asked, and srun starts one (" SRUN_LATER ")", tasks);
        return err_fix (err, "srun -n1 COMMAND; for several: srun -n1 A & srun -n1 B & wait");
    }
    if (nodes > 1) {
        err_set (err, 0, "%" PRIu64 " nodes asked, and srun starts tasks on its own node (" SRUN_LATER ")", nodes);
        return err_fix (err, "srun -N1 -n1 COMMAND");
    }
    return 0;
}

static int this_node (const struct srun_job *job, const struct srun_options *o, struct err *err)
{
    _cleanup_hostlist_ struct hostlist *hosts = NULL;

    if (!o->nodelist)
        return 0;
    if (hostlist_parse (&hosts, o->nodelist, err))
        return -1;
    for (size_t i = 0; i < hostlist_count (hosts); i++)
        if (strcmp (hostlist_nth (hosts, i), job->node)) {
            err_set (err, 0, "--nodelist=%s: this is %s, and srun starts tasks on its own node (" SRUN_LATER ")",
                     o->nodelist, job->node);
            return err_fix (err, "leave --nodelist out, or name %s alone", job->node);
        }
    return 0;
}

static int this_job (const struct srun_job *job, const struct srun_options *o, struct err *err)
{
    uint64_t asked;

    if (!o->job_id)
        return 0;
    if (number_parse (o->job_id, "--jobid", 1, INT64_MAX, &asked, err))
        return -1;
    if (asked == job->id)
        return 0;
    err_set (err, 0, "--jobid=%s: this is job %" PRIu64 ", and steps start in their own job (" SRUN_LATER ")",
             o->job_id, job->id);
    return err_fix (err, "leave --jobid out");
}

int srun_job_admits (const struct srun_job *job, const struct srun_options *o, struct err *err)
{
    if (this_job (job, o, err) || this_node (job, o, err) || one_task (job, o, err))
        return -1;
    if (o->cpus > job->cpus) {
        err_set (err, 0,
                 "Unable to create step for job %" PRIu64 ": More processors requested than permitted: %" PRIu64
                 " asked, the job has %u here",
                 job->id, o->cpus, job->cpus);
        return err_fix (err, "srun -c %u or less, or more for the job: sbatch -c", job->cpus);
    }
    return 0;
}
