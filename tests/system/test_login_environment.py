"""The environment of a login, rebuilt on the node as the user; and what of the submitting session stays behind."""
import os
import re

import pytest

CLUSTER = {"nodes": 1, "cpus": 8, "conf": "KillWait=2\nGetEnvTimeout=20"}


@pytest.fixture
def user(root_cluster, people):
    return root_cluster.as_user(people[0])


@pytest.fixture
def profile(user):
    """Writes the user's ~/.profile for the time of a test."""
    path = user.person.home / ".profile"
    before = path.read_text() if path.exists() else None

    def write(text):
        path.write_text(text)
        os.chown(path, user.person.uid, user.person.gid)

    yield write
    path.unlink()
    if before is not None:
        write(before)


def environment(user, *options, **kw):
    job = user.completed("-o", "env-%j", *options, script="env -0", **kw)
    return dict(e.split("=", 1) for e in (user.work / f"env-{job}").read_text().split("\0") if "=" in e)


PROFILE = "echo 'welcome to this node'; export FROM_PROFILE=\"$(id -un) in $PWD\" PATH=/opt/mine:$PATH BOTH=profile\n"


@pytest.mark.parametrize("options", [["--export=NONE"], ["--export=SENT"], ["--get-user-env"], ["--get-user-env=10L"]])
def test_what_a_login_gives(user, profile, options):
    profile(PROFILE)
    env = environment(user, *options, env={"SENT": "yes", "PATH": "/sent/only:/usr/bin:/bin"})
    assert env["FROM_PROFILE"] == f"{user.person.name} in {user.person.home}"
    assert env["HOME"] == str(user.person.home) and env["USER"] == env["LOGNAME"] == user.person.name
    assert env["PWD"] == str(user.work)
    assert ("SENT" in env) == (options != ["--export=NONE"])
    sent_path = options[0].startswith("--get-user-env")  # what was sent wins over the profile
    assert env["PATH"].startswith("/sent/only" if sent_path else "/opt/mine")


@pytest.mark.parametrize("options", [[], ["--export=ALL"], ["--export=NIL"], ["--export=ALL,A=1"], ["--get-user-env=10S"]])
def test_no_login_where_none_is_asked(user, profile, options):
    profile(PROFILE)
    env = environment(user, *options, env={"BOTH": "sent"})
    assert "FROM_PROFILE" not in env
    assert env.get("BOTH") == (None if options == ["--export=NIL"] else "sent")
    assert env["HOME"] == str(user.person.home) and env["PATH"]


def test_a_profile_that_hangs_fails_its_job_alone(user, root_cluster, people, profile):
    profile("sleep 600\n")
    job = user.sbatch("--get-user-env=3", "-o", "/dev/null")
    root_cluster.as_user(people[1]).completed("--export=NONE", script="true")
    user.completed("-o", "/dev/null", script="true")
    user.wait_state(job, "FAILED")
    assert re.search(r"cannot get the login environment: /bin/sh did not finish within 3 s \(fix: .*--get-user-env=SECONDS",
                     user.ok("scontrol", "show", "job", job))


def test_a_profile_that_exits(user, profile):
    profile("exit 7\n")
    job = user.sbatch("--export=NONE", "-o", "/dev/null")
    user.wait_state(job, "FAILED")
    assert "cannot get the login environment: /bin/sh ended before it said it" in user.ok("scontrol", "show", "job", job)
    assert user.acct_one(job, "ExitCode") == ["1:0"]


def test_the_words_of_the_option(user):
    for word in ("10X", "L5", "-3", "99999"):
        done = user.run("sbatch", f"--get-user-env={word}", "--wrap", "true")
        assert done.returncode == 1 and "get-user-env" in done.stderr, done


def test_the_login_session_stays_where_it_is(user):
    session = {"SSH_AUTH_SOCK": "/tmp/s", "XDG_RUNTIME_DIR": "/run/user/1", "DBUS_SESSION_BUS_ADDRESS": "unix:x", "TMUX": "t",
               "SSH_CLIENT": "1 2 3", "XDG_SESSION_ID": "4"}
    kept = {"DISPLAY": ":0", "XDG_DATA_HOME": "/d", "KRB5CCNAME": "FILE:/tmp/k"}
    env = environment(user, env={**session, **kept})
    assert not set(session) & set(env)
    assert kept.items() <= env.items()
    env = environment(user, "--export=ALL,SSH_AUTH_SOCK,XDG_RUNTIME_DIR=/mine", env=session)
    assert (env["SSH_AUTH_SOCK"], env["XDG_RUNTIME_DIR"]) == ("/tmp/s", "/mine")
