"""Root mode: /tmp, /var/tmp and /dev/shm of a job are its own, and go when it ends."""
import os
import tempfile
from pathlib import Path

import pytest
from conftest import Clusters, has_failed, wait_until


@pytest.fixture(scope="module")
def cluster(request, people):
    """Not in /tmp: what jobs need of a node lies elsewhere, as on a real one."""
    made = Clusters()
    up = made(nodes=1, cpus=8, options=["--root"], directory=tempfile.mkdtemp(prefix="moisson-test-", dir="/var/lib"))
    if up.bin.is_relative_to("/tmp") or up.bin.is_relative_to("/var/tmp"):
        made.end(False)
        pytest.skip(f"the programs are in {up.bin}: jobs with a /tmp of their own would not see them")
    yield up
    made.end(has_failed(request))


@pytest.fixture(scope="module")
def first(cluster, people):
    return user(cluster, people[0])


@pytest.fixture(scope="module")
def second(cluster, people):
    return user(cluster, people[1])


def user(cluster, person):
    his = cluster.as_user(person)
    his.work = cluster.dir / f"home-{person.name}"
    his.work.mkdir()
    os.chown(his.work, person.uid, person.gid)
    return his


def scratch(cluster):
    return Path((cluster.dir / "spool" / "n1" / "scratch").read_text().strip())


def wait_nothing_left(cluster):
    wait_until(lambda: os.listdir(scratch(cluster)) == ["trash"] and not os.listdir(scratch(cluster) / "trash"),
               lambda: f"nothing is left: {list(scratch(cluster).glob('*'))}")


def test_two_users_each_have_a_tmp_of_their_own(cluster, first, second):
    look = "echo $TMPDIR; ls -A /tmp /var/tmp /dev/shm; stat -c %a /tmp /dev/shm"
    use = ("umask 0; echo mine >/tmp/here; echo mine >/dev/shm/shared; mkdir /tmp/dir; cat /var/tmp/here; "
           "touch ready; until [ -e go ]; do sleep 0.05; done")
    using = first.sbatch(script=f"{look}\n{use}")
    wait_until(lambda: (first.work / "ready").exists(), lambda: f"it runs\n{cluster.log_tails()}")
    assert not Path("/tmp/here").exists() and not Path("/dev/shm/shared").exists()
    looking = second.completed(script=look)
    assert second.output(looking).split() == ["/tmp", "/dev/shm:", "/tmp:", "/var/tmp:", "1777", "1777"]
    (first.work / "go").touch()
    first.wait_state(using, "COMPLETED")
    assert first.output(using).split() == ["/tmp", "/dev/shm:", "/tmp:", "/var/tmp:", "1777", "1777", "mine"]
    wait_nothing_left(cluster)


def test_nobody_else_looks_into_it(cluster, second):
    assert scratch(cluster).stat().st_mode & 0o777 == 0o700
    done = second.run("ls", scratch(cluster))
    assert done.returncode != 0 and "Permission denied" in done.stderr


def test_a_directory_in_tmp_is_not_there_for_a_job_and_it_says_so(cluster, first):
    job = first.sbatch("-D", "/tmp/moisson-homes", script="true")
    first.wait_state(job, "FAILED")
    assert first.acct_one(job, "Reason") == ["cannot change to directory /tmp/moisson-homes: No such file or directory"]


def test_what_is_left_goes_after_a_sudden_death_too(cluster, first):
    job = first.sbatch(script="mkdir -p /tmp/a/b; touch /tmp/a/b/c; chmod 0 /tmp/a; touch left; exec sleep 1000")
    wait_until(lambda: (first.work / "left").exists(), "it runs")
    first.wait_state(job, "RUNNING")
    cluster.kill9("n1.agent", "n1")
    cluster.start("n1")
    first.ok("scancel", job)
    first.wait_state(job, "CANCELLED")
    wait_nothing_left(cluster)


def test_steps_are_numbered_and_recorded_there_too(cluster, first):
    job = first.completed(script="rm -rf /tmp/*; srun true; TMPDIR=$PWD srun sh -c 'echo $SLURM_STEP_ID'")
    assert first.output(job) == "1\n"
    rows = first.ok("sacct", "-n", "-P", "-j", job, "-o", "JobID,State").splitlines()
    assert rows[2:] == [f"{job}.0|COMPLETED", f"{job}.1|COMPLETED"]
