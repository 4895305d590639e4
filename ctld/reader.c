/* reader.c - one thread, one queue each way. */
#include "ctld/reader.h"
#include <pthread.h>
#include <stdlib.h>
#include "base/mem.h"

struct task {
    struct task *next;
    reader_work_fn work;
    reader_done_fn done;
    void *arg;
    int rc;
};

struct tasks {
    struct task *head, **tail;
};

struct reader {
    struct loop *loop;
    const struct store_ops *ops;
    struct store_reader *store;
    pthread_t thread;
    bool running;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;
    struct tasks todo, finished;
    bool posted, stop;
};

static void tasks_init (struct tasks *tasks)
{
    tasks->head = NULL;
    tasks->tail = &tasks->head;
}

static void tasks_add (struct tasks *tasks, struct task *task)
{
    task->next = NULL;
    *tasks->tail = task;
    tasks->tail = &task->next;
}

static struct task *tasks_take (struct tasks *tasks)
{
    struct task *task = tasks->head;

    if (task) {
        tasks->head = task->next;
        if (!tasks->head)
            tasks->tail = &tasks->head;
    }
    return task;
}

static void on_finished (void *arg)
{
    struct reader *r = arg;

    pthread_mutex_lock (&r->mutex);
    struct task *list = r->finished.head;
    tasks_init (&r->finished);
    r->posted = false;
    pthread_mutex_unlock (&r->mutex);
    while (list) {
        struct task *task = list;

        list = task->next;
        task->done (task->arg, task->rc, true);
        free (task);
    }
}

static void *serve (void *arg)
{
    struct reader *r = arg;

    pthread_mutex_lock (&r->mutex);
    while (!r->stop) {
        struct task *task = tasks_take (&r->todo);

        if (!task) {
            pthread_cond_wait (&r->wake, &r->mutex);
            continue;
        }
        pthread_mutex_unlock (&r->mutex);
        task->rc = task->work (task->arg, r->store);
        pthread_mutex_lock (&r->mutex);
        tasks_add (&r->finished, task);
        if (!r->posted && !r->stop) {
            r->posted = true;
            loop_post (r->loop, on_finished, r);
        }
    }
    pthread_mutex_unlock (&r->mutex);
    return NULL;
}

void reader_run (struct reader *r, reader_work_fn work, reader_done_fn done, void *arg)
{
    struct task *task = xmalloc (sizeof *task);

    *task = (struct task){.work = work, .done = done, .arg = arg};
    pthread_mutex_lock (&r->mutex);
    tasks_add (&r->todo, task);
    pthread_cond_signal (&r->wake);
    pthread_mutex_unlock (&r->mutex);
}

int reader_create (struct reader **ret, struct loop *loop, const struct store_ops *ops, const char *dir,
                   struct err *err)
{
    struct store_reader *store = NULL;
    int rc = ops->reader_open (&store, dir, err);

    if (rc < 0)
        return rc;
    struct reader *r = xcalloc (1, sizeof *r);
    r->loop = loop;
    r->ops = ops;
    r->store = store;
    tasks_init (&r->todo);
    tasks_init (&r->finished);
    pthread_mutex_init (&r->mutex, NULL);
    pthread_cond_init (&r->wake, NULL);
    rc = pthread_create (&r->thread, NULL, serve, r);
    if (rc != 0) {
        reader_free (r);
        return err_errno (err, rc, "cannot start the reader's thread");
    }
    r->running = true;
    *ret = r;
    return 0;
}

static void drop (struct tasks *tasks, bool run)
{
    struct task *task;

    while ((task = tasks_take (tasks))) {
        task->done (task->arg, task->rc, run);
        free (task);
    }
}

struct reader *reader_free (struct reader *r)
{
    if (!r)
        return NULL;
    pthread_mutex_lock (&r->mutex);
    r->stop = true;
    pthread_cond_signal (&r->wake);
    pthread_mutex_unlock (&r->mutex);
    if (r->running)
        pthread_join (r->thread, NULL);
    loop_unpost (r->loop, r);
    drop (&r->finished, false);
    drop (&r->todo, false);
    r->ops->reader_close (r->store);
    pthread_cond_destroy (&r->wake);
    pthread_mutex_destroy (&r->mutex);
    free (r);
    return NULL;
}
