"""--deadline, and OverTimeLimit."""
import time

from conftest import wait_until


def at(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() + seconds))


def test_what_cannot_be_met_is_refused(cluster):
    done = cluster.run("sbatch", f"--deadline={at(90)}", "--time=2", "--wrap", "true")
    assert done.returncode == 1 and "Requested deadline cannot be met" in done.stderr
    done = cluster.run("sbatch", f"--deadline={at(-90)}", "--time=1", "--wrap", "true")
    assert done.returncode == 1 and "deadline" in done.stderr
    job = cluster.sbatch("--hold", f"--deadline={at(90)}", "--time=10", "--time-min=1")
    assert cluster.show(job)["Deadline"] != "N/A"
    done = cluster.run("scontrol", "update", f"JobId={job}", f"Deadline={at(30)}")
    assert done.returncode == 1 and "Requested deadline cannot be met" in done.stderr
    cluster.ok("scancel", job)


def test_what_waits_too_long_ends(clusters):
    cluster = clusters()
    job = cluster.sbatch("--hold", "--time=1", f"--deadline={at(63)}")
    tasks = cluster.sbatch("--hold", "--array=0-99", "--time=1", f"--deadline={at(63)}")
    after = cluster.sbatch(f"--dependency=afternotok:{job}")
    cluster.wait_state(job, "DEADLINE")
    assert cluster.squeue(job, "%t") == ["DL"]
    state, code, start, reason = cluster.acct_one(job, "State,ExitCode,Start,Reason%60")
    assert (state, code, start) == ("DEADLINE", "0:0", "None")
    assert "before its deadline" in reason
    wait_until(lambda: cluster.states(tasks) == ["DEADLINE"], "all tasks, in one record")
    cluster.wait_state(after, "COMPLETED")
    cluster.kill9("ctld")
    cluster.start("ctld")
    assert cluster.state(job) == "DEADLINE"


def test_what_runs_goes_on(cluster):
    job = cluster.sbatch("--time=1", f"--deadline={at(62)}", script="sleep 4")
    cluster.wait_state(job, "COMPLETED")


def test_a_limit_may_be_exceeded(clusters):
    """OverTimeLimit=1: a job of one minute may run two; its limit shows as asked."""
    cluster = clusters(conf="OverTimeLimit=1\nKillWait=1")
    job = cluster.sbatch("--time=1", "--signal=B:USR1@30",
                         script="trap 'echo warned' USR1; while :; do sleep 0.1; done")
    cluster.wait_state(job, "RUNNING")
    assert "warned" in cluster.wait_file(f"slurm-{job}.out", 100), "the warning is about the limit itself"
    cluster.wait_state(job, "TIMEOUT", seconds=200)
    elapsed, limit = cluster.acct_one(job, "ElapsedRaw,Timelimit")
    assert limit == "00:01:00" and 120 <= int(elapsed) < 150
