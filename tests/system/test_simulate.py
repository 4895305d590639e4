"""moisson simulate: figures of a trace on a machine, without a controller."""
import csv
import gzip
import json
import os
import pathlib
import subprocess
import xml.etree.ElementTree

import pytest

DATA = pathlib.Path(__file__).parents[1] / "data" / "traces"
KTH = ["--conf", DATA / "kth.conf", "--trace", DATA / "kth-sp2-cut.swf"]


def simulate(*words, env=None):
    moisson = pathlib.Path(os.environ["MOISSON_BIN"]) / "moisson"
    clean = {k: v for k, v in os.environ.items() if k not in ("MOISSON_CONF", "SLURM_CONF")}
    return subprocess.run([moisson, "simulate", *map(str, words)], capture_output=True, text=True, timeout=120,
                          env={**clean, "TZ": "UTC", **(env or {})})


def figures(*words):
    done = simulate(*words, "--json")
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def test_a_table_of_several_orders():
    done = simulate(*KTH, "--order", "all")
    assert done.returncode == 0 and done.stderr == "", done
    assert [line.split()[0] for line in done.stdout.splitlines()[-7:]] == \
        ["fifo", "handicap", "patience", "sjf", "f1", "wfp3", "unicep"]
    assert "400 jobs, 100 CPUs" in done.stdout


def test_figures_are_those_of_the_jobs(tmp_path):
    """Worked out again from the line that each job gets."""
    out = tmp_path / "jobs.csv"
    said = figures(*KTH, "--jobs", out)["orders"][0]
    rows = list(csv.DictReader(out.open()))
    waits, slowdowns, area = [], [], 0
    for row in rows:
        submit, start, end = int(row["submit"]), int(row["start"]), int(row["end"])
        waits.append(start - submit)
        slowdowns.append(max(1, (end - submit) / max(end - start, 10)))
        area += int(row["cpus"]) * (end - start)
    span = max(int(r["end"]) for r in rows) - min(int(r["submit"]) for r in rows)
    assert said["jobs"] == len(rows) == 400 and said["refused"] == said["never_started"] == 0
    assert said["wait"]["mean"] == pytest.approx(sum(waits) / 400)
    assert said["wait"]["max"] == max(waits) and said["wait"]["p99"] == sorted(waits)[395]
    assert said["bounded_slowdown"]["mean"] == pytest.approx(sum(slowdowns) / 400)
    assert said["utilisation"] == pytest.approx(area / (100 * span))
    assert said["makespan"] == span and sum(u["jobs"] for u in said["users"]) == 400


def test_nothing_is_overcommitted(tmp_path):
    out = tmp_path / "jobs.csv"
    assert simulate(*KTH, "--order", "fifo,sjf", "--jobs", out).returncode == 0
    for order in ("fifo", "sjf"):
        changes = []
        for row in csv.DictReader(out.open()):
            if row["order"] == order:
                changes += [(int(row["start"]), 1, int(row["cpus"])), (int(row["end"]), 0, -int(row["cpus"]))]
        busy = 0
        for _, _, cpus in sorted(changes):
            busy += cpus
            assert 0 <= busy <= 100
        assert busy == 0


def test_gzip_and_the_configuration_of_the_environment(tmp_path):
    packed = tmp_path / "kth.swf.gz"
    packed.write_bytes(gzip.compress((DATA / "kth-sp2-cut.swf").read_bytes()))
    one = simulate("--trace", packed, env={"MOISSON_CONF": str(DATA / "kth.conf")})
    other = simulate(*KTH)
    assert one.returncode == 0, one
    assert one.stdout.splitlines()[1:] == other.stdout.splitlines()[1:]


def test_windows_repeat_with_their_seed():
    words = [*KTH, "--window", "50", "--windows", "4", "--seed"]
    one, again, other = figures(*words, 7), figures(*words, 7), figures(*words, 8)
    for said in (one, again, other):
        assert said["orders"][0].pop("seconds") >= 0
    assert one == again and one["orders"][0]["jobs"] == 200
    assert one["orders"][0]["wait"] != other["orders"][0]["wait"]


def test_predictions_are_an_option_and_said():
    plain, predicted = figures(*KTH), figures(*KTH, "--predict")
    assert predicted["predict"] and not plain["predict"]
    assert predicted["orders"][0]["jobs"] == 400
    assert predicted["orders"][0]["wait"] != plain["orders"][0]["wait"]
    assert "last two run times" in simulate(*KTH, "--predict").stdout


def test_what_backfill_does_is_counted():
    assert 0 < figures(*KTH)["orders"][0]["backfilled"] < 1


def test_a_picture(tmp_path):
    out = tmp_path / "kth.svg"
    assert simulate(*KTH, "--order", "fifo,handicap", "--svg", out).returncode == 0
    root = xml.etree.ElementTree.parse(out).getroot()
    lines = root.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 4 and all(len(line.get("points").split()) == 800 for line in lines)


def test_records_of_a_cluster(tmp_path):
    conf = tmp_path / "moisson.conf"
    conf.write_text("NodeName=n[1-2] CPUs=4 RealMemory=16000 Gres=gpu:1\nGresTypes=gpu\n"
                    "PartitionName=main Nodes=ALL Default=YES\nPartitionName=other Nodes=n2\n")
    said = figures("--conf", conf, "--trace", DATA / "records.txt", "--queue", "gone=other")
    assert said["trace"]["jobs"] == 3 and said["trace"]["never_ran"] == 1
    assert said["orders"][0]["jobs"] == 3 and said["orders"][0]["refused"] == 0
    assert {u["user"]: u["jobs"] for u in said["orders"][0]["users"]} == {"alice": 2, "bob": 1}


def test_help_has_examples():
    done = simulate("--help")
    assert done.returncode == 0 and "sacct -a -X -P" in done.stdout and "--order" in done.stdout


@pytest.mark.parametrize("words, says", [
    ([], "--trace=FILE"),
    (["--trace", "/nowhere.swf", *KTH[:2]], "/nowhere.swf cannot be opened: No such file"),
    (["--conf", "/nowhere.conf", *KTH[2:]], "/nowhere.conf"),
    ([*KTH, "--order", "lifo"], "no order \"lifo\""),
    ([*KTH, "--memory", "acres"], "--memory=acres"),
    ([*KTH, "--queue", "2"], "names no queue and partition"),
    ([*KTH, "--queue", "2=nowhere"], "has no partition nowhere"),
    ([*KTH, "--window", "401"], "more than the 400 jobs"),
    ([*KTH, "--windows", "3"], "without the size of a window"),
    ([*KTH, "--limit", "0"], "--limit"),
    ([*KTH, "--svg", "/nowhere/at/all.svg"], "cannot be written"),
    ([*KTH, "--no-such"], "no-such"),
    ([*KTH, "more"], "options alone"),
])
def test_what_is_wrong_is_said(words, says):
    done = simulate(*words)
    assert done.returncode == 1 and says in done.stderr and done.stdout == "", done


@pytest.mark.parametrize("text, says", [
    ("1 2 3\n", ":1: 3 fields where SWF has 18"),
    ("; Version: 2.2\n\n1 0 -1 soon 1 -1 -1 1 9 -1 1 1 1 -1 -1 -1 -1 -1\n", ":3: field 4 (run time) is \"soon\""),
    ("JobID|User\n", "the columns have no Submit"),
    ("; nothing\n", "has no job that ran"),
    ("", "has no job that ran"),
])
def test_damaged_traces_are_refused_with_the_line(tmp_path, text, says):
    bad = tmp_path / "bad.swf"
    bad.write_text(text)
    done = simulate("--conf", DATA / "kth.conf", "--trace", bad)
    assert done.returncode == 1 and says in done.stderr and str(bad) in done.stderr, done
    cut = tmp_path / "cut.swf.gz"
    cut.write_bytes(gzip.compress((DATA / "kth-sp2-cut.swf").read_bytes())[:4000])
    done = simulate("--conf", DATA / "kth.conf", "--trace", cut)
    assert done.returncode == 1 and "cannot be unpacked" in done.stderr, done
