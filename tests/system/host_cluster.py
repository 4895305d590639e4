"""A cluster of several hosts: a controller (ctl), a host where users log in (login), and nodes. Only /home is shared; munge
is there on ctl and login. Commands run on login."""
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from conftest import SOURCE, Cluster, clean_environment, wait_until
from hosts import Hosts, why_not

CONF = """
ClusterName=hosts
SlurmctldHost=ctl
SlurmUser=root
StateSaveLocation=/var/lib/moisson
SlurmdSpoolDir=/var/spool/moisson
SlurmctldLogFile=/var/log/moisson/ctld.log
SlurmdLogFile=/var/log/moisson/%n.log
SlurmctldPidFile=/run/moisson/ctld.pid
SlurmdPidFile=/run/moisson/%n.pid
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def programs():
    """The directory with the programs to test, as in contrib/minicluster."""
    for path in (os.environ.get("MOISSON_BIN"), SOURCE / "build-check/bin", SOURCE / "build/bin"):
        if path and (Path(path) / "moissonctld").exists():
            return Path(path).resolve()
    pytest.fail("no programs are built")
    return None


def start_munge(host, key):
    """munged as a package would run it, but as root."""
    for path in ("/run/munge", "/etc/munge"):
        host.path(path).mkdir(mode=0o755, parents=True, exist_ok=True)
    path = host.path("/etc/munge/munge.key")
    path.unlink(missing_ok=True)
    path.write_bytes(key)
    path.chmod(0o600)
    host.ok("sh", "-ec", "munged --force --num-threads=4 --log-file=/run/munge/log --pid-file=/run/munge/pid "
            "--seed-file=/run/munge/seed --key-file=/etc/munge/munge.key </dev/null >/dev/null 2>&1; "
            "until munge -n | unmunge >/dev/null; do :; done")


class HostCluster(Cluster):
    """Like a Cluster; daemons are named ctld, n1, n1.agent. self.work is /home/work as it is called outside."""

    def __init__(self, nodes=2, cpus=2, conf="", others=(), site=None):  # pylint: disable=super-init-not-called
        self.built = programs()  # as it is called outside; hosts see it as /opt/bin
        self.bin = Path("/opt/bin")
        self.nodes = [f"n{n}" for n in range(1, nodes + 1)]
        self.hosts = Hosts(["ctl", "login", *self.nodes, *others], opt=self.built.parent)
        self.dir = self.hosts.base
        self.work = self.dir / "home/work"
        self.work.mkdir()
        self.env = dict(clean_environment(), PATH=f"{self.bin}:{os.environ['PATH']}", HOME="/root")
        self.env.pop("MOISSON_BIN", None)
        self.prefix = self.hosts["login"].words(cwd="/home/work")
        self.processes = []
        try:
            lines = [f"NodeName={name} CPUs={cpus} RealMemory=2000 Topology=\"synthetic:core:{cpus} pu:1\" Weight={weight}"
                     for weight, name in enumerate(self.nodes, 1)]  # n1 is filled first
            self.install("\n".join([*lines, conf, ""]), site or {})
            self.start("ctld", *self.nodes)
            self.wait_node_states({name: "idle" for name in self.nodes})
        except BaseException:
            print(self.log_tails())
            self.down()
            raise

    # --- the way of docs/operating.md

    def install(self, conf, site):
        key = os.urandom(128)
        for host in self.hosts.hosts.values():
            for path in ("/var/log/moisson", "/run/moisson", "/var/spool/moisson"):
                host.path(path).mkdir(mode=0o755, parents=True, exist_ok=True)
        for name in ("ctl", "login"):
            start_munge(self.hosts[name], key)
        public = self.hosts["ctl"].ok(self.bin / "moisson", "keygen", "/var/lib/moisson")
        for host in self.hosts.hosts.values():
            host.path("/etc/moisson/moisson.conf").write_text(CONF + public + conf)
            for path, script in site.items():
                host.path(path).write_text(script)
                host.path(path).chmod(0o755)
        for node in self.nodes:
            self.enroll(node)

    def enroll(self, node):
        """Made where the list is; the node's two keys are carried there."""
        self.hosts["ctl"].ok(self.bin / "moisson", "node", "enroll", node, "--state", "/var/lib/moisson", "--spool", "/tmp/keys")
        for key in ("node.key", "order.key"):
            self.hosts["ctl"].path(f"/tmp/keys/{key}").rename(self.hosts[node].path(f"/var/spool/moisson/{key}"))

    # --- daemons

    def host_of(self, name):
        return self.hosts["ctl" if name == "ctld" else name.partition(".")[0]]

    def start(self, *names):
        for name in names:
            host = self.host_of(name)
            before = None
            if not name.endswith(".agent"):
                self.pid_file(name).unlink(missing_ok=True)
                before = self.launch(host, name)
            wait_until(lambda name=name, before=before: self.alive(name) or before and before.poll() is not None,
                       lambda name=name: f"{name} is up\n{self.log_tails()}")
            assert self.alive(name), f"{name} does not start\n{self.log_tails()}"

    def launch(self, host, name):
        words = ["moissonctld"] if name == "ctld" else ["moissond", "-N", name]
        log = f"/var/log/moisson/{name}.out"
        sanitizers = "log_path=/var/log/moisson/sanitizer"
        env = dict(self.env, ASAN_OPTIONS=sanitizers, UBSAN_OPTIONS=sanitizers + ":print_stacktrace=1")
        shell = f"exec setsid {self.bin}/{' '.join(words)} </dev/null >>{log} 2>&1"
        self.processes = [p for p in self.processes if p.poll() is None]
        self.processes.append(host.spawn("sh", "-c", shell, env=env, stdin=subprocess.DEVNULL))
        return self.processes[-1]

    def pid_file(self, name):
        return self.host_of(name).path(f"/run/moisson/{name}.pid")

    def pid(self, name):
        return int(self.pid_file(name).read_text())

    def alive(self, name):
        """By its host's own process table."""
        try:
            pid = self.pid(name)
        except (OSError, ValueError):
            return False
        return self.runs(name, pid)

    def runs(self, name, pid):
        return self.host_of(name).run("grep", "-q", "^State:.[^ZX]", f"/proc/{pid}/status").returncode == 0

    def signal(self, name, signal):
        self.host_of(name).ok("kill", f"-{signal}", self.pid(name))

    def kill9(self, *names):
        for name in names:
            pid = self.pid(name)
            self.signal(name, "KILL")
            wait_until(lambda name=name, pid=pid: not self.runs(name, pid), f"{name} is gone")

    def stop(self, *names):
        for name in names:
            self.signal(name, "TERM")
            wait_until(lambda name=name: not self.alive(name), f"{name} is stopped\n{self.log_tails()}")

    def logs(self):
        return sorted(path for host in self.hosts.hosts.values() for path in host.path("/var/log/moisson").glob("*"))

    def log_tails(self):
        return "\n".join("\n".join([f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-40:]])
                         for path in self.logs())

    def sanitizer_reports(self):
        reports = [(path.name, path.read_text(errors="replace")) for path in self.logs()]
        return "\n".join(f"--- {name}\n{text[:6000]}" for name, text in reports
                         if re.search(r"AddressSanitizer|LeakSanitizer|runtime error:", text))

    def log_count(self, name, text):
        path = self.host_of(name).path(f"/var/log/moisson/{name}.log")
        return path.read_text(errors="replace").count(text) if path.exists() else 0

    def registrations(self, node):
        return self.log_count("ctld", f"node={node} event=registered")

    # --- nodes

    def node_states(self):
        out = self.run("sinfo", "-h", "-N", "-o", "%N %T").stdout
        return dict(line.split() for line in out.splitlines())

    def wait_node_states(self, wanted, seconds=60):
        wait_until(lambda: wanted.items() <= self.node_states().items(),
                   lambda: f"nodes are {wanted}: {self.node_states()}\n{self.log_tails()}", seconds)

    def node_reason(self, node):
        out = self.ok("scontrol", "-o", "show", "node", node)
        match = re.search(r"Reason=(.*?)(?: \S+=|$)", out)
        return match.group(1) if match else ""

    # --- the end

    def down(self):
        """Hosts end with all that runs in them; nothing is left to tidy."""

    def destroy(self):
        self.close(False)

    def close(self, failed):
        self.hosts.close(keep=failed)
        for process in self.processes:
            process.wait(timeout=30)


@pytest.fixture(scope="module")
def host_cluster(request):
    """One for a whole file; the file may say HOSTS = {"nodes": 2, ..., "site": {path: script of the site}}."""
    why = why_not()
    if why:
        pytest.skip(why)
    cluster = HostCluster(**getattr(request.module, "HOSTS", {}))
    failed = request.session.testsfailed
    began = time.monotonic()
    yield cluster
    print(f"the hosts lived {time.monotonic() - began:.0f} s")
    report = cluster.sanitizer_reports()
    cluster.close(request.session.testsfailed > failed or bool(report))
    assert not report, report
