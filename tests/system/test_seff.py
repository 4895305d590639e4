"""seff prints the lines that its users compare."""
import re

CLUSTER = {"nodes": 1, "cpus": 4, "conf": "MinJobAge=300"}


def test_a_job_that_has_ended(cluster):
    job = cluster.completed("--mem=512", script="#!/usr/bin/python3\nimport time\nblock = bytearray (64 << 20)\n"
                                                "end = time.process_time () + 1.1\nwhile time.process_time () < end: pass\n")
    assert re.fullmatch(
        rf"Job ID: {job}\nCluster: mini\nUser/Group: \S+/\S+\nState: COMPLETED \(exit code 0\)\nCores: 1\n"
        r"CPU Utilized: 00:0\d:\d\d\nCPU Efficiency: \d+\.\d\d% of \d\d:\d\d:\d\d core-walltime\n"
        r"Job Wall-clock time: \d\d:\d\d:\d\d\nMemory Utilized: \d+\.\d\d MB\nMemory Efficiency: \d+\.\d\d% of 0\.50 GB\n",
        cluster.ok("seff", job))


def test_a_task_and_several_cores(cluster):
    job = cluster.sbatch("--array=1-2", "-c", "2", script="exit $((SLURM_ARRAY_TASK_ID - 1))")
    cluster.wait_ended(job)
    text = cluster.ok("seff", f"{job}_2")
    assert f"Array Job ID: {job}_2\n" in text and "State: FAILED (exit code 1)\n" in text
    assert "Nodes: 1\nCores per node: 2\n" in text


def test_a_job_that_waits(cluster):
    job = cluster.sbatch("--hold")
    text = cluster.ok("seff", job)
    assert "State: PENDING\n" in text and "CPU Utilized" not in text
    cluster.ok("scancel", job)


def test_what_is_not_known(cluster):
    for word in ("999999", "nonsense"):
        done = cluster.run("seff", word)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", "Job not found.\n")
    assert cluster.run("seff").returncode == cluster.run("seff", "-h").returncode == cluster.run("seff", "-v").returncode == 1
