"""What clients and people use of Slurm's commands, item by item, each with what shows that it means something here."""

# --- sbatch: words -> keys of `scontrol show job` with what they must say (a regular expression)
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
OPTIONS = [
    (["-o", "x.out"], {"StdOut": r".*/x\.out"}), (["--output=y-%j.out"], {"StdOut": r".*/y-\d+\.out"}),
    (["-J", "nf-align_(3)"], {"JobName": r"nf-align_\(3\)"}), (["--job-name=a b"], {"JobName": "a b"}),
    (["-t", "7"], {"TimeLimit": "00:07:00"}), (["--time=0:7200"], {"TimeLimit": "02:00:00"}),
    (["-t", "1-2"], {"TimeLimit": "1-02:00:00"}), (["-t1440:0"], {"TimeLimit": "1-00:00:00"}), (["-t", "0:10:0"], {"TimeLimit": "00:10:00"}),
    (["-e", "x.err"], {"StdErr": r".*/x\.err"}), (["--error", "/dev/null"], {"StdErr": "/dev/null"}),
    (["-p", "other"], {"Partition": "other"}), (["--partition=other"], {"Partition": "other"}),
    (["-c", "2"], {"CPUs/Task": "2", "NumCPUs": "2"}), (["--cpus-per-task=3"], {"CPUs/Task": "3"}),
    (["--mem=2gb"], {"MinMemoryNode": "2G"}), (["--mem=1024mb"], {"MinMemoryNode": "1G"}), (["--mem=3g"], {"MinMemoryNode": "3G"}),
    (["--mem", "300"], {"MinMemoryNode": "300M"}), (["--mem=0"], {"MinMemoryNode": "4000M"}),
    (["-N", "2"], {"NumNodes": "2-2", "NumCPUs": "2"}), (["--nodes=1-2"], {"NumNodes": "1-2"}),
    (["-A", "lab"], {"Account": "lab"}), (["--account=lab"], {"Account": "lab"}),
    (["-n", "3"], {"NumTasks": "3", "NumCPUs": "3"}), (["--ntasks=2"], {"NumTasks": "2"}),
    (["--ntasks-per-node=2", "-N2"], {"NtasksPerN:B:S:C": "2:.*"}), (["--tasks-per-node", "2"], {"NtasksPerN:B:S:C": "2:.*"}),
    (["--export=ALL"], {}), (["--export=NONE"], {}), (["--export=PATH,A=1"], {}),
    (["--exclusive"], {"OverSubscribe": "NO"}), (["--exclusive=user"], {}), (["--mem-per-cpu=50"], {"MinMemoryCPU": "50M"}),
    (["-a", "1-7:2"], {"ArrayTaskId": "1-7:2|1,3,5,7"}), (["--array=0-99%10"], {"ArrayTaskId": "0-99%10", "ArrayTaskThrottle": "10"}),
    (["-D", "/tmp"], {"WorkDir": "/tmp"}), (["--chdir=/tmp"], {"WorkDir": "/tmp"}),
    (["--gres=gpu:1"], {"TresPerNode": "gres:gpu:1"}), (["-q", "normal"], {"QOS": "normal"}), (["--qos="], {"QOS": "normal"}),
    (["-M", "mini"], {}), (["-C", "red"], {"Features": "red"}), (["--constraint=red&blue"], {"Features": "red&blue"}),
    (["--no-requeue"], {"Requeue": "0"}), (["--requeue"], {"Requeue": "1"}), (["-x", "n2"], {"ExcNodeList": "n2"}),
    (["--mail-type=END,FAIL", "--mail-user=me@example.org"], {}), (["--comment", "two  words"], {"Comment": "two  words"}),
    (["-d", "singleton"], {"Dependency": r"\(null\)|singleton.*"}), (["--get-user-env"], {}), (["--get-user-env=10L"], {}),
    (["--gpus-per-node=1"], {"TRES": ".*gres/gpu=1.*"}), (["--gpus-per-task=1"], {"TRES": ".*gres/gpu=1.*"}), (["-G", "1"], {"TresPerJob": ".*gpu:1"}),
    (["-w", "n1"], {"ReqNodeList": "n1"}), (["--signal=B:USR2@30"], {}), (["--signal=USR1"], {}),
    (["--cpus-per-gpu=2", "--gpus=1"], {"CpusPerTres": "gres:gpu:2"}), (["-H"], {"Reason": "JobHeldUser", "Priority": "0"}),
    (["--nice"], {"Nice": "100"}), (["--nice=7"], {"Nice": "7"}), (["--begin=now+60"], {"StartTime": ISO}),
    (["-b", "2035-01-02T03:04:05"], {"StartTime": "2035-01-02T03:04:05", "EligibleTime": "2035-01-02T03:04:05"}),
    (["--contiguous"], {}), (["--hint=nomultithread"], {}), (["-i", "/dev/null"], {"StdIn": "/dev/null"}), (["--mem-per-gpu=100", "--gpus=1"], {}),
    (["-k"], {}), (["--ntasks-per-core=1"], {}), (["--ntasks-per-socket=1"], {}), (["--ntasks-per-gpu=1", "--gpus=2"], {"NumTasks": "2"}),
    (["--open-mode=append"], {}), (["--wckey=submitit"], {}), (["--kill-on-invalid-dep=yes"], {}), (["--time-min=1", "-t", "5"], {"TimeMin": "00:01:00"}),
    (["--switches=1"], {}), (["--profile=none"], {}), (["--propagate=NONE"], {}), (["--acctg-freq=30"], {}), (["--distribution=block"], {}),
    (["--use-min-nodes"], {}), (["--spread-job"], {}), (["--ignore-pbs"], {}), (["-Q"], {}), (["-v"], {}), (["-O"], {}),
    (["--job-na=short", "--part=other"], {"JobName": "short", "Partition": "other"}),
]

# variable of sbatch -> value, and the option that it stands for
SBATCH_ENVIRONMENT = [
    ("SBATCH_ACCOUNT", "lab", {"Account": "lab"}), ("SBATCH_ARRAY_INX", "1-3", {"ArrayTaskId": "1-3"}), ("SBATCH_COMMENT", "c", {}),
    ("SBATCH_CONSTRAINT", "red", {"Features": "red"}), ("SBATCH_CPUS_PER_GPU", "1", {}), ("SBATCH_ERROR", "e", {"StdErr": ".*/e"}),
    ("SBATCH_EXCLUSIVE", "", {"OverSubscribe": "NO"}), ("SBATCH_EXPORT", "NONE", {}), ("SBATCH_GPUS", "1", {"TRES": ".*gpu=1.*"}),
    ("SBATCH_GPUS_PER_NODE", "1", {"TRES": ".*gpu=1.*"}), ("SBATCH_GRES", "gpu:1", {"TresPerNode": "gres:gpu:1"}), ("SBATCH_INPUT", "/dev/null", {}),
    ("SBATCH_JOB_NAME", "named", {"JobName": "named"}), ("SBATCH_MEM_PER_CPU", "60", {"MinMemoryCPU": "60M"}),
    ("SBATCH_MEM_PER_NODE", "200", {"MinMemoryNode": "200M"}), ("SBATCH_NO_REQUEUE", "1", {"Requeue": "0"}), ("SBATCH_OPEN_MODE", "append", {}),
    ("SBATCH_OUTPUT", "o", {"StdOut": ".*/o"}), ("SBATCH_PARTITION", "other", {"Partition": "other"}), ("SBATCH_QOS", "normal", {"QOS": "normal"}),
    ("SBATCH_REQUEUE", "1", {"Requeue": "1"}), ("SBATCH_SIGNAL", "USR1", {}), ("SBATCH_TIMELIMIT", "9", {"TimeLimit": "00:09:00"}),
    ("SBATCH_WCKEY", "w", {}), ("SBATCH_HINT", "nomultithread", {}), ("SBATCH_GET_USER_ENV", "1", {}),
]

# --- columns
SQUEUE_LETTERS = "aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwWxXyYzZ"
SQUEUE_NAMES = """Account AccrueTime AdminComment AllocNodes AllocSID ArrayJobID ArrayTaskID AssocID BatchFlag BatchHost BoardsPerNode
BurstBuffer BurstBufferState Cluster ClusterFeature Command Comment Contiguous Container Cores CoreSpec CPUFreq cpus-per-task cpus-per-tres
Deadline DelayBoot Dependency DerivedEC EligibleTime EndTime ExcNodes exit_code Feature GroupID GroupName HetJobID HetJobIDSet HetJobOffset
JobArrayID JobID LastSchedEval Licenses MaxCPUs MaxNodes MCSLabel mem-per-tres MinCpus MinMemory MinTime MinTmpDisk Name Network Nice
NodeList NTPerBoard NTPerCore NTPerNode NTPerSocket NumCPUs NumNodes NumTasks Origin OriginRaw OverSubscribe Partition PendingTime
PreemptTime Prefer Priority PriorityLong Profile QOS Reason ReasonList Reboot ReqNodes ReqSwitch Requeue Reservation ResizeTime RestartCnt
SchedNodes SCT SelectJobInfo SiblingsActive SiblingsActiveRaw SiblingsViable SiblingsViableRaw Sockets SPerBoard StartTime State
StateCompact STDERR STDIN STDOUT SubmitTime SystemComment Threads TimeLeft TimeLimit TimeUsed tres-alloc tres-bind tres-freq tres-per-job
tres-per-node tres-per-socket tres-per-step tres-per-task UserID UserName Wait4Switch WCKey WorkDir""".split()
SINFO_LETTERS = "aABcCdDeEfFgGhHiIlLmMnNoOpPrRsStTuUvVwXYzZ"
SINFO_NAMES = """Available AllocMem AllocNodes Cluster Comment Cores CPUs CPUsLoad CPUsState DefaultTime Disk Extra Features Features_act
FreeMem Gres GresUsed Groups MaxCPUsPerNode Memory NodeAddr NodeAI NodeAIOT NodeHost NodeList Nodes OverSubscribe Partition PartitionName
Port PreemptMode PriorityJobFactor PriorityTier Reason Root Size SocketCoreThread Sockets StateCompact StateLong StateComplete Threads Time
Timestamp User UserLong Version Weight""".split()
SACCT_NAMES = """Account AdminComment AllocCPUS AllocGRES AllocNodes AllocTRES AssocID AveCPU AveCPUFreq AveDiskRead AveDiskWrite AvePages
AveRSS AveVMSize BlockID Cluster Comment Constraints ConsumedEnergy ConsumedEnergyRaw Container CPUTime CPUTimeRAW DBIndex DerivedExitCode
Elapsed ElapsedRaw Eligible End ExitCode Flags GID Group JobID JobIDRaw JobName Layout MaxDiskRead MaxDiskReadNode MaxDiskReadTask
MaxDiskWrite MaxDiskWriteNode MaxDiskWriteTask MaxPages MaxPagesNode MaxPagesTask MaxRSS MaxRSSNode MaxRSSTask MaxVMSize MaxVMSizeNode
MaxVMSizeTask McsLabel MinCPU MinCPUNode MinCPUTask NCPUS NNodes NodeList NTasks Partition Priority QOS QOSRAW Reason ReqCPUFreq
ReqCPUFreqGov ReqCPUFreqMax ReqCPUFreqMin ReqCPUS ReqGRES ReqMem ReqNodes ReqTRES Reservation ReservationId Reserved ResvCPU ResvCPURAW Start
State Submit SubmitLine Suspended SystemComment SystemCPU Timelimit TimelimitRaw TotalCPU TRESUsageInAve TRESUsageInMax TRESUsageInMaxNode
TRESUsageInMaxTask TRESUsageInMin TRESUsageInMinNode TRESUsageInMinTask TRESUsageInTot TRESUsageOutAve TRESUsageOutMax TRESUsageOutMaxNode
TRESUsageOutMaxTask TRESUsageOutMin TRESUsageOutMinNode TRESUsageOutMinTask TRESUsageOutTot UID User UserCPU WCKey WCKeyID WorkDir""".split()

# --- scontrol: what -> keys that clients read
SHOW = {
    "job {running}": """JobId JobName UserId GroupId Priority Nice Account QOS JobState Reason Dependency Requeue Restarts ExitCode RunTime
        TimeLimit SubmitTime EligibleTime StartTime EndTime Partition ReqNodeList ExcNodeList NodeList BatchHost NumNodes NumCPUs NumTasks
        CPUs/Task TRES MinCPUsNode MinMemoryCPU Features Command WorkDir StdErr StdIn StdOut""".split(),
    "job {array}": ["ArrayJobId", "ArrayTaskId"],
    "node n1": """NodeName Arch CPUAlloc CPUTot CPULoad AvailableFeatures ActiveFeatures Gres NodeAddr NodeHostName OS RealMemory AllocMem
        FreeMem Sockets Boards State Partitions CfgTRES AllocTRES""".split(),
    "partition main": """PartitionName AllowGroups AllowAccounts AllowQos Default DefaultTime MaxNodes MaxTime MinNodes Nodes State TotalCPUs
        TotalNodes DefMemPerCPU MaxMemPerNode""".split(),
}
CONFIG = "SLURM_VERSION MaxJobCount MinJobAge MaxArraySize SchedulerTimeSlice AcctGatherNodeFreq SelectType AccountingStorageType ClusterName".split()
ABBREVIATIONS = ["show part -o", "show partitions", "show jobs", "show job", "show jobid {running}", "show node --oneliner", "-o show nodes",
                 "-a show -o nodes n1", "show hostname n[1-2]", "show hostnames n[1-2]", "show hostlist n1,n2", "-d show job {running}",
                 "show job {running} -dd", "show config", "ping", "show res", "show licenses", "show job {running} --details", "-Q show job {running}"]

# --- options that must parse and keep the command's sense: they end with exit 0 and nothing on stderr
QUERIES = [
    "squeue -h -t all -o %i", "squeue --noheader --states=all", "squeue --jobs={running}", "squeue --job {running},{held}", "squeue -j{running}",
    "squeue -u {user}", "squeue --users={user}", "squeue --user={user}", "squeue -M mini", "squeue --clusters=all", "squeue -a", "squeue --all",
    "squeue -r", "squeue --array", "squeue -p main", "squeue --partition=main", "squeue --partitions=main", "squeue -n c-x", "squeue --name=c-x", "squeue -O JobID",
    "squeue --Format=JobID:5", "squeue -t RF,RH,RQ,RS,SE,SI,SO,ST,RD", "squeue -t pd,Running", "squeue --json", "squeue --me", "squeue --noconvert",
    "squeue --only-job-state", "squeue -w n1", "squeue --nodelist=n1", "squeue -l", "squeue -s", "squeue --start", "squeue -S i", "squeue --sort=-p",
    "squeue -A lab", "squeue -q normal", "squeue -v", "squeue --hide", "squeue --local", "squeue --federation",
    "sinfo -a", "sinfo -h", "sinfo -N", "sinfo -e", "sinfo -r", "sinfo -R", "sinfo -s", "sinfo -l", "sinfo -d", "sinfo -M mini", "sinfo -n n1", "sinfo -p main",
    "sinfo -t idle", "sinfo -aho %F/%C", "sinfo -ahNO nodehost:100,gres:512,gresused:512,statelong", "sinfo -h -o%R,%C", "sinfo --json", "sinfo --hide", "sinfo --local",
    "sacct", "sacct -X", "sacct -n", "sacct -P", "sacct -p", "sacct -j {running}", "sacct -j {running},", "sacct -j {running} -j {held}", "sacct -j {running}.batch",
    "sacct -M mini", "sacct --clusters all", "sacct -S 1970-01-01", "sacct -S now-2days -E now", "sacct -S 2020-01-01T00:00 -E 2020-01-02T00:00:00",
    "sacct -a", "sacct -s R,PD", "sacct --state=RUNNING", "sacct --delimiter=,", "sacct --noconvert", "sacct --units=G", "sacct --helpformat",
    "sacct --name=c-x", "sacct -A lab", "sacct -D", "sacct -g root", "sacct -r main", "sacct -u {user}", "sacct -nu {user} -o Account%20", "sacct -o jobid%20,state%-32,",
    "sacct --json", "sacct -l", "sacct -b", "sacct -L", "sacct --allusers --duplicates --parsable2 --noheader",
    "scancel -Q 999999", "scancel 999999", "scancel --ctld 999999", "scancel --hurry 999999",
    "sdiag", "sdiag --json", "sprio", "sshare -n -P -o account,fairshare", "sshare -U --format Account%256 --noheader",
]

STATES = """PENDING RUNNING COMPLETED CANCELLED COMPLETING TIMEOUT FAILED NODE_FAIL PREEMPTED CONFIGURING SUSPENDED BOOT_FAIL OUT_OF_MEMORY
REQUEUED STOPPED DEADLINE SPECIAL_EXIT RESIZING REVOKED REQUEUE_FED REQUEUE_HOLD SIGNALING STAGE_OUT RESV_DEL_HOLD PD R S CD CA F TO NF PR
BF DL OOM CG CF RS RQ RF RH SE SO ST RV RD SI""".split()

# --- what a job finds around it
ALWAYS = """SLURM_JOB_ID SLURM_JOBID SLURM_JOB_NAME SLURM_JOB_NODELIST SLURM_NODELIST SLURM_JOB_NUM_NODES SLURM_NNODES SLURM_TASKS_PER_NODE
SLURM_JOB_CPUS_PER_NODE SLURM_CPUS_ON_NODE SLURM_NODEID SLURM_PROCID SLURM_LOCALID SLURM_TASK_PID SLURM_GTIDS SLURM_SUBMIT_DIR SLURM_SUBMIT_HOST
SLURM_JOB_PARTITION SLURM_JOB_QOS SLURM_JOB_USER SLURM_JOB_UID SLURM_CLUSTER_NAME SLURM_PRIO_PROCESS SLURM_NODE_ALIASES SLURM_TOPOLOGY_ADDR
SLURM_TOPOLOGY_ADDR_PATTERN SLURMD_NODENAME ENVIRONMENT""".split()
ONLY_ASKED = [
    (["-n", "2"], ["SLURM_NTASKS", "SLURM_NPROCS"]), (["--ntasks-per-node=1"], ["SLURM_NTASKS_PER_NODE"]), (["-c", "2"], ["SLURM_CPUS_PER_TASK"]),
    (["--mem=100"], ["SLURM_MEM_PER_NODE"]), (["--gpus=1"], ["SLURM_GPUS"]), (["--gpus-per-node=1"], ["SLURM_GPUS_PER_NODE"]),
    (["--gpus-per-task=1", "-n", "1"], ["SLURM_GPUS_PER_TASK"]), (["--hint=nomultithread"], ["SLURM_HINT"]), (["-A", "lab"], ["SLURM_JOB_ACCOUNT"]),
    (["-a", "3"], ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP"]),
]
