"""contrib/minicluster itself: what it starts it can name, stop and end."""
import re
import socket
import subprocess
from pathlib import Path

import pytest
from conftest import MINICLUSTER, process_lives, wait_gone


def run(*words, **kw):
    return subprocess.run([str(MINICLUSTER), *map(str, words)], capture_output=True, text=True, check=False, timeout=180, **kw)


def test_up_gives_idle_nodes_with_the_resources_asked_for(clusters):
    cluster = clusters(nodes=3, cpus=16, mem=32000, gpus=2)
    assert cluster.ok("sinfo", "-h", "-N", "-o", "%n %c %m %G %T").splitlines() == \
        [f"n{n} 16 32000 gpu:2 idle" for n in (1, 2, 3)]


def test_env_makes_a_shell_talk_to_it(clusters):
    cluster = clusters()
    done = subprocess.run(["sh", "-c", f'eval "$({MINICLUSTER} env {cluster.dir})"; scontrol ping; command -v sbatch'],
                          capture_output=True, text=True, check=True)
    assert "is UP" in done.stdout and str(cluster.bin / "sbatch") in done.stdout


def test_down_ends_everything_also_running_jobs(clusters):
    cluster = clusters(nodes=2)
    job = cluster.sbatch(script="setsid sleep 600 & echo $! >left; echo $$ >self; wait")
    cluster.wait_state(job, "RUNNING")
    jobs = [cluster.wait_file("left"), cluster.wait_file("self")]
    daemons = [cluster.pid(name) for name in ("ctld", "n1", "n1.agent", "n2", "n2.agent")]
    assert all(process_lives(pid) for pid in daemons)
    cluster.down()
    for pid in daemons + jobs:
        wait_gone(pid, 5)
    assert not list((cluster.dir / "run").glob("*.pid")), "those that end in order take their pid files with them"


def test_up_again_starts_what_was_there(clusters):
    cluster = clusters()
    done = cluster.completed()
    held = cluster.sbatch("--hold")
    cluster.down()
    cluster.mini("up", cluster.dir)
    cluster.mini("up", cluster.dir)
    assert cluster.acct_one(done, "State") == ["COMPLETED"] and cluster.state(held) == "PENDING"
    cluster.completed()


def test_stop_start_and_kill(clusters):
    cluster = clusters(nodes=2)
    for verb in (cluster.stop, cluster.kill9):
        for name in ("n2", "ctld"):
            pid = cluster.pid(name)
            verb(name)
            wait_gone(pid)
            cluster.start(name)
            assert cluster.pid(name) != pid
    cluster.completed("-w", "n2")


def test_names_that_it_does_not_know(clusters):
    cluster = clusters()
    for verb in ("stop", "start", "kill9", "logs"):
        done = run(verb, cluster.dir, "n2")
        assert done.returncode == 1 and "no daemon named n2" in done.stderr, verb
    again = run("up", cluster.dir, "--nodes", "2")
    assert again.returncode == 0 and "has a cluster already" in again.stderr


def test_more_configuration_wins(clusters):
    cluster = clusters(conf="ClusterName=other\nMinJobAge=77")
    config = cluster.ok("scontrol", "show", "config")
    assert "= other" in config and "= 77 sec" in config


XML = ('<?xml version="1.0"?>\n<topology version="2.0">\n<object type="Machine" os_index="0" cpuset="0x3" '
       'complete_cpuset="0x3" allowed_cpuset="0x3" nodeset="0x1" complete_nodeset="0x1" allowed_nodeset="0x1">\n'
       '<object type="NUMANode" os_index="0" cpuset="0x3" complete_cpuset="0x3" nodeset="0x1" complete_nodeset="0x1" '
       'local_memory="1048576"/>\n'
       '<object type="PU" os_index="0" cpuset="0x1" complete_cpuset="0x1" nodeset="0x1" complete_nodeset="0x1"/>\n'
       '<object type="PU" os_index="1" cpuset="0x2" complete_cpuset="0x2" nodeset="0x1" complete_nodeset="0x1"/>\n'
       '</object>\n</topology>\n')


@pytest.mark.parametrize("topology, cpus", [("package:2 [numa] core:4(indexes=2*4:1*2) 2", 16), ("two.xml", 2)])
def test_nodes_have_the_cpus_of_their_topology(clusters, tmp_path, topology, cpus):
    (tmp_path / "two.xml").write_text(XML)
    cluster = clusters(cpus=None, topology=str(tmp_path / topology) if topology.endswith("xml") else topology)
    assert cluster.ok("sinfo", "-h", "-N", "-o", "%c %T").split() == [str(cpus), "idle"]


@pytest.mark.parametrize("topology, cpus, said", [
    ("package:2 core:2", 5, "--cpus 5 is more than --topology has, which is 4"), ("two.xml", 3, "which is 2"),
    ("core:many", 1, "'core:many'"), ("gone.xml", 1, "there is no file"), ("empty.xml", 1, "names no PU"),
])
def test_a_topology_that_does_not_do_starts_nothing(tmp_path, topology, cpus, said):
    (tmp_path / "two.xml").write_text(XML)
    (tmp_path / "empty.xml").write_text("")
    done = run("up", "/tmp/moisson-never", "--topology", topology, "--cpus", cpus, cwd=tmp_path)
    assert done.returncode == 1 and said in done.stderr and done.stderr.count("minicluster:") == 1
    assert not Path("/tmp/moisson-never").exists()


def test_a_failed_up_ends_what_it_started_and_may_be_tried_again(clusters):
    cluster = clusters(nodes=2)
    cluster.down()
    conf = cluster.dir / "moisson.conf"
    conf.rename(cluster.dir / "good.conf")
    failed = run("up", cluster.dir, "--nodes", "2", "--topology", "frob:2", "--cpus", "1")  # only hwloc knows these words
    assert failed.returncode == 1 and "node n1 does not start" in failed.stderr and "frob:2" in failed.stderr
    assert not list((cluster.dir / "run").glob("*.pid")) and not conf.exists()
    cluster.mini("up", cluster.dir, "--nodes", "2")
    cluster.completed()


def test_a_failed_up_leaves_what_ran_before(clusters):
    cluster = clusters(nodes=2)
    kept = [cluster.pid(name) for name in ("ctld", "n1", "n1.agent")]
    cluster.stop("n2")
    order = cluster.dir / "spool" / "n2" / "launcher.lock"
    order.unlink()
    order.mkdir()
    failed = run("up", cluster.dir)
    order.rmdir()
    assert failed.returncode == 1 and "node n2 does not start" in failed.stderr
    assert [cluster.pid(name) for name in ("ctld", "n1", "n1.agent")] == kept
    cluster.start("n2")


@pytest.mark.parametrize("words, said", [
    ([], "Usage"), (["fly"], "Usage"), (["up"], "directory"), (["down", "/tmp/moisson-no-such"], "no cluster"),
    (["up", "/tmp/" + "x" * 80], "too long"), (["up", "/tmp/mo isson"], "character"),
    (["up", "/tmp/moisson-never", "--nodes", "many"], "number"), (["up", "/tmp/moisson-never", "--wings"], "--wings"),
])
def test_what_it_refuses(words, said):
    done = run(*words)
    assert done.returncode == 1 and said in done.stderr


def port_of(cluster):
    return int(re.search(r"(?m)^SlurmctldPort=(\d+)", (cluster.dir / "moisson.conf").read_text()).group(1))


def test_a_port_that_was_taken_meanwhile_is_exchanged(clusters):
    cluster = clusters()
    port = port_of(cluster)
    cluster.down()
    with socket.create_server(("127.0.0.1", port)):
        cluster.mini("up", cluster.dir)
        assert port_of(cluster) != port
        cluster.completed()


def test_a_daemon_that_does_not_start_is_told_with_its_words(clusters):
    cluster = clusters()
    cluster.stop("ctld")
    conf = cluster.dir / "moisson.conf"
    good = conf.read_text()
    conf.write_text(good + "Nonsense=1\n")
    done = run("start", cluster.dir, "ctld")
    assert done.returncode == 1 and "Nonsense" in done.stderr
    conf.write_text(good)
    cluster.start("ctld")
