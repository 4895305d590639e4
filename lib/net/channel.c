/* channel.c - a sealed connection on a loop.
 *
 * Output is gathered during a turn and sent at its end; then again whenever the socket takes more. Input is read a
 * piece at a time and handed on frame by frame, for at most BUDGET_US a turn, so that one busy peer does not hold the
 * loop. Handlers may do anything with the channel, freeing included: it then dies when the last call into it returns.
 */
#include "net/channel.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include "base/mem.h"
#include "net/internal.h"

#define LENGTH_SIZE 4
#define TYPE_SIZE 2
#define READ_SIZE (64u << 10) /* a piece of input; also what is read ahead while paused */
#define KEEP_SIZE BYTES_KEEP  /* buffers larger than this are given back when empty */
#define SEND_SIZE (1u << 20)  /* a piece of output */
#define BUDGET_US 2000        /* of handlers, in one turn */
#define FINISH_US (5 * USEC_PER_SEC)
#define DISCARD_MAX (4u << 20) /* read and thrown away from a peer that does not see that it was told to go */

struct channel {
    struct loop *loop;
    int fd;
    struct seal *seal;
    struct watch *watch;
    struct late *late;
    size_t max_frame;
    usec_t frame_time;
    struct timer *frame_timer; /* made when first needed */
    bool unfinished;           /* frame_timer runs: a part of a frame is here */
    struct debt debt;          /* input held */
    struct channel_handlers handlers;
    void *arg;
    struct bytes in, out;
    uint8_t *plain;
    size_t plain_room;
    struct err fault; /* why it ends; told by on_closed */
    bool handled;     /* channel_handle has been called */
    bool paused;
    bool blocked;  /* the socket takes no more output */
    bool more;     /* whole frames are left for the next turn */
    bool eof;      /* the peer sends no more */
    bool closed;   /* on_closed has been called, or would have been */
    bool dead;     /* freed by a handler */
    unsigned busy; /* calls of handlers in progress */
    bool finishing;
    struct timer *finish_timer;
    struct owned owned;
    size_t discarded;
};

/* --- life ----------------------------------------------------------------------------------------------------------
 */

static void on_watch (void *arg, int events);
static void on_turn_end (void *arg);
static void on_evicted (void *arg);

struct channel *channel_create (struct loop *loop, int fd, struct seal *seal, size_t max_frame)
{
    struct channel *ch = xcalloc (1, sizeof *ch);

    ch->loop = loop;
    ch->fd = fd;
    ch->seal = seal;
    ch->max_frame = max_frame;
    ch->frame_time = FRAME_TIME;
    ch->debt = (struct debt){.evict = on_evicted, .arg = ch};
    ch->watch = watch_create (loop, fd, on_watch, ch);
    ch->late = late_create (loop, on_turn_end, ch);
    return ch;
}

/* Nothing more will be read from what is held. */
static void drop_input (struct channel *ch)
{
    ch->frame_timer = timer_free (ch->frame_timer);
    ch->unfinished = false;
    budget_charge (loop_budget (ch->loop), &ch->debt, 0);
    bytes_clear (&ch->in);
}

/* The connection ends; memory may have to wait for handlers to return. */
static void disconnect (struct channel *ch)
{
    drop_input (ch);
    ch->watch = watch_free (ch->watch);
    ch->late = late_free (ch->late);
    ch->finish_timer = timer_free (ch->finish_timer);
    if (ch->fd >= 0)
        close (ch->fd);
    ch->fd = -1;
}

static void destroy (struct channel *ch)
{
    disconnect (ch);
    if (ch->finishing)
        loop_disown (&ch->owned);
    seal_free (ch->seal);
    free (ch->out.data);
    free (ch->plain);
    err_clear (&ch->fault);
    free (ch);
}

struct channel *channel_free (struct channel *ch)
{
    if (!ch)
        return NULL;
    if (ch->busy) {
        ch->dead = true;
        disconnect (ch);
    } else {
        destroy (ch);
    }
    return NULL;
}

/* Around every call of a handler. leave: false if the channel is gone or no longer the caller's business. */
static void enter (struct channel *ch)
{
    ch->busy++;
}

static bool leave (struct channel *ch)
{
    ch->busy--;
    if (ch->dead && !ch->busy) {
        destroy (ch);
        return false;
    }
    return !ch->dead && !ch->finishing && !ch->closed;
}

size_t channel_queued (const struct channel *ch)
{
    return bytes_len (&ch->out);
}

void channel_set_max_frame (struct channel *ch, size_t max_frame)
{
    ch->max_frame = max_frame < FRAME_MAX ? max_frame : FRAME_MAX;
}

void channel_set_frame_time (struct channel *ch, usec_t limit)
{
    ch->frame_time = limit;
}

const struct seal *channel_seal (const struct channel *ch)
{
    return ch->seal;
}

/* What to wait for, from the state. */
static void update_watch (struct channel *ch)
{
    bool reading = ch->handled && !ch->eof && !ch->more && !(ch->paused && bytes_len (&ch->in) >= READ_SIZE);
    bool ending = ch->closed || err_is_set (&ch->fault);

    if (ch->finishing)
        watch_set (ch->watch, ch->blocked ? WATCH_WRITE : WATCH_READ);
    else
        watch_set (ch->watch, ending ? 0 : (reading ? WATCH_READ : 0) | (ch->blocked ? WATCH_WRITE : 0));
}

void channel_handle (struct channel *ch, const struct channel_handlers *handlers, void *arg)
{
    ch->handlers = *handlers;
    ch->arg = arg;
    ch->handled = true;
    if (ch->dead || ch->closed)
        return;
    late_arm (ch->late); /* input may be waiting already */
    update_watch (ch);
}

static void stop_frame_timer (struct channel *ch)
{
    if (ch->unfinished)
        timer_disarm (ch->frame_timer);
    ch->unfinished = false;
}

void channel_pause (struct channel *ch, bool paused)
{
    ch->paused = paused;
    if (ch->dead || ch->closed)
        return;
    if (paused)
        stop_frame_timer (ch);
    else
        late_arm (ch->late);
    update_watch (ch);
}

/* The connection is over; the owner frees it, in the call or later. */
static void tell_closed (struct channel *ch)
{
    if (ch->closed || !ch->handled)
        return;
    ch->closed = true;
    drop_input (ch);
    update_watch (ch);
    if (!ch->handlers.on_closed)
        return;
    enter (ch);
    ch->handlers.on_closed (ch->arg, &ch->fault);
    leave (ch);
}

/* --- output --------------------------------------------------------------------------------------------------------
 */

static void queue_frame (struct channel *ch, const uint8_t *plain, size_t len)
{
    size_t sealed = seal_size (len);
    uint8_t *p = bytes_reserve (&ch->out, LENGTH_SIZE + sealed);

    p[0] = (uint8_t) (sealed >> 24);
    p[1] = (uint8_t) (sealed >> 16);
    p[2] = (uint8_t) (sealed >> 8);
    p[3] = (uint8_t) sealed;
    seal_frame (ch->seal, plain, len, p + LENGTH_SIZE);
    ch->out.end += LENGTH_SIZE + sealed;
}

void channel_send (struct channel *ch, Moisson__MsgType type, const ProtobufCMessage *msg)
{
    _cleanup_free_ uint8_t *plain = NULL;
    size_t len, waiting = bytes_len (&ch->out);

    if (ch->dead || ch->closed || ch->finishing || err_is_set (&ch->fault))
        return;
    plain = message_pack (type, msg, &len);
    late_arm (ch->late);
    if (seal_size (len) > FRAME_MAX)
        err_set (&ch->fault, MOISSON__FAIL_CODE__FAIL_PROTOCOL,
                 "a message of %zu bytes is larger than a frame may be (%u)", len, FRAME_MAX);
    else if (waiting + LENGTH_SIZE + seal_size (len) > CHANNEL_MAX)
        err_set (&ch->fault, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the peer does not read: %zu bytes are waiting for it",
                 waiting);
    else
        queue_frame (ch, plain, len);
}

/* Send what the socket takes. 0, or -1 with the fault set. */
static int flush (struct channel *ch, bool *ret_any)
{
    ch->blocked = false;
    while (bytes_len (&ch->out)) {
        size_t len = bytes_len (&ch->out) < SEND_SIZE ? bytes_len (&ch->out) : SEND_SIZE;
        ssize_t n = socket_send (ch->fd, ch->out.data + ch->out.start, len);
        if (n == -EAGAIN) {
            ch->blocked = true;
            return 0;
        }
        if (n < 0)
            return err_errno (&ch->fault, (int) -n, "the connection was lost");
        bytes_take (&ch->out, (size_t) n);
        *ret_any = true;
    }
    return 0;
}

/* false: the channel is gone, or over. */
static bool push_out (struct channel *ch)
{
    bool any = false;

    if (flush (ch, &any) < 0) {
        tell_closed (ch);
        return false;
    }
    if (!any || !ch->handlers.on_drained || bytes_len (&ch->out) >= CHANNEL_LOW)
        return true;
    enter (ch);
    ch->handlers.on_drained (ch->arg);
    return leave (ch);
}

/* --- input ---------------------------------------------------------------------------------------------------------
 */

/* Length of the frame at the head of the input once it is whole; 0 = not yet; -1: fault is set. */
static ssize_t whole_frame (struct channel *ch)
{
    size_t have = bytes_len (&ch->in), len;
    const uint8_t *p;

    if (have < LENGTH_SIZE)
        return 0;
    p = ch->in.data + ch->in.start;
    len = (size_t) p[0] << 24 | (size_t) p[1] << 16 | (size_t) p[2] << 8 | p[3];
    if (len < seal_size (TYPE_SIZE) || len > ch->max_frame)
        return err_set (&ch->fault, MOISSON__FAIL_CODE__FAIL_PROTOCOL,
                        "the peer announced a frame of %zu bytes; %zu to %zu are accepted", len, seal_size (TYPE_SIZE),
                        ch->max_frame);
    return have - LENGTH_SIZE < len ? 0 : (ssize_t) len;
}

/* Open the frame and hand it on. false: stop, the channel is gone, over, or not ours any more. */
static bool deliver_frame (struct channel *ch, size_t len)
{
    const uint8_t *cipher = ch->in.data + ch->in.start + LENGTH_SIZE;
    size_t n;

    if (ch->plain_room < len) {
        free (ch->plain);
        ch->plain_room = len < 4096 ? 4096 : len;
        ch->plain = xmalloc (ch->plain_room);
    }
    if (seal_open (ch->seal, cipher, len, ch->plain, &n, &ch->fault) < 0)
        return true; /* the fault says the rest */
    bytes_take (&ch->in, LENGTH_SIZE + len);
    stop_frame_timer (ch);
    enter (ch);
    if (ch->handlers.on_message)
        ch->handlers.on_message (ch->arg, (Moisson__MsgType) (ch->plain[0] << 8 | ch->plain[1]), ch->plain + TYPE_SIZE,
                                 n - TYPE_SIZE);
    return leave (ch);
}

/* Hand on whole frames. false: the channel is gone, or over. */
static bool deliver (struct channel *ch)
{
    usec_t began = now_monotonic ();
    ssize_t len = 0;

    ch->more = false;
    while (ch->handled && !err_is_set (&ch->fault) && (len = whole_frame (ch)) > 0 && !ch->paused) {
        if (now_monotonic () - began > BUDGET_US) {
            ch->more = true;
            late_arm (ch->late);
            return true;
        }
        if (!deliver_frame (ch, (size_t) len))
            return false;
    }
    if (ch->plain_room > KEEP_SIZE) {
        free (ch->plain);
        ch->plain = NULL;
        ch->plain_room = 0;
    }
    if (ch->eof && len == 0 && !err_is_set (&ch->fault))
        err_set (&ch->fault, MOISSON__FAIL_CODE__FAIL_OTHER, "the peer closed the connection");
    if (!err_is_set (&ch->fault))
        return true;
    tell_closed (ch);
    return false;
}

static void on_frame_late (void *arg)
{
    struct channel *ch = arg;

    ch->unfinished = false;
    err_set (&ch->fault, MOISSON__FAIL_CODE__FAIL_PROTOCOL,
             "the peer did not finish a message within %u seconds (%zu bytes came)",
             (unsigned) (ch->frame_time / USEC_PER_SEC), bytes_len (&ch->in));
    tell_closed (ch);
}

/* Told at the end of the turn, as another channel may be reading now. */
static void on_evicted (void *arg)
{
    struct channel *ch = arg;

    err_set (&ch->fault, MOISSON__FAIL_CODE__FAIL_OTHER,
             "all peers together hold more than %u MB of unfinished messages here, and this one holds the most",
             INPUT_BUDGET >> 20);
    drop_input (ch);
    late_arm (ch->late);
    update_watch (ch);
}

/* What is left of the input goes on the account, and a part of a frame on the clock. */
static void account_input (struct channel *ch)
{
    size_t have = bytes_len (&ch->in);
    bool unfinished = have && ch->handled && !ch->paused && !ch->more;

    if (!unfinished) {
        stop_frame_timer (ch);
    } else if (!ch->unfinished) {
        if (!ch->frame_timer)
            ch->frame_timer = timer_create_in (ch->loop, on_frame_late, ch);
        timer_arm (ch->frame_timer, ch->frame_time);
        ch->unfinished = true;
    }
    budget_charge (loop_budget (ch->loop), &ch->debt, have);
}

/* One piece of input. The buffer grows with what has come, not with what was announced. */
static void read_some (struct channel *ch)
{
    size_t have = bytes_len (&ch->in), room = have > READ_SIZE ? have : READ_SIZE;
    ssize_t n;

    if (room > SEND_SIZE)
        room = SEND_SIZE;
    n = socket_recv (ch->fd, bytes_reserve (&ch->in, room), room);
    if (n > 0)
        ch->in.end += (size_t) n;
    else if (n == 0)
        ch->eof = true;
    else if (n != -EAGAIN)
        err_errno (&ch->fault, (int) -n, "the connection was lost");
}

/* --- the end -------------------------------------------------------------------------------------------------------
 */

static void release (void *arg)
{
    destroy (arg);
}

/* Closing with unread input would reset the connection and could take our last words with it: say that nothing more
 * comes, then wait until the peer goes, for a while. */
static void finish_step (struct channel *ch, bool readable)
{
    bool any = false;
    uint8_t waste[4096];
    ssize_t n;

    if (flush (ch, &any) < 0) {
        destroy (ch);
        return;
    }
    if (!ch->blocked && any)
        (void) shutdown (ch->fd, SHUT_WR); /* fails only if the peer is gone, which the next read tells */
    if (readable && !ch->blocked) {
        n = socket_recv (ch->fd, waste, sizeof waste);
        ch->discarded += n > 0 ? (size_t) n : 0;
        if (n == 0 || (n < 0 && n != -EAGAIN) || ch->discarded > DISCARD_MAX) {
            destroy (ch);
            return;
        }
    }
    update_watch (ch);
}

void channel_finish (struct channel *ch)
{
    ch->handlers = (struct channel_handlers){0};
    if (ch->dead || ch->closed || err_is_set (&ch->fault) || (ch->eof && !bytes_len (&ch->out))) {
        channel_free (ch);
        return;
    }
    ch->finishing = true;
    drop_input (ch);
    ch->owned = (struct owned){.release = release, .arg = ch};
    loop_adopt (ch->loop, &ch->owned);
    ch->finish_timer = timer_create_in (ch->loop, release, ch);
    timer_arm (ch->finish_timer, FINISH_US);
    if (!bytes_len (&ch->out))
        (void) shutdown (ch->fd, SHUT_WR);
    late_arm (ch->late);
    update_watch (ch);
}

/* --- from the loop -------------------------------------------------------------------------------------------------
 */

static void on_watch (void *arg, int events)
{
    struct channel *ch = arg;

    if (ch->finishing) {
        finish_step (ch, events & WATCH_READ);
        return;
    }
    if (events & WATCH_READ) {
        read_some (ch);
        if (!deliver (ch))
            return;
        account_input (ch);
    }
    if (events & WATCH_WRITE && !push_out (ch))
        return;
    update_watch (ch);
}

static void on_turn_end (void *arg)
{
    struct channel *ch = arg;

    if (ch->finishing) {
        finish_step (ch, false);
        return;
    }
    if (!deliver (ch))
        return;
    account_input (ch);
    if (ch->blocked || push_out (ch))
        update_watch (ch);
}
