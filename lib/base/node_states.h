/* node_states.h - the words for states of nodes, as Slurm 22.05 has them: one base and flags, shown as one word with a
 * mark behind it (sinfo: "draining*") or as all of them (scontrol: "MIXED+DRAIN+NOT_RESPONDING"). Both come from the
 * same tables, and so do docs/states.md and what `sinfo -t` takes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"

enum node_base {
    NODE_UNKNOWN,   /* it has not registered since it was configured */
    NODE_IDLE,      /* nothing of it is taken */
    NODE_MIXED,     /* some of its cpus are taken */
    NODE_ALLOCATED, /* all of them are */
    NODE_DOWN,      /* it takes no work: silent for SlurmdTimeout, or set so */
    N_NODE_BASES
};

enum node_flag {
    NODE_COMPLETING = 1 << 0,
    NODE_DRAIN = 1 << 1,
    NODE_FAIL = 1 << 2,
    NODE_INVALID_REG = 1 << 3,
    NODE_NOT_RESPONDING = 1 << 4,
    NODE_REBOOT_ISSUED = 1 << 5,
    NODE_REBOOT_REQUESTED = 1 << 6,
    NODE_MAINTENANCE = 1 << 7,
    NODE_RESERVED = 1 << 8,
};

struct node_look {
    enum node_base base;
    unsigned flags; /* of enum node_flag */
};

void node_look_put (struct node_look look, struct buf *out);          /* "draining*", in lower case */
void node_look_put_complete (struct node_look look, struct buf *out); /* "MIXED+DRAIN" */
/* From the complete form, in any case; -1: some word of it is none of ours. */
int node_look_parse (const char *complete, struct node_look *ret);

/* What sinfo shows without its mark, or takes with -t. */
struct node_word {
    const char *name, *brief; /* "drained", "drain" */
    const char *meaning;      /* a sentence for docs/states.md; NULL: Slurm's word for what no node here is ever in */
};
const struct node_word *node_words (size_t *ret_n);

/* The flags and bases for docs/states.md: name as scontrol shows it, the mark (0 = none), a sentence. */
struct node_part {
    const char *name;
    char mark;
    const char *meaning;
};
const struct node_part *node_flag_parts (size_t *ret_n);
