"""Debian's own Slurm on loopback, in a directory of its own: munged, mariadbd, slurmdbd, slurmctld and a slurmd a node.

Every daemon runs in the foreground, is ours by its pid, and is ended when the peer is. Nothing of it is left on this host.
"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = {"/usr/sbin/slurmctld": "slurmctld", "/usr/sbin/slurmd": "slurmd", "/usr/bin/sbatch": "slurm-client",
            "/usr/sbin/slurmdbd": "slurmdbd", "/usr/sbin/mariadbd": "mariadb-server", "/usr/sbin/munged": "munge"}
CONF = """ClusterName=mini
SlurmctldPort={ctld}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={dir}/munge.socket
StateSaveLocation={dir}/state
SlurmdSpoolDir={dir}/spool/%n
SlurmctldPidFile={dir}/slurmctld.pid
SlurmdPidFile={dir}/%n.pid
SlurmctldLogFile={dir}/log/slurmctld.log
SlurmdLogFile={dir}/log/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/linux
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
PropagateResourceLimits=NONE
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={dbd}
AccountingStoragePass={dir}/munge.socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
{nodes}
{common}
"""
DBD_CONF = """AuthType=auth/munge
AuthInfo=socket={dir}/munge.socket
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={dbd}
SlurmUser=root
LogFile={dir}/log/slurmdbd.log
PidFile={dir}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={sql}
StorageUser=slurm
StoragePass=loopback
StorageLoc=slurm_acct_db
"""
TABLES = "CREATE DATABASE slurm_acct_db; CREATE USER slurm@'%' IDENTIFIED BY 'loopback'; GRANT ALL ON slurm_acct_db.* TO slurm@'%';"


class PeerError(Exception):
    """What did not work, in a sentence."""


def missing():
    """The Debian packages that are not there."""
    return [package for path, package in PROGRAMS.items() if not os.access(path, os.X_OK)]


def free_ports(count):
    """Ports that nobody listens on, found together so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(condition, what, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise PeerError(f"after {seconds:.0f} s, still not so: {what}")
        time.sleep(0.05)


class Slurm:
    """A cluster `mini` of Debian's Slurm. `common` is configuration that Moisson is given, too."""

    bin = Path("/usr/bin")

    def __init__(self, directory, nodes, node_words, common):
        self.dir = Path(directory)
        self.env = {"SLURM_CONF": str(self.dir / "slurm.conf")}
        self.nodes = nodes
        self.started = []
        for name in ("log", "state", "spool", "sql", "tmp"):
            (self.dir / name).mkdir(parents=True)
        ctld, dbd, sql, *slurmds = free_ports(3 + len(nodes))
        words = {"dir": self.dir, "host": socket.gethostname().split(".")[0], "ctld": ctld, "dbd": dbd, "sql": sql,
                 "common": common}
        words["nodes"] = "\n".join(f"NodeName={node} NodeHostname={words['host']} NodeAddr=127.0.0.1 Port={port} {node_words}"
                                   for node, port in zip(nodes, slurmds))
        self.write("slurm.conf", CONF.format(**words), 0o644)
        self.write("slurmdbd.conf", DBD_CONF.format(**words), 0o600)
        self.write("munge.key", os.urandom(128), 0o600)
        self.sql_port, self.dbd_port = sql, dbd

    def write(self, name, content, mode):
        path = self.dir / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)

    # --- daemons

    def daemon(self, name, *words):
        with open(self.dir / "log" / f"{name}.out", "wb") as out:
            process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                       cwd=self.dir, env=dict(os.environ, **self.env), start_new_session=True)
        self.started.append((name, process))
        return process

    def alive(self, what):
        for name, process in self.started:
            if process.poll() is not None:
                raise PeerError(f"{name} ended with {process.returncode} before {what}\n{self.logs(name)}")

    def wait(self, condition, what):
        wait_for(lambda: self.alive(what) or condition(), f"{what}\n{self.logs()}")

    def logs(self, name=""):
        texts = []
        for path in sorted((self.dir / "log").glob(f"{name}*")):
            texts.append("\n".join([f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-15:]]))
        return "\n".join(texts)

    def answers(self, *words):
        done = subprocess.run([str(word) for word in words], env=dict(os.environ, **self.env), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        return done.stdout if done.returncode == 0 else None

    def start(self):
        self.start_munge()
        self.start_database()
        self.daemon("slurmctld", "/usr/sbin/slurmctld", "-D", "-c")
        self.wait(lambda: "UP" in (self.answers("/usr/bin/scontrol", "ping") or ""), "slurmctld answers")
        for node in self.nodes:
            self.daemon(node, "/usr/sbin/slurmd", "-D", "-N", node)
        self.wait(lambda: set((self.answers("/usr/bin/sinfo", "-h", "-o", "%T") or "-").split()) == {"idle"}, "all nodes are idle")

    def start_munge(self):
        at = self.dir / "munge.socket"
        self.daemon("munged", "/usr/sbin/munged", "--foreground", "--force", f"--key-file={self.dir}/munge.key",
                    f"--socket={at}", f"--pid-file={self.dir}/munged.pid", f"--seed-file={self.dir}/munge.seed")
        self.wait(at.exists, "munged has its socket")

    def start_database(self):
        user = pwd.getpwnam("mysql")
        for name in ("sql", "tmp"):
            os.chown(self.dir / name, user.pw_uid, user.pw_gid)
        places = [f"--datadir={self.dir}/sql", "--user=mysql", f"--tmpdir={self.dir}/tmp"]
        done = subprocess.run(["/usr/bin/mariadb-install-db", "--no-defaults", *places, "--auth-root-authentication-method=normal",
                               "--skip-test-db"], capture_output=True, text=True, timeout=180)
        if done.returncode:
            raise PeerError(f"mariadb-install-db: {done.stdout}{done.stderr}")
        at = self.dir / "tmp" / "sql.socket"
        self.daemon("mariadbd", "/usr/sbin/mariadbd", "--no-defaults", *places, f"--socket={at}", "--bind-address=127.0.0.1",
                    f"--port={self.sql_port}", f"--pid-file={self.dir}/tmp/sql.pid", "--innodb-flush-log-at-trx-commit=0")
        sql = ("/usr/bin/mariadb", "--no-defaults", f"--socket={at}", "-u", "root", "-N", "-e")
        self.wait(lambda: self.answers(*sql, "SELECT 1") == "1\n", "mariadbd answers")
        self.answers(*sql, TABLES)
        self.daemon("slurmdbd", "/usr/sbin/slurmdbd", "-D")
        self.wait(lambda: self.answers("/usr/bin/sacctmgr", "-n", "list", "cluster") is not None, "slurmdbd answers")
        self.answers("/usr/bin/sacctmgr", "-i", "add", "cluster", "mini")

    def stop(self):
        for name, process in reversed(self.started):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.started = []

    def destroy(self):
        shutil.rmtree(self.dir, ignore_errors=True)
