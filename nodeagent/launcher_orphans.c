/* launcher_orphans.c - end what a vanished shepherd has left. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/launcher.h"
#include "nodeagent/tree.h"

#define ENVIRON_MAX (4u << 20)
#define ROUNDS 24 /* about 2 s: what cannot be killed in that time is left to the kernel */
#define PAUSE_MIN (USEC_PER_SEC / 100)
#define PAUSE_MAX (USEC_PER_SEC / 10)

static inline void cleanup_closedirp (DIR **d)
{
    if (*d)
        closedir (*d);
}

static bool has_entry (const struct buf *environ_text, const char *entry)
{
    size_t len = strlen (entry) + 1;

    for (size_t at = 0; at < environ_text->len; at += strlen (environ_text->data + at) + 1)
        if (environ_text->len - at >= len && memcmp (environ_text->data + at, entry, len) == 0)
            return true;
    return false;
}

static bool is_of (const char *pid, const char *attempt, const char *spool)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    char path[64], block[16384];
    ssize_t n;

    snprintf (path, sizeof path, "/proc/%.20s/environ", pid);
    _cleanup_close_ int fd = open (path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    while (text.len < ENVIRON_MAX && (n = read (fd, block, sizeof block)) > 0)
        buf_add (&text, block, (size_t) n);
    return text.len && has_entry (&text, attempt) && has_entry (&text, spool);
}

static size_t signal_all (const char *attempt, const char *spool, int sig)
{
    _cleanup_ (cleanup_closedirp) DIR *dir = opendir ("/proc");
    size_t n = 0;

    for (struct dirent *e; dir && (e = readdir (dir));)
        if (isdigit ((unsigned char) e->d_name[0]) && is_of (e->d_name, attempt, spool)) {
            n++;
            kill ((pid_t) atol (e->d_name), sig);
        }
    return n;
}

/* While we live, what a shepherd leaves becomes ours: a child that is neither agent nor shepherd is such an orphan,
 * with everything below it, whatever it did to its environment. Not so what was there before us, nor where we are the
 * first process of a container: then everybody's orphans are ours. */
static void kill_adopted (const struct launcher *l)
{
    _cleanup_pids_ struct pids all = PIDS_INIT;

    for (size_t i = 0; i < l->n_live; i++)
        if (l->live[i].untold && !l->live[i].gone)
            return; /* one of them is its shepherd: which, nobody has said */
    if (getpid () == 1)
        return;
    tree_list (getpid (), &all);
    for (size_t i = 0; i < all.n; i++) {
        bool known =
            all.list[i] == l->agent_pid || all.list[i] == l->scratch.remover || pids_have (&l->born_with, all.list[i]);
        known = known || site_program_is (l, all.list[i]) || all.list[i] == l->shepherds.pid;
        for (size_t k = 0; k < l->n_live && !known; k++)
            known = all.list[i] == l->live[k].pid;
        if (!known && tree_parent (all.list[i]) == getpid ()) {
            kill (all.list[i], SIGSTOP);
            tree_kill (all.list[i]);
            kill (all.list[i], SIGKILL);
        }
    }
}

static size_t signal_attempt (const struct launcher *l, struct attempt_id id, int sig)
{
    char name[ATTEMPT_NAME_SIZE];
    _cleanup_free_ char *attempt = xasprintf ("MOISSON_ATTEMPT=%s", attempt_format (id, name));
    _cleanup_free_ char *where = xasprintf ("MOISSON_SPOOL=%s", l->spool);

    return signal_all (attempt, where, sig);
}

/* Another round is due. */
static void plan_next (struct sweep *sweep)
{
    sweep->due = clock_monotonic () + sweep->pause;
    sweep->pause = sweep->pause * 2 < PAUSE_MAX ? sweep->pause * 2 : PAUSE_MAX;
}

void orphans_begin (const struct launcher *l, struct attempt_id id, struct sweep *sweep)
{
    _cleanup_ (cgroup_freep) struct cgroup_group *g = room_group (l, id);

    *sweep = (struct sweep){.pause = PAUSE_MIN, .begun = clock_monotonic (), .due = clock_monotonic ()};
    if (cgroup_is_kept (g)) {
        sweep->found = cgroup_pids (g, NULL, 0);
        return;
    }
    sweep->found = signal_attempt (l, id, SIGSTOP); /* first all stand still, so that none forks away */
    kill_adopted (l);
}

bool orphans_round (const struct launcher *l, struct attempt_id id, struct sweep *sweep)
{
    _cleanup_ (cgroup_freep) struct cgroup_group *g = room_group (l, id);

    if (cgroup_is_kept (g)) {
        if (!cgroup_is_populated (g))
            return true;
        int rc = cgroup_kill (g);
        if (rc)
            log_error ("cannot kill the processes of a lost job: %s; trying again", strerror (-rc));
    } else if (signal_attempt (l, id, SIGKILL) == 0 || ++sweep->rounds == ROUNDS)
        return true;
    plan_next (sweep);
    return false;
}
