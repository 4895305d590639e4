/* node.h - nodes: what they have, what is taken, whether work may go there. Indexed by free cpus, so that a pass never
 * looks at a full node. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>
#include "base/buf.h"
#include "base/units.h"
#include "proto/event.pb-c.h"

struct core;
struct share;
struct task;

enum admin {
    ADMIN_NONE,
    ADMIN_DRAIN,
    ADMIN_DOWN,
};

struct stray { /* an attempt that nobody wants any more, and that may still hold its cpus */
    uint64_t raw_id;
    uint32_t attempt;
};

struct node {
    const Moisson__NodeConf *conf; /* in the configuration, or `kept` */
    Moisson__NodeConf *kept;       /* owned; of a node that has left the configuration but still runs something */
    uint32_t cpus, gpus, weight;
    uint64_t mem_mb;
    uint32_t used_cpus, used_gpus;
    uint64_t used_mem_mb;
    bool excess; /* it was made smaller than what runs there */
    enum admin admin;
    char *reason;
    usec_t reason_us, seen_us;
    uint32_t reason_uid;
    bool up;                  /* registered, and not timed out since */
    bool dead;                /* confirmed: what ran there is over */
    bool session;             /* a hint for the pass, not state: the controller can reach it now */
    Moisson__Register *facts; /* without attempts; NULL before the first registration */
    uint64_t boot;            /* hash of its boot id; 0 = not known */
    uint32_t index;           /* in node_table.list: by weight, then as configured; those that left come last */
    uint32_t bucket;          /* free cpus that it is indexed under, or NODE_NOWHERE */
    struct share *shares;
    uint32_t n_shares;
    uint32_t refusals;    /* starts in a row that it could not make */
    uint64_t refused_at;  /* sequence of the event that brought the last one that counted */
    struct stray *strays; /* a hint like session: what it runs still and was told to kill; nothing goes there before */
    size_t n_strays, room_strays;
    UT_hash_handle hh;
};

#define NODE_NOWHERE UINT32_MAX

struct node_table {
    struct node *by_name;
    struct node **list;
    size_t n;
    size_t words; /* of a bitmap over nodes */
    uint32_t max_cpus;
    uint64_t **buckets;  /* [free cpus] -> bitmap of usable nodes; NULL = empty so far */
    uint32_t *in_bucket; /* [free cpus] -> how many */
    uint32_t n_open;     /* usable nodes with a free cpu */
    uint32_t n_up;
};

static inline const char *node_name (const struct node *node)
{
    return node->conf->name;
}
static inline bool node_left (const struct node *node)
{
    return node->kept != NULL;
}
static inline uint32_t node_free_cpus (const struct node *node)
{
    return node->cpus > node->used_cpus ? node->cpus - node->used_cpus : 0;
}
static inline uint64_t node_free_mem (const struct node *node)
{
    return node->mem_mb > node->used_mem_mb ? node->mem_mb - node->used_mem_mb : 0;
}
static inline uint32_t node_free_gpus (const struct node *node)
{
    return node->gpus > node->used_gpus ? node->gpus - node->used_gpus : 0;
}

struct node *node_find (const struct core *core, const char *name);
bool node_usable (const struct node *node); /* may an attempt be placed there now? */
uint64_t boot_hash (const char *boot_id);   /* never 0 */

/* Take over a new configuration (core->config): nodes appear, change, or leave once they are empty. */
void node_table_configure (struct core *core);
void node_table_drop_left (struct core *core);                               /* those that left and are empty now */
void node_table_add_left (struct core *core, const Moisson__NodeConf *conf); /* from a snapshot */
void node_table_index (struct core *core);                                   /* after nodes came or went */
void node_table_clear (struct node_table *nodes);

void node_reindex (struct core *core, struct node *node); /* after anything that node_usable or free cpus rest on */
void node_set_up (struct core *core, struct node *node, bool up);
void node_set_admin (struct node *node, enum admin admin, const char *reason, uint32_t uid, usec_t now);

/* May this share be taken (event->share)? Fills *share but for its task. */
int share_check (const struct core *core, const Moisson__Share *asked, struct share *share, struct err *err);
void share_take (struct core *core, struct share *share);
void share_give (struct core *core, struct share *share);

/* Strays: known from a registration, gone with their ends or with the next registration. */
void node_stray_add (struct core *core, struct node *node, uint64_t raw_id, uint32_t attempt);
void node_stray_gone (struct core *core, struct node *node, uint64_t raw_id, uint32_t attempt);
void node_strays_clear (struct core *core, struct node *node);

/* It could not start the attempt that was placed with event `placed_at`. What was on its way together counts once;
 * after three in a row it is drained. */
void node_refused (struct core *core, struct node *node, uint64_t placed_at, const char *cause);
void node_began (struct node *node); /* it can start jobs */

void node_state_text (const struct node *node, struct buf *out); /* idle mixed allocated down drained draining [*] */
