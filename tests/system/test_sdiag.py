"""What the controller says of itself, as monitoring reads it."""
import json
import re

CLUSTER = {"nodes": 1, "cpus": 2}
# prometheus-slurm-exporter (vpenso) looks for these at the head of a line, and reads the number after the last colon
WANTED = ["Server thread count", "Agent queue size", "DBD Agent queue size", "Last cycle", "Mean cycle", "Cycles per minute", "Depth Mean",
          "Total backfilled jobs (since last slurm start)"]


def figures(cluster):
    return json.loads(cluster.ok("sdiag", "--json"))["statistics"]


def test_the_text_has_the_lines_that_exporters_read(cluster):
    lines = cluster.ok("sdiag").splitlines()
    for words in WANTED:
        found = [line for line in lines if line.strip().startswith(words)]
        assert found and all(re.fullmatch(r".*: +\d+", line) for line in found), words
    assert len([line for line in lines if line.startswith("\tLast cycle:")]) == 2, "main first, then backfill"


def test_figures_follow_what_happens(cluster):
    before = figures(cluster)
    assert before["store"] == "ok" and before["nodes_up"] == 1
    held = cluster.sbatch("--hold")
    cluster.completed()
    after = figures(cluster)
    assert after["placed"] == before["placed"] + 1
    assert after["tasks_pending"] == before["tasks_pending"] + 1
    assert after["committed"] > before["committed"] and after["commits"] > before["commits"]
    cluster.ok("scancel", held)


def test_what_it_refuses(cluster):
    for words in (["--reset"], ["--yaml"], ["now"]):
        done = cluster.run("sdiag", *words)
        assert done.returncode == 1 and done.stderr.startswith("sdiag: ") and done.stdout == ""
