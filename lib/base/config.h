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
    char *text; /* its lines, without remarks, includes resolved */
    char *cluster_name;
    char *controller_host; /* SlurmctldHost name */
    char *controller_addr; /* address to dial; = host unless SlurmctldHost=name(addr) */
    uint32_t controller_port;
    char *controller_key; /* ControllerKey, base64 of the public key; "" when not set */
    char *auth_type;      /* auth/munge */
    char *auth_socket;    /* AuthInfo=socket=PATH; "" = munge's default */
    char *slurm_user;     /* SlurmUser; "" = whoever runs the controller */
    char *agent_user;     /* AgentUser; "" = SlurmUser */
    char *operators;      /* names or numbers, comma list */
    char *job_limits;     /* JobLimits (limits.h) */
    char *state_aliases;  /* StateAliases (state_alias.h); "" = none */
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
    uint32_t min_uid;
    uint32_t login_env_wait; /* GetEnvTimeout */
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
    uint64_t max_mem_per_cpu_mb;
    char *over_time_limit; /* minutes, or UNLIMITED */
    char *dependency_parameters;
    bool kill_invalid_depend; /* what they say */
    char *select_type;
    char *select_parameters; /* canonical; the three below say what it means */
    bool whole_cores;        /* CR_Core: the threads of a core go to one job */
    bool memory_free;        /* memory is not given out */
    bool one_task_per_core;
    bool least_loaded;          /* CR_LLN */
    char *scheduler_type;       /* sched/backfill or sched/builtin */
    char *scheduler_parameters; /* canonical; the two below say what it means */
    uint32_t bf_interval, bf_reserve;
    bool job_requeue;
    char *requeue_exit, *requeue_exit_hold; /* as written; "" = none */
    uint32_t max_batch_requeue;             /* 0 = any number */
    char *preempt_type, *preempt_mode;
    uint64_t preempt_exempt_s;
    uint32_t fast_fail_s;         /* 0 = never */
    uint64_t fast_fail_exclude_s; /* 0 = until it is cleared */
    char *gres_types;             /* GresTypes */
    char *enforce_text;           /* AccountingStorageEnforce, as written */
    unsigned enforce;             /* the same, bits of enum enforce (accounts.h) */
    char *priority_type, *priority_flags, *usage_reset, *priority_weight_tres;
    bool priority_favor_small, priority_max_tres;
    uint64_t priority_max_age, priority_half_life, priority_calc_period; /* half life 0: usage does not decay */
    uint32_t weight_age, weight_assoc, weight_fairshare, weight_size, weight_partition, weight_qos;
    double weight_cpu, weight_mem, weight_gpu; /* PriorityWeightTRES */
    char *licences;                            /* Licenses; "" = none */
    char *resv_over_run;                       /* ResvOverRun, as shown; the next says it in seconds */
    uint64_t resv_over_run_s;                  /* RESV_FOREVER: what runs goes on */
    uint32_t snapshot_events;                  /* SnapshotEvents: journal rows between snapshots */
    /* programs of the site (programs.h): "" = none */
    char *prolog, *epilog;           /* before and after each job, on its node */
    char *ctld_prolog, *ctld_epilog; /* likewise, where the controller is */
    char *health_program, *reboot_program, *fence_program;
    char *mail_program, *mail_domain; /* "" = none */
    char *health_states;              /* HealthCheckNodeState, as written */
    unsigned health_when;             /* the same, of enum health_when */
    uint32_t health_interval;         /* 0 = never */
    uint32_t hook_timeout;            /* PrologEpilogTimeout; 0 = none */
    uint32_t resume_timeout;          /* 0 = none */
    uint32_t return_to_service;
    char *cgroup_plugin, *cgroup_mountpoint;
    bool constrain_cores, constrain_ram, constrain_swap, constrain_devices;
    uint32_t allowed_ram, allowed_swap; /* per cent of the job's memory */
    uint32_t pids_per_cpu;              /* 0 = no limit */
    uint32_t unkillable_timeout;
    bool private_tmp;
    char *scratch_dir; /* JobScratchDir, %n; "" = nodeagent/scratch.h says where */

    char *controller_key_next; /* ControllerKeyNext: also trusted; "" when not set */

    Moisson__Config *core;                /* nodes and partitions expanded, and the numbers that scheduling rests on */
    struct config_node_extra *node_extra; /* by the index of core->nodes */
    struct config_index *index;           /* of core->nodes by name, for config_node */
    struct config_gres *gres;             /* lines of gres.conf */
    size_t n_gres, gres_room;
    struct config_notice *notices;
    size_t n_notices;
};

enum health_when { /* HealthCheckNodeState: which nodes run HealthCheckProgram */
                   HEALTH_IDLE = 1,
                   HEALTH_ALLOC = 2,
                   HEALTH_MIXED = 4,
                   HEALTH_ANY = 7,
                   HEALTH_CYCLE = 8, /* not all at the same time */
};

struct config_node_extra {
    char *topology; /* Topology=FILE.xml or synthetic:...; NULL = the machine's own */
    char *hostname; /* NodeHostname; NULL = node name */
    size_t *gres;   /* lines of gres.conf about it: places in config.gres */
    size_t n_gres;
    bool gres_detect_off; /* AutoDetect=off */
};

struct config_gres {   /* a line of gres.conf */
    char *name, *type; /* type NULL = none */
    char **files;      /* device files, expanded; none where it only counts */
    size_t n_files;
    char *cores; /* Cores, as written: "0-7"; NULL = not said */
    uint32_t count;
    bool counted, named; /* it says how many; it names nodes */
    char *file;          /* where it stands */
    unsigned line;
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
/* The same for who looks at the nodes and partitions alone: it need not name a controller. */
int config_load_machine (struct config **ret, const char *path, struct err *err);
struct config *config_free (struct config *conf);
DEFINE_CLEANUP (struct config *, config_free)
#define _cleanup_config_ _cleanup_ (config_freep)

/* `moisson config check`: calls fn for every error and notice in file order. Returns the number of errors. */
typedef void (*config_report_fn) (void *arg, const char *file, unsigned line, bool is_error, const char *what,
                                  const char *fix);
int config_check (const char *path, config_report_fn fn, void *arg);

const Moisson__NodeConf *config_node (const struct config *conf, const char *name, size_t *ret_index);
/* Is this line of gres.conf about this kind of the node's Gres? One without a type is about the only kind of its name.
 */
bool config_gres_is (const struct config_gres *line, const Moisson__NodeConf *node, const Moisson__Gres *kind);
/* %n and %h in a path of the node side. The caller frees it. */
char *config_node_path (const char *pattern, const char *node);

/* Every key with its value in force, in `scontrol show config` order, plus the fixed facts clients look for
 * (SLURM_VERSION, SchedulerTimeSlice, AcctGatherNodeFreq, SelectType...; shared contract with Slurm's clients). */
typedef void (*config_entry_fn) (void *arg, const char *key, const char *value);
void config_entries (const struct config *conf, config_entry_fn fn, void *arg);

/* docs/configuration.md from the table. */
void config_document (FILE *out);
