/* loop.c - one event loop a process, on libevent. Every callback is timed (law 8).
 *
 * A turn: wait until something is ready, run all of it, then the late ones. Other threads come in through one list
 * guarded by one lock, and an eventfd that wakes the loop. */
#include "net/loop.h"
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include "base/mem.h"
#include "net/internal.h"

#define SLOW_US 5000

struct post {
    void (*fn) (void *arg);
    void *arg;
};

struct posts {
    struct post *items;
    size_t n, room;
};

struct timer {
    struct loop *loop;
    struct event *event;
    void (*fn) (void *arg);
    void *arg;
    LIST_ENTRY (timer) link;
};

struct watch {
    struct loop *loop;
    struct event *event;
    int fd, events;
    void (*fn) (void *arg, int events);
    void *arg;
    LIST_ENTRY (watch) link;
};

struct late {
    struct loop *loop;
    void (*fn) (void *arg);
    void *arg;
    bool armed;
    uint64_t ran; /* the turn in which it ran last */
    TAILQ_ENTRY (late) queue;
    LIST_ENTRY (late) link;
};

struct on_signal {
    struct loop *loop;
    struct event *event;
    int signo;
    void (*fn) (void *arg, int signo);
    void *arg;
    LIST_ENTRY (on_signal) link;
};

struct loop {
    struct event_base *base;
    bool stop;
    uint64_t turn;
    struct loop_stats stats;

    int wake_fd;
    struct watch *wake;
    pthread_mutex_t lock; /* guards posts */
    struct posts posts;
    struct posts running; /* the batch in hand; its memory is kept for the next one */

    TAILQ_HEAD (late_queue, late) ready, next; /* armed late ones: of this turn, of the next */
    LIST_HEAD (timer_list, timer) timers;
    LIST_HEAD (watch_list, watch) watches;
    LIST_HEAD (late_list, late) lates;
    LIST_HEAD (on_signal_list, on_signal) signals;
    LIST_HEAD (owned_list, owned) owned;
    struct budget *budget;
};

static usec_t now_of (clockid_t clock)
{
    struct timespec ts;

    if (clock_gettime (clock, &ts) < 0)
        abort (); /* both clocks always exist on Linux */
    return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

usec_t now_wall (void)
{
    return now_of (CLOCK_REALTIME);
}

usec_t now_monotonic (void)
{
    return now_of (CLOCK_MONOTONIC);
}

/* libevent's calls fail on lack of memory, or on a descriptor that is none; neither leaves a way on. */
static void must (bool ok, const char *what)
{
    if (ok)
        return;
    fprintf (stderr, "event loop: %s failed: %s\n", what, strerror (errno));
    abort ();
}

static void count (struct loop *loop, usec_t began)
{
    usec_t took = now_monotonic () - began;

    loop->stats.callbacks++;
    if (took > SLOW_US)
        loop->stats.over_5ms++;
    if (took > loop->stats.longest)
        loop->stats.longest = took;
}

struct loop_stats loop_stats (const struct loop *loop)
{
    return loop->stats;
}

/* --- posting -------------------------------------------------------------------------------------------------------
 */

void loop_post (struct loop *loop, void (*fn) (void *arg), void *arg)
{
    const uint64_t one = 1;
    bool first;

    pthread_mutex_lock (&loop->lock);
    first = loop->posts.n == 0;
    GROW (loop->posts.items, loop->posts.n, loop->posts.room);
    loop->posts.items[loop->posts.n++] = (struct post){fn, arg};
    pthread_mutex_unlock (&loop->lock);
    if (first) /* the counter cannot overflow: it is read before the list is taken */
        must (write (loop->wake_fd, &one, sizeof one) == sizeof one, "write to the wake-up descriptor");
}

static void forget (struct posts *posts, const void *arg)
{
    for (size_t i = 0; i < posts->n; i++)
        if (posts->items[i].arg == arg)
            posts->items[i].fn = NULL;
}

void loop_unpost (struct loop *loop, const void *arg)
{
    pthread_mutex_lock (&loop->lock);
    forget (&loop->posts, arg);
    pthread_mutex_unlock (&loop->lock);
    forget (&loop->running, arg);
}

static void on_wake (void *arg, int events)
{
    struct loop *loop = arg;
    uint64_t n;

    (void) events;
    if (read (loop->wake_fd, &n, sizeof n) < 0 && errno != EAGAIN)
        must (false, "read of the wake-up descriptor");
    pthread_mutex_lock (&loop->lock);
    struct posts batch = loop->posts;
    loop->posts = loop->running;
    loop->posts.n = 0;
    pthread_mutex_unlock (&loop->lock);
    loop->running = batch;
    for (size_t i = 0; i < batch.n; i++) {
        const struct post *post = &loop->running.items[i];
        usec_t began = now_monotonic ();
        if (!post->fn)
            continue;
        post->fn (post->arg);
        count (loop, began);
    }
    loop->running.n = 0;
}

/* --- the loop ------------------------------------------------------------------------------------------------------
 */

static struct event_base *base_create (void)
{
    struct event_config *config = event_config_new ();
    struct event_base *base = NULL;

    if (!config)
        return NULL;
    /* Timers count from the moment of arming (not from the start of the turn) and to the microsecond. */
    if (event_config_set_flag (config, EVENT_BASE_FLAG_NO_CACHE_TIME | EVENT_BASE_FLAG_PRECISE_TIMER |
                                           EVENT_BASE_FLAG_NOLOCK) == 0)
        base = event_base_new_with_config (config);
    event_config_free (config);
    return base;
}

int loop_create (struct loop **ret, struct err *err)
{
    _cleanup_ (loop_freep) struct loop *loop = xcalloc (1, sizeof *loop);

    pthread_mutex_init (&loop->lock, NULL);
    loop->budget = budget_create (INPUT_BUDGET);
    loop->turn = 1; /* 0 is the turn of a late one that never ran */
    TAILQ_INIT (&loop->ready);
    TAILQ_INIT (&loop->next);
    loop->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake_fd < 0)
        return err_errno (err, errno, "cannot make an event descriptor");
    loop->base = base_create ();
    if (!loop->base)
        return err_errno (err, errno, "cannot make an event loop");
    loop->wake = watch_create (loop, loop->wake_fd, on_wake, loop);
    watch_set (loop->wake, WATCH_READ);
    *ret = steal (&loop);
    return 0;
}

struct loop *loop_free (struct loop *loop)
{
    struct on_signal *s;

    if (!loop)
        return NULL;
    while (!LIST_EMPTY (&loop->owned)) {
        struct owned *o = LIST_FIRST (&loop->owned);
        o->release (o->arg);
    }
    while (!LIST_EMPTY (&loop->timers))
        timer_free (LIST_FIRST (&loop->timers));
    while (!LIST_EMPTY (&loop->watches))
        watch_free (LIST_FIRST (&loop->watches));
    while (!LIST_EMPTY (&loop->lates))
        late_free (LIST_FIRST (&loop->lates));
    while ((s = LIST_FIRST (&loop->signals))) {
        LIST_REMOVE (s, link);
        event_free (s->event);
        free (s);
    }
    if (loop->base)
        event_base_free (loop->base);
    if (loop->wake_fd >= 0)
        close (loop->wake_fd);
    pthread_mutex_destroy (&loop->lock);
    free (loop->posts.items);
    free (loop->running.items);
    budget_free (loop->budget);
    free (loop);
    return NULL;
}

static void run_late (struct loop *loop)
{
    struct late *l;

    while ((l = TAILQ_FIRST (&loop->ready))) {
        usec_t began = now_monotonic ();
        TAILQ_REMOVE (&loop->ready, l, queue);
        l->armed = false;
        l->ran = loop->turn;
        l->fn (l->arg); /* may free l */
        count (loop, began);
    }
    loop->turn++; /* from here on nothing has run in this turn: `next` and `ready` are told apart by that */
    TAILQ_CONCAT (&loop->ready, &loop->next, queue);
}

void loop_run (struct loop *loop)
{
    while (!loop->stop) {
        bool waiting = TAILQ_EMPTY (&loop->ready);
        must (event_base_loop (loop->base, waiting ? EVLOOP_ONCE : EVLOOP_NONBLOCK) >= 0, "waiting for events");
        run_late (loop);
    }
    loop->stop = false;
}

void loop_stop (struct loop *loop)
{
    loop->stop = true; /* the turn is finished first, with its late ones */
}

void loop_adopt (struct loop *loop, struct owned *o)
{
    LIST_INSERT_HEAD (&loop->owned, o, link);
}

void loop_disown (struct owned *o)
{
    LIST_REMOVE (o, link);
}

struct budget *loop_budget (struct loop *loop)
{
    return loop->budget;
}

/* --- late ones -----------------------------------------------------------------------------------------------------
 */

struct late *late_create (struct loop *loop, void (*fn) (void *arg), void *arg)
{
    struct late *l = xcalloc (1, sizeof *l);

    *l = (struct late){.loop = loop, .fn = fn, .arg = arg};
    LIST_INSERT_HEAD (&loop->lates, l, link);
    return l;
}

void late_arm (struct late *l)
{
    if (l->armed)
        return;
    l->armed = true;
    if (l->ran == l->loop->turn)
        TAILQ_INSERT_TAIL (&l->loop->next, l, queue);
    else
        TAILQ_INSERT_TAIL (&l->loop->ready, l, queue);
}

struct late *late_free (struct late *l)
{
    if (!l)
        return NULL;
    if (l->armed && l->ran == l->loop->turn)
        TAILQ_REMOVE (&l->loop->next, l, queue);
    else if (l->armed)
        TAILQ_REMOVE (&l->loop->ready, l, queue);
    LIST_REMOVE (l, link);
    free (l);
    return NULL;
}

/* --- timers, descriptors, signals ----------------------------------------------------------------------------------
 */

static void on_timer (evutil_socket_t fd, short what, void *arg)
{
    struct timer *t = arg;
    struct loop *loop = t->loop;
    usec_t began = now_monotonic ();

    (void) fd, (void) what;
    t->fn (t->arg); /* may free t */
    count (loop, began);
}

struct timer *timer_create_in (struct loop *loop, void (*fn) (void *arg), void *arg)
{
    struct timer *t = xcalloc (1, sizeof *t);

    *t = (struct timer){.loop = loop, .fn = fn, .arg = arg};
    t->event = event_new (loop->base, -1, 0, on_timer, t);
    must (t->event, "making a timer");
    LIST_INSERT_HEAD (&loop->timers, t, link);
    return t;
}

void timer_arm (struct timer *t, usec_t after)
{
    struct timeval tv = {.tv_sec = (time_t) (after / USEC_PER_SEC), .tv_usec = (suseconds_t) (after % USEC_PER_SEC)};

    must (event_add (t->event, &tv) == 0, "arming a timer");
}

void timer_disarm (struct timer *t)
{
    event_del (t->event);
}

struct timer *timer_free (struct timer *t)
{
    if (!t)
        return NULL;
    LIST_REMOVE (t, link);
    event_free (t->event);
    free (t);
    return NULL;
}

static void on_ready (evutil_socket_t fd, short what, void *arg)
{
    struct watch *w = arg;
    struct loop *loop = w->loop;
    usec_t began = now_monotonic ();

    (void) fd;
    bool is_wake = w == loop->wake; /* posts are counted one by one */
    w->fn (w->arg, (what & EV_READ ? WATCH_READ : 0) | (what & EV_WRITE ? WATCH_WRITE : 0)); /* may free w */
    if (!is_wake)
        count (loop, began);
}

struct watch *watch_create (struct loop *loop, int fd, void (*fn) (void *arg, int events), void *arg)
{
    struct watch *w = xcalloc (1, sizeof *w);

    *w = (struct watch){.loop = loop, .fd = fd, .fn = fn, .arg = arg};
    w->event = event_new (loop->base, fd, EV_PERSIST, on_ready, w);
    must (w->event, "making a watch");
    LIST_INSERT_HEAD (&loop->watches, w, link);
    return w;
}

void watch_set (struct watch *w, int events)
{
    short what = EV_PERSIST;

    if (events == w->events)
        return;
    w->events = events;
    event_del (w->event);
    if (!events)
        return;
    if (events & WATCH_READ)
        what |= EV_READ;
    if (events & WATCH_WRITE)
        what |= EV_WRITE;
    must (event_assign (w->event, w->loop->base, w->fd, what, on_ready, w) == 0, "setting a watch");
    must (event_add (w->event, NULL) == 0, "watching a descriptor");
}

struct watch *watch_free (struct watch *w)
{
    if (!w)
        return NULL;
    LIST_REMOVE (w, link);
    event_free (w->event);
    free (w);
    return NULL;
}

static void on_signal (evutil_socket_t signo, short what, void *arg)
{
    struct on_signal *s = arg;
    usec_t began = now_monotonic ();

    (void) signo, (void) what;
    s->fn (s->arg, s->signo);
    count (s->loop, began);
}

int loop_signal (struct loop *loop, int signo, void (*fn) (void *arg, int signo), void *arg)
{
    struct on_signal *s = xcalloc (1, sizeof *s);

    *s = (struct on_signal){.loop = loop, .signo = signo, .fn = fn, .arg = arg};
    s->event = event_new (loop->base, signo, EV_SIGNAL | EV_PERSIST, on_signal, s);
    if (!s->event || event_add (s->event, NULL) < 0) {
        if (s->event)
            event_free (s->event);
        free (s);
        return -1;
    }
    LIST_INSERT_HEAD (&loop->signals, s, link);
    return 0;
}
