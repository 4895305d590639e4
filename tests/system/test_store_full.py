"""The controller's disk is full: new jobs are refused in words, what has ended is still recorded."""
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Clusters, has_failed, wait_until

INSIDE = "MOISSON_TEST_MAY_MOUNT"
SIZE_MB = 24


def may_mount():
    return os.geteuid() == 0 or os.environ.get(INSIDE)


@pytest.fixture
def small(request):
    """A cluster whose state lies on a file system of 24 MB."""
    directory = Path(subprocess.check_output(["mktemp", "-d", "/tmp/moisson-full-XXXX"], text=True).strip())
    (directory / "state").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0700", "none", directory / "state"], check=True)
    made = Clusters()
    try:
        yield made(directory=directory, conf="StoreBallast=4", env={"MOISSON_PRIVATE_MUNGE": "1"})
    finally:
        for cluster in made.made:
            cluster.down()
        subprocess.run(["umount", "-l", directory / "state"], check=True)
        made.end(has_failed(request))


def fill(cluster):
    """Take all space; returns the file that holds it."""
    hog = cluster.dir / "state" / "hog"
    with open(hog, "wb", buffering=0) as out:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    out.write(b"\0" * size)
            except OSError:
                pass
    return hog


@pytest.mark.skipif(not may_mount(), reason="the test below runs this one in a namespace of its own")
def test_a_full_disk_refuses_submits_and_records_exits(small):
    running = small.sbatch(script="until [ -e finish ]; do sleep 0.05; done; exit 9")
    small.wait_state(running, "RUNNING")
    hog = fill(small)
    done = wait_until(lambda: (d := small.run("sbatch", "--wrap", "true")).returncode and d, "a submit is refused")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("sbatch: error: Batch job submission failed: ")
    assert "full" in done.stderr.lower() or "space" in done.stderr.lower(), done.stderr
    # a submit that still found space in the log was taken, and waits beside it
    assert running in small.ok("squeue", "-h", "-o", "%i").split(), "queries go on"
    (small.work / "finish").touch()
    small.wait_state(running, "FAILED")
    assert small.acct_one(running, "State,ExitCode") == ["FAILED", "9:0"]
    hog.unlink()
    job = wait_until(lambda: (d := small.run("sbatch", "--parsable", "--wrap", "true")).returncode == 0 and d.stdout,
                     "submits are taken again").strip()
    small.wait_state(job, "COMPLETED")
    small.kill9("ctld")
    small.start("ctld")
    assert small.acct_one(running, "State,ExitCode") == ["FAILED", "9:0"], "it was really on the disk"
    assert small.acct_one(job, "State") == ["COMPLETED"]


@pytest.mark.skipif(bool(may_mount()), reason="runs directly")
def test_the_same_in_a_user_namespace():
    words = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this kernel lets ordinary users have no namespaces: a file system cannot be mounted")
    done = subprocess.run([*words, sys.executable, "-m", "pytest", "-q", __file__], capture_output=True, text=True,
                          env=dict(os.environ, **{INSIDE: "1"}), timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
