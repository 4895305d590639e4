/* resv_nodes.c - which nodes a reservation gets: those that are named, if no other reservation and no job has them
 * then; or so many that are free of both, idle ones first, in the order of the configuration. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/hostlist.h"
#include "base/mem.h"
#include "core/constraint.h"
#include "core/resv_inside.h"
#include "core/state.h"

struct choice {
    const struct core *core;
    const Moisson__ResvOpRequest *asked;
    const struct resv *old; /* NULL: it is made */
    usec_t now;
    Moisson__Resv *resv;
};

bool resv_may_overlap (const Moisson__Resv *a, const Moisson__Resv *b)
{
    return (a->flags | b->flags) & (RESV_MAINT | RESV_OVERLAP);
}

/* --- what stands in the way --------------------------------------------------------------------------------------- */

static uint32_t less (uint32_t n, uint32_t by)
{
    return n > by ? n - by : 0;
}

/* CPUs of the node that no other reservation has at the same time; *ret_other: one that has some. */
static uint32_t unreserved (const struct choice *c, const struct node *node, const struct resv **ret_other)
{
    const struct resv *other, *next;
    uint32_t left = node->cpus;

    HASH_ITER (hh, c->core->resvs.by_name, other, next)
    {
        if (other == c->old || resv_may_overlap (other->msg, c->resv) || node->index / 64 >= other->words ||
            !(other->mask[node->index / 64] >> node->index % 64 & 1) || !resv_msgs_meet (other->msg, c->resv))
            continue;
        for (size_t i = 0; i < other->msg->n_nodes; i++)
            if (other->list[i].node == node)
                left = less (left, other->list[i].cpus);
        *ret_other = other;
    }
    return left;
}

static usec_t ends (const struct core *core, const struct task *task)
{
    return resv_until (task->start_us ? task->start_us : core->now, task_time_limit (core, task));
}

/* CPUs that no job may have still when the reservation starts; *ret_task: one that may. */
static uint32_t unused (const struct choice *c, const struct node *node, const struct task **ret_task)
{
    uint32_t left = node->cpus;

    for (const struct share *share = node->shares; share && !(c->resv->flags & RESV_IGNORE_JOBS); share = share->next) {
        const struct task *task = share->task;
        const char *in = task ? row_facts (task->job, task)->spec->reservation : NULL;
        if (!task || ends (c->core, task) <= c->resv->start_us || (in && !strcmp (in, c->resv->name)))
            continue;
        left = less (left, node_hold (node, share->cpus));
        *ret_task = task;
    }
    return left;
}

static int refuse_overlap (const struct choice *c, const struct node *node, const struct resv *other, struct err *err)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_RESV_OVERLAP,
             "Requested reservation overlaps with another reservation: %s has node %s at the same time",
             other->msg->name, node_name (node));
    (void) c;
    return err_fix (err, "take other nodes or another time, or Flags=OVERLAP, or MAINT where nodes are repaired");
}

static int refuse_busy (const struct choice *c, const struct node *node, const struct task *task, struct err *err)
{
    usec_t end = ends (c->core, task);
    char when[64] = "without a limit";

    if (end != UINT64_MAX)
        time_format (end, NULL, "", when, sizeof when);
    err_set (err, MOISSON__FAIL_CODE__FAIL_NODES_BUSY, "Requested nodes are busy: job %" PRIu64 " may run on %s %s%s",
             task->raw_id, node_name (node), end == UINT64_MAX ? "" : "until ", when);
    return err_fix (err, "start later, or with Flags=IGNORE_JOBS: what runs there then goes on");
}

/* --- building ----------------------------------------------------------------------------------------------------- */

static void forget_nodes (Moisson__Resv *resv)
{
    for (size_t i = 0; i < resv->n_nodes; i++)
        moisson__resv_node__free_unpacked (resv->nodes[i], NULL);
    free (resv->nodes);
    resv->nodes = NULL;
    resv->n_nodes = 0;
}

/* cpus 0: all of it */
static void add_node (Moisson__Resv *resv, const struct node *node, uint32_t cpus)
{
    Moisson__ResvNode *add = xmalloc (sizeof *add);

    moisson__resv_node__init (add);
    add->node = xstrdup (node_name (node));
    add->has_cpus = cpus && cpus < node->cpus;
    add->cpus = cpus;
    resv->nodes = xrealloc (resv->nodes, (resv->n_nodes + 1) * sizeof *resv->nodes);
    resv->nodes[resv->n_nodes++] = add;
}

static bool has_node (const Moisson__Resv *resv, const char *name)
{
    for (size_t i = 0; i < resv->n_nodes; i++)
        if (!strcmp (resv->nodes[i]->node, name))
            return true;
    return false;
}

static uint32_t cpus_of (const struct node *node, uint32_t cores)
{
    uint64_t threads = node->conf->threads_per_core ? node->conf->threads_per_core : 1;

    return cores * threads > node->cpus ? node->cpus : (uint32_t) (cores * threads);
}

/* --- those that are named ----------------------------------------------------------------------------------------- */

static struct partition *partition_asked (const struct choice *c)
{
    return c->resv->partition ? partition_find (c->core, c->resv->partition) : c->core->partitions.standard;
}

/* ALL of the partition, if one is named, or of the cluster. */
static int names_of (const struct choice *c, struct hostlist **ret, struct err *err)
{
    const struct partition *partition = c->resv->partition ? partition_find (c->core, c->resv->partition) : NULL;

    if (strcasecmp (c->asked->nodes, "ALL")) {
        if (hostlist_parse (ret, c->asked->nodes, err))
            return err_what (err, "Invalid node name specified");
        c->resv->flags |= RESV_SPEC_NODES;
        return 0;
    }
    *ret = hostlist_create ();
    for (size_t i = 0; i < c->core->nodes.n; i++)
        if (!node_left (c->core->nodes.list[i]) && (!partition || (partition->nodes[i / 64] >> i % 64 & 1)))
            hostlist_add (*ret, node_name (c->core->nodes.list[i]));
    c->resv->flags |= RESV_SPEC_NODES | (partition ? 0 : RESV_ALL_NODES);
    return 0;
}

static void remove_named (const struct choice *c, const struct hostlist *names)
{
    Moisson__Resv *resv = c->resv;
    size_t n = 0;

    for (size_t i = 0; i < resv->n_nodes; i++) {
        bool gone = false;
        for (size_t k = 0; k < hostlist_count (names); k++)
            gone |= !strcmp (hostlist_nth (names, k), resv->nodes[i]->node);
        if (gone)
            moisson__resv_node__free_unpacked (resv->nodes[i], NULL);
        else
            resv->nodes[n++] = resv->nodes[i];
    }
    resv->n_nodes = n;
}

static int refuse_cores (struct err *err)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_COUNT,
             "Node count specification invalid: core count for reservation node list is not consistent");
    return err_fix (err, "give CoreCnt a number for each node of Nodes: Nodes=n[1-2] CoreCnt=4,4");
}

static int take_named (const struct choice *c, struct err *err)
{
    _cleanup_hostlist_ struct hostlist *names = NULL;
    Moisson__ListHow how = c->asked->nodes_how;

    if (names_of (c, &names, err))
        return -1;
    hostlist_sort_unique (names);
    for (size_t i = 0; i < hostlist_count (names); i++) {
        const struct node *node = node_find (c->core, hostlist_nth (names, i));
        if (node && !node_left (node))
            continue;
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "Invalid node name specified: there is no node %s",
                 hostlist_nth (names, i));
        return err_fix (err, "name nodes of the cluster (see: sinfo -N)");
    }
    if (c->asked->n_core_cnt && c->asked->n_core_cnt != hostlist_count (names))
        return refuse_cores (err);
    if (how == MOISSON__LIST_HOW__LIST_REMOVE) {
        remove_named (c, names);
        return 0;
    }
    if (how == MOISSON__LIST_HOW__LIST_SET)
        forget_nodes (c->resv);
    for (size_t i = 0; i < hostlist_count (names); i++) {
        const struct node *node = node_find (c->core, hostlist_nth (names, i));
        if (!has_node (c->resv, node_name (node)))
            add_node (c->resv, node, c->asked->n_core_cnt ? cpus_of (node, c->asked->core_cnt[i]) : 0);
    }
    return 0;
}

/* --- so many ------------------------------------------------------------------------------------------------------ */

struct candidate {
    const struct node *node;
    uint32_t cpus; /* that it could give */
};

static int idle_first (const void *a, const void *b)
{
    const struct node *x = ((const struct candidate *) a)->node, *y = ((const struct candidate *) b)->node;
    bool busy_x = x->n_shares > 0, busy_y = y->n_shares > 0;

    if (busy_x != busy_y)
        return busy_x ? 1 : -1;
    return x->index < y->index ? -1 : 1;
}

/* Nodes of the partition that take work, have the features, and have CPUs for it then. */
static size_t candidates (const struct choice *c, struct candidate *list)
{
    const struct partition *partition = partition_asked (c);
    const struct resv *other = NULL;
    const struct task *task = NULL;
    size_t n = 0;

    for (size_t i = 0; partition && i < c->core->nodes.n; i++) {
        const struct node *node = c->core->nodes.list[i];
        uint32_t free, quiet;
        if (!(partition->nodes[i / 64] >> i % 64 & 1) || node_left (node) || !node->up || node->marks & MARKS_CLOSED ||
            (c->resv->features && !constraint_met (c->resv->features, node->conf->features)) ||
            has_node (c->resv, node_name (node)))
            continue;
        free = unreserved (c, node, &other);
        quiet = unused (c, node, &task);
        list[n++] = (struct candidate){.node = node, .cpus = free < quiet ? free : quiet};
    }
    if (n)
        qsort (list, n, sizeof *list, idle_first);
    return n;
}

static int refuse_few (const struct choice *c, const char *what, uint32_t asked, uint32_t there, struct err *err)
{
    const struct partition *partition = partition_asked (c);

    err_set (err, MOISSON__FAIL_CODE__FAIL_NODES_BUSY,
             "Requested nodes are busy: %" PRIu32 " %s asked, partition %s has %" PRIu32
             " that are up, %sand free of jobs and of other reservations then",
             asked, what, partition ? partition->name : "(none)", there, c->resv->features ? "have the features " : "");
    return err_fix (err, "ask for fewer, for another time or partition, or with Flags=IGNORE_JOBS or OVERLAP");
}

static int take_nodes (const struct choice *c, uint32_t asked, struct err *err)
{
    _cleanup_free_ struct candidate *list = xcalloc (c->core->nodes.n + 1, sizeof *list);
    uint32_t have = (uint32_t) c->resv->n_nodes, there = have;
    size_t n;

    while (c->resv->n_nodes > asked) /* an update to fewer */
        moisson__resv_node__free_unpacked (c->resv->nodes[--c->resv->n_nodes], NULL);
    n = candidates (c, list);
    for (size_t i = 0; i < n; i++) {
        if (list[i].cpus < list[i].node->cpus)
            continue;
        there++;
        if (have < asked) {
            add_node (c->resv, list[i].node, 0);
            have++;
        }
    }
    return have < asked ? refuse_few (c, "nodes", asked, there, err) : 0;
}

static int take_cores (const struct choice *c, uint32_t asked, struct err *err)
{
    _cleanup_free_ struct candidate *list = xcalloc (c->core->nodes.n + 1, sizeof *list);
    size_t n = candidates (c, list);
    uint32_t left = asked;

    for (size_t i = 0; i < n && left; i++) {
        uint32_t threads = list[i].node->conf->threads_per_core ? list[i].node->conf->threads_per_core : 1;
        uint32_t cores = list[i].cpus / threads < left ? list[i].cpus / threads : left;
        if (cores)
            add_node (c->resv, list[i].node, cores * threads);
        left -= cores;
    }
    return left ? refuse_few (c, "cores", asked, asked - left, err) : 0;
}

static int check_features (const struct choice *c, struct err *err)
{
    const struct partition *partition = partition_asked (c);

    if (!c->asked->features || !c->resv->features)
        return 0;
    if (constraint_check (c->resv->features, NULL) == 0)
        for (size_t i = 0; partition && i < c->core->nodes.n; i++)
            if ((partition->nodes[i / 64] >> i % 64 & 1) &&
                constraint_met (c->resv->features, c->core->nodes.list[i]->conf->features))
                return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_FEATURE, "Invalid feature specification: no node of partition %s has \"%s\"",
             partition ? partition->name : "(none)", c->resv->features);
    return err_fix (err, "see what they have: sinfo -o '%%P %%n %%f'");
}

static bool was_so (const struct choice *c, const char *name)
{
    return c->old && c->resv->start_us >= c->old->msg->start_us && has_node (c->old->msg, name);
}

/* Each node of it, whoever chose it: another reservation may have come with the new time. */
static int check_nodes (const struct choice *c, struct err *err)
{
    for (size_t i = 0; i < c->resv->n_nodes; i++) {
        const struct node *node = node_find (c->core, c->resv->nodes[i]->node);
        const struct resv *other = NULL;
        const struct task *task = NULL;
        uint32_t asked;
        if (!node || node_left (node))
            continue;
        asked = c->resv->nodes[i]->has_cpus ? c->resv->nodes[i]->cpus : node->cpus;
        if (unreserved (c, node, &other) < asked)
            return refuse_overlap (c, node, other, err);
        if (!was_so (c, node_name (node)) && unused (c, node, &task) < asked)
            return refuse_busy (c, node, task, err);
    }
    return 0;
}

int resv_choose_nodes (const struct core *core, const Moisson__ResvOpRequest *asked, const struct resv *old, usec_t now,
                       Moisson__Resv *resv, struct err *err)
{
    const struct choice c = {.core = core, .asked = asked, .old = old, .now = now, .resv = resv};
    bool cores = asked->n_core_cnt > 0;

    if (check_features (&c, err))
        return -1;
    if (old && old->partial && (asked->nodes || asked->has_node_cnt || cores)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_RESV_INVALID, "Core-based reservation can not be updated");
        return err_fix (err, "delete it and make another one");
    }
    if (asked->nodes && *asked->nodes && take_named (&c, err))
        return -1;
    if (!asked->nodes && asked->has_node_cnt && asked->node_cnt && take_nodes (&c, asked->node_cnt, err))
        return -1;
    if (!asked->nodes && !asked->has_node_cnt && cores) {
        if (old)
            return refuse_cores (err);
        uint64_t sum = 0;
        for (size_t i = 0; i < asked->n_core_cnt; i++)
            sum += asked->core_cnt[i];
        if (take_cores (&c, sum > UINT32_MAX ? UINT32_MAX : (uint32_t) sum, err))
            return -1;
    }
    if (!resv->n_nodes && !(resv->flags & RESV_ANY_NODES)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "Invalid node name specified: it has no nodes");
        return err_fix (err, "give Nodes, NodeCnt or CoreCnt; or, for licences alone, Flags=LICENSE_ONLY");
    }
    return check_nodes (&c, err);
}
