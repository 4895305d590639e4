/* agent_steps.c - what srun says of the steps of jobs (base/step_news.h), kept with their attempts and passed on to the
 * controller. Whatever is said again, there or here, changes nothing, so a new session may begin with all of it. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/step_news.h"
#include "nodeagent/agent.h"

#define STEPS_FD 5
#define AT_ONCE 64       /* datagrams before others have their turn */
#define AT_LEAST 4096    /* ... and before an end is told: the job's last words came before it */
#define STEPS_MOST 1000  /* of one attempt; the controller keeps no more */
#define STEPS_ALL 100000 /* of all: they fit into one registration */

struct letter {
    uint8_t bytes[STEP_NEWS_MOST];
    size_t len;
    uid_t uid;
    struct sockaddr_un from;
    socklen_t from_len;
};

void steps_forget (struct attempt *t)
{
    for (size_t i = 0; i < t->n_steps; i++)
        moisson__step__free_unpacked (t->steps[i].step, NULL);
    free (t->steps);
    t->steps = NULL;
    t->n_steps = 0;
}

static struct attempt_step *find (struct attempt *t, uint32_t id)
{
    for (size_t i = t->n_steps; i-- > 0;)
        if (t->steps[i].step->id == id)
            return &t->steps[i];
    return NULL;
}

/* May this user speak of this attempt? NULL: yes. */
static const char *refusal (const struct attempt *t, const Moisson__Step *step, uid_t uid)
{
    if (!t)
        return "this job does not run here, or has ended";
    if (uid != 0 && uid != t->uid)
        return "it is another user's job: its owner may report steps of it, or root";
    if (t->phase == ATTEMPT_EXITED ? t->told : t->phase != ATTEMPT_STARTING && t->phase != ATTEMPT_RUNNING)
        return "the job has ended"; /* not told: it ended while no agent was there, and this came before */
    return step->name && strlen (step->name) > STEP_NAME_MOST ? "the step's name is too long" : NULL;
}

static bool is_room (const struct agent *a, const struct attempt *t)
{
    size_t all = 0;

    for (const struct attempt *other = a->attempts; other; other = other->hh.next)
        all += other->n_steps;
    return t->n_steps < STEPS_MOST && all < STEPS_ALL;
}

static const char *take (struct agent *a, const Moisson__StepNews *news, uid_t uid)
{
    struct attempt *t = attempt_find (a, (struct attempt_id){news->id->raw_id, news->id->attempt});
    const char *why = refusal (t, news->step, uid);
    struct attempt_step *known = why ? NULL : find (t, news->step->id);

    if (why)
        return why;
    if (known && (known->step->has_end_us || !news->step->has_end_us))
        return "this step was reported before";
    if (!known && !is_room (a, t))
        return "the job, or the node, has had very many steps: this one is not recorded";
    if (!known) {
        t->steps = xrealloc (t->steps, (t->n_steps + 1) * sizeof *t->steps);
        known = &t->steps[t->n_steps++];
    } else
        moisson__step__free_unpacked (known->step, NULL);
    *known = (struct attempt_step){.step = news->step};
    late_arm (a->tell);
    return NULL;
}

/* As the kernel has it; -1: nothing is there. A letter that says nothing of its sender has uid -1, which owns no job.
 */
static int receive (int fd, struct letter *ret)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE (sizeof (struct ucred))];
    } control;
    struct iovec iov = {ret->bytes, sizeof ret->bytes};
    struct msghdr msg = {.msg_name = &ret->from,
                         .msg_namelen = sizeof ret->from,
                         .msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    ssize_t n = recvmsg (fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR (&msg);
    struct ucred who = {.uid = (uid_t) -1};

    if (n < 0)
        return -1;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
        memcpy (&who, CMSG_DATA (c), sizeof who);
    ret->uid = who.uid;
    ret->len = (size_t) n;
    ret->from_len = msg.msg_namelen;
    return 0;
}

static void answer (int fd, const struct letter *to, const char *why)
{
    size_t len = why ? strlen (why) : 0;

    if (to->from_len > sizeof (sa_family_t) && sendto (fd, why ? why : "", len, MSG_DONTWAIT | MSG_NOSIGNAL,
                                                       (const struct sockaddr *) &to->from, to->from_len) < 0)
        log_debug ("event=step-answer-lost"); /* srun does not wait for it */
}

static void read_some (struct agent *a, int most)
{
    struct letter letter;

    while (most-- > 0 && receive (a->steps_fd, &letter) == 0) {
        Moisson__StepNews *news = message_unpack (&moisson__step_news__descriptor, letter.bytes, letter.len);
        const char *why = news ? take (a, news, letter.uid) : "the report cannot be read";
        if (news && !why)
            news->step = NULL; /* kept */
        if (news)
            moisson__step_news__free_unpacked (news, NULL);
        answer (a->steps_fd, &letter, why);
    }
}

static void on_letter (void *arg, int events)
{
    (void) events;
    read_some (arg, AT_ONCE);
}

void steps_hear (struct agent *a)
{
    if (a->steps_fd >= 0)
        read_some (a, AT_LEAST);
}

void steps_open (struct agent *a)
{
    int on = 0;
    socklen_t len = sizeof on;

    if (getsockopt (STEPS_FD, SOL_SOCKET, SO_PASSCRED, &on, &len) || !on || fcntl (STEPS_FD, F_SETFD, FD_CLOEXEC))
        return; /* a launcher of an earlier version: steps are not recorded */
    a->steps_fd = STEPS_FD;
    a->steps_watch = watch_create (a->loop, a->steps_fd, on_letter, a);
    watch_set (a->steps_watch, WATCH_READ);
    steps_hear (a); /* what has waited for us, before the first session */
}

void steps_shut (struct agent *a)
{
    if (a->steps_watch)
        watch_free (a->steps_watch);
    if (a->steps_fd >= 0)
        close (a->steps_fd);
    a->steps_watch = NULL;
    a->steps_fd = -1;
}

/* --- telling --------------------------------------------------------------------------------------------------------
 */

Moisson__Step **steps_report (struct attempt *t, size_t *ret_n)
{
    Moisson__Step **list = t->n_steps ? xcalloc (t->n_steps, sizeof (Moisson__Step *)) : NULL;

    for (size_t i = 0; i < t->n_steps; i++) {
        list[i] = t->steps[i].step;
        t->steps[i].told = true;
    }
    *ret_n = t->n_steps;
    return list;
}

static size_t count_untold (const struct agent *a)
{
    size_t n = 0;

    for (const struct attempt *t = a->attempts; t; t = t->hh.next)
        for (size_t i = 0; i < t->n_steps; i++)
            n += !t->steps[i].told;
    return n;
}

void steps_tell (struct agent *a)
{
    Moisson__StepBatch batch = MOISSON__STEP_BATCH__INIT;
    size_t room = count_untold (a);

    if (!room)
        return;
    _cleanup_free_ Moisson__AttemptId *ids = xcalloc (room, sizeof *ids);
    _cleanup_free_ Moisson__StepNews *news = xcalloc (room, sizeof *news);
    _cleanup_free_ Moisson__StepNews **pointers = xcalloc (room, sizeof *pointers);
    batch.news = pointers;
    for (struct attempt *t = a->attempts; t; t = t->hh.next)
        for (size_t i = 0; i < t->n_steps; i++) {
            size_t at = batch.n_news;
            if (t->steps[i].told)
                continue;
            t->steps[i].told = true;
            moisson__attempt_id__init (&ids[at]);
            moisson__step_news__init (&news[at]);
            ids[at].raw_id = t->id.raw;
            ids[at].attempt = t->id.attempt;
            news[at].id = &ids[at];
            news[at].step = t->steps[i].step;
            pointers[batch.n_news++] = &news[at];
        }
    channel_send (a->channel, MOISSON__MSG_TYPE__MSG_STEPS, &batch.base);
}
