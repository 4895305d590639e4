"""Computing elements of grids and of HTC: DIRAC, ARC, HTCondor's BLAH, TARDIS, Harvester, VIP, Galaxy."""

WORD = r"[^\s|]+"
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
SPAN = r"(?:\d+-)?\d\d:\d\d:\d\d"
INVALID = "slurm_load_jobs error: Invalid job id specified\n"
ALL = "{done},{failed},{killed},{held},{running}"
LONG = {"done": {"state": "COMPLETED"}, "failed": {"state": "FAILED"}, "killed": {"state": "CANCELLED"},
        "held": {"state": "PENDING"}, "running": {"state": "RUNNING"}}
BY = dict(LONG, killed={"state": "CANCELLED by {uid}"})
SHORT = {"done": {"state": "CD"}, "failed": {"state": "F"}, "killed": {"state": "CA"}, "held": {"state": "PD"},
         "running": {"state": "R"}}
SUBMITTED = r"Submitted batch job (\d+)\n"

ARC_SCRIPT = """#!/bin/bash -l
# SLURM batch job script built by grid-manager
#SBATCH --no-requeue
#SBATCH --export=NONE
#SBATCH -e arc.comment
#SBATCH -o arc.comment

#SBATCH -p main
#SBATCH --nice=50
#SBATCH -J 'gridjob'
#SBATCH --get-user-env=10L
#SBATCH -n 1
#SBATCH --ntasks-per-node 1
#SBATCH 
#SBATCH -t 1440:0
#SBATCH -t 1440:0
#SBATCH --mem-per-cpu=100

echo from arc
"""

SUBMITS = [
    {"client": "DIRAC", "env": {"DIRAC_PILOT_STAMP": "stamp-7", "OTHER": "left behind"},
     "words": ["sbatch", "--export=PATH,DIRAC_PILOT_STAMP=stamp-7", "-o", "{work}/%j.out", "-e", "{work}/%j.err",
               "--partition=main", "--account=default", "--ntasks-per-node=1", "--nodes=1", "--cpus-per-task=2", "{script}"],
     "script": "#!/bin/sh\necho $DIRAC_PILOT_STAMP/$SLURM_JOBID/${OTHER-no}\n", "id": r"Submitted batch job (\d*)",
     "writes": {"{id}.out": "stamp-7/{id}/no\n", "{id}.err": ""}},
    {"client": "ARC", "only_env": [], "words": ["{bin}/sbatch", "{script}"], "script": ARC_SCRIPT,
     "sed": r"^(?:sbatch: )?Submitted batch job (\d+)$", "writes": {"arc.comment": "from arc\n"},
     "acct": {"Timelimit": "1-00:00:00", "JobName": "gridjob"}},
    {"client": "BLAH", "words": ["sbatch", "{script}"], "id": r"(?m)^Submitted batch job ([0-9]+)",
     "script": "#!/bin/bash\n#SBATCH -o /dev/null\n#SBATCH -e /dev/null\n#SBATCH -t 5\n#SBATCH --mem=100\n#SBATCH -p main\n"
               "#SBATCH -N 1\n#SBATCH -n 1\n#SBATCH --ntasks-per-node 1\n#SBATCH -M mini\ntrue\n",
     "acct": {"State": "COMPLETED", "Timelimit": "00:05:00"}},
    {"client": "TARDIS",
     "words": ["sbatch", "-p", "main", "-N", "1", "-n", "2", "-t", "60", "--mem=500mb",
               "--export=SLURM_Walltime=60,TardisDroneCores=2,TardisDroneUuid=drone-1", "{script}"],
     "script": "#!/bin/sh\necho $SLURM_Walltime $TardisDroneCores $TardisDroneUuid\n", "id": r"^Submitted batch job (\d*)",
     "writes": {"slurm-{id}.out": "60 2 drone-1\n"}, "acct": {"ReqMem": "500M", "AllocCPUS": "2"}},
    {"client": "Harvester", "words": ["sbatch", "-D", "{work}", "{script}"], "script": "#!/bin/sh\npwd\n",
     "id": r"(\d+)\D*\Z", "writes": {"slurm-{id}.out": "{work}\n"}},
    {"client": "VIP", "words": ["sbatch", "--parsable", "{script}"], "id": r"\A(?:.*\s)?(\d+)\n",
     "script": "#!/bin/sh\n#SBATCH --job-name=gasw\n#SBATCH --output=vip.out\n#SBATCH --error=vip.err\necho vip\n",
     "writes": {"vip.out": "vip\n", "vip.err": ""}},
    {"client": "Galaxy", "words": ["sbatch", "{script}"], "id": r"Submitted batch job (\w+)",
     "script": "#!/bin/bash\n#SBATCH -o galaxy.o\n#SBATCH -e galaxy.e\n#SBATCH -J g1_tool\n#SBATCH -t 10\n#SBATCH -c 1\n"
               "#SBATCH -p main\n\necho galaxy\n", "writes": {"galaxy.o": "galaxy\n", "galaxy.e": ""}},
]

CONFIG_LINE = r"\S+ += .*|Configuration data as of .*|Slurmctld\(primary\) at \S+ is UP|"

QUERIES = [
    {"client": "DIRAC", "words": ["sacct", "-j", ALL + ",", "-o", "JobID,STATE", "-X", "-n", "-P", "--delimiter=,"],
     "row": r"(?P<id>\d+),(?P<state>[^,]+)", "want": BY},
    {"client": "DIRAC", "words": ["squeue", "--partition=main", "--user={user}", "--format=%j %T"],
     "header": "NAME STATE", "row": r"(?P<name>\S+) (?P<state>[A-Z]+)"},
    {"client": "DIRAC", "words": ["sacct", "-j", "{running}", "-o", "JobID,CPUTimeRAW,AllocCPUS,ElapsedRaw,Timelimit", "-X",
                                  "-n", "-P", "--delimiter=,"],
     "row": r"(?P<id>\d+),\d+,(?P<cpus>\d+),\d+,(?P<limit>(\d+-)?(\d\d:)?\d\d:\d\d)",
     "want": {"running": {"cpus": "1", "limit": "00:30:00"}}},
    {"client": "DIRAC", "words": ["scancel", "--partition=main", "{done}"], "rc": 1,
     "err": "scancel: error: Kill job error on job id {done}: Invalid job id specified\n"},
    {"client": "DIRAC", "words": ["scancel", "--partition=main", "{unknown}"], "rc": 1,
     "err": "scancel: error: Kill job error on job id {unknown}: Invalid job id specified\n"},

    {"client": "ARC", "words": ["{bin}/squeue", "-a", "-h", "-o", "%i:%T", "-t", "all", "-j", ALL + ",{unknown}"],
     "row": r"(?P<id>\d+):(?P<state>[A-Z]+)", "want": LONG, "absent": ["unknown"], "only_env": []},
    {"client": "ARC", "words": ["squeue", "-a", "-h", "-o", "%i:%T", "-t", "all", "-j", "{unknown}"], "rc": 1, "err": INVALID},
    {"client": "ARC", "words": ["scontrol", "-o", "show", "job", "{failed}"],
     "out": r"JobId={failed} .* ExitCode=3:0 .*StartTime=%s .*EndTime=%s .*NumCPUs=1 .*\n" % (ISO, ISO)},
    {"client": "ARC", "words": ["scontrol", "-o", "show", "job", "{killed}"], "out": r"JobId={killed} .* ExitCode=0:15 .*\n"},
    {"client": "ARC", "words": ["sacct", "-j", "{failed}", "-o", "ExitCode", "-P", "-n"], "out": r"3:0\n3:0\n"},
    {"client": "ARC", "words": ["sacct", "-j", "{done}.batch", "-o", "NCPUS,Start,End,UserCPU,SystemCPU", "-P", "-n"],
     "out": r"1\|%s\|%s\|[\d:.-]+\|[\d:.-]+\n" % (ISO, ISO)},
    {"client": "ARC", "words": ["scontrol", "show", "config"], "row": CONFIG_LINE,
     "has": [r"(?m)^SLURM_VERSION += 22\.05\.", r"(?m)^MaxJobCount += \d+$"]},
    {"client": "ARC", "words": ["sinfo", "-a", "-h", "-o", "PartitionName=%P TotalCPUs=%C TotalNodes=%D MaxTime=%l DefTime=%L "
                                "NodeNames=%N"],
     "row": r"PartitionName=\w+\*? TotalCPUs=\d+/\d+/\d+/\d+ TotalNodes=\d+ MaxTime=\S+ DefTime=\S+ NodeNames=\S+",
     "has": [r"PartitionName=main\* TotalCPUs=\d+/\d+/0/8 TotalNodes=2 MaxTime=1-12:00:00 DefTime=30:00 NodeNames=n\[1-2\]"]},
    {"client": "ARC", "words": ["squeue", "-a", "-h", "-t", "all", "-o", "JobId=%i TimeUsed=%M Partition=%P JobState=%T "
                                "ReqNodes=%D ReqCPUs=%C TimeLimit=%l Name=%j NodeList=%N"],
     "row": r"JobId=(?P<id>\S+) TimeUsed=[\d:-]+ Partition=\w+ JobState=(?P<state>[A-Z]+) ReqNodes=\d+ ReqCPUs=\d+ "
            r"TimeLimit=[\d:-]+ Name=\S* NodeList=\S*", "want": LONG},
    {"client": "ARC", "words": ["scontrol", "show", "node", "--oneliner"],
     "row": r"NodeName=n\d .*CPUTot=4 .*OS=\S.*RealMemory=4000 .*Sockets=\d+ .*State=[A-Z]+[*~#+]* .*", "count": 2,
     "has": [r"Arch=\S+"]},
    {"client": "ARC", "words": ["sinfo", "-a", "-h", "-o", "cpuinfo=%C"], "out": r"cpuinfo=\d+/\d+/0/8\n"},

    {"client": "BLAH", "words": ["squeue", "-o", "%i %T", "-j", "{running}"], "out": "JOBID STATE\n{running} RUNNING\n"},
    {"client": "BLAH", "words": ["squeue", "-o", "%i %T", "-M", "mini", "-j", "{running}"],
     "out": "CLUSTER: mini\nJOBID STATE\n{running} RUNNING\n"},
    {"client": "BLAH", "words": ["squeue", "-o", "%i %T", "-j", "{done}"], "out": "JOBID STATE\n"},
    {"client": "BLAH", "words": ["squeue", "-o", "%i %T", "-j", "{unknown}"], "rc": 1, "err": INVALID},
    {"client": "BLAH", "words": ["sacct", "-j", "{done}", "--noconvert", "-P", "--format", "UserCPU,SystemCPU,MaxRSS,ExitCode"],
     "header": r"UserCPU|SystemCPU|MaxRSS|ExitCode", "row": r"[\d:.-]+\|[\d:.-]+\|\d*K?\|0:0", "count": 2},
    {"client": "BLAH", "words": ["squeue", "-o", "%i %T", "-u", "{user}"], "header": "JOBID STATE",
     "row": r"(?P<id>\S+) (?P<state>[A-Z]+)", "want": {"held": {"state": "PENDING"}, "running": {"state": "RUNNING"}},
     "absent": ["done"]},
    {"client": "BLAH", "words": ["scontrol", "show", "job", "{failed}"],
     "has": [r"(?m)^\s*JobState=FAILED\s", r"(?m)\sExitCode=3:0$", r"BatchHost=n\d"]},
    {"client": "BLAH", "words": ["scontrol", "hold", "{running}"], "rc": 1,
     "has_err": ["Job is no longer pending execution"]},
    {"client": "BLAH", "words": ["scancel", "{unknown}"]},

    {"client": "TARDIS", "words": ["squeue", "-o", "%A|%N|%T", "-h", "-t", "all", "--job=" + ALL],
     "row": r"(?P<id>\d+)\|(?P<nodes>[^|]*)\|(?P<state>[A-Z]+)", "want": dict(LONG, held={"nodes": "", "state": "PENDING"})},
    {"client": "TARDIS", "words": ["squeue", "-o", "%A|%N|%T", "-h", "-t", "all", "--job={unknown}"], "rc": 1, "err": INVALID},
    {"client": "TARDIS", "words": ["scancel", "{done}"]},
    {"client": "TARDIS", "words": ["sinfo", "--Format=statelong,cpusstate,allocmem,memory,features,nodehost", "-e",
                                   "--noheader", "-r"],
     "row": r"(?P<state>\w+[*~#+]*) +\d+/\d+/\d+/\d+ +\d+ +4000 +\S+ +(?P<id>n\d) *", "count": 2},

    {"client": "Harvester", "words": ["sacct", "--jobs={done}"], "find_line": "{done} ", "word": (5, "COMPLETED")},
    {"client": "Harvester", "words": ["sacct", "-X", "--jobs={done},{killed}"], "find_line": "{killed} ",
     "word": (5, "CANCELLED+")},
    {"client": "Harvester", "words": ["sacct", "--jobs={held}"], "find_line": "{held} ", "word": (5, "PENDING")},
    {"client": "Harvester", "words": ["squeue", "-t", "all", "--jobs={done},{failed}"], "find_line": "{failed} ", "word": (4, "F")},
    {"client": "Harvester", "words": ["squeue", "-j", "{unknown}"], "rc": 1, "err": INVALID},
    {"client": "Harvester", "words": ["squeue", "-u", "{user}", "--partition=main"], "find_line": "{running} ", "word": (4, "R")},

    {"client": "VIP", "words": ["scontrol", "show", "job", "{done}"], "find_line": "JobState", "word": (0, "JobState=COMPLETED")},
    {"client": "VIP", "words": ["scontrol", "show", "job", "{held}"], "find_line": "JobState", "word": (0, "JobState=PENDING")},
    {"client": "VIP", "words": ["squeue", "-n", "c-running", "--format", "%T"], "out": "STATE\nRUNNING\n"},

    {"client": "Galaxy", "words": ["squeue", "-a", "-o", "%A %t"], "header": "JOBID ST", "row": r"(?P<id>\d+) (?P<state>\w+)",
     "want": {"held": {"state": "PD"}, "running": {"state": "R"}}, "absent": ["done", "failed"]},
    {"client": "Galaxy", "words": ["squeue", "-a", "-o", "%A %t", "-j", "{done}"], "out": "JOBID ST\n"},
    {"client": "Galaxy", "words": ["sacct", "-o", "JobIDRaw,State", "-P", "-n", "-j", "{killed}"],
     "out": r"{killed}\|CANCELLED by {uid}\n{killed}\.batch\|CANCELLED\n"},
    {"client": "Galaxy DRMAA", "words": ["scontrol", "-o", "show", "job", "{failed}"], "has": [r"\AJobId=.* JobState=FAILED .*\n\Z"]},
    {"client": "Galaxy DRMAA", "words": ["scontrol", "-o", "show", "job", "{unknown}"], "rc": 1, "err": INVALID},
    {"client": "Galaxy DRMAA", "words": ["sacct", "-n", "-o", "state%-32", "-j", "{failed}"],
     "out": r"FAILED {27}\nFAILED {27}\n"},
    {"client": "Galaxy DRMAA", "words": ["sacct", "-n", "-o", "state%-32", "-M", "mini", "-j", "{done}"], "has": [r"\ACOMPLETED\s"]},
]
