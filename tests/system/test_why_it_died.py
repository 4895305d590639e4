"""A job that failed says why, in words, where one looks: sacct -o Reason, scontrol show job."""
import pytest


def reason_of(cluster, job):
    return cluster.acct_one(job, "Reason%300")[0]


@pytest.mark.parametrize("options, script, words", [
    (["-o", "/no/such/place/%j.out"], "true", ["cannot open output", "/no/such/place/", "No such file or directory"]),
    (["-e", "/no/such/place/err"], "true", ["cannot open", "/no/such/place/err", "No such file or directory"]),
    (["-i", "no-such-input"], "true", ["cannot open input", "no-such-input", "No such file or directory"]),
    (["--chdir=/no/such/folder", "-o", "/dev/null"], "true", ["cannot change to", "/no/such/folder", "No such file or directory"]),
    ([], "#!/no/such/interpreter\ntrue\n", ["interpreter", "/no/such/interpreter", "No such file or directory"]),
])
def test_it_could_not_be_set_up(cluster, options, script, words):
    job = cluster.sbatch(*options, script=script)
    cluster.wait_state(job, "FAILED")
    assert cluster.acct_one(job, "State,ExitCode") == ["FAILED", "1:0"]
    said = reason_of(cluster, job)
    assert not [word for word in words if word not in said], said
    shown = cluster.ok("scontrol", "show", "job", job)
    assert not [word for word in words if word not in shown], shown


def test_a_directory_is_no_place_for_output(cluster):
    (cluster.work / "directory").mkdir()
    job = cluster.sbatch("-o", "directory")
    cluster.wait_state(job, "FAILED")
    assert "Is a directory" in reason_of(cluster, job)


def test_an_exit_code_or_signal_is_named(cluster):
    job = cluster.sbatch(script="exit 42")
    cluster.wait_state(job, "FAILED")
    assert cluster.show(job)["Reason"] == "NonZeroExitCode" and cluster.show(job)["ExitCode"] == "42:0"
    job = cluster.sbatch(script="kill -SEGV $$")
    cluster.wait_state(job, "FAILED")
    assert cluster.show(job)["Reason"] == "NonZeroExitCode" and cluster.show(job)["ExitCode"] == "0:11"


def test_a_good_end_has_no_reason_but_none(cluster):
    assert reason_of(cluster, cluster.completed()) in ("", "None")


def test_usage_is_recorded(cluster):
    job = cluster.completed(script="#!/usr/bin/python3\nimport time\nblock = bytearray (64 << 20)\n"
                                   "end = time.process_time () + 0.3\nwhile time.process_time () < end: pass\n")
    out = cluster.ok("sacct", "-n", "-P", "-j", f"{job}.batch", "-o", "JobID,MaxRSS,TotalCPU")
    (name, rss, cpu), = [line.split("|") for line in out.splitlines()]
    assert name == f"{job}.batch" and rss.endswith("K") and 64 << 10 <= int(rss[:-1]) < 400 << 10
    minutes, seconds = cpu.split(":")[-2:]
    assert 0.3 <= int(minutes) * 60 + float(seconds) < 30
