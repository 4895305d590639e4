"""The packages are installed as an admin does it (docs/operating.md), and a cluster of this machine starts."""
import re
import subprocess
from pathlib import Path

from conftest import CONF, DEBS, NODE, SPOOL, STATE, Installed, sh, unit, user, wait_until


def test_this_machine_has_cgroup_v2_alone_and_two_numa_nodes():
    assert sh("stat", "-fc", "%T", "/sys/fs/cgroup") == "cgroup2fs"
    assert sh("nproc") == "8"
    assert [p.name for p in sorted(Path("/sys/devices/system/node").glob("node[0-9]*"))] == ["node0", "node1"]
    threads = Path("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list").read_text().strip()
    assert threads == "0-1"


def test_packages_install_and_nothing_starts_without_a_configuration():
    sh("dpkg", "-i", *DEBS, timeout=600)
    for name in ("moissonctld", "moissond"):
        assert sh("systemctl", "is-enabled", name) == "enabled"
        assert unit(name, "ActiveState") == "inactive"
        sh("systemctl", "start", name)  # no configuration: nothing happens, and that is no error
        assert unit(name, "ActiveState") == "inactive"
        assert unit(name, "ConditionResult") == "no"


def test_users_and_directories():
    for name in ("moisson", "moisson-agent"):
        assert int(sh("id", "-u", name)) < 1000
    assert sh("stat", "-c", "%U %a", STATE) == "moisson 750"
    assert sh("stat", "-c", "%U %a", SPOOL.parent) == "root 755"


def test_units_are_sound():
    units = [f"/usr/lib/systemd/system/{name}.service" for name in ("moissonctld", "moissond", "moisson-jobs")]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], text=True, capture_output=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_cluster_of_this_machine():
    key = sh("runuser", "-u", "moisson", "--", "moisson", "keygen", STATE)
    assert key.startswith("ControllerKey=")
    text = Path("/usr/share/moisson/moisson.conf").read_text()
    text = re.sub(r"^ControllerKey=.*$", lambda _: key, text, flags=re.M)
    text = re.sub(r"^SlurmctldHost=\S+", f"SlurmctldHost={NODE}(127.0.0.1)", text, flags=re.M)
    text = re.sub(r"^NodeName=.*$", f"NodeName={NODE} CPUs=8 Sockets=2 CoresPerSocket=2 ThreadsPerCore=2 RealMemory=2000",
                  text, flags=re.M)
    text += ("\nKillWait=5\nSlurmdTimeout=60\nResumeTimeout=900\nMessageTimeout=60\n"
             "RebootProgram=/opt/vm/tests/vm/guest/reboot\n")
    CONF.write_text(text)
    sh("moisson", "config", "check", CONF)
    sh("systemctl", "start", "moissonctld")
    ask = ["moisson", "node", "enroll", "--controller", "127.0.0.1", "--key", key, "--no-wait"]
    asked = subprocess.run(ask, text=True, capture_output=True, timeout=300)
    assert asked.returncode == 2, asked
    fingerprint = sh("moisson", "node", "fingerprint").split()[-1]
    assert fingerprint in sh("moisson", "node", "list")
    sh("moisson", "node", "accept", NODE, fingerprint)
    sh(*ask)
    sh("systemctl", "start", "moissond")
    for name in ("moissonctld", "moissond", "moisson-jobs"):
        assert unit(name, "ActiveState") == "active"
    ada = Installed(user("ada"))
    assert "is UP" in ada.ok("scontrol", "ping")
    ada.wait_node("idle")


def test_a_job_of_a_user_runs_as_that_user():
    ada = Installed(user("ada"))
    job = ada.completed(script="id -un; hostname; cat /proc/self/cgroup")
    lines = ada.output(job).splitlines()
    assert lines[:2] == ["ada", NODE]
    assert "/system.slice/moisson-jobs.service/" in lines[2]
    wait_until(lambda: ada.sinfo_state() == "idle", "the node is idle again")
