"""A node finds its controller by name: where the name has an address that nobody answers at, and where nobody answers who
could tell the address."""
import re
import signal
import time

import pytest
from conftest import wait_until
from host_cluster import host_cluster  # noqa: F401

HOSTS = {"nodes": 1, "conf": "SlurmdTimeout=5"}
NOBODY = "10.99.0.99"


@pytest.fixture(name="cluster")
def with_names_put_back(host_cluster):  # noqa: F811
    host_cluster.hosts.on_switch("ip", "route", "replace", "blackhole", NOBODY)
    etc = host_cluster.hosts["n1"].path("/etc")
    before = (etc / "hosts").read_text()
    yield host_cluster
    (etc / "hosts").write_text(before)
    (etc / "resolv.conf").unlink(missing_ok=True)
    host_cluster.wait_node_states({"n1": "idle"})


def new_agent(cluster):
    cluster.kill9("n1.agent")
    cluster.start("n1.agent")


def test_one_of_its_addresses_is_silent(cluster):
    hosts = cluster.hosts["n1"].path("/etc/hosts")
    hosts.write_text(f"{NOBODY} ctl\n" + hosts.read_text())
    before = cluster.registrations("n1")
    new_agent(cluster)
    wait_until(lambda: cluster.registrations("n1") > before, lambda: f"it has tried the other one\n{cluster.log_tails()}")
    cluster.completed()


def test_the_name_server_is_silent(cluster):
    """The agent goes on with what it has to do, which here is to end."""
    etc = cluster.hosts["n1"].path("/etc")
    (etc / "hosts").write_text(re.sub(r".* ctl\n", "", (etc / "hosts").read_text()))
    (etc / "resolv.conf").write_text(f"nameserver {NOBODY}\noptions timeout:30 attempts:5\n")
    new_agent(cluster)
    wait_until(lambda: cluster.log_count("n1", "its name could not be looked up in time"), lambda: f"it says so\n{cluster.log_tails()}")
    pid = cluster.pid("n1.agent")
    began = time.monotonic()
    cluster.signal("n1.agent", signal.SIGTERM.name[3:])
    wait_until(lambda: not cluster.alive("n1.agent") or cluster.pid("n1.agent") != pid, "it ends when it is told to")
    assert time.monotonic() - began < 10
