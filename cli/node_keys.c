/* node_keys.c - what operators do about keys of nodes: list, accept, revoke, rekey. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/buf.h"
#include "base/files.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/units.h"
#include "command.h"
#include "failure.h"
#include "json.h"
#include "lists.h"
#include "node_cmd.h"
#include "proto/enroll.pb-c.h"
#include "rpc.h"

#define MATCHING_MOST (16u << 20)
#define REKEY_PATIENCE 30 /* seconds */
#define REKEY_PAUSE_NS 250000000L

static const char *const state_words[] = {
    [MOISSON__NODE_KEY_STATE__NODE_KEY_ABSENT] = "absent",
    [MOISSON__NODE_KEY_STATE__NODE_KEY_PENDING] = "pending",
    [MOISSON__NODE_KEY_STATE__NODE_KEY_ACCEPTED] = "accepted",
    [MOISSON__NODE_KEY_STATE__NODE_KEY_REVOKED] = "revoked",
};

static int failed (const struct err *err)
{
    return failure_report (NODE_TOOL, NULL, err);
}

static const char *or_dash (const char *text)
{
    return text && *text ? text : "-";
}

/* --- the list ------------------------------------------------------------------------------------------------ */

struct keys {
    Moisson__NodeKeyInfo **rows;
    size_t n, room;
};

static void keys_clear (struct keys *k)
{
    for (size_t i = 0; i < k->n; i++)
        moisson__node_key_info__free_unpacked (k->rows[i], NULL);
    free (k->rows);
    *k = (struct keys){0};
}

static bool on_page (void *arg, const void *message)
{
    struct keys *k = arg;
    Moisson__NodeKeysPage *page = (Moisson__NodeKeysPage *) message;

    for (size_t i = 0; i < page->n_keys; i++) {
        GROW (k->rows, k->n, k->room);
        k->rows[k->n++] = steal (&page->keys[i]);
    }
    page->n_keys = 0; /* ours now; the array is the page's still */
    free (page->keys);
    page->keys = NULL;
    return page->last;
}

static int by_name (const void *a, const void *b)
{
    const Moisson__NodeKeyInfo *x = *(Moisson__NodeKeyInfo *const *) a, *y = *(Moisson__NodeKeyInfo *const *) b;
    int order = strverscmp (x->node, y->node);

    return order ? order : (int) y->state - (int) x->state; /* the known key first, then who asks */
}

static int fetch (struct rpc *rpc, struct keys *ret, struct err *err)
{
    int r = rpc_stream (rpc, MOISSON__MSG_TYPE__MSG_NODE_KEYS, NULL, MOISSON__MSG_TYPE__MSG_NODE_KEYS_PAGE,
                        &moisson__node_keys_page__descriptor, on_page, ret, err);

    if (r == 0 && ret->n)
        qsort (ret->rows, ret->n, sizeof *ret->rows, by_name);
    return r;
}

static const Moisson__NodeKeyInfo *known_key (const struct keys *k, const char *node)
{
    for (size_t i = 0; i < k->n; i++)
        if (k->rows[i]->state != MOISSON__NODE_KEY_STATE__NODE_KEY_PENDING && !strcmp (k->rows[i]->node, node))
            return k->rows[i];
    return NULL;
}

/* What there is to say besides the columns. `before` is the row above. */
static const char *remark (const Moisson__NodeKeyInfo *row, const Moisson__NodeKeyInfo *before)
{
    bool pending = row->state == MOISSON__NODE_KEY_STATE__NODE_KEY_PENDING;

    if (pending && before && !strcmp (before->node, row->node) &&
        before->state == MOISSON__NODE_KEY_STATE__NODE_KEY_ACCEPTED)
        return "would replace the accepted key";
    if (pending)
        return "";
    return row->rekeying ? "keys are being exchanged" : row->connected ? "connected" : "";
}

/* NULL: all. */
static bool wants (const struct hostlist *names, const char *node)
{
    for (size_t i = 0; names && i < hostlist_count (names); i++)
        if (!strcmp (hostlist_nth (names, i), node))
            return true;
    return !names;
}

static void print_table (const struct keys *k, const struct hostlist *wanted)
{
    char since[32], seen[32];

    printf ("%-15s %-8s %-24s %-19s %-19s %-15s %s\n", "NODE", "STATE", "FINGERPRINT", "SINCE", "LAST_SEEN", "ADDRESS",
            "REMARK");
    for (size_t i = 0; i < k->n; i++) {
        const Moisson__NodeKeyInfo *row = k->rows[i];

        if (!wants (wanted, row->node))
            continue;
        printf ("%-15s %-8s %-24s %-19s %-19s %-15s %s\n", row->node, state_words[row->state],
                or_dash (row->fingerprint), time_format (row->since_us, NULL, "-", since, sizeof since),
                time_format (row->seen_us, NULL, "-", seen, sizeof seen), or_dash (row->address),
                remark (row, i ? k->rows[i - 1] : NULL));
    }
}

static json_t *key_json (const Moisson__NodeKeyInfo *row)
{
    return json_pack ("{s:o, s:s, s:o, s:o, s:I, s:I, s:b, s:b}", "name", json_text (row->node), "state",
                      state_words[row->state], "fingerprint", json_text (row->fingerprint), "address",
                      json_text (row->address), "since", (json_int_t) (row->since_us / USEC_PER_SEC), "last_seen",
                      (json_int_t) (row->seen_us / USEC_PER_SEC), "connected", (int) row->connected, "rekeying",
                      (int) row->rekeying);
}

static int print_json (const struct keys *k, const struct hostlist *wanted)
{
    json_t *array = json_array ();

    for (size_t i = 0; i < k->n; i++)
        if (wants (wanted, k->rows[i]->node))
            json_array_append_new (array, key_json (k->rows[i]));
    return json_print ("node_keys", array);
}

/* All words as one list of names; NULL without words. */
static int parse_names (int n, char **words, struct hostlist **ret, struct err *err)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    for (int i = 0; i < n; i++)
        buf_printf (&text, "%s%s", i ? "," : "", words[i]);
    return n ? hostlist_parse (ret, buf_str (&text), err) : 0;
}

int node_list (const struct node_options *o, int n, char **words)
{
    _cleanup_ (keys_clear) struct keys keys = {0};
    _cleanup_hostlist_ struct hostlist *wanted = NULL;
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (parse_names (n, words, &wanted, &err) || rpc_create (&rpc, NULL, &err) || fetch (rpc, &keys, &err))
        return failed (&err);
    if (o->json)
        return print_json (&keys, wanted) ? COMMAND_ERROR : 0;
    print_table (&keys, wanted);
    return 0;
}

/* --- decisions ----------------------------------------------------------------------------------------------- */

static void names_free (char ***names)
{
    for (char **p = *names; p && *p; p++)
        free (*p);
    free (*names);
}

/* Ends with NULL. */
static char **names_of (const struct hostlist *list)
{
    char **names = xcalloc (hostlist_count (list) + 1, sizeof *names);

    for (size_t i = 0; i < hostlist_count (list); i++)
        names[i] = xstrdup (hostlist_nth (list, i));
    return names;
}

/* Prints each result: "NODE: DONE FINGERPRINT", or why not. Returns how many were refused. */
static int print_results (const Moisson__NodeKeyResults *reply, const char *done)
{
    int refused = 0;

    for (size_t i = 0; i < reply->n_results; i++) {
        const Moisson__NodeKeyResult *result = reply->results[i];

        if (!result->why) {
            if (done)
                printf ("%s: %s, %s\n", result->node, done, or_dash (result->fingerprint));
            continue;
        }
        refused++;
        fprintf (stderr, NODE_TOOL ": error: %s\n", result->why);
        if (result->fix)
            fprintf (stderr, "        fix: %s\n", result->fix);
    }
    return refused;
}

static int decide (struct rpc *rpc, const Moisson__NodeKeyOp *op, const char *done)
{
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__NodeKeyResults *reply = NULL;

    if (rpc_request (rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_NODE_KEY_OP, &op->base,
                     MOISSON__MSG_TYPE__MSG_NODE_KEY_RESULTS, &moisson__node_key_results__descriptor, &reply, &err))
        return failed (&err);
    int refused = print_results (reply, done);
    moisson__node_key_results__free_unpacked (reply, NULL);
    return refused ? COMMAND_ERROR : 0;
}

/* Lines "NAME FINGERPRINT"; the arrays' strings lie in text. */
static int parse_matching (char *text, char ***ret_names, char ***ret_prints, size_t *ret_n, struct err *err)
{
    size_t n = 0, room = 0, prints_room = 0;
    unsigned number = 0;

    for (char *line; (line = strsep (&text, "\n"));) {
        char *save, *name = strtok_r (line, " \t\r", &save), *print = name ? strtok_r (NULL, "\r", &save) : NULL;

        number++;
        if (!name || *name == '#')
            continue;
        if (!print) {
            err_set (err, 0, "line %u has a name and no fingerprint", number);
            return err_fix (err, "gather them on the nodes: moisson node fingerprint");
        }
        size_t same = n;
        GROW (*ret_names, same, room);
        GROW (*ret_prints, same, prints_room);
        (*ret_names)[n] = name;
        (*ret_prints)[n++] = print;
    }
    *ret_n = n;
    return n ? 0 : err_set (err, 0, "it names no node");
}

static int read_stdin (char **ret, struct err *err)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    char block[4096];
    size_t n;

    while (text.len < MATCHING_MOST && (n = fread (block, 1, sizeof block, stdin)) > 0)
        buf_add (&text, block, n);
    if (ferror (stdin) || text.len >= MATCHING_MOST)
        return err_set (err, 0, "cannot read the list from standard input");
    *ret = buf_steal (&text);
    return 0;
}

static int accept_matching (const struct node_options *o, struct rpc *rpc)
{
    _cleanup_free_ char *text = NULL, **names = NULL, **prints = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__NodeKeyOp op = MOISSON__NODE_KEY_OP__INIT;
    size_t n = 0;

    if ((strcmp (o->matching, "-") ? file_read (o->matching, MATCHING_MOST, &text, NULL, &err)
                                   : read_stdin (&text, &err)) ||
        parse_matching (text, &names, &prints, &n, &err)) {
        err_what (&err, "--all-matching=%s", o->matching);
        return failed (&err);
    }
    op.op = MOISSON__NODE_KEY_OP_KIND__KEY_ACCEPT;
    op.nodes = names;
    op.fingerprints = prints;
    op.n_nodes = op.n_fingerprints = n;
    op.has_replace = true;
    op.replace = o->replace;
    return decide (rpc, &op, "accepted");
}

/* The fingerprint may have been typed in pieces. */
static char *join (int n, char **words)
{
    struct buf text = BUF_INIT;

    for (int i = 0; i < n; i++)
        buf_puts (&text, words[i]);
    return buf_steal (&text);
}

int node_accept (const struct node_options *o, int n, char **words)
{
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__NodeKeyOp op = MOISSON__NODE_KEY_OP__INIT;

    if (o->matching ? n > 0 : n < 2) {
        err_set (&err, 0, "a node is accepted by its name and the fingerprint of its key");
        err_fix (&err, "moisson node accept NAME FINGERPRINT (the node shows it: moisson node fingerprint), or "
                       "--all-matching FILE");
        return failed (&err);
    }
    if (rpc_create (&rpc, NULL, &err))
        return failed (&err);
    if (o->matching)
        return accept_matching (o, rpc);
    _cleanup_free_ char *print = join (n - 1, words + 1);
    op.op = MOISSON__NODE_KEY_OP_KIND__KEY_ACCEPT;
    op.nodes = words;
    op.fingerprints = &print;
    op.n_nodes = op.n_fingerprints = 1;
    op.has_replace = true;
    op.replace = o->replace;
    return decide (rpc, &op, "accepted");
}

int node_revoke (const struct node_options *o, int n, char **words)
{
    _cleanup_hostlist_ struct hostlist *list = NULL;
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__NodeKeyOp op = MOISSON__NODE_KEY_OP__INIT;

    (void) o;
    if (n < 1) {
        err_set (&err, 0, "which node?");
        err_fix (&err, "moisson node revoke NAMES");
    }
    if (n < 1 || parse_names (n, words, &list, &err) || rpc_create (&rpc, NULL, &err))
        return failed (&err);
    _cleanup_ (names_free) char **names = names_of (list);
    op.op = MOISSON__NODE_KEY_OP_KIND__KEY_REVOKE;
    op.nodes = names;
    op.n_nodes = hostlist_count (list);
    return decide (rpc, &op, "revoked");
}

/* --- new keys ------------------------------------------------------------------------------------------------ */

static char **connected_names (const struct keys *k, size_t *ret_n)
{
    char **names = xcalloc (k->n + 1, sizeof *names);

    *ret_n = 0;
    for (size_t i = 0; i < k->n; i++)
        if (k->rows[i]->connected && k->rows[i]->state == MOISSON__NODE_KEY_STATE__NODE_KEY_ACCEPTED)
            names[(*ret_n)++] = xstrdup (k->rows[i]->node);
    return names;
}

/* Names that are being exchanged still; those that are done are said and struck out (empty). */
static size_t say_progress (const struct keys *before, const struct keys *now, char **names)
{
    size_t left = 0;

    for (char **p = names; *p; p++) {
        const Moisson__NodeKeyInfo *old = known_key (before, *p), *row = known_key (now, *p);

        if (!**p || !row)
            continue;
        if (row->rekeying || !row->connected) {
            left++;
            continue;
        }
        bool changed = old && strcmp (or_dash (old->fingerprint), or_dash (row->fingerprint)) != 0;
        printf ("%s: %s, %s\n", *p, changed ? "has new keys" : "kept its keys; the controller's log says why",
                or_dash (row->fingerprint));
        **p = '\0';
    }
    return left;
}

static int await_rekeyed (struct rpc *rpc, const struct keys *before, char **names)
{
    const struct timespec pause = {.tv_nsec = REKEY_PAUSE_NS};
    usec_t end = now_monotonic () + REKEY_PATIENCE * USEC_PER_SEC;

    for (;;) {
        _cleanup_ (keys_clear) struct keys now = {0};
        _cleanup_err_ struct err err = ERR_INIT;

        if (fetch (rpc, &now, &err))
            return failed (&err);
        size_t left = say_progress (before, &now, names);
        if (!left)
            return 0;
        if (now_monotonic () >= end) {
            err_set (&err, 0, "%zu nodes have not come back with new keys in %d s; it goes on without this command",
                     left, REKEY_PATIENCE);
            err_fix (&err, "see: moisson node list");
            return failed (&err);
        }
        nanosleep (&pause, NULL);
    }
}

int node_rekey (const struct node_options *o, int n, char **words)
{
    _cleanup_ (keys_clear) struct keys before = {0};
    _cleanup_hostlist_ struct hostlist *list = NULL;
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__NodeKeyOp op = MOISSON__NODE_KEY_OP__INIT;

    if ((n < 1) != o->all) {
        err_set (&err, 0, "which node?");
        err_fix (&err, "moisson node rekey NAMES, or --all");
        return failed (&err);
    }
    if (parse_names (n, words, &list, &err) || rpc_create (&rpc, NULL, &err) || fetch (rpc, &before, &err))
        return failed (&err);
    _cleanup_ (names_free) char **names = o->all ? connected_names (&before, &op.n_nodes) : names_of (list);
    if (!o->all)
        op.n_nodes = hostlist_count (list);
    op.op = MOISSON__NODE_KEY_OP_KIND__KEY_REKEY;
    op.nodes = names;
    int refused = decide (rpc, &op, NULL);
    int r = refused ? refused : await_rekeyed (rpc, &before, names);
    return r;
}
