"""Peers that nobody knows take all that the controller's door gives to strangers. Those who may come in still do."""
import subprocess
import sys
import time

import pytest
from conftest import SOURCE, wait_until
from host_cluster import host_cluster  # noqa: F401

HOSTS = {"nodes": 1, "cpus": 2, "conf": "SlurmdTimeout=5\nMessageTimeout=10", "others": ["stranger"]}
CONNECTIONS, RATE = 2000, 400  # far more than the door lets in; a rate that leaves a small machine some time for the others


class Flooded:
    def __init__(self, cluster, kind, source):
        self.cluster, self.kind = cluster, kind
        program = (SOURCE / "tests/system/flood.py").read_text()
        self.process = cluster.hosts[source].spawn(sys.executable, "-S", "-c", program, kind, "ctl", "6817", str(CONNECTIONS), str(RATE),
                                                   stdout=subprocess.PIPE, text=True)

    def wait_full(self):
        """More has been opened than the door holds; from now on it is always full."""
        while int(self.process.stdout.readline().split()[1]) < 2 * RATE:
            pass

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def descriptors(cluster):
    return len(cluster.hosts["ctl"].ok("ls", f"/proc/{cluster.pid('ctld')}/fd").split())


@pytest.mark.parametrize("source", ["stranger", "login"])
@pytest.mark.parametrize("kind", ["silent", "slow", "hello", "garbage"])
def test_a_flood_of_strangers(host_cluster, kind, source):  # noqa: F811
    """From somewhere else, and from the very host that users come from."""
    cluster = host_cluster
    registered, before = cluster.registrations("n1"), descriptors(cluster)
    flood = Flooded(cluster, kind, source)
    try:
        flood.wait_full()
        longest = 0.0
        for _ in range(5):
            began = time.monotonic()
            cluster.completed()
            assert cluster.node_states() == {"n1": "idle"} or cluster.node_states() == {"n1": "mixed"}
            longest = max(longest, time.monotonic() - began)
        assert longest < 10, f"a job took {longest:.1f} s"
        assert descriptors(cluster) < before + 700, "strangers are bounded"
        if source == "stranger":  # an agent that comes anew gets in, too
            cluster.kill9("n1.agent")
            wait_until(lambda: cluster.registrations("n1") > registered, f"the agent is back\n{cluster.log_tails()}")
        cluster.completed()
    finally:
        flood.end()
    wait_until(lambda: descriptors(cluster) <= before + 8, lambda: f"{before} descriptors again: {descriptors(cluster)}")
