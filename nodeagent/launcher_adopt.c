/* launcher_adopt.c - who lives, who has ended. Whatever is not alive leaves this file with a status that says EXITED,
 * or (if it never started) without a directory. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include "base/files.h"
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/launcher.h"
#include "nodeagent/status.h"

#define NEVER UINT64_MAX
#define LOOK_EVERY (USEC_PER_SEC / 2)
#define SOON (USEC_PER_SEC / 100)
#define ABSENT_PATIENCE (15 * USEC_PER_SEC) /* three times as long as a shepherd takes to notice */
#define SETTLE_AT_START (3 * USEC_PER_SEC)
#define SWEPT UINT_MAX /* rounds: there is nothing left to end */

struct live *launcher_find (struct launcher *l, struct attempt_id id)
{
    for (size_t i = 0; i < l->n_live; i++)
        if (l->live[i].id.raw == id.raw && l->live[i].id.attempt == id.attempt)
            return &l->live[i];
    return NULL;
}

/* Has the shepherd nothing left to do but leave? Its job is over then, whatever the process table says. */
static bool has_ended (const struct launcher *l, struct attempt_id id)
{
    _cleanup_free_ char *path = spool_attempt_path (l->spool, id, "status");
    _cleanup_status_ struct status st = STATUS_INIT;

    return status_read (path, id, &st, NULL) == 0 && st.phase == STATUS_EXITED;
}

bool launcher_is_live (void *launcher, uint64_t raw_id)
{
    struct launcher *l = launcher;

    for (size_t i = 0; i < l->n_live; i++)
        if (l->live[i].id.raw == raw_id && !has_ended (l, l->live[i].id))
            return true;
    return false;
}

bool launcher_has_jobs (const struct launcher *l)
{
    for (size_t i = 0; i < l->n_live; i++)
        if (!l->live[i].held && !has_ended (l, l->live[i].id))
            return true;
    return false;
}

/* The status of an attempt whose lock nobody holds. A job can take the right to read it from its own directory. */
static int read_status (const struct launcher *l, struct attempt_id id, struct status *ret)
{
    _cleanup_free_ char *dir = spool_attempt_path (l->spool, id, NULL), *path = xasprintf ("%s/status", dir);
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = status_read (path, id, ret, &err);

    if (rc < 0 && spool_restore_mode (dir) == 0) {
        err_clear (&err);
        rc = status_read (path, id, ret, &err);
    }
    if (rc < 0)
        log_error ("%s; trying again", err.why);
    return rc;
}

/* Without a status it never started, unless other things are missing too: then the job has removed what it found. */
static bool never_started (const struct launcher *l, struct attempt_id id)
{
    static const char *const files[] = {"order", "script", "env", "lock", "ctl"};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        _cleanup_free_ char *path = spool_attempt_path (l->spool, id, files[i]);
        if (access (path, F_OK))
            return false;
    }
    return true;
}

/* The shepherd vanished without a last word: say it in its place, in a directory of ours if the job left none. */
static int write_lost (const struct launcher *l, const struct live *live, size_t unkillable)
{
    struct attempt_id id = live->id;
    _cleanup_free_ char *dir = spool_attempt_path (l->spool, id, NULL), *path = xasprintf ("%s/status", dir);
    _cleanup_status_ struct status st = STATUS_INIT;
    _cleanup_err_ struct err err = ERR_INIT;
    char name[ATTEMPT_NAME_SIZE];
    int rc = read_status (l, id, &st);

    if (rc < 0)
        return -1;
    if (rc) /* damaged: it was being created when power or shepherd went; absent: the job removed it */
        strcpy (st.boot, rc == STATUS_E_ABSENT ? l->boot : l->boot_before);
    bool other_boot = strcmp (st.boot, l->boot) != 0;
    st.id = id;
    st.phase = STATUS_EXITED;
    st.end_us = clock_wall ();
    st.kind = other_boot ? MOISSON__END_KIND__END_NODE_REBOOT : MOISSON__END_KIND__END_LOST;
    st.unkillable = unkillable;
    free (st.cause);
    st.cause = other_boot ? xstrdup ("the node was rebooted while the job was there")
               : unkillable
                   ? xasprintf ("the job's shepherd vanished; %zu processes of the job cannot be killed", unkillable)
                   : xasprintf ("the job's shepherd vanished; %zu processes of the job were ended", live->sweep.found);
    if ((mkdir (dir, ATTEMPTS_MODE) && errno != EEXIST) || status_replace (path, &st, &err)) {
        log_error ("attempt=%s %s; trying again", attempt_format (id, name), err.why ? err.why : strerror (errno));
        return -1;
    }
    log_warn ("attempt=%s event=lost cause='%s'", attempt_format (id, name), st.cause);
    return 0;
}

/* What could not be killed is gone: the agent that starts next must not think that it is there. */
static int write_freed (const struct launcher *l, struct attempt_id id, struct status *st)
{
    _cleanup_free_ char *path = spool_attempt_path (l->spool, id, "status");
    _cleanup_err_ struct err err = ERR_INIT;

    if (st->unkillable == 0)
        return 0;
    st->unkillable = 0;
    return status_replace (path, st, &err);
}

static void send_about (struct launcher *l, enum verb verb, struct attempt_id id)
{
    Moisson__AttemptId aid = MOISSON__ATTEMPT_ID__INIT;
    Moisson__LaunchResult msg = MOISSON__LAUNCH_RESULT__INIT;

    aid.raw_id = id.raw;
    aid.attempt = id.attempt;
    msg.id = &aid;
    pipe_end_send (&l->agent, verb, &msg.base);
}

void launcher_bury (struct launcher *l, struct attempt_id id)
{
    _cleanup_free_ char *dir = spool_attempt_path (l->spool, id, NULL);
    int rc = spares_give (&l->spares, dir);

    if (rc)
        log_error ("cannot remove %s: %s", dir, strerror (-rc));
}

static void drop (struct launcher *l, size_t i)
{
    free (l->live[i].stop);
    l->live[i] = l->live[--l->n_live];
}

/* The shepherd of live[i] is gone, and nothing is left of its job; its status says EXITED, or there is none. */
static void finish (struct launcher *l, size_t i, bool started)
{
    struct live gone = l->live[i];

    drop (l, i);
    if (gone.removing || !started)
        launcher_bury (l, gone.id);
    if (started)
        send_about (l, VERB_REAPED, gone.id);
    else if (!gone.removing)
        launcher_refuse (l, gone.id,
                         (char *) "the job's shepherd ended before it could start the job (see the node's log)");
}

/* Is nobody left of live[i], whose shepherd is gone? */
static bool is_swept (struct launcher *l, struct live *live)
{
    if (live->sweep.begun == 0)
        orphans_begin (l, live->id, &live->sweep);
    if (live->sweep.rounds != SWEPT && clock_monotonic () >= live->sweep.due &&
        orphans_round (l, live->id, &live->sweep))
        live->sweep.rounds = SWEPT;
    return live->sweep.rounds == SWEPT;
}

/* After a while the end is told all the same; its processes go on holding what they hold. */
static void tell_held (struct launcher *l, struct live *live)
{
    usec_t patience = (usec_t) l->conf->unkillable_timeout * USEC_PER_SEC;

    if (live->held || clock_monotonic () - live->sweep.begun < patience)
        return;
    _cleanup_ (cgroup_freep) struct cgroup_group *g = room_group (l, live->id);
    size_t n = cgroup_pids (g, NULL, 0);
    live->held = n && write_lost (l, live, n) == 0;
    if (live->held)
        send_about (l, VERB_ENDED, live->id);
}

/* Its status says how it ended, or that it never started. */
static usec_t settle_told (struct launcher *l, size_t i, struct status *st, bool exited, usec_t again)
{
    struct live *live = &l->live[i];

    if (room_leave (l, live->id) == -EBUSY && !is_swept (l, live))
        return live->sweep.due;
    live->sweep.rounds = 0;
    if (room_leave (l, live->id) || (exited && write_freed (l, live->id, st)))
        return again;
    finish (l, i, exited);
    return NEVER;
}

/* One step on the way of an attempt whose shepherd is gone. When the next one is due; NEVER: it was the last one.
 * Whatever fails is tried again. */
static usec_t settle (struct launcher *l, size_t i)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct live *live = &l->live[i];
    usec_t again = clock_monotonic () + LOOK_EVERY;
    int rc = read_status (l, live->id, &st);

    if (rc < 0)
        return again;
    if (!live->lost) {
        bool exited = rc == 0 && st.phase == STATUS_EXITED;
        if (exited || (rc == STATUS_E_ABSENT && never_started (l, live->id)))
            return settle_told (l, i, &st, exited, again);
        live->lost = true;
        if (strcmp (rc == 0 ? st.boot : rc == STATUS_E_DAMAGED ? l->boot_before : l->boot, l->boot) != 0)
            live->sweep = (struct sweep){.begun = 1, .rounds = SWEPT}; /* the boot has */
    }
    if (!is_swept (l, live)) {
        tell_held (l, live);
        return live->sweep.due;
    }
    if (room_leave (l, live->id) || (live->held ? write_freed (l, live->id, &st) : write_lost (l, live, 0)))
        return again;
    finish (l, i, true);
    return NEVER;
}

static void look_at (struct launcher *l, usec_t due)
{
    if (due < l->look_due)
        l->look_due = due;
}

static void shepherd_gone (struct launcher *l, size_t i)
{
    l->live[i].gone = true;
    l->live[i].pid = 0;
    look_at (l, settle (l, i));
}

void launcher_reap (struct launcher *l)
{
    int wait_status;
    pid_t pid;

    while ((pid = waitpid (-1, &wait_status, WNOHANG)) > 0) {
        if (scratch_reaped (&l->scratch, pid) || shepherds_reaped (&l->shepherds, pid))
            continue;
        if (pid == l->agent_pid) {
            agent_gone (l, wait_status);
            continue;
        }
        if (site_program_reaped (l, pid, wait_status))
            continue;
        for (size_t i = 0; i < l->n_live; i++)
            if (l->live[i].pid == pid) {
                shepherd_gone (l, i);
                break;
            }
    }
}

void launcher_look_soon (struct launcher *l)
{
    look_at (l, clock_monotonic () + SOON);
}

/* Nobody is our child here: its lock says whether it lives. */
static bool lives (const struct launcher *l, struct live *live, usec_t now)
{
    enum lock_state state = spool_lock_look (l->spool, live->id);

    if (state != LOCK_ABSENT) {
        live->absent_since = 0;
        return state != LOCK_FREE;
    }
    if (live->absent_since == 0)
        live->absent_since = now;
    return now - live->absent_since < ABSENT_PATIENCE;
}

void launcher_look (struct launcher *l)
{
    usec_t now = clock_monotonic ();

    if (l->look_due > now)
        return;
    l->look_due = NEVER;
    for (size_t i = l->n_live; i-- > 0;) {
        struct live *live = &l->live[i];
        if (live->gone || (live->pid == 0 && !lives (l, live, now))) {
            shepherd_gone (l, i);
            continue;
        }
        launcher_stop_again (l, live);
        if (live->pid == 0 || live->stop)
            look_at (l, now + LOOK_EVERY);
    }
}

static struct live *add_live (struct launcher *l, struct attempt_id id)
{
    GROW (l->live, l->n_live, l->room_live);
    l->live[l->n_live] = (struct live){.id = id};
    return &l->live[l->n_live++];
}

void launcher_add_gone (struct launcher *l, struct attempt_id id)
{
    add_live (l, id)->gone = true;
}

static void adopt_one (void *arg, struct attempt_id id)
{
    struct launcher *l = arg;
    _cleanup_status_ struct status st = STATUS_INIT;
    enum lock_state lock = spool_lock_look (l->spool, id);
    char name[ATTEMPT_NAME_SIZE];
    int rc = lock == LOCK_HELD || lock == LOCK_UNKNOWN ? 0 : read_status (l, id, &st);

    if (lock == LOCK_HELD || lock == LOCK_UNKNOWN) {
        add_live (l, id);
        log_info ("attempt=%s event=adopted", attempt_format (id, name));
    } else if (rc == STATUS_E_ABSENT) { /* we were ended between making it and starting it */
        rc = spool_remove_attempt (l->spool, id);
        if (rc)
            log_error ("attempt=%s cannot be removed: %s", attempt_format (id, name), strerror (-rc));
    } else if (rc != 0 || st.phase != STATUS_EXITED) {
        /* Of this boot and without a lock file: its shepherd may be about to make that again. */
        bool may_live = lock == LOCK_ABSENT && rc == 0 && strcmp (st.boot, l->boot) == 0;
        add_live (l, id)->gone = !may_live;
    }
}

/* What is lost is settled before the first agent speaks of it, all together: each takes its rounds. */
static void settle_the_lost (struct launcher *l)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    usec_t end = clock_monotonic () + SETTLE_AT_START;

    for (bool any = true; any && clock_monotonic () < end;) {
        any = false;
        for (size_t i = l->n_live; i-- > 0;) {
            if (!l->live[i].gone)
                continue;
            any = true;
            settle (l, i);
        }
        if (any)
            nanosleep (&pause, NULL);
    }
}

int launcher_adopt (struct launcher *l, struct err *err)
{
    _cleanup_free_ char *path = spool_path (l->spool, "boot");
    _cleanup_free_ char *text = NULL;

    strcpy (l->boot_before, l->boot);
    int rc = file_read_own (path, 256, &text, NULL, err);
    if (rc < 0)
        return -1;
    if (rc == 0) {
        text[strcspn (text, "\n")] = '\0';
        if (strlen (text) < BOOT_ID_SIZE)
            strcpy (l->boot_before, text);
    } else if (err)
        err_clear (err);
    l->look_due = 0;
    if (spool_each_attempt (l->spool, adopt_one, l, err))
        return -1;
    room_sort_out (l);
    settle_the_lost (l);
    return 0;
}
