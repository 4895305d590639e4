"""A node that knows nothing of the cluster but where the controller is, and its key: no configuration, a spool of its own."""
import os
import re
import subprocess

from conftest import clean_environment, process_lives, wait_gone, wait_until


class LoneNode:
    def __init__(self, cluster, name, spool=None):
        self.cluster, self.name = cluster, name
        self.spool = spool or cluster.dir / f"lone-{name}"
        self.log_path = cluster.dir / "log" / f"lone-{name}.out"
        self.env = {k: v for k, v in clean_environment().items() if not k.startswith("MOISSON_")}
        self.env["PATH"] = f"{cluster.bin}:{self.env['PATH']}"
        self.env["MOISSON_CONF"] = "/nonexistent/moisson.conf"
        self.daemon = self.asking = None

    # --- enrolment

    def controller(self):
        return f"127.0.0.1:{(self.cluster.dir / 'run' / 'port').read_text().strip()}"

    def key(self):
        return self.cluster.key

    def words(self, *options, controller=None, key=None):
        return ["moisson", "node", "enroll", "--controller", controller or self.controller(), "--key", key or self.key(),
                "--spool", str(self.spool), *options, self.name]

    def enroll(self, *options, timeout=60, **kw):
        return self.cluster.run(*self.words(*options, **kw), only_env=self.env, timeout=timeout)

    def enroll_waiting(self, *options, **kw):
        """The command as a process that waits for an operator."""
        words = self.words(*options, **kw)
        words[0] = str(self.cluster.bin / words[0])
        self.asking = subprocess.Popen(words, env=self.env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
        return self.asking

    def fingerprint(self):
        out = self.cluster.ok("moisson", "node", "fingerprint", "--spool", self.spool, self.name, only_env=self.env)
        name, fingerprint = out.split()
        assert name == self.name and re.fullmatch(r"([0-9a-f]{4}-){4}[0-9a-f]{4}", fingerprint), out
        return fingerprint

    def join(self, *options):
        """Ask, be accepted, get the keys."""
        self.enroll("--no-wait", *[o for o in options if o == "--new-key"])
        accept = self.cluster.run("moisson", "node", "accept", *[o for o in options if o == "--replace"], self.name,
                                  self.fingerprint())
        assert accept.returncode == 0, accept
        done = self.enroll()
        assert done.returncode == 0 and "is enrolled" in done.stdout, done

    # --- the daemon

    def start(self, *options, env=None):
        environment = dict(self.env, **(env or {}))
        if os.environ.get("ASAN_OPTIONS") is None:
            environment["ASAN_OPTIONS"] = f"log_path={self.cluster.dir}/log/sanitizer"
        with open(self.log_path, "a") as log:
            self.daemon = subprocess.Popen([str(self.cluster.bin / "moissond"), "-N", self.name,
                                            *(options or ("--spool", str(self.spool)))],
                                           env=environment, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           start_new_session=True)
        return self

    def log(self):
        """What was said before a log file was known, and in it."""
        path = self.cluster.dir / "log" / f"{self.name}.log"
        return self.log_path.read_text() + (path.read_text() if path.exists() else "")

    def wait_log(self, words, seconds=60):
        wait_until(lambda: words in self.log(), lambda: f"'{words}' in the log of {self.name}:\n{self.log()}", seconds)

    def wait_up(self):
        wait_until(lambda: self.state() in ("idle", "mixed", "allocated"),
                   lambda: f"{self.name} is up, not {self.state()}\n{self.log()}")

    def state(self):
        return self.cluster.ok("sinfo", "-h", "-N", "-n", self.name, "-o", "%T").strip()

    def stop(self):
        if self.asking and self.asking.poll() is None:
            self.asking.kill()
            self.asking.communicate()
        if self.daemon and self.daemon.poll() is None:
            self.daemon.terminate()
            self.daemon.wait(30)

    def kill9(self):
        self.daemon.kill()
        self.daemon.wait(30)
        wait_until(lambda: not self.agent_lives(), "the agent has left its launcher")

    def agent_lives(self):
        path = self.cluster.dir / "run" / f"{self.name}.agent.pid"
        try:
            return process_lives(path.read_text())
        except (FileNotFoundError, ValueError):  # it is going, or coming
            return False


def stop_configured(cluster, name):
    """The node that minicluster made of that name, out of the way of a lone one."""
    pid = cluster.pid(name)
    cluster.stop(name)
    wait_gone(pid)
