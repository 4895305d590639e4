/* config_keys.c - the one table of keys: what moisson.conf can say. */
#include "base/config_table.h"
#include <string.h>
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"

#define YEAR 31536000U
#define MB_MAX (1ULL << 40) /* an exbibyte: more is a typing error */
#define OF(member) offsetof (struct config, member)
#define NODE(member) offsetof (struct node_line, member)
#define PART(member) offsetof (struct partition_line, member)

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

static int set_key (void *base, const char *value, char **ret_note, struct err *err)
{
    struct config *conf = base;
    uint8_t key[KEY_SIZE];

    (void) ret_note;
    if (*value && base64_decode (value, key, sizeof key) < 0)
        return refuse (err, "not a key", "paste the line that `moisson keygen` printed");
    put (&conf->controller_key, xstrdup (value));
    return 0;
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
    {"AuthInfo", VALUE_STRING, OF (auth_socket), .standard = "", .apply = set_auth_info,
     .help = "`socket=PATH` of munge; empty is munge's own default."},
    {"AuthType", VALUE_STRING, OF (auth_type), .standard = "auth/munge", .words = "auth/munge",
     .help = "How users prove who they are."},
    {"ClusterName", VALUE_STRING, OF (cluster_name), .standard = "moisson", .apply = set_cluster,
     .help = "Name of the cluster, as jobs and records show it (lower case)."},
    {"ControlAddr", VALUE_STRING, OF (controller_addr), .help = "Older word for the address in SlurmctldHost."},
    {"ControllerKey", VALUE_STRING, OF (controller_key), .standard = "", .apply = set_key,
     .help = "Public key of the controller, as `moisson keygen` prints it. Commands and nodes trust no other."},
    {"ControlMachine", VALUE_STRING, OF (controller_host), .apply = set_host, .help = "Older word for SlurmctldHost."},
    {"DefMemPerCPU", VALUE_MB, OF (def_mem_per_cpu_mb), 0, MB_MAX, "UNLIMITED",
     .help = "Memory per CPU of jobs that ask for none, in MB. Not together with DefMemPerNode."},
    {"DefMemPerNode", VALUE_MB, OF (def_mem_per_node_mb), 0, MB_MAX, "UNLIMITED",
     .help = "Memory per node of jobs that ask for none, in MB."},
    {"FirstJobId", VALUE_U64, OF (first_job_id), 1, 1ULL << 53, "1",
     .help = "Id of the very first job. Ids only rise and are never used again."},
    {"JobRequeue", VALUE_BOOL, OF (job_requeue), .standard = "0",
     .help = "Run a job again after its node was lost even if it did not ask with --requeue. Slurm's default is 1; here "
             "nothing runs twice unasked."},
    {"KillWait", VALUE_SECONDS, OF (kill_wait), 1, 65533, "30",
     .help = "Seconds between SIGTERM and SIGKILL when a job is stopped."},
    {"MaxArraySize", VALUE_U32, OF (max_array_size), 0, 4000001, "4000001",
     .help = "Highest task id of a job array plus one; 0 forbids arrays."},
    {"MaxJobCount", VALUE_U32, OF (max_job_count), 1, UINT32_MAX - 1, "10000000",
     .help = "Jobs and array tasks the controller holds at a time."},
    {"MaxMemPerNode", VALUE_MB, OF (max_mem_per_node_mb), 0, MB_MAX, "UNLIMITED",
     .help = "Most memory a job may ask for on one node, in MB."},
    {"MessageTimeout", VALUE_SECONDS, OF (message_timeout), 1, 3600, "10",
     .help = "Seconds a command waits for an answer."},
    {"MinJobAge", VALUE_SECONDS, OF (min_job_age), 1, YEAR, "300",
     .help = "Seconds that a finished job stays visible to squeue and scontrol; sacct knows it for ever."},
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
     .help = "The controller's user; empty is whoever starts it."},
    {"SnapshotEvents", VALUE_U32, OF (snapshot_events), 10, 1000000000, "50000",
     .help = "Journal rows between two snapshots of the state. (Moisson's own key.)"},
    {"StateSaveLocation", VALUE_STRING, OF (state_dir), .standard = "/var/lib/moisson", .apply = set_state_dir,
     .help = "Directory of the database, snapshots and keys; on a local disk."},
    {"StoreBallast", VALUE_MB, OF (ballast_mb), 0, 1 << 20, "16",
     .help = "Disk space in MB kept back so that finished jobs are recorded on a full disk. (Moisson's own key.)"},
    {"StoreType", VALUE_STRING, OF (store_type), .standard = "store/sqlite", .words = "store/sqlite",
     .help = "The database behind the journal and the records. (Moisson's own key.)"},
    {"SubmitKeyAge", VALUE_SECONDS, OF (submit_key_age), 60, 10 * YEAR, "604800",
     .help = "Seconds for which a --submit-key is remembered after its job has gone. (Moisson's own key.)"},
};

static const struct config_key node_keys[] = {
    {"Boards", VALUE_U32, NODE (boards), 1, 1024, .help = "Boards of a node; only counts with SocketsPerBoard."},
    {"CoresPerSocket", VALUE_U32, NODE (cores), 1, 65533, .help = "Cores of a socket; 1 when not given."},
    {"CPUs", VALUE_U32, NODE (cpus), 1, 65533, .help = "CPUs of a node; sockets x cores x threads when not given."},
    {"Feature", VALUE_STRING, NODE (features), .help = "Same as Features."},
    {"Features", VALUE_STRING, NODE (features), .help = "Comma list of words."},
    {"Gres", VALUE_STRING, NODE (gres), .help = "`gpu:N` or `gpu:TYPE:N`; other names are shown, not scheduled."},
    {"NodeAddr", VALUE_STRING, NODE (address), .help = "Address; one, or a list as long as NodeName's."},
    {"NodeHostname", VALUE_STRING, NODE (hostname), .help = "Name of the machine; one, or a list as long as NodeName's."},
    {"NodeName", VALUE_STRING, NODE (names),
     .help = "Name or host list (`n[01-64]`); `DEFAULT` sets the defaults of the lines below."},
    {"Procs", VALUE_U32, NODE (cpus), 1, 65533, .help = "Older word for CPUs."},
    {"RealMemory", VALUE_MB, NODE (mem_mb), 1, MB_MAX, .help = "Memory for jobs in MB; 1 when not given."},
    {"Reason", VALUE_STRING, NODE (reason), .help = "Why State is what it is."},
    {"Sockets", VALUE_U32, NODE (sockets), 1, 65533, .help = "Sockets of a node; 1 when not given."},
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
    ONLY ("AllowAccounts", "ALL", "Only ALL: access lists are not available yet."),
    ONLY ("AllowAllocNodes", "ALL", "Only ALL."),
    ONLY ("AllowGroups", "ALL", "Only ALL: access lists are not available yet."),
    ONLY ("AllowQos", "ALL", "Only ALL: access lists are not available yet."),
    {"Default", VALUE_BOOL, PART (is_default), .help = "YES: for jobs that name no partition. One at most."},
    {"DefaultTime", VALUE_MINUTES, PART (default_time), 0, YEAR * 10ULL,
     .help = "Time limit of jobs that ask for none; MaxTime when not given."},
    {"DefMemPerCPU", VALUE_MB, PART (mem_per_cpu), 0, MB_MAX, .help = "As the key of the same name above."},
    {"DefMemPerNode", VALUE_MB, PART (mem_per_node), 0, MB_MAX, .help = "As the key of the same name above."},
    ONLY ("DisableRootJobs", "NO", "Only NO."),
    ONLY ("ExclusiveUser", "NO", "Only NO: jobs can ask for --exclusive."),
    ONLY ("LLN", "NO", "Only NO: nodes are filled in the order of their weight."),
    {"MaxMemPerNode", VALUE_MB, PART (max_mem_per_node), 0, MB_MAX, .help = "As the key of the same name above."},
    {"MaxNodes", VALUE_COUNT, PART (max_nodes), 1, UINT32_MAX - 1, "UNLIMITED", .help = "Most nodes of one job."},
    {"MaxTime", VALUE_MINUTES, PART (max_time), 0, YEAR * 10ULL, "UNLIMITED",
     .help = "Longest time limit: minutes, `H:M:S`, `D-H:M:S` or UNLIMITED."},
    {"MinNodes", VALUE_U32, PART (min_nodes), 0, UINT32_MAX - 1, "0", .help = "Fewest nodes of one job."},
    {"Nodes", VALUE_STRING, PART (nodes), .help = "Host list, or ALL."},
    {"PartitionName", VALUE_STRING, PART (name), .help = "Name; `DEFAULT` sets the defaults of the lines below."},
    {"PriorityTier", VALUE_U32, PART (tier), 0, 65533, "1", .help = "Jobs of a higher tier are placed first."},
    ONLY ("ReqResv", "NO", "Only NO: reservations are not available yet."),
    ONLY ("RootOnly", "NO", "Only NO."),
    {"State", VALUE_STRING, PART (state), .standard = "UP", .words = "UP|DOWN|DRAIN|INACTIVE",
     .help = "UP; DOWN (jobs wait), DRAIN (takes no new jobs), INACTIVE (both)."},
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
    };

    *ret_n = rooms[room].n;
    return rooms[room].keys;
}
