/* What a job's process may do: as far as it goes without root, and all of it as root. */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "nodeagent/rights.h"
#include "suite.h"

#define ADA 54321u
#define BOB 54322u

/* Run fn in a process of its own; its exit code. */
static int in_child (int (*fn) (const void *arg), const void *arg)
{
    int st = 0;
    pid_t pid = fork ();

    if (pid == 0)
        _exit (fn (arg));
    ck_assert_int_eq (waitpid (pid, &st, 0), pid);
    return WIFEXITED (st) ? WEXITSTATUS (st) : -1;
}

static int become (const void *id)
{
    return identity_take (id);
}

START_TEST (nobody_remains_root)
{
    static const gid_t with_root[] = {5, 0}, with_minus[] = {5, (gid_t) -1};
    const struct identity bad[] = {
        {true, 0, 5, NULL, 0},          {true, ADA, 0, NULL, 0},
        {true, (uid_t) -1, 5, NULL, 0}, {true, ADA, (gid_t) -1, NULL, 0},
        {true, ADA, 5, with_root, 2},   {true, ADA, 5, with_minus, 2},
    };
    const struct identity same = {.change = false};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_int_eq (in_child (become, &bad[i]), EPERM);
    ck_assert_int_eq (in_child (become, &same), 0);
}
END_TEST

static int become_and_look (const void *arg)
{
    const struct identity *id = arg;
    gid_t groups[8];
    uid_t r, e, s;

    if (identity_take (id))
        return 1;
    if (getresuid (&r, &e, &s) || r != ADA || e != ADA || s != ADA || getgid () != BOB || getegid () != BOB)
        return 2;
    if (getgroups (8, groups) != 2 || groups[0] + groups[1] != 7 + 9)
        return 3;
    if (setuid (0) == 0 || seteuid (0) == 0 || setgid (0) == 0 || setgroups (0, NULL) == 0)
        return 4;
    return kill (getppid (), 0) == 0 || errno != EPERM ? 5 : 0;
}

START_TEST (root_becomes_a_user_for_good)
{
    static const gid_t groups[] = {7, 9};
    const struct identity id = {true, ADA, BOB, groups, 2};

    ck_assert_int_eq (in_child (become_and_look, &id), geteuid () == 0 ? 0 : 1);
}
END_TEST

static int limit_and_look (const void *arg)
{
    Moisson__Limit limit = MOISSON__LIMIT__INIT, *list[] = {&limit};
    struct rlimit now;
    (void) arg;

    limit.resource = RLIMIT_CORE;
    limit.soft = 10;
    limit.hard = 20;
    if (limits_take (list, 1) || getrlimit (RLIMIT_CORE, &now) || now.rlim_cur != 10 || now.rlim_max != 20)
        return 1;
    if (geteuid () == 0 && identity_take (&(struct identity){true, ADA, BOB, NULL, 0}))
        return 2;
    limit.soft = limit.hard = UINT64_MAX; /* no right to raise it any more: it stays */
    if (limits_take (list, 1) || getrlimit (RLIMIT_CORE, &now) || now.rlim_cur != 20 || now.rlim_max != 20)
        return 3;
    return 0;
}

START_TEST (limits_are_set_as_far_as_one_may)
{
    ck_assert_int_eq (in_child (limit_and_look, NULL), 0);
}
END_TEST

SUITE ("rights", nobody_remains_root, root_becomes_a_user_for_good, limits_are_set_as_far_as_one_may)
