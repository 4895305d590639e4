/* sinfo_groups.c - one pass over all (partition, node) pairs. */
#include "sinfo_groups.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uthash.h>
#include "base/mem.h"

struct group { /* a row under construction */
    struct sinfo_row row;
    size_t partition_at; /* place of its first partition, for the order */
    UT_hash_handle hh;
};

struct known { /* a node, and the groups it is in: as many as partitions at most */
    const Moisson__NodeInfo *node;
    struct group **groups;
    size_t n, room;
    UT_hash_handle hh;
};

struct build {
    const struct sinfo_options *options;
    struct known *nodes;
    struct group *groups;
};

static bool is_unavailable (const Moisson__NodeInfo *node)
{
    static const char *const words[] = {"down", "drain", "fail", "inval", "reboot_issued", "unknown", "no_respond"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (sinfo_state_matches (words[i], node))
            return true;
    return false;
}

static void count (struct sinfo_row *row, const Moisson__NodeInfo *node)
{
    uint64_t alloc = node->alloc_cpus < node->cpus ? node->alloc_cpus : node->cpus, left = node->cpus - alloc;
    bool unavailable = is_unavailable (node);

    row->cpus.total += node->cpus;
    row->cpus.alloc += alloc;
    *(unavailable ? &row->cpus.other : &row->cpus.idle) += left;
    row->nodes.total++;
    if (alloc && !sinfo_state_matches ("down", node))
        row->nodes.alloc++;
    else if (unavailable)
        row->nodes.other++;
    else
        row->nodes.idle++;
}

static void measure (const Moisson__NodeInfo *node, double ret[SPAN_COUNT])
{
    ret[SPAN_CPUS] = node->cpus;
    ret[SPAN_MEM] = (double) node->mem_mb;
    ret[SPAN_FREE_MEM] = node->has_free_mem_mb ? (double) node->free_mem_mb : -1;
    ret[SPAN_LOAD] = node->has_load ? node->load : -1;
    ret[SPAN_WEIGHT] = node->has_weight ? node->weight : 1;
    ret[SPAN_DISK] = (double) node->tmp_disk_mb;
    ret[SPAN_SOCKETS] = node->has_sockets ? node->sockets : 1;
    ret[SPAN_CORES] = node->has_cores_per_socket ? node->cores_per_socket : node->cpus;
    ret[SPAN_THREADS] = node->has_threads_per_core ? node->threads_per_core : 1;
}

static void widen (struct sinfo_row *row, const Moisson__NodeInfo *node, bool first)
{
    double values[SPAN_COUNT];

    measure (node, values);
    for (size_t i = 0; i < SPAN_COUNT; i++) {
        struct sinfo_span *span = &row->spans[i];
        if (first || values[i] < span->min)
            span->min = values[i];
        if (first || values[i] > span->max)
            span->max = values[i];
    }
}

static struct group *group_of (struct build *b, const Moisson__PartitionInfo *partition, size_t partition_at,
                               const Moisson__NodeInfo *node)
{
    struct sinfo_row pair = {.partition = partition, .node = node, .time_format = b->options->time_format};
    _cleanup_buf_ struct buf key = BUF_INIT;
    struct group *group;

    if (node)
        widen (&pair, node, true);
    b->options->key (b->options->arg, &pair, &key);
    const char *text = buf_str (&key);
    HASH_FIND (hh, b->groups, text, key.len, group);
    if (group)
        return group;
    group = xcalloc (1, sizeof *group);
    group->row = pair;
    group->row.names = hostlist_create ();
    group->row.key = xmemdup (text, key.len + 1);
    group->partition_at = partition_at;
    HASH_ADD_KEYPTR (hh, b->groups, group->row.key, key.len, group);
    return group;
}

static void add_node (struct group *group, struct known *known)
{
    const Moisson__NodeInfo *node = known->node;

    for (size_t i = 0; i < known->n; i++)
        if (known->groups[i] == group)
            return;
    GROW (known->groups, known->n, known->room);
    known->groups[known->n++] = group;
    widen (&group->row, node, group->row.nodes.total == 0);
    if (!group->row.node)
        group->row.node = node;
    count (&group->row, node);
    hostlist_add (group->row.names, node->name);
}

static int add_partition (struct build *b, const Moisson__PartitionInfo *partition, size_t at, struct err *err)
{
    _cleanup_hostlist_ struct hostlist *names = NULL;
    const struct sinfo_options *o = b->options;
    size_t found = 0;

    if (hostlist_parse (&names, partition->nodes ? partition->nodes : "", err))
        return -1;
    for (size_t i = 0; i < hostlist_count (names); i++) {
        const char *name = hostlist_nth (names, i);
        struct known *known;
        HASH_FIND_STR (b->nodes, name, known);
        if (!known)
            continue;
        bool wanted = o->want (o->arg, partition, known->node);
        found += wanted || !o->by_partition;
        if (wanted)
            add_node (group_of (b, partition, at, known->node), known);
    }
    if (!found && !o->no_empty && o->want (o->arg, partition, NULL))
        group_of (b, partition, at, NULL);
    return 0;
}

static int state_rank (const Moisson__NodeInfo *node)
{
    static const char *const order[] = {"down", "fail", "drain", "completing", "mixed", "allocated", "idle"};

    for (int i = 0; node && i < (int) (sizeof order / sizeof *order); i++)
        if (sinfo_state_matches (order[i], node))
            return i;
    return 99;
}

static int compare_names (const struct group *a, const struct group *b)
{
    if (!a->row.node || !b->row.node)
        return !b->row.node - !a->row.node;
    return strverscmp (a->row.node->name, b->row.node->name);
}

static int by_partition (struct group *a, struct group *b)
{
    if (a->partition_at != b->partition_at)
        return a->partition_at < b->partition_at ? -1 : 1;
    int ra = state_rank (a->row.node), rb = state_rank (b->row.node);
    return ra != rb ? ra - rb : compare_names (a, b);
}

static int by_node (struct group *a, struct group *b)
{
    int c = compare_names (a, b);

    return c ? c : by_partition (a, b);
}

static void free_row (struct sinfo_row *row)
{
    hostlist_free (row->names);
    free (row->key);
    free (row); /* the group that it begins */
}

/* Rows in order; the groups live on as rows. */
static void finish (struct build *b, struct sinfo_table *ret)
{
    struct group *group, *next;

    if (b->options->by_node)
        HASH_SORT (b->groups, by_node);
    else
        HASH_SORT (b->groups, by_partition);
    ret->rows = xcalloc (HASH_COUNT (b->groups), sizeof *ret->rows);
    HASH_ITER (hh, b->groups, group, next)
    {
        HASH_DEL (b->groups, group);
        hostlist_sort_unique (group->row.names);
        ret->rows[ret->n++] = &group->row;
    }
}

int sinfo_table_build (struct sinfo_table *ret, Moisson__NodeInfo **nodes, size_t n_nodes,
                       Moisson__PartitionInfo **partitions, size_t n_partitions, const struct sinfo_options *options,
                       struct err *err)
{
    struct build b = {.options = options};
    struct known *all = xcalloc (n_nodes, sizeof *all), *known;
    int r = 0;

    for (size_t i = 0; i < n_nodes; i++) {
        HASH_FIND_STR (b.nodes, nodes[i]->name, known);
        if (known)
            continue;
        all[i].node = nodes[i];
        known = &all[i];
        HASH_ADD_KEYPTR (hh, b.nodes, nodes[i]->name, strlen (nodes[i]->name), known);
    }
    for (size_t i = 0; i < n_partitions && !r; i++)
        r = add_partition (&b, partitions[i], i, err);
    *ret = (struct sinfo_table){0};
    finish (&b, ret);
    HASH_CLEAR (hh, b.nodes);
    for (size_t i = 0; i < n_nodes; i++)
        free (all[i].groups);
    free (all);
    if (r)
        sinfo_table_clear (ret);
    return r;
}

void sinfo_table_clear (struct sinfo_table *table)
{
    for (size_t i = 0; i < table->n; i++)
        free_row (table->rows[i]);
    free (table->rows);
    *table = (struct sinfo_table){0};
}
