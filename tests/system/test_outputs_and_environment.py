"""Where output goes, and what a job finds around it."""
import json
import os
import socket

import pytest

DUMP = r"""#!/usr/bin/python3
import json, os
open ("environment.json", "w").write (json.dumps (dict (os.environ)))
"""


def environment(cluster, *options, **kw):
    path = cluster.work / "environment.json"
    path.unlink(missing_ok=True)
    job = cluster.completed(*options, script=DUMP, **kw)
    return job, json.loads(path.read_text())


@pytest.mark.parametrize("pattern, name", [
    ("%j.out", "{job}.out"), ("%6j.out", "{job:0>6}.out"), ("%x-%u.log", "pattern-{user}.log"), ("%N.log", "n1.log"),
    ("a%%b.log", "a%b.log"), ("%J", "{job}"), ("%A.log", "{job}.log"), ("%n-%t-%s.log", "0-0-batch.log"),
])
def test_patterns_of_output_files(cluster, pattern, name):
    user = cluster.ok("id", "-un").strip()
    (cluster.work / "patterns").mkdir(exist_ok=True)
    job = cluster.completed("-J", "pattern", "-o", f"patterns/{pattern}", script="echo written")
    assert (cluster.work / "patterns" / name.format(job=job, user=user)).read_text() == "written\n"


def test_patterns_of_array_tasks(cluster):
    job = cluster.completed("--array=7", "-o", "%A-%a-%3a.out", script="echo written")
    assert (cluster.work / f"{job}-7-007.out").read_text() == "written\n"


def test_both_streams_share_a_file_unless_told_otherwise(cluster):
    job = cluster.completed("-e", "errors.%j", script="echo out; echo err >&2")
    assert cluster.output(job) == "out\n"
    assert (cluster.work / f"errors.{job}").read_text() == "err\n"


def test_input_comes_from_a_file_or_is_empty(cluster):
    (cluster.work / "input").write_text("from the file\n")
    job = cluster.completed("-i", "input", script="cat")
    assert cluster.output(job) == "from the file\n"
    job = cluster.completed(script="wc -c")
    assert cluster.output(job).strip() == "0"


def test_output_is_truncated_or_appended_to(cluster):
    for mode, expected in (("truncate", "new\n"), ("append", "old\nnew\n")):
        (cluster.work / "mode").write_text("old\n")
        cluster.completed(f"--open-mode={mode}", "-o", "mode", script="echo new")
        assert (cluster.work / "mode").read_text() == expected


def test_a_job_runs_where_it_was_submitted_or_told_to(cluster):
    elsewhere = cluster.work / "else where"
    elsewhere.mkdir()
    job = cluster.completed(script="pwd")
    assert cluster.output(job).strip() == str(cluster.work)
    job = cluster.completed("--chdir", "else where", script="pwd")
    assert (elsewhere / f"slurm-{job}.out").read_text().strip() == str(elsewhere)


def test_the_environment_of_the_submit_arrives_byte_for_byte(cluster):
    value = "two\nlines and = signs; $HOME \"quotes\" \\ ü"
    _, env = environment(cluster, env={"MY_VALUE": value, "EMPTY": ""})
    assert env["MY_VALUE"] == value and env["EMPTY"] == ""


def test_export_none_gives_a_login_environment(cluster):
    _, env = environment(cluster, "--export=NONE", env={"MY_VALUE": "1"})
    assert "MY_VALUE" not in env
    for name in ("HOME", "USER", "LOGNAME", "SHELL", "PATH", "SLURM_JOB_ID"):
        assert env[name], name


def test_export_takes_names_and_values(cluster):
    _, env = environment(cluster, "--export=ONE,TWO=zwei,NOT_SET", env={"ONE": "1", "THREE": "3"})
    assert env["ONE"] == "1" and env["TWO"] == "zwei" and "THREE" not in env and "NOT_SET" not in env
    _, env = environment(cluster, "--export=ALL,TWO=zwei", env={"ONE": "1"})
    assert env["ONE"] == "1" and env["TWO"] == "zwei"


def test_what_every_job_is_told(cluster):
    job, env = environment(cluster, "-J", "told")
    conf = cluster.env["MOISSON_CONF"]
    expected = {
        "SLURM_JOB_ID": job, "SLURM_JOBID": job, "SLURM_JOB_NAME": "told", "SLURM_JOB_NODELIST": "n1",
        "SLURM_NODELIST": "n1", "SLURM_JOB_NUM_NODES": "1", "SLURM_NNODES": "1", "SLURM_TASKS_PER_NODE": "1",
        "SLURM_JOB_CPUS_PER_NODE": "1", "SLURM_CPUS_ON_NODE": "1", "SLURM_NODEID": "0", "SLURM_PROCID": "0",
        "SLURM_LOCALID": "0", "SLURM_GTIDS": "0", "SLURM_SUBMIT_DIR": str(cluster.work),
        "SLURM_SUBMIT_HOST": socket.gethostname().split(".")[0], "SLURM_JOB_PARTITION": "main",
        "SLURM_JOB_UID": cluster.ok("id", "-u").strip(), "SLURM_JOB_GID": cluster.ok("id", "-g").strip(),
        "SLURM_JOB_USER": cluster.ok("id", "-un").strip(), "SLURM_CLUSTER_NAME": "mini", "SLURMD_NODENAME": "n1",
        "ENVIRONMENT": "BATCH", "SLURM_CONF": conf,
    }
    differs = {name: (env.get(name), value) for name, value in expected.items() if env.get(name) != value}
    # the submit host may be given with its domain
    if env.get("SLURM_SUBMIT_HOST", "").split(".")[0] == expected["SLURM_SUBMIT_HOST"]:
        differs.pop("SLURM_SUBMIT_HOST", None)
    assert not differs
    assert int(env["SLURM_TASK_PID"]) > 1


ONLY_IF_ASKED = ["SLURM_NTASKS", "SLURM_NPROCS", "SLURM_NTASKS_PER_NODE", "SLURM_CPUS_PER_TASK", "SLURM_MEM_PER_NODE",
                 "SLURM_MEM_PER_CPU", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_JOB_ID"]


def test_some_variables_exist_only_where_the_option_was_given(cluster):
    _, env = environment(cluster)
    assert not [name for name in ONLY_IF_ASKED if name in env]
    _, env = environment(cluster, "-n", "2", "-c", "2", "--mem=100")
    assert (env["SLURM_NTASKS"], env["SLURM_NPROCS"], env["SLURM_CPUS_PER_TASK"]) == ("2", "2", "2")
    assert env["SLURM_MEM_PER_NODE"] == "100" and env["SLURM_CPUS_ON_NODE"] == "4"
    _, env = environment(cluster, "--mem-per-cpu=50")
    assert env["SLURM_MEM_PER_CPU"] == "50" and "SLURM_MEM_PER_NODE" not in env


def test_variables_of_a_surrounding_job_do_not_leak_in(cluster):
    job, env = environment(cluster, env={"SLURM_JOB_ID": "99999", "SLURM_ARRAY_TASK_ID": "5", "SLURM_NTASKS": "64"})
    assert env["SLURM_JOB_ID"] == job
    assert env.get("SLURM_NTASKS") != "64" or "SLURM_NTASKS" not in env


def test_the_mask_of_the_submit_holds_for_the_job(cluster):
    before = os.umask(0o027)
    try:
        cluster.completed(script="touch masked")
    finally:
        os.umask(before)
    assert (cluster.work / "masked").stat().st_mode & 0o777 == 0o640


def test_a_job_has_no_open_files_but_its_three(cluster):
    job = cluster.completed(script="ls /proc/self/fd | tr '\\n' ' '")
    assert cluster.output(job).split() in (["0", "1", "2"], ["0", "1", "2", "3"])  # 3 is ls's own


def test_a_job_ignores_no_signals_and_leads_its_session(cluster):
    job = cluster.completed(script="#!/usr/bin/python3\nimport os\nprint (open ('/proc/self/status').read ())\n"
                                   "print ('Leads:', os.getsid (0) == os.getpid ())\n")
    status = dict(line.split(":", 1) for line in cluster.output(job).splitlines() if ":" in line)
    assert int(status["SigBlk"], 16) == 0
    ours = ~(1 << 12 | 1 << 24 | 3 << 31)  # python itself ignores SIGPIPE and SIGXFSZ; two belong to the C library
    assert int(status["SigIgn"], 16) & ours == 0
    assert status["Leads"].strip() == "True"
