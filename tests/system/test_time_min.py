"""--time-min: a job passes what waits, with less time than it asked for."""
from conftest import wait_until

CLUSTER = {"nodes": 1, "cpus": 2, "conf": "KillWait=2"}
SCRIPT = "echo $((SLURM_JOB_END_TIME - SLURM_JOB_START_TIME)); exec sleep 600"


def waits(cluster, job, reason):
    wait_until(lambda: cluster.squeue(job, "%t %r") == [f"PD {reason}"], f"job {job} waits: {reason}")


def test_it_starts_with_what_is_left_and_is_held_to_it(cluster):
    first = cluster.sbatch("--time=2", script="until [ -e room ]; do sleep 0.05; done")
    cluster.wait_state(first, "RUNNING")
    wide = cluster.sbatch("-c", "2", "--time=2")
    waits(cluster, wide, "Resources")
    rigid = cluster.sbatch("--time=10")
    waits(cluster, rigid, "Priority")
    bent = cluster.sbatch("--time=10", "--time-min=1", script=SCRIPT)
    cluster.wait_state(bent, "RUNNING")
    assert cluster.squeue(bent, "%l") == ["1:00"]
    shown = cluster.show(bent)
    assert (shown["TimeLimit"], shown["TimeMin"]) == ("00:01:00", "00:01:00")
    wait_until(lambda: cluster.output(bent) == "60\n", "its environment has the same end")
    cluster.kill9("ctld")
    cluster.start("ctld")
    assert cluster.squeue(bent, "%l") == ["1:00"]
    cluster.wait_state(bent, "TIMEOUT", seconds=150)
    limit, elapsed = cluster.acct_one(bent, "Timelimit,ElapsedRaw")
    assert limit == "00:01:00" and 60 <= int(elapsed) < 90
    (cluster.work / "room").touch()
    cluster.wait_state(wide, "COMPLETED")
    cluster.wait_state(rigid, "COMPLETED")


def test_a_requeue_gives_back_what_was_asked(cluster):
    first = cluster.sbatch("--time=3", script="until [ -e more ]; do sleep 0.05; done")
    cluster.wait_state(first, "RUNNING")
    wide = cluster.sbatch("-c", "2", "--time=2")
    waits(cluster, wide, "Resources")
    bent = cluster.sbatch("--requeue", "--time=10", "--time-min=1", script=SCRIPT)
    cluster.wait_state(bent, "RUNNING")
    assert cluster.squeue(bent, "%l") == ["2:00"], "whole minutes until the first one's limit"
    cluster.ok("scontrol", "requeuehold", bent)
    wait_until(lambda: cluster.squeue(bent, "%t %l") == ["PD 10:00"], "it has its own limit")
    cluster.ok("scancel", bent)
    (cluster.work / "more").touch()
    cluster.wait_state(wide, "COMPLETED")
