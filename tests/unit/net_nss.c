#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "net/users.h"
#include "suite.h"

struct asked {
    struct loop *loop;
    unsigned answers, wanted;
    char *name, *home, *why;
    uint32_t gid;
    size_t n_groups;
};

static void on_facts (void *arg, const struct user_facts *facts, const struct err *why)
{
    struct asked *a = arg;

    free (a->name);
    free (a->home);
    free (a->why);
    a->name = facts ? xstrdup (facts->name) : NULL;
    a->home = facts ? xstrdup (facts->home) : NULL;
    a->gid = facts ? facts->gid : 0;
    a->n_groups = facts ? facts->n_groups : 0;
    a->why = why ? xstrdup (why->why) : NULL;
    if (++a->answers == a->wanted)
        loop_stop (a->loop);
}

static void asked_clear (struct asked *a)
{
    free (a->name);
    free (a->home);
    free (a->why);
}

START_TEST (known_users_unknown_users_and_many_askers)
{
    struct users *users = NULL;
    struct asked a = {.wanted = 3};
    const struct passwd *me = getpwuid (getuid ());

    ck_assert_ptr_nonnull (me);
    ck_assert_int_eq (users_create (&users, "test", NULL), 0);
    ck_assert_int_eq (loop_create (&a.loop, NULL), 0);
    ck_assert_int_eq (users_attach (users, a.loop, NULL), 0);
    for (int i = 0; i < 3; i++)
        users_get (users, getuid (), on_facts, &a);
    ck_assert_uint_eq (a.answers, 0); /* it never waits */
    loop_run (a.loop);
    ck_assert_uint_eq (a.answers, 3);
    ck_assert_str_eq (a.name, me->pw_name);
    ck_assert_str_eq (a.home, me->pw_dir);
    ck_assert_uint_eq (a.gid, me->pw_gid);
    ck_assert_uint_ge (a.n_groups, 1);

    users_get (users, getuid (), on_facts, &a); /* known now: at once */
    ck_assert_uint_eq (a.answers, 4);

    a.wanted = 5;
    users_get (users, 3999999999u, on_facts, &a);
    loop_run (a.loop);
    ck_assert_ptr_null (a.name);
    ck_assert_str_eq (a.why, "uid 3999999999 is not in the test's user database");
    ck_assert_ptr_null (users_last (users, 3999999999u));
    ck_assert_str_eq (users_last (users, getuid ())->name, me->pw_name);
    ck_assert_ptr_null (users_last (users, 3999999997u));

    users_get (users, 3999999998u, on_facts, &a);
    ck_assert_uint_eq (a.answers, 5);
    users_free (users); /* who still waits is told */
    ck_assert_uint_eq (a.answers, 6);
    ck_assert_ptr_nonnull (strstr (a.why, "stopping"));
    loop_free (a.loop);
    asked_clear (&a);
}
END_TEST

SUITE ("users", known_users_unknown_users_and_many_askers)
