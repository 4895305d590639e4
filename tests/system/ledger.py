"""Jobs that write down what happens to them, in the shared home, and what must be true of the writing in the end."""
import collections

from conftest import ENDED, wait_until

# Each run is a line. A run holds one of its host's slots for as long as any process of it lives (locks go with the last
# one): whoever finds none free shares a CPU that was given away twice.
SCRIPT = """#!/bin/bash
echo "start $SLURM_JOB_ID $HOSTNAME" >>ledger
slot=none
for n in {slots}; do
    exec 9>>"slot.$HOSTNAME.$n"
    if flock -n 9; then slot=$n; break; fi
done
[ $slot != none ] || echo "crowded $SLURM_JOB_ID $HOSTNAME" >>ledger
{body}
echo "end $SLURM_JOB_ID $HOSTNAME" >>ledger
"""


class Ledger:
    def __init__(self, cluster, cpus):
        self.cluster, self.cpus = cluster, cpus
        self.path = cluster.work / "ledger"
        self.path.unlink(missing_ok=True)
        self.earlier = cluster.ok("sacct", "-n", "-X", "-P", "-D", "-a", "-S", "1970-01-01", "-o", "JobIDRaw").split()
        self.jobs = {}  # id -> was it to be run again?
        self.ends = {}  # id -> its final state, if not COMPLETED
        self.given_up = set()  # of tests that failed
        self.hosts = {}  # id -> the machines it was placed on, as sacct says
        self.crashed = set()  # machines that died: what ran there may have ended with NODE_FAIL

    def submit(self, *options, body="true", requeue=False):
        words = [*options, "--requeue"] if requeue else [*options]
        script = SCRIPT.format(slots=" ".join(map(str, range(self.cpus))), body=body)
        job = self.cluster.sbatch("--output=/dev/null", *words, script=script)
        self.jobs[job] = requeue
        return job

    def until(self, mark, **kw):
        """A job that runs until the mark is there."""
        return self.submit(body=f"until [ -e go.{mark} ]; do sleep 0.1; done", **kw)

    def let_go(self, mark):
        (self.cluster.work / f"go.{mark}").touch()

    def lines(self, word):
        text = self.path.read_text() if self.path.exists() else ""
        return [line.split()[1:] for line in text.splitlines() if line.startswith(word + " ")]

    def runs(self, job):
        """The hosts on which it was started, in order."""
        return [host for name, host in self.lines("start") if name == job]

    def wait_runs(self, job, *hosts):
        wait_until(lambda: self.runs(job) == list(hosts),
                   lambda: f"job {job} runs on {hosts}: {self.runs(job)}\n{self.cluster.log_tails()}")

    def wait_all(self, seconds=120):
        wait_until(lambda: self.cluster.ok("squeue", "-h", "-o", "%i %T %r") == "",
                   lambda: f"all jobs have ended: {self.cluster.ok('squeue')}\n{self.cluster.log_tails()}", seconds)

    def wrong_job(self, job, requeue, records, starts):
        wanted = self.ends.get(job, "COMPLETED").split(" or ")
        if self.crashed.intersection(self.hosts[job]):  # also of one that had not got to its first line
            wanted.append("NODE_FAIL")
        if not records or records[-1] not in wanted or any(state not in ("NODE_FAIL", "REQUEUED") for state in records[:-1]):
            yield f"job {job} did not end {' or '.join(wanted)}, once: {records}"
        elif not requeue and (len(records) != 1 or starts > 1 or starts < (records[-1] == "COMPLETED")):
            yield f"job {job}, not to be run again, was started {starts} times: {records}"
        elif requeue and (starts > len(records) or starts < (records[-1] == "COMPLETED")):
            yield f"job {job}, to be run again, was started {starts} times: {records}"

    def wrong(self):
        """What is not as promised, as sentences."""
        out = self.cluster.ok("sacct", "-n", "-X", "-P", "-D", "-a", "-S", "1970-01-01", "-o", "JobIDRaw,State,NodeList")
        records, self.hosts = collections.defaultdict(list), collections.defaultdict(set)
        for line in out.splitlines():
            job, state, host = line.split("|")
            records[job].append(state.split()[0])
            self.hosts[job].add(host)
        starts = collections.Counter(job for job, _ in self.lines("start"))
        wrong = [f"job {job} on {host} shares a CPU" for job, host in self.lines("crowded")]
        for job, requeue in self.jobs.items():
            wrong += self.wrong_job(job, requeue, records[job], starts[job])
        wrong += [f"job {job} is recorded or ran, and nobody submitted it" for job in {*records, *starts} - {*self.jobs, *self.given_up, *self.earlier}]
        wrong += [f"job {job} is {states}" for job, states in records.items() if not {*states} <= {*ENDED, "REQUEUED"}]
        return wrong

    def give_up(self):
        """A test has failed: the next one starts with nothing running, and nothing owed."""
        self.given_up |= {*self.jobs}
        self.cluster.run("scancel", *self.jobs)
        self.jobs.clear()
        self.wait_all()

    def check(self):
        self.wait_all()
        wrong = self.wrong()
        self.given_up |= {*self.jobs}
        self.jobs.clear()
        assert not wrong, "\n".join([*wrong, self.cluster.log_tails()])
