/* Channels over a socketpair, both ends on one loop; plus a raw end where a peer must misbehave. */
#include "net/channel.h"
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include "base/mem.h"
#include "net/internal.h"
#include "proto/node.pb-c.h"
#include "suite.h"

struct end {
    struct loop *loop;
    struct channel *ch;
    struct seal *seal; /* of a raw end */
    int fd;
    unsigned messages, drained, closed;
    unsigned stop_at; /* messages */
    size_t bytes;
    uint64_t last;
    bool in_order, free_in_message, pause_in_message, finish_in_message;
    char why[200];
};

struct pair {
    struct loop *loop;
    struct end a, b;
};

static void on_message (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    struct end *e = arg;

    ck_assert_int_eq (type, MOISSON__MSG_TYPE__MSG_WAIT);
    Moisson__WaitRequest *m = message_unpack (&moisson__wait_request__descriptor, data, len);
    ck_assert_ptr_nonnull (m);
    e->in_order = e->in_order && m->job_id == e->last + 1;
    e->last = m->job_id;
    protobuf_c_message_free_unpacked (&m->base, NULL);
    e->messages++;
    e->bytes += len;
    if (e->pause_in_message)
        channel_pause (e->ch, true);
    if (e->free_in_message) {
        e->ch = channel_free (e->ch);
        e->bytes += data[len - 1]; /* still readable: the sanitizer would tell */
    } else if (e->finish_in_message) {
        channel_finish (steal (&e->ch));
    }
    if (e->messages == e->stop_at)
        loop_stop (e->loop);
}

static void on_closed (void *arg, const struct err *why)
{
    struct end *e = arg;

    e->closed++;
    snprintf (e->why, sizeof e->why, "%s", why->why);
    e->ch = channel_free (e->ch);
    loop_stop (e->loop);
}

static void on_drained (void *arg)
{
    ((struct end *) arg)->drained++;
}

static const struct channel_handlers handlers = {on_message, on_closed, on_drained};

static void make_seals (struct seal **a, struct seal **b)
{
    uint8_t key[KEY_SIZE], secret[KEY_SIZE], hello[HELLO_SIZE], welcome[WELCOME_SIZE], header[CLIENT_HEADER_SIZE];
    struct err err = ERR_INIT;

    ck_assert_int_ge (sodium_init (), 0);
    crypto_box_keypair (key, secret);
    *a = seal_client (key, hello);
    ck_assert_int_eq (seal_server (b, secret, hello, welcome, &err), 0);
    ck_assert_int_eq (seal_client_welcome (*a, welcome, header, &err), 0);
    ck_assert_int_eq (seal_server_header (*b, header, &err), 0);
}

static void setup_on (struct pair *p, struct loop *loop, bool raw_a)
{
    int fds[2];

    *p = (struct pair){.loop = loop};
    ck_assert_int_eq (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    make_seals (&p->a.seal, &p->b.seal);
    p->a.loop = p->b.loop = p->loop;
    p->a.in_order = p->b.in_order = true;
    p->a.fd = fds[0];
    p->b.ch = channel_create (p->loop, fds[1], steal (&p->b.seal), FRAME_MAX);
    channel_handle (p->b.ch, &handlers, &p->b);
    if (raw_a)
        return;
    p->a.ch = channel_create (p->loop, fds[0], steal (&p->a.seal), FRAME_MAX);
    channel_handle (p->a.ch, &handlers, &p->a);
    p->a.fd = -1;
}

static void setup (struct pair *p, bool raw_a)
{
    struct err err = ERR_INIT;
    struct loop *loop;

    ck_assert_int_eq (loop_create (&loop, &err), 0);
    setup_on (p, loop, raw_a);
}

static void hang_up (struct pair *p)
{
    if (p->a.fd >= 0)
        close (p->a.fd);
    seal_free (p->a.seal);
    channel_free (p->a.ch);
    channel_free (p->b.ch);
}

static void teardown (struct pair *p)
{
    hang_up (p);
    loop_free (p->loop);
}

static void send_number (struct channel *ch, uint64_t n)
{
    Moisson__WaitRequest m = MOISSON__WAIT_REQUEST__INIT;

    m.job_id = n;
    channel_send (ch, MOISSON__MSG_TYPE__MSG_WAIT, &m.base);
}

/* Bytes on the raw end, as whole sealed frames. */
static size_t raw_frame (struct end *e, uint64_t n, uint8_t *out)
{
    Moisson__WaitRequest m = MOISSON__WAIT_REQUEST__INIT;
    size_t len;

    m.job_id = n;
    _cleanup_free_ uint8_t *plain = message_pack (MOISSON__MSG_TYPE__MSG_WAIT, &m.base, &len);
    seal_frame (e->seal, plain, len, out + 4);
    len = seal_size (len);
    memcpy (out, (uint8_t[]){(uint8_t) (len >> 24), (uint8_t) (len >> 16), (uint8_t) (len >> 8), (uint8_t) len}, 4);
    return len + 4;
}

static void raw_send (struct end *e, const void *data, size_t len)
{
    ck_assert_int_eq (send (e->fd, data, len, MSG_NOSIGNAL), (ssize_t) len);
}

START_TEST (many_small_messages_leave_together_and_arrive_in_order)
{
    struct pair p;
    uint8_t buf[1 << 16];

    setup (&p, false);
    p.b.stop_at = 20000;
    for (uint64_t i = 1; i <= 20000; i++)
        send_number (p.a.ch, i);
    loop_run (p.loop);
    ck_assert (p.b.in_order);
    ck_assert_uint_eq (p.b.messages, 20000);
    teardown (&p);

    setup (&p, true); /* the other way, read raw: one turn's messages are there in one piece */
    ck_assert_int_eq (recv (p.a.fd, buf, sizeof buf, 0), -1);
    for (uint64_t i = 1; i <= 100; i++)
        send_number (p.b.ch, i);
    ck_assert_int_eq (recv (p.a.fd, buf, sizeof buf, 0), -1); /* nothing before the end of the turn */
    loop_post (p.loop, (void (*) (void *)) loop_stop, p.loop);
    loop_run (p.loop);
    ck_assert_int_eq (recv (p.a.fd, buf, sizeof buf, 0), 100 * (4 + (ssize_t) seal_size (4)));
    teardown (&p);
}
END_TEST

struct large {
    Moisson__MsgType type;
    uint8_t *want;
    size_t len;
    struct loop *loop;
    bool same;
};

static void compare_large (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    struct large *l = arg;
    Moisson__SubmitRequest *m = message_unpack (&moisson__submit_request__descriptor, data, len);

    ck_assert_ptr_nonnull (m);
    l->same = type == l->type && m->env.len == l->len && (!l->len || memcmp (m->env.data, l->want, l->len) == 0);
    protobuf_c_message_free_unpacked (&m->base, NULL);
    loop_stop (l->loop);
}

START_TEST (large_messages_arrive_whole)
{
    static const size_t sizes[] = {0, 1, 4095, 65536, 1u << 20, 20u << 20, FRAME_MAX - 200};
    const struct channel_handlers taking = {.on_message = compare_large};
    struct pair p;

    setup (&p, false);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Moisson__SubmitRequest m = MOISSON__SUBMIT_REQUEST__INIT;
        Moisson__JobSpec spec = MOISSON__JOB_SPEC__INIT;
        struct large l = {MOISSON__MSG_TYPE__MSG_SUBMIT, xmalloc (sizes[i] + 1), sizes[i], p.loop, false};

        memset (l.want, (int) i + 1, l.len);
        m.token = (ProtobufCBinaryData){4, (uint8_t *) "abcd"};
        m.spec = &spec;
        m.has_env = true;
        m.env = (ProtobufCBinaryData){l.len, l.want};
        channel_handle (p.b.ch, &taking, &l);
        channel_send (p.a.ch, l.type, &m.base);
        loop_run (p.loop);
        ck_assert_msg (l.same, "size %zu", sizes[i]);
        ck_assert_uint_eq (budget_bytes (loop_budget (p.loop)), 0); /* what was handed on is off the account */
        free (l.want);
    }
    teardown (&p);
}
END_TEST

START_TEST (a_message_beyond_a_frame_ends_the_connection_in_words)
{
    struct pair p;
    Moisson__Blob m = MOISSON__BLOB__INIT;
    Moisson__BlobId id = MOISSON__BLOB_ID__INIT;

    setup (&p, false);
    m.id = &id;
    id.hash = (ProtobufCBinaryData){1, (uint8_t *) "x"};
    m.has_data = true;
    m.data.len = FRAME_MAX;
    m.data.data = xcalloc (1, FRAME_MAX);
    channel_send (p.a.ch, MOISSON__MSG_TYPE__MSG_BLOB, &m.base);
    ck_assert_uint_eq (p.a.closed, 0); /* not from within the call */
    loop_run (p.loop);
    ck_assert_uint_eq (p.a.closed, 1);
    ck_assert_ptr_nonnull (strstr (p.a.why, "larger than a frame"));
    free (m.data.data);
    teardown (&p);
}
END_TEST

START_TEST (handlers_may_free_the_channel)
{
    struct pair p;

    setup (&p, false);
    p.b.free_in_message = true;
    for (uint64_t i = 1; i <= 3; i++)
        send_number (p.a.ch, i);
    loop_run (p.loop); /* a's on_closed ends it */
    ck_assert_uint_eq (p.b.messages, 1);
    ck_assert_ptr_null (p.b.ch);
    ck_assert_uint_eq (p.a.closed, 1);
    ck_assert_uint_eq (p.b.closed, 0); /* not called by channel_free */
    teardown (&p);
}
END_TEST

START_TEST (the_end_of_a_peer_is_told_after_its_last_message)
{
    struct pair p;
    uint8_t buf[128];

    setup (&p, true);
    raw_send (&p.a, buf, raw_frame (&p.a, 1, buf));
    raw_send (&p.a, buf, raw_frame (&p.a, 2, buf));
    close (p.a.fd);
    p.a.fd = -1;
    loop_run (p.loop);
    ck_assert_uint_eq (p.b.messages, 2);
    ck_assert_uint_eq (p.b.closed, 1);
    ck_assert_str_eq (p.b.why, "the peer closed the connection");
    teardown (&p);
}
END_TEST

START_TEST (frames_may_come_byte_by_byte)
{
    struct pair p;
    uint8_t buf[128];

    setup (&p, true);
    for (uint64_t n = 1; n <= 3; n++) {
        size_t len = raw_frame (&p.a, n, buf);
        for (size_t i = 0; i < len; i++) {
            raw_send (&p.a, buf + i, 1);
            loop_post (p.loop, (void (*) (void *)) loop_stop, p.loop);
            loop_run (p.loop);
        }
    }
    p.b.stop_at = 3;
    if (p.b.messages < 3)
        loop_run (p.loop);
    ck_assert_uint_eq (p.b.messages, 3);
    ck_assert (p.b.in_order);
    teardown (&p);
}
END_TEST

static void expect_closed (const uint8_t *data, size_t len, size_t max_frame, const char *why)
{
    struct pair p;

    setup (&p, true);
    channel_set_max_frame (p.b.ch, max_frame);
    raw_send (&p.a, data, len);
    loop_run (p.loop);
    ck_assert_uint_eq (p.b.closed, 1);
    ck_assert_uint_eq (p.b.messages, 0);
    ck_assert_msg (strstr (p.b.why, why), "%s", p.b.why);
    teardown (&p);
}

START_TEST (bad_frames_end_the_connection)
{
    uint8_t zeros[64] = {0, 0, 0, 40}, empty[4] = {0}, huge[4] = {0xff, 0xff, 0xff, 0xff}, over[4] = {0, 0, 0x20, 1};

    expect_closed (zeros, sizeof zeros, FRAME_MAX, "damaged");
    expect_closed (empty, sizeof empty, FRAME_MAX, "announced a frame of 0 bytes");
    expect_closed (huge, sizeof huge, FRAME_MAX, "announced a frame of 4294967295 bytes");
    expect_closed (over, sizeof over, FRAME_MAX_UNKNOWN, "announced a frame of 8193 bytes; 19 to 8192");
    expect_closed (huge, sizeof huge, SIZE_MAX, "19 to 67108864 are accepted"); /* no bound is above FRAME_MAX */
}
END_TEST

/* Run one turn with whatever is ready. */
static void turn (struct loop *loop)
{
    loop_post (loop, (void (*) (void *)) loop_stop, loop);
    loop_run (loop);
}

START_TEST (a_frame_that_is_not_finished_in_time_ends_the_connection)
{
    struct pair p, paused, slow;
    uint8_t buf[256];
    size_t len;

    setup (&p, true);
    setup_on (&paused, p.loop, true);
    setup_on (&slow, p.loop, true);
    channel_set_frame_time (p.b.ch, 1000);
    channel_set_frame_time (paused.b.ch, 1000);
    raw_send (&p.a, buf, raw_frame (&p.a, 1, buf)); /* whole: no time runs */
    paused.b.pause_in_message = true;
    len = raw_frame (&paused.a, 1, buf);
    len += raw_frame (&paused.a, 2, buf + len);
    raw_send (&paused.a, buf, len - 1); /* the rest is not asked for: no time runs either */
    p.b.stop_at = paused.b.stop_at = 1;
    while (!p.b.messages || !paused.b.messages)
        loop_run (p.loop);

    channel_set_frame_time (slow.b.ch, 50000); /* the others' time would be long over */
    raw_send (&slow.a, "\0\0", 2);
    while (!slow.b.closed)
        loop_run (p.loop);
    ck_assert_msg (strstr (slow.b.why, "did not finish a message"), "%s", slow.b.why);
    ck_assert_msg (strstr (slow.b.why, "2 bytes"), "%s", slow.b.why);
    ck_assert_uint_eq (p.b.closed + paused.b.closed, 0);

    channel_pause (paused.b.ch, false); /* from now on it is asked for */
    while (!paused.b.closed)
        loop_run (p.loop);
    ck_assert_uint_eq (paused.b.messages, 1);
    ck_assert_uint_eq (p.b.closed, 0);
    hang_up (&slow);
    hang_up (&paused);
    teardown (&p);
}
END_TEST

/* The beginning of a frame of 1 MB. */
static void send_part (struct pair *p, size_t len)
{
    _cleanup_free_ uint8_t *part = xcalloc (1, len);

    part[1] = 0x10;
    raw_send (&p->a, part, len);
}

START_TEST (all_channels_share_a_budget_and_the_largest_goes_first)
{
    static const size_t sizes[] = {40000, 50000, 30000};
    struct pair p[3];
    struct budget *budget;

    setup (&p[0], true);
    budget = loop_budget (p[0].loop);
    budget_set_limit (budget, 100000);
    for (size_t i = 1; i < 3; i++)
        setup_on (&p[i], p[0].loop, true);
    for (size_t i = 0, sum = 0; i < 2; i++) {
        sum += sizes[i];
        send_part (&p[i], sizes[i]);
        while (budget_bytes (budget) < sum)
            turn (p[0].loop);
    }
    send_part (&p[2], sizes[2]);
    while (!p[1].b.closed)
        loop_run (p[0].loop);
    ck_assert_msg (strstr (p[1].b.why, "holds the most"), "%s", p[1].b.why);
    ck_assert_uint_eq (p[0].b.closed + p[2].b.closed, 0);
    ck_assert_uint_eq (budget_bytes (budget), 70000);

    send_part (&p[2], 70000); /* now this one is the largest itself, while it reads */
    while (!p[2].b.closed)
        loop_run (p[0].loop);
    ck_assert_uint_eq (p[0].b.closed, 0);
    ck_assert_uint_eq (budget_bytes (budget), 40000);
    p[0].b.ch = channel_free (p[0].b.ch);
    ck_assert_uint_eq (budget_bytes (budget), 0);
    hang_up (&p[2]);
    hang_up (&p[1]);
    teardown (&p[0]);
}
END_TEST

START_TEST (a_paused_channel_waits_but_notices_the_end)
{
    struct pair p;
    uint8_t buf[128];

    setup (&p, true);
    p.b.pause_in_message = true;
    raw_send (&p.a, buf, raw_frame (&p.a, 1, buf));
    raw_send (&p.a, buf, raw_frame (&p.a, 2, buf));
    p.b.stop_at = 1;
    loop_run (p.loop);
    loop_post (p.loop, (void (*) (void *)) loop_stop, p.loop);
    loop_run (p.loop);
    ck_assert_uint_eq (p.b.messages, 1); /* the second is held back */
    p.b.stop_at = 2;
    channel_pause (p.b.ch, false);
    loop_run (p.loop);
    ck_assert_uint_eq (p.b.messages, 2);
    close (p.a.fd); /* it is paused again now, and nothing waits */
    p.a.fd = -1;
    loop_run (p.loop);
    ck_assert_uint_eq (p.b.closed, 1);
    teardown (&p);
}
END_TEST

START_TEST (a_reader_that_never_reads_is_closed_at_the_bound)
{
    struct pair p;
    Moisson__Blob m = MOISSON__BLOB__INIT;
    Moisson__BlobId id = MOISSON__BLOB_ID__INIT;
    unsigned sent = 0;

    setup (&p, true);
    m.id = &id;
    id.hash = (ProtobufCBinaryData){1, (uint8_t *) "x"};
    m.has_data = true;
    m.data.len = 16u << 20;
    m.data.data = xcalloc (1, m.data.len);
    for (size_t before = 0; sent < 100; sent++, before = channel_queued (p.b.ch)) {
        channel_send (p.b.ch, MOISSON__MSG_TYPE__MSG_BLOB, &m.base);
        if (channel_queued (p.b.ch) == before)
            break;
        ck_assert_uint_le (channel_queued (p.b.ch), CHANNEL_MAX);
    }
    ck_assert_uint_lt (sent, 17);
    loop_run (p.loop);
    ck_assert_uint_eq (p.b.closed, 1);
    ck_assert_ptr_nonnull (strstr (p.b.why, "does not read"));
    free (m.data.data);
    teardown (&p);
}
END_TEST

struct stream {
    struct loop *loop;
    struct channel *ch;
    unsigned left;
    size_t most;
    uint8_t page[50000];
};

static void send_pages (void *arg)
{
    struct stream *s = arg;
    Moisson__Blob m = MOISSON__BLOB__INIT;
    Moisson__BlobId id = MOISSON__BLOB_ID__INIT;

    m.id = &id;
    id.hash = (ProtobufCBinaryData){1, (uint8_t *) "x"};
    m.has_data = true;
    m.data = (ProtobufCBinaryData){sizeof s->page, s->page};
    while (s->left && channel_queued (s->ch) < CHANNEL_LOW) {
        channel_send (s->ch, MOISSON__MSG_TYPE__MSG_BLOB, &m.base);
        s->left--;
    }
    if (channel_queued (s->ch) > s->most)
        s->most = channel_queued (s->ch);
}

struct sink {
    struct loop *loop;
    unsigned pages, want;
};

static void take_page (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    struct sink *s = arg;

    (void) data;
    ck_assert_int_eq (type, MOISSON__MSG_TYPE__MSG_BLOB);
    ck_assert_uint_gt (len, 50000);
    if (++s->pages == s->want)
        loop_stop (s->loop);
}

START_TEST (a_stream_is_paced_by_its_reader)
{
    struct pair p;
    struct stream stream = {.left = 2000};
    struct sink sink = {.want = 2000};

    setup (&p, false);
    stream.loop = sink.loop = p.loop;
    stream.ch = p.a.ch;
    channel_handle (p.a.ch, &(const struct channel_handlers){.on_drained = send_pages}, &stream);
    channel_handle (p.b.ch, &(const struct channel_handlers){.on_message = take_page}, &sink);
    send_pages (&stream);
    loop_run (p.loop);
    ck_assert_uint_eq (sink.pages, 2000);
    ck_assert_uint_lt (stream.most, CHANNEL_LOW + 60000);
    teardown (&p);
}
END_TEST

START_TEST (finish_delivers_the_last_words_though_input_is_unread)
{
    struct pair p;

    setup (&p, false);
    p.b.finish_in_message = true;
    for (uint64_t i = 1; i <= 1000; i++)
        send_number (p.b.ch, i);
    for (uint64_t i = 1; i <= 1000; i++) /* b takes the first and finishes; the rest is thrown away */
        send_number (p.a.ch, i);
    loop_run (p.loop); /* a hears the end */
    ck_assert_uint_eq (p.a.messages, 1000);
    ck_assert (p.a.in_order);
    ck_assert_uint_eq (p.a.closed, 1);
    ck_assert_uint_eq (p.b.messages, 1);
    ck_assert_uint_eq (p.b.closed, 0);
    teardown (&p);
}
END_TEST

START_TEST (an_unfinished_end_goes_with_the_loop)
{
    struct pair p;

    setup (&p, true);
    send_number (p.b.ch, 1);
    channel_finish (steal (&p.b.ch));
    teardown (&p); /* the leak checker has the last word */
}
END_TEST

START_TEST (tiny_fields_cannot_take_all_memory)
{
    const size_t n = 32u << 20; /* 16 million empty names: 40 bytes each once unpacked */
    uint8_t *data = xmalloc (n), one[] = {0x0a, 0x04, 0x08, 0x01, 0x10, 0x01};

    for (size_t i = 0; i < n; i += 2)
        memcpy (data + i, "\x22\x00", 2);
    ck_assert_ptr_null (message_unpack (&moisson__job_filter__descriptor, data, n));
    Moisson__JobFilter *some = message_unpack (&moisson__job_filter__descriptor, data, 20000);
    ck_assert_ptr_nonnull (some);
    ck_assert_uint_eq (some->n_names, 10000);
    protobuf_c_message_free_unpacked (&some->base, NULL);
    free (data);
    Moisson__AttemptIds *ids = message_unpack (&moisson__attempt_ids__descriptor, one, sizeof one);
    ck_assert_ptr_nonnull (ids);
    ck_assert_uint_eq (ids->n_ids, 1);
    protobuf_c_message_free_unpacked (&ids->base, NULL);
    ck_assert_ptr_null (message_unpack (&moisson__attempt_ids__descriptor, one, sizeof one - 1));
}
END_TEST

START_TEST (unknown_fields_are_dropped_at_every_depth)
{
    /* JobFilter { jobs { job_id 5, field 0 (as two bytes) = 0 }, field 90 = 1 }: the library packs field 0 into bytes
     * that it cannot read. */
    uint8_t data[] = {0x0a, 0x05, 0x08, 0x05, 0x80, 0x00, 0x00, 0xd0, 0x05, 0x01}, packed[16];
    Moisson__JobFilter *first = message_unpack (&moisson__job_filter__descriptor, data, sizeof data);

    ck_assert_ptr_nonnull (first);
    ck_assert_uint_eq (protobuf_c_message_pack (&first->base, packed), 4);
    ck_assert_mem_eq (packed, "\x0a\x02\x08\x05", 4);
    protobuf_c_message_free_unpacked (&first->base, NULL);
}
END_TEST

SUITE ("channel", many_small_messages_leave_together_and_arrive_in_order, large_messages_arrive_whole,
       a_message_beyond_a_frame_ends_the_connection_in_words, handlers_may_free_the_channel,
       the_end_of_a_peer_is_told_after_its_last_message, frames_may_come_byte_by_byte, bad_frames_end_the_connection,
       a_frame_that_is_not_finished_in_time_ends_the_connection, all_channels_share_a_budget_and_the_largest_goes_first,
       a_paused_channel_waits_but_notices_the_end, a_reader_that_never_reads_is_closed_at_the_bound,
       a_stream_is_paced_by_its_reader, finish_delivers_the_last_words_though_input_is_unread,
       an_unfinished_end_goes_with_the_loop, tiny_fields_cannot_take_all_memory,
       unknown_fields_are_dropped_at_every_depth)
