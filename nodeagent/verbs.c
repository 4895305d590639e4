/* verbs.c - what agent and launcher may say to each other. */
#include "nodeagent/verbs.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/mem.h"

#define HEAD_SIZE 5

static const struct verb_row rows[] = {
    {VERB_READY, true, "READY", &moisson__agent_ready__descriptor},
    {VERB_START, true, "START", &moisson__launch__descriptor},
    {VERB_STOP, true, "STOP", &moisson__stop__descriptor},
    {VERB_REMOVE, true, "REMOVE", &moisson__attempt_id__descriptor},
    {VERB_RUN, true, "RUN", &moisson__run_program__descriptor},
    {VERB_REPORT, false, "REPORT", &moisson__node_report__descriptor},
    {VERB_NOTE, true, "NOTE", &moisson__signed_note__descriptor},
    {VERB_NOTE_RESULT, false, "NOTE_RESULT", &moisson__note_result__descriptor},
    {VERB_HELLO, false, "HELLO", &moisson__launcher_hello__descriptor},
    {VERB_STARTED, false, "STARTED", &moisson__launch_result__descriptor},
    {VERB_REFUSED, false, "REFUSED", &moisson__launch_result__descriptor},
    {VERB_ENDED, false, "ENDED", &moisson__launch_result__descriptor},
    {VERB_REAPED, false, "REAPED", &moisson__launch_result__descriptor},
};

const struct verb_row *verb_find (unsigned verb, bool to_launcher)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((unsigned) rows[i].verb == verb && rows[i].to_launcher == to_launcher)
            return &rows[i];
    return NULL;
}

void verb_encode (struct buf *out, enum verb verb, const ProtobufCMessage *msg)
{
    size_t body = protobuf_c_message_get_packed_size (msg), len = body + 1;
    _cleanup_free_ uint8_t *packed = xmalloc (body);
    const uint8_t head[HEAD_SIZE] = {(uint8_t) (len >> 24), (uint8_t) (len >> 16), (uint8_t) (len >> 8), (uint8_t) len,
                                     (uint8_t) verb};

    protobuf_c_message_pack (msg, packed);
    buf_add (out, head, sizeof head);
    buf_add (out, packed, body);
}

int verb_decode (const uint8_t *data, size_t len, bool to_launcher, size_t *ret_used, const struct verb_row **ret_row,
                 ProtobufCMessage **ret_msg, struct err *err)
{
    if (len < HEAD_SIZE)
        return VERB_E_SHORT;
    size_t frame = (size_t) data[0] << 24 | (size_t) data[1] << 16 | (size_t) data[2] << 8 | data[3];
    const struct verb_row *row = verb_find (data[4], to_launcher);
    if (frame == 0 || frame > VERB_FRAME_MAX)
        return err_set (err, 0, "a frame of %zu bytes, allowed are 1 to %u", frame, VERB_FRAME_MAX);
    if (!row)
        return err_set (err, 0, "verb %u is not in the table", data[4]);
    if (len < frame + 4)
        return VERB_E_SHORT;
    ProtobufCMessage *msg = protobuf_c_message_unpack (row->type, NULL, frame - 1, data + HEAD_SIZE);
    if (!msg)
        return err_set (err, 0, "a malformed %s", row->name);
    *ret_used = frame + 4;
    *ret_row = row;
    *ret_msg = msg;
    return 0;
}

void pipe_end_open (struct pipe_end *end, int fd, bool at_launcher)
{
    *end = (struct pipe_end){.fd = fd, .at_launcher = at_launcher};
}

void pipe_end_close (struct pipe_end *end)
{
    if (end->fd >= 0)
        close (end->fd);
    buf_clear (&end->in);
    buf_clear (&end->out);
    end->fd = -1;
}

static void drop_front (struct buf *b, size_t n)
{
    if (n == 0)
        return;
    memmove (b->data, b->data + n, b->len - n);
    b->len -= n;
}

void pipe_end_flush (struct pipe_end *end)
{
    size_t done = 0;

    while (end->fd >= 0 && done < end->out.len) {
        ssize_t n = send (end->fd, end->out.data + done, end->out.len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            done = end->out.len; /* broken: nobody will read it, and the next receive says so */
        if (n < 0)
            break;
        done += (size_t) n;
    }
    drop_front (&end->out, done);
}

void pipe_end_send (struct pipe_end *end, enum verb verb, const ProtobufCMessage *msg)
{
    if (end->fd < 0)
        return;
    verb_encode (&end->out, verb, msg);
    pipe_end_flush (end);
}

bool pipe_end_pending (const struct pipe_end *end)
{
    return end->out.len > 0;
}

/* Calls fn for every whole frame in `in`. fn may close the end. */
static int take_frames (struct pipe_end *end, verb_fn fn, void *arg, struct err *err)
{
    size_t used, done = 0;
    const struct verb_row *row;
    ProtobufCMessage *msg;
    int rc = 0;

    while (end->fd >= 0 && rc == 0) {
        rc = verb_decode ((const uint8_t *) buf_str (&end->in) + done, end->in.len - done, end->at_launcher, &used,
                          &row, &msg, err);
        if (rc)
            break;
        done += used;
        fn (arg, row->verb, msg);
        protobuf_c_message_free_unpacked (msg, NULL);
    }
    if (end->fd >= 0)
        drop_front (&end->in, done);
    return rc < 0 ? rc : 0;
}

int pipe_end_receive (struct pipe_end *end, verb_fn fn, void *arg, struct err *err)
{
    char block[65536];

    for (;;) {
        ssize_t n = recv (end->fd, block, sizeof block, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (n <= 0)
            return PIPE_E_CLOSED;
        buf_add (&end->in, block, (size_t) n);
        if (take_frames (end, fn, arg, err))
            return -1;
        if (end->fd < 0)
            return PIPE_E_CLOSED;
        if ((size_t) n < sizeof block)
            return 0;
    }
}
