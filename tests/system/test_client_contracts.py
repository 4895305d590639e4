"""The command lines of real clients, and what each reads from the answers: tests/data/clients, one list a kind of client.

A submit says what the client runs (`words`; `script` is a file, `stdin` its input), how it finds the id, and what the job then
writes and sacct says. A query says the words and how the client takes the answer apart; {done}, {held}... are jobs of this file.
"""
import json
import re
import sys
import time

import pytest
from conftest import SOURCE

sys.path.insert(0, str(SOURCE / "tests" / "data"))
from clients import grid, libraries, parsers, portals, workflows  # noqa: E402

CLUSTER = {"nodes": 2, "cpus": 4, "mem": 4000,
           "conf": "PartitionName=main Nodes=ALL Default=YES MaxTime=1-12:00:00 DefaultTime=30 DefMemPerCPU=100 State=UP\nMinJobAge=600"}
KINDS = (grid, workflows, libraries, portals)
SUBMITS = [row for kind in KINDS for row in kind.SUBMITS]
QUERIES = [row for kind in KINDS for row in kind.QUERIES]


def named(row):
    words = re.sub(r"[^\w,.=%{}-]+", " ", " ".join(row["words"]))
    return f"{row['client']}: {words[:60]}".replace(" ", "_")


@pytest.fixture(scope="module")
def known(cluster):
    """Jobs in every state that lasts, and the other names that the tables use."""
    word = {"unknown": "999999", "work": str(cluster.work), "bin": str(cluster.bin), "today": time.strftime("%Y-%m-%d"),
            "hour": time.strftime("%Y-%m-%dT%H:00"), "hour_utc": time.strftime("%Y-%m-%dT%H:00:00", time.gmtime()),
            "user": cluster.ok("id", "-un").strip(), "uid": cluster.ok("id", "-u").strip()}
    forever = "until [ -e go-contracts ]; do sleep 0.05; done"
    word["done"] = cluster.sbatch("-J", "c-done")
    word["failed"] = cluster.sbatch("-J", "c-failed", script="exit 3")
    word["killed"] = cluster.sbatch("-J", "c-killed", script=forever)
    word["running"] = cluster.sbatch("-J", "c-running", script=forever)
    word["held"] = cluster.sbatch("-J", "c-held", "--hold")
    word["gone"] = cluster.sbatch("-J", "c-gone", "--hold")
    word["waits"] = cluster.sbatch("-J", "c-waits", f"--dependency=afterok:{word['held']}")
    word["later"] = cluster.sbatch("-J", "c-later", "--begin=2035-01-01")
    word["array"] = cluster.sbatch("-J", "c-array", "--hold", "--array=0-4%2")
    cluster.ok("scancel", word["gone"])
    cluster.wait_state(word["killed"], "RUNNING")
    cluster.ok("scancel", word["killed"])
    for job, state in (("done", "COMPLETED"), ("failed", "FAILED"), ("killed", "CANCELLED"), ("running", "RUNNING")):
        cluster.wait_state(word[job], state)
    yield word
    (cluster.work / "go-contracts").touch()


def fill(value, known):
    """The text (list, dictionary) with {names} replaced; other braces stay."""
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda m: known.get(m.group(1), m.group(0)), value)
    if isinstance(value, list):
        return [fill(one, known) for one in value]
    return {fill(key, known): fill(one, known) for key, one in value.items()} if isinstance(value, dict) else value


def run(cluster, row, known, **kw):
    if "only_env" in row:
        kw["only_env"] = {"MOISSON_CONF": cluster.env["MOISSON_CONF"]}
    return cluster.run(*fill(row["words"], known), env=row.get("env"), **kw)


# --- submits

def job_of(row, stdout):
    if "sed" in row:  # the whole text must become a number
        match = re.fullmatch(row["sed"], stdout.rstrip("\n"))
    else:
        match = (re.match if row.get("find") == "match" else re.search)(row["id"], stdout)
    assert match, f"{row['client']} finds no id in {stdout!r}"
    return next(group for group in match.groups() if group)


@pytest.mark.parametrize("row", SUBMITS, ids=named)
def test_submits(cluster, known, row):
    script = cluster.work / "contract.sh"
    known = dict(known, script=str(script))
    if "script" in row:
        script.write_text(fill(row["script"], known))
    done = run(cluster, row, known, stdin=fill(row["stdin"], known) if "stdin" in row else None)
    assert (done.returncode, done.stderr) == (0, ""), done
    job = known["id"] = job_of(row, done.stdout)
    assert cluster.ok("squeue", "-h", "-t", "all", "-j", f"{job},{job}", "-o", "%F").split()[0] == job
    if row.get("cancel"):
        cluster.ok("scancel", job)
        return
    if row.get("deleted"):
        script.unlink()
    cluster.wait_state(job, "COMPLETED")
    for name, text in fill(row.get("writes", {}), known).items():
        assert (cluster.work / name).read_text() == text, name
    for name, pattern in row.get("has", {}).items():
        assert re.fullmatch(pattern, (cluster.work / name).read_text()), name
    for field, value in row.get("acct", {}).items():
        assert cluster.acct_one(job, field) == [value], field


# --- queries

def check_rows(row, lines, known):
    """Every line as the client splits it; then the lines of known jobs, each with the values it must have."""
    pattern = re.compile(fill(row.get("row") or row.get("some_rows"), known))
    matches = []
    for line in lines:
        match = pattern.fullmatch(line)
        assert match or "some_rows" in row, f"not as {row['client']} reads it: {line!r}"
        matches += [match] if match else []
    assert len(matches) == row.get("count", len(matches)), lines
    for wanted in ("want", "first"):
        for name, values in row.get(wanted, {}).items():
            found = [match for match in matches if match.group("id") == known[name]]
            assert found, f"no line of {name}, {known[name]}: {lines}"
            for match in found[:1] if wanted == "first" else found:
                got = {key: match.group(key) for key in values}
                assert got == fill(values, known), name
    for name in row.get("absent", []):
        assert known[name] not in [match.group("id") for match in matches], name


def check_header(row, lines):
    if "header" not in row:
        return lines
    same = re.fullmatch(row["header"], lines[0]) if row.get("header_is") == "regex" else lines[0] == row["header"]
    assert same, lines[0]
    return lines[1:]


def check_json(row, out):
    for line in out.splitlines() if "json_lines" in row else ():
        value = json.loads(line)
        for key, kind in row["json_lines"].items():
            assert isinstance(value[key], kind), line
    for one in json.loads(out)[row["json"]] if "json" in row else ():
        assert not [key for key in row["keys"] if key not in one], sorted(one)


@pytest.mark.parametrize("row", QUERIES, ids=named)
def test_queries(cluster, known, row):
    done = run(cluster, row, known)
    err = fill(row.get("err"), known)
    assert done.returncode == row.get("rc", 0), done
    assert done.stderr == (err or "") or "has_err" in row, done
    for text in row.get("has_err", []):
        assert text in done.stderr
    out = done.stdout
    if done.returncode:
        assert out == ""
    if "out" in row:
        assert re.fullmatch(fill(row["out"], known), out), out
    for pattern in row.get("has", []):
        assert re.search(fill(pattern, known), out), f"no {fill(pattern, known)} in {out}"
    if "row" in row or "some_rows" in row:
        check_rows(row, check_header(row, out.split("\n")[:-1]), known)
    if "word" in row:
        lines = [line for line in out.splitlines() if fill(row["find_line"], known) in line]
        index, word = row["word"]
        assert lines and lines[0].split()[index] == word, out
    if "same_bars" in row:
        assert len({line.count("|") for line in out.splitlines()[:2]}) == 1, out
    check_json(row, out)


# --- conclusions

class Said:
    """An answer, and what the client knew when it asked."""

    def __init__(self, done, jobs, job=None):
        self.out, self.err, self.code, self.jobs, self.job = done.stdout, done.stderr, done.returncode, jobs, job


@pytest.mark.parametrize("row", parsers.CONCLUSIONS, ids=named)
def test_conclusions(cluster, known, row):
    jobs = [known[name] for name in ("done", "failed", "killed", "held", "running", "gone", "waits", "later")]
    if row.get("each"):
        found = {known[name]: row["rule"](Said(run(cluster, row, dict(known, id=known[name])), jobs, known[name]))
                 for name in row["says"]}
    else:
        found = row["rule"](Said(run(cluster, row, known), jobs))
    assert {name: found.get(known[name]) for name in row["says"]} == row["says"]
