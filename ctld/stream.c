/* stream.c - an answer in pages. */
#include "ctld/stream.h"
#include <stdlib.h>
#include "base/mem.h"
#include "ctld/apply.h"

#define SLICE 2000u /* microseconds */

struct stream {
    struct request *request;
    const struct stream_ops *ops;
    void *state;
    struct timer *timer; /* for the next slice */
    bool full;           /* waits for the peer to read */
};

static struct request *stream_end (struct stream *s)
{
    struct request *request = s->request;

    request->on_gone = NULL;
    request->on_drained = NULL;
    s->ops->free_state (s->state);
    timer_free (s->timer);
    free (s);
    return request;
}

static void pump (void *arg)
{
    struct stream *s = arg;
    usec_t began = now_monotonic ();

    for (;;) {
        if (channel_queued (s->request->session->channel) >= CHANNEL_LOW) {
            s->full = true;
            return;
        }
        if (now_monotonic () - began > SLICE) {
            timer_arm (s->timer, 0);
            return;
        }
        enum stream_more more = s->ops->page (s, s->state);
        if (more == STREAM_LATER)
            return;
        if (more == STREAM_LAST) {
            request_end (stream_end (s));
            return;
        }
    }
}

void stream_resume (struct stream *s)
{
    timer_arm (s->timer, 0);
}

static void on_drained (struct request *request)
{
    struct stream *s = request->state;

    if (!s->full)
        return;
    s->full = false;
    timer_arm (s->timer, 0);
}

static void on_gone (struct request *request)
{
    request_end (stream_end (request->state));
}

void stream_send (struct stream *s, Moisson__MsgType type, const ProtobufCMessage *page)
{
    request_send (s->request, type, page);
}

struct request *stream_request (struct stream *s)
{
    return s->request;
}

void stream_fail (struct stream *s, const struct err *err)
{
    request_fail (stream_end (s), err);
}

static void begin (void *arg, bool committed)
{
    struct stream *s = arg;

    if (!committed || request_gone (s->request)) {
        request_end (stream_end (s));
        return;
    }
    s->request->on_gone = on_gone;
    s->request->on_drained = on_drained;
    s->request->state = s;
    pump (s);
}

void stream_start (struct request *request, const struct stream_ops *ops, void *state)
{
    struct stream *s = xcalloc (1, sizeof *s);

    s->request = request;
    s->ops = ops;
    s->state = state;
    s->timer = timer_create_in (request->ctld->loop, pump, s);
    ctld_after (request->ctld, begin, s);
}
