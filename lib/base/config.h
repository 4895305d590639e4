/* config.h - moisson.conf in slurm.conf(5) syntax: Key=Value lines, NodeName= and PartitionName= lines, '#' comments,
 * '\' continuation, Include FILE, keys in any case. One table (config_keys.c) declares every key: name, type, bounds,
 * default, one sentence; parser, `scontrol show config`, `moisson config check` and docs/configuration.md come from it.
 *
 * Unknown keys are errors; known Slurm keys that Moisson does not need are ignored with a reason (a notice). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "proto/event.pb-c.h"

/* Scalars, filled from the table. Strings are never NULL unless said. Times in seconds. */
struct config {
    char *path; /* the file it came from */
    char *cluster_name;
    char *controller_host; /* SlurmctldHost name */
    char *controller_addr; /* address to dial; = host unless SlurmctldHost=name(addr) */
    uint32_t controller_port;
    char *controller_key; /* ControllerKey, base64 of the public key; "" when not set */
    char *auth_type;      /* auth/munge */
    char *auth_socket;    /* AuthInfo=socket=PATH; "" = munge's default */
    char *slurm_user;     /* SlurmUser; "" = whoever runs the controller */
    char *state_dir;      /* StateSaveLocation */
    char *spool_dir;      /* SlurmdSpoolDir, %n = node name, %h = host name */
    char *ctld_log;       /* SlurmctldLogFile; "" = stderr */
    char *node_log;       /* SlurmdLogFile, %n %h */
    char *ctld_debug;     /* SlurmctldDebug */
    char *node_debug;
    char *ctld_pid;   /* SlurmctldPidFile; "" = none */
    char *node_pid;   /* SlurmdPidFile, %n; "" = none */
    char *store_type; /* StoreType: store/sqlite */
    uint32_t min_job_age;
    uint32_t kill_wait;
    uint32_t max_array_size;
    uint32_t max_job_count;
    uint32_t slurmd_timeout;
    uint32_t message_timeout;
    uint32_t submit_key_age; /* SubmitKeyAge */
    uint64_t first_job_id;
    uint64_t ballast_mb; /* StoreBallast */
    uint64_t def_mem_per_cpu_mb;
    uint64_t def_mem_per_node_mb;
    uint64_t max_mem_per_node_mb;
    bool job_requeue;
    uint32_t snapshot_events; /* SnapshotEvents: journal rows between snapshots */

    Moisson__Config *core;                /* nodes and partitions expanded, and the numbers that scheduling rests on */
    struct config_node_extra *node_extra; /* by the index of core->nodes */
    struct config_index *index;           /* of core->nodes by name, for config_node */
    struct config_notice *notices;
    size_t n_notices;
};

struct config_node_extra {
    char *topology; /* Topology=FILE.xml or synthetic:...; NULL = the machine's own */
    char *hostname; /* NodeHostname; NULL = node name */
};

struct config_notice { /* a key that is known and ignored, or a remark */
    char *file;
    unsigned line;
    char *text;
};

/* MOISSON_CONF, else SLURM_CONF, else /etc/moisson/moisson.conf (values as given by the caller's environment). */
const char *config_default_path (const char *moisson_conf, const char *slurm_conf);

/* Read and check the whole file. Error: "file:line: what, why" and a fix. All errors of the file are found by
 * config_check; config_load stops at the first. */
int config_load (struct config **ret, const char *path, struct err *err);
struct config *config_free (struct config *conf);
DEFINE_CLEANUP (struct config *, config_free)
#define _cleanup_config_ _cleanup_ (config_freep)

/* `moisson config check`: calls fn for every error and notice in file order. Returns the number of errors. */
typedef void (*config_report_fn) (void *arg, const char *file, unsigned line, bool is_error, const char *what,
                                  const char *fix);
int config_check (const char *path, config_report_fn fn, void *arg);

const Moisson__NodeConf *config_node (const struct config *conf, const char *name, size_t *ret_index);
/* %n and %h in a path of the node side. The caller frees it. */
char *config_node_path (const char *pattern, const char *node);

/* Every key with its value in force, in `scontrol show config` order, plus the fixed facts clients look for
 * (SLURM_VERSION, SchedulerTimeSlice, AcctGatherNodeFreq, SelectType...; shared contract with Slurm's clients). */
typedef void (*config_entry_fn) (void *arg, const char *key, const char *value);
void config_entries (const struct config *conf, config_entry_fn fn, void *arg);

/* docs/configuration.md from the table. */
void config_document (FILE *out);
