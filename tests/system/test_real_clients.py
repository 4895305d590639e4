"""Programs of others, from their Debian packages, that drive a cluster by its commands alone."""
import re
import shutil
import signal
import stat

import pytest
from conftest import DEADLINE, wait_until

CLUSTER = {"nodes": 3, "cpus": 4, "conf": "MinJobAge=600"}
GROUPS = "/etc/clustershell/groups.conf.d/slurm.conf.example"
# makeflow is linked with MPI, which would look for its own daemons although it starts none.
MPI_ALONE = {"OMPI_MCA_ess_singleton_isolated": "1"}


def client(name, package=None):
    """The path of a client's program; the test is skipped where its package is not there."""
    path = shutil.which(name)
    if not path:
        pytest.skip(f"{name} is not installed (apt-get install {package or name}; see contrib/packages)")
    return path


def executable(path, text):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def folder(cluster, name):
    path = cluster.work / name
    path.mkdir()
    return path


# --- ClusterShell

@pytest.fixture
def nodeset(cluster, tmp_path):
    """nodeset, with the groups for Slurm as its package ships them and no others."""
    program = client("nodeset", "clustershell")
    (tmp_path / "groups.conf.d").mkdir()
    (tmp_path / "groups.conf").write_text("[Main]\ndefault: slurmpart\nconfdir: $CFGDIR/groups.conf.d\n")
    shutil.copy(GROUPS, tmp_path / "groups.conf.d" / "slurm.conf")

    def run(*words):
        return cluster.ok(program, *words, env={"CLUSTERSHELL_CFGDIR": str(tmp_path)})
    return run


def test_clustershell_knows_partitions_states_jobs_and_users(cluster, nodeset):
    me = cluster.ok("id", "-un").strip()
    cluster.ok("scontrol", "update", "NodeName=n3", "State=DRAIN", "Reason=tests")
    job = cluster.sbatch("-w", "n2", script="until [ -e go-nodeset ]; do sleep 0.05; done")
    try:
        cluster.wait_state(job, "RUNNING")
        assert nodeset("-f", "@main") == "n[1-3]\n"
        assert nodeset("-f", "@*") == "n[1-3]\n"
        assert nodeset("-c", "@sp:main") == "3\n"
        assert nodeset("-l", "-s", "slurmpart") == "@slurmpart:main\n"
        assert set(nodeset("-ll", "-s", "slurmstate").splitlines()) == {
            "@slurmstate:idle n1", "@slurmstate:mixed n2", "@slurmstate:drained n3"}
        assert nodeset("-l", "-s", "slurmstate", "n3") == "@slurmstate:drained\n"
        assert nodeset("-ll", "-s", "slurmjob") == f"@slurmjob:{job} n2\n"
        assert nodeset("-ll", "-s", "slurmuser") == f"@slurmuser:{me} n2\n"
        assert nodeset("-l", "-s", "slurmjob", "n2") == f"@slurmjob:{job}\n"
        assert nodeset("-f", "@main!@slurmuser:" + me) == "n[1,3]\n"
        assert nodeset("-f", f"@main^@sj:{job}") == "n[1,3]\n"
    finally:
        (cluster.work / "go-nodeset").touch()
        cluster.wait_ended(job)
        cluster.ok("scontrol", "update", "NodeName=n3", "State=RESUME")
    assert nodeset("-ll", "-s", "slurmjob") == "" and nodeset("-ll", "-s", "slurmuser") == ""


# --- GNU parallel

def test_parallel_submits_waits_and_learns_exit_codes(cluster):
    at = folder(cluster, "parallel")
    done = cluster.run(client("parallel"), "--will-cite", "-j4", "--joblog", at / "log", "--keep-order",
                       "sbatch --parsable --wait -o /dev/null --wrap 'echo $(({} * {})) > {}.txt; exit $(({} % 3))'",
                       ":::", *range(9), cwd=at, env={"HOME": str(at)})
    assert [line.isdigit() for line in done.stdout.splitlines()] == [True] * 9, done
    assert done.returncode == 6, "as many as jobs have failed"
    assert [(at / f"{i}.txt").read_text() for i in range(9)] == [f"{i * i}\n" for i in range(9)]
    rows = [line.split("\t") for line in (at / "log").read_text().splitlines()[1:]]
    assert sorted((int(row[0]), int(row[6])) for row in rows) == [(i + 1, i % 3) for i in range(9)]


# --- Makeflow

MAKEFLOW = """
all.txt: words.txt sum.txt
\tcat words.txt sum.txt > all.txt

words.txt:
\tprintf '%s|' 'two  blanks' '"quoted"' '(a); $b & *' > words.txt

sum.txt: flaky.sh
\t./flaky.sh
"""
FLAKY = """#!/bin/sh
echo tried >>tries
[ "$(wc -l <tries)" -ge %d ] || exit 3
echo 42 > sum.txt
"""


def makeflow():
    return [client("makeflow", "coop-computing-tools"), "-T", "slurm"]


def test_makeflow_runs_a_workflow_and_retries(cluster):
    at = folder(cluster, "makeflow")
    (at / "flow").write_text(MAKEFLOW)
    executable(at / "flaky.sh", FLAKY % 2)
    done = cluster.run(*makeflow(), "-r", "2", "-B", "--time=5 --comment='of makeflow'", "flow", cwd=at,
                       env=MPI_ALONE)
    assert done.returncode == 0, done
    assert (at / "all.txt").read_text() == 'two  blanks|"quoted"|(a); $b & *|42\n'
    jobs = re.findall(r"submitted job (\d+)", done.stdout)
    assert len(jobs) == 4 and len(re.findall(r"job \d+ completed", done.stdout)) == 4, done.stdout
    assert "flaky.sh failed with exit code 3" in done.stderr, "the exit code of a job has come back"
    assert [cluster.acct_one(job, "State,Comment,Timelimit") for job in jobs] == [["COMPLETED", "of makeflow", "00:05:00"]] * 4


def test_makeflow_cancels_its_jobs_when_it_is_interrupted(cluster):
    at = folder(cluster, "makeflow-ends")
    (at / "flow").write_text("never.txt:\n\ttouch begun; while :; do sleep 0.05; done\n")
    program = cluster.spawn(*makeflow(), "flow", cwd=at, env=MPI_ALONE)
    try:
        wait_until(lambda: (at / "begun").exists(), "its job runs")
        job = cluster.ok("squeue", "-h", "-n", "makeflow0", "-t", "R", "-o", "%i").strip()
        program.send_signal(signal.SIGINT)
        out = program.communicate(timeout=DEADLINE)
    finally:
        program.kill()
        program.wait()
    assert program.returncode and "workflow was aborted" in "".join(out), out
    cluster.wait_state(job, "CANCELLED")


# --- Snakemake 7

SNAKEFILE = """
rule all:
    input: "sum.txt", "broken.txt"

rule flaky:
    output: "flaky.txt"
    retries: 1
    shell: "echo tried >>tries; [ $(wc -l <tries) -ge 3 ] || exit 3; echo 40 >{output}"

rule solid:
    output: "solid.txt"
    threads: 2
    resources: mem_mb=500, runtime=5
    shell: "echo 2 >{output}; echo $SLURM_CPUS_ON_NODE >cpus"

rule sum:
    input: "flaky.txt", "solid.txt"
    output: "sum.txt"
    shell: "cat {input} >{output}"

rule broken:
    output: "broken.txt"
    shell: "exit 7"
"""
STATUS = """#!/bin/sh
case "$(sacct -X -P -n -o State -j "$1")" in
COMPLETED) echo success ;;
PENDING | RUNNING | COMPLETING | CONFIGURING) echo running ;;
*) echo failed ;;
esac
"""


@pytest.fixture
def snakemake(cluster):
    program = client("snakemake")

    def run(at, *options):
        (at / "Snakefile").write_text(SNAKEFILE)
        user = cluster.ok("id", "-un").strip()
        return cluster.run(program, "--keep-going", "--jobs", "4", *options, cwd=at, timeout=400,
                           env={"HOME": str(at), "USER": user, "PYTHONDONTWRITEBYTECODE": "1"})
    return run


def check_snakemake(at, done):
    assert done.returncode == 1 and "Exiting because a job execution failed" in done.stderr, done
    assert (at / "sum.txt").read_text() == "40\n2\n" and not (at / "broken.txt").exists(), done.stderr
    assert (at / "tries").read_text().count("tried") == 3 and (at / "cpus").read_text() == "2\n"
    assert re.search(r"(?m)^Error in rule broken:", done.stderr)


def test_snakemake_with_sbatch_as_its_cluster(cluster, snakemake):
    at = folder(cluster, "snakemake-cluster")
    status = executable(at / "status", STATUS)
    done = snakemake(at, "--cluster", "sbatch --parsable -J snake-{rule} -c {threads} -o log-%j", "--cluster-status", status,
                     "--cluster-cancel", "scancel", "--max-status-checks-per-second", "20")
    check_snakemake(at, done)
    states = cluster.ok("sacct", "-X", "-n", "-P", "-o", "State,AllocCPUS", "--name", "snake-solid,snake-sum").split()
    assert states == ["COMPLETED|2", "COMPLETED|1"], states


def test_snakemake_with_its_own_slurm_mode(cluster, snakemake):
    """Each job runs snakemake again, which starts the rule by srun."""
    if "not available" in cluster.run("srun", "true").stderr:
        pytest.skip("snakemake --slurm starts each rule by srun, which is not available yet")
    at = folder(cluster, "snakemake-slurm")
    done = snakemake(at, "--slurm", "--default-resources")
    check_snakemake(at, done)
    assert "SLURM status is: 'FAILED'" in done.stderr
    jobs = re.findall(r"submitted with SLURM jobid (\d+)", done.stderr)
    assert set(row[0] for job in jobs for row in cluster.acct(job, "State")) == {"COMPLETED", "FAILED"}
