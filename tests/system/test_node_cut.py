"""A node is cut off for longer than SlurmdTimeout: it is not taken for dead. What runs there goes on and is not started
elsewhere unless that was asked for; nothing is lost; its CPUs are given away when they are empty, not before."""
import pytest
from host_cluster import host_cluster  # noqa: F401
from conftest import wait_until
from ledger import Ledger

CPUS = 2
PROLOG = """#!/bin/sh
touch /home/work/prolog.runs
while [ -e /home/work/prolog.held ]; do sleep 0.1; done
"""
HOSTS = {"nodes": 2, "cpus": CPUS, "conf": "SlurmdTimeout=3\nKillWait=2\nProlog=/etc/moisson/prolog",
         "site": {"/etc/moisson/prolog": PROLOG}}
WAYS = {"to-the-controller": [("n1", "ctl")], "to-the-node": [("ctl", "n1")], "both-ways": [("n1", "ctl"), ("ctl", "n1")]}


@pytest.fixture(name="ledger")
def own_ledger(host_cluster):  # noqa: F811
    """All ways open at the end, nothing running, both nodes there."""
    ledger = Ledger(host_cluster, CPUS)
    yield ledger
    host_cluster.hosts.no_delay()
    host_cluster.hosts.heal()
    if ledger.jobs:
        ledger.give_up()
    host_cluster.wait_node_states({"n1": "idle", "n2": "idle"})


@pytest.fixture(name="cluster")
def the_cluster(host_cluster):  # noqa: F811
    return host_cluster


def cut(cluster, way):
    for source, target in WAYS[way]:
        cluster.hosts.cut(source, target)


def wait_cut_off(cluster):
    cluster.wait_node_states({"n1": "down*"})
    assert cluster.node_reason("n1").startswith("Not responding")


def wait_back(cluster):
    """By itself: nobody resumes it."""
    wait_until(lambda: cluster.node_states().get("n1") in ("idle", "mixed", "allocated"),
               lambda: f"n1 is back: {cluster.node_states()}\n{cluster.log_tails()}")


def short_jobs(ledger, n):
    return [ledger.submit(body="sleep 0.2", requeue=bool(i % 2)) for i in range(n)]


def both_kinds_on_n1(cluster, ledger, mark):
    """Two long jobs that fill n1: one to be run once, one to be run again."""
    cluster.wait_node_states({"n1": "idle", "n2": "idle"})
    once = ledger.until(mark)
    again = ledger.until(mark, requeue=True)
    for job in (once, again):
        ledger.wait_runs(job, "n1")
        cluster.wait_state(job, "RUNNING")
    return once, again


def finish(cluster, ledger, mark):
    """More work than the nodes hold, while what came back is still tidied up."""
    short_jobs(ledger, 6)
    ledger.let_go(mark)
    ledger.check()
    cluster.wait_node_states({"n1": "idle", "n2": "idle"})


@pytest.mark.parametrize("way,delay", [*[(way, 0) for way in WAYS], ("both-ways", 400)])
def test_cut_off_and_healed(cluster, ledger, way, delay):
    mark = f"{way}-{delay}"
    if delay:
        cluster.hosts.delay("n1", delay)
    once, again = both_kinds_on_n1(cluster, ledger, mark)
    waiting = ledger.submit("-w", "n1")
    cut(cluster, way)
    short_jobs(ledger, 4)
    wait_cut_off(cluster)
    ledger.wait_runs(again, "n1", "n2")
    assert cluster.state(once) == "RUNNING", "an unreachable node is not a dead node"
    assert cluster.state(waiting) == "PENDING"
    cluster.hosts.heal()
    wait_back(cluster)
    assert ledger.runs(once) == ["n1"] and cluster.state(once) == "RUNNING"
    cluster.wait_state(waiting, "COMPLETED")  # where the run that nobody wants any more was ended
    finish(cluster, ledger, mark)


def test_what_ends_while_cut_off_is_told_later(cluster, ledger):
    once, again = both_kinds_on_n1(cluster, ledger, "told")
    cut(cluster, "both-ways")
    ledger.let_go("told")
    wait_until(lambda: len([1 for job, _ in ledger.lines("end") if job in (once, again)]) == 2, "both have ended on n1")
    wait_cut_off(cluster)
    assert cluster.state(once) == "RUNNING"
    cluster.wait_state(again, "COMPLETED")
    assert ledger.runs(again) == ["n1", "n2"], "it asked for that"
    cluster.hosts.heal()
    cluster.wait_state(once, "COMPLETED")
    ledger.check()


@pytest.mark.parametrize("who", ["ctld", "n1.agent", "n1"])
def test_a_daemon_dies_while_cut_off(cluster, ledger, who):
    """Neither side hears that the other's end of the connection is gone."""
    mark = f"dies-{who}"
    once, again = both_kinds_on_n1(cluster, ledger, mark)
    cut(cluster, "both-ways")
    cluster.kill9(who)
    cluster.start(who)
    wait_cut_off(cluster)
    ledger.wait_runs(again, "n1", "n2")
    cluster.hosts.heal()
    wait_back(cluster)
    assert ledger.runs(once) == ["n1"] and cluster.state(once) == "RUNNING"
    finish(cluster, ledger, mark)


def test_a_new_agent_comes_before_the_old_one_is_missed(cluster, ledger):
    """Half open: what the dead agent's kernel still says is lost, the controller holds on to it."""
    once, _ = both_kinds_on_n1(cluster, ledger, "half-open")
    before = cluster.registrations("n1")
    cut(cluster, "both-ways")
    cluster.kill9("n1.agent")
    cluster.start("n1.agent")
    cluster.hosts.heal()
    wait_until(lambda: cluster.registrations("n1") > before, f"the new agent is there\n{cluster.log_tails()}")
    wait_back(cluster)
    assert ledger.runs(once) == ["n1"]
    finish(cluster, ledger, "half-open")


def test_the_machine_crashes_while_cut_off(cluster, ledger):
    """Its new boot says that what ran there is over: known then, not before."""
    once, again = both_kinds_on_n1(cluster, ledger, "crash")
    cut(cluster, "both-ways")
    cluster.hosts["n1"].crash()
    wait_cut_off(cluster)
    ledger.wait_runs(again, "n1", "n2")
    assert cluster.state(once) == "RUNNING"
    cluster.hosts.boot("n1")
    cluster.start("n1")
    assert cluster.state(once) == "RUNNING"
    cluster.hosts.heal()
    ledger.ends[once] = "NODE_FAIL"
    cluster.wait_state(once, "NODE_FAIL")
    assert "rebooted" in cluster.acct_one(once, "Reason%100")[0]
    finish(cluster, ledger, "crash")


def test_cancelled_while_cut_off(cluster, ledger):
    once, again = both_kinds_on_n1(cluster, ledger, "cancel")
    cut(cluster, "both-ways")
    cluster.ok("scancel", once)
    ledger.ends[once] = "CANCELLED"
    wait_cut_off(cluster)
    ledger.wait_runs(again, "n1", "n2")
    assert cluster.state(once) == "COMPLETING", "nobody knows whether its processes are gone"
    cluster.hosts.heal()
    cluster.wait_state(once, "CANCELLED")
    finish(cluster, ledger, "cancel")


def placed_on_n1(cluster, ledger, mark, requeue):
    cluster.wait_node_states({"n1": "idle", "n2": "idle"})
    job = ledger.until(mark, requeue=requeue)
    wait_until(lambda: cluster.squeue(job, "%T %r") == ["PENDING Starting"], "it is placed")
    return job


def cut_off_with(cluster, ledger, job, runs, requeue):
    """The controller cannot know whether it runs, so there is no second run unless that was asked for."""
    short_jobs(ledger, 4)
    wait_cut_off(cluster)
    if requeue:
        ledger.wait_runs(job, *runs, "n2")
    else:
        assert ledger.runs(job) == runs
        assert cluster.squeue(job, "%T %r") == ["PENDING Starting"]
    cluster.hosts.heal()
    wait_back(cluster)
    if not requeue:
        ledger.wait_runs(job, "n1")


@pytest.mark.parametrize("requeue", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_cut_within_a_placement(cluster, ledger, way, requeue):
    """The start order, or what the node asks because of it, is on its way when the cut comes."""
    mark = f"within-{way}-{requeue}"
    cluster.hosts.delay("n1", 400)
    cluster.signal("n1.agent", "STOP")  # nothing can start before the cut, however slow this test is
    job = placed_on_n1(cluster, ledger, mark, requeue)
    cut(cluster, way)
    cluster.signal("n1.agent", "CONT")
    cut_off_with(cluster, ledger, job, [], requeue)
    finish(cluster, ledger, mark)


@pytest.mark.parametrize("requeue", [False, True])
def test_cut_between_a_start_and_its_news(cluster, ledger, requeue):
    mark = f"news-{requeue}"
    held, runs = cluster.work / "prolog.held", cluster.work / "prolog.runs"
    cluster.hosts.delay("n1", 400)
    runs.unlink(missing_ok=True)
    held.touch()
    try:
        job = placed_on_n1(cluster, ledger, mark, requeue)
        wait_until(runs.exists, lambda: f"n1 is about to start it\n{cluster.log_tails()}")
        cut(cluster, "to-the-controller")
    finally:
        held.unlink()
    ledger.wait_runs(job, "n1")
    cut_off_with(cluster, ledger, job, ["n1"], requeue)
    finish(cluster, ledger, mark)
