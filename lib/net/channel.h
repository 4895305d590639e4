/* channel.h - a sealed connection on a loop: whole messages in and out. Writing is queue-and-arm, never blocking. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include "net/loop.h"
#include "net/seal.h"
#include "proto/wire.pb-c.h"

struct channel;

struct channel_handlers {
    /* data is valid during the call. The handler may free the channel. */
    void (*on_message) (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len);
    /* The peer is gone (or misbehaved: why says it); called once, then free the channel. Not called by channel_free. */
    void (*on_closed) (void *arg, const struct err *why);
    /* Output has left and less than CHANNEL_LOW is waiting: time for the next page of an answer. May be NULL. */
    void (*on_drained) (void *arg);
};

#define CHANNEL_LOW (256u << 10)
#define CHANNEL_MAX (256u << 20) /* a peer that lets this much pile up is closed */

/* What a peer may make us hold before a message is whole. A frame beyond the channel's bound, or one that is not whole
 * FRAME_TIME after its first byte was read, ends the connection; so does being the largest when all channels of a loop
 * together hold more than INPUT_BUDGET. on_closed says which. The time does not run while the channel is paused. */
#define FRAME_TIME (60 * USEC_PER_SEC)
#define INPUT_BUDGET (256u << 20)

struct channel *channel_free (struct channel *ch); /* queued output is dropped */
DEFINE_CLEANUP (struct channel *, channel_free)
/* Flush what is queued, then close and free by itself; no further handler is called. */
void channel_finish (struct channel *ch);
/* The largest frame that is taken, up to FRAME_MAX, which is the bound of a new session. */
void channel_set_max_frame (struct channel *ch, size_t max_frame);
void channel_handle (struct channel *ch, const struct channel_handlers *handlers, void *arg);
/* Queued now, sealed, and sent at the end of the loop's turn. msg may be NULL: an empty message. A failure (too large,
 * too much waiting) ends the connection; on_closed then tells, never from within this call. */
void channel_send (struct channel *ch, Moisson__MsgType type, const ProtobufCMessage *msg);
size_t channel_queued (const struct channel *ch); /* bytes */
/* Hold back messages: one request at a time. A little is still read ahead, so that on_closed tells when a peer that
 * waits for its answer has gone away; messages that came before the end are delivered first. */
void channel_pause (struct channel *ch, bool paused);

/* Decode a message body; NULL if malformed, or if it would take far more memory than its size explains. Fields that
 * this version does not know are dropped. Free with protobuf_c_message_free_unpacked (msg, NULL). */
void *message_unpack (const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t len);
/* A MSG_ERROR body into err, with its code; always -1, so that a refusal is one line. */
int message_failure (const uint8_t *data, size_t len, struct err *err);
