"""Attempts that follow by themselves: --retry, RequeueExit, MaxBatchRequeue."""
import re

import pytest

from conftest import wait_until

CLUSTER = {"nodes": 2, "cpus": 4, "mem": 4000, "conf": "KillWait=2\nRequeueExit=75\nRequeueExitHold=76\nMaxBatchRequeue=3\n"
                                                       "SlurmdTimeout=2\nReturnToService=2"}


def attempts(cluster, job, columns="State,ReqMem,Reason%300"):
    out = cluster.ok("sacct", "-D", "-X", "-n", "-P", "-j", job, "-o", columns)
    return [line.split("|") for line in out.splitlines()]


def has_memory_limits(cluster):
    return not re.search(r"Cgroup=none", cluster.ok("scontrol", "show", "node", "n1"))


def test_out_of_memory_is_tried_again_with_more(cluster):
    if not has_memory_limits(cluster):
        pytest.skip("this node has no cgroups")
    job = cluster.sbatch("--mem=150", "--retry=oom:3,mem*2@500",
                         script="exec python3 -c 'x = bytearray(350 << 20); print(len(x))'")
    cluster.wait_state(job, "COMPLETED")
    rows = attempts(cluster, job)
    assert [row[:2] for row in rows] == [["OUT_OF_MEMORY", "150M"], ["OUT_OF_MEMORY", "300M"], ["COMPLETED", "500M"]]
    assert "tried again with 300M on each node (oom: 1 of 3)" in rows[0][2]
    assert "tried again with 500M on each node (oom: 2 of 3)" in rows[1][2]
    shown = cluster.show(job)
    assert shown["Restarts"] == "2" and shown["Retry"] == "oom:3,mem*2@500"
    assert len(cluster.ok("sacct", "-X", "-n", "-j", job).splitlines()) == 1  # without -D: the last one


def test_the_time_limit_grows(cluster):
    job = cluster.sbatch("--time=1", "--retry=timeout,time*2", script="[ $SLURM_RESTART_COUNT ] && exit 0; exec sleep 1000")
    cluster.wait_state(job, "RUNNING")
    cluster.ok("scontrol", "update", f"jobid={job}", "EndTime=now+1")  # its minute need not be waited for
    cluster.wait_state(job, "COMPLETED")
    rows = attempts(cluster, job, "State,Timelimit")
    assert rows[0][0] == "TIMEOUT" and rows[1][0] == "COMPLETED"


def test_exit_codes_are_counted_by_rule_and_an_array_by_task(cluster):
    job = cluster.sbatch("--array=1-3", "--retry=exit=3:2;exit=4", script="""
n=${SLURM_RESTART_COUNT:-0}
case $SLURM_ARRAY_TASK_ID in
1) [ $n = 2 ] || exit 3;;
2) exit 4;;
3) exit 5;;
esac""")
    cluster.wait_ended(job)
    assert [row[0] for row in attempts(cluster, f"{job}_1")] == ["FAILED", "FAILED", "COMPLETED"]
    rows = attempts(cluster, f"{job}_2")
    assert [row[0] for row in rows] == ["FAILED", "FAILED"]
    assert "exit code 4; not tried again: exit was, 1 of 1 times" in rows[1][2]
    assert [row[0] for row in attempts(cluster, f"{job}_3")] == ["FAILED"]


def test_the_site_runs_some_codes_again_and_holds_others(cluster):
    job = cluster.sbatch(script="case ${SLURM_RESTART_COUNT:-0} in 0) exit 75;; 1) exit 76;; esac")
    cluster.wait_state(job, "PENDING")
    wait_until(lambda: cluster.show(job)["Reason"] == "JobHeldUser", lambda: f"{cluster.show(job)}")
    why = cluster.ok("moisson", "why", job)
    assert "exit code 76; held before it is tried again (RequeueExitHold)" in why, why
    cluster.ok("scontrol", "release", job)
    cluster.wait_state(job, "COMPLETED")
    assert [row[0] for row in attempts(cluster, job)] == ["FAILED", "FAILED", "COMPLETED"]
    never = cluster.sbatch("--no-requeue", script="exit 75")
    cluster.wait_state(never, "FAILED")


def test_restarts_are_bounded_and_the_job_is_held(cluster):
    job = cluster.sbatch("--retry=exit:9", script="exit 1")
    wait_until(lambda: cluster.show(job)["Reason"] == "JobHeldAdmin", lambda: f"{cluster.show(job)}")
    assert "3 restarts were made (MaxBatchRequeue)" in cluster.show(job)["LastAttempt"]
    assert len(attempts(cluster, job)) == 5  # four that ran, and what waits
    cluster.ok("scancel", job)


def test_a_lost_node_is_survived_by_who_asked(cluster):
    job = cluster.sbatch("--retry=node:2", script="hostname; exec sleep 1000")
    plain = cluster.sbatch( script="exec sleep 1000")
    cluster.wait_state(job, "RUNNING")
    cluster.wait_state(plain, "RUNNING")
    node = cluster.squeue(job, "%N")[0]
    cluster.stop(node)
    wait_until(lambda: cluster.squeue(job, "%N")[0] not in (node, ""), lambda: f"{cluster.show(job)}")
    cluster.wait_state(job, "RUNNING")
    assert cluster.state(plain) == "RUNNING"
    assert "tried again (node: 1 of 2)" in attempts(cluster, job)[0][2]
    cluster.start(node)
    cluster.ok("scancel", job, plain)


def test_a_job_that_waits_again_says_why(cluster):
    job = cluster.sbatch("--mem=1000", "--retry=exit,mem*2@3000", script="exit 1")
    cluster.wait_ended(job)
    first = attempts(cluster, job)[0]
    assert first[2] == "exit code 1; tried again with 2000M on each node (exit: 1 of 1)"
    assert [row[1] for row in attempts(cluster, job)] == ["1000M", "2000M"]
