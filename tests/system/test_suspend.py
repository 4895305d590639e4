"""scontrol suspend and resume: what runs stands still, keeps what it has, and its time does not count."""
import os
import re
import signal

import pytest
from conftest import process_lives, wait_gone, wait_until

# Counts rounds in a file; a child does the same.
COUNTING = """
echo $$ >pids.$SLURM_JOB_ID
(while :; do echo x >>child.$SLURM_JOB_ID; sleep 0.01; done) & echo $! >>pids.$SLURM_JOB_ID
while :; do echo x >>rounds.$SLURM_JOB_ID; sleep 0.01; done
"""


def process_state(pid):
    """One letter of /proc/PID/stat, or "" when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""


def size(cluster, name):
    path = cluster.work / name
    return path.stat().st_size if path.exists() else 0


def counting(cluster, *options):
    """A job that counts; it runs, and both of its processes have counted."""
    job = cluster.sbatch(*options, script=COUNTING)
    wait_until(lambda: size(cluster, f"rounds.{job}") and size(cluster, f"child.{job}"), "it counts")
    cluster.wait_state(job, "RUNNING")
    return job


def pids(cluster, job):
    return (cluster.work / f"pids.{job}").read_text().split()


def stands_still(cluster, job):
    """Both processes are where nobody runs: stopped by a signal, or in the refrigerator; and nothing is counted."""
    def still():
        before = size(cluster, f"rounds.{job}"), size(cluster, f"child.{job}")
        for _ in range(3):
            if [s for s in map(process_state, pids(cluster, job)) if s in ("R", "")]:
                return False
            cluster.ok("scontrol", "ping")  # some time passes
        return before == (size(cluster, f"rounds.{job}"), size(cluster, f"child.{job}"))
    wait_until(still, f"job {job} stands still")


def goes_on(cluster, job):
    before = size(cluster, f"rounds.{job}"), size(cluster, f"child.{job}")
    wait_until(lambda: size(cluster, f"rounds.{job}") > before[0] and size(cluster, f"child.{job}") > before[1],
               f"job {job} counts again")


def test_it_stands_still_and_goes_on(cluster):
    job = counting(cluster)
    cluster.ok("scontrol", "suspend", job)
    assert cluster.state(job) == "SUSPENDED"
    assert cluster.squeue(job, "%t") == ["S"]
    stands_still(cluster, job)
    shown = cluster.show(job)
    assert shown["JobState"] == "SUSPENDED"
    assert shown["SuspendTime"] != "None"
    assert cluster.acct_one(job, "State") == ["SUSPENDED"]
    assert "CPUAlloc=1 " in cluster.ok("scontrol", "show", "node", "n1"), "it keeps its cpu"
    run_time = cluster.squeue(job, "%M")
    cluster.ok("scontrol", "resume", job)
    assert cluster.state(job) == "RUNNING"
    goes_on(cluster, job)
    assert run_time and cluster.show(job)["SecsPreSuspend"]
    cluster.ok("scancel", job)
    cluster.wait_ended(job)
    for pid in pids(cluster, job):
        wait_gone(pid)


def test_time_that_does_not_count(clusters):
    """A job that may run a minute stands still meanwhile: its clock on the node has stopped."""
    cluster = clusters()
    job = counting(cluster, "-t", "1")
    cluster.ok("scontrol", "suspend", job)
    stands_still(cluster, job)
    first = cluster.squeue(job, "%M,%e")[0].split(",")
    start = cluster.show(job)["StartTime"]
    wait_until(lambda: cluster.squeue(job, "%e")[0] != first[1], "its end moves away while it stands still")
    assert cluster.squeue(job, "%M")[0] == first[0], "the time that it used does not"
    cluster.ok("scontrol", "resume", job)
    cluster.ok("scancel", job)
    cluster.wait_ended(job)
    elapsed, suspended = cluster.acct_one(job, "ElapsedRaw,Suspended")
    assert re.fullmatch(r"00:\d\d:\d\d", suspended) and suspended != "00:00:00"
    assert int(elapsed) < 60
    assert cluster.show(job)["StartTime"] == start


def test_a_cancel_ends_it(cluster):
    job = counting(cluster)
    cluster.ok("scontrol", "suspend", job)
    stands_still(cluster, job)
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")
    for pid in pids(cluster, job):
        wait_gone(pid)


def test_what_ignores_its_term_is_killed(clusters):
    cluster = clusters(conf="KillWait=1")
    job = cluster.sbatch(script="trap '' TERM; echo $$ >pids.$SLURM_JOB_ID; while :; do sleep 0.05; done")
    cluster.wait_state(job, "RUNNING")
    cluster.wait_file(f"pids.{job}")
    cluster.ok("scontrol", "suspend", job)
    assert cluster.state(job) == "SUSPENDED"
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")
    wait_gone(pids(cluster, job)[0])


def test_a_signal_waits_until_it_goes_on(cluster):
    job = cluster.sbatch(script="trap 'echo got it; exit 0' USR1; echo $$ >pids.$SLURM_JOB_ID; "
                                "while :; do sleep 0.05; done")
    cluster.wait_state(job, "RUNNING")
    cluster.wait_file(f"pids.{job}")
    cluster.ok("scontrol", "suspend", job)
    cluster.ok("scancel", "--batch", "--signal=USR1", job)
    assert cluster.state(job) == "SUSPENDED"
    cluster.ok("scontrol", "resume", job)
    cluster.wait_state(job, "COMPLETED")
    assert cluster.output(job) == "got it\n"


def test_it_survives_restarts(clusters):
    cluster = clusters()
    job = counting(cluster)
    cluster.ok("scontrol", "suspend", job)
    stands_still(cluster, job)
    for name in ("ctld", "n1"):  # the second is launcher and agent
        cluster.kill9(name)
        cluster.start(name)
        wait_until(lambda: cluster.ok("sinfo", "-h", "-o", "%T").strip() in ("mixed", "allocated"), "the node is back")
        assert cluster.state(job) == "SUSPENDED"
        stands_still(cluster, job)
    # said while the node is away, both are caught up with
    cluster.kill9("n1")
    cluster.ok("scontrol", "resume", job)
    cluster.start("n1")
    goes_on(cluster, job)
    cluster.kill9("n1")
    cluster.ok("scontrol", "suspend", job)
    cluster.start("n1")
    stands_still(cluster, job)
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")


def test_tasks_of_an_array(cluster):
    job = cluster.sbatch("--array=0-2", script="exec sleep 600")
    wait_until(lambda: sorted(cluster.squeue(job)) == ["RUNNING"] * 3, "they run")
    cluster.ok("scontrol", "suspend", f"{job}_[0-1]")
    wait_until(lambda: sorted(cluster.squeue(job)) == ["RUNNING", "SUSPENDED", "SUSPENDED"], "two stand still")
    cluster.ok("scontrol", "resume", f"{job}_0,{job}_1")
    wait_until(lambda: sorted(cluster.squeue(job)) == ["RUNNING"] * 3, "they go on")
    cluster.ok("scancel", job)


def test_what_cannot_be_suspended(cluster):
    def refused(verb, job, words):
        done = cluster.run("scontrol", verb, job)
        assert done.returncode == 1 and words in done.stderr, done.stderr
    held = cluster.sbatch("--hold")
    refused("suspend", held, "Job is pending execution")
    refused("resume", held, "Job is pending execution")
    done = cluster.completed()
    refused("suspend", done, "Job has already finished")
    runs = counting(cluster)
    refused("resume", runs, "Job is not suspended")
    cluster.ok("scontrol", "suspend", runs)
    refused("suspend", runs, "Job is already suspended")
    refused("suspend", 99999, "Invalid job id specified")
    cluster.ok("scancel", held, runs)


def test_users_do_not_suspend(root_cluster, people):
    if os.geteuid():
        pytest.skip("needs root")
    person = root_cluster.as_user(people[0])
    job = person.sbatch(script="exec sleep 600")
    root_cluster.wait_state(job, "RUNNING")
    done = person.run("scontrol", "suspend", job)
    assert done.returncode == 1 and "only an operator may suspend" in done.stderr
    root_cluster.ok("scontrol", "suspend", job)
    assert root_cluster.state(job) == "SUSPENDED"
    node = root_cluster.ok("scontrol", "show", "node", "n1")
    pid = root_cluster.pid("n1")
    assert node and process_lives(pid)
    root_cluster.ok("scontrol", "resume", job)
    person.ok("scancel", job)
    root_cluster.wait_state(job, "CANCELLED")


@pytest.fixture(autouse=True)
def no_alarm():
    """A frozen process tree must not keep the test from ending."""
    signal.alarm(0)
    yield
