/* ctld_enroll.c - nodes that ask to be let in: what strangers can make the controller keep, and what operators decide.
 */
#include "ctld/enroll.h"
#include <string.h>
#include "base/files.h"
#include "base/mem.h"
#include "ctld/keyring.h"
#include "suite.h"

struct fixture {
    char dir[64];
    struct ctld ctld;
    struct enroll *enroll;
    struct err err;
};

static void setup (struct fixture *f, const char *nodes)
{
    _cleanup_free_ char *path = NULL, *text = NULL;

    *f = (struct fixture){.dir = "/tmp/ctld_enroll.XXXXXX"};
    ck_assert_ptr_nonnull (mkdtemp (f->dir));
    path = xasprintf ("%s/moisson.conf", f->dir);
    text = xasprintf ("SlurmctldHost=head\nStateSaveLocation=%s\nSlurmUser=root\nNodeName=%s CPUs=1 RealMemory=1\n"
                      "PartitionName=p Nodes=ALL\n",
                      f->dir, nodes);
    ck_assert_int_eq (file_write (path, text, strlen (text), 0600, 0, NULL), 0);
    ck_assert_int_eq (config_load (&f->ctld.conf, path, NULL), 0);
    f->enroll = f->ctld.enroll = enroll_create (&f->ctld);
}

static void teardown (struct fixture *f)
{
    enroll_free (f->enroll);
    node_keys_clear (&f->ctld.keys);
    config_free (f->ctld.conf);
    err_clear (&f->err);
    ck_assert_int_eq (dir_remove (f->dir), 0);
}

static int ask (struct fixture *f, const char *node, uint32_t seed, const char *address, struct door_answer *ret)
{
    struct door_asker asker = {.node = node};
    uint8_t secret[KEY_SIZE] = {0};

    memcpy (secret + 4, &seed, sizeof seed); /* the first byte's low bits do not count */
    ck_assert_int_eq (key_public (secret, asker.enroll_key), 0);
    memcpy (asker.public_key, asker.enroll_key, KEY_SIZE);
    asker.public_key[0] ^= 0xff;
    snprintf (asker.address, sizeof asker.address, "%s", address);
    *ret = (struct door_answer){0};
    err_clear (&f->err);
    return enroll_asked (f->enroll, &asker, ret, &f->err);
}

static bool count_one (void *arg, const struct enroll_request *r)
{
    (void) r;
    ++*(size_t *) arg;
    return true;
}

static size_t waiting (const struct fixture *f, const char *node)
{
    size_t n = 0;

    enroll_each (f->enroll, node, count_one, &n);
    return n;
}

static const char *print_of (const char *node, uint32_t seed, char ret[FINGERPRINT_SIZE])
{
    uint8_t secret[KEY_SIZE] = {0}, enroll_key[KEY_SIZE], public_key[KEY_SIZE];

    memcpy (secret + 4, &seed, sizeof seed); /* the first byte's low bits do not count */
    ck_assert_int_eq (key_public (secret, enroll_key), 0);
    memcpy (public_key, enroll_key, KEY_SIZE);
    public_key[0] ^= 0xff;
    key_fingerprint (node, enroll_key, public_key, ret);
    return ret;
}

static int accept (struct fixture *f, const char *node, uint32_t seed, bool replace)
{
    char print[FINGERPRINT_SIZE];
    struct node_key row;

    err_clear (&f->err);
    if (enroll_accept (f->enroll, node, print_of (node, seed, print), replace, &row, &f->err) < 0)
        return -1;
    ck_assert_int_eq (keyring_put (&f->ctld, &row, 1, &f->err), 0);
    enroll_done (f->enroll, node);
    return 0;
}

START_TEST (a_node_asks_waits_and_gets_its_key)
{
    uint8_t secret[KEY_SIZE] = {[4] = 7}, order[KEY_SIZE];
    struct door_answer a;
    struct fixture f;

    setup (&f, "n[1-3]");
    ck_assert_int_eq (ask (&f, "n1", 7, "10.0.0.1", &a), 0);
    ck_assert (!a.accepted);
    ck_assert_int_eq (ask (&f, "n1", 7, "10.0.0.1", &a), 0); /* again: the same request */
    ck_assert_uint_eq (waiting (&f, NULL), 1);
    ck_assert_int_eq (accept (&f, "n1", 7, false), 0);
    ck_assert_uint_eq (waiting (&f, NULL), 0);
    for (int i = 0; i < 2; i++) { /* as often as it asks */
        ck_assert_int_eq (ask (&f, "n1", 7, "10.0.0.1", &a), 0);
        ck_assert (a.accepted);
        ck_assert_int_eq (key_box_open (a.order_key, sizeof a.order_key, secret, order), 0);
        ck_assert_mem_eq (order, keyring_find (&f.ctld, "n1")->order_key, KEY_SIZE);
        ck_assert_str_eq (a.slurm_user, "root");
    }
    ck_assert_int_eq (keyring_read (&f.ctld, NULL), 0); /* it is on disk */
    ck_assert_mem_eq (order, keyring_find (&f.ctld, "n1")->order_key, KEY_SIZE);
    teardown (&f);
}
END_TEST

START_TEST (only_nodes_of_the_configuration)
{
    struct door_answer a;
    struct fixture f;

    setup (&f, "n[1-3]");
    ck_assert_int_eq (ask (&f, "n4", 7, "10.0.0.1", &a), -1);
    ck_assert_ptr_nonnull (strstr (f.err.why, "node n4 is not in the controller's configuration"));
    ck_assert_uint_eq (waiting (&f, NULL), 0);
    ck_assert_int_eq (accept (&f, "n4", 7, false), -1);
    ck_assert_int_eq (accept (&f, "n1", 7, false), -1);
    ck_assert_ptr_nonnull (strstr (f.err.why, "does not ask"));
    teardown (&f);
}
END_TEST

START_TEST (the_fingerprint_must_match)
{
    struct door_answer a;
    struct fixture f;
    char right[FINGERPRINT_SIZE];

    setup (&f, "n[1-3]");
    ck_assert_int_eq (ask (&f, "n1", 7, "10.0.0.1", &a), 0);
    ck_assert_int_eq (accept (&f, "n1", 8, false), -1);
    ck_assert_ptr_nonnull (strstr (f.err.why, "does not match"));
    ck_assert_ptr_nonnull (strstr (f.err.why, print_of ("n1", 7, right)));
    ck_assert_int_eq (ask (&f, "n1", 9, "10.0.0.66", &a), 0); /* somebody else in its name: two requests */
    ck_assert_uint_eq (waiting (&f, "n1"), 2);
    ck_assert_int_eq (accept (&f, "n1", 7, false), 0);
    ck_assert_int_eq (ask (&f, "n1", 9, "10.0.0.66", &a), 0);
    ck_assert (!a.accepted);
    teardown (&f);
}
END_TEST

START_TEST (a_name_is_not_taken_over_silently)
{
    struct door_answer a;
    struct fixture f;
    uint8_t first[KEY_SIZE];

    setup (&f, "n[1-3]");
    ask (&f, "n1", 7, "10.0.0.1", &a);
    ck_assert_int_eq (accept (&f, "n1", 7, false), 0);
    memcpy (first, keyring_find (&f.ctld, "n1")->public_key, KEY_SIZE);
    ck_assert_int_eq (ask (&f, "n1", 8, "10.0.0.1", &a), 0);
    ck_assert (!a.accepted);
    ck_assert_mem_eq (keyring_find (&f.ctld, "n1")->public_key, first, KEY_SIZE);
    ck_assert_int_eq (accept (&f, "n1", 8, false), -1);
    ck_assert_ptr_nonnull (strstr (f.err.why, "enrolled with another key"));
    ck_assert_int_eq (accept (&f, "n1", 8, true), 0);
    ck_assert_mem_ne (keyring_find (&f.ctld, "n1")->public_key, first, KEY_SIZE);
    ck_assert_int_eq (ask (&f, "n1", 7, "10.0.0.1", &a), 0); /* the old one waits like anybody */
    ck_assert (!a.accepted);
    teardown (&f);
}
END_TEST

START_TEST (a_revoked_key_stays_out_and_another_may_come)
{
    struct door_answer a;
    struct node_key row;
    struct fixture f;

    setup (&f, "n[1-3]");
    ask (&f, "n1", 7, "10.0.0.1", &a);
    ck_assert_int_eq (accept (&f, "n1", 7, false), 0);
    row = *keyring_find (&f.ctld, "n1");
    row.node = (char *) "n1";
    row.revoked = true;
    ck_assert_int_eq (keyring_put (&f.ctld, &row, 1, NULL), 0);
    ck_assert_int_eq (ask (&f, "n1", 7, "10.0.0.1", &a), -1);
    ck_assert_ptr_nonnull (strstr (f.err.why, "revoked"));
    ck_assert_int_eq (ask (&f, "n1", 8, "10.0.0.1", &a), 0);
    ck_assert_int_eq (accept (&f, "n1", 8, false), 0);
    teardown (&f);
}
END_TEST

/* The agent has the session's key: with that, and a key of enrolment of its own, it is a stranger. */
START_TEST (an_agent_that_asks_is_not_told_the_order_key)
{
    uint8_t secret[KEY_SIZE] = {[4] = 99};
    struct door_asker asker = {.node = "n1", .address = "10.0.0.1"};
    struct door_answer a;
    struct node_key row;
    struct fixture f;

    setup (&f, "n1");
    ask (&f, "n1", 7, "10.0.0.1", &a);
    ck_assert_int_eq (accept (&f, "n1", 7, false), 0);
    row = *keyring_find (&f.ctld, "n1");
    memcpy (asker.public_key, row.public_key, KEY_SIZE);
    ck_assert_int_eq (key_public (secret, asker.enroll_key), 0);
    ck_assert_int_eq (enroll_asked (f.enroll, &asker, &a, NULL), 0);
    ck_assert (!a.accepted);
    row.node = (char *) "n1"; /* and of a node that was enrolled at the controller's side, with zeros */
    memset (row.enroll_key, 0, KEY_SIZE);
    memset (asker.enroll_key, 0, KEY_SIZE);
    ck_assert_int_eq (keyring_put (&f.ctld, &row, 1, NULL), 0);
    ck_assert_int_eq (enroll_asked (f.enroll, &asker, &a, NULL), -1);
    ck_assert (!a.accepted);
    teardown (&f);
}
END_TEST

START_TEST (a_node_between_two_keys_gets_the_one_that_fits)
{
    uint8_t secret[KEY_SIZE] = {[4] = 8}, order[KEY_SIZE], next[KEY_SIZE] = {9};
    struct door_answer a;
    struct node_key row;
    struct fixture f;

    setup (&f, "n1");
    ask (&f, "n1", 7, "10.0.0.1", &a);
    ck_assert_int_eq (accept (&f, "n1", 7, false), 0);
    row = *keyring_find (&f.ctld, "n1");
    row.node = (char *) "n1";
    row.has_next = true;
    ck_assert_int_eq (key_public (secret, row.next_enroll), 0);
    memcpy (row.next_public, row.next_enroll, KEY_SIZE);
    row.next_public[0] ^= 0xff;
    memcpy (row.next_order, next, KEY_SIZE);
    ck_assert_int_eq (keyring_put (&f.ctld, &row, 1, NULL), 0);
    ck_assert_int_eq (ask (&f, "n1", 8, "10.0.0.1", &a), 0);
    ck_assert (a.accepted);
    ck_assert_int_eq (key_box_open (a.order_key, sizeof a.order_key, secret, order), 0);
    ck_assert_mem_eq (order, next, KEY_SIZE);
    keyring_promote (&f.ctld, "n1");
    ck_assert (!keyring_find (&f.ctld, "n1")->has_next);
    ck_assert_mem_eq (keyring_find (&f.ctld, "n1")->order_key, next, KEY_SIZE);
    ck_assert_int_eq (ask (&f, "n1", 7, "10.0.0.1", &a), 0); /* the old key is nobody's */
    ck_assert (!a.accepted);
    teardown (&f);
}
END_TEST

START_TEST (a_flood_is_bounded_by_name_address_and_number)
{
    char node[16], address[DOOR_ADDRESS_SIZE];
    struct door_answer a;
    struct fixture f;
    uint32_t seed = 1;

    setup (&f, "n[1-4000]");
    for (int i = 0; i < 50; i++) /* new keys from one place for one name: the last one counts */
        ck_assert_int_eq (ask (&f, "n1", seed++, "10.0.0.1", &a), 0);
    ck_assert_uint_eq (waiting (&f, NULL), 1);
    for (int i = 2; i <= ENROLL_A_NAME; i++) { /* one name from many places */
        snprintf (address, sizeof address, "10.0.1.%d", i);
        ck_assert_int_eq (ask (&f, "n1", seed++, address, &a), 0);
    }
    ck_assert_int_eq (ask (&f, "n1", seed++, "10.0.2.1", &a), -1);
    ck_assert_ptr_nonnull (strstr (f.err.why, "too many have asked for this name"));
    ck_assert_uint_eq (waiting (&f, "n1"), ENROLL_A_NAME);
    for (int i = 0; i < ENROLL_AN_ADDRESS; i++) { /* many names from one place */
        snprintf (node, sizeof node, "n%d", i + 2);
        ck_assert_int_eq (ask (&f, node, seed++, "10.0.3.1", &a), 0);
    }
    ck_assert_int_eq (ask (&f, "n3000", seed++, "10.0.3.1", &a), -1);
    ck_assert_ptr_nonnull (strstr (f.err.why, "from this address"));
    ck_assert_int_eq (ask (&f, "n3000", seed++, "10.0.4.1", &a), 0); /* others are not in its way */
    for (int i = 0; waiting (&f, NULL) < ENROLL_MOST; i++) {
        snprintf (node, sizeof node, "n%d", 1000 + i % 3000);
        snprintf (address, sizeof address, "10.1.%d.%d", i / 200, i % 200);
        ck_assert_msg (ask (&f, node, seed++, address, &a) == 0, "%d: %s", i, f.err.why);
    }
    ck_assert_int_eq (ask (&f, "n999", seed++, "10.9.9.9", &a), -1);
    ck_assert_ptr_nonnull (strstr (f.err.why, "too many nodes"));
    ck_assert_uint_eq (waiting (&f, NULL), ENROLL_MOST);
    teardown (&f);
}
END_TEST

SUITE ("enroll", a_node_asks_waits_and_gets_its_key, only_nodes_of_the_configuration, the_fingerprint_must_match,
       a_name_is_not_taken_over_silently, a_revoked_key_stays_out_and_another_may_come,
       an_agent_that_asks_is_not_told_the_order_key, a_node_between_two_keys_gets_the_one_that_fits,
       a_flood_is_bounded_by_name_address_and_number)
