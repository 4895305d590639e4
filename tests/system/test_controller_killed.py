"""The controller dies at any moment: no acknowledged job is lost, none starts twice, users wait or are told."""
import re
import time

from conftest import send_signal, wait_gone, wait_until

CLUSTER = {"nodes": 2, "cpus": 4}


def restart(cluster):
    cluster.kill9("ctld")
    cluster.start("ctld")


def count(path):
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_acknowledged_jobs_survive(cluster):
    held = [cluster.sbatch("--hold", "-J", f"held{n}", "--comment", "kept") for n in range(5)]
    array = cluster.sbatch("--hold", "--array=1-50%3")
    cluster.ok("scancel", held[0], f"{array}_7")
    done = cluster.completed()
    restart(cluster)
    assert [cluster.state(job) for job in held] == ["CANCELLED"] + ["PENDING"] * 4
    assert cluster.squeue(array, "%i", "-t", "PENDING") == [f"{array}_[1-6,8-50%3]"]
    assert cluster.show(held[1])["JobName"] == "held1"
    assert cluster.state(done) == "COMPLETED" and cluster.acct_one(done, "State,ExitCode") == ["COMPLETED", "0:0"]
    assert int(cluster.sbatch()) > int(done), "an id is never used again"
    cluster.ok("scontrol", "release", held[1])
    cluster.wait_state(held[1], "COMPLETED")
    cluster.ok("scancel", array, *held)


def test_running_jobs_go_on_and_are_not_started_again(cluster):
    job = cluster.sbatch(script="echo started >>starts; until [ -e finish ]; do sleep 0.05; done; echo ended")
    cluster.wait_file("starts")
    cluster.wait_state(job, "RUNNING")
    for _ in range(3):
        restart(cluster)
    cluster.wait_state(job, "RUNNING")
    (cluster.work / "finish").touch()
    cluster.wait_state(job, "COMPLETED")
    assert count(cluster.work / "starts") == 1
    assert cluster.output(job) == "ended\n"
    assert len(cluster.acct(job, "JobID", "-D")) == 1


def test_a_job_that_ends_while_the_controller_is_away_is_reported_once(cluster):
    job = cluster.sbatch(script="echo $$ >pid.away; until [ -e finish-away ]; do sleep 0.05; done; exit 5")
    pid = cluster.wait_file("pid.away")
    cluster.wait_state(job, "RUNNING")
    cluster.kill9("ctld")
    (cluster.work / "finish-away").touch()
    wait_gone(pid)
    cluster.start("ctld")
    cluster.wait_state(job, "FAILED")
    assert cluster.acct(job, "State,ExitCode", "-D") == [["FAILED", "5:0"]]
    restart(cluster)
    assert cluster.acct(job, "State,ExitCode", "-D") == [["FAILED", "5:0"]]


def test_an_orderly_stop_leaves_jobs_alone_too(cluster):
    job = cluster.sbatch(script="until [ -e finish-orderly ]; do sleep 0.05; done")
    cluster.wait_state(job, "RUNNING")
    cluster.stop("ctld")
    cluster.start("ctld")
    (cluster.work / "finish-orderly").touch()
    cluster.wait_state(job, "COMPLETED")


def test_scontrol_shutdown_ends_the_controller(cluster):
    pid = cluster.pid("ctld")
    cluster.ok("scontrol", "shutdown")
    wait_gone(pid)
    cluster.start("ctld")
    cluster.completed()


def test_sbatch_waits_for_the_controller(cluster):
    cluster.kill9("ctld")
    waiting = cluster.spawn("sbatch", "--parsable", "--wrap", "echo ran >>waited")
    try:
        time_is_up = time.monotonic() + 3  # it must still wait by then
        wait_until(lambda: time.monotonic() > time_is_up or waiting.poll() is not None, "")
        assert waiting.poll() is None
        cluster.start("ctld")
        out, err = waiting.communicate(timeout=60)
    finally:
        waiting.kill()
    assert waiting.returncode == 0 and re.fullmatch(r"\d+\n", out), err
    cluster.wait_state(out.strip(), "COMPLETED")
    assert count(cluster.work / "waited") == 1


def test_a_submit_key_makes_one_job_of_many_tries(cluster):
    options = ["--parsable", "--submit-key=harvest-17", "-J", "keyed", "--wrap", "echo ran >>keyed"]
    first = cluster.ok("sbatch", *options)
    assert cluster.ok("sbatch", *options) == first
    restart(cluster)
    assert cluster.ok("sbatch", *options) == first
    assert cluster.ok("sbatch", *options, env={"SSH_CONNECTION": "elsewhere"}) == first, "another login, the same job"
    assert cluster.ok("sbatch", *options[0:1], *options[2:], env={"SBATCH_SUBMIT_KEY": "harvest-17"}) == first
    cluster.wait_state(first.strip(), "COMPLETED")
    assert cluster.ok("sbatch", *options) == first
    assert count(cluster.work / "keyed") == 1
    other = cluster.run("sbatch", "--parsable", "--submit-key=harvest-17", "--wrap", "echo something else")
    assert other.returncode == 1 and other.stdout == "" and "harvest-17" in other.stderr


def test_a_submitter_that_is_killed_can_be_run_again(cluster):
    """Whenever it was hit, before or after the commit: the second try with the same key is the same job."""
    mark = cluster.work / "rerun"
    for number in range(15):
        key = f"rerun-{number}"
        words = ["sbatch", "--parsable", f"--submit-key={key}", "--wrap", f"echo {key} >>{mark}"]
        victim = cluster.spawn(*words)
        due = time.monotonic() + number * 0.02
        wait_until(lambda: time.monotonic() >= due or victim.poll() is not None, "")
        victim.kill()
        victim.communicate()
        cluster.wait_state(cluster.ok(*words).strip(), "COMPLETED")
    assert sorted(mark.read_text().split()) == sorted(f"rerun-{n}" for n in range(15))


def test_a_submit_in_flight_when_the_controller_dies_is_one_job(cluster):
    mark = cluster.work / "inflight"
    for number in range(5):
        waiting = [cluster.spawn("sbatch", "--parsable", "--wrap", f"echo {number}.{n} >>{mark}") for n in range(4)]
        due = time.monotonic() + 0.05 * number
        wait_until(lambda: time.monotonic() >= due, "")
        restart(cluster)
        ids = [child.communicate(timeout=90) for child in waiting]
        assert [child.returncode for child in waiting] == [0] * 4, ids
        for out, _ in ids:
            cluster.wait_state(out.strip(), "COMPLETED")
    assert sorted(mark.read_text().split()) == sorted(f"{a}.{b}" for a in range(5) for b in range(4))


def test_a_journal_of_many_events_is_replayed(cluster):
    """Enough events for snapshots to be written and used."""
    array = cluster.sbatch("--hold", "--array=1-2000")
    for task in range(1, 40):
        cluster.ok("scancel", f"{array}_{task}")
    send_signal(cluster.pid("ctld"))
    wait_gone(cluster.pid("ctld"))
    cluster.start("ctld")
    assert cluster.squeue(array, "%i", "-t", "PENDING") == [f"{array}_[40-2000]"]
    cluster.ok("scancel", array)
