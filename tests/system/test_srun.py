"""srun inside a job: one task on the script's node, recorded as a step."""
import json
import os
import re
import signal
import socket
import subprocess

import pytest
from conftest import DEADLINE, wait_until

CLUSTER = {"nodes": 2, "cpus": 4, "conf": "KillWait=2"}
LATER = "more of srun is not available yet"


def steps(cluster, job, fields="JobID,State,ExitCode"):
    """Rows of the job's numbered steps."""
    rows = [line.split("|") for line in cluster.ok("sacct", "-n", "-P", "-j", job, "-o", f"JobID,{fields}").splitlines()]
    return [row[1:] for row in rows if re.fullmatch(r"\S+\.\d+", row[0])]


# --- the task


def test_exit_codes_and_words(cluster):
    job = cluster.completed(script="""srun true; echo a $?
        srun -n1 sh -c 'exit 3'; echo b $?
        srun sh -c 'kill -9 $$'; echo c $?
        srun sh -c 'kill -TERM $$'; echo d $?
        srun no-such-program; echo e $?
        srun /etc/passwd; echo f $?""")
    node = cluster.show(job)["BatchHost"]
    assert cluster.output(job).splitlines() == [
        "a 0", f"srun: error: {node}: task 0: Exited with exit code 3", "b 3",
        f"srun: error: {node}: task 0: Killed", "c 137",
        f"srun: error: {node}: task 0: Terminated", "d 143",
        "slurmstepd: error: execve(): no-such-program: No such file or directory",
        f"srun: error: {node}: task 0: Exited with exit code 2", "e 2",
        "slurmstepd: error: execve(): /etc/passwd: Permission denied",
        f"srun: error: {node}: task 0: Exited with exit code 13", "f 13"]


def test_words_and_input_arrive_as_they_are(cluster):
    job = cluster.completed(script=r"""printf 'one\ntwo' | srun -n1 --cpu-bind=q --cpus-per-task=1 cat; echo
        srun printf '<%s>\n' 'a b' '' '*' ';' '[x=1]' --label -n9
        echo 'echo from stdin' | srun -n1 sh -s
        echo unread | srun --input none wc -c
        echo 'in a file' >input.txt; srun -i input.txt cat
        while read -r line; do srun echo $line </dev/null; done <<END
1
2
END""")
    assert cluster.output(job).splitlines() == ["one", "two", "<a b>", "<>", "<*>", "<;>", "<[x=1]>", "<--label>", "<-n9>",
                                                "from stdin", "0", "in a file", "1", "2"]


def test_a_task_knows_its_step_and_is_in_its_job(cluster):
    job = cluster.completed("-c", "2", script="""srun true
        srun -c1 --export=ALL,COLOUR=red env; cat /proc/self/cgroup >batch.cgroup; srun cat /proc/self/cgroup >step.cgroup""")
    env = dict(line.split("=", 1) for line in cluster.output(job).splitlines() if "=" in line)
    node = cluster.show(job)["BatchHost"]
    wanted = {"SLURM_JOB_ID": job, "SLURM_STEP_ID": "1", "SLURM_STEPID": "1", "SLURM_PROCID": "0", "SLURM_LOCALID": "0",
              "SLURM_NODEID": "0", "SLURM_NTASKS": "1", "SLURM_NPROCS": "1", "SLURM_STEP_NUM_TASKS": "1",
              "SLURM_STEP_NUM_NODES": "1", "SLURM_STEP_NODELIST": node, "SLURM_CPUS_PER_TASK": "1", "COLOUR": "red",
              "SLURMD_NODENAME": node}
    assert {name: env.get(name) for name in wanted} == wanted
    assert env["SLURM_TASK_PID"].isdigit() and env["SLURM_SRUN_COMM_HOST"]
    assert (cluster.work / "batch.cgroup").read_text() == (cluster.work / "step.cgroup").read_text()


def test_labels_and_files(cluster):
    job = cluster.completed("-J", "lab", script="""srun -l printf 'x\\ny\\n'
        srun -o step-%J-%4t-%s-%N-%x-%a.out sh -c 'echo out; echo err >&2'
        srun -o o-%j.txt -e e-%j.txt -l sh -c 'echo out; echo err >&2'
        srun -o o-%j.txt --open-mode=append echo more
        srun -o none -e none sh -c 'echo lost; echo lost >&2'
        mkdir sub; srun -D sub -o here sh -c 'basename "$PWD"'
        srun -D nowhere true; echo $?; srun -o no/where true; echo $?""")
    node = cluster.show(job)["BatchHost"]
    read = lambda name: (cluster.work / name).read_text()
    assert read(f"step-{job}.1-0000-1-{node}-lab-4294967294.out") == "out\nerr\n"
    assert read(f"o-{job}.txt") == "0: out\nmore\n"
    assert read(f"e-{job}.txt") == "0: err\n"
    assert read("sub/here") == "sub\n"
    lines = cluster.output(job).splitlines()
    assert lines[:2] == ["0: x", "0: y"]
    assert lines[2] == "srun: error: cannot change to directory nowhere: No such file or directory"
    assert lines[4] == "1" and lines[5].startswith("srun: error: cannot open no/where: ") and lines[-1] == "1"


def test_array_tasks_in_file_names(cluster):
    job = cluster.sbatch("--array=3", script="srun --unbuffered --output %A_%a_%t_log.out echo submitit")
    cluster.wait_state(job, "COMPLETED")
    assert (cluster.work / f"{job}_3_0_log.out").read_text() == "submitit\n"
    assert [row[0] for row in steps(cluster, job)] == [f"{job}_3.0"]


def test_steps_in_the_background_run_side_by_side(cluster):
    """Each waits for a mark of the other: one after the other they would wait for ever."""
    meet = "touch met.$1; until [ -e met.$2 ]; do sleep 0.05; done"
    job = cluster.completed("-c", "2", script=f"""srun --exclusive -n1 -c1 sh -c '{meet}' - a b &
        srun --exact -n1 -c1 sh -c '{meet}' - b a &
        wait""")
    assert sorted(steps(cluster, job)) == [[f"{job}.{i}", "COMPLETED", "0:0"] for i in range(2)]


def test_ids_of_many_at_once_are_all_different(cluster):
    job = cluster.completed(script="for i in $(seq 20); do srun sh -c 'echo $SLURM_STEP_ID' & done; wait")
    assert sorted(map(int, cluster.output(job).split())) == list(range(20))
    assert [row[0] for row in steps(cluster, job)] == [f"{job}.{i}" for i in range(20)]


def test_exact_steps_wait_for_cpus_of_their_own(cluster):
    job = cluster.completed("-c", "2", script="""srun --exact -c2 sh -c 'touch has; until [ -e waits ]; do sleep 0.05; done; echo first' &
        until [ -e has ]; do sleep 0.05; done
        srun --exact -c1 echo second 2>waiting & other=$!
        until grep -q disabled waiting; do sleep 0.05; done; touch waits
        wait""")
    assert cluster.output(job).split() == ["first", "second"]
    assert f"srun: Job {job} step creation temporarily disabled, retrying (Requested nodes are busy)" in \
        (cluster.work / "waiting").read_text()


def test_signals_reach_the_task_once(cluster):
    job = cluster.sbatch(script="""srun sh -c 'trap "echo usr1" USR1; trap "echo term; exit 5" TERM; touch ready; while :; do sleep 0.05; done' &
        until [ -e ready ]; do sleep 0.05; done
        echo $! >srun.pid; trap : USR1
        wait $!; while [ $? -gt 128 ]; do wait $!; done; wait $!; echo $?""")
    pid = int(cluster.wait_file("srun.pid"))
    out = cluster.work / f"slurm-{job}.out"
    os.kill(pid, signal.SIGUSR1)
    wait_until(lambda: out.read_text().count("usr1") == 1, lambda: f"USR1 is passed on: {out.read_text()}")
    cluster.ok("scancel", "--signal=USR1", job)  # to all processes but the script: the task has it by itself
    wait_until(lambda: out.read_text().count("usr1") == 2, lambda: f"USR1 arrives: {out.read_text()}")
    os.kill(pid, signal.SIGTERM)
    cluster.wait_state(job, "COMPLETED")
    text = out.read_text()
    assert text.count("usr1") == 2 and "term" in text and "task 0: Exited with exit code 5" in text
    assert steps(cluster, job, "ExitCode") == [["5:0"]]


def test_a_time_limit_of_its_own(cluster):
    job = cluster.completed(script="srun -t 0:1 sleep 600; echo $?; srun true")
    assert re.search(rf"^slurmstepd: error: \*\*\* STEP {job}\.0 ON n\d CANCELLED AT \S+ DUE TO TIME LIMIT \*\*\*$",
                     cluster.output(job), re.M)
    assert "143" in cluster.output(job).split()
    assert steps(cluster, job, "State") == [["CANCELLED"], ["COMPLETED"]]


def test_cpus_of_a_job_that_is_bound(clusters):
    if len(os.sched_getaffinity(0)) < 2 or len(os.sched_getaffinity(0)) != os.cpu_count():
        pytest.skip("jobs are bound where a node is all of a host with two CPUs or more")
    cluster = clusters(nodes=1, cpus=os.cpu_count())
    allowed = "grep Cpus_allowed_list /proc/self/status | cut -f2"
    job = cluster.completed("-c", "2", script=f"{allowed}; srun -c1 sh -c '{allowed}'; srun sh -c '{allowed}'; "
                                              f"srun -c1 --cpu-bind=none sh -c '{allowed}'")
    mine, one, all_of_it, unbound = cluster.output(job).split()
    if os.cpu_count() > 2 and mine == f"0-{os.cpu_count() - 1}":
        pytest.skip("this node does not bind its jobs: its cores and threads are not in the configuration")
    assert mine == all_of_it == unbound
    assert one.isdigit() and one in re.split("[-,]", mine)


# --- what is known of it


def test_records(cluster):
    job = cluster.completed("-c", "2", "-J", "outer", script="""srun -J 'my step' -c1 true; srun sh -c 'exit 7'
        srun sleep 600 & until [ -n "$(squeue -h -s -o %j ${SLURM_JOB_ID}.2)" ]; do sleep 0.1; done""")
    rows = steps(cluster, job, "JobID,JobName,State,ExitCode,NCPUS,NTasks")
    assert rows == [[f"{job}.0", "my step", "COMPLETED", "0:0", "1", "1"], [f"{job}.1", "sh", "FAILED", "7:0", "2", "1"],
                    [f"{job}.2", "sleep", "CANCELLED", "0:15", "2", "1"]]
    assert steps(cluster, job, "MaxRSS")[0][0].endswith("K")
    assert cluster.ok("sacct", "-n", "-P", "-j", f"{job}.1", "-o", "JobID,Elapsed").startswith(f"{job}.1|00:00:0")
    assert cluster.acct(job, "JobID") == [[job]]  # -X
    assert len(steps(cluster, job, "State")) == 3
    told = json.loads(cluster.ok("sacct", "--json", "-j", job))["jobs"][0]["steps"]
    assert [(s["id"], s["name"], s["exit_code"]["return_code"]) for s in told] == [(0, "my step", 0), (1, "sh", 7), (2, "sleep", 0)]
    cluster.kill9("ctld")
    cluster.start("ctld")
    assert steps(cluster, job, "JobID,JobName,State,ExitCode,NCPUS,NTasks") == rows


def test_steps_that_run_are_listed(cluster):
    job = cluster.sbatch(script="srun -J nap sleep 600")
    name = lambda *words: [line.split() for line in cluster.ok("squeue", "-h", "-s", "-o", "%i %j %u", *words).splitlines()]
    wait_until(lambda: len(name()) == 2, lambda: f"both steps are listed: {name()}")
    me = cluster.ok("id", "-un").strip()
    assert name() == [[f"{job}.batch", "batch", me], [f"{job}.0", "nap", me]]
    assert name(f"--steps={job}.0") == name(f"{job}.0") == [[f"{job}.0", "nap", me]]
    assert cluster.ok("squeue", "-s").split()[:6] == ["STEPID", "NAME", "PARTITION", "USER", "TIME", "NODELIST"]
    assert [row[0] for row in name("--steps", f"{job}")] == [f"{job}.batch", f"{job}.0"]
    shown = cluster.ok("scontrol", "-o", "show", "step", f"{job}.0")
    assert shown.startswith(f"StepId={job}.0 ") and " State=RUNNING " in shown and " Name=nap " in shown
    assert steps(cluster, job, "State,End") == [["RUNNING", "Unknown"]]
    gone = cluster.run("scontrol", "show", "step", f"{job}.9")
    assert (gone.returncode, gone.stdout) == (1, f"Job step {job}.9 not found\n")
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")
    assert steps(cluster, job, "State") == [["CANCELLED"]]


@pytest.mark.parametrize("away", [["ctld"], ["ctld", "n1.agent"]])
def test_steps_run_and_are_recorded_while_the_controller_is_away(clusters, away):
    cluster = clusters(nodes=1)
    job = cluster.sbatch(script="""touch up; until [ -e go ]; do sleep 0.05; done
        for i in 1 2 3; do srun sh -c "echo $i \\$SLURM_STEP_ID"; done; srun sh -c 'exit 4'; touch done
        until [ -e end ]; do sleep 0.05; done""")
    cluster.wait_state(job, "RUNNING")
    wait_until(lambda: (cluster.work / "up").exists(), "the script runs")
    for name in away:
        cluster.kill9(name)
    (cluster.work / "go").touch()
    wait_until(lambda: (cluster.work / "done").exists(), "the steps have run")
    (cluster.work / "end").touch()
    assert cluster.output(job).splitlines()[:3] == ["1 0", "2 1", "3 2"]
    cluster.start("ctld")
    cluster.wait_state(job, "COMPLETED")
    assert steps(cluster, job) == [[f"{job}.{i}", "COMPLETED", "0:0"] for i in range(3)] + [[f"{job}.3", "FAILED", "4:0"]]


def test_a_step_outlives_its_nodes_daemons(clusters):
    cluster = clusters(nodes=1)
    job = cluster.sbatch(script="srun sh -c 'until [ -e end ]; do sleep 0.05; done; exit 6'; echo $?; until [ -e over ]; do sleep 0.05; done")
    wait_until(lambda: len(steps(cluster, job)) == 1, "the step is known")
    cluster.kill9("n1")
    cluster.start("n1")
    (cluster.work / "end").touch()
    wait_until(lambda: steps(cluster, job) == [[f"{job}.0", "FAILED", "6:0"]], "its end is known")
    (cluster.work / "over").touch()
    cluster.wait_state(job, "COMPLETED")
    assert cluster.output(job).split()[-1] == "6"


def test_a_step_of_a_lost_controller_is_not_begun_twice(clusters):
    """The agent says everything again in each session; what is known stays as it is."""
    cluster = clusters(nodes=1)
    job = cluster.sbatch(script="srun true; srun sh -c 'touch runs; until [ -e end ]; do sleep 0.05; done'")
    wait_until(lambda: len(steps(cluster, job)) == 2, "both steps are known")
    for _ in range(2):
        cluster.kill9("ctld")
        cluster.start("ctld")
    wait_until(lambda: cluster.state(job) == "RUNNING", "the node is back")
    (cluster.work / "end").touch()
    cluster.wait_state(job, "COMPLETED")
    assert steps(cluster, job) == [[f"{job}.{i}", "COMPLETED", "0:0"] for i in range(2)]


# --- refusals


REFUSED = [
    ("-n4", LATER), ("-N2 -n2", "2 nodes asked, the job has 1"), ("--ntasks-per-node=2", LATER), ("-w n9", LATER),
    ("--jobid=999999", LATER), ("--pty", LATER), ("--multi-prog", LATER), ("--mpi=pmix", LATER),
    ("-c 99", "More processors requested than permitted"), ("--cpu-bind=foo", "Invalid --cpu-bind argument: foo"),
    ("--gpus=1", "1 GPUs asked, the job has 0"), ("--no-such-option", "unrecognized option '--no-such-option'"),
    ("-t soon", "--time"), ("--open-mode=x", "--open-mode"),
]


def test_what_is_not_there_is_refused(cluster):
    lines = [f"srun {option} touch started 2>refusal.{i}; echo $?" for i, (option, _) in enumerate(REFUSED)]
    job = cluster.completed(script="\n".join([*lines, "srun 2>refusal.none; echo $?"]))
    assert cluster.output(job).split() == ["1"] * (len(REFUSED) + 1)
    for i, (option, words) in enumerate(REFUSED):
        text = (cluster.work / f"refusal.{i}").read_text()
        assert words in text and text.startswith("srun: "), (option, text)
        assert "fix: " in text or "--help" in text, (option, text)
    assert "No command given to execute." in (cluster.work / "refusal.none").read_text()
    assert not (cluster.work / "started").exists()
    assert steps(cluster, job) == []


def test_tasks_of_the_job_are_not_quietly_one(cluster):
    job = cluster.completed("-n", "2", script="srun true 2>two; echo $?; srun -n1 true; echo $?")
    assert cluster.output(job).split() == ["1", "0"]
    assert "2 tasks asked" in (cluster.work / "two").read_text()


def test_outside_a_job(cluster):
    done = cluster.run("srun", "touch", "outside")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("srun: error: ") and LATER in done.stderr and "sbatch" in done.stderr
    job = cluster.completed(script="env | grep -E '^(SLURM|MOISSON)_' >env.txt")
    old = dict(line.split("=", 1) for line in (cluster.work / "env.txt").read_text().splitlines())
    spool = cluster.dir / "spool" / cluster.show(job)["BatchHost"] / "attempts" / f"{job}.1"
    wait_until(lambda: not spool.exists(), "the node has forgotten the job")
    done = cluster.run("srun", "touch", "outside", env=old)
    assert done.returncode == 1 and "it has ended" in done.stderr
    assert not (cluster.work / "outside").exists()
    assert cluster.ok("srun", "--version").startswith("slurm ")
    assert "Examples:" in cluster.ok("srun", "--help")


def report(spool, raw, attempt, step=0, prefix=()):
    """What the agent says to a report, from a process of its own (`prefix`: as another user)."""
    news = bytes([0x0a, 4, 0x08, raw, 0x10, attempt, 0x12, 2, 0x08, step])
    program = ("import socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(''); s.settimeout(60)\n"
               "s.sendto(bytes.fromhex(sys.argv[2]), sys.argv[1]); print(s.recv(1000).decode())")
    return subprocess.check_output([*prefix, "/usr/bin/python3", "-c", program, f"{spool}/steps.sock", news.hex()], text=True,
                                   timeout=DEADLINE).strip()


def test_reports_of_what_does_not_run_are_refused_in_words(clusters):
    cluster = clusters(nodes=1)
    spool = cluster.dir / "spool" / "n1"
    job = cluster.sbatch(script="sleep 600")
    cluster.wait_state(job, "RUNNING")
    assert report(spool, int(job), 1) == ""
    assert report(spool, int(job), 1) == "this step was reported before"
    assert report(spool, int(job), 2) == "this job does not run here, or has ended"
    assert report(spool, 99, 1) == "this job does not run here, or has ended"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind("")
        s.settimeout(DEADLINE)
        s.sendto(b"\xff\xff nonsense", str(spool / "steps.sock"))
        assert s.recv(1000) == b"the report cannot be read"
    wait_until(lambda: len(steps(cluster, job)) == 1, "the one report arrives")
    cluster.ok("scancel", job)
    cluster.wait_ended(job)


def test_nobody_reports_steps_of_others(root_cluster, people):
    first = root_cluster.as_user(people[0])
    job = first.sbatch(script="srun sleep 600")
    wait_until(lambda: len(steps(first, job)) == 1, "the step is known")
    spool = root_cluster.dir / "spool" / first.show(job)["BatchHost"]
    assert "another user's job" in report(spool, int(job), 1, 7, people[1].prefix)
    assert report(spool, int(job), 1, 7, people[0].prefix) == ""
    assert report(spool, int(job), 1, 8) == ""  # root
    wait_until(lambda: len(steps(first, job)) == 3, "what its owner and root said")
    first.ok("scancel", job)
    first.wait_state(job, "CANCELLED")
    assert [row[0] for row in steps(first, job)] == [f"{job}.0", f"{job}.7", f"{job}.8"]
