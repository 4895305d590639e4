"""Workflow systems: Nextflow, Snakemake, Cromwell, Toil, Cylc, Makeflow, HyperQueue."""
from clients.grid import ALL, BY, INVALID, ISO, LONG, SHORT, SPAN

NEXTFLOW = """#!/bin/bash
#SBATCH -J nf-align_(3)
#SBATCH -o {work}/.command.log
#SBATCH --no-requeue 
#SBATCH --signal B:USR2@30
#SBATCH -c 1
#SBATCH -t 36:00:00
#SBATCH --mem 100M
#SBATCH -p main
# NEXTFLOW TASK: align (3)
echo nextflow
"""
NEXTFLOW_ARRAY = """#!/bin/bash
#SBATCH --array 0-2
#SBATCH -J nf-array_(1)
#SBATCH -o /dev/null
#SBATCH --no-requeue 
echo $SLURM_ARRAY_TASK_ID > nf.$SLURM_ARRAY_TASK_ID
"""
SNAKEMAKE = ["sbatch", "--parsable", "--job-name", "0f8b-uuid", "--output", "{work}/%j.log", "--export=ALL", "--comment",
             "rule_a_wildcards_b=1,2", "-A", "default", "-p", "main", "-t", "5", "--mem", "100", "--nodes=1", "--ntasks=1",
             "--cpus-per-task=1", "--qos", "", "-D", "{work}"]
LONG_WRAP = "echo '" + "x" * 20000 + "' | wc -c"

SUBMITS = [
    {"client": "Nextflow", "words": ["sbatch", "{script}"], "script": NEXTFLOW, "id": r"(?m)^Submitted batch job (\d+)$",
     "writes": {".command.log": "nextflow\n"}, "acct": {"JobName": "nf-align_(3)", "Timelimit": "1-12:00:00"}},
    {"client": "Nextflow", "words": ["sbatch", "{script}"], "script": NEXTFLOW_ARRAY, "id": r"(?m)^Submitted batch job (\d+)$",
     "writes": {"nf.0": "0\n", "nf.1": "1\n", "nf.2": "2\n"}},
    {"client": "Nextflow", "words": ["sbatch"], "stdin": NEXTFLOW, "id": r"(?m)^Submitted batch job (\d+)$"},
    {"client": "Snakemake", "words": [*SNAKEMAKE, "--wrap=" + LONG_WRAP], "id": r"\A(\d+)(?:;\w+)?\n",
     "writes": {"{id}.log": "20001\n"}, "acct": {"Comment": "rule_a_wildcards_b=1,2", "JobName": "0f8b-uuid"}},
    {"client": "Snakemake", "words": [*SNAKEMAKE, "/dev/stdin"], "stdin": "#!/bin/sh\necho of stdin\n",
     "id": r"\A(\d+)(?:;\w+)?\n", "writes": {"{id}.log": "of stdin\n"}},
    {"client": "Snakemake", "words": [*SNAKEMAKE, "--clusters", "mini", "--wrap=true"], "id": r"\A(\d+);mini\n"},
    {"client": "Snakemake", "words": ["sbatch", "--parsable", "--array=1-2", "--output", "{work}/%A_%a.log", "--wrap=echo $SLURM_ARRAY_TASK_MIN"],
     "id": r"\A(\d+)\n", "writes": {"{id}_1.log": "1\n", "{id}_2.log": "1\n"}},
    {"client": "Snakemake 7", "words": ["sbatch", "-J", "snakejob_a_1", "-o", "{work}/snake7-%j.log", "--export=ALL", "-A", "default",
                                        "-p", "main", "-t", "5", "--mem", "100", "--cpus-per-task=1", "-D", "{work}",
                                        "--wrap=echo $SLURM_CPUS_ON_NODE $SLURM_MEM_PER_NODE"],
     "id": r"\b(\d+)\n\Z", "writes": {"snake7-{id}.log": "1 100\n"}},
    {"client": "Cromwell", "words": ["sbatch", "-J", "cromwell_0a1b_call-x", "-D", "{work}", "-o", "{work}/crom.out", "-e", "{work}/crom.err",
                                     "-t", "5", "-p", "main", "-n", "1", "--mem-per-cpu=100", "--wrap", "/usr/bin/env bash {script}"],
     "script": "#!/bin/bash\necho crom\n", "id": r"Submitted batch job (\d+).*", "writes": {"crom.out": "crom\n", "crom.err": ""}},
    {"client": "Cromwell", "words": ["sbatch", "--wait", "-J", "cromwell_w", "-c", "1", "-o", "/dev/null", "--wrap", "true"],
     "id": r"Submitted batch job (\d+).*"},
    {"client": "Toil", "words": ["sbatch", "-J", "toil_job_1_x", "--signal=B:INT@30", "--export=ALL,TOIL=yes=1", "--mem=100",
                                 "--cpus-per-task=1", "--time=0:3600", "-o", "{work}/toil.%j.out", "-e", "{work}/toil.%j.err",
                                 "--wrap=exec echo $TOIL"],
     "id": r"(\S+)\Z(?<=\d)|\b(\d+)\n\Z", "writes": {"toil.{id}.out": "yes=1\n"}, "acct": {"Timelimit": "01:00:00"}},
    {"client": "Cylc", "words": ["sbatch", "{script}"], "id": r"\ASubmitted\sbatch\sjob\s(\d+)",
     "script": "#!/bin/bash -l\n#SBATCH --job-name=task.1.wf\n#SBATCH --output=cy%%lc.out\n#SBATCH --error=cylc.err\n#SBATCH --time=5:30\n"
               "#SBATCH -n=1\necho cylc\n".replace("#SBATCH -n=1\n", ""), "writes": {"cy%lc.out": "cylc\n"},
     "acct": {"JobName": "task.1.wf"}},
    {"client": "Makeflow", "env": {"BATCH_JOB_COMMAND": "printf '%s\n' \"a  b\"\n", "BATCH_JOB_UTF": "é\t'"},
     "words": ["sbatch", "--mem=100M", "--time=5", "-N", "1", "-n", "1", "-c", "1", "-D", ".", "-e", "/dev/null", "--export=ALL", "-o",
               "{work}/makeflow.out", "-J", "makeflow0", "{script}"],
     "script": "#!/bin/sh\neval \"$BATCH_JOB_COMMAND\"\nprintf %s \"$BATCH_JOB_UTF\"\n", "id": r"Submitted batch job (\d+)",
     "writes": {"makeflow.out": "a  b\né\t'"}},
    {"client": "Work Queue", "words": ["sbatch", "--job-name", "wqWorker", "--ntasks", "2", "--nodes", "1"],
     "stdin": "#!/bin/bash\n#SBATCH -o wq.out\necho $SLURM_NTASKS\n", "id": r"Submitted batch job (\d+)", "writes": {"wq.out": "2\n"}},
    {"client": "HyperQueue", "words": ["sbatch", "{script}"], "id": r"(?i)^submitted batch job (\d+)",
     "script": "#!/bin/bash\n#SBATCH --nodes=1\n#SBATCH --job-name=hq-1\n#SBATCH --output=hq.out\n#SBATCH --error=hq.err\n"
               "#SBATCH --time=01:00:00\necho ${SLURM_JOB_ID:?}\n", "writes": {"hq.out": "{id}\n"}},
]

QUERIES = [
    {"client": "Nextflow", "words": ["squeue", "--noheader", "-o", "%i %t", "-t", "all", "-p", "main", "-u", "{user}"],
     "row": r"(?P<id>\S+) (?P<state>[A-Z]+)", "want": SHORT},
    {"client": "Nextflow", "words": ["squeue", "--noheader", "-o", "%i %t", "-t", "all", "--only-job-state"],
     "row": r"(?P<id>\S+) (?P<state>[A-Z]+)", "want": SHORT},
    {"client": "Nextflow", "words": ["scancel", "{done}", "{failed}"]},

    {"client": "Snakemake", "words": ["sacct", "-X", "--parsable2", "--clusters", "all", "--noheader", "--format=JobIdRaw,State",
                                      "--starttime", "{hour}", "--endtime", "now", "--name", "c-done"],
     "out": "{done}[|]COMPLETED\n"},
    {"client": "Snakemake", "words": ["squeue", "--format=%i|%T", "--states=all", "--noheader", "--name", "c-failed"],
     "out": "{failed}[|]FAILED\n"},
    {"client": "Snakemake", "words": ["scontrol", "show", "config"],
     "has": [r"(?m)^MinJobAge += \d+ sec$", r"(?m)^MaxArraySize += \d+$"]},
    *[{"client": "Snakemake", "words": ["sacct", "-j", "{failed}.%d" % step, "--format=Reason", "--noheader"], "out": ""}
      for step in (0, 9)],
    {"client": "Snakemake", "words": ["sacct", "-j", "{failed}", "-n", "-X", "-o", "nodelist%-256"], "out": r"n\d {255}\n"},
    {"client": "Snakemake", "words": ["sacct", "-nu", "{user}", "-o", "Account%256"], "row": " *default *| +"},
    {"client": "Snakemake", "words": ["sinfo", "-o", "%P"], "out": r"PARTITION\nmain\*\n"},
    {"client": "Snakemake", "words": ["scontrol", "show", "partition"],
     "has": [r"(?m)^PartitionName=main$", r"MaxTime=\S+", r"MaxNodes=\S+", r"TotalCPUs=8", r"TotalNodes=2", r"DefMemPer\w+=\S+"]},
    {"client": "Snakemake", "words": ["scancel", "{done}", "{failed}", "--clusters=all"]},
    {"client": "Snakemake", "words": ["sacct", "--name=c-done", "--parsable2", "--noheader",
                                      "--format=JobID,JobName,Comment,Elapsed,TotalCPU,NNodes,NCPUS,MaxRSS,ReqMem"],
     "row": r"(?P<id>\d+(?:\.batch)?)\|[^|]+\|[^|]*\|%s\|[\d:.-]+\|1\|1\|(?P<rss>\d*[KMG]?)\|\S*" % SPAN, "want": {"done": {"rss": ""}}},

    {"client": "Snakemake 7", "words": ["sacct", "-P", "-n", "--format=JobIdRaw,State", "-j", "{running}"],
     "has": [r"\A{running}\|RUNNING\n"]},
    {"client": "Snakemake 7", "words": ["scontrol", "show", "jobid", "-dd", "{failed}"], "has": [r"JobState=FAILED\b"]},
    {"client": "Snakemake 7", "words": ["sacct", "-nu", "{user}", "-o", "Account%20"], "row": " {13}default | {21}"},

    {"client": "Cromwell", "words": ["squeue", "-j", "{running}"], "has": ["{running}"]},
    {"client": "Cromwell", "words": ["squeue", "-j", "{unknown}"], "rc": 1, "err": INVALID},

    {"client": "Toil", "words": ["squeue", "-h", "--format", "%i %t %M"], "row": r"(?P<id>\S+) (?P<state>\w+) (?:\d+-)?[\d:]+",
     "want": {"running": {"state": "R"}}},
    {"client": "Toil", "words": ["sacct", "-n", "-j", ALL, "--format", "JobIDRaw,State,ExitCode", "-P", "-S", "1970-01-01"],
     "row": r"(?P<id>\d+)(?:\.batch)?\|(?P<state>[^|]+)\|(?P<code>\d+:\d+)",
     "first": dict(BY, failed={"state": "FAILED", "code": "3:0"})},
    {"client": "Toil", "words": ["sacct", "-n", "-j", "{done}", "--format", "JobIDRaw,State,ExitCode", "-P", "-S", "{hour}", "-E", "now"],
     "has": [r"\A{done}\|COMPLETED\|0:0\n"]},
    {"client": "Toil", "words": ["scontrol", "show", "job"], "has": [r"(?:\A|\n\n)JobId={failed} .*\n(?:.+\n)*?.*JobState=FAILED "]},
    {"client": "Toil", "words": ["scontrol", "show", "config"], "has": [r"(?m)^(SchedulerTimeSlice|AcctGatherNodeFreq) += \d+ sec$"]},
    {"client": "Toil", "words": ["sinfo", "-a", "-o", "%P %G %l %p %c %m"], "header": r"PARTITION GRES TIMELIMIT PRIO_TIER CPUS MEMORY",
     "row": r"main\* \(null\) 1-12:00:00 \d+ 4\+? 4000\+?"},

    {"client": "Cylc", "words": ["squeue", "-h", "-j", "{held},{running},{unknown}"], "row": r" *(?P<id>\d+) .*",
     "want": {"held": {}, "running": {}}},

    {"client": "HyperQueue", "words": ["scontrol", "show", "job", "{gone}"],
     "has": [r"JobState=CANCELLED ", r"StartTime=%s " % ISO, r"EndTime=%s " % ISO]},
    {"client": "HyperQueue", "words": ["scontrol", "show", "job", "{running}"],
     "has": [r"JobState=RUNNING ", r"RunTime=%s " % SPAN, r"TimeLimit=%s " % SPAN, r"StartTime=%s " % ISO]},
]
assert LONG
