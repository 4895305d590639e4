"""The file changes while everything runs: all of it is applied, or nothing, and jobs do not notice."""
import re
import signal

import pytest
from conftest import send_signal, wait_until

CLUSTER = {"nodes": 3, "cpus": 2, "conf": "KillWait=2\nSlurmdTimeout=5"}


@pytest.fixture
def conf(cluster):
    """The file, as it was when the test began."""
    path = cluster.dir / "moisson.conf"
    before = path.read_text()
    yield path
    path.write_text(before)
    cluster.ok("scontrol", "reconfigure")


def partition(cluster, name="main"):
    out = cluster.ok("scontrol", "-o", "show", "partition", name)
    return dict(word.split("=", 1) for word in out.split() if "=" in word)


def partition_line(text):
    return re.search(r"^PartitionName=main.*$", text, re.M).group(0)


def running(cluster, name, *options):
    job = cluster.sbatch(*options, script=f"until [ -e {name}.go ]; do sleep 0.05; done")
    cluster.wait_state(job, "RUNNING")
    return job


def test_partitions_limits_and_weights(cluster, conf):
    job = running(cluster, "limits")
    before = cluster.show(job)
    text = conf.read_text()
    conf.write_text(text.replace(partition_line(text), partition_line(text) + " MaxTime=20")
                    + "PartitionName=late Nodes=n2 MaxTime=5\nMinJobAge=1234\n")
    assert cluster.ok("scontrol", "reconfigure") == ""
    assert partition(cluster)["MaxTime"] == "00:20:00" and partition(cluster, "late")["Nodes"] == "n2"
    assert re.search(r"^MinJobAge\s+= 1234 sec", cluster.ok("scontrol", "show", "config"), re.M)
    after = cluster.show(job)
    assert {k: v for k, v in before.items() if k != "RunTime"} == {k: v for k, v in after.items() if k != "RunTime"}
    assert "Requested time limit is invalid" in cluster.run("sbatch", "-t", "21", "--wrap", "true").stderr
    cluster.kill9("ctld")
    cluster.start("ctld")
    assert partition(cluster, "late")["MaxTime"] == "00:05:00"
    (cluster.work / "limits.go").touch()
    cluster.wait_state(job, "COMPLETED")


def refused(cluster, conf, text, *sentences):
    """Commands read a copy that is right: they read the file themselves, and would dial another port."""
    copy = conf.with_name("commands.conf")
    copy.write_text(conf.read_text())
    env = {"MOISSON_CONF": str(copy)}

    def shown():
        config = cluster.ok("scontrol", "show", "config", env=env).split("\n", 1)[1]  # without the time of day
        return config, cluster.ok("scontrol", "show", "partition", env=env)
    before = shown()
    right = conf.read_text()
    conf.write_text(text)
    done = cluster.run("scontrol", "reconfigure", env=env)
    assert before == shown()
    conf.write_text(right)
    assert done.returncode == 1 and done.stdout == ""
    for sentence in sentences:
        assert sentence in done.stderr, done.stderr


def test_a_file_with_an_error_changes_nothing(cluster, conf):
    text = conf.read_text()
    lines = len(text.splitlines())
    refused(cluster, conf, text + "PartitionName=late Nodes=n2\nMinJobAg=10\n", f"moisson.conf:{lines + 2}", "MinJobAg")
    refused(cluster, conf, text + "PartitionName=late Nodes=n99\n", f"moisson.conf:{lines + 1}", "n99")


def test_what_needs_a_restart_changes_nothing(cluster, conf):
    text = conf.read_text()
    line = next(i for i, words in enumerate(text.splitlines(), 1) if words.startswith("SlurmctldPort="))
    port = int(re.search(r"^SlurmctldPort=(\d+)", text, re.M).group(1))
    refused(cluster, conf, text.replace(f"SlurmctldPort={port}", f"SlurmctldPort={port + 1}") + "MinJobAge=77\n",
            f"moisson.conf:{line}: SlurmctldPort={port + 1}", "restart moissonctld")


def test_sighup_does_the_same(cluster, conf):
    cluster.ok("scontrol", "update", "PartitionName=main", "State=DRAIN")
    conf.write_text(conf.read_text() + "PartitionName=hup Nodes=n3\n")
    send_signal(cluster.pid("ctld"), signal.SIGHUP)
    wait_until(lambda: "PartitionName=hup" in cluster.ok("scontrol", "show", "partition"), "the partition is there")
    assert partition(cluster)["State"] == "DRAIN", "what was set by hand stays: logs are rotated by this signal, too"
    cluster.ok("scontrol", "reconfigure")
    assert partition(cluster)["State"] == "UP"


def test_a_node_leaves_and_comes_back(cluster, conf):
    text = conf.read_text()
    job = running(cluster, "leaves", "-w", "n3")
    fewer = text.replace("NodeName=n[1-3] ", "NodeName=n[1-2] ")
    assert fewer != text
    conf.write_text(fewer)
    cluster.ok("scontrol", "reconfigure")
    assert cluster.ok("sinfo", "-h", "-p", "main", "-o", "%N").split() == ["n[1-2]"]
    assert cluster.state(job) == "RUNNING"
    other = cluster.completed("-w", "n1")
    conf.write_text(text)
    cluster.ok("scontrol", "reconfigure")
    (cluster.work / "leaves.go").touch()
    cluster.wait_state(job, "COMPLETED")
    assert cluster.output(other) == "" and cluster.completed("-w", "n3")
