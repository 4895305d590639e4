/* seal.c - the session's cryptography. The shape is Noise NK (noiseprotocol.org, revision 34, pattern NK) with
 * BLAKE2b as the hash and a confirming proof; every hash and key has a string of its own, so that no output of one step
 * can serve as another's. */
#include "net/seal.h"
#include <sodium.h>
#include <string.h>
#include "base/mem.h"
#include "proto/wire.pb-c.h"

#define MAGIC "MOIS"
#define MAGIC_SIZE 4
#define EPHEMERAL_SIZE 32
#define WELCOME_HEADER_AT (MAGIC_SIZE + 1 + EPHEMERAL_SIZE)
#define WELCOME_PROOF_AT (WELCOME_HEADER_AT + CLIENT_HEADER_SIZE)
#define BINDING_CONTEXT "moisson-session1" /* 16 bytes */

_Static_assert(CLIENT_HEADER_SIZE == crypto_secretstream_xchacha20poly1305_HEADERBYTES, "stream header");
_Static_assert(HASH_SIZE == crypto_generichash_BYTES && KEY_SIZE == crypto_scalarmult_BYTES, "key sizes");
_Static_assert(WELCOME_PROOF_AT + HASH_SIZE == WELCOME_SIZE, "welcome");
_Static_assert(sizeof BINDING_CONTEXT - 1 + 2 * KEY_SIZE == SEAL_BINDING_SIZE, "binding");

struct seal {
    uint8_t version;
    uint8_t secret[KEY_SIZE];                                         /* our ephemeral */
    uint8_t client[KEY_SIZE], server[KEY_SIZE], controller[KEY_SIZE]; /* public: ephemerals, static */
    uint8_t hello[HELLO_SIZE];                                        /* client side, until the welcome */
    uint8_t transcript[HASH_SIZE];
    uint8_t receive_key[KEY_SIZE]; /* controller side, until the client's header has come */
    bool can_send, can_receive;
    crypto_secretstream_xchacha20poly1305_state out, in;
};

struct session_keys {
    uint8_t to_controller[KEY_SIZE], to_client[KEY_SIZE], proof[HASH_SIZE];
};

static void start (void)
{
    if (sodium_init () < 0) /* once and thread-safe by itself */
        abort ();           /* no source of randomness: nothing here can be done safely */
}

struct seal *seal_free (struct seal *s)
{
    if (!s)
        return NULL;
    sodium_memzero (s, sizeof *s);
    free (s);
    return NULL;
}

int seal_version (const struct seal *s)
{
    return s->version;
}

/* BLAKE2b-256 over a domain string and up to three parts; keyed if key is given. All parts but the last have fixed
 * sizes, so the concatenation is unambiguous. */
struct part {
    const void *data;
    size_t len;
};

static void hash_parts (uint8_t out[HASH_SIZE], const uint8_t *key, const char *domain, const struct part parts[3])
{
    crypto_generichash_state state;

    crypto_generichash_init (&state, key, key ? KEY_SIZE : 0, HASH_SIZE);
    crypto_generichash_update (&state, (const uint8_t *) domain, strlen (domain) + 1);
    for (int i = 0; i < 3 && parts[i].data; i++)
        crypto_generichash_update (&state, parts[i].data, parts[i].len);
    crypto_generichash_final (&state, out, HASH_SIZE);
    sodium_memzero (&state, sizeof state);
}

static void make_transcript (struct seal *s, const uint8_t hello[HELLO_SIZE], const uint8_t *welcome)
{
    const struct part parts[3] = {{s->controller, KEY_SIZE}, {hello, HELLO_SIZE}, {welcome, WELCOME_HEADER_AT}};

    hash_parts (s->transcript, NULL, "moisson 1 transcript", parts);
}

/* What the controller shows to prove that it derived the same keys; covers its stream header, too. */
static void make_proof (const struct seal *s, const struct session_keys *keys, const uint8_t *header,
                        uint8_t ret[HASH_SIZE])
{
    const struct part parts[3] = {{s->transcript, HASH_SIZE}, {header, CLIENT_HEADER_SIZE}};

    hash_parts (ret, keys->proof, "moisson 1 controller proof", parts);
}

/* ee, es -> master -> one key for each use. -1 when a peer's key is of low order (the shared secret would be zero). */
static int derive (const struct seal *s, const uint8_t *ee_peer, const uint8_t *es_secret, const uint8_t *es_public,
                   struct session_keys *ret)
{
    uint8_t ee[KEY_SIZE], es[KEY_SIZE], master[KEY_SIZE];
    const struct part shared[3] = {{ee, sizeof ee}, {es, sizeof es}, {s->transcript, HASH_SIZE}};
    const struct part none[3] = {{NULL, 0}};
    int r = -1;

    if (crypto_scalarmult (ee, s->secret, ee_peer) == 0 && crypto_scalarmult (es, es_secret, es_public) == 0) {
        hash_parts (master, NULL, "moisson 1 master", shared);
        hash_parts (ret->to_controller, master, "moisson 1 client to controller", none);
        hash_parts (ret->to_client, master, "moisson 1 controller to client", none);
        hash_parts (ret->proof, master, "moisson 1 proof key", none);
        r = 0;
    }
    sodium_memzero (ee, sizeof ee);
    sodium_memzero (es, sizeof es);
    sodium_memzero (master, sizeof master);
    return r;
}

/* --- client side ---------------------------------------------------------------------------------------------------
 */

struct seal *seal_client (const uint8_t controller_key[KEY_SIZE], uint8_t ret_hello[HELLO_SIZE])
{
    struct seal *s = xcalloc (1, sizeof *s);

    start ();
    memcpy (s->controller, controller_key, KEY_SIZE);
    crypto_box_keypair (s->client, s->secret); /* X25519 */
    memcpy (s->hello, MAGIC, MAGIC_SIZE);
    s->hello[MAGIC_SIZE] = PROTOCOL_VERSION_MIN;
    s->hello[MAGIC_SIZE + 1] = PROTOCOL_VERSION;
    memcpy (s->hello + MAGIC_SIZE + 2, s->client, KEY_SIZE);
    memcpy (ret_hello, s->hello, HELLO_SIZE);
    return s;
}

static int check_welcome (const uint8_t welcome[WELCOME_SIZE], struct err *err)
{
    uint8_t version = welcome[MAGIC_SIZE];

    if (memcmp (welcome, MAGIC, MAGIC_SIZE) != 0) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "what answers there is not a Moisson controller");
        return err_fix (err, "check SlurmctldHost and SlurmctldPort in the configuration");
    }
    if (version == 0) { /* refused; the next two bytes say what it speaks */
        err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL,
                 "the controller speaks protocol versions %d to %d, this program %d to %d", welcome[MAGIC_SIZE + 1],
                 welcome[MAGIC_SIZE + 2], PROTOCOL_VERSION_MIN, PROTOCOL_VERSION);
        return err_fix (err, "install the same release of Moisson on both hosts");
    }
    if (version < PROTOCOL_VERSION_MIN || version > PROTOCOL_VERSION)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL,
                        "the controller chose protocol version %d, which this program did not offer", version);
    return 0;
}

int seal_client_welcome (struct seal *s, const uint8_t welcome[WELCOME_SIZE], uint8_t ret_header[CLIENT_HEADER_SIZE],
                         struct err *err)
{
    struct session_keys keys = {0};
    uint8_t proof[HASH_SIZE];
    int r;

    if (check_welcome (welcome, err) < 0)
        return -1;
    s->version = welcome[MAGIC_SIZE];
    memcpy (s->server, welcome + MAGIC_SIZE + 1, KEY_SIZE);
    make_transcript (s, s->hello, welcome);
    r = derive (s, s->server, s->secret, s->controller, &keys);
    if (r == 0) {
        make_proof (s, &keys, welcome + WELCOME_HEADER_AT, proof);
        r = sodium_memcmp (proof, welcome + WELCOME_PROOF_AT, HASH_SIZE);
    }
    if (r == 0)
        r = crypto_secretstream_xchacha20poly1305_init_pull (&s->in, welcome + WELCOME_HEADER_AT, keys.to_client);
    if (r == 0)
        r = crypto_secretstream_xchacha20poly1305_init_push (&s->out, ret_header, keys.to_controller);
    s->can_send = s->can_receive = r == 0;
    sodium_memzero (&keys, sizeof keys);
    sodium_memzero (s->secret, sizeof s->secret);
    if (r == 0)
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "what answers there does not have the configured controller key");
    return err_fix (err, "compare ControllerKey in the configuration with that of the controller's host "
                         "(moisson keygen STATE_DIR prints it)");
}

/* --- controller side -----------------------------------------------------------------------------------------------
 */

static int pick_version (const uint8_t hello[HELLO_SIZE], uint8_t *ret)
{
    uint8_t low = hello[MAGIC_SIZE], high = hello[MAGIC_SIZE + 1];

    if (low > PROTOCOL_VERSION || high < PROTOCOL_VERSION_MIN || low > high)
        return -1;
    *ret = high < PROTOCOL_VERSION ? high : PROTOCOL_VERSION;
    return 0;
}

static int refuse_version (const uint8_t hello[HELLO_SIZE], uint8_t ret_welcome[WELCOME_SIZE], struct err *err)
{
    memset (ret_welcome, 0, WELCOME_SIZE);
    memcpy (ret_welcome, MAGIC, MAGIC_SIZE);
    ret_welcome[MAGIC_SIZE + 1] = PROTOCOL_VERSION_MIN;
    ret_welcome[MAGIC_SIZE + 2] = PROTOCOL_VERSION;
    err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL,
             "the peer speaks protocol versions %d to %d, this controller %d to %d", hello[MAGIC_SIZE],
             hello[MAGIC_SIZE + 1], PROTOCOL_VERSION_MIN, PROTOCOL_VERSION);
    return SEAL_E_VERSION;
}

/* Everything after the version is agreed on; fills the welcome. */
static int answer_hello (struct seal *s, const uint8_t secret[KEY_SIZE], const uint8_t hello[HELLO_SIZE],
                         uint8_t welcome[WELCOME_SIZE])
{
    struct session_keys keys = {0};
    int r;

    memcpy (s->client, hello + MAGIC_SIZE + 2, KEY_SIZE);
    crypto_box_keypair (s->server, s->secret);
    if (crypto_scalarmult_base (s->controller, secret) != 0)
        return -1;
    memcpy (welcome, MAGIC, MAGIC_SIZE);
    welcome[MAGIC_SIZE] = s->version;
    memcpy (welcome + MAGIC_SIZE + 1, s->server, KEY_SIZE);
    make_transcript (s, hello, welcome);
    r = derive (s, s->client, secret, s->client, &keys);
    if (r == 0)
        r = crypto_secretstream_xchacha20poly1305_init_push (&s->out, welcome + WELCOME_HEADER_AT, keys.to_client);
    if (r == 0) {
        make_proof (s, &keys, welcome + WELCOME_HEADER_AT, welcome + WELCOME_PROOF_AT);
        memcpy (s->receive_key, keys.to_controller, KEY_SIZE);
        s->can_send = true;
    }
    sodium_memzero (&keys, sizeof keys);
    return r;
}

int seal_server (struct seal **ret, const uint8_t secret[KEY_SIZE], const uint8_t hello[HELLO_SIZE],
                 uint8_t ret_welcome[WELCOME_SIZE], struct err *err)
{
    uint8_t welcome[WELCOME_SIZE], version;

    start ();
    if (memcmp (hello, MAGIC, MAGIC_SIZE) != 0)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the peer does not speak this protocol");
    if (pick_version (hello, &version) < 0)
        return refuse_version (hello, ret_welcome, err);
    _cleanup_ (seal_freep) struct seal *s = xcalloc (1, sizeof *s);
    s->version = version;
    if (answer_hello (s, secret, hello, welcome) < 0)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the peer sent a key that shares no secret");
    memcpy (ret_welcome, welcome, WELCOME_SIZE);
    *ret = steal (&s);
    return 0;
}

int seal_server_header (struct seal *s, const uint8_t header[CLIENT_HEADER_SIZE], struct err *err)
{
    if (crypto_secretstream_xchacha20poly1305_init_pull (&s->in, header, s->receive_key) != 0)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the peer's stream header is not valid");
    sodium_memzero (s->receive_key, sizeof s->receive_key);
    s->can_receive = true;
    return 0;
}

/* --- frames --------------------------------------------------------------------------------------------------------
 */

size_t seal_size (size_t len)
{
    return len + crypto_secretstream_xchacha20poly1305_ABYTES;
}

void seal_frame (struct seal *s, const void *plain, size_t len, uint8_t *out)
{
    if (!s->can_send ||
        crypto_secretstream_xchacha20poly1305_push (&s->out, out, NULL, plain, len, NULL, 0,
                                                    crypto_secretstream_xchacha20poly1305_TAG_MESSAGE) != 0)
        abort (); /* a caller's mistake: no handshake, or a message beyond the cipher's limit of 256 GB */
}

int seal_open (struct seal *s, const uint8_t *cipher, size_t len, uint8_t *out, size_t *ret_len, struct err *err)
{
    unsigned long long n = 0;
    unsigned char tag = 0;

    if (!s->can_receive || len < crypto_secretstream_xchacha20poly1305_ABYTES ||
        crypto_secretstream_xchacha20poly1305_pull (&s->in, out, &n, &tag, cipher, len, NULL, 0) != 0 ||
        tag != crypto_secretstream_xchacha20poly1305_TAG_MESSAGE) {
        s->can_receive = false; /* nothing that follows could be in order */
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL,
                        "a frame is damaged, out of order or not from this session");
    }
    *ret_len = (size_t) n;
    return 0;
}

/* --- who the peer is -----------------------------------------------------------------------------------------------
 */

void seal_binding (const struct seal *s, uint8_t ret[SEAL_BINDING_SIZE])
{
    const size_t context = sizeof BINDING_CONTEXT - 1;

    memcpy (ret, BINDING_CONTEXT, context);
    memcpy (ret + context, s->client, KEY_SIZE);
    memcpy (ret + context + KEY_SIZE, s->controller, KEY_SIZE);
}

static int node_proof (const struct seal *s, const uint8_t *secret, const uint8_t *public, const char *node,
                       uint8_t ret[HASH_SIZE])
{
    const struct part parts[3] = {{s->transcript, HASH_SIZE}, {node, strlen (node)}};
    uint8_t shared[KEY_SIZE];

    if (crypto_scalarmult (shared, secret, public) != 0)
        return -1;
    hash_parts (ret, shared, "moisson 1 node proof", parts);
    sodium_memzero (shared, sizeof shared);
    return 0;
}

int seal_node_proof (const struct seal *s, const uint8_t node_secret[KEY_SIZE], const char *node,
                     uint8_t ret_proof[HASH_SIZE])
{
    return node_proof (s, node_secret, s->server, node, ret_proof);
}

bool seal_node_proof_ok (const struct seal *s, const uint8_t node_public[KEY_SIZE], const char *node,
                         const uint8_t *proof, size_t len)
{
    uint8_t right[HASH_SIZE];
    bool ok;

    if (len != HASH_SIZE || node_proof (s, s->secret, node_public, node, right) < 0)
        return false;
    ok = sodium_memcmp (right, proof, HASH_SIZE) == 0;
    sodium_memzero (right, sizeof right);
    return ok;
}
