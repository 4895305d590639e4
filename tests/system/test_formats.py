"""Columns by name and by letter, records of jobs that ran twice, and the small listings."""
import json
import re

import pytest
from conftest import SOURCE

CLUSTER = {"nodes": 2, "cpus": 4,
           "conf": "MinJobAge=300\nStateAliases=TIMEOUT:FAILED:user=nobody-of-this-host,FAILED:CANCELLED:partition=main"}
PORTAL = ("Account JobID BatchHost MinCpus NumCPUs MinTmpDisk NumNodes EndTime Dependency Feature ArrayJobID GroupName GroupID "
          "OverSubscribe Sockets JobArrayID Cores Name Threads Comment ArrayTaskID TimeLimit TimeLeft MinMemory TimeUsed ReqNodes "
          "NodeList Command Contiguous QOS Partition PriorityLong Reason StartTime StateCompact State UserName UserID Reservation "
          "SubmitTime WCKey Licenses ExcNodes CoreSpec Nice SchedNodes SCT WorkDir tres-alloc tres-per-node").split()


def test_a_portal_reads_every_name_between_unit_separators(cluster):
    job = cluster.sbatch("--hold", "-J", "portal")
    names = ",".join(f"{name}:\x1f" for name in PORTAL)
    head, row = cluster.ok("squeue", "--all", "--states=all", "--noconvert", "-O", names, "-j", job).splitlines()
    assert head.endswith("\x1f") and row.endswith("\x1f")
    values = dict(zip(PORTAL, row.split("\x1f")))
    assert len(row.split("\x1f")) == len(PORTAL) + 1 == len(head.split("\x1f"))
    assert values["JobID"] == values["JobArrayID"] == job and values["Name"] == "portal"
    assert values["Account"] == values["SchedNodes"] == "(null)" and values["StateCompact"] == "PD"
    assert values["ArrayTaskID"] == "N/A" and values["BatchHost"] == "n/a" and values["SCT"] == "*:*:*"
    cluster.ok("scancel", job)


@pytest.mark.parametrize("names, shown", [("name:7", "portal |"), ("NAME:.8", "  portal|"), ("Name:3", "por|"),
                                          ("name", "portal" + 14 * " " + "|")])
def test_widths_of_names(cluster, names, shown):
    job = cluster.sbatch("--hold", "-J", "portal")
    assert cluster.ok("squeue", "-h", "-j", job, "-O", f"{names},State:|").split("PENDING")[0] + "|" == shown
    cluster.ok("scancel", job)


@pytest.mark.parametrize("words, close", [(["squeue", "-O", "jobbid"], "JobID"), (["squeue", "-O", "tres"], "tres-per-node"),
                                          (["sinfo", "-O", "statelng"], "StateLong"), (["sacct", "-o", "MaxRss,Elapse"], "Elapsed")])
def test_an_unknown_name_is_refused_with_those_that_are_close(cluster, words, close):
    done = cluster.run(*words)
    assert (done.returncode, done.stdout) == (1, "") and close in done.stderr, done


def test_empty_variables_are_not_set(cluster):
    job = cluster.sbatch("--hold")
    empty = dict.fromkeys(["SQUEUE_FORMAT", "SQUEUE_FORMAT2", "SQUEUE_STATES", "SQUEUE_USERS", "SQUEUE_PARTITION", "SQUEUE_SORT",
                           "SLURM_CLUSTERS", "SLURM_TIME_FORMAT", "SLURM_BITSTR_LEN", "SINFO_FORMAT", "SINFO_PARTITION",
                           "SACCT_FORMAT"], "")
    assert job in cluster.ok("squeue", env=empty) and cluster.ok("squeue", env=empty) == cluster.ok("squeue")
    assert cluster.ok("sinfo", env=empty) == cluster.ok("sinfo")
    assert cluster.ok("sacct", "-j", job, env=empty) == cluster.ok("sacct", "-j", job)
    cluster.ok("scancel", job)


def test_an_empty_filter_of_scancel_is_refused_wherever_it_stands(cluster):
    job = cluster.sbatch("--hold")
    for name in ("SCANCEL_NAME", "SCANCEL_PARTITION", "SCANCEL_ACCOUNT"):
        done = cluster.run("scancel", "--me", env={name: ""})
        assert done.returncode == 1 and "a filter is empty" in done.stderr, name
    assert cluster.state(job) == "PENDING"
    cluster.ok("scancel", job)


def test_clusters_by_name(cluster):
    job = cluster.sbatch("--hold")
    assert cluster.ok("squeue", "-M", "mini", "-h", "-o", "%i", "-j", job) == f"{job}\n"
    assert cluster.ok("squeue", "-o", "%i", "-j", job, "-M", "all").splitlines() == ["CLUSTER: mini", "JOBID", job]
    assert cluster.ok("sinfo", "-M", "mini", "-h", "-o", "%R") == "main\n"
    assert cluster.run("squeue", "-M", "elsewhere").returncode == 1
    cluster.ok("scancel", job)


def test_exporters_read_nodes_by_name(cluster):
    rows = cluster.ok("sinfo", "-h", "-N", "-O", "NodeList,AllocMem,Memory,CPUsState,StateLong").splitlines()
    assert [row.split() for row in rows] == [[n, "0", "4000", "0/4/0/4", "idle"] for n in ("n1", "n2")]
    assert cluster.ok("sinfo", "-ahNO", "nodehost:100,gres:512,gresused:512,statelong").splitlines()[0].split() == \
        ["n1", "(null)", "(null)", "idle"]
    assert cluster.ok("sinfo", "-aho", "%F/%C") == "0/2/0/2/0/8/0/8\n"


def test_a_requeued_attempt_says_so(cluster):
    job = cluster.sbatch("--requeue", script="echo $SLURM_RESTART_COUNT >> runs; [ -n \"$SLURM_RESTART_COUNT\" ] || sleep 1000")
    cluster.wait_state(job, "RUNNING")
    cluster.wait_file("runs")
    cluster.ok("scontrol", "requeue", job)
    cluster.wait_state(job, "COMPLETED")
    assert [row[0] for row in cluster.acct(job, "State", "-D")] == ["REQUEUED", "COMPLETED"]
    assert cluster.acct(job, "State") == [["COMPLETED"]]


def test_account_and_memory_of_what_waits(cluster):
    job = cluster.sbatch("--hold")
    account, memory = cluster.acct_one(job, "Account,ReqMem")
    assert account == cluster.show(job)["Account"] == "default"
    assert memory == "1000M", "a CPU's share of a node"
    assert cluster.squeue(job, "%m") == ["1000M"]
    cluster.ok("scancel", job)
    job = cluster.sbatch("--hold", "-A", "physics", "--mem=300")
    assert cluster.acct_one(job, "Account,ReqMem") == ["physics", "300M"] and cluster.show(job)["Account"] == "physics"
    cluster.ok("scancel", job)


def test_states_under_other_names(cluster):
    job = cluster.sbatch(script="exit 3")
    cluster.wait_ended(job)
    assert cluster.squeue(job, "%T %t") == ["CANCELLED CA"]
    assert cluster.acct_one(job, "State,ExitCode") == ["CANCELLED", "3:0"]
    assert cluster.show(job)["JobState"] == "CANCELLED"
    assert cluster.ok("squeue", "-h", "-t", "FAILED", "-o", "%i", "-j", f"{job},{job}") == f"{job}\n", "filters know the real one"
    states = {row["job_id"]: row["job_state"] for row in json.loads(cluster.ok("squeue", "-t", "all", "--json"))["jobs"]}
    assert states[int(job)] == "CANCELLED"


def test_a_wrong_alias_is_refused(cluster):
    text = (cluster.dir / "moisson.conf").read_text()
    for wrong in ("TIMEOUT", "TIMEOUT:SLEEPY", "TIMEOUT:RUNNING", "TIMEOUT:FAILED:color=red"):
        other = cluster.dir / "other.conf"
        other.write_text(re.sub(r"(?m)^StateAliases=.*$", f"StateAliases={wrong}", text))
        done = cluster.run("moisson", "config", "check", other)
        assert done.returncode == 1 and "StateAliases" in done.stdout + done.stderr, wrong


def test_sprio_and_sshare(cluster):
    jobs = [cluster.sbatch("--hold", "-A", "physics"), cluster.sbatch("--begin=now+1hour", "--nice=50")]
    rows = [row.split() for row in cluster.ok("sprio").splitlines()]
    assert rows[0] == ["JOBID", "PARTITION", "PRIORITY", "SITE", "NICE"]
    of = {row[0]: [int(word) for word in row[2:]] for row in rows[1:]}
    assert of[jobs[0]] == [0, 0, 0], "it is held"
    priority, site, nice = of[jobs[1]]
    assert nice == 50 and priority == site - nice > 0
    assert cluster.ok("sprio", "-h", "-j", jobs[1], "-o", "%i|%Y|%A") == f"{jobs[1]}|{priority}|0\n"
    shares = cluster.ok("sshare", "-n", "-P", "-o", "account,fairshare").splitlines()
    assert shares[0] == "root|" and shares[1].startswith("(none)|"), "no account is declared: what users do is counted by user"
    assert cluster.ok("sshare", "-U", "--format", "Account%256", "--noheader") == "", "no account is tied to users"
    cluster.ok("scancel", *jobs)


def test_sstat_says_that_it_cannot_know(cluster):
    done = cluster.run("sstat", "--format=JobID,MaxRSS", "--allsteps", "--jobs=1")
    assert (done.returncode, done.stdout) == (1, "") and "sacct" in done.stderr


@pytest.mark.parametrize("tool", ["sprio", "sshare", "sstat"])
def test_banners_of_small_commands(cluster, tool):
    assert re.fullmatch(r"slurm 22\.05\.\d+\n", cluster.ok(tool, "--version"))
    assert cluster.ok(tool, "--help").startswith(f"Usage: {tool}")


def documented(title):
    """The keys of one part of docs/json.md: the words in code in its first column, or in its text."""
    text = (SOURCE / "docs" / "json.md").read_text().split(f"\n## {title}")[1].split("\n## ")[0].split("\n", 1)[1]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    return set(re.findall(r"`(\w+)`", "\n".join(rows) or text))


@pytest.mark.parametrize("title, words, key", [
    ("squeue", ["squeue"], "jobs"), ("squeue", ["scontrol", "show", "job"], "jobs"), ("sinfo", ["sinfo"], "nodes"),
    ("scontrol show partition", ["scontrol", "show", "partition"], "partitions"), ("sacct", ["sacct"], "jobs")])
def test_the_documented_keys_are_there(cluster, title, words, key):
    job = cluster.sbatch("--hold")
    row = json.loads(cluster.ok(*words, "--json"))[key][-1]
    wanted = documented(title)
    assert len(wanted) > 10 and not wanted - set(row)
    cluster.ok("scancel", job)
