/* resolve.c - names to addresses without holding the loop: the resolver may wait for a name server that does not
 * answer. A thread asks; it is never waited for. Whoever comes last, the loop or the thread, frees what they share. */
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include "base/mem.h"
#include "net/internal.h"

struct resolve {
    pthread_mutex_t lock; /* guards loop and over */
    struct loop *loop;    /* NULL: nobody waits for it any more */
    bool over;            /* the thread is done with it */
    char *address;
    uint16_t port;
    resolve_fn fn;
    void *arg;
    struct addrinfo *list;
    struct err err;
};

static void resolve_free (struct resolve *r)
{
    pthread_mutex_destroy (&r->lock);
    if (r->list)
        freeaddrinfo (r->list);
    err_clear (&r->err);
    free (r->address);
    free (r);
}

static void on_resolved (void *arg)
{
    struct resolve *r = arg;
    resolve_fn fn = r->fn;
    void *fn_arg = r->arg;

    pthread_mutex_lock (&r->lock); /* the thread has let go of it */
    struct addrinfo *list = steal (&r->list);
    struct err err = r->err;
    r->err = ERR_INIT;
    pthread_mutex_unlock (&r->lock);
    resolve_free (r);
    fn (fn_arg, list, &err);
    err_clear (&err);
}

static void *ask (void *arg)
{
    struct resolve *r = arg;
    struct addrinfo *list = NULL;
    struct err err = ERR_INIT;

    socket_resolve (&list, r->address, r->port, &err);
    pthread_mutex_lock (&r->lock);
    r->list = list;
    r->err = err;
    r->over = true;
    bool wanted = r->loop;
    if (wanted)
        loop_post (r->loop, on_resolved, r);
    pthread_mutex_unlock (&r->lock); /* from here on the loop may free it */
    if (!wanted)
        resolve_free (r);
    return NULL;
}

static int start_thread (struct resolve *r)
{
    pthread_attr_t attr;
    sigset_t all, before;
    pthread_t thread;
    int rc = pthread_attr_init (&attr);

    if (rc)
        return rc;
    sigfillset (&all); /* signals are the loop's business */
    pthread_attr_setdetachstate (&attr, PTHREAD_CREATE_DETACHED);
    pthread_sigmask (SIG_SETMASK, &all, &before);
    rc = pthread_create (&thread, &attr, ask, r);
    pthread_sigmask (SIG_SETMASK, &before, NULL);
    pthread_attr_destroy (&attr);
    return rc;
}

struct resolve *resolve_start (struct loop *loop, const char *address, uint16_t port, resolve_fn fn, void *arg,
                               struct err *err)
{
    struct resolve *r = xcalloc (1, sizeof *r);
    int rc;

    *r = (struct resolve){.loop = loop, .port = port, .fn = fn, .arg = arg};
    pthread_mutex_init (&r->lock, NULL);
    r->address = xstrdup (address);
    rc = start_thread (r);
    if (rc) {
        resolve_free (r);
        err_errno (err, rc, "cannot start a thread that looks up \"%s\"", address);
        return NULL;
    }
    return r;
}

struct resolve *resolve_cancel (struct resolve *r)
{
    if (!r)
        return NULL;
    pthread_mutex_lock (&r->lock);
    loop_unpost (r->loop, r);
    r->loop = NULL;
    bool over = r->over;
    pthread_mutex_unlock (&r->lock);
    if (over)
        resolve_free (r);
    return NULL;
}
