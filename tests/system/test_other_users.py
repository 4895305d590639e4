"""Root mode: jobs of two local users, each as that user; what neither can read or do."""
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest
from conftest import process_lives, wait_until

CLUSTER = {"nodes": 1, "cpus": 8, "conf": "KillWait=2\nJobLimits=nofile=512:1024,core=0,stack=4M:16M"}
DENIED = "Access/permission denied"


@pytest.fixture(scope="module")
def first(root_cluster, people):
    return root_cluster.as_user(people[0])


@pytest.fixture(scope="module")
def second(root_cluster, people):
    return root_cluster.as_user(people[1])


def status_of(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


# --- who is who


def test_only_the_launcher_is_root(root_cluster):
    ids = {name: status_of(root_cluster.pid(name)) for name in ("ctld", "n1", "n1.agent")}
    uid = {name: subprocess.check_output(["id", "-u", name], text=True).strip() for name in ("moisson", "moisson-agent")}
    assert ids["ctld"]["Uid"].split() == [uid["moisson"]] * 4
    assert ids["n1.agent"]["Uid"].split() == [uid["moisson-agent"]] * 4
    assert ids["n1"]["Uid"].split() == ["0"] * 4
    for name in ("ctld", "n1.agent"):
        assert "0" not in ids[name]["Gid"].split() + ids[name]["Groups"].split(), name
        assert int(ids[name]["CapEff"], 16) == int(ids[name]["CapPrm"], 16) == 0, name
    assert ids["n1.agent"]["NoNewPrivs"] == "1"
    assert ids["n1"]["NoNewPrivs"] == "0"  # jobs would inherit it, and lose setuid programs


def test_a_job_is_its_user(first):
    job = first.completed(script="cat /proc/self/status; echo home $HOME; echo cwd $(pwd); echo user $USER $LOGNAME $(id -un)")
    words = dict(re.split(r"[:\s]+", line, maxsplit=1) for line in first.output(job).splitlines())
    uid, gid = str(first.person.uid), str(first.person.gid)
    assert words["Uid"].split() == [uid] * 4
    assert words["Gid"].split() == [gid] * 4
    assert sorted(map(int, words["Groups"].split())) == first.person.groups
    assert len(first.person.groups) == 2  # its own and the club's
    assert int(words["CapEff"], 16) == int(words["CapPrm"], 16) == int(words["CapInh"], 16) == 0
    assert words["NoNewPrivs"] == "0"
    assert (words["home"], words["cwd"]) == (str(first.person.home), str(first.work))
    assert words["user"].split() == [first.person.name] * 3
    assert first.acct_one(job, "User,UID,Group") == [first.person.name, uid, first.person.name]


def test_a_job_cannot_become_root_again(first):
    job = first.completed(script="/usr/bin/python3 - <<END\n"
                                 "import os\n"
                                 "for f in (os.setuid, os.setgid, lambda n: os.setgroups ([n])):\n"
                                 "    try: f (0); print ('got it')\n"
                                 "    except PermissionError: print ('refused')\n"
                                 "END")
    assert first.output(job).split() == ["refused"] * 3


def test_files_of_a_job_are_its_users(first):
    job = first.completed("-o", "out-%j", "-e", "err-%j", script="umask; echo >made; echo >&2 words")
    for name in (f"out-{job}", f"err-{job}", "made"):
        stat = (first.work / name).stat()
        assert (stat.st_uid, stat.st_gid) == (first.person.uid, first.person.gid), name
    assert (first.work / f"out-{job}").read_text() == "0022\n"


def test_the_umask_is_the_submitters(first):
    mask = os.umask(0o027)
    try:
        job = first.completed(script="umask; echo >masked")
    finally:
        os.umask(mask)
    assert first.output(job) == "0027\n"
    assert (first.work / "masked").stat().st_mode & 0o777 == 0o640
    assert (first.work / f"slurm-{job}.out").stat().st_mode & 0o777 == 0o640


def limits_of(text):
    rows = (re.match(r"(Max [a-z -]+?)\s{2,}(\S+)\s+(\S+)", line) for line in text.splitlines()[1:])
    return {row[1]: (row[2], row[3]) for row in rows if row}


def test_limits_are_the_configurations(root_cluster, first):
    """Not the submitter's, and not the launcher's."""
    his = root_cluster.as_user(first.person)
    his.prefix = ["prlimit", "--nofile=77:88", "--fsize=123456789", "--core=4096:8192", *his.prefix]
    job = his.completed(script="cat /proc/self/limits")
    limits = limits_of(his.output(job))
    assert limits["Max open files"] == ("512", "1024")
    assert limits["Max core file size"] == ("0", "0")
    assert limits["Max stack size"] == (str(4 << 20), str(16 << 20))
    assert limits["Max file size"] == ("unlimited", "unlimited")
    assert limits["Max nice priority"] == limits["Max realtime priority"] == ("0", "0")


def test_a_wrong_limit_is_named(root_cluster):
    path = root_cluster.dir / "wrong.conf"
    path.write_text((root_cluster.dir / "moisson.conf").read_text().replace("stack=4M:16M", "stack=16M:4M"))
    done = root_cluster.run("moisson", "config", "check", path, cwd="/")
    assert done.returncode == 1
    assert 'JobLimits: "stack=16M:4M" has a soft limit above its hard limit' in done.stdout + done.stderr


# --- what is his, and what is not


def test_an_output_that_he_may_not_write(first, second):
    (second.work / "not-his").write_text("keep\n")
    os.chown(second.work / "not-his", second.person.uid, second.person.gid)
    job = first.sbatch("-o", second.work / "not-his")
    first.wait_state(job, "FAILED")
    assert first.acct_one(job, "Reason,ExitCode")[1] == "1:0"
    assert f"cannot open output {second.work}/not-his: Permission denied" in first.ok("scontrol", "show", "job", job)
    link = first.work / "link"
    link.symlink_to(second.work / "not-his")
    job = first.sbatch("-o", link)
    first.wait_state(job, "FAILED")
    assert (second.work / "not-his").read_text() == "keep\n"
    assert root_words(first, job, f"cannot open output {link}: Permission denied")


def root_words(cluster, job, words):
    text = cluster.ok("scontrol", "show", "job", job)
    assert words in text, text
    return True


def test_a_link_to_a_file_of_root(first, root_cluster):
    target = root_cluster.dir / "roots"
    target.write_text("keep\n")
    link = first.work / "to-root"
    link.symlink_to(target)
    for options in (["-o", link], ["-e", link, "-o", "/dev/null"]):
        job = first.sbatch(*options, script="echo overwritten; echo overwritten >&2")
        first.wait_state(job, "FAILED")
    job = first.sbatch("-o", root_cluster.dir / "new-file")
    first.wait_state(job, "FAILED")
    assert target.read_text() == "keep\n" and not (root_cluster.dir / "new-file").exists()


def test_a_directory_and_an_input_that_are_closed_to_him(first, second):
    closed = second.work / "closed"
    closed.mkdir()
    closed.chmod(0o700)
    os.chown(closed, second.person.uid, second.person.gid)
    (closed / "in").write_text("secret\n")
    job = first.sbatch("-D", closed, "-o", "/dev/null")
    first.wait_state(job, "FAILED")
    root_words(first, job, f"cannot change to directory {closed}: Permission denied")
    job = first.sbatch("-i", closed / "in", script="cat")
    first.wait_state(job, "FAILED")
    root_words(first, job, f"cannot open input {closed}/in: Permission denied")


@pytest.fixture
def fifo(first):
    path = first.work / "fifo"
    if not path.exists():
        os.mkfifo(path)
        os.chown(path, first.person.uid, first.person.gid)
    return path


def test_files_that_hang_hold_up_their_own_job_alone(first, second, fifo):
    """Opening a fifo that nobody reads waits for ever, as a dead file server does."""
    stuck = [first.sbatch("-o", fifo) for _ in range(3)]
    for job in stuck:
        first.wait_state(job, "RUNNING")
    second.completed(script="true")
    first.completed("-o", "/dev/null", script="true")
    first.ok("scancel", stuck[0])
    first.wait_state(stuck[0], "CANCELLED", seconds=10)
    first.ok("scancel", "-s", "KILL", stuck[1])
    first.wait_ended(stuck[1], seconds=10)
    with open(fifo, "rb") as reader:  # it answers again: the job goes on
        first.wait_state(stuck[2], "COMPLETED")
        reader.read()


def test_an_input_that_hangs_ends_with_its_time(first, root_cluster, fifo):
    job = first.sbatch("-i", fifo, script="cat")
    first.wait_state(job, "RUNNING")
    root_cluster.kill9("n1")  # nor does the next launcher wait for it
    root_cluster.start("n1")
    first.completed("-o", "/dev/null", script="true")
    first.wait_state(job, "RUNNING")
    first.ok("scancel", job)
    first.wait_state(job, "CANCELLED", seconds=10)


# --- what no user can read


@pytest.fixture(scope="module")
def victim(first):
    """A job of the first user that has a secret, and where it lies."""
    job = first.sbatch("--export=ALL,SECRET=swordfish", "-o", "/dev/null", script="# swordfish\nsleep 600")
    first.wait_state(job, "RUNNING")
    attempt = first.dir / "spool" / "n1" / "attempts" / f"{job}.1"
    batch = int(re.search(r"^pid (\d+)$", (attempt / "status").read_text(), re.M)[1])
    shepherd = int(status_of(batch)["PPid"])
    yield job, attempt, shepherd, batch
    first.ok("scancel", job)
    first.wait_state(job, "CANCELLED")


def tried(cluster, *words):
    """A command that this user must not succeed with; what it said."""
    done = subprocess.run([*cluster.prefix, *map(str, words)], cwd="/", text=True, capture_output=True, timeout=60,
                          stdin=subprocess.DEVNULL, env=cluster.env)
    assert done.returncode != 0, f"{words}: {done}"
    assert "swordfish" not in done.stdout
    return done.stdout + done.stderr


def secrets_of(cluster, attempt):
    spool = attempt.parents[1]
    return [spool / "order.key", spool / "node.key", spool / "launcher.lock", *(spool / "blobs").glob("*"), spool / "spare",
            attempt / "order", attempt / "env", attempt / "status", attempt / "lock", attempt / "ctl",
            *(cluster.dir / "state").glob("*"), cluster.dir / "munge" / "key", cluster.dir / "log" / "ctld.log"]


def test_files_that_no_user_can_open(root_cluster, first, second, victim):
    _, attempt, _, _ = victim
    files = secrets_of(root_cluster, attempt)
    assert len([f for f in files if "blobs" in str(f)]) >= 2 and any(f.name.endswith(".db") for f in files)
    for user in (first, second):
        for path in files:
            assert "Permission denied" in tried(user, "head", "-c1", path), path
            assert path.is_dir() or "Permission denied" in tried(user, "sh", "-c", f": >>{path}"), path
        for directory in (attempt, attempt.parent, attempt.parents[1] / "blobs", root_cluster.dir / "state"):
            assert "Permission denied" in tried(user, "ls", directory), directory
            assert "Permission denied" in tried(user, "touch", directory / "new"), directory
    assert "Permission denied" in tried(second, "cat", attempt / "script")


def test_his_own_script_is_all_that_he_finds(first, victim):
    _, attempt, _, _ = victim
    path = attempt / "script"
    stat = path.stat()
    assert (stat.st_uid, stat.st_gid, stat.st_mode & 0o7777) == (first.person.uid, first.person.gid, 0o500)
    assert "swordfish" in first.ok("cat", path)
    for words in (["rm", "-f", path], ["mv", path, first.work], ["ln", "-sf", "/etc/passwd", path]):
        assert re.search("Permission denied|Operation not permitted", tried(first, *words))


def test_nobody_else_speaks_to_agents_and_shepherds(first, second, victim):
    _, attempt, shepherd, _ = victim
    for user in (first, second):
        done = tried(user, "/usr/bin/python3", "-c", "import socket, sys\n"
                     "socket.socket (socket.AF_UNIX, socket.SOCK_DGRAM).sendto (b'X 1.1', sys.argv[1])",
                     attempt.parents[1] / "notify.sock")
        assert "PermissionError" in done
        assert "Permission denied" in tried(user, "sh", "-c", f"echo kill >{attempt}/ctl")
        assert "Operation not permitted" in tried(user, "env", "kill", "-TERM", shepherd)
        for name in ("environ", "mem", "maps", "fd", "cwd"):
            said = tried(user, "sh", "-c", f"ls /proc/{shepherd}/{name}/ || cat /proc/{shepherd}/{name}")
            assert re.search("Permission denied|Not a directory", said) and "Permission denied" in said, name
        done = tried(user, "/usr/bin/python3", "-c", "import ctypes, os, sys\n"
                     "libc = ctypes.CDLL (None, use_errno=True)\n"
                     f"rc = libc.ptrace (16, {shepherd}, None, None)\n"
                     "sys.exit (os.strerror (ctypes.get_errno ()) if rc else 0)")
        assert "Operation not permitted" in done
    assert process_lives(shepherd)


def test_processes_of_the_other_are_out_of_reach(second, victim):
    _, _, _, batch = victim
    assert "Operation not permitted" in tried(second, "env", "kill", "-TERM", batch)
    assert "Permission denied" in tried(second, "cat", f"/proc/{batch}/environ")
    assert "Permission denied" in tried(second, "ls", f"/proc/{batch}/fd")


def test_the_same_from_within_a_job(second, victim):
    """A job has no more rights than its user."""
    _, attempt, shepherd, batch = victim
    job = second.completed(script=f"cat {attempt}/script {attempt}/env {attempt}/../../order.key /proc/{batch}/environ\n"
                                  f"cat $(dirname $0)/env $(dirname $0)/order\n"
                                  f"echo kill >$(dirname $0)/ctl; kill $PPID; kill {shepherd}; exit 0")
    text = second.output(job)
    assert text.count("Permission denied") == 7 and text.count("ermitted") == 2, text
    assert "swordfish" not in text


# --- what no user can do to another's job


def test_the_other_users_jobs_cannot_be_touched(root_cluster, first, second):
    waiting, running = first.sbatch("--hold"), first.sbatch(script="sleep 600")
    first.wait_state(running, "RUNNING")
    for words, refusal in [
            (["scancel", running], "Kill job error on job id {}: Access/permission denied"),
            (["scancel", "-s", "USR1", running], "Kill job error on job id {}: Access/permission denied"),
            (["scancel", "-b", running], "Kill job error on job id {}: Access/permission denied"),
            (["scontrol", "hold", waiting], DENIED),
            (["scontrol", "release", waiting], DENIED),
            (["scontrol", "requeue", running], DENIED),
            (["scontrol", "requeuehold", running], DENIED),
            (["scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=mine"], "only an operator may"),
            (["scontrol", "shutdown"], "only an operator may")]:
        done = second.run(*words, cwd="/")
        said = done.stdout + done.stderr
        assert done.returncode == 1 and refusal.format(words[-1]) in said, f"{words}: {done}"
    assert (first.state(waiting), first.state(running)) == ("PENDING", "RUNNING")
    for words in (["-u", first.person.name], ["-t", "RUNNING", "-u", first.person.name], ["-n", "sbatch"], ["-p", "main"]):
        done = second.run("scancel", *words, cwd="/")
        assert set(re.sub(r"id \d+", "id", done.stderr).splitlines()) <= {"scancel: error: Kill job error on job id: " + DENIED}
    assert (first.state(waiting), first.state(running)) == ("PENDING", "RUNNING")
    root_cluster.ok("scancel", running, cwd="/")  # an operator may
    first.ok("scancel", waiting)
    first.wait_state(running, "CANCELLED")
    assert first.acct_one(running, "State") == ["CANCELLED by 0"]


def test_neither_script_nor_environment_is_shown(root_cluster, second, victim):
    job = victim[0]
    for words in (["scontrol", "show", "job", job], ["scontrol", "-d", "show", "job", job], ["squeue", "-o", "%all"],
                  ["squeue", "--json"], ["sacct", "--json", "-j", job], ["sacct", "-j", job, "-o", "ALL"]):
        done = second.run(*words, cwd="/")
        assert "swordfish" not in done.stdout + done.stderr, words
    for words in (["scontrol", "write", "batch_script", job, "-"], ["sacct", "-B", "-j", job], ["sacct", "--env-vars", "-j", job]):
        done = second.run(*words, cwd="/")
        assert done.returncode != 0 and "swordfish" not in done.stdout + done.stderr, words


# --- whose jobs are not run


@pytest.mark.parametrize("prefix, who", [([], "root (uid 0)"),
                                         (["setpriv", "--reuid=1", "--regid=1", "--clear-groups"], "daemon (uid 1)")])
def test_root_and_system_users_are_refused_at_submit(root_cluster, people, prefix, who):
    done = subprocess.run([*prefix, root_cluster.bin / "sbatch", "--wrap", "true"], env=root_cluster.env, cwd="/", text=True,
                          capture_output=True)
    assert done.returncode == 1 and done.stdout == ""
    assert "sbatch: error: Batch job submission failed: Access/permission denied\n" in done.stderr
    assert f"why: jobs of {who} are not run: MinUID is 1000\n" in done.stderr
    assert "fix: submit as an ordinary user" in done.stderr


def test_single_user_mode_says_so(clusters, people):
    """root alone: another user's submit is refused with what to do."""
    single = clusters()
    single.completed(script="true")
    done = single.as_user(people[0]).run("sbatch", "--wrap", "true")
    assert done.returncode == 1
    assert "why: this cluster is in single-user mode: jobs of uid 0 only are run\n" in done.stderr
    assert "name a user without rights as SlurmUser in moisson.conf" in done.stderr


def test_a_user_whom_only_the_controller_knows(root_cluster, people):
    """His jobs are refused by the node, in words; with no other node they wait."""
    name = "moisson-t3"
    subprocess.run(["userdel", name], stderr=subprocess.DEVNULL)
    subprocess.run(["useradd", "--no-create-home", "--home-dir", "/", "--shell", "/bin/sh", name], check=True)
    try:
        uid = int(subprocess.check_output(["id", "-u", name], text=True))
        become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
        job = subprocess.check_output([*become, root_cluster.bin / "sbatch", "--hold", "--parsable", "-o", "/dev/null", "--wrap", "true"],
                                      env=root_cluster.env, cwd="/", text=True).strip()
    finally:
        subprocess.run(["userdel", name], check=True)
    root_cluster.ok("scontrol", "release", job, cwd="/")
    words = f"user {name} (uid {uid}) is not known on node n1"

    def why():
        return root_cluster.ok("scontrol", "show", "job", job, cwd="/")

    wait_until(lambda: words in why(), lambda: f"five in a row have held it: {why()}\n{root_cluster.log_tails()}")
    assert root_cluster.state(job) == "PENDING"
    assert "DRAIN" not in root_cluster.ok("scontrol", "show", "node", "n1", cwd="/")
    root_cluster.ok("scancel", job, cwd="/")


def test_a_configuration_for_all_and_keys_for_none(root_cluster, first):
    """He can read what he needs to submit; there is no secret in it."""
    text = first.ok("cat", root_cluster.dir / "moisson.conf")
    state = (root_cluster.dir / "state")
    for path in (state / "controller.key", state / "node_keys", *root_cluster.dir.glob("spool/*/*.key")):
        assert path.stat().st_mode & 0o077 == 0, path
        for word in path.read_text().split():
            assert len(word) < 20 or word not in text


def test_a_state_directory_that_others_can_write(root_cluster):
    state = root_cluster.dir / "state"
    root_cluster.stop("ctld")
    state.chmod(0o770)
    try:
        done = subprocess.run([root_cluster.bin / "moissonctld", "-f", root_cluster.dir / "moisson.conf"], text=True,
                              capture_output=True, timeout=60)
        said = done.stderr + (root_cluster.dir / "log" / "ctld.log").read_text()
        assert done.returncode == 1
        assert f"others can write to the state directory {state} (mode 0770)" in said
    finally:
        state.chmod(0o700)
        root_cluster.start("ctld")


# --- changing jobs


def test_users_change_their_own_jobs_and_only_downwards(root_cluster, first, second):
    job = first.sbatch("-t", "30", "--nice=-100", "--priority=4000000000", script="sleep 600")
    first.wait_state(job, "RUNNING")
    assert first.squeue(job, "%Q") == [str(2 ** 31)], "going before others is for operators"
    for words in (["update", f"JobId={job}", "Comment=mine"], ["top", job], ["write", "batch_script", job, "-"]):
        done = second.run("scontrol", *words)
        assert done.returncode == 1 and DENIED in done.stderr and done.stdout == "", done
    for words in (["TimeLimit=31"], ["TimeLimit+=1"], ["Nice=-1"], [f"Priority={2 ** 31 + 1}"]):
        done = first.run("scontrol", "update", f"JobId={job}", *words)
        assert done.returncode == 1 and DENIED in done.stderr and "only an operator may" in done.stderr, done
    for words in (["reconfigure"], ["update", "PartitionName=main", "State=DOWN"], ["top", job]):
        done = first.run("scontrol", *words)
        assert done.returncode == 1 and DENIED in done.stderr, done
    assert first.ok("scontrol", "update", f"JobId={job}", "TimeLimit=20", "Nice=5") == ""
    assert root_cluster.ok("scontrol", "update", f"JobId={job}", "TimeLimit=40") == ""
    assert first.show(job)["TimeLimit"] == "00:40:00"
    first.ok("scancel", job)
