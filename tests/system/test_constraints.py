"""Nodes by their features: --constraint."""
import pytest

CLUSTER = {"nodes": 2, "cpus": 4, "node": "Features=ssd,avx512"}


@pytest.mark.parametrize("words", ["ssd", "ssd&avx512", "ssd,avx512", "gpu|ssd", "(ssd)&(avx512)", "(gpu|avx512)&ssd"])
def test_a_job_goes_where_the_features_are(cluster, words):
    job = cluster.completed("-C", words)
    assert cluster.show(job)["Features"] == words
    assert cluster.squeue(job, "%f") == [words]


def test_the_environment_and_the_script_ask_too(cluster):
    assert cluster.show(cluster.completed(env={"SBATCH_CONSTRAINT": "avx512"}))["Features"] == "avx512"
    assert cluster.show(cluster.completed(script="#!/bin/sh\n#SBATCH --constraint=ssd\ntrue"))["Features"] == "ssd"


@pytest.mark.parametrize("words, why", [("gpu", 'has the features "gpu"'), ("ssd&gpu", '"ssd&gpu"'), ("(ssd", "at"), ("ssd&", "at"),
                                        ("[ssd*2", "Invalid feature specification"), ("!ssd", "Invalid feature specification")])
def test_features_that_no_node_has_are_refused(cluster, words, why):
    done = cluster.run("sbatch", "-C", words, "--wrap", "true")
    assert (done.returncode, done.stdout) == (1, "") and "fix: " in done.stderr
    assert "Batch job submission failed: Requested node configuration is not available" in done.stderr and why in done.stderr, done


def test_a_waiting_job_keeps_its_features_over_a_restart(cluster):
    job = cluster.sbatch("--hold", "-C", "ssd&avx512")
    cluster.kill9("ctld")
    cluster.start("ctld")
    assert cluster.show(job)["Features"] == "ssd&avx512"
    cluster.ok("scontrol", "release", job)
    cluster.wait_state(job, "COMPLETED")


def test_the_features_of_nodes_are_shown(cluster):
    assert cluster.ok("sinfo", "-h", "-N", "-o", "%n %f") == "n1 ssd,avx512\nn2 ssd,avx512\n"
    assert "AvailableFeatures=ssd,avx512" in cluster.ok("scontrol", "show", "node", "n1")


def test_so_many_nodes_of_a_feature_and_nodes_of_one_kind(cluster):
    job = cluster.completed("-C", "[ssd*2]")
    assert cluster.squeue(job, "%D") == ["2"]
    job = cluster.completed("-N", "2", "-C", "[gpu|ssd]")
    assert cluster.squeue(job, "%D %f") == ["2 [gpu|ssd]"]
    done = cluster.run("sbatch", "-N", "1", "-C", "[ssd*2]", "--wrap", "true")
    assert done.returncode == 1 and "is for 2 nodes, and at most 1 are asked" in done.stderr
