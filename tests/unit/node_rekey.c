/* node_rekey.c - new keys in two steps: at every moment a node has a pair that works. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/note.h"
#include "nodeagent/rekey.h"
#include "suite.h"

struct bench {
    char spool[64];
    uint8_t old_order[KEY_SIZE], old_secret[KEY_SIZE], old_public[KEY_SIZE];
    uint8_t controller[KEY_SIZE], controller_secret[KEY_SIZE];
    struct rekey_publics fresh;
    uint8_t new_order[KEY_SIZE], proof[HASH_SIZE];
    Moisson__RekeyBegin begin;
    Moisson__RekeyCommit commit;
};

static char *path_of (const struct bench *b, const char *name)
{
    return xasprintf ("%s/%s", b->spool, name);
}

static void setup (struct bench *b)
{
    _cleanup_free_ char *order = NULL, *node = NULL;

    *b = (struct bench){.spool = "/tmp/node_rekey.XXXXXX"};
    ck_assert_ptr_nonnull (mkdtemp (b->spool));
    random_fill (b->old_order, KEY_SIZE);
    keypair_make (b->old_public, b->old_secret);
    keypair_make (b->controller, b->controller_secret);
    order = path_of (b, "order.key");
    node = path_of (b, "node.key");
    ck_assert_int_eq (key_write (order, b->old_order, NULL), 0);
    ck_assert_int_eq (key_write (node, b->old_secret, NULL), 0);
    moisson__rekey_begin__init (&b->begin);
    b->begin.controller_public = (ProtobufCBinaryData){KEY_SIZE, b->controller};
}

/* The first step, and what the controller makes of it. */
static void prepare (struct bench *b)
{
    uint8_t publics[2 * KEY_SIZE];
    struct err err = ERR_INIT;

    ck_assert_int_eq (rekey_prepare (b->spool, b->old_order, &b->begin, &b->fresh, &err), 0);
    memcpy (publics, b->controller, KEY_SIZE);
    memcpy (publics + KEY_SIZE, b->fresh.launcher, KEY_SIZE);
    ck_assert_int_eq (key_agree (b->controller_secret, b->fresh.launcher, publics, b->old_order, b->new_order), 0);
    rekey_proof ("n1", b->fresh.node, b->fresh.enroll, b->new_order, b->proof);
    moisson__rekey_commit__init (&b->commit);
    b->commit.proof = (ProtobufCBinaryData){HASH_SIZE, b->proof};
}

static void expect (const struct bench *b, bool new_order, bool new_node)
{
    _cleanup_free_ char *order = path_of (b, "order.key"), *node = path_of (b, "node.key");
    uint8_t key[KEY_SIZE], public_key[KEY_SIZE];

    ck_assert_int_eq (key_read (order, key, NULL), 0);
    ck_assert_mem_eq (key, new_order ? b->new_order : b->old_order, KEY_SIZE);
    ck_assert_int_eq (key_read (node, key, NULL), 0);
    ck_assert_int_eq (key_public (key, public_key), 0);
    ck_assert_mem_eq (public_key, new_node ? b->fresh.node : b->old_public, KEY_SIZE);
    if (new_node) {
        _cleanup_free_ char *enroll = path_of (b, "enroll.key");

        ck_assert_int_eq (key_read (enroll, key, NULL), 0);
        ck_assert_int_eq (key_public (key, public_key), 0);
        ck_assert_mem_eq (public_key, b->fresh.enroll, KEY_SIZE);
    }
}

static bool is_there (const struct bench *b, const char *name)
{
    _cleanup_free_ char *path = path_of (b, name);

    return access (path, F_OK) == 0;
}

static void move (const struct bench *b, const char *from, const char *to)
{
    _cleanup_free_ char *x = path_of (b, from), *y = path_of (b, to);

    ck_assert_int_eq (rename (x, y), 0);
}

START_TEST (both_sides_have_the_same_new_keys)
{
    struct bench b;
    struct stat st;

    setup (&b);
    prepare (&b);
    expect (&b, false, false); /* not before the controller says so */
    _cleanup_free_ char *path = path_of (&b, "keys.new");
    ck_assert_int_eq (stat (path, &st), 0);
    ck_assert_uint_eq (st.st_mode & 0777, 0600);
    ck_assert_int_eq (rekey_commit (b.spool, "n1", &b.commit, NULL), 0);
    expect (&b, true, true);
    ck_assert (!is_there (&b, "keys.new") && !is_there (&b, "keys.commit"));
    ck_assert_int_eq (rekey_commit (b.spool, "n1", &b.commit, NULL), -1); /* nothing to decide any more */
    expect (&b, true, true);
    dir_remove (b.spool);
}
END_TEST

START_TEST (a_commit_of_other_keys_changes_nothing)
{
    struct bench b;
    struct err err = ERR_INIT;

    setup (&b);
    prepare (&b);
    ck_assert_int_eq (rekey_commit (b.spool, "n2", &b.commit, &err), -1); /* another node's */
    b.proof[3] ^= 1;
    ck_assert_int_eq (rekey_commit (b.spool, "n1", &b.commit, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "other keys"));
    b.commit.proof.len = 5;
    ck_assert_int_eq (rekey_commit (b.spool, "n1", &b.commit, &err), -1);
    expect (&b, false, false);
    b.proof[3] ^= 1;
    b.commit.proof.len = HASH_SIZE;
    ck_assert_int_eq (rekey_commit (b.spool, "n1", &b.commit, &err), 0); /* the right one still counts */
    expect (&b, true, true);
    err_clear (&err);
    dir_remove (b.spool);
}
END_TEST

/* Cut off after each step, then started again. */
START_TEST (whatever_cuts_it_off_leaves_a_pair_that_works)
{
    struct bench b;

    setup (&b);
    prepare (&b); /* ... and off: the old pair, and the commit may still come */
    ck_assert_int_eq (rekey_recover (b.spool, NULL), 0);
    expect (&b, false, false);
    move (&b, "keys.new", "keys.commit"); /* decided, and off */
    ck_assert_int_eq (rekey_recover (b.spool, NULL), 0);
    expect (&b, true, true);
    ck_assert (!is_there (&b, "keys.commit"));
    dir_remove (b.spool);

    setup (&b);
    prepare (&b); /* decided, the order key written, and off */
    move (&b, "keys.new", "keys.commit");
    _cleanup_free_ char *order = path_of (&b, "order.key"), *node = path_of (&b, "node.key");
    ck_assert_int_eq (key_write (order, b.new_order, NULL), 0);
    ck_assert_int_eq (rekey_recover (b.spool, NULL), 0);
    expect (&b, true, true);
    dir_remove (b.spool);

    setup (&b);
    prepare (&b); /* all written, off before keys.commit went */
    ck_assert_int_eq (rekey_commit (b.spool, "n1", &b.commit, NULL), 0);
    expect (&b, true, true);
    ck_assert_int_eq (rekey_recover (b.spool, NULL), 0);
    expect (&b, true, true);
    dir_remove (b.spool);
}
END_TEST

START_TEST (an_exchange_that_was_not_finished_is_begun_afresh)
{
    struct bench b;
    uint8_t before[KEY_SIZE];

    setup (&b);
    prepare (&b);
    memcpy (before, b.fresh.node, KEY_SIZE);
    prepare (&b);
    ck_assert_mem_ne (before, b.fresh.node, KEY_SIZE);
    ck_assert_int_eq (rekey_commit (b.spool, "n1", &b.commit, NULL), 0);
    expect (&b, true, true);
    dir_remove (b.spool);
}
END_TEST

/* The disk refuses in the middle: it is decided all the same, and done when it is said again. */
START_TEST (what_cannot_be_written_is_decided_and_tried_again)
{
    struct rekey_publics other;
    struct bench b;
    struct err err = ERR_INIT;

    setup (&b);
    prepare (&b);
    _cleanup_free_ char *order = path_of (&b, "order.key"), *inside = path_of (&b, "order.key/x");
    ck_assert_int_eq (unlink (order), 0); /* a directory cannot be replaced by a file */
    ck_assert_int_eq (mkdir (order, 0700), 0);
    ck_assert_int_eq (mkdir (inside, 0700), 0);
    ck_assert_int_eq (rekey_commit (b.spool, "n1", &b.commit, &err), REKEY_E_LATER);
    ck_assert (err_is_set (&err) && is_there (&b, "keys.commit"));
    ck_assert_int_eq (rekey_prepare (b.spool, b.old_order, &b.begin, &other, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "not finished"));
    ck_assert_int_eq (dir_remove (order), 0);
    ck_assert_int_eq (rekey_commit (b.spool, "n1", &b.commit, &err), 0);
    expect (&b, true, true);
    err_clear (&err);
    dir_remove (b.spool);
}
END_TEST

SUITE ("rekey", both_sides_have_the_same_new_keys, a_commit_of_other_keys_changes_nothing,
       whatever_cuts_it_off_leaves_a_pair_that_works, an_exchange_that_was_not_finished_is_begun_afresh,
       what_cannot_be_written_is_decided_and_tried_again)
