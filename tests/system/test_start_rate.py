"""How fast jobs start: StartRate and StartRatePerUser. What is counted is starts, not seconds."""
from conftest import wait_until

CLUSTER = {"nodes": 1, "cpus": 64, "mem": 64000,
           "conf": "PartitionName=main Nodes=ALL Default=YES State=UP\n"
                   "PartitionName=slow Nodes=ALL StartRate=3/h State=UP\n"
                   "PartitionName=brisk Nodes=ALL StartRatePerUser=4/s State=UP"}


def count(cluster, job, *states):
    return sum(word in states for word in cluster.states(job))


def test_as_many_start_as_may_and_the_others_say_why(cluster):
    array = cluster.sbatch("-p", "slow", "--array=1-8", script="exec sleep 1000")
    wait_until(lambda: count(cluster, array, "RUNNING") == 3, lambda: f"three run: {cluster.states(array)}")
    other = cluster.sbatch("-p", "main")
    cluster.wait_state(other, "COMPLETED")  # a pass has been since, and another partition is not held back
    assert count(cluster, array, "RUNNING") == 3 and count(cluster, array, "PENDING") == 5
    assert set(cluster.squeue(array, "%r", "-t", "PD")) == {"StartRate"}
    why = cluster.ok("moisson", "why", f"{array}_8")
    assert "partition slow allows 3 starts an hour: the next one at " in why, why
    late = cluster.sbatch("-p", "slow", "-n", "2")
    assert cluster.squeue(late, "%r") == ["StartRate"]
    # a start counts, not what runs: an end lets nothing go
    cluster.ok("scancel", f"{array}_1")
    cluster.wait_state(f"{array}_1", "CANCELLED")
    assert count(cluster, array, "RUNNING") == 2
    # without the rate all go at once
    conf = cluster.dir / "moisson.conf"
    conf.write_text(conf.read_text().replace("StartRate=3/h ", ""))
    cluster.ok("scontrol", "reconfigure")
    wait_until(lambda: count(cluster, array, "RUNNING") == 7, lambda: f"all run: {cluster.states(array)}")
    cluster.wait_state(late, "COMPLETED")
    cluster.ok("scancel", array)


def test_what_waits_for_its_turn_starts_by_itself(cluster):
    array = cluster.sbatch("-p", "brisk", "--array=1-10")
    cluster.wait_state(array, "COMPLETED")
    shown = cluster.ok("scontrol", "show", "partition", "brisk")
    assert "StartRatePerUser=4/s" in shown, shown


def test_a_restart_of_the_controller_forgets_no_start(cluster):
    conf = cluster.dir / "moisson.conf"
    conf.write_text(conf.read_text() + "PartitionName=kept Nodes=ALL StartRate=2/h State=UP\n")
    cluster.ok("scontrol", "reconfigure")
    array = cluster.sbatch("-p", "kept", "--array=1-4", script="exec sleep 1000")
    wait_until(lambda: count(cluster, array, "RUNNING") == 2, lambda: f"two run: {cluster.states(array)}")
    cluster.kill9("ctld")
    cluster.start("ctld")
    cluster.completed("-p", "main")  # it places again
    assert count(cluster, array, "RUNNING") == 2
    cluster.ok("scancel", array)
