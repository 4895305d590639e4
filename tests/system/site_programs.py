"""Programs of the site for tests: scripts in a directory that every user of the host can read and write."""
import shutil
import tempfile
from pathlib import Path


class Programs:
    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="moisson-programs-", dir="/tmp"))
        self.dir.chmod(0o777)

    def script(self, name, text):
        """A shell script; $D in it is this directory. Returns its path."""
        path = self.dir / name
        path.parent.mkdir(exist_ok=True)
        path.parent.chmod(0o777)
        path.write_text(f"#!/bin/sh\nD={self.dir}\n{text}\n")
        path.chmod(0o755)
        return path

    def note(self, name, text="x"):
        (self.dir / name).write_text(text)

    def drop(self, name):
        (self.dir / name).unlink()

    def has(self, name):
        return (self.dir / name).exists()

    def lines(self, name):
        path = self.dir / name
        return path.read_text().splitlines() if path.exists() else []

    def variables(self, name):
        """What `env` wrote into a file."""
        return dict(line.split("=", 1) for line in self.lines(name) if "=" in line)

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def node_state(cluster, node="n1"):
    return cluster.ok("sinfo", "-h", "-n", node, "-o", "%T").split()[0]


def node_reason(cluster, node="n1"):
    """Reason of `scontrol show node`, without the time: ("words", "who"); None: there is none."""
    out = cluster.ok("scontrol", "-o", "show", "node", node)
    if " Reason=" not in out:
        return None
    words, _, who = out.split(" Reason=", 1)[1].strip().rpartition(" [")
    return words, who.split("@")[0]
