"""moisson why, failures and wait: what a person asks about jobs, and what programs polled for."""
import json

import pytest
from conftest import wait_until

CLUSTER = {"nodes": 1, "cpus": 2, "conf": "MinJobAge=300"}


def why(cluster, job):
    return cluster.ok("moisson", "why", job)


def test_it_waits_for_room(cluster):
    first = cluster.sbatch("-c", "2", "--time=5", script="until [ -e room ]; do sleep 0.05; done")
    cluster.wait_state(first, "RUNNING")
    second = cluster.sbatch("-c", "2", "-J", "large")
    wait_until(lambda: "Resources" in why(cluster, second), "it says what it waits for")
    text = why(cluster, second)
    assert text.startswith(f"Job {second} (large) has waited since ") and "asks 2 cpus" in text
    assert "it could start at " in text, "the first one has a time limit"
    text = why(cluster, first)
    assert text.startswith(f"Job {first} ") and " is RUNNING on n1 since " in text and "its time limit ends it at " in text
    (cluster.work / "room").touch()
    cluster.wait_state(second, "COMPLETED")
    assert f"Job {second} (large) ended as COMPLETED at " in why(cluster, second)


def test_it_waits_for_a_job_or_a_person(cluster):
    held = cluster.sbatch("--hold")
    assert f"scontrol release {held}" in why(cluster, held)
    after = cluster.sbatch(f"--dependency=afterok:{held}")
    text = why(cluster, after)
    assert "Dependency" in text and f"afterok:{held}" in text and f"job {held} is PENDING" in text
    row, = json.loads(cluster.ok("moisson", "why", "--json", after))["jobs"]
    assert row["job_id"] == int(after) and row["state_reason"] == "Dependency" and row["text"].startswith(f"Job {after}")
    cluster.ok("scancel", held, after)
    assert f"ended as CANCELLED by " in why(cluster, held)


def test_why_it_ended(cluster):
    job = cluster.sbatch("-o", "/no/such/place", script="true")
    cluster.wait_ended(job)
    assert "ended as FAILED, exit code 1, at " in why(cluster, job) and "/no/such/place" in why(cluster, job)
    done = cluster.run("moisson", "why", "999999")
    assert done.returncode == 1 and done.stdout == "" and "999999" in done.stderr


def test_failures_are_grouped_by_cause(cluster):
    cluster.script("case $SLURM_ARRAY_TASK_ID in [1-4]) exit 0;; [5-7]) exit 3;; *) exit 4;; esac", "steps.sh")
    job = cluster.ok("sbatch", "--parsable", "--array=1-9", "steps.sh").strip()
    cluster.wait_ended(job)
    lines = cluster.ok("moisson", "failures", job).splitlines()
    assert lines[0] == f"5 of 9 tasks of array {job} failed:"
    assert lines[1] == "  3 exit code 3, all on n1: tasks 5-7" and lines[2] == "  2 exit code 4, all on n1: tasks 8-9"
    again = lines[-1].strip()
    assert again.startswith("sbatch --array=5-9 ") and again.endswith(f" {cluster.work}/steps.sh")
    done = cluster.run("sh", "-c", again.replace("sbatch", "sbatch --parsable", 1))
    assert done.returncode == 0, done.stderr
    second = done.stdout.strip()
    cluster.wait_ended(second)
    assert cluster.ok("moisson", "failures", second).splitlines()[0] == f"5 of 5 tasks of array {second} failed:"
    answer, = json.loads(cluster.ok("moisson", "failures", "--json", job))["failures"]
    assert (answer["failed"], answer["completed"]) == (5, 4) and [g["count"] for g in answer["causes"]] == [3, 2]
    good = cluster.completed()
    assert cluster.ok("moisson", "failures", good) == f"job {good} has not failed\n"
    assert cluster.run("moisson", "failures", "999999").returncode == 1


def test_failures_of_an_array_that_is_only_in_the_records(clusters):
    cluster = clusters(nodes=1, cpus=4, conf="MinJobAge=1")
    cluster.script("""case $SLURM_ARRAY_TASK_ID in
    *[1-7]) exit 0;; *8) exit 3;; *9) kill -SEGV $$;; *) exit 4;; esac""", "steps.sh")
    job = cluster.ok("sbatch", "--parsable", "--array=1-40", "-J", "many", "--mem=10M", "steps.sh", "a b").strip()
    wait_until(lambda: cluster.run("squeue", "-h", "-t", "all", "-j", job).returncode == 1, "the queue has forgotten it")
    lines = cluster.ok("moisson", "failures", job).splitlines()
    assert lines[:4] == [f"12 of 40 tasks of array {job} failed:", "  4 exit code 3, all on n1: tasks 8-38:10",
                         "  4 exit code 4, all on n1: tasks 10-40:10",
                         "  4 signal 11 (SEGV), all on n1: tasks 9-39:10"]
    again = lines[-1].strip()
    assert again.startswith("sbatch --array=8-10,18-20,28-30,38-40 -J many ") and " --mem=10M " in again
    assert again.endswith(f" {cluster.work}/steps.sh 'a b'")
    done = cluster.run("sh", "-c", again.replace("sbatch", "sbatch --parsable", 1))
    assert done.returncode == 0, done.stderr
    second = done.stdout.strip()
    wait_until(lambda: cluster.run("squeue", "-h", "-t", "all", "-j", second).returncode == 1, "it is over, too")
    assert cluster.ok("moisson", "failures", second).splitlines()[0] == f"12 of 12 tasks of array {second} failed:"


def test_wait_for_any_and_for_all(cluster):
    slow = cluster.sbatch(script="until [ -e go-slow ]; do sleep 0.05; done")
    fast = cluster.sbatch(script="until [ -e go-fast ]; do sleep 0.05; done; exit 7")
    both = cluster.spawn("moisson", "wait", "--all", slow, fast)
    one = cluster.spawn("moisson", "wait", "--any", slow, fast)
    (cluster.work / "go-fast").touch()
    out, err = one.communicate(timeout=60)
    assert (one.returncode, out, err) == (7, f"{fast} FAILED 7:0\n", "")
    assert both.poll() is None, "the other one still runs"
    (cluster.work / "go-slow").touch()
    out, err = both.communicate(timeout=60)
    assert (both.returncode, out, err) == (7, f"{slow} COMPLETED 0:0\n{fast} FAILED 7:0\n", "")
    assert cluster.ok("moisson", "wait", "--any", slow) == f"{slow} COMPLETED 0:0\n", "and at once afterwards"
    rows = json.loads(cluster.run("moisson", "wait", "--json", fast).stdout)["jobs"]
    assert rows == [{"job_id": int(fast), "job_state": "FAILED", "exit_code": 7, "exit_signal": 0}]


def test_who_waits_may_go_away(cluster):
    jobs = [cluster.sbatch("--hold") for _ in range(2)]
    gone = cluster.spawn("moisson", "wait", "--any", *jobs, jobs[0])
    stays = cluster.spawn("moisson", "wait", "--any", *reversed(jobs))
    gone.kill()
    gone.communicate(timeout=60)
    cluster.ok("scancel", jobs[0])
    out, _ = stays.communicate(timeout=60)
    assert (stays.returncode, out) == (1, f"{jobs[0]} CANCELLED 0:0\n")
    cluster.ok("scancel", jobs[1])
    assert cluster.run("moisson", "wait", *jobs).stdout == f"{jobs[0]} CANCELLED 0:0\n{jobs[1]} CANCELLED 0:0\n"


def test_wait_for_an_array_and_for_the_forgotten(clusters):
    cluster = clusters(nodes=1, cpus=2, conf="MinJobAge=2")
    job = cluster.sbatch("--array=1-3", script="exit $SLURM_ARRAY_TASK_ID")
    done = cluster.run("moisson", "wait", job)
    assert (done.returncode, done.stdout) == (3, f"{job} FAILED 3:0\n")
    wait_until(lambda: cluster.run("squeue", "-h", "-t", "all", "-j", job).returncode == 1, "the queue has forgotten it")
    assert cluster.run("moisson", "wait", "--any", job).returncode == 3


@pytest.mark.parametrize("words, said", [([], "no job named"), (["12_3"], "whole array"), (["nonsense"], "Invalid job id"),
                                         (["999999"], "999999")])
def test_what_cannot_be_waited_for(cluster, words, said):
    done = cluster.run("moisson", "wait", *words)
    assert (done.returncode, done.stdout) == (1, "") and said in done.stderr
