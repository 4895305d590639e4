"""Programs around jobs, on the node and on the controller: when they run, what they are told, what their failure does."""
import os
import pwd

import pytest
from conftest import process_lives, wait_gone, wait_until
from site_programs import Programs, node_reason, node_state


@pytest.fixture
def programs():
    made = Programs()
    yield made
    made.remove()


def test_on_the_node(programs, clusters):
    programs.script("prolog.d/20-b", 'echo "b $SLURM_JOB_ID" >>$D/order; echo seen >$D/stdin; cat >>$D/stdin')
    programs.script("prolog.d/10-a", 'echo "a $SLURM_JOB_ID" >>$D/order; env >$D/prolog.env; pwd >$D/pwd')
    programs.script("prolog.d/.hidden", "echo hidden >>$D/order")
    epilog = programs.script("epilog", 'env >$D/epilog.env; echo "e $SLURM_JOB_ID" >>$D/order')
    cluster = clusters(nodes=1, gpus=2, conf=f"Prolog={programs.dir}/prolog.d/*\nEpilog={epilog}")
    job = cluster.sbatch("-J", "named", "--gpus-per-node=1", "--export=ALL,SECRET=1",
                         script=f'echo "job" >>{programs.dir}/order; (sleep 1000 & echo $! >child); exit 3')
    cluster.wait_state(job, "FAILED")
    assert programs.lines("order") == [f"a {job}", f"b {job}", "job", f"e {job}"]
    assert programs.lines("pwd") == ["/"] and programs.lines("stdin") == ["seen"]
    assert not process_lives((cluster.work / "child").read_text())
    me = pwd.getpwuid(os.geteuid())
    prolog, epilog = programs.variables("prolog.env"), programs.variables("epilog.env")
    for env, context in ((prolog, "prolog_slurmd"), (epilog, "epilog_slurmd")):
        assert env["SLURM_JOB_ID"] == env["SLURM_JOBID"] == job
        assert (env["SLURM_JOB_USER"], env["SLURM_JOB_UID"], env["SLURM_JOB_GID"]) == (me.pw_name, str(me.pw_uid),
                                                                                   str(me.pw_gid))
        assert (env["SLURM_JOB_PARTITION"], env["SLURM_JOB_NAME"]) == ("main", "named")
        assert (env["SLURMD_NODENAME"], env["SLURM_JOB_NODELIST"], env["SLURM_CLUSTER_NAME"]) == ("n1", "n1", "mini")
        assert env["SLURM_SCRIPT_CONTEXT"] == context
        assert env["SLURM_JOB_GPUS"] == env["CUDA_VISIBLE_DEVICES"] == "0"
        assert env["PATH"] == "/usr/sbin:/usr/bin:/sbin:/bin"
        assert "SECRET" not in env and "HOME" not in env
    assert (epilog["SLURM_JOB_EXIT_CODE"], epilog["SLURM_JOB_EXIT_CODE2"]) == ("768", "3:0")


def test_a_user_does_not_choose_what_they_are_told(programs, clusters):
    prolog = programs.script("prolog", "env >$D/prolog.env")
    cluster = clusters(nodes=1, conf=f"Prolog={prolog}")
    cluster.completed("--export=ALL,SLURM_JOB_GPUS=5,CUDA_VISIBLE_DEVICES=6,ROCR_VISIBLE_DEVICES=7,SLURM_CONF=/mine",
                      script="#SBATCH --comment=" + "x" * 200000 + "\n")
    env = programs.variables("prolog.env")
    assert not {"SLURM_JOB_GPUS", "CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"} & set(env), "it has no GPU"
    assert env["SLURM_CONF"] != "/mine"
    assert len(env["SLURM_JOB_COMMENT"]) == 65536, "what the kernel does not pass on would drain the node"


def test_a_prolog_that_fails_drains_its_node_and_the_job_runs_elsewhere(programs, clusters):
    prolog = programs.script("prolog", '[ $SLURMD_NODENAME != n1 ] || { echo "no scratch"; exit 1; }')
    epilog = programs.script("epilog", "echo $SLURMD_NODENAME >>$D/epilogs")
    cluster = clusters(nodes=2, conf=f"Prolog={prolog}\nEpilog={epilog}")
    job = cluster.completed(script="echo $SLURMD_NODENAME")
    assert cluster.output(job) == "n2\n"
    assert cluster.acct(job, "State,NodeList", "-D") == [["COMPLETED", "n2"]], "it never ran on n1"
    assert node_state(cluster) == "drained"
    assert node_reason(cluster)[0] == f"Prolog error: {prolog} exited with code 1: no scratch (job {job})"
    assert programs.lines("epilogs") == ["n1", "n2"], "what a prolog has begun, the epilog undoes"


def test_one_job_does_not_drain_all_nodes(programs, clusters):
    prolog = programs.script("prolog", "exit 7")
    cluster = clusters(nodes=4, conf=f"Prolog={prolog}")
    job = cluster.sbatch()
    wait_until(lambda: cluster.squeue(job, "%r") == ["JobHeldAdmin"], lambda: f"it is held\n{cluster.log_tails()}")
    assert cluster.ok("sinfo", "-h", "-t", "drain", "-o", "%D") == "2\n"


def test_an_epilog_that_fails_drains_and_the_job_is_what_it_was(programs, clusters):
    epilog = programs.script("epilog", "exit 2")
    cluster = clusters(nodes=1, conf=f"Epilog={epilog}")
    job = cluster.completed()
    assert node_reason(cluster)[0] == f"Epilog error: {epilog} exited with code 2 (job {job})"
    assert cluster.acct_one(job, "State,ExitCode") == ["COMPLETED", "0:0"]


def test_one_that_takes_too_long_is_ended_with_what_it_started(programs, clusters):
    prolog = programs.script("prolog", "sleep 1000 & echo $! >$D/pid; wait")
    cluster = clusters(nodes=1, conf=f"Prolog={prolog}\nPrologEpilogTimeout=1")
    job = cluster.sbatch()
    wait_until(lambda: node_state(cluster) == "drained", lambda: f"n1 is drained\n{cluster.log_tails()}")
    assert node_reason(cluster)[0] == f"Prolog error: {prolog} took more than 1 s (PrologEpilogTimeout) (job {job})"
    wait_gone(programs.lines("pid")[0])
    assert cluster.state(job) == "PENDING"


def test_a_job_is_cancelled_during_its_prolog(programs, clusters):
    prolog = programs.script("prolog", "sleep 1000 & echo $! >$D/pid; wait")
    epilog = programs.script("epilog", "echo e >>$D/epilogs")
    cluster = clusters(nodes=1, conf=f"Prolog={prolog}\nEpilog={epilog}\nKillWait=2")
    job = cluster.sbatch(script="touch ran")
    wait_until(lambda: programs.lines("pid"), "the prolog runs")
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")
    wait_gone(programs.lines("pid")[0])
    assert not (cluster.work / "ran").exists() and programs.lines("epilogs") == ["e"]
    assert node_state(cluster) == "idle"


def test_the_agent_dies_while_a_prolog_runs(programs, clusters):
    prolog = programs.script("prolog", "echo p >>$D/runs; until [ -e $D/go ]; do sleep 0.05; done")
    cluster = clusters(nodes=1, conf=f"Prolog={prolog}")
    job = cluster.sbatch(script="echo run >>runs")
    wait_until(lambda: programs.lines("runs"), "the prolog runs")
    cluster.kill9("n1")
    cluster.start("n1")
    programs.note("go")
    cluster.wait_state(job, "COMPLETED")
    assert programs.lines("runs") == ["p"] and (cluster.work / "runs").read_text() == "run\n"


def test_on_the_controller(programs, clusters):
    prolog = programs.script("prolog", "env >$D/prolog.env; until [ -e $D/go ]; do sleep 0.05; done")
    epilog = programs.script("epilog", "env >$D/epilog.new; mv $D/epilog.new $D/epilog.env")
    cluster = clusters(nodes=1, conf=f"PrologSlurmctld={prolog}\nEpilogSlurmctld={epilog}")
    job = cluster.sbatch("-J", "named", script="exit 4")
    cluster.wait_state(job, "CONFIGURING")
    assert cluster.ok("squeue", "-h", "-t", "CF", "-o", "%i %t %N") == f"{job} CF n1\n"
    assert cluster.show(job)["JobState"] == "CONFIGURING"
    other = cluster.sbatch(script="true")  # the controller waits for nobody
    cluster.wait_state(other, "CONFIGURING")
    programs.note("go")
    cluster.wait_state(job, "FAILED")
    env = programs.variables("prolog.env")
    assert env["SLURM_SCRIPT_CONTEXT"] == "prolog_slurmctld" and env["SLURM_JOB_NODELIST"] == "n1"
    assert "HOME" not in env and env["PATH"] == "/usr/sbin:/usr/bin:/sbin:/bin"
    wait_until(lambda: programs.variables("epilog.env").get("SLURM_JOB_ID") in (job, other), "the epilog ran")
    cluster.wait_state(other, "COMPLETED")


def test_the_controllers_prolog_fails(programs, clusters):
    prolog = programs.script("prolog", "echo x >>$D/runs; echo no licence; exit 1")
    cluster = clusters(nodes=1, conf=f"PrologSlurmctld={prolog}")
    job = cluster.sbatch()
    wait_until(lambda: cluster.squeue(job, "%T %r") == ["PENDING JobHeldAdmin"], lambda: f"held\n{cluster.log_tails()}")
    assert len(programs.lines("runs")) == 5 and node_state(cluster) == "idle"
    programs.script("prolog", "exit 0")
    cluster.ok("scontrol", "release", job)
    cluster.wait_state(job, "COMPLETED")


def test_the_controller_dies_while_its_prolog_runs(programs, clusters):
    prolog = programs.script("prolog", "echo x >>$D/runs; until [ -e $D/go ]; do sleep 0.05; done")
    cluster = clusters(nodes=1, conf=f"PrologSlurmctld={prolog}")
    job = cluster.sbatch(script="echo run >>runs")
    cluster.wait_state(job, "CONFIGURING")
    cluster.kill9("ctld")
    cluster.start("ctld")
    cluster.wait_state(job, "CONFIGURING")
    assert not (cluster.work / "runs").exists()
    programs.note("go")
    cluster.wait_state(job, "COMPLETED")
    assert (cluster.work / "runs").read_text() == "run\n"


def test_a_job_is_cancelled_while_the_controller_prepares_it(programs, clusters):
    prolog = programs.script("prolog", "sleep 1000 & echo $! >$D/pid; wait")
    cluster = clusters(nodes=1, conf=f"PrologSlurmctld={prolog}")
    job = cluster.sbatch(script="touch ran")
    wait_until(lambda: programs.lines("pid"), "the prolog runs")
    cluster.ok("scancel", job)
    cluster.wait_state(job, "CANCELLED")
    wait_gone(programs.lines("pid")[0])
    assert not (cluster.work / "ran").exists()


def test_in_root_mode_they_are_the_nodes_and_the_controllers(people, programs, clusters):
    """The job is its user's; what is around it is root's on the node, and the service user's on the controller."""
    prolog = programs.script("prolog", "id -un >$D/prolog.who; umask 077; echo root >$D/secret")
    epilog = programs.script("epilog", "id -un >$D/epilog.who; echo $SLURM_JOB_USER >$D/epilog.user")
    first = programs.script("ctldprolog", "id -un >$D/ctldprolog.who")
    cluster = clusters(nodes=1, options=["--root"], conf=f"Prolog={prolog}\nEpilog={epilog}\nPrologSlurmctld={first}")
    user = people[0]
    job = cluster.run(*user.prefix, "sbatch", "--parsable", "-o", "/dev/null", "--wrap",
                      f"id -un >{programs.dir}/job.who; cat {programs.dir}/secret >{programs.dir}/stolen", cwd=user.home)
    assert job.returncode == 0, job
    wait_until(lambda: programs.lines("epilog.user"), lambda: f"the epilog runs\n{cluster.log_tails()}")
    assert [programs.lines(f"{name}.who") for name in ("prolog", "job", "epilog")] == [["root"], [user.name], ["root"]]
    assert programs.lines("ctldprolog.who") == ["moisson"]
    assert programs.lines("epilog.user") == [user.name] and programs.lines("stolen") == []
