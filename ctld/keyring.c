/* keyring.c - the keys of nodes as the controller has them. */
#include "ctld/keyring.h"
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"

static char *list_path (const struct ctld *ctld)
{
    return xasprintf ("%s/node_keys", ctld->conf->state_dir);
}

static void take (struct ctld *ctld, struct node_keys *keys)
{
    node_keys_clear (&ctld->keys);
    ctld->keys = *keys;
    if (ctld->door)
        door_set_node_keys (ctld->door, &ctld->keys);
}

int keyring_read (struct ctld *ctld, struct err *err)
{
    _cleanup_free_ char *path = list_path (ctld);
    struct node_keys keys = {0};

    if (node_keys_read (path, &keys, err) < 0)
        return -1;
    take (ctld, &keys);
    return 0;
}

const struct node_key *keyring_find (const struct ctld *ctld, const char *node)
{
    return node_keys_find (&ctld->keys, node);
}

struct putting {
    const struct node_key *rows;
    size_t n;
};

static bool put (void *arg, struct node_keys *keys)
{
    const struct putting *p = arg;

    for (size_t i = 0; i < p->n; i++)
        node_keys_put (keys, &p->rows[i]);
    return p->n > 0;
}

int keyring_put (struct ctld *ctld, const struct node_key *rows, size_t n, struct err *err)
{
    _cleanup_free_ char *path = list_path (ctld);
    struct putting p = {rows, n};
    struct node_keys keys = {0};

    if (node_keys_update (path, put, &p, &keys, err) < 0)
        return err_what (err, "keys not changed");
    take (ctld, &keys);
    return 0;
}

void keyring_promote (struct ctld *ctld, const char *node)
{
    const struct node_key *row = keyring_find (ctld, node);
    _cleanup_err_ struct err err = ERR_INIT;
    struct node_key next;

    if (!row || !row->has_next)
        return;
    next = *row;
    memcpy (next.public_key, row->next_public, KEY_SIZE);
    memcpy (next.order_key, row->next_order, KEY_SIZE);
    memcpy (next.enroll_key, row->next_enroll, KEY_SIZE);
    next.has_next = false;
    next.node = xstrdup (node);
    if (keyring_put (ctld, &next, 1, &err) < 0) {
        log_error ("node=%s event=rekeyed note=\"the old keys cannot be taken off the list: %s\"", node, err.why);
        node_keys_put (&ctld->keys, &next);
    } else {
        log_info ("node=%s event=rekeyed", node);
    }
    free (next.node);
    explicit_bzero (&next, sizeof next);
}

void keyring_fingerprint (const struct node_key *row, char ret[FINGERPRINT_SIZE])
{
    key_fingerprint (row->node, row->enroll_key, row->public_key, ret);
}
