/* config_table.h - what a row of the key tables says, and how values get in and out by it. Internal to config. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/config.h"

enum value_type {
    VALUE_STRING,  /* char * */
    VALUE_U32,     /* uint32_t */
    VALUE_U64,     /* uint64_t */
    VALUE_SECONDS, /* uint32_t, a plain number of seconds */
    VALUE_MB,      /* uint64_t; suffixes K M G T; UNLIMITED = 0 */
    VALUE_MINUTES, /* uint64_t seconds, written like --time; UNLIMITED and NONE = 0 */
    VALUE_COUNT,   /* uint32_t, or UNLIMITED = 0 */
    VALUE_BOOL,    /* bool */
};

struct config_key {
    const char *name;
    enum value_type type;
    size_t offset;        /* in the struct the table is for */
    uint64_t min, max;    /* of numbers */
    const char *standard; /* the default, as it would be written; NULL = none */
    const char *words;    /* the only values that are right, "A|B"; NULL = any */
    const char *help;     /* one sentence */
    bool repeats;         /* each further line adds to it */
    bool in_cgroup_conf;  /* may also stand in cgroup.conf */
    /* Instead of storing by type: 0, or -1; *ret_note (the caller frees it) is a remark for the admin. */
    int (*apply) (void *base, const char *value, char **ret_note, struct err *err);
};

struct config_ignored { /* a key of slurm.conf(5) that changes nothing here */
    const char *name;
    const char *reason;
};

struct config_fact { /* what clients look for in `scontrol show config`, and is always so */
    const char *key, *value;
};

enum key_room {
    KEYS_SCALAR,
    KEYS_NODE,
    KEYS_PARTITION,
    KEYS_LINE,
    KEYS_GRES
}; /* KEYS_LINE: first words of other lines */

/* The words of a NodeName= line; 0 and NULL = not given. */
struct node_line {
    char *names, *address, *hostname, *gres, *features, *state, *reason, *topology, *cpu_spec_list;
    uint32_t cpus, boards, sockets, sockets_per_board, cores, threads, weight, core_spec;
    uint64_t mem_mb, tmp_mb, mem_spec_mb;
};

/* The words of a line of gres.conf; NULL = not given. */
struct gres_line {
    char *nodes, *name, *type, *file, *cores, *count, *autodetect;
};

/* The words of a PartitionName= line. */
struct partition_line {
    char *name, *nodes, *state;
    char *allow_accounts, *deny_accounts, *allow_qos, *deny_qos, *allow_groups, *qos, *billing;
    uint32_t job_factor;
    bool is_default, least_loaded;
    char *over_time_limit; /* NULL: the cluster's */
    uint64_t max_time, default_time, mem_per_cpu, mem_per_node, max_mem_per_node, max_mem_per_cpu;
    uint32_t min_nodes, max_nodes, tier, grace;
    char *start_rate, *user_start_rate, *preempt_mode;
};

/* The rows of one room: of struct config, struct node_line, struct partition_line, struct gres_line (KEYS_LINE has
 * ignored rows only). */
const struct config_key *config_keys (enum key_room room, size_t *ret_n);
const struct config_ignored *config_ignored (enum key_room room, size_t *ret_n);
const struct config_fact *config_facts (size_t *ret_n);

const struct config_key *config_key_find (enum key_room room, const char *name); /* any case */
const struct config_ignored *config_ignored_find (enum key_room room, const char *name);
const char *config_key_nearest (enum key_room room, const char *name); /* or NULL */

void config_defaults (enum key_room room, void *base); /* every `standard` into base */
/* ret_note NULL: a default is being set. */
int config_set (const struct config_key *key, void *base, const char *value, char **ret_note, struct err *err);
void config_show (const struct config_key *key, const void *base, struct buf *out);
void config_release (enum key_room room, void *base);                           /* frees the strings */
void config_copy (enum key_room room, void *to, const void *from, size_t size); /* duplicates the strings */
