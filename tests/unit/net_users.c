/* Users at the door: a private munged (own key, own socket) vouches for them. */
#include "net_house.h"

START_TEST (a_user_authenticates)
{
    struct house h;

    house_open (&h, true, 16, WAIT_US);
    struct visitor v = visitor_of (&h);
    run_visit (&v);
    ck_assert_msg (v.result == 0, "%s", v.err.why ? v.err.why : "?");
    ck_assert (v.pinged);
    ck_assert_int_eq (h.sessions, 1);
    ck_assert (!h.is_node);
    ck_assert_uint_eq (h.uid, geteuid ());
    ck_assert_uint_eq (h.gid, getegid ());
    ck_assert_uint_eq (door_stats (h.door).sessions, 1);
    house_close (&h);
}
END_TEST

static void expect_refusal (struct house *h, struct visitor *v, int result, const char *why)
{
    run_visit (v);
    ck_assert_int_eq (v->result, result);
    ck_assert_ptr_nonnull (v->err.why);
    ck_assert_msg (strstr (v->err.why, why), "%s", v->err.why);
    ck_assert_int_eq (h->sessions, 0);
    err_clear (&v->err);
}

START_TEST (refusals_come_in_words)
{
    struct house h;

    house_open (&h, true, 16, WAIT_US);
    struct visitor v = visitor_of (&h);
    v.controller_uid = geteuid () + 1;
    expect_refusal (&h, &v, -1, "not for the user that runs this controller");

    v = visitor_of (&h);
    v.munge_socket = "/nonexistent/munge";
    expect_refusal (&h, &v, -1, "cannot reach munged at /nonexistent/munge: is it running?");

    v = visitor_of (&h);
    v.key[0] ^= 1;
    expect_refusal (&h, &v, -1, "does not have the configured controller key");
    house_close (&h);
}
END_TEST

START_TEST (a_controller_without_munged_is_worth_another_try)
{
    struct house h;
    struct munged munged;

    munged_start (&munged);
    house_open (&h, false, 16, WAIT_US);
    struct visitor v = visitor_of (&h);
    v.munge_socket = munged.socket;
    expect_refusal (&h, &v, CLIENT_E_CLOSED, "the controller cannot reach munged at /nonexistent/munge.socket");
    house_close (&h);
    munged_stop (&munged);
}
END_TEST

static char *encode (const struct cheat *c, const uint8_t *binding)
{
    munge_ctx_t ctx = munge_ctx_create ();
    char *credential = NULL;
    munge_err_t e;

    munge_ctx_set (ctx, MUNGE_OPT_SOCKET, c->house->munged.socket);
    if (c->how != UNRESTRICTED)
        munge_ctx_set (ctx, MUNGE_OPT_UID_RESTRICTION, geteuid ());
    e = munge_encode (&credential, ctx, binding, SEAL_BINDING_SIZE);
    munge_ctx_destroy (ctx);
    return e == EMUNGE_SUCCESS ? credential : NULL;
}

static char *forge (struct cheat *c, const struct seal *seal)
{
    uint8_t binding[SEAL_BINDING_SIZE];

    seal_binding (seal, binding);
    if (c->how == OTHER_SESSION)
        binding[20] ^= 1; /* another ephemeral key */
    if (c->how == GARBAGE)
        return xstrdup ("MUNGE:AwQDAAD0ThisIsNone:");
    if (c->how == EMPTY)
        return xstrdup ("");
    return encode (c, binding);
}

static void *cheat_once (void *arg)
{
    struct cheat *c = arg;
    _cleanup_close_ int fd = raw_connect (door_port (c->house->door));
    _cleanup_ (seal_freep) struct seal *seal = raw_session (fd, c->house->key);
    Moisson__AuthUser auth = MOISSON__AUTH_USER__INIT;

    if (seal) {
        if (!c->credential)
            c->credential = forge (c, seal);
        auth.credential = c->credential ? c->credential : (char *) "";
        send_frame (fd, seal, MOISSON__MSG_TYPE__MSG_AUTH_USER, &auth.base);
        read_verdict (c, fd, seal);
    }
    loop_post (c->house->loop, stop_loop, c->house->loop);
    return NULL;
}

static void run_cheat (struct cheat *c, bool accepted, const char *why)
{
    c->accepted = false;
    err_clear (&c->err);
    ck_assert_int_eq (pthread_create (&c->thread, NULL, cheat_once, c), 0);
    loop_run (c->house->loop);
    pthread_join (c->thread, NULL);
    ck_assert (c->accepted == accepted);
    if (accepted)
        return;
    ck_assert_ptr_nonnull (c->err.why);
    ck_assert_msg (strstr (c->err.why, why), "%s", c->err.why);
    ck_assert_int_eq (c->err.code, MOISSON__FAIL_CODE__FAIL_AUTH);
}

static void cheat_clear (struct cheat *c)
{
    err_clear (&c->err);
    free (c->credential);
}

START_TEST (credentials_that_do_not_belong_here_are_refused)
{
    static const struct {
        int how;
        const char *why;
    } cases[] = {{OTHER_SESSION, "made for another session"},
                 {UNRESTRICTED, "not restricted to the user"},
                 {GARBAGE, "munge credential"},
                 {EMPTY, "No credential specified"}};
    struct house h;

    house_open (&h, true, 16, WAIT_US);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cheat c = {.house = &h, .how = cases[i].how};
        run_cheat (&c, false, cases[i].why);
        cheat_clear (&c);
    }
    ck_assert_int_eq (h.sessions, 0);
    ck_assert_uint_eq (door_stats (h.door).refused, 4);
    /* One that is good in its own session, then sent again in another one. */
    struct cheat c = {.house = &h, .how = REPLAYED};
    run_cheat (&c, true, NULL);
    run_cheat (&c, false, "has been used before");
    cheat_clear (&c);
    ck_assert_int_eq (h.sessions, 1);
    house_close (&h);
}
END_TEST

struct flood {
    uint16_t port;
    int fds[300];
    int n;
    bool stop; /* guarded by the lock */
    pthread_mutex_t lock;
    pthread_t thread;
};

static bool flood_is_over (struct flood *f)
{
    pthread_mutex_lock (&f->lock);
    bool over = f->stop;
    pthread_mutex_unlock (&f->lock);
    return over;
}

/* Opens connections, as fast as it can, and says nothing on any of them. */
static void *flood (void *arg)
{
    struct flood *f = arg;
    int at = 0;

    while (!flood_is_over (f)) {
        if (f->fds[at] >= 0)
            close (f->fds[at]);
        f->fds[at] = raw_connect (f->port);
        at = (at + 1) % f->n;
    }
    return NULL;
}

START_TEST (a_flood_of_silent_peers_keeps_nobody_out)
{
    struct house h;

    house_open (&h, true, 32, WAIT_US);
    struct flood f = {.port = door_port (h.door), .n = 300, .lock = PTHREAD_MUTEX_INITIALIZER};
    for (int i = 0; i < f.n; i++)
        ck_assert_int_ge (f.fds[i] = raw_connect (f.port), 0);
    struct visitor v = visitor_of (&h);
    run_visit (&v); /* behind 300 that are open and silent */
    ck_assert_msg (v.result == 0, "%s", v.err.why ? v.err.why : "?");
    ck_assert_uint_ge (door_stats (h.door).crowded_out, 200);
    ck_assert_uint_eq (door_stats (h.door).accepted, 301);

    ck_assert_int_eq (pthread_create (&f.thread, NULL, flood, &f), 0);
    for (int tries = 0; tries < 5; tries++) { /* while more and more come */
        v = visitor_of (&h);
        v.timeout = 5 * USEC_PER_SEC;
        do { /* as a command does: what is worth retrying is retried */
            err_clear (&v.err);
            run_visit (&v);
        } while (v.result == CLIENT_E_CLOSED);
        ck_assert_msg (v.result == 0 && v.pinged, "%s", v.err.why ? v.err.why : "?");
    }
    pthread_mutex_lock (&f.lock);
    f.stop = true;
    pthread_mutex_unlock (&f.lock);
    pthread_join (f.thread, NULL);
    for (int i = 0; i < f.n; i++)
        if (f.fds[i] >= 0)
            close (f.fds[i]);
    house_close (&h);
}
END_TEST

int main (void)
{
    const TTest *const tests[] = {
        a_user_authenticates, refusals_come_in_words, a_controller_without_munged_is_worth_another_try,
        credentials_that_do_not_belong_here_are_refused, a_flood_of_silent_peers_keeps_nobody_out};

    if (!munged_is_installed ()) {
        printf ("skipped: munged is not installed\n");
        return 77;
    }
    return suite_run ("users", tests, sizeof tests / sizeof *tests);
}
