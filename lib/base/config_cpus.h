/* config_cpus.h - what one CPU is: the shape of a node (sockets, cores, threads, CPUs=), which of its CPUs and how much
 * of its memory jobs never get, and what SelectTypeParameters gives out together. Internal to config.
 *
 * CPUs= is the number of threads or the number of cores of the node; in the second case a CPU is a core. Ids count
 * sockets, then cores, then threads, as Slurm's abstract CPU ids do: the threads of core c of socket s are
 * (s * cores + c) * threads and the next. */
#pragma once
#include "base/config_reader.h"

/* Fill what the line leaves open, and check that it agrees. */
int config_complete_cpus (struct config_reader *r, struct node_line *n, struct err *err);
/* Into the node: the shape, CoreSpecCount or CpuSpecList, MemSpecLimit. The line is complete. */
int config_spec_cpus (const struct node_line *line, Moisson__NodeConf *node, struct err *err);
/* After the last line: SelectTypeParameters into the nodes and partitions. */
void config_apply_select (struct config *conf);
/* SelectTypeParameters= */
int config_set_select (void *base, const char *value, char **ret_note, struct err *err);
