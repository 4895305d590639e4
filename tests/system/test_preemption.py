"""Jobs of a partition with a higher PriorityTier take the place of others."""
import re

from conftest import wait_until

CLUSTER = {"nodes": 1, "cpus": 4, "mem": 4000,
           "conf": "KillWait=2\nPreemptType=preempt/partition_prio\nPreemptMode=CANCEL\n"
                   "PartitionName=low Nodes=ALL Default=YES PriorityTier=1 State=UP\n"
                   "PartitionName=again Nodes=ALL PriorityTier=1 PreemptMode=REQUEUE State=UP\n"
                   "PartitionName=kind Nodes=ALL PriorityTier=1 GraceTime=600 State=UP\n"
                   "PartitionName=safe Nodes=ALL PriorityTier=1 PreemptMode=OFF State=UP\n"
                   "PartitionName=urgent Nodes=ALL PriorityTier=10 State=UP\n"}


def running(cluster, *options, script="exec sleep 1000"):
    job = cluster.sbatch("--mem=10", *options, script=script)
    cluster.wait_state(job, "RUNNING")
    return job


def test_the_urgent_job_runs_and_the_other_says_why_not(cluster):
    low = running(cluster, "-p", "low", "-c", "4")
    urgent = cluster.sbatch("-p", "urgent", "-c", "2", "--mem=10", script="exec sleep 1000")
    cluster.wait_state(low, "PREEMPTED")
    cluster.wait_state(urgent, "RUNNING")
    assert re.search(rf"\*\*\* JOB {low} ON n1 CANCELLED AT \S+ DUE TO PREEMPTION \*\*\*", cluster.output(low))
    assert cluster.acct_one(low, "State,Reason%200") == ["PREEMPTED", f"preempted: its place was needed for job {urgent}"]
    assert f"needed for job {urgent}" in cluster.ok("moisson", "why", low)
    cluster.ok("scancel", urgent)
    cluster.wait_state(urgent, "CANCELLED")


def test_no_more_are_ended_than_it_takes(cluster):
    jobs = [running(cluster, "-p", "low") for _ in range(4)]
    urgent = running(cluster, "-p", "urgent")
    states = [cluster.state(job) for job in jobs]
    assert sorted(states) == ["PREEMPTED"] + 3 * ["RUNNING"], states
    cluster.ok("scancel", urgent, *jobs)
    wait_until(lambda: all(cluster.state(job) in ("CANCELLED", "PREEMPTED") for job in jobs), lambda: "all have ended")


def test_who_asked_for_requeue_runs_again_afterwards(cluster):
    again = running(cluster, "-p", "again", "-c", "2", "--requeue", script="[ $SLURM_RESTART_COUNT ] && exit 0; exec sleep 1000")
    once = running(cluster, "-p", "again", "-c", "2", "--no-requeue")
    urgent = running(cluster, "-p", "urgent", "-c", "4")
    assert cluster.state(once) == "PREEMPTED" and cluster.state(again) == "PENDING"
    cluster.ok("scancel", urgent)
    cluster.wait_state(again, "COMPLETED")
    rows = cluster.ok("sacct", "-D", "-X", "-n", "-P", "-j", again, "-o", "State").split()
    assert rows == ["PREEMPTED", "COMPLETED"]
    assert cluster.show(again)["Restarts"] == "1"


def test_a_job_that_traps_the_warning_has_its_grace(cluster):
    kind = running(cluster, "-p", "kind", "-c", "4",
                   script="trap 'echo saved >state; exit 0' TERM; echo ready >ready; while :; do sleep 0.1; done")
    cluster.wait_file("ready")
    urgent = cluster.sbatch("-p", "urgent", "-c", "1", "--mem=10")
    cluster.wait_state(urgent, "COMPLETED")  # long before the grace is over, for the job has gone
    assert cluster.wait_file("state") == "saved\n"
    cluster.wait_state(kind, "PREEMPTED")


def test_who_may_not_be_preempted_is_not(cluster):
    safe = running(cluster, "-p", "safe", "-c", "4")
    urgent = cluster.sbatch("-p", "urgent", "--mem=10")
    low = cluster.sbatch("-p", "low", "--mem=10")
    wait_until(lambda: cluster.squeue(urgent, "%r") == ["Resources"], lambda: f"{cluster.squeue(urgent, '%r')}")
    assert cluster.state(safe) == "RUNNING"
    cluster.ok("scancel", safe)
    cluster.wait_state(urgent, "COMPLETED")
    cluster.wait_state(low, "COMPLETED")


def test_the_controller_may_die_meanwhile(cluster):
    low = running(cluster, "-p", "kind", "-c", "4", script="trap '' TERM; echo ready >deaf; while :; do sleep 0.1; done")
    cluster.wait_file("deaf")
    urgent = cluster.sbatch("-p", "urgent", "--mem=10")
    wait_until(lambda: cluster.state(low) == "COMPLETING", lambda: "it is asked to go")
    assert "room is being made" in cluster.ok("moisson", "why", urgent)
    cluster.kill9("ctld")
    cluster.start("ctld")
    other = cluster.sbatch("-p", "low", "--mem=10", "-c", "4")
    cluster.ok("scancel", low)  # its grace is over then: KillWait
    cluster.wait_state(urgent, "COMPLETED")
    cluster.wait_state(other, "COMPLETED")


def test_the_partition_shows_it(cluster):
    shown = cluster.ok("scontrol", "show", "partition", "kind")
    assert "PreemptMode=CANCEL" in shown and "GraceTime=600" in shown
    assert "PreemptMode=OFF" in cluster.ok("scontrol", "show", "partition", "safe")
