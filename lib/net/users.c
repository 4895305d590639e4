/* users.c - questions to the user database, answered without waiting. */
#include "net/users.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <uthash.h>
#include "base/mem.h"
#include "net/users_helper.h"
#include "proto/wire.pb-c.h"

#define KEEP (300 * USEC_PER_SEC) /* a known user is asked for again after this */
#define GIVE_UP ((USERS_LOOKUP_S + 2) * USEC_PER_SEC)
#define TICK (USEC_PER_SEC)

struct asker {
    struct asker *next;
    users_fn fn;
    void *arg;
};

struct user {
    UT_hash_handle hh;
    uint32_t uid;
    struct user_facts facts; /* valid while known_until is in the future */
    usec_t known_until;      /* monotonic; 0 = not known */
    usec_t asked;            /* monotonic; 0 = no question is out */
    struct asker *askers;
};

struct users {
    char *whose;
    int fd;
    pid_t helper;
    struct loop *loop;
    struct watch *watch;
    struct timer *tick;
    struct user *table; /* by uid */
    size_t asking;
    uint8_t *answer;
};

static void facts_clear (struct user_facts *f)
{
    free (f->name);
    free (f->group);
    free (f->home);
    free (f->shell);
    free (f->groups);
    *f = (struct user_facts){0};
}

/* All who wait for this user get the answer. A callback may ask again. */
static void tell (struct users *users, struct user *user, const struct user_facts *facts, const struct err *why)
{
    struct asker *list = steal (&user->askers);

    if (user->asked)
        users->asking--;
    user->asked = 0;
    while (list) {
        struct asker *a = list;

        list = a->next;
        a->fn (a->arg, facts, why);
        free (a);
    }
}

static const char *next_text (const uint8_t **p, const uint8_t *end)
{
    const char *s = (const char *) *p;
    const uint8_t *nul = memchr (*p, 0, (size_t) (end - *p));

    if (!nul)
        return NULL;
    *p = nul + 1;
    return s;
}

static int read_facts (struct user_facts *ret, const uint8_t *data, size_t len)
{
    struct users_answer head;
    const uint8_t *p = data + sizeof head, *end = data + len;

    memcpy (&head, data, sizeof head);
    size_t bytes = (size_t) head.n_groups * sizeof (uint32_t);
    if (!head.found || bytes > (size_t) (end - p))
        return -1;
    const uint8_t *groups = p;
    p += bytes;
    const char *name = next_text (&p, end);
    const char *group = name ? next_text (&p, end) : NULL;
    const char *home = group ? next_text (&p, end) : NULL;
    const char *shell = home ? next_text (&p, end) : NULL;
    if (!shell)
        return -1;
    *ret = (struct user_facts){.uid = head.uid,
                               .gid = head.gid,
                               .name = xstrdup (name),
                               .group = xstrdup (group),
                               .home = xstrdup (home),
                               .shell = xstrdup (shell),
                               .groups = xmemdup (groups, bytes),
                               .n_groups = head.n_groups};
    return 0;
}

static void on_answer (struct users *users, size_t len)
{
    struct users_answer head;
    struct user *user = NULL;
    struct user_facts facts = {0};

    if (len < sizeof head)
        return;
    memcpy (&head, users->answer, sizeof head);
    HASH_FIND (hh, users->table, &head.uid, sizeof head.uid, user);
    if (!user)
        return;
    if (read_facts (&facts, users->answer, len) < 0) {
        _cleanup_err_ struct err why = ERR_INIT;

        err_set (&why, MOISSON__FAIL_CODE__FAIL_AUTH, "uid %u is not in the %s's user database", head.uid,
                 users->whose);
        err_fix (&why, "make the account known on the %s's machine (see: getent passwd %u)", users->whose, head.uid);
        user->known_until = 0;
        facts_clear (&user->facts);
        tell (users, user, NULL, &why);
        return;
    }
    facts_clear (&user->facts);
    user->facts = facts;
    user->known_until = now_monotonic () + KEEP;
    tell (users, user, &user->facts, NULL);
}

static void fail_all (struct users *users, const char *words, usec_t asked_before)
{
    struct user *user, *tmp;

    HASH_ITER (hh, users->table, user, tmp)
    {
        _cleanup_err_ struct err why = ERR_INIT;

        if (!user->asked || user->asked > asked_before)
            continue;
        err_set (&why, MOISSON__FAIL_CODE__FAIL_OTHER, "the %s's user lookup %s", users->whose, words);
        err_fix (&why, "try again; if it lasts, an administrator should look at the log of the %s", users->whose);
        tell (users, user, NULL, &why);
    }
}

static void on_readable (void *arg, int events)
{
    struct users *users = arg;

    (void) events;
    for (;;) {
        ssize_t n = recv (users->fd, users->answer, USERS_ANSWER_MAX, MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) { /* the helper is gone: say so now and to everybody who asks later */
            watch_set (users->watch, 0);
            close (users->fd);
            users->fd = -1;
            fail_all (users, "has ended", UINT64_MAX);
            return;
        }
        on_answer (users, (size_t) n);
    }
}

static void on_tick (void *arg)
{
    struct users *users = arg;
    usec_t now = now_monotonic ();

    fail_all (users, "was not answered in time by the user database", now > GIVE_UP ? now - GIVE_UP : 0);
    if (users->asking)
        timer_arm (users->tick, TICK);
}

void users_get (struct users *users, uint32_t uid, users_fn fn, void *arg)
{
    struct user *user = NULL;

    HASH_FIND (hh, users->table, &uid, sizeof uid, user);
    if (user && user->known_until > now_monotonic ()) {
        fn (arg, &user->facts, NULL);
        return;
    }
    if (!user) {
        user = xcalloc (1, sizeof *user);
        user->uid = uid;
        HASH_ADD (hh, users->table, uid, sizeof user->uid, user);
    }
    struct asker *a = xmalloc (sizeof *a);
    *a = (struct asker){.next = user->askers, .fn = fn, .arg = arg};
    user->askers = a;
    if (user->asked)
        return;
    user->asked = now_monotonic ();
    users->asking++;
    timer_arm (users->tick, TICK);
    if (users->fd < 0 || send (users->fd, &uid, sizeof uid, MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof uid) {
        _cleanup_err_ struct err why = ERR_INIT;

        err_set (&why, MOISSON__FAIL_CODE__FAIL_OTHER, "the %s's user lookup %s", users->whose,
                 users->fd < 0 ? "has ended" : "is not keeping up");
        err_fix (&why, "try again; if it lasts, an administrator should restart the %s", users->whose);
        tell (users, user, NULL, &why);
    }
}

const struct user_facts *users_last (const struct users *users, uint32_t uid)
{
    struct user *user = NULL;

    HASH_FIND (hh, users->table, &uid, sizeof uid, user);
    return user && user->facts.name ? &user->facts : NULL;
}

int users_create (struct users **ret, const char *whose, struct err *err)
{
    int pair[2];

    if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno (err, errno, "cannot make a socket pair for the user lookup");
    pid_t pid = fork ();
    if (pid < 0) {
        int saved = errno;

        close (pair[0]);
        close (pair[1]);
        return err_errno (err, saved, "cannot start the user lookup");
    }
    if (pid == 0) {
        close (pair[0]);
        users_helper_run (pair[1]);
    }
    close (pair[1]);
    struct users *users = xcalloc (1, sizeof *users);
    users->whose = xstrdup (whose);
    users->fd = pair[0];
    users->helper = pid;
    users->answer = xmalloc (USERS_ANSWER_MAX);
    *ret = users;
    return 0;
}

int users_attach (struct users *users, struct loop *loop, struct err *err)
{
    users->loop = loop;
    users->tick = timer_create_in (loop, on_tick, users);
    users->watch = watch_create (loop, users->fd, on_readable, users);
    if (!users->tick || !users->watch)
        return err_set (err, 0, "cannot watch the user lookup");
    watch_set (users->watch, WATCH_READ);
    return 0;
}

struct users *users_free (struct users *users)
{
    struct user *user, *tmp;

    if (!users)
        return NULL;
    fail_all (users, "is stopping", UINT64_MAX);
    watch_free (users->watch);
    timer_free (users->tick);
    if (users->fd >= 0)
        close (users->fd);
    kill (users->helper, SIGKILL); /* it ignores the rest; its worker ends with the socket */
    while (waitpid (users->helper, NULL, 0) < 0 && errno == EINTR)
        ;
    HASH_ITER (hh, users->table, user, tmp)
    {
        HASH_DEL (users->table, user);
        facts_clear (&user->facts);
        free (user);
    }
    free (users->answer);
    free (users->whose);
    free (users);
    return NULL;
}
