/* journal.c - group commit. The loop fills the open batch and publishes it at the end of its turn; the thread joins all
 * published batches that wait into one commit; what it has to say comes back through one posted call. */
#include "ctld/journal.h"
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include "base/mem.h"
#include "ctld/batch.h"

#define COMMIT_ROWS 8192u /* a commit joins no further batches beyond this */
#define COMMIT_BYTES (16u << 20)
#define RELEASE_SLICE 2000u /* microseconds of waiters called in one go */

struct job { /* for the thread: a batch to commit, or work to do */
    struct job *next;
    struct batch *batch;
    journal_work_fn work;
    journal_done_fn done;
    void *arg;
    int rc;
};

struct jobs {
    struct job *head, **tail;
};

struct waiter {
    struct waiter *next;
    uint64_t sequence;
    journal_fn fn;
    void *arg;
};

struct news { /* from the thread to the loop, guarded by the mutex */
    struct jobs finished;
    enum journal_health health;
    char *trouble; /* of `health` when it is not OK */
    bool posted;
    uint64_t committed;
    struct journal_stats stats;
};

struct journal {
    struct journal_options opt;
    /* the loop's side */
    struct batch *open;
    uint64_t sequence, committed;
    struct waiter *waiters, **waiters_tail;
    struct late *settle, *publish, *release;
    enum journal_health health;
    char *trouble;
    /* shared */
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct jobs todo;
    struct news news;
    bool stop;
    pthread_t thread;
    bool running;
};

static void jobs_init (struct jobs *jobs)
{
    jobs->head = NULL;
    jobs->tail = &jobs->head;
}

static void jobs_add (struct jobs *jobs, struct job *job)
{
    job->next = NULL;
    *jobs->tail = job;
    jobs->tail = &job->next;
}

static struct job *jobs_take (struct jobs *jobs)
{
    struct job *job = jobs->head;

    if (job) {
        jobs->head = job->next;
        if (!jobs->head)
            jobs->tail = &jobs->head;
    }
    return job;
}

static void job_free (struct job *job)
{
    batch_free (job->batch);
    free (job);
}

/* --- the thread ------------------------------------------------------------------------------------------------- */

static void on_news (void *arg);

/* With the mutex held. */
static void post (struct journal *j)
{
    if (j->news.posted || j->stop)
        return;
    j->news.posted = true;
    loop_post (j->opt.loop, on_news, j);
}

static void tell_health (struct journal *j, enum journal_health health, const char *why)
{
    pthread_mutex_lock (&j->mutex);
    if (health != j->news.health || health == JOURNAL_FAILING) {
        j->news.health = health;
        free (j->news.trouble);
        j->news.trouble = xstrdup (why);
        post (j);
    }
    pthread_mutex_unlock (&j->mutex);
}

static void ask_room (struct journal *j)
{
    if (j->opt.ops->has_room (j->opt.store) > 0)
        tell_health (j, JOURNAL_OK, "");
    else
        tell_health (j, JOURNAL_FULL, "the disk of StateSaveLocation is full");
}

/* Sleep with the mutex held until woken, stopped or `after` has passed. */
static void sleep_for (struct journal *j, usec_t after)
{
    struct timespec until;

    clock_gettime (CLOCK_MONOTONIC, &until);
    uint64_t nsec = (uint64_t) until.tv_nsec + (after % USEC_PER_SEC) * 1000;
    until.tv_sec += (time_t) (after / USEC_PER_SEC + nsec / 1000000000);
    until.tv_nsec = (long) (nsec % 1000000000);
    pthread_cond_timedwait (&j->wake, &j->mutex, &until);
}

/* Try until it is in the store. false: told to stop before that. */
static bool commit_at_last (struct journal *j, const struct batch *batch)
{
    struct store_batch view = batch_view (batch);
    usec_t wait = j->opt.retry_first;
    int use_ballast = 0;

    for (;;) {
        _cleanup_err_ struct err err = ERR_INIT;
        usec_t began = now_monotonic ();
        int rc = j->opt.ops->commit (j->opt.store, &view, use_ballast, &err);
        usec_t took = now_monotonic () - began;

        pthread_mutex_lock (&j->mutex);
        struct journal_stats *s = &j->news.stats;
        s->last = took;
        s->total += took;
        if (took > s->longest)
            s->longest = took;
        if (rc == 0) {
            s->commits++;
            s->rows += batch_rows (batch);
            pthread_mutex_unlock (&j->mutex);
            return true;
        }
        s->retries++;
        pthread_mutex_unlock (&j->mutex);
        if (rc == STORE_E_FULL && !use_ballast) {
            use_ballast = 1;
            tell_health (j, JOURNAL_FULL, "the disk of StateSaveLocation is full");
            continue;
        }
        tell_health (j, JOURNAL_FAILING, err.why ? err.why : "the disk of StateSaveLocation is full");
        pthread_mutex_lock (&j->mutex);
        usec_t until = now_monotonic () + wait;
        while (!j->stop && now_monotonic () < until)
            sleep_for (j, until - now_monotonic ());
        bool stop = j->stop;
        pthread_mutex_unlock (&j->mutex);
        if (stop)
            return false;
        wait = wait * 2 > j->opt.retry_most ? j->opt.retry_most : wait * 2;
    }
}

/* Join the batches that wait behind this one, with the mutex held. */
static void join_waiting (struct journal *j, struct batch *batch)
{
    while (j->todo.head && j->todo.head->batch && batch_rows (batch) < COMMIT_ROWS &&
           batch_bytes (batch) < COMMIT_BYTES) {
        struct job *more = jobs_take (&j->todo);

        batch_join (batch, steal (&more->batch));
        job_free (more);
    }
}

static void finish (struct journal *j, struct job *job)
{
    pthread_mutex_lock (&j->mutex);
    if (job->batch)
        j->news.committed = batch_last (job->batch);
    jobs_add (&j->news.finished, job);
    post (j);
    pthread_mutex_unlock (&j->mutex);
}

static void *writer (void *arg)
{
    struct journal *j = arg;

    pthread_mutex_lock (&j->mutex);
    while (!j->stop) {
        struct job *job = jobs_take (&j->todo);

        if (!job) {
            sleep_for (j, j->opt.probe);
            if (j->todo.head || j->stop)
                continue;
            pthread_mutex_unlock (&j->mutex);
            ask_room (j);
            pthread_mutex_lock (&j->mutex);
            continue;
        }
        if (job->batch)
            join_waiting (j, job->batch);
        pthread_mutex_unlock (&j->mutex);
        bool ok = true;
        if (job->batch)
            ok = commit_at_last (j, job->batch);
        else
            job->rc = job->work (job->arg, j->opt.store);
        if (ok) {
            finish (j, job);
            ask_room (j);
        }
        pthread_mutex_lock (&j->mutex);
        if (!ok) { /* stopped: back to the head, journal_free drops it */
            job->next = j->todo.head;
            j->todo.head = job;
            if (!job->next)
                j->todo.tail = &job->next;
        }
    }
    pthread_mutex_unlock (&j->mutex);
    return NULL;
}

/* --- the loop --------------------------------------------------------------------------------------------------- */

static void release (void *arg)
{
    struct journal *j = arg;
    usec_t began = now_monotonic ();

    while (j->waiters && j->waiters->sequence <= j->committed) {
        struct waiter *w = j->waiters;

        j->waiters = w->next;
        if (!j->waiters)
            j->waiters_tail = &j->waiters;
        w->fn (w->arg, true);
        free (w);
        if (now_monotonic () - began > RELEASE_SLICE) {
            late_arm (j->release);
            return;
        }
    }
}

static void on_news (void *arg)
{
    struct journal *j = arg;
    struct jobs finished;

    pthread_mutex_lock (&j->mutex);
    j->news.posted = false;
    finished = j->news.finished;
    jobs_init (&j->news.finished);
    enum journal_health health = j->news.health;
    uint64_t before = j->committed;
    j->committed = j->news.committed;
    free (j->trouble);
    j->trouble = xstrdup (j->news.trouble);
    pthread_mutex_unlock (&j->mutex);

    bool more = j->committed != before;
    bool changed = health != j->health;
    j->health = health;
    release (j);
    if (more && j->opt.on_committed)
        j->opt.on_committed (j->opt.arg);
    while (finished.head) {
        struct job *job = finished.head;

        finished.head = job->next;
        if (job->done)
            job->done (job->arg, job->rc);
        job_free (job);
    }
    if (changed && j->opt.on_health)
        j->opt.on_health (j->opt.arg, health, j->trouble);
}

static void hand_over (struct journal *j, struct job *job)
{
    pthread_mutex_lock (&j->mutex);
    jobs_add (&j->todo, job);
    pthread_cond_signal (&j->wake);
    pthread_mutex_unlock (&j->mutex);
}

static void publish (void *arg)
{
    struct journal *j = arg;

    if (!j->open)
        return;
    struct job *job = xcalloc (1, sizeof *job);
    job->batch = steal (&j->open);
    hand_over (j, job);
}

/* Behind whatever else waits for the end of this turn: what that appends goes into the same commit. */
static void settle (void *arg)
{
    struct journal *j = arg;

    late_arm (j->publish);
}

static void open_batch (struct journal *j)
{
    if (j->open)
        return;
    j->open = batch_create ();
    late_arm (j->settle);
}

void journal_join (struct journal *j, struct batch *more)
{
    open_batch (j);
    batch_join (j->open, more);
}

uint64_t journal_append (struct journal *j, const Moisson__Event *event, const struct effects *fx,
                         const struct store_blob *blobs, size_t n_blobs)
{
    open_batch (j);
    batch_add_event (j->open, ++j->sequence, event);
    for (size_t i = 0; fx && i < fx->n; i++)
        if (fx->list[i].kind == FX_RECORD || fx->list[i].kind == FX_RERECORD)
            batch_add_record (j->open, j->sequence, fx->list[i].record, fx->list[i].kind == FX_RERECORD);
    for (size_t i = 0; i < n_blobs; i++)
        batch_add_blob (j->open, &blobs[i]);
    if (batch_rows (j->open) >= COMMIT_ROWS || batch_bytes (j->open) >= COMMIT_BYTES)
        publish (j);
    return j->sequence;
}

void journal_after (struct journal *j, uint64_t sequence, journal_fn fn, void *arg)
{
    if (!j->waiters && sequence <= j->committed) {
        fn (arg, true);
        return;
    }
    struct waiter *w = xmalloc (sizeof *w);
    *w = (struct waiter){.sequence = sequence, .fn = fn, .arg = arg};
    *j->waiters_tail = w;
    j->waiters_tail = &w->next;
    if (j->waiters->sequence <= j->committed)
        late_arm (j->release);
}

void journal_call (struct journal *j, journal_work_fn work, journal_done_fn done, void *arg)
{
    publish (j);
    struct job *job = xmalloc (sizeof *job);
    *job = (struct job){.work = work, .done = done, .arg = arg};
    hand_over (j, job);
}

bool journal_accepting (const struct journal *j)
{
    return j->health == JOURNAL_OK;
}

enum journal_health journal_health (const struct journal *j)
{
    return j->health;
}

const char *journal_trouble (const struct journal *j)
{
    return j->trouble ? j->trouble : "";
}

uint64_t journal_sequence (const struct journal *j)
{
    return j->sequence;
}

uint64_t journal_committed (const struct journal *j)
{
    return j->committed;
}

struct journal_stats journal_stats (const struct journal *j)
{
    struct journal *shared = (struct journal *) j; /* the mutex only */

    pthread_mutex_lock (&shared->mutex);
    struct journal_stats stats = j->news.stats;
    pthread_mutex_unlock (&shared->mutex);
    return stats;
}

/* --- birth and death -------------------------------------------------------------------------------------------- */

int journal_create (struct journal **ret, const struct journal_options *options, struct err *err)
{
    struct journal *j = xcalloc (1, sizeof *j);
    pthread_condattr_t attr;

    j->opt = *options;
    j->sequence = j->committed = j->news.committed = options->sequence;
    j->waiters_tail = &j->waiters;
    jobs_init (&j->todo);
    jobs_init (&j->news.finished);
    j->settle = late_create (options->loop, settle, j);
    j->publish = late_create (options->loop, publish, j);
    j->release = late_create (options->loop, release, j);
    pthread_mutex_init (&j->mutex, NULL);
    pthread_condattr_init (&attr);
    pthread_condattr_setclock (&attr, CLOCK_MONOTONIC);
    pthread_cond_init (&j->wake, &attr);
    pthread_condattr_destroy (&attr);
    if (options->ops->has_room (options->store) <= 0) { /* before the thread owns the store */
        j->health = j->news.health = JOURNAL_FULL;
        j->trouble = xstrdup ("the disk of StateSaveLocation is full");
        j->news.trouble = xstrdup (j->trouble);
    }
    int rc = pthread_create (&j->thread, NULL, writer, j);
    if (rc != 0) {
        journal_free (j);
        return err_errno (err, rc, "cannot start the journal's thread");
    }
    j->running = true;
    *ret = j;
    return 0;
}

static void drop_jobs (struct jobs *jobs, bool finished)
{
    struct job *job;

    while ((job = jobs_take (jobs))) {
        if (job->done)
            job->done (job->arg, finished ? job->rc : -1);
        job_free (job);
    }
}

struct journal *journal_free (struct journal *j)
{
    if (!j)
        return NULL;
    pthread_mutex_lock (&j->mutex);
    j->stop = true;
    pthread_cond_signal (&j->wake);
    pthread_mutex_unlock (&j->mutex);
    if (j->running)
        pthread_join (j->thread, NULL);
    drop_jobs (&j->news.finished, true);
    drop_jobs (&j->todo, false);
    while (j->waiters) {
        struct waiter *w = j->waiters;

        j->waiters = w->next;
        w->fn (w->arg, false);
        free (w);
    }
    batch_free (j->open);
    late_free (j->settle);
    late_free (j->publish);
    late_free (j->release);
    loop_unpost (j->opt.loop, j);
    pthread_cond_destroy (&j->wake);
    pthread_mutex_destroy (&j->mutex);
    free (j->trouble);
    free (j->news.trouble);
    free (j);
    return NULL;
}
