"""Every refusal says what, why and how to fix it; none leaves a job behind."""
import os
import re
import socket

import pytest

CLUSTER = {"nodes": 2, "cpus": 4, "mem": 4000,
           "conf": "PartitionName=main Nodes=ALL Default=YES MaxTime=60 State=UP\n"
                   "PartitionName=closed Nodes=n1 State=DOWN\nMaxArraySize=1001"}
FAILED = "sbatch: error: Batch job submission failed: "


@pytest.mark.parametrize("options, words", [
    (["-p", "nowhere"], [FAILED + "Invalid partition name specified"]),
    (["-t", "61"], [FAILED + "Requested time limit is invalid"]),
    (["-c", "5"], [FAILED + "Requested node configuration is not available"]),
    (["--mem=5000"], [FAILED]),
    (["-N", "3"], [FAILED]),
    (["--gres=gpu:1"], [FAILED + "Invalid generic resource (gres) specification"]),
    (["-w", "n9"], [FAILED + "Invalid node name specified"]),
    (["--array=0-1001"], [FAILED + "Invalid job array specification"]),
    (["--dependency=afterok:x"], ["Job dependency problem"]),
])
def test_what_the_cluster_cannot_do_is_refused_at_the_door(cluster, options, words):
    before = cluster.sbatch("--hold")
    done = cluster.run("sbatch", *options, "--wrap", "true")
    assert done.returncode == 1 and done.stdout == "", done
    assert not [word for word in words if word not in done.stderr], done.stderr
    assert int(cluster.sbatch("--hold")) == int(before) + 1, "a refused job takes no id"
    cluster.ok("scancel", "-t", "PENDING", "-u", cluster.ok("id", "-un").strip())


@pytest.mark.parametrize("words, said", [
    (["--no-such-option"], ["no-such-option"]),
    (["--jobname=x"], ["jobname", "job-name"]),
    (["--time=soon"], ["soon"]),
    (["--mem=lots"], ["lots"]),
    (["--array=5-"], ["5-"]),
    (["--cpus-per-task=0"], ["0"]),
    (["--nodes=2-1"], ["2-1"]),
    (["--begin=whenever"], ["whenever"]),
])
def test_what_cannot_be_understood_is_named(cluster, words, said):
    done = cluster.run("sbatch", *words, "--wrap", "true")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("sbatch: ")
    assert not [word for word in said if word not in done.stderr], done.stderr


@pytest.mark.parametrize("option", ["--reboot", "--bbf=file", "--container=x"])
def test_options_of_other_sites_are_known_but_not_available(cluster, option):
    done = cluster.run("sbatch", option, "--wrap", "true")
    assert done.returncode == 1 and "not available" in done.stderr


@pytest.mark.parametrize("content, words", [
    ("echo no first line\n", ["#!"]),
    ("#!/bin/sh\r\necho dos\r\n", ["DOS"]),
    ("", ["empty"]),
    ("#!/bin/sh\n#SBATCH --no-such-option\n", ["no-such-option"]),
])
def test_scripts_that_cannot_be_meant(cluster, content, words):
    path = cluster.work / "meant.sh"
    path.write_bytes(content.encode())
    done = cluster.run("sbatch", path)
    assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith("sbatch: error: ")
    assert not [word for word in words if word not in done.stderr], done.stderr


def test_a_script_that_is_not_there(cluster):
    done = cluster.run("sbatch", "no-such-script.sh")
    assert done.returncode == 1 and "no-such-script.sh" in done.stderr and "sbatch: error: " in done.stderr
    done = cluster.run("sbatch", cluster.work)
    assert done.returncode == 1 and str(cluster.work) in done.stderr


@pytest.mark.parametrize("words", [["scontrol", "hold", "999999"], ["scontrol", "release", "999999"],
                                   ["scontrol", "requeue", "999999"]])
def test_operations_on_unknown_jobs(cluster, words):
    done = cluster.run(*words)
    assert done.returncode == 1 and "Invalid job id specified" in done.stderr


def test_operations_out_of_season(cluster):
    done = cluster.completed()
    hold = cluster.run("scontrol", "hold", done)
    assert hold.returncode == 1 and done in hold.stderr


@pytest.mark.parametrize("words", [["scontrol", "frobnicate"], ["scontrol", "show", "everything"], ["squeue", "--frob"],
                                   ["sinfo", "--frob"], ["sacct", "--frob"], ["scancel"], ["scancel", "--frob", "1"],
                                   ["scontrol", "show", "config", "--json"], ["scontrol", "--json", "ping"],
                                   ["moisson", "frobnicate"], ["sacct", "-o", "NoSuchField"]])
def test_unknown_words_of_the_other_commands(cluster, words):
    done = cluster.run(*words)
    assert done.returncode == 1 and done.stderr.strip()
    assert not words[1:] or words[1].lstrip("-") in done.stderr or words[-1] in done.stderr, done.stderr


def test_help_is_on_stdout(cluster):
    for tool in ("sbatch", "squeue", "scancel", "sinfo", "scontrol", "sacct", "srun", "salloc", "moisson",
                 "moissonctld", "moissond"):
        assert "sage" in cluster.ok(tool, "--help"), tool


def port_of(cluster):
    return int(re.search(r"(?m)^SlurmctldPort=(\d+)", (cluster.dir / "moisson.conf").read_text()).group(1))


def test_a_stranger_is_not_let_in(cluster):
    """Bytes that are no session, and a controller that stays on its feet."""
    for data in (b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 4096, b"\0\0\0\4abcd", os.urandom(2000)):
        with socket.create_connection(("127.0.0.1", port_of(cluster)), timeout=30) as peer:
            try:
                peer.sendall(data)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(4096):
                    pass
            except OSError:  # it has hung up already
                pass
    cluster.completed()


def test_silent_and_many_peers_do_not_stop_work(cluster):
    peers = [socket.create_connection(("127.0.0.1", port_of(cluster)), timeout=30) for _ in range(100)]
    try:
        cluster.completed()
    finally:
        for peer in peers:
            peer.close()
