#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/node_keys.h"
#include "base/mem.h"
#include "suite.h"

static char *scratch (void)
{
    char *dir = xstrdup ("/tmp/base_keys.XXXXXX");

    ck_assert_ptr_nonnull (mkdtemp (dir));
    return dir;
}

START_TEST (a_key_file_is_private)
{
    _cleanup_free_ char *dir = scratch (), *path = xasprintf ("%s/k", dir);
    _cleanup_err_ struct err err = ERR_INIT;
    uint8_t key[KEY_SIZE], back[KEY_SIZE];

    random_fill (key, sizeof key);
    ck_assert_int_eq (key_write (path, key, &err), 0);
    ck_assert_int_eq (key_read (path, back, &err), 0);
    ck_assert_mem_eq (key, back, sizeof key);
    ck_assert_int_eq (chmod (path, 0640), 0);
    ck_assert_int_eq (key_read (path, back, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "can be read by others"));
    ck_assert_ptr_nonnull (strstr (err.fix, "chmod 600"));
    ck_assert_int_eq (file_write (path, "nonsense\n", 9, 0600, 0, NULL), 0);
    ck_assert_int_eq (key_read (path, back, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "holds no key"));
    dir_remove (dir);
}
END_TEST

START_TEST (a_pair_belongs_together)
{
    uint8_t public[KEY_SIZE], secret[KEY_SIZE], again[KEY_SIZE];

    keypair_make (public, secret);
    ck_assert_int_eq (key_public (secret, again), 0);
    ck_assert_mem_eq (public, again, KEY_SIZE);
}
END_TEST

START_TEST (nodes_are_enrolled_and_enrolled_again)
{
    _cleanup_free_ char *dir = scratch (), *state = xasprintf ("%s/state", dir),
                        *spool1 = xasprintf ("%s/spool/n1", dir);
    _cleanup_free_ char *spool2 = xasprintf ("%s/spool/n2", dir), *list = xasprintf ("%s/node_keys", state);
    _cleanup_free_ char *node_key = xasprintf ("%s/node.key", spool1), *order_key = xasprintf ("%s/order.key", spool1);
    struct node_keys keys;
    uint8_t secret[KEY_SIZE], public[KEY_SIZE], order[KEY_SIZE], first[KEY_SIZE];

    ck_assert_int_eq (node_keys_read (list, &keys, NULL), 0);
    ck_assert_uint_eq (keys.n, 0);
    ck_assert_int_eq (node_enroll_local (state, spool1, "n1", NULL), 0);
    ck_assert_int_eq (node_enroll_local (state, spool2, "n2", NULL), 0);
    ck_assert_int_eq (key_read (order_key, first, NULL), 0);
    ck_assert_int_eq (node_enroll_local (state, spool1, "n1", NULL), 0);
    ck_assert_int_eq (node_keys_read (list, &keys, NULL), 0);
    ck_assert_uint_eq (keys.n, 2);
    const struct node_key *row = node_keys_find (&keys, "n1");
    ck_assert_ptr_nonnull (row);
    ck_assert_ptr_null (node_keys_find (&keys, "n3"));
    ck_assert_int_eq (key_read (node_key, secret, NULL), 0);
    ck_assert_int_eq (key_public (secret, public), 0);
    ck_assert_mem_eq (public, row->public_key, KEY_SIZE);
    ck_assert_int_eq (key_read (order_key, order, NULL), 0);
    ck_assert_mem_eq (order, row->order_key, KEY_SIZE);
    ck_assert_mem_ne (order, first, KEY_SIZE);
    node_keys_clear (&keys);
    dir_remove (dir);
}
END_TEST

START_TEST (a_damaged_list_is_named_by_line)
{
    _cleanup_free_ char *dir = scratch (), *list = xasprintf ("%s/node_keys", dir);
    _cleanup_err_ struct err err = ERR_INIT;
    struct node_keys keys;

    ck_assert_int_eq (node_enroll_local (dir, dir, "n1", NULL), 0);
    _cleanup_free_ char *text = NULL;
    ck_assert_int_eq (file_read (list, 4096, &text, NULL, NULL), 0);
    _cleanup_free_ char *bad = xasprintf ("%sn2 short\n", text);
    ck_assert_int_eq (file_write (list, bad, strlen (bad), 0600, 0, NULL), 0);
    ck_assert_int_eq (node_keys_read (list, &keys, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "node_keys:2:"));
    ck_assert_int_eq (node_enroll_local (dir, dir, "../x", &err), -1);
    ck_assert_int_eq (node_enroll_local (dir, dir, "a b", &err), -1);
    dir_remove (dir);
}
END_TEST

SUITE ("keys", a_key_file_is_private, a_pair_belongs_together, nodes_are_enrolled_and_enrolled_again,
       a_damaged_list_is_named_by_line)
