/* launcher_start.c - carry out what the agent asks: start, stop, remove. What is written into an attempt's directory is
 * what was verified: bytes are read once, checked, and written from memory. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "base/files.h"
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/control.h"
#include "nodeagent/launcher.h"

#define BLOB_MAX (64u << 20)

struct attempt_fds {
    int lock, ctl;
};

static struct attempt_id id_of (const Moisson__AttemptId *id)
{
    return (struct attempt_id){id->raw_id, id->attempt};
}

static void answer (struct launcher *l, enum verb verb, struct attempt_id id, char *why)
{
    Moisson__AttemptId aid = MOISSON__ATTEMPT_ID__INIT;
    Moisson__LaunchResult msg = MOISSON__LAUNCH_RESULT__INIT;

    aid.raw_id = id.raw;
    aid.attempt = id.attempt;
    msg.id = &aid;
    msg.why = why;
    pipe_end_send (&l->agent, verb, &msg.base);
}

/* What the agent says of these is not heard: they are the configuration's. */
static void set_terms (const struct launcher *l, const Moisson__Launch *agents, const struct room *room,
                       Moisson__Launch *launch)
{
    *launch = *agents; /* the rest is borrowed */
    room_tell (l, room, launch);
    launch->limits = (Moisson__Limit **) l->terms.pointers;
    launch->n_limits = LIMITS_N;
    launch->has_login_wait_s = true;
    launch->login_wait_s = l->conf->login_env_wait;
    launch->prolog = &l->conf->prolog;
    launch->n_prolog = *l->conf->prolog ? 1 : 0;
    launch->epilog = &l->conf->epilog;
    launch->n_epilog = *l->conf->epilog ? 1 : 0;
    launch->has_hook_limit_s = launch->n_prolog || launch->n_epilog;
    launch->hook_limit_s = l->conf->hook_timeout;
}

static int write_file (const char *dir, const char *name, const void *data, size_t len, mode_t mode, struct err *err)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", dir, name);

    return file_rewrite (path, data, len, mode, err);
}

/* Read a blob of the agent's once, and check it: what is written is what was checked. An empty hash stands for empty
 * content. */
static int read_blob (const struct launcher *l, const char *what, uint32_t uid, const ProtobufCBinaryData *hash,
                      char **ret, size_t *ret_len, struct err *err)
{
    _cleanup_buf_ struct buf path = BUF_INIT;

    if (hash->len == 0) {
        *ret = xstrdup ("");
        return 0;
    }
    buf_printf (&path, "%s/blobs/%u-", l->spool, uid);
    for (size_t i = 0; i < hash->len; i++)
        buf_printf (&path, "%02x", hash->data[i]);
    uid_t owner = l->root_mode.on ? l->root_mode.agent_uid : geteuid ();
    if (file_read_of (path.data, owner, BLOB_MAX, ret, ret_len, err) || blob_verify (hash, *ret, *ret_len, what, err))
        return -1;
    return 0;
}

static int write_env (const struct launcher *l, const char *dir, const Moisson__Order *order, struct err *err)
{
    _cleanup_free_ char *data = NULL;
    size_t len = 0;

    if (read_blob (l, "environment", order->uid, &order->env_hash, &data, &len, err))
        return -1;
    return write_file (dir, "env", data, len, 0600, err);
}

/* The interpreter opens it as the job's user, and nobody else may. */
static int write_script (const struct launcher *l, const char *dir, const Moisson__Order *order, struct err *err)
{
    _cleanup_free_ char *data = NULL, *path = xasprintf ("%s/script", dir);
    size_t len = 0;

    if (read_blob (l, "script", order->uid, &order->script_hash, &data, &len, err))
        return -1;
    if (l->root_mode.on)
        return file_rewrite_for (path, data, len, 0500, order->uid, order->gid, err);
    return file_rewrite (path, data, len, 0700, err);
}

static int open_fds (const char *dir, struct attempt_fds *ret, struct err *err)
{
    _cleanup_free_ char *lock = xasprintf ("%s/lock", dir), *ctl = xasprintf ("%s/ctl", dir);

    ret->lock = open (lock, O_RDWR | O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (ret->lock < 0 || flock (ret->lock, LOCK_EX | LOCK_NB))
        return err_errno (err, errno, "cannot lock %s", lock);
    if (mkfifo (ctl, 0600) && errno != EEXIST)
        return err_errno (err, errno, "cannot create %s", ctl);
    ret->ctl = open (ctl, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    return ret->ctl < 0 ? err_errno (err, errno, "cannot open %s", ctl) : 0;
}

/* They come to the environment of the site's programs, which run as root: nothing that a shell could take for more. */
static int check_words (const Moisson__Launch *agents, struct err *err)
{
    const char *const words[] = {agents->gpu_ids, agents->gpu_visible, agents->gpu_left};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i] && words[i][strspn (words[i], "0123456789,")])
            return err_set (err, 0, "the agent names GPUs that are no numbers");
    return 0;
}

static int make_attempt (struct launcher *l, const Moisson__Launch *agents, const Moisson__Order *order,
                         const char *dir, struct attempt_fds *fds, struct err *err)
{
    _cleanup_ (room_clear) struct room room = {0};
    Moisson__Launch launch;

    if (check_words (agents, err) || room_make (l, agents, order, &room, err))
        return -1;
    set_terms (l, agents, &room, &launch);
    size_t len = moisson__launch__get_packed_size (&launch);
    _cleanup_free_ uint8_t *packed = xmalloc (len);

    moisson__launch__pack (&launch, packed);
    if (write_file (dir, "order", packed, len, l->root_mode.on ? 0640 : 0600, err) ||
        write_script (l, dir, order, err) || write_env (l, dir, order, err))
        return -1;
    return open_fds (dir, fds, err);
}

static int start_shepherd (struct launcher *l, struct attempt_id id, const struct attempt_fds *fds, struct err *err)
{
    char name[ATTEMPT_NAME_SIZE];
    pid_t pid;

    if (shepherds_start (&l->shepherds, attempt_format (id, name), fds->lock, fds->ctl, &pid, err))
        return -1;
    GROW (l->live, l->n_live, l->room_live);
    l->live[l->n_live++] = (struct live){.id = id, .pid = pid, .untold = !pid};
    if (!pid)
        launcher_look_soon (l);
    return 0;
}

static int start_verified (struct launcher *l, const Moisson__Launch *launch, const Moisson__Order *order,
                           struct err *err)
{
    struct attempt_id id = {order->raw_id, order->attempt};
    _cleanup_free_ char *dir = spool_attempt_path (l->spool, id, NULL);
    struct attempt_fds fds = {-1, -1};
    int rc;

    if (access (dir, F_OK) == 0)
        return err_set (err, 0, "this attempt is in the spool already: an attempt starts once");
    if (spares_take (&l->spares, dir, l->root_mode.on ? order->uid : geteuid (), err))
        return -1;
    rc = make_attempt (l, launch, order, dir, &fds, err) || start_shepherd (l, id, &fds, err) ? -1 : 0;
    if (fds.lock >= 0)
        close (fds.lock);
    if (fds.ctl >= 0)
        close (fds.ctl);
    if (rc) {
        room_leave (l, id);
        int gone = spool_remove_attempt (l->spool, id);
        if (gone)
            log_error ("cannot remove %s: %s", dir, strerror (-gone));
        return -1;
    }
    return 0;
}

void launcher_refuse (struct launcher *l, struct attempt_id id, char *why)
{
    char name[ATTEMPT_NAME_SIZE];

    log_warn ("attempt=%s event=refused why='%s'", attempt_format (id, name), why);
    answer (l, VERB_REFUSED, id, why);
}

void launcher_start (struct launcher *l, const Moisson__Launch *launch)
{
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_order_ Moisson__Order *order = NULL;
    struct attempt_id id = {0};
    char name[ATTEMPT_NAME_SIZE];

    if (order_verify (&l->verifier, launch->order, &order, &err) == 0) {
        id = (struct attempt_id){order->raw_id, order->attempt};
        if (start_verified (l, launch, order, &err) == 0) {
            log_debug ("attempt=%s event=started", attempt_format (id, name));
            answer (l, VERB_STARTED, id, NULL);
            return;
        }
    } else { /* whose it claims to be, so that the agent knows what was refused */
        order = moisson__order__unpack (NULL, launch->order->order.len, launch->order->order.data);
        if (order)
            id = (struct attempt_id){order->raw_id, order->attempt};
    }
    _cleanup_free_ char *why = err_line (&err);
    launcher_refuse (l, id, why);
}

/* The lines go in whole or not at all: they are shorter than what a fifo takes at once. */
static int deliver (const struct launcher *l, struct attempt_id id, const char *lines)
{
    _cleanup_free_ char *path = spool_attempt_path (l->spool, id, "ctl");
    _cleanup_close_ int fd = open (path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat (fd, &st))
        return -1;
    if (!S_ISFIFO (st.st_mode)) {
        errno = ENOTSUP;
        return -1;
    }
    return write (fd, lines, strlen (lines)) == (ssize_t) strlen (lines) ? 0 : -1;
}

void launcher_stop_again (struct launcher *l, struct live *live)
{
    if (live->stop && deliver (l, live->id, live->stop) == 0)
        free (steal (&live->stop));
}

/* One write to a fifo is whole up to 4096 bytes. */
#define UNDELIVERED_MOST 2048

void launcher_stop (struct launcher *l, const Moisson__Stop *stop)
{
    struct live *live = launcher_find (l, id_of (stop->id));
    bool is_signal = stop->how == MOISSON__STOP_HOW__STOP_SIGNAL;
    struct buf lines = BUF_INIT;
    char name[ATTEMPT_NAME_SIZE];

    if (!live || live->gone)
        return; /* it has ended, or never was here: the agent knows which */
    if (live->stop && is_signal && !live->stop_is_signal)
        return; /* an end is on its way: nothing takes its place */
    if (live->stop && is_signal && strlen (live->stop) < UNDELIVERED_MOST)
        buf_puts (&lines, live->stop); /* one does not make up for another */
    control_format (stop, &lines);
    free (live->stop);
    live->stop = buf_steal (&lines);
    live->stop_is_signal = is_signal;
    launcher_stop_again (l, live);
    if (!live->stop)
        return;
    log_warn ("attempt=%s event=stop-not-delivered why='%s; trying again'", attempt_format (live->id, name),
              strerror (errno));
    launcher_look_soon (l);
}

void launcher_remove (struct launcher *l, struct attempt_id id)
{
    struct live *live = launcher_find (l, id);

    if (live)
        live->removing = true;
    else
        launcher_bury (l, id);
}
