/* credential.c - who a user is, by munge. The credential is bound to one session by its payload, and to the
 * controller's uid by munge's own restriction, so that whoever else gets hold of it can neither read nor use it. */
#include <munge.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <time.h>
#include "base/mem.h"
#include "net/internal.h"

/* libmunge writes to munged with plain write: keep a SIGPIPE of this thread from ending the process. */
struct pipe_guard {
    sigset_t before;
    bool was_pending;
};

static void guard_begin (struct pipe_guard *g)
{
    sigset_t pipe, pending;

    sigemptyset (&pipe);
    sigaddset (&pipe, SIGPIPE);
    sigemptyset (&pending);
    sigpending (&pending);
    g->was_pending = sigismember (&pending, SIGPIPE) == 1;
    pthread_sigmask (SIG_BLOCK, &pipe, &g->before);
}

static void guard_end (const struct pipe_guard *g)
{
    const struct timespec none = {0};
    sigset_t pipe;

    sigemptyset (&pipe);
    sigaddset (&pipe, SIGPIPE);
    if (!g->was_pending)
        (void) sigtimedwait (&pipe, NULL, &none); /* EAGAIN: there was none */
    pthread_sigmask (SIG_SETMASK, &g->before, NULL);
}

static void ctx_destroyp (munge_ctx_t *ctx)
{
    if (*ctx)
        munge_ctx_destroy (*ctx);
}

/* A new context each time: munge_decode leaves what it learnt in it, and nothing may carry over to the next peer. */
static munge_ctx_t context (const char *munge_socket)
{
    munge_ctx_t ctx = munge_ctx_create ();

    if (ctx && munge_socket && *munge_socket && munge_ctx_set (ctx, MUNGE_OPT_SOCKET, munge_socket) != EMUNGE_SUCCESS) {
        munge_ctx_destroy (ctx);
        return NULL;
    }
    return ctx;
}

static int unreachable (munge_ctx_t ctx, const char *whose, struct err *err)
{
    char *path = NULL;

    if (munge_ctx_get (ctx, MUNGE_OPT_SOCKET, &path) != EMUNGE_SUCCESS || !path)
        path = (char *) "its socket";
    err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%scannot reach munged at %s: is it running?", whose, path);
    return err_fix (err, "start it (systemctl start munge), or name its socket in the configuration "
                         "(AuthInfo=socket=PATH)");
}

static bool is_unreachable (munge_err_t e)
{
    return e == EMUNGE_SOCKET || e == EMUNGE_TIMEOUT;
}

int credential_make (char **ret, const uint8_t binding[SEAL_BINDING_SIZE], const char *munge_socket,
                     uint32_t reader_uid, struct err *err)
{
    _cleanup_ (ctx_destroyp) munge_ctx_t ctx = context (munge_socket);
    struct pipe_guard guard;
    char *credential = NULL;
    munge_err_t e;

    if (!ctx)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "cannot set up munge");
    e = munge_ctx_set (ctx, MUNGE_OPT_UID_RESTRICTION, (uid_t) reader_uid);
    if (e != EMUNGE_SUCCESS)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "munge refuses to restrict a credential: %s",
                        munge_ctx_strerror (ctx));
    guard_begin (&guard);
    e = munge_encode (&credential, ctx, binding, SEAL_BINDING_SIZE);
    guard_end (&guard);
    if (is_unreachable (e))
        return unreachable (ctx, "", err);
    if (e != EMUNGE_SUCCESS) {
        const char *why = munge_ctx_strerror (ctx);
        return err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "munge made no credential: %s",
                        why ? why : munge_strerror (e));
    }
    *ret = credential;
    return 0;
}

/* What munge says against a credential, and what to do about it. */
static const struct {
    munge_err_t error;
    const char *why, *fix;
} refusals[] = {
    {EMUNGE_CRED_EXPIRED, "the munge credential has expired", "set the clocks of both hosts (chrony, ntp)"},
    {EMUNGE_CRED_REWOUND, "the munge credential comes from the future", "set the clocks of both hosts (chrony, ntp)"},
    {EMUNGE_CRED_REPLAYED, "the munge credential has been used before", NULL},
    {EMUNGE_CRED_UNAUTHORIZED, "the munge credential is not for the user that runs this controller",
     "set SlurmUser in the client's configuration to the user that runs the controller"},
    {EMUNGE_CRED_INVALID, "the munge credential is not valid here: it was made with another munge key",
     "install the same /etc/munge/munge.key on both hosts and restart munged"},
    {EMUNGE_BAD_CRED, "what was sent is not a munge credential", NULL},
};

static int refuse (munge_ctx_t ctx, munge_err_t e, struct err *err)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (refusals[i].error == e) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "%s", refusals[i].why);
            return refusals[i].fix ? err_fix (err, "%s", refusals[i].fix) : -1;
        }
    const char *why = munge_ctx_strerror (ctx);
    return err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "munge refuses the credential: %s",
                    why ? why : munge_strerror (e));
}

int credential_check (const char *credential, const uint8_t binding[SEAL_BINDING_SIZE], const char *munge_socket,
                      uint32_t *ret_uid, uint32_t *ret_gid, struct err *err)
{
    _cleanup_ (ctx_destroyp) munge_ctx_t ctx = context (munge_socket);
    _cleanup_free_ void *payload = NULL;
    struct pipe_guard guard;
    uid_t uid = 0, only = MUNGE_UID_ANY;
    gid_t gid = 0;
    int len = 0;
    munge_err_t e;

    if (!ctx)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "the controller cannot set up munge");
    guard_begin (&guard);
    e = munge_decode (credential, ctx, &payload, &len, &uid, &gid);
    guard_end (&guard);
    if (is_unreachable (e))
        return unreachable (ctx, "the controller ", err);
    if (e != EMUNGE_SUCCESS)
        return refuse (ctx, e, err);
    if (len != SEAL_BINDING_SIZE || sodium_memcmp (payload, binding, SEAL_BINDING_SIZE) != 0)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH, "the munge credential was made for another session");
    if (munge_ctx_get (ctx, MUNGE_OPT_UID_RESTRICTION, &only) != EMUNGE_SUCCESS || only != geteuid ())
        return err_set (err, MOISSON__FAIL_CODE__FAIL_AUTH,
                        "the munge credential is not restricted to the user that runs this controller");
    *ret_uid = uid;
    *ret_gid = gid;
    return 0;
}
