"""Advance reservations, as an operator makes them and as users meet them."""
import json
import os
import pwd

CLUSTER = {"nodes": 3, "cpus": 2, "conf": "KillWait=2\nLicenses=fluent:4"}
ME = pwd.getpwuid(os.getuid()).pw_name


def create(cluster, name, *words):
    out = cluster.ok("scontrol", "create", "reservation", f"ReservationName={name}", *words)
    assert out == f"Reservation created: {name}\n"


def gone(cluster, *names):
    for name in names:
        cluster.ok("scontrol", "delete", "reservation", name)


def reason(cluster, job):
    return cluster.squeue(job, "%r")[0]


def test_who_may_use_it_does_and_others_keep_off(cluster):
    create(cluster, "course", "StartTime=now", "Duration=10", f"Users={ME}", "Nodes=n1")
    inside = cluster.sbatch("--reservation=course", script="echo $SLURM_JOB_RESERVATION on $SLURM_JOB_NODELIST")
    outside = cluster.sbatch("-w", "n1", script="true")
    cluster.wait_state(inside, "COMPLETED")
    assert (cluster.work / f"slurm-{inside}.out").read_text() == "course on n1\n"
    assert reason(cluster, outside) == "ReqNodeNotAvail, May be reserved for other job"
    assert cluster.ok("sinfo", "-h", "-N", "-o", "%N %T %t", "-n", "n1") == "n1 reserved resv\n"
    assert "State=IDLE+RESERVED " in cluster.ok("scontrol", "show", "node", "n1")
    assert f"Reservation=course\n" in cluster.ok("scontrol", "show", "job", inside)
    assert cluster.ok("sacct", "-n", "-P", "-X", "-j", inside, "-o", "Reservation") == "course\n"
    gone(cluster, "course")
    cluster.wait_state(outside, "COMPLETED")


def test_nobody_starts_who_would_reach_into_it(cluster):
    create(cluster, "repair", "StartTime=now+600", "Duration=10", f"Users={ME}", "Nodes=ALL", "Flags=MAINT")
    longer, shorter = cluster.sbatch("-t", "20"), cluster.sbatch("-t", "5")
    cluster.wait_state(shorter, "COMPLETED")
    assert reason(cluster, longer) == "ReqNodeNotAvail, Reserved for maintenance"
    cluster.ok("scontrol", "update", f"JobId={longer}", "TimeLimit=5")
    cluster.wait_state(longer, "COMPLETED")
    gone(cluster, "repair")


def test_its_end_is_the_end_of_its_jobs(cluster):
    create(cluster, "short", "StartTime=now", "Duration=10", f"Users={ME}", "Nodes=n2")
    runs = cluster.sbatch("--reservation=short", "-t", "60", script="sleep 1000")
    cluster.wait_state(runs, "RUNNING")
    waits = cluster.sbatch("--reservation=short", "--begin=now+1hour")
    done = cluster.run("scontrol", "delete", "reservation", "short")
    assert done.returncode == 1 and done.stderr.startswith("delete_reservation reservation: Requested reservation is in use\n")
    cluster.kill9("ctld")
    cluster.start("ctld")
    assert cluster.ok("scontrol", "update", "ReservationName=short", "Duration=0") == "Reservation updated.\n"
    cluster.wait_state(runs, "TIMEOUT")
    assert reason(cluster, waits) == "ReservationDeleted"
    assert "short" not in cluster.ok("scontrol", "show", "reservations")
    cluster.ok("scontrol", "release", waits)
    cluster.ok("scontrol", "update", f"JobId={waits}", "StartTime=now")
    cluster.wait_state(waits, "COMPLETED")


def test_it_is_shown_as_slurm_shows_it(cluster):
    assert cluster.ok("sinfo", "-T") == "No reservations in the system\n"
    assert cluster.ok("scontrol", "-a", "show", "-o", "reservations") == "No reservations in the system\n"
    create(cluster, "r", "StartTime=2040-01-02T03:00:00", "Duration=2:00:00", f"Users={ME}", "NodeCnt=2", "Licenses=fluent:3",
           "Flags=DAILY,IGNORE_JOBS")
    assert cluster.ok("scontrol", "show", "reservation", "r") == f"""\
ReservationName=r StartTime=2040-01-02T03:00:00 EndTime=2040-01-02T05:00:00 Duration=02:00:00
   Nodes=n[1-2] NodeCnt=2 CoreCnt=4 Features=(null) PartitionName=(null) Flags=IGNORE_JOBS,DAILY
   TRES=cpu=4
   Users={ME} Groups=(null) Accounts=(null) Licenses=fluent:3 State=INACTIVE BurstBuffer=(null) Watts=n/a
   MaxStartDelay=(null)

"""
    line = cluster.ok("scontrol", "-a", "show", "-o", "reservations", "r")
    assert line.count("\n") == 1 and " Nodes=n[1-2] " in line and " Flags=IGNORE_JOBS,DAILY " in line
    assert cluster.ok("sinfo", "-T") == """\
RESV_NAME     STATE           START_TIME             END_TIME     DURATION  NODELIST
r          INACTIVE  2040-01-02T03:00:00  2040-01-02T05:00:00     02:00:00  n[1-2]
"""
    row = json.loads(cluster.ok("scontrol", "show", "reservations", "--json"))["reservations"][0]
    assert row["name"] == "r" and row["flags"] == ["IGNORE_JOBS", "DAILY"] and row["node_count"] == 2
    done = cluster.run("scontrol", "show", "reservation", "other")
    assert (done.returncode, done.stdout) == (1, "Reservation other not found\n")
    cluster.ok("scontrol", "update", "ReservationName=r", "Users+=root", "Nodes-=n1", "Flags-=DAILY")
    shown = cluster.ok("scontrol", "show", "reservation", "r")
    assert " NodeCnt=1 " in shown and "Flags=IGNORE_JOBS,SPEC_NODES" in shown
    gone(cluster, "r")


def test_what_is_refused_changes_nothing(cluster):
    create(cluster, "r", "StartTime=now+1hour", "Duration=10", f"Users={ME}", "Nodes=n1")
    before = cluster.ok("scontrol", "show", "reservations")
    for words, said in ((("StartTime=now+1hour", "Duration=5", f"Users={ME}", "Nodes=n[1-2]"),
                         "Requested reservation overlaps with another reservation"),
                        (("StartTime=now+1hour", "Duration=5", f"Users={ME}", "NodeCnt=3"), "Requested nodes are busy"),
                        (("ReservationName=r", "StartTime=now+2hours", "Duration=5", f"Users={ME}", "Nodes=n2"),
                         "Duplicate reservation name")):
        done = cluster.run("scontrol", "create", "reservation", *words)
        assert done.returncode == 1 and done.stderr.startswith(f"Error creating the reservation: {said}\n"), done
    done = cluster.run("scontrol", "update", "ReservationName=r", f"Users-={ME}")
    assert done.returncode == 1 and "Reservation request lacks users, groups or accounts" in done.stderr
    assert cluster.ok("scontrol", "show", "reservations") == before
    gone(cluster, "r")
