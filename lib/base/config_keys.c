/* config_keys.c - the one table of keys: what moisson.conf can say. */
#include "base/config_table.h"
#include <string.h>
#include "base/config_accounts.h"
#include "base/config_cpus.h"
#include "base/config_jobs.h"
#include "base/config_policy.h"
#include "base/config_schedule.h"
#include "base/hash.h"
#include "base/licences.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/programs.h"
#include "base/resv_flags.h"
#include "base/state_alias.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

#define YEAR 31536000U
#define MB_MAX (1ULL << 40) /* an exbibyte: more is a typing error */
#define OF(member) offsetof (struct config, member)
#define NODE(member) offsetof (struct node_line, member)
#define PART(member) offsetof (struct partition_line, member)
#define GRES(member) offsetof (struct gres_line, member)

static void put (char **slot, char *value)
{
    free (*slot);
    *slot = value;
}

static int refuse (struct err *err, const char *why, const char *fix)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s", why);
    return err_fix (err, "%s", fix);
}

static int set_host (void *base, const char *value, char **ret_note, struct err *err)
{
    struct config *conf = base;
    size_t name = strcspn (value, "(");
    size_t addr = value[name] ? strcspn (value + name + 1, ")") : 0;

    if (!*value && !ret_note) { /* the default */
        put (&conf->controller_host, xstrdup (""));
        put (&conf->controller_addr, xstrdup (""));
        return 0;
    }
    if (!name || (value[name] && (!addr || strcmp (value + name + 1 + addr, ")"))))
        return refuse (err, "not a host", "write SlurmctldHost=NAME or SlurmctldHost=NAME(ADDRESS)");
    if (*conf->controller_host) {
        if (ret_note)
            *ret_note = xasprintf ("one controller leads: %s is kept, %s is ignored", conf->controller_host, value);
        return 0;
    }
    put (&conf->controller_host, xstrndup (value, name));
    if (value[name])
        put (&conf->controller_addr, xstrndup (value + name + 1, addr));
    return 0;
}

static int set_auth_info (void *base, const char *value, char **ret_note, struct err *err)
{
    struct config *conf = base;
    static const char word[] = "socket=";

    if (!*value && !ret_note) {
        put (&conf->auth_socket, xstrdup (""));
        return 0;
    }
    for (const char *p = value; *p;) {
        size_t n = strcspn (p, ",");
        if (n >= sizeof word - 1 && !strncmp (p, word, sizeof word - 1)) {
            if (p[sizeof word - 1] != '/')
                return refuse (err, "the munge socket is not an absolute path", "write AuthInfo=socket=/PATH");
            put (&conf->auth_socket, xstrndup (p + sizeof word - 1, n - (sizeof word - 1)));
        } else if (n && ret_note && !*ret_note) {
            *ret_note = xasprintf ("\"%.*s\" is ignored: only socket=PATH counts", (int) n, p);
        }
        p += n + (p[n] == ',');
    }
    return 0;
}

static int take_key (char **slot, const char *value, struct err *err)
{
    uint8_t key[KEY_SIZE];

    if (*value && base64_decode (value, key, sizeof key) < 0)
        return refuse (err, "not a key", "paste the line that `moisson keygen` printed");
    put (slot, xstrdup (value));
    return 0;
}

static int set_key (void *base, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return take_key (&((struct config *) base)->controller_key, value, err);
}

static int set_next_key (void *base, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return take_key (&((struct config *) base)->controller_key_next, value, err);
}

static int set_cluster (void *base, const char *value, char **ret_note, struct err *err)
{
    struct config *conf = base;
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

    (void) ret_note;
    if (!*value || value[strspn (value, good)] || strlen (value) > 40)
        return refuse (err, "not a cluster name", "use 1 to 40 letters, digits, '-', '_' and '.'");
    char *name = xstrdup (value);
    for (char *p = name; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char) (*p - 'A' + 'a');
    put (&conf->cluster_name, name);
    return 0;
}

static int set_level (char **slot, const char *value, struct err *err)
{
    enum log_level level;

    if (log_level_parse (value, &level) < 0)
        return refuse (err, "not a level", "use quiet, fatal, error, info, verbose or debug");
    put (slot, xstrdup (value));
    return 0;
}

static int set_ctld_level (void *base, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return set_level (&((struct config *) base)->ctld_debug, value, err);
}

static int set_node_level (void *base, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return set_level (&((struct config *) base)->node_debug, value, err);
}

static int set_dir (char **slot, const char *value, struct err *err)
{
    if (*value != '/')
        return refuse (err, "not an absolute path", "start it with '/'");
    put (slot, xstrdup (value));
    return 0;
}

static int set_state_dir (void *base, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return set_dir (&((struct config *) base)->state_dir, value, err);
}

static int set_spool_dir (void *base, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return set_dir (&((struct config *) base)->spool_dir, value, err);
}

static int set_job_limits (void *base, const char *value, char **ret_note, struct err *err)
{
    struct limits limits;

    (void) ret_note;
    if (limits_parse (value, &limits, err) < 0)
        return -1;
    put (&((struct config *) base)->job_limits, xstrdup (value));
    return 0;
}

/* A further line goes on with the list. */
static int set_state_aliases (void *base, const char *value, char **ret_note, struct err *err)
{
    _cleanup_state_aliases_ struct state_aliases *aliases = NULL;
    char **slot = &((struct config *) base)->state_aliases;

    if (state_aliases_parse (&aliases, value, err) < 0)
        return -1;
    put (slot, ret_note && *slot && **slot ? xasprintf ("%s,%s", *slot, value) : xstrdup (value));
    return 0;
}

static int add_programs (char **slot, const char *value, bool is_default, struct err *err)
{
    if (!strcasecmp (value, "none") || !strcasecmp (value, "(null)"))
        value = "";
    if (programs_check (value, err))
        return -1;
    put (slot, is_default || !*slot || !**slot ? xstrdup (value) : xasprintf ("%s %s", *slot, value));
    return 0;
}

#define PROGRAMS_KEY(name, member)                                                                                     \
    static int name (void *base, const char *value, char **ret_note, struct err *err)                                  \
    {                                                                                                                  \
        return add_programs (&((struct config *) base)->member, value, !ret_note, err);                                \
    }

PROGRAMS_KEY (set_prolog, prolog)
PROGRAMS_KEY (set_epilog, epilog)
PROGRAMS_KEY (set_ctld_prolog, ctld_prolog)
PROGRAMS_KEY (set_ctld_epilog, ctld_epilog)

/* One program, without a pattern: what it says decides. */
static int set_program (char **slot, const char *value, struct err *err)
{
    if (*value && strcasecmp (value, "none") && (*value != '/' || value[strcspn (value, " *?[")]))
        return refuse (err, "not the absolute path of one program", "write it with '/' first and without blanks");
    put (slot, xstrdup (strcasecmp (value, "none") ? value : ""));
    return 0;
}

#define PROGRAM_KEY(name, member)                                                                                      \
    static int name (void *base, const char *value, char **ret_note, struct err *err)                                  \
    {                                                                                                                  \
        (void) ret_note;                                                                                               \
        return set_program (&((struct config *) base)->member, value, err);                                            \
    }

PROGRAM_KEY (set_health_program, health_program)
PROGRAM_KEY (set_reboot_program, reboot_program)
PROGRAM_KEY (set_fence_program, fence_program)
PROGRAM_KEY (set_mail_program, mail_program)

static int set_health_states (void *base, const char *value, char **ret_note, struct err *err)
{
    static const struct {
        const char *word;
        unsigned when;
    } words[] = {{"ANY", HEALTH_ANY},
                 {"IDLE", HEALTH_IDLE},
                 {"ALLOC", HEALTH_ALLOC},
                 {"MIXED", HEALTH_MIXED},
                 {"CYCLE", HEALTH_CYCLE}};
    struct config *conf = base;
    unsigned when = 0;

    (void) ret_note;
    for (const char *p = value; *p; p += strcspn (p, ","), p += *p == ',') {
        size_t len = strcspn (p, ","), i = 0;
        while (i < sizeof words / sizeof *words &&
               (strlen (words[i].word) != len || strncasecmp (p, words[i].word, len)))
            i++;
        if (i == sizeof words / sizeof *words)
            return refuse (err, "not a list of states", "join ANY, IDLE, ALLOC, MIXED and CYCLE with commas");
        when |= words[i].when;
    }
    conf->health_when = when & HEALTH_ANY ? when : when | HEALTH_ANY;
    put (&conf->health_states, xstrdup (value));
    return 0;
}

static int set_licences (void *base, const char *value, char **ret_note, struct err *err)
{
    _cleanup_licences_ struct licence_list list = LICENCE_LIST_INIT;
    _cleanup_buf_ struct buf text = BUF_INIT;

    (void) ret_note;
    if (licences_parse (&list, value, err))
        return -1;
    licences_put (&list, &text);
    put (&((struct config *) base)->licences, xstrdup (text.len ? text.data : ""));
    return 0;
}

static int set_resv_over_run (void *base, const char *value, char **ret_note, struct err *err)
{
    struct config *conf = base;
    uint64_t minutes;

    (void) ret_note;
    if (!strcasecmp (value, "UNLIMITED")) {
        conf->resv_over_run_s = RESV_FOREVER;
        put (&conf->resv_over_run, xstrdup ("UNLIMITED"));
        return 0;
    }
    if (number_parse (value, "ResvOverRun", 0, 65533, &minutes, err))
        return -1;
    conf->resv_over_run_s = minutes * 60;
    put (&conf->resv_over_run, xasprintf ("%llu min", (unsigned long long) minutes));
    return 0;
}

static int set_hook_timeout (void *base, const char *value, char **ret_note, struct err *err)
{
    uint64_t seconds;

    (void) ret_note;
    if (number_parse (value, "PrologEpilogTimeout", 0, 65534, &seconds, err))
        return -1;
    ((struct config *) base)->hook_timeout = seconds == 65534 ? 0 : (uint32_t) seconds; /* 65534: Slurm's "no limit" */
    return 0;
}

/* For keys of which one value is right: `words` has said so already. */
static int accept (void *base, const char *value, char **ret_note, struct err *err)
{
    (void) base;
    (void) value;
    (void) ret_note;
    (void) err;
    return 0;
}

/* clang-format off */
static const struct config_key scalars[] = {
    {"AccountingStorageEnforce", VALUE_STRING, OF (enforce_text), .standard = "", .apply = config_set_enforce,
     .help = "What of the account tree (accounts.conf, sacctmgr) is insisted on: `associations` (users submit in accounts that "
             "they are in), `limits`, `qos` (QoS that their association has), `safe` (a job starts only if it can end before "
             "GrpTRESMins is used up); the last three bring the first. Without it nothing is."},
    {"AllowedRAMSpace", VALUE_U32, OF (allowed_ram), 1, 1000, "100", .in_cgroup_conf = true,
     .help = "Per cent of a job's memory at which the kernel ends it."},
    {"AllowedSwapSpace", VALUE_U32, OF (allowed_swap), 0, 1000, "0", .in_cgroup_conf = true,
     .help = "Swap that a job may use, in per cent of its memory."},
    {"AgentUser", VALUE_STRING, OF (agent_user), .standard = "",
     .help = "Root mode: the user of the part of a node that speaks to the network; empty is SlurmUser. (Moisson's own key.)"},
    {"AuthInfo", VALUE_STRING, OF (auth_socket), .standard = "", .apply = set_auth_info,
     .help = "`socket=PATH` of munge; empty is munge's own default."},
    {"AuthType", VALUE_STRING, OF (auth_type), .standard = "auth/munge", .words = "auth/munge",
     .help = "How users prove who they are."},
    {"CgroupMountpoint", VALUE_STRING, OF (cgroup_mountpoint), .standard = "", .in_cgroup_conf = true,
     .help = "Directory below which cgroups are looked for; empty is wherever they are mounted."},
    {"CgroupPlugin", VALUE_STRING, OF (cgroup_plugin), .standard = "autodetect", .in_cgroup_conf = true,
     .words = "autodetect|cgroup/v2|cgroup/v1|disabled",
     .help = "How a node holds jobs together: `autodetect` uses what the host has, a name insists on it, `disabled` "
             "limits nothing. `scontrol show node` says what is in use."},
    {"ClusterName", VALUE_STRING, OF (cluster_name), .standard = "moisson", .apply = set_cluster,
     .help = "Name of the cluster, as jobs and records show it (lower case)."},
    {"ConstrainCores", VALUE_BOOL, OF (constrain_cores), .standard = "1", .in_cgroup_conf = true,
     .help = "A job runs on its own cores only. Not on nodes with a Topology of their own."},
    {"ConstrainDevices", VALUE_BOOL, OF (constrain_devices), .standard = "1", .in_cgroup_conf = true,
     .help = "A job cannot open the GPUs of gres.conf that it was not given. No other device is touched."},
    {"ConstrainRAMSpace", VALUE_BOOL, OF (constrain_ram), .standard = "1", .in_cgroup_conf = true,
     .help = "A job that uses more than its memory is ended (OUT_OF_MEMORY)."},
    {"ConstrainSwapSpace", VALUE_BOOL, OF (constrain_swap), .standard = "1", .in_cgroup_conf = true,
     .help = "A job has no more swap than AllowedSwapSpace says."},
    {"ControlAddr", VALUE_STRING, OF (controller_addr), .help = "Older word for the address in SlurmctldHost."},
    {"ControllerKey", VALUE_STRING, OF (controller_key), .standard = "", .apply = set_key,
     .help = "Public key of the controller, as `moisson keygen` prints it. Commands and nodes trust no other."},
    {"ControllerKeyNext", VALUE_STRING, OF (controller_key_next), .standard = "", .apply = set_next_key,
     .help = "Another one that is trusted, while the controller's key is being exchanged. (Moisson's own key.)"},
    {"ControlMachine", VALUE_STRING, OF (controller_host), .apply = set_host, .help = "Older word for SlurmctldHost."},
    {"DefMemPerCPU", VALUE_MB, OF (def_mem_per_cpu_mb), 0, MB_MAX, "UNLIMITED",
     .help = "Memory per CPU of jobs that ask for none, in MB. Not together with DefMemPerNode."},
    {"DefMemPerNode", VALUE_MB, OF (def_mem_per_node_mb), 0, MB_MAX, "UNLIMITED",
     .help = "Memory per node of jobs that ask for none, in MB."},
    {"Epilog", VALUE_STRING, OF (epilog), .standard = "", .apply = set_epilog, .repeats = true,
     .help = "Programs that a node runs after each job, as the user of moissond; absolute paths, the last part may be a "
             "pattern. One that fails drains the node."},
    {"EpilogSlurmctld", VALUE_STRING, OF (ctld_epilog), .standard = "", .apply = set_ctld_epilog, .repeats = true,
     .help = "Programs that the controller runs after each job, as its own user."},
    {"FenceProgram", VALUE_STRING, OF (fence_program), .standard = "", .apply = set_fence_program,
     .help = "Run by the controller with the name of a node that was silent for SlurmdTimeout. If it exits with 0 the node is "
             "taken for dead: its jobs end NODE_FAIL. (Moisson's own key.)"},
    {"FirstJobId", VALUE_U64, OF (first_job_id), 1, 1ULL << 53, "1",
     .help = "Id of the very first job. Ids only rise and are never used again."},
    {"GetEnvTimeout", VALUE_SECONDS, OF (login_env_wait), 1, 3600, "30",
     .help = "Seconds that a job's login environment may take (--get-user-env, --export=NONE); then the job fails."},
    {"JobLimits", VALUE_STRING, OF (job_limits), .standard = LIMITS_STANDARD, .apply = set_job_limits,
     .help = "Resource limits of jobs, `NAME=SOFT[:HARD],...`: numbers, with K, M, G or T, or unlimited. What is not named has "
             "the default. Jobs get them from here, not from where they were submitted. (Moisson's own key.)"},
    {"GresTypes", VALUE_STRING, OF (gres_types), .standard = "gpu",
     .help = "Comma list of the names that Gres= may have; gpu is always one of them. GPUs are devices, other names are "
             "counted."},
    {"DependencyParameters", VALUE_STRING, OF (dependency_parameters), .standard = "", .apply = config_set_dependency,
     .help = "`kill_invalid_depend`: jobs whose dependency can never be satisfied are cancelled, unless they say otherwise "
             "with --kill-on-invalid-dep=no."},
    {"HealthCheckInterval", VALUE_SECONDS, OF (health_interval), 0, 65533, "0",
     .help = "Seconds between two runs of HealthCheckProgram on a node; 0 is never."},
    {"HealthCheckNodeState", VALUE_STRING, OF (health_states), .standard = "ANY", .apply = set_health_states,
     .help = "Which nodes run it: ANY, or IDLE, ALLOC and MIXED; with CYCLE not all at the same time."},
    {"HealthCheckProgram", VALUE_STRING, OF (health_program), .standard = "", .apply = set_health_program,
     .help = "Run on each node, as the user of moissond, for at most 60 s. A code other than 0 drains the node with the last "
             "line that it wrote as reason; 0 takes that back."},
    {"FastFailExclude", VALUE_MINUTES, OF (fast_fail_exclude_s), 0, YEAR, "60",
     .help = "How long a node gets no more work of a kind that failed there fast and passes elsewhere; 0: until "
             "`scontrol update NodeName=NAME State=RESUME`. (Moisson's own key.)"},
    {"FastFailTime", VALUE_SECONDS, OF (fast_fail_s), 0, 65533, "60",
     .help = "A task that fails within so many seconds has failed fast. A node where tasks of one kind (user, partition, name "
             "and resources) do that one after the other, while they pass on others, gets no more of that kind. 0: nodes are "
             "not judged so. (Moisson's own key.)"},
    {"JobRequeue", VALUE_BOOL, OF (job_requeue), .standard = "0",
     .help = "Run a job again after its node was lost even if it did not ask with --requeue. Slurm's default is 1; here "
             "nothing runs twice unasked."},
    {"JobScratchDir", VALUE_STRING, OF (scratch_dir), .standard = "",
     .help = "Directory for the jobs' own temporary files, on a disk with room for them; %n is the node, %h the host. "
             "Empty is a directory in /tmp. (Moisson's own key.)"},
    {"KillWait", VALUE_SECONDS, OF (kill_wait), 1, 65533, "30",
     .help = "Seconds between SIGTERM and SIGKILL when a job is stopped."},
    {"Licenses", VALUE_STRING, OF (licences), .standard = "", .apply = set_licences,
     .help = "Licences that jobs may ask for with --licenses, and how many there are: `fluent:30,matlab:5`."},
    {"MailDomain", VALUE_STRING, OF (mail_domain), .standard = "",
     .help = "Behind the @ of addresses that have none; empty leaves them as they are."},
    {"MailProg", VALUE_STRING, OF (mail_program), .standard = "/usr/sbin/sendmail", .apply = set_mail_program,
     .help = "Sends what --mail-type asks for, as SlurmUser, never as root. A program whose name ends in sendmail (or msmtp) "
             "reads the message, `-i -t`; any other is called as `PROGRAM -s SUBJECT ADDRESS`. Empty, or where it is not "
             "there: no mail."},
    {"MaxArraySize", VALUE_U32, OF (max_array_size), 0, 4000001, "4000001",
     .help = "Highest task id of a job array plus one; 0 forbids arrays."},
    {"MaxBatchRequeue", VALUE_COUNT, OF (max_batch_requeue), 1, 65533, "5",
     .help = "How often a job is restarted by itself (after the loss of a node, --retry, RequeueExit) before it is held for an "
             "operator; UNLIMITED is any number. Slurm has it as SchedulerParameters=max_batch_requeue."},
    {"MaxJobCount", VALUE_U32, OF (max_job_count), 1, UINT32_MAX - 1, "10000000",
     .help = "Jobs and array tasks the controller holds at a time."},
    {"MaxMemPerCPU", VALUE_MB, OF (max_mem_per_cpu_mb), 0, MB_MAX, "UNLIMITED",
     .help = "Most memory for each CPU that a job may ask for, in MB."},
    {"MaxMemPerNode", VALUE_MB, OF (max_mem_per_node_mb), 0, MB_MAX, "UNLIMITED",
     .help = "Most memory a job may ask for on one node, in MB."},
    {"MessageTimeout", VALUE_SECONDS, OF (message_timeout), 1, 3600, "10",
     .help = "Seconds a command waits for an answer."},
    {"MinJobAge", VALUE_SECONDS, OF (min_job_age), 1, YEAR, "300",
     .help = "Seconds that a finished job stays visible to squeue and scontrol; sacct knows it for ever."},
    {"MinUID", VALUE_U32, OF (min_uid), 1, UINT32_MAX - 1, "1000",
     .help = "Root mode: jobs of users below this number are refused, at submit and on every node. (Moisson's own key.)"},
    {"Operators", VALUE_STRING, OF (operators), .standard = "",
     .help = "Users, by name or number, who may do what root and SlurmUser may: act on the jobs of others, drain nodes. "
             "(Moisson's own key.)"},
    {"SelectType", VALUE_STRING, OF (select_type), .standard = "select/cons_tres",
     .words = "select/cons_tres|select/cons_res",
     .help = "CPUs, memory and GPUs are given out one by one; both words say so. Whole nodes: jobs ask --exclusive."},
    {"SelectTypeParameters", VALUE_STRING, OF (select_parameters), .standard = "CR_Core_Memory", .apply = config_set_select,
     .help = "What is given out: `CR_Core_Memory` (whole cores: a job that asks for one CPU of a core with two threads gets "
             "both, and both are counted), `CR_CPU_Memory` (threads one by one), `CR_Core`, `CR_CPU` (memory is not given "
             "out and not limited: --mem only chooses nodes that have as much). With `CR_ONE_TASK_PER_CORE`, tasks share no "
             "core unless the job says --ntasks-per-core."},
    {"SchedulerParameters", VALUE_STRING, OF (scheduler_parameters), .standard = "bf_interval=30,bf_job_part_count_reserve=1",
     .apply = config_set_scheduler_parameters,
     .help = "`bf_job_part_count_reserve=N`: so many jobs of each partition that wait at the head of the queue are promised nodes, "
             "and what passes them does not delay them (Slurm's default is 0). `bf_interval=SECONDS`: at least so often everything "
             "that waits is looked at again. Other words are ignored, with a note."},
    {"SchedulerType", VALUE_STRING, OF (scheduler_type), .standard = "sched/backfill", .words = "sched/backfill|sched/builtin",
     .help = "`sched/backfill`: a job passes those before it that wait, if it delays none that has been promised nodes. "
             "`sched/builtin`: in order; what waits holds back its partition."},
    {"PidsPerCPU", VALUE_U32, OF (pids_per_cpu), 0, 1 << 22, "2048", .in_cgroup_conf = true,
     .help = "Processes and threads that a job may have, for each of its CPUs; 0 is no limit. (Moisson's own key.)"},
    {"PreemptExemptTime", VALUE_MINUTES, OF (preempt_exempt_s), 0, YEAR, "0",
     .help = "No job is preempted before it has run so long; minutes, `H:M:S`, `D-H:M:S`."},
    {"PreemptMode", VALUE_STRING, OF (preempt_mode), .standard = "OFF", .apply = config_set_preempt_mode,
     .help = "What is done with a job that is preempted: CANCEL, or REQUEUE (if it may run again: --requeue or JobRequeue=YES; "
             "else it is cancelled). OFF: nothing is."},
    {"PreemptType", VALUE_STRING, OF (preempt_type), .standard = "preempt/none",
     .words = "preempt/none|preempt/partition_prio|preempt/qos",
     .help = "Who may take the place of others: `preempt/partition_prio`: jobs of a partition with a higher PriorityTier. "
             "`preempt/qos`: jobs of a QoS that names the other in its Preempt list (accounts.conf)."},
    {"PrivateTmp", VALUE_BOOL, OF (private_tmp), .standard = "1",
     .help = "/tmp, /var/tmp and /dev/shm of a job are its own, and go when it ends. Only where moissond is root and "
             "SlurmUser is not, and SlurmdSpoolDir is not below one of them. (Moisson's own key.)"},
    {"OverTimeLimit", VALUE_STRING, OF (over_time_limit), .standard = "0", .apply = config_set_over_limit,
     .help = "Minutes that a job may run past its time limit before it is ended; UNLIMITED is for ever. --signal is about the "
             "limit itself."},
    {"PriorityCalcPeriod", VALUE_MINUTES, OF (priority_calc_period), 60, 86400, "5",
     .help = "How often usage decays and fairshare is calculated, as a time limit: minutes, `H:M:S`."},
    {"PriorityDecayHalfLife", VALUE_MINUTES, OF (priority_half_life), 0, 10 * YEAR, "7-0",
     .help = "After this long half of what was used counts; 0: all of it, until PriorityUsageResetPeriod."},
    {"PriorityFavorSmall", VALUE_BOOL, OF (priority_favor_small), .standard = "0",
     .help = "PriorityWeightJobSize is for small jobs rather than for large ones."},
    {"PriorityFlags", VALUE_STRING, OF (priority_flags), .standard = "", .apply = config_set_priority_flags,
     .help = "`FAIR_TREE` (always so), `MAX_TRES` (of what a job holds the dearest kind alone is billed, not the sum)."},
    {"PriorityMaxAge", VALUE_MINUTES, OF (priority_max_age), 60, YEAR, "7-0",
     .help = "After this long a job that waits has all of PriorityWeightAge."},
    {"PriorityType", VALUE_STRING, OF (priority_type), .standard = "priority/basic",
     .words = "priority/basic|priority/multifactor|priority/handicap|priority/patience|priority/sjf|priority/f1|priority/wfp3|priority/unicep",
     .help = "The order of jobs: first come, first served; the sum of the weights below times factors from 0 to 1; or one of "
             "Moisson's own, see plugins/README.md. PriorityTier goes before, and so does --priority."},
    {"PriorityUsageResetPeriod", VALUE_STRING, OF (usage_reset), .standard = "NONE",
     .words = "NONE|NOW|DAILY|WEEKLY|MONTHLY|QUARTERLY|YEARLY",
     .help = "What was used is forgotten besides decaying: at midnight, local time, of every day, every Sunday, the first day of a "
             "month, quarter or year. What falls due while the controller is away is made up once. NOW: at each start and "
             "reconfigure. QoS with the flag NoDecay keep theirs."},
    {"PriorityWeightAge", VALUE_U32, OF (weight_age), 0, UINT32_MAX - 1, "0", .help = "Of how long it has waited."},
    {"PriorityWeightAssoc", VALUE_U32, OF (weight_assoc), 0, UINT32_MAX - 1, "0", .help = "Of the Priority of its association."},
    {"PriorityWeightFairshare", VALUE_U32, OF (weight_fairshare), 0, UINT32_MAX - 1, "0",
     .help = "Of how little its user had of his share (Fair Tree)."},
    {"PriorityWeightJobSize", VALUE_U32, OF (weight_size), 0, UINT32_MAX - 1, "0", .help = "Of its size: CPUs and nodes, of all there are."},
    {"PriorityWeightPartition", VALUE_U32, OF (weight_partition), 0, UINT32_MAX - 1, "0", .help = "Of its partition's PriorityJobFactor."},
    {"PriorityWeightQOS", VALUE_U32, OF (weight_qos), 0, UINT32_MAX - 1, "0", .help = "Of the Priority of its QoS."},
    {"PriorityWeightTRES", VALUE_STRING, OF (priority_weight_tres), .standard = "", .apply = config_set_tres_weights,
     .help = "Of what it asks for, each as a part of what the cluster has: `CPU=1000,Mem=2000,GRES/gpu=3000`."},
    {"Prolog", VALUE_STRING, OF (prolog), .standard = "", .apply = set_prolog, .repeats = true,
     .help = "Programs that a node runs before each job, like Epilog. If one fails the node is drained and the job is placed "
             "again."},
    {"PrologEpilogTimeout", VALUE_SECONDS, OF (hook_timeout), 0, 65534, .standard = "600", .apply = set_hook_timeout,
     .help = "Seconds that each prolog or epilog may take; 0 and 65534 (Slurm's default) are no limit."},
    {"PrologSlurmctld", VALUE_STRING, OF (ctld_prolog), .standard = "", .apply = set_ctld_prolog, .repeats = true,
     .help = "Programs that the controller runs before each job, as its own user; the job is CONFIGURING meanwhile. If one "
             "fails the job is placed again, and held after five such."},
    {"RebootProgram", VALUE_STRING, OF (reboot_program), .standard = "", .apply = set_reboot_program,
     .help = "Run by a node's moissond for `scontrol reboot`."},
    {"RequeueExit", VALUE_STRING, OF (requeue_exit), .standard = "", .apply = config_set_requeue_exit,
     .help = "Exit codes after which a job runs again unless it said --no-requeue: `1-8,75`. MaxBatchRequeue bounds how often."},
    {"RequeueExitHold", VALUE_STRING, OF (requeue_exit_hold), .standard = "", .apply = config_set_requeue_exit_hold,
     .help = "Likewise, but the job is held first; its user can release it."},
    {"ResvOverRun", VALUE_STRING, OF (resv_over_run), .standard = "0", .apply = set_resv_over_run,
     .help = "Minutes that jobs may run on when the reservation that they are in has ended; UNLIMITED: as long as their "
             "own limit."},
    {"ResumeTimeout", VALUE_SECONDS, OF (resume_timeout), 0, 65533, "60",
     .help = "Seconds after which a node that was told to reboot is set DOWN; it returns all the same when it is back."},
    {"ReturnToService", VALUE_U32, OF (return_to_service), 0, 2, "1",
     .help = "What a node does that is back: 0 stays DOWN if it was silent for SlurmdTimeout; 1 returns, unless it was rebooted "
             "unasked while it was up; 2 returns whatever had set it DOWN. Slurm's default is 0."},
    {"SlurmctldAddr", VALUE_STRING, OF (controller_addr), .help = "Address to dial instead of SlurmctldHost."},
    {"SlurmctldDebug", VALUE_STRING, OF (ctld_debug), .standard = "info", .apply = set_ctld_level,
     .help = "How much the controller logs."},
    {"SlurmctldHost", VALUE_STRING, OF (controller_host), .standard = "", .apply = set_host,
     .help = "`NAME` or `NAME(ADDRESS)` of the machine that the controller runs on. Needed."},
    {"SlurmctldLogFile", VALUE_STRING, OF (ctld_log), .standard = "", .help = "Log of the controller; empty is stderr."},
    {"SlurmctldPidFile", VALUE_STRING, OF (ctld_pid), .standard = "", .help = "Written once the controller listens."},
    {"SlurmctldPort", VALUE_U32, OF (controller_port), 1, 65535, "6817", .help = "TCP port of the controller."},
    {"SlurmdDebug", VALUE_STRING, OF (node_debug), .standard = "info", .apply = set_node_level,
     .help = "How much the node side logs."},
    {"SlurmdLogFile", VALUE_STRING, OF (node_log), .standard = "", .help = "Log of a node; %n is the node, %h the host."},
    {"SlurmdPidFile", VALUE_STRING, OF (node_pid), .standard = "", .help = "Written once a node's agent runs; %n, %h."},
    {"SlurmdSpoolDir", VALUE_STRING, OF (spool_dir), .standard = "/var/spool/moisson/%n", .apply = set_spool_dir,
     .help = "Where a node keeps the jobs it runs; %n is the node, %h the host."},
    {"SlurmdTimeout", VALUE_SECONDS, OF (slurmd_timeout), 1, 65533, "300",
     .help = "Seconds of silence after which a node counts as unreachable (its jobs are not taken as dead)."},
    {"SlurmUser", VALUE_STRING, OF (slurm_user), .standard = "",
     .help = "The controller's user; empty is whoever starts it. If it is not root, and moissond runs as root, jobs of all users "
             "run, each as that user (root mode)."},
    {"SnapshotEvents", VALUE_U32, OF (snapshot_events), 10, 1000000000, "50000",
     .help = "Journal rows between two snapshots of the state. (Moisson's own key.)"},
    {"StateAliases", VALUE_STRING, OF (state_aliases), .standard = "", .apply = set_state_aliases, .repeats = true,
     .help = "States that squeue, sacct and scontrol show as others, for clients that do not know all of them: "
             "`FROM:TO[:partition=NAME][:user=NAME],...`, for everybody, for the jobs of a partition, or where that user asks. "
             "The first that applies counts. Filters, exit codes and records keep the real state. (Moisson's own key.)"},
    {"StateSaveLocation", VALUE_STRING, OF (state_dir), .standard = "/var/lib/moisson", .apply = set_state_dir,
     .help = "Directory of the database, snapshots and keys; on a local disk."},
    {"StoreBallast", VALUE_MB, OF (ballast_mb), 0, 1 << 20, "16",
     .help = "Disk space in MB kept back so that finished jobs are recorded on a full disk. (Moisson's own key.)"},
    {"StoreType", VALUE_STRING, OF (store_type), .standard = "store/sqlite", .words = "store/sqlite",
     .help = "The database behind the journal and the records. (Moisson's own key.)"},
    {"SubmitKeyAge", VALUE_SECONDS, OF (submit_key_age), 60, 10 * YEAR, "604800",
     .help = "Seconds for which a --submit-key is remembered after its job has gone. (Moisson's own key.)"},
    {"UnkillableStepTimeout", VALUE_SECONDS, OF (unkillable_timeout), 1, 65533, "60",
     .help = "Seconds after SIGKILL for which a job's processes are waited for. Then the job counts as ended, and the "
             "node keeps back what they hold until they are gone."},
};

static const struct config_key node_keys[] = {
    {"Boards", VALUE_U32, NODE (boards), 1, 1024,
     .help = "Boards of a node; with more than one, Sockets is taken for SocketsPerBoard."},
    {"CoresPerSocket", VALUE_U32, NODE (cores), 1, 65533,
     .help = "Cores of a socket; follows from CPUs when not given, else 1."},
    {"CoreSpecCount", VALUE_U32, NODE (core_spec), 0, 65533,
     .help = "Cores that jobs never get: the last core of the last socket first, then round the sockets."},
    {"CpuSpecList", VALUE_STRING, NODE (cpu_spec_list),
     .help = "Ids of CPUs that jobs never get, with all threads of their cores; instead of CoreSpecCount. Ids count sockets, "
             "then cores, then threads."},
    {"CPUs", VALUE_U32, NODE (cpus), 1, 65533,
     .help = "CPUs of a node: the number of its threads, or of its cores (a CPU is a core then). All threads when not "
             "given; any other number is corrected to that, with a note."},
    {"Feature", VALUE_STRING, NODE (features), .help = "Same as Features."},
    {"Features", VALUE_STRING, NODE (features), .help = "Comma list of words."},
    {"Gres", VALUE_STRING, NODE (gres),
     .help = "What there is to count: `gpu:N`, `gpu:TYPE:N`, `NAME:N`, separated by commas. Which devices these are says "
             "gres.conf, or the machine."},
    {"MemSpecLimit", VALUE_MB, NODE (mem_spec_mb), 0, MB_MAX,
     .help = "Memory in MB of RealMemory that jobs never get: for the system and Moisson itself."},
    {"NodeAddr", VALUE_STRING, NODE (address), .help = "Address; one, or a list as long as NodeName's."},
    {"NodeHostname", VALUE_STRING, NODE (hostname), .help = "Name of the machine; one, or a list as long as NodeName's."},
    {"NodeName", VALUE_STRING, NODE (names),
     .help = "Name or host list (`n[01-64]`); `DEFAULT` sets the defaults of the lines below."},
    {"Procs", VALUE_U32, NODE (cpus), 1, 65533, .help = "Older word for CPUs."},
    {"RealMemory", VALUE_MB, NODE (mem_mb), 1, MB_MAX, .help = "Memory in MB; 1 when not given. The node may have up to 2 % less."},
    {"Reason", VALUE_STRING, NODE (reason), .help = "Why State is what it is."},
    {"Sockets", VALUE_U32, NODE (sockets), 1, 65533, .help = "Sockets of a node; follow from CPUs when not given, else 1."},
    {"SocketsPerBoard", VALUE_U32, NODE (sockets_per_board), 1, 65533, .help = "Sockets of a board."},
    {"State", VALUE_STRING, NODE (state), .words = "UNKNOWN|IDLE|DOWN|DRAIN",
     .help = "UNKNOWN (the agent says), DOWN or DRAIN."},
    {"ThreadsPerCore", VALUE_U32, NODE (threads), 1, 65533, .help = "Hardware threads of a core; 1 when not given."},
    {"TmpDisk", VALUE_MB, NODE (tmp_mb), 0, MB_MAX, .help = "Accepted; Moisson does not schedule disk space."},
    {"Topology", VALUE_STRING, NODE (topology),
     .help = "`FILE.xml` or `\"synthetic:...\"` in hwloc's words: a virtual node. (Moisson's own key.)"},
    {"Weight", VALUE_U32, NODE (weight), 0, UINT32_MAX - 1, .help = "Nodes of less weight are filled first; 1 when not given."},
};

/* Words that would narrow or widen who may use a partition: refused rather than ignored, unless they say the default. */
#define ONLY(key, word, text) {key, VALUE_BOOL, 0, .words = word, .apply = accept, .help = text}

static const struct config_key partition_keys[] = {
    {"AllowAccounts", VALUE_STRING, PART (allow_accounts), .help = "Only jobs of these accounts, comma list; ALL."},
    ONLY ("AllowAllocNodes", "ALL", "Only ALL."),
    {"AllowGroups", VALUE_STRING, PART (allow_groups), .help = "Only jobs of users in these groups, comma list; ALL."},
    {"AllowQos", VALUE_STRING, PART (allow_qos), .help = "Only jobs of these QoS, comma list; ALL."},
    {"Default", VALUE_BOOL, PART (is_default), .help = "YES: for jobs that name no partition. One at most."},
    {"DefaultTime", VALUE_MINUTES, PART (default_time), 0, YEAR * 10ULL,
     .help = "Time limit of jobs that ask for none; MaxTime when not given."},
    {"DefMemPerCPU", VALUE_MB, PART (mem_per_cpu), 0, MB_MAX, .help = "As the key of the same name above."},
    {"DefMemPerNode", VALUE_MB, PART (mem_per_node), 0, MB_MAX, .help = "As the key of the same name above."},
    {"DenyAccounts", VALUE_STRING, PART (deny_accounts), .help = "No jobs of these accounts, where AllowAccounts is not given."},
    {"DenyQos", VALUE_STRING, PART (deny_qos), .help = "No jobs of these QoS, where AllowQos is not given."},
    ONLY ("DisableRootJobs", "NO", "Only NO."),
    ONLY ("ExclusiveUser", "NO", "Only NO: jobs can ask for --exclusive."),
    {"LLN", VALUE_BOOL, PART (least_loaded),
     .help = "YES: among nodes of the same Weight the one with most CPUs free is taken; else the one with fewest that has room."},
    {"MaxMemPerCPU", VALUE_MB, PART (max_mem_per_cpu), 0, MB_MAX, .help = "As the key of the same name above."},
    {"MaxMemPerNode", VALUE_MB, PART (max_mem_per_node), 0, MB_MAX, .help = "As the key of the same name above."},
    {"MaxNodes", VALUE_COUNT, PART (max_nodes), 1, UINT32_MAX - 1, "UNLIMITED", .help = "Most nodes of one job."},
    {"MaxTime", VALUE_MINUTES, PART (max_time), 0, YEAR * 10ULL, "UNLIMITED",
     .help = "Longest time limit: minutes, `H:M:S`, `D-H:M:S` or UNLIMITED."},
    {"GraceTime", VALUE_SECONDS, PART (grace), 0, 65533, "0",
     .help = "Seconds between SIGTERM and the end of a job of this partition that is preempted; KillWait when it is 0."},
    {"MinNodes", VALUE_U32, PART (min_nodes), 0, UINT32_MAX - 1, "0", .help = "Fewest nodes of one job."},
    {"OverTimeLimit", VALUE_STRING, PART (over_time_limit), .apply = config_set_partition_over_limit,
     .help = "As the key of the same name above."},
    {"Nodes", VALUE_STRING, PART (nodes), .help = "Host list, or ALL."},
    {"PartitionName", VALUE_STRING, PART (name), .help = "Name; `DEFAULT` sets the defaults of the lines below."},
    {"PreemptMode", VALUE_STRING, PART (preempt_mode), .apply = config_set_preempt_mode_of_partition,
     .help = "What is done with its jobs that are preempted: as the key of the same name above; OFF: they are not."},
    {"PriorityJobFactor", VALUE_U32, PART (job_factor), 0, 65533, "1",
     .help = "Its jobs' part of PriorityWeightPartition: this, of the highest one of all partitions."},
    {"PriorityTier", VALUE_U32, PART (tier), 0, 65533, "1", .help = "Jobs of a partition with a higher number go before all others, whatever their priority."},
    {"QOS", VALUE_STRING, PART (qos), .help = "A QoS whose limits hold for all its jobs, before those of their own."},
    ONLY ("ReqResv", "NO", "Only NO."),
    ONLY ("RootOnly", "NO", "Only NO."),
    {"StartRate", VALUE_STRING, PART (start_rate), .apply = config_set_start_rate,
     .help = "Most starts in a time: `50/s`, `300/min`, `1000/h`. What the jobs load or write when they start then comes in "
             "portions. (Moisson's own key.)"},
    {"StartRatePerUser", VALUE_STRING, PART (user_start_rate), .apply = config_set_user_start_rate,
     .help = "Likewise, of each user. (Moisson's own key.)"},
    {"State", VALUE_STRING, PART (state), .standard = "UP", .words = "UP|DOWN|DRAIN|INACTIVE",
     .help = "UP; DOWN (jobs wait), DRAIN (takes no new jobs), INACTIVE (both)."},
    {"TRESBillingWeights", VALUE_STRING, PART (billing), .apply = config_set_billing,
     .help = "What a second of each counts, for fairshare and billing: `CPU=1.0,Mem=0.25G,GRES/gpu=2.0`. Each CPU counts 1 when not given."},
};

static const struct config_key gres_keys[] = {
    {"AutoDetect", VALUE_STRING, GRES (autodetect), .words = "off|hwloc|nvml|rsmi|nvidia|oneapi|nrt|full",
     .help = "`off`: GPUs without File are only counted. Anything else: they are looked for with hwloc, in /sys and in "
             "/dev, as they are when the key is not given. `nvml` and the like mean the same."},
    {"Cores", VALUE_STRING, GRES (cores), .help = "Cores near these devices, such as `0-7`; hwloc says when not given."},
    {"Count", VALUE_STRING, GRES (count), .help = "How many; the number of files when File is given."},
    {"CPUs", VALUE_STRING, GRES (cores), .help = "Older word for Cores."},
    {"File", VALUE_STRING, GRES (file), .help = "Device files, one a GPU: `/dev/nvidia[0-3]`."},
    {"Name", VALUE_STRING, GRES (name), .help = "Name, as in Gres: `gpu`."},
    {"NodeName", VALUE_STRING, GRES (nodes), .help = "Nodes that the line is about; all when not given."},
    {"Type", VALUE_STRING, GRES (type), .help = "Type, as in Gres: `a100`."},
};
/* clang-format on */

#define COUNT(table) (sizeof (table) / sizeof *(table))

const struct config_key *config_keys (enum key_room room, size_t *ret_n)
{
    static const struct {
        const struct config_key *keys;
        size_t n;
    } rooms[] = {
        [KEYS_SCALAR] = {scalars, COUNT (scalars)},
        [KEYS_NODE] = {node_keys, COUNT (node_keys)},
        [KEYS_PARTITION] = {partition_keys, COUNT (partition_keys)},
        [KEYS_LINE] = {NULL, 0},
        [KEYS_GRES] = {gres_keys, COUNT (gres_keys)},
    };

    *ret_n = rooms[room].n;
    return rooms[room].keys;
}
