"""Several hosts on this one, as root: each has its own name, network, processes, /etc, /tmp, /var and /run. They share /home
and, if asked, one directory of this host as /opt. A switch between them can cut a way and slow it down.

    hosts = Hosts (["ctl", "n1", "n2"], opt="build")
    hosts["n1"].run ("hostname")
    hosts.cut ("n1", "ctl")         # what n1 sends to ctl vanishes; nobody is told
    hosts.close ()

Everything hangs on processes that the kernel ends when the maker ends, however that happens: no name, link, rule or mount
is ever made outside them. Only directories can stay behind; the next maker removes those of makers that are gone.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
PREFIX = "moisson-hosts-"
GATEWAY = "169.254.1.1"  # the switch, as every host sees it
OWN = ("etc", "tmp", "var", "run")  # directories of / that each host has for itself
REAPER = """
import os, signal
signal.pthread_sigmask (signal.SIG_BLOCK, [signal.SIGCHLD])
print ("ready", flush=True)
while True:
    signal.sigwait ([signal.SIGCHLD])
    try:
        while os.waitpid (-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
"""
SETUP = """
hostname "$1"
mount --bind "$4" /opt
for own in etc tmp var run; do mount --bind "$own" "/$own"; done
mount --bind ../home /home
mount --bind boot_id /proc/sys/kernel/random/boot_id
exec "$2" -S -c "$3"
"""


def why_not():
    """Why there can be no hosts here; empty if there can."""
    if os.geteuid():
        return "not root: hosts need network, mount and process namespaces"
    for tool in ("ip", "unshare", "nsenter", "setpriv", "mount", "hostname"):
        if not shutil.which(tool):
            return f"{tool} is not installed (Debian: iproute2, util-linux, mount, hostname)"
    if not Path("/proc/self/ns/net").exists():
        return "this kernel has no network namespaces"
    tried = subprocess.run(["unshare", "--net", "--uts", "--ipc", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-ec",
                            "ip link add v0 type veth peer name v1; ip rule add from 10.99.0.1 to 10.99.0.2 blackhole"],
                           capture_output=True, text=True)
    return f"namespaces, veth or ip rule are not to be had here: {tried.stderr.strip()}" if tried.returncode else ""


def remove_stale():
    """Directories of makers that are gone. Everything else of theirs went with them."""
    for path in Path("/tmp").glob(PREFIX + "*"):
        maker = path.name[len(PREFIX):].partition("-")[0]
        if maker.isdigit() and not Path(f"/proc/{maker}").exists() and path.stat().st_uid == os.geteuid():
            shutil.rmtree(path, ignore_errors=True)


def checked(words, **kw):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, **kw)
    if done.returncode:
        raise RuntimeError(f"{words}: {done.stdout}{done.stderr}")
    return done.stdout


def child_of(pid):
    """The one child of a process."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(entry.read_text().rpartition(")")[2].split()[1]) == pid:
                return int(entry.parent.name)
        except (OSError, ValueError):
            pass
    raise RuntimeError(f"process {pid} has no child")


class Space:
    """Namespaces, held by a process that ends with this one."""

    def __init__(self, kinds, words, cwd):
        self.holder = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", "--fork", "--kill-child", *kinds, "--",
                                        *words], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "ready\n":
            self.close()
            raise RuntimeError(f"no namespaces: {words}")
        self.pid = child_of(self.holder.pid)

    def close(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()


class Host:
    def __init__(self, base, name, address, opt):
        self.name, self.address = name, address
        self.dir = base / name
        self.opt = opt or self.dir / "opt"
        self.space = None

    def furnish(self, table):
        """Directories as an installed system has them. /etc is a copy, so that users and names are its own."""
        shutil.copytree("/etc", self.dir / "etc", symlinks=True, ignore_dangling_symlinks=True)
        for path in ("munge", "moisson", "slurm"):  # this host's own are nobody's business
            shutil.rmtree(self.dir / "etc" / path, ignore_errors=True)
        for path in ("tmp", "opt", "run/lock", "var/lib", "var/log", "var/spool", "var/cache", "var/tmp", "etc/moisson"):
            (self.dir / path).mkdir(parents=True, exist_ok=True)
        for path in ("tmp", "var/tmp", "run/lock"):
            (self.dir / path).chmod(0o1777)
        (self.dir / "var/run").symlink_to("../run")
        (self.dir / "etc/hostname").write_text(self.name + "\n")
        (self.dir / "etc/hosts").write_text("127.0.0.1 localhost\n" + table)
        (self.dir / "etc/resolv.conf").unlink(missing_ok=True)

    def boot(self):
        (self.dir / "boot_id").write_text(f"{uuid.uuid4()}\n")
        self.space = Space(["--net", "--uts", "--ipc", "--mount", "--pid", "--mount-proc"],
                           ["sh", "-ec", SETUP, "sh", self.name, sys.executable, REAPER, str(self.opt)], self.dir)

    def crash(self):
        """Power failure: every process of it is gone. What it had written stays; boot () starts it again."""
        self.space.close()

    def words(self, user=None, cwd="/"):
        """What stands before a command to run it here."""
        words = ["nsenter", "-t", str(self.space.pid), "-m", "-u", "-i", "-n", "-p", f"--wdns={cwd}", "--"]
        return words + ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"] if user else words

    def run(self, *words, user=None, cwd="/", **kw):
        kw = {"capture_output": True, "text": True, "timeout": 60, **kw}
        return subprocess.run([*self.words(user, cwd), *map(str, words)], **kw)

    def ok(self, *words, **kw):
        done = self.run(*words, **kw)
        assert done.returncode == 0, f"{self.name}: {words}: {done}"
        return done.stdout

    def spawn(self, *words, user=None, cwd="/", **kw):
        return subprocess.Popen([*self.words(user, cwd), *map(str, words)], **kw)

    def path(self, path):
        """A file of this host, as it is called outside."""
        top = Path(path).parts[1]
        if top == "opt":
            return self.opt / Path(path).relative_to("/opt")
        return (self.dir if top in OWN else self.dir.parent if top == "home" else Path("/")) / str(path).lstrip("/")


class Hosts:
    def __init__(self, names, opt=None):
        remove_stale()
        self.base = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir="/tmp"))
        self.base.chmod(0o755)
        (self.base / "home").mkdir()
        self.hosts = {name: Host(self.base, name, f"10.99.0.{n}", opt) for n, name in enumerate(names, 1)}
        self.cuts, self.slow, self.switch = set(), None, None
        table = "".join(f"{host.address} {name}\n" for name, host in self.hosts.items())
        try:
            self.switch = Space(["--net"], [sys.executable, "-S", "-c", REAPER], "/")
            self.on_switch("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
            for host in self.hosts.values():
                host.furnish(table)
                self.boot(host.name)
        except BaseException:
            self.close()
            raise

    def __getitem__(self, name):
        return self.hosts[name]

    def boot(self, name):
        host = self.hosts[name]
        link = f"to-{name}"
        self.on_switch("sh", "-c", f"ip link del {link} 2>/dev/null || :")  # of an earlier boot; the kernel is slow to do it
        host.boot()
        self.on_switch("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", host.space.pid)
        self.on_switch("ip", "address", "add", f"{GATEWAY}/32", "dev", link)
        self.on_switch("ip", "link", "set", link, "up")
        host.ok("sh", "-ec", f"ip link set lo up; ip address add {host.address}/32 dev eth0; ip link set eth0 up; "
                             f"ip route add default via {GATEWAY} dev eth0 onlink")
        self.on_switch("ip", "route", "replace", f"{host.address}/32", "dev", link)

    def on_switch(self, *words):
        return checked(["nsenter", "-t", self.switch.pid, "-n", "--", *words])

    # --- ways

    def rule(self, verb, source, target):
        self.on_switch("ip", "rule", verb, "pref", 10, "from", self.hosts[source].address, "to", self.hosts[target].address,
                       "blackhole")

    def cut(self, source, target):
        """What source sends to target is lost from now on, what is on its way too. The other way stays open."""
        if (source, target) not in self.cuts:
            self.rule("add", source, target)
            self.cuts.add((source, target))

    def cut_both(self, one, other):
        self.cut(one, other)
        self.cut(other, one)

    def heal(self):
        for source, target in self.cuts:
            self.rule("del", source, target)
        self.cuts.clear()

    def delay(self, name, ms):
        """All that one host sends and receives takes so much longer; for one host at a time."""
        self.no_delay()
        address = self.hosts[name].address
        self.slow = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "nsenter", "-t", str(self.switch.pid), "-n", "--",
                                      sys.executable, "-S", str(HERE / "slow_link.py"), str(ms)],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert self.slow.stdout.readline() == "ready\n", "no slow link: is there /dev/net/tun?"
        self.on_switch("sh", "-ec", "ip link set slow0 up; ip route replace default dev slow0 table 100; "
                       "ip rule add pref 11 iif slow0 lookup main; "
                       f"ip rule add pref 12 from {address} lookup 100; ip rule add pref 12 to {address} lookup 100")

    def no_delay(self):
        if self.slow:
            self.on_switch("sh", "-ec", "for pref in 11 12 12; do ip rule del pref $pref; done")
            self.slow.kill()
            self.slow.wait()
            self.slow.stdout.close()
            self.slow = None

    # --- the end

    def close(self, keep=False):
        if self.slow:
            self.no_delay()
        for host in self.hosts.values():
            if host.space:
                host.space.close()
        if self.switch:
            self.switch.close()
        if keep:
            print(f"the hosts' files are kept in {self.base} until the next test with hosts")
            return
        deadline = time.monotonic() + 10  # the last processes of a namespace end a moment after its first
        while self.base.exists() and time.monotonic() < deadline:
            shutil.rmtree(self.base, ignore_errors=True)
