/* partition.c - partitions as configured. */
#include "core/partition.h"
#include <string.h>
#include "base/mem.h"
#include "core/state.h"

/* What each state of the file means. */
static const struct {
    const char *state;
    bool accepts, starts;
} states[] = {
    {"UP", true, true},
    {"DOWN", true, false},
    {"DRAIN", false, true},
    {"INACTIVE", false, false},
};

static bool state_says (const struct partition *partition, bool starts)
{
    if (!partition || !partition->conf)
        return false;
    for (size_t i = 0; partition->conf->state && i < sizeof states / sizeof *states; i++)
        if (!strcasecmp (partition->conf->state, states[i].state))
            return starts ? states[i].starts : states[i].accepts;
    return true;
}

bool partition_starts (const struct partition *partition)
{
    return state_says (partition, true);
}

bool partition_accepts (const struct partition *partition)
{
    return state_says (partition, false);
}

struct partition *partition_find (const struct core *core, const char *name)
{
    struct partition *partition;

    HASH_FIND_STR (core->partitions.by_name, name, partition);
    return partition;
}

static struct partition *intern (struct core *core, const char *name)
{
    struct partition *partition = partition_find (core, name);

    if (partition)
        return partition;
    partition = xcalloc (1, sizeof *partition + strlen (name) + 1);
    strcpy (partition->name, name);
    HASH_ADD_STR (core->partitions.by_name, name, partition);
    return partition;
}

const char *partition_intern (struct core *core, const char *name)
{
    return intern (core, name)->name;
}

struct partition *partition_of_spec (const struct core *core, const Moisson__JobSpec *spec)
{
    struct partition *partition = core->partitions.standard;

    if (spec->partition && *spec->partition)
        partition = partition_find (core, spec->partition);
    return partition && partition->conf ? partition : NULL;
}

static void fill (struct core *core, struct partition *partition, const Moisson__PartitionConf *conf)
{
    partition->conf = conf;
    free (partition->nodes);
    partition->nodes = xcalloc (core->nodes.words, sizeof *partition->nodes);
    for (size_t i = 0; i < conf->n_nodes; i++) {
        const struct node *node = node_find (core, conf->nodes[i]);
        if (node && !node_left (node))
            partition->nodes[node->index / 64] |= 1ULL << node->index % 64;
    }
    if (conf->is_default)
        core->partitions.standard = partition;
}

void partition_configure (struct core *core)
{
    struct partition *partition, *next;

    core->partitions.standard = NULL;
    HASH_ITER (hh, core->partitions.by_name, partition, next)
    partition->conf = NULL;
    for (size_t i = 0; i < core->config->n_partitions; i++)
        fill (core, intern (core, core->config->partitions[i]->name), core->config->partitions[i]);
}

void partition_clear (struct partition_table *partitions)
{
    struct partition *partition, *next;

    HASH_ITER (hh, partitions->by_name, partition, next)
    {
        HASH_DELETE (hh, partitions->by_name, partition);
        free (partition->nodes);
        free (partition);
    }
    *partitions = (struct partition_table){0};
}
