"""What a CPU is: whole cores or threads, cores and memory kept from jobs, where jobs are put, and machines that are
smaller than configured."""
import os
import re
import socket
from pathlib import Path

import pytest

from conftest import Clusters, has_failed, wait_until

MACHINES = Path(__file__).resolve().parents[1] / "data" / "machines"
TOPOLOGY = "package:2 l3:2 core:2 pu:2"  # 8 cores of 2 threads on 2 sockets, 4 caches
SHAPE = "Sockets=2 CoresPerSocket=4 ThreadsPerCore=2"
WAIT = "while [ ! -e go ]; do sleep 0.05; done"


def ids(text):
    """Ids of "0-3,8"."""
    found = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def node(cluster, name="n1"):
    out = cluster.ok("scontrol", "-o", "show", "node", name)
    return dict(re.findall(r"(\S+?)=(.*?)(?= \S+?=|$)", out.strip()))


def running(cluster, job):
    return [row for row in cluster.states(job) if row == "RUNNING"]


def cpu_ids(cluster, job):
    """CPUIDs of every task that has run, by sacct."""
    return [ids(row[1]) for row in cluster.acct(job, "State,CPUIDs") if row[1]]


@pytest.fixture(scope="module")
def whole(request):
    """Whole cores, the default; two of the eight are kept, and 500 MB."""
    made = Clusters()
    yield made(cpus=16, mem=8500, topology=TOPOLOGY, node=f"{SHAPE} CoreSpecCount=2 MemSpecLimit=500")
    made.end(has_failed(request))


def test_the_node_says_what_jobs_can_have(whole):
    shown = node(whole)
    assert [shown[key] for key in ("CPUTot", "CPUEfctv", "CoreSpecCount", "CPUSpecList", "MemSpecLimit")] == \
        ["16", "12", "2", "6-7,14-15", "500"]
    assert [shown[key] for key in ("Sockets", "CoresPerSocket", "ThreadsPerCore", "Boards")] == ["2", "4", "2", "1"]
    assert shown["RealMemory"] == "8500" and shown["CfgTRES"].startswith("cpu=12,mem=8000M")
    assert whole.ok("sinfo", "-h", "-o", "%X %Y %Z %z %c").split() == ["2", "4", "2", "2:4:2", "12"]
    assert "SelectTypeParameters = CR_CORE_MEMORY" in re.sub(" +", " ", whole.ok("scontrol", "show", "config"))


def test_one_cpu_is_a_whole_core(whole):
    job = whole.completed(script="env | grep SLURM_ | sort")
    assert whole.acct_one(job, "ReqCPUS,AllocCPUS") == ["1", "2"]
    assert "cpu=2,mem=1333M" in whole.acct_one(job, "AllocTRES")[0]
    assert len(cpu_ids(whole, job)[0]) == 2
    said = whole.output(job).splitlines()
    assert {"SLURM_CPUS_ON_NODE=2", "SLURM_JOB_CPUS_PER_NODE=2", "SLURM_TASKS_PER_NODE=1"} <= set(said)


def test_jobs_never_share_a_core_and_never_get_a_kept_one(whole):
    job = whole.sbatch("--array=1-9", script=WAIT)
    wait_until(lambda: len(running(whole, job)) == 6, lambda: f"six run: {whole.states(job)}\n{whole.log_tails()}")
    taken = [ids(found) for found in re.findall(r"CPU_IDs=(\S+)", whole.ok("scontrol", "-d", "-o", "show", "job", job))
             if found != "(null)"]
    assert node(whole)["CPUAlloc"] == "12"
    (whole.work / "go").write_text("go")
    whole.wait_state(job, "COMPLETED")
    (whole.work / "go").unlink()
    every = [i for one in taken for i in one]
    assert len(taken) == 6 and len(every) == len(set(every)) == 12, taken
    assert all(len(one) == 2 and one[0] % 2 == 0 and one[1] == one[0] + 1 for one in taken), taken
    kept = {6, 7, 14, 15}
    assert not [one for one in cpu_ids(whole, job) if kept & set(one)]


def test_one_thread_of_each_core(whole):
    job = whole.completed("-n", "3", "--hint=nomultithread", script="env | grep SLURM_ | sort")
    said = set(whole.output(job).splitlines())
    assert {"SLURM_NTASKS=3", "SLURM_TASKS_PER_NODE=3", "SLURM_JOB_CPUS_PER_NODE=6", "SLURM_HINT=nomultithread"} <= said
    assert whole.acct_one(job, "AllocCPUS") == ["6"]
    job = whole.completed("-n", "2", "--ntasks-per-core=1")
    assert whole.acct_one(job, "AllocCPUS") == ["4"]


def test_small_jobs_stay_within_a_cache(whole):
    job = whole.completed("-c", "4")
    assert cpu_ids(whole, job) in ([[0, 1, 2, 3]], [[8, 9, 10, 11]])


def test_memory_of_those_who_ask_for_none_and_for_all(whole):
    assert whole.acct_one(whole.completed("-c", "6"), "ReqMem") == ["4000M"]
    assert whole.acct_one(whole.completed("--mem=0"), "ReqMem") == ["8000M"]


@pytest.mark.parametrize("options, words", [
    (["-c", "13"], "13 cpus on one node asked, the largest (n1) has 12"),
    (["--mem=8001"], "the largest (n1) has"),
    (["-n", "7", "--threads-per-core=1", "-N", "1"], "do not fit partition"),
    (["--hint=fast"], "--hint=fast is not understood"),
])
def test_what_cannot_be(whole, options, words):
    done = whole.run("sbatch", *options, stdin="#!/bin/sh\ntrue\n")
    assert done.returncode == 1 and words in done.stderr, done


def test_threads_one_by_one(clusters):
    cluster = clusters(cpus=16, mem=8000, topology=TOPOLOGY, node=SHAPE, conf="SelectTypeParameters=CR_CPU_Memory")
    job = cluster.sbatch("--array=1-20", script=WAIT)
    wait_until(lambda: len(running(cluster, job)) == 16, lambda: f"16 run: {cluster.states(job)}")
    (cluster.work / "go").write_text("go")
    cluster.wait_state(job, "COMPLETED")
    assert {row[0] for row in cluster.acct(job, "AllocCPUS")} == {"1"}
    assert cluster.acct(job, "ReqMem")[0] == ["500M"]


def test_cpus_that_are_cores(clusters):
    cluster = clusters(cpus=8, mem=8000, topology=TOPOLOGY, node=SHAPE)
    assert node(cluster)["CPUTot"] == "8"
    job = cluster.completed("-c", "8")
    assert cpu_ids(cluster, job) == [list(range(8))]
    assert cluster.acct_one(job, "AllocCPUS") == ["8"]


def test_memory_that_is_not_given_out(clusters):
    cluster = clusters(cpus=4, mem=4000, conf="SelectTypeParameters=CR_Core")
    job = cluster.sbatch("--array=1-3", "--mem=3000", script=WAIT)
    wait_until(lambda: len(running(cluster, job)) == 3, lambda: f"three run: {cluster.states(job)}")
    assert node(cluster)["AllocMem"] == "0"
    (cluster.work / "go").write_text("go")
    cluster.wait_state(job, "COMPLETED")
    done = cluster.run("sbatch", "--mem=5000", "--wrap", "true")
    assert done.returncode == 1 and "Requested node configuration is not available" in done.stderr


def test_a_recorded_machine(clusters):
    cluster = clusters(cpus=72, mem=64000, topology=MACHINES / "xeon-6140-2s.xml",
                       node="Sockets=2 CoresPerSocket=18 ThreadsPerCore=2 CpuSpecList=0")
    assert node(cluster)["CPUSpecList"] == "0-1"
    small, large = cluster.completed("-c", "2"), cluster.completed("-c", "36")
    assert cpu_ids(cluster, small) == [[2, 3]]
    assert cpu_ids(cluster, large) == [list(range(36, 72))], "the socket that has 36 left"


def test_the_line_of_this_machine_and_of_another(cluster):
    here = cluster.ok("moissond", "-C")
    assert re.fullmatch(r"NodeName=\S+ CPUs=\d+( Boards=1 SocketsPerBoard=\d+ CoresPerSocket=\d+ ThreadsPerCore=\d+)? "
                        r"RealMemory=\d+\n", here)
    other = cluster.ok("moissond", "-C", env={"HWLOC_XMLFILE": str(MACHINES / "epyc-9654-2s.xml"), "HWLOC_THISSYSTEM": "0"})
    assert "CPUs=384 Boards=1 SocketsPerBoard=2 CoresPerSocket=96 ThreadsPerCore=2" in other


def test_topologies_are_checked_with_the_configuration(cluster):
    path = cluster.work / "topologies.conf"
    path.write_text('SlurmctldHost=head\nPartitionName=p Nodes=ALL\n'
                    'NodeName=a CPUs=9 RealMemory=1 Topology="synthetic:package:2 core:4 pu:1"\n'
                    'NodeName=b CPUs=8 RealMemory=1 Topology="synthetic:package:2 core:4 pu:1"\n'
                    'NodeName=c CPUs=8 RealMemory=1 Topology=/no/such/file.xml\n')
    done = cluster.run("moisson", "config", "check", path)
    assert done.returncode == 1
    assert "error: NodeName=a: CPUs=9, but Topology=synthetic:package:2 core:4 pu:1 has 8" in done.stderr
    assert "note: NodeName=c: Topology=/no/such/file.xml is not on this machine" in done.stderr
    assert "NodeName=b" not in done.stderr


def memory_of_this_machine():
    return int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()).group(1)) // 1024


def configure(cluster, old, new):
    """Change the configuration, and start all of it again."""
    conf = cluster.dir / "moisson.conf"
    text = conf.read_text()
    assert old in text
    conf.write_text(text.replace(old, new))
    cluster.stop("ctld", "n1")
    cluster.mini("start", cluster.dir, "ctld", "n1")


def test_a_machine_that_is_smaller_than_configured(clusters):
    """The node is this machine itself: it is bound, looked at, and drained when the configuration promises more."""
    cpus = len(os.sched_getaffinity(0))
    cluster = clusters(cpus=cpus, mem=1000, node=f"NodeHostname={socket.gethostname()}")
    assert node(cluster)["Virtual"] == "no"
    job = cluster.completed(script="grep Cpus_allowed_list /proc/self/status")
    bound = ids(cluster.output(job).split()[1])
    assert len(bound) == int(cluster.acct_one(job, "AllocCPUS")[0]) or cpus == 1, "it is on its own CPUs only"

    promised = memory_of_this_machine() * 2
    configure(cluster, "RealMemory=1000", f"RealMemory={promised}")
    reason = wait_until(lambda: "Low RealMemory" in node(cluster).get("Reason", "") and node(cluster)["Reason"],
                        lambda: f"it is drained: {node(cluster)}\n{cluster.log_tails()}")
    assert re.match(rf"Low RealMemory \(reported:\d+ < 98.00% of configured:{promised}\)", reason)
    assert "moissond -C" in reason
    waiting = cluster.sbatch()
    assert cluster.state(waiting) == "PENDING"
    cluster.ok("scontrol", "update", "nodename=n1", "state=resume")  # an administrator is obeyed
    cluster.wait_state(waiting, "COMPLETED")
    cluster.stop("n1")
    cluster.start("n1")
    cluster.completed()  # and the same finding does not drain it again
    configure(cluster, f"RealMemory={promised}", f"RealMemory={memory_of_this_machine() * 101 // 100}")
    wait_until(lambda: "are there" in node(cluster).get("Note", ""), lambda: f"it is noted: {node(cluster)}")
    cluster.completed()
