"""Accounts, QoS and limits: sacctmgr, accounts.conf, sshare, and what waits for a limit."""
import getpass
import re

import pytest
from conftest import wait_until

ME = getpass.getuser()
CLUSTER = {"nodes": 1, "cpus": 8,
           "conf": "AccountingStorageEnforce=limits,qos\nPriorityType=priority/multifactor\nPriorityWeightFairshare=1000\n"
                   "PriorityDecayHalfLife=0\nPriorityWeightQOS=2000\nPriorityWeightJobSize=400\nPriorityWeightTRES=CPU=800\n"
                   "PartitionName=main Nodes=ALL Default=YES State=UP\n"
                   "PartitionName=few Nodes=ALL AllowAccounts=lab,bio DenyQos=long QoS=fast PriorityJobFactor=7 PriorityTier=3\n"
                   "PartitionName=rest Nodes=ALL DenyAccounts=lab AllowQos=normal"}


def mgr(cluster, *words):
    return cluster.ok("sacctmgr", "-i", *words)


@pytest.fixture(name="tree")
def lab_and_fast(cluster):
    """An account lab that ME is in, and a QoS fast."""
    cluster.run("sacctmgr", "-i", "add", "account", "lab")
    cluster.run("sacctmgr", "-i", "add", "qos", "fast")
    cluster.run("sacctmgr", "-i", "add", "user", ME, "account=lab", "qos=normal,fast", "DefaultAccount=lab")
    mgr(cluster, "modify", "account", "where", "name=lab", "set", "GrpTRES=cpu=4", "GrpSubmitJobs=9")
    mgr(cluster, "modify", "qos", "where", "name=fast", "set", "MaxJobsPerUser=2", "priority=10")
    cluster.run("sacctmgr", "-i", "modify", "user", "where", f"name={ME}", "account=lab", "set", "MaxJobs=3")
    return cluster


def test_sacctmgr_makes_changes_and_shows_a_tree(cluster):
    assert "bio" in mgr(cluster, "add", "account", "bio", "Description=biology", "GrpTRES=cpu=4")
    mgr(cluster, "add", "account", "chem", "parent=bio", "fairshare=3")
    mgr(cluster, "add", "qos", "short", "MaxJobsPerUser=2", "priority=10")
    mgr(cluster, "add", "user", ME, "account=bio,chem", "MaxJobs=5")
    assert cluster.ok("sacctmgr", "-n", "-P", "show", "account", "format=account,descr", "where", "name=bio") == "bio|biology\n"
    rows = cluster.ok("sacctmgr", "-nP", "show", "assoc", "format=Account,User,Share,GrpTRES,MaxJobs").splitlines()
    assert "bio||1|cpu=4|" in rows and f"bio|{ME}|1||5" in rows and "chem||3||" in rows
    assert cluster.ok("sacctmgr", "-n", "-s", "list", "user", ME, "format=account%256").split() == ["bio", "chem"]
    mgr(cluster, "modify", "user", "where", f"name={ME}", "account=bio", "set", "MaxJobs=-1", "qos+=short", "qos+=normal")
    assert cluster.ok("sacctmgr", "-nP", "show", "users", "withassoc", "format=account,qos", "where", f"user={ME}",
                      "account=bio") == "bio|short,normal\n"
    again = cluster.run("sacctmgr", "-i", "add", "account", "bio")
    assert again.returncode == 1 and "Nothing new added." in again.stdout
    bad = cluster.run("sacctmgr", "-i", "add", "user", ME, "account=nowhere")
    assert bad.returncode == 1 and "nowhere" in bad.stderr
    cluster.stop("ctld")
    cluster.start("ctld")
    assert "short" in cluster.ok("sacctmgr", "-n", "show", "qos", "format=name"), "it is in the journal"


def test_limits_hold(cluster):
    mgr(cluster, "add", "account", "lab", "GrpTRES=cpu=4")
    mgr(cluster, "add", "qos", "fast", "MaxJobsPerUser=2", "MaxSubmitJobsPerUser=4")
    mgr(cluster, "add", "user", ME, "account=lab", "qos=normal,fast", "DefaultAccount=lab")
    jobs = [cluster.sbatch("--qos=fast", script="until [ -e go ]; do sleep 0.05; done") for _ in range(3)]
    script = cluster.script("true")
    wait_until(lambda: cluster.squeue(jobs[2], "%r") == ["QOSMaxJobsPerUserLimit"], "the third waits for its limit")
    assert f"user {ME} has 2 jobs running, QoS fast allows 2" in cluster.ok("moisson", "why", jobs[2])
    done = cluster.run("sbatch", "--qos=fast", "--array=1-2", script)
    assert done.returncode == 1
    assert "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)" in done.stderr
    large = cluster.sbatch("-c", "3")
    wait_until(lambda: cluster.squeue(large, "%r") == ["AssocGrpCpuLimit"], "4 cpus are lab's")
    refused = cluster.run("sbatch", "-A", "nowhere", script)
    assert "Invalid account or account/partition combination specified" in refused.stderr
    refused = cluster.run("sbatch", "--qos=long", script)
    assert "Invalid qos specification" in refused.stderr
    (cluster.work / "go").touch()
    for job in jobs + [large]:
        cluster.wait_state(job, "COMPLETED")
    shares = [line.split("|") for line in cluster.ok("sshare", "-nP", "-o", "account,user,rawusage,fairshare").splitlines()]
    mine, = [row for row in shares if row[:2] == ["lab", ME]]
    assert 0 < float(mine[3]) <= 1 and int(mine[2]) >= 0
    assert cluster.ok("sshare", "-n", "-P", "-o", "account,fairshare", "-A", "lab").startswith("lab|")


def records(text, key):
    """Records of KEY=VALUE words that begin with this key, one a line (-o)."""
    return [dict(re.findall(r"(?:^| )([A-Za-z][\w/]*)=(\S*)", line)) for line in text.splitlines() if line.startswith(key + "=")]


def test_scontrol_shows_associations_with_what_is_used_of_limits(tree):
    job = tree.sbatch("-A", "lab", "-c", "2", "--time=10", script="until [ -e stop ]; do sleep 0.05; done")
    tree.wait_state(job, "RUNNING")
    text = tree.ok("scontrol", "-o", "show", "assoc_mgr")
    assert text.startswith("Current Association Manager state\n")
    mine, = [row for row in records(text, "ClusterName") if (row["Account"], row["UserName"]) == ("lab", ME)]
    lab, = [row for row in records(text, "ClusterName") if (row["Account"], row["UserName"]) == ("lab", "")]
    assert mine["GrpJobs"] == "N(1)" and mine["MaxJobs"] == "3" and mine["DefAssoc"] == "Yes"
    assert lab["GrpTRES"].startswith("cpu=4(2),mem=N(") and lab["GrpSubmitJobs"] == "9(1)" and lab["ParentAccount"] == "root"
    assert 0 < int(re.match(r"cpu=N\((\d+)\)", lab["GrpTRESRunMins"]).group(1)) <= 20
    fast, = [row for row in records(text, "QOS") if row["QOS"].startswith("fast(")]
    assert fast["MaxJobsPU"] == "2" and fast["Priority"] == "10"
    users = records(text, "UserName")
    assert [row["DefAccount"] for row in users if row["UserName"].startswith(ME + "(")] == ["lab"]
    some = tree.ok("scontrol", "show", "assoc", "accounts=lab", f"users={ME}", "flags=assoc")
    assert some.count("ClusterName=") == 1 and "QOS=" not in some and "DefAccount" not in some
    assert "UsageRaw" in some and "\n   GrpTRES=cpu=N(2)," in some
    only = tree.ok("scontrol", "-o", "show", "assoc_mgr", "qos=fast", "flags=qos")
    assert len(records(only, "QOS")) == 1 and "ClusterName" not in only
    (tree.work / "stop").touch()
    tree.wait_state(job, "COMPLETED")


def test_sprio_adds_up_to_the_priority(tree):
    jobs = [tree.sbatch("--hold", "-A", "lab"), tree.sbatch("--begin=now+1hour", "-A", "lab", "--qos=fast", "-c", "4", "--nice=5"),
            tree.sbatch("--begin=now+1hour", "-A", "lab")]
    header, *rows = [line.split() for line in tree.ok("sprio").splitlines()]
    assert header == ["JOBID", "PARTITION", "PRIORITY", "SITE", "FAIRSHARE", "JOBSIZE", "QOS", "TRES", "NICE"]
    rows = {row[0]: dict(zip(header, row)) for row in rows}
    fast, plain = rows[jobs[1]], rows[jobs[2]]
    assert (fast["QOS"], fast["TRES"], fast["NICE"], plain["QOS"], plain["TRES"]) == ("2000", "400", "5", "0", "100")
    assert int(fast["JOBSIZE"]) > int(plain["JOBSIZE"]) > 0 and fast["SITE"] == plain["SITE"] == "0"
    for row in (fast, plain):
        parts = sum(int(row[key]) for key in header[3:-1]) - int(row["NICE"])
        assert abs(parts - int(row["PRIORITY"])) <= 3, "each is rounded"
        assert row["PRIORITY"] == tree.squeue(row["JOBID"], "%Q")[0]
    assert tree.ok("sprio", "-h", "-j", jobs[1], "-o", "%q|%Q|%t|%T|%u|%o|%A") == f"1.0000000|2000|0.5000000|400|{ME}|lab|0\n"
    assert tree.ok("sprio", "-w", "-h", "-o", "%i|%F|%J|%Q|%T|%A") == "Weights|1000|400|2000|CPU=800|0\n"
    assert tree.ok("sprio", "-l", "-h", "-u", ME).count(ME) == 3
    norm = tree.ok("sprio", "-n", "-h", "-j", jobs[1]).split()
    assert norm[5:8] == ["0.7500000", "1.0000000", "0.5000000"], "4 of 8 cpus and the only node, the best QoS, half the cpus"
    tree.ok("scancel", *jobs)


def test_a_partition_says_who_may_use_it(tree):
    few, rest = [tree.ok("scontrol", "-o", "show", "partition", name) for name in ("few", "rest")]
    few, rest = records(few, "PartitionName")[0], records(rest, "PartitionName")[0]
    assert (few["AllowAccounts"], few["DenyQos"], few["QoS"]) == ("lab,bio", "long", "fast") and "AllowQos" not in few
    assert (few["PriorityJobFactor"], few["PriorityTier"]) == ("7", "3")
    assert (rest["DenyAccounts"], rest["AllowQos"], rest["AllowGroups"], rest["QoS"]) == ("lab", "normal", "ALL", "N/A")
    assert "AllowAccounts" not in rest


def used(cluster, account, user=""):
    """CPU seconds, as sshare shows them."""
    rows = [line.split("|") for line in cluster.ok("sshare", "-anP", "-o", "account,user,rawusage").splitlines()]
    return int([row[2] for row in rows if row[0].strip() == account and row[1] == user][0])


def a_job_that_uses_time(cluster, account):
    go = cluster.work / f"go-{account}"
    go.unlink(missing_ok=True)
    job = cluster.sbatch("-A", account, script=f"until [ -e {go} ]; do sleep 0.05; done")
    wait_until(lambda: used(cluster, account, ME) > 0, "it is charged")
    go.touch()
    cluster.wait_state(job, "COMPLETED")


def test_what_was_used_is_forgotten_when_asked_and_by_the_calendar(cluster):
    mgr(cluster, "add", "account", "opera", "ballet")
    mgr(cluster, "add", "user", ME, "account=opera,ballet")
    a_job_that_uses_time(cluster, "opera")
    a_job_that_uses_time(cluster, "ballet")
    wrong = cluster.run("sacctmgr", "-i", "modify", "user", "where", f"name={ME}", "set", "RawUsage=7")
    assert wrong.returncode == 1 and "RawUsage cannot be set to 7, only to 0" in wrong.stderr
    nobody = cluster.run("sacctmgr", "-i", "modify", "account", "set", "RawUsage=0")
    assert nobody.returncode == 1 and "say whose" in nobody.stderr
    unknown = cluster.run("sacctmgr", "-i", "add", "account", "new", "RawUsage=0")
    assert unknown.returncode == 1 and "Unknown option: RawUsage" in unknown.stderr
    before, others = used(cluster, "ballet", ME), used(cluster, "root") - used(cluster, "ballet") - used(cluster, "opera")
    mgr(cluster, "modify", "user", "where", f"name={ME}", "account=opera", "set", "RawUsage=0", "fairshare=5")
    assert (used(cluster, "opera", ME), used(cluster, "ballet", ME), used(cluster, "root")) == (
        0, before, others + before)
    assert f"opera|{ME}|5" in cluster.ok("sacctmgr", "-nP", "show", "assoc", "format=Account,User,Share")
    mgr(cluster, "modify", "account", "ballet", "set", "RawUsage=0")
    assert (used(cluster, "ballet", ME), used(cluster, "root")) == (0, others)
    a_job_that_uses_time(cluster, "opera")
    conf = cluster.ok("scontrol", "show", "config")
    conf = [line.split("=", 1)[1].strip() for line in conf.splitlines() if line.startswith("SLURM_CONF")][0]
    with open(conf, "a", encoding="utf-8") as file:
        file.write("PriorityUsageResetPeriod=YEARLY\n")
    cluster.ok("scontrol", "reconfigure")
    assert used(cluster, "opera", ME) > 0, "the first period begins with the key"
    with open(conf, "a", encoding="utf-8") as file:
        file.write("PriorityUsageResetPeriod=NOW\n")
    cluster.ok("scontrol", "reconfigure")
    assert used(cluster, "opera", ME) == 0
    cluster.stop("ctld")
    cluster.start("ctld")
    assert used(cluster, "opera", ME) == 0, "it is in the journal"


def test_a_file_declares_all_of_it(cluster):
    conf = cluster.ok("scontrol", "show", "config")
    conf = [line.split("=", 1)[1].strip() for line in conf.splitlines() if line.startswith("SLURM_CONF")][0]
    path = conf.rsplit("/", 1)[0] + "/accounts.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"QOSName=short MaxWall=1:00\nAccountName=bio GrpTRES=cpu=4\nUserName={ME} Account=bio\n")
    cluster.ok("scontrol", "reconfigure")
    assert cluster.ok("sacctmgr", "-nP", "show", "account", "format=account").split() == ["bio", "root"]
    refused = cluster.run("sacctmgr", "-i", "add", "account", "chem")
    assert refused.returncode == 1 and path in refused.stderr
    with open(path, "a", encoding="utf-8") as file:
        file.write("AccountName=chem Parent=nowhere\n")
    wrong = cluster.run("scontrol", "reconfigure")
    assert wrong.returncode == 1 and f"{path}:4: account chem is below nowhere, which is not there" in wrong.stderr
    assert "chem" not in cluster.ok("sacctmgr", "-n", "show", "account"), "the whole file is refused"
