/* sinfo_groups.h - nodes and partitions merged into the rows of sinfo: pairs that print the same become one row, and a
 * node that is in a row through several partitions counts once. Pure. */
#pragma once
#include <stdbool.h>
#include "base/buf.h"
#include "base/hostlist.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

struct sinfo_span {
    double min, max;
};

/* What may differ within a row: its smallest and largest value. */
enum sinfo_measure {
    SPAN_CPUS,
    SPAN_MEM,
    SPAN_FREE_MEM,
    SPAN_LOAD,
    SPAN_WEIGHT,
    SPAN_DISK,
    SPAN_SOCKETS,
    SPAN_CORES,
    SPAN_THREADS,
    SPAN_COUNT
};

struct sinfo_counts {
    uint64_t alloc, idle, other, total;
};

struct sinfo_row {
    const Moisson__PartitionInfo *partition; /* of its first pair */
    const Moisson__NodeInfo *node;           /* the first; NULL: a partition without nodes */
    struct hostlist *names;                  /* without duplicates, in order */
    struct sinfo_counts cpus, nodes;
    struct sinfo_span spans[SPAN_COUNT];
    const char *time_format;
    char *key;
};

struct sinfo_table {
    struct sinfo_row **rows;
    size_t n;
};

/* Writes what makes two pairs the same row; `row` has partition, node and the pair's own measures. */
typedef void (*sinfo_key_fn) (void *arg, const struct sinfo_row *row, struct buf *key);
/* Does this pair take part? */
typedef bool (*sinfo_want_fn) (void *arg, const Moisson__PartitionInfo *partition, const Moisson__NodeInfo *node);

struct sinfo_options {
    sinfo_key_fn key;
    sinfo_want_fn want;
    void *arg;
    bool by_node;      /* -N: rows in order of node names, else by partition and state */
    bool no_empty;     /* leave out partitions without nodes */
    bool by_partition; /* a partition of which no node takes part has a row, too, as in Slurm */
    const char *time_format;
};

int sinfo_table_build (struct sinfo_table *ret, Moisson__NodeInfo **nodes, size_t n_nodes,
                       Moisson__PartitionInfo **partitions, size_t n_partitions, const struct sinfo_options *options,
                       struct err *err);
void sinfo_table_clear (struct sinfo_table *table);

/* "drained*" without what follows the letters: the length of the word. */
size_t sinfo_state_length (const char *state);
/* "mixed*" -> "mix*": short word with its suffix appended to out. */
void sinfo_state_brief (struct buf *out, const char *state);
/* Does a word of -t (long or short, with or without '*') select this node? */
bool sinfo_state_matches (const char *word, const Moisson__NodeInfo *node);
bool sinfo_node_silent (const Moisson__NodeInfo *node);
bool sinfo_state_known (const char *word);
