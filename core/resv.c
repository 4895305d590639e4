/* resv.c - the reservations that there are, and the attempts in them. */
#include "core/resv.h"
#include <string.h>
#include <utlist.h>
#include "base/mem.h"
#include "core/apply.h"
#include "core/attempt.h"
#include "core/profile.h"
#include "core/resv_inside.h"
#include "core/state.h"

struct resv *resv_find (const struct core *core, const char *name)
{
    struct resv *resv = NULL;

    if (name && *name && core->resvs.by_name)
        HASH_FIND_STR (core->resvs.by_name, name, resv);
    return resv;
}

static const char *named_by (const struct task *task)
{
    return row_facts (task->job, task)->spec->reservation;
}

static bool is_active (const struct task *task)
{
    return task->phase == TASK_PLACED || task->phase == TASK_RUNNING;
}

bool resv_lets_in (const struct resv *resv, const char *user, const char *account)
{
    const Moisson__Resv *msg = resv->msg;
    bool by_user = false, by_account = false;

    for (size_t i = 0; i < msg->n_users; i++)
        by_user |= user && !strcmp (msg->users[i], user);
    for (size_t i = 0; i < msg->n_accounts; i++)
        by_account |= account && !strcmp (msg->accounts[i], account);
    return (!msg->n_users || by_user != (msg->users_not != 0)) &&
           (!msg->n_accounts || by_account != (msg->accounts_not != 0));
}

bool resv_takes (const struct core *core, const struct job *job)
{
    const Moisson__Submitted *facts = spec_msg (job->spec);
    const struct resv *resv;

    if (!facts->spec->reservation || !*facts->spec->reservation)
        return true;
    resv = resv_find (core, facts->spec->reservation);
    return resv && resv_lets_in (resv, facts->user, facts->spec->account);
}

/* --- attempts in it ----------------------------------------------------------------------------------------------- */

static struct resv_node *node_of (struct resv *resv, const struct node *node)
{
    for (size_t i = 0; i < resv->msg->n_nodes; i++)
        if (resv->list[i].node == node)
            return &resv->list[i];
    return NULL;
}

/* Its share of the reservation: taken (sign 1) or given back (-1). */
static void count (struct resv *resv, const struct task *task, int sign)
{
    _cleanup_licences_ struct licence_list list = LICENCE_LIST_INIT;

    resv->running += (uint32_t) sign;
    for (uint32_t i = 0; i < task->n_shares; i++) {
        const struct share *share = &task->shares[i];
        struct resv_node *node = node_of (resv, share->node);
        if (node)
            node->used += (uint32_t) sign * node_hold (share->node, share->cpus);
    }
    if (!resv->msg->n_licences)
        return;
    licences_parse (&list, row_facts (task->job, task)->spec->licenses, NULL);
    for (size_t i = 0; i < resv->msg->n_licences; i++)
        for (size_t k = 0; k < list.n; k++)
            if (!strcmp (list.list[k].name, resv->msg->licences[i]->name))
                resv->licences[i] += (uint32_t) sign * list.list[k].n;
}

static usec_t over_run (const struct core *core)
{
    uint64_t s = core->config->resv_over_run_s;

    return s < RESV_FOREVER ? s * USEC_PER_SEC : UINT64_MAX;
}

usec_t resv_ends (const struct core *core, const struct task *task)
{
    usec_t more = over_run (core);

    return more == UINT64_MAX ? UINT64_MAX : task->inside->end_us + more;
}

static void set_timer (struct core *core, struct inside *inside)
{
    usec_t end = resv_ends (core, inside->task);

    if (inside->over || end == UINT64_MAX)
        heap_remove (&core->resvs.ends, &inside->timer);
    else
        heap_put (&core->resvs.ends, &inside->timer, 0, end);
    attempt_reckon (core, inside->task);
}

/* What did not fit may fit now. */
static void look_again (struct core *core)
{
    core->shapes.round++;
    core->want_pass = true;
    pass_look_again (core);
}

void resv_restore (struct core *core, struct task *task, usec_t end_us, bool over)
{
    struct inside *inside = xcalloc (1, sizeof *inside);

    inside->task = task;
    inside->end_us = end_us;
    inside->over = over;
    task->inside = inside;
    set_timer (core, inside);
}

void resv_enter (struct core *core, struct task *task)
{
    struct resv *resv = resv_find (core, named_by (task));
    usec_t end;

    if (!resv)
        return;
    count (resv, task, 1);
    if (!(resv->msg->flags & RESV_FLEX) && resv_touches (resv, core->now, core->now + 1, NULL, &end))
        resv_restore (core, task, end, false);
}

void resv_leave (struct core *core, struct task *task)
{
    struct resv *resv = resv_find (core, named_by (task));

    if (resv)
        count (resv, task, -1);
    resv_forget (core, task);
}

void resv_forget (struct core *core, struct task *task)
{
    if (!task->inside)
        return;
    heap_remove (&core->resvs.ends, &task->inside->timer);
    free (task->inside);
    task->inside = NULL;
}

void resv_recounted (struct core *core, struct task *task)
{
    struct resv *resv = resv_find (core, named_by (task));

    if (resv)
        count (resv, task, 1);
}

uint32_t resv_size (const struct resv *resv, uint32_t *ret_cpus, uint32_t *ret_cores)
{
    uint32_t nodes = 0;

    *ret_cpus = *ret_cores = 0;
    for (size_t i = 0; i < resv->msg->n_nodes; i++) {
        const struct resv_node *have = &resv->list[i];
        if (!have->node)
            continue;
        nodes++;
        *ret_cpus += have->cpus;
        *ret_cores += have->cpus / (have->node->conf->threads_per_core ? have->node->conf->threads_per_core : 1);
    }
    return nodes;
}

bool resv_in_use (const struct core *core, const struct resv *resv)
{
    const struct job *job, *next;

    if (resv->running)
        return true;
    JOBS_ITER (core, job, next)
    if (!job->ended && job_spec (job)->reservation && !strcmp (job_spec (job)->reservation, resv->msg->name))
        return true;
    return false;
}

/* --- made, changed, gone ------------------------------------------------------------------------------------------ */

static void forget_places (struct resv *resv)
{
    free (resv->list);
    free (resv->mask);
    free (resv->licences);
    resv->running = 0;
}

/* What follows from its message, anew: its nodes, and what attempts in it have. */
static void settle (struct core *core, struct resv *resv)
{
    const Moisson__Resv *msg = resv->msg;
    const struct job *job, *next;
    struct task *task;

    resv->words = core->nodes.words;
    resv->list = xcalloc (msg->n_nodes + 1, sizeof *resv->list);
    resv->mask = xcalloc (resv->words + 1, sizeof *resv->mask);
    resv->licences = xcalloc (msg->n_licences + 1, sizeof *resv->licences);
    resv->partial = false;
    for (size_t i = 0; i < msg->n_nodes; i++) {
        struct node *node = node_find (core, msg->nodes[i]->node);
        if (!node || node_left (node))
            continue;
        resv->list[i].node = node;
        resv->list[i].whole = !msg->nodes[i]->has_cpus || msg->nodes[i]->cpus >= node->cpus;
        resv->list[i].cpus = resv->list[i].whole ? node->cpus : msg->nodes[i]->cpus;
        resv->partial |= !resv->list[i].whole;
        resv->mask[node->index / 64] |= 1ULL << node->index % 64;
    }
    JOBS_ITER (core, job, next)
    DL_FOREACH (job->tasks, task)
    if (is_active (task) && named_by (task) && !strcmp (named_by (task), msg->name))
        count (resv, task, 1);
}

static void look_at_waiting (struct core *core, const char *name)
{
    struct job *job, *next;

    JOBS_ITER (core, job, next)
    if (!job->ended && job_spec (job)->reservation && !strcmp (job_spec (job)->reservation, name))
        job_mark_dirty (core, job);
}

/* What runs in it and was to end with it ends with its new end. */
static void move_ends (struct core *core, const struct resv *resv, usec_t from, usec_t to)
{
    const struct job *job, *next;
    struct task *task;

    JOBS_ITER (core, job, next)
    DL_FOREACH (job->tasks, task)
    if (task->inside && task->inside->end_us == from && named_by (task) && !strcmp (named_by (task), resv->msg->name)) {
        task->inside->end_us = to;
        set_timer (core, task->inside);
    }
}

void resv_put (struct core *core, const Moisson__Resv *msg)
{
    struct resv *resv = resv_find (core, msg->name);
    Moisson__Resv *copy = message_copy (&msg->base);

    if (resv) {
        usec_t before = resv->msg->end_us;
        forget_places (resv);
        moisson__resv__free_unpacked (resv->msg, NULL);
        resv->msg = copy;
        resv->hh.key = copy->name; /* the same text at another place */
        if (before != copy->end_us)
            move_ends (core, resv, before, copy->end_us);
    } else {
        resv = xcalloc (1, sizeof *resv);
        resv->msg = copy;
        HASH_ADD_KEYPTR (hh, core->resvs.by_name, copy->name, strlen (copy->name), resv);
    }
    settle (core, resv);
    look_at_waiting (core, copy->name);
    look_again (core);
    if (copy->id >= core->resvs.next_id)
        core->resvs.next_id = copy->id + 1;
}

static void resv_free (struct core *core, struct resv *resv)
{
    HASH_DELETE (hh, core->resvs.by_name, resv);
    forget_places (resv);
    moisson__resv__free_unpacked (resv->msg, NULL);
    free (resv);
}

void resv_drop (struct core *core, struct resv *resv)
{
    struct job *job, *next;
    bool hold = !(resv->msg->flags & RESV_NO_HOLD);

    JOBS_ITER (core, job, next)
    if (!job->ended && job_spec (job)->reservation && !strcmp (job_spec (job)->reservation, resv->msg->name))
        job_without_resv (core, job, resv->msg->name, hold);
    resv_free (core, resv);
    look_again (core);
}

void resv_clear (struct core *core)
{
    struct resv *resv, *next;

    HASH_ITER (hh, core->resvs.by_name, resv, next)
    resv_free (core, resv);
    heap_clear (&core->resvs.ends);
}

void resv_configure (struct core *core)
{
    struct job *job, *next_job;
    struct resv *resv, *next;
    struct task *task;

    HASH_ITER (hh, core->resvs.by_name, resv, next)
    {
        forget_places (resv);
        settle (core, resv);
    }
    JOBS_ITER (core, job, next_job)
    DL_FOREACH (job->tasks, task)
    if (task->inside)
        set_timer (core, task->inside);
}

/* --- time --------------------------------------------------------------------------------------------------------- */

/* Its node ends it as one that is out of time: its limit is what it has run so far. */
static void out_of_time (struct core *core, struct inside *inside)
{
    struct task *task = inside->task;
    usec_t start = task->start_us ? task->start_us : core->now;
    uint64_t ran = core->now > start ? (core->now - start) / USEC_PER_SEC : 0;
    uint64_t limit = task_time_limit (core, task);

    inside->over = true;
    ran = ran ? ran : 1;
    if (limit && limit <= ran)
        return;
    task_settle_limit (core, task, ran);
    task->relimited = true;
    attempt_limit (core, task);
}

void resv_clock (struct core *core)
{
    struct resv *resv, *next;
    struct heap_item *item;

    if (resv_next_edge (core, core->resvs.looked_us) <= core->now)
        look_again (core); /* one began or ended */
    core->resvs.looked_us = core->now;
    HASH_ITER (hh, core->resvs.by_name, resv, next)
    if (resv->msg->end_us <= core->now && !resv_roll (resv->msg, core->now))
        resv_drop (core, resv);
    while ((item = heap_first (&core->resvs.ends)) && item->key <= core->now) {
        heap_remove (&core->resvs.ends, item);
        out_of_time (core, container_of (item, struct inside, timer));
    }
}

usec_t resv_deadline (const struct core *core)
{
    const struct heap_item *item = heap_first (&core->resvs.ends);
    usec_t edge = resv_next_edge (core, core->now);
    const struct resv *resv, *next;

    HASH_ITER (hh, core->resvs.by_name, resv, next)
    if (resv->msg->end_us <= core->now) /* an update let it end at once */
        edge = core->now;
    return item && item->key < edge ? item->key : edge;
}

/* --- checks ------------------------------------------------------------------------------------------------------- */

static int check_one (const struct core *core, struct resv *resv, struct err *err)
{
    struct resv again = {.msg = resv->msg};
    int rc = 0;

    settle ((struct core *) core, &again); /* reads only: `again` is all that changes */
    if (again.running != resv->running)
        rc = err_set (err, 0, "%u attempts are in reservation %s, it counts %u", again.running, resv->msg->name,
                      resv->running);
    for (size_t i = 0; !rc && i < resv->msg->n_nodes; i++)
        if (again.list[i].used != resv->list[i].used || again.list[i].node != resv->list[i].node)
            rc = err_set (err, 0, "reservation %s counts %u cpus used on %s, there are %u", resv->msg->name,
                          resv->list[i].used, resv->msg->nodes[i]->node, again.list[i].used);
    for (size_t i = 0; !rc && i < resv->msg->n_licences; i++)
        if (again.licences[i] != resv->licences[i])
            rc = err_set (err, 0, "reservation %s counts %u of licence %s used, there are %u", resv->msg->name,
                          resv->licences[i], resv->msg->licences[i]->name, again.licences[i]);
    forget_places (&again);
    return rc;
}

int resv_invariants (const struct core *core, struct err *err)
{
    struct resv *resv, *next;

    HASH_ITER (hh, core->resvs.by_name, resv, next)
    {
        if (resv->msg->start_us >= resv->msg->end_us)
            return err_set (err, 0, "reservation %s ends before it starts", resv->msg->name);
        if (resv_find (core, resv->msg->name) != resv || check_one (core, resv, err))
            return -1;
    }
    for (size_t i = 0; i < core->resvs.ends.n; i++) {
        const struct inside *inside = container_of (core->resvs.ends.items[i], struct inside, timer);
        if (inside->task->inside != inside || inside->over || !is_active (inside->task))
            return err_set (err, 0, "what is to end with a reservation is not there");
    }
    return 0;
}
