/* Posting, timers, watches, late ones, signals, and what the statistics say. Everything ends by an event. */
#include "net/loop.h"
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include "suite.h"

#define THREADS 4
#define POSTS 5000

static struct loop *make_loop (void)
{
    struct loop *loop = NULL;
    struct err err = ERR_INIT;

    ck_assert_int_eq (loop_create (&loop, &err), 0);
    return loop;
}

struct note {
    struct loop *loop;
    char text[64];
    int n;
};

struct mark {
    struct note *note;
    char c;
    bool last;
};

static void write_mark (void *arg)
{
    struct mark *m = arg;

    m->note->text[m->note->n++] = m->c;
    if (m->last)
        loop_stop (m->note->loop);
}

START_TEST (posts_run_in_order)
{
    _cleanup_ (loop_freep) struct loop *loop = make_loop ();
    struct note note = {.loop = loop};
    struct mark marks[] = {{&note, 'a', 0}, {&note, 'b', 0}, {&note, 'c', 1}};

    for (int i = 0; i < 3; i++)
        loop_post (loop, write_mark, &marks[i]);
    loop_run (loop);
    ck_assert_str_eq (note.text, "abc");
    ck_assert_uint_eq (loop_stats (loop).callbacks, 3);
}
END_TEST

struct poster {
    struct loop *loop;
    int *left;
    int next, seen;
    bool in_order;
    pthread_t thread;
};

struct numbered {
    struct poster *from;
    int number;
};

static void take_number (void *arg)
{
    _cleanup_free_ struct numbered *n = arg;

    n->from->in_order = n->from->in_order && n->number == n->from->seen;
    n->from->seen++;
    if (--*n->from->left == 0)
        loop_stop (n->from->loop);
}

static void *post_many (void *arg)
{
    struct poster *p = arg;

    for (int i = 0; i < POSTS; i++) {
        struct numbered *n = malloc (sizeof *n);
        if (!n)
            abort ();
        *n = (struct numbered){p, i};
        loop_post (p->loop, take_number, n);
    }
    return NULL;
}

START_TEST (threads_post_and_none_is_lost)
{
    _cleanup_ (loop_freep) struct loop *loop = make_loop ();
    struct poster posters[THREADS];
    int left = THREADS * POSTS;

    for (int i = 0; i < THREADS; i++) {
        posters[i] = (struct poster){.loop = loop, .left = &left, .in_order = true};
        ck_assert_int_eq (pthread_create (&posters[i].thread, NULL, post_many, &posters[i]), 0);
    }
    loop_run (loop);
    for (int i = 0; i < THREADS; i++) {
        pthread_join (posters[i].thread, NULL);
        ck_assert (posters[i].in_order);
        ck_assert_int_eq (posters[i].seen, POSTS);
    }
}
END_TEST

START_TEST (timers_fire_by_time_not_by_order_of_arming)
{
    _cleanup_ (loop_freep) struct loop *loop = make_loop ();
    struct note note = {.loop = loop};
    struct mark marks[] = {{&note, 'l', 1}, {&note, 'f', 0}, {&note, 'x', 0}};
    struct timer *late = timer_create_in (loop, write_mark, &marks[0]);
    struct timer *soon = timer_create_in (loop, write_mark, &marks[1]);
    struct timer *never = timer_create_in (loop, write_mark, &marks[2]);
    usec_t began = now_monotonic ();

    timer_arm (never, 1);
    timer_arm (late, 20000);
    timer_arm (soon, 50000);
    timer_arm (soon, 2000); /* replaces */
    timer_disarm (never);
    loop_run (loop);
    ck_assert_str_eq (note.text, "fl");
    ck_assert_uint_ge (now_monotonic () - began, 20000);
    timer_free (late);
    timer_free (soon); /* `never` is the loop's to free */
}
END_TEST

struct self {
    struct loop *loop;
    struct timer *timer;
    struct watch *watch;
    struct late *late;
    int fd, n;
};

static void free_own_timer (void *arg)
{
    struct self *s = arg;

    s->timer = timer_free (s->timer);
    loop_stop (s->loop);
}

static void free_own_watch (void *arg, int events)
{
    struct self *s = arg;

    ck_assert_int_eq (events, WATCH_READ);
    s->watch = watch_free (s->watch);
    loop_stop (s->loop);
}

START_TEST (callbacks_may_free_what_called_them)
{
    _cleanup_ (loop_freep) struct loop *loop = make_loop ();
    struct self s = {.loop = loop};
    int fds[2];

    s.timer = timer_create_in (loop, free_own_timer, &s);
    timer_arm (s.timer, 0);
    loop_run (loop);
    ck_assert_ptr_null (s.timer);

    ck_assert_int_eq (pipe2 (fds, O_CLOEXEC), 0);
    s.watch = watch_create (loop, fds[0], free_own_watch, &s);
    watch_set (s.watch, WATCH_READ);
    ck_assert_int_eq (write (fds[1], "x", 1), 1);
    loop_run (loop);
    ck_assert_ptr_null (s.watch);
    close (fds[0]);
    close (fds[1]);
}
END_TEST

static void stop_when_writable (void *arg, int events)
{
    struct self *s = arg;

    s->n |= events;
    if (events & WATCH_WRITE)
        loop_stop (s->loop);
}

START_TEST (a_sleeping_watch_hears_nothing)
{
    _cleanup_ (loop_freep) struct loop *loop = make_loop ();
    struct self a = {.loop = loop}, b = {.loop = loop};
    int fds[2];

    ck_assert_int_eq (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    a.watch = watch_create (loop, fds[0], stop_when_writable, &a);
    b.watch = watch_create (loop, fds[1], stop_when_writable, &b);
    watch_set (a.watch, WATCH_READ);
    watch_set (a.watch, 0);
    ck_assert_int_eq (write (fds[1], "x", 1), 1);
    watch_set (b.watch, WATCH_READ | WATCH_WRITE);
    loop_run (loop);
    ck_assert_int_eq (a.n, 0);
    ck_assert_int_eq (b.n, WATCH_WRITE);
    watch_set (a.watch, WATCH_READ | WATCH_WRITE);
    watch_set (b.watch, 0);
    loop_run (loop);
    ck_assert_int_eq (a.n, WATCH_READ | WATCH_WRITE);
    close (fds[0]);
    close (fds[1]);
}
END_TEST

static void arm_late (void *arg)
{
    struct self *s = arg;

    late_arm (s->late);
    late_arm (s->late);
    s->n = 1;
}

static void late_runs (void *arg)
{
    struct self *s = arg;

    ck_assert_int_ge (s->n, 1); /* never before the callbacks of the turn */
    if (++s->n < 5)
        late_arm (s->late); /* next turn, which does not wait for anything else */
    else
        loop_stop (s->loop);
}

START_TEST (late_ones_run_once_a_turn_and_may_rearm)
{
    _cleanup_ (loop_freep) struct loop *loop = make_loop ();
    struct self s = {.loop = loop};

    s.late = late_create (loop, late_runs, &s);
    loop_post (loop, arm_late, &s);
    loop_run (loop);
    ck_assert_int_eq (s.n, 5);
    late_arm (s.late); /* outside a turn */
    s.n = 4;
    loop_run (loop);
    ck_assert_int_eq (s.n, 5);
    late_arm (s.late);
    s.late = late_free (s.late);
}
END_TEST

static void got_signal (void *arg, int signo)
{
    struct self *s = arg;

    s->n = signo;
    loop_stop (s->loop);
}

START_TEST (signals_arrive_as_callbacks)
{
    _cleanup_ (loop_freep) struct loop *loop = make_loop ();
    struct self s = {.loop = loop};

    ck_assert_int_eq (loop_signal (loop, SIGUSR1, got_signal, &s), 0);
    ck_assert_int_eq (kill (getpid (), SIGUSR1), 0);
    loop_run (loop);
    ck_assert_int_eq (s.n, SIGUSR1);
}
END_TEST

static void hold_the_loop (void *arg)
{
    usec_t until = now_monotonic () + 7000;

    while (now_monotonic () < until)
        ;
    loop_stop (arg);
}

START_TEST (slow_callbacks_are_counted)
{
    _cleanup_ (loop_freep) struct loop *loop = make_loop ();

    loop_post (loop, hold_the_loop, loop);
    loop_run (loop);
    ck_assert_uint_eq (loop_stats (loop).over_5ms, 1);
    ck_assert_uint_ge (loop_stats (loop).longest, 7000);
}
END_TEST

SUITE ("loop", posts_run_in_order, threads_post_and_none_is_lost, timers_fire_by_time_not_by_order_of_arming,
       callbacks_may_free_what_called_them, a_sleeping_watch_hears_nothing, late_ones_run_once_a_turn_and_may_rearm,
       signals_arrive_as_callbacks, slow_callbacks_are_counted)
