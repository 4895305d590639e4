"""A whole cluster as an ordinary user: no root anywhere."""
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import Clusters, has_failed, wait_until

USER = "nobody"


def programs_for_everybody(where):
    """A copy of the programs and scripts that another user may read, whatever the folders above these allow."""
    tree = Path(__file__).resolve().parents[2]
    shutil.copytree(os.environ.get("MOISSON_BIN") or tree / "build-check" / "bin", where / "bin", symlinks=True)
    shutil.copytree(tree / "contrib", where / "contrib", symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", where], check=True)


@pytest.fixture(scope="module")
def cluster(request):
    made = Clusters()
    if os.geteuid() != 0:
        yield made(nodes=2)
        made.end(has_failed(request))
        return
    shared = Path(tempfile.mkdtemp(prefix="moisson-bin-", dir="/tmp"))
    shared.chmod(0o755)
    programs_for_everybody(shared)
    entry = pwd.getpwnam(USER)
    home = shared / "home"
    home.mkdir()
    os.chown(home, entry.pw_uid, entry.pw_gid)
    directory = Path(tempfile.mkdtemp(prefix="moisson-", dir="/tmp"))
    os.chown(directory, entry.pw_uid, entry.pw_gid)
    become = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    yield made(nodes=2, directory=directory, prefix=become, minicluster=shared / "contrib" / "minicluster",
               env={"MOISSON_BIN": str(shared / "bin"), "HOME": str(home), "USER": USER, "LOGNAME": USER})
    made.end(has_failed(request))
    shutil.rmtree(shared, ignore_errors=True)


def test_no_process_is_root(cluster):
    wanted = pwd.getpwnam(USER).pw_uid if os.geteuid() == 0 else os.geteuid()
    for name in ("ctld", "n1", "n1.agent", "n2", "n2.agent"):
        assert os.stat(f"/proc/{cluster.pid(name)}").st_uid == wanted, name


def test_jobs_run_as_that_user(cluster):
    job = cluster.completed(script="id -u; echo $SLURM_JOB_USER")
    uid = cluster.ok("id", "-u").strip()
    assert cluster.output(job).split() == [uid, cluster.ok("id", "-un").strip()]
    assert cluster.acct_one(job, "UID,User")[0] == uid


def test_the_whole_round(cluster):
    array = cluster.sbatch("--array=1-4", script="echo $SLURM_ARRAY_TASK_ID")
    after = cluster.sbatch(f"--dependency=afterok:{array}")
    cluster.wait_state(after, "COMPLETED")
    job = cluster.sbatch(script="sleep 600")
    cluster.wait_state(job, "RUNNING")
    cluster.kill9("ctld", "n1", "n2")
    cluster.start("ctld", "n1", "n2")
    cluster.wait_state(job, "RUNNING")
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
def test_secrets_are_for_the_owner_only(cluster):
    for path in [cluster.dir / "state" / "controller.key", cluster.dir / "state" / "node_keys",
                 *(cluster.dir / "spool").glob("*/*.key"), *(cluster.dir / "munge").glob("key")]:
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
def test_root_is_an_operator_of_it(cluster):
    """Another user may look; root may also cancel."""
    job = cluster.sbatch("--hold")
    prefix, cluster.prefix = cluster.prefix, []
    try:
        cluster.ok("scancel", job)
    finally:
        cluster.prefix = prefix
    wait_until(lambda: cluster.state(job) == "CANCELLED", "it is cancelled")
    assert cluster.acct_one(job, "State") == ["CANCELLED by 0"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
def test_a_stranger_cannot_touch_the_jobs(cluster):
    job = cluster.sbatch("--hold")
    prefix, cluster.prefix = cluster.prefix, ["setpriv", "--reuid=2", "--regid=2", "--clear-groups"]
    try:
        done = cluster.run("scancel", job, cwd="/")
        held = cluster.run("scontrol", "release", job, cwd="/")
        down = cluster.run("scontrol", "shutdown", cwd="/")
    finally:
        cluster.prefix = prefix
    assert "Access/permission denied" in done.stderr + done.stdout and done.returncode == 1
    assert held.returncode == 1 and down.returncode == 1
    assert cluster.state(job) == "PENDING"
    cluster.ok("scancel", job)
