"""The machine goes down and comes back: with jobs on it and unasked, then because the controller was asked for it."""
from conftest import NODE, boot_id, keep, kept, sh, unit, wait_until


def all_up():
    for name in ("moissonctld", "moissond", "moisson-jobs"):
        wait_until(lambda: unit(name, "ActiveState") == "active", f"{name} is active")


def test_before(ada):
    keep("boot", boot_id())
    stays = ada.sbatch(script="echo begun; sleep 1000; echo survived")
    again = ada.sbatch("--requeue", script="echo begun $SLURM_RESTART_COUNT; [ -n \"$SLURM_RESTART_COUNT\" ] || sleep 1000")
    waits = ada.sbatch("--hold", script="echo begun")
    for job in (stays, again):
        ada.wait_state(job, "RUNNING")
        wait_until(lambda: "begun" in ada.output(job), f"job {job} has begun")
    keep("jobs", f"{stays} {again} {waits}")


def test_after(ada):
    assert boot_id() != kept("boot")
    all_up()
    stays, again, waits = kept("jobs").split()
    ada.wait_ended(stays)
    state, reason = ada.acct_one(stays, "State,Reason")
    assert state == "NODE_FAIL", (state, reason)
    assert "shut down" in reason or "reboot" in reason, reason
    assert "survived" not in ada.output(stays)
    ada.wait_node("down")  # nobody had asked for it: an operator looks first
    assert "unexpectedly rebooted" in ada.ok("sinfo", "-h", "-o", "%E")
    sh("scontrol", "update", f"NodeName={NODE}", "State=RESUME")
    ada.wait_state(again, "COMPLETED")
    assert ada.output(again).splitlines()[-1].startswith("begun 1")
    assert [row[0] for row in ada.acct(again, "State", "--duplicates")] == ["NODE_FAIL", "COMPLETED"]
    assert ada.state(waits) == "PENDING"
    ada.ok("scontrol", "release", waits)
    ada.wait_state(waits, "COMPLETED")
    ada.wait_node("idle")
    assert not sh("ps", "-u", "ada", "-o", "pid=", check=False)


def test_asked(ada):
    keep("boot", boot_id())
    runs = ada.sbatch(script="echo begun; while [ ! -e reboot-now ]; do sleep 0.2; done")
    ada.wait_state(runs, "RUNNING")
    sh("scontrol", "reboot", "ASAP", "nextstate=RESUME", "reason=new kernel", NODE)
    waits = ada.sbatch(script="cat /proc/sys/kernel/random/boot_id")
    assert ada.state(runs) == "RUNNING" and ada.state(waits) == "PENDING"
    ada.ok("touch", "reboot-now")
    ada.wait_state(runs, "COMPLETED")
    keep("waits", waits)


def test_asked_after(ada):
    assert boot_id() != kept("boot")
    all_up()
    waits = kept("waits")
    ada.wait_state(waits, "COMPLETED")  # nobody had to say anything
    assert ada.output(waits).strip() == boot_id()
    ada.wait_node("idle")
