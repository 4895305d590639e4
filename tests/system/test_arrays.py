"""Many tasks with one submit."""
import re

from conftest import wait_until

CLUSTER = {"nodes": 2, "cpus": 4}


def test_every_task_runs_once_with_its_own_number(cluster):
    job = cluster.sbatch("--array=0-6:3,10", script='echo "$SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_ID" >>ran; '
                                                    'echo "$SLURM_ARRAY_TASK_COUNT $SLURM_ARRAY_TASK_MIN '
                                                    '$SLURM_ARRAY_TASK_MAX $SLURM_ARRAY_TASK_STEP"')
    cluster.wait_state(job, "COMPLETED")
    assert sorted((cluster.work / "ran").read_text().splitlines()) == sorted(f"{job} {n}" for n in (0, 3, 6, 10))
    for task in (0, 3, 6, 10):
        assert (cluster.work / f"slurm-{job}_{task}.out").read_text().startswith("4 0 10 ")
    rows = cluster.acct(job, "JobID,State")
    assert sorted(rows) == sorted([f"{job}_{n}", "COMPLETED"] for n in (0, 3, 6, 10))
    raw = [int(row[0]) for row in cluster.acct(job, "JobIDRaw")]
    assert len(set(raw)) == 4 and int(job) not in raw


def test_the_pending_rest_is_one_row(cluster):
    job = cluster.sbatch("--hold", "--array=1-100%7")
    assert cluster.squeue(job, "%i %T") == [f"{job}_[1-100%7] PENDING"]
    assert len(cluster.squeue(job, "%i", "-r")) == 100
    assert cluster.squeue(job, "%i", "-r")[:2] == [f"{job}_1", f"{job}_2"]
    assert cluster.acct(job, "JobID,State") == [[f"{job}_[1-100%7]", "PENDING"]]
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")


def test_the_limit_of_tasks_at_once_is_kept(cluster):
    trace = cluster.work / "trace"
    job = cluster.sbatch("--array=1-12%2", script=f"echo + >>{trace}; sleep 0.1; echo - >>{trace}")
    cluster.wait_state(job, "COMPLETED")
    now, most = 0, 0
    for sign in trace.read_text().split():
        now += 1 if sign == "+" else -1
        most = max(most, now)
    assert now == 0 and most == 2 and trace.read_text().count("+") == 12


def test_single_tasks_can_be_cancelled(cluster):
    job = cluster.sbatch("--hold", "--array=1-8")
    cluster.ok("scancel", f"{job}_2")
    cluster.ok("scancel", f"{job}_[5-6,8]")
    assert cluster.squeue(job, "%i %T", "-t", "PENDING") == [f"{job}_[1,3-4,7] PENDING"]
    cluster.ok("scontrol", "release", job)
    wait_until(lambda: not cluster.ok("squeue", "-h", "-j", f"{job},{job}"), "nothing of the array is left in the queue")
    ended = {}
    for name, state in cluster.acct(job, "JobID,State"):
        for part in re.sub(r"[\[\]]", "", name.split("_")[1]).split(","):
            first, _, last = part.partition("-")
            for task in range(int(first), int(last or first) + 1):
                assert task not in ended, "a task has one record"
                ended[task] = state.split()[0]
    assert ended == {n: "CANCELLED" if n in (2, 5, 6, 8) else "COMPLETED" for n in range(1, 9)}


def test_a_running_task_is_cancelled_alone(cluster):
    job = cluster.sbatch("--array=1-2", script="echo up >up.$SLURM_ARRAY_JOB_ID.$SLURM_ARRAY_TASK_ID; sleep 600")
    for task in (1, 2):
        cluster.wait_file(f"up.{job}.{task}")
    cluster.wait_state(job, "RUNNING")
    cluster.ok("scancel", f"{job}_1")
    wait_until(lambda: cluster.squeue(f"{job}_1", "%T") == ["CANCELLED"], "task 1 is cancelled")
    assert cluster.squeue(f"{job}_2", "%T") == ["RUNNING"]
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")


def test_a_task_is_known_by_its_raw_id_too(cluster):
    job = cluster.completed("--array=4")
    (raw,), = cluster.acct(job, "JobIDRaw")
    assert cluster.squeue(raw, "%i %A %F %K") == [f"{job}_4 {raw} {job} 4"]
    shown = cluster.show(raw)
    assert (shown["JobId"], shown["ArrayJobId"], shown["ArrayTaskId"]) == (raw, job, "4")


def test_a_hundred_thousand_tasks_are_one_row_or_many(cluster):
    job = cluster.sbatch("--hold", "--array=1-100000")
    assert cluster.squeue(job, "%i") == [f"{job}_[1-100000]"]
    assert len(cluster.squeue(job, "%i", "-r")) == 100000
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")
    assert cluster.acct(job, "JobID,State%20")[0][0] == f"{job}_[1-100000]"


def test_an_array_larger_than_the_site_allows_is_refused(cluster):
    done = cluster.run("sbatch", "--array=1-5000000", "--wrap", "true")
    assert done.returncode == 1 and done.stdout == ""
    assert "sbatch: error: Batch job submission failed: Invalid job array specification" in done.stderr


def test_wait_gives_the_highest_exit_code(cluster):
    assert cluster.run("sbatch", "--wait", "--array=1-4", "--wrap", "exit $SLURM_ARRAY_TASK_ID").returncode == 4
