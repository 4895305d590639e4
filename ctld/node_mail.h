/* node_mail.h - what a node is to be sent at the end of this turn of the loop. */
#pragma once
#include "ctld/session.h"

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
/* One message of each kind (orders: several if there are many); empty afterwards. */
void node_mail_send (struct node_mail *mail, struct session *session);
void node_mail_clear (struct node_mail *mail);
