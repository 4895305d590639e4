/* door_auth.c - a few threads that ask munged, so that the loop never waits for it. A check belongs to its pool;
 * results come back through loop_post. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include "base/mem.h"
#include "net/internal.h"

struct auth_check {
    struct auth_pool *pool;
    char *credential;
    uint8_t binding[SEAL_BINDING_SIZE];
    auth_fn fn; /* NULL once cancelled; of the loop's thread only */
    void *arg;
    bool queued; /* no thread has it yet; guarded by the pool's lock */
    bool refused;
    uint32_t uid, gid;
    struct err err;
    TAILQ_ENTRY (auth_check) queue;
    LIST_ENTRY (auth_check) link;
};

struct auth_pool {
    struct loop *loop;
    char *munge_socket;
    pthread_mutex_t lock; /* guards queue, stopping */
    pthread_cond_t wake;
    TAILQ_HEAD (check_queue, auth_check) queue;
    bool stopping;
    LIST_HEAD (check_list, auth_check) all; /* of the loop's thread only */
    unsigned n_threads;
    pthread_t threads[];
};

static void check_free (struct auth_check *c)
{
    LIST_REMOVE (c, link);
    err_clear (&c->err);
    free (c->credential);
    free (c);
}

static void done (void *arg)
{
    struct auth_check *c = arg;

    if (c->fn)
        c->fn (c->arg, c->uid, c->gid, c->refused ? &c->err : NULL);
    check_free (c);
}

static struct auth_check *next_check (struct auth_pool *pool)
{
    struct auth_check *c;

    pthread_mutex_lock (&pool->lock);
    while (!(c = TAILQ_FIRST (&pool->queue)) && !pool->stopping)
        pthread_cond_wait (&pool->wake, &pool->lock);
    if (pool->stopping)
        c = NULL;
    if (c) {
        TAILQ_REMOVE (&pool->queue, c, queue);
        c->queued = false;
    }
    pthread_mutex_unlock (&pool->lock);
    return c;
}

static void *work (void *arg)
{
    struct auth_pool *pool = arg;
    struct auth_check *c;

    while ((c = next_check (pool))) {
        c->refused = credential_check (c->credential, c->binding, pool->munge_socket, &c->uid, &c->gid, &c->err) < 0;
        loop_post (pool->loop, done, c);
    }
    return NULL;
}

int auth_pool_create (struct auth_pool **ret, struct loop *loop, unsigned threads, const char *munge_socket,
                      struct err *err)
{
    unsigned n = threads ? threads : 1;
    _cleanup_ (auth_pool_freep) struct auth_pool *pool = xcalloc (1, sizeof *pool + n * sizeof (pthread_t));
    sigset_t all, before;
    int r = 0;

    pool->loop = loop;
    pool->munge_socket = xstrdup (munge_socket);
    pthread_mutex_init (&pool->lock, NULL);
    pthread_cond_init (&pool->wake, NULL);
    TAILQ_INIT (&pool->queue);
    sigfillset (&all); /* signals are the loop's */
    pthread_sigmask (SIG_SETMASK, &all, &before);
    while (pool->n_threads < n && r == 0) {
        r = pthread_create (&pool->threads[pool->n_threads], NULL, work, pool);
        if (r == 0)
            pool->n_threads++;
    }
    pthread_sigmask (SIG_SETMASK, &before, NULL);
    if (r)
        return err_errno (err, r, "cannot start a thread for munge");
    *ret = steal (&pool);
    return 0;
}

struct auth_pool *auth_pool_free (struct auth_pool *pool)
{
    struct auth_check *c;

    if (!pool)
        return NULL;
    pthread_mutex_lock (&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast (&pool->wake);
    pthread_mutex_unlock (&pool->lock);
    for (unsigned i = 0; i < pool->n_threads; i++)
        pthread_join (pool->threads[i], NULL);
    while ((c = LIST_FIRST (&pool->all))) {
        loop_unpost (pool->loop, c);
        check_free (c);
    }
    pthread_cond_destroy (&pool->wake);
    pthread_mutex_destroy (&pool->lock);
    free (pool->munge_socket);
    free (pool);
    return NULL;
}

struct auth_check *auth_start (struct auth_pool *pool, const char *credential, const uint8_t binding[SEAL_BINDING_SIZE],
                               auth_fn fn, void *arg)
{
    struct auth_check *c = xcalloc (1, sizeof *c);

    c->pool = pool;
    c->credential = xstrdup (credential);
    memcpy (c->binding, binding, SEAL_BINDING_SIZE);
    c->fn = fn;
    c->arg = arg;
    c->queued = true;
    LIST_INSERT_HEAD (&pool->all, c, link);
    pthread_mutex_lock (&pool->lock);
    TAILQ_INSERT_TAIL (&pool->queue, c, queue);
    pthread_cond_signal (&pool->wake);
    pthread_mutex_unlock (&pool->lock);
    return c;
}

struct auth_check *auth_cancel (struct auth_check *c)
{
    bool queued;

    if (!c)
        return NULL;
    pthread_mutex_lock (&c->pool->lock);
    queued = c->queued;
    if (queued)
        TAILQ_REMOVE (&c->pool->queue, c, queue);
    pthread_mutex_unlock (&c->pool->lock);
    c->fn = NULL;
    if (queued)
        check_free (c);
    return NULL;
}
