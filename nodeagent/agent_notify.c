/* agent_notify.c - what shepherds call out, on the launcher's socket notify.sock: "R 812.1" runs, "X 812.1" has ended.
 * Only a hint where to look: the truth is the status file, and a slow look at everything that is starting makes up for
 * datagrams that were lost. */
#include <fcntl.h>
#include <sys/socket.h>
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/agent.h"

#define LOOK_EVERY (USEC_PER_SEC / 2)
#define NOTIFY_FD 4
#define AT_ONCE 256 /* datagrams before others have their turn */

static void on_datagram (void *arg, int events)
{
    struct agent *a = arg;
    char text[ATTEMPT_NAME_SIZE + 8];
    struct attempt_id id;

    (void) events;
    steps_hear (a);
    for (int i = 0; i < AT_ONCE; i++) {
        ssize_t n = recv (a->notify_fd, text, sizeof text - 1, MSG_DONTWAIT);
        if (n < 0)
            return;
        text[n] = '\0';
        struct attempt *t = n > 2 && attempt_parse (text + 2, &id) == 0 ? attempt_find (a, id) : NULL;
        if (t)
            attempt_read_status (a, t);
    }
}

static void on_look (void *arg)
{
    struct agent *a = arg;

    steps_hear (a);
    for (struct attempt *t = a->attempts; t; t = t->hh.next)
        if (t->phase == ATTEMPT_STARTING || t->reaped)
            attempt_read_status (a, t);
    if (a->waiting)
        orders_go_on (a); /* an order may have waited long enough */
    timer_arm (a->look_timer, LOOK_EVERY);
}

int notify_open (struct agent *a, struct err *err)
{
    int flags = fcntl (NOTIFY_FD, F_GETFL);

    if (flags < 0 || fcntl (NOTIFY_FD, F_SETFL, flags | O_NONBLOCK) || fcntl (NOTIFY_FD, F_SETFD, FD_CLOEXEC)) {
        err_set (err, 0, "there is no socket for shepherds on fd 4");
        return err_fix (err, "start moissond: it starts its agent itself");
    }
    a->notify_fd = NOTIFY_FD;
    a->notify_watch = watch_create (a->loop, a->notify_fd, on_datagram, a);
    watch_set (a->notify_watch, WATCH_READ);
    a->look_timer = timer_create_in (a->loop, on_look, a);
    timer_arm (a->look_timer, LOOK_EVERY);
    return 0;
}

void notify_close (struct agent *a)
{
    if (a->notify_watch)
        watch_free (a->notify_watch);
    if (a->look_timer)
        timer_free (a->look_timer);
    if (a->notify_fd >= 0)
        close (a->notify_fd);
    a->notify_watch = NULL;
    a->look_timer = NULL;
    a->notify_fd = -1;
}
