"""Somebody is root on one node and has its keys. That is worth this node, and nothing else: no other user, no other node, no
other node's jobs. tests/system/rogue.c says what an honest agent would not."""
import hashlib
import json
import re

import pytest
from conftest import wait_until
from host_cluster import host_cluster, start_munge  # noqa: F401

HOSTS = {"nodes": 2, "cpus": 2, "conf": "SlurmdTimeout=5\nReturnToService=2\nRebootProgram=/etc/moisson/reboot",
         "site": {"/etc/moisson/reboot": "#!/bin/sh\ntouch /tmp/rebooted\n"}}
# requests of users and operators, by their number in wire.proto
REQUESTS = {"SUBMIT": 16, "CANCEL": 18, "JOB_OP": 19, "JOBS": 24, "NODES": 26, "CONFIG": 30, "SHUTDOWN": 34, "WAIT": 36,
            "ACCT": 38, "NODE_OP": 40, "STATS": 42, "NODE_KEYS": 106, "NODE_KEY_OP": 108}


class Owned:
    """n2 is theirs: its own daemons are stopped. n1 and its jobs are what they are after."""

    def __init__(self, cluster):
        self.cluster, self.host = cluster, cluster.hosts["n2"]
        self.tools = "/opt/tests"
        conf = cluster.hosts["n2"].path("/etc/moisson/moisson.conf").read_text()
        self.key = re.search(r"ControllerKey=(\S+)", conf).group(1)
        self.spool = "/var/spool/moisson"

    def words(self, *steps, name="n2"):
        return [f"{self.tools}/rogue", "ctl", 6817, self.key, name, f"{self.spool}/node.key", *steps]

    def says(self, *steps, name="n2"):
        """What the controller answers, a line each."""
        return self.host.run(*self.words(*steps, name=name)).stdout.splitlines()

    def job_on_n1(self, mark):
        job = self.cluster.sbatch("-w", "n1", script=f"echo secret {mark} >ran.{mark}; until [ -e go.{mark} ]; do sleep 0.1; done")
        self.cluster.wait_file(f"ran.{mark}")
        self.cluster.wait_state(job, "RUNNING")
        return job

    def still_runs(self, job, mark):
        assert self.cluster.state(job) == "RUNNING"
        (self.cluster.work / f"go.{mark}").touch()
        self.cluster.wait_state(job, "COMPLETED")
        assert self.cluster.acct(job, "State,ExitCode,NodeList", "-D") == [["COMPLETED", "0:0", "n1"]]


@pytest.fixture(name="owned", scope="module")
def owned_node(host_cluster):  # noqa: F811
    if not (host_cluster.built.parent / "tests/rogue").exists():
        pytest.skip("the programs were built without their tests")
    host_cluster.stop("n2")
    return Owned(host_cluster)


def test_it_can_speak_for_itself(owned):
    """Else all that is refused below would prove nothing."""
    assert owned.says("register") == ["register: REGISTER_ACK"]


def test_its_key_opens_no_other_node(owned):
    assert owned.says(name="n1") == ["login: ERROR node n1 has a key that is not the one it was enrolled with"]
    assert owned.says(name="n9") == ["login: ERROR node n9 is not enrolled"]


def test_it_cannot_register_another_node(owned):
    registered = owned.cluster.registrations("n1")
    assert owned.says("register=n1") == ["register: ERROR node n2 registers as n1", "register: CLOSED"]
    assert owned.cluster.registrations("n1") == registered


def test_a_job_of_another_node_is_not_its_own(owned):
    """Whatever it claims to have, run or ended of it."""
    job = owned.job_on_n1("claimed")
    for phase in (1, 2, 3, 4, 5):
        says = owned.says(f"claim={job}.1.{phase}", f"started={job}.1", f"exited={job}.1")
        assert says[0] == "claim: REGISTER_ACK"
        assert set(says[1:]) <= {f"claim: STOP {job}.1", f"claim: FORGET {job}.1"}, "it is told to let it go"
        assert owned.cluster.state(job) == "RUNNING"
    assert owned.cluster.log_count("ctld", f'job={job} attempt=1 node=n2 event=news-refused why="it is on n1"') == 10
    owned.still_runs(job, "claimed")


def test_it_cannot_make_the_controller_read_for_long(owned):
    says = owned.says("claim=1.1.2.70000")
    assert says == ["claim: ERROR it speaks of 70000 attempts, at most 65536 are taken", "claim: CLOSED"]
    assert owned.says("register") == ["register: REGISTER_ACK"]


def test_news_of_nothing_fill_no_journal(owned):
    def sequence():
        return json.loads(owned.cluster.ok("sdiag", "--json"))["statistics"]["sequence"]

    owned.says("register")
    before = sequence()
    nothing = [f"{word}=77777{n}.1" for n in range(20) for word in ("started", "exited")]
    says = owned.says("register", *nothing, "register")  # what is still on its way comes before the last answer
    assert [line.split()[-1] for line in says if "FORGET" in line] == [f"77777{n}.1" for n in range(20)]
    assert sequence() - before < 20, "that it registered, and nothing of what it said"


def test_scripts_of_another_node_are_not_for_it(owned):
    secret = "#!/bin/sh\necho a script with a password in it\nuntil [ -e go.secret ]; do sleep 0.1; done\n"
    digest = hashlib.blake2b(secret.encode(), digest_size=32).hexdigest()
    owned.cluster.hosts.cut("ctl", "n1")  # so that its order stays on its way
    try:
        job = owned.cluster.sbatch("-w", "n1", script=secret)
        wait_until(lambda: owned.cluster.squeue(job, "%r") == ["Starting"], "it is placed")
        for steps in (["register"], [f"claim={job}.1.1"], [f"claim={job}.1.2"]):
            assert owned.says(*steps, f"blob=0.{digest}")[-1] == "blob: BLOB-REFUSED"
    finally:
        owned.cluster.hosts.heal()
    (owned.cluster.work / "go.secret").touch()
    owned.cluster.wait_state(job, "COMPLETED")
    assert owned.says("register", f"blob=0.{digest}")[-1] == "blob: BLOB-REFUSED"


@pytest.mark.parametrize("request_name", REQUESTS)
def test_a_node_is_no_user(owned, request_name):
    number = REQUESTS[request_name]
    says = owned.says("register", f"ask={number}")
    assert says == ["register: REGISTER_ACK", f"ask: ERROR a message of type {number} is not for this kind of peer", "ask: CLOSED"]


def test_root_there_is_nobody_elsewhere(owned):
    """No munge: no user. A munge of its own: a credential that nobody believes."""
    command = [owned.cluster.bin / "sbatch", "--wrap", "true"]
    done = owned.host.run(*command, cwd="/home/work", env=owned.cluster.env)
    assert done.returncode == 1 and "munge" in done.stderr and done.stdout == ""
    start_munge(owned.host, b"k" * 128)
    done = owned.host.run(*command, cwd="/home/work", env=owned.cluster.env)
    assert done.returncode == 1 and done.stdout == ""
    assert "another munge key" in done.stderr, done.stderr


def test_nobody_can_knock_at_a_node(owned):
    """Orders come over the connection that the node has made: there is no other way in."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"):
        out = owned.cluster.hosts["n1"].run("cat", table).stdout
        listening = [line for line in out.splitlines()[1:] if line.split()[3] in ("0A", "07")]
        assert not listening, f"{table}: {listening}"


class FalseAgent:
    """n1's true launcher with a program of ours where its agent should be: what the network could bring, at its worst."""

    def __init__(self, owned):
        self.owned, self.cluster, self.host = owned, owned.cluster, owned.cluster.hosts["n1"]
        self.dir = self.host.path("/tmp/orders")

    def start(self):
        if self.cluster.alive("n1"):
            self.cluster.stop("n1")
        self.host.ok("sh", "-ec", f"mkdir -p /tmp/false /tmp/orders; chmod 777 /tmp/orders; cd /tmp/false; rm -f /tmp/orders/nonce; "
                     f"cp {self.cluster.bin}/moissond {self.cluster.bin}/moisson-shepherd .; "
                     f"cp {self.owned.tools}/rogue-agent moisson-agent")
        self.launcher = self.host.spawn("sh", "-c", "exec /tmp/false/moissond -N n1 >>/var/log/moisson/false.out 2>&1",
                                        env=dict(self.cluster.env, ROGUE_DIR="/tmp/orders"))
        wait_until(lambda: self.nonce(), f"the launcher greets\n{self.cluster.log_tails()}")

    def stop(self):
        self.cluster.signal("n1", "TERM")
        self.launcher.wait(timeout=60)

    def nonce(self):
        path = self.dir / "nonce"
        return path.read_text() if path.exists() else ""

    def tool(self, *words):
        self.cluster.hosts["n2"].ok(f"{self.owned.tools}/rogue-agent", *words)

    def answer(self, name, order):
        """What n1's launcher says to an order (a file of the test's)."""
        (self.dir / f"{name}.new").write_bytes(order.read_bytes())
        (self.dir / f"{name}.new").rename(self.dir / f"{name}.order")
        path = self.dir / f"{name}.order.answer"
        wait_until(path.exists, f"an answer to {name}\n{self.cluster.log_tails()}")
        return path.read_text().strip()


@pytest.fixture(name="agent")
def false_agent(owned):
    agent = FalseAgent(owned)
    agent.start()
    yield agent
    agent.stop()
    owned.cluster.start("n1")


def order_of_n2(owned):
    """A true one, recorded with n2's own key."""
    listening = owned.host.spawn(*owned.words("register", "keep=/tmp/kept.order"), stdout=-1, text=True)
    owned.cluster.wait_node_states({"n2": "idle"})
    job = owned.cluster.sbatch("-w", "n2")
    out, _ = listening.communicate(timeout=60)
    assert f"keep: START {job}.1 on n2" in out
    owned.says("register", f"exited={job}.1")
    owned.cluster.wait_state(job, "COMPLETED")
    return owned.host.path("/tmp/kept.order")


def test_orders_that_no_controller_gave(owned, agent):
    path = owned.host.path("/tmp")
    key = "/var/spool/moisson/order.key"
    unsigned = "REFUSED the order is not signed with this node's order key (fix: enrol the node again: moisson node enroll n1)"
    theirs = order_of_n2(owned)
    assert agent.answer("replayed", theirs) == unsigned
    agent.tool("change", "/tmp/kept.order", "/tmp/changed.order", "node=n1", f"nonce={agent.nonce()}", "uid=0")
    assert agent.answer("changed", path / "changed.order") == unsigned
    agent.tool("sign", key, "/tmp/forged.order", "node=n1", f"nonce={agent.nonce()}", "sequence=99999999999999", "raw_id=7777", "uid=0")
    assert agent.answer("forged", path / "forged.order") == unsigned


def test_a_reboot_that_no_controller_asked_for(owned, agent):
    """The false agent has asked for one before anything else; its launcher has answered its order since."""
    agent.tool("sign", "/var/spool/moisson/order.key", "/tmp/after.order", "node=n1")
    agent.answer("after", owned.host.path("/tmp/after.order"))
    assert "asks for a program that is not its to ask for" in owned.cluster.log_tails()
    assert not agent.host.path("/tmp/rebooted").exists()


def test_true_orders_at_the_wrong_time_or_place(owned, agent):
    """Even n1's own key does not make an old order new."""
    (owned.host.path("/tmp/n1.key")).write_bytes(agent.host.path("/var/spool/moisson/order.key").read_bytes())
    owned.host.path("/tmp/n1.key").chmod(0o600)

    def made(name, *words):
        agent.tool("sign", "/tmp/n1.key", f"/tmp/{name}.order", *words)
        return agent.answer(name, owned.host.path(f"/tmp/{name}.order"))

    here = ["node=n1", f"nonce={agent.nonce()}", "uid=0", "script=#!/bin/sh\n"]
    assert made("elsewhere", "node=n2", *here[1:], "sequence=99999999999990", "raw_id=7780") == \
        "REFUSED the order is for node n2, this is n1"
    first = made("first", *here, "sequence=99999999999991", "raw_id=7781")
    assert "signed" not in first and "sequence" not in first and "order number" not in first, first
    again = agent.answer("again", owned.host.path("/tmp/first.order"))
    assert again == "REFUSED order number 99999999999991 comes after number 99999999999991: repeated or late"
    agent.stop()
    agent.start()
    assert agent.answer("later", owned.host.path("/tmp/first.order")) == \
        "REFUSED the order was made for an earlier start of this launcher"


def test_both_nodes_work_afterwards(owned):
    owned.cluster.start("n2")
    owned.cluster.wait_node_states({"n1": "idle", "n2": "idle"})
    for node in ("n1", "n2"):
        owned.cluster.completed("-w", node)
