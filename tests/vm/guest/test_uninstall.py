"""Removed, the packages leave state and jobs; purged, nothing."""
import subprocess
from pathlib import Path

from conftest import CONF, SPOOL, STATE, sh, unit

NAMES = ("moisson-controller", "moisson-node", "moisson-client")


def test_removed_but_not_forgotten():
    sh("dpkg", "--remove", *NAMES)
    for path in (STATE, SPOOL, CONF):
        assert path.exists()
    assert not Path("/usr/sbin/moissond").exists() and not Path("/usr/bin/sbatch").exists()
    for name in ("moissonctld", "moissond"):
        assert subprocess.run(["systemctl", "is-active", "-q", name]).returncode
        assert subprocess.run(["systemctl", "is-enabled", "-q", name], stderr=subprocess.DEVNULL).returncode


def test_purged():
    sh("dpkg", "--purge", *NAMES)
    for path in (STATE, SPOOL.parent, Path("/etc/systemd/system/multi-user.target.wants/moissond.service")):
        assert not path.exists(), path
    assert unit("moisson-jobs", "ActiveState") in ("inactive", "")
    assert not sh("pgrep", "-a", "moisson", check=False)
    assert CONF.exists(), "the configuration is its admin's"
