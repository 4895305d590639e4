"""The node side dies, is stopped, upgraded: jobs live on, and their ends are told once."""
import signal
import subprocess

from conftest import process_lives, send_signal, wait_gone, wait_until

CLUSTER = {"nodes": 2, "cpus": 4, "conf": "SlurmdTimeout=30"}


def long_job(cluster, name, tail="exit 0"):
    """Runs on n1 until the file NAME.go is there."""
    job = cluster.sbatch("-w", "n1", script=f"echo start >>{name}.starts; echo $$ >{name}.pid; "
                                            f"until [ -e {name}.go ]; do sleep 0.05; done; {tail}")
    cluster.wait_file(f"{name}.pid")
    cluster.wait_state(job, "RUNNING")
    return job, (cluster.work / f"{name}.pid").read_text().strip()


def finish(cluster, name):
    (cluster.work / f"{name}.go").touch()


def ran_once(cluster, name, job):
    assert (cluster.work / f"{name}.starts").read_text() == "start\n"
    assert len(cluster.acct(job, "JobID", "-D")) == 1


def test_the_agent_is_killed_and_comes_back_by_itself(cluster):
    job, pid = long_job(cluster, "agent")
    before = cluster.pid("n1.agent")
    cluster.kill9("n1.agent")
    cluster.start("n1.agent")  # waits for the launcher to do it
    assert cluster.pid("n1.agent") != before and process_lives(pid)
    assert cluster.state(job) == "RUNNING"
    finish(cluster, "agent")
    cluster.wait_state(job, "COMPLETED")
    ran_once(cluster, "agent", job)
    cluster.completed("-w", "n1")


def test_the_launcher_is_killed_and_started_again(cluster):
    job, pid = long_job(cluster, "launcher", tail="exit 4")
    agent = cluster.pid("n1.agent")
    cluster.kill9("n1")
    wait_gone(agent)
    assert process_lives(pid)
    cluster.start("n1")
    cluster.wait_state(job, "RUNNING")
    finish(cluster, "launcher")
    cluster.wait_state(job, "FAILED")
    assert cluster.acct(job, "State,ExitCode", "-D") == [["FAILED", "4:0"]]
    ran_once(cluster, "launcher", job)


def test_a_job_ends_while_its_node_is_stopped_for_an_upgrade(cluster):
    job, pid = long_job(cluster, "upgrade", tail="exit 6")
    cluster.stop("n1")
    assert process_lives(pid)
    finish(cluster, "upgrade")
    wait_gone(pid)
    assert cluster.state(job) == "RUNNING", "an unreachable node is not a dead node"
    cluster.start("n1")
    cluster.wait_state(job, "FAILED")
    assert cluster.acct(job, "State,ExitCode", "-D") == [["FAILED", "6:0"]]
    ran_once(cluster, "upgrade", job)


def test_everything_is_killed_but_the_job(cluster):
    job, pid = long_job(cluster, "all")
    cluster.kill9("ctld", "n1.agent", "n1")
    assert process_lives(pid)
    cluster.start("ctld", "n1")
    cluster.wait_state(job, "RUNNING")
    finish(cluster, "all")
    cluster.wait_state(job, "COMPLETED")
    ran_once(cluster, "all", job)


def test_a_job_can_be_cancelled_while_its_node_is_away(cluster):
    job, pid = long_job(cluster, "away")
    cluster.stop("n1")
    cluster.ok("scancel", job)
    assert process_lives(pid), "nobody is there to end it"
    cluster.start("n1")
    cluster.wait_state(job, "CANCELLED")
    wait_gone(pid)


def test_no_job_goes_to_a_node_that_is_away(cluster):
    cluster.stop("n1")
    jobs = [cluster.sbatch() for _ in range(6)]
    for job in jobs:
        cluster.wait_state(job, "COMPLETED")
        assert cluster.acct_one(job, "NodeList") == ["n2"]
    waiting = cluster.sbatch("-w", "n1")
    after = cluster.completed()
    assert int(after) > int(waiting) and cluster.state(waiting) == "PENDING"
    cluster.start("n1")
    cluster.wait_state(waiting, "COMPLETED")


def test_the_shepherd_is_killed(cluster):
    """The one process whose loss loses a job: it is said so, and nothing of the job stays behind."""
    job, pid = long_job(cluster, "shepherd")
    shepherd = int(open(f"/proc/{pid}/stat", encoding="ascii").read().rpartition(")")[2].split()[1])
    assert open(f"/proc/{shepherd}/comm", encoding="ascii").read().startswith("moisson-sheph")
    send_signal(shepherd)
    cluster.wait_ended(job)
    assert cluster.acct_one(job, "State")[0] in ("NODE_FAIL", "FAILED")
    assert "shepherd" in cluster.acct_one(job, "Reason%200")[0]
    wait_gone(pid)
    cluster.completed("-w", "n1")


def pid_of_shepherds(cluster):
    """The one process of n1 that forks its shepherds; there is none before the first job."""
    words = ["pgrep", "-f", f"^moisson-shepherd {cluster.dir}/spool/n1 waits-for-the-next-job"]
    out = subprocess.run(words, text=True, capture_output=True, check=True).stdout.split()
    assert len(out) == 1
    return int(out[0])


def test_what_forks_shepherds_is_killed(cluster):
    job, pid = long_job(cluster, "forks")
    before = pid_of_shepherds(cluster)
    send_signal(before)
    wait_gone(before)
    cluster.completed("-w", "n1")
    assert process_lives(pid) and pid_of_shepherds(cluster) != before
    finish(cluster, "forks")
    cluster.wait_state(job, "COMPLETED")
    ran_once(cluster, "forks", job)


def test_what_forks_shepherds_is_killed_while_it_is_asked(cluster):
    """The launcher cannot know whether the job was started; its lock does."""
    cluster.completed("-w", "n1")
    before = pid_of_shepherds(cluster)
    send_signal(before, signal.SIGSTOP)
    job = cluster.sbatch("-w", "n1", script="echo start >>asked.starts")
    wait_until((cluster.dir / f"spool/n1/attempts/{job}.1/ctl").exists, "it is about to be started")
    send_signal(before)
    wait_gone(before)
    wait_until(lambda: f"(pid {before}) does not answer" in cluster.log_tails(), "the launcher got no answer")
    cluster.wait_state(job, "COMPLETED")
    assert (cluster.work / "asked.starts").read_text() == "start\n"
    cluster.completed("-w", "n1")


def test_a_silent_node_is_marked_and_comes_back(clusters):
    cluster = clusters(nodes=1, conf="SlurmdTimeout=2")
    job = cluster.sbatch(script="echo $$ >silent.pid; until [ -e silent.go ]; do sleep 0.05; done")
    pid = cluster.wait_file("silent.pid")
    cluster.wait_state(job, "RUNNING")
    cluster.kill9("n1")
    wait_until(lambda: cluster.ok("sinfo", "-h", "-N", "-o", "%T").strip().startswith("down"), "the node is shown down")
    assert cluster.state(job) == "RUNNING" and process_lives(pid)
    cluster.start("n1")
    wait_until(lambda: cluster.ok("sinfo", "-h", "-N", "-o", "%T").strip() == "mixed", "the node is back")
    (cluster.work / "silent.go").touch()
    cluster.wait_state(job, "COMPLETED")


def test_two_launchers_on_one_spool_are_refused(cluster):
    done = cluster.run("moissond", "-N", "n1", "-f", cluster.dir / "moisson.conf", timeout=60)
    assert done.returncode == 1 and done.stderr.strip()
    cluster.completed("-w", "n1")


def test_many_short_jobs_while_agents_die(cluster):
    jobs = []
    for round_number in range(4):
        jobs += [cluster.sbatch(script="echo $SLURM_JOB_ID >>short") for _ in range(10)]
        cluster.kill9("n1.agent" if round_number % 2 else "n2")
        cluster.start("n1.agent" if round_number % 2 else "n2")
    for job in jobs:
        cluster.wait_state(job, "COMPLETED")
    assert sorted((cluster.work / "short").read_text().split()) == sorted(jobs)
