/* node.h - nodes: what they have, what is taken, whether work may go there. Indexed by free cpus, so that a pass never
 * looks at a full node. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>
#include "base/buf.h"
#include "base/node_states.h"
#include "base/units.h"
#include "core/gres.h"
#include "proto/event.pb-c.h"

struct core;
struct share;
struct task;

enum mark {                      /* what keeps work away from a node that can be reached; numbers are in snapshots */
            MARK_DRAIN = 1,      /* no new work */
            MARK_DOWN = 2,       /* likewise, and what ran there is over (an administrator said so), or nothing did */
            MARK_FAIL = 4,       /* as DRAIN, under another name */
            MARK_INVALID = 8,    /* it has less than the configuration says */
            MARK_REBOOT = 16,    /* to be rebooted once nothing runs there; does not keep work away by itself */
            MARK_REBOOTING = 32, /* told to reboot, and not back */
            MARKS_CLOSED = MARK_DRAIN | MARK_DOWN | MARK_FAIL | MARK_INVALID | MARK_REBOOTING,
};

enum marked_by { /* whose reason it is: what a program said it takes back itself, a person's word stays */
                 BY_PERSON,
                 BY_SILENCE, /* not heard for SlurmdTimeout */
                 BY_BOOT,    /* rebooted unasked */
                 BY_HEALTH,  /* HealthCheckProgram */
                 BY_REBOOT,  /* a reboot that was asked for */
                 BY_NODE,    /* starts that it could not make, prolog, epilog, RebootProgram */
                 BY_FACTS,   /* what it has, compared with the configuration */
                 N_MARKED_BY
};

enum reboot_next { REBOOT_AS_BEFORE, REBOOT_RESUME, REBOOT_DOWN }; /* after the reboot */

struct stray { /* an attempt that nobody wants any more, and that may still hold its cpus */
    uint64_t raw_id;
    uint32_t attempt;
};

struct node {
    const Moisson__NodeConf *conf;      /* in the configuration, or `kept` */
    Moisson__NodeConf *kept;            /* owned; of a node that has left the configuration but still runs something */
    uint32_t cpus, gpus, weight;        /* for jobs: without what CoreSpecCount, CpuSpecList and MemSpecLimit keep */
    uint32_t core_cpus;                 /* CPUs that go to one job only, together: the threads of a core; else 1 */
    struct gres_have gres[GRES_A_NODE]; /* gpus is the sum of those that are GPUs */
    uint32_t n_gres;
    uint64_t mem_mb;
    uint32_t used_cpus, used_gpus;
    uint64_t used_mem_mb;
    bool excess;    /* it was made smaller than what runs there */
    char *misfit;   /* what it was marked MARK_INVALID for (misfit.h); NULL */
    unsigned marks; /* of enum mark; changed by node_mark and node_unmark only */
    enum marked_by by;
    char *reason;
    usec_t reason_us, seen_us;
    uint32_t reason_uid;
    bool has_reason_uid; /* a person gave it */
    bool lost;           /* timed out, and not registered since */
    enum reboot_next reboot_next;
    usec_t reboot_us;         /* when it was told to reboot */
    bool up;                  /* registered, and not timed out since */
    bool dead;                /* confirmed: what ran there is over */
    bool session;             /* a hint for the pass, not state: the controller can reach it now */
    Moisson__Register *facts; /* without attempts; NULL before the first registration */
    uint64_t boot;            /* hash of its boot id; 0 = not known */
    uint32_t index;           /* in node_table.list: by weight, then as configured; those that left come last */
    uint32_t bucket;          /* free cpus that it is indexed under, or NODE_NOWHERE */
    struct share *shares;     /* of attempts, and those that are held (held.h): their task is NULL; by until */
    struct share *last_share;
    uint32_t n_shares, n_held, n_licensed; /* of its shares: all, held, licensed */
    uint32_t n_user_only;                  /* those of jobs that asked for --exclusive=user */
    uint32_t refusals;                     /* starts in a row that it could not make */
    uint64_t refused_at;                   /* sequence of the event that brought the last one that counted */
    uint32_t refused_uid;                  /* of whom, if that was for who the user is; else 0 */
    struct stray *strays; /* a hint like session: what it runs still and was told to kill; nothing goes there before */
    size_t n_strays, room_strays;
    bool freed; /* a hint for the pass: something became free here that nobody has been offered yet */
    struct node *freed_prev, *freed_next;
    UT_hash_handle hh;
};

#define NODE_NOWHERE UINT32_MAX

struct node_table {
    struct node *by_name;
    struct node **list;
    size_t n;
    size_t words; /* of a bitmap over nodes */
    uint32_t max_cpus;
    uint32_t all_cpus, all_gpus; /* of all together */
    uint64_t all_mem_mb;
    uint64_t **buckets;  /* [free cpus] -> bitmap of usable nodes; NULL = empty so far */
    uint32_t *in_bucket; /* [free cpus] -> how many */
    uint32_t n_open;     /* usable nodes with a free cpu */
    uint32_t n_up;
    struct node *freed; /* in the order in which they became so */
    uint32_t n_reboots; /* nodes with MARK_REBOOT or MARK_REBOOTING */
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
/* What so many CPUs of an attempt take of the node: whole cores. A node may have begun to give out whole cores while
 * attempts that hold threads still run: each is taken to be alone on its cores. */
static inline uint32_t node_hold (const struct node *node, uint32_t cpus)
{
    return (cpus + node->core_cpus - 1) / node->core_cpus * node->core_cpus;
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
void node_freed (struct core *core, struct node *node);   /* something of it is free now */
void node_offered (struct core *core, struct node *node); /* to all that wait: nobody wants it */
void node_set_up (struct core *core, struct node *node, bool up);

/* marks.c. A person's reason replaces any other; a program's is kept only where there is none yet. uid NULL: not a
 * person's. Unmarked, a node that nothing is wrong with any more loses its reason, too. */
void node_mark (struct core *core, struct node *node, unsigned marks, enum marked_by by, const uint32_t *uid,
                const char *reason);
void node_unmark (struct core *core, struct node *node, unsigned marks);
void node_set_reason (struct core *core, struct node *node, enum marked_by by, const uint32_t *uid, const char *reason);
void node_clear_reason (struct node *node);
struct node_look node_look (const struct node *node);
void node_put_held (const struct node *node, struct buf *out); /* what is held there, in words */
bool node_is_quiet (const struct node *node);                  /* no attempt is on it: it may be rebooted */

/* on_nodes.c: what ran there ends, as far as its death is confirmed or another attempt was asked for. */
void node_lost (struct core *core, struct node *node, bool dead, bool kill, const char *why);

/* node_set.c: when time alone changes something of a node, and that. */
usec_t node_deadline (const struct core *core);
void node_clock (struct core *core);

/* May this share be taken (event->share)? Fills *share but for its task. */
int share_check (struct core *core, const Moisson__Share *asked, struct share *share, struct err *err);
void share_take (struct core *core, struct share *share);
void share_lift (struct core *core, struct share *share); /* for a while: share_take puts it back */
void share_give (struct core *core, struct share *share); /* what it held besides is freed */
void share_list (struct share *share);                    /* in its node's list, by until */
void share_unlist (struct share *share);
bool node_over (const struct node *node); /* more is taken of it than it has */

/* Strays: known from a registration, gone with their ends or with the next registration. */
void node_stray_add (struct core *core, struct node *node, uint64_t raw_id, uint32_t attempt);
bool node_has_stray (const struct node *node, uint64_t raw_id, uint32_t attempt);
void node_stray_gone (struct core *core, struct node *node, uint64_t raw_id, uint32_t attempt);
void node_strays_clear (struct core *core, struct node *node);

/* It could not start the attempt that was placed with event `placed_at`. What was on its way together counts once;
 * after three in a row it is drained. uid: of the job's user, if it was for who that is (the same one counts once in a
 * row); else 0. */
void node_refused (struct core *core, struct node *node, uint64_t placed_at, uint32_t uid, const char *cause);
void node_began (struct node *node); /* it can start jobs */
