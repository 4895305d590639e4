/* launcher_adopt.c - who lives, who has ended. Whatever is not alive leaves this file with a status that says EXITED,
 * or (if it never started) without a directory. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include "base/files.h"
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/launcher.h"
#include "nodeagent/status.h"

#define LOOK_EVERY (USEC_PER_SEC / 2)

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

/* The shepherd vanished without a last word: end what it left, and say so in its place. */
static void write_lost (struct launcher *l, struct attempt_id id, struct status *st, int phase)
{
    _cleanup_free_ char *path = spool_attempt_path (l->spool, id, "status");
    _cleanup_err_ struct err err = ERR_INIT;
    char name[ATTEMPT_NAME_SIZE];
    bool other_boot = strcmp (st->boot, l->boot) != 0;
    size_t left = other_boot ? 0 : orphans_kill (l, id);

    st->id = id;
    st->phase = STATUS_EXITED;
    st->end_us = clock_wall ();
    free (st->cause);
    if (phase == STATUS_E_ABSENT) {
        st->kind = MOISSON__END_KIND__END_SETUP;
        st->cause = xstrdup ("the job's shepherd ended before it could start the job (see the node's log)");
    } else if (other_boot) {
        st->kind = MOISSON__END_KIND__END_NODE_REBOOT;
        st->cause = xstrdup ("the node was rebooted while the job was there");
    } else {
        st->kind = MOISSON__END_KIND__END_LOST;
        st->cause = xasprintf ("the job's shepherd vanished; %zu processes of the job were ended", left);
    }
    if (status_replace (path, st, &err))
        log_error ("attempt=%s %s", attempt_format (id, name), err.why);
    log_warn ("attempt=%s event=lost cause='%s'", attempt_format (id, name), st->cause);
}

/* Nobody holds the lock of this attempt. See to it that its status says EXITED. */
static void settle (struct launcher *l, struct attempt_id id, const char *boot_before)
{
    _cleanup_free_ char *path = spool_attempt_path (l->spool, id, "status");
    _cleanup_status_ struct status st = STATUS_INIT;
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = status_read (path, id, &st, &err);

    if (rc == 0 && st.phase == STATUS_EXITED)
        return;
    if (rc < 0)
        log_error ("%s", err.why);
    if (rc == STATUS_E_ABSENT)
        strcpy (st.boot, l->boot);
    else if (rc) /* damaged: it was being created when power or shepherd went */
        strcpy (st.boot, boot_before);
    write_lost (l, id, &st, rc);
}

static void send_reaped (struct launcher *l, struct attempt_id id)
{
    Moisson__AttemptId aid = MOISSON__ATTEMPT_ID__INIT;
    Moisson__LaunchResult msg = MOISSON__LAUNCH_RESULT__INIT;

    aid.raw_id = id.raw;
    aid.attempt = id.attempt;
    msg.id = &aid;
    pipe_end_send (&l->agent, VERB_REAPED, &msg.base);
}

void launcher_bury (struct launcher *l, struct attempt_id id)
{
    _cleanup_free_ char *dir = spool_attempt_path (l->spool, id, NULL);
    int rc = spares_give (&l->spares, dir);

    if (rc)
        log_error ("cannot remove %s: %s", dir, strerror (-rc));
}

/* The shepherd of live[i] is gone. */
static void shepherd_gone (struct launcher *l, size_t i)
{
    struct live gone = l->live[i];

    l->live[i] = l->live[--l->n_live];
    settle (l, gone.id, l->boot);
    if (gone.removing)
        launcher_bury (l, gone.id);
    else
        send_reaped (l, gone.id);
}

void launcher_reap (struct launcher *l)
{
    int wait_status;
    pid_t pid;

    while ((pid = waitpid (-1, &wait_status, WNOHANG)) > 0) {
        if (pid == l->agent_pid) {
            agent_gone (l, wait_status);
            continue;
        }
        for (size_t i = 0; i < l->n_live; i++)
            if (l->live[i].pid == pid) {
                shepherd_gone (l, i);
                break;
            }
    }
}

void launcher_look (struct launcher *l)
{
    usec_t now = clock_monotonic ();
    bool any = false;

    if (l->look_due > now)
        return;
    for (size_t i = l->n_live; i-- > 0;) {
        if (l->live[i].pid)
            continue;
        if (spool_lock_held (l->spool, l->live[i].id))
            any = true;
        else
            shepherd_gone (l, i);
    }
    l->look_due = any ? now + LOOK_EVERY : UINT64_MAX;
}

struct adoption {
    struct launcher *l;
    char boot_before[BOOT_ID_SIZE];
};

static void adopt_one (void *arg, struct attempt_id id)
{
    struct adoption *a = arg;
    struct launcher *l = a->l;
    _cleanup_free_ char *path = spool_attempt_path (l->spool, id, "status");
    _cleanup_status_ struct status st = STATUS_INIT;
    char name[ATTEMPT_NAME_SIZE];

    if (spool_lock_held (l->spool, id)) {
        GROW (l->live, l->n_live, l->room_live);
        l->live[l->n_live++] = (struct live){.id = id};
        log_info ("attempt=%s event=adopted", attempt_format (id, name));
        return;
    }
    if (status_read (path, id, &st, NULL) == STATUS_E_ABSENT) { /* we were ended between making it and starting it */
        int rc = spool_remove_attempt (l->spool, id);
        if (rc)
            log_error ("attempt=%s cannot be removed: %s", attempt_format (id, name), strerror (-rc));
        return;
    }
    settle (l, id, a->boot_before);
}

int launcher_adopt (struct launcher *l, struct err *err)
{
    _cleanup_free_ char *path = spool_path (l->spool, "boot");
    _cleanup_free_ char *text = NULL;
    struct adoption a = {.l = l};

    strcpy (a.boot_before, l->boot);
    if (access (path, F_OK) == 0) {
        if (file_read_own (path, 256, &text, NULL, err))
            return -1;
        text[strcspn (text, "\n")] = '\0';
        if (strlen (text) < BOOT_ID_SIZE)
            strcpy (a.boot_before, text);
    }
    l->look_due = 0;
    return spool_each_attempt (l->spool, adopt_one, &a, err);
}
