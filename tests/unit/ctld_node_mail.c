/* What a node is sent in one turn: in which order, and in messages of what size. */
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "ctld/node_mail.h"
#include "suite.h"

struct box {
    Moisson__MsgType types[64];
    size_t n, entries, largest;
};

static void put (void *arg, Moisson__MsgType type, const ProtobufCMessage *msg)
{
    struct box *box = arg;
    size_t bytes = protobuf_c_message_get_packed_size (msg);

    ck_assert_uint_lt (box->n, sizeof box->types / sizeof *box->types);
    box->types[box->n++] = type;
    if (type == MOISSON__MSG_TYPE__MSG_START)
        box->entries += ((const Moisson__StartBatch *) msg)->n_orders;
    else if (type == MOISSON__MSG_TYPE__MSG_STOP)
        box->entries += ((const Moisson__StopBatch *) msg)->n_stops;
    else
        box->entries += ((const Moisson__AttemptIds *) msg)->n_ids;
    if (bytes > box->largest)
        box->largest = bytes;
}

static Moisson__SignedOrder *order_of (size_t bytes)
{
    Moisson__SignedOrder *order = xmalloc (sizeof *order);

    moisson__signed_order__init (order);
    order->order = (ProtobufCBinaryData){bytes, xcalloc (1, bytes)};
    order->mac = (ProtobufCBinaryData){32, xcalloc (1, 32)};
    return order;
}

START_TEST (room_is_made_before_it_is_taken)
{
    struct node_mail mail = {0};
    struct box box = {0};
    Moisson__Stop stop = MOISSON__STOP__INIT;

    stop.how = MOISSON__STOP_HOW__STOP_KILL;
    node_mail_order (&mail, order_of (100));
    node_mail_stop (&mail, &stop, 7, 1);
    node_mail_forget (&mail, 6, 1);
    node_mail_send (&mail, put, &box);
    ck_assert_uint_eq (box.n, 3);
    ck_assert_int_eq (box.types[0], MOISSON__MSG_TYPE__MSG_FORGET);
    ck_assert_int_eq (box.types[1], MOISSON__MSG_TYPE__MSG_STOP);
    ck_assert_int_eq (box.types[2], MOISSON__MSG_TYPE__MSG_START);
    ck_assert (node_mail_empty (&mail));
}
END_TEST

/* 100 orders whose jobs have as much to say as is taken at the door. */
START_TEST (no_message_outgrows_a_frame)
{
    struct node_mail mail = {0};
    struct box box = {0};

    for (int i = 0; i < 100; i++)
        node_mail_order (&mail, order_of (1u << 20));
    node_mail_send (&mail, put, &box);
    ck_assert_uint_eq (box.entries, 100);
    ck_assert_uint_le (box.largest, MAIL_BYTES);
    ck_assert_uint_le (box.n, 34); /* and no more messages than that takes */
}
END_TEST

START_TEST (one_that_is_larger_goes_alone)
{
    struct node_mail mail = {0};
    struct box box = {0};

    node_mail_order (&mail, order_of (10));
    node_mail_order (&mail, order_of (MAIL_BYTES + 1));
    node_mail_order (&mail, order_of (10));
    node_mail_send (&mail, put, &box);
    ck_assert_uint_eq (box.n, 3);
    ck_assert_uint_eq (box.entries, 3);
}
END_TEST

START_TEST (stops_and_forgets_are_cut_too)
{
    struct node_mail mail = {0};
    struct box box = {0};
    Moisson__Stop stop = MOISSON__STOP__INIT;
    char *note = xcalloc (1, 60001);

    memset (note, 'x', 60000);
    stop.how = MOISSON__STOP_HOW__STOP_CANCEL;
    stop.note = note;
    for (uint64_t i = 0; i < 200; i++)
        node_mail_stop (&mail, &stop, i, 1);
    for (uint64_t i = 0; i < 600000; i++)
        node_mail_forget (&mail, UINT64_MAX - i, 1);
    node_mail_send (&mail, put, &box);
    ck_assert_uint_eq (box.entries, 600200);
    ck_assert_uint_le (box.largest, MAIL_BYTES);
    free (note);
}
END_TEST

SUITE ("node mail", room_is_made_before_it_is_taken, no_message_outgrows_a_frame, one_that_is_larger_goes_alone,
       stops_and_forgets_are_cut_too)
