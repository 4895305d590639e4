"""Nodes are drained, resumed, set down; they go silent, come back, are declared dead: states and words as Slurm's."""
import getpass
import re

import pytest
from conftest import process_lives, wait_gone, wait_until
from site_programs import Programs, node_reason, node_state

CLUSTER = {"nodes": 3, "cpus": 4, "conf": "SlurmdTimeout=3"}


@pytest.fixture
def programs():
    made = Programs()
    yield made
    made.remove()


def update(cluster, *words):
    assert cluster.ok("scontrol", "update", *words) == ""


def complete_state(cluster, node="n1"):
    return re.search(r"State=(\S+)", cluster.ok("scontrol", "-o", "show", "node", node)).group(1)


def wait_node(cluster, state, node="n1"):
    wait_until(lambda: node_state(cluster, node) == state, lambda: f"{node} is {state}: {node_state(cluster, node)}\n"
                                                                   f"{cluster.log_tails()}")


def start_job(cluster, node, name, *options):
    job = cluster.sbatch("-w", node, *options, script=f"trap '' TERM; echo run >>{name}.runs; echo $$ >{name}.pid; "
                                                      f"until [ -e {name}.go ]; do sleep 0.05; done; exit 3")
    cluster.wait_file(f"{name}.pid")
    cluster.wait_state(job, "RUNNING")
    return job, int((cluster.work / f"{name}.pid").read_text())


def test_drain_while_a_job_runs_then_resume(cluster):
    job, _ = start_job(cluster, "n1", "drain")
    update(cluster, "NodeName=n1", "State=DRAIN", "Reason=new disk")
    assert (node_state(cluster), complete_state(cluster)) == ("draining", "MIXED+DRAIN")
    assert node_reason(cluster) == ("new disk", getpass.getuser())
    assert cluster.ok("sinfo", "-h", "-n", "n1", "-o", "%t %R") == "drng main\n"
    assert cluster.ok("sinfo", "-R", "-h", "-o", "%E|%N") == "new disk|n1\n"
    waits = cluster.sbatch("-w", "n1")
    (cluster.work / "drain.go").touch()
    cluster.wait_state(job, "FAILED")
    assert cluster.acct_one(job, "ExitCode") == ["3:0"]
    assert (node_state(cluster), complete_state(cluster)) == ("drained", "IDLE+DRAIN")
    assert cluster.squeue(waits, "%r") == ["ReqNodeNotAvail"]
    update(cluster, "NodeName=n1", "State=RESUME")
    cluster.wait_state(waits, "COMPLETED")
    assert node_reason(cluster) is None


def test_ranges_and_words(cluster):
    update(cluster, "NodeName=n[2-3]", "State=fail", "Reason=smells")
    assert cluster.ok("sinfo", "-h", "-N", "-n", "n[1-3]", "-o", "%N %t %T") == "n1 idle idle\nn2 fail fail\nn3 fail fail\n"
    assert complete_state(cluster, "n2") == "IDLE+FAIL"
    update(cluster, "NodeName=n2", "Reason=smells of smoke")
    assert node_reason(cluster, "n2")[0] == "smells of smoke"
    update(cluster, "NodeName=n[2-3]", "State=IDLE")
    assert cluster.ok("sinfo", "-h", "-o", "%D %T") == "3 idle\n"


def test_what_is_refused(cluster):
    for words, why in [(("NodeName=n1", "State=DRAIN"), "You must specify a reason when DOWNING or DRAINING a node"),
                       (("NodeName=n1", "State=DOWN"), "You must specify a reason"),
                       (("NodeName=n1", "State=FAIL"), "You must specify a reason"),
                       (("NodeName=n1", "State=POWER_DOWN", "Reason=x"), "not powered up and down from here"),
                       (("NodeName=n1", "State=SICK", "Reason=x"), "can be set to DRAIN, UNDRAIN, DOWN, FAIL or RESUME"),
                       (("NodeName=n9", "State=DRAIN", "Reason=x"), "Invalid node name specified")]:
        done = cluster.run("scontrol", "update", *words)
        assert done.returncode == 1 and why in done.stderr, (words, done)
    done = cluster.run("scontrol", "reboot", "n1")
    assert done.returncode == 1 and "RebootProgram" in done.stderr, done
    assert node_state(cluster) == "idle"


def test_what_an_operator_said_survives_the_controller(cluster):
    update(cluster, "NodeName=n1", "State=DRAIN", "Reason=for the weekend")
    cluster.kill9("ctld")
    cluster.start("ctld")
    wait_node(cluster, "drained")
    assert node_reason(cluster) == ("for the weekend", getpass.getuser())
    update(cluster, "NodeName=n1", "State=UNDRAIN")
    wait_node(cluster, "idle")


def test_down_is_a_word_about_the_jobs_too(cluster):
    job, pid = start_job(cluster, "n2", "down")
    update(cluster, "NodeName=n2", "State=DOWN", "Reason=smoke")
    cluster.wait_state(job, "NODE_FAIL")
    wait_gone(pid)  # it could be reached
    assert complete_state(cluster, "n2") == "DOWN"
    update(cluster, "NodeName=n2", "State=RESUME")
    cluster.completed("-w", "n2")


def test_a_silent_node_keeps_its_jobs_and_returns_by_itself(cluster):
    job, pid = start_job(cluster, "n1", "silent")
    cluster.stop("n1")
    wait_node(cluster, "down*")
    assert complete_state(cluster) == "DOWN+NOT_RESPONDING"
    assert node_reason(cluster)[0] == "Not responding"
    assert cluster.state(job) == "RUNNING" and process_lives(pid)
    cluster.start("n1")
    wait_node(cluster, "mixed")
    assert node_reason(cluster) is None
    (cluster.work / "silent.go").touch()
    cluster.wait_state(job, "FAILED")
    assert (cluster.work / "silent.runs").read_text() == "run\n"


def test_return_to_service_0_waits_for_a_person(clusters):
    cluster = clusters(nodes=1, conf="SlurmdTimeout=2\nReturnToService=0")
    cluster.stop("n1")
    wait_node(cluster, "down*")
    cluster.start("n1")
    wait_node(cluster, "down")
    assert node_reason(cluster)[0] == "Not responding"
    update(cluster, "NodeName=n1", "State=RESUME")
    cluster.completed()


def test_a_fence_program_confirms_a_death(programs, clusters):
    fence = programs.script("fence", 'echo "$1 $SLURMD_NODENAME" >>$D/fenced; [ -e $D/dead ]')
    cluster = clusters(nodes=1, conf=f"SlurmdTimeout=2\nFenceProgram={fence}")
    job, pid = start_job(cluster, "n1", "fenced")
    cluster.stop("n1")
    wait_until(lambda: programs.lines("fenced"), "the fence program runs")
    wait_node(cluster, "down*")
    assert cluster.state(job) == "RUNNING", "it did not say that the node is dead"
    cluster.start("n1")
    wait_node(cluster, "mixed")
    programs.note("dead")
    cluster.stop("n1")
    cluster.wait_state(job, "NODE_FAIL")
    assert programs.lines("fenced") == ["n1 n1"] * 2
    cluster.start("n1")  # it was not so dead: what nobody wants any more is ended
    wait_gone(pid)
    cluster.completed()
