#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "nodeagent/verbs.h"
#include "suite.h"

static void encode_remove (struct buf *out, uint64_t raw)
{
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;

    id.raw_id = raw;
    id.attempt = 2;
    verb_encode (out, VERB_REMOVE, &id.base);
}

static int decode (const void *data, size_t len, bool to_launcher)
{
    const struct verb_row *row;
    ProtobufCMessage *msg = NULL;
    size_t used;
    int rc = verb_decode (data, len, to_launcher, &used, &row, &msg, NULL);

    if (rc == 0)
        protobuf_c_message_free_unpacked (msg, NULL);
    return rc;
}

START_TEST (a_frame_comes_back)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    const struct verb_row *row = NULL;
    ProtobufCMessage *msg = NULL;
    size_t used = 0;

    encode_remove (&b, 77);
    for (size_t n = 0; n < b.len; n++)
        ck_assert_int_eq (decode (b.data, n, true), VERB_E_SHORT);
    ck_assert_int_eq (verb_decode ((uint8_t *) b.data, b.len, true, &used, &row, &msg, NULL), 0);
    ck_assert_uint_eq (used, b.len);
    ck_assert_str_eq (row->name, "REMOVE");
    ck_assert_uint_eq (((Moisson__AttemptId *) msg)->raw_id, 77);
    protobuf_c_message_free_unpacked (msg, NULL);
}
END_TEST

START_TEST (the_table_is_closed_in_both_directions)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    int to_launcher = 0, to_agent = 0;

    encode_remove (&b, 1);
    ck_assert_int_eq (decode (b.data, b.len, false), -1); /* a launcher never says REMOVE */
    for (unsigned verb = 0; verb < 256; verb++) {
        to_launcher += verb_find (verb, true) != NULL;
        to_agent += verb_find (verb, false) != NULL;
        ck_assert (!(verb_find (verb, true) && verb_find (verb, false)));
    }
    ck_assert_int_eq (to_launcher, 6);
    ck_assert_int_eq (to_agent, 7);
}
END_TEST

START_TEST (bad_frames_are_refused_before_they_are_whole)
{
    ck_assert_int_eq (decode ("\0\0\0\0\x04", 5, true), -1);       /* no room for the verb */
    ck_assert_int_eq (decode ("\xff\0\0\0\x04", 5, true), -1);     /* 4 GB */
    ck_assert_int_eq (decode ("\0\0\0\x09\x63", 5, true), -1);     /* verb 99 */
    ck_assert_int_eq (decode ("\0\0\0\x02\x04\x08", 6, true), -1); /* cut inside the message */
    ck_assert_int_eq (decode ("\0\0\0\x01\x04", 5, true), -1);     /* required fields are missing */
}
END_TEST

struct counted {
    unsigned n;
    uint64_t next;
};

static void count (void *arg, enum verb verb, ProtobufCMessage *msg)
{
    struct counted *c = arg;

    ck_assert_int_eq (verb, VERB_REMOVE);
    ck_assert_uint_eq (((Moisson__AttemptId *) msg)->raw_id, c->next++);
    c->n++;
}

/* More than the socket holds: what does not fit waits, and arrives in order. */
START_TEST (a_full_socket_loses_nothing)
{
    struct pipe_end agent, launcher;
    struct counted c = {0};
    Moisson__AttemptId id = MOISSON__ATTEMPT_ID__INIT;
    int ends[2];

    ck_assert_int_eq (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pipe_end_open (&agent, ends[0], false);
    pipe_end_open (&launcher, ends[1], true);
    for (id.raw_id = 0; id.raw_id < 200000; id.raw_id++)
        pipe_end_send (&agent, VERB_REMOVE, &id.base);
    ck_assert (pipe_end_pending (&agent));
    while (c.n < 200000) {
        ck_assert_int_eq (pipe_end_receive (&launcher, count, &c, NULL), 0);
        pipe_end_flush (&agent);
    }
    ck_assert (!pipe_end_pending (&agent));
    pipe_end_close (&agent);
    ck_assert_int_eq (pipe_end_receive (&launcher, count, &c, NULL), PIPE_E_CLOSED);
    pipe_end_send (&launcher, VERB_HELLO, &id.base); /* nobody listens: no signal, no failure */
    pipe_end_close (&launcher);
    pipe_end_send (&launcher, VERB_HELLO, &id.base);
}
END_TEST

START_TEST (garbage_ends_the_conversation)
{
    struct pipe_end launcher;
    struct counted c = {0};
    struct err err = ERR_INIT;
    int ends[2];

    ck_assert_int_eq (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pipe_end_open (&launcher, ends[1], true);
    ck_assert_int_eq (send (ends[0], "GET / HTTP/1.1\r\n", 16, 0), 16);
    ck_assert_int_eq (pipe_end_receive (&launcher, count, &c, &err), -1);
    ck_assert (err_is_set (&err));
    err_clear (&err);
    pipe_end_close (&launcher);
    close (ends[0]);
}
END_TEST

SUITE ("verbs", a_frame_comes_back, the_table_is_closed_in_both_directions,
       bad_frames_are_refused_before_they_are_whole, a_full_socket_loses_nothing, garbage_ends_the_conversation)
