"""A node where one kind of tasks fails at once, while it passes elsewhere, gets no more of them."""
from conftest import wait_until

CLUSTER = {"nodes": 2, "cpus": 4, "mem": 4000}

SCRIPT = "[ $SLURMD_NODENAME = n2 ] || exit 7"


def note(cluster, node):
    return cluster.ok("scontrol", "show", "node", node)


def test_it_is_left_out_said_and_cleared(cluster):
    array = cluster.sbatch("--array=1-80", "-J", "align", "--mem=10", script=SCRIPT)
    wait_until(lambda: "Note=" in note(cluster, "n1"), lambda: f"n1 is noted: {cluster.states(array)}")
    assert 'no more of "align"' in note(cluster, "n1") and "passed elsewhere" in note(cluster, "n1")
    assert "align" not in note(cluster, "n2")
    assert "event=shunned" in (cluster.dir / "log" / "ctld.log").read_text()
    cluster.wait_ended(array)
    later = cluster.sbatch("--array=1-8", "-J", "align", "--mem=10", script="echo $SLURMD_NODENAME >>ran; sleep 0.2")
    cluster.wait_state(later, "COMPLETED")
    assert set((cluster.work / "ran").read_text().split()) == {"n2"}  # it was full, and n1 idle
    other = cluster.completed("-J", "sort", "-w", "n1", "--mem=10")
    assert cluster.squeue(other, "%N") == ["n1"]
    cluster.ok("scontrol", "update", "NodeName=n1", "State=RESUME")
    assert "align" not in note(cluster, "n1")
    again = cluster.completed("-J", "align", "-x", "n2", "--mem=10")
    assert cluster.squeue(again, "%N") == ["n1"]
