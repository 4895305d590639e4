/* node_mail.h - what a node is to be sent at the end of this turn of the loop. */
#pragma once
#include "ctld/session.h"

#define MAIL_BYTES (4u << 20) /* far below FRAME_MAX */

struct node_mail {
    Moisson__SignedOrder **orders;
    size_t n_orders, room_orders;
    Moisson__Stop **stops;
    size_t n_stops, room_stops;
    Moisson__AttemptId **forgets;
    size_t n_forgets, room_forgets;
};

void node_mail_order (struct node_mail *mail, Moisson__SignedOrder *order); /* takes it over */
/* A copy is kept; its id is made from raw_id and attempt. */
void node_mail_stop (struct node_mail *mail, const Moisson__Stop *stop, uint64_t raw_id, uint32_t attempt);
void node_mail_forget (struct node_mail *mail, uint64_t raw_id, uint32_t attempt);
bool node_mail_empty (const struct node_mail *mail);
/* Give it all to fn, in messages of about MAIL_BYTES at most; empty afterwards. Forgets and stops go first: they make
 * room for what is started, and an earlier attempt must be told to go before its successor comes. */
typedef void (*node_mail_fn) (void *arg, Moisson__MsgType type, const ProtobufCMessage *msg);
void node_mail_send (struct node_mail *mail, node_mail_fn fn, void *arg);
void node_mail_clear (struct node_mail *mail);
