"""Item by item of tests/data/matrix.py: accepted, and meaning what it means to Slurm's users."""
import re
import sys

import pytest
from conftest import SOURCE

sys.path.insert(0, str(SOURCE / "tests" / "data"))
import matrix  # noqa: E402

CLUSTER = {"nodes": 2, "cpus": 4, "mem": 4000, "gpus": 2, "node": "Feature=red,blue",
           "conf": "PartitionName=main Nodes=ALL Default=YES MaxTime=2-00:00:00 DefaultTime=30 DefMemPerCPU=100 State=UP\n"
                   "PartitionName=other Nodes=n1 MaxTime=2-00:00:00 State=UP\nMinJobAge=600"}


@pytest.fixture(scope="module")
def known(cluster):
    words = {"user": cluster.ok("id", "-un").strip(), "held": cluster.sbatch("-H"), "array": cluster.sbatch("-H", "-a", "1-3"),
             "running": cluster.sbatch("-J", "c-x", "-A", "lab", script="until [ -e go-matrix ]; do sleep 0.05; done")}
    cluster.wait_state(words["running"], "RUNNING")
    yield words
    (cluster.work / "go-matrix").touch()


def words_of(text, known):
    return re.sub(r"\{(\w+)\}", lambda match: known[match.group(1)], text).split()


def shows(cluster, job, wanted):
    found = cluster.show(job)
    for key, pattern in wanted.items():
        assert key in found and re.fullmatch(pattern, found[key]), f"{key}={found.get(key)}, not {pattern}"


def submit(cluster, words, env=None):
    """A job that waits for 2034 unless its words give another time."""
    later = [] if {"-b", "--begin=now+60", "-H"} & set(words) else ["--begin=2034-01-01"]
    done = cluster.run("sbatch", "--parsable", *later, *words, stdin="#!/bin/sh\ntrue\n", env=env)
    assert done.returncode == 0 and ("-v" in words or not done.stderr), done
    return re.match(r"\d+", done.stdout).group(0)


@pytest.mark.parametrize("words, wanted", matrix.OPTIONS, ids=[" ".join(words) for words, _ in matrix.OPTIONS])
def test_options_of_sbatch(cluster, words, wanted):
    job = submit(cluster, words)
    shows(cluster, job, wanted)
    cluster.ok("scancel", job)


@pytest.mark.parametrize("name, value, wanted", matrix.SBATCH_ENVIRONMENT, ids=[row[0] for row in matrix.SBATCH_ENVIRONMENT])
def test_environment_of_sbatch(cluster, name, value, wanted):
    more = ["--gpus=1"] if name == "SBATCH_CPUS_PER_GPU" else []
    job = submit(cluster, more, env={name: value})
    shows(cluster, job, wanted)
    cluster.ok("scancel", job)


def test_columns_of_squeue(cluster, known):
    for letter in matrix.SQUEUE_LETTERS:
        assert cluster.ok("squeue", "-h", "-j", known["running"], "-o", f"<%{letter}>").startswith("<"), letter
    out = cluster.ok("squeue", "-h", "-j", known["running"], "-O", ",".join(f"{name}:|" for name in matrix.SQUEUE_NAMES))
    assert out.count("|") == len(matrix.SQUEUE_NAMES) and out.count("\n") == 1


def test_columns_of_sinfo(cluster):
    for letter in matrix.SINFO_LETTERS:
        assert cluster.ok("sinfo", "-h", "-p", "main", "-o", f"<%{letter}>").startswith("<"), letter
    out = cluster.ok("sinfo", "-h", "-N", "-p", "main", "-O", ",".join(f"{name}:|" for name in matrix.SINFO_NAMES))
    assert {line.count("|") for line in out.splitlines()} == {len(matrix.SINFO_NAMES)}


def test_columns_of_sacct(cluster, known):
    out = cluster.ok("sacct", "-n", "-X", "-P", "-j", known["running"], "-o", ",".join(matrix.SACCT_NAMES).lower())
    assert out.count("|") == len(matrix.SACCT_NAMES) - 1 and out.count("\n") == 1
    offered = cluster.ok("sacct", "--helpformat").split()
    assert set(matrix.SACCT_NAMES) <= set(offered)


@pytest.mark.parametrize("what", matrix.SHOW)
def test_keys_of_scontrol_show(cluster, known, what):
    words = words_of(what, known)
    out = cluster.ok("scontrol", "show", *words)
    one = cluster.ok("scontrol", "-o", "show", *words)
    for key in matrix.SHOW[what]:
        assert re.search(rf"(?m)(^|\s){re.escape(key)}=", out), key
        assert re.search(rf"(^| ){re.escape(key)}=", one), key
    assert all(line == "" or line.startswith("   ") for line in out.split("\n")[1:]) and one.count("\n") == 1


def test_keys_of_the_configuration(cluster):
    lines = cluster.ok("scontrol", "show", "config").splitlines()
    values = dict(match.groups() for match in (re.match(r"^(\S+) += (.*)$", line) for line in lines) if match)
    assert not [key for key in matrix.CONFIG if key not in values]
    assert re.fullmatch(r"\d+ sec", values["MinJobAge"]) and re.fullmatch(r"\d+ sec", values["SchedulerTimeSlice"])


@pytest.mark.parametrize("words", matrix.ABBREVIATIONS)
def test_words_of_scontrol(cluster, known, words):
    assert cluster.ok("scontrol", *words_of(words, known))


@pytest.mark.parametrize("words", matrix.QUERIES)
def test_queries(cluster, known, words):
    cluster.ok(*words_of(words, known))


@pytest.mark.parametrize("word", matrix.STATES)
def test_words_for_states(cluster, known, word):
    for spelled in (word, word.lower()):
        cluster.ok("squeue", "-h", "-t", spelled)
        cluster.ok("sacct", "-n", "-s", spelled)


def environment(cluster, *words):
    job = cluster.completed("-o", "env-%j", *words, script="env")
    path = next(cluster.work.glob(f"env-{job}")) if "-a" not in words else next(iter(sorted(cluster.work.glob("env-*"), key=lambda p: p.stat().st_mtime, reverse=True)))
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)


def test_environment_of_a_job(cluster):
    plain = environment(cluster)
    assert not [name for name in matrix.ALWAYS if name not in plain]
    for words, names in matrix.ONLY_ASKED:
        assert not [name for name in names if name in plain], "only where it is asked for"
        asked = environment(cluster, *words)
        assert not [name for name in names if name not in asked], words
