"""What was asked for a job changes after its submit: scontrol update, top, --nice and --priority."""
import re

from conftest import wait_until

CLUSTER = {"nodes": 2, "cpus": 2, "conf": "KillWait=2\nPartitionName=main Nodes=ALL Default=YES MaxTime=1:00:00 State=UP\n"
                                          "PartitionName=other Nodes=n2 State=UP"}
UNTIL = "until [ -e {0}.go ]; do sleep 0.05; done"


def update(cluster, *words):
    assert cluster.ok("scontrol", "update", *words) == ""


def refused(cluster, *words):
    done = cluster.run("scontrol", *words)
    assert done.returncode == 1 and done.stdout == "", done
    return done.stderr


def restart(cluster):
    cluster.kill9("ctld")
    cluster.start("ctld")


def running(cluster, name, *options):
    job = cluster.sbatch(*options, script=UNTIL.format(name))
    cluster.wait_state(job, "RUNNING")
    return job


def go(cluster, name):
    (cluster.work / f"{name}.go").touch()


def start_order(cluster, jobs):
    """All have run on one CPU after the other: in which order?"""
    for job in jobs:
        cluster.wait_state(job, "COMPLETED")
    return [line.strip() for line in (cluster.work / "order").read_text().splitlines()]


def queue_on_one_cpu(cluster, *options_of):
    """Jobs for which there is no room yet; each writes its id when it runs."""
    full = running(cluster, "full", "-w", "n1", "-c", "2", "--exclusive")
    jobs = [cluster.sbatch("-w", "n1", "-c", "2", *options, script="echo $SLURM_JOB_ID >>order") for options in options_of]
    return full, jobs


def test_everything_of_a_pending_job(cluster):
    job = cluster.sbatch("--hold", "--mem-per-cpu=100", "-J", "old", script="echo in $PWD $SLURM_JOB_NAME")
    (cluster.work / "sub").mkdir()
    update(cluster, f"JobId={job}", "TimeLimit=30", "JobName=new", "Partition=other", "QOS=q", "Account=a",
           "Comment=two words", "Nice=7", "NumCPUs=2", "MinMemoryNode=300", "ExcNodeList=n1", "Requeue=0",
           "StartTime=2030-01-01T00:00:00", f"WorkDir={cluster.work}/sub", "StdOut=out.%j")
    restart(cluster)
    show = cluster.show(job)
    for key, value in {"JobName": "new", "TimeLimit": "00:30:00", "Partition": "other", "QOS": "q", "Account": "a",
                       "Comment": "two words", "Nice": "7", "NumCPUs": "2", "MinMemoryNode": "300M", "ExcNodeList": "n1",
                       "Requeue": "0", "StartTime": "2030-01-01T00:00:00", "WorkDir": f"{cluster.work}/sub"}.items():
        assert show[key] == value, key
    update(cluster, "job", job, "timelimit+=10", "Comment=", "StartTime=now", "ReqNodeList=n2")
    assert cluster.show(job)["TimeLimit"] == "00:40:00" and "Comment" not in cluster.show(job)
    cluster.ok("scontrol", "release", job)
    cluster.wait_state(job, "COMPLETED")
    assert (cluster.work / "sub" / f"out.{job}").read_text() == f"in {cluster.work}/sub new\n"
    assert cluster.acct_one(job, "JobName,Partition,Account,QOS,NodeList,AllocCPUS") == ["new", "other", "a", "q", "n2", "2"]


def test_the_limit_of_a_running_job(cluster):
    long, other = running(cluster, "long", "-t", "30"), running(cluster, "other", "-t", "30")
    update(cluster, f"jobid={long},{other}", "TimeLimit=20")
    update(cluster, f"JobId={long}", "TimeLimit-=5")
    restart(cluster)
    assert cluster.show(long)["TimeLimit"] == "00:15:00"
    cluster.stop("n1")  # it hears of it when it is back
    cluster.stop("n2")
    update(cluster, f"JobId={long}", "EndTime=now+1")
    cluster.start("n1", "n2")
    cluster.wait_state(long, "TIMEOUT")
    assert "DUE TO TIME LIMIT" in cluster.output(long)
    assert cluster.state(other) == "RUNNING"
    go(cluster, "other")
    cluster.wait_state(other, "COMPLETED")


def test_a_running_job_keeps_what_it_has(cluster):
    job = running(cluster, "keeps")
    said = refused(cluster, "update", f"JobId={job}", "NumCPUs=2")
    assert said.startswith(f"Job is no longer pending execution for job {job}\n")
    update(cluster, f"JobId={job}", "Comment=late")
    go(cluster, "keeps")
    cluster.wait_state(job, "COMPLETED")
    assert cluster.acct_one(job, "Comment") == ["late"]
    assert "Job has already finished" in refused(cluster, "update", f"JobId={job}", "Comment=too late")


def test_an_array(cluster):
    job = cluster.sbatch("--array=1-6%2", "-t", "20", script="until [ -e array.go ]; do sleep 0.05; done")
    wait_until(lambda: cluster.states(job).count("RUNNING") == 2, "two of them run")
    update(cluster, f"JobId={job}", "ArrayTaskThrottle=3", "TimeLimit=10", "MinMemoryNode=123")
    update(cluster, f"JobId={job}_1", "TimeLimit=5")
    wait_until(lambda: cluster.states(job).count("RUNNING") == 3, "the third may start")
    restart(cluster)
    rows = cluster.squeue(job, "%K %l %m", "-t", "R")
    assert sorted(rows)[0].split()[:2] == ["1", "5:00"]
    assert [row.split()[1:] for row in sorted(rows)[1:]] == [["10:00", row.split()[2]] for row in sorted(rows)[1:]]
    assert sorted(rows)[2].split()[2] == "123M" and sorted(rows)[0].split()[2] != "123M"
    assert "cannot be changed for some tasks" in refused(cluster, "update", f"JobId={job}_5", "Partition=main")
    assert cluster.ok("scontrol", "update", f"JobId={job}_[1-6]", "Comment=all") == ""
    go(cluster, "array")
    cluster.wait_state(job, "COMPLETED")


def test_words_that_are_refused(cluster):
    job = cluster.sbatch("--hold")
    for word, sentence in {"Color=red": "Update of this parameter is not supported: Color=red\nRequest aborted\n",
                           "TimeLimit=soon": "TimeLimit=soon", "Partition=nowhere": "Invalid partition name specified",
                           "NumCPUs=3": "Requested node configuration is not available",
                           "Dependency=afterok:999999": "Job dependency problem", "Priority=x": "Priority=x",
                           "Comment": "", "JobName=": "it has no value"}.items():
        before = cluster.ok("scontrol", "show", "job", job)
        said = cluster.run("scontrol", "update", f"JobId={job}", word)
        if word != "Comment":
            assert said.returncode == 1 and sentence in said.stderr, (word, said)
            assert cluster.ok("scontrol", "show", "job", job) == before, word
    assert "Invalid job id specified" in refused(cluster, "update", "JobId=999999", "Nice=1")
    assert "no job is named" in refused(cluster, "update", "job")
    assert "nothing is named" in refused(cluster, "update", "Nice=1")


def test_dependencies_change(cluster):
    first = cluster.sbatch("--hold")
    second = cluster.sbatch("-d", f"afterok:{first}")
    assert "Circular job dependency" in refused(cluster, "update", f"JobId={first}", f"Dependency=afterok:{second}")
    update(cluster, f"JobId={second}", "Dependency=")
    cluster.wait_state(second, "COMPLETED")
    cluster.ok("scancel", first)


def test_the_order_of_the_queue(cluster):
    full, (late, plain, nice) = queue_on_one_cpu(cluster, ["--nice"], [], ["--nice=-5"])
    low, up, down = [cluster.sbatch("-w", "n1", "-c", "2", *options, script="echo $SLURM_JOB_ID >>order")
                     for options in (["--priority=9"], [], [])]
    update(cluster, f"JobId={down}", "Nice=5000")
    update(cluster, f"JobId={up}", "Priority=3000000000")
    assert cluster.squeue(up, "%Q") == ["3000000000"] and cluster.squeue(low, "%Q") == ["9"]
    assert cluster.squeue(plain, "%Q") == [str(2 ** 31)] and cluster.squeue(late, "%Q") == [str(2 ** 31 - 100)]
    restart(cluster)
    go(cluster, "full")
    assert start_order(cluster, [full, late, plain, nice, low, up, down]) == [up, nice, plain, late, down, low]


def test_top(cluster):
    (cluster.work / "order").unlink(missing_ok=True)
    (cluster.work / "full.go").unlink(missing_ok=True)
    full, jobs = queue_on_one_cpu(cluster, [], [], [], [])
    assert cluster.ok("scontrol", "top", f"{jobs[3]},{jobs[2]}") == ""
    update(cluster, f"JobId={jobs[0]}", "Priority=0")
    assert cluster.squeue(jobs[0], "%Q %r") == ["0 JobHeldUser"]
    go(cluster, "full")
    assert start_order(cluster, jobs[1:]) == [jobs[3], jobs[2], jobs[1]]
    cluster.ok("scontrol", "release", jobs[0])
    cluster.wait_state(jobs[0], "COMPLETED")
    assert re.search("already finished", refused(cluster, "top", full))


def partition(cluster, name="main"):
    out = cluster.ok("scontrol", "-o", "show", "partition", name)
    return dict(word.split("=", 1) for word in out.split() if "=" in word)


def test_a_partition_is_closed_and_opened(cluster):
    update(cluster, "PartitionName=main", "State=DOWN", "MaxTime=30", "DefaultTime=10")
    restart(cluster)
    show = partition(cluster)
    assert (show["State"], show["MaxTime"], show["DefaultTime"]) == ("DOWN", "00:30:00", "00:10:00")
    assert cluster.ok("sinfo", "-h", "-p", "main", "-o", "%a %l %L").splitlines()[0] == "down 30:00 10:00"
    job = cluster.sbatch()
    assert cluster.squeue(job, "%r %l") == ["PartitionDown 10:00"]
    update(cluster, "PartitionName=main", "State=inactive")
    assert cluster.squeue(job, "%r") == ["PartitionInactive"]
    assert "Required partition not available" in cluster.run("sbatch", "--wrap", "true").stderr
    update(cluster, "PartitionName=main", "State=UP")
    cluster.wait_state(job, "COMPLETED")


def test_what_runs_keeps_the_limit_of_its_start(cluster):
    job = running(cluster, "limit")
    update(cluster, "PartitionName=main,other", "DefaultTime=5")
    assert cluster.show(job)["TimeLimit"] == "00:10:00"
    later = cluster.sbatch("--hold")
    assert cluster.show(later)["TimeLimit"] == "00:05:00"
    go(cluster, "limit")
    cluster.wait_state(job, "COMPLETED")
    cluster.ok("scancel", later)


def test_the_default_partition_moves(cluster):
    update(cluster, "PartitionName=other", "Default=YES")
    restart(cluster)
    assert (partition(cluster)["Default"], partition(cluster, "other")["Default"]) == ("NO", "YES")
    assert cluster.show(cluster.completed())["Partition"] == "other"
    update(cluster, "PartitionName=main", "Default=YES")
    assert (partition(cluster)["Default"], partition(cluster, "other")["Default"]) == ("YES", "NO")


def test_partitions_that_are_refused(cluster):
    for words, sentence in ((("PartitionName=nowhere", "State=UP"), "Invalid partition name specified"),
                            (("PartitionName=main", "State=OPEN"), "State=OPEN"),
                            (("PartitionName=main", "MaxTime=1"), "DefaultTime would be above MaxTime"),
                            (("PartitionName=main", "Colour=red"), "Update of this parameter is not supported: Colour=red"),
                            (("PartitionName=main",), "nothing is to change")):
        before = cluster.ok("scontrol", "show", "partition")
        assert sentence in refused(cluster, "update", *words), words
        assert cluster.ok("scontrol", "show", "partition") == before


# --- one job: its script, and waiting for it


def test_the_script_of_a_job(cluster):
    text = "#!/bin/sh\n#SBATCH -J written\necho '\u00e9'\n"
    job = cluster.sbatch("--hold", script=text)
    assert cluster.ok("scontrol", "write", "batch_script", job, "-") == text
    assert cluster.ok("scontrol", "write", "batch_script", job) == f"batch script for job {job} written to slurm-{job}.sh\n"
    assert (cluster.work / f"slurm-{job}.sh").read_text() == text
    cluster.kill9("ctld")
    cluster.start("ctld")
    cluster.ok("scontrol", "write", "batch_script", job, "again.sh")
    assert (cluster.work / "again.sh").read_text() == text
    assert "Invalid job id specified" in refused(cluster, "write", "batch_script", "999999", "-")
    assert "cannot write /nowhere/x" in refused(cluster, "write", "batch_script", job, "/nowhere/x")
    cluster.ok("scancel", job)


def test_wait_job(cluster):
    job = cluster.sbatch("--hold", script=UNTIL.format("waited"))
    waits = cluster.spawn("scontrol", "wait_job", job)
    cluster.ok("scontrol", "release", job)
    cluster.wait_state(job, "RUNNING")
    assert waits.wait(60) == 0
    go(cluster, "waited")
    cluster.wait_state(job, "COMPLETED")
    assert f"Job {job} is no longer running" in refused(cluster, "wait_job", job)
    assert "Invalid job id specified" in refused(cluster, "wait_job", "999999")


# --- some tasks of an array


def limits(cluster, job):
    return dict(line.split() for line in
                cluster.ok("squeue", "-h", "-r", "-j", job, "-o", "%K %l").splitlines())


def test_some_tasks_that_wait(cluster):
    job = cluster.sbatch("--hold", "--array=0-9", "--time=10")
    cluster.ok("scontrol", "update", f"JobId={job}_[3-5,9]", "TimeLimit=5")
    cluster.ok("scontrol", "update", f"JobId={job}_3", "TimeLimit+=1", "Comment=mine")
    shown = limits(cluster, job)
    assert [shown[str(i)] for i in range(10)] == ["10:00"] * 3 + ["6:00", "5:00", "5:00"] + ["10:00"] * 3 + ["5:00"]
    assert f"{job}_[0-2,6-8]" in cluster.ok("squeue", "-h", "-j", job, "-o", "%i"), "the others are still one record"
    cluster.kill9("ctld")
    cluster.start("ctld")
    assert limits(cluster, job) == shown
    assert "Comment=mine" in cluster.ok("scontrol", "show", "job", f"{job}_3")
    cluster.ok("scontrol", "update", f"JobId={job}", "TimeLimit=7")
    assert set(limits(cluster, job).values()) == {"7:00"}, "the array as a whole overtakes it"
    assert "cannot be changed for some tasks" in refused(cluster, "update", f"JobId={job}_[1-2]", "Partition=main")
    assert "cannot be changed for some tasks" in refused(cluster, "update", f"JobId={job}_1", "ArrayTaskThrottle=2")
    cluster.ok("scontrol", "release", job)
    cluster.wait_state(job, "COMPLETED")
    assert {row[0] for row in cluster.acct(job, "Timelimit", "-X")} == {"00:07:00"}
