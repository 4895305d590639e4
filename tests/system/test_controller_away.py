"""The controller stays away: users are told within the time that was promised, and told what it means."""
import time


def test_queries_give_up_after_ten_seconds_in_the_words_clients_know(cluster):
    cluster.kill9("ctld")
    try:
        for words in (["squeue"], ["squeue", "-j", "1"], ["sinfo"], ["scontrol", "show", "job", "1"], ["sacct"]):
            before = time.monotonic()
            done = cluster.run(*words)
            took = time.monotonic() - before
            assert done.returncode == 1 and done.stdout == ""
            assert "Unable to contact slurm controller (connect failure)" in done.stderr, done.stderr
            if words[0] in ("squeue", "scontrol"):
                assert done.stderr.startswith("slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
            assert 5 < took < 20, took
    finally:
        cluster.start("ctld")


def test_sbatch_gives_up_after_a_minute_and_says_what_may_have_happened(cluster):
    cluster.kill9("ctld")
    try:
        before = time.monotonic()
        done = cluster.run("sbatch", "--wrap", "true")
        took = time.monotonic() - before
    finally:
        cluster.start("ctld")
    assert done.returncode == 1 and done.stdout == "" and 55 < took < 80
    assert "Unable to contact slurm controller" in done.stderr
    assert "not" in done.stderr and ("accepted" in done.stderr or "submitted" in done.stderr)
    assert cluster.ok("squeue", "-h", "-t", "all") == ""
