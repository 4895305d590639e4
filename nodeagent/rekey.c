/* rekey.c - new keys of a node, in two steps. */
#include "nodeagent/rekey.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/keys.h"
#include "base/mem.h"
#include "base/note.h"
#include "nodeagent/spool.h"

struct keys {
    uint8_t node_secret[KEY_SIZE], enroll_secret[KEY_SIZE], order_key[KEY_SIZE];
};

static void keys_clear (struct keys *p)
{
    explicit_bzero (p, sizeof *p);
}

static int keys_write (const char *path, const struct keys *p, struct err *err)
{
    _cleanup_free_ char *text = base64_encode (p, sizeof *p);
    int r = file_write (path, text, strlen (text), 0600, 1, err);

    explicit_bzero (text, strlen (text));
    return r;
}

static int keys_read (const char *path, struct keys *ret, struct err *err)
{
    _cleanup_free_ char *text = NULL;
    size_t len;

    if (key_check_private (path, err) < 0 || file_read (path, 256, &text, &len, err) < 0)
        return -1;
    int r = base64_decode (text, (uint8_t *) ret, sizeof *ret);
    explicit_bzero (text, len);
    return r ? err_set (err, 0, "%s holds no keys", path) : 0;
}

int rekey_prepare (const char *spool, const uint8_t order_key[KEY_SIZE], const Moisson__RekeyBegin *begin,
                   struct rekey_publics *ret, struct err *err)
{
    _cleanup_free_ char *path = spool_path (spool, "keys.new"), *decided = spool_path (spool, "keys.commit");
    _cleanup_ (keys_clear) struct keys fresh = {0};
    uint8_t secret[KEY_SIZE], publics[2 * KEY_SIZE];
    int r;

    if (access (decided, F_OK) == 0)
        return err_set (err, 0, "an earlier exchange of keys is decided and not finished: restart moissond");
    if (begin->controller_public.len != KEY_SIZE)
        return err_set (err, 0, "the controller's key is no key");
    keypair_make (ret->launcher, secret);
    memcpy (publics, begin->controller_public.data, KEY_SIZE);
    memcpy (publics + KEY_SIZE, ret->launcher, KEY_SIZE);
    r = key_agree (secret, begin->controller_public.data, publics, order_key, fresh.order_key);
    explicit_bzero (secret, sizeof secret);
    if (r < 0)
        return err_set (err, 0, "the controller's key shares no secret");
    keypair_make (ret->node, fresh.node_secret);
    keypair_make (ret->enroll, fresh.enroll_secret);
    return keys_write (path, &fresh, err);
}

/* What is in keys.commit, to where it is used; then it goes. May be done again at any point. */
static int finish (const char *spool, struct err *err)
{
    _cleanup_free_ char *decided = spool_path (spool, "keys.commit"), *order_path = spool_path (spool, "order.key"),
                        *node_path = spool_path (spool, "node.key"), *enroll_path = spool_path (spool, "enroll.key");
    _cleanup_ (keys_clear) struct keys fresh = {0};

    if (keys_read (decided, &fresh, err) < 0 || key_write (order_path, fresh.order_key, err) < 0 ||
        key_write (enroll_path, fresh.enroll_secret, err) < 0 || key_write (node_path, fresh.node_secret, err) < 0)
        return -1;
    return unlink (decided) < 0 ? err_errno (err, errno, "cannot remove %s", decided) : 0;
}

int rekey_commit (const char *spool, const char *node, const Moisson__RekeyCommit *commit, struct err *err)
{
    _cleanup_free_ char *made = spool_path (spool, "keys.new"), *decided = spool_path (spool, "keys.commit");
    _cleanup_ (keys_clear) struct keys fresh = {0};
    uint8_t node_public[KEY_SIZE], enroll_public[KEY_SIZE], proof[HASH_SIZE];

    bool again = access (decided, F_OK) == 0;
    if (keys_read (again ? decided : made, &fresh, err) < 0)
        return -1;
    if (key_public (fresh.node_secret, node_public) < 0 || key_public (fresh.enroll_secret, enroll_public) < 0)
        return err_set (err, 0, "%s holds no keys", made);
    rekey_proof (node, node_public, enroll_public, fresh.order_key, proof);
    if (commit->proof.len != HASH_SIZE || memcmp (commit->proof.data, proof, HASH_SIZE) != 0)
        return err_set (err, 0, "the controller means other keys than those that are here");
    if (!again && rename (made, decided) < 0)
        return err_errno (err, errno, "cannot rename %s to %s", made, decided);
    return finish (spool, err) < 0 ? REKEY_E_LATER : 0;
}

int rekey_recover (const char *spool, struct err *err)
{
    _cleanup_free_ char *decided = spool_path (spool, "keys.commit");

    if (access (decided, F_OK) < 0)
        return errno == ENOENT ? 0 : err_errno (err, errno, "cannot look at %s", decided);
    return finish (spool, err);
}
