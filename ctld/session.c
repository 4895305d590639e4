/* session.c - authenticated peers and their requests. */
#include "ctld/session.h"
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/keyring.h"
#include "ctld/nodes.h"
#include "ctld/rpc.h"

/* What a submit may be, and room: a script of 4 MB, an environment of 16 MB, a job of 1 MB. Nodes have FRAME_MAX. */
#define USER_FRAME_MAX (24u << 20)
#define SESSIONS_A_USER 256
#define SESSIONS_A_NODE 8 /* one speaks; others are connections that the network has cut, or somebody's who owns it */

struct sessions {
    struct ctld *ctld;
    struct session *list;
    size_t n;
};

struct session *session_ref (struct session *session)
{
    session->refs++;
    return session;
}

struct session *session_unref (struct session *session)
{
    if (session && --session->refs == 0) {
        free (session->node);
        free (session);
    }
    return NULL;
}

/* Out of the list, and the list's reference with it; the object lives as long as requests hold it. */
static void forget (struct session *session)
{
    struct sessions *all = session->all;

    if (session->prev)
        session->prev->next = session->next;
    else
        all->list = session->next;
    if (session->next)
        session->next->prev = session->prev;
    session->prev = session->next = NULL;
    all->n--;
    session_unref (session);
}

/* The channel is gone already or is taken by the caller. */
static void leave (struct session *session)
{
    session->channel = NULL;
    if (session->roles & ROLE_NODE)
        nodes_left (session->ctld->nodes, session);
    if (session->current && session->current->on_gone)
        session->current->on_gone (session->current);
    forget (session);
}

void session_send (struct session *session, Moisson__MsgType type, const ProtobufCMessage *msg)
{
    if (session->channel)
        channel_send (session->channel, type, msg);
}

static void send_failure (struct session *session, const struct err *err)
{
    Moisson__Failure failure = MOISSON__FAILURE__INIT;

    failure.code = (Moisson__FailCode) err->code;
    failure.what = err->what;
    failure.why = err->why;
    failure.fix = err->fix;
    session_send (session, MOISSON__MSG_TYPE__MSG_ERROR, &failure.base);
}

void session_close (struct session *session, const struct err *err)
{
    struct channel *channel = session->channel;

    if (!channel)
        return;
    if (err)
        send_failure (session, err);
    leave (session);
    channel_finish (channel);
}

/* --- requests --------------------------------------------------------------------------------------------------- */

bool request_gone (const struct request *request)
{
    return !request->session->channel;
}

void request_send (struct request *request, Moisson__MsgType type, const ProtobufCMessage *msg)
{
    session_send (request->session, type, msg);
}

void request_end (struct request *request)
{
    struct session *session = request->session;

    if (session->current == request) {
        session->current = NULL;
        if (session->channel)
            channel_pause (session->channel, false);
    }
    if (request->msg)
        protobuf_c_message_free_unpacked (request->msg, NULL);
    session_unref (session);
    free (request);
}

void request_reply (struct request *request, Moisson__MsgType type, const ProtobufCMessage *msg)
{
    request_send (request, type, msg);
    request_end (request);
}

void request_ok (struct request *request)
{
    Moisson__Nothing nothing = MOISSON__NOTHING__INIT;

    request_reply (request, MOISSON__MSG_TYPE__MSG_OK, &nothing.base);
}

void request_fail (struct request *request, const struct err *err)
{
    send_failure (request->session, err);
    request_end (request);
}

/* --- channels --------------------------------------------------------------------------------------------------- */

static struct request *request_create (struct session *session, void *msg)
{
    struct request *request = xcalloc (1, sizeof *request);

    request->ctld = session->ctld;
    request->session = session_ref (session);
    request->msg = msg;
    return request;
}

static void on_message (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    struct session *session = arg;
    _cleanup_err_ struct err err = ERR_INIT;
    const struct rpc_row *row = rpc_find (type, session->roles, &err);
    void *msg = row ? message_unpack (row->descriptor, data, len) : NULL;

    if (row && !msg)
        err_set (&err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "a message of type %d is malformed", (int) type);
    if (msg && session->current) {
        protobuf_c_message_free_unpacked (msg, NULL);
        msg = NULL;
        err_set (&err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "a second request came before the answer to the first");
    }
    if (!msg) {
        log_warn ("uid=%u node=%s event=refused type=%d why=\"%s\"", session->uid, session->node ? session->node : "",
                  (int) type, err.why);
        if (err.code == MOISSON__FAIL_CODE__FAIL_PERMISSION) /* a proper question, just not for this peer */
            send_failure (session, &err);
        else
            session_close (session, &err);
        return;
    }
    struct request *request = request_create (session, msg);
    if (!(session->roles & ROLE_NODE)) {
        session->current = request;
        channel_pause (session->channel, true);
    }
    row->handler (request);
}

static void on_closed (void *arg, const struct err *why)
{
    struct session *session = arg;
    struct channel *channel = session->channel;

    if (session->roles & ROLE_NODE)
        log_info ("node=%s event=disconnected why=\"%s\"", session->node, why && why->why ? why->why : "");
    leave (session);
    channel_free (channel);
}

static void on_drained (void *arg)
{
    struct session *session = arg;

    if (session->current && session->current->on_drained)
        session->current->on_drained (session->current);
}

static bool is_operator (const struct ctld *ctld, uint32_t uid)
{
    const Moisson__Config *config = core_config (ctld->core);

    if (uid == 0 || uid == ctld->uid)
        return true;
    for (size_t i = 0; config && i < config->n_operator_uids; i++)
        if (config->operator_uids[i] == uid)
            return true;
    return false;
}

static unsigned roles_of_user (const struct ctld *ctld, uint32_t uid)
{
    return ROLE_USER | (is_operator (ctld, uid) ? ROLE_OPERATOR : 0u);
}

/* Connections of one user, so that nobody takes all of the controller's descriptors. Operators are trusted with them.
 */
static bool too_many (const struct sessions *all, const struct session *session)
{
    size_t n = 0;

    if (session->roles & (ROLE_NODE | ROLE_OPERATOR))
        return false;
    for (const struct session *s = all->list; s; s = s->next)
        n += !(s->roles & ROLE_NODE) && s->uid == session->uid;
    return n > SESSIONS_A_USER;
}

/* The newest is the one that is meant: the oldest goes. */
static void make_place_for_node (struct sessions *all, const struct session *session)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct session *oldest = NULL;
    size_t n = 0;

    for (struct session *s = all->list; s; s = s->next)
        if ((s->roles & ROLE_NODE) && !strcmp (s->node, session->node)) {
            n++;
            oldest = s;
        }
    if (n <= SESSIONS_A_NODE)
        return;
    err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "node %s has more than %d sessions, this is the oldest",
             session->node, SESSIONS_A_NODE);
    log_warn ("node=%s event=session-closed why=\"%s\"", session->node, err.why);
    session_close (oldest, &err);
}

static void refuse_one_more (struct session *session)
{
    _cleanup_err_ struct err err = ERR_INIT;

    err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "user %u has %d connections to the controller already", session->uid,
             SESSIONS_A_USER);
    err_fix (&err, "end some commands that wait, for example sbatch --wait, and try again");
    log_warn ("uid=%u event=refused why=\"%s\"", session->uid, err.why);
    session_close (session, &err);
}

void sessions_accept (void *arg, struct channel *channel, const struct peer *peer)
{
    static const struct channel_handlers handlers = {
        .on_message = on_message, .on_closed = on_closed, .on_drained = on_drained};
    struct sessions *all = arg;
    struct session *session = xcalloc (1, sizeof *session);

    session->all = all;
    session->ctld = all->ctld;
    session->channel = channel;
    session->refs = 1;
    session->uid = peer->uid;
    session->gid = peer->gid;
    if (peer->is_node) {
        session->roles = ROLE_NODE;
        session->node = xstrdup (peer->node);
        if (peer->next_key)
            keyring_promote (all->ctld, session->node);
    } else {
        session->roles = roles_of_user (all->ctld, peer->uid);
    }
    session->next = all->list;
    if (all->list)
        all->list->prev = session;
    all->list = session;
    all->n++;
    if (!peer->is_node)
        channel_set_max_frame (channel, USER_FRAME_MAX);
    channel_handle (channel, &handlers, session);
    if (peer->is_node)
        make_place_for_node (all, session);
    else if (too_many (all, session))
        refuse_one_more (session);
}

void sessions_cut_node (struct sessions *all, const char *node, const struct err *why)
{
    struct session *s = all->list;

    while (s) {
        bool its = (s->roles & ROLE_NODE) && s->channel && !strcmp (s->node, node);

        if (its)
            session_close (s, why);
        s = its ? all->list : s->next; /* closing may have ended others, too */
    }
}

void sessions_reconfigured (struct sessions *all)
{
    for (struct session *s = all->list; s; s = s->next)
        if (!(s->roles & ROLE_NODE))
            s->roles = roles_of_user (all->ctld, s->uid);
}

size_t sessions_count (const struct sessions *all)
{
    return all->n;
}

size_t sessions_queued (const struct sessions *all)
{
    size_t bytes = 0;

    for (const struct session *s = all->list; s; s = s->next)
        bytes += channel_queued (s->channel);
    return bytes;
}

struct sessions *sessions_create (struct ctld *ctld)
{
    struct sessions *all = xcalloc (1, sizeof *all);

    all->ctld = ctld;
    return all;
}

struct sessions *sessions_free (struct sessions *all)
{
    if (!all)
        return NULL;
    while (all->list) {
        struct session *session = all->list;
        struct channel *channel = session->channel;

        leave (session);
        channel_free (channel);
    }
    free (all);
    return NULL;
}
