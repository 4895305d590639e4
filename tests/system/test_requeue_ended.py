"""scontrol requeue of what runs and of what has ended, requeuehold, and what accounting says of it."""
from conftest import wait_until

# Says which attempt it is; the first one fails.
ATTEMPT = 'echo "restart ${SLURM_RESTART_COUNT:-none}"; test -n "$SLURM_RESTART_COUNT"'


def attempts(cluster, job):
    """State of every attempt, oldest first."""
    return [row[0] for row in cluster.acct(job, "State", "-X", "-D")]


def refused(cluster, words, *command):
    done = cluster.run("scontrol", *command)
    assert done.returncode == 1 and words in done.stderr, done.stderr


def test_an_ended_job_runs_again(cluster):
    job = cluster.sbatch("--open-mode=append", script=ATTEMPT)
    cluster.wait_state(job, "FAILED")
    assert attempts(cluster, job) == ["FAILED"]
    cluster.ok("scontrol", "requeue", job)
    cluster.wait_state(job, "COMPLETED")
    assert cluster.output(job) == "restart none\nrestart 1\n"
    assert attempts(cluster, job) == ["FAILED", "COMPLETED"]
    assert cluster.acct(job, "State", "-X") == [["COMPLETED"]], "one row, as before"
    assert cluster.show(job)["Restarts"] == "1"


def test_of_what_waits_again_accounting_shows_that(cluster):
    job = cluster.completed()
    cluster.ok("scontrol", "requeuehold", job)
    assert cluster.acct(job, "State", "-X") == [["PENDING"]]
    assert attempts(cluster, job) == ["COMPLETED", "PENDING"]
    assert cluster.squeue(job, "%r") == ["JobHeldUser"]
    cluster.ok("scontrol", "release", job)
    wait_until(lambda: attempts(cluster, job) == ["COMPLETED", "COMPLETED"], "it ran again")


def test_a_running_job_is_ended_and_runs_again(cluster):
    job = cluster.sbatch(script='test -n "$SLURM_RESTART_COUNT" || exec sleep 600')
    cluster.wait_state(job, "RUNNING")
    cluster.ok("scontrol", "requeue", job)
    cluster.wait_state(job, "COMPLETED")
    assert attempts(cluster, job) == ["REQUEUED", "COMPLETED"]


def test_over_a_restart_of_the_controller(clusters):
    cluster = clusters()
    job = cluster.sbatch("--open-mode=append", script=ATTEMPT)
    cluster.wait_state(job, "FAILED")
    cluster.ok("scontrol", "requeuehold", "State=SpecialExit", job)
    assert cluster.state(job) == "SPECIAL_EXIT"
    cluster.kill9("ctld")
    cluster.start("ctld")
    assert cluster.state(job) == "SPECIAL_EXIT"
    assert cluster.squeue(job, "%t %r") == ["SE JobHeldUser"]
    assert cluster.ok("squeue", "-h", "-t", "SE", "-o", "%i").split() == [str(job)]
    assert cluster.acct(job, "State", "-X") == [["SPECIAL_EXIT"]]
    cluster.ok("scontrol", "release", job)
    cluster.wait_state(job, "COMPLETED")
    assert attempts(cluster, job) == ["FAILED", "COMPLETED"]


def test_tasks_of_an_array(cluster):
    job = cluster.sbatch("--array=1-3", "--output=a%a", "--open-mode=append", script=ATTEMPT)
    wait_until(lambda: sorted(cluster.states(job)) == ["FAILED"] * 3, "all have failed")
    cluster.ok("scontrol", "requeue", f"{job}_[1,3]")
    wait_until(lambda: sorted(cluster.states(job)) == ["COMPLETED", "COMPLETED", "FAILED"], "two ran again")
    assert (cluster.work / "a2").read_text() == "restart none\n"
    assert (cluster.work / "a3").read_text() == "restart none\nrestart 1\n"
    cluster.ok("scontrol", "requeue", job)  # all of it
    wait_until(lambda: sorted(cluster.states(job)) == ["COMPLETED"] * 3, "all ran again")
    assert (cluster.work / "a3").read_text() == "restart none\nrestart 1\nrestart 2\n"


def test_a_wait_for_it_waits_for_the_last_attempt(cluster):
    job = cluster.sbatch(script="exec sleep 600")
    waiting = cluster.spawn("moisson", "wait", job)
    cluster.wait_state(job, "RUNNING")
    cluster.ok("scontrol", "requeuehold", job)
    cluster.wait_state(job, "PENDING")
    assert waiting.poll() is None
    cluster.ok("scancel", job)
    assert waiting.wait(60) is not None


def test_dependants_were_told_already(cluster):
    job = cluster.sbatch(script="exit 1")
    after = cluster.sbatch(f"--dependency=afterok:{job}")
    wait_until(lambda: cluster.squeue(after, "%r") == ["DependencyNeverSatisfied"], "it never can")
    cluster.ok("scontrol", "requeuehold", job)
    assert cluster.squeue(after, "%r") == ["DependencyNeverSatisfied"], "a condition is settled once"
    late = cluster.sbatch(f"--dependency=afterany:{job}")
    assert cluster.squeue(late, "%r") == ["Dependency"], "a new one looks at what is"
    cluster.ok("scancel", job, after, late)


def test_what_is_refused(cluster):
    held = cluster.sbatch("--hold")
    refused(cluster, "Job is pending execution", "requeue", held)
    cluster.ok("scancel", held)
    refused(cluster, "Job has already finished", "requeue", held)
    once = cluster.completed("--no-requeue")
    refused(cluster, "Requested operation is presently disabled", "requeue", once)
    refused(cluster, "Invalid job id specified", "requeue", 99999)
    refused(cluster, "State=SpecialExit goes with requeuehold", "requeue", "State=SpecialExit", once)


def test_what_is_pending_is_held(cluster):
    job = cluster.sbatch("--begin=now+1hour")
    cluster.ok("scontrol", "requeuehold", job)
    assert cluster.squeue(job, "%r") == ["JobHeldUser"]
    cluster.ok("scancel", job)
