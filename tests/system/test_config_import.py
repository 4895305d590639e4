"""`moisson config import`: slurm.conf files as sites have them; what is written is accepted, and every line is accounted for."""
import os
import re
import subprocess
from pathlib import Path

import pytest
from conftest import SOURCE, clean_environment

DATA = SOURCE / "tests" / "data" / "slurm-conf"
MOISSON = Path(os.environ.get("MOISSON_BIN") or SOURCE / "build-check" / "bin") / "moisson"


def run(*words, cwd=None):
    return subprocess.run([MOISSON, "config", *map(str, words)], capture_output=True, text=True, cwd=cwd,
                          env=clean_environment())


def imported(tmp_path, name):
    source = DATA / name
    gres = [source / "gres.conf"] if (source / "gres.conf").exists() else []
    done = run("import", "-o", tmp_path / "moisson.conf", source / "slurm.conf", *gres)
    return done, done.stdout.replace(f"{source}/", "")


@pytest.mark.parametrize("name, status", [("small", 0), ("gpu", 2), ("site", 0)])
def test_what_is_written_is_accepted(tmp_path, name, status):
    done, _ = imported(tmp_path, name)
    assert (done.returncode, done.stderr) == (status, "")
    assert "is correct" in run("check", tmp_path / "moisson.conf").stdout
    again = run("import", "-q", tmp_path / "moisson.conf")
    assert "0 to be decided" in again.stdout and again.returncode == 0, "what was written carries over"


@pytest.mark.parametrize("name", ["small", "gpu", "site"])
def test_every_key_is_accounted_for(tmp_path, name):
    _, said = imported(tmp_path, name)
    for path in sorted((DATA / name).iterdir()):
        text = re.sub(r"\\\n\s*", "", path.read_text())
        for line in text.splitlines():
            line = line.split("#")[0].strip()
            for key in re.findall(r"(?:^|\s)(\w+)\s*=", line):
                assert re.search(rf"(?m)^[\w.]+:\d+: (.* )?{key} ?=.*: (carried over|changed|dropped|decide)", said), (key, line)
    count = re.search(r"(\d+) carried over, (\d+) changed, (\d+) dropped, (\d+) to be decided\n$", said)
    verdicts = [len(re.findall(rf"(?m)^.*?: {word}(?::|$)", said)) for word in ("carried over", "changed", "dropped", "decide")]
    assert verdicts == [int(n) for n in count.groups()]


def test_what_changes_and_what_is_lost_is_said_with_its_line(tmp_path):
    _, said = imported(tmp_path, "gpu")
    for words in ("slurm.conf:3: ControlMachine=ctl1: carried over: as SlurmctldHost",
                  "slurm.conf:5: BackupController=ctl2: dropped: there is one controller",
                  "slurm.conf:17: SchedulerParameters=bf_max_job_test=1000,bf_window=10080,bf_continue,defer: changed: ",
                  "slurm.conf:38: Include nodes.conf: changed: what it holds is written in its place",
                  "nodes.conf:4: State=DRAINED: changed: written as State=DRAIN",
                  "nodes.conf:6: NodeName=cloud[1-10]: dropped: ",
                  "gres.conf:3: Links=-1,1: dropped: "):
        assert words in said, words
    assert re.search(r"slurm.conf:44: PartitionName=debug .*: decide: .*DefaultTime is longer than MaxTime", said)
    written = (tmp_path / "moisson.conf").read_text()
    assert "SlurmctldHost=ctl1\n" in written and "SlurmctldAddr=192.168.7.10\n" in written
    assert re.search(r"(?m)^NodeName=c\[001-040\] ", written) and re.search(r"(?m)^# NodeName=cloud\[1-10\]", written)
    assert "Name=gpu" in (tmp_path / "gres.conf").read_text()


def test_nobody_is_let_in_who_was_kept_out(tmp_path):
    done, said = imported(tmp_path, "site")
    shown = (tmp_path / "moisson.conf").read_text()
    for partition in ("physics", "staff"):
        (line,) = re.findall(rf"(?m)^PartitionName={partition} .*$", shown)
        access = re.search(r"Allow\w+=(?!ALL)\S+", line)
        assert access or line.endswith("State=DOWN"), line
    (line,) = re.findall(r"(?m)^PartitionName=short .*$", shown)
    assert "State=UP" in line
    assert "this line is broken: dropped" in said and "FrobnicateLevel=3: dropped: no such key is known here" in said


def test_what_cannot_be_imported_is_refused(tmp_path):
    (tmp_path / "empty.conf").write_text("ClusterName=x\n")
    (tmp_path / "binary.conf").write_bytes(b"ClusterName=x\0y\n")
    (tmp_path / "loop.conf").write_text("ClusterName=x\nSlurmctldHost=h\nInclude loop.conf\nNodeName=n1 CPUs=1\n"
                                        "PartitionName=p Nodes=n1\n")
    for words, said in ((["import"], "name one slurm.conf"), (["import", "/none"], "/none"),
                        (["import", tmp_path / "empty.conf"], "what is left is no configuration"),
                        (["import", tmp_path / "binary.conf"], "zero byte"),
                        (["import", "a", "b", "c"], "name one slurm.conf")):
        done = run(*words)
        assert done.returncode == 1 and said in done.stderr and "fix: " in done.stderr, words
    done = run("import", tmp_path / "loop.conf")
    assert done.returncode == 2 and "files include each other eight deep" in done.stdout
    first = run("import", "-o", tmp_path / "new.conf", DATA / "small" / "slurm.conf")
    second = run("import", "-o", tmp_path / "new.conf", DATA / "small" / "slurm.conf")
    assert first.returncode == 0 and second.returncode == 1 and "is there already" in second.stderr
    piped = run("import", "-o", "-", DATA / "small" / "slurm.conf")
    assert piped.stdout == (tmp_path / "new.conf").read_text() and "carried over" in piped.stderr
