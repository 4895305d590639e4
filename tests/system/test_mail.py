"""--mail-type: what is sent, to whom, in which words, through a program that records it; and what is never sent."""
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import Clusters, has_failed, wait_until
from test_single_user import USER, programs_for_everybody

SENDMAIL = """#!/bin/sh
echo tried >>{dir}/tries
[ ! -e {dir}/broken ] || exit 75
id -u >{dir}/uid
new=$(mktemp {dir}/new.XXXXXX)
{{ echo "Args: $*"; cat; }} >$new
mv $new {dir}/mail.${{new##*.}}
"""


@pytest.fixture(scope="module")
def cluster(request):
    """As an ordinary user: mail is never sent as root."""
    made = Clusters()
    shared = Path(tempfile.mkdtemp(prefix="moisson-bin-", dir="/tmp"))
    shared.chmod(0o755)
    mails = shared / "mails"
    mails.mkdir()
    program = shared / "record-sendmail"
    program.write_text(SENDMAIL.format(dir=mails))
    program.chmod(0o755)
    conf = f"MailProg={program}\nMailDomain=example.org\nMinJobAge=300"
    if os.geteuid() != 0:
        cluster = made(conf=conf)
    else:
        programs_for_everybody(shared)
        entry = pwd.getpwnam(USER)
        home = shared / "home"
        directory = Path(tempfile.mkdtemp(prefix="moisson-", dir="/tmp"))
        home.mkdir()
        for path in (home, directory, mails):
            os.chown(path, entry.pw_uid, entry.pw_gid)
        become = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
        cluster = made(conf=conf, directory=directory, prefix=become, minicluster=shared / "contrib" / "minicluster",
                       env={"MOISSON_BIN": str(shared / "bin"), "HOME": str(home), "USER": USER, "LOGNAME": USER})
    cluster.mails = mails
    yield cluster
    made.end(has_failed(request))
    shutil.rmtree(shared, ignore_errors=True)


def mails(cluster, job):
    """Of this job, with headers as a dictionary."""
    found = []
    for path in sorted(cluster.mails.glob("mail.*"), key=lambda p: p.stat().st_mtime_ns):
        head, body = path.read_text().split("\n\n", 1)
        headers = dict(line.split(": ", 1) for line in head.splitlines() if not line.startswith(" "))
        if re.search(rf"Job_id={job}\b", headers["Subject"]):
            found.append({**headers, "body": body})
    return found


def subjects(cluster, job, count):
    return [mail["Subject"] for mail in wait_until(lambda: (lambda m: m if len(m) >= count else None)(mails(cluster, job)),
                                                   lambda: f"{count} mails about {job}: {mails(cluster, job)}")]


def end_marker(cluster):
    """A mail that is sent after all that is due by now."""
    job = cluster.completed("--mail-type=END", "-J", "marker")
    subjects(cluster, job, 1)


def test_begin_and_end_in_slurms_words(cluster):
    job = cluster.completed("--mail-type=BEGIN,END", "--mail-user=alice@lab.example", "-J", "fine")
    begin, end = sorted(subjects(cluster, job, 2))
    assert re.fullmatch(rf"Slurm Job_id={job} Name=fine Began, Queued time \d\d:\d\d:\d\d", begin)
    assert re.fullmatch(rf"Slurm Job_id={job} Name=fine Ended, Run time \d\d:\d\d:\d\d, COMPLETED, ExitCode 0", end)
    (mail,) = [m for m in mails(cluster, job) if "Ended" in m["Subject"]]
    assert mail["To"] == "alice@lab.example" and mail["Args"] == "-i -t" and mail["Auto-Submitted"] == "auto-generated"
    assert "State:      COMPLETED" in mail["body"] and "Nodes:      n1" in mail["body"]
    assert int((cluster.mails / "uid").read_text()) == os.stat(f"/proc/{cluster.pid('ctld')}").st_uid != 0


def test_fail_speaks_of_failures_alone_and_goes_to_the_user(cluster):
    good = cluster.completed("--mail-type=FAIL")
    bad = cluster.sbatch("--mail-type=fail", "-J", "bad", script="exit 3")
    (subject,) = subjects(cluster, bad, 1)
    assert re.fullmatch(rf"Slurm Job_id={bad} Name=bad Failed, Run time \d\d:\d\d:\d\d, FAILED, ExitCode 3", subject)
    user = cluster.ok("id", "-un").strip()
    assert mails(cluster, bad)[0]["To"] == f"{user}@example.org"
    quiet = cluster.completed("--mail-type=NONE", "--mail-user=nobody@example.org")
    end_marker(cluster)
    assert mails(cluster, good) == [] and mails(cluster, quiet) == []


def test_an_array_is_one_mail_unless_each_task_is_asked_for(cluster):
    array = cluster.sbatch("--mail-type=BEGIN,END", "-J", "arr", "--array=1-3", script="exit $SLURM_ARRAY_TASK_ID")
    begin, end = sorted(array_subjects(cluster, array, 2))
    assert re.fullmatch(rf"Slurm Array Summary Job_id={array}_\* \({array}\) Name=arr Began, Queued time \S+", begin)
    assert re.fullmatch(rf"Slurm Array Summary Job_id={array}_\* \({array}\) Name=arr Failed, Run time \S+, Mixed, ExitCode \[0-3\]", end)
    good = cluster.sbatch("--mail-type=END", "--array=1-2")
    (end,) = array_subjects(cluster, good, 1)
    assert end.endswith("COMPLETED, ExitCode [0-0]")
    each = cluster.sbatch("--mail-type=END,ARRAY_TASKS", "-J", "each", "--array=4,6")
    ends = array_subjects(cluster, each, 2)
    assert sorted(re.sub(r"\((\d+)\)|time \S+", "", s) for s in ends) == [
        f"Slurm Array Task Job_id={each}_{task}  Name=each Ended, Run  COMPLETED, ExitCode 0" for task in (4, 6)]


def array_subjects(cluster, array, count):
    def there():
        found = [mail["Subject"] for path in sorted(cluster.mails.glob("mail.*"), key=lambda p: p.stat().st_mtime_ns)
                 for mail in [dict(line.split(": ", 1) for line in path.read_text().split("\n\n", 1)[0].splitlines())]
                 if f"Job_id={array}_" in mail["Subject"]]
        return found if len(found) >= count else None
    found = wait_until(there, f"{count} mails about {array}")
    end_marker(cluster)
    assert len(found) == count
    return found


def test_requeues_invalid_dependencies_and_cancels(cluster):
    job = cluster.sbatch("--requeue", "--mail-type=ALL", "-J", "again", script="until [ -e go-mail ]; do sleep 0.05; done")
    cluster.wait_state(job, "RUNNING")
    cluster.ok("scontrol", "requeue", job)
    wait_until(lambda: cluster.show(job).get("Restarts") == "1" and cluster.state(job) == "RUNNING", "it runs again")
    cluster.ok("scancel", job)
    said = subjects(cluster, job, 4)
    assert sorted(re.search(r"again ([A-Z]\w+)", s).group(1) for s in said) == ["Began", "Began", "Ended", "Requeued"]
    assert any(s.endswith("CANCELLED, ExitCode 0") for s in said)
    bad = cluster.sbatch("--hold", script="exit 1")
    waits = cluster.sbatch(f"--dependency=afterok:{bad}", "--mail-type=INVALID_DEPEND", "-J", "waits")
    cluster.ok("scontrol", "release", bad)
    (subject,) = subjects(cluster, waits, 1)
    assert subject == f"Slurm Job_id={waits} Name=waits Invalid dependency"
    cluster.ok("scancel", waits)


def test_time_limits(cluster):
    job = cluster.sbatch("--time=0:02", "--mail-type=TIME_LIMIT,TIME_LIMIT_50", "-J", "long", script="sleep 600")
    cluster.ok("scontrol", "update", f"JobId={job}", "TimeLimit=1")
    first = subjects(cluster, job, 1)[0]
    assert first == f"Slurm Job_id={job} Name=long Reached 50% of time limit, Run time 00:00:30"
    cluster.ok("scancel", job)


@pytest.mark.parametrize("name", ["a\nBcc: everybody@example.org\n\nbody", "tab\there\r\nX-Evil: 1", "é" * 60])
def test_a_name_adds_no_header(cluster, name):
    job = cluster.completed("--mail-type=END", "-J", name)

    def there():
        for path in cluster.mails.glob("mail.*"):
            text = path.read_text(errors="replace")
            if re.search(rf"sacct -j {job}\b", text):
                return text
        return None
    text = wait_until(there, "the mail")
    head = text.split("\n\n", 1)[0]
    names = [line.split(":")[0] for line in head.splitlines() if not line.startswith(" ")]
    assert names == ["Args", "To", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"]
    assert head.isascii() and max(map(len, head.splitlines())) < 998


def test_wrong_words_are_refused(cluster):
    for option, said in (("--mail-type=SOMETIMES", "no type of mail"), ("--mail-user=-oQ/tmp/x", "mail-user"),
                         ("--mail-user=a b@example.org", "mail-user"), ("--mail-user=a@x\nBcc: b@y", "mail-user"),
                         ("--mail-user=|/bin/sh", "mail-user"), ("--mail-user=a,,b", "mail-user")):
        done = cluster.run("sbatch", option, "--wrap=true")
        assert done.returncode == 1 and said in done.stderr and done.stdout == "", option


def test_it_is_shown_and_can_be_changed(cluster):
    job = cluster.sbatch("--hold", "--mail-type=END,FAIL,ARRAY_TASKS", "--mail-user=a@example.org")
    shown = cluster.show(job)
    assert (shown["MailUser"], shown["MailType"]) == ("a@example.org", "END,FAIL,ARRAY_TASKS")
    cluster.ok("scontrol", "update", f"JobId={job}", "MailType=BEGIN", "MailUser=b@example.org")
    shown = cluster.show(job)
    assert (shown["MailUser"], shown["MailType"]) == ("b@example.org", "BEGIN")
    cluster.ok("scontrol", "release", job)
    subjects(cluster, job, 1)
    assert mails(cluster, job)[0]["To"] == "b@example.org"


def test_a_program_that_fails_holds_up_nothing(cluster):
    (cluster.mails / "broken").touch()
    before = len((cluster.mails / "tries").read_text().splitlines())
    job = cluster.completed("--mail-type=END")
    wait_until(lambda: len((cluster.mails / "tries").read_text().splitlines()) > before, "it is tried")
    cluster.completed()
    (cluster.mails / "broken").unlink()
    end_marker(cluster)
    assert mails(cluster, job) == [], "the second try comes a minute later"
    assert "MailProg" in (cluster.dir / "log" / "ctld.log").read_text()
