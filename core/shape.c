/* shape.c - families of shapes, and which of them are still open in this pass. */
#include "core/shape.h"
#include <string.h>
#include "base/mem.h"
#include "core/shape_tree.h"
#include "core/state.h"

struct family {
    struct buf key;
    struct demand demand; /* its texts point into `texts`; its mem_mb means nothing */
    char *texts[3];
    struct places places; /* where its jobs may go */
    bool somewhere;       /* places is valid */
    struct shape *tree;
    size_t n_shapes;
    uint64_t pass, limit; /* in this pass, shapes that ask for more are closed */
    bool closed;          /* in this pass, all of it */
    bool looked;          /* best is valid */
    struct shape *best;   /* the best open shape; NULL = none */
    UT_hash_handle hh;
};

/* --- families ----------------------------------------------------------------------------------------------------- */

static struct family *family_make (struct core *core, const struct demand *demand, struct buf *key)
{
    struct family *family = xcalloc (1, sizeof *family);

    family->key = *key;
    *key = BUF_INIT;
    family->demand = *demand;
    family->demand.nodelist = family->texts[0] = xstrdup (demand->nodelist);
    family->demand.exclude = family->texts[1] = xstrdup (demand->exclude);
    family->demand.constraint = family->texts[2] = xstrdup (demand->constraint);
    family->somewhere = places_of (core, &family->demand, &family->places, NULL) == 0;
    HASH_ADD_KEYPTR (hh, core->shapes.by_key, family->key.data, family->key.len, family);
    return family;
}

static struct family *family_of (struct core *core, const struct demand *demand)
{
    _cleanup_buf_ struct buf key = BUF_INIT;
    struct family *family;

    demand_key (demand, &key);
    HASH_FIND (hh, core->shapes.by_key, key.data, key.len, family);
    return family ? family : family_make (core, demand, &key);
}

static void family_free (struct core *core, struct family *family)
{
    HASH_DELETE (hh, core->shapes.by_key, family);
    for (size_t i = 0; i < sizeof family->texts / sizeof *family->texts; i++)
        free (family->texts[i]);
    places_clear (&family->places);
    buf_clear (&family->key);
    free (family);
}

/* --- shapes ------------------------------------------------------------------------------------------------------- */

static void shape_free (struct core *core, struct shape *shape)
{
    struct family *family = shape->family;

    shape_tree_remove (&family->tree, shape);
    heap_clear (&shape->jobs);
    free (shape);
    family->looked = false;
    if (!--family->n_shapes)
        family_free (core, family);
}

static struct shape *shape_of (struct core *core, struct job *job)
{
    const struct partition *partition = partition_find (core, job->partition);
    struct shape *shape = job->spec->shape;
    struct demand demand;
    struct family *family;

    if (shape && shape->family->demand.partition == partition)
        return shape;
    demand_of (core, partition, job_spec (job), &demand);
    family = family_of (core, &demand);
    shape = shape_tree_find (family->tree, demand.mem_mb);
    if (!shape) {
        shape = xcalloc (1, sizeof *shape);
        shape->family = family;
        shape->mem_mb = demand.mem_mb;
        shape_tree_add (&family->tree, shape);
        family->n_shapes++;
    }
    shape->refs++; /* before the old one goes: it may be of the same family */
    shape_forget_spec (core, job->spec);
    job->spec->shape = shape;
    return shape;
}

static void head_changed (struct shape *shape)
{
    shape_tree_touch (shape->family->tree, shape->mem_mb);
    shape->family->looked = false;
}

void shape_enter (struct core *core, struct job *job)
{
    struct shape *shape;
    const struct heap_item *head;

    if (job->shape)
        return;
    shape = shape_of (core, job);
    head = shape_first (shape);
    heap_put (&shape->jobs, &job->queue, UINT32_MAX - job_priority (job_spec (job)), job->id);
    job->shape = shape;
    if (shape_first (shape) != head)
        head_changed (shape);
}

void shape_leave (struct core *core, struct job *job)
{
    struct shape *shape = job->shape;
    const struct heap_item *head;

    if (!shape)
        return;
    head = shape_first (shape);
    heap_remove (&shape->jobs, &job->queue);
    job->shape = NULL;
    if (shape_first (shape) != head)
        head_changed (shape);
    if (!shape->refs && !shape->jobs.n)
        shape_free (core, shape);
}

void shape_forget_spec (struct core *core, struct spec *spec)
{
    struct shape *shape = spec->shape;

    spec->shape = NULL;
    if (shape && !--shape->refs && !shape->jobs.n)
        shape_free (core, shape);
}

void shape_clear (struct core *core)
{
    struct job *job, *next_job;
    struct spec *spec, *next_spec;

    HASH_ITER (hh, core->jobs.by_id, job, next_job)
    shape_leave (core, job);
    HASH_ITER (hh, core->specs, spec, next_spec)
    shape_forget_spec (core, spec);
}

/* --- the pass ----------------------------------------------------------------------------------------------------- */

static struct shape *family_best (const struct core *core, struct family *family)
{
    if (family->pass != core->shapes.pass) {
        family->pass = core->shapes.pass;
        family->limit = UINT64_MAX;
        family->closed = false;
        family->looked = false;
    }
    if (family->closed || !family->somewhere || !partition_starts (family->demand.partition))
        return NULL;
    if (!family->looked) {
        family->best = shape_tree_best (family->tree, family->limit);
        family->looked = true;
    }
    return family->best;
}

struct job *shape_next (const struct core *core)
{
    struct family *family, *next;
    struct shape *best = NULL;

    HASH_ITER (hh, core->shapes.by_key, family, next)
    {
        struct shape *shape = family_best (core, family);
        if (shape_before (shape, best))
            best = shape;
    }
    return best ? container_of (heap_first (&best->jobs), struct job, queue) : NULL;
}

/* No node that such a job may go to has more memory free for one of its tasks than this. */
static uint64_t mem_bound (const struct core *core, const struct family *family)
{
    struct demand light = family->demand;
    uint64_t most = 0;

    light.mem_mb = 0;
    for (uint32_t b = light.cpus_per_task; b <= core->nodes.max_cpus; b++)
        for (size_t w = 0; core->nodes.in_bucket[b] && w < core->nodes.words; w++)
            for (uint64_t bits = core->nodes.buckets[b][w] & family->places.mask[w]; bits; bits &= bits - 1) {
                const struct node *node = core->nodes.list[w * 64 + (size_t) __builtin_ctzll (bits)];
                if (node_free_mem (node) > most && demand_fits (&light, node, FIT_NOW))
                    most = node_free_mem (node);
            }
    return light.mem_kind == MEM_CPU ? most / light.cpus_per_task : most;
}

void shape_close (struct core *core, struct job *job)
{
    struct shape *shape = job->shape;
    struct family *family = shape->family;
    uint64_t bound;

    family->looked = false;
    if (!shape->mem_mb || family->n_shapes == 1) {
        family->closed = true;
        return;
    }
    bound = mem_bound (core, family);
    family->limit = bound < shape->mem_mb ? bound : shape->mem_mb - 1;
}

const struct places *shape_places (const struct job *job)
{
    return job->shape->family->somewhere ? &job->shape->family->places : NULL;
}

struct demand shape_demand (const struct job *job)
{
    struct demand demand = job->shape->family->demand;

    demand.mem_mb = job->shape->mem_mb;
    return demand;
}

struct job *shape_head (const struct job *job)
{
    return container_of (heap_first (&job->shape->jobs), struct job, queue);
}

/* --- checks ------------------------------------------------------------------------------------------------------- */

static int tree_check (const struct shape *t, size_t *n, struct err *err)
{
    const struct shape *best = t;

    if (!t)
        return 0;
    if ((t->left && t->left->mem_mb >= t->mem_mb) || (t->right && t->right->mem_mb <= t->mem_mb))
        return err_set (err, 0, "shapes are out of order at %lu MB", (unsigned long) t->mem_mb);
    if (tree_check (t->left, n, err) || tree_check (t->right, n, err))
        return -1;
    if (t->left && shape_before (t->left->best, best))
        best = t->left->best;
    if (t->right && shape_before (t->right->best, best))
        best = t->right->best;
    if (shape_before (best, t->best))
        return err_set (err, 0, "the best shape below %lu MB is not known", (unsigned long) t->mem_mb);
    if (!t->refs && !t->jobs.n)
        return err_set (err, 0, "the shape of %lu MB is nobody's", (unsigned long) t->mem_mb);
    ++*n;
    return 0;
}

int shape_check (const struct core *core, struct err *err)
{
    struct family *family, *next_family;
    struct job *job, *next_job;

    HASH_ITER (hh, core->shapes.by_key, family, next_family)
    {
        size_t n = 0;
        if (tree_check (family->tree, &n, err))
            return -1;
        if (n != family->n_shapes || !n)
            return err_set (err, 0, "a family has %zu shapes, and thinks %zu", n, family->n_shapes);
    }
    HASH_ITER (hh, core->jobs.by_id, job, next_job)
    {
        const struct shape *shape = job->shape;
        bool due = heap_has (&job->timer) && job->timer.key <= core->now; /* the next Clock lets it in */
        if ((job_startable (core, job) && !due) != (shape != NULL) || (shape != NULL) != heap_has (&job->queue))
            return err_set (err, 0, "job %lu is %s a shape", (unsigned long) job->id, shape ? "wrongly in" : "not in");
        if (shape && (shape->jobs.items[job->queue.at - 1] != &job->queue || job->queue.key != job->id ||
                      job->queue.class != UINT32_MAX - job_priority (job_spec (job))))
            return err_set (err, 0, "job %lu is not where its shape has it", (unsigned long) job->id);
    }
    return 0;
}
