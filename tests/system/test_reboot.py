"""scontrol reboot. The machine is played: RebootProgram kills everything of the node at once, gives it another boot id
(a file that lies over the kernel's in a mount namespace) and starts it again."""
import os
import signal
import subprocess
import uuid
from pathlib import Path

import pytest
from conftest import MINICLUSTER, clean_environment, wait_gone, wait_until
from site_programs import Programs, node_reason, node_state

ROOM = Path(__file__).with_name("boot_room")


@pytest.fixture
def programs():
    made = Programs()
    made.note("boot", f"{uuid.uuid4()}\n")
    if subprocess.run([ROOM, made.dir / "boot", "true"], stderr=subprocess.DEVNULL).returncode:
        made.remove()
        pytest.skip("no mount namespace can be made here")
    yield made
    made.remove()


def wait_node(cluster, state, node="n1"):
    wait_until(lambda: node_state(cluster, node) == state, lambda: f"{node} is {state}: {node_state(cluster, node)}\n"
                                                                   f"{cluster.log_tails()}")


def machine(clusters, programs, **options):
    """A cluster with one node on a machine that can be rebooted. It comes up once the file `power` is there."""
    home = programs.dir / "cluster"
    home.mkdir()
    programs.script("down", f"""
cat /proc/sys/kernel/random/uuid >$D/boot.new
{MINICLUSTER} kill9 {home} n1
cat $D/boot.new >$D/boot
until [ -e $D/power ]; do sleep 0.05; done
{MINICLUSTER} start {home} n1
echo up >>$D/boots
""")
    keep = " ".join(f"{k}='{v}'" for k, v in clean_environment().items() if k in ("MOISSON_BIN", "PATH", "HOME", "USER"))
    reboot = programs.script("reboot", f"echo \"$SLURMD_NODENAME\" >>$D/reboots\n{keep} setsid $D/down >$D/down.log 2>&1 &")
    conf = f"RebootProgram={reboot}\n" + options.pop("conf", "SlurmdTimeout=30")
    return clusters(nodes=1, conf=conf, directory=home, prefix=[str(ROOM), str(programs.dir / "boot")], **options)


def power_cut(cluster, *jobs):
    """All at once: whoever is killed has nobody left to notice it."""
    pids = [cluster.pid("n1"), cluster.pid("n1.agent")]
    for name in jobs:
        pid = int((cluster.work / f"{name}.pid").read_text())
        pids += [int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]), pid]  # its shepherd first
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for pid in pids:
        wait_gone(pid)


def start_job(cluster, name, *options):
    job = cluster.sbatch(*options, script=f"echo run >>{name}.runs; echo $$ >{name}.pid; until [ -e {name}.go ]; do sleep 0.05; done")
    cluster.wait_file(f"{name}.pid")
    cluster.wait_state(job, "RUNNING")
    return job


def test_asap_waits_for_the_job_reboots_and_resumes(programs, clusters):
    cluster = machine(clusters, programs)
    programs.note("power")
    job = start_job(cluster, "first")
    cluster.ok("scontrol", "reboot", "ASAP", "nextstate=RESUME", "reason=new kernel", "n1")
    assert node_state(cluster) == "draining@" and node_reason(cluster)[0] == "new kernel"
    next_job = cluster.sbatch(script="cat /proc/sys/kernel/random/boot_id")
    before = (programs.dir / "boot").read_text()
    assert cluster.state(next_job) == "PENDING" and not programs.has("reboots")
    (cluster.work / "first.go").touch()
    cluster.wait_state(job, "COMPLETED")
    cluster.wait_state(next_job, "COMPLETED")  # after the reboot
    assert programs.lines("reboots") == ["n1"]
    after = cluster.output(next_job)
    assert after != before and after == (programs.dir / "boot").read_text()
    wait_node(cluster, "idle")
    assert node_reason(cluster) is None


def test_it_shows_that_it_is_away_and_may_stay_down(programs, clusters):
    cluster = machine(clusters, programs)
    cluster.ok("scontrol", "reboot", "nextstate=DOWN", "reason=look inside", "ALL")
    wait_node(cluster, "reboot^")
    assert cluster.ok("sinfo", "-h", "-o", "%t") == "boot^\n"
    assert "REBOOT_ISSUED" in cluster.ok("scontrol", "show", "node", "n1")
    done = cluster.run("scontrol", "cancel_reboot", "n1")
    assert done.returncode == 1 and "cannot be taken back" in done.stderr, done
    programs.note("power")
    wait_node(cluster, "down")
    assert node_reason(cluster)[0] == "look inside : reboot issued : reboot complete"
    cluster.ok("scontrol", "update", "NodeName=n1", "State=RESUME")
    cluster.completed()


def test_a_reboot_is_cancelled(programs, clusters):
    cluster = machine(clusters, programs)
    job = start_job(cluster, "busy")
    cluster.ok("scontrol", "reboot", "ASAP", "n1")
    cluster.ok("scontrol", "cancel_reboot", "n1")
    assert node_state(cluster) == "mixed" and node_reason(cluster) is None
    (cluster.work / "busy.go").touch()
    cluster.wait_state(job, "COMPLETED")
    cluster.completed()
    assert not programs.has("reboots")


def test_one_that_does_not_come_back_in_time_returns_later(programs, clusters):
    cluster = machine(clusters, programs, conf="SlurmdTimeout=2\nResumeTimeout=2")
    cluster.ok("scontrol", "reboot", "n1")
    wait_until(lambda: (node_reason(cluster) or [""])[0] == "reboot timed out", "it has timed out")
    programs.note("power")
    wait_node(cluster, "idle")
    cluster.completed()


def test_a_machine_that_goes_down_unasked(programs, clusters):
    cluster = machine(clusters, programs)
    programs.note("power")
    lost, again = start_job(cluster, "lost"), start_job(cluster, "again", "--requeue")
    power_cut(cluster, "lost", "again")
    programs.note("boot", f"{uuid.uuid4()}\n")
    cluster.start("n1")
    wait_node(cluster, "down")
    assert node_reason(cluster)[0] == "Node unexpectedly rebooted"
    cluster.wait_state(lost, "NODE_FAIL")
    cluster.wait_state(again, "PENDING")  # it asked for it
    cluster.ok("scontrol", "update", "NodeName=n1", "State=RESUME")
    (cluster.work / "again.go").touch()
    cluster.wait_state(again, "COMPLETED")
    assert (cluster.work / "again.runs").read_text() == "run\nrun\n"


def test_a_reboot_program_that_fails_drains(programs, clusters):
    reboot = programs.script("broken", "echo no rights; exit 1")
    cluster = clusters(nodes=1, conf=f"RebootProgram={reboot}")
    cluster.ok("scontrol", "reboot", "ASAP", "n1")
    wait_node(cluster, "drained")
    assert node_reason(cluster)[0] == "no rights"
    cluster.ok("scontrol", "update", "NodeName=n1", "State=RESUME")
    cluster.completed()
