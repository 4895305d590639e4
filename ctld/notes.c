/* notes.c - what the controller says to launchers themselves.
 *
 * New keys: RekeyBegin says the controller's ephemeral key. The launcher derives the new order key from it and an
 * ephemeral key of its own, makes new pairs for the node, keeps all aside, and says the public halves (Rekeyed).
 * The controller derives the same, writes them down as the node's next one, and only then says RekeyCommit: so
 * whichever of the two sets the node comes with, it is let in. Its first session with the new one ends the old. */
#include "ctld/notes.h"
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "base/config_bundle.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/note.h"
#include "ctld/keyring.h"
#include "ctld/nodes.h"

struct rekeying {
    UT_hash_handle hh;
    char *node;
    uint64_t sequence; /* of the note that awaits its answer */
    bool committing;
    uint8_t public_key[KEY_SIZE], secret[KEY_SIZE]; /* ephemeral */
};

struct notes {
    struct ctld *ctld;
    Moisson__ConfigBundle *config; /* NULL: not to be had */
    uint8_t hash[HASH_SIZE];
    struct rekeying *rekeyings;
};

static struct rekeying *find (const struct notes *notes, const char *node)
{
    struct rekeying *r = NULL;

    HASH_FIND_STR (notes->rekeyings, node, r);
    return r;
}

static void drop (struct notes *notes, struct rekeying *r)
{
    HASH_DEL (notes->rekeyings, r);
    free (r->node);
    explicit_bzero (r, sizeof *r);
    free (r);
}

static void make_config (struct notes *notes)
{
    struct ctld *ctld = notes->ctld;
    _cleanup_err_ struct err err = ERR_INIT;

    if (config_bundle_make (&notes->config, ctld->conf, &err) < 0) {
        log_error (
            "event=config-bundle failed=\"%s\" note=\"nodes without a configuration keep the one that they have\"",
            err.why);
        return;
    }
    config_bundle_hash (notes->config, notes->hash);
    notes->config->version = nodes_next_sequence (ctld->nodes); /* higher than in any earlier life of ours */
}

void notes_reconfigured (struct notes *notes)
{
    if (notes->config)
        moisson__config_bundle__free_unpacked (notes->config, NULL);
    notes->config = NULL;
    make_config (notes);
}

struct notes *notes_create (struct ctld *ctld)
{
    struct notes *notes = xcalloc (1, sizeof *notes);

    notes->ctld = ctld;
    make_config (notes);
    return notes;
}

struct notes *notes_free (struct notes *notes)
{
    struct rekeying *r, *tmp;

    if (!notes)
        return NULL;
    HASH_ITER (hh, notes->rekeyings, r, tmp)
    drop (notes, r);
    if (notes->config)
        moisson__config_bundle__free_unpacked (notes->config, NULL);
    free (notes);
    return NULL;
}

const uint8_t *notes_config_hash (const struct notes *notes)
{
    return notes->config ? notes->hash : NULL;
}

bool notes_rekeying (const struct notes *notes, const char *node)
{
    const struct node_key *row = keyring_find (notes->ctld, node);

    return find (notes, node) || (row && row->has_next);
}

/* Signed with the key that the launcher has now. NULL: the node is not enrolled any more. */
static Moisson__SignedNote *sign (struct notes *notes, const char *node, const ProtobufCBinaryData *nonce,
                                  Moisson__Note *note)
{
    const struct node_key *row = keyring_find (notes->ctld, node);

    if (!row || row->revoked)
        return NULL;
    note->node = (char *) node;
    note->launcher_nonce = *nonce;
    note->sequence = nodes_next_sequence (notes->ctld->nodes);
    return note_sign (NOTE_DOWN, row->order_key, &note->base);
}

/* --- configuration ------------------------------------------------------------------------------------------- */

void notes_send_config (struct notes *notes, struct session *session, const ProtobufCBinaryData *nonce,
                        const ProtobufCBinaryData *hash)
{
    Moisson__NodeConfig answer = MOISSON__NODE_CONFIG__INIT;
    Moisson__Note note = MOISSON__NOTE__INIT;

    if (notes->config && !(hash && hash->len == HASH_SIZE && !memcmp (hash->data, notes->hash, HASH_SIZE))) {
        note.what_case = MOISSON__NOTE__WHAT_CONFIG;
        note.config = notes->config;
        answer.note = sign (notes, session->node, nonce, &note);
        log_info ("node=%s event=config-sent version=%llu", session->node, (unsigned long long) notes->config->version);
    }
    answer.has_same = true;
    answer.same = !answer.note; /* also where we have none to give: it keeps its own */
    session_send (session, MOISSON__MSG_TYPE__MSG_NODE_CONFIG, &answer.base);
    if (answer.note)
        moisson__signed_note__free_unpacked (answer.note, NULL);
}

/* --- to one node ---------------------------------------------------------------------------------------------- */

/* To a node with a session that is ready. The sequence, or 0: it could not be sent. */
static uint64_t send_note (struct notes *notes, const char *node, Moisson__Note *note)
{
    struct session *session = nodes_session (notes->ctld->nodes, node);
    ProtobufCBinaryData nonce = nodes_nonce (notes->ctld->nodes, node);
    Moisson__SignedNote *signed_note = session && nonce.len ? sign (notes, node, &nonce, note) : NULL;

    if (!signed_note)
        return 0;
    session_send (session, MOISSON__MSG_TYPE__MSG_NOTE, &signed_note->base);
    moisson__signed_note__free_unpacked (signed_note, NULL);
    return note->sequence;
}

void notes_reboot (struct notes *notes, const char *node)
{
    Moisson__Note note = MOISSON__NOTE__INIT;

    note.what_case = MOISSON__NOTE__WHAT_REBOOT;
    note.reboot = true;
    send_note (notes, node, &note);
}

/* --- keys ---------------------------------------------------------------------------------------------------- */

static struct rekeying *rekeying_add (struct notes *notes, const char *node)
{
    struct rekeying *r = find (notes, node);

    if (r)
        return r;
    r = xcalloc (1, sizeof *r);
    r->node = xstrdup (node);
    HASH_ADD_KEYPTR (hh, notes->rekeyings, r->node, strlen (r->node), r);
    return r;
}

int notes_rekey (struct notes *notes, const char *node, struct err *err)
{
    Moisson__RekeyBegin begin = MOISSON__REKEY_BEGIN__INIT;
    Moisson__Note note = MOISSON__NOTE__INIT;
    struct rekeying *r = rekeying_add (notes, node);

    r->committing = false;
    keypair_make (r->public_key, r->secret);
    begin.controller_public = (ProtobufCBinaryData){KEY_SIZE, r->public_key};
    note.what_case = MOISSON__NOTE__WHAT_REKEY;
    note.rekey = &begin;
    r->sequence = send_note (notes, node, &note);
    if (r->sequence) {
        log_info ("node=%s event=rekey-begun", node);
        return 0;
    }
    drop (notes, r);
    err_set (err, 0, "node %s has no session now, and new keys are agreed on over its session", node);
    return err_fix (err, "see that it runs: sinfo -n %s", node);
}

static void send_commit (struct notes *notes, const struct node_key *row)
{
    Moisson__RekeyCommit commit = MOISSON__REKEY_COMMIT__INIT;
    Moisson__Note note = MOISSON__NOTE__INIT;
    struct rekeying *r = rekeying_add (notes, row->node);
    uint8_t proof[HASH_SIZE];

    rekey_proof (row->node, row->next_public, row->next_enroll, row->next_order, proof);
    commit.proof = (ProtobufCBinaryData){HASH_SIZE, proof};
    note.what_case = MOISSON__NOTE__WHAT_COMMIT;
    note.commit = &commit;
    r->committing = true;
    r->sequence = send_note (notes, row->node, &note);
    if (!r->sequence)
        drop (notes, r); /* when it has a session again, see notes_session_ready */
}

/* The other half has come: write the pair down, then let it be used. */
static int agree (struct notes *notes, const struct rekeying *r, const Moisson__Rekeyed *rekeyed, struct err *err)
{
    struct node_key row = *keyring_find (notes->ctld, r->node);
    uint8_t publics[2 * KEY_SIZE];
    int rc;

    if (rekeyed->launcher_public.len != KEY_SIZE || rekeyed->node_public.len != KEY_SIZE ||
        rekeyed->enroll_public.len != KEY_SIZE)
        return err_set (err, 0, "its launcher sent keys of another size");
    memcpy (publics, r->public_key, KEY_SIZE);
    memcpy (publics + KEY_SIZE, rekeyed->launcher_public.data, KEY_SIZE);
    if (key_agree (r->secret, rekeyed->launcher_public.data, publics, row.order_key, row.next_order) < 0)
        return err_set (err, 0, "its launcher sent a key that shares no secret");
    memcpy (row.next_public, rekeyed->node_public.data, KEY_SIZE);
    memcpy (row.next_enroll, rekeyed->enroll_public.data, KEY_SIZE);
    row.has_next = true;
    row.node = xstrdup (r->node); /* the list is made anew */
    rc = keyring_put (notes->ctld, &row, 1, err);
    free (row.node);
    explicit_bzero (&row, sizeof row);
    return rc;
}

/* The launcher has no such pair any more: forget it here, too. */
static void forget_next (struct notes *notes, const char *node)
{
    struct node_key row = *keyring_find (notes->ctld, node);
    _cleanup_err_ struct err err = ERR_INIT;

    row.has_next = false;
    row.node = xstrdup (node);
    if (keyring_put (notes->ctld, &row, 1, &err) < 0)
        log_error ("node=%s event=rekey why=\"%s\"", node, err.why);
    free (row.node);
    explicit_bzero (&row, sizeof row);
}

static void take_answer (struct notes *notes, struct rekeying *r, const Moisson__NoteAnswer *answer)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (answer->why) {
        err_set (&err, 0, "its launcher refused: %s", answer->why);
        if (r->committing)
            forget_next (notes, r->node);
    } else if (!r->committing) {
        if (!answer->rekeyed)
            err_set (&err, 0, "its launcher answered without keys");
        else if (agree (notes, r, answer->rekeyed, &err) == 0) {
            send_commit (notes, keyring_find (notes->ctld, r->node)); /* may drop r */
            return;
        }
    }
    if (err_is_set (&err))
        log_error ("node=%s event=rekey failed=\"%s\" note=\"the keys stay as they are\"", r->node, err.why);
    drop (notes, r);
}

void notes_answered (struct notes *notes, struct session *session, const Moisson__SignedNote *answer)
{
    const struct node_key *row = keyring_find (notes->ctld, session->node);
    struct rekeying *r = find (notes, session->node);
    Moisson__NoteAnswer *m;

    if (!row || !r || !note_ok (NOTE_UP, row->order_key, answer)) {
        log_warn ("node=%s event=note-answer refused=\"%s\"", session->node,
                  r ? "it is not signed by its launcher" : "nothing was asked");
        return;
    }
    m = moisson__note_answer__unpack (NULL, answer->note.len, answer->note.data);
    if (m && !strcmp (m->node, session->node) && m->sequence == r->sequence)
        take_answer (notes, r, m);
    else
        log_warn ("node=%s event=note-answer refused=\"it answers another note\"", session->node);
    if (m)
        moisson__note_answer__free_unpacked (m, NULL);
}

void notes_session_ready (struct notes *notes, struct session *session)
{
    const struct node_key *row = keyring_find (notes->ctld, session->node);

    if (row && row->has_next && !row->revoked)
        send_commit (notes, row);
}

void notes_session_left (struct notes *notes, const struct session *session)
{
    struct rekeying *r = find (notes, session->node);

    if (r)
        drop (notes, r);
}
