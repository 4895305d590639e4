"""Licences: asked for, taken, given back, shown."""
import json

CLUSTER = {"nodes": 1, "cpus": 8, "conf": "KillWait=2\nLicenses=fluent:4,matlab:1"}
UNTIL = "until [ -e {0}.go ]; do sleep 0.05; done"


def pool(cluster):
    rows = json.loads(cluster.ok("scontrol", "show", "lic", "--json"))["licenses"]
    return {row["LicenseName"]: (row["Total"], row["Used"], row["Free"]) for row in rows}


def test_they_are_taken_and_given_back(cluster):
    first = cluster.sbatch("-L", "fluent:3,matlab", script=UNTIL.format("first"))
    cluster.wait_state(first, "RUNNING")
    second = cluster.sbatch("--licenses=fluent:2", script="true")
    assert cluster.squeue(second, "%r|%W") == ["Licenses|fluent:2"]
    assert pool(cluster) == {"fluent": (4, 3, 1), "matlab": (1, 1, 0)}
    assert cluster.ok("scontrol", "show", "licenses", "matlab") == \
        "LicenseName=matlab\n    Total=1 Used=1 Free=0 Reserved=0 Remote=no\n"
    assert " Licenses=fluent:3,matlab " in cluster.ok("scontrol", "show", "job", first)
    assert cluster.ok("squeue", "-h", "-L", "matlab", "-o", "%i") == f"{first}\n"
    cluster.kill9("ctld")
    cluster.start("ctld")
    assert pool(cluster)["fluent"] == (4, 3, 1)
    cluster.ok("scontrol", "update", f"JobId={second}", "Licenses=fluent:1")
    cluster.wait_state(second, "COMPLETED")
    (cluster.work / "first.go").touch()
    cluster.wait_state(first, "COMPLETED")
    assert pool(cluster) == {"fluent": (4, 0, 4), "matlab": (1, 0, 1)}


def test_a_reconfiguration_changes_the_pool_and_kills_nobody(cluster):
    runs = cluster.sbatch("-L", "fluent:4", script=UNTIL.format("runs"))
    cluster.wait_state(runs, "RUNNING")
    conf = cluster.dir / "moisson.conf"
    conf.write_text(conf.read_text().replace("Licenses=fluent:4,matlab:1", "Licenses=fluent:2,ansys:7"))
    cluster.ok("scontrol", "reconfigure")
    assert pool(cluster) == {"fluent": (2, 4, 0), "ansys": (7, 0, 7)}
    done = cluster.run("sbatch", "-L", "matlab", "--wrap", "true")
    assert done.returncode == 1 and "Invalid license specification" in done.stderr
    waits = cluster.sbatch("-L", "fluent", script="true")
    assert cluster.squeue(waits, "%T %r") == ["PENDING Licenses"]
    (cluster.work / "runs.go").touch()
    cluster.wait_state(runs, "COMPLETED")
    cluster.wait_state(waits, "COMPLETED")
