"""What the kernel holds a job to: its memory, its processes, its end. Runs on any kind of cgroup; without, it says so."""
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import process_lives, wait_gone, wait_until

CLUSTER = {"nodes": 1, "cpus": 8, "mem": 4000, "conf": "PidsPerCPU=60\nKillWait=3\nUnkillableStepTimeout=2"}

EATER = "python3 -c 'x = bytearray({mib} << 20); print(\"ate\", len(x) >> 20, flush=True)'"

BOMB = """exec python3 -c '
import os, time
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)'"""


def node_line(cluster):
    return cluster.ok("scontrol", "show", "node", "n1")


def manager(cluster):
    return re.search(r"Cgroup=(.*?) Virtual=", node_line(cluster)).group(1)


@pytest.fixture(autouse=True)
def groups(cluster):
    name = manager(cluster)
    if name.startswith("none"):
        pytest.skip(f"this node has no cgroups: {name}")
    return name


def group_dirs(cluster):
    """The node's directory in each hierarchy."""
    words = (cluster.dir / "spool" / "n1" / "cgroup").read_text().split("\t")[1:]
    return [Path(word.partition("=")[2]) for word in words]


def job_groups(cluster):
    return [path for top in group_dirs(cluster) for path in top.glob("job_*")]


def scratch(cluster):
    return Path((cluster.dir / "spool" / "n1" / "scratch").read_text().strip())


def wait_nothing_left(cluster):
    wait_until(lambda: not job_groups(cluster), lambda: f"no group is left: {job_groups(cluster)}")
    wait_until(lambda: os.listdir(scratch(cluster)) == ["trash"] and not os.listdir(scratch(cluster) / "trash"),
               lambda: f"no file is left: {list(scratch(cluster).glob('*'))}")


def alloc(cluster):
    return re.search(r"CPUAlloc=(\d+)", node_line(cluster)).group(1)


# --- memory


def test_who_uses_more_than_asked_is_ended_and_told_with_figures(cluster):
    neighbour = cluster.sbatch("--mem=300", script="echo $$ >neighbour.pid; exec sleep 1000")
    pid = cluster.wait_file("neighbour.pid")
    job = cluster.sbatch("--mem=200", script=EATER.format(mib=600))
    cluster.wait_state(job, "OUT_OF_MEMORY")
    state, code, reason = cluster.acct_one(job, "State,ExitCode,Reason")
    assert (state, code) == ("OUT_OF_MEMORY", "0:125")
    assert re.fullmatch(r"out of memory: used (199\.\d|200\.0) MiB of its 200\.0 MiB \(asked with --mem\)", reason), reason
    assert "ate" not in cluster.output(job)
    assert f"oom_kill event in StepId={job}.batch" in cluster.output(job)
    assert process_lives(pid) and cluster.state(neighbour) == "RUNNING", "the neighbour has done nothing"
    cluster.ok("scancel", neighbour)
    wait_nothing_left(cluster)


def test_a_script_that_survives_its_program_is_out_of_memory_all_the_same(cluster):
    job = cluster.sbatch("--mem=200", script=f"{EATER.format(mib=600)}\necho survived; sleep 1000")
    cluster.wait_state(job, "OUT_OF_MEMORY")
    assert cluster.acct_one(job, "ExitCode") == ["0:125"]


def test_memory_is_reported_without_page_cache(cluster):
    job = cluster.completed("--mem=1000", script="dd if=/dev/zero of=big bs=1M count=300 2>dd.err\ncat big >/dev/null\n"
                                                 + EATER.format(mib=100) + "\nrm big")
    used = cluster.ok("sacct", "-n", "-P", "-j", f"{job}.batch", "-o", "MaxRSS", "--units=M").strip()
    assert 100 <= float(used.rstrip("M")) < 200, used


def test_page_cache_ends_nobody(cluster):
    cluster.completed("--mem=100", script="dd if=/dev/zero of=cache bs=1M count=400 2>dd.err && cat cache >/dev/null && rm cache")


def test_a_job_that_asks_for_none_has_its_share(cluster):
    job = cluster.sbatch(script=EATER.format(mib=1000))
    cluster.wait_state(job, "OUT_OF_MEMORY")
    assert "MiB (its default: ask for more with --mem)" in cluster.acct_one(job, "Reason")[0]


# --- processes


def test_a_fork_bomb_is_contained_and_cleaned(cluster):
    job = cluster.sbatch("--mem=500", script=BOMB)
    cluster.wait_state(job, "RUNNING")

    def members():
        return max((len((p / "cgroup.procs").read_text().split()) for p in job_groups(cluster)), default=0)

    wait_until(lambda: members() > 30, "the bomb has gone off")
    assert members() <= 60
    assert cluster.completed(script="echo well")  # beside it
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")
    wait_nothing_left(cluster)


def test_a_daemon_without_environment_ends_with_its_job(cluster):
    cluster.completed(script="env -i setsid sh -c 'trap \"\" TERM HUP; echo $$ >hidden.pid; while :; do sleep 1; done' "
                             "</dev/null >/dev/null 2>&1 &\nuntil [ -s hidden.pid ]; do sleep 0.05; done")
    wait_gone((cluster.work / "hidden.pid").read_text())
    wait_nothing_left(cluster)


def test_a_daemon_without_environment_ends_even_if_its_shepherd_was_killed(cluster):
    job = cluster.sbatch(script="env -i setsid sh -c 'trap \"\" TERM HUP; echo $$ >orphan.pid; while :; do sleep 1; done' "
                                "</dev/null >/dev/null 2>&1 &\nsleep 1000")
    pid = int(cluster.wait_file("orphan.pid"))
    cluster.wait_state(job, "RUNNING")
    cluster.kill9("n1")  # nobody is there whose child it could become
    shepherd = subprocess.run(["pgrep", "-f", f"^moisson-shepherd {cluster.dir}/spool/n1 {job}.1"], text=True,
                              capture_output=True, check=True).stdout.split()
    assert len(shepherd) == 1
    os.kill(int(shepherd[0]), signal.SIGKILL)
    wait_gone(shepherd[0])
    assert process_lives(pid)
    cluster.start("n1")
    wait_gone(pid)
    cluster.wait_state(job, "NODE_FAIL")
    wait_nothing_left(cluster)


# --- what hangs in the kernel


def test_what_cannot_be_killed_holds_its_share_and_no_more(cluster):
    """A process in a frozen group of v1 hears no KILL, like one that waits for a dead disk."""
    freezer = Path("/sys/fs/cgroup/freezer")
    if not (freezer / "cgroup.procs").exists():
        pytest.skip("needs the freezer of cgroup v1 to make such a process")
    ice = freezer / f"moisson-test-{os.getpid()}"
    ice.mkdir()
    try:
        job = cluster.sbatch("-c", "2", "--mem=100", script="echo $$ >stuck.pid; exec sleep 1000")
        pid = cluster.wait_file("stuck.pid").strip()
        cluster.wait_state(job, "RUNNING")
        (ice / "cgroup.procs").write_text(pid)
        (ice / "freezer.state").write_text("FROZEN")
        cluster.ok("scancel", job)
        cluster.wait_state(job, "CANCELLED")
        assert process_lives(pid) and alloc(cluster) == "2", "the job is over, its CPUs are not free"
        assert re.search(rf"1 of its processes cannot be killed, they hang in the kernel \(pid {pid}\)",
                         cluster.acct_one(job, "Reason")[0])
        cluster.completed("-c", "6", script="true")  # the rest of the node works
        cluster.kill9("n1.agent")
        cluster.start("n1.agent")
        cluster.completed("-c", "6", script="true")
        waiting = cluster.sbatch("-c", "7", script="true")  # the last one: the node is kept for it from now on
        assert alloc(cluster) == "2" and cluster.state(waiting) == "PENDING"
        assert f"held by processes of job {job} that cannot be killed" in node_line(cluster)
    finally:
        (ice / "freezer.state").write_text("THAWED")
    cluster.wait_state(waiting, "COMPLETED")
    assert alloc(cluster) == "0" and not process_lives(pid)
    wait_nothing_left(cluster)
    wait_until(lambda: not (ice / "cgroup.procs").read_text(), "nobody is in the frozen group")
    ice.rmdir()


# --- temporary files


def test_tmpdir_is_the_jobs_own_and_goes_with_it(cluster):
    job = cluster.completed(script="echo $TMPDIR; stat -c '%a %u' $TMPDIR; echo x >$TMPDIR/file; mkfifo $TMPDIR/fifo; "
                                   "ln -s / $TMPDIR/root; mkdir -p $TMPDIR/a/b; chmod 0 $TMPDIR/a")
    path, mode = cluster.output(job).splitlines()
    assert path == f"{scratch(cluster)}/job_{job}.1" and mode == f"700 {os.geteuid()}"
    wait_nothing_left(cluster)
    assert Path("/etc").is_dir()


def test_a_tmpdir_of_ones_own_choice_is_kept(cluster):
    job = cluster.completed(script="echo $TMPDIR", env={"TMPDIR": "/var/lib"})
    assert cluster.output(job) == "/var/lib\n"
    job = cluster.completed(script="echo $TMPDIR", env={"TMPDIR": "/tmp/of-the-login-node"})
    assert cluster.output(job) == f"{scratch(cluster)}/job_{job}.1\n"


def test_a_deep_and_wide_tree_is_removed_while_others_start(cluster):
    deep = ("import os\nos.chdir(os.environ['TMPDIR'])\nfor i in range(5000):\n    os.mkdir('d' * 100)\n"
            "    os.chdir('d' * 100)\n")
    wide = "cd $TMPDIR; seq 20000 | xargs touch"
    cluster.completed(script=f"python3 - <<'END'\n{deep}END\n{wide}")
    cluster.completed(script="true")
    wait_nothing_left(cluster)


# --- many, and sudden deaths


def test_200_jobs_leave_nothing_behind(cluster):
    job = cluster.sbatch("--array=1-200", "--mem=20", "-o", "/dev/null", script="echo $$ >$TMPDIR/me; sleep 0.02 & :")
    cluster.wait_ended(job)
    assert cluster.states(job) == ["COMPLETED"] * 200
    wait_nothing_left(cluster)


def test_everybody_is_killed_while_jobs_run(cluster):
    jobs = [cluster.sbatch("--mem=20", script=f"echo $$ >many{i}.pid; until [ -e many.go ]; do sleep 0.05; done")
            for i in range(6)]
    pids = [cluster.wait_file(f"many{i}.pid") for i in range(6)]
    cluster.kill9("n1.agent", "n1")
    assert all(map(process_lives, pids))
    before = {path.name for path in job_groups(cluster)}
    cluster.start("n1")
    assert {path.name for path in job_groups(cluster)} == before, "the groups of what runs are kept"
    (cluster.work / "many.go").touch()
    for job in jobs:
        cluster.wait_state(job, "COMPLETED")
    wait_nothing_left(cluster)


def test_a_group_that_belongs_to_nobody_goes_at_the_next_start(cluster):
    cluster.stop("n1")
    for top in group_dirs(cluster):
        (top / "job_99999.1").mkdir(parents=True)
    (scratch(cluster) / "job_99999.1" / "x").mkdir(parents=True, exist_ok=True)
    cluster.start("n1")
    wait_nothing_left(cluster)


# --- what is none of the job


def test_what_a_prolog_has_started_outlives_the_job(clusters, tmp_path):
    prolog, pid = tmp_path / "prolog", tmp_path / "daemon"
    prolog.write_text(f"""#!/bin/sh
rm -f {pid}
setsid -f sh -c 'echo $$ >{pid}; exec sleep 1000' </dev/null >/dev/null 2>&1
while [ ! -s {pid} ]; do sleep 0.05; done
""")
    prolog.chmod(0o755)
    cluster = clusters(**(CLUSTER | {"conf": CLUSTER["conf"] + f"\nProlog={prolog}"}))
    for cancelled in (False, True):
        job = cluster.sbatch(script="sleep 1000" if cancelled else "true")
        if cancelled:
            cluster.wait_state(job, "RUNNING")
            cluster.ok("scancel", job)
        cluster.wait_state(job, "CANCELLED" if cancelled else "COMPLETED")
        wait_until(lambda: job not in cluster.ok("squeue", "-h", "-o", "%i"), "nothing of the job is left")
        assert process_lives(pid.read_text()), "it is there for the jobs to come"
        os.kill(int(pid.read_text()), signal.SIGKILL)
