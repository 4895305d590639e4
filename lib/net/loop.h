/* loop.h - one event loop a process (libevent behind it). Only loop_post may be called from another thread. */
#pragma once
#include <signal.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "base/units.h"

struct loop;
struct timer;
struct watch;

int loop_create (struct loop **ret, struct err *err);
struct loop *loop_free (struct loop *loop); /* frees what is still registered, too */
DEFINE_CLEANUP (struct loop *, loop_free)
void loop_run (struct loop *loop); /* until loop_stop */
void loop_stop (struct loop *loop);

/* Run fn (arg) in the loop soon, in the order of posting. Thread-safe; the only door from other threads. */
void loop_post (struct loop *loop, void (*fn) (void *arg), void *arg);

/* Forget what has been posted with this arg and has not run yet; for a free function, in the loop's thread, once nobody
 * posts it any more. */
void loop_unpost (struct loop *loop, const void *arg);

struct timer *timer_create_in (struct loop *loop, void (*fn) (void *arg), void *arg);
void timer_arm (struct timer *t, usec_t after); /* once; re-arming replaces */
void timer_disarm (struct timer *t);
struct timer *timer_free (struct timer *t);

enum { WATCH_READ = 1, WATCH_WRITE = 2 };
struct watch *watch_create (struct loop *loop, int fd, void (*fn) (void *arg, int events), void *arg);
void watch_set (struct watch *w, int events); /* 0 = asleep */
struct watch *watch_free (struct watch *w);   /* the fd stays open */

/* Something to do once at the end of this turn, when everything that was ready has been handled: the place to send what
 * a turn has gathered as one batch. Runs in the order of arming; output queued on channels by it still leaves in the
 * same turn. One that arms itself again while it runs has its next run in the next turn, which then does not wait. */
struct late;
struct late *late_create (struct loop *loop, void (*fn) (void *arg), void *arg);
void late_arm (struct late *l); /* armed twice runs once */
struct late *late_free (struct late *l);

int loop_signal (struct loop *loop, int signo, void (*fn) (void *arg, int signo), void *arg);

usec_t now_wall (void); /* microseconds since the epoch */
usec_t now_monotonic (void);

/* How long callbacks hold the loop (law 8): slowest since start, and how many took more than 5 ms. */
struct loop_stats {
    uint64_t callbacks, over_5ms;
    usec_t longest;
};
struct loop_stats loop_stats (const struct loop *loop);
