"""Whatever happens to the services, jobs go on, and nothing is lost or done twice."""
from pathlib import Path

import pytest

from conftest import DEBS, STATE, cgroup_of, kill9, pid_of, sh, unit, wait_until

HOLDER = "/system.slice/moisson-jobs.service"


def running(cluster, script="echo begun; while [ ! -e go-$SLURM_JOB_ID ]; do sleep 0.2; done; echo done", *options):
    job = cluster.sbatch(*options, script=script)
    cluster.wait_state(job, "RUNNING")
    wait_until(lambda: "begun" in cluster.output(job), f"job {job} has begun")
    return job


def finish(cluster, job):
    """The job is let go; it began once, and ended as jobs do."""
    cluster.ok("touch", f"go-{job}")
    cluster.wait_state(job, "COMPLETED")
    assert cluster.output(job) == "begun\ndone\n"
    assert cluster.acct_one(job, "State,ExitCode") == ["COMPLETED", "0:0"]


def agent_pid():
    launcher = pid_of("moissond")
    for child in Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split():
        if Path(f"/proc/{child}/comm").read_text().strip() == "moisson-agent":
            return int(child)
    return None


def up(*names):
    for name in names:
        wait_until(lambda: unit(name, "ActiveState") == "active", f"{name} is active")


def test_a_job_is_held_by_its_own_service(ada):
    job = running(ada)
    pid = ada.batch_pid(job)
    assert cgroup_of(pid).startswith(HOLDER + "/"), cgroup_of(pid)
    shepherd = int(sh("ps", "-o", "ppid=", "-p", pid))
    assert cgroup_of(shepherd).startswith(HOLDER + "/"), "a shepherd goes with the jobs, not with the launcher"
    assert cgroup_of(pid_of("moissond")).startswith("/system.slice/moissond.service")
    score = Path(f"/proc/{pid}/oom_score_adj").read_text().strip()
    assert score == "0", "what keeps the launcher alive is not for jobs"
    finish(ada, job)


@pytest.mark.parametrize("names", [["moissond"], ["moissonctld"], ["moissonctld", "moissond"]])
def test_restart(ada, names):
    job = running(ada)
    pid, old = ada.batch_pid(job), [pid_of(name) for name in names]
    sh("systemctl", "restart", *names)
    assert not set(old) & {pid_of(name) for name in names}
    ada.wait_node("mixed", "allocated")
    assert ada.state(job) == "RUNNING" and ada.batch_pid(job) == pid
    finish(ada, job)


@pytest.mark.parametrize("what", ["agent", "launcher", "controller", "all"])
def test_killed_by_surprise(ada, what):
    job = running(ada)
    pid = ada.batch_pid(job)
    pids = {"agent": agent_pid(), "launcher": pid_of("moissond"), "controller": pid_of("moissonctld")}
    for name, victim in pids.items():
        if what in (name, "all"):
            kill9(victim)
    up("moissond", "moissonctld")
    wait_until(lambda: agent_pid() not in (None, pids["agent"] if what in ("agent", "all") else 0), "there is an agent")
    ada.wait_node("mixed", "allocated")
    assert ada.state(job) == "RUNNING" and ada.batch_pid(job) == pid
    finish(ada, job)


def test_a_job_that_ends_while_the_node_is_stopped(ada):
    job = running(ada)
    pid = ada.batch_pid(job)
    sh("systemctl", "stop", "moissond")
    assert Path(f"/proc/{pid}").exists() and unit("moisson-jobs", "ActiveState") == "active"
    ada.ok("touch", f"go-{job}")
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the job has ended")
    assert ada.state(job) == "RUNNING", "an unreachable node is not a dead node"
    sh("systemctl", "start", "moissond")
    finish(ada, job)
    ada.wait_node("idle")


def test_an_upgrade(ada):
    job = running(ada)
    pid, old = ada.batch_pid(job), [pid_of(name) for name in ("moissond", "moissonctld")]
    sh("dpkg", "-i", *DEBS, timeout=600)
    up("moissond", "moissonctld")
    assert not set(old) & {pid_of(name) for name in ("moissond", "moissonctld")}, "the new programs run"
    ada.wait_node("mixed", "allocated")
    assert ada.batch_pid(job) == pid
    finish(ada, job)


def test_the_controller_cannot_write_where_it_has_no_business(ada):
    pid = pid_of("moissonctld")
    status = Path(f"/proc/{pid}/status").read_text()
    assert "NoNewPrivs:\t1" in status and "CapEff:\t0000000000000000" in status
    assert sh("ps", "-o", "user=", "-p", pid) == "moisson"
    done = sh("nsenter", "-t", pid, "-m", "sh", "-c", "touch /usr/x /etc/x 2>&1; ls /home/ada >/dev/null && touch /home/ada/x 2>&1",
              check=False)
    assert done.count("Read-only file system") == 3, done
    assert Path(STATE).stat().st_uid == int(sh("id", "-u", "moisson"))


def test_stopping_the_jobs_ends_them_and_says_why(ada):
    job = running(ada)
    sh("systemctl", "stop", "moisson-jobs")  # and the node with it: its service requires this one
    assert unit("moissond", "ActiveState") == "inactive"
    sh("systemctl", "start", "moissond")
    ada.wait_ended(job)
    state, reason = ada.acct_one(job, "State,Reason")
    assert state == "NODE_FAIL" and "shut down" in reason
    assert "DUE TO NODE FAILURE" in ada.output(job)
    ada.wait_node("idle")
