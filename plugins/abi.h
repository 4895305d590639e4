/* abi.h - the doors for site choices. One vtable a kind; the linked table of each kind is in its *_table.c. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

#define PLUGIN_ABI 1

/* --- store: the journal, the accounting records, blobs and snapshots, in one database ------------------------------ *
 * All calls are synchronous; the controller calls the writer from one thread of its own and each reader from another.
 * commit is atomic: all of the batch or nothing. A commit whose outcome is unknown is retried with the same batch:
 * rows that are there already (same sequence, same record key, same blob) are left as they are. */
struct store;
struct store_reader;

struct store_row { /* a journal row; sequence rises by one */
    uint64_t sequence;
    const uint8_t *event; /* packed Event */
    size_t len;
};

struct store_record {  /* an accounting record; key (raw_id, attempt, task_key) */
    uint64_t sequence; /* of the event that ended it */
    bool replaces;     /* the record of this attempt that is there: its key stays, also the sequence */
    uint64_t raw_id;
    uint64_t array_id; /* 0 = none */
    uint32_t attempt;
    uint32_t uid;
    uint64_t submit_us, start_us, end_us;
    const uint8_t *record; /* packed AcctRecord */
    size_t len;
};

struct store_blob {
    uint32_t uid;
    const uint8_t *hash; /* 32 bytes */
    const uint8_t *data;
    size_t len;
};

struct store_batch {
    const struct store_row *rows;
    size_t n_rows;
    const struct store_record *records;
    size_t n_records;
    const struct store_blob *blobs;
    size_t n_blobs;
};

struct store_range {     /* which records a reader wants; 0 / NULL = any */
    const uint64_t *ids; /* raw or array ids */
    size_t n_ids;
    const uint32_t *uids;
    size_t n_uids;
    uint64_t since_us, until_us; /* some part of [submit, end] in [since, until) */
    uint64_t max_sequence;       /* not newer than this event */
    uint64_t after_rowid;        /* page on from here */
    size_t limit;                /* records a page */
};

enum {
    STORE_E_FULL = 1, /* no space: outcome of commit, nothing written */
    STORE_E_NONE = 2, /* there is no such blob: outcome of blob_get */
};

typedef int (*store_row_fn) (void *arg, uint64_t sequence, const uint8_t *event, size_t len);
typedef void (*store_record_fn) (void *arg, uint64_t rowid, const uint8_t *record, size_t len);

struct store_ops {
    uint32_t abi;
    const char *type; /* "store/sqlite" */
    /* dir is StateSaveLocation; ballast_bytes: space kept back for exits on a full disk. Refuses a database that
     * another controller has open, one of a newer version, and a network file system (a sentence each). */
    int (*open) (struct store **ret, const char *dir, uint64_t ballast_bytes, struct err *err);
    struct store *(*close) (struct store *store);
    uint64_t (*epoch) (const struct store *store); /* rises by one at each open */
    /* Newest snapshot that is whole: its images in order by fn; *ret_sequence 0 = there is none. A damaged one falls
     * back to the one before (say so in *ret_note; the caller frees it). fn returns < 0 for "damaged". */
    int (*load_snapshot) (struct store *store, int (*fn) (void *arg, const uint8_t *image, size_t len),
                          void (*reset) (void *arg), void *arg, uint64_t *ret_sequence, char **ret_note,
                          struct err *err);
    int (*replay) (struct store *store, uint64_t after_sequence, store_row_fn fn, void *arg, struct err *err);
    /* 0, STORE_E_FULL, or -1 (retry later with the same batch). use_ballast: give up the reserve if it must. */
    int (*commit) (struct store *store, const struct store_batch *batch, int use_ballast, struct err *err);
    /* Is there room for new work (ballast in place and free space above it)? */
    int (*has_room) (struct store *store);
    /* Name a snapshot file (already written and synced by the caller) and drop journal rows that neither the one
     * before it nor those need who read events from some while ago. */
    int (*add_snapshot) (struct store *store, const char *file, uint64_t sequence, struct err *err);
    int (*blob_get) (struct store_reader *reader, uint32_t uid, const uint8_t *hash, uint8_t **ret, size_t *ret_len,
                     struct err *err);
    /* Drop blobs not in keep: an array of (uid, native 4 bytes; hash, 32 bytes). Call it with the commits stopped, so
     * that keep is not older than the newest blob. */
    int (*blob_sweep) (struct store *store, const uint8_t *keep, size_t n_keep, struct err *err);
    int (*reader_open) (struct store_reader **ret, const char *dir, struct err *err);
    struct store_reader *(*reader_close) (struct store_reader *reader);
    /* Journal rows after this one, in order, until fn returns > 0 (the row was taken; < 0: it was not, fail), or so
     * many rows or bytes were given. */
    int (*events) (struct store_reader *reader, uint64_t after_sequence, size_t rows, size_t bytes, store_row_fn fn,
                   void *arg, struct err *err);
    int (*records) (struct store_reader *reader, const struct store_range *range, store_record_fn fn, void *arg,
                    struct err *err);
};

const struct store_ops *store_find (const char *type); /* NULL = no such plugin */

/* --- order: which shape goes first --------------------------------------------------------------------------------- *
 * A pure function of plain facts: no state, clock or I/O of its own. The core calls it for the head of each shape (the
 * jobs of one shape differ in none of these but the ids and times, nice and --priority, and go among themselves by
 * job_priority, eligible time, id). A higher PriorityTier always goes before; equal scores go by eligible time, then
 * by id. The room that links plugins hands the ops to the core (core_set_order): an order is no state, and what it
 * decides are events, so a replay needs none. */
struct order_facts {
    uint64_t now_us;
    uint64_t job_id;
    uint64_t submit_us, eligible_us; /* eligible: when it could have been placed first */
    uint64_t time_s;                 /* requested (the partition's default where it asked none); 0 = no limit */
    uint32_t cpus, nodes, gpus;      /* of one task of an array; fewest that it asks for */
    uint64_t mem_mb;                 /* in all */
    uint32_t cluster_cpus, cluster_nodes, cluster_gpus;
    uint64_t cluster_mem_mb;
    int has_priority; /* --priority was given, or scontrol set it */
    uint32_t priority;
    int32_t nice;
    double partition, qos, assoc; /* factors, 0 to 1: share of the highest one configured */
    double fairshare;             /* 0 to 1; 0.5 where nothing is known */
};

struct order_params { /* Priority* of the configuration; what an order does not know it leaves alone */
    double weight_age, weight_fairshare, weight_size, weight_partition, weight_qos, weight_assoc;
    double weight_cpu, weight_mem, weight_gpu; /* PriorityWeightTRES */
    uint64_t max_age_s;                        /* PriorityMaxAge; 0 = 7 days */
    int favor_small;                           /* PriorityFavorSmall */
};

/* The parts of a score, for sprio: an order that has none leaves them 0. */
struct order_parts {
    double age, fairshare, size, partition, qos, assoc, tres, nice;
};

struct order_ops {
    uint32_t abi;
    const char *type; /* "order/fifo" */
    int timeless;     /* the score of a waiting job does not move by itself: now_us is not looked at */
    /* Higher goes first; finite. parts may be NULL. */
    double (*score) (const struct order_facts *facts, const struct order_params *params, struct order_parts *parts);
};

const struct order_ops *order_find (const char *type); /* NULL = no such plugin */

/* --- place: which of the nodes that fit ---------------------------------------------------------------------------- *
 * Also pure. Lower cost is taken first; the node's Weight goes before, its place in the configuration after. */
struct place_facts { /* of a node that fits, as it is now */
    uint32_t cpus, free_cpus;
    uint64_t mem_mb, free_mem_mb;
    uint32_t gpus, free_gpus;
};

struct place_ops {
    uint32_t abi;
    const char *type; /* "place/pack" */
    /* The cost rises or falls with free_cpus alone (the first nonzero of these), so that the index by free cpus gives
     * the best node at once; 0: each node that fits is asked for its cost. */
    int by_free_cpus; /* 1: fewest free cpus are cheapest; -1: most; 0: ask cost */
    double (*cost) (const struct place_facts *node);
};

const struct place_ops *place_find (const char *type);
