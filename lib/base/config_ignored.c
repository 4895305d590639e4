/* config_ignored.c - keys of slurm.conf(5) that an existing file may have and Moisson does not need, and why; and the
 * fixed facts that clients read from `scontrol show config`. */
#include "base/config_table.h"

static const char accounting[] = "records are kept by the controller itself, see StoreType";
static const char alone[] = "there is one controller";
static const char auth[] = "munge for users, a key of its own for every node";
static const char energy[] = "no such measurements are taken";
static const char gather[] = "usage is always measured, at the end of every job";
static const char hooks[] = "site programs of this kind are not run";
static const char limits[] = "this limit is not enforced";
static const char logs[] = "there is one log, SlurmctldLogFile";
static const char nodes[] = "nodes are always on";
static const char order[] = "jobs are placed by --priority and --nice, then first come, first served";
static const char plugins[] = "there are no such plugins";
static const char preempt[] = "no job is preempted";
static const char priv[] = "every user sees all jobs";
static const char fixed_limits[] = "jobs have the limits of JobLimits, wherever they were submitted";
static const char process[] = "jobs are held by Moisson's own shepherd process";
static const char one_by_one[] = "CPUs, memory and GPUs are always scheduled one by one";
static const char steps[] = "srun starts one task, inside a job; more of it is not available yet";
static const char tuning[] = "tuning of Slurm's own code";
static const char kernel[] = "tuning that the cgroups of the kernels of today do not need";
static const char wire[] = "one authenticated connection a node, dialled by the node";

/* clang-format off */
static const struct config_ignored scalars[] = {
    {"AccountingStorageBackupHost", accounting},
    {"AccountingStorageExternalHost", accounting}, {"AccountingStorageHost", accounting},
    {"AccountingStorageLoc", accounting}, {"AccountingStorageParameters", accounting},
    {"AccountingStoragePass", accounting}, {"AccountingStoragePort", accounting},
    {"AccountingStorageTRES", accounting}, {"AccountingStorageType", accounting},
    {"AccountingStorageUser", accounting}, {"AccountingStoreFlags", accounting},
    {"AccountingStoreJobComment", accounting}, {"AcctGatherEnergyType", energy},
    {"AcctGatherFilesystemType", energy}, {"AcctGatherInfinibandType", energy},
    {"AcctGatherInterconnectType", energy}, {"AcctGatherNodeFreq", energy}, {"AcctGatherProfileType", energy},
    {"AllowSpecResourcesUsage", one_by_one}, {"AuthAltParameters", auth}, {"AuthAltTypes", auth},
    {"BackupAddr", alone}, {"BackupController", alone}, {"BatchStartTimeout", wire}, {"BcastExclude", steps},
    {"BcastParameters", steps}, {"BurstBufferType", plugins}, {"CacheGroups", tuning}, {"CheckpointType", plugins},
    {"CliFilterPlugins", plugins}, {"CommunicationParameters", wire}, {"CompleteWait", tuning},
    {"CoreSpecPlugin", plugins}, {"CpuFreqDef", energy}, {"CpuFreqGovernors", energy}, {"CredType", auth},
    {"CryptoType", auth}, {"DebugFlags", logs}, {"DefaultStorageHost", accounting},
    {"DefaultStorageLoc", accounting}, {"DefaultStoragePass", accounting}, {"DefaultStoragePort", accounting},
    {"DefaultStorageType", accounting}, {"DefaultStorageUser", accounting}, {"DefCpuPerGPU", one_by_one},
    {"DefMemPerGPU", one_by_one}, {"DisableRootJobs", tuning},
    {"EioTimeout", wire}, {"EnforcePartLimits", "limits of a partition always hold, from the submit on"},
    {"EpilogMsgTime", tuning}, {"ExtSensorsFreq", energy},
    {"ExtSensorsType", energy}, {"FairShareDampeningFactor", order}, {"FastSchedule", one_by_one},
    {"FederationParameters", alone},
    {"GpuFreqDef", energy},
    {"GroupUpdateForce", tuning}, {"GroupUpdateTime", tuning},
    {"InactiveLimit", steps},
    {"InteractiveStepOptions", steps}, {"JobAcctGatherFrequency", gather}, {"JobAcctGatherParams", gather},
    {"JobAcctGatherType", gather}, {"JobCheckpointDir", plugins}, {"JobCompHost", accounting},
    {"JobCompLoc", accounting}, {"JobCompParams", accounting}, {"JobCompPass", accounting},
    {"JobCompPort", accounting}, {"JobCompType", accounting}, {"JobCompUser", accounting},
    {"JobContainerType", plugins}, {"JobCredentialPrivateKey", auth}, {"JobCredentialPublicCertificate", auth},
    {"JobFileAppend", "jobs ask for it with --open-mode=append"}, {"JobSubmitPlugins", plugins},
    {"KeepAliveTime", wire}, {"KillOnBadExit", steps}, {"LaunchParameters", steps}, {"LaunchType", steps},
    {"LogTimeFormat", logs},
    {"MaxDBDMsgs", accounting}, {"MaxJobId", "ids have 64 bits"},
    {"MaxNodeCount", "nodes are those of the NodeName lines"},
    {"MaxStepCount", steps}, {"MaxTasksPerNode", limits}, {"MCSParameters", plugins}, {"MCSPlugin", plugins},
    {"MemLimitEnforce", "see ConstrainRAMSpace"}, {"MpiDefault", steps},
    {"MpiParams", steps}, {"MsgAggregationParams", wire}, {"NodeFeaturesPlugins", plugins},
    {"PluginDir", plugins}, {"PlugStackConfig", plugins},
    {"PowerParameters", energy}, {"PowerPlugin", energy},
    {"PreemptParameters", preempt}, {"PrEpParameters", hooks}, {"PrEpPlugins", hooks},
    {"PriorityParameters", order},
    {"PrioritySiteFactorParameters", order}, {"PrioritySiteFactorPlugin", order},
    {"PrivateData", priv}, {"ProctrackType", process},
    {"PrologFlags", "the prolog always runs before its job, on the node of its script"},
    {"PropagatePrioProcess", process}, {"PropagateResourceLimits", fixed_limits},
    {"PropagateResourceLimitsExcept", fixed_limits}, {"ReconfigFlags", tuning},
    {"ResumeFailProgram", nodes},
    {"ResumeProgram", nodes}, {"ResumeRate", nodes}, {"ResvEpilog", hooks},
    {"ResvProlog", hooks},

    {"RoutePlugin", wire}, {"SallocDefaultCommand", steps}, {"SbcastParameters", steps},
    {"SchedulerPort", tuning}, {"SchedulerRootFilter", tuning},
    {"SchedulerTimeSlice", one_by_one}, {"ScronParameters", plugins},
    {"SlurmctldParameters", tuning},
    {"SlurmctldPlugstack", plugins}, {"SlurmctldPrimaryOffProg", alone}, {"SlurmctldPrimaryOnProg", alone},
    {"SlurmctldSyslogDebug", logs}, {"SlurmctldTimeout", alone}, {"SlurmdParameters", tuning},
    {"SlurmdPort", wire}, {"SlurmdSyslogDebug", logs}, {"SlurmdUser", "moissond runs as whoever starts it: as root for jobs of all users"},
    {"SlurmSchedLogFile", logs}, {"SlurmSchedLogLevel", logs}, {"SrunEpilog", steps}, {"SrunPortRange", steps},
    {"SrunProlog", steps}, {"SuspendExcNodes", nodes}, {"SuspendExcParts", nodes}, {"SuspendProgram", nodes},
    {"SuspendRate", nodes}, {"SuspendTime", nodes}, {"SuspendTimeout", nodes}, {"SwitchParameters", plugins},
    {"SwitchType", plugins}, {"TaskEpilog", hooks}, {"TaskPlugin", process}, {"TaskPluginParam", process},
    {"TaskProlog", hooks}, {"TCPTimeout", wire}, {"TmpFS", "disk space is not scheduled"},
    {"TopologyParam", wire}, {"TopologyPlugin", wire}, {"TrackWCKey", accounting}, {"TreeWidth", wire},
    {"UnkillableStepProgram", hooks}, {"UsePAM", process},
    {"AllowedKmemSpace", kernel}, {"CgroupAutomount", kernel}, {"CgroupReleaseAgentDir", kernel},
    {"ConstrainKmemSpace", kernel}, {"EnableControllers", kernel}, {"EnableExtraControllers", kernel},
    {"IgnoreSystemd", kernel}, {"IgnoreSystemdOnFailure", kernel}, {"MaxKmemPercent", kernel},
    {"MaxRAMPercent", kernel}, {"MaxSwapPercent", kernel}, {"MemorySwappiness", kernel}, {"MinKmemSpace", kernel},
    {"MinRAMSpace", kernel}, {"SignalChildrenProcesses", kernel}, {"SystemdTimeout", kernel},
    {"TaskAffinity", kernel},
    {"VSizeFactor", limits}, {"WaitTime", steps}, {"X11Parameters", steps},
};

static const struct config_ignored node_words[] = {
    {"BcastAddr", steps}, {"CpuBind", "jobs are always bound to their own CPUs"}, {"Port", wire},
};

static const struct config_ignored partition_words[] = {
    {"Alternate", "a job waits for the partition it named"}, {"CpuBind", "jobs are always bound to their own CPUs"}, {"DefCpuPerGPU", one_by_one},
    {"DefMemPerGPU", one_by_one}, {"Hidden", priv}, {"JobDefaults", one_by_one},
    {"MaxCPUsPerNode", limits}, {"OverSubscribe", "every CPU runs one job at a time"},
    {"PowerDownOnIdle", nodes},
    {"ResumeTimeout", nodes},
    {"SelectTypeParameters", one_by_one}, {"Shared", "every CPU runs one job at a time"}, {"SuspendTime", nodes},
    {"SuspendTimeout", nodes},
};

static const struct config_ignored lines[] = {
    {"DownNodes", "write State= on the NodeName line"}, {"FrontendName", "every node has an agent of its own"},
    {"NodeSet", "name the nodes in Nodes="}, {"SwitchName", wire},
};

static const struct config_ignored gres_words[] = {
    {"Flags", "devices are what File, hwloc and /dev say"},
    {"Links", "which GPUs are near each other is taken from the topology"},
    {"Ignore", "a device that is not in Gres is nobody's"},
};

static const struct config_fact facts[] = {
    {"AccountingStorageType", "accounting_storage/slurmdbd"}, {"AcctGatherNodeFreq", "0 sec"},
    {"EnforcePartLimits", "ANY"}, {"InactiveLimit", "0 sec"}, {"JobAcctGatherType", "jobacct_gather/cgroup"},
    {"MpiDefault", "none"},
    {"PrivateData", "none"}, {"ProctrackType", "proctrack/cgroup"},
    {"SchedulerTimeSlice", "30 sec"},
    {"TaskPlugin", "task/cgroup"}, {"TmpFS", "/tmp"}, {"TopologyPlugin", "topology/none"},
};
/* clang-format on */

#define COUNT(table) (sizeof (table) / sizeof *(table))

const struct config_ignored *config_ignored (enum key_room room, size_t *ret_n)
{
    static const struct {
        const struct config_ignored *rows;
        size_t n;
    } rooms[] = {
        [KEYS_SCALAR] = {scalars, COUNT (scalars)},
        [KEYS_NODE] = {node_words, COUNT (node_words)},
        [KEYS_PARTITION] = {partition_words, COUNT (partition_words)},
        [KEYS_LINE] = {lines, COUNT (lines)},
        [KEYS_GRES] = {gres_words, COUNT (gres_words)},
    };

    *ret_n = rooms[room].n;
    return rooms[room].rows;
}

const struct config_fact *config_facts (size_t *ret_n)
{
    *ret_n = COUNT (facts);
    return facts;
}
