"""What a user does first: submit a script, in every way that sbatch takes one, and see it run."""
import re

import pytest
from conftest import ENDED, wait_until


def test_a_script_runs_and_leaves_its_output(cluster):
    script = cluster.script('echo "hello from $SLURM_JOB_ID"; echo to stderr >&2')
    done = cluster.run("sbatch", script)
    assert done.returncode == 0 and done.stderr == ""
    job = re.fullmatch(r"Submitted batch job (\d+)\n", done.stdout).group(1)
    cluster.wait_state(job, "COMPLETED")
    assert sorted(cluster.output(job).splitlines()) == [f"hello from {job}", "to stderr"]
    assert cluster.acct_one(job, "JobID,JobName,State,ExitCode") == [job, "job.sh", "COMPLETED", "0:0"]


def test_ids_rise_by_one(cluster):
    first, second = cluster.sbatch(), cluster.sbatch()
    assert int(second) == int(first) + 1


@pytest.mark.parametrize("words, stdin", [
    ([], "#!/bin/sh\necho it ran\n"),
    (["/dev/stdin"], "#!/bin/sh\necho it ran\n"),
    (["--wrap", "echo it ran"], None),
    (["--wrap=echo it ran"], None),
])
def test_a_script_may_come_from_stdin_or_wrap(cluster, words, stdin):
    out = cluster.ok("sbatch", "--parsable", *words, stdin=stdin)
    job = re.fullmatch(r"(\d+)\n", out).group(1)
    cluster.wait_state(job, "COMPLETED")
    assert cluster.output(job) == "it ran\n"


def test_a_bare_name_is_looked_for_here_and_then_in_path(cluster):
    cluster.script("echo here", "bare-name")
    there = cluster.work / "elsewhere"
    there.mkdir()
    (there / "only-in-path").write_text("#!/bin/sh\necho path\n")
    (there / "only-in-path").chmod(0o755)
    here = cluster.ok("sbatch", "--parsable", "bare-name").strip()
    path = cluster.ok("sbatch", "--parsable", "only-in-path", env={"PATH": f"{there}:{cluster.env['PATH']}"}).strip()
    cluster.wait_state(here, "COMPLETED")
    cluster.wait_state(path, "COMPLETED")
    assert cluster.output(here) == "here\n" and cluster.output(path) == "path\n"


def test_words_after_the_script_are_its_arguments(cluster):
    script = cluster.script('printf "[%s]" "$0" "$@"', "args.sh")
    out = cluster.ok("sbatch", "--parsable", script, "--not-an-option", "two words", "")
    job = out.strip()
    cluster.wait_state(job, "COMPLETED")
    assert cluster.output(job).endswith("[--not-an-option][two words][]")


def test_the_command_line_beats_the_script_beats_the_environment(cluster):
    script = cluster.script("#!/bin/sh\n#SBATCH --job-name=script\n#SBATCH -c 2 # two of them\n\n#SBATCH --comment='a b'\n"
                            "true\n#SBATCH --job-name=too-late\n", "options.sh")
    env = {"SBATCH_JOB_NAME": "environment", "SBATCH_TIMELIMIT": "7"}
    job = cluster.ok("sbatch", "--parsable", script, env=env).strip()
    shown = cluster.show(job)
    assert shown["JobName"] == "script" and shown["NumCPUs"] == "2" and shown["TimeLimit"] == "00:07:00"
    job = cluster.ok("sbatch", "--parsable", "--job-name=line", "-t", "8", script, env=env).strip()
    shown = cluster.show(job)
    assert shown["JobName"] == "line" and shown["TimeLimit"] == "00:08:00"


def test_the_script_is_kept_as_it_was_at_submit(cluster):
    script = cluster.script("echo first version", "changing.sh")
    job = cluster.ok("sbatch", "--parsable", "--hold", script).strip()
    cluster.script("echo second version", "changing.sh")
    cluster.ok("scontrol", "release", job)
    cluster.wait_state(job, "COMPLETED")
    assert cluster.output(job) == "first version\n"


def test_wait_ends_with_the_exit_code_of_the_job(cluster):
    assert cluster.run("sbatch", "--wait", "--wrap", "exit 0").returncode == 0
    assert cluster.run("sbatch", "--wait", "--wrap", "exit 3").returncode == 3


def test_exit_codes_and_signals_are_recorded(cluster):
    seven = cluster.sbatch(script="exit 7")
    killed = cluster.sbatch(script="kill -9 $$")
    cluster.wait_ended(seven)
    cluster.wait_ended(killed)
    assert cluster.acct_one(seven, "State,ExitCode") == ["FAILED", "7:0"]
    assert cluster.acct_one(killed, "State,ExitCode") == ["FAILED", "0:9"]
    assert cluster.show(killed)["ExitCode"] == "0:9"


def test_held_jobs_wait_for_their_release(cluster):
    job = cluster.sbatch("--hold")
    other = cluster.completed()  # the controller has passed over the held one
    assert int(other) > int(job)
    assert cluster.squeue(job, "%T %r") == ["PENDING JobHeldUser"]
    cluster.ok("scontrol", "release", job)
    cluster.wait_state(job, "COMPLETED")


def test_a_begin_time_is_kept(cluster):
    job = cluster.sbatch("--begin=now+2", script="date +%s")
    assert cluster.squeue(job, "%T %r") == ["PENDING BeginTime"]
    submitted = int(cluster.ok("sacct", "-n", "-X", "-P", "-j", job, "-o", "Submit",
                               env={"SLURM_TIME_FORMAT": "%s"}).strip())
    cluster.wait_state(job, "COMPLETED")
    assert int(cluster.output(job)) >= submitted + 1  # now+2 counts from sbatch's clock, in the second before at most


def test_test_only_submits_nothing(cluster):
    before = cluster.sbatch()
    done = cluster.run("sbatch", "--test-only", "--wrap", "true")
    assert done.returncode == 0 and done.stdout == ""
    assert re.search(r"sbatch: Job \d+ to start at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", done.stderr)
    assert int(cluster.sbatch()) == int(before) + 1


def test_resources_asked_are_resources_shown(cluster):
    job = cluster.sbatch("-n", "3", "--mem=300M", "-t", "1-02:03", "-J", "three", "-p", "main")
    shown = cluster.show(job)
    assert shown["NumCPUs"] == "3" and shown["NumTasks"] == "3" and shown["TimeLimit"] == "1-02:03:00"
    assert shown["JobName"] == "three" and shown["Partition"] == "main"
    cluster.wait_state(job, "COMPLETED")
    assert cluster.acct_one(job, "AllocCPUS,ReqMem,Timelimit") == ["3", "300M", "1-02:03:00"]


def test_jobs_share_a_node_up_to_its_cpus(cluster):
    """Four CPUs: never more than two jobs of two at once, and all of them run."""
    trace = cluster.work / "trace"
    jobs = [cluster.sbatch("-c", "2", script=f"echo + >>{trace}; sleep 0.2; echo - >>{trace}") for _ in range(6)]
    for job in jobs:
        cluster.wait_state(job, "COMPLETED")
    now, most = 0, 0
    for sign in trace.read_text().split():
        now += 1 if sign == "+" else -1
        most = max(most, now)
    assert now == 0 and most == 2


@pytest.mark.parametrize("option", ["--mail-type=END", "--mail-user=a@example.org", "--comment=x", "--wckey=k", "--hint=nomultithread",
                                    "--get-user-env=10L", "--switches=1", "--profile=none", "--propagate=NONE"])
def test_options_that_change_nothing_here_are_accepted_in_silence(cluster, option):
    cluster.completed(option)


def test_salloc_says_that_it_is_not_available_yet(cluster):
    done = cluster.run("salloc", "true")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("salloc: ") and "not available yet" in done.stderr and "sbatch" in done.stderr


def test_requeue_runs_a_job_again(cluster):
    mark = cluster.work / "runs"
    job = cluster.sbatch("--requeue", script=f"echo $SLURM_RESTART_COUNT >>{mark}; [ $(wc -l <{mark}) -gt 1 ] || sleep 600")
    cluster.wait_file(mark)
    cluster.wait_state(job, "RUNNING")
    cluster.ok("scontrol", "requeue", job)
    wait_until(lambda: cluster.state(job) in ENDED, "the second run ends")
    cluster.wait_state(job, "COMPLETED")
    assert len(mark.read_text().splitlines()) == 2
    assert cluster.show(job)["Restarts"] == "1"
    assert len(cluster.acct(job, "JobID,State", "-D")) == 2, "one record an attempt"
    assert cluster.acct(job, "Reason", "-D")[0] == ["requeued"], "the first attempt says why it ended"
    log = (cluster.work / f"slurm-{job}.out").read_text()
    assert re.search(rf"^slurmstepd: error: \*\*\* JOB {job} ON n\d CANCELLED AT \S+ DUE TO JOB REQUEUE \*\*\*$", log, re.M)
