"""What other programs rely on when they drive the commands: output, exit codes, silence."""
import json
import re
import time

import pytest
from conftest import wait_until

CLUSTER = {"nodes": 2, "cpus": 4, "conf": "MinJobAge=300"}
UNKNOWN = "999999"
INVALID = "slurm_load_jobs error: Invalid job id specified\n"


def test_a_job_is_visible_as_soon_as_sbatch_returns(cluster):
    for _ in range(10):
        job = cluster.sbatch("--hold")
        assert cluster.ok("squeue", "-h", "-j", job, "-o", "%i") == f"{job}\n"
        assert cluster.ok("sacct", "-j", job, "-n", "-X", "-P", "-o", "JobID,State") == f"{job}|PENDING\n"
        cluster.ok("scancel", job)
        assert cluster.ok("squeue", "-h", "-j", job) == "", "and gone as soon as scancel returns"


def test_one_unknown_id_is_an_error_two_are_not(cluster):
    done = cluster.run("squeue", "-j", UNKNOWN)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", INVALID)
    assert cluster.ok("squeue", "-h", "-j", f"{UNKNOWN},{UNKNOWN}") == ""
    known = cluster.sbatch("--hold")
    assert cluster.ok("squeue", "-h", "-j", f"{known},{UNKNOWN}", "-o", "%i") == f"{known}\n"


def test_unknown_jobs_in_scontrol_and_sacct(cluster):
    done = cluster.run("scontrol", "show", "job", UNKNOWN)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", INVALID)
    assert cluster.ok("sacct", "-n", "-j", UNKNOWN) == ""


def test_a_finished_job_is_hidden_unless_asked_for(cluster):
    job = cluster.completed()
    assert cluster.ok("squeue", "-h", "-j", job) == ""
    assert cluster.ok("squeue", "-j", job).startswith(" ") and len(cluster.ok("squeue", "-j", job).splitlines()) == 1
    for option in (["-t", "all"], ["--states=all"], ["-t", "COMPLETED"], ["-t", "cd"], ["-t", "ca,CD"]):
        assert cluster.ok("squeue", "-h", "-j", job, *option, "-o", "%i %T %t") == f"{job} COMPLETED CD\n"


def test_after_minjobage_a_job_lives_on_in_the_records_only(clusters):
    cluster = clusters(conf="MinJobAge=2")
    job = cluster.completed()
    wait_until(lambda: cluster.run("squeue", "-h", "-t", "all", "-j", job).returncode == 1, "the queue has forgotten it")
    assert cluster.run("scontrol", "show", "job", job).stderr == INVALID
    assert cluster.acct_one(job, "JobID,State,ExitCode") == [job, "COMPLETED", "0:0"]


@pytest.mark.parametrize("words", [["-j{0},{1}"], ["-j", "{0},{1}"], ["--jobs={0},{1}"], ["--jobs", "{0},{1}"],
                                   ["--job={0},{1}"], ["{0},{1}", "-j"], ["-aho%i", "-j{0},{1}"]])
def test_options_are_taken_as_getopt_long_takes_them(cluster, words):
    jobs = [cluster.sbatch("--hold") for _ in range(2)]
    words = [word.format(*jobs) for word in words]
    assert cluster.ok("squeue", "-h", "-o", "%i", *words).split() == jobs
    cluster.ok("scancel", *jobs)


def test_format_strings_are_printed_to_the_letter(cluster):
    job = cluster.sbatch("--hold", "-J", "a-(3)")
    assert cluster.ok("squeue", "-h", "-j", job, "-o", '{"id": %A, "s": "%T"}^^^%j|%.8i|%5t|%%i') == \
        f'{{"id": {job}, "s": "PENDING"}}^^^a-(3)|{job:>8}|PD   |{job}\n'
    assert cluster.ok("squeue", "-j", job, "-o", "%i %T").splitlines()[0] == "JOBID STATE"
    assert cluster.ok("squeue", "-h", "-j", job, "-O", "JobID:|,state:5,NAME:.8") == f"{job}|PENDI   a-(3)\n"
    assert cluster.ok("squeue", "-h", "-j", job, "-o", "%R|%r|%N|%B|%C|%D|%K") == "(JobHeldUser)|JobHeldUser||n/a|1|1|N/A\n"
    cluster.ok("scancel", job)


def test_the_default_table(cluster):
    job = cluster.sbatch("--hold", "-J", "tabular")
    head, row = cluster.ok("squeue", "-j", job).splitlines()
    assert head == "             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)"
    assert re.fullmatch(rf" +{job}      main  tabular \S+ +PD       0:00      1 \(JobHeldUser\)|"
                        rf" +{job}      main  tabular +\S+ PD       0:00      1 \(JobHeldUser\)", row), row
    cluster.ok("scancel", job)


def test_sacct_prints_what_parsers_split(cluster):
    job = cluster.completed("-J", "parsed")
    assert cluster.ok("sacct", "-j", f"{job},", "-o", "JobID,STATE,", "-X", "-n", "-P", "--delimiter=,") == f"{job},COMPLETED\n"
    assert cluster.ok("sacct", "-j", job, "-X", "-n", "-p", "-o", "jobid,jobname") == f"{job}|parsed|\n"
    assert cluster.ok("sacct", "-j", job, "-X", "-n", "-o", "state%4,exitcode%-6") == "COM+ 0:0    \n"
    rows = cluster.ok("sacct", "-j", job, "-n", "-P", "-o", "JobID,JobName,State").splitlines()
    assert rows == [f"{job}|parsed|COMPLETED", f"{job}.batch|batch|COMPLETED"]
    head = cluster.ok("sacct", "-j", job, "-X").splitlines()[0].split()
    assert head == ["JobID", "JobName", "Partition", "Account", "AllocCPUS", "State", "ExitCode"]
    fields = "JobID,CPUTimeRAW,AllocCPUS,ElapsedRaw,Timelimit"
    values = cluster.ok("sacct", "-j", job, "-o", fields, "-X", "-n", "-P").strip().split("|")
    assert all(value.isdigit() for value in values[:4])


def test_sacct_follows_a_running_job(cluster):
    job = cluster.sbatch(script="until [ -e go-acct ]; do sleep 0.05; done")
    cluster.wait_state(job, "RUNNING")
    state, node, end = cluster.acct_one(job, "State,NodeList,End")
    assert (state, end) == ("RUNNING", "Unknown") and node in ("n1", "n2")
    (cluster.work / "go-acct").touch()
    cluster.wait_state(job, "COMPLETED")


def test_times_in_the_formats_asked_for(cluster):
    before = int(time.time())
    job = cluster.completed()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", cluster.acct_one(job, "Start")[0])
    epoch = cluster.ok("sacct", "-n", "-X", "-P", "-j", job, "-o", "Submit,End", env={"SLURM_TIME_FORMAT": "%s"})
    submit, end = map(int, epoch.strip().split("|"))
    assert before <= submit <= end <= time.time()
    utc = cluster.ok("sacct", "-n", "-X", "-P", "-j", job, "-o", "End", env={"TZ": "UTC"}).strip()
    assert utc == time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(end))


def test_commands_need_almost_no_environment(cluster):
    bare = {"MOISSON_CONF": cluster.env["MOISSON_CONF"]}
    cluster.script("true", "bare.sh")
    out = cluster.ok(cluster.bin / "sbatch", "--parsable", "bare.sh", only_env=bare)
    job = out.strip()
    assert cluster.ok(cluster.bin / "squeue", "-h", "-t", "all", "-j", job, "-o", "%i", only_env=bare) == f"{job}\n"
    wait_until(lambda: cluster.ok(cluster.bin / "sacct", "-n", "-X", "-P", "-j", job, "-o", "State", only_env=bare)
               == "COMPLETED\n", "it has completed")
    cluster.ok(cluster.bin / "scancel", job, only_env=bare)
    cluster.ok(cluster.bin / "sinfo", only_env=bare)
    cluster.ok(cluster.bin / "scontrol", "ping", only_env=bare)


def test_the_version_banner(cluster):
    for tool in ("sbatch", "squeue", "scancel", "sinfo", "scontrol", "sacct", "srun", "salloc", "sprio", "sshare", "sstat"):
        assert re.fullmatch(r"slurm 22\.05\.\d+\n", cluster.ok(tool, "--version")), tool
        assert re.fullmatch(r"slurm 22\.05\.\d+\n", cluster.ok(tool, "-V")), tool


def test_sinfo_as_exporters_and_grids_read_it(cluster):
    assert cluster.ok("sinfo", "-h", "-o", "%P %D %N %C %l").split() == ["main*", "2", "n[1-2]", "0/8/0/8", "infinite"]
    assert cluster.ok("sinfo", "-h", "-o", "%C") == "0/8/0/8\n"
    assert cluster.ok("sinfo", "-hN", "-o%n %T").splitlines() == ["n1 idle", "n2 idle"]
    assert cluster.ok("sinfo", "-h", "-o", "%R") == "main\n"


def test_scontrol_as_programs_read_it(cluster):
    text = cluster.ok("scontrol", "show", "config")
    config = dict(re.findall(r"^(\S+) += (.*)$", text, re.M))
    assert config["ClusterName"] == "mini" and config["MinJobAge"] == "300 sec" and config["MaxJobCount"].isdigit()
    assert config["SLURM_VERSION"].startswith("22.05.")
    assert re.search(r"^ClusterName {12} = mini$", text, re.M), "the key takes 23 columns"
    assert re.fullmatch(r"Slurmctld\(primary\) at \S+ is UP\n", cluster.ok("scontrol", "ping"))
    assert cluster.ok("scontrol", "show", "hostnames", "n[1-3],x07").split() == ["n1", "n2", "n3", "x07"]
    assert cluster.ok("scontrol", "show", "hostlist", "n1,n2,n3") == "n[1-3]\n"
    nodes = cluster.ok("scontrol", "show", "node", "--oneliner").splitlines()
    assert len(nodes) == 2 and nodes[0].startswith("NodeName=n1 ") and "CPUTot=4" in nodes[0] and "State=IDLE" in nodes[0]
    assert "PartitionName=main" in cluster.ok("scontrol", "show", "part")
    job = cluster.sbatch("--hold")
    lines = cluster.ok("scontrol", "show", "job", job).splitlines()
    assert lines[0].startswith(f"JobId={job} ") and lines[1].startswith("   ")
    assert [line for line in lines if line.startswith("   JobState=PENDING ")]
    cluster.ok("scancel", job)


@pytest.mark.parametrize("words, key", [(["squeue"], "jobs"), (["sinfo"], "nodes"), (["sacct"], "jobs"),
                                        (["scontrol", "show", "job"], "jobs"), (["scontrol", "show", "node"], "nodes")])
def test_json(cluster, words, key):
    job = cluster.sbatch("--hold", "-J", 'quoted " name')
    answer = json.loads(cluster.ok(*words, "--json"))
    assert isinstance(answer[key], list) and answer[key]
    if key == "jobs":
        assert int(job) in [row["job_id"] for row in answer["jobs"]]
    cluster.ok("scancel", job)


def test_bad_filters_are_named(cluster):
    done = cluster.run("squeue", "-t", "SLEEPY")
    assert done.returncode == 1 and "SLEEPY" in done.stderr and "PENDING" in done.stderr
    done = cluster.run("squeue", "-h", "-u", "no-such-user")
    assert (done.returncode, done.stdout) == (0, "") and "squeue: error: Invalid user: no-such-user" in done.stderr
