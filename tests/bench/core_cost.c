/* core_cost.c - what the core alone costs: a pass over a long queue, placements, bytes of pending jobs. No disk, no
 * network, no node: events are applied as the controller applies them, and nothing else is done.
 *
 * Usage: core_cost CASE     prints JSON lines {"metric", "value", "unit", "target", "better": "less" or "more"} */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/mem.h"
#include "core/core.h"

#define NODES 10000u
#define CPUS 64u
#define NODE_MB 256000u
#define PENDING 1000000u

struct room {
    struct core *core;
    usec_t now;
};

static double clock_us (void)
{
    struct timespec t;

    clock_gettime (CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

static double cpu_us (void)
{
    struct timespec t;

    clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

static void say (const char *metric, double value, const char *unit, double target, const char *better)
{
    printf ("{\"metric\": \"%s\", \"value\": %.3f, \"unit\": \"%s\", \"target\": %g, \"better\": \"%s\"}\n", metric,
            value, unit, target, better);
    fflush (stdout);
}

/* --- events ------------------------------------------------------------------------------------------------------- */

static void apply (struct room *room, Moisson__Event *event)
{
    _cleanup_effects_ struct effects fx = EFFECTS_INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    event->now_us = room->now;
    if (core_apply (room->core, event, room->now, &fx, &err)) {
        fprintf (stderr, "core_cost: %s\n", err.why);
        exit (1);
    }
}

static void configure (struct room *room, uint32_t n)
{
    Moisson__NodeConf *nodes = xcalloc (n, sizeof *nodes), **list = xcalloc (n, sizeof *list);
    char **names = xcalloc (n, sizeof *names);
    Moisson__PartitionConf partition = MOISSON__PARTITION_CONF__INIT, *partitions[] = {&partition};
    Moisson__Config config = MOISSON__CONFIG__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;

    for (uint32_t i = 0; i < n; i++) {
        moisson__node_conf__init (&nodes[i]);
        nodes[i].name = names[i] = xasprintf ("n%05u", i);
        nodes[i].cpus = CPUS;
        nodes[i].mem_mb = NODE_MB;
        list[i] = &nodes[i];
    }
    partition.name = (char *) "main";
    partition.has_is_default = partition.is_default = true;
    partition.nodes = names;
    config.n_nodes = partition.n_nodes = n;
    config.nodes = list;
    config.partitions = partitions;
    config.n_partitions = 1;
    config.cluster = (char *) "bench";
    config.min_job_age_s = 1;
    config.max_array_size = 4000001;
    config.max_job_count = 10000000;
    config.submit_key_age_s = 3600;
    config.first_job_id = 1;
    event.what_case = MOISSON__EVENT__WHAT_CONFIGURED;
    event.configured = &config;
    apply (room, &event);
    for (uint32_t i = 0; i < n; i++)
        free (names[i]);
    free (names);
    free (list);
    free (nodes);
}

static void all_up (struct room *room, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        Moisson__Event event = MOISSON__EVENT__INIT;
        Moisson__NodeUp up = MOISSON__NODE_UP__INIT;
        Moisson__Register facts = MOISSON__REGISTER__INIT;
        char name[16];
        snprintf (name, sizeof name, "n%05u", i);
        facts.node = name;
        facts.boot_id = (char *) "boot";
        facts.version = (char *) "bench";
        up.facts = &facts;
        event.what_case = MOISSON__EVENT__WHAT_NODE_UP;
        event.node_up = &up;
        apply (room, &event);
    }
}

struct ask {
    uint32_t uid, cpus, priority, tasks; /* tasks > 0: an array of so many */
    uint64_t mem_mb, time_s;
    const char *name, *std_out;
    const uint8_t *script; /* 32 bytes */
    bool exclusive, held;
};

static uint8_t some_hash[32] = "0123456789abcdef0123456789abcde";

static uint64_t submit (struct room *room, const struct ask *ask)
{
    Moisson__JobSpec spec = MOISSON__JOB_SPEC__INIT;
    Moisson__Submitted submitted = MOISSON__SUBMITTED__INIT;
    Moisson__Range range = MOISSON__RANGE__INIT, *ranges[] = {&range};
    Moisson__Event event = MOISSON__EVENT__INIT;
    uint8_t token[16] = {0};
    uint32_t groups[] = {ask->uid, 27, 100};

    spec.name = (char *) (ask->name ? ask->name : "job.sh");
    spec.work_dir = (char *) "/home/someone/project/run";
    spec.std_out = (char *) (ask->std_out ? ask->std_out : "slurm-%j.out");
    spec.command = (char *) "/home/someone/project/run/job.sh";
    spec.submit_host = (char *) "login1";
    spec.has_cpus_per_task = true;
    spec.cpus_per_task = ask->cpus;
    spec.has_mem_per_node_mb = ask->mem_mb > 0;
    spec.mem_per_node_mb = ask->mem_mb;
    spec.has_time_limit_s = true;
    spec.time_limit_s = ask->time_s ? ask->time_s : 3600;
    spec.has_exclusive = spec.exclusive = ask->exclusive;
    spec.has_hold = spec.hold = ask->held;
    spec.has_priority = ask->priority > 0;
    spec.priority = ask->priority;
    spec.has_script_hash = spec.has_env_hash = true;
    spec.env_hash = (ProtobufCBinaryData){sizeof some_hash, some_hash};
    spec.script_hash = (ProtobufCBinaryData){sizeof some_hash, (uint8_t *) (ask->script ? ask->script : some_hash)};
    if (ask->tasks) {
        range.last = ask->tasks - 1;
        spec.array = ranges;
        spec.n_array = 1;
    }
    submitted.job_id = core_next_job_id (room->core);
    memcpy (token, &submitted.job_id, sizeof submitted.job_id);
    submitted.spec = &spec;
    submitted.uid = submitted.gid = ask->uid;
    submitted.user = submitted.group = (char *) "someone";
    submitted.home = (char *) "/home/someone";
    submitted.shell = (char *) "/bin/bash";
    submitted.groups = groups;
    submitted.n_groups = sizeof groups / sizeof *groups;
    submitted.has_token = true;
    submitted.token = (ProtobufCBinaryData){sizeof token, token};
    event.what_case = MOISSON__EVENT__WHAT_SUBMITTED;
    event.submitted = &submitted;
    apply (room, &event);
    return submitted.job_id;
}

static void end (struct room *room, uint64_t raw_id)
{
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
    Moisson__Exit exit_ = MOISSON__EXIT__INIT;
    Moisson__Ended ended = MOISSON__ENDED__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;

    id.raw_id = raw_id;
    id.attempt = 1;
    exit_.id = &id;
    exit_.kind = MOISSON__END_KIND__END_EXITED;
    ended.exit = &exit_;
    event.what_case = MOISSON__EVENT__WHAT_ENDED;
    event.ended = &ended;
    apply (room, &event);
}

/* --- passes ------------------------------------------------------------------------------------------------------- */

struct cost {
    size_t placed, steps;
    double us, cpu_us; /* by the clock; of this process, whatever else runs on the machine */
    double longest_us; /* of a step, CPU time */
};

/* All steps that are left; at most `most` placements. each: how long a step takes is looked at, too. */
static struct cost steps (struct room *room, size_t most, bool each)
{
    struct cost cost = {0};
    double began = clock_us (), cpu = cpu_us (), before = cpu;
    Moisson__Event *event;
    int rc;

    while (cost.placed < most && (rc = core_pass_step (room->core, room->now, &event)) != CORE_E_NOTHING) {
        double after = each ? cpu_us () : before;
        if (after - before > cost.longest_us)
            cost.longest_us = after - before;
        cost.steps++;
        if (rc == 0) {
            apply (room, event);
            moisson__event__free_unpacked (event, NULL);
            cost.placed++;
        }
        before = each ? cpu_us () : before;
    }
    cost.us = clock_us () - began;
    cost.cpu_us = cpu_us () - cpu;
    return cost;
}

static struct cost cycle (struct room *room, bool each)
{
    core_pass_begin (room->core, room->now);
    return steps (room, SIZE_MAX, each);
}

static struct room open_room (uint32_t nodes)
{
    struct room room = {core_create (), 1000 * USEC_PER_SEC};

    configure (&room, nodes);
    if (nodes)
        all_up (&room, nodes);
    return room;
}

/* Every node is taken by one job, the ends of which differ. */
static void fill (struct room *room, uint32_t cpus)
{
    for (uint32_t i = 0; i < NODES; i++)
        submit (room, &(struct ask){.uid = 999, .cpus = cpus, .mem_mb = NODE_MB, .time_s = 3600 + i % 977 * 60});
    if (cycle (room, false).placed != NODES) {
        fprintf (stderr, "core_cost: the nodes are not full\n");
        exit (1);
    }
}

static struct ask shape (uint32_t i) /* one of 500 */
{
    return (struct ask){
        .uid = 1000 + i % 25, .cpus = 1 + i % 4, .mem_mb = 1000 + i / 100 * 500, .time_s = 600 + i % 100 / 25 * 1800};
}

static void queue_500 (struct room *room, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct ask ask = shape (i % 500);
        room->now++;
        submit (room, &ask);
    }
}

static void cold (void)
{
    struct room room = open_room (NODES);
    double us = 1e18;

    fill (&room, CPUS);
    queue_500 (&room, PENDING);
    for (int i = 0; i < 5; i++) {
        struct cost cost = cycle (&room, false);
        us = cost.us < us || i == 0 ? cost.us : us;
        if (i == 0)
            say ("cold pass, 1,000,000 pending in 500 shapes, 10,000 full nodes", cost.cpu_us / 1e3, "ms", 50, "less");
    }
    say ("the same, best of five by the clock", us / 1e3, "ms", 50, "less");
    core_free (room.core);
}

static void many (void)
{
    struct room room = open_room (NODES);
    struct cost cost;

    fill (&room, CPUS - 1); /* a cpu of each is free, and no memory: every shape has to be tried or known not to fit */
    for (uint32_t i = 0; i < 200000; i++) {
        room.now++;
        submit (&room, &(struct ask){.uid = 1000 + i % 50,
                                     .cpus = 1 + i % 3,
                                     .mem_mb = 1000 + (i * 7919ULL) % 200003,
                                     .time_s = 600 + (i * 31ULL) % 86400 / 60 * 60});
    }
    cost = cycle (&room, true);
    say ("full cycle over 200,000 shapes", cost.cpu_us / 1e6, "s", 2, "less");
    say ("its longest step", cost.longest_us / 1e3, "ms", 5, "less");
    core_free (room.core);
}

static void empty (bool array)
{
    struct room room = open_room (NODES);
    uint32_t n = NODES * CPUS;
    struct cost cost;

    if (array)
        submit (&room, &(struct ask){.uid = 1000, .cpus = 1, .mem_mb = 1000, .tasks = n});
    for (uint32_t i = 0; !array && i < n; i++) {
        room.now++;
        submit (&room, &(struct ask){.uid = 1000, .cpus = 1, .mem_mb = 1000});
    }
    cost = cycle (&room, false);
    if (cost.placed != n) {
        fprintf (stderr, "core_cost: %zu of %u were placed\n", cost.placed, n);
        exit (1);
    }
    say (array ? "single-core placements on empty nodes, one array"
               : "single-core placements on empty nodes, plain jobs",
         (double) cost.placed / cost.cpu_us * 1e6, "1/s", 500000, "more");
    core_free (room.core);
}

static int by_size (const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return x < y ? -1 : x > y;
}

#define EXITS 20000

static void after_exit (void)
{
    struct room room = open_room (NODES);
    uint64_t next;
    double *us = xcalloc (EXITS, sizeof *us), all = 0;

    next = submit (&room, &(struct ask){.uid = 999, .cpus = 1, .mem_mb = 4000, .tasks = NODES * CPUS}) + 1;
    cycle (&room, false);
    queue_500 (&room, PENDING);
    cycle (&room, false);
    for (uint32_t i = 0; i < EXITS; i++) {
        struct cost cost;
        room.now += 50;
        end (&room, next++);
        cost = steps (&room, 1, false);
        if (!cost.placed) {
            fprintf (stderr, "core_cost: nothing was placed after exit %u\n", i);
            exit (1);
        }
        us[i] = cost.cpu_us;
        all += cost.cpu_us;
    }
    qsort (us, EXITS, sizeof *us, by_size);
    say ("one placement after an exit, mean", all / EXITS, "us", 20, "less");
    say ("one placement after an exit, p99", us[EXITS * 99 / 100], "us", 20, "less");
    free (us);
    core_free (room.core);
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static double resident (void)
{
    unsigned long size, pages = 0;
    FILE *in = fopen ("/proc/self/statm", "r");

    if (!in || fscanf (in, "%lu %lu", &size, &pages) != 2)
        exit (1);
    fclose (in);
    return (double) pages * (double) sysconf (_SC_PAGESIZE);
}

static void bytes (bool distinct)
{
    struct room room = open_room (100);
    double before = resident ();

    for (uint32_t i = 0; i < PENDING; i++) {
        char name[64], out[128];
        uint8_t script[32];
        struct ask ask = {.uid = 1000, .cpus = 1, .mem_mb = 1000};
        snprintf (name, sizeof name, "sample-%08u", i);
        snprintf (out, sizeof out, "/home/someone/project/run/logs/sample-%08u.out", i);
        memcpy (script, some_hash, sizeof script);
        memcpy (script, &i, sizeof i);
        if (distinct) {
            ask.name = name;
            ask.std_out = out;
            ask.script = script;
        }
        room.now++;
        submit (&room, &ask);
    }
    say (distinct ? "a pending job with a script, a name and an output path of its own"
                  : "a pending job like the others",
         (resident () - before) / PENDING, "bytes", distinct ? 1024 : 500, "less");
    core_free (room.core);
}

/* Every second task goes: those that are left lie apart from each other. */
static void end_every_second (struct room *room, uint64_t id)
{
    Moisson__CancelRequested cancel = MOISSON__CANCEL_REQUESTED__INIT;
    Moisson__Range range = MOISSON__RANGE__INIT, *ranges[] = {&range};
    Moisson__Event event = MOISSON__EVENT__INIT, clock = MOISSON__EVENT__INIT;
    Moisson__Clock tick = MOISSON__CLOCK__INIT;

    range.last = PENDING - 1;
    range.has_step = true;
    range.step = 2;
    cancel.job_id = id;
    cancel.tasks = ranges;
    cancel.n_tasks = 1;
    event.what_case = MOISSON__EVENT__WHAT_CANCEL_REQUESTED;
    event.cancel_requested = &cancel;
    apply (room, &event);
    room->now += 3600 * USEC_PER_SEC; /* MinJobAge is over */
    clock.what_case = MOISSON__EVENT__WHAT_CLOCK;
    clock.clock = &tick;
    apply (room, &clock);
}

static void array_bytes (void)
{
    struct room room = open_room (100);
    double before = resident ();
    uint64_t id = submit (&room, &(struct ask){.uid = 1000, .cpus = 1, .mem_mb = 1000, .tasks = PENDING, .held = true});

    say ("a pending task of an array", (resident () - before) / PENDING, "bytes", 16, "less");
    end_every_second (&room, id);
    if (core_stats (room.core).pending != PENDING / 2) {
        fprintf (stderr, "core_cost: %lu tasks are left\n", (unsigned long) core_stats (room.core).pending);
        exit (1);
    }
    malloc_trim (0);
    say ("the same, when every second one has finished", (resident () - before) / (PENDING / 2), "bytes", 16, "less");
    core_free (room.core);
}

int main (int argc, char **argv)
{
    const char *which = argc == 2 ? argv[1] : "";

    if (!strcmp (which, "cold"))
        cold ();
    else if (!strcmp (which, "many"))
        many ();
    else if (!strcmp (which, "empty-array"))
        empty (true);
    else if (!strcmp (which, "empty-jobs"))
        empty (false);
    else if (!strcmp (which, "exit"))
        after_exit ();
    else if (!strcmp (which, "same"))
        bytes (false);
    else if (!strcmp (which, "distinct"))
        bytes (true);
    else if (!strcmp (which, "array"))
        array_bytes ();
    else {
        fputs ("Usage: core_cost cold|many|empty-array|empty-jobs|exit|same|distinct|array\n", stderr);
        return 1;
    }
    return 0;
}
