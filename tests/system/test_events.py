"""What happens is told as it happens, to whoever follows along: nothing is left out, nothing twice, whatever restarts."""
import contextlib
import json
import signal
import sqlite3
import subprocess

from conftest import wait_until

CLUSTER = {"nodes": 2, "cpus": 4}


class Follower:
    """`moisson events` in the background; its lines so far."""

    def __init__(self, cluster, *words):
        self.path = cluster.work / f"events-{id(self)}"
        self.out = open(self.path, "w")
        self.process = subprocess.Popen([cluster.bin / "moisson", "events", *words], env=cluster.env, cwd=cluster.work,
                                        stdout=self.out, stderr=subprocess.PIPE, text=True)

    def rows(self):
        text = self.path.read_text()
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def wait(self, condition, what):
        return wait_until(lambda: [row for row in self.rows() if condition(row)], lambda: f"{what}: {self.rows()[-5:]}")

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.out.close()
        return self.rows()


def so_far(cluster, *words):
    return [json.loads(line) for line in cluster.ok("moisson", "events", "--no-follow", *words).splitlines()]


def types_of(rows, job):
    return [row["type"] for row in rows if row.get("job_id") == int(job)]


def listening(cluster, follower, known=set()):
    """It follows from now on: something that is told from time to time shows it."""
    def told():
        cluster.ok("scontrol", "update", "NodeName=n2", "Reason=marker")
        return follower.rows()
    wait_until(told, "it follows")
    return follower


def test_the_life_of_a_job_is_told(cluster):
    follower = listening(cluster, Follower(cluster))
    good, bad = cluster.completed("-J", "fine"), cluster.sbatch(script="exit 3")
    follower.wait(lambda row: row["type"] == "ended" and row["job_id"] == int(bad), "the end of the second")
    held = cluster.sbatch("--hold")
    cluster.ok("scontrol", "release", held)
    cluster.wait_state(held, "COMPLETED")
    follower.wait(lambda row: row["type"] == "ended" and row["job_id"] == int(held), "the end of the third")
    rows = follower.end()
    assert types_of(rows, good) == ["submitted", "started", "ended"]
    assert types_of(rows, held) == ["submitted", "released", "started", "ended"]
    (end,) = [row for row in rows if row["type"] == "ended" and row["job_id"] == int(bad)]
    assert (end["state"], end["exit_code"], end["exit_signal"]) == ("FAILED", 3, 0) and end["nodes"] in ("n1", "n2")
    assert end["user_name"] == cluster.ok("id", "-un").strip()
    assert [row["name"] for row in rows if row.get("job_id") == int(good)] == ["fine"] * 3
    cursors = [tuple(map(int, (row["cursor"] + ".999999").split(".")[:2])) for row in rows]
    assert cursors == sorted(cursors) and len(set(cursors)) == len(cursors)


def test_arrays_cancels_and_requeues_are_told(cluster):
    start = so_far(cluster, "--since=begin")[-1]["cursor"]
    array = cluster.sbatch("--array=1,3", script="true")
    cluster.wait_ended(array)
    running = cluster.sbatch("--requeue", script="until [ -e go-events ]; do sleep 0.05; done")
    cluster.wait_state(running, "RUNNING")
    cluster.ok("scontrol", "requeue", running)
    wait_until(lambda: cluster.show(running).get("Restarts") == "1" and cluster.state(running) == "RUNNING", "it runs again")
    cluster.ok("scancel", running)
    cluster.wait_state(running, "CANCELLED")
    rows = so_far(cluster, "--since", start)
    assert types_of(rows, array)[0] == "submitted" and rows[0]["array_tasks"] == "1,3"
    assert sorted(row["array_task_id"] for row in rows if row["type"] == "ended" and "array_task_id" in row) == [1, 3]
    told = types_of(rows, running)
    assert told == ["submitted", "started", "requeue_asked", "requeued", "started", "cancelled", "ended"]
    (end,) = [row for row in rows if row["type"] == "ended" and row["job_id"] == int(running)]
    assert end["state"] == "CANCELLED" and end["attempt"] == 2
    assert so_far(cluster, "--since", start, f"--jobs={array}_3", "--types=ended")[0]["array_task_id"] == 3
    assert so_far(cluster, "--since", start, "--user=nobody") == []
    assert {row["type"] for row in so_far(cluster, "--since", start, "--me", "-t", "started,ended")} == {"started", "ended"}


def test_nodes_are_told(cluster):
    start = so_far(cluster, "--since=begin")[-1]["cursor"]
    cluster.ok("scontrol", "update", "NodeName=n2", "State=DRAIN", "Reason=a fan")
    cluster.ok("scontrol", "update", "NodeName=n2", "State=RESUME")
    rows = so_far(cluster, "--since", start)
    assert [(row["type"], row["node"], row["node_state"]) for row in rows] == [
        ("node_set", "n2", "IDLE+DRAIN"), ("node_set", "n2", "IDLE")]
    assert rows[0]["reason"] == "a fan" and "job_id" not in rows[0]


def test_a_follower_goes_on_after_restarts_of_the_controller(cluster):
    follower = listening(cluster, Follower(cluster, "--types=submitted,ended,node_set"))
    jobs = []
    for _ in range(3):
        jobs += [cluster.completed() for _ in range(3)]
        cluster.kill9("ctld")
        cluster.start("ctld")
    jobs.append(cluster.completed())
    follower.wait(lambda row: row["type"] == "ended" and row["job_id"] == int(jobs[-1]), "the last end")
    rows = [(row["type"], str(row["job_id"])) for row in follower.end() if row["type"] != "node_set"]
    assert rows == [(kind, job) for job in jobs for kind in ("submitted", "ended")], "nothing missing, nothing twice"


def test_what_was_told_live_is_what_the_journal_tells(cluster):
    start = so_far(cluster, "--since=begin")[-1]["cursor"]
    follower = listening(cluster, Follower(cluster, "--since", start))
    jobs = cluster.work / "events.ndjson"
    jobs.write_text('{"wrap": "true"}\n' * 300)
    ids = cluster.ok("sbatch", "--bulk", jobs, "--hold", "--parsable").split()
    cluster.ok("scancel", *ids)
    last = int(ids[-1])
    follower.wait(lambda row: row["type"] == "ended" and row["job_id"] == last, "the end of the last one")
    live, read = follower.end(), so_far(cluster, "--since", start)
    assert live == read[:len(live)]
    assert [row["job_id"] for row in live if row["type"] == "submitted"] == [int(i) for i in ids]
    middle = [row["cursor"] for row in live if row["type"] == "submitted"][100]
    after = so_far(cluster, "--since", middle, "--types=submitted")
    assert [row["job_id"] for row in after] == [int(i) for i in ids[101:]], "a cursor may stand within an event"


def test_a_cursor_of_the_future_and_wrong_words_are_refused(cluster):
    for words, said in ((["--since=999999999"], "has not happened"), (["--since=yesterday"], "is no cursor"),
                        (["--types=sneezed"], "no events of type"), (["17"], "one word too many"),
                        (["--jobs=x"], "x"), (["--user=nobody-of-that-name"], "nobody-of-that-name")):
        done = cluster.run("moisson", "events", "--no-follow", *words)
        assert done.returncode == 1 and said in done.stderr and done.stdout == "", done


def test_what_is_not_kept_any_more_is_a_gap(clusters):
    cluster = clusters(nodes=1, cpus=2, conf="SnapshotEvents=10")
    old = so_far(cluster, "--since=begin")[0]["cursor"]
    for _ in range(6):
        cluster.completed()
    db = cluster.dir / "state" / "moisson.db"

    def snapshot():
        with contextlib.closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as store:
            return store.execute("SELECT min(sequence) FROM snapshots HAVING count(*) = 2").fetchone()
    (first,) = wait_until(snapshot, "two snapshots are named")
    cluster.stop("ctld")
    with contextlib.closing(sqlite3.connect(db)) as store, store:
        store.execute("DELETE FROM journal WHERE sequence <= ?", (first,))  # as 200,000 rows later
        (oldest,) = store.execute("SELECT min(sequence) FROM journal").fetchone()
    cluster.start("ctld")
    kept = so_far(cluster, "--since=begin")
    assert kept and int(kept[0]["cursor"].split(".")[0]) >= oldest and kept[0]["type"] != "gap"
    rows = so_far(cluster, "--since", old)
    assert (rows[0]["type"], rows[0]["cursor"], rows[0]["since"]) == ("gap", str(oldest - 1), old.split(".")[0])
    assert rows[1:len(kept) + 1] == kept, "it goes on with the oldest that is left"
    assert so_far(cluster, "--since", rows[0]["cursor"])[:len(kept)] == kept, "it is said once"
