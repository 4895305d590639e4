"""Nodes that come over the network: asked, accepted, configured by the controller, revoked, with new keys."""
import json
import os
import random
import re
import subprocess
import time

import pytest

from conftest import send_signal, wait_until
from lone_node import LoneNode, stop_configured

CLUSTER = {"nodes": 3, "cpus": 4, "conf": "SlurmdTimeout=4\n"
                                          "NodeName=x[1-20] CPUs=2 RealMemory=1000 State=UNKNOWN\n"
                                          "PartitionName=main Nodes=n[1-3] Default=YES MaxTime=INFINITE State=UP\n"
                                          "PartitionName=lone Nodes=x[1-20] MaxTime=INFINITE State=UP"}


@pytest.fixture(autouse=True)
def controller_key(cluster):
    cluster.key = cluster.ok("moisson", "keygen", cluster.dir / "state").strip()


@pytest.fixture
def lone(cluster):
    made = []

    def make(name, **kw):
        made.append(LoneNode(cluster, name, **kw))
        return made[-1]

    yield make
    for node in made:
        node.stop()


def keys(cluster):
    return json.loads(cluster.ok("moisson", "node", "list", "--json"))["node_keys"]


def states(cluster, name):
    return sorted(row["state"] for row in keys(cluster) if row["name"] == name)


def run_on(cluster, node, script="true"):
    return cluster.sbatch("-p", "lone" if node.startswith("x") else "main", "-w", node, script=script)


# --- coming in


def test_a_node_without_anything_asks_is_accepted_and_runs_jobs(cluster, lone):
    node = lone("x1")
    asking = node.enroll_waiting()
    wait_until(lambda: states(cluster, "x1") == ["pending"], lambda: f"x1 asks: {states(cluster, 'x1')}")
    row = next(r for r in keys(cluster) if r["name"] == "x1" and r["state"] == "pending")
    assert row["fingerprint"] == node.fingerprint() and row["address"] == "127.0.0.1" and not row["connected"]
    assert asking.poll() is None, "it waits"
    table = cluster.ok("moisson", "node", "list", "x1")
    assert re.search(rf"^x1 +pending +{row['fingerprint']} ", table, re.M), table
    assert cluster.ok("moisson", "node", "accept", "x1", row["fingerprint"]) == f"x1: accepted, {row['fingerprint']}\n"
    out, err = asking.communicate(timeout=30)
    assert asking.returncode == 0 and "x1 is enrolled" in out, (out, err)
    assert row["fingerprint"] in err, "both sides show the same"
    for name, mode in (("node.key", 0o600), ("enroll.key", 0o600), ("order.key", 0o600), ("enrolled.conf", 0o644)):
        assert (node.spool / name).stat().st_mode & 0o777 == mode, name
    node.start().wait_up()
    assert states(cluster, "x1") == ["accepted"]
    job = run_on(cluster, "x1", "echo $SLURM_CONF; squeue -h -j $SLURM_JOB_ID -o %N")
    cluster.wait_state(job, "COMPLETED")
    conf = node.spool / "conf" / "current" / "moisson.conf"
    assert cluster.output(job) == f"{conf}\nx1\n", "commands in the job find the configuration that the node was given"
    assert not (cluster.dir / "spool" / "x1").exists()


def test_asking_once_and_again(cluster, lone):
    node = lone("x2")
    first = node.enroll("--no-wait")
    assert first.returncode == 2 and node.fingerprint() in first.stderr and first.stdout == ""
    again = node.enroll("--no-wait")
    assert again.returncode == 2 and node.fingerprint() in again.stderr, "the same key"
    assert states(cluster, "x2").count("pending") == 1
    assert cluster.run("moisson", "node", "accept", "x2", *node.fingerprint().upper().split("-")).returncode == 0
    for _ in range(2):
        done = node.enroll("--no-wait")
        assert done.returncode == 0 and "x2 is enrolled" in done.stdout, done
    assert cluster.ok("moisson", "node", "accept", "x2", node.fingerprint()), "said twice is no error"


def test_many_at_once_by_a_list_of_fingerprints(cluster, lone):
    nodes = [lone(f"x{i}") for i in range(3, 7)]
    for node in nodes:
        assert node.enroll("--no-wait").returncode == 2
    listing = "".join(cluster.ok("moisson", "node", "fingerprint", "--spool", n.spool, n.name) for n in nodes[:3])
    listing = "# gathered on the nodes\n" + listing + "x6 0000-0000-0000-0000-0000\nx7 1111-1111-1111-1111-1111\n"
    done = cluster.run("moisson", "node", "accept", "--all-matching", "-", stdin=listing)
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["x3", "x4", "x5"]
    assert "does not match" in done.stderr and "node x7 does not ask" in done.stderr, done.stderr
    assert [states(cluster, n.name) for n in nodes] == [["accepted"]] * 3 + [["pending"]]
    (cluster.work / "empty").write_text("# nobody\n")
    done = cluster.run("moisson", "node", "accept", "--all-matching", cluster.work / "empty")
    assert done.returncode == 1 and "names no node" in done.stderr


# --- wrong uses


OTHER_KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"


@pytest.mark.parametrize("name, change, words", [
    ("y1", {}, ["node y1 is not in the controller's configuration", "NodeName=y1"]),
    ("x8", {"key": OTHER_KEY}, ["does not have the configured controller key"]),
    ("x8", {"key": "short"}, ["is no key", "moisson keygen"]),
    ("x8", {"controller": "127.0.0.1:1"}, ["Connection refused"]),
    ("x8", {"controller": "127.0.0.1:0"}, ["port"]),
    ("x8", {"controller": ":6817"}, ["names no host"]),
    ("x8", {"controller": "no.such.host.invalid"}, ["cannot resolve"]),
    ("../x8", {}, ["is no name for a node"]),
])
def test_what_cannot_be(cluster, lone, name, change, words):
    node = lone(name, spool=cluster.dir / "lone-wrong")
    done = node.enroll(**change)
    assert done.returncode == 1 and done.stdout == "", done
    assert not [w for w in words if w not in done.stderr], done.stderr
    assert not (node.spool / "order.key").exists() and not (node.spool / "node.key").exists()


def test_an_open_port_that_is_no_controller(cluster, lone):
    with subprocess.Popen(["/usr/bin/python3", "-c",
                           "import socket; s = socket.create_server (('127.0.0.1', 0)); print (s.getsockname ()[1], flush=True)\n"
                           "c = s.accept ()[0]; c.recv (38); c.send (b'HTTP/1.1 400 Bad Request' + b' ' * 80); c.recv (1)"],
                          stdout=subprocess.PIPE, text=True) as web:
        done = lone("x8").enroll(controller=f"127.0.0.1:{web.stdout.readline().strip()}")
    assert done.returncode == 1 and "not a Moisson controller" in done.stderr


def test_the_key_is_needed(cluster, lone):
    node = lone("x8")
    words = [w for w in node.words() if w not in ("--key", node.key())]
    done = cluster.run(*words, only_env=node.env)
    assert done.returncode == 1 and "the controller's key is needed" in done.stderr and "moisson keygen" in done.stderr


def test_a_spool_that_cannot_be_written(cluster, lone):
    (cluster.work / "file").write_text("")
    done = lone("x8", spool=cluster.work / "file" / "spool").enroll("--no-wait")
    assert done.returncode == 1 and str(cluster.work / "file") in done.stderr and "fix: " in done.stderr
    if os.geteuid() != 0:
        done = lone("x8", spool="/usr/moisson").enroll("--no-wait")
        assert done.returncode == 1 and "Permission denied" in done.stderr and "run this as root" in done.stderr


def test_a_full_disk(cluster, lone):
    place = cluster.dir / "full"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place]).returncode:
        pytest.skip("needs root, to mount a small file system")
    try:
        node = lone("x8", spool=place / "spool")
        assert node.enroll("--no-wait").returncode == 2
        assert cluster.run("moisson", "node", "accept", "x8", node.fingerprint()).returncode == 0
        with open(place / "filler", "wb", buffering=0) as filler, pytest.raises(OSError):
            while True:
                filler.write(b"x" * 4096)
        done = node.enroll("--no-wait")
        assert done.returncode == 1 and "No space left" in done.stderr and "df" in done.stderr, done
        assert not (node.spool / "node.key").exists(), "not enrolled by half"
        (place / "filler").unlink()
        assert node.enroll("--no-wait").returncode == 0
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_node_that_is_not_enrolled_does_not_start(cluster, lone):
    node = lone("x9", spool=cluster.dir / "lone-nothing").start()
    assert node.daemon.wait(30) == 1
    assert "not enrolled" in node.log() and "moisson node enroll" in node.log(), node.log()
    both = cluster.run("moissond", "-N", "x9", "-f", cluster.dir / "moisson.conf", "--conf-server", "localhost")
    assert both.returncode == 1 and "--conf-server" in both.stderr


def test_operators_only(people, clusters):
    """Everything about keys but asking is an operator's."""
    cluster = clusters(nodes=1)
    somebody = cluster.as_user(people[0])
    before = (cluster.dir / "state" / "node_keys").read_text()
    for words in (["list"], ["accept", "n1", "0"], ["revoke", "n1"], ["rekey", "n1"], ["rekey", "--all"]):
        done = somebody.run("moisson", "node", *words)
        assert done.returncode == 1 and "only an operator may" in done.stderr, done
    assert (cluster.dir / "state" / "node_keys").read_text() == before
    done = somebody.run("moisson", "node", "enroll", "n1", "--state", cluster.dir / "state", "--spool", somebody.work)
    assert done.returncode == 1 and "Permission denied" in done.stderr, "nor by the side"


def test_a_wrong_fingerprint(cluster, lone):
    node = lone("x10")
    node.enroll("--no-wait")
    done = cluster.run("moisson", "node", "accept", "x10", "0123-4567-89ab-cdef-0123")
    assert done.returncode == 1 and "does not match" in done.stderr and node.fingerprint() in done.stderr
    assert "pending" in states(cluster, "x10")
    assert cluster.run("moisson", "node", "accept", "x10").returncode == 1
    assert cluster.run("moisson", "node", "accept", "x11", node.fingerprint()).returncode == 1


def test_the_controller_goes_away_while_a_node_waits(cluster, lone):
    node = lone("x12")
    asking = node.enroll_waiting()
    wait_until(lambda: "pending" in states(cluster, "x12"), "x12 asks")
    cluster.stop("ctld")
    cluster.start("ctld")  # requests are in memory only: the node asks again by itself
    wait_until(lambda: "pending" in states(cluster, "x12"), "x12 asks again")
    assert cluster.run("moisson", "node", "accept", "x12", node.fingerprint()).returncode == 0
    out, err = asking.communicate(timeout=30)
    assert asking.returncode == 0, (out, err)


# --- a name is somebody's


def test_an_enrolled_name_is_not_taken_over(cluster, lone):
    job = run_on(cluster, "n1", "echo $$; until [ -e over ]; do sleep 0.05; done")
    cluster.wait_state(job, "RUNNING")
    stranger = lone("n1")
    assert stranger.enroll("--no-wait").returncode == 2
    assert states(cluster, "n1") == ["accepted", "pending"]
    assert "would replace the accepted key" in cluster.ok("moisson", "node", "list", "n1")
    done = cluster.run("moisson", "node", "accept", "n1", stranger.fingerprint())
    assert done.returncode == 1 and "enrolled with another key" in done.stderr and "--replace" in done.stderr
    (cluster.work / "over").touch()
    cluster.wait_state(job, "COMPLETED")
    assert cluster.acct_one(job, "State,ExitCode") == ["COMPLETED", "0:0"], "the node itself noticed nothing"


def test_a_node_that_was_set_up_anew_replaces_the_old(cluster, lone):
    stop_configured(cluster, "n2")
    node = lone("n2")
    node.join("--replace")
    node.start().wait_up()
    old = cluster.spawn("moissond", "-N", "n2", "-f", cluster.dir / "moisson.conf", env={"MOISSON_CONF": ""})
    try:
        log = cluster.dir / "log" / "n2.log"
        wait_until(lambda: "not the one it was enrolled with" in log.read_text(), "the old keys are refused in words")
        assert node.state() == "idle"
    finally:
        old.terminate()
        old.wait(30)


# --- revoking


def test_a_revoked_node_is_out_at_once_and_its_jobs_are_not_declared_over(cluster, lone):
    node = lone("x13")
    node.join()
    node.start().wait_up()
    job = run_on(cluster, "x13", "until [ -e back ]; do sleep 0.05; done; echo went on")
    cluster.wait_state(job, "RUNNING")
    fingerprint = node.fingerprint()
    assert cluster.ok("moisson", "node", "revoke", "x13") == f"x13: revoked, {fingerprint}\n"
    row = next(r for r in keys(cluster) if r["name"] == "x13")
    assert row["state"] == "revoked" and not row["connected"]
    node.wait_log("an operator has revoked the keys of node x13")
    wait_until(lambda: node.state().startswith("down"), lambda: f"after SlurmdTimeout it is down: {node.state()}")
    assert cluster.state(job) == "RUNNING"
    again = cluster.run("moisson", "node", "revoke", "x13")
    assert again.returncode == 1 and "revoked already" in again.stderr
    refused = node.enroll("--no-wait")
    assert refused.returncode == 1 and "revoked this key" in refused.stderr and "--new-key" in refused.stderr
    restarted = cluster.run("moisson", "node", "accept", "x13", fingerprint)
    assert restarted.returncode == 1 and "does not ask" in restarted.stderr
    cluster.kill9("ctld")
    cluster.start("ctld")
    assert states(cluster, "x13") == ["revoked"], "for good"
    node.join("--new-key")
    node.stop()
    node.start().wait_up()
    (cluster.work / "back").touch()
    cluster.wait_state(job, "COMPLETED")
    assert cluster.output(job) == "went on\n"


def test_nodes_that_are_not_known_cannot_be_revoked(cluster):
    done = cluster.run("moisson", "node", "revoke", "x20,zz")
    assert done.returncode == 1 and "node x20 is not enrolled" in done.stderr and "node zz is not enrolled" in done.stderr
    assert cluster.run("moisson", "node", "revoke").returncode == 1


# --- new keys


def test_new_keys_do_not_touch_what_runs(cluster, lone):
    node = lone("x14")
    node.join()
    node.start().wait_up()
    job = run_on(cluster, "x14", "until [ -e enough ]; do sleep 0.05; done; echo the same")
    cluster.wait_state(job, "RUNNING")
    seen = {node.fingerprint()}
    before = (node.spool / "order.key").read_text()
    for _ in range(3):
        out = cluster.ok("moisson", "node", "rekey", "x14")
        assert out == f"x14: has new keys, {node.fingerprint()}\n"
        seen.add(node.fingerprint())
        again = node.enroll("--no-wait")
        assert again.returncode == 0, "and it is still the node that was accepted"
    assert len(seen) == 4 and (node.spool / "order.key").read_text() != before
    assert not (node.spool / "keys.new").exists() and not (node.spool / "keys.commit").exists()
    after = run_on(cluster, "x14", "true")
    cluster.wait_state(after, "COMPLETED")  # orders are signed and believed with the new key
    (cluster.work / "enough").touch()
    cluster.wait_state(job, "COMPLETED")
    assert cluster.output(job) == "the same\n"
    gone = cluster.run("moisson", "node", "rekey", "x20")
    assert gone.returncode == 1 and "no session" in gone.stderr
    assert "next=" not in (cluster.dir / "state" / "node_keys").read_text()


def test_all_nodes_get_new_keys(cluster):
    before = {r["name"]: r["fingerprint"] for r in keys(cluster) if r["connected"]}
    assert before
    out = cluster.ok("moisson", "node", "rekey", "--all")
    now = {r["name"]: r["fingerprint"] for r in keys(cluster) if r["connected"]}
    assert now.keys() == before.keys() and not set(now.values()) & set(before.values())
    assert len(out.splitlines()) == len(before)
    job = run_on(cluster, sorted(n for n in before if n.startswith("n"))[0])
    cluster.wait_state(job, "COMPLETED")


def test_new_keys_whatever_dies_meanwhile(cluster, lone):
    """Controller, launcher or agent die at any moment of the exchange: the node always comes back, with its job."""
    node = lone("x15")
    node.join()
    node.start().wait_up()
    job = run_on(cluster, "x15", "until [ -e survived ]; do sleep 0.05; done; echo survived")
    cluster.wait_state(job, "RUNNING")
    chance = random.Random(15)
    for victim in ("ctld", "launcher", "agent") * 3:
        rekeying = cluster.spawn("moisson", "node", "rekey", "x15")
        time.sleep(chance.uniform(0, 0.12))
        if victim == "ctld":
            cluster.kill9("ctld")
            cluster.start("ctld")
        elif victim == "agent":
            path = cluster.dir / "run" / "x15.agent.pid"
            if path.exists():
                send_signal(path.read_text())
        else:
            node.kill9()
            node.start()
        rekeying.kill()
        rekeying.communicate()
        wait_until(lambda: any(r["name"] == "x15" and r["connected"] for r in keys(cluster)),
                   lambda: f"x15 is back after the {victim} died\n{node.log()}")
        wait_until(lambda: node.state() == "mixed", lambda: f"x15 is {node.state()}")
        assert cluster.state(job) == "RUNNING"
    short = run_on(cluster, "x15")
    cluster.wait_state(short, "COMPLETED")
    (cluster.work / "survived").touch()
    cluster.wait_state(job, "COMPLETED")
    assert cluster.output(job) == "survived\n"


# --- the controller's configuration


def set_conf(cluster, pattern, text):
    path = cluster.dir / "moisson.conf"
    new = re.sub(pattern, text, path.read_text(), flags=re.M)
    assert new != path.read_text()
    path.write_text(new)


def test_a_changed_configuration_reaches_the_node_under_a_running_job(cluster, lone):
    node = lone("x16")
    node.join()
    node.start().wait_up()
    job = run_on(cluster, "x16", "until [ -e seen ]; do sleep 0.05; done; echo lived on")
    cluster.wait_state(job, "RUNNING")
    current = node.spool / "conf" / "current"
    version, pid = os.readlink(current), node.daemon.pid
    (cluster.dir / "gres.conf").write_text("# nothing\n")
    set_conf(cluster, r"^KillWait=.*\n|\Z", "KillWait=17\n")
    cluster.stop("ctld")
    cluster.start("ctld")
    wait_until(lambda: "KillWait=17" in (current / "moisson.conf").read_text(), "the node has the new configuration")
    assert (current / "gres.conf").read_text() == "# nothing\n"
    assert os.readlink(current) > version
    node.wait_up()
    assert node.daemon.poll() is None and node.daemon.pid == pid, "the same process, begun anew"
    assert cluster.state(job) == "RUNNING"
    (cluster.work / "seen").touch()
    cluster.wait_state(job, "COMPLETED")
    assert cluster.output(job) == "lived on\n"
    version = os.readlink(current)
    cluster.stop("ctld")
    cluster.start("ctld")
    node.wait_up()
    assert os.readlink(current) == version, "the same files are not sent again"


def test_a_node_starts_by_itself_while_the_controller_is_away(cluster, lone):
    node = lone("x17")
    node.join()
    node.start().wait_up()
    node.stop()
    cluster.stop("ctld")
    node.start()
    node.wait_log("event=dial-failed")
    assert "cpus=2" in node.log().splitlines()[-2] or "cpus=2" in node.log(), "by the configuration that it was given"
    cluster.start("ctld")
    node.wait_up()


def test_a_configuration_that_the_node_cannot_use_changes_nothing(cluster, lone):
    node = lone("x18")
    node.join()
    node.start().wait_up()
    current = node.spool / "conf" / "current"
    before = os.readlink(current)
    path = cluster.dir / "moisson.conf"
    kept = path.read_text()
    set_conf(cluster, r"x\[1-20\]", "x[1-17]")
    cluster.stop("ctld")
    cluster.start("ctld")
    node.wait_log("node x18 is not in it")
    assert os.readlink(current) == before
    path.write_text(kept)
    cluster.stop("ctld")
    cluster.start("ctld")
    node.wait_up()


def test_a_damaged_configuration_in_the_spool_is_fetched_again(cluster, lone):
    node = lone("x19")
    node.join()
    node.start().wait_up()
    node.stop()
    conf = node.spool / "conf" / "current" / "moisson.conf"
    conf.write_text("Nonsense=1\n")
    (conf.parent / "hash").write_text("")
    cluster.stop("ctld")  # a version that is higher comes with its next life
    node.start("--spool", str(node.spool), "--conf-server", node.controller())
    node.wait_log("asking the controller for it")
    cluster.start("ctld")
    node.wait_up()
    assert "ClusterName" in (node.spool / "conf" / "current" / "moisson.conf").read_text()


def test_the_controllers_key_is_exchanged(clusters):
    cluster = clusters(nodes=2)
    cluster.key = cluster.ok("moisson", "keygen", cluster.dir / "state").strip()
    stop_configured(cluster, "n2")
    node = LoneNode(cluster, "n2")

    def restart(pattern, text):
        set_conf(cluster, pattern, text)
        cluster.stop("ctld")
        cluster.start("ctld")

    def works():
        for name in ("n1", "n2"):
            job = cluster.sbatch("-w", name, script="true")
            cluster.wait_state(job, "COMPLETED")

    try:
        node.join("--replace")
        node.start().wait_up()
        new = cluster.ok("moisson", "keygen", cluster.dir / "next").strip()
        restart(r"\Z", new.replace("ControllerKey", "ControllerKeyNext") + "\n")
        current = node.spool / "conf" / "current" / "moisson.conf"
        wait_until(lambda: "ControllerKeyNext" in current.read_text(), "the node knows both")
        cluster.stop("n1")  # it reads its file when it starts
        cluster.start("n1")
        works()
        os.replace(cluster.dir / "next" / "controller.key", cluster.dir / "state" / "controller.key")
        cluster.stop("ctld")
        cluster.start("ctld")
        works()  # nodes and commands take the new one
        set_conf(cluster, r"^ControllerKey=.*\n", "")
        restart("ControllerKeyNext", "ControllerKey")
        wait_until(lambda: "ControllerKeyNext" not in current.read_text(), "the old one is not trusted any more")
        works()
    finally:
        node.stop()


def test_root_mode_keeps_the_order_key_from_the_agent(people, clusters):
    cluster = clusters(nodes=1, options=["--root"])
    cluster.key = cluster.ok("moisson", "keygen", cluster.dir / "state").strip()
    stop_configured(cluster, "n1")
    node = LoneNode(cluster, "n1")
    try:
        node.join("--replace")
        node.start().wait_up()
        agent = (cluster.dir / "run" / "n1.agent.pid").read_text().strip()
        uid = os.stat(f"/proc/{agent}").st_uid
        assert uid != 0
        somebody = cluster.as_user(people[0])
        job = somebody.sbatch(script="id -un; until [ -e enough ]; do sleep 0.05; done")
        somebody.wait_state(job, "RUNNING")
        assert cluster.ok("moisson", "node", "rekey", "n1").startswith("n1: has new keys")
        for name, owner, mode in (("order.key", 0, 0o600), ("enroll.key", 0, 0o600), ("node.key", uid, 0o400)):
            st = (node.spool / name).stat()
            assert (st.st_uid, st.st_mode & 0o777) == (owner, mode), name
        for path in (node.spool, node.spool / "conf", node.spool / "conf" / "current"):
            assert path.stat().st_uid == 0 and not path.stat().st_mode & 0o022, "the agent cannot put files there"
        for name in ("order.key", "enroll.key"):
            read = subprocess.run(["setpriv", f"--reuid={uid}", "--clear-groups", "cat", node.spool / name],
                                  capture_output=True)
            assert read.returncode == 1, name
        (somebody.work / "enough").touch()
        somebody.wait_state(job, "COMPLETED")
        assert somebody.output(job) == f"{people[0].name}\n"
    finally:
        node.stop()
