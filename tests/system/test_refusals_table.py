"""Wrong words of every kind, and what is said about each: tests/data/refusals.

A table is a transcript: `$ COMMAND`, then its whole stderr. Each command must fail (exit status 1), print nothing else, and leave
queue, records and nodes as they were. {held}, {done} and {running} are jobs, {unknown} is none.
"""
import re
import shlex

import pytest
from conftest import SOURCE

CONF = ("PartitionName=main Nodes=ALL Default=YES MaxTime=60 State=UP\nPartitionName=closed Nodes=n1 State=DOWN\n"
        "MaxArraySize=1001")
CLUSTER = {"nodes": 2, "cpus": 4, "mem": 4000, "conf": CONF}
TABLES = SOURCE / "tests" / "data" / "refusals"
SCRIPTS = {"good.sh": b"#!/bin/sh\ntrue\n", "nofirst.sh": b"echo no\n", "dos.sh": b"#!/bin/sh\r\ntrue\r\n", "empty.sh": b"",
           "badoption.sh": b"#!/bin/sh\n#SBATCH --no-such-option\n", "badvalue.sh": b"#!/bin/sh\n\n#SBATCH --time=soon\n",
           "binary.sh": b"\x7fELF\0\0\0", "quote.sh": b"#!/bin/sh\n#SBATCH -J 'open\n"}
# One sentence, then what follows from it, each on a line of its own; or the last line of getopt_long's users.
SHAPE = re.compile(r"\S.*\n(        why: \S.*\n)?(        fix: \S.*\n)?|\w+: \S.*\nTry \"[\w ]+ --help\" for more information\n")
FOREVER = "until [ -e go-refusals ]; do sleep 0.05; done"


def table(name):
    """Pairs of command and stderr, and the lines with # between them left out."""
    text = "".join(line for line in (TABLES / name).read_text().splitlines(True) if not line.startswith("#"))
    return [tuple(entry.split("\n", 1)) for entry in re.split(r"(?m)^\$ ", text)[1:]]


def fill(text, known):
    return re.sub(r"\{(\w+)\}", lambda match: known.get(match.group(1), match.group(0)), text)


def jobs(cluster):
    known = {"unknown": "999999", "work": str(cluster.work), "dir": str(cluster.dir), "user": cluster.ok("id", "-un").strip()}
    known["held"] = cluster.sbatch("--hold")
    known["done"] = cluster.completed()
    known["running"] = cluster.sbatch(script=FOREVER)
    known["array"] = cluster.sbatch("--hold", "--array=1-3")
    cluster.wait_state(known["running"], "RUNNING")
    return known


def all_there_is(cluster):
    """Everything that a refused command could have changed, in words that time alone does not change."""
    return [cluster.ok("squeue", "-a", "-r", "-t", "all", "-o", "%i %T %P %l %C %D %m %j %u %Q %r %N %E %k"),
            cluster.ok("sacct", "-a", "-P", "-o", "JobID,State,ExitCode,JobName,Partition,Timelimit,NodeList"),
            cluster.ok("sinfo", "-N", "-o", "%n %T %C %E"), cluster.ok("scontrol", "show", "partition")]


def check(cluster, known, command, said):
    words = shlex.split(fill(command, known))
    env = {}
    while re.match(r"[A-Z_]+=", words[0]):
        name, value = words.pop(0).split("=", 1)
        env[name] = value
    done = cluster.run(*words, env=env)
    assert (done.returncode, done.stdout) == (1, ""), done
    assert done.stderr == fill(said, known)
    assert SHAPE.fullmatch(done.stderr), done.stderr


@pytest.fixture(scope="module")
def known(cluster):
    for name, content in SCRIPTS.items():
        (cluster.work / name).write_bytes(content)
    known = jobs(cluster)
    before = all_there_is(cluster)
    yield known
    assert all_there_is(cluster) == before, "a refused command has changed something"
    assert int(cluster.sbatch("--hold")) == int(known["array"]) + 1, "a refused submit takes no id"
    (cluster.work / "go-refusals").touch()


COMMANDS = table("commands")


def test_the_table_is_as_long_as_promised():
    assert len(COMMANDS) >= 300 and len({command for command, _ in COMMANDS}) == len(COMMANDS)
    tools = {word for command, _ in COMMANDS for word in command.split() if not re.match(r"[A-Z_]+=", word)}
    assert {"sbatch", "squeue", "scancel", "sinfo", "scontrol", "sacct", "moisson"} <= tools


@pytest.mark.parametrize("command, said", COMMANDS, ids=[command for command, _ in COMMANDS])
def test_wrong_words(cluster, known, command, said):
    check(cluster, known, command, said)


# --- what belongs to others

@pytest.fixture(scope="module")
def owner(root_cluster, people):
    return root_cluster.as_user(people[0])


@pytest.fixture(scope="module")
def stranger(root_cluster, people):
    his = root_cluster.as_user(people[1])
    secret = his.script("true", "secret.sh")
    secret.chmod(0)
    return his


@pytest.fixture(scope="module")
def theirs(root_cluster, owner):
    known = jobs(owner)
    before = all_there_is(root_cluster)
    yield known
    assert all_there_is(root_cluster) == before, "a refused command has changed something"
    (owner.work / "go-refusals").touch()


@pytest.mark.parametrize("command, said", table("permissions"), ids=[command for command, _ in table("permissions")])
def test_what_is_not_permitted(stranger, theirs, command, said):
    check(stranger, theirs, command, said)
