"""What `tests/bench/run simulate` does: the orders on published traces, and how fast they are run through."""
import json
import resource
import subprocess
from pathlib import Path

MACHINES = Path(__file__).parent / "machines"
TRACES = {  # machine: names of the trace, and what its command needs besides
    "kth-sp2": (["kth-sp2.swf.gz", "KTH-SP2-1996-2.1-cln.swf.gz"], []),
    "lublin-1": (["lublin-1.swf.gz", "lublin_256.swf"], []),
    "lcg": (["lcg.swf.gz", "LCG-2005-1.swf.gz"], []),
    "cerit-wagap-2013": (["cerit-wagap-2013.swf.gz"], ["--memory", "bytes"]),
}


def find(folder, machine):
    for name in TRACES[machine][0]:
        if (Path(folder) / name).exists():
            return Path(folder) / name
    return None


def simulate(moisson, folder, machine, *words):
    """The figures of each order, by its name; and the CPU time of all."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.check_output([moisson, "simulate", "--conf", MACHINES / f"{machine}.conf", "--trace",
                                   find(folder, machine), *TRACES[machine][1], *words, "--json"], text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {row["order"]: row for row in json.loads(out)["orders"]}, cpu


def hours(seconds):
    return f"{seconds / 3600:.1f}"


def table(rows):
    """For docs/performance.md."""
    lines = ["| order | wait, mean h | p99 | max | bounded slowdown, mean | p99 | max | used | backfilled | fairness |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for name, row in rows.items():
        wait, slow = row["wait"], row["bounded_slowdown"]
        lines.append(f"| {name} | {hours(wait['mean'])} | {hours(wait['p99'])} | {hours(wait['max'])} | {slow['mean']:.1f} | "
                     f"{slow['p99']:.0f} | {slow['max']:.0f} | {row['utilisation']:.1%} | {row['backfilled']:.0%} | "
                     f"{row['fairness']:.2f} |")
    return "\n".join(lines)


def best_of(rows):
    """The order with the least mean slowdown of those whose tail is not worse than that of first come, first served."""
    fifo = rows["fifo"]
    good = [row for row in rows.values()
            if row["wait"]["p99"] <= fifo["wait"]["p99"] and row["wait"]["max"] <= 1.1 * fifo["wait"]["max"]]
    return min(good, key=lambda row: row["bounded_slowdown"]["mean"])
