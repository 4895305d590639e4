/* base_node_keys.c - the list of nodes' keys, and what is made of keys. */
#include <ctype.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"
#include "base/node_keys.h"
#include "suite.h"

struct place {
    char dir[64];
    char *list;
};

static struct place place_make (void)
{
    struct place p = {.dir = "/tmp/base_node_keys.XXXXXX"};

    ck_assert_ptr_nonnull (mkdtemp (p.dir));
    p.list = xasprintf ("%s/node_keys", p.dir);
    return p;
}

static void place_free (struct place *p)
{
    ck_assert_int_eq (dir_remove (p->dir), 0);
    free (p->list);
}

#define PLACE() __attribute__ ((cleanup (place_free))) struct place p = place_make ()

static bool put (void *arg, struct node_keys *keys)
{
    node_keys_put (keys, arg);
    return true;
}

static bool look (void *arg, struct node_keys *keys)
{
    *(size_t *) arg = keys->n;
    return false;
}

static struct node_key row_of (const char *name, uint8_t seed)
{
    struct node_key row = {.node = (char *) name, .since_us = 1700000000000000ULL + seed};

    memset (row.public_key, seed, KEY_SIZE);
    memset (row.order_key, seed + 1, KEY_SIZE);
    return row;
}

START_TEST (everything_that_a_line_says_comes_back)
{
    PLACE ();
    struct node_key a = row_of ("n2", 7), b = row_of ("n10", 20), c = row_of ("n1", 30);
    struct node_keys keys;

    a.has_next = true;
    memset (a.next_public, 9, KEY_SIZE);
    memset (a.next_order, 10, KEY_SIZE);
    memset (a.next_enroll, 11, KEY_SIZE);
    memset (a.enroll_key, 12, KEY_SIZE);
    b.revoked = true;
    ck_assert_int_eq (node_keys_update (p.list, put, &a, NULL, NULL), 0);
    ck_assert_int_eq (node_keys_update (p.list, put, &b, NULL, NULL), 0);
    ck_assert_int_eq (node_keys_update (p.list, put, &c, &keys, NULL), 0);
    ck_assert_uint_eq (keys.n, 3);
    node_keys_clear (&keys);
    ck_assert_int_eq (node_keys_read (p.list, &keys, NULL), 0);
    const struct node_key *row = node_keys_find (&keys, "n2");
    ck_assert (row && row->has_next && !row->revoked);
    ck_assert_mem_eq (row->next_public, a.next_public, KEY_SIZE);
    ck_assert_mem_eq (row->next_order, a.next_order, KEY_SIZE);
    ck_assert_mem_eq (row->next_enroll, a.next_enroll, KEY_SIZE);
    ck_assert_mem_eq (row->enroll_key, a.enroll_key, KEY_SIZE);
    ck_assert_uint_eq (row->since_us, a.since_us);
    row = node_keys_find (&keys, "n10");
    ck_assert (row && row->revoked && !row->has_next);
    ck_assert_mem_eq (row->public_key, b.public_key, KEY_SIZE);
    ck_assert_ptr_nonnull (node_keys_find (&keys, "n1"));
    ck_assert_ptr_null (node_keys_find (&keys, "n3"));
    node_keys_clear (&keys);
    a.has_next = false;
    ck_assert_int_eq (node_keys_update (p.list, put, &a, &keys, NULL), 0);
    ck_assert (!node_keys_find (&keys, "n2")->has_next);
    ck_assert_uint_eq (keys.n, 3);
    node_keys_clear (&keys);
}
END_TEST

START_TEST (lines_of_the_first_release_are_read)
{
    PLACE ();
    uint8_t key[KEY_SIZE] = {1};
    _cleanup_free_ char *k = base64_encode (key, KEY_SIZE), *text = xasprintf ("# remark\n\nn1 %s %s\n", k, k);
    struct node_keys keys;

    ck_assert_int_eq (file_write (p.list, text, strlen (text), 0600, 0, NULL), 0);
    ck_assert_int_eq (node_keys_read (p.list, &keys, NULL), 0);
    ck_assert_uint_eq (keys.n, 1);
    ck_assert (!keys.rows[0].revoked && !keys.rows[0].has_next && !keys.rows[0].since_us);
    node_keys_clear (&keys);
}
END_TEST

START_TEST (what_is_no_line_is_named)
{
    static const char *const bad[] = {"since=", "since=1x", "revoke",  "next=AAAA",
                                      "next=:", "next=::",  "enroll=", "word"};
    PLACE ();
    uint8_t key[KEY_SIZE] = {1};
    _cleanup_free_ char *k = base64_encode (key, KEY_SIZE);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        _cleanup_free_ char *text = xasprintf ("n1 %s %s\nn2 %s %s %s\n", k, k, k, k, bad[i]);
        _cleanup_err_ struct err err = ERR_INIT;
        struct node_keys keys;

        ck_assert_int_eq (file_write (p.list, text, strlen (text), 0600, 0, NULL), 0);
        ck_assert_int_eq (node_keys_read (p.list, &keys, &err), -1);
        ck_assert_msg (strstr (err.why, "node_keys:2:"), "%s: %s", bad[i], err.why);
    }
}
END_TEST

#define WRITERS 6
#define EACH 8

/* Writers that read, change and write at the same time lose nothing of each other. */
START_TEST (writers_do_not_lose_each_others_lines)
{
    PLACE ();
    size_t n = 0;
    int status;

    for (int w = 0; w < WRITERS; w++) {
        pid_t pid = fork ();
        ck_assert_int_ge (pid, 0);
        for (int i = 0; pid == 0 && i < EACH; i++) {
            _cleanup_free_ char *name = xasprintf ("w%d-%d", w, i);
            struct node_key row = row_of (name, (uint8_t) i);
            if (node_keys_update (p.list, put, &row, NULL, NULL))
                _exit (1);
        }
        if (pid == 0)
            _exit (0);
    }
    for (int w = 0; w < WRITERS; w++) {
        ck_assert_int_gt (wait (&status), 0);
        ck_assert_int_eq (status, 0);
    }
    ck_assert_int_eq (node_keys_update (p.list, look, &n, NULL, NULL), 0);
    ck_assert_uint_eq (n, WRITERS * EACH);
}
END_TEST

START_TEST (root_writes_for_the_directorys_owner)
{
    PLACE ();
    struct node_key row = row_of ("n1", 1);
    struct stat st;

    if (geteuid () != 0)
        return; /* nobody else can */
    ck_assert_int_eq (chown (p.dir, 4711, 4712), 0);
    ck_assert_int_eq (node_keys_update (p.list, put, &row, NULL, NULL), 0);
    ck_assert_int_eq (stat (p.list, &st), 0);
    ck_assert_uint_eq (st.st_uid, 4711);
    ck_assert_uint_eq (st.st_gid, 4712);
    ck_assert_uint_eq (st.st_mode & 07777, 0600);
}
END_TEST

START_TEST (names_of_nodes_are_plain)
{
    static const char *const good[] = {"n1", "gpu-3.cluster", "_a", "0"};
    static const char *const bad[] = {"", "a b", "../x", "a/b", ".hidden", "-o", "n1\n", "n=1"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_int_eq (node_name_check (good[i], NULL), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_int_eq (node_name_check (bad[i], NULL), -1);
}
END_TEST

START_TEST (a_fingerprint_is_of_name_and_key_and_typed_in_any_way)
{
    char a[FINGERPRINT_SIZE], b[FINGERPRINT_SIZE], typed[64];
    uint8_t root[KEY_SIZE] = {9}, key[KEY_SIZE] = {5};

    key_fingerprint ("n1", root, key, a);
    ck_assert_uint_eq (strlen (a), FINGERPRINT_SIZE - 1);
    ck_assert (fingerprint_same (a, a));
    key_fingerprint ("n2", root, key, b);
    ck_assert (!fingerprint_same (a, b));
    key[31] ^= 1;
    key_fingerprint ("n1", root, key, b);
    ck_assert (!fingerprint_same (a, b));
    key[31] ^= 1;
    root[31] ^= 1;
    key_fingerprint ("n1", root, key, b);
    ck_assert (!fingerprint_same (a, b));
    snprintf (typed, sizeof typed, " %.4s%.4s %s", a, a + 5, a + 10);
    for (char *c = typed; *c; c++)
        *c = (char) toupper ((unsigned char) *c);
    ck_assert (fingerprint_same (typed, a));
    typed[strlen (typed) - 1] = '\0';
    ck_assert (!fingerprint_same (typed, a));
    ck_assert (!fingerprint_same ("", a));
}
END_TEST

START_TEST (a_box_opens_for_its_owner_only)
{
    uint8_t public_key[KEY_SIZE], secret[KEY_SIZE], other[KEY_SIZE], other_secret[KEY_SIZE];
    uint8_t key[KEY_SIZE], back[KEY_SIZE], box[KEY_BOX_SIZE];

    keypair_make (public_key, secret);
    keypair_make (other, other_secret);
    random_fill (key, sizeof key);
    ck_assert_int_eq (key_box_seal (key, public_key, box), 0);
    ck_assert_int_eq (key_box_open (box, sizeof box, secret, back), 0);
    ck_assert_mem_eq (key, back, KEY_SIZE);
    ck_assert_int_eq (key_box_open (box, sizeof box, other_secret, back), -1);
    ck_assert_int_eq (key_box_open (box, sizeof box - 1, secret, back), -1);
    box[40] ^= 1;
    ck_assert_int_eq (key_box_open (box, sizeof box, secret, back), -1);
}
END_TEST

START_TEST (two_sides_agree_and_a_third_does_not)
{
    uint8_t a[KEY_SIZE], a_secret[KEY_SIZE], b[KEY_SIZE], b_secret[KEY_SIZE], old[KEY_SIZE] = {1}, zero[KEY_SIZE] = {0};
    uint8_t publics[2 * KEY_SIZE], left[KEY_SIZE], right[KEY_SIZE], third[KEY_SIZE];

    keypair_make (a, a_secret);
    keypair_make (b, b_secret);
    memcpy (publics, a, KEY_SIZE);
    memcpy (publics + KEY_SIZE, b, KEY_SIZE);
    ck_assert_int_eq (key_agree (a_secret, b, publics, old, left), 0);
    ck_assert_int_eq (key_agree (b_secret, a, publics, old, right), 0);
    ck_assert_mem_eq (left, right, KEY_SIZE);
    old[0] = 2; /* who does not have the old key, has not the new one either */
    ck_assert_int_eq (key_agree (b_secret, a, publics, old, third), 0);
    ck_assert_mem_ne (left, third, KEY_SIZE);
    ck_assert_int_eq (key_agree (a_secret, zero, publics, old, third), -1);
    key_derive (old, "one", left);
    key_derive (old, "two", right);
    ck_assert_mem_ne (left, right, KEY_SIZE);
}
END_TEST

SUITE ("node_keys", everything_that_a_line_says_comes_back, lines_of_the_first_release_are_read,
       what_is_no_line_is_named, writers_do_not_lose_each_others_lines, root_writes_for_the_directorys_owner,
       names_of_nodes_are_plain, a_fingerprint_is_of_name_and_key_and_typed_in_any_way, a_box_opens_for_its_owner_only,
       two_sides_agree_and_a_third_does_not)
