/* node_mail.c - what a node is to be sent at the end of this turn of the loop. */
#include "ctld/node_mail.h"
#include <stdlib.h>
#include "base/mem.h"

#define ENTRY_HEAD 6 /* tag and length of an entry */

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

/* How many messages of the list, from `at` on, make one of MAIL_BYTES; at least one. */
static size_t portion (ProtobufCMessage *const *list, size_t n, size_t at)
{
    size_t bytes = 0, end = at;

    while (end < n && (end == at || bytes < MAIL_BYTES)) {
        bytes += protobuf_c_message_get_packed_size (list[end]) + ENTRY_HEAD;
        if (bytes > MAIL_BYTES && end > at)
            break;
        end++;
    }
    return end - at;
}

static void send_forgets (const struct node_mail *mail, node_mail_fn fn, void *arg)
{
    for (size_t at = 0, n; at < mail->n_forgets; at += n) {
        Moisson__AttemptIds ids = MOISSON__ATTEMPT_IDS__INIT;

        n = portion ((ProtobufCMessage *const *) mail->forgets, mail->n_forgets, at);
        ids.ids = mail->forgets + at;
        ids.n_ids = n;
        fn (arg, MOISSON__MSG_TYPE__MSG_FORGET, &ids.base);
    }
}

static void send_stops (const struct node_mail *mail, node_mail_fn fn, void *arg)
{
    for (size_t at = 0, n; at < mail->n_stops; at += n) {
        Moisson__StopBatch batch = MOISSON__STOP_BATCH__INIT;

        n = portion ((ProtobufCMessage *const *) mail->stops, mail->n_stops, at);
        batch.stops = mail->stops + at;
        batch.n_stops = n;
        fn (arg, MOISSON__MSG_TYPE__MSG_STOP, &batch.base);
    }
}

static void send_orders (const struct node_mail *mail, node_mail_fn fn, void *arg)
{
    for (size_t at = 0, n; at < mail->n_orders; at += n) {
        Moisson__StartBatch batch = MOISSON__START_BATCH__INIT;

        n = portion ((ProtobufCMessage *const *) mail->orders, mail->n_orders, at);
        batch.orders = mail->orders + at;
        batch.n_orders = n;
        fn (arg, MOISSON__MSG_TYPE__MSG_START, &batch.base);
    }
}

void node_mail_send (struct node_mail *mail, node_mail_fn fn, void *arg)
{
    send_forgets (mail, fn, arg);
    send_stops (mail, fn, arg);
    send_orders (mail, fn, arg);
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
