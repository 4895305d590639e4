"""Jobs that wait for other jobs."""
import pytest
from conftest import wait_until

FAST = "true"


def blocked(cluster, name="gate"):
    """A job that runs until the file is there."""
    return cluster.sbatch(script=f"until [ -e {cluster.work}/{name} ]; do sleep 0.05; done; exit ${{GATE_CODE:-0}}")


def reason(cluster, job):
    return cluster.squeue(job, "%T %r")


def test_afterok_waits_for_success(cluster):
    first = blocked(cluster, "ok")
    second = cluster.sbatch(f"--dependency=afterok:{first}", script=f"test -e {cluster.work}/ok")
    cluster.wait_state(first, "RUNNING")
    assert reason(cluster, second) == ["PENDING Dependency"]
    assert cluster.show(second)["Dependency"].startswith(f"afterok:{first}")
    (cluster.work / "ok").touch()
    cluster.wait_state(second, "COMPLETED")
    assert cluster.state(first) == "COMPLETED"


def test_afterok_of_a_failed_job_is_never_satisfied(cluster):
    first = cluster.sbatch("--hold", script="exit 1")
    second = cluster.sbatch(f"--dependency=afterok:{first}")
    third = cluster.sbatch(f"--dependency=afterok:{first}", "--kill-on-invalid-dep=yes")
    cluster.ok("scontrol", "release", first)
    cluster.wait_state(first, "FAILED")
    wait_until(lambda: reason(cluster, second) == ["PENDING DependencyNeverSatisfied"], "the reason says never")
    cluster.wait_state(third, "CANCELLED")
    cluster.ok("scancel", second)
    cluster.wait_state(second, "CANCELLED")


@pytest.mark.parametrize("kind, code, runs", [("afterany", 0, True), ("afterany", 1, True), ("afternotok", 1, True),
                                              ("afternotok", 0, False), ("afterok", 0, True)])
def test_the_kind_decides(cluster, kind, code, runs):
    first = cluster.sbatch("--hold", script=f"exit {code}")
    second = cluster.sbatch(f"--dependency={kind}:{first}", "--kill-on-invalid-dep=yes")
    cluster.ok("scontrol", "release", first)
    cluster.wait_ended(first)
    cluster.wait_state(second, "COMPLETED" if runs else "CANCELLED")


def test_after_waits_for_the_start_only(cluster):
    first = cluster.sbatch("--hold", script=f"until [ -e {cluster.work}/started ]; do sleep 0.05; done")
    second = cluster.sbatch(f"--dependency=after:{first}", script=f"touch {cluster.work}/started")
    cluster.ok("scontrol", "release", first)
    cluster.wait_state(second, "COMPLETED")
    cluster.wait_state(first, "COMPLETED")


def test_all_conditions_or_any(cluster):
    never = cluster.sbatch("--hold")
    done = cluster.completed()
    both = cluster.sbatch(f"--dependency=afterany:{done},afterany:{never}")
    one = cluster.sbatch(f"--dependency=afterany:{done}?afterany:{never}")
    cluster.wait_state(one, "COMPLETED")
    assert reason(cluster, both) == ["PENDING Dependency"]
    cluster.ok("scancel", never, both)
    cluster.wait_state(both, "CANCELLED")


def test_several_ids_in_one_condition(cluster):
    gate = cluster.work / "several"
    first, second = blocked(cluster, "several"), blocked(cluster, "several")
    third = cluster.sbatch(f"--dependency=afterok:{first}:{second}", script=f"test -e {gate}")
    cluster.wait_state(first, "RUNNING")
    assert reason(cluster, third) == ["PENDING Dependency"]
    gate.touch()
    cluster.wait_state(third, "COMPLETED")


def test_afterok_of_an_array_waits_for_all_its_tasks(cluster):
    array = cluster.sbatch("--array=1-6", script="sleep 0.1; echo done >>array-tasks")
    after = cluster.sbatch(f"--dependency=afterok:{array}", script="wc -l <array-tasks")
    cluster.wait_state(after, "COMPLETED")
    assert cluster.output(after).strip() == "6"


def test_one_task_of_an_array_can_be_waited_for(cluster):
    array = cluster.sbatch("--array=1-2", script="[ $SLURM_ARRAY_TASK_ID = 1 ] || "
                                                 f"until [ -e {cluster.work}/task2 ]; do sleep 0.05; done")
    after = cluster.sbatch(f"--dependency=afterok:{array}_1", script=f"touch {cluster.work}/task2")
    cluster.wait_state(after, "COMPLETED")
    cluster.wait_state(array, "COMPLETED")


def test_singleton_runs_one_of_a_name_at_a_time(cluster):
    trace = cluster.work / "singleton"
    jobs = [cluster.sbatch("-J", "only", "--dependency=singleton", script=f"echo + >>{trace}; sleep 0.1; echo - >>{trace}")
            for _ in range(4)]
    for job in jobs:
        cluster.wait_state(job, "COMPLETED")
    assert trace.read_text().split() == ["+", "-"] * 4


def test_a_chain_runs_in_order(cluster):
    previous, jobs = None, []
    for number in range(6):
        options = [f"--dependency=afterok:{previous}"] if previous else []
        previous = cluster.sbatch(*options, script=f"echo {number} >>chain")
        jobs.append(previous)
    cluster.wait_state(previous, "COMPLETED")
    assert (cluster.work / "chain").read_text().split() == [str(n) for n in range(6)]


@pytest.mark.parametrize("spec", ["afterok:abc", "sometime:1", "afterok:", "afterok"])
def test_a_malformed_dependency_is_refused(cluster, spec):
    done = cluster.run("sbatch", f"--dependency={spec}", "--wrap", "true")
    assert done.returncode == 1 and done.stdout == ""
    assert "Job dependency problem" in done.stderr


FAILS_ONE = 'test "$SLURM_ARRAY_TASK_ID" != 1'


def rows(cluster, job):
    """State and reason of each task."""
    return {line.split()[0].partition("_")[2]: line.split()[1:]
            for line in cluster.ok("squeue", "-h", "-r", "-t", "all", "-j", job, "-o", "%i %T %r").splitlines()}


def test_aftercorr_pairs_tasks(cluster):
    first = cluster.sbatch("--hold", "--array=0-2", script=FAILS_ONE)
    second = cluster.sbatch("--array=0-3", f"--dependency=aftercorr:{first}", script="echo $SLURM_ARRAY_TASK_ID >>corr")
    killed = cluster.sbatch("--array=1,2", f"--dependency=aftercorr:{first}", "--kill-on-invalid-dep=yes")
    assert rows(cluster, second) == {"0": ["PENDING", "Dependency"], "1": ["PENDING", "Dependency"],
                                     "2": ["PENDING", "Dependency"], "3": ["PENDING", "DependencyNeverSatisfied"]}
    cluster.kill9("ctld")
    cluster.start("ctld")
    cluster.ok("scontrol", "release", f"{first}_1,{first}_2")
    wait_until(lambda: rows(cluster, second)["2"][0] == "COMPLETED", "its namesake went well")
    assert rows(cluster, second)["0"] == ["PENDING", "Dependency"]
    assert rows(cluster, second)["1"] == ["PENDING", "DependencyNeverSatisfied"]
    wait_until(lambda: rows(cluster, killed)["1"][0] == "CANCELLED", "that can never run")
    cluster.ok("scontrol", "release", first)
    wait_until(lambda: rows(cluster, second)["0"][0] == "COMPLETED", "the last one")
    assert sorted((cluster.work / "corr").read_text().split()) == ["0", "2"]
    cluster.ok("scancel", second)


def test_words_of_dependencies(cluster):
    held = cluster.sbatch("--hold")
    after = cluster.sbatch(f"--dependency=afterburstbuffer:{held}")
    assert reason(cluster, after) == ["PENDING Dependency"]
    done = cluster.run("sbatch", f"--dependency=expand:{held}", "--wrap", "true")
    assert done.returncode == 1 and "jobs do not grow" in done.stderr
    done = cluster.run("sbatch", f"--dependency=aftercorr:{held}?singleton", "--wrap", "true")
    assert done.returncode == 1 and "Job dependency problem" in done.stderr
    cluster.ok("scancel", held)
    cluster.wait_state(after, "COMPLETED")


def test_what_can_never_run_is_cancelled_by_default_of_the_site(clusters):
    cluster = clusters(conf="DependencyParameters=kill_invalid_depend")
    first = cluster.sbatch("--hold", script="exit 1")
    killed = cluster.sbatch(f"--dependency=afterok:{first}")
    kept = cluster.sbatch("--kill-on-invalid-dep=no", f"--dependency=afterok:{first}")
    cluster.ok("scontrol", "release", first)
    cluster.wait_state(killed, "CANCELLED")
    assert reason(cluster, kept) == ["PENDING DependencyNeverSatisfied"]
