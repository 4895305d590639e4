"""Taking jobs back."""
import pytest
from conftest import process_lives, wait_gone, wait_until

CLUSTER = {"cpus": 8, "conf": "KillWait=2"}

# Children in sessions and process groups of their own, and one that has lost its parent.
FAMILY = """
setsid sleep 600 & echo $! >>pids.$SLURM_JOB_ID
(sleep 600 & echo $! >>pids.$SLURM_JOB_ID)
sh -c 'trap "" TERM HUP INT; sleep 600 & wait; sleep 600' & echo $! >>pids.$SLURM_JOB_ID
echo $$ >>pids.$SLURM_JOB_ID
echo up >up.$SLURM_JOB_ID
wait
"""


def family(cluster):
    job = cluster.sbatch(script=FAMILY)
    cluster.wait_file(f"up.{job}")
    cluster.wait_state(job, "RUNNING")
    pids = (cluster.work / f"pids.{job}").read_text().split()
    assert len(pids) == 4 and all(process_lives(pid) for pid in pids)
    return job, pids


def sleeper(cluster, *options):
    job = cluster.sbatch(*options, script="echo up >up.$SLURM_JOB_ID; exec sleep 600")
    cluster.wait_file(f"up.{job}")
    cluster.wait_state(job, "RUNNING")
    return job


def test_a_pending_job_never_runs(cluster):
    job = cluster.sbatch("--hold", script="touch it-ran")
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")
    uid = cluster.ok("id", "-u").strip()
    assert cluster.acct_one(job, "State,NodeList") == [f"CANCELLED by {uid}", "None assigned"]
    cluster.completed()
    assert not (cluster.work / "it-ran").exists()


def test_a_running_job_leaves_nothing_behind(cluster):
    job, pids = family(cluster)
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")
    for pid in pids:
        wait_gone(pid)
    uid = cluster.ok("id", "-u").strip()
    assert cluster.acct_one(job, "State,ExitCode") == [f"CANCELLED by {uid}", "0:15"]
    assert f"slurmstepd: error: *** JOB {job} ON n1 CANCELLED AT " in cluster.output(job)


def test_a_job_may_clean_up_when_told_to_end(cluster):
    job = cluster.sbatch(script="trap 'echo cleaned; exit 0' TERM; echo up >up.$SLURM_JOB_ID; while :; do sleep 0.05; done")
    cluster.wait_file(f"up.{job}")
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")
    assert "cleaned\n" in cluster.output(job)


def test_what_a_script_leaves_running_ends_with_it(cluster):
    job = cluster.completed(script="setsid sleep 600 & echo $! >left.$SLURM_JOB_ID; exit 0")
    wait_gone((cluster.work / f"left.{job}").read_text())


def test_jobs_are_chosen_by_name_state_and_user(cluster):
    user = cluster.ok("id", "-un").strip()
    held = [cluster.sbatch("--hold", "-J", "chosen") for _ in range(3)]
    other = cluster.sbatch("--hold", "-J", "spared")
    running = sleeper(cluster, "-J", "chosen")
    cluster.ok("scancel", "-n", "chosen", "-t", "PENDING", "-u", user)
    for job in held:
        cluster.wait_state(job, "CANCELLED")
    assert cluster.state(other) == "PENDING" and cluster.state(running) == "RUNNING"
    cluster.ok("scancel", "-u", user)
    cluster.wait_state(other, "CANCELLED")
    cluster.wait_state(running, "CANCELLED")


def test_unknown_and_finished_jobs_are_no_error_without_a_filter(cluster):
    done = cluster.completed()
    assert cluster.ok("scancel", done) == ""
    assert cluster.ok("scancel", "999999") == ""
    loud = cluster.run("scancel", "-v", "999999")
    assert loud.returncode == 0 and "999999" in loud.stderr


def test_unknown_and_finished_jobs_are_an_error_with_a_filter(cluster):
    done = cluster.completed()
    for job in (done, "999999"):
        said = cluster.run("scancel", "--partition=main", job)
        assert said.returncode == 1
        assert f"scancel: error: Kill job error on job id {job}: Invalid job id specified" in said.stderr


@pytest.mark.parametrize("word", ["abc", "0"])
def test_what_is_no_job_id_is_refused(cluster, word):
    said = cluster.run("scancel", word)
    assert said.returncode == 1 and "Invalid job id" in said.stderr


def test_a_signal_reaches_the_batch_shell(cluster):
    job = cluster.sbatch(script="trap 'echo caught' USR1; echo up >up.$SLURM_JOB_ID; "
                                "until [ -e go.$SLURM_JOB_ID ]; do sleep 0.05; done")
    cluster.wait_file(f"up.{job}")
    cluster.wait_state(job, "RUNNING")
    cluster.ok("scancel", job, "--signal", "SIGUSR1", "--batch")
    wait_until(lambda: "caught" in cluster.output(job), "the shell has caught it")
    (cluster.work / f"go.{job}").touch()
    cluster.wait_state(job, "COMPLETED")


def test_many_at_once(cluster):
    jobs = [cluster.sbatch("--hold") for _ in range(20)]
    cluster.ok("scancel", *jobs)
    for job in jobs:
        cluster.wait_state(job, "CANCELLED")
