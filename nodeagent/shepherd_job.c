/* shepherd_job.c - from a verified order to a process. */
#include "nodeagent/shepherd_job.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/files.h"
#include "base/mem.h"
#include "nodeagent/login_env.h"
#include "nodeagent/scratch.h"

#define ORDER_MAX (32u << 20)
#define ENV_MAX (64u << 20)
#define FIRST_LINE_MAX 4096
#define LOGIN_WAIT_S 30 /* of orders that do not say */

static int load_order (struct job *job, struct err *err)
{
    _cleanup_free_ char *data = NULL;
    size_t len = 0;

    if (file_read_own ("order", ORDER_MAX, &data, &len, err))
        return -1;
    job->launch = moisson__launch__unpack (NULL, len, (const uint8_t *) data);
    if (!job->launch)
        return err_set (err, 0, "the order file is damaged");
    const ProtobufCBinaryData *bytes = &job->launch->order->order;
    job->order = moisson__order__unpack (NULL, bytes->len, bytes->data);
    if (!job->order || job->order->raw_id != job->id.raw || job->order->attempt != job->id.attempt)
        return err_set (err, 0, "the order file is damaged, or of another attempt");
    job->spec = moisson__job_spec__unpack (NULL, job->order->spec.len, job->order->spec.data);
    return job->spec ? 0 : err_set (err, 0, "the order's job description is damaged");
}

/* The job's environment: `login` (may be NULL) first, which what came with the job replaces. */
static void make_env (struct job *job, const struct buf *login)
{
    const struct env_facts facts = {job->launch, job->order, job->spool, job->conf_path};

    env_clear (&job->env);
    if (login) {
        env_add_blob (&job->env, login->data, login->len);
        env_add_over (&job->env, job->env_blob, job->env_len);
    } else
        env_add_blob (&job->env, job->env_blob, job->env_len);
    env_add_job (&job->env, &facts);
}

static int load_env (struct job *job, const char *conf_path, struct err *err)
{
    job->conf_path = xstrdup (conf_path);
    if (file_read_own ("env", ENV_MAX, &job->env_blob, &job->env_len, err))
        return -1;
    make_env (job, NULL);
    if (!job->spec->has_login_env_s)
        free (steal (&job->env_blob));
    return 0;
}

int job_load (struct job **ret, const char *spool, struct attempt_id id, const char *conf_path, struct err *err)
{
    _cleanup_ (job_freep) struct job *job = xcalloc (1, sizeof *job);

    job->spool = xstrdup (spool);
    job->id = id;
    if (load_order (job, err) || load_env (job, conf_path, err))
        return -1;
    job->script_path = spool_attempt_path (spool, id, "script");
    job->argv = xcalloc (job->spec->n_script_args + 2, sizeof *job->argv);
    job->argv[0] = job->script_path;
    for (size_t i = 0; i < job->spec->n_script_args; i++)
        job->argv[i + 1] = job->spec->script_args[i];
    job_paths_make (job->order, job->spec, &job->paths);
    identity_of_order (job->order, &job->identity);
    if (cgroup_join (&job->group, job->launch->cgroup, job->launch->n_cgroup, err))
        return -1;
    *ret = steal (&job);
    return 0;
}

struct job *job_free (struct job *job)
{
    if (!job)
        return NULL;
    if (job->spec)
        moisson__job_spec__free_unpacked (job->spec, NULL);
    if (job->order)
        moisson__order__free_unpacked (job->order, NULL);
    if (job->launch)
        moisson__launch__free_unpacked (job->launch, NULL);
    cgroup_free (job->group);
    job_paths_clear (&job->paths);
    env_clear (&job->env);
    free (job->env_blob);
    free (job->conf_path);
    free (job->argv);
    free (job->script_path);
    free (job->spool);
    free (job);
    return NULL;
}

static struct login login_of (const struct job *job)
{
    unsigned wait_s = job->spec->login_env_s ? job->spec->login_env_s : job->launch->login_wait_s;

    return (struct login){.user = job->order->user,
                          .home = job->order->home,
                          .shell = job->order->shell,
                          .attempt = env_get (&job->env, "MOISSON_ATTEMPT") - strlen ("MOISSON_ATTEMPT="),
                          .spool = env_get (&job->env, "MOISSON_SPOOL") - strlen ("MOISSON_SPOOL="),
                          .brief = job->spec->login_env_short,
                          .wait_s = wait_s ? wait_s : LOGIN_WAIT_S};
}

/* --- in the child: system calls only, but for the login environment --------------------------------------------------
 */

static _Noreturn void child_fail (int fd, int stage)
{
    const struct setup_failure failure = {stage, errno};
    ssize_t n = send (fd, &failure, sizeof failure, MSG_NOSIGNAL);

    _exit (n == sizeof failure ? 127 : 126);
}

static void child_send_stderr (int fd)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE (sizeof (int))];
    } control = {0};
    char byte = 0;
    struct iovec iov = {&byte, 1};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR (&msg);
    const int err_fd = STDERR_FILENO;

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN (sizeof (int));
    memcpy (CMSG_DATA (c), &err_fd, sizeof err_fd);
    if (sendmsg (fd, &msg, MSG_NOSIGNAL) < 0)
        return; /* the job then lacks our note on its end, nothing more */
}

static void child_streams (const struct job_paths *paths, int fd)
{
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC | (paths->append ? 0 : O_TRUNC);
    int in, out, err;

    if ((in = open (paths->in, O_RDONLY | O_NOCTTY | O_CLOEXEC)) < 0)
        child_fail (fd, SETUP_STDIN);
    if ((out = open (paths->out, flags, 0666)) < 0)
        child_fail (fd, SETUP_STDOUT);
    err = out;
    if (paths->err && (err = open (paths->err, flags, 0666)) < 0)
        child_fail (fd, SETUP_STDERR);
    if (dup2 (in, STDIN_FILENO) < 0 || dup2 (out, STDOUT_FILENO) < 0 || dup2 (err, STDERR_FILENO) < 0)
        child_fail (fd, SETUP_STREAMS);
}

/* Where it fails (a cpu was taken offline) the job runs unbound: slower is better than not at all. */
static void child_bind (const Moisson__Launch *launch)
{
    cpu_set_t set;

    CPU_ZERO (&set);
    for (size_t i = 0; i < launch->n_bind_cpus; i++)
        if (launch->bind_cpus[i] < CPU_SETSIZE)
            CPU_SET (launch->bind_cpus[i], &set);
    if (CPU_COUNT (&set) && sched_setaffinity (0, sizeof set, &set))
        return;
}

/* From root to the job's user: after this nothing is done with more rights than the job has. */
static void child_become (const struct job *job, int fd)
{
    if (job->identity.change)
        oom_score_reset ();
    errno = limits_take (job->launch->limits, job->launch->n_limits);
    if (errno)
        child_fail (fd, SETUP_LIMITS);
    errno = identity_take (&job->identity);
    if (errno)
        child_fail (fd, SETUP_IDENTITY);
}

/* This process has one thread and will be another program soon: it may allocate. */
static void child_login (struct job *job, int fd)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    const struct login login = login_of (job);

    errno = login_env_read (&login, &text);
    if (errno)
        child_fail (fd, SETUP_LOGIN);
    make_env (job, &text);
}

/* What root sets up around the job: it is in its cgroup already, or join_errnum says why not. */
static void child_enclose (const struct job *job, int join_errnum, int fd)
{
    errno = join_errnum;
    if (errno)
        child_fail (fd, SETUP_CGROUP);
    errno = job->launch->private_tmp ? scratch_become_tmp (job->launch->scratch) : 0;
    if (errno)
        child_fail (fd, SETUP_TMP);
}

static _Noreturn void child_run (struct job *job, int join_errnum, int fd)
{
    sigset_t none;

    sigemptyset (&none);
    child_enclose (job, join_errnum, fd);
    child_become (job, fd);
    /* From here on it may wait for the job's own files, so a stop must reach it. */
    if (setsid () < 0 || sigprocmask (SIG_SETMASK, &none, NULL))
        child_fail (fd, SETUP_SESSION);
    if (job->spec->has_login_env_s)
        child_login (job, fd);
    env_set_pid (&job->env, (long) getpid ());
    umask (job->spec->has_umask ? (mode_t) job->spec->umask & 0777 : 022);
    if (chdir (job->order->work_dir))
        child_fail (fd, SETUP_WORK_DIR);
    child_streams (&job->paths, fd);
    child_bind (job->launch);
    child_send_stderr (fd);
    /* All our fds are close-on-exec; this is for what was inherited. Kernels before 5.11 do not know the flag. */
    if (close_range (3, ~0U, CLOSE_RANGE_CLOEXEC) && errno != EINVAL && errno != ENOSYS)
        child_fail (fd, SETUP_STREAMS);
    execve (job->script_path, job->argv, job->env.list);
    child_fail (fd, SETUP_EXEC);
}

/* --- in the shepherd ------------------------------------------------------------------------------------------------
 */

pid_t job_fork (struct job *job, int *ret_setup_fd, struct setup_failure *failure)
{
    int ends[2], join_errnum;
    pid_t pid;

    if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
        *failure = (struct setup_failure){SETUP_FORK, errno};
        return -1;
    }
    pid = cgroup_fork (job->group, &join_errnum);
    if (pid == 0)
        child_run (job, join_errnum, ends[1]);
    if (pid < 0)
        *failure = (struct setup_failure){SETUP_FORK, errno};
    close (ends[1]);
    if (pid < 0)
        close (ends[0]);
    else
        *ret_setup_fd = ends[0];
    return pid;
}

int job_setup_result (int setup_fd, int *ret_stderr_fd, struct setup_failure *ret_failure)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE (sizeof (int))];
    } control;
    struct setup_failure failure;
    struct iovec iov = {&failure, sizeof failure};

    for (;;) {
        struct msghdr msg = {
            .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
        ssize_t n = recvmsg (setup_fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return JOB_SETTING_UP;
        if (n <= 0)
            return JOB_RUNS; /* the exec has closed it */
        const struct cmsghdr *c = CMSG_FIRSTHDR (&msg);
        if (c && c->cmsg_type == SCM_RIGHTS && *ret_stderr_fd < 0)
            memcpy (ret_stderr_fd, CMSG_DATA (c), sizeof (int));
        if (n == sizeof failure) {
            *ret_failure = failure;
            return JOB_FAILED;
        }
    }
}

static char *login_words (const struct job *job, int errnum)
{
    const struct login login = login_of (job);
    const char *shell = login_shell (&login);

    if (errnum == ETIMEDOUT)
        return xasprintf (
            "cannot get the login environment: %s did not finish within %u s (fix: look at what the profile "
            "waits for, or submit with --get-user-env=SECONDS or --export=NIL)",
            shell, login.wait_s);
    if (errnum == ENODATA)
        return xasprintf ("cannot get the login environment: %s ended before it said it (fix: a profile must not exit; "
                          "--export=NIL does without)",
                          shell);
    return xasprintf ("cannot get the login environment from %s: %s", shell, strerror (errnum));
}

char *job_setup_words (const struct job *job, const struct setup_failure *failure)
{
    _cleanup_close_ int fd = open ("script", O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    char script[FIRST_LINE_MAX + 1];
    ssize_t n = fd < 0 ? 0 : read (fd, script, FIRST_LINE_MAX);

    script[n > 0 ? n : 0] = '\0';
    if (failure->stage == SETUP_LOGIN)
        return login_words (job, failure->errnum);
    return setup_words (failure, job->order->work_dir, &job->paths, script);
}
