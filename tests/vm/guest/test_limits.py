"""What a job may have is what it gets: memory, processes, CPUs, devices; and nothing of it stays behind."""
import re
from pathlib import Path

from conftest import CONF, NODE, SPOOL, cgroup_of, sh, wait_until

CGROUPS = Path("/sys/fs/cgroup")
HOLDER = CGROUPS / "system.slice" / "moisson-jobs.service"
EAT = """#!/usr/bin/python3
import sys, time
block = bytearray(b"x" * (int(sys.argv[1]) << 20))
print("ate", flush=True)
time.sleep(float(sys.argv[2]))
"""


def job_groups():
    return sorted(str(p) for p in HOLDER.glob("**/job_*"))


def cpus(text):
    found = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def numa_cpus(node):
    return cpus(Path(f"/sys/devices/system/node/node{node}/cpulist").read_text())


def group_file(pid, name):
    return (CGROUPS / cgroup_of(pid).lstrip("/") / name).read_text().strip()


def test_the_node_says_which_cgroups_hold_its_jobs(ada):
    assert "cgroup/v2" in ada.ok("scontrol", "show", "node", NODE)


def test_memory_kills_only_the_offender(ada):
    ada.script(EAT, "eat.py")
    good = ada.sbatch("--mem=100", script="./eat.py 40 20")
    bad = ada.sbatch("--mem=64", script="./eat.py 400 20\necho survived")
    ada.wait_ended(bad)
    state, code, reason = ada.acct_one(bad, "State,ExitCode,Reason")
    assert state == "OUT_OF_MEMORY" and code == "0:125", (state, code, reason)
    assert "64" in reason, f"the reason names the limit: {reason}"
    assert "survived" not in ada.output(bad)
    ada.wait_state(good, "COMPLETED")
    assert "oom" in ada.output(bad).lower() or "memory" in ada.output(bad).lower()


def test_memory_in_a_child_ends_the_whole_job(ada):
    ada.script(EAT, "eat.py")
    job = ada.sbatch("--mem=64", script="./eat.py 400 1 & wait; echo survived; sleep 5")
    ada.wait_ended(job)
    assert ada.acct_one(job, "State")[0] == "OUT_OF_MEMORY"
    assert "survived" not in ada.output(job)


def test_page_cache_is_not_memory(ada):
    job = ada.completed("--mem=64", script="dd if=/dev/zero of=big bs=1M count=200 2>/dev/null; cat big >/dev/null; rm big")
    rss = ada.ok("sacct", "-n", "-P", "-j", f"{job}.batch", "-o", "MaxRSS").strip() or ada.acct_one(job, "MaxRSS")[0]
    assert rss and float(re.sub("[KMG]?$", "", rss)) < 64 * 1024, rss


def test_a_fork_bomb_is_contained_and_cleaned(ada, bob):
    bomb = ada.sbatch("--mem=200", "-t", "1", script="echo up\nbomb () { bomb | bomb & }\nbomb\nsleep 1000")
    ada.wait_state(bomb, "RUNNING")
    wait_until(lambda: "up" in ada.output(bomb), "the bomb has begun")
    bob.completed(script="echo fine")  # the node lives, others run
    ada.run("scancel", bomb)
    ada.wait_ended(bomb)
    wait_until(lambda: not sh("ps", "-u", "ada", "-o", "pid=", check=False), "no process of the bomb is left")
    wait_until(lambda: not job_groups(), lambda: f"no group is left: {job_groups()}")
    ada.wait_node("idle")


def held(cluster, *options):
    job = cluster.sbatch(*options, script="echo up; while [ ! -e go ]; do sleep 0.2; done")
    cluster.wait_state(job, "RUNNING")
    wait_until(lambda: "up" in cluster.output(job), f"job {job} has begun")
    return job, cluster.batch_pid(job)


def test_cpus_as_hwloc_decides_across_two_numa_nodes(ada):
    """Two jobs of half the machine: each has the CPUs of one NUMA node. Memory comes from that one first, as the kernel
    gives it, and from the other when it is full: a job may ask for more than one has."""
    jobs = [held(ada, "-c", "4", "--mem=100") for _ in range(2)]
    seen = []
    for _, pid in jobs:
        got = cpus(group_file(pid, "cpuset.cpus.effective"))
        assert got in (numa_cpus(0), numa_cpus(1)), got
        assert cpus(group_file(pid, "cpuset.mems.effective")) == {0, 1}
        bound = cpus(re.search(r"Cpus_allowed_list:\s*(\S+)", Path(f"/proc/{pid}/status").read_text()).group(1))
        assert bound <= got
        seen.append(got)
    assert not seen[0] & seen[1]
    ada.ok("touch", "go")
    for job, _ in jobs:
        ada.wait_state(job, "COMPLETED")


def test_small_jobs_never_share_a_cpu(ada):
    jobs = [held(ada, "-c", "2", "--mem=50") for _ in range(4)]
    got = [cpus(group_file(pid, "cpuset.cpus.effective")) for _, pid in jobs]
    assert set().union(*got) == set(range(8)) and sum(map(len, got)) == 8, got
    for each in got:
        siblings = Path(f"/sys/devices/system/cpu/cpu{min(each)}/topology/thread_siblings_list").read_text()
        assert each == cpus(siblings), f"two threads of one core, not halves of two: {got}"
    ada.ok("touch", "go")
    for job, _ in jobs:
        ada.wait_state(job, "COMPLETED")


def test_a_job_cannot_leave_its_cpus(ada):
    job = ada.completed("-c", "2", "--mem=50", script="taskset -pc 0-7 $$ >/dev/null 2>&1; grep Cpus_allowed_list /proc/self/status")
    assert len(cpus(ada.output(job).split()[-1])) == 2, ada.output(job)


def test_200_jobs_leave_nothing(ada):
    def tmp():
        return {str(p) for p in Path("/tmp").rglob("*")} | {str(p) for p in Path("/dev/shm").rglob("*")}

    def attempts():
        return sorted(p.name for p in (SPOOL / "attempts").iterdir() if p.name[0].isdigit())
    before = tmp()
    out = ada.ok("sbatch", "--array=1-200", "--mem=20", "-o", "/dev/null",
                 stdin="#!/bin/sh\necho x >/tmp/mine; echo y >/dev/shm/mine; (setsid sleep 1000 >/dev/null 2>&1 &)\n")
    job = out.split()[-1]
    ada.wait_state(job, "COMPLETED", seconds=900)
    assert len(ada.acct(job, "State")) == 200
    wait_until(lambda: not job_groups(), lambda: f"no group is left: {job_groups()}")
    assert not sh("ps", "-u", "ada", "-o", "pid=,args=", check=False)
    assert tmp() - before == set()
    left = attempts()
    wait_until(lambda: all(not (SPOOL / "attempts" / name / "status").exists() for name in attempts()),
               lambda: f"attempts are forgotten: {left}")


def test_each_job_has_a_tmp_of_its_own(ada, bob):
    job = ada.completed(script="echo secret >/tmp/x; ls /tmp; echo ${TMPDIR:-none}; stat -c %a /tmp")
    assert ada.output(job).split()[0] == "x"
    other = bob.completed(script="ls -A /tmp /var/tmp /dev/shm | wc -w")
    assert int(bob.output(other)) <= 3, bob.output(other)  # the three headings
    assert not Path("/tmp/x").exists()


def test_devices_of_others_are_denied(ada):
    """Two serial lines without hardware stand for GPUs: one that a job does not have is not permitted."""
    devices = [Path("/dev/ttyS2"), Path("/dev/ttyS3")]
    for path in devices:
        path.chmod(0o666)
    plain = CONF.read_text()
    text = re.sub(r"^(NodeName=\S+)", r"\1 Gres=gpu:2", plain, flags=re.M) + "\nGresTypes=gpu\n"
    (CONF.parent / "gres.conf").write_text("Name=gpu File=/dev/ttyS[2-3]\n")
    CONF.write_text(text)
    script = "".join(f"(: <>{path}) 2>&1 | sed 's/.*: //'; echo .; " for path in devices) + ": </dev/zero && echo zero"
    try:
        sh("systemctl", "restart", "moissonctld", "moissond")
        ada.wait_node("idle")
        none = ada.output(ada.completed(script=script))
        one = ada.output(ada.completed("--gpus=1", script=script))
        assert none.count("Operation not permitted") == 2 and "zero" in none, none
        assert one.count("Operation not permitted") == 1 and "zero" in one, one
    finally:
        CONF.write_text(plain)
        (CONF.parent / "gres.conf").unlink()
        sh("systemctl", "restart", "moissonctld", "moissond")
        ada.wait_node("idle")
