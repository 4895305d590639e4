"""Many jobs at once: all of them or none, ids in order, what is wrong told by line; and nothing half after a crash."""
import json
import subprocess
import threading

from conftest import wait_until

CLUSTER = {"nodes": 2, "cpus": 4, "conf": "MaxJobCount=100000"}


def ndjson(cluster, jobs, name="jobs.ndjson"):
    path = cluster.work / name
    path.write_text("".join(json.dumps(job) + "\n" if not isinstance(job, str) else job + "\n" for job in jobs))
    return path


def submitted(cluster, path, *words, **more):
    return cluster.ok("sbatch", "--bulk", path, "--parsable", *words, **more).split()


def test_a_file_of_jobs_is_submitted_and_runs(cluster):
    path = ndjson(cluster, [{"wrap": f"echo bulk {i}", "job-name": f"b{i}", "time": 5} for i in range(20)])
    done = cluster.run("sbatch", "--bulk", path)
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    ids = [int(line.removeprefix("Submitted batch job ")) for line in lines]
    assert ids == list(range(ids[0], ids[0] + 20))
    for i in (0, 7, 19):
        cluster.wait_state(str(ids[i]), "COMPLETED")
        assert cluster.output(ids[i]) == f"bulk {i}\n"
        assert cluster.acct_one(str(ids[i]), "JobName,State") == [f"b{i}", "COMPLETED"]


def test_options_of_the_command_line_and_the_script_hold_for_all_lines(cluster):
    script = cluster.script('#!/bin/sh\n#SBATCH --comment=script\n#SBATCH --job-name=script\necho "$@" $COLOUR', "bulk.sh")
    path = ndjson(cluster, [
        {"args": ["one", 1], "env": {"COLOUR": "red"}},
        {"args": ["two words"], "job-name": "line", "env": {"COLOUR": 7}},
        {"script": "#!/bin/sh\n#SBATCH --job-name=inline\necho inline\n"},
        {"script_file": str(script), "requeue": True, "dependency": ["singleton"], "array": [0, 3]},
        {},
    ])
    ids = submitted(cluster, path, "--hold", "--job-name=command", script, "default", "words")
    assert len(ids) == 5
    assert [cluster.show(i)["JobName"] for i in (ids[0], ids[1], ids[2], ids[4])] == ["command", "line", "command", "command"]
    assert cluster.show(ids[0])["Comment"] == "script"
    cluster.ok("scontrol", "release", *ids)
    for i in ids[:3] + ids[4:]:
        cluster.wait_state(i, "COMPLETED")
    assert cluster.output(ids[0]) == "one 1 red\n" and cluster.output(ids[1]) == "two words 7\n"
    assert cluster.output(ids[2]) == "inline\n" and cluster.output(ids[4]).strip() == "default words"


def test_a_wrong_line_is_named_and_nothing_is_submitted(cluster):
    before = int(cluster.sbatch())
    path = ndjson(cluster, [{"wrap": "true"}, "", {"wrap": "true", "time": "soon"}, "{nonsense", {"wrap": "true", "tmie": 3},
                            {"job-name": "nothing to run"}, {"wrap": "true", "wait": True}])
    done = cluster.run("sbatch", "--bulk", path)
    assert done.returncode == 1 and done.stdout == ""
    for number, word in ((3, "time"), (4, "no JSON"), (5, "tmie"), (6, "no script"), (7, "for the command")):
        assert f"sbatch: error: {path}:{number}: " in done.stderr and word in done.stderr
    assert 'did you mean "time"?' in done.stderr and done.stderr.count("fix: ") >= 5
    assert "no job was submitted: of 6 lines 5 are refused" in done.stderr
    assert int(cluster.sbatch()) == before + 1


def test_what_the_controller_refuses_is_named_by_its_line_too(cluster):
    before = int(cluster.sbatch())
    path = ndjson(cluster, [{"wrap": "true"}, {"wrap": "true", "cpus-per-task": 99}, {"wrap": "true", "partition": "none"}])
    done = cluster.run("sbatch", "--bulk", path)
    assert done.returncode == 1 and done.stdout == ""
    assert f"{path}:2: " in done.stderr and "99 cpus on one node asked" in done.stderr
    assert f"{path}:3: " in done.stderr and "invalid partition specified: none" in done.stderr
    assert "no job was submitted" in done.stderr
    assert int(cluster.sbatch()) == before + 1


def test_with_bulk_each_the_others_are_submitted(cluster):
    path = ndjson(cluster, [{"wrap": "true"}, {"wrap": "true", "cpus-per-task": 99}, "[1]", {"wrap": "true"}])
    done = cluster.run("sbatch", "--bulk", path, "--bulk-each", "--parsable")
    ids = done.stdout.split()
    assert done.returncode == 1 and ids[1:3] == ["-", "-"] and int(ids[3]) == int(ids[0]) + 1
    assert f"{path}:2: " in done.stderr and f"{path}:3: " in done.stderr
    cluster.wait_state(ids[3], "COMPLETED")
    done = cluster.run("sbatch", "--bulk", path, "--bulk-each", "--json")
    rows = json.loads(done.stdout)["submitted"]
    assert done.returncode == 1 and [row["line"] for row in rows] == [1, 2, 3, 4]
    assert [("job_id" in row, "error" in row) for row in rows] == [(True, False), (False, True)] * 1 + [(False, True), (True, False)]
    assert "99 cpus" in rows[1]["error"]["why"] and rows[1]["error"]["fix"]


def test_submit_keys_of_lines_make_each_job_once(cluster):
    jobs = [{"wrap": "true", "hold": True, "submit-key": f"bulk-{i}"} for i in range(4)]
    first = submitted(cluster, ndjson(cluster, jobs[:3]))
    again = submitted(cluster, ndjson(cluster, [jobs[0], jobs[3], jobs[2]]))
    assert again[0] == first[0] and again[2] == first[2] and int(again[1]) > int(first[2])
    other = cluster.run("sbatch", "--bulk", ndjson(cluster, [dict(jobs[1], time=9)]))
    assert other.returncode == 1 and "key" in other.stderr
    twice = cluster.run("sbatch", "--bulk", ndjson(cluster, [dict(jobs[0], **{"submit-key": "same"})] * 2))
    assert twice.returncode == 1 and ":2: " in twice.stderr and "that of job 1" in twice.stderr
    cluster.ok("scancel", *first, again[1])


def test_stdin_and_its_limits(cluster):
    out = cluster.ok("sbatch", "--bulk=-", "--parsable", stdin='{"wrap": "true"}\n\n{"wrap": "true"}')
    assert len(out.split()) == 2
    for words, stdin, said in ((["--bulk=-"], "", "holds no jobs"), (["--bulk=-", "--wrap=true"], "{}", "--wrap"),
                               (["--bulk=-", "--wait"], "{}", "--wait"), (["--bulk=/none"], None, "/none")):
        done = cluster.run("sbatch", *words, stdin=stdin)
        assert done.returncode == 1 and said in done.stderr and done.stdout == ""


def sequence_rows(cluster, kind):
    return [line for line in (cluster.dir / "log" / "ctld.log").read_text().splitlines() if f"event={kind}" in line]


def test_a_controller_killed_in_the_middle_leaves_all_or_nothing(cluster):
    """Killed again and again while bulks of many jobs come in: each client's retry gets ids, each job is there once."""
    count, rounds = 1500, 4
    answers = []

    def client(number):
        jobs = [{"wrap": "true", "hold": True, "job-name": f"crash{number}-{i}"} for i in range(count)]
        path = ndjson(cluster, jobs, f"crash{number}.ndjson")
        answers.append((number, cluster.run("sbatch", "--bulk", path, "--parsable")))

    for number in range(rounds):
        thread = threading.Thread(target=client, args=(number,))
        seen = len(sequence_rows(cluster, "bulk-submitted"))
        thread.start()
        # before the request, around its event, while it is unfolded: wherever this finds it
        if number % 2:
            wait_until(lambda: len(sequence_rows(cluster, "bulk-submitted")) > seen or not thread.is_alive(), "it is submitted")
        cluster.kill9("ctld")
        cluster.start("ctld")
        thread.join()
    for number, done in answers:
        assert done.returncode == 0, done.stderr
        ids = [int(word) for word in done.stdout.split()]
        assert len(ids) == count and ids == list(range(ids[0], ids[0] + count))
        there = cluster.ok("squeue", "-h", "-o", "%i %j", "-t", "PENDING", f"-j{','.join(map(str, ids))}").splitlines()
        assert there == [f"{job} crash{number}-{i}" for i, job in enumerate(ids)]
    everything = cluster.ok("squeue", "-h", "-o", "%j").split()
    assert len(everything) == len(set(everything)) == rounds * count, "nothing half, nothing twice"
    subprocess.run([cluster.bin / "scancel", "--me"], env=cluster.env, check=True)


def test_nobody_goes_before_others_by_a_bulk(root_cluster, people):
    """What is for operators is left out of a line, and of what all lines have in common; reservations are asked about."""
    his = root_cluster.as_user(people[0])
    plain = his.sbatch("--hold")
    for jobs in ([{"wrap": "true", "hold": True, "nice": -100}] * 3,
                 [{"wrap": "true", "hold": True}, {"wrap": "true", "hold": True, "nice": -100}]):
        path = his.work / "line.ndjson"
        path.write_text("".join(json.dumps(job) + "\n" for job in jobs))
        ids = his.ok("sbatch", "--bulk", path, "--parsable").split()
        assert [his.show(job)["Nice"] for job in ids] == ["0"] * len(jobs)
        assert {his.show(job)["UserId"] for job in ids} == {his.show(plain)["UserId"]}
    path.write_text(json.dumps({"wrap": "true", "reservation": "none-such"}) + "\n")
    done = his.run("sbatch", "--bulk", path)
    assert done.returncode == 1 and ":1: " in done.stderr and "eservation" in done.stderr
    his.ok("scancel", "--me")
