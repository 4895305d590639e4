"""The cluster that Moisson's packages make of this machine: controller and node as services, commands by users.

Words to speak about it are those of tests/system/conftest.py.
"""
import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest

_path = Path(__file__).resolve().parents[2] / "system" / "conftest.py"
_spec = importlib.util.spec_from_file_location("system_conftest", _path)
system = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(system)
wait_until = system.wait_until

NODE = "vm"
CONF = Path("/etc/moisson/moisson.conf")
STATE = Path("/var/lib/moisson")
SPOOL = Path("/var/spool/moisson") / NODE
DEBS = sorted(str(p) for p in Path("/opt/vm/debs").glob("*.deb"))
KEPT = Path("/var/lib/moisson-vm/kept")  # what a test tells one that comes after a reboot
USERS = ("ada", "bob")
SECONDS = 240.0


def sh(*words, check=True, **kw):
    """stdout of a command of root's."""
    done = subprocess.run([str(w) for w in words], text=True, capture_output=True, timeout=kw.pop("timeout", 300), **kw)
    if check and done.returncode:
        pytest.fail(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def unit(name, what):
    return sh("systemctl", "show", "--value", "-p", what, name)


def journal(name, lines=30):
    return sh("journalctl", "--no-pager", "-b", "-u", name, "-n", lines, check=False)


def user(name):
    """An ordinary user with a home."""
    if subprocess.run(["id", name], capture_output=True).returncode:
        sh("groupadd", "-f", "harvesters")
        sh("useradd", "--create-home", "--shell", "/bin/bash", "--groups", "harvesters", name)
    return name


def cgroup_of(pid):
    return Path(f"/proc/{pid}/cgroup").read_text().strip().split("::", 1)[1]


class Installed(system.Cluster):
    """The installed cluster as one user sees it."""

    def __init__(self, name="ada"):
        user(name)
        self.user = name
        self.nodes = [NODE]
        self.prefix = ["runuser", "-u", name, "--"]
        self.work = Path("/home") / name
        self.dir = Path("/")
        self.bin = Path("/usr/bin")
        self.base_env = system.clean_environment()
        self.env = dict(self.base_env, HOME=str(self.work), USER=name, LOGNAME=name)
        for key in ("MOISSON_BIN", "MOISSON_PRIVATE_MUNGE"):
            self.env.pop(key, None)

    def log_tails(self):
        return "\n".join(f"--- {name}\n{journal(name)}" for name in ("moissonctld", "moissond"))

    def sinfo_state(self):
        return self.ok("sinfo", "-h", "-N", "-o", "%T").strip()

    def wait_node(self, *states, seconds=SECONDS):
        wait_until(lambda: self.run("sinfo", "-h", "-N", "-o", "%T").stdout.strip() in states,
                   lambda: f"node is {states}: {self.run('sinfo', '-h', '-N', '-o', '%T %E')}\n{self.log_tails()}", seconds)

    def batch_pid(self, job):
        """The pid of a running job's script, by the shepherd that watches it."""
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"moisson-shepherd") and any(re.fullmatch(rb"%d\.\d+" % int(job), w) for w in words):
                return int((entry / "task" / entry.name / "children").read_text().split()[0])
        pytest.fail(f"no shepherd of job {job}: {sh('ps', '-ef')}")


def guest(name):
    """A user whose jobs end with the test, however that went; files that let jobs go are of one test, too."""
    cluster = Installed(name)
    yield cluster
    sh("scancel", "-u", name, check=False)
    for path in cluster.work.glob("go*"):
        path.unlink()


@pytest.fixture
def ada(request):
    yield from guest("ada") if "reboot" not in request.path.name else iter([Installed("ada")])


@pytest.fixture
def bob():
    yield from guest("bob")


def keep(name, text):
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / name).write_text(str(text))


def kept(name):
    return (KEPT / name).read_text()


def boot_id():
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def pid_of(name):
    return int(unit(name, "MainPID"))


def kill9(pid):
    os.kill(int(pid), 9)
