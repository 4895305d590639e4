/* on_query.c - what is there: jobs, nodes, partitions, configuration, the controller itself. Every answer waits for the
 * commit of what it shows. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "ctld/apply.h"
#include "ctld/nodes.h"
#include "ctld/page.h"
#include "ctld/pass.h"
#include "ctld/rpc.h"
#include "ctld/snapshots.h"
#include "ctld/stream.h"
#include "ctld/waiters.h"
#include "base/hostlist.h"

#define LOOK_AT 512 /* rows looked at for one page, at most */

/* --- jobs --- */

struct jobs_state {
    uint64_t cursor;
    bool begun;
};

static bool add_job (void *arg, const Moisson__JobInfo *row)
{
    struct page *page = arg;

    page_add (page, &row->base);
    return page->bytes < PAGE_BYTES;
}

/* One id that is not known is an error; of several, those that are not known are left out. */
static bool known (struct stream *stream, const Moisson__JobsRequest *asked, const struct core *core)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (!asked->filter || asked->filter->n_jobs != 1 || core_knows (core, asked->filter->jobs[0]))
        return true;
    err_set (&err, MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, "Invalid job id specified");
    err_fix (&err, "jobs are shown until MinJobAge after their end; for older ones see sacct");
    stream_fail (stream, &err);
    return false;
}

static enum stream_more jobs_page (struct stream *stream, void *state)
{
    struct jobs_state *s = state;
    struct request *request = stream_request (stream);
    const struct core *core = request->ctld->core;
    _cleanup_page_ struct page page = PAGE_INIT;
    Moisson__JobsPage message = MOISSON__JOBS_PAGE__INIT;

    if (!s->begun && !known (stream, request->msg, core))
        return STREAM_LATER;
    s->begun = true;
    s->cursor = core_jobs (core, request->msg, s->cursor, LOOK_AT, add_job, &page);
    message.last = s->cursor == 0;
    message.has_now_us = true;
    message.now_us = now_wall ();
    page_lend (&page, &message.base);
    if (page.n || message.last)
        stream_send (stream, MOISSON__MSG_TYPE__MSG_JOBS_PAGE, &message.base);
    return message.last ? STREAM_LAST : STREAM_MORE;
}

void rpc_jobs (struct request *request)
{
    static const struct stream_ops ops = {jobs_page, free};
    const Moisson__JobsRequest *asked = request->msg;
    _cleanup_hostlist_ struct hostlist *names = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (asked->filter && asked->filter->nodelist && *asked->filter->nodelist &&
        hostlist_parse (&names, asked->filter->nodelist, &err) < 0) {
        request_fail (request, &err);
        return;
    }
    stream_start (request, &ops, xcalloc (1, sizeof (struct jobs_state)));
}

/* --- nodes --- */

struct nodes_page_ctx {
    const struct nodes *nodes;
    struct page page;
};

static bool add_node (void *arg, const Moisson__NodeInfo *row)
{
    struct nodes_page_ctx *ctx = arg;
    Moisson__NodeInfo full = *row;

    nodes_describe (ctx->nodes, &full);
    page_add (&ctx->page, &full.base);
    return ctx->page.bytes < PAGE_BYTES;
}

static enum stream_more nodes_page (struct stream *stream, void *state)
{
    size_t *cursor = state;
    struct ctld *ctld = stream_request (stream)->ctld;
    struct nodes_page_ctx ctx = {.nodes = ctld->nodes, .page = PAGE_INIT};
    Moisson__NodesPage message = MOISSON__NODES_PAGE__INIT;

    *cursor = core_nodes (ctld->core, *cursor, LOOK_AT, add_node, &ctx);
    message.last = *cursor == 0;
    page_lend (&ctx.page, &message.base);
    stream_send (stream, MOISSON__MSG_TYPE__MSG_NODES_PAGE, &message.base);
    page_clear (&ctx.page);
    return message.last ? STREAM_LAST : STREAM_MORE;
}

void rpc_nodes (struct request *request)
{
    static const struct stream_ops ops = {nodes_page, free};

    stream_start (request, &ops, xcalloc (1, sizeof (size_t)));
}

/* --- partitions --- */

static void add_partition (void *arg, const Moisson__PartitionInfo *row)
{
    page_add (arg, &row->base);
}

static void send_partitions (void *arg, bool committed)
{
    struct request *request = arg;
    _cleanup_page_ struct page page = PAGE_INIT;
    Moisson__PartitionsPage message = MOISSON__PARTITIONS_PAGE__INIT;

    if (!committed) {
        request_end (request);
        return;
    }
    core_partitions (request->ctld->core, add_partition, &page);
    page_lend (&page, &message.base);
    request_reply (request, MOISSON__MSG_TYPE__MSG_PARTITIONS_PAGE, &message.base);
}

void rpc_partitions (struct request *request)
{
    ctld_after (request->ctld, send_partitions, request);
}

/* --- the controller --- */

struct entries {
    Moisson__KeyValue **list;
    size_t n, room;
};

static void add_entry (void *arg, const char *key, const char *value)
{
    struct entries *e = arg;
    Moisson__KeyValue *kv = xmalloc (sizeof *kv);

    moisson__key_value__init (kv);
    kv->key = xstrdup (key);
    kv->value = xstrdup (value);
    GROW (e->list, e->n, e->room);
    e->list[e->n++] = kv;
}

static void add_count (struct entries *e, const char *key, uint64_t value)
{
    char text[24];

    snprintf (text, sizeof text, "%" PRIu64, value);
    add_entry (e, key, text);
}

static void entries_clear (struct entries *e)
{
    for (size_t i = 0; i < e->n; i++)
        moisson__key_value__free_unpacked (e->list[i], NULL);
    free (e->list);
}

void rpc_config (struct request *request)
{
    struct entries e = {0};
    Moisson__ConfigReply reply = MOISSON__CONFIG_REPLY__INIT;

    config_entries (request->ctld->conf, add_entry, &e);
    reply.entries = e.list;
    reply.n_entries = e.n;
    request_reply (request, MOISSON__MSG_TYPE__MSG_CONFIG_REPLY, &reply.base);
    entries_clear (&e);
}

void rpc_ping (struct request *request)
{
    Moisson__PingReply reply = MOISSON__PING_REPLY__INIT;

    reply.host = request->ctld->host;
    reply.version = (char *) MOISSON_VERSION;
    reply.has_start_us = reply.has_pid = true;
    reply.start_us = request->ctld->start_us;
    reply.pid = (uint32_t) getpid ();
    request_reply (request, MOISSON__MSG_TYPE__MSG_PING_REPLY, &reply.base);
}

static void add_core (struct entries *e, const struct ctld *ctld)
{
    struct core_stats c = core_stats (ctld->core);

    add_count (e, "jobs", c.jobs);
    add_count (e, "tasks_pending", c.pending);
    add_count (e, "tasks_running", c.running);
    add_count (e, "tasks_ended", c.ended);
    add_count (e, "events", c.events);
    add_count (e, "stale_news", c.stale_news);
    add_count (e, "nodes", c.nodes);
    add_count (e, "nodes_up", c.nodes_up);
    add_count (e, "nodes_connected", nodes_connected (ctld->nodes));
}

static void add_journal (struct entries *e, const struct ctld *ctld)
{
    static const char *const words[] = {[JOURNAL_OK] = "ok", [JOURNAL_FULL] = "full", [JOURNAL_FAILING] = "failing"};
    struct journal_stats j = journal_stats (ctld->journal);

    add_entry (e, "store", words[journal_health (ctld->journal)]);
    add_count (e, "sequence", journal_sequence (ctld->journal));
    add_count (e, "committed", journal_committed (ctld->journal));
    add_count (e, "uncommitted", journal_sequence (ctld->journal) - journal_committed (ctld->journal));
    add_count (e, "commits", j.commits);
    add_count (e, "commit_rows", j.rows);
    add_count (e, "commit_retries", j.retries);
    add_count (e, "commit_us_last", j.last);
    add_count (e, "commit_us_longest", j.longest);
    add_count (e, "commit_us_mean", j.commits ? j.total / (j.commits + j.retries) : 0);
    add_count (e, "snapshots", snapshots_written (ctld->snapshots));
}

static void add_loop (struct entries *e, const struct ctld *ctld, usec_t up)
{
    struct loop_stats l = loop_stats (ctld->loop);
    struct pass_stats p = pass_stats (ctld->pass);
    struct door_stats d = door_stats (ctld->door);

    add_count (e, "loop_callbacks", l.callbacks);
    add_count (e, "loop_over_5ms", l.over_5ms);
    add_count (e, "loop_us_longest", l.longest);
    add_count (e, "passes", p.passes);
    add_count (e, "placed", p.placed);
    add_count (e, "slices", p.slices);
    add_count (e, "slices_per_minute", p.slices * 60 / (up / USEC_PER_SEC ? up / USEC_PER_SEC : 1));
    add_count (e, "pass_us_last", p.last);
    add_count (e, "pass_us_longest", p.longest);
    add_count (e, "pass_us_mean", p.slices ? p.total / p.slices : 0);
    add_count (e, "sessions", sessions_count (ctld->sessions));
    add_count (e, "waiters", waiters_count (ctld->waiters));
    add_count (e, "connections", d.accepted);
    add_count (e, "connections_refused", d.refused);
    add_count (e, "connections_crowded_out", d.crowded_out);
    add_count (e, "connections_timed_out", d.timed_out);
}

void rpc_stats (struct request *request)
{
    struct ctld *ctld = request->ctld;
    struct entries e = {0};
    Moisson__StatsReply reply = MOISSON__STATS_REPLY__INIT;
    usec_t up = now_wall () - ctld->start_us;

    add_count (&e, "uptime_s", up / USEC_PER_SEC);
    add_core (&e, ctld);
    add_count (&e, "events_since_start", journal_sequence (ctld->journal) - ctld->restored);
    add_count (&e, "events_per_s_mean",
               (journal_sequence (ctld->journal) - ctld->restored) * USEC_PER_SEC / (up ? up : 1));
    add_journal (&e, ctld);
    add_loop (&e, ctld, up);
    reply.entries = e.list;
    reply.n_entries = e.n;
    request_reply (request, MOISSON__MSG_TYPE__MSG_STATS_REPLY, &reply.base);
    entries_clear (&e);
}
