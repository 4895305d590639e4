/* on_keys.c - whom operators let in: keys of nodes, listed, accepted, revoked, exchanged; and what a node's agent
 * passes on between its launcher and us. */
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/enroll.h"
#include "ctld/keyring.h"
#include "ctld/nodes.h"
#include "ctld/notes.h"
#include "ctld/page.h"
#include "ctld/rpc.h"
#include "ctld/stream.h"

#define ROWS_A_PAGE 128  /* each may have to be looked for among those who ask */
#define NAMES_MOST 65536 /* of one request */

/* --- the list: first who asks, then the nodes of the configuration, then keys whose node is not in it any more --- */

struct list_state {
    bool asked;
    size_t node, key;
};

static bool add_asking (void *arg, const struct enroll_request *request)
{
    struct page *page = arg;
    Moisson__NodeKeyInfo row = MOISSON__NODE_KEY_INFO__INIT;

    row.node = (char *) request->node;
    row.state = MOISSON__NODE_KEY_STATE__NODE_KEY_PENDING;
    row.fingerprint = (char *) request->fingerprint;
    row.address = (char *) request->address;
    row.has_since_us = row.has_seen_us = true;
    row.since_us = request->since_us;
    row.seen_us = request->seen_us;
    page_add (page, &row.base);
    return true;
}

static bool has_asked (void *arg, const struct enroll_request *request)
{
    (void) request;
    *(bool *) arg = true;
    return false;
}

static void add_known (const struct ctld *ctld, struct page *page, const char *node)
{
    const struct node_key *key = keyring_find (ctld, node);
    Moisson__NodeKeyInfo row = MOISSON__NODE_KEY_INFO__INIT;
    Moisson__NodeInfo seen = MOISSON__NODE_INFO__INIT;
    char fingerprint[FINGERPRINT_SIZE];
    bool asks = false;

    if (!key)
        enroll_each (ctld->enroll, node, has_asked, &asks);
    if (asks)
        return; /* its row is there: pending */
    row.node = seen.name = (char *) node;
    row.state = !key           ? MOISSON__NODE_KEY_STATE__NODE_KEY_ABSENT
                : key->revoked ? MOISSON__NODE_KEY_STATE__NODE_KEY_REVOKED
                               : MOISSON__NODE_KEY_STATE__NODE_KEY_ACCEPTED;
    if (key) {
        keyring_fingerprint (key, fingerprint);
        row.fingerprint = fingerprint;
        row.has_since_us = key->since_us != 0;
        row.since_us = key->since_us;
        row.has_rekeying = notes_rekeying (ctld->notes, node);
        row.rekeying = row.has_rekeying;
    }
    nodes_describe (ctld->nodes, &seen);
    row.has_seen_us = seen.has_last_seen_us;
    row.seen_us = seen.last_seen_us;
    row.has_connected = true;
    row.connected = nodes_session (ctld->nodes, node) != NULL;
    page_add (page, &row.base);
}

static enum stream_more keys_page (struct stream *stream, void *state)
{
    struct list_state *s = state;
    const struct ctld *ctld = stream_request (stream)->ctld;
    const Moisson__Config *config = ctld->conf->core;
    _cleanup_page_ struct page page = PAGE_INIT;
    Moisson__NodeKeysPage message = MOISSON__NODE_KEYS_PAGE__INIT;

    if (!s->asked)
        enroll_each (ctld->enroll, NULL, add_asking, &page);
    s->asked = true;
    for (size_t n = 0; n < ROWS_A_PAGE && s->node < config->n_nodes; n++)
        add_known (ctld, &page, config->nodes[s->node++]->name);
    for (size_t n = 0; n < ROWS_A_PAGE && s->node == config->n_nodes && s->key < ctld->keys.n; n++, s->key++)
        if (!config_node (ctld->conf, ctld->keys.rows[s->key].node, NULL))
            add_known (ctld, &page, ctld->keys.rows[s->key].node);
    message.last = s->node == config->n_nodes && s->key >= ctld->keys.n;
    page_lend (&page, &message.base);
    stream_send (stream, MOISSON__MSG_TYPE__MSG_NODE_KEYS_PAGE, &message.base);
    return message.last ? STREAM_LAST : STREAM_MORE;
}

void rpc_node_keys (struct request *request)
{
    static const struct stream_ops ops = {keys_page, free};

    stream_start (request, &ops, xcalloc (1, sizeof (struct list_state)));
}

/* --- decisions ----------------------------------------------------------------------------------------------- */

enum { DONE_BEFORE = 1 };

struct deciding {
    struct ctld *ctld;
    const Moisson__NodeKeyOp *asked;
    struct request *request;
    struct node_key *rows; /* to put, all at once; their names are the request's */
    size_t n, room_rows;
    Moisson__NodeKeyResult **results;
    size_t n_results, room;
};

static Moisson__NodeKeyResult *add_result (struct deciding *d, const char *node, const struct err *err)
{
    Moisson__NodeKeyResult *result = xmalloc (sizeof *result);

    moisson__node_key_result__init (result);
    result->node = xstrdup (node);
    if (err_is_set (err)) {
        result->why = xstrdup (err->why);
        result->fix = xstrdup (err->fix);
    }
    GROW (d->results, d->n_results, d->room);
    d->results[d->n_results++] = result;
    return result;
}

static void add_fingerprint (struct deciding *d, const char *node, const struct node_key *row)
{
    struct err none = ERR_INIT;
    char fingerprint[FINGERPRINT_SIZE];

    keyring_fingerprint (row, fingerprint);
    add_result (d, node, &none)->fingerprint = xstrdup (fingerprint);
}

/* Said twice: it is so already. */
static bool is_accepted (const struct ctld *ctld, const char *node, const char *fingerprint)
{
    const struct node_key *row = keyring_find (ctld, node);
    char own[FINGERPRINT_SIZE];

    if (!row || row->revoked)
        return false;
    keyring_fingerprint (row, own);
    return fingerprint_same (fingerprint, own);
}

static int accept_one (struct deciding *d, size_t i, struct err *err)
{
    const Moisson__NodeKeyOp *asked = d->asked;

    if (i >= asked->n_fingerprints)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "no fingerprint was given for it");
    if (is_accepted (d->ctld, asked->nodes[i], asked->fingerprints[i]))
        return DONE_BEFORE;
    return enroll_accept (d->ctld->enroll, asked->nodes[i], asked->fingerprints[i], asked->replace, &d->rows[d->n],
                          err);
}

static int revoke_one (struct deciding *d, size_t i, struct err *err)
{
    const char *node = d->asked->nodes[i];
    const struct node_key *row = keyring_find (d->ctld, node);

    if (!row) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "node %s is not enrolled", node);
        return err_fix (err, "see: moisson node list");
    }
    if (row->revoked)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "the keys of node %s are revoked already", node);
    d->rows[d->n] = (struct node_key){.node = (char *) node, .since_us = now_wall (), .revoked = true};
    memcpy (d->rows[d->n].public_key, row->public_key, KEY_SIZE);
    memcpy (d->rows[d->n].enroll_key, row->enroll_key, KEY_SIZE);
    return 0;
}

static int rekey_one (struct deciding *d, size_t i, struct err *err)
{
    return notes_rekey (d->ctld->notes, d->asked->nodes[i], err);
}

/* After the rows are on disk: whoever is in by a key that is not good any more goes. */
static void cut (struct deciding *d, const struct node_key *row)
{
    _cleanup_err_ struct err why = ERR_INIT;

    if (row->revoked)
        err_set (&why, MOISSON__FAIL_CODE__FAIL_AUTH, "an operator has revoked the keys of node %s", row->node);
    else
        err_set (&why, MOISSON__FAIL_CODE__FAIL_AUTH, "an operator has accepted another key for node %s", row->node);
    sessions_cut_node (d->ctld->sessions, row->node, &why);
    enroll_done (d->ctld->enroll, row->node);
    log_info ("node=%s event=%s uid=%u", row->node, row->revoked ? "revoked" : "accepted", d->request->session->uid);
    add_fingerprint (d, row->node, row);
}

static const struct {
    Moisson__NodeKeyOpKind op;
    int (*one) (struct deciding *d, size_t i, struct err *err);
    bool puts; /* fills a row */
} ops[] = {
    {MOISSON__NODE_KEY_OP_KIND__KEY_ACCEPT, accept_one, true},
    {MOISSON__NODE_KEY_OP_KIND__KEY_REVOKE, revoke_one, true},
    {MOISSON__NODE_KEY_OP_KIND__KEY_REKEY, rekey_one, false},
};

static int decide (struct deciding *d, struct err *err)
{
    const Moisson__NodeKeyOp *asked = d->asked;
    size_t op = 0;

    while (op < sizeof ops / sizeof *ops && ops[op].op != asked->op)
        op++;
    if (op == sizeof ops / sizeof *ops || asked->n_nodes > NAMES_MOST)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "there is no such operation on keys");
    d->room_rows = asked->n_nodes + 1;
    d->rows = xcalloc (d->room_rows, sizeof *d->rows);
    for (size_t i = 0; i < asked->n_nodes; i++) {
        _cleanup_err_ struct err why = ERR_INIT;
        int r = ops[op].one (d, i, &why);

        if (r < 0)
            add_result (d, asked->nodes[i], &why);
        else if (ops[op].puts && r != DONE_BEFORE)
            d->n++;
        else
            add_fingerprint (d, asked->nodes[i], keyring_find (d->ctld, asked->nodes[i]));
    }
    if (d->n && keyring_put (d->ctld, d->rows, d->n, err) < 0)
        return -1;
    for (size_t i = 0; i < d->n; i++)
        cut (d, &d->rows[i]);
    return 0;
}

static void deciding_clear (struct deciding *d)
{
    for (size_t i = 0; i < d->n_results; i++)
        moisson__node_key_result__free_unpacked (d->results[i], NULL);
    free (d->results);
    if (d->rows)
        explicit_bzero (d->rows, d->room_rows * sizeof *d->rows);
    free (d->rows);
}

void rpc_node_key_op (struct request *request)
{
    _cleanup_ (deciding_clear) struct deciding d = {.ctld = request->ctld, .asked = request->msg, .request = request};
    Moisson__NodeKeyResults reply = MOISSON__NODE_KEY_RESULTS__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    if (decide (&d, &err) < 0) {
        request_fail (request, &err);
        return;
    }
    reply.results = d.results;
    reply.n_results = d.n_results;
    request_reply (request, MOISSON__MSG_TYPE__MSG_NODE_KEY_RESULTS, &reply.base);
}

/* --- agents -------------------------------------------------------------------------------------------------- */

void rpc_config_get (struct request *request)
{
    const Moisson__ConfigGet *asked = request->msg;

    notes_send_config (request->ctld->notes, request->session, &asked->launcher_nonce,
                       asked->has_hash ? &asked->hash : NULL);
    request_end (request);
}

void rpc_note_answer (struct request *request)
{
    notes_answered (request->ctld->notes, request->session, request->msg);
    request_end (request);
}
