/* srun_step.c - a number for the step, and CPUs for its task. One small file in the job's own directory holds the next
 * number, under a lock; locks on bytes far behind it say which CPUs have a step of their own: they go with the process,
 * whatever ends it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "base/mem.h"
#include "srun.h"

#define STEP_FILE ".moisson-steps"
#define COUNTER_WIDTH 11   /* "%010u\n" */
#define CPU_BYTE (1 << 20) /* the lock of CPU i is on byte CPU_BYTE + i */
#define LOOK_AGAIN_NS 100000000
#define NO_COUNTER (1u << 30) /* ids of steps without: above all others, and each a process of its own */

/* An open file description of its own each time: its locks are nobody else's. */
static int open_file (const struct srun_job *job)
{
    _cleanup_free_ char *path = job->scratch ? xasprintf ("%s/" STEP_FILE, job->scratch) : NULL;
    struct stat st;
    int fd = path ? open (path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600) : -1;

    if (fd >= 0 && (fstat (fd, &st) || !S_ISREG (st.st_mode))) {
        close (fd);
        fd = -1;
    }
    return fd;
}

static bool lock (int fd, int command, off_t at)
{
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
    int rc;

    do
        rc = fcntl (fd, command, &range);
    while (rc && errno == EINTR);
    return rc == 0;
}

static void unlock (int fd, off_t at)
{
    struct flock range = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};

    if (fcntl (fd, F_OFD_SETLK, &range))
        return; /* it goes when the file is closed */
}

static bool next_number (int fd, uint32_t *ret)
{
    char text[COUNTER_WIDTH + 1] = "";
    ssize_t n = pread (fd, text, COUNTER_WIDTH, 0);

    if (n < 0)
        return false;
    *ret = (uint32_t) strtoul (text, NULL, 10);
    snprintf (text, sizeof text, "%010" PRIu32 "\n", *ret + 1);
    return pwrite (fd, text, COUNTER_WIDTH, 0) == COUNTER_WIDTH;
}

void srun_step_number (const struct srun_job *job, struct srun_step *step)
{
    _cleanup_close_ int fd = open_file (job);

    step->lock_fd = -1;
    if (fd < 0 || !lock (fd, F_OFD_SETLKW, 0) || !next_number (fd, &step->id) || step->id >= NO_COUNTER)
        step->id = NO_COUNTER + (uint32_t) getpid ();
    snprintf (step->text, sizeof step->text, "%" PRIu32, step->id);
}

void srun_step_clear (struct srun_step *step)
{
    if (step->lock_fd >= 0)
        close (step->lock_fd);
    step->lock_fd = -1;
}

/* --- CPUs -----------------------------------------------------------------------------------------------------------
 */

/* CPUs of the job that no other step has for itself, up to `want` of them, locked. All or, with `all`, none. */
static uint32_t take_free (int fd, const struct srun_job *job, uint32_t want, bool all, bool *slots)
{
    uint32_t got = 0;

    if (!lock (fd, F_OFD_SETLKW, 0)) /* one at a time: two halves would wait for each other */
        return 0;
    for (uint32_t i = 0; i < job->cpus && got < want; i++)
        if (lock (fd, F_OFD_SETLK, CPU_BYTE + (off_t) i))
            slots[i] = true, got++;
    for (uint32_t i = 0; all && got < want && i < job->cpus; i++)
        if (slots[i]) {
            unlock (fd, CPU_BYTE + (off_t) i);
            slots[i] = false;
        }
    unlock (fd, 0);
    return all && got < want ? 0 : got;
}

static void wait_for_cpus (int fd, const struct srun_job *job, const struct srun_options *o, uint32_t want, bool *slots,
                           const char *step)
{
    const struct timespec pause = {.tv_nsec = LOOK_AGAIN_NS};
    bool said = o->quiet;

    while (!take_free (fd, job, want, true, slots)) {
        if (!said)
            fprintf (stderr,
                     SRUN ": Job %" PRIu64 " step creation temporarily disabled, retrying (Requested nodes are busy)\n",
                     job->id);
        said = true;
        nanosleep (&pause, NULL);
    }
    if (said && !o->quiet)
        fprintf (stderr, SRUN ": Step created for StepId=%" PRIu64 ".%s\n", job->id, step);
}

/* Where the node does not bind its jobs, the CPUs that we may use are not this job's alone: the task stays unbound. */
static void bind_to (const struct srun_job *job, const bool *slots, struct srun_step *step)
{
    cpu_set_t mine;
    uint32_t each, seen = 0;

    CPU_ZERO (&step->set);
    if (sched_getaffinity (0, sizeof mine, &mine))
        return;
    each = (uint32_t) CPU_COUNT (&mine) / job->cpus; /* threads of a core, where cores are given out */
    if (!each || (CPU_COUNT (&mine) > (int) job->cpus && CPU_COUNT (&mine) >= sysconf (_SC_NPROCESSORS_ONLN)))
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET (cpu, &mine))
            continue;
        uint32_t slot = seen++ / each;
        if (slot < job->cpus && slots[slot])
            CPU_SET (cpu, &step->set);
    }
    step->bound = CPU_COUNT (&step->set) > 0;
}

int srun_step_cpus (const struct srun_job *job, const struct srun_options *o, struct srun_step *step, struct err *err)
{
    _cleanup_free_ bool *slots = xcalloc (job->cpus, sizeof *slots);
    bool own = o->exact && !o->overlap;
    uint32_t want = o->cpus ? (uint32_t) o->cpus : own ? 1 : 0, got = 0;

    step->cpus = want ? want : job->cpus;
    if (!want)
        return 0;
    step->lock_fd = open_file (job);
    if (own && step->lock_fd < 0) {
        err_set (err, 0, "--exact: the job's directory for temporary files cannot be used");
        return err_fix (err, "leave --exact and --exclusive out; steps then share the CPUs of the job");
    }
    if (own)
        wait_for_cpus (step->lock_fd, job, o, want, slots, step->text);
    else if (step->lock_fd >= 0) /* free ones first, then any */
        got = take_free (step->lock_fd, job, want, false, slots);
    for (uint32_t i = 0; !own && i < job->cpus && got < want; i++)
        if (!slots[i])
            slots[i] = true, got++;
    if (o->overlap) /* others need not wait for these, nor look elsewhere */
        srun_step_clear (step);
    if (!o->unbound)
        bind_to (job, slots, step);
    return 0;
}
