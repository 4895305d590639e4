"""A user is that user, and nobody else's."""
import re

import pytest

from conftest import SPOOL, STATE, sh, wait_until


def test_who_a_job_is(ada):
    job = ada.completed(script="id -un; id -gn; id -Gn; umask; pwd; echo $HOME; grep -E '^(CapEff|Seccomp):' /proc/self/status")
    lines = ada.output(job).splitlines()
    assert lines[:2] == ["ada", "ada"] and "harvesters" in lines[2].split()
    assert lines[4:6] == ["/home/ada", "/home/ada"]
    assert lines[6].split()[1].strip("0") == "", "no capabilities"
    assert sh("stat", "-c", "%U:%G", ada.work / f"slurm-{job}.out") == "ada:ada"


def test_what_a_job_cannot_read(ada):
    secrets = [SPOOL / "order.key", SPOOL / "node.key", STATE / "controller.key", STATE / "node_keys"]
    script = "".join(f"cat {path} >/dev/null && echo READ {path}\n" for path in secrets) + f"ls {STATE} {SPOOL}/attempts\ntrue\n"
    job = ada.completed(script=script)
    out = ada.output(job)
    assert "READ" not in out and out.count("Permission denied") >= len(secrets), out


def test_what_a_user_cannot_do_to_others(ada, bob):
    job = ada.sbatch("--export=ALL,SECRET=tulip", script="#tulip\necho up; while [ ! -e go ]; do sleep 0.2; done")
    ada.wait_state(job, "RUNNING")
    wait_until(lambda: "up" in ada.output(job), "it runs")
    for words in (["scancel", job], ["scancel", "-s", "USR1", job], ["scontrol", "hold", job],
                  ["scontrol", "requeue", job]):
        done = bob.run(*words)
        assert done.returncode != 0 or "denied" in done.stderr, (words, done)
        assert re.search("denied|not yours|permission", done.stderr, re.I), (words, done)
    assert "tulip" not in bob.run("scontrol", "show", "job", "-dd", job).stdout
    attempt = next((SPOOL / "attempts").glob(f"{job}.*"))
    script = f"cat {attempt}/script {attempt}/env /proc/{ada.batch_pid(job)}/environ; true"
    peek = bob.completed(script=script)
    assert "tulip" not in bob.output(peek)
    assert ada.state(job) == "RUNNING"
    ada.ok("touch", "go")
    ada.wait_state(job, "COMPLETED")


@pytest.mark.parametrize("name", ["root", "daemon"])
def test_uids_below_the_minimum_are_refused(name, ada):
    done = ada.run("true")
    assert done.returncode == 0
    words = sh("runuser", "-u", name, "--", "sh", "-c", "cd /tmp && sbatch --wrap true 2>&1; true")
    assert "Submitted" not in words and "uid" in words, words
