"""Pilots, workers and libraries: dask-jobqueue, submitit, Parsl, PSI/J, AiiDA, ReFrame, batchtools, clustermq, Lightning, MPI."""
from clients.grid import ALL, BY, INVALID, ISO, LONG, SHORT

SUBMITS = [
    {"client": "dask-jobqueue", "words": ["sbatch", "{script}"], "id": r"(\d+)", "find": "first",
     "script": "#!/usr/bin/env bash\n\n#SBATCH -J dask-worker\n#SBATCH -e {work}/dask-worker-%J.err\n#SBATCH -o {work}/dask-worker-%J.out\n"
               "#SBATCH -p main\n#SBATCH -A default\n#SBATCH -n 1\n#SBATCH --cpus-per-task=2\n#SBATCH --mem=1G\n#SBATCH -t 00:30:00\n\n"
               "echo $SLURM_PROCID/$SLURM_JOB_ID/$SLURM_NTASKS\n", "deleted": True,
     "writes": {"dask-worker-{id}.out": "0/{id}/1\n", "dask-worker-{id}.err": ""}, "acct": {"Timelimit": "00:30:00", "ReqMem": "1G"}},
    {"client": "submitit", "words": ["sbatch", "{script}"], "id": r"job (?P<id>[0-9]+)",
     "script": "#!/bin/bash\n\n# Parameters\n#SBATCH --comment='a b'\n#SBATCH --cpus-per-task=1\n#SBATCH --error={work}/%j_0_log.err\n"
               "#SBATCH --job-name=submitit\n#SBATCH --mem=1GB\n#SBATCH --nodes=1\n#SBATCH --ntasks-per-node=1\n#SBATCH --open-mode=append\n"
               "#SBATCH --output={work}/%j_0_log.out\n#SBATCH --signal=USR2@90\n#SBATCH --time=5\n#SBATCH --wckey=submitit\n\n"
               "export SUBMITIT_EXECUTOR=slurm\necho $SLURM_JOB_NUM_NODES $SLURM_NODEID $SLURM_LOCALID\n",
     "writes": {"{id}_0_log.out": "1 0 0\n"}, "acct": {"Comment": "a b", "Timelimit": "00:05:00"}},
    {"client": "submitit", "words": ["sbatch", "{script}"], "id": r"job (?P<id>[0-9]+)",
     "script": "#!/bin/bash\n#SBATCH --array=0-2%2\n#SBATCH --output={work}/%A_%a_0_log.out\n#SBATCH --error={work}/%A_%a_0_log.err\n"
               "echo $SLURM_ARRAY_JOB_ID/$SLURM_ARRAY_TASK_ID\n",
     "writes": {"{id}_0_0_log.out": "{id}/0\n", "{id}_2_0_log.out": "{id}/2\n"}},
    {"client": "Parsl", "words": ["sbatch", "{script}"], "id": r"Submitted batch job (\d+)", "find": "match",
     "script": "#!/bin/bash\n#SBATCH --job-name=parsl.htex.block-0.1700000000.123456\n#SBATCH --output={work}/parsl.out\n"
               "#SBATCH --error={work}/parsl.err\n#SBATCH --nodes=1\n#SBATCH --time=10\n#SBATCH --ntasks-per-node=1\n\n#SBATCH --mem=1g\n"
               "#SBATCH --cpus-per-task=1\n\nexport JOBNAME=$SLURM_JOB_NAME\necho $SLURM_CPUS_ON_NODE $SLURM_JOB_NUM_NODES $JOBNAME\n",
     "writes": {"parsl.out": "1 1 parsl.htex.block-0.1700000000.123456\n", "parsl.err": ""}},
    {"client": "PSI/J", "words": ["sbatch", "{script}"], "id": r"(\S+)\n\Z",
     "script": "#!/bin/bash\n\n#SBATCH --job-name=\"psij-1\"\n\n#SBATCH --chdir=\"{work}\"\n\n\n#SBATCH --nodes=1\n\n#SBATCH --ntasks=1\n\n"
               "#SBATCH --mem=200000K\n\n#SBATCH --time=0:10:0\n\n#SBATCH --partition=\"main\"\n\n#SBATCH --export=ALL\n\n"
               "#SBATCH -e /dev/null\n\n#SBATCH -o /dev/null\n\necho psij > psij.out\nscontrol show hostnames >> psij.out\n",
     "acct": {"Timelimit": "00:10:00"}, "has": {"psij.out": r"psij\nn\d\n"}},
    {"client": "AiiDA", "words": ["sbatch", "{script}"], "id": r"(?:.*:\s*)?[Ss]ubmitted batch job\s+(\d+)",
     "script": "#!/bin/bash\n#SBATCH --no-requeue\n#SBATCH --mail-user=a@b.c\n#SBATCH --mail-type=BEGIN\n#SBATCH --mail-type=FAIL\n"
               "#SBATCH --job-name=\"aiida-4\"\n#SBATCH --get-user-env\n#SBATCH --output=aiida-%j.out\n#SBATCH --error=aiida-%j.err\n"
               "#SBATCH --partition=main\n#SBATCH --nice=10\n#SBATCH --nodes=1\n#SBATCH --ntasks-per-node=1\n#SBATCH --time=00:30:00\n"
               "#SBATCH --mem=0\necho aiida\n", "writes": {"aiida-{id}.out": "aiida\n"}},
    {"client": "ReFrame", "words": ["sbatch", "{script}"], "id": r"Submitted batch job (?P<id>\d+)",
     "script": "#!/bin/bash\n#SBATCH --job-name=\"rfm_test\"\n#SBATCH --ntasks=2\n#SBATCH --ntasks-per-node=2\n#SBATCH --output=rfm_job.out\n"
               "#SBATCH --error=rfm_job.err\n#SBATCH --time=0:10:0\n#SBATCH --hint=nomultithread\necho rfm\n", "writes": {"rfm_job.out": "rfm\n"}},
    {"client": "batchtools", "words": ["sbatch", "{script}"], "id": r"\A\S+\s+\S+\s+\S+\s+(\d+)\s",
     "script": "#!/bin/bash\n\n## Job Resource Interface Definition\n##\n## ntasks [integer(1)]: none\n\n#SBATCH --job-name=bt-1\n"
               "## direct streams to logfile\n#SBATCH --output=bt.log\n#SBATCH --error=bt.log\n#SBATCH --time=5\n#SBATCH --ntasks=1\n"
               "#SBATCH --cpus-per-task=1\n#SBATCH --mem-per-cpu=100\n#SBATCH --partition='main'\n\necho bt; echo to err >&2\n",
     "writes": {"bt.log": "bt\nto err\n"}},
    {"client": "clustermq", "words": ["sbatch"], "id": r"(\d+)",
     "stdin": "#!/bin/sh\n#SBATCH --job-name=cmq8000\n#SBATCH --output=cmq-%a.log\n#SBATCH --error=/dev/null\n#SBATCH --mem-per-cpu=100\n"
              "#SBATCH --array=1-2\n#SBATCH --cpus-per-task=1\n\necho worker $SLURM_ARRAY_TASK_ID\n",
     "writes": {"cmq-1.log": "worker 1\n", "cmq-2.log": "worker 2\n"}},
    {"client": "Lightning", "words": ["sbatch", "-n", "1", "--ntasks-per-node=1", "-o", "pl.out", "--wrap",
                                      "echo $SLURM_NTASKS/$SLURM_NTASKS_PER_NODE/$SLURM_NNODES/$SLURM_PROCID/$SLURM_LOCALID/$SLURM_NODEID"],
     "id": r"(\d+)", "writes": {"pl.out": "1/1/1/0/0/0\n"}},
    {"client": "Lightning", "words": ["sbatch", "-o", "pl2.out", "--wrap", "echo ${SLURM_NTASKS-none}/${SLURM_NTASKS_PER_NODE-none}"],
     "id": r"(\d+)", "writes": {"pl2.out": "none/none\n"}},
    {"client": "Open MPI, MPICH", "words": ["sbatch", "-n", "2", "-c", "2", "-o", "mpi.out", "-w", "n2", "--wrap",
                                            "echo $SLURM_JOBID $SLURM_NODELIST $SLURM_TASKS_PER_NODE $SLURM_JOB_CPUS_PER_NODE $SLURM_CPUS_PER_TASK "
                                            "$SLURM_NNODES $SLURM_JOB_NUM_NODES $SLURM_NODEID $SLURMD_NODENAME $SLURM_NTASKS $SLURM_NPROCS"],
     "id": r"(\d+)", "writes": {"mpi.out": "{id} n2 2 4 2 1 1 0 n2 2 2\n"}},
    {"client": "torchrun scripts", "words": ["sbatch", "-o", "torch.out", "-w", "n1", "--wrap",
                                             "scontrol show hostnames \"$SLURM_JOB_NODELIST\" | head -n 1"],
     "id": r"(\d+)", "writes": {"torch.out": "n1\n"}},
]

AIIDA = ["squeue", "--noheader", "-o", "%i^^^%t^^^%r^^^%B^^^%u^^^%D^^^%C^^^%R^^^%P^^^%l^^^%M^^^%S^^^%j^^^%V", "-u{user}"]
AIIDA_ROW = r"(?P<id>\S+?)\^\^\^(?P<state>\w+)\^\^\^(?P<reason>\w*)\^\^\^[^^]*\^\^\^{user}\^\^\^\d+\^\^\^\d+\^\^\^[^^]*\^\^\^main" \
            r"\^\^\^(UNLIMITED|NOT_SET|[\d:-]+)\^\^\^[\d:-]+\^\^\^({iso}|N/A)\^\^\^[^^]*\^\^\^{iso}".replace("{iso}", ISO)

QUERIES = [
    {"client": "dask-jobqueue", "words": ["scancel", "{done}"]},

    {"client": "submitit", "words": ["sacct", "-o", "JobID,State,NodeList", "--parsable2", "-j", "{done}", "-j", "{held}", "-j", "{array}"],
     "header": "JobID|State|NodeList", "row": r"(?P<id>[^|.]+)(?:\.batch)?\|(?P<state>[^|]+)\|[^|]*",
     "first": {"done": {"state": "COMPLETED"}, "held": {"state": "PENDING"}}, "has": [r"(?m)^{array}_\[0-4%2\]\|PENDING\|"]},
    {"client": "submitit", "words": ["sacct", "-o", "JobID,State,NodeList", "--parsable2", "-j", "{unknown}"], "out": r"JobID\|State\|NodeList\n"},
    {"client": "submitit", "words": ["scancel", "{unknown}", "--signal", "SIGTERM"], "rc": 1,
     "err": "scancel: error: Kill job error on job id {unknown}: Invalid job id specified\n"},

    {"client": "Parsl", "words": ["sacct", "-X"], "has": [r"\A *JobID +JobName +Partition +Account +AllocCPUS +State ExitCode "]},
    {"client": "Parsl", "words": ["sacct", "-X", "--noheader", "--format=jobid,state%20", "--job", ALL],
     "row": r"(?P<id>\d+) +(?P<state>[A-Z_]+)(?: by \d+)? *", "want": LONG},
    {"client": "Parsl", "words": ["squeue", "--noheader", "--format=%i %t", "--job", "{held},{running},{done}"],
     "row": r"(?P<id>\d+) (?P<state>\w+)", "want": {"held": {"state": "PD"}, "running": {"state": "R"}}, "absent": ["done"]},
    {"client": "Parsl", "words": ["scancel", "--clusters=mini", "{done}", "{failed}"]},
    {"client": "Parsl", "words": ["scontrol", "show", "hostname", "n[1-2]"], "out": "n1\nn2\n"},

    {"client": "PSI/J", "words": ["squeue", "-O", "JobArrayID,StateCompact,Reason", "-t", "all", "--me"],
     "header": r"JOBID +ST +REASON *", "header_is": "regex",
     "row": r"(?P<id>\S+) +(?P<state>[A-Z]+) +(?P<reason>\S+) *",
     "want": dict(SHORT, held={"state": "PD", "reason": "JobHeldUser"}, done={"state": "CD", "reason": "None"})},
    {"client": "PSI/J", "words": ["squeue", "--me", "-o", "%i", "-h", "-r", "-t", "all"], "row": r"(?P<id>\d+(?:_\d+)?)",
     "want": {"held": {}, "done": {}}, "has": [r"(?m)^{array}_0\n{array}_1\n"]},
    {"client": "PSI/J", "words": ["scancel", "-Q", "{done}"]},

    {"client": "AiiDA", "env": {"SLURM_TIME_FORMAT": "standard"}, "words": [*AIIDA, "--jobs={held},{running}"], "row": AIIDA_ROW,
     "want": {"held": {"state": "PD", "reason": "JobHeldUser"}, "running": {"state": "R", "reason": "None"}}},
    {"client": "AiiDA", "env": {"SLURM_TIME_FORMAT": "standard"}, "words": [*AIIDA, "--jobs={unknown},{unknown}"], "out": ""},
    {"client": "AiiDA", "words": ["squeue", "--noheader", "-o", "%i^^^%r", "--jobs={waits},{waits}"], "out": r"{waits}\^\^\^Dependency\n"},
    {"client": "AiiDA", "words": ["squeue", "--noheader", "-o", "%i^^^%r", "--jobs={later},{later}"], "out": r"{later}\^\^\^BeginTime\n"},
    {"client": "AiiDA", "words": ["sh", "-c", "sacct --format=$(sacct --helpformat | tr -s '\\n' ' ' | tr ' ' ',') --parsable --jobs={failed}"],
     "same_bars": True, "has": [r"\|FAILED\|"]},
    {"client": "AiiDA", "words": ["scancel", "{done}"]},

    {"client": "ReFrame", "env": {"SLURM_TIME_FORMAT": "%s"},
     "words": ["sacct", "-S", "{today}", "-P", "-j", ALL, "-o", "jobid,state,exitcode,end,nodelist"], "header": "JobID|State|ExitCode|End|NodeList",
     "some_rows": r"^(?P<id>\d+)\|(?P<state>\S+)([^|]*)\|(?P<code>\d+):(\d+)\|(\d+|Unknown)\|(.*)",
     "want": dict(LONG, failed={"state": "FAILED", "code": "3"})},
    {"client": "ReFrame", "words": ["squeue", "-h", "-j", "{held},{running}", "-o", "%%i|%%T|%%N|%%r"],
     "row": r"(?P<id>\d+)\|(?P<state>[A-Z]+)\|[^|]*\|(?P<reason>\S+)", "want": {"held": {"state": "PENDING"}, "running": {"reason": "None"}}},
    {"client": "ReFrame", "words": ["squeue", "-h", "-j", "{held},{held}", "-o", "%A|%r"], "out": r"{held}\|JobHeldUser\n"},
    {"client": "ReFrame", "words": ["scancel", "{done}", "{killed}"]},
    {"client": "ReFrame", "words": ["scontrol", "-a", "show", "-o", "nodes"],
     "row": r"NodeName=(?P<id>n\d) .*ActiveFeatures=\S+ .*State=[A-Z+*]+ .*Partitions=main.*", "count": 2},
    {"client": "ReFrame", "words": ["scontrol", "-a", "show", "-o", "nodes", "n[1-2]"], "row": "NodeName=.*", "count": 2},
    {"client": "ReFrame", "words": ["scontrol", "-a", "show", "-o", "partitions"], "row": r"PartitionName=main .*Default=YES .*", "count": 1},

    {"client": "batchtools", "words": ["squeue", "--user={user}", "--states=R,S,CG,RS,SI,SO,ST", "--noheader", "--format=%i", "-r"],
     "row": r"(?P<id>\d+)(?:_\d+)?", "want": {"running": {}}, "absent": ["held"]},
    {"client": "batchtools", "words": ["squeue", "--user={user}", "--states=PD,CF,RF,RH,RQ,SE", "--noheader", "--format=%i", "-r"],
     "row": r"(?P<id>\d+(?:_\d+)?)", "want": {"held": {}}, "absent": ["running"], "has": [r"(?m)^{array}_4$"]},
    {"client": "batchtools", "words": ["squeue", "--clusters=mini", "--user={user}", "--states=R,S,CG,RS,SI,SO,ST", "--noheader", "--format=%i", "-r"],
     "row": r"(?P<id>\d+)(?:_\d+)?", "want": {"running": {}}},
    {"client": "clustermq", "words": ["scancel", "--name", "no-such-name"]},
    {"client": "Open MPI", "words": ["srun", "--version"], "has": [r"\Aslurm 22\.05\.\d+\n\Z"]},
    {"client": "Cylc", "words": ["squeue", "-h", "-j", "{unknown}"], "rc": 1, "err": INVALID},
    {"client": "Toil", "words": ["sacct", "-n", "-X", "-j", "{killed}", "--format", "State", "-P"], "out": BY["killed"]["state"] + "\n"},
]
