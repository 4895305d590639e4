"""The controller alone: real clients and sealed sessions, durable and recorded, and agents that run nothing
(virtual_nodes.c). Used by `run controller`."""
import os
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """CPU time of all threads of a process."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        words = stat.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICKS


def configuration(nodes):
    return (f"NodeName=v[1-{nodes}] CPUs=128 RealMemory=512000\n"
            "PartitionName=main Nodes=n1\n"
            f"PartitionName=virtual Nodes=v[1-{nodes}] Default=YES MaxTime=INFINITE\n"
            "MaxJobCount=3000000\nMaxArraySize=4000001\n")


class Field:
    """Virtual nodes beside the controller of a cluster."""

    def __init__(self, cluster, program, nodes, mean):
        self.cluster = cluster
        secrets = cluster.dir / "secrets"
        cluster.stop("ctld")
        subprocess.run([program, "keys", cluster.dir / "state", secrets, "v", str(nodes)], check=True)
        cluster.start("ctld")
        keys = dict(line.split("=", 1) for line in (cluster.dir / "moisson.conf").read_text().splitlines() if "=" in line)
        self.process = subprocess.Popen(
            [program, "run", "127.0.0.1", keys["SlurmctldPort"], keys["ControllerKey"], secrets, "v", str(nodes), "128",
             "512000", str(mean)], stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "up\n":
            raise SystemExit("bench: the virtual nodes did not come up")

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def sdiag(cluster):
    lines = (line.split(":", 1) for line in cluster.ok("sdiag").splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in lines}


def lives(cluster, tasks, seconds):
    """Run an array of so many tasks, or as many as end in that time: (how many, seconds, CPU seconds of the controller)."""
    pid = cluster.pid("ctld")
    before, cpu = time.monotonic(), cpu_seconds(pid)
    pending = tasks
    cluster.ok("sbatch", "--parsable", "--mem=100", "-o", "/dev/null", f"--array=0-{tasks - 1}", "--wrap=true")
    while pending and time.monotonic() - before < seconds:
        time.sleep(0.5)  # a look twice a second costs the controller little
        facts = sdiag(cluster)
        pending = int(facts["Jobs pending"]) + int(facts["Jobs running"])
    return tasks - pending, time.monotonic() - before, cpu_seconds(pid) - cpu
