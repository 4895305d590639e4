"""A job that runs too long is ended, all of it. Limits are whole minutes, as in Slurm; so these wait for one together."""
import pytest
from conftest import Clusters, has_failed, wait_gone, wait_until

CONF = "KillWait=2"
PATIENCE = 150  # seconds: the minute, and a busy machine

WHOLE_TREE = """
setsid sleep 600 & echo $! >>pids.$SLURM_JOB_ID
(sh -c 'trap "" TERM; sleep 600; sleep 600' & echo $! >>pids.$SLURM_JOB_ID)
echo $$ >>pids.$SLURM_JOB_ID
trap '' TERM
sleep 600; sleep 600
"""
IN_ORDER = "trap 'echo saved; exit 0' TERM; while :; do sleep 0.05; done"
UNWATCHED = "echo $$ >pids.$SLURM_JOB_ID; exec sleep 600"


@pytest.fixture(scope="module")
def cluster(request):
    made = Clusters()
    cluster = made(nodes=2, cpus=8, conf=CONF)
    cluster.whole = cluster.sbatch("-w", "n1", "-t", "1", script=WHOLE_TREE)
    cluster.orderly = cluster.sbatch("-w", "n1", "-t", "0:30", script=IN_ORDER)
    cluster.unwatched = cluster.sbatch("-w", "n2", "-t", "1", script=UNWATCHED)
    for job in (cluster.whole, cluster.orderly, cluster.unwatched):
        cluster.wait_state(job, "RUNNING")
    cluster.wait_file(f"pids.{cluster.unwatched}")
    cluster.stop("n2")  # launcher and agent are away: the shepherd keeps the time
    yield cluster
    made.end(has_failed(request))


def test_the_limit_ends_the_whole_tree(cluster):
    job = cluster.whole
    cluster.wait_state(job, "TIMEOUT", seconds=PATIENCE)
    for pid in (cluster.work / f"pids.{job}").read_text().split():
        wait_gone(pid)
    state, code, limit, elapsed, reason = cluster.acct_one(job, "State,ExitCode,Timelimit,ElapsedRaw,Reason%200")
    assert (state, code, limit) == ("TIMEOUT", "0:0", "00:01:00")
    assert 60 <= int(elapsed) < 90
    assert "time limit" in reason.lower()
    said = cluster.output(job)
    assert f"slurmstepd: error: *** JOB {job} ON n1 CANCELLED AT " in said and "DUE TO TIME LIMIT ***" in said


def test_a_job_may_end_in_order_when_its_time_is_up(cluster):
    cluster.wait_state(cluster.orderly, "TIMEOUT", seconds=PATIENCE)
    assert "saved\n" in cluster.output(cluster.orderly)
    assert cluster.acct_one(cluster.orderly, "Timelimit") == ["00:01:00"], "seconds are rounded up to a minute"


def test_the_limit_holds_while_nobody_watches(cluster):
    wait_gone((cluster.work / f"pids.{cluster.unwatched}").read_text(), PATIENCE)
    assert cluster.state(cluster.unwatched) == "RUNNING", "the controller cannot know yet"
    cluster.start("n2")
    wait_until(lambda: cluster.state(cluster.unwatched) == "TIMEOUT", "the node has told")


def test_a_partition_gives_a_default_and_a_maximum(clusters):
    cluster = clusters(conf="PartitionName=main Nodes=ALL Default=YES DefaultTime=5 MaxTime=10 State=UP")
    job = cluster.sbatch("--hold")
    assert cluster.show(job)["TimeLimit"] == "00:05:00"
    done = cluster.run("sbatch", "-t", "11", "--wrap", "true")
    assert done.returncode == 1 and "Requested time limit is invalid" in done.stderr
