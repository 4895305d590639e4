/* shape.c - shapes, whose they are, and their order. */
#include "core/shape.h"
#include <string.h>
#include "base/mem.h"
#include "core/branch.h"
#include "core/family.h"
#include "core/rank.h"
#include "core/shorten.h"
#include "core/state.h"

/* --- lanes -------------------------------------------------------------------------------------------------------- */

static struct lane *lane_of (struct core *core, const struct job *job)
{
    const Moisson__JobSpec *spec = job_spec (job);
    const char *texts[] = {job->partition, spec->account, spec->qos};
    _cleanup_buf_ struct buf key = BUF_INIT;
    struct lane *lane;

    buf_add (&key, &job->spec->uid, sizeof job->spec->uid);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        buf_add (&key, texts[i] ? texts[i] : "", texts[i] ? strlen (texts[i]) + 1 : 1);
    HASH_FIND (hh, core->shapes.lanes, key.data, key.len, lane);
    if (!lane) {
        lane = xcalloc (1, sizeof *lane + key.len);
        lane->len = (uint32_t) key.len;
        memcpy (lane->key, key.data, key.len);
        HASH_ADD (hh, core->shapes.lanes, key, key.len, lane);
    }
    lane->refs++;
    return lane;
}

static void lane_put (struct core *core, struct lane *lane)
{
    if (--lane->refs)
        return;
    HASH_DELETE (hh, core->shapes.lanes, lane);
    free (lane);
}

/* --- shapes ------------------------------------------------------------------------------------------------------- */

static void shape_free (struct core *core, struct shape *shape)
{
    HASH_DELETE (hh, core->shapes.by_key, shape);
    family_put (core, shape->key.family);
    lane_put (core, shape->key.lane);
    lineup_clear (&shape->jobs);
    free (shape);
}

static void shape_put (struct core *core, struct shape *shape)
{
    if (!shape->refs && !lineup_count (&shape->jobs))
        shape_free (core, shape);
}

static struct shape *shape_make (struct core *core, const struct shape_key *key)
{
    struct shape *shape = xcalloc (1, sizeof *shape);

    shape->key = *key;
    shape->node.cpus = family_least_cpus (key->family);
    shape->node.mem_mb = family_least_mem (key->family, key->mem_mb);
    HASH_ADD (hh, core->shapes.by_key, key, sizeof shape->key, shape);
    return shape;
}

static struct shape *shape_of (struct core *core, struct job *job)
{
    const struct partition *partition = partition_find (core, job->partition);
    struct shape *shape = job->spec->shape;
    struct shape_key key = {.time_s = job_time_limit (core, job), .time_min_s = job_time_min (core, job)};
    struct demand demand;

    if (shape && shape->key.family->demand.partition == partition && shape->key.time_s == key.time_s &&
        shape->key.time_min_s == key.time_min_s)
        return shape;
    demand_of (core, partition, job_spec (job), &demand);
    demand.shuns = shun_kind (core, job);
    key.family = family_of (core, &demand);
    key.lane = lane_of (core, job);
    key.mem_mb = demand.mem_mb;
    HASH_FIND (hh, core->shapes.by_key, &key, sizeof key, shape);
    if (shape) {
        family_put (core, key.family);
        lane_put (core, key.lane);
    } else
        shape = shape_make (core, &key);
    shape->refs++; /* before the old one goes: it may be of the same family */
    shape_forget_spec (core, job->spec);
    job->spec->shape = shape;
    return shape;
}

struct job *shape_first (const struct shape *shape)
{
    struct lineup_item *item = lineup_first (&shape->jobs);

    return item ? container_of (item, struct job, queue) : NULL;
}

struct demand shape_demand (const struct shape *shape)
{
    struct demand demand = shape->key.family->demand;

    demand.mem_mb = shape->key.mem_mb;
    return demand;
}

const struct places *shape_places (const struct shape *shape)
{
    return shape->key.family->somewhere ? &shape->key.family->places : NULL;
}

/* --- ranks -------------------------------------------------------------------------------------------------------- */

static struct rank rank_of (const struct core *core, const struct job *job, double score)
{
    const struct partition *partition = partition_find (core, job->partition);
    const Moisson__PartitionConf *conf = partition ? partition->conf : NULL;

    return (struct rank){.tier = conf && conf->has_priority ? conf->priority : 1,
                         .score = score,
                         .eligible_us = job->eligible_us,
                         .id = job->id,
                         .part = job->of ? job->part : UINT32_MAX};
}

static struct rank_node **tree_of (struct core *core, const struct shape *shape)
{
    struct shape_table *shapes = &core->shapes;

    return shapes->ranking.going && shape->ranking == shapes->ranking.number ? &shapes->ranking.done : &shapes->ranks;
}

static void unrank (struct core *core, struct shape *shape)
{
    if (shape->ranked)
        rank_tree_remove (tree_of (core, shape), &shape->node);
    shape->ranked = false;
}

/* Its head is another one, or has another rank. */
static void put_in_rank (struct core *core, struct shape *shape)
{
    struct shape_table *shapes = &core->shapes;
    const struct job *head = shape_first (shape);
    usec_t now = shapes->ranking.going ? shapes->ranking.now : shapes->ranked_us;

    if (!shape->ranked)
        shape->node.seen = 0;
    unrank (core, shape);
    if (core->pass.searching == shape)
        pass_look_again (core);
    pass_forget (core, shape);
    if (shape->promise && (!head || head->id != shape->promise->job_id)) {
        promise_drop (core, shape->promise);
        pass_look_again (core); /* the next one that waits gets a promise */
    }
    if (!head)
        return;
    shape->node.rank = rank_of (core, head, rank_score (core, head, now, NULL));
    shape->ranking = shapes->ranking.number;
    shape->ranked = true;
    rank_tree_add (tree_of (core, shape), &shape->node);
}

void shape_rerank (struct core *core, struct job *job)
{
    if (job->shape && shape_first (job->shape) == job)
        put_in_rank (core, job->shape);
}

void ranking_begin (struct core *core, usec_t now)
{
    struct ranking *ranking = &core->shapes.ranking;

    while (ranking_step (core)) /* an older one, if there is any */
        ;
    ranking->now = now;
    ranking->number++;
    ranking->going = true;
}

#define RANKED_A_STEP 256

/* The first of the old tree goes behind the last of the new one, where it mostly belongs. */
bool ranking_step (struct core *core)
{
    struct shape_table *shapes = &core->shapes;
    struct ranking *ranking = &shapes->ranking;
    struct rank_node *node;

    if (!ranking->going)
        return false;
    for (int n = 0; n < RANKED_A_STEP && (node = rank_tree_first (shapes->ranks)); n++) {
        struct shape *shape = shape_at (node);
        const struct job *head = shape_first (shape);
        rank_tree_remove (&shapes->ranks, node);
        node->rank = rank_of (core, head, rank_score (core, head, ranking->now, NULL));
        shape->ranking = ranking->number;
        rank_tree_add_last (&ranking->done, node);
    }
    if (shapes->ranks)
        return true;
    shapes->ranks = ranking->done;
    shapes->ranked_us = ranking->now;
    ranking->done = NULL;
    ranking->going = false;
    return false;
}

/* --- in and out --------------------------------------------------------------------------------------------------- */

void shape_enter (struct core *core, struct job *job)
{
    struct shape *shape;
    const struct job *head;

    if (job->shape)
        return;
    shape = shape_of (core, job);
    head = shape_first (shape);
    lineup_put (&shape->jobs, &job->queue, UINT32_MAX - job_priority (job_spec (job)), job->eligible_us, job->id);
    job->shape = shape;
    if (shape_first (shape) != head)
        put_in_rank (core, shape);
}

void shape_leave (struct core *core, struct job *job)
{
    struct shape *shape = job->shape;
    const struct job *head;

    if (!shape)
        return;
    head = shape_first (shape);
    lineup_remove (&shape->jobs, &job->queue);
    job->shape = NULL;
    if (head == job)
        put_in_rank (core, shape);
    shape_put (core, shape);
}

void shape_forget_spec (struct core *core, struct spec *spec)
{
    struct shape *shape = spec->shape;

    spec->shape = NULL;
    if (!shape)
        return;
    shape->refs--;
    shape_put (core, shape);
}

void shape_clear (struct core *core)
{
    struct spec *spec;
    size_t at_spec = 0;

    promise_forget_all (core);
    for (struct job *job = job_from (core, 0); job; job = job_from (core, job->id + 1))
        for (struct job *at = job; at; at = at->branches) { /* and its branches */
            shape_leave (core, at);
            specs_fold (&core->specs);
        }
    while ((spec = idmap_next (&core->specs.by_hash, &at_spec)))
        shape_forget_spec (core, spec);
}

/* --- checks ------------------------------------------------------------------------------------------------------- */

static int tree_check (const struct rank_node *t, const struct rank_node *parent, size_t *n, struct err *err)
{
    const struct rank_node *halves[2];

    if (!t)
        return 0;
    halves[0] = t->left;
    halves[1] = t->right;
    ++*n;
    if (t->parent != parent || (t->left && !rank_before (&t->left->rank, &t->rank)) ||
        (t->right && !rank_before (&t->rank, &t->right->rank)))
        return err_set (err, 0, "shapes are out of order at the one of job %lu", (unsigned long) t->rank.id);
    for (int i = 0; i < 2; i++)
        if (halves[i] && (halves[i]->priority > t->priority || halves[i]->oldest < t->oldest ||
                          halves[i]->least_cpus < t->least_cpus || halves[i]->least_mem_mb < t->least_mem_mb))
            return err_set (err, 0, "the shapes behind that of job %lu are not what they seem",
                            (unsigned long) t->rank.id);
    if (t->seen < t->oldest || t->cpus < t->least_cpus || t->mem_mb < t->least_mem_mb)
        return err_set (err, 0, "the shape of job %lu is not what it seems", (unsigned long) t->rank.id);
    return tree_check (t->left, t, n, err) || tree_check (t->right, t, n, err) ? -1 : 0;
}

static int job_check (const struct core *core, const struct job *job, struct err *err)
{
    const struct shape *shape = job->shape;
    const struct heap_item *timer = &job_whole (job)->timer;
    bool due = heap_has (timer) && timer->key <= core->now; /* the next Clock lets it in */

    if ((!due && job_startable (core, job) != (shape != NULL)) || (shape != NULL) != lineup_has (&job->queue))
        return err_set (err, 0, "job %lu is %s a shape", (unsigned long) job->id, shape ? "wrongly in" : "not in");
    if (shape && (job->queue.rank.tie != job->id || job->queue.rank.key != job->eligible_us ||
                  job->queue.rank.class != UINT32_MAX - job_priority (job_spec (job)) ||
                  shape->key.time_s != job_time_limit (core, job) || shape->key.time_min_s != job_time_min (core, job)))
        return err_set (err, 0, "job %lu is not where its shape has it", (unsigned long) job->id);
    return 0;
}

int shape_check (const struct core *core, struct err *err)
{
    size_t n_shapes = 0, n_ranked = 0, in_families = 0;
    struct shape *shape, *next;
    struct family *family, *next_family;

    if (tree_check (core->shapes.ranks, NULL, &n_ranked, err) ||
        tree_check (core->shapes.ranking.done, NULL, &n_ranked, err))
        return -1;
    HASH_ITER (hh, core->shapes.families, family, next_family)
    in_families += family->n_shapes;
    HASH_ITER (hh, core->shapes.by_key, shape, next)
    {
        const struct job *head = shape_first (shape);
        n_shapes++;
        n_ranked -= head != NULL;
        if (shape->ranked != (head != NULL) || (head && shape->node.rank.id != head->id) || (!head && !shape->refs))
            return err_set (err, 0, "the shape with head %lu is not where it should be",
                            (unsigned long) (head ? head->id : 0));
    }
    if (n_ranked || in_families != n_shapes)
        return err_set (err, 0, "%zu shapes, of which families have %zu; %zu too many are ranked", n_shapes,
                        in_families, n_ranked);
    for (const struct job *job = job_from (core, 0); job; job = job_from (core, job->id + 1))
        for (const struct job *at = job; at; at = at->branches)
            if (job_check (core, at, err))
                return -1;
    return 0;
}
