/* check.c - every invariant of the room, recounted from scratch. For tests: slow. */
#include <string.h>
#include <utlist.h>
#include "core/branch.h"
#include "core/correspond.h"
#include "core/payer.h"
#include "core/state.h"

#define FAIL(...) return err_set (err, 0, __VA_ARGS__)

static int check_node (const struct core *core, const struct node *node, struct err *err)
{
    uint64_t cpus = 0, mem = 0, n = 0, held = 0;

    for (const struct share *share = node->shares; share; share = share->next, n++) {
        if (share->node != node || (share->next && share->next->prev != share))
            FAIL ("node %s: its list of shares is broken", node_name (node));
        held += !share->task;
        if (share->task && share->task->phase != TASK_PLACED && share->task->phase != TASK_RUNNING)
            FAIL ("node %s: task %lu holds a share while it is %s", node_name (node),
                  (unsigned long) share->task->raw_id, phase_name (share->task->phase));
        cpus += node_hold (node, share->cpus);
        mem += share->mem_mb;
    }
    if (cpus != node->used_cpus || mem != node->used_mem_mb || n != node->n_shares)
        FAIL ("node %s: %lu cpus are used, it counts %u", node_name (node), (unsigned long) cpus, node->used_cpus);
    if (!node->excess && (cpus > node->cpus || mem > node->mem_mb))
        FAIL ("node %s is overcommitted: %lu of %u cpus, %lu of %lu MB", node_name (node), (unsigned long) cpus,
              node->cpus, (unsigned long) mem, (unsigned long) node->mem_mb);
    if (gres_node_check (node, err))
        return -1;
    if (node->bucket != (node_usable (node) ? node_free_cpus (node) : NODE_NOWHERE))
        FAIL ("node %s is indexed under %u free cpus", node_name (node), node->bucket);
    if (node->bucket != NODE_NOWHERE && !(core->nodes.buckets[node->bucket][node->index / 64] >> node->index % 64 & 1))
        FAIL ("node %s is not in its bucket", node_name (node));
    if (held != node->n_held)
        FAIL ("node %s: %lu shares are held, it counts %u", node_name (node), (unsigned long) held, node->n_held);
    if (!node->marks && !node->lost && node->by != BY_PERSON)
        FAIL ("node %s is well, and has a reason: %s", node_name (node), node->reason ? node->reason : "");
    if (node_left (node) && !node->n_shares)
        FAIL ("node %s has left and is empty, and still here", node_name (node));
    return 0;
}

static int check_nodes (const struct core *core, struct err *err)
{
    uint32_t up = 0, open = 0, reboots = 0;

    for (size_t i = 0; i < core->nodes.n; i++) {
        const struct node *node = core->nodes.list[i];
        if (node->index != i || node_find (core, node_name (node)) != node)
            FAIL ("node %s is not where it should be", node_name (node));
        up += node->up;
        reboots += (node->marks & (MARK_REBOOT | MARK_REBOOTING)) != 0;
        open += node->bucket != NODE_NOWHERE && node->bucket > 0;
        if (check_node (core, node, err))
            return -1;
    }
    if (reboots != core->nodes.n_reboots)
        FAIL ("%u nodes are to be rebooted, counted %u", reboots, core->nodes.n_reboots);
    if (up != core->nodes.n_up || open != core->nodes.n_open)
        FAIL ("%u nodes are up and %u open, counted %u and %u", up, open, core->nodes.n_up, core->nodes.n_open);
    return 0;
}

static int check_task (const struct core *core, const struct task *task, struct err *err)
{
    const struct job *job = task->job;
    bool active = task->phase == TASK_PLACED || task->phase == TASK_RUNNING;
    unsigned long id = job->id;
    enum hold hold;

    if (!task->rest && rest_find (&job->rest, task->index, &hold))
        FAIL ("task %u of job %lu has a record and is in the rest", task->index, id);
    if (task_find (core, job, task->index) != task || (task->raw_id && task_by_raw (core, task->raw_id) != task))
        FAIL ("task %u of job %lu is not found by its ids", task->index, id);
    if (active != (task->n_shares > 0) || (active && !task->raw_id))
        FAIL ("task %u of job %lu is %s with %u shares", task->index, id, phase_name (task->phase), task->n_shares);
    if (task->phase == TASK_PENDING && task->relimited)
        FAIL ("task %u of job %lu is pending with a limit of its own", task->index, id);
    if (!active && task->stop && task->phase == TASK_PENDING)
        FAIL ("task %u of job %lu is stopping while pending", task->index, id);
    const struct idset *again = task_queue (task)->again;
    if ((again && idset_has (again, task->index)) != (task->phase == TASK_PENDING && task->hold == HOLD_NONE))
        FAIL ("task %u of job %lu is wrongly listed as placeable", task->index, id);
    if (task->suspended_at && (task->phase != TASK_RUNNING || task->stop || task->suspended_at > core->now))
        FAIL ("task %u of job %lu is %s%s, and stands still", task->index, id, phase_name (task->phase),
              task->stop ? ", stopping" : "");
    if ((task->suspended_us || task->was_suspended) && (task->phase == TASK_PENDING || task->phase == TASK_PLACED))
        FAIL ("task %u of job %lu is %s, and stood still", task->index, id, phase_name (task->phase));
    if (task->special && (task->phase != TASK_PENDING || !hold_is_hold (task->hold)))
        FAIL ("task %u of job %lu is special, and not held", task->index, id);
    if (task->next && (task->next->index <= task->index || task->next->prev != task))
        FAIL ("tasks of job %lu are out of order at %u", id, task->index);
    if (task->rest && (idset_first (task->rest) != task->index || task->phase != TASK_ENDED))
        FAIL ("the cancelled rest of job %lu is not keyed by its first task", id);
    if (task->phase == TASK_ENDED && !state_is_ended (task->state))
        FAIL ("task %u of job %lu has ended as %s", task->index, id, state_name (task->state));
    return 0;
}

struct counts {
    uint64_t jobs, pending, running, ended;
};

static int check_job (const struct core *core, const struct job *job, struct counts *counts, struct err *err)
{
    uint32_t n = 0, active = 0, pending = 0, unbegun = 0;
    unsigned long id = job->id;

    for (const struct task *task = job->tasks; task; task = task->next, n++) {
        if (task->job != job || check_task (core, task, err))
            return err_is_set (err) ? -1 : err_set (err, 0, "a task of job %lu is another's", id);
        active += task->phase == TASK_PLACED || task->phase == TASK_RUNNING;
        pending += task->phase == TASK_PENDING;
        unbegun += !task->begun;
        counts->ended += task->phase == TASK_ENDED;
    }
    if (n != job->n_tasks || active != job->n_active || pending != job->n_pending || unbegun != job->n_unbegun)
        FAIL ("job %lu counts %u records, %u active, %u pending, %u not begun; there are %u, %u, %u, %u", id,
              job->n_tasks, job->n_active, job->n_pending, job->n_unbegun, n, active, pending, unbegun);
    if (job->again && idset_count (job->again) > pending)
        FAIL ("job %lu lists more placeable records than it has pending", id);
    if (job->ended != (!active && !pending && !rest_total (&job->rest)))
        FAIL ("job %lu %s ended, which does not agree with its tasks", id, job->ended ? "has" : "has not");
    if (job->ended && !n)
        FAIL ("job %lu has nothing left, and is still here", id);
    if (branch_check (core, job, err))
        return -1;
    if (!job->ended != (job->group_prev != NULL))
        FAIL ("job %lu is wrongly %s the jobs of its name", id, job->ended ? "among" : "missing from");
    if (corr_check (core, job, err))
        return -1;
    if (job_find (core, job->id) != job || job->dirty)
        FAIL ("job %lu is not found by its id, or was not looked at", id);
    counts->jobs++;
    counts->pending += pending + rest_total (&job->rest);
    counts->running += active;
    return 0;
}

static int check_edges (const struct job *job, struct err *err)
{
    const struct edge *edge;

    for (size_t i = 0; job->depend && i < job->depend->n; i++) {
        edge = &job->depend->edges[i];
        if (edge->waiter != job || (edge->target && edge->state != EDGE_WAIT))
            FAIL ("a settled condition of job %lu still waits", (unsigned long) job->id);
    }
    DL_FOREACH (job->dependents, edge)
    if (edge->target != job || edge->state != EDGE_WAIT)
        FAIL ("job %lu is waited for by a condition that is settled", (unsigned long) job->id);
    return 0;
}

static int check_ended (const struct core *core, uint64_t counted, struct err *err)
{
    const struct task *task;
    uint64_t n = 0;

    DL_FOREACH2 (core->jobs.ended_first, task, ended_next)
    {
        n++;
        if (task->phase != TASK_ENDED || (task->ended_next && task->ended_next->over_us < task->over_us))
            FAIL ("ended tasks are out of order at %lu", (unsigned long) task->raw_id);
    }
    if (n != counted)
        FAIL ("%lu tasks have ended, %lu are listed", (unsigned long) counted, (unsigned long) n);
    return 0;
}

static int check_jobs (const struct core *core, struct err *err)
{
    struct counts counts = {0};
    uint64_t before = 0;

    for (const struct job *job = job_from (core, 0); job; job = job_from (core, job->id + 1)) {
        if (job->id <= before || job->id >= core->next_id)
            FAIL ("job %lu is out of order", (unsigned long) job->id);
        before = job->id;
        if (check_job (core, job, &counts, err) || check_edges (job, err))
            return -1;
    }
    if (counts.jobs != core->stats.jobs || counts.jobs != core->jobs.by_id.n || counts.pending != core->stats.pending ||
        counts.running != core->stats.running || counts.ended != core->stats.ended)
        FAIL ("counted %lu jobs, %lu pending, %lu running, %lu ended; there are %lu, %lu, %lu, %lu",
              (unsigned long) core->stats.jobs, (unsigned long) core->stats.pending,
              (unsigned long) core->stats.running, (unsigned long) core->stats.ended, (unsigned long) counts.jobs,
              (unsigned long) counts.pending, (unsigned long) counts.running, (unsigned long) counts.ended);
    return check_ended (core, counts.ended, err);
}

static int check_timers (const struct core *core, struct err *err)
{
    for (size_t i = 0; i < core->timers.n; i++)
        if (core->timers.items[i]->at != i + 1 ||
            (i && core->timers.items[(i - 1) / 2]->key > core->timers.items[i]->key))
            FAIL ("the timers are out of order");
    return 0;
}

static int check_specs (const struct core *core, struct err *err)
{
    const struct spec *spec;
    uint64_t refs = 0, owned = 0;
    size_t at = 0;

    while ((spec = idmap_next (&core->specs.by_hash, &at)))
        refs += spec->refs;
    for (const struct job *job = job_from (core, 0); job; job = job_from (core, job->id + 1)) {
        for (const struct task *task = job->tasks; task; task = task->next)
            owned += task->own != NULL;
        for (const struct job *branch = job->branches; branch; branch = branch->branches)
            owned++;
    }
    if (refs != core->stats.jobs + owned)
        FAIL ("specs are used %lu times, there are %lu jobs and %lu tasks with their own", (unsigned long) refs,
              (unsigned long) core->stats.jobs, (unsigned long) owned);
    return 0;
}

static int check_bulks (const struct core *core, struct err *err)
{
    const struct bulk *bulk;
    uint64_t folded = 0;

    DL_FOREACH (core->bulks, bulk)
    {
        size_t left = pieces_count (bulk->left);
        uint64_t next = bulk->msg->first_id + bulk->done;
        if (left != bulk->msg->count - bulk->done || !left)
            FAIL ("the bulk from %lu has %lu lines left, it counts %u", (unsigned long) bulk->msg->first_id,
                  (unsigned long) left, bulk->msg->count - bulk->done);
        if (job_find (core, next) || next + left > core->next_id)
            FAIL ("job %lu of a bulk is there already", (unsigned long) next);
        folded += left;
    }
    if (folded != core->folded)
        FAIL ("%lu lines of bulks are folded, counted %lu", (unsigned long) folded, (unsigned long) core->folded);
    return 0;
}

int core_check (const struct core *core, struct err *err)
{
    struct err mine = ERR_INIT;
    int rc;

    if (!err)
        err = &mine;
    rc = check_nodes (core, err) || check_jobs (core, err) || check_timers (core, err) || check_specs (core, err) ||
                 shape_check (core, err) || licence_invariants (core, err) || resv_invariants (core, err) ||
                 check_bulks (core, err) || start_check (core, err) || payer_check (core, err) ||
                 claims_check (core, err) || shun_check (core, err)
             ? -1
             : 0;
    err_clear (&mine);
    return rc;
}
