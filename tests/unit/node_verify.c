/* Which orders the launcher believes. */
#include <string.h>
#include "base/mem.h"
#include "nodeagent/verify.h"
#include "suite.h"

#define OWN_UID 1000

struct bench {
    struct verifier v;
    uint64_t live; /* raw id that has a live attempt */
    Moisson__Order order;
    uint8_t nonce[NONCE_SIZE], hash[HASH_SIZE], packed[1024], mac[HASH_SIZE];
    Moisson__SignedOrder signed_order;
    struct err err;
};

static bool is_live (void *arg, uint64_t raw_id)
{
    const struct bench *b = arg;

    return raw_id == b->live;
}

static void setup (struct bench *b)
{
    memset (b, 0, sizeof *b);
    b->v = (struct verifier){.node = "n1", .key = {1, 2, 3}, .nonce = {9, 9}, .own_uid = OWN_UID, .is_live = is_live};
    b->v.arg = b;
    memcpy (b->nonce, b->v.nonce, NONCE_SIZE);
    moisson__order__init (&b->order);
    b->order.node = (char *) "n1";
    b->order.launcher_nonce = (ProtobufCBinaryData){NONCE_SIZE, b->nonce};
    b->order.sequence = 1;
    b->order.raw_id = 7;
    b->order.attempt = 1;
    b->order.uid = OWN_UID;
    b->order.work_dir = (char *) "/tmp";
    b->order.user = (char *) "ada";
    b->order.script_hash = b->order.env_hash = (ProtobufCBinaryData){HASH_SIZE, b->hash};
    b->order.spec = (ProtobufCBinaryData){0, b->packed};
}

static void sign (struct bench *b)
{
    moisson__signed_order__init (&b->signed_order);
    b->signed_order.order = (ProtobufCBinaryData){moisson__order__pack (&b->order, b->packed), b->packed};
    mac_bytes (b->packed, b->signed_order.order.len, b->v.key, b->mac);
    b->signed_order.mac = (ProtobufCBinaryData){HASH_SIZE, b->mac};
}

static int verify (struct bench *b)
{
    _cleanup_order_ Moisson__Order *order = NULL;
    int rc = order_verify (&b->v, &b->signed_order, &order, &b->err);

    ck_assert_int_eq (rc == 0, order != NULL);
    return rc;
}

static void check_refused (struct bench *b, const char *words)
{
    ck_assert_int_eq (verify (b), -1);
    ck_assert_msg (strstr (b->err.why, words), "'%s' lacks '%s'", b->err.why, words);
    err_clear (&b->err);
}

START_TEST (a_good_order_passes_once)
{
    struct bench b;

    setup (&b);
    sign (&b);
    ck_assert_int_eq (verify (&b), 0);
    ck_assert_uint_eq (b.v.last_sequence, 1);
    check_refused (&b, "order number 1 comes after number 1: repeated or late");
}
END_TEST

START_TEST (a_late_sequence_is_refused)
{
    struct bench b;

    setup (&b);
    b.order.sequence = 50;
    sign (&b);
    ck_assert_int_eq (verify (&b), 0);
    b.order.sequence = 49;
    sign (&b);
    check_refused (&b, "order number 49 comes after number 50");
}
END_TEST

START_TEST (every_flipped_bit_is_noticed)
{
    struct bench b;

    setup (&b);
    sign (&b);
    for (size_t bit = 0; bit < b.signed_order.order.len * 8; bit++) {
        b.packed[bit / 8] ^= (uint8_t) (1u << bit % 8);
        check_refused (&b, "not signed with this node's order key");
        b.packed[bit / 8] ^= (uint8_t) (1u << bit % 8);
    }
    for (size_t bit = 0; bit < HASH_SIZE * 8; bit++) {
        b.mac[bit / 8] ^= (uint8_t) (1u << bit % 8);
        check_refused (&b, "not signed with this node's order key");
        b.mac[bit / 8] ^= (uint8_t) (1u << bit % 8);
    }
    for (size_t len = 0; len < HASH_SIZE; len++) {
        b.signed_order.mac.len = len;
        check_refused (&b, "not signed");
    }
    ck_assert_uint_eq (b.v.last_sequence, 0); /* a forger cannot use up sequences */
}
END_TEST

START_TEST (orders_for_others_are_refused)
{
    struct bench b;

    setup (&b);
    b.order.node = (char *) "n2";
    sign (&b);
    check_refused (&b, "the order is for node n2, this is n1");
    b.order.node = (char *) "n1";
    b.nonce[0] = 8;
    sign (&b);
    check_refused (&b, "made for an earlier start of this launcher");
    b.nonce[0] = 9;
    b.order.launcher_nonce.len = 2;
    sign (&b);
    check_refused (&b, "made for an earlier start of this launcher");
    ck_assert_uint_eq (b.v.last_sequence, 0);
}
END_TEST

START_TEST (one_live_attempt_a_job)
{
    struct bench b;

    setup (&b);
    b.live = 7;
    sign (&b);
    check_refused (&b, "job 7 has a live attempt on this node already");
    b.live = 0;
    check_refused (&b, "repeated or late"); /* its sequence is used up */
    b.order.sequence = 2;
    sign (&b);
    ck_assert_int_eq (verify (&b), 0);
}
END_TEST

START_TEST (only_the_launchers_own_user)
{
    static const uint32_t others[] = {0, 1, OWN_UID + 1, UINT32_MAX};
    struct bench b;

    setup (&b);
    for (size_t i = 0; i < 4; i++) {
        b.order.uid = others[i];
        b.order.sequence++;
        sign (&b);
        check_refused (&b, "this node runs in single-user mode as uid 1000");
    }
}
END_TEST

/* Root mode, by an order that is signed all right. */
static void setup_root (struct bench *b)
{
    setup (b);
    b->v.own_uid = 0;
    b->v.root_mode = true;
    b->v.min_uid = 1000;
    b->v.agent_uid = 5000;
    b->order.uid = 1001;
    b->order.gid = 1001;
}

static void check_refused_next (struct bench *b, const char *words)
{
    b->order.sequence++;
    sign (b);
    check_refused (b, words);
}

START_TEST (root_mode_runs_the_jobs_of_others)
{
    static const uint32_t uids[] = {1000, 1001, 65534, UINT32_MAX - 1};
    uint32_t groups[] = {4, 27, 1001, UINT32_MAX - 1};
    struct bench b;

    setup_root (&b);
    b.order.groups = groups;
    b.order.n_groups = 4;
    for (size_t i = 0; i < 4; i++) {
        b.order.uid = uids[i];
        b.order.sequence++;
        sign (&b);
        ck_assert_int_eq (verify (&b), 0);
    }
}
END_TEST

START_TEST (root_mode_runs_nothing_as_root_or_for_the_system)
{
    static const uint32_t uids[] = {0, 1, 999, UINT32_MAX};
    struct bench b;

    setup_root (&b);
    for (size_t i = 0; i < 4; i++) {
        b.order.uid = uids[i];
        check_refused_next (&b, "are not run on this node: MinUID is 1000");
    }
    b.v.min_uid = 1;
    b.order.uid = 0;
    check_refused_next (&b, "jobs of uid 0 are not run on this node: MinUID is 1");
    b.order.uid = 5000;
    check_refused_next (&b, "jobs of uid 5000 are not run on this node: its agent is that user");
}
END_TEST

START_TEST (root_mode_leaves_roots_group_alone)
{
    uint32_t groups[] = {1001, 27, 0}, minus_one[] = {1001, UINT32_MAX};
    struct bench b;

    setup_root (&b);
    b.order.gid = 0;
    check_refused_next (&b, "the job would run in group 0 (root's): gid 0, uid 1001");
    b.order.gid = UINT32_MAX;
    check_refused_next (&b, "the job would run in group 0 (root's): gid 4294967295, uid 1001");
    b.order.gid = 1001;
    b.order.groups = groups;
    b.order.n_groups = 3;
    check_refused_next (&b, "the job would run in group 0 (root's)");
    b.order.groups = minus_one;
    b.order.n_groups = 2;
    check_refused_next (&b, "the job would run in group 0 (root's)");
    b.order.n_groups = 1;
    b.order.sequence++;
    sign (&b);
    ck_assert_int_eq (verify (&b), 0);
}
END_TEST

START_TEST (more_groups_than_a_process_can_have)
{
    static uint32_t groups[65537];
    static uint8_t packed[600000];
    struct bench b;

    setup_root (&b);
    for (size_t i = 0; i < 65537; i++)
        groups[i] = 1001;
    b.order.groups = groups;
    b.order.n_groups = 65537;
    moisson__signed_order__init (&b.signed_order);
    b.signed_order.order = (ProtobufCBinaryData){moisson__order__pack (&b.order, packed), packed};
    mac_bytes (packed, b.signed_order.order.len, b.v.key, b.mac);
    b.signed_order.mac = (ProtobufCBinaryData){HASH_SIZE, b.mac};
    check_refused (&b, "the job has 65537 groups, a process can have 65536");
}
END_TEST

/* What runs as the agent's user can send the launcher what it likes, but cannot sign. */
START_TEST (a_compromised_agent_can_change_nothing)
{
    struct bench b;

    setup_root (&b);
    sign (&b);
    b.order.uid = 0; /* another order under the old signature */
    b.signed_order.order.len = moisson__order__pack (&b.order, b.packed);
    check_refused (&b, "not signed with this node's order key");
    b.v.root_mode = true;
    hash_bytes (b.packed, b.signed_order.order.len, b.mac); /* a hash is no signature */
    check_refused (&b, "not signed with this node's order key");
    memset (b.v.key, 0, KEY_SIZE);
    sign (&b); /* nor is one by another key */
    b.v.key[0] = 1;
    check_refused (&b, "not signed with this node's order key");
    ck_assert_uint_eq (b.v.last_sequence, 0);
}
END_TEST

START_TEST (odd_working_directories)
{
    static const char *const odd[] = {"", ".", "tmp", "~", " /tmp", "\n/tmp"};
    static const char *const fine[] = {"/", "//", "/tmp/../tmp", "/no/such\nplace", "/\xff\xfe"};
    struct bench b;

    setup_root (&b);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        b.order.work_dir = (char *) odd[i];
        check_refused_next (&b, "is no absolute path");
    }
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) { /* the job's own user finds out what is there */
        b.order.work_dir = (char *) fine[i];
        b.order.sequence++;
        sign (&b);
        ck_assert_int_eq (verify (&b), 0);
    }
}
END_TEST

START_TEST (malformed_but_signed)
{
    struct bench b;

    setup (&b);
    b.signed_order.order = (ProtobufCBinaryData){5, (uint8_t *) "\xff\xff\xff\xff\xff"};
    mac_bytes (b.signed_order.order.data, 5, b.v.key, b.mac);
    b.signed_order.mac = (ProtobufCBinaryData){HASH_SIZE, b.mac};
    check_refused (&b, "malformed");
    b.order.work_dir = (char *) "relative";
    sign (&b);
    check_refused (&b, "the working directory relative is no absolute path");
}
END_TEST

START_TEST (contents_have_the_hash_of_the_order)
{
    uint8_t hash[HASH_SIZE];
    ProtobufCBinaryData h = {HASH_SIZE, hash};
    struct err err = ERR_INIT;

    hash_bytes ("#!/bin/sh\n", 10, hash);
    ck_assert_int_eq (blob_verify (&h, "#!/bin/sh\n", 10, "script", &err), 0);
    ck_assert_int_eq (blob_verify (&h, "#!/bin/sh", 9, "script", &err), -1);
    ck_assert_str_eq (err.why, "the script is not the one that was submitted (its hash differs)");
    h.len = 31;
    ck_assert_int_eq (blob_verify (&h, "#!/bin/sh\n", 10, "script", &err), -1);
    err_clear (&err);
}
END_TEST

SUITE ("verify", a_good_order_passes_once, a_late_sequence_is_refused, every_flipped_bit_is_noticed,
       orders_for_others_are_refused, one_live_attempt_a_job, only_the_launchers_own_user,
       root_mode_runs_the_jobs_of_others, root_mode_runs_nothing_as_root_or_for_the_system,
       root_mode_leaves_roots_group_alone, more_groups_than_a_process_can_have, a_compromised_agent_can_change_nothing,
       odd_working_directories, malformed_but_signed, contents_have_the_hash_of_the_order)
