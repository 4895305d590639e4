/* on_acct.c - accounting: first what the core still has of jobs that had not ended at event S (the newest when the
 * question came), then the records up to S from the store. Each attempt is in exactly one of the two: what ends while
 * the answer goes on is newer than S, and what the core forgets after MinJobAge has long been passed. */
#include <inttypes.h>
#include <stdlib.h>
#include "base/hostlist.h"
#include "base/mem.h"
#include "ctld/acct_match.h"
#include "ctld/page.h"
#include "ctld/rpc.h"
#include "ctld/stream.h"

#define LOOK_AT 512
#define RECORDS_A_PAGE 512

struct acct {
    struct ctld *ctld;
    Moisson__AcctRequest *asked; /* owned: the reader's thread looks at it */
    struct hostlist *names;      /* its nodelist; NULL = any */
    uint64_t sequence;           /* S */
    bool live_done;
    uint64_t cursor;
    /* the store's part */
    struct stream *stream; /* NULL: the peer left while a page was fetched */
    bool fetching, fetched;
    uint64_t *ids;
    uint64_t rowid;
    size_t seen; /* records of the page, before the filter */
    struct page page;
    struct err err;
};

static void acct_free (struct acct *a)
{
    moisson__acct_request__free_unpacked (a->asked, NULL);
    hostlist_free (a->names);
    page_clear (&a->page);
    err_clear (&a->err);
    free (a->ids);
    free (a);
}

static void state_free (void *state)
{
    struct acct *a = state;

    a->stream = NULL;
    if (!a->fetching) /* else the fetch is the last to let go */
        acct_free (a);
}

static void send_page (struct stream *stream, const struct page *page, bool last)
{
    Moisson__AcctPage message = MOISSON__ACCT_PAGE__INIT;

    message.last = last;
    message.has_now_us = true;
    message.now_us = now_wall ();
    page_lend (page, &message.base);
    if (page->n || last)
        stream_send (stream, MOISSON__MSG_TYPE__MSG_ACCT_PAGE, &message.base);
}

/* --- what has not ended --------------------------------------------------------------------------------------------
 */

static bool add_live (void *arg, const Moisson__AcctRecord *record)
{
    struct acct *a = arg;

    if (acct_match (a->asked, a->names, record))
        page_add (&a->page, &record->base);
    return a->page.bytes < PAGE_BYTES;
}

static void live_page (struct stream *stream, struct acct *a)
{
    a->cursor = core_acct (a->ctld->core, a->asked->filter, a->sequence, a->cursor, LOOK_AT, add_live, a);
    a->live_done = a->cursor == 0;
    send_page (stream, &a->page, false);
    page_clear (&a->page);
}

/* --- what is recorded ----------------------------------------------------------------------------------------------
 */

static void add_record (void *arg, uint64_t rowid, const uint8_t *data, size_t len)
{
    struct acct *a = arg;
    Moisson__AcctRecord *record = moisson__acct_record__unpack (NULL, len, data);

    a->rowid = rowid;
    a->seen++;
    if (!record)
        return; /* of a version to come */
    if (record->has_superseded && record->superseded > a->sequence)
        record->requeued = false; /* the answer is of before that */
    if (acct_match (a->asked, a->names, record))
        page_add (&a->page, &record->base);
    moisson__acct_record__free_unpacked (record, NULL);
}

/* In the reader's thread. */
static int fetch (void *arg, struct store_reader *store)
{
    struct acct *a = arg;
    const Moisson__JobFilter *filter = a->asked->filter;
    struct store_range range = {.ids = a->ids,
                                .n_ids = filter ? filter->n_jobs : 0,
                                .uids = filter ? filter->uids : NULL,
                                .n_uids = filter ? filter->n_uids : 0,
                                .since_us = a->asked->has_since_us ? a->asked->since_us : 0,
                                .until_us = a->asked->has_until_us ? a->asked->until_us : 0,
                                .max_sequence = a->sequence,
                                .after_rowid = a->rowid,
                                .limit = RECORDS_A_PAGE};

    a->seen = 0;
    return a->ctld->ops->records (store, &range, add_record, a, &a->err);
}

static void fetch_done (void *arg, int rc, bool run)
{
    struct acct *a = arg;

    a->fetching = false;
    a->fetched = true;
    if (!run && !err_is_set (&a->err))
        rc = err_set (&a->err, 0, "the controller is stopping");
    if (rc < 0 && !err_is_set (&a->err))
        err_set (&a->err, 0, "the accounting records cannot be read now");
    if (a->stream)
        stream_resume (a->stream);
    else
        acct_free (a);
}

static enum stream_more store_page (struct stream *stream, struct acct *a)
{
    if (!a->fetched) {
        a->stream = stream;
        a->fetching = true;
        reader_run (a->ctld->reader, fetch, fetch_done, a);
        return STREAM_LATER;
    }
    a->fetched = false;
    if (err_is_set (&a->err)) {
        struct err why = a->err;

        a->err = ERR_INIT;
        stream_fail (stream, &why);
        err_clear (&why);
        return STREAM_LATER;
    }
    bool last = a->seen < RECORDS_A_PAGE;
    send_page (stream, &a->page, last);
    page_clear (&a->page);
    return last ? STREAM_LAST : STREAM_MORE;
}

static enum stream_more acct_page (struct stream *stream, void *state)
{
    struct acct *a = state;

    if (a->live_done)
        return a->sequence ? store_page (stream, a) : (send_page (stream, &a->page, true), STREAM_LAST);
    live_page (stream, a);
    return STREAM_MORE;
}

void rpc_acct (struct request *request)
{
    static const struct stream_ops ops = {acct_page, state_free};
    Moisson__AcctRequest *asked = request->msg;
    _cleanup_hostlist_ struct hostlist *names = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (asked->filter && asked->filter->nodelist && *asked->filter->nodelist &&
        hostlist_parse (&names, asked->filter->nodelist, &err) < 0) {
        request_fail (request, &err);
        return;
    }
    struct acct *a = xcalloc (1, sizeof *a);
    a->ctld = request->ctld;
    a->asked = asked;
    a->names = steal (&names);
    request->msg = NULL;
    a->sequence = journal_sequence (request->ctld->journal);
    if (asked->filter && asked->filter->n_jobs) {
        a->ids = xcalloc (asked->filter->n_jobs, sizeof *a->ids);
        for (size_t i = 0; i < asked->filter->n_jobs; i++)
            a->ids[i] = asked->filter->jobs[i]->job_id;
    }
    stream_start (request, &ops, a);
}
