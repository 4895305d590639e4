/* start_rate.c - how fast jobs may start. */
#include "core/start_rate.h"
#include <string.h>
#include <uthash.h>
#include "base/mem.h"
#include "base/units.h"
#include "core/state.h"

#define SWEEP 1024

struct mark_key {
    const struct partition *partition;
    uint64_t who; /* uid + 1; 0: all of the partition */
};

struct start_mark {
    struct mark_key key;
    usec_t full_us; /* when as many may start at once as ever */
    UT_hash_handle hh;
};

struct rate {
    uint32_t n; /* 0 = any number */
    usec_t us;
};

static struct rate rate_of (const struct partition *partition, uint64_t who)
{
    const Moisson__PartitionConf *conf = partition ? partition->conf : NULL;

    if (!conf)
        return (struct rate){0};
    return who ? (struct rate){conf->user_start_rate, conf->user_start_rate_us}
               : (struct rate){conf->start_rate, conf->start_rate_us};
}

static usec_t step_of (struct rate rate) /* from one to the next */
{
    return (rate.us + rate.n - 1) / rate.n;
}

static struct start_mark *find (const struct core *core, const struct partition *partition, uint64_t who)
{
    struct mark_key key;
    struct start_mark *mark;

    memset (&key, 0, sizeof key);
    key.partition = partition;
    key.who = who;
    HASH_FIND (hh, core->starts.marks, &key, sizeof key, mark);
    return mark;
}

static struct start_mark *add (struct core *core, const struct partition *partition, uint64_t who, usec_t full_us)
{
    struct start_mark *mark = xcalloc (1, sizeof *mark);

    mark->key.partition = partition;
    mark->key.who = who;
    mark->full_us = full_us;
    HASH_ADD (hh, core->starts.marks, key, sizeof mark->key, mark);
    return mark;
}

static uint64_t who_is (const struct job *job)
{
    return (uint64_t) job->spec->uid + 1;
}

/* When the next one may start. */
static usec_t next_start (const struct core *core, const struct partition *partition, uint64_t who)
{
    struct rate rate = rate_of (partition, who);
    const struct start_mark *mark = rate.n ? find (core, partition, who) : NULL;
    usec_t ahead = rate.n ? (rate.n - 1) * step_of (rate) : 0;

    return mark && mark->full_us > ahead ? mark->full_us - ahead : 0;
}

enum gate start_gate (const struct core *core, const struct job *job, usec_t now, usec_t *ret_at)
{
    const struct partition *partition = partition_find (core, job->partition);
    usec_t all, own;

    if (!rate_of (partition, 0).n && !rate_of (partition, 1).n)
        return GATE_OPEN;
    all = next_start (core, partition, 0);
    own = next_start (core, partition, who_is (job));
    *ret_at = all > own ? all : own;
    return *ret_at > now ? GATE_LANE : GATE_OPEN;
}

static void say_rate (struct rate rate, struct buf *text)
{
    const char *unit = rate.us == USEC_PER_SEC ? "a second" : rate.us == 60 * USEC_PER_SEC ? "a minute" : "an hour";

    buf_printf (text, "%u start%s %s", rate.n, rate.n == 1 ? "" : "s", unit);
}

bool start_explain (const struct core *core, const struct job *job, struct buf *text)
{
    const struct partition *partition = partition_find (core, job->partition);
    char when[64];
    usec_t at;

    if (start_gate (core, job, core->now, &at) == GATE_OPEN)
        return false;
    if (!text)
        return true;
    buf_printf (text, "partition %s allows ", partition->name);
    say_rate (next_start (core, partition, 0) == at ? rate_of (partition, 0) : rate_of (partition, 1), text);
    buf_printf (text, "%s: the next one at %s", next_start (core, partition, 0) == at ? "" : " to each user",
                time_format (at, NULL, "", when, sizeof when));
    return true;
}

static void count (struct core *core, const struct partition *partition, uint64_t who)
{
    struct rate rate = rate_of (partition, who);
    struct start_mark *mark;

    if (!rate.n)
        return;
    mark = find (core, partition, who);
    if (!mark)
        mark = add (core, partition, who, 0);
    mark->full_us = (mark->full_us > core->now ? mark->full_us : core->now) + step_of (rate);
}

static void sweep (struct core *core)
{
    struct start_mark *mark, *next;

    core->starts.since_sweep = 0;
    HASH_ITER (hh, core->starts.marks, mark, next)
    if (mark->full_us <= core->now) {
        HASH_DELETE (hh, core->starts.marks, mark);
        free (mark);
    }
}

void start_count (struct core *core, const struct job *job)
{
    const struct partition *partition = partition_find (core, job->partition);

    if (!rate_of (partition, 0).n && !rate_of (partition, 1).n)
        return;
    count (core, partition, 0);
    count (core, partition, who_is (job));
    if (++core->starts.since_sweep >= SWEEP)
        sweep (core);
}

void start_configured (struct core *core)
{
    struct start_mark *mark, *next;

    HASH_ITER (hh, core->starts.marks, mark, next)
    {
        struct rate rate = rate_of (mark->key.partition, mark->key.who);
        usec_t most = core->now + rate.n * (rate.n ? step_of (rate) : 0);
        if (mark->full_us > most) /* a slower rate was in force */
            mark->full_us = most;
    }
    sweep (core);
}

void start_clear (struct start_table *starts)
{
    struct start_mark *mark, *next;

    HASH_ITER (hh, starts->marks, mark, next)
    {
        HASH_DELETE (hh, starts->marks, mark);
        free (mark);
    }
}

/* --- snapshots ---------------------------------------------------------------------------------------------------- */

Moisson__StartMark **start_save (const struct core *core, size_t *ret_n)
{
    Moisson__StartMark **list = xcalloc (HASH_COUNT (core->starts.marks) + 1, sizeof *list);
    const struct start_mark *mark;

    *ret_n = 0;
    for (mark = core->starts.marks; mark; mark = mark->hh.next) {
        Moisson__StartMark *out = list[(*ret_n)++] = xmalloc (sizeof *out);
        moisson__start_mark__init (out);
        out->partition = (char *) mark->key.partition->name;
        out->full_us = mark->full_us;
        out->has_uid = mark->key.who > 0;
        out->uid = (uint32_t) (mark->key.who - 1);
    }
    return list;
}

void start_load (struct core *core, Moisson__StartMark *const *marks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct partition *partition = partition_find (core, marks[i]->partition);
        uint64_t who = marks[i]->has_uid ? (uint64_t) marks[i]->uid + 1 : 0;
        if (partition && !find (core, partition, who))
            add (core, partition, who, marks[i]->full_us);
    }
}

int start_check (const struct core *core, struct err *err)
{
    const struct start_mark *mark;

    for (mark = core->starts.marks; mark; mark = mark->hh.next) {
        struct rate rate = rate_of (mark->key.partition, mark->key.who);
        if (!rate.n && mark->full_us > core->now)
            return err_set (err, 0, "starts are counted in partition %s, which has no rate", mark->key.partition->name);
        if (rate.n && mark->full_us > core->now + (rate.n + 1) * step_of (rate))
            return err_set (err, 0, "more than %u jobs of partition %s were started at once", rate.n,
                            mark->key.partition->name);
    }
    return 0;
}
