/* gres.h - generic resources (GPUs by type, named counts) of nodes, shares and jobs.
 *
 * A kind is a name with or without a type: "gpu:a100", "gpu". A node has counts of kinds; a share holds parts of them;
 * a job asks for kinds. What is asked without a type is met by any kind of that name, what is asked with one only by
 * its own. Which types an untyped ask gets is decided when it is placed, and is in the event. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>
#include "base/err.h"
#include "base/gres.h"
#include "proto/event.pb-c.h"

#define GRES_A_NODE 8 /* kinds that one node may have */
#define GRES_A_JOB 8  /* kinds that one job may ask for */

struct core;
struct demand;
struct node;
struct share;

struct gres_kind {
    const struct gres_kind *any; /* the kind of its name without a type: itself, if it has none */
    const char *name, *type;     /* type NULL = none; both lie in text */
    bool gpu;
    UT_hash_handle hh;
    char text[]; /* name NUL type NUL */
};

struct gres_part {
    const struct gres_kind *kind;
    uint32_t n;
};

struct gres_parts { /* owned */
    struct gres_part *list;
    uint32_t n;
};

struct gres_have { /* of a node */
    const struct gres_kind *kind;
    uint32_t total, used;
};

struct gres_ask {
    const struct gres_kind *kind; /* NULL: one that nobody has */
    uint32_t per_node, per_task, per_job;
};

struct gres_asks {
    struct gres_ask list[GRES_A_JOB];
    uint32_t n;
};

/* --- kinds: every name and type that the configuration or a job has brought, for the life of the core ------------- */
const struct gres_kind *gres_intern (struct core *core, const char *name, const char *type);
const struct gres_kind *gres_find (const struct core *core, const char *name, const char *type); /* NULL = unknown */
void gres_intern_spec (struct core *core, const Moisson__JobSpec *spec);
void gres_kinds_clear (struct core *core);

/* --- parts -------------------------------------------------------------------------------------------------------- */
void gres_parts_clear (struct gres_parts *parts);
void gres_parts_add (struct gres_parts *parts, const struct gres_kind *kind, uint32_t n); /* to what it has of it */
uint32_t gres_parts_gpus (const struct gres_parts *parts);
Moisson__Gres **gres_parts_save (const struct gres_parts *parts, size_t *ret_n); /* of malloc, as messages own them */
void gres_list_free (Moisson__Gres **list, size_t n);
/* From an event or a snapshot. Where it has `gpus` but no list (an older journal): the node's first free ones. */
void gres_parts_load (struct core *core, const Moisson__Share *share, const struct node *node, struct gres_parts *ret);
void gres_parts_show (const struct gres_parts *parts, struct buf *out);
void gres_parts_tres (const struct gres_parts *parts, struct buf *out);

/* --- nodes -------------------------------------------------------------------------------------------------------- */
/* As configured; what its shares hold is counted anew. */
void gres_node_size (struct core *core, struct node *node);
int gres_check_free (const struct node *node, const struct gres_parts *parts, struct err *err);
void gres_node_take (struct node *node, const struct gres_parts *parts);
void gres_node_give (struct node *node, const struct gres_parts *parts);
uint32_t gres_node_free (const struct node *node, const struct gres_kind *kind); /* also of its types */
bool gres_node_over (const struct node *node);                                   /* more is used than it has */
int gres_node_check (const struct node *node, struct err *err);
void gres_node_show (const struct node *node, bool used, struct buf *out); /* "gpu:a100:4,gpu:v100:2" */
void gres_node_tres (const struct node *node, bool used, struct buf *out); /* ",gres/gpu=6,gres/gpu:a100=4" */

/* --- asks --------------------------------------------------------------------------------------------------------- */
void gres_asks_of (const struct core *core, const Moisson__JobSpec *spec, struct gres_asks *ret);
/* What it comes to on that many nodes with so many tasks, for views. */
void gres_asks_sum (const struct gres_asks *asks, uint32_t nodes, uint32_t tasks, struct gres_parts *ret);
/* What is asked for the whole job is spread evenly over its nodes: the remainder goes to the first places, one each. So
 * many places get more than the others. */
uint32_t gres_remainder (const struct gres_asks *asks, uint32_t nodes);
#define GRES_LAST_PLACE UINT32_MAX
/* How many tasks, up to `tasks`, does this node have room for, in this place of so many? */
uint32_t gres_tasks (const struct gres_asks *asks, const struct node *node, bool now, uint32_t tasks, uint32_t nodes,
                     uint32_t place);
/* What so many tasks get on this node, in this place of so many; `all`: everything that it has. False: it does not have
 * that. */
bool gres_choose (const struct gres_asks *asks, const struct node *node, bool now, uint32_t tasks, uint32_t nodes,
                  uint32_t place, bool all, struct gres_parts *ret);
/* What of it even an empty partition does not have: -1 with the sentence; 0: that is not the reason. */
int gres_explain (const struct core *core, const Moisson__JobSpec *spec, const struct demand *demand, struct err *err);
