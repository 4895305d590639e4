/* reason.c - why a job waits: one of Slurm's words, and a sentence with the numbers. Looked at in the order of the
 * table; the first that applies is the reason. */
#include <stdarg.h>
#include <strings.h>
#include <utlist.h>
#include "core/branch.h"
#include "core/attempt.h"
#include "core/limits.h"
#include "core/state.h"
#include "core/view.h"

static bool say (struct buf *text, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));
static bool say (struct buf *text, const char *fmt, ...)
{
    char line[512];
    va_list ap;

    if (!text)
        return true;
    va_start (ap, fmt);
    vsnprintf (line, sizeof line, fmt, ap);
    va_end (ap);
    buf_puts (text, line);
    return true;
}

const struct job *row_queue (const struct row *row)
{
    return row->task ? task_queue (row->task) : row->job;
}

static enum hold row_hold (const struct row *row)
{
    return row->task ? row->task->hold : row->hold;
}

static bool ended_as (const struct row *row, job_state_t state)
{
    return row->task && row->task->phase == TASK_ENDED && row->task->state == state;
}

static bool exit_code (const struct core *core, const struct row *row, struct buf *text)
{
    uint32_t code, sig;

    (void) core;
    if (!ended_as (row, MOISSON__JOB_STATE__STATE_FAILED))
        return false;
    task_exit_status (row->task, &code, &sig);
    return sig ? say (text, "it ended by signal %u", sig) : say (text, "it ended with exit code %u", code);
}

static bool time_limit (const struct core *core, const struct row *row, struct buf *text)
{
    uint64_t limit = row->task ? task_time_limit (core, row->task) : 0;
    char span[64];

    return ended_as (row, MOISSON__JOB_STATE__STATE_TIMEOUT) &&
           say (text, "it ran for longer than its time limit of %s", duration_format (limit, span, sizeof span));
}

static bool node_down (const struct core *core, const struct row *row, struct buf *text)
{
    (void) core;
    return ended_as (row, MOISSON__JOB_STATE__STATE_NODE_FAIL) &&
           say (text, "%s", row->task->cause ? row->task->cause : "a node that it ran on was lost");
}

static bool out_of_memory (const struct core *core, const struct row *row, struct buf *text)
{
    (void) core;
    return ended_as (row, MOISSON__JOB_STATE__STATE_OUT_OF_MEMORY) &&
           say (text, "%s", row->task->cause ? row->task->cause : "it wanted more memory than it had asked for");
}

static bool overdue (const struct core *core, const struct row *row, struct buf *text)
{
    char when[64];

    (void) core;
    return ended_as (row, MOISSON__JOB_STATE__STATE_DEADLINE) &&
           say (text, "it could no longer end before its deadline, %s",
                time_format (row_facts (row->job, row->task)->spec->deadline_us, NULL, "", when, sizeof when));
}

static bool none (const struct core *core, const struct row *row, struct buf *text)
{
    (void) core;
    (void) text;
    return row->task && row->task->phase != TASK_PENDING && (row->task->phase != TASK_PLACED || row->task->stop);
}

static bool prolog (const struct core *core, const struct row *row, struct buf *text)
{
    (void) core;
    return row->task && row->task->phase == TASK_PLACED && row->task->configuring &&
           say (text, "placed on %s; PrologSlurmctld runs", node_name (task_host (row->task)));
}

static bool starting (const struct core *core, const struct row *row, struct buf *text)
{
    (void) core;
    return row->task && row->task->phase == TASK_PLACED &&
           say (text, "placed on %s, which has not said yet that it runs", node_name (task_host (row->task)));
}

static bool held_admin (const struct core *core, const struct row *row, struct buf *text)
{
    (void) core;
    if (row_hold (row) != HOLD_ADMIN)
        return false;
    if (row->task && row->task->cause)
        return say (text, "%s; an administrator releases it", row->task->cause);
    return say (text, "held by an administrator: ask them to release it");
}

static bool held_user (const struct core *core, const struct row *row, struct buf *text)
{
    (void) core;
    return row_hold (row) == HOLD_USER &&
           say (text, "held%s%s: scontrol release %lu", row->task && row->task->cause ? " after: " : "",
                row->task && row->task->cause ? row->task->cause : "", (unsigned long) row->job->id);
}

static bool never (const struct core *core, const struct row *row, struct buf *text)
{
    usec_t due;

    return (depend_answer (row->job, core->now, &due) == DEPEND_NEVER || row_hold (row) == HOLD_NEVER) &&
           say (text, "a job that it depends on ended otherwise than asked (%s): cancel it",
                job_spec (row->job)->dependency ? job_spec (row->job)->dependency : "see its dependency");
}

#define NAMED_MOST 4

static bool dependency (const struct core *core, const struct row *row, struct buf *text)
{
    _cleanup_buf_ struct buf names = BUF_INIT;
    size_t waiting;
    usec_t due;

    if (row_hold (row) == HOLD_CORR)
        return say (text, "its namesake in the array that it waits for (%s) has not ended",
                    job_spec (row->job)->dependency ? job_spec (row->job)->dependency : "aftercorr");
    if (depend_answer (row->job, core->now, &due) != DEPEND_WAIT)
        return false;
    if (!text)
        return true;
    waiting = depend_name (row->job, core->now, NAMED_MOST, &names);
    say (text, "%zu of %zu conditions not met yet: %s", waiting, row->job->depend ? row->job->depend->n : 0,
         buf_str (&names));
    return waiting <= NAMED_MOST || say (text, " and %zu more", waiting - NAMED_MOST);
}

static bool begin (const struct core *core, const struct row *row, struct buf *text)
{
    usec_t at = job_spec (row->job)->begin_us;
    char when[64];

    return at > core->now && say (text, "not before %s", time_format (at, NULL, "", when, sizeof when));
}

static bool partition_inactive (const struct core *core, const struct row *row, struct buf *text)
{
    const struct partition *partition = partition_find (core, row->job->partition);

    return partition->conf && partition->conf->state && !strcasecmp (partition->conf->state, "INACTIVE") &&
           say (text, "partition %s is INACTIVE", partition->name);
}

static bool partition_down (const struct core *core, const struct row *row, struct buf *text)
{
    const struct partition *partition = partition_find (core, row->job->partition);

    if (partition_starts (partition))
        return false;
    if (!partition->conf)
        return say (text, "partition %s is no longer configured", partition->name);
    return say (text, "partition %s is %s", partition->name, partition->conf->state);
}

static bool array_limit (const struct core *core, const struct row *row, struct buf *text)
{
    uint32_t limit = job_spec (row->job)->array_limit;

    (void) core;
    return limit && row->job->n_active >= limit &&
           say (text, "%u tasks of this array run, %%%u allows no more", row->job->n_active, limit);
}

static bool start_rate (const struct core *core, const struct row *row, struct buf *text)
{
    return row_queue (row)->shape && start_explain (core, row->job, text);
}

/* The usable node with most free cpus among those it may go to; NULL = none is usable. */
static const struct node *freest (const struct core *core, const struct places *places)
{
    const struct node_table *nodes = &core->nodes;

    for (uint32_t b = nodes->max_cpus + 1; b-- && nodes->buckets;)
        for (size_t w = 0; nodes->in_bucket[b] && w < nodes->words; w++)
            if (nodes->buckets[b][w] & places->mask[w])
                return nodes->list[w * 64 + (size_t) __builtin_ctzll (nodes->buckets[b][w] & places->mask[w])];
    return NULL;
}

static bool nodes_not_available (const struct core *core, const struct row *row, struct buf *text)
{
    const struct places *places = row_queue (row)->shape ? shape_places (row_queue (row)->shape) : NULL;
    unsigned n = 0;

    if (!row_queue (row)->shape)
        return false;
    if (!places)
        return say (text, "its --nodelist, --exclude or --constraint names nothing in partition %s any more",
                    row->job->partition);
    for (size_t i = 0; i < places->n_must; i++)
        if (!node_usable (places->must[i]))
            return say (text, "node %s, which it asks for by name, is not available", node_name (places->must[i]));
    for (size_t w = 0; w < core->nodes.words; w++)
        n += (unsigned) __builtin_popcountll (places->mask[w]);
    return !freest (core, places) && say (text,
                                          "none of the %u node%s that it may use in partition %s is up, undrained and "
                                          "rid of what it was told to kill",
                                          n, n == 1 ? "" : "s", row->job->partition);
}

/* --- reservations and licences ------------------------------------------------------------------------------------ */

static bool resv_deleted (const struct core *core, const struct row *row, struct buf *text)
{
    (void) core;
    return row_hold (row) == HOLD_USER && row->job->resv_deleted &&
           say (text, "reservation %s, which it asked for, is gone; without it: scontrol release %lu",
                row->job->resv_deleted, (unsigned long) row->job->id);
}

static bool reservation (const struct core *core, const struct row *row, struct buf *text)
{
    const char *name = job_spec (row->job)->reservation;
    const struct resv *resv = resv_find (core, name);
    char when[64];

    if (!name || !*name)
        return false;
    if (!resv)
        return say (text, "there is no reservation %s", name);
    if (!resv_takes (core, row->job))
        return say (text, "reservation %s is not for its user and account", name);
    return !resv_open (resv, core->now) &&
           say (text, "reservation %s begins %s", name, time_format (resv->msg->start_us, NULL, "", when, sizeof when));
}

/* The first reservation in the way on a node that would do otherwise, where none does. */
static const struct resv *in_the_way (const struct core *core, const struct row *row)
{
    const struct places *places = row->job->shape ? shape_places (row->job->shape) : NULL;
    const struct resv *in = resv_find (core, job_spec (row->job)->reservation), *found = NULL;
    usec_t until = resv_until (core->now, job_time_limit (core, row->job));

    for (size_t i = 0; places && i < places->n_must && !found; i++) /* each of these is needed */
        found = resv_between (core, in, places->must[i], until);
    if (places && places->n_must)
        return found;
    for (uint32_t i = 0; places && resv_any (&core->resvs) && i < core->nodes.n; i++) {
        const struct node *node = core->nodes.list[i];
        const struct resv *resv;
        if (!(places->mask[i / 64] >> i % 64 & 1) || !node_usable (node) || !node_free_cpus (node))
            continue;
        resv = resv_between (core, in, node, until);
        if (!resv)
            return NULL;
        if (!found || resv->msg->flags & RESV_MAINT)
            found = resv;
    }
    return found;
}

static bool say_in_the_way (const struct core *core, const struct row *row, const struct resv *resv, struct buf *text)
{
    usec_t start = 0;
    char when[64];

    resv_touches (resv, core->now, UINT64_MAX, &start, NULL);
    if (start <= core->now)
        return say (text, "the nodes that are free are in reservation %s until %s", resv->msg->name,
                    time_format (resv->msg->end_us, NULL, "", when, sizeof when));
    time_format (start, NULL, "", when, sizeof when);
    if (!job_time_limit (core, row->job))
        return say (text, "reservation %s begins %s, and it has no time limit: one that ends before would let it start",
                    resv->msg->name, when);
    return say (text, "its time limit reaches into reservation %s, which begins %s: a shorter one would let it start",
                resv->msg->name, when);
}

static bool maintenance (const struct core *core, const struct row *row, struct buf *text)
{
    const struct resv *resv = in_the_way (core, row);

    return resv && resv->msg->flags & RESV_MAINT && say_in_the_way (core, row, resv, text);
}

static bool reserved (const struct core *core, const struct row *row, struct buf *text)
{
    const struct resv *resv = in_the_way (core, row);

    return resv && say_in_the_way (core, row, resv, text);
}

static bool licences (const struct core *core, const struct row *row, struct buf *text)
{
    const Moisson__JobSpec *spec = job_spec (row->job);
    const struct resv *in = resv_find (core, spec->reservation);
    usec_t until = resv_until (core->now, job_time_limit (core, row->job));
    _cleanup_buf_ struct buf lacks = BUF_INIT;

    if (licence_free (core, spec->licenses, in, core->now, until))
        return false;
    licence_lacks (core, spec->licenses, in, core->now, until, &lacks);
    return say (text, "%s", lacks.data);
}

static bool priority (const struct core *core, const struct row *row, struct buf *text)
{
    const struct job *queue = row_queue (row), *head = queue->shape ? shape_first (queue->shape) : NULL;

    (void) core;
    return head && head != queue &&
           say (text, "waits behind job %lu, which asks for the same", (unsigned long) head->id);
}

/* Without backfill: one of its partition that goes before it waits for room. */
static bool in_order (const struct core *core, const struct row *row, struct buf *text)
{
    const struct shape *shape = row_queue (row)->shape;
    const struct partition *partition = shape ? shape->key.family->demand.partition : NULL;
    const struct job *first;

    if (!partition || !core->policies.in_order || partition->blocked < core->pass.cycle)
        return false;
    first = job_find (core, partition->blocker);
    return first && first->shape && first->shape != shape && first->shape->key.family->demand.partition == partition &&
           rank_before (&first->shape->node.rank, &shape->node.rank) &&
           say (text, "job %lu waits before it, and the jobs of partition %s start in their order",
                (unsigned long) first->id, partition->name);
}

/* It fits, but for a promise to one that goes before it; a reservation has its own word. */
static bool would_delay (const struct core *core, const struct row *row, struct buf *text)
{
    const struct job *queue = row_queue (row);
    const struct promise *promise;
    char when[64];

    if (!queue->shape || !queue->shape->held_back || queue->shape->promise)
        return false;
    DL_FOREACH (core->promises.list, promise)
    if (rank_before (&promise->shape->node.rank, &queue->shape->node.rank)) {
        if (promise->at == PROMISE_ONE_DAY)
            return say (text, "could delay job %lu, for which node %s is kept: jobs without a time limit run there",
                        (unsigned long) promise->job_id, node_name (promise->fit.picks[0].node));
        return say (text, "could delay job %lu, which is promised %zu node%s from %s on%s; a shorter one may pass it",
                    (unsigned long) promise->job_id, promise->fit.n, promise->fit.n == 1 ? "" : "s",
                    time_format (promise->at, NULL, "", when, sizeof when),
                    queue->shape->key.time_min_s ? ", even within its --time-min" : "");
    }
    return false;
}

static void say_promise (const struct job *job, struct buf *text)
{
    const struct promise *promise = job->shape ? job->shape->promise : NULL;
    char when[64];

    if (promise && promise->job_id == job->id && promise->at != PROMISE_ONE_DAY)
        say (text, "; by the time limits of what runs it starts on %s%s at %s", node_name (promise->fit.picks[0].node),
             promise->fit.n > 1 ? " and others" : "", time_format (promise->at, NULL, "", when, sizeof when));
}

static void say_gres (const struct gres_parts *gres, struct buf *text)
{
    _cleanup_buf_ struct buf list = BUF_INIT;

    gres_parts_show (gres, &list);
    say (text, ", %s", list.data);
}

/* Of each kind that it asks for, the node that has most of it free. */
static void say_most_gres (const struct core *core, const struct places *places, const struct gres_parts *gres,
                           struct buf *text)
{
    for (uint32_t k = 0; k < gres->n && places; k++) {
        const struct gres_kind *kind = gres->list[k].kind;
        const struct node *best = NULL;
        uint32_t most = 0;
        for (size_t i = 0; i < core->nodes.n; i++) {
            const struct node *node = core->nodes.list[i];
            uint32_t n = gres_node_free (node, kind);
            if ((places->mask[i / 64] >> i % 64 & 1) && node_usable (node) && (!best || n > most)) {
                best = node;
                most = n;
            }
        }
        if (best)
            say (text, "; most of %s%s%s is free on %s: %u", kind->name, kind->type ? ":" : "",
                 kind->type ? kind->type : "", node_name (best), most);
    }
}

/* Others are being ended for it. */
static bool say_room_made (const struct core *core, const struct job *job, struct buf *text)
{
    const struct claim *claim;
    uint32_t waiting = 0, n = 0;

    for (claim = core->claims.list; claim; claim = claim->next)
        if (claim->job_id == job->id) {
            n++;
            waiting += claim->waiting;
        }
    return n && say (text, "room is being made for %u task%s of it: %u preempted job%s ha%s not ended yet", n,
                     n == 1 ? "" : "s", waiting, waiting == 1 ? "" : "s", waiting == 1 ? "s" : "ve");
}

static bool resources (const struct core *core, const struct row *row, struct buf *text)
{
    _cleanup_size_ struct size size = job_size (core, row->job, row->task);
    const struct places *places = row_queue (row)->shape ? shape_places (row_queue (row)->shape) : NULL;
    const struct node *node = places ? freest (core, places) : NULL;

    if (say_room_made (core, row->job, text))
        return true;
    say (text, "asks %u cpu%s", size.cpus, size.cpus == 1 ? "" : "s");
    if (size.mem_mb)
        say (text, ", %lu MB", (unsigned long) size.mem_mb);
    if (size.gres.n)
        say_gres (&size.gres, text);
    say (text, " on %u node%s", size.nodes, size.nodes == 1 ? "" : "s");
    if (node)
        say (text, "; most cpus are free on %s: %u, with %lu MB", node_name (node), node_free_cpus (node),
             (unsigned long) node_free_mem (node));
    if (node && node->gpus)
        say (text, " and %u gpu%s", node_free_gpus (node), node_free_gpus (node) == 1 ? "" : "s");
    if (size.gres.n)
        say_most_gres (core, places, &size.gres, text);
    say_promise (row_queue (row), text);
    if (text)
        shun_note_job (core, row_queue (row), text);
    return true;
}

static const struct {
    const char *word;
    bool (*applies) (const struct core *core, const struct row *row, struct buf *text);
} reasons[] = {
    {"NonZeroExitCode", exit_code},
    {"TimeLimit", time_limit},
    {"NodeDown", node_down},
    {"OutOfMemory", out_of_memory},
    {"DeadLine", overdue},
    {"None", none},
    {"Prolog", prolog},
    {"Starting", starting},
    {"JobHeldAdmin", held_admin},
    {"ReservationDeleted", resv_deleted},
    {"JobHeldUser", held_user},
    {"DependencyNeverSatisfied", never},
    {"Dependency", dependency},
    {"BeginTime", begin},
    {"PartitionInactive", partition_inactive},
    {"PartitionDown", partition_down},
    {"JobArrayTaskLimit", array_limit},
    {"StartRate", start_rate},
    {NULL, NULL}, /* limits: limits_reason has the word */
    {"ReqNodeNotAvail", nodes_not_available},
    {"Reservation", reservation},
    {"Licenses", licences},
    {"ReqNodeNotAvail, Reserved for maintenance", maintenance},
    {"ReqNodeNotAvail, May be reserved for other job", reserved},
    {"Priority", priority},
    {"Priority", in_order},
    {"Priority", would_delay},
    {"Resources", resources},
};

const char *row_reason (const struct core *core, const struct row *row, struct buf *text)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        const char *word = reasons[i].applies                               ? reasons[i].word
                           : !row->task || row->task->phase == TASK_PENDING ? limits_reason (core, row->job, text)
                                                                            : NULL;
        if (word && (!reasons[i].applies || reasons[i].applies (core, row, text)))
            return word;
    }
    return "None";
}
