"""GPUs: by type and number, which ones a job gets and sees, what waits and why, and nodes that lack some."""
import os
import re
import socket
from pathlib import Path

import pytest

from conftest import Clusters, has_failed, wait_until

DGX2 = Path(__file__).resolve().parents[1] / "data" / "machines" / "nvidia-dgx2-16gpu.xml"
WAIT = "while [ ! -e go ]; do sleep 0.05; done"


def node(cluster, name="n1", *options):
    out = cluster.ok("scontrol", "-o", *options, "show", "node", name)
    return dict(re.findall(r"(\S+?)=(.*?)(?= \S+?=|$)", out.strip()))


def gpu_ids(cluster, job):
    """Numbers of the GPUs of each task that has run: lists."""
    rows = cluster.acct(job, "GPUIDs")
    return [numbers(re.search(r"IDX:([0-9,-]+)", row[0]).group(1)) for row in rows if row[0]]


def numbers(text):
    found = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def refused(cluster, *options):
    done = cluster.run("sbatch", *options, stdin="#!/bin/sh\ntrue\n")
    assert done.returncode == 1 and done.stdout == "", done
    return done.stderr


@pytest.fixture(scope="module")
def dgx2(request):
    made = Clusters()
    yield made(cpus=4, topology=DGX2, node="Gres=gpu:v100:16")
    made.end(has_failed(request))


@pytest.fixture(scope="module")
def mixed(request):
    """Two nodes, each with GPUs of two types and something that is only counted."""
    made = Clusters()
    yield made(nodes=2, cpus=4, node="Gres=gpu:a100:2,gpu:v100:2,disk:10", conf="GresTypes=gpu,disk")
    made.end(has_failed(request))


# --- a recorded DGX-2: 4 PUs, 16 GPUs


def test_four_jobs_of_four_gpus_are_disjoint(dgx2):
    jobs = [dgx2.sbatch("-c1", "--gpus=4", "--mem=100", script=f"{WAIT}; echo $CUDA_VISIBLE_DEVICES") for _ in range(4)]
    for job in jobs:
        dgx2.wait_state(job, "RUNNING")
    fifth = dgx2.sbatch("-c1", "--gpus=1", "--mem=100")
    assert node(dgx2)["AllocTRES"].endswith("gres/gpu=16,gres/gpu:v100=16")
    assert dgx2.squeue(fifth, "%T %r") == ["PENDING Resources"]
    shown = dgx2.show(jobs[0])
    assert shown["TRES"].endswith("gres/gpu=4,gres/gpu:v100=4") and shown["TresPerJob"] == "gres:gpu:4"
    (dgx2.work / "go").write_text("go")
    for job in [*jobs, fifth]:
        dgx2.wait_state(job, "COMPLETED")
    (dgx2.work / "go").unlink()
    sets = [gpu_ids(dgx2, job)[0] for job in jobs]
    assert sorted(i for one in sets for i in one) == list(range(16)), sets
    assert [dgx2.output(job).strip() for job in jobs] == [",".join(map(str, one)) for one in sets]


def test_single_gpus_in_sequence_go_round(dgx2):
    job = dgx2.sbatch("--array=1-16%1", "-c1", "--gpus=1", "--mem=100", script="echo $SLURM_JOB_GPUS")
    dgx2.wait_state(job, "COMPLETED")
    used = gpu_ids(dgx2, job)
    assert len(used) == 16 and sorted(i for one in used for i in one) == list(range(16)), used


def test_an_agent_that_was_killed_knows_which_gpus_are_taken(dgx2):
    job = dgx2.sbatch("-c1", "--gpus=3", "--mem=100", script=WAIT)
    dgx2.wait_state(job, "RUNNING")
    dgx2.kill9("n1.agent")
    other = dgx2.sbatch("-c1", "--gpus=13", "--mem=100")
    dgx2.wait_state(other, "COMPLETED")
    (dgx2.work / "go").write_text("go")
    dgx2.wait_state(job, "COMPLETED")
    (dgx2.work / "go").unlink()
    assert sorted(gpu_ids(dgx2, job)[0] + gpu_ids(dgx2, other)[0]) == list(range(16))


# --- types


def test_a_type_gets_its_own_and_no_type_gets_any(mixed):
    for options, tres in ((["--gres=gpu:a100:2"], "gres/gpu=2,gres/gpu:a100=2"),
                          (["--gres=gpu:v100:1,gpu:a100:1,disk:3"], "gres/gpu=2,gres/gpu:v100=1,gres/gpu:a100=1,gres/disk=3"),
                          (["--gpus-per-node=v100:1"], "gres/gpu=1,gres/gpu:v100=1"),
                          (["-G", "3"], "gres/gpu=3")):
        job = mixed.completed(*options, "--mem=100")
        asked, got = mixed.acct_one(job, "ReqTRES,AllocTRES")
        assert set(tres.split(",")) <= set(got.split(",")), (options, got)  # sacct sorts them by name
        assert "gres/gpu" in asked, asked
    assert "gres/gpu:" not in asked  # no type was asked


def test_the_environment_says_what_was_asked_and_got(mixed):
    job = mixed.completed("--gpus=a100:2", "--cpus-per-gpu=2", "--mem-per-gpu=300",
                          script="env | grep -E 'GPU|CUDA|SLURM_CPUS|SLURM_MEM' | sort")
    said = dict(line.split("=", 1) for line in mixed.output(job).splitlines())
    assert said["SLURM_GPUS"] == "a100:2" and said["SLURM_GPUS_ON_NODE"] == "2"
    assert said["SLURM_CPUS_PER_GPU"] == "2" and said["SLURM_MEM_PER_GPU"] == "300"
    assert said["SLURM_CPUS_ON_NODE"] == "4" and "SLURM_CPUS_PER_TASK" not in said and "SLURM_MEM_PER_NODE" not in said
    assert said["CUDA_VISIBLE_DEVICES"] == said["SLURM_JOB_GPUS"] == "0,1"
    job = mixed.completed("--gres=gpu:1", "--mem=100", script="env | grep -E 'GPU|CUDA_V' | sort")
    said = dict(line.split("=", 1) for line in mixed.output(job).splitlines())
    assert "SLURM_GPUS" not in said and "SLURM_GPUS_PER_NODE" not in said and said["SLURM_GPUS_ON_NODE"] == "1"
    job = mixed.completed("--mem=100", script="env | grep -E 'GPU|CUDA_V' | sort")
    assert mixed.output(job) == ""


def test_gpus_of_a_job_on_two_nodes_are_spread(mixed):
    job = mixed.sbatch("-N2", "-n2", "--gpus=5", "--mem=100", script=WAIT)
    mixed.wait_state(job, "RUNNING")
    assert sorted(re.search(r"gres/gpu=(\d+)", node(mixed, name)["AllocTRES"]).group(1) for name in mixed.nodes) == ["2", "3"]
    (mixed.work / "go").write_text("go")
    mixed.wait_state(job, "COMPLETED")
    (mixed.work / "go").unlink()
    assert "node=2" in mixed.acct_one(job, "AllocTRES")[0] and "gres/gpu=5" in mixed.acct_one(job, "AllocTRES")[0]
    job = mixed.completed("-N2", "-n2", "--gpus-per-task=2", "--mem=100")
    assert "gres/gpu=4" in mixed.acct_one(job, "AllocTRES")[0]


def test_what_waits_says_for_which_gpus(mixed):
    holders = [mixed.sbatch("--gres=gpu:a100:2", "--mem=100", "-w", name, script=WAIT) for name in mixed.nodes]
    for job in holders:
        mixed.wait_state(job, "RUNNING")
    typed = mixed.sbatch("--gres=gpu:a100:1", "--mem=100")
    untyped = mixed.completed("--gres=gpu:2", "--mem=100")  # it takes those that are left
    assert "gres/gpu:v100=2" in mixed.acct_one(untyped, "AllocTRES")[0]
    shown = mixed.show(typed)
    assert shown["Reason"] == "Resources" and "gpu:a100:1" in shown["WaitsFor"], shown
    assert "most of gpu:a100 is free on n1: 0" in shown["WaitsFor"], shown
    used = node(mixed, "n1", "-d")
    assert used["Gres"] == "gpu:a100:2,gpu:v100:2,disk:10" and used["GresUsed"] == "gpu:a100:2,gpu:v100:0,disk:0"
    assert used["CfgTRES"].endswith(",gres/gpu=4,gres/gpu:a100=2,gres/gpu:v100=2,gres/disk=10")
    detail = mixed.ok("scontrol", "-d", "show", "job", holders[0])
    assert re.search(r" GRES=gpu:a100:2\(IDX:0-1\)\n", detail), detail
    assert mixed.squeue(holders[0], "%b") == ["gres:gpu:a100:2"]
    assert mixed.ok("sinfo", "-h", "-o", "%G").splitlines() == ["gpu:a100:2,gpu:v100:2,disk:10"]
    assert mixed.ok("sinfo", "-h", "-N", "-O", "gresused:60").split() == ["gpu:a100:2,gpu:v100:0,disk:0"] * 2
    (mixed.work / "go").write_text("go")
    for job in [*holders, typed]:
        mixed.wait_state(job, "COMPLETED")
    (mixed.work / "go").unlink()


def test_an_exclusive_job_has_them_all(mixed):
    job = mixed.completed("--exclusive", "--mem=100", script="echo $SLURM_GPUS_ON_NODE $CUDA_VISIBLE_DEVICES")
    assert mixed.output(job) == "4 0,1,2,3\n"


def test_what_no_node_has_is_refused_with_what_there_is(mixed):
    said = refused(mixed, "--gres=gpu:k80:1")
    assert "Requested node configuration is not available" in said
    assert "no node has gpu of type k80" in said and "gpu:a100" in said and "gpu:v100" in said
    said = refused(mixed, "--gres=tape:1")
    assert "Invalid generic resource (gres) specification" in said and "no node has tape" in said
    said = refused(mixed, "--gres=gpu:a100:3")
    assert "3 gpus of type a100 on one node asked, the largest (n1) has 2" in said
    said = refused(mixed, "--gpus=9", "-N2", "-n2")
    assert "5 gpus on one node asked, the largest (n1) has 4" in said
    said = refused(mixed, "--gres=gpu:1,gpu:a100:1")
    assert "name the type of all of them, or of none" in said


def test_everything_survives_a_restart_of_the_controller(mixed):
    job = mixed.sbatch("--gres=gpu:v100:1,disk:4", "--mem=100", "-w", "n1", script=WAIT)
    mixed.wait_state(job, "RUNNING")
    before = node(mixed)["AllocTRES"]
    mixed.kill9("ctld")
    mixed.start("ctld")
    assert node(mixed)["AllocTRES"] == before and before.endswith("gres/gpu=1,gres/gpu:v100=1,gres/disk=4")
    (mixed.work / "go").write_text("go")
    mixed.wait_state(job, "COMPLETED")
    (mixed.work / "go").unlink()


# --- gres.conf and this machine


def test_both_files_are_checked(mixed):
    lines = "NodeName=n[1-2] Name=gpu Type=a100 File=/dev/nvidia[0-1]\nNodeName=n1 Name=gpu Type=k80 Count=1\n"
    place = mixed.work / "check"
    place.mkdir()
    (place / "moisson.conf").write_text((mixed.dir / "moisson.conf").read_text())
    (place / "gres.conf").write_text(lines)
    done = mixed.run("moisson", "config", "check", place / "moisson.conf")
    assert done.returncode == 1
    assert f"{place}/gres.conf:2: error: node n1 has no Gres=gpu:k80" in done.stdout + done.stderr


def has_real_gpus():
    return any(Path("/dev").glob("nvidia[0-9]*")) or any(Path("/dev/dri").glob("renderD*"))


def real_node(clusters, gres, gres_conf, **options):
    """A cluster whose node is this machine itself. Its GPUs are declared once it is up: without them it might not be."""
    cluster = clusters(cpus=len(os.sched_getaffinity(0)), node=f"NodeHostname={socket.gethostname()}", **options)
    conf = cluster.dir / "moisson.conf"
    conf.write_text(conf.read_text().replace(" State=UNKNOWN", f" Gres={gres} State=UNKNOWN"))
    (cluster.dir / "gres.conf").write_text(gres_conf)
    cluster.stop("ctld", "n1")
    cluster.start("ctld", "n1")
    return cluster


@pytest.mark.skipif(has_real_gpus(), reason="this machine has GPUs")
def test_a_node_without_its_gpus_is_drained(clusters):
    cluster = real_node(clusters, "gpu:4", "")
    shown = wait_until(lambda: (s := node(cluster)).get("Reason") and s, "the node has a reason")
    assert "gres/gpu count reported lower than configured (0 < 4)" in shown["Reason"], shown
    assert "DRAIN" in shown["State"] and "INVALID_REG" in shown["State"], shown
    job = cluster.sbatch("--mem=100", "--gpus=4")
    assert cluster.squeue(job, "%T") == ["PENDING"]
    (cluster.dir / "gres.conf").write_text("AutoDetect=off\n")  # they are to be counted only
    cluster.stop("n1")
    cluster.start("n1")
    cluster.wait_state(job, "COMPLETED")


def devices_can_be_denied(cluster):
    words = node(cluster)["Cgroup"]
    return words.startswith("cgroup/") and "without devices" not in words


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make device files and device rules")
def test_a_job_opens_its_own_device_and_no_other(clusters, tmp_path):
    """Two device files that do no harm stand for GPUs: /dev/full and /dev/kmsg by other names."""
    for i, minor in enumerate((7, 11)):
        os.mknod(tmp_path / f"nvidia{i}", 0o20600, os.makedev(1, minor))
    cluster = real_node(clusters, "gpu:2", f"Name=gpu File={tmp_path}/nvidia[0-1]\n")
    if not devices_can_be_denied(cluster):
        pytest.skip(f"no device rules here: {node(cluster)['Cgroup']}")
    look = f"for i in 0 1; do if (: <{tmp_path}/nvidia$i) 2>/dev/null; then echo open $i; else echo denied $i; fi; done\n" \
           "(: >/dev/null) && echo null; echo $SLURM_JOB_GPUS $CUDA_VISIBLE_DEVICES"
    seen = []
    for _ in range(2):
        job = cluster.completed("--gpus=1", "--mem=100", script=look)
        mine = gpu_ids(cluster, job)[0][0]
        lines = cluster.output(job).splitlines()
        assert lines[:3] == [f"{'open' if i == mine else 'denied'} {i}" for i in (0, 1)] + ["null"], lines
        assert lines[3] == f"{mine} 0", lines  # the other cannot be counted
        seen.append(mine)
    assert sorted(seen) == [0, 1]
    assert cluster.output(cluster.completed("--mem=100", script=look)).splitlines()[:2] == ["denied 0", "denied 1"]
    assert cluster.output(cluster.completed("--gpus=2", "--mem=100", script=look)).splitlines() == \
        ["open 0", "open 1", "null", "0,1 0,1"]
