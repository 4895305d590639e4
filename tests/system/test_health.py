"""HealthCheckProgram drains a node that is not well, with what it says, and gives it back."""
import pytest
from conftest import process_lives, wait_gone, wait_until
from site_programs import Programs, node_reason, node_state


@pytest.fixture
def programs():
    made = Programs()
    yield made
    made.remove()


def wait_node(cluster, state, node="n1"):
    wait_until(lambda: node_state(cluster, node) == state, lambda: f"{node} is {state}: {node_state(cluster, node)}\n"
                                                                   f"{cluster.log_tails()}")


def test_it_drains_and_gives_back(programs, clusters):
    check = programs.script("check", 'env >$D/env.$SLURMD_NODENAME; [ ! -e $D/sick ] || { echo looking; echo "disk is slow"; '
                                     'exit 3; }')
    cluster = clusters(nodes=2, conf=f"HealthCheckProgram={check}\nHealthCheckInterval=1")
    job = cluster.sbatch("-w", "n1", script="until [ -e go ]; do sleep 0.05; done")
    cluster.wait_state(job, "RUNNING")
    programs.note("sick")
    wait_node(cluster, "draining")
    wait_node(cluster, "drained", "n2")
    assert node_reason(cluster)[0] == "disk is slow"
    programs.drop("sick")
    wait_node(cluster, "mixed")
    wait_node(cluster, "idle", "n2")
    assert node_reason(cluster) is None
    (cluster.work / "go").touch()
    cluster.wait_state(job, "COMPLETED")
    names = set(programs.variables("env.n1")) - {"PWD", "_", "SHLVL", "OLDPWD"}
    assert names == {"PATH", "SLURMD_NODENAME", "SLURM_CONF", "MOISSON_CONF", "SLURM_CLUSTER_NAME"}


def test_a_persons_drain_stays(programs, clusters):
    check = programs.script("check", "echo run >>$D/runs; [ ! -e $D/sick ]")
    cluster = clusters(nodes=1, conf=f"HealthCheckProgram={check}\nHealthCheckInterval=1")
    programs.note("sick")
    wait_node(cluster, "drained")
    assert node_reason(cluster)[0] == "HealthCheckProgram exited with code 1"
    cluster.ok("scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=mine")
    programs.drop("sick")
    runs = len(programs.lines("runs"))
    wait_until(lambda: len(programs.lines("runs")) > runs + 2, "it has run well twice")
    assert (node_state(cluster), node_reason(cluster)[0]) == ("drained", "mine")


def test_it_comes_before_the_first_job_and_after_the_agents_death(programs, clusters):
    check = programs.script("check", 'echo "no network"; exit 1')
    cluster = clusters(nodes=1, conf="")
    conf = cluster.dir / "moisson.conf"
    cluster.stop("n1")
    conf.write_text(conf.read_text() + f"\nHealthCheckProgram={check}\nHealthCheckInterval=60\n")
    job = cluster.sbatch()
    cluster.start("n1")
    wait_node(cluster, "drained")
    assert node_reason(cluster)[0] == "no network"
    assert cluster.state(job) == "PENDING"
    cluster.ok("scontrol", "update", "NodeName=n1", "State=RESUME")
    cluster.wait_state(job, "COMPLETED")


def test_one_that_hangs_is_ended_with_all_that_it_started(programs, clusters):
    check = programs.script("check", "[ -e $D/hang ] || exit 0\nsleep 1000 & echo $! >$D/pid; echo hangs; wait")
    cluster = clusters(nodes=1, conf=f"HealthCheckProgram={check}\nHealthCheckInterval=1")
    programs.note("hang")
    wait_until(lambda: programs.lines("pid"), "it runs")
    pid = programs.lines("pid")[0]
    cluster.completed()  # nobody waits for it
    assert process_lives(pid)
    cluster.stop("n1")  # it does not outlive its launcher
    wait_gone(pid)
    programs.drop("hang")
    cluster.start("n1")
    wait_node(cluster, "idle")


def test_only_idle_nodes_are_checked_where_that_is_asked(programs, clusters):
    check = programs.script("check", "[ ! -e $D/sick ]")
    cluster = clusters(nodes=1, cpus=2,
                       conf=f"HealthCheckProgram={check}\nHealthCheckInterval=1\nHealthCheckNodeState=IDLE,CYCLE")
    job = cluster.sbatch(script="until [ -e go ]; do sleep 0.05; done")
    cluster.wait_state(job, "RUNNING")
    programs.note("sick")
    (cluster.work / "go").touch()
    cluster.wait_state(job, "COMPLETED")
    wait_node(cluster, "drained")
