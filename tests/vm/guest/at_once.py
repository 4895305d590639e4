"""A plugin of pytest: what failed or was skipped is said at once, for a machine that may not live to the summary."""
import time

begun = {}


def pytest_runtest_logstart(nodeid):
    begun[nodeid] = time.monotonic()


def pytest_runtest_logreport(report):
    if report.when == "call" and report.passed:
        print(f" {time.monotonic() - begun[report.nodeid]:.0f} s {report.nodeid.split('::')[-1]}", flush=True)
    elif report.failed:
        print(f"\n--- failed ({report.when}): {report.nodeid}\n{report.longreprtext}\n", flush=True)
    elif report.skipped:
        print(f" skipped: {report.nodeid.split('::')[-1]}: {report.longrepr[-1]}", flush=True)
