/* on_events.c - what happens, as it happens, and what has happened since a cursor. What is not kept in memory is read
 * from the rows of the journal by the reader's thread; both give the same, and nothing that is not committed. A reader
 * that is slow costs a page: it goes on from its cursor. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "core/news.h"
#include "ctld/followers.h"
#include "ctld/news_match.h"
#include "ctld/page.h"
#include "ctld/rpc.h"

#define ROWS_AT_ONCE 2000         /* of the journal, and events looked at in memory */
#define BYTES_AT_ONCE (8u << 20)  /* of such rows */
#define ALIVE (30 * USEC_PER_SEC) /* a word at least so often, so that a lost connection is noticed */

struct events {
    struct ctld *ctld;
    Moisson__EventsRequest *asked; /* owned: the reader's thread looks at it */
    struct follower follower;
    struct timer *alive;
    uint64_t cursor; /* all up to this event has been told or left out */
    uint64_t wanted; /* by a fetch: this event and no newer one */
    uint64_t oldest; /* a fetch has found that this is the first one left; 0: it follows the cursor */
    bool attached;   /* the stream is there */
    bool fetching, fetched;
    struct page page;
    struct err err;
};

static void events_free (struct events *e)
{
    moisson__events_request__free_unpacked (e->asked, NULL);
    page_clear (&e->page);
    err_clear (&e->err);
    free (e);
}

static void state_free (void *state)
{
    struct events *e = state;

    e->attached = false;
    followers_remove (e->ctld->followers, &e->follower);
    timer_free (e->alive);
    e->alive = NULL;
    if (!e->fetching) /* else the fetch is the last to let go */
        events_free (e);
}

static void send_page (struct events *e, bool last, uint64_t oldest)
{
    Moisson__EventsPage message = MOISSON__EVENTS_PAGE__INIT;

    message.last = last;
    message.has_cursor = true;
    message.cursor = e->cursor;
    message.has_oldest = oldest != 0;
    message.oldest = oldest;
    page_lend (&e->page, &message.base);
    stream_send (e->follower.stream, MOISSON__MSG_TYPE__MSG_EVENTS_PAGE, &message.base);
    page_clear (&e->page);
    timer_arm (e->alive, ALIVE);
}

static void say_something (void *arg)
{
    struct events *e = arg;

    if (e->follower.waits)
        send_page (e, false, 0);
    else
        timer_arm (e->alive, ALIVE);
}

static void add_news (struct events *e, uint64_t sequence, uint64_t time_us, Moisson__News *const *news, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        Moisson__EventRow row = MOISSON__EVENT_ROW__INIT;
        if (!news_match (e->asked, sequence, (uint32_t) i + 1, news[i]))
            continue;
        row.sequence = sequence;
        row.part = (uint32_t) i + 1;
        row.time_us = time_us;
        row.news = news[i];
        row.has_final = row.final = i + 1 == n;
        page_add (&e->page, &row.base);
    }
}

/* --- from the journal --------------------------------------------------------------------------------------------- */

static int add_row (void *arg, uint64_t sequence, const uint8_t *data, size_t len)
{
    struct events *e = arg;
    Moisson__Event *event;

    if (sequence > e->wanted)
        return 1;
    if (!e->oldest && sequence != e->cursor + 1 && e->cursor) /* those between are not kept any more */
        e->oldest = sequence;
    e->cursor = sequence;
    event = moisson__event__unpack (NULL, len, data);
    if (event) { /* else of a version to come */
        add_news (e, sequence, event->now_us, event->news, event->n_news);
        moisson__event__free_unpacked (event, NULL);
    }
    return e->page.bytes >= PAGE_BYTES;
}

/* In the reader's thread. */
static int fetch (void *arg, struct store_reader *store)
{
    struct events *e = arg;
    uint64_t before = e->cursor;
    int rc = e->ctld->ops->events (store, e->cursor, ROWS_AT_ONCE, BYTES_AT_ONCE, add_row, e, &e->err);

    if (rc == 0 && e->cursor == before) { /* there is nothing between it and what is in memory */
        e->oldest = before ? e->wanted + 1 : 0;
        e->cursor = e->wanted;
    }
    return rc;
}

static void fetch_done (void *arg, int rc, bool run)
{
    struct events *e = arg;

    e->fetching = false;
    e->fetched = true;
    if (!run && !err_is_set (&e->err))
        rc = err_set (&e->err, 0, "the controller is stopping");
    if (rc < 0 && !err_is_set (&e->err))
        err_set (&e->err, 0, "the journal cannot be read now");
    if (e->attached)
        stream_resume (e->follower.stream);
    else
        events_free (e);
}

static enum stream_more begin_fetch (struct events *e, uint64_t wanted)
{
    e->fetching = true;
    e->wanted = wanted;
    e->oldest = 0;
    reader_run (e->ctld->reader, fetch, fetch_done, e);
    return STREAM_LATER;
}

static enum stream_more take_fetched (struct stream *stream, struct events *e)
{
    e->fetched = false;
    if (err_is_set (&e->err)) {
        struct err why = e->err;

        e->err = ERR_INIT;
        stream_fail (stream, &why);
        err_clear (&why);
        return STREAM_LATER;
    }
    send_page (e, false, e->oldest);
    return STREAM_MORE;
}

/* --- from memory -------------------------------------------------------------------------------------------------- */

static void add_told (struct events *e, uint64_t committed)
{
    struct followers *followers = e->ctld->followers;
    const struct told *told;

    for (unsigned n = 0; n < ROWS_AT_ONCE && e->page.bytes < PAGE_BYTES; n++) {
        told = followers_next (followers, e->cursor);
        if (!told || told->sequence > committed) {
            e->cursor = committed;
            return;
        }
        add_news (e, told->sequence, told->time_us, told->news, told->n);
        e->cursor = told->sequence;
    }
}

static enum stream_more events_page (struct stream *stream, void *state)
{
    struct events *e = state;
    uint64_t committed = journal_committed (e->ctld->journal), from = followers_from (e->ctld->followers);

    e->follower.stream = stream;
    e->follower.waits = false;
    if (e->fetching) /* woken by something else */
        return STREAM_LATER;
    if (e->fetched)
        return take_fetched (stream, e);
    if (e->cursor + 1 < from && e->cursor < committed)
        return begin_fetch (e, committed < from ? committed : from - 1);
    if (e->cursor < committed)
        add_told (e, committed);
    bool done = e->cursor >= committed, last = done && !e->asked->follow;
    if (e->page.n || last)
        send_page (e, last, 0);
    if (last)
        return STREAM_LAST;
    e->follower.waits = done;
    return done ? STREAM_LATER : STREAM_MORE;
}

/* --- the door ----------------------------------------------------------------------------------------------------- */

static int check_types (const Moisson__EventsRequest *asked, struct err *err)
{
    size_t n;
    const struct news_type *types = news_types (&n);

    for (size_t i = 0; i < asked->n_types; i++) {
        bool known = false;
        for (size_t k = 0; k < n && !known; k++)
            known = !strcmp (types[k].name, asked->types[i]);
        if (known)
            continue;
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "there are no events of type \"%.80s\"", asked->types[i]);
        return err_fix (err, "see: moisson events --help");
    }
    return 0;
}

/* From where on: *ret is the last event that is not to be told. */
static int find_cursor (const struct ctld *ctld, const Moisson__EventsRequest *asked, uint64_t *ret, struct err *err)
{
    uint64_t newest = journal_sequence (ctld->journal);

    if (asked->has_since && asked->since > newest) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "event %" PRIu64 " has not happened: the newest is %" PRIu64,
                 asked->since, newest);
        return err_fix (err, "use a cursor of this cluster; after its state was restored from a backup begin anew with "
                             "--since=begin");
    }
    *ret = asked->from_oldest ? 0 : asked->has_since ? asked->since - (asked->since_part && asked->since) : newest;
    return 0;
}

void rpc_events (struct request *request)
{
    static const struct stream_ops ops = {events_page, state_free};
    Moisson__EventsRequest *asked = request->msg;
    struct ctld *ctld = request->ctld;
    _cleanup_err_ struct err err = ERR_INIT;
    struct events *e;
    uint64_t cursor = 0;

    if (check_types (asked, &err) < 0 || find_cursor (ctld, asked, &cursor, &err) < 0) {
        request_fail (request, &err);
        return;
    }
    e = xcalloc (1, sizeof *e);
    e->ctld = ctld;
    e->asked = asked;
    e->cursor = cursor;
    e->attached = true;
    e->alive = timer_create_in (ctld->loop, say_something, e);
    timer_arm (e->alive, ALIVE);
    request->msg = NULL;
    followers_add (ctld->followers, &e->follower, journal_sequence (ctld->journal));
    stream_start (request, &ops, e);
}
