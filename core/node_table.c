/* node_table.c - nodes as configured, and their index by free cpus. */
#include <string.h>
#include <utlist.h>
#include "base/mem.h"
#include "core/held.h"
#include "core/spec.h"
#include "core/state.h"

struct node *node_find (const struct core *core, const char *name)
{
    struct node *node;

    HASH_FIND (hh, core->nodes.by_name, name, strlen (name), node);
    return node;
}

uint64_t boot_hash (const char *boot_id)
{
    uint64_t hash = 14695981039346656037ULL; /* FNV-1a, 64 bit */

    for (const char *p = boot_id; *p; p++)
        hash = (hash ^ (uint8_t) *p) * 1099511628211ULL;
    return hash ? hash : 1;
}

bool node_usable (const struct node *node)
{
    return node->up && node->session && !(node->marks & MARKS_CLOSED) && !node_left (node) && !node->n_strays;
}

/* --- the index ---------------------------------------------------------------------------------------------------- */

static void bucket_leave (struct node_table *nodes, struct node *node)
{
    if (node->bucket == NODE_NOWHERE)
        return;
    nodes->buckets[node->bucket][node->index / 64] &= ~(1ULL << node->index % 64);
    nodes->in_bucket[node->bucket]--;
    nodes->n_open -= node->bucket > 0;
    node->bucket = NODE_NOWHERE;
}

static void bucket_join (struct node_table *nodes, struct node *node, uint32_t bucket)
{
    if (!nodes->buckets[bucket])
        nodes->buckets[bucket] = xcalloc (nodes->words, sizeof (uint64_t));
    nodes->buckets[bucket][node->index / 64] |= 1ULL << node->index % 64;
    nodes->in_bucket[bucket]++;
    nodes->n_open += bucket > 0;
    node->bucket = bucket;
}

void node_freed (struct core *core, struct node *node)
{
    core->shapes.round++;
    if (node->freed || node->bucket == NODE_NOWHERE)
        return;
    node->freed = true;
    DL_APPEND2 (core->nodes.freed, node, freed_prev, freed_next);
}

void node_offered (struct core *core, struct node *node)
{
    if (node->freed)
        DL_DELETE2 (core->nodes.freed, node, freed_prev, freed_next);
    node->freed = false;
}

void node_reindex (struct core *core, struct node *node)
{
    uint32_t bucket = node_usable (node) ? node_free_cpus (node) : NODE_NOWHERE;
    bool back = node->bucket == NODE_NOWHERE;

    if (bucket == node->bucket)
        return;
    bucket_leave (&core->nodes, node);
    if (bucket != NODE_NOWHERE)
        bucket_join (&core->nodes, node, bucket);
    if (back)
        node_freed (core, node);
}

static void buckets_free (struct node_table *nodes)
{
    for (size_t i = 0; nodes->buckets && i <= nodes->max_cpus; i++)
        free (nodes->buckets[i]);
    free (nodes->buckets);
    free (nodes->in_bucket);
    nodes->buckets = NULL;
    nodes->in_bucket = NULL;
    nodes->n_open = 0;
}

static int by_weight (const void *a, const void *b)
{
    const struct node *x = *(struct node *const *) a, *y = *(struct node *const *) b;

    if (node_left (x) != node_left (y))
        return node_left (x) ? 1 : -1;
    if (x->weight != y->weight)
        return x->weight < y->weight ? -1 : 1;
    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return strcmp (node_name (x), node_name (y));
}

void node_table_index (struct core *core)
{
    struct node_table *nodes = &core->nodes;
    struct node *node, *next;

    buckets_free (nodes);
    nodes->n = 0;
    nodes->max_cpus = nodes->all_cpus = nodes->all_gpus = 0;
    nodes->all_mem_mb = 0;
    nodes->list = xrealloc (nodes->list, (HASH_COUNT (nodes->by_name) + 1) * sizeof *nodes->list);
    HASH_ITER (hh, nodes->by_name, node, next)
    {
        nodes->list[nodes->n++] = node;
        nodes->all_cpus += node->cpus;
        nodes->all_gpus += node->gpus;
        nodes->all_mem_mb += node->mem_mb;
        if (node->cpus > nodes->max_cpus)
            nodes->max_cpus = node->cpus;
    }
    qsort (nodes->list, nodes->n, sizeof *nodes->list, by_weight);
    nodes->words = nodes->n / 64 + 1;
    nodes->buckets = xcalloc (nodes->max_cpus + 1, sizeof *nodes->buckets);
    nodes->in_bucket = xcalloc (nodes->max_cpus + 1, sizeof *nodes->in_bucket);
    for (size_t i = 0; i < nodes->n; i++) {
        nodes->list[i]->index = (uint32_t) i;
        nodes->list[i]->bucket = NODE_NOWHERE;
        node_reindex (core, nodes->list[i]);
    }
}

/* --- the configuration -------------------------------------------------------------------------------------------- */

static void node_remove (struct node_table *nodes, struct node *node)
{
    if (node->freed)
        DL_DELETE2 (nodes->freed, node, freed_prev, freed_next);
    HASH_DELETE (hh, nodes->by_name, node);
    nodes->n_up -= node->up;
    nodes->n_reboots -= (node->marks & (MARK_REBOOT | MARK_REBOOTING)) != 0;
    while (node->shares) /* only what is held is left by now */
        held_drop (node);
    if (node->kept)
        moisson__node_conf__free_unpacked (node->kept, NULL);
    if (node->facts)
        moisson__register__free_unpacked (node->facts, NULL);
    free (node->reason);
    free (node->misfit);
    free (node->strays);
    free (node);
}

static struct node *node_add (struct core *core, const Moisson__NodeConf *conf)
{
    struct node *node = xcalloc (1, sizeof *node);

    node->conf = conf;
    node->core_cpus = 1;
    node->bucket = NODE_NOWHERE;
    HASH_ADD_KEYPTR (hh, core->nodes.by_name, conf->name, strlen (conf->name), node);
    return node;
}

/* The name is the key of the hash: a node is taken out and put back when the text behind it moves. */
static void node_rename (struct core *core, struct node *node, const Moisson__NodeConf *conf)
{
    HASH_DELETE (hh, core->nodes.by_name, node);
    node->conf = conf;
    HASH_ADD_KEYPTR (hh, core->nodes.by_name, conf->name, strlen (conf->name), node);
}

static void node_size (struct core *core, struct node *node, const Moisson__NodeConf *conf)
{
    uint32_t cpus = conf->cpus > conf->spec_cpus ? conf->cpus - conf->spec_cpus : 0;

    node->core_cpus = conf->core_cpus ? conf->core_cpus : 1;
    node->cpus = cpus - cpus % node->core_cpus;
    node->mem_mb = conf->mem_mb > conf->spec_mem_mb ? conf->mem_mb - conf->spec_mem_mb : 0;
    node->used_cpus = 0;
    for (const struct share *share = node->shares; share; share = share->next)
        node->used_cpus += node_hold (node, share->cpus);
    node->weight = conf->has_weight ? conf->weight : 1;
    gres_node_size (core, node);
    node->excess = node_over (node);
}

static void node_from_file (struct core *core, struct node *node, const Moisson__NodeConf *conf)
{
    static const struct {
        const char *word;
        enum mark mark;
    } words[] = {{"DOWN", MARK_DOWN}, {"DRAIN", MARK_DRAIN}, {"FAIL", MARK_FAIL}};

    for (size_t i = 0; conf->state && i < sizeof words / sizeof *words; i++)
        if (!strcasecmp (conf->state, words[i].word))
            node_mark (core, node, words[i].mark, BY_PERSON, NULL, conf->reason ? conf->reason : "as configured");
}

static void leave (struct core *core, struct node *node)
{
    if (!node->n_shares) {
        node_remove (&core->nodes, node);
        return;
    }
    if (!node_left (node)) {
        node->kept = message_copy (&node->conf->base);
        node_rename (core, node, node->kept);
    }
}

static void enter (struct core *core, const Moisson__NodeConf *conf, uint32_t place)
{
    struct node *node = node_find (core, conf->name);

    if (!node) {
        node = node_add (core, conf);
        node_from_file (core, node, conf);
    } else {
        node_rename (core, node, conf);
        if (node->kept)
            moisson__node_conf__free_unpacked (node->kept, NULL);
        node->kept = NULL;
    }
    node_size (core, node, conf);
    node->index = place;
}

void node_table_configure (struct core *core)
{
    struct node *node, *next;

    HASH_ITER (hh, core->nodes.by_name, node, next)
    node->index = UINT32_MAX;
    for (size_t i = 0; i < core->config->n_nodes; i++)
        enter (core, core->config->nodes[i], (uint32_t) i);
    HASH_ITER (hh, core->nodes.by_name, node, next)
    if (node->index == UINT32_MAX)
        leave (core, node);
    node_table_index (core);
}

void node_table_drop_left (struct core *core)
{
    struct node_table *nodes = &core->nodes;
    size_t n = 0;

    for (size_t i = 0; i < nodes->n; i++) { /* they are in no bucket and no partition: nobody knows their place */
        struct node *node = nodes->list[i];
        if (node_left (node) && !node->n_shares) {
            node_remove (nodes, node);
            continue;
        }
        node->index = (uint32_t) n;
        nodes->list[n++] = node;
    }
    nodes->n = n;
}

void node_table_add_left (struct core *core, const Moisson__NodeConf *conf)
{
    Moisson__NodeConf *kept = message_copy (&conf->base);
    struct node *node = node_add (core, kept);

    node->kept = kept;
    node_size (core, node, kept);
    node->index = UINT32_MAX;
}

void node_table_clear (struct node_table *nodes)
{
    struct node *node, *next;

    buckets_free (nodes);
    HASH_ITER (hh, nodes->by_name, node, next)
    node_remove (nodes, node);
    free (nodes->list);
    *nodes = (struct node_table){0};
}
