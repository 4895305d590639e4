/* verbs.h - the closed table of what agent and launcher may say to each other over their socketpair, and the framing:
 * 4 bytes length (big endian, of what follows), 1 byte verb, the verb's message. What has no row ends the connection.
 */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "proto/enroll.pb-c.h"
#include "proto/launch.pb-c.h"

enum verb {
    /* agent -> launcher */
    VERB_READY = 1,  /* AgentReady: start-up has succeeded */
    VERB_START = 2,  /* Launch */
    VERB_STOP = 3,   /* Stop */
    VERB_RUN = 6,    /* RunProgram: a program of the site, for the node itself */
    VERB_REMOVE = 4, /* AttemptId: forget it and its directory, now or as soon as its shepherd is gone */
    VERB_NOTE = 10,  /* SignedNote: of the controller, for the launcher itself */
    /* launcher -> agent */
    VERB_REPORT = 22,  /* NodeReport: how that ended, or why it does not run */
    VERB_HELLO = 16,   /* LauncherHello, the first thing it says */
    VERB_STARTED = 17, /* LaunchResult: there is a shepherd */
    VERB_REFUSED = 18, /* LaunchResult: it never ran, why says it */
    VERB_REAPED = 19,  /* LaunchResult: the shepherd is gone and the status file says EXITED; nobody is left of it */
    VERB_ENDED = 20,   /* LaunchResult: the status file says EXITED, but there are processes that cannot be killed */
    VERB_NOTE_RESULT = 26, /* NoteResult */
};

struct verb_row {
    enum verb verb;
    bool to_launcher;
    const char *name;
    const ProtobufCMessageDescriptor *type;
};

#define VERB_FRAME_MAX (16u << 20)

const struct verb_row *verb_find (unsigned verb, bool to_launcher); /* NULL: no such row */

/* Appends a frame. */
void verb_encode (struct buf *out, enum verb verb, const ProtobufCMessage *msg);

enum { VERB_E_SHORT = 1 };
/* Takes one frame from the front of data. 0: *ret_used bytes are done, *ret_row and *ret_msg (free it with
 * protobuf_c_message_free_unpacked) are set; VERB_E_SHORT: more bytes are needed; -1: no such verb, or malformed. */
int verb_decode (const uint8_t *data, size_t len, bool to_launcher, size_t *ret_used, const struct verb_row **ret_row,
                 ProtobufCMessage **ret_msg, struct err *err);

/* One end of the socketpair (non-blocking), with what has not been read or written yet. */
struct pipe_end {
    int fd;           /* -1 = closed */
    bool at_launcher; /* takes verbs for the launcher */
    struct buf in, out;
};

typedef void (*verb_fn) (void *arg, enum verb verb, ProtobufCMessage *msg); /* msg is borrowed */

void pipe_end_open (struct pipe_end *end, int fd, bool at_launcher); /* takes the fd */
void pipe_end_close (struct pipe_end *end);
/* Queue, and write what the socket takes. Errors show at the next receive. */
void pipe_end_send (struct pipe_end *end, enum verb verb, const ProtobufCMessage *msg);
void pipe_end_flush (struct pipe_end *end);
bool pipe_end_pending (const struct pipe_end *end); /* call flush when the fd takes more */

enum { PIPE_E_CLOSED = 1 };
/* Read what is there and call fn for each frame. PIPE_E_CLOSED: the other end is gone; -1: it spoke garbage. */
int pipe_end_receive (struct pipe_end *end, verb_fn fn, void *arg, struct err *err);
