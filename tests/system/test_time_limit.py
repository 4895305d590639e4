"""A job that runs too long is ended, all of it."""
import time

from conftest import wait_gone

CLUSTER = {"cpus": 8, "conf": "KillWait=2"}


def test_the_limit_ends_the_whole_tree(cluster):
    job = cluster.sbatch("-t", "0:02", script="""
        setsid sleep 600 & echo $! >>pids.$SLURM_JOB_ID
        (sh -c 'trap "" TERM; sleep 600; sleep 600' & echo $! >>pids.$SLURM_JOB_ID)
        echo $$ >>pids.$SLURM_JOB_ID
        trap '' TERM
        sleep 600; sleep 600""")
    before = time.monotonic()
    cluster.wait_state(job, "TIMEOUT")
    for pid in (cluster.work / f"pids.{job}").read_text().split():
        wait_gone(pid)
    assert time.monotonic() - before >= 2
    assert cluster.acct_one(job, "State,ExitCode,Timelimit") == ["TIMEOUT", "0:0", "00:00:02"]
    assert f"slurmstepd: error: *** JOB {job} ON n1 CANCELLED AT " in cluster.output(job)
    assert "DUE TO TIME LIMIT ***" in cluster.output(job)
    assert "time limit" in cluster.acct_one(job, "Reason%200")[0].lower()


def test_a_job_may_end_in_order_when_its_time_is_up(cluster):
    job = cluster.sbatch("-t", "0:01", script="trap 'echo saved; exit 0' TERM; while :; do sleep 0.05; done")
    cluster.wait_state(job, "TIMEOUT")
    assert "saved\n" in cluster.output(job)


def test_the_limit_holds_while_nobody_watches(cluster):
    """Controller, launcher and agent are away: the shepherd keeps the time."""
    job = cluster.sbatch("-t", "0:03", script="echo $$ >pid.$SLURM_JOB_ID; exec sleep 600")
    pid = cluster.wait_file(f"pid.{job}")
    cluster.wait_state(job, "RUNNING")
    cluster.stop("ctld", "n1")
    wait_gone(pid)
    cluster.start("ctld", "n1")
    cluster.wait_state(job, "TIMEOUT")


def test_a_partition_gives_a_default_and_a_maximum(clusters):
    cluster = clusters(conf="PartitionName=main Nodes=ALL Default=YES DefaultTime=5 MaxTime=10 State=UP")
    job = cluster.sbatch("--hold")
    assert cluster.show(job)["TimeLimit"] == "00:05:00"
    done = cluster.run("sbatch", "-t", "11", "--wrap", "true")
    assert done.returncode == 1 and "Requested time limit is invalid" in done.stderr
