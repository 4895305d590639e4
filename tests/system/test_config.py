"""moisson.conf: what is wrong in it is said with file, line and a way out."""
import re

import pytest

GOOD = """# a comment
ClusterName=test   # another
SlurmctldHost=localhost(127.0.0.1)
slurmctldport=6999
StateSaveLocation=/tmp/nowhere/state
SlurmdSpoolDir=/tmp/nowhere/%n
NodeName=n[1-4] CPUs=8 \\
    RealMemory=1000
PartitionName=main Nodes=ALL Default=YES
"""


def check(cluster, text, name="checked.conf"):
    path = cluster.work / name
    path.write_text(text)
    return path, cluster.run("moisson", "config", "check", path)


def test_a_good_file_passes(cluster):
    _, done = check(cluster, GOOD)
    assert done.returncode == 0, done


@pytest.mark.parametrize("line, number, words", [
    ("NoSuchKey=1", 10, ["NoSuchKey"]),
    ("SlurmctldPort=many", 10, ["SlurmctldPort", "many"]),
    ("SlurmctldPort=99999", 10, ["SlurmctldPort", "99999"]),
    ("MinJobAge=-1", 10, ["MinJobAge", "-1"]),
    ("NodeName=n[5 CPUs=1", 10, ["n[5"]),
    ("PartitionName=other Nodes=x1", 10, ["x1"]),
    ("Include no-such-file.conf", 10, ["no-such-file.conf"]),
    ("just words", 10, ["just"]),
])
def test_what_is_wrong_is_found_with_its_line(cluster, line, number, words):
    path, done = check(cluster, GOOD + line + "\n")
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert f"{path}:{number}" in said or f"{path.name}:{number}" in said, said
    assert not [word for word in words if word not in said], said


def test_all_that_is_wrong_is_said_at_once(cluster):
    _, done = check(cluster, GOOD + "Nonsense=1\nMaxArraySize=lots\n")
    said = done.stdout + done.stderr
    assert "Nonsense" in said and "MaxArraySize" in said


def test_keys_that_are_not_needed_are_named_as_ignored(cluster):
    _, done = check(cluster, GOOD + "SwitchType=switch/none\nProctrackType=proctrack/cgroup\n")
    said = done.stdout + done.stderr
    assert done.returncode == 0
    assert "ProctrackType" in said and "ignored" in said


def test_a_slip_of_the_pen_gets_a_suggestion(cluster):
    _, done = check(cluster, GOOD + "MinJobAgee=3\n")
    assert "MinJobAge" in re.sub("MinJobAgee", "", done.stdout + done.stderr)


def test_included_files_are_named_in_errors(cluster):
    (cluster.work / "included.conf").write_text("\n\nBogusKey=1\n")
    _, done = check(cluster, GOOD + f"Include {cluster.work}/included.conf\n")
    assert re.search(r"included\.conf:3", done.stdout + done.stderr)


def test_slurm_conf_is_taken_where_moisson_conf_is_not_set(cluster):
    env = {key: value for key, value in cluster.env.items() if key != "MOISSON_CONF"}
    env["SLURM_CONF"] = str(cluster.dir / "moisson.conf")
    assert "is UP" in cluster.ok("scontrol", "ping", only_env=env)


@pytest.mark.parametrize("tool", ["squeue", "sbatch", "sinfo", "sacct", "scancel", "scontrol"])
def test_a_command_without_configuration_says_where_it_looked(cluster, tool):
    words = {"scancel": ["1"], "scontrol": ["ping"], "sbatch": ["--wrap", "true"]}.get(tool, [])
    done = cluster.run(tool, *words, env={"MOISSON_CONF": "/no/such/moisson.conf"})
    assert done.returncode == 1 and done.stdout == ""
    assert "/no/such/moisson.conf" in done.stderr


def test_the_controller_refuses_a_bad_file_in_one_sentence(cluster):
    path, _ = check(cluster, GOOD + "Nonsense=1\n")
    done = cluster.run("moissonctld", "-f", path)
    assert done.returncode == 1 and f"{path.name}:10" in done.stderr and "Nonsense" in done.stderr


def test_a_second_controller_on_the_same_state_is_refused(cluster):
    text = (cluster.dir / "moisson.conf").read_text()
    port = int(re.search(r"(?m)^SlurmctldPort=(\d+)", text).group(1))
    text = text.replace(f"SlurmctldPort={port}", f"SlurmctldPort={port + 1}")
    other = cluster.work / "second.conf"
    other.write_text(re.sub(r"(?m)^(SlurmctldLogFile|SlurmctldPidFile)=.*\n", "", text))
    done = cluster.run("moissonctld", "-f", other)
    assert done.returncode == 1 and done.stderr.strip()
    assert "is UP" in cluster.ok("scontrol", "ping"), "the first goes on"


def test_a_node_that_is_not_in_the_file_does_not_start(cluster):
    done = cluster.run("moissond", "-N", "n99", "-f", cluster.dir / "moisson.conf")
    assert done.returncode == 1 and "n99" in done.stderr


def test_changes_take_effect_at_the_next_start(clusters):
    cluster = clusters()
    held = cluster.sbatch("--hold")
    conf = cluster.dir / "moisson.conf"
    conf.write_text(conf.read_text() + "PartitionName=extra Nodes=n1 MaxTime=60 State=UP\n")
    cluster.stop("ctld")
    cluster.start("ctld")
    cluster.completed("-p", "extra")
    assert cluster.state(held) == "PENDING"


def test_virtual_topology_and_gpus_are_shown(clusters):
    cluster = clusters(cpus=8, mem=64000, gpus=2, topology="package:2 core:4 pu:1")
    shown = cluster.ok("scontrol", "-o", "show", "node", "n1")
    assert "CPUTot=8" in shown and "RealMemory=64000" in shown and "gpu:2" in shown
    assert "virtual" in shown.lower()
    job = cluster.completed("--gres=gpu:1", script="echo $SLURM_JOB_GPUS/$CUDA_VISIBLE_DEVICES")
    assert cluster.output(job).strip() in ("0/0", "1/1", "0/1", "1/0")
