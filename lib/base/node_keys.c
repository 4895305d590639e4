/* node_keys.c - the list of nodes' keys: one line a node, replaced as a whole. */
#include "base/node_keys.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"

#define NODE_KEYS_MAX (64 << 20)
#define NODE_NAME_MOST 255

static int by_name (const void *a, const void *b)
{
    return strcmp (((const struct node_key *) a)->node, ((const struct node_key *) b)->node);
}

/* --- reading ------------------------------------------------------------------------------------------------- */

/* "PUBLIC:ORDER:ENROLL" */
static int parse_next (char *text, struct node_key *row)
{
    uint8_t *const keys[] = {row->next_public, row->next_order, row->next_enroll};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char *word = strsep (&text, ":");
        if (!word || base64_decode (word, keys[i], KEY_SIZE))
            return -1;
    }
    row->has_next = true;
    return text ? -1 : 0;
}

static int parse_word (char *word, struct node_key *row)
{
    char *end;

    if (!strcmp (word, "revoked")) {
        row->revoked = true;
        return 0;
    }
    if (!strncmp (word, "next=", 5))
        return parse_next (word + 5, row);
    if (!strncmp (word, "enroll=", 7))
        return base64_decode (word + 7, row->enroll_key, KEY_SIZE);
    if (strncmp (word, "since=", 6))
        return -1;
    row->since_us = strtoull (word + 6, &end, 10);
    return *end || end == word + 6 ? -1 : 0;
}

static int parse_row (char *line, struct node_key *row)
{
    char *save, *name = strtok_r (line, " \t", &save);
    char *public = strtok_r (NULL, " \t", &save), *order = strtok_r (NULL, " \t", &save);

    *row = (struct node_key){0};
    if (!order || base64_decode (public, row->public_key, KEY_SIZE) || base64_decode (order, row->order_key, KEY_SIZE))
        return -1;
    for (char *word; (word = strtok_r (NULL, " \t", &save));)
        if (parse_word (word, row))
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
    if (keys->n)
        qsort (keys->rows, keys->n, sizeof *keys->rows, by_name);
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
    if (key_check_private (path, err) || file_read (path, NODE_KEYS_MAX, &text, &len, err))
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

/* --- in memory ----------------------------------------------------------------------------------------------- */

const struct node_key *node_keys_find (const struct node_keys *keys, const char *node)
{
    const struct node_key wanted = {.node = (char *) node};

    return keys->n ? bsearch (&wanted, keys->rows, keys->n, sizeof *keys->rows, by_name) : NULL;
}

void node_keys_put (struct node_keys *keys, const struct node_key *row)
{
    size_t at = 0;

    while (at < keys->n && strcmp (keys->rows[at].node, row->node) < 0)
        at++;
    struct node_key copy = *row;
    copy.node = xstrdup (row->node);
    if (at < keys->n && !strcmp (keys->rows[at].node, row->node)) {
        free (keys->rows[at].node);
    } else {
        keys->rows = xrealloc (keys->rows, (keys->n + 1) * sizeof *keys->rows);
        memmove (keys->rows + at + 1, keys->rows + at, (keys->n++ - at) * sizeof *keys->rows);
    }
    keys->rows[at] = copy;
}

void node_keys_clear (struct node_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++)
        free (keys->rows[i].node);
    if (keys->n)
        sodium_memzero (keys->rows, keys->n * sizeof *keys->rows);
    free (keys->rows);
    *keys = (struct node_keys){0};
}

/* --- writing ------------------------------------------------------------------------------------------------- */

static void put_row (struct buf *b, const struct node_key *row)
{
    _cleanup_free_ char *public = base64_encode (row->public_key, KEY_SIZE);
    _cleanup_free_ char *order = base64_encode (row->order_key, KEY_SIZE);

    buf_printf (b, "%s %s %s", row->node, public, order);
    if (row->since_us)
        buf_printf (b, " since=%" PRIu64, row->since_us);
    if (row->revoked)
        buf_puts (b, " revoked");
    if (!sodium_is_zero (row->enroll_key, KEY_SIZE)) {
        _cleanup_free_ char *enroll = base64_encode (row->enroll_key, KEY_SIZE);

        buf_printf (b, " enroll=%s", enroll);
    }
    if (row->has_next) {
        _cleanup_free_ char *next_public = base64_encode (row->next_public, KEY_SIZE);
        _cleanup_free_ char *next_order = base64_encode (row->next_order, KEY_SIZE);
        _cleanup_free_ char *next_enroll = base64_encode (row->next_enroll, KEY_SIZE);

        buf_printf (b, " next=%s:%s:%s", next_public, next_order, next_enroll);
    }
    buf_putc (b, '\n');
}

/* Root may do this for the controller's user, who must be able to read it. */
static int give_to_directory (const char *path, const char *dir, struct err *err)
{
    struct stat st;

    if (geteuid () != 0)
        return 0;
    if (stat (dir, &st) < 0 || (st.st_uid != 0 && chown (path, st.st_uid, st.st_gid) < 0))
        return err_errno (err, errno, "cannot give %s to the user that %s belongs to", path, dir);
    return 0;
}

static char *directory_of (const char *path)
{
    const char *slash = strrchr (path, '/');

    return slash ? xstrndup (path, slash == path ? 1 : (size_t) (slash - path)) : xstrdup (".");
}

static int write_list (const char *path, const struct node_keys *keys, struct err *err)
{
    _cleanup_free_ char *dir = directory_of (path);
    struct buf text = BUF_INIT;

    for (size_t i = 0; i < keys->n; i++)
        put_row (&text, &keys->rows[i]);
    int r = file_write (path, buf_str (&text), text.len, 0600, 1, err) || give_to_directory (path, dir, err);
    if (text.data)
        sodium_memzero (text.data, text.len);
    buf_clear (&text);
    return r ? -1 : 0;
}

/* Held while fd is open. */
static int take_lock (const char *path, struct err *err)
{
    _cleanup_free_ char *dir = directory_of (path), *lock = xasprintf ("%s.lock", path);
    int fd = open (lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return err_errno (err, errno, "cannot open %s", lock);
    if (give_to_directory (lock, dir, err) < 0) {
        close (fd);
        return -1;
    }
    while (flock (fd, LOCK_EX) < 0)
        if (errno != EINTR) {
            err_errno (err, errno, "cannot lock %s", lock);
            close (fd);
            return -1;
        }
    return fd;
}

int node_keys_update (const char *path, node_keys_fn fn, void *arg, struct node_keys *ret, struct err *err)
{
    _cleanup_close_ int lock = take_lock (path, err);
    struct node_keys keys = {0};
    int r = lock < 0 || node_keys_read (path, &keys, err) ? -1 : 0;

    if (r == 0 && fn (arg, &keys))
        r = write_list (path, &keys, err);
    if (r == 0 && ret)
        *ret = keys;
    else
        node_keys_clear (&keys);
    return r;
}

/* --- a node whose spool is at hand --------------------------------------------------------------------------- */

int node_name_check (const char *node, struct err *err)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    if (*node && *node != '.' && *node != '-' && strlen (node) <= NODE_NAME_MOST && !node[strspn (node, good)])
        return 0;
    return err_set (err, 0, "\"%.80s\" is no name for a node", node);
}

static bool put (void *arg, struct node_keys *keys)
{
    node_keys_put (keys, arg);
    return true;
}

int node_enroll_local (const char *state_dir, const char *spool_dir, const char *node, struct err *err)
{
    _cleanup_free_ char *secret_path = xasprintf ("%s/node.key", spool_dir);
    _cleanup_free_ char *order_path = xasprintf ("%s/order.key", spool_dir);
    _cleanup_free_ char *list_path = xasprintf ("%s/node_keys", state_dir);
    struct node_key row = {.node = (char *) node};
    uint8_t secret[KEY_SIZE];

    if (node_name_check (node, err))
        return -1;
    keypair_make (row.public_key, secret);
    random_fill (row.order_key, KEY_SIZE);
    /* the list comes last: a node that is in it has its keys */
    int r = dir_make (state_dir, 0700, err) || dir_make (spool_dir, 0700, err) ||
            key_write (secret_path, secret, err) || key_write (order_path, row.order_key, err) ||
            node_keys_update (list_path, put, &row, NULL, err);
    sodium_memzero (secret, sizeof secret);
    sodium_memzero (row.order_key, sizeof row.order_key);
    return r ? -1 : 0;
}
