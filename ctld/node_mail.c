/* node_mail.c - what a node is to be sent at the end of this turn of the loop. */
#include "ctld/node_mail.h"
#include <stdlib.h>
#include "base/mem.h"

#define ORDERS_A_MESSAGE 512 /* keeps a message far below FRAME_MAX */

static Moisson__AttemptId *id_create (uint64_t raw_id, uint32_t attempt)
{
    Moisson__AttemptId *id = xmalloc (sizeof *id);

    moisson__attempt_id__init (id);
    id->raw_id = raw_id;
    id->attempt = attempt;
    return id;
}

void node_mail_order (struct node_mail *mail, Moisson__SignedOrder *order)
{
    GROW (mail->orders, mail->n_orders, mail->room_orders);
    mail->orders[mail->n_orders++] = order;
}

void node_mail_stop (struct node_mail *mail, const Moisson__Stop *stop, uint64_t raw_id, uint32_t attempt)
{
    Moisson__Stop *copy = xmemdup (stop, sizeof *stop);

    copy->note = xstrdup (stop->note);
    copy->id = id_create (raw_id, attempt);
    GROW (mail->stops, mail->n_stops, mail->room_stops);
    mail->stops[mail->n_stops++] = copy;
}

void node_mail_forget (struct node_mail *mail, uint64_t raw_id, uint32_t attempt)
{
    GROW (mail->forgets, mail->n_forgets, mail->room_forgets);
    mail->forgets[mail->n_forgets++] = id_create (raw_id, attempt);
}

bool node_mail_empty (const struct node_mail *mail)
{
    return !mail->n_orders && !mail->n_stops && !mail->n_forgets;
}

static void send_orders (const struct node_mail *mail, struct session *session)
{
    for (size_t at = 0; at < mail->n_orders; at += ORDERS_A_MESSAGE) {
        Moisson__StartBatch batch = MOISSON__START_BATCH__INIT;

        batch.orders = mail->orders + at;
        batch.n_orders = mail->n_orders - at < ORDERS_A_MESSAGE ? mail->n_orders - at : ORDERS_A_MESSAGE;
        session_send (session, MOISSON__MSG_TYPE__MSG_START, &batch.base);
    }
}

/* Starts before stops: one that was cancelled in the same turn is met by its stop, not by a tombstone. */
void node_mail_send (struct node_mail *mail, struct session *session)
{
    send_orders (mail, session);
    if (mail->n_stops) {
        Moisson__StopBatch batch = MOISSON__STOP_BATCH__INIT;

        batch.stops = mail->stops;
        batch.n_stops = mail->n_stops;
        session_send (session, MOISSON__MSG_TYPE__MSG_STOP, &batch.base);
    }
    if (mail->n_forgets) {
        Moisson__AttemptIds ids = MOISSON__ATTEMPT_IDS__INIT;

        ids.ids = mail->forgets;
        ids.n_ids = mail->n_forgets;
        session_send (session, MOISSON__MSG_TYPE__MSG_FORGET, &ids.base);
    }
    node_mail_clear (mail);
}

void node_mail_clear (struct node_mail *mail)
{
    for (size_t i = 0; i < mail->n_orders; i++)
        moisson__signed_order__free_unpacked (mail->orders[i], NULL);
    for (size_t i = 0; i < mail->n_stops; i++)
        moisson__stop__free_unpacked (mail->stops[i], NULL);
    for (size_t i = 0; i < mail->n_forgets; i++)
        free (mail->forgets[i]);
    free (mail->orders);
    free (mail->stops);
    free (mail->forgets);
    *mail = (struct node_mail){0};
}
