/* keys.c - key files. */
#include "base/keys.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"

#define KEY_FILE_MAX 4096
#define NODE_KEYS_MAX (64 << 20)

static int check_private (const char *path, struct err *err)
{
    struct stat st;

    if (stat (path, &st) < 0)
        return err_errno (err, errno, "cannot look at the key %s", path);
    if (st.st_mode & (S_IRWXG | S_IRWXO)) {
        err_set (err, 0, "the key %s can be read by others than its owner (mode %04o)", path, st.st_mode & 07777);
        return err_fix (err, "chmod 600 %s, and make a new key if anybody may have read it", path);
    }
    return 0;
}

int key_read (const char *path, uint8_t ret_key[KEY_SIZE], struct err *err)
{
    _cleanup_free_ char *text = NULL;
    size_t len;

    if (check_private (path, err) || file_read (path, KEY_FILE_MAX, &text, &len, err))
        return -1;
    text[strcspn (text, " \t\r\n")] = '\0';
    int r = base64_decode (text, ret_key, KEY_SIZE);
    sodium_memzero (text, len);
    if (r)
        return err_set (err, 0, "%s holds no key: 43 characters of base64 are expected", path);
    return 0;
}

int key_write (const char *path, const uint8_t key[KEY_SIZE], struct err *err)
{
    _cleanup_free_ char *text = base64_encode (key, KEY_SIZE);
    _cleanup_free_ char *line = xasprintf ("%s\n", text);

    return file_write (path, line, strlen (line), 0600, 1, err);
}

void keypair_make (uint8_t ret_public[KEY_SIZE], uint8_t ret_secret[KEY_SIZE])
{
    random_fill (ret_secret, KEY_SIZE);
    if (key_public (ret_secret, ret_public) < 0)
        sodium_misuse (); /* no 32 random bytes give the zero point */
}

int key_public (const uint8_t secret[KEY_SIZE], uint8_t ret_public[KEY_SIZE])
{
    return crypto_scalarmult_base (ret_public, secret);
}

/* One line "NAME PUBLIC ORDER"; takes it apart. */
static int parse_row (char *line, struct node_key *row)
{
    char *save, *name = strtok_r (line, " \t", &save);
    char *public = strtok_r (NULL, " \t", &save), *order = strtok_r (NULL, " \t", &save);

    if (!order || strtok_r (NULL, " \t", &save) || base64_decode (public, row->public_key, KEY_SIZE) ||
        base64_decode (order, row->order_key, KEY_SIZE))
        return -1;
    row->node = xstrdup (name);
    return 0;
}

static int parse_rows (char *text, const char *path, struct node_keys *keys, struct err *err)
{
    unsigned number = 0;
    size_t room = 0;

    for (char *line; (line = strsep (&text, "\n"));) {
        struct node_key row;
        number++;
        if (!*line || *line == '#')
            continue;
        if (parse_row (line, &row)) {
            err_set (err, 0, "%s:%u: not NAME PUBLIC_KEY ORDER_KEY", path, number);
            return err_fix (err, "remove the line and enroll the node again: moisson node enroll NAME");
        }
        GROW (keys->rows, keys->n, room);
        keys->rows[keys->n++] = row;
    }
    return 0;
}

int node_keys_read (const char *path, struct node_keys *ret, struct err *err)
{
    _cleanup_free_ char *text = NULL;
    struct node_keys keys = {0};
    struct stat st;
    size_t len;

    if (stat (path, &st) < 0 && errno == ENOENT) {
        *ret = keys;
        return 0;
    }
    if (check_private (path, err) || file_read (path, NODE_KEYS_MAX, &text, &len, err))
        return -1;
    int r = parse_rows (text, path, &keys, err);
    sodium_memzero (text, len);
    if (r) {
        node_keys_clear (&keys);
        return -1;
    }
    *ret = keys;
    return 0;
}

const struct node_key *node_keys_find (const struct node_keys *keys, const char *node)
{
    for (size_t i = 0; i < keys->n; i++)
        if (!strcmp (keys->rows[i].node, node))
            return &keys->rows[i];
    return NULL;
}

void node_keys_clear (struct node_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        free (keys->rows[i].node);
        sodium_memzero (keys->rows[i].order_key, KEY_SIZE);
    }
    free (keys->rows);
    *keys = (struct node_keys){0};
}

static void put_row (struct buf *b, const struct node_key *row)
{
    _cleanup_free_ char *public = base64_encode (row->public_key, KEY_SIZE);
    _cleanup_free_ char *order = base64_encode (row->order_key, KEY_SIZE);

    buf_printf (b, "%s %s %s\n", row->node, public, order);
}

/* The whole list again, with `added` in place of an older row of that name. */
static int node_keys_replace (const char *path, const struct node_key *added, struct err *err)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct node_keys keys;

    if (node_keys_read (path, &keys, err))
        return -1;
    for (size_t i = 0; i < keys.n; i++)
        if (strcmp (keys.rows[i].node, added->node) != 0)
            put_row (&text, &keys.rows[i]);
    put_row (&text, added);
    node_keys_clear (&keys);
    int r = file_write (path, text.data, text.len, 0600, 1, err);
    sodium_memzero (text.data, text.len);
    return r;
}

int node_enroll_local (const char *state_dir, const char *spool_dir, const char *node, struct err *err)
{
    _cleanup_free_ char *secret_path = xasprintf ("%s/node.key", spool_dir);
    _cleanup_free_ char *order_path = xasprintf ("%s/order.key", spool_dir);
    _cleanup_free_ char *list_path = xasprintf ("%s/node_keys", state_dir);
    struct node_key row = {.node = (char *) node};
    uint8_t secret[KEY_SIZE];

    if (!*node || *node == '#' || strpbrk (node, " \t\r\n/"))
        return err_set (err, 0, "\"%s\" is no name for a node", node);
    keypair_make (row.public_key, secret);
    random_fill (row.order_key, KEY_SIZE);
    /* the list comes last: a node that is in it has its keys */
    int r = dir_make (state_dir, 0700, err) || dir_make (spool_dir, 0700, err) ||
            key_write (secret_path, secret, err) || key_write (order_path, row.order_key, err) ||
            node_keys_replace (list_path, &row, err);
    sodium_memzero (secret, sizeof secret);
    sodium_memzero (row.order_key, sizeof row.order_key);
    return r ? -1 : 0;
}
