"""Portals, accounting and monitoring: Open OnDemand, batchspawner, ClusterShell, APEL, AUDITOR, XDMoD, the exporters."""
from clients.grid import ALL, BY, INVALID, ISO, LONG, SPAN

US = "\x1f"

SUBMITS = [
    {"client": "Open OnDemand", "env": {"OOD_VAR": "with blank", "OOD_OTHER": "not sent"},
     "words": ["sbatch", "--no-requeue", "-D", "{work}", "--mail-user", "a@b.c,d@e.f", "--mail-type", "END", "-J", "sys/dashboard/x", "-o", "ood.out",
               "-e", "ood.err", "-p", "main", "-A", "default", "-t", "01:00:00", "-n", "1", "--export", "NONE,OOD_VAR", "--parsable", "-M", "mini"],
     "stdin": "#!/bin/bash\necho $OOD_VAR/${OOD_OTHER-none}\n", "id": r"\A(\d+);mini\n\Z",
     "writes": {"ood.out": "with blank/none\n", "ood.err": ""}, "acct": {"JobName": "sys/dashboard/x", "Timelimit": "01:00:00"}},
    {"client": "Open OnDemand", "words": ["sbatch", "-H", "--begin", "2035-01-01T00:00:00", "--parsable", "-d", "afterany:{done}"],
     "stdin": "#!/bin/sh\ntrue\n", "id": r"\A(\d+)\n\Z", "cancel": True},
    {"client": "batchspawner", "env": {"JUPYTERHUB_API_TOKEN": "t0ken"},
     "words": ["sbatch", "--parsable"], "id": r"(?m)^(\d+)\n\Z",
     "stdin": "#!/bin/bash\n#SBATCH --output={work}/jupyterhub_slurmspawner_%j.log\n#SBATCH --job-name=spawner-jupyterhub\n#SBATCH --chdir={work}\n"
              "#SBATCH --export=PATH,JUPYTERHUB_API_TOKEN\n#SBATCH --get-user-env=L\n#SBATCH --time=10\n#SBATCH --mem=100\n\n"
              "set -euo pipefail\n\necho $JUPYTERHUB_API_TOKEN\n", "writes": {"jupyterhub_slurmspawner_{id}.log": "t0ken\n"}},
]

OOD_ROW = "User,Group,JobId,JobName,Elapsed,ReqMem,AllocCPUS,ReqCPUS,Timelimit,State,TotalCPU,MaxRSS,Partition,Submit,Start,End,ReqTRES"
XDMOD = "jobid,jobidraw,cluster,partition,qos,account,group,gid,user,uid,submit,eligible,start,end,elapsed,exitcode,state,nnodes,ncpus,reqcpus," \
        "reqmem,reqtres,alloctres,timelimit,nodelist,jobname"
APEL = "JobID,JobName,User,Group,Start,End,Elapsed,CPUTimeRAW,Partition,NCPUS,NNodes,NodeList,MaxRSS,MaxVMSize,State"
SIZE = r"(?:|[\d.]+[KMGTP])"
BAR = r"[^|]*"
RIVOS_JOBS = '{"a": "%a", "id": %A, "end_time": "%e", "u": "%u", "state": "%T", "p": "%P", "cpu": %C, "mem": "%m", "array_id": "%K", "r": "%R"}'
RIVOS_NODES = '{"s": "%T", "mem": %m, "n": "%n", "l": "%O", "p": "%R", "fmem": "%e", "cstate": "%C", "w": %w}'

QUERIES = [
    {"client": "Open OnDemand", "words": ["sinfo", "-aho", "%F/%C"], "out": r"(?:\d+/){6}0/8\n"},
    {"client": "Open OnDemand", "words": ["sinfo", "-ahNO", "nodehost:100,gres:512,gresused:512,statelong"],
     "row": r"n\d {98}\(null\) {506}.{512}\w+ *", "count": 2},
    {"client": "Open OnDemand", "words": ["sinfo", "-ho", "\x1e%c" + US + "%n" + US + "%f"],
     "row": "\x1e4" + US + r"n\d" + US + r"\(null\)", "count": 2},
    {"client": "Open OnDemand", "words": ["scontrol", "show", "part", "-o"],
     "row": r"\S+=\S*(?: \S+=\S*)* ?", "has": [r"PartitionName=main .*AllowAccounts=\S+ .*AllowQos=\S+"], "count": 1},
    {"client": "Open OnDemand", "words": ["scontrol", "hold", "{unknown}"], "rc": 1, "has_err": ["Invalid job id specified"]},
    {"client": "Open OnDemand", "words": ["scontrol", "release", "{unknown}"], "rc": 1, "has_err": ["Invalid job id specified"]},
    {"client": "Open OnDemand", "words": ["scancel", "{done}", "-M", "mini"]},
    {"client": "Open OnDemand", "words": ["squeue", "--all", "--states=all", "--noconvert", "-o", "%i", "-j", "{unknown}", "-M", "mini"], "rc": 1,
     "err": INVALID},
    {"client": "Open OnDemand", "words": ["sacct", "-P", "--delimiter", US, "-n", "--units", "G", "--allocations", "-o", OOD_ROW, "-j", ALL],
     "row": US.join([r"{user}", r"\S+", r"(?P<id>\d+)", r"c-\w+", SPAN, r"\S*", r"\d+", r"\d+", SPAN, r"(?P<state>[^\x1f]+)", r"[\d:.-]+", SIZE,
                     "main", ISO, r"\S+", r"\S+", r"\S*"]), "want": BY},

    {"client": "batchspawner", "words": ["squeue", "-h", "-j", "{running}", "-o", "%T %B"], "out": r"RUNNING n\d\n"},
    {"client": "batchspawner", "words": ["squeue", "-h", "-j", "{held}", "-o", "%T %B"], "out": r"PENDING \S+\n"},
    {"client": "batchspawner", "words": ["squeue", "-h", "-j", "{done}", "-o", "%T %B"], "out": ""},
    {"client": "batchspawner", "words": ["squeue", "-h", "-j", "{unknown}", "-o", "%T %B"], "rc": 1, "err": INVALID},
    {"client": "batchspawner", "words": ["scancel", "{done}"]},

    {"client": "ClusterShell", "words": ["sinfo", "-h", "-o", "%N", "-p", "main"], "out": r"n\[1-2\]\n"},
    {"client": "ClusterShell", "words": ["sinfo", "-h", "-o", "%R"], "out": r"main\n"},
    {"client": "ClusterShell", "words": ["sinfo", "-h", "-N", "-o", "%R", "-n", "n2"], "out": r"main\n"},
    {"client": "ClusterShell", "words": ["squeue", "-h", "-j", "{running}", "-o", "%N"], "out": r"n\d\n"},
    {"client": "ClusterShell", "words": ["squeue", "-h", "-o", "%i", "-t", "R"], "row": r"(?P<id>\d+)", "want": {"running": {}}, "absent": ["held"]},
    {"client": "ClusterShell", "words": ["squeue", "-h", "-u", "{user}", "-o", "%N", "-t", "R"], "row": r"n\d"},

    {"client": "APEL", "words": ["sacct", "-P", "-n", "--format=" + APEL, "-j", "{done}"],
     "row": r"\|".join([r"(?P<id>\d+)(?:\.batch)?", BAR, BAR, BAR, ISO, ISO, SPAN, r"\d+", BAR, r"\d+", "1", r"n\d", SIZE, SIZE,
                        r"(?P<state>COMPLETED)"]), "count": 2, "want": {"done": {"state": "COMPLETED"}}},
    {"client": "APEL", "words": ["sacct", "-P", "-n", "--format=" + APEL.replace("CPUTimeRAW", "TotalCPU"), "-j", "{failed}"],
     "row": r"(?P<id>\d+)(?:\.batch)?\|.*\|FAILED", "count": 2},
    {"client": "AUDITOR", "words": ["sacct", "-a", "--format", "JobID,User,Group,Start,End,State,NCPUS,ReqMem,MaxRSS,TotalCPU,Partition,NNodes,Account,"
                                    "AdminComment", "--noheader", "--noconvert", "-S", "{hour}", "-E", "now", "-P", "-s", "CD,F,CA"],
     "row": r"\|".join([r"(?P<id>\d+(?:_\d+)?(?:\.batch)?)", BAR, BAR, r"(?:%s|None)" % ISO, r"(?:%s|Unknown)" % ISO, r"(?P<state>[^|]+)", r"\d+", BAR, r"\d*K?",
                        r"[\d:.-]+", BAR, r"\d+", BAR, BAR]), "first": {"done": {"state": "COMPLETED"}, "killed": {"state": "CANCELLED by {uid}"}}},
    {"client": "AUDITOR", "words": ["scontrol", "show", "job", "{done}", "--details"],
     "has": [r"JobId={done} ", r"UserId={user}\({uid}\) ", r"GroupId=\S+\(\d+\) ", r"StartTime=%s " % ISO, r"NumCPUs=1 ", r"JobState=COMPLETED "]},
    {"client": "XDMoD", "env": {"TZ": "UTC"},
     "words": ["sacct", "--allusers", "--parsable2", "--noheader", "--allocations", "--duplicates", "--clusters", "mini", "--format", XDMOD,
               "--starttime", "{hour_utc}", "--endtime", "now"],
     "row": r"\|".join([r"(?P<id>\d+(?:_\d+|_\[[\d,%-]+\])?)", r"\d+", "mini", "main", r"\w+", r"\w+", r"\S+", r"\d+", r"\S+", r"\d+", ISO, BAR, BAR, BAR,
                        SPAN, r"\d+:\d+", r"(?P<state>[^|]+)", r"\d+", r"\d+", r"\d+", BAR, BAR, BAR, BAR, BAR, ".*"]), "want": BY},

    {"client": "vpenso exporter", "words": ["squeue", "-a", "-r", "-h", "-o %A|%a|%T|%C"], "row": r" ?(?P<id>\d+)\|\S+\|(?P<state>\w+)\|\d+",
     "want": {"running": {"state": "RUNNING"}, "held": {"state": "PENDING"}}},
    {"client": "vpenso exporter", "words": ["squeue", "-a", "-r", "-h", "-o %A|%u|%T|%C"], "row": r" ?(?P<id>\d+)\|{user}\|(?P<state>\w+)\|\d+"},
    {"client": "vpenso exporter", "words": ["squeue", "-a", "-r", "-h", "-o%P", "--states=PENDING"], "row": "main"},
    {"client": "vpenso exporter", "words": ["squeue", "-a", "-r", "-h", "-o %A,%T,%r", "--states=all"], "row": r" ?(?P<id>\d+),(?P<state>\w+),\S+",
     "want": LONG},
    {"client": "vpenso exporter", "words": ["sinfo", "-h", "-o %C"], "out": r" ?\d+/\d+/0/8\n"},
    {"client": "vpenso exporter", "words": ["sinfo", "-h", "-N", "-O", "NodeList,AllocMem,Memory,CPUsState,StateLong"],
     "row": r"n\d +\d+ +4000 +\d/\d/0/4 +\w+ *", "count": 2},
    {"client": "vpenso exporter", "words": ["sinfo", "-h", "-o %D,%T"], "row": r" ?\d+,\w+"},
    {"client": "vpenso exporter", "words": ["sinfo", "-h", "-o%R,%C"], "out": r"main,\d+/\d+/0/8\n"},
    {"client": "vpenso exporter", "words": ["sinfo", "-h", "-o %n %G"], "row": r" ?n\d \(null\)", "count": 2},
    {"client": "vpenso exporter", "words": ["sacct", "-a", "-X", "--format=Allocgres", "--state=RUNNING", "--noheader", "--parsable2"], "row": r"\S*"},

    {"client": "rivosinc exporter", "words": ["squeue", "--states=all", "-h", "-r", "-o", RIVOS_JOBS], "json_lines": {"id": int, "cpu": int, "a": str}},
    {"client": "rivosinc exporter", "words": ["sinfo", "-h", "-o", RIVOS_NODES], "json_lines": {"mem": int, "w": int, "fmem": str}},
    {"client": "rivosinc exporter", "words": ["squeue", "--json"], "json": "jobs",
     "keys": ["account", "job_id", "end_time", "job_state", "partition", "user_name", "state_reason"]},
    {"client": "rivosinc exporter", "words": ["sinfo", "--json"], "json": "nodes",
     "keys": ["hostname", "partitions", "state", "alloc_memory", "free_memory", "real_memory", "cpus", "alloc_cpus", "idle_cpus", "cpu_load", "weight"]},
]
