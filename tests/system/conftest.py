"""Real clusters for the tests of this folder, by contrib/minicluster, and words to speak about them.

Tests wait for conditions, with a deadline; they never sleep and hope.
"""
import contextlib
import copy
import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
MINICLUSTER = SOURCE / "contrib" / "minicluster"
PATIENCE = int(os.environ.get("MOISSON_PATIENCE", "1"))  # an emulated machine is slower than others
DEADLINE = 60.0 * PATIENCE  # seconds; sanitizer builds on a busy machine are slow
ENDED = ("COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY")


def wait_until(condition, what, seconds=DEADLINE):
    """Poll until condition () is true-ish and return it; fail with `what` after the deadline."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"after {seconds:.0f} s, still not so: {what() if callable(what) else what}")
        time.sleep(0.03)


def clean_environment():
    """The environment without what a surrounding job or another cluster left in it."""
    return {k: v for k, v in os.environ.items()
            if not re.match(r"(SLURM|SBATCH|SQUEUE|SACCT|SINFO|MOISSON_(CONF|QUICK))", k)}


class Cluster:
    """A minicluster in a directory of its own; commands run as its user, in its work folder."""

    def __init__(self, nodes=1, cpus=4, mem=4000, gpus=0, conf="", topology=None, node=None, directory=None,
                 prefix=(), env=None, options=(), minicluster=MINICLUSTER):
        self.dir = Path(directory or tempfile.mkdtemp(prefix="moisson-", dir="/tmp"))
        self.dir.chmod(0o755)
        self.prefix = list(prefix)  # words before every command: another user
        self.minicluster = minicluster
        self.nodes = [f"n{i}" for i in range(1, nodes + 1)]
        self.work = self.dir / "work"
        self.base_env = clean_environment()
        self.base_env.update(env or {})
        words = ["up", self.dir, "--nodes", nodes, "--mem", mem, "--gpus", gpus, *options]
        if cpus:
            words += ["--cpus", cpus]
        if conf:
            words += ["--conf", conf]
        if topology:
            words += ["--topology", topology]
        if node:
            words += ["--node", node]
        self.mini(*words)
        self.bin = (self.dir / "bin").resolve()
        self.env = dict(self.base_env, MOISSON_CONF=str(self.dir / "moisson.conf"),
                        PATH=f"{self.bin}:{self.base_env['PATH']}")
        self.run("mkdir", "-p", self.work, cwd="/")

    # --- the daemons

    def mini(self, *words):
        done = subprocess.run([*self.prefix, str(self.minicluster), *map(str, words)], env=self.base_env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=180 * PATIENCE)
        if done.returncode:
            pytest.fail(f"minicluster {' '.join(map(str, words))}: {done.stdout}{done.stderr}\n{self.log_tails()}")
        return done.stdout

    def start(self, *names):
        self.mini("start", self.dir, *names)

    def stop(self, *names):
        self.mini("stop", self.dir, *names)

    def kill9(self, *names):
        self.mini("kill9", self.dir, *names)

    def pid(self, name):
        return int((self.dir / "run" / f"{name}.pid").read_text())

    def log_tails(self):
        tails = []
        for path in sorted((self.dir / "log").glob("*")):
            lines = path.read_text(errors="replace").splitlines()[-25:]
            tails.append("\n".join([f"--- {path.name}", *lines]))
        return "\n".join(tails)

    def sanitizer_reports(self):
        """What address and undefined-behaviour sanitizers found, in files of theirs or on some stderr."""
        found = []
        for path in sorted((self.dir / "log").glob("*")):
            text = path.read_text(errors="replace")
            if re.search(r"AddressSanitizer|LeakSanitizer|runtime error:", text):
                found.append(f"--- {path.name}\n{text[:6000]}")
        return "\n".join(found)

    def down(self):
        self.mini("down", self.dir)

    def destroy(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    # --- other users

    def as_user(self, person):
        """The same cluster, as this person sees it: commands, files and work folder are his."""
        his = copy.copy(self)
        his.person = person
        his.prefix = person.prefix
        his.env = dict(self.env, HOME=str(person.home), USER=person.name, LOGNAME=person.name, SHELL="/bin/sh")
        his.work = Path(tempfile.mkdtemp(prefix="work-", dir=person.home))
        os.chown(his.work, person.uid, person.gid)
        his.work.chmod(0o755)
        return his

    # --- commands

    def run(self, *words, stdin=None, env=None, cwd=None, timeout=120 * PATIENCE, only_env=None):
        """Run a command, by name or path; text in, text out. env adds to the environment, only_env replaces it."""
        words = [str(w) for w in words]
        path = self.bin / words[0]
        if path.exists():
            words[0] = str(path)
        environment = dict(self.env, **env) if env else self.env
        return subprocess.run([*self.prefix, *words], input=stdin, env=only_env if only_env is not None else environment,
                              cwd=cwd or self.work, text=True, capture_output=True, timeout=timeout,
                              stdin=subprocess.DEVNULL if stdin is None else None)

    def spawn(self, *words, env=None, cwd=None):
        words = [str(w) for w in words]
        path = self.bin / words[0]
        if path.exists():
            words[0] = str(path)
        return subprocess.Popen([*self.prefix, *words], env=dict(self.env, **(env or {})), cwd=cwd or self.work,
                                text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ok(self, *words, **kw):
        """stdout of a command that must succeed and say nothing on stderr."""
        done = self.run(*words, **kw)
        assert (done.returncode, done.stderr) == (0, ""), f"{words}: {done}"
        return done.stdout

    def script(self, text, name="job.sh"):
        path = self.work / name
        path.write_text(text if text.startswith("#!") else f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        if getattr(self, "person", None):
            os.chown(path, self.person.uid, self.person.gid)
        return path

    def sbatch(self, *options, script="true", **kw):
        """Submit a script (its text, on stdin) and return the id."""
        if not script.startswith("#!"):
            script = f"#!/bin/sh\n{script}\n"
        out = self.ok("sbatch", *options, stdin=script, **kw)
        match = re.fullmatch(r"Submitted batch job (\d+)\n", out)
        assert match, f"not the one line that clients parse: {out!r}"
        return match.group(1)

    def squeue(self, job, letters="%T", *options):
        return self.ok("squeue", "-h", "-t", "all", "-j", f"{job},{job}", "-o", letters, *options).splitlines()

    def states(self, job):
        return [word for word in self.squeue(job, "%T", "-r") if word]

    def state(self, job):
        states = self.states(job)
        assert len(states) <= 1, states
        return states[0] if states else None

    def wait_state(self, job, *wanted, seconds=DEADLINE):
        """Wait for a state of a job (of every task of an array); one that ended otherwise fails at once."""
        def there():
            states = self.states(job)
            for word in states:
                if word in ENDED and word not in wanted:
                    pytest.fail(f"job {job} is {word}, not {wanted}: {self.acct(job, 'JobID,State,ExitCode,Reason')}\n"
                                f"{self.log_tails()}")
            return states and all(word in wanted for word in states)
        wait_until(there, lambda: f"job {job} is {wanted}: it is {self.states(job)} "
                                  f"({self.squeue(job, '%i %T %r')})\n{self.log_tails()}", seconds)

    def wait_ended(self, job, seconds=DEADLINE):
        wait_until(lambda: (s := self.states(job)) and all(w in ENDED for w in s),
                   lambda: f"job {job} has ended: it is {self.states(job)}\n{self.log_tails()}", seconds)

    def completed(self, *options, script="true", **kw):
        """Submit, wait for COMPLETED, return the id."""
        job = self.sbatch(*options, script=script, **kw)
        self.wait_state(job, "COMPLETED")
        return job

    def output(self, job):
        return (self.work / f"slurm-{job}.out").read_text()

    def acct(self, job, fields, *options):
        """Rows of sacct for a job: lists of fields."""
        out = self.ok("sacct", "-n", "-X", "-P", "-j", job, "-o", fields, *options)
        return [line.split("|") for line in out.splitlines()]

    def acct_one(self, job, fields):
        rows = self.acct(job, fields)
        assert len(rows) == 1, rows
        return rows[0]

    def show(self, job):
        """`scontrol show job`, as a dictionary."""
        out = self.ok("scontrol", "-o", "show", "job", job)
        return dict(re.findall(r"(\S+?)=(.*?)(?= \S+?=|$)", out.strip()))

    def wait_file(self, path, seconds=DEADLINE):
        path = self.work / path
        wait_until(lambda: path.exists() and path.stat().st_size > 0, lambda: f"{path} is written\n{self.log_tails()}",
                   seconds)
        return path.read_text()


def process_lives(pid):
    try:
        stat = Path(f"/proc/{int(pid)}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):  # the second: it went while we read
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_gone(pid, seconds=DEADLINE):
    wait_until(lambda: not process_lives(pid), f"process {pid} is gone", seconds)


class Clusters:
    """Makes clusters and ends them; keeps the directory of one whose test failed or that a sanitizer complained about."""

    def __init__(self):
        self.made = []

    def __call__(self, **options):
        cluster = Cluster(**options)
        self.made.append(cluster)
        return cluster

    def end(self, failed):
        reports = []
        for cluster in self.made:
            cluster.down()
            report = cluster.sanitizer_reports()
            if report:
                reports.append(report)
            if failed:
                print(f"the cluster's files are kept in {cluster.dir}")
            elif not report:
                cluster.destroy()
        assert not reports, "\n".join(reports)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        item.session.stash.setdefault(FAILED, set()).add(str(item.path))


FAILED = pytest.StashKey()


def has_failed(request):
    return str(request.path) in request.session.stash.get(FAILED, set())


class Person:
    """A local user for tests, with a home below /tmp."""

    def __init__(self, name):
        entry = pwd.getpwnam(name)
        self.name, self.uid, self.gid, self.home = name, entry.pw_uid, entry.pw_gid, Path(entry.pw_dir)
        self.groups = sorted(os.getgrouplist(name, self.gid))
        self.prefix = ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--init-groups"]


HOMES = Path("/tmp/moisson-homes")
PEOPLE = ("moisson-t1", "moisson-t2")
CLUB = "moisson-club"  # a group of moisson-t1


def make_people():
    HOMES.mkdir(exist_ok=True)
    HOMES.chmod(0o755)
    if subprocess.run(["getent", "group", CLUB], stdout=subprocess.DEVNULL).returncode:
        subprocess.run(["groupadd", CLUB], check=True)
    for name in PEOPLE:
        if subprocess.run(["getent", "passwd", name], stdout=subprocess.DEVNULL).returncode:
            subprocess.run(["useradd", "--create-home", "--user-group", "--home-dir", str(HOMES / name), "--shell", "/bin/sh",
                            *(["--groups", CLUB] if name == PEOPLE[0] else []), name], check=True)
        home = Path(pwd.getpwnam(name).pw_dir)
        home.mkdir(exist_ok=True)
        os.chown(home, pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid)
        home.chmod(0o711)


def remove_people():
    for name in PEOPLE:
        subprocess.run(["userdel", "--force", name], stderr=subprocess.DEVNULL)
    subprocess.run(["groupdel", CLUB], stderr=subprocess.DEVNULL)
    shutil.rmtree(HOMES, ignore_errors=True)


@contextlib.contextmanager
def people_for():
    """Two users of this host. They are shared with other runs of tests, and removed by the last one."""
    with open("/run/moisson-test-people.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_people()
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield [Person(name) for name in PEOPLE]
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        remove_people()


@pytest.fixture(scope="session")
def people():
    if os.geteuid() != 0:
        pytest.skip("needs root, to make users and to become them")
    with people_for() as people:
        yield people


@pytest.fixture(scope="module")
def root_cluster(request, people):
    """A cluster in root mode for a whole file; root's commands are an operator's. The file may say CLUSTER = {...}."""
    made = Clusters()
    wanted = dict(getattr(request.module, "CLUSTER", {}))
    wanted["options"] = ["--root", *wanted.get("options", ())]
    yield made(**wanted)
    made.end(has_failed(request))


@pytest.fixture
def clusters(request):
    """A maker of clusters that live as long as the test: clusters (nodes=2, conf="KillWait=2")."""
    made = Clusters()
    yield made
    made.end(has_failed(request))


@pytest.fixture(scope="module")
def cluster(request):
    """One cluster for a whole file; the file may say CLUSTER = {"nodes": 2, ...}."""
    made = Clusters()
    yield made(**getattr(request.module, "CLUSTER", {}))
    made.end(has_failed(request))


def send_signal(pid, number=signal.SIGKILL):
    os.kill(int(pid), number)
