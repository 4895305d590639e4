/* enroll.c - nodes that ask to be let in. */
#include "ctld/enroll.h"
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/keyring.h"
#include "proto/wire.pb-c.h"

struct asking {
    TAILQ_ENTRY (asking) link; /* in the order in which they asked last: the head is the one not heard for longest */
    char *node;
    uint8_t enroll_key[KEY_SIZE], public_key[KEY_SIZE];
    char address[DOOR_ADDRESS_SIZE], fingerprint[FINGERPRINT_SIZE];
    usec_t since_us, seen_us;
    usec_t seen; /* monotonic */
};

struct enroll {
    struct ctld *ctld;
    TAILQ_HEAD (askings, asking) list;
    size_t n;
    usec_t logged; /* monotonic: strangers do not fill the log */
    unsigned unlogged;
};

struct enroll *enroll_create (struct ctld *ctld)
{
    struct enroll *e = xcalloc (1, sizeof *e);

    e->ctld = ctld;
    TAILQ_INIT (&e->list);
    return e;
}

static void drop (struct enroll *e, struct asking *a)
{
    TAILQ_REMOVE (&e->list, a, link);
    e->n--;
    free (a->node);
    free (a);
}

struct enroll *enroll_free (struct enroll *e)
{
    if (!e)
        return NULL;
    while (!TAILQ_EMPTY (&e->list))
        drop (e, TAILQ_FIRST (&e->list));
    free (e);
    return NULL;
}

/* --- a node asks --------------------------------------------------------------------------------------------- */

static int is_known (const struct enroll *e, const char *node, struct err *err)
{
    if (config_node (e->ctld->conf, node, NULL))
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "node %s is not in the controller's configuration", node);
    return err_fix (err, "name one that is, or add a NodeName=%s line there and restart moissonctld", node);
}

/* Accepted already: what it needs, as often as it asks. The box is for the key of enrolment, which the node's agent
 * does not have: an agent that asks gets nothing that it could forge orders with. */
static int give (const struct enroll *e, const uint8_t *order_key, const uint8_t *enroll_key, struct door_answer *ret,
                 struct err *err)
{
    const struct config *conf = e->ctld->conf;

    if (key_box_seal (order_key, enroll_key, ret->order_key) < 0)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "the node's key is no key");
    ret->accepted = true;
    ret->cluster = conf->cluster_name;
    ret->slurm_user = conf->slurm_user;
    ret->agent_user = conf->agent_user;
    return 0;
}

static bool same (const uint8_t *a, const uint8_t *b)
{
    return memcmp (a, b, KEY_SIZE) == 0;
}

static int check_revoked (const struct node_key *row, const struct door_asker *asker, struct err *err)
{
    if (!row->revoked || (!same (row->enroll_key, asker->enroll_key) && !same (row->public_key, asker->public_key)))
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "an operator has revoked this key of node %s", row->node);
    return err_fix (err, "make another: moisson node enroll --new-key ...");
}

static struct asking *find (const struct enroll *e, const struct door_asker *asker)
{
    struct asking *a;

    TAILQ_FOREACH (a, &e->list, link)
    if (same (a->enroll_key, asker->enroll_key) && same (a->public_key, asker->public_key) &&
        !strcmp (a->node, asker->node))
        return a;
    return NULL;
}

/* Of those that count against the same bound, the one not heard for longest. */
struct crowd {
    size_t n;
    struct asking *oldest;
};

static void count (struct crowd *c, struct asking *a)
{
    c->n++;
    if (!c->oldest)
        c->oldest = a;
}

static int make_room (struct enroll *e, struct crowd *c, size_t most, const char *what, struct err *err)
{
    if (c->n < most)
        return 0;
    if (now_monotonic () - c->oldest->seen >= ENROLL_STALE) {
        drop (e, c->oldest);
        return 0;
    }
    err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s: %zu requests wait already", what, c->n);
    return err_fix (err, "have an operator decide about them (moisson node list), and ask again in a minute");
}

/* One bound after the other, counted afresh: what makes room for one may have made room for the next. */
static int find_room (struct enroll *e, const struct door_asker *asker, struct err *err)
{
    struct crowd all = {0}, name = {0}, address = {0};
    struct asking *a, *tmp;
    usec_t now = now_monotonic ();

    while ((a = TAILQ_FIRST (&e->list)) && now - a->seen >= ENROLL_KEPT)
        drop (e, a);
    for (a = TAILQ_FIRST (&e->list); a; a = tmp) { /* the same node with another key: this one is meant */
        tmp = TAILQ_NEXT (a, link);
        if (!strcmp (a->node, asker->node) && !strcmp (a->address, asker->address))
            drop (e, a);
    }
    TAILQ_FOREACH (a, &e->list, link)
    if (!strcmp (a->node, asker->node))
        count (&name, a);
    if (make_room (e, &name, ENROLL_A_NAME, "too many have asked for this name", err) < 0)
        return -1;
    TAILQ_FOREACH (a, &e->list, link)
    if (!strcmp (a->address, asker->address))
        count (&address, a);
    if (make_room (e, &address, ENROLL_AN_ADDRESS, "too many have asked from this address", err) < 0)
        return -1;
    TAILQ_FOREACH (a, &e->list, link)
    count (&all, a);
    return make_room (e, &all, ENROLL_MOST, "too many nodes ask to be let in", err);
}

static void say (struct enroll *e, const struct asking *a, const char *address)
{
    usec_t now = now_monotonic ();

    if (e->logged && now - e->logged < USEC_PER_SEC) {
        e->unlogged++;
        return;
    }
    log_info ("node=%s event=enroll-asked address=%s fingerprint=%s not_logged_before=%u", a->node, address,
              a->fingerprint, e->unlogged);
    e->logged = now;
    e->unlogged = 0;
}

static int remember (struct enroll *e, const struct door_asker *asker, struct err *err)
{
    struct asking *a = find (e, asker);

    if (!a) {
        if (find_room (e, asker, err) < 0)
            return -1;
        a = xcalloc (1, sizeof *a);
        a->node = xstrdup (asker->node);
        memcpy (a->enroll_key, asker->enroll_key, KEY_SIZE);
        memcpy (a->public_key, asker->public_key, KEY_SIZE);
        key_fingerprint (a->node, a->enroll_key, a->public_key, a->fingerprint);
        a->since_us = now_wall ();
        say (e, a, asker->address);
        e->n++;
    } else {
        TAILQ_REMOVE (&e->list, a, link);
    }
    snprintf (a->address, sizeof a->address, "%s", asker->address);
    a->seen_us = now_wall ();
    a->seen = now_monotonic ();
    TAILQ_INSERT_TAIL (&e->list, a, link);
    return 0;
}

int enroll_asked (void *enroll, const struct door_asker *asker, struct door_answer *ret, struct err *err)
{
    struct enroll *e = enroll;
    const struct node_key *row = keyring_find (e->ctld, asker->node);

    if (is_known (e, asker->node, err) < 0)
        return -1;
    if (row && check_revoked (row, asker, err) < 0)
        return -1;
    if (row && !row->revoked && same (row->enroll_key, asker->enroll_key) && same (row->public_key, asker->public_key))
        return give (e, row->order_key, row->enroll_key, ret, err);
    if (row && row->has_next && same (row->next_enroll, asker->enroll_key) &&
        same (row->next_public, asker->public_key))
        return give (e, row->next_order, row->next_enroll, ret, err);
    return remember (e, asker, err);
}

/* --- an operator decides ------------------------------------------------------------------------------------- */

void enroll_each (const struct enroll *e, const char *node, bool (*fn) (void *arg, const struct enroll_request *r),
                  void *arg)
{
    struct asking *a;

    TAILQ_FOREACH (a, &e->list, link)
    {
        const struct enroll_request r = {.node = a->node,
                                         .address = a->address,
                                         .fingerprint = a->fingerprint,
                                         .since_us = a->since_us,
                                         .seen_us = a->seen_us};
        if ((!node || !strcmp (a->node, node)) && !fn (arg, &r))
            return;
    }
}

static const struct asking *find_request (const struct enroll *e, const char *node, const char *fingerprint,
                                          struct err *err)
{
    const struct asking *a, *other = NULL;

    TAILQ_FOREACH (a, &e->list, link)
    {
        if (strcmp (a->node, node) != 0)
            continue;
        if (fingerprint_same (fingerprint, a->fingerprint))
            return a;
        other = a;
    }
    if (!other) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "node %s does not ask to be accepted", node);
        err_fix (err, "run on it: moisson node enroll --controller HOST --key KEY %s", node);
        return NULL;
    }
    err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH,
             "the fingerprint does not match: who asks to be %s (from %s) has the key %s", node, other->address,
             other->fingerprint);
    err_fix (err, "compare with what the node itself shows: moisson node fingerprint. If that differs, somebody else "
                  "asks in its name");
    return NULL;
}

static int may_take_name (const struct enroll *e, const char *node, bool replace, struct err *err)
{
    const struct node_key *row = keyring_find (e->ctld, node);
    char fingerprint[FINGERPRINT_SIZE];

    if (!row || row->revoked || replace)
        return 0;
    keyring_fingerprint (row, fingerprint);
    err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "node %s is enrolled with another key, %s", node, fingerprint);
    return err_fix (err, "if the node was set up anew: moisson node accept --replace %s FINGERPRINT", node);
}

int enroll_accept (const struct enroll *e, const char *node, const char *fingerprint, bool replace,
                   struct node_key *ret, struct err *err)
{
    const struct asking *a;

    if (is_known (e, node, err) < 0 || !(a = find_request (e, node, fingerprint, err)) ||
        may_take_name (e, node, replace, err) < 0)
        return -1;
    *ret = (struct node_key){.node = (char *) node, .since_us = now_wall ()};
    memcpy (ret->enroll_key, a->enroll_key, KEY_SIZE);
    memcpy (ret->public_key, a->public_key, KEY_SIZE);
    random_fill (ret->order_key, KEY_SIZE);
    return 0;
}

void enroll_done (struct enroll *e, const char *node)
{
    const struct node_key *row = keyring_find (e->ctld, node);
    struct asking *a, *tmp;

    for (a = TAILQ_FIRST (&e->list); a; a = tmp) {
        tmp = TAILQ_NEXT (a, link);
        if (row && !strcmp (a->node, node) && same (a->enroll_key, row->enroll_key) &&
            same (a->public_key, row->public_key))
            drop (e, a);
    }
}
