/* srun_news.c - the agent of this node is told what begins and ends (base/step_news.h): a datagram that the launcher's
 * socket keeps until an agent reads it. Only where that socket is full the end of a step waits, and not for long. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include "base/mem.h"
#include "base/states.h"
#include "base/step_news.h"
#include "srun.h"

#define PAUSE_MS 50
#define TRIES 20 /* of an end: a full socket, or a launcher that is just being replaced, holds us up for a second */

struct srun_news {
    int fd; /* -1: there is none */
    struct sockaddr_un to;
    Moisson__AttemptId id;
};

struct srun_news *srun_news_open (const struct srun_job *job)
{
    const struct sockaddr_un own = {.sun_family = AF_UNIX}; /* any address: for an answer */
    struct srun_news *n = xcalloc (1, sizeof *n);
    int len = snprintf (n->to.sun_path, sizeof n->to.sun_path, "%s/" STEP_SOCKET, job->spool);

    moisson__attempt_id__init (&n->id);
    n->id.raw_id = job->id;
    n->id.attempt = job->attempt;
    n->to.sun_family = AF_UNIX;
    n->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (n->fd >= 0 && (len < 0 || (size_t) len >= sizeof n->to.sun_path ||
                       bind (n->fd, (const struct sockaddr *) &own, sizeof own.sun_family))) {
        close (n->fd);
        n->fd = -1;
    }
    return n;
}

/* A step that cannot be told of is not recorded: its task is none the worse. */
static void tell (struct srun_news *n, Moisson__Step *step, int tries)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
    Moisson__StepNews news = MOISSON__STEP_NEWS__INIT;
    uint8_t bytes[STEP_NEWS_MOST];

    news.id = &n->id;
    news.step = step;
    size_t len = moisson__step_news__get_packed_size (&news);
    if (n->fd < 0 || len > sizeof bytes)
        return;
    moisson__step_news__pack (&news, bytes);
    while (sendto (n->fd, bytes, len, MSG_NOSIGNAL, (const struct sockaddr *) &n->to, sizeof n->to) < 0 &&
           (errno == EAGAIN || errno == ECONNREFUSED || errno == EINTR) && --tries > 0)
        nanosleep (&pause, NULL);
}

static void fill (Moisson__Step *ret, const struct srun_step *step, char *name, usec_t start)
{
    moisson__step__init (ret);
    ret->id = step->id;
    ret->name = name;
    ret->has_start_us = true;
    ret->start_us = start;
    ret->has_cpus = true;
    ret->cpus = step->cpus;
}

void srun_news_begun (struct srun_news *n, const struct srun_step *step, const char *name, usec_t start)
{
    _cleanup_free_ char *brief = xstrndup (name, STEP_NAME_MOST);
    Moisson__Step msg;

    fill (&msg, step, brief, start);
    tell (n, &msg, 1);
}

void srun_news_ended (struct srun_news *n, const struct srun_step *step, const char *name, const struct srun_end *end)
{
    _cleanup_free_ char *brief = xstrndup (name, STEP_NAME_MOST);
    Moisson__Step msg;

    fill (&msg, step, brief, end->start);
    msg.has_end_us = msg.has_exit_code = msg.has_exit_signal = true;
    msg.end_us = end->end;
    msg.exit_code = WIFEXITED (end->status) ? (uint32_t) WEXITSTATUS (end->status) : 0;
    msg.exit_signal = WIFSIGNALED (end->status) ? (uint32_t) WTERMSIG (end->status) : 0;
    msg.has_cpu_user_us = msg.has_cpu_sys_us = msg.has_max_rss_kb = true;
    msg.cpu_user_us = end->cpu_user_us;
    msg.cpu_sys_us = end->cpu_sys_us;
    msg.max_rss_kb = end->max_rss_kb;
    msg.has_state = end->timed_out || (end->cancelled && msg.exit_signal);
    msg.state = end->timed_out ? MOISSON__JOB_STATE__STATE_TIMEOUT : MOISSON__JOB_STATE__STATE_CANCELLED;
    tell (n, &msg, TRIES);
}

char *srun_news_refusal (struct srun_news *n)
{
    char text[512];
    ssize_t len;

    while (n->fd >= 0 && (len = recv (n->fd, text, sizeof text, MSG_DONTWAIT)) >= 0)
        if (len > 0) {
            for (ssize_t i = 0; i < len; i++) /* it may have come from anybody on this host */
                text[i] = (unsigned char) text[i] < ' ' || text[i] == 127 ? '?' : text[i];
            return xstrndup (text, (size_t) len);
        }
    return NULL;
}

struct srun_news *srun_news_free (struct srun_news *n)
{
    if (n && n->fd >= 0)
        close (n->fd);
    free (n);
    return NULL;
}
