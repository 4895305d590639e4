"""How clients decide what became of a job: their rule, written again after clients' documented behaviour, on our answers.

A row: the client, its words (IDS is the ids of all jobs that it asks for, ID each in turn), `rule` (what is said -> the
client's word for it) and `says`, that word for each job. `each`: one call a job.
"""
import csv
import io
import re
import time

IDS, ID = "{done},{failed},{killed},{held},{running}", "{id}"


def dirac(said):
    """Two fields a line at the comma, the comparison exact; an empty answer raises."""
    if not said.out:
        raise ValueError("no answer")
    known = {"PENDING": "Waiting", "SUSPENDED": "Waiting", "CONFIGURING": "Waiting", "RUNNING": "Running", "COMPLETING": "Running",
             "CANCELLED": "Aborted", "PREEMPTED": "Aborted", "COMPLETED": "Done", "FAILED": "Failed", "TIMEOUT": "Failed",
             "NODE_FAIL": "Failed"}
    found = {}
    for line in said.out.splitlines():
        job, state = line.split(",")
        found[job] = known.get(state, "Unknown")
    return found


def arc_scan(said):
    """id:STATE. Any exit but 0 stops the scan for all jobs; five states end a job, any other is passed over."""
    assert said.code == 0
    ended = ("CANCELLED", "COMPLETED", "FAILED", "TIMEOUT", "NODE_FAIL")
    alive = ("PENDING", "RUNNING", "SUSPENDED", "COMPLETING")
    pairs = [line.split(":") for line in said.out.splitlines()]
    return {job: "ended" if state in ended else "there" if state in alive else "ignored" for job, state in pairs}


def arc_exit(said):
    """ExitCode=code:signal; a signal is 256 and more, and a cancelled job with 0 is 15."""
    code, signal = map(int, re.search(r"ExitCode=(\d+):(\d+)", said.out).groups())
    state = re.search(r"JobState=(\S+)", said.out).group(1)
    result = 256 + signal if signal else code
    return 15 if state == "CANCELLED" and not result else result


def blah_poll(said):
    """Lines from squeue that begin with the id; exit 1 or no such line: it has ended, ask sacct."""
    known = {"PENDING": 1, "CONFIGURING": 1, "RUNNING": 2, "COMPLETING": 2, "CANCELLED": 3, "COMPLETED": 4, "FAILED": 4}
    if said.code:
        return "ask sacct"
    words = [line.split() for line in said.out.splitlines() if not line.startswith(("JOBID", "CLUSTER"))]
    return next((known[state] for job, state in words if job == said.job), "ask sacct")


def blah_usage(said):
    """CSV with a header, summed over all rows; the exit code of the first."""
    rows = list(csv.DictReader(io.StringIO(said.out), delimiter="|"))
    for row in rows:
        assert re.fullmatch(r"(\d+-)?(\d\d:)?\d\d:\d\d(\.\d+)?", row["UserCPU"] or "00:00"), row
        assert re.fullmatch(r"\d*K?", row["MaxRSS"]), row
    return int(rows[0]["ExitCode"].split(":")[0])


def tardis(said):
    """id|nodes|STATE with empty nodes; an absent id has completed; one alone that is unknown has, too."""
    if said.code == 1 and "Invalid job id specified" in said.err:
        return "Completed"
    gone = ("CANCELLED", "COMPLETED", "PREEMPTED", "TIMEOUT")
    run = ("COMPLETING", "RESIZING", "RUNNING", "SIGNALING", "STAGE_OUT")
    boot = ("CONFIGURING", "PENDING", "REQUEUED", "SPECIAL_EXIT")
    found = {}
    for line in said.out.splitlines():
        job, _, state = line.split("|")
        found[job] = next((word for word, states in (("Deleted", gone), ("Running", run), ("Booting", boot)) if state in states),
                          "Error")
    return found


def harvester(said):
    """The line of the default table with the id and a blank: the sixth word."""
    line = next(line for line in said.out.splitlines() if f"{said.job} " in line)
    return line.split()[5]


def gasw(said):
    """grep JobState | xargs: the first word must be JobState=STATE; anything on stderr is a failed query."""
    if said.err or said.code:
        return "failed query"
    line = next(line for line in said.out.splitlines() if "JobState" in line)
    state = line.split()[0].partition("JobState=")[2]
    return {"COMPLETED": "COMPLETED", "PENDING": "QUEUED", "CONFIGURING": "QUEUED", "RUNNING": "RUNNING", "FAILED": "ERROR",
            "NODE_FAIL": "ERROR"}.get(state, "undefined")


def galaxy_cli(said):
    """Short states; only a header, or an error: gone. CD ends well, F and CA do not."""
    rows = dict(line.split() for line in said.out.splitlines()[1:])
    known = {"PD": "queued", "R": "running", "CG": "running", "CD": "ok", "F": "error", "CA": "error", "TO": "error"}
    return known[rows[said.job]] if said.job in rows else "gone"


def galaxy_drmaa(said):
    """k=v words; a word without = belongs to the value before. Unknown: the whole of stderr is one sentence."""
    if said.err == "slurm_load_jobs error: Invalid job id specified\n":
        return "ask sacct"
    values, last = {}, None
    for word in said.out.split():
        if "=" in word:
            last, value = word.split("=", 1)
            values[last] = value
        else:
            values[last] += " " + word
    return values["JobState"]


def nextflow(said):
    """Exactly two columns a line."""
    known = {"PD": "PENDING", "CF": "PENDING", "R": "RUNNING", "CG": "RUNNING", "CD": "DONE", "S": "HOLD", "ST": "HOLD"}
    pairs = [line.strip().split() for line in said.out.splitlines()]
    assert all(len(pair) == 2 for pair in pairs)
    return {job: known.get(state, "ERROR") for job, state in pairs}


def snakemake(said):
    """id|State exactly; what is none of these waits on."""
    ends = ("BOOT_FAIL", "CANCELLED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "TIMEOUT")
    pairs = [line.split("|") for line in said.out.splitlines()]
    return {job: "success" if state == "COMPLETED" else "failed" if state in ends else "wait" for job, state in pairs}


def snakemake7(said):
    return re.search(r"JobState=(\w+)", said.out).group(1)


def cromwell(said):
    """The exit code alone."""
    return "alive" if said.code == 0 else "gone"


def toil(said):
    """id|State|code:signal; a signal is 128 and more; the state ends at the first blank."""
    found = {}
    for line in said.out.splitlines():
        job, state, status = line.split("|")
        code, signal = map(int, status.split(":"))
        if "." not in job:
            state = state.split()[0]
            found[job] = None if state in ("PENDING", "RUNNING") else 128 + signal if signal else code if code else 0
    return found


def cylc(said):
    """The first number of each line; the exit code does not matter: who is not there has ended."""
    there = [re.match(r"\s*(\d+)", line).group(1) for line in said.out.splitlines()]
    return {job: "there" if job in there else "ended" for job in said.jobs}


def hyperqueue(said):
    """k=v words; ended states must have both times, as ISO."""
    values = dict(word.split("=", 1) for word in said.out.split() if "=" in word)
    state = values["JobState"]
    if state in ("COMPLETED", "CANCELLED", "FAILED", "TIMEOUT"):
        start, end = (time.strptime(values[key], "%Y-%m-%dT%H:%M:%S") for key in ("StartTime", "EndTime"))
        assert start <= end
        return "finished" if state == "COMPLETED" else "failed"
    return {"PENDING": "queued", "CONFIGURING": "queued", "RUNNING": "running", "COMPLETING": "running"}[state]


def submitit(said):
    """A header names the columns, rows with a dot are passed over; all but these have finished."""
    lines = said.out.splitlines()
    assert len(lines) >= 2
    names = lines[0].split("|")
    rows = [dict(zip(names, line.split("|"))) for line in lines[1:]]
    waits = ("READY", "PENDING", "RUNNING", "UNKNOWN", "REQUEUED", "COMPLETING", "PREEMPTED")
    return {row["JobID"]: "waits" if row["State"] in waits else "done" for row in rows if "." not in row["JobID"]}


def parsl(said):
    """The first two words; a job that was not asked for raises."""
    known = {"PENDING": "PENDING", "RUNNING": "RUNNING", "CANCELLED": "CANCELLED", "COMPLETED": "COMPLETED", "FAILED": "FAILED",
             "PD": "PENDING", "R": "RUNNING"}
    pairs = [line.split()[:2] for line in said.out.splitlines()]
    assert {job for job, _ in pairs} <= set(said.jobs)
    return {job: known[state] for job, state in pairs}


def psij(said):
    """After the header exactly three columns."""
    known = {"PD": "QUEUED", "R": "ACTIVE", "CD": "COMPLETED", "CA": "CANCELED", "F": "FAILED", "CG": "ACTIVE"}
    rows = [line.split() for line in said.out.splitlines()[1:]]
    assert all(len(row) == 3 for row in rows)
    return {job: known[state] for job, state, _ in rows}


def aiida(said):
    """Fourteen values; held by the reason, else by the short state."""
    known = {"PD": "QUEUED", "R": "RUNNING", "CD": "DONE", "CA": "DONE", "F": "DONE"}
    found = {}
    for line in said.out.splitlines():
        values = line.split("^^^")
        assert len(values) == 14 and values[5].isdigit() and values[6].isdigit()
        held = values[1] == "PD" and values[2] in ("Dependency", "JobHeldUser", "JobHeldAdmin", "BeginTime")
        found[values[0]] = "QUEUED_HELD" if held else known[values[1]]
    return found


def reframe(said):
    """Its regular expression; End is a number, or Unknown."""
    rule = re.compile(r"^(\d+(?:\+\d+|_\d+|_\[a-b\])?)\|(\S+)([^|]*)\|(\d+):(\d+)\|(\S+)\|(.*)")
    found = {}
    for line in said.out.splitlines():
        match = rule.match(line)
        if match:
            assert re.fullmatch(r"\d{10}|Unknown", match.group(6)), line
            found[match.group(1)] = match.group(2)
    return found


def batchtools(said):
    """Ids alone."""
    return {job: "there" if job in said.out.split() else "gone" for job in said.jobs}


def open_ondemand(said):
    """Two columns each ended by 0x1F; the header's end is one, too."""
    lines = said.out.split("\n")
    assert lines[0].endswith("\x1f")
    known = {"PD": "queued", "R": "running", "CD": "completed", "F": "completed", "CA": "completed", "CG": "completed"}
    return {job: known[state] for job, state in (line.split("\x1f")[:2] for line in lines[1:] if line)}


def batchspawner(said):
    """^PENDING|CONFIGURING, ^RUNNING|COMPLETING with the host as last word; on an error its text decides."""
    if said.code:
        return "unknown" if re.search("Unable to contact slurm controller|Socket timed out", said.err) else "gone"
    if re.match("PENDING|CONFIGURING", said.out):
        return "pending"
    return "running" if re.match("RUNNING|COMPLETING", said.out) and said.out.split()[-1] else "gone"


def apel(said):
    """Fifteen fields; a row counts if its state is one of six words."""
    rows = [line.split("|") for line in said.out.splitlines()]
    assert all(len(row) == 15 for row in rows)
    for row in rows:
        assert int(row[7]) >= 0 and all(re.fullmatch(r"(\d+(\.\d+)?[KMGTP])?", row[i]) for i in (12, 13)), row
    counted = [row[0] for row in rows if row[14] in ("CANCELLED", "COMPLETED", "FAILED", "NODE_FAIL", "PREEMPTED", "TIMEOUT")]
    return "counted" if said.job in counted else "dropped"


def auditor(said):
    """Values that the job's row lacks are those of its .batch row."""
    rows = {row[0]: row[1:] for row in (line.split("|") for line in said.out.splitlines())}
    found = {}
    for job in said.jobs:
        if job in rows:
            rss = rows[job][2] or rows.get(f"{job}.batch", [""] * 3)[2]
            found[job] = rows[job][1].split()[0] + ("" if re.fullmatch(r"\d*K?", rss) else " without memory")
    return found


def xdmod(said):
    """Twenty-six fields, the name last; without an end, or without nodes, a row is passed over."""
    assert not said.err
    found = {}
    for line in said.out.splitlines():
        row = line.split("|", 25)
        assert len(row) == 26
        found[row[0]] = "skipped" if row[13] == "Unknown" or row[24] == "None assigned" else row[16].split()[0]
    return found


ENDS = {"done": "COMPLETED", "failed": "FAILED", "killed": "CANCELLED"}
LIVES = {"held": "PENDING", "running": "RUNNING"}
ALL_STATES = dict(ENDS, **LIVES)


def said_of(done, failed, killed, held, running, **more):
    return dict(done=done, failed=failed, killed=killed, held=held, running=running, **more)


APEL_WORDS = "JobID,JobName,User,Group,Start,End,Elapsed,CPUTimeRAW,Partition,NCPUS,NNodes,NodeList,MaxRSS,MaxVMSize,State"
XDMOD_WORDS = ("jobid,jobidraw,cluster,partition,qos,account,group,gid,user,uid,submit,eligible,start,end,elapsed,exitcode,state,"
               "nnodes,ncpus,reqcpus,reqmem,reqtres,alloctres,timelimit,nodelist,jobname")
AIIDA_WORDS = "%i^^^%t^^^%r^^^%B^^^%u^^^%D^^^%C^^^%R^^^%P^^^%l^^^%M^^^%S^^^%j^^^%V"

CONCLUSIONS = [
    {"client": "DIRAC", "words": ["sacct", "-j", IDS + ",", "-o", "JobID,STATE", "-X", "-n", "-P", "--delimiter=,"], "rule": dirac,
     "says": said_of("Done", "Failed", "Unknown", "Waiting", "Running")},
    {"client": "ARC", "words": ["squeue", "-a", "-h", "-o", "%i:%T", "-t", "all", "-j", IDS + ",{unknown}"], "rule": arc_scan,
     "says": said_of("ended", "ended", "ended", "there", "there")},
    {"client": "ARC", "words": ["scontrol", "-o", "show", "job", ID], "rule": arc_exit, "each": True,
     "says": {"done": 0, "failed": 3, "killed": 256 + 15}},
    {"client": "BLAH", "words": ["squeue", "-o", "%i %T", "-j", ID], "rule": blah_poll, "each": True,
     "says": said_of("ask sacct", "ask sacct", "ask sacct", 1, 2, unknown="ask sacct")},
    {"client": "BLAH", "words": ["sacct", "-j", ID, "--noconvert", "-P", "--format", "UserCPU,SystemCPU,MaxRSS,ExitCode"],
     "rule": blah_usage, "each": True, "says": {"done": 0, "failed": 3}},
    {"client": "TARDIS", "words": ["squeue", "-o", "%A|%N|%T", "-h", "-t", "all", "--job=" + IDS], "rule": tardis,
     "says": said_of("Deleted", "Error", "Deleted", "Booting", "Running")},
    {"client": "TARDIS", "words": ["squeue", "-o", "%A|%N|%T", "-h", "-t", "all", "--job=" + ID], "rule": tardis, "each": True,
     "says": {"unknown": "Completed"}},
    {"client": "Harvester", "words": ["sacct", "--jobs=" + ID], "rule": harvester, "each": True,
     "says": said_of("COMPLETED", "FAILED", "CANCELLED+", "PENDING", "RUNNING")},
    {"client": "VIP", "words": ["scontrol", "show", "job", ID], "rule": gasw, "each": True,
     "says": said_of("COMPLETED", "ERROR", "undefined", "QUEUED", "RUNNING", unknown="failed query")},
    {"client": "Galaxy CLI, Pulsar", "words": ["squeue", "-a", "-o", "%A %t", "-j", ID], "rule": galaxy_cli, "each": True,
     "says": said_of("gone", "gone", "gone", "queued", "running", unknown="gone")},
    {"client": "Galaxy DRMAA", "words": ["scontrol", "-o", "show", "job", ID], "rule": galaxy_drmaa, "each": True,
     "says": dict(ALL_STATES, unknown="ask sacct")},
    {"client": "Nextflow", "words": ["squeue", "--noheader", "-o", "%i %t", "-t", "all", "-u", "{user}"], "rule": nextflow,
     "says": said_of("DONE", "ERROR", "ERROR", "PENDING", "RUNNING")},
    {"client": "Snakemake", "words": ["squeue", "--format=%i|%T", "--states=all", "--noheader", "--name",
                                      "c-done,c-failed,c-killed,c-held,c-running"], "rule": snakemake,
     "says": said_of("success", "failed", "failed", "wait", "wait")},
    {"client": "Snakemake", "words": ["sacct", "-X", "--parsable2", "--noheader", "--format=JobIdRaw,State", "--name",
                                      "c-done,c-failed,c-killed,c-held,c-running"], "rule": snakemake,
     "says": said_of("success", "failed", "wait", "wait", "wait")},
    {"client": "Snakemake 7", "words": ["scontrol", "show", "jobid", "-dd", ID], "rule": snakemake7, "each": True,
     "says": ALL_STATES},
    {"client": "Cromwell", "words": ["squeue", "-j", ID], "rule": cromwell, "each": True,
     "says": {"running": "alive", "held": "alive", "unknown": "gone"}},
    {"client": "Toil", "words": ["sacct", "-n", "-j", IDS, "--format", "JobIDRaw,State,ExitCode", "-P", "-S", "1970-01-01"],
     "rule": toil, "says": said_of(0, 3, 128 + 15, None, None)},
    {"client": "Cylc", "words": ["squeue", "-h", "-j", IDS], "rule": cylc,
     "says": said_of("ended", "ended", "ended", "there", "there")},
    {"client": "HyperQueue", "words": ["scontrol", "show", "job", ID], "rule": hyperqueue, "each": True,
     "says": said_of("finished", "failed", "failed", "queued", "running", gone="failed")},
    {"client": "submitit", "words": ["sacct", "-o", "JobID,State,NodeList", "--parsable2", "-j", "{done}", "-j", "{failed}", "-j",
                                     "{held}", "-j", "{running}"], "rule": submitit,
     "says": {"done": "done", "failed": "done", "held": "waits", "running": "waits"}},
    {"client": "Parsl", "words": ["sacct", "-X", "--noheader", "--format=jobid,state%20", "--job", IDS], "rule": parsl,
     "says": ALL_STATES},
    {"client": "Parsl", "words": ["squeue", "--noheader", "--format=%i %t", "--job", IDS], "rule": parsl, "says": LIVES},
    {"client": "PSI/J", "words": ["squeue", "-O", "JobArrayID,StateCompact,Reason", "-t", "all", "--me"], "rule": psij,
     "says": said_of("COMPLETED", "FAILED", "CANCELED", "QUEUED", "ACTIVE")},
    {"client": "AiiDA", "words": ["squeue", "--noheader", "-o", AIIDA_WORDS, "-u{user}", "--jobs={held},{running},{waits},{later}"],
     "env": {"SLURM_TIME_FORMAT": "standard"}, "rule": aiida,
     "says": {"held": "QUEUED_HELD", "running": "RUNNING", "waits": "QUEUED_HELD", "later": "QUEUED_HELD"}},
    {"client": "ReFrame", "words": ["sacct", "-S", "{today}", "-P", "-j", IDS, "-o", "jobid,state,exitcode,end,nodelist"],
     "env": {"SLURM_TIME_FORMAT": "%s"}, "rule": reframe, "says": ALL_STATES},
    {"client": "batchtools", "words": ["squeue", "--user={user}", "--states=R,S,CG,RS,SI,SO,ST", "--noheader", "--format=%i", "-r"],
     "rule": batchtools, "says": {"running": "there", "held": "gone", "done": "gone"}},
    {"client": "batchtools", "words": ["squeue", "--user={user}", "--states=PD,CF,RF,RH,RQ,SE", "--noheader", "--format=%i", "-r"],
     "rule": batchtools, "says": {"running": "gone", "held": "there", "done": "gone"}},
    {"client": "Open OnDemand", "words": ["squeue", "--all", "--states=all", "--noconvert", "-O", "JobID:\x1f,StateCompact:\x1f",
                                          "-u", "{user}"], "rule": open_ondemand,
     "says": said_of("completed", "completed", "completed", "queued", "running")},
    {"client": "batchspawner", "words": ["squeue", "-h", "-j", ID, "-o", "%T %B"], "rule": batchspawner, "each": True,
     "says": said_of("gone", "gone", "gone", "pending", "running", unknown="gone")},
    {"client": "APEL", "words": ["sacct", "-P", "-n", "--format=" + APEL_WORDS, "-j", ID], "rule": apel, "each": True,
     "says": {"done": "counted", "failed": "counted", "killed": "dropped"}},
    {"client": "AUDITOR", "words": ["sacct", "-a", "--format", "JobID,NCPUS,State,MaxRSS", "--noconvert", "--noheader", "-S",
                                    "{today}T00:00:00", "-E", "now", "-P"], "rule": auditor, "says": ENDS},
    {"client": "XDMoD", "words": ["sacct", "--allusers", "--parsable2", "--noheader", "--allocations", "--duplicates", "--clusters",
                                  "mini", "--format", XDMOD_WORDS, "--starttime", "{today}T00:00:00", "--endtime", "now"],
     "env": {"TZ": "UTC"}, "rule": xdmod, "says": dict(ENDS, running="skipped")},
]
