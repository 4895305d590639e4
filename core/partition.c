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

/* Asked for each shape in each cycle: so it is looked up once. */
static void read_state (struct partition *partition)
{
    const char *state = partition->conf->state;

    partition->starts = partition->accepts = true;
    for (size_t i = 0; state && i < sizeof states / sizeof *states; i++)
        if (!strcasecmp (state, states[i].state)) {
            partition->starts = states[i].starts;
            partition->accepts = states[i].accepts;
        }
}

uint64_t partition_time_limit (const struct partition *partition, const Moisson__JobSpec *spec)
{
    if (spec->has_time_limit_s)
        return spec->time_limit_s;
    if (!partition || !partition->conf)
        return 0;
    return partition->conf->default_time_s ? partition->conf->default_time_s : partition->conf->max_time_s;
}

bool partition_starts (const struct partition *partition)
{
    return partition && partition->conf && partition->starts;
}

bool partition_accepts (const struct partition *partition)
{
    return partition && partition->conf && partition->accepts;
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

/* Borrows from both. */
static Moisson__PartitionConf merge (const Moisson__PartitionConf *conf, const Moisson__PartitionSet *set)
{
    Moisson__PartitionConf merged = *conf;

    if (!set)
        return merged;
    merged.state = set->state ? set->state : conf->state;
    merged.max_time_s = set->has_max_time_s ? set->max_time_s : conf->max_time_s;
    merged.default_time_s = set->has_default_time_s ? set->default_time_s : conf->default_time_s;
    merged.is_default = set->has_is_default ? set->is_default : conf->is_default;
    merged.min_nodes = set->has_min_nodes ? set->min_nodes : conf->min_nodes;
    merged.max_nodes = set->has_max_nodes ? set->max_nodes : conf->max_nodes;
    return merged;
}

static void fill (struct core *core, struct partition *partition, const Moisson__PartitionConf *conf)
{
    partition->merged = merge (conf, partition->set);
    partition->conf = &partition->merged;
    read_state (partition);
    free (partition->nodes);
    partition->nodes = xcalloc (core->nodes.words, sizeof *partition->nodes);
    for (size_t i = 0; i < conf->n_nodes; i++) {
        const struct node *node = node_find (core, conf->nodes[i]);
        if (node && !node_left (node))
            partition->nodes[node->index / 64] |= 1ULL << node->index % 64;
    }
    if (partition->merged.is_default)
        core->partitions.standard = partition;
    if ((conf->has_job_factor ? conf->job_factor : 1) > core->partitions.highest_factor)
        core->partitions.highest_factor = conf->has_job_factor ? conf->job_factor : 1;
}

static void forget_set (struct partition *partition)
{
    if (partition->set)
        moisson__partition_set__free_unpacked (partition->set, NULL);
    partition->set = NULL;
}

void partition_forget_sets (struct core *core)
{
    struct partition *partition, *next;

    HASH_ITER (hh, core->partitions.by_name, partition, next)
    forget_set (partition);
}

void partition_find_places (struct core *core)
{
    struct partition *partition, *next;

    HASH_ITER (hh, core->partitions.by_name, partition, next)
    partition->place = core->policies.place_find && partition->conf && partition->conf->place
                           ? core->policies.place_find (partition->conf->place)
                           : NULL;
}

void partition_configure (struct core *core)
{
    struct partition *partition, *next;

    core->partitions.standard = NULL;
    core->partitions.highest_factor = 0;
    HASH_ITER (hh, core->partitions.by_name, partition, next)
    partition->conf = NULL;
    for (size_t i = 0; i < core->config->n_partitions; i++)
        fill (core, intern (core, core->config->partitions[i]->name), core->config->partitions[i]);
    HASH_ITER (hh, core->partitions.by_name, partition, next)
    {
        if (!partition->conf)
            forget_set (partition);
        else if (partition->set && partition->set->has_is_default && partition->set->is_default)
            core->partitions.standard = partition; /* rather than the one of the file */
    }
    partition_find_places (core);
}

/* One message after the other is both of them, the later one counting. */
static Moisson__PartitionSet *joined (const Moisson__PartitionSet *first, const Moisson__PartitionSet *second)
{
    size_t n = first ? moisson__partition_set__get_packed_size (first) : 0;
    size_t m = moisson__partition_set__get_packed_size (second);
    uint8_t *bytes = xmalloc (n + m + 1);
    Moisson__PartitionSet *both;

    if (first)
        moisson__partition_set__pack (first, bytes);
    moisson__partition_set__pack (second, bytes + n);
    both = moisson__partition_set__unpack (NULL, n + m, bytes);
    free (bytes);
    if (!both)
        abort (); /* what was packed here unpacks, or memory is gone */
    return both;
}

void partition_change (struct core *core, struct partition *partition, const Moisson__PartitionSet *set)
{
    Moisson__PartitionSet *both = joined (partition->set, set);
    struct partition *other, *next;

    if (set->has_is_default && set->is_default)
        HASH_ITER (hh, core->partitions.by_name, other, next)
    if (other->set)
        other->set->has_is_default = false;
    forget_set (partition);
    partition->set = both;
    partition_configure (core);
}

void partition_clear (struct partition_table *partitions)
{
    struct partition *partition, *next;

    HASH_ITER (hh, partitions->by_name, partition, next)
    {
        HASH_DELETE (hh, partitions->by_name, partition);
        forget_set (partition);
        free (partition->nodes);
        free (partition);
    }
    *partitions = (struct partition_table){0};
}

const char *core_default_partition (const struct core *core)
{
    return core->partitions.standard ? core->partitions.standard->name : NULL;
}

int core_admit_partition (const struct core *core, const Moisson__PartitionSet *set, struct err *err)
{
    const struct partition *partition = partition_find (core, set->name);
    bool known = !set->state;

    if (!partition || !partition->conf) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_PARTITION, "invalid partition specified: %s", set->name);
        return err_fix (err, "see: sinfo");
    }
    for (size_t i = 0; !known && i < sizeof states / sizeof *states; i++)
        known = !strcmp (set->state, states[i].state);
    if (!known) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "a partition cannot be set %.40s", set->state);
        return err_fix (err, "UP, DOWN, DRAIN and INACTIVE are known");
    }
    Moisson__PartitionConf after = merge (partition->conf, set);
    if (after.max_time_s && after.default_time_s > after.max_time_s)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_TIME_LIMIT, "DefaultTime would be above MaxTime");
    if (after.max_nodes && after.min_nodes > after.max_nodes)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "MinNodes would be above MaxNodes");
    return 0;
}
