"""A controller, a login host and two nodes, installed as docs/operating.md says: each host has the package that it needs in a
prefix of its own, nodes have no configuration file and share nothing but the home, munge is on controller and login host
only, the controller is an unprivileged user, and jobs run as the user who submits."""
import os
import re
import shutil
import subprocess
import threading

import pytest
from conftest import wait_until
from host_cluster import HostCluster, programs, start_munge
from hosts import Hosts, why_not

SYSTEM = {"moisson": 64001, "moisson-agent": 64002}
PEOPLE = {"alice": 64011, "bob": 64012}  # bob is not known on n2
PACKAGES = {"ctl": ["controller", "client"], "login": ["client"], "n1": ["node", "client"], "n2": ["node", "client"]}
CONF = """
ClusterName=harvest
SlurmctldHost=ctl
SlurmUser=moisson
AgentUser=moisson-agent
StateSaveLocation=/var/lib/moisson
SlurmdSpoolDir=/var/spool/moisson/%n
SlurmctldLogFile=/var/log/moisson/ctld.log
SlurmctldPidFile=/run/moisson/ctld.pid
SlurmdLogFile=/var/log/moisson/%n.log
SlurmdPidFile=/run/moisson/%n.pid
SlurmdTimeout=5
NodeName=n[1-2] CPUs=2 RealMemory=1000 Topology="synthetic:core:2 pu:1" State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class InstalledCluster(HostCluster):
    """Commands run on login, as alice, in her home."""

    def __init__(self):  # pylint: disable=super-init-not-called
        self.hosts = Hosts(["ctl", "login", "n1", "n2"])
        self.dir, self.nodes, self.processes = self.hosts.base, ["n1", "n2"], []
        self.work = self.dir / "home/alice"
        self.admin, self.login = self.hosts["ctl"], self.hosts["login"]
        self.env = {"PATH": "/opt/sbin:/opt/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/home/alice", "LANG": "C.UTF-8"}
        self.bin = self.dir / "nothing is run from here"
        self.prefix = self.login.words("alice", "/home/alice")
        try:
            for host in self.hosts.hosts.values():
                self.furnish(host)
        except BaseException:
            self.hosts.close()
            raise
        for name in PEOPLE:
            home = self.dir / "home" / name
            home.mkdir()
            os.chown(home, PEOPLE[name], PEOPLE[name])
            home.chmod(0o700)

    def furnish(self, host):
        """Users and packages; what systemd would do with sysusers.d and tmpfiles.d."""
        people = {**SYSTEM, **PEOPLE}
        if host.name == "n2":
            del people["bob"]
        for path, form in (("/etc/passwd", "{0}:x:{1}:{1}::/home/{0}:/bin/sh\n"), ("/etc/group", "{0}:x:{1}:\n")):
            old = host.path(path).read_text().splitlines(keepends=True)  # where users of these names may be, too
            new = [form.format(name, uid) for name, uid in people.items()]
            host.path(path).write_text("".join([line for line in old if line.split(":")[0] not in {*SYSTEM, *PEOPLE}] + new))
        for component in PACKAGES[host.name]:
            done = subprocess.run(["cmake", "--install", programs().parent, "--prefix", host.path("/opt"), "--component", component],
                                  capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        for path in ("/var/log/moisson", "/run/moisson"):
            host.path(path).mkdir(mode=0o1777)
            host.path(path).chmod(0o1777)

    def launch(self, host, name):
        """Without a word of where or how: the enrolment says it."""
        words = "moissonctld" if name == "ctld" else "moissond"
        shell = f"exec setsid {words} </dev/null >>/var/log/moisson/{name}.out 2>&1"
        self.processes.append(host.spawn("sh", "-c", shell, env={**self.env, "HOME": "/root"}, stdin=subprocess.DEVNULL))
        return self.processes[-1]

    def on(self, host, *words, **kw):
        """A command of root's on a host: its output."""
        return self.hosts[host].ok(*words, env={**self.env, "HOME": "/root"}, **kw)

    def as_user(self, user, *words):
        home = f"/home/{user}"
        return self.login.run(*words, user=user, cwd=home, env={**self.env, "HOME": home})


@pytest.fixture(name="cluster", scope="module")
def installed_cluster(request):
    why = why_not() or ("" if shutil.which("cmake") else "cmake is not installed") or \
        ("" if (programs().parent / "cmake_install.cmake").exists() else "the programs are not in a build tree")
    if why:
        pytest.skip(why)
    cluster = InstalledCluster()
    yield cluster
    report = cluster.sanitizer_reports()
    cluster.close(request.session.testsfailed > 0 or bool(report))
    assert not report, report


def test_the_controller_is_set_up(cluster):
    state = cluster.admin.path("/var/lib/moisson")
    state.mkdir(mode=0o750)
    os.chown(state, SYSTEM["moisson"], SYSTEM["moisson"])
    key = cluster.admin.ok("moisson", "keygen", "/var/lib/moisson", user="moisson", env=cluster.env)
    assert key.startswith("ControllerKey=")
    munge = os.urandom(128)
    for host in ("ctl", "login"):
        cluster.hosts[host].path("/etc/moisson/moisson.conf").write_text(CONF + key)
        start_munge(cluster.hosts[host], munge)
    assert cluster.on("ctl", "moisson", "config", "check", "/etc/moisson/moisson.conf") is not None
    cluster.start("ctld")
    status = cluster.on("ctl", "cat", f"/proc/{cluster.pid('ctld')}/status")
    assert re.search(rf"^Uid:\t{SYSTEM['moisson']}\t", status, re.M), "the controller has no rights"
    assert cluster.node_states() == {"n1": "unknown*", "n2": "unknown*"} or set(cluster.node_states()) == {"n1", "n2"}


def enroll_words(cluster, *more):
    key = re.search(r"ControllerKey=(\S+)", cluster.admin.path("/etc/moisson/moisson.conf").read_text()).group(1)
    return ["moisson", "node", "enroll", "--controller", "ctl", "--key", key, *more]


def enroll(cluster, node):
    asking = cluster.hosts[node].spawn(*enroll_words(cluster), env={**cluster.env, "HOME": "/root"}, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True)
    words = {}
    threading.Thread(target=lambda: words.update(out=asking.communicate()[0])).start()
    wait_until(lambda: "pending" in cluster.on("ctl", "moisson", "node", "list", node).lower() or "out" in words,
               lambda: f"{node} asks: {words} {cluster.on('ctl', 'moisson', 'node', 'list')}")
    return asking, words


@pytest.mark.parametrize("node", ["n1", "n2"])
def test_a_node_is_enrolled(cluster, node):
    asking, words = enroll(cluster, node)
    fingerprint = cluster.on(node, "moisson", "node", "fingerprint").split()
    assert fingerprint[0] == node
    wrong = cluster.admin.run("moisson", "node", "accept", node, "0" * len(fingerprint[1]), env=cluster.env)
    assert wrong.returncode, "a fingerprint that nobody has"
    assert asking.poll() is None
    cluster.on("ctl", "moisson", "node", "accept", *fingerprint)
    wait_until(lambda: asking.poll() is not None and "out" in words, "the node has heard")
    assert asking.returncode == 0, words
    assert not cluster.hosts[node].path("/etc/moisson/moisson.conf").exists()
    cluster.start(node)
    cluster.wait_node_states({node: "idle"})


@pytest.mark.parametrize("node", ["n1", "n2"])
def test_a_job_runs_there_as_its_user(cluster, node):
    job = cluster.completed("-w", node, script="cat /proc/sys/kernel/hostname; id -un; id -u; pwd; umask; echo $SLURM_SUBMIT_HOST")
    assert cluster.output(job).split() == [node, "alice", str(PEOPLE["alice"]), "/home/alice", "0022", "login"]
    assert (cluster.work / f"slurm-{job}.out").stat().st_uid == PEOPLE["alice"]
    assert cluster.acct_one(job, "User,NodeList,State") == ["alice", node, "COMPLETED"]


def test_only_home_is_shared(cluster):
    job = cluster.completed("-w", "n1", script="echo here >/var/tmp/only-n1; ls /etc/munge/munge.key /etc/moisson/moisson.conf 2>&1; true")
    assert cluster.output(job).count("No such file") == 2
    for name in ("n2", "ctl", "login"):
        assert not cluster.hosts[name].path("/var/tmp/only-n1").exists()


def test_others_do_not_see_into_it(cluster):
    """bob's commands, on the same login host: no script, no cancel, no signal."""
    job = cluster.sbatch("-w", "n1", script="until [ -e bob.was.here ]; do sleep 0.1; done")
    cluster.wait_state(job, "RUNNING")
    for words in (["scancel", job], ["scancel", "-s", "USR1", job], ["scontrol", "hold", job], ["scontrol", "requeue", job]):
        done = cluster.as_user("bob", *words)
        assert done.returncode and "Access/permission denied" in done.stderr, f"{words}: {done}"
    assert cluster.state(job) == "RUNNING"
    (cluster.work / "bob.was.here").touch()
    cluster.wait_state(job, "COMPLETED")


def test_a_user_whom_a_node_does_not_know(cluster):
    """It says so, and the job runs where bob is known."""
    done = cluster.as_user("bob", "sbatch", "--parsable", "--wrap", "cat /proc/sys/kernel/hostname; id -un")
    assert done.returncode == 0, done
    job = done.stdout.strip()
    cluster.wait_state(job, "COMPLETED")
    assert (cluster.dir / f"home/bob/slurm-{job}.out").read_text().split() == ["n1", "bob"]
    done = cluster.as_user("bob", "sbatch", "--parsable", "-w", "n2", "--wrap", "true")
    job = done.stdout.strip()
    wait_until(lambda: "user bob (uid 64012) is not known on node n2" in
               cluster.as_user("bob", "scontrol", "show", "job", job).stdout,
               lambda: f"the job says why it waits\n{cluster.log_tails()}")
    cluster.as_user("bob", "scancel", job)
    cluster.wait_node_states({"n2": "idle"})


def test_keys_are_exchanged_while_a_job_runs(cluster):
    spool = cluster.hosts["n1"].path("/var/spool/moisson/n1")
    before = [(spool / name).read_bytes() for name in ("node.key", "order.key")]
    job = cluster.sbatch("-w", "n1", script="until [ -e rekeyed ]; do sleep 0.1; done")
    cluster.wait_state(job, "RUNNING")
    cluster.on("ctl", "moisson", "node", "rekey", "n1")
    wait_until(lambda: all((spool / name).exists() and (spool / name).read_bytes() != old
                           for name, old in zip(("node.key", "order.key"), before)), f"new keys\n{cluster.log_tails()}")
    wait_until(lambda: cluster.node_states()["n1"] == "mixed", "n1 is back with them")
    assert cluster.state(job) == "RUNNING"
    (cluster.work / "rekeyed").touch()
    cluster.wait_state(job, "COMPLETED")
    cluster.completed("-w", "n1")
    cluster.stop("n1")
    cluster.start("n1")
    cluster.completed("-w", "n1")


def test_a_node_cannot_become_another(cluster):
    """Root on n2 asks to be n1: it gets nothing before an operator says so, twice."""
    asking = enroll_words(cluster, "n1", "--spool", "/tmp/n1", "--no-wait")
    done = cluster.hosts["n2"].run(*asking, env=cluster.env)
    assert done.returncode == 2, done
    spool = cluster.hosts["n2"].path("/tmp/n1")
    assert sorted(path.name for path in spool.iterdir()) == ["enroll.key.asked", "node.key.asked"], done
    fingerprint = cluster.on("n2", "moisson", "node", "fingerprint", "n1", "--spool", "/tmp/n1").split()[1]
    done = cluster.admin.run("moisson", "node", "accept", "n1", fingerprint, env=cluster.env)
    assert done.returncode and "enrolled with another key" in done.stderr, done
    assert cluster.hosts["n2"].run(*asking, env=cluster.env).returncode == 2
    cluster.completed("-w", "n1")


def test_a_revoked_node_is_out_at_once(cluster):
    job = cluster.sbatch("-w", "n2", script="until [ -e revoked ]; do sleep 0.1; done")
    cluster.wait_state(job, "RUNNING")
    cluster.on("ctl", "moisson", "node", "revoke", "n2")
    waiting = cluster.sbatch("-w", "n2")
    cluster.wait_node_states({"n2": "down*"})
    assert (cluster.state(job), cluster.state(waiting)) == ("RUNNING", "PENDING"), "what runs there is not known to be over"
    wait_until(lambda: "revoked" in cluster.hosts["n2"].path("/var/log/moisson/n2.log").read_text(), "the node is told why")


def test_a_revoked_node_may_ask_again(cluster):
    again = enroll_words(cluster, "--new-key", "--no-wait")
    done = cluster.hosts["n2"].run(*again, env=cluster.env)
    assert done.returncode == 2, done
    cluster.on("ctl", "moisson", "node", "accept", *cluster.on("n2", "moisson", "node", "fingerprint").split())
    done = cluster.hosts["n2"].run(*enroll_words(cluster, "--no-wait"), env=cluster.env)
    assert done.returncode == 0, done
    cluster.stop("n2")
    cluster.start("n2")
    (cluster.work / "revoked").touch()
    wait_until(lambda: cluster.node_states()["n2"] in ("idle", "mixed"), lambda: f"n2 is back: {cluster.node_states()}\n{cluster.log_tails()}")
    wait_until(lambda: cluster.ok("squeue", "-h") == "", lambda: f"both jobs have ended: {cluster.ok('squeue')}\n{cluster.log_tails()}")
