/* stream.h - an answer in pages: a page at a time, a few milliseconds a turn of the loop, no more than the peer takes.
 */
#pragma once
#include "ctld/session.h"

struct stream;

enum stream_more {
    STREAM_LAST,  /* that was the last page */
    STREAM_MORE,  /* there is more */
    STREAM_LATER, /* a page is being fetched: stream_resume will be called */
};

struct stream_ops {
    enum stream_more (*page) (struct stream *stream, void *state); /* send the next page by stream_send */
    void (*free_state) (void *state);                              /* also when the peer left; no page call follows */
};

/* Begins once everything applied so far is committed. Owns request and state from now on. */
void stream_start (struct request *request, const struct stream_ops *ops, void *state);
void stream_resume (struct stream *stream);
void stream_send (struct stream *stream, Moisson__MsgType type, const ProtobufCMessage *page);
struct request *stream_request (struct stream *stream);
/* End it with an error instead of more pages; only from page, which then returns STREAM_LATER. */
void stream_fail (struct stream *stream, const struct err *err);
