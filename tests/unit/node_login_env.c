/* The environment that a shell leaves behind. */
#include <errno.h>
#include <string.h>
#include "node_fixture.h"
#include "nodeagent/env.h"
#include "nodeagent/login_env.h"
#include "suite.h"

#define MARK "MOISSON-ENVIRONMENT-BEGINS\n"

static int parse (const char *text, size_t len, struct buf *out)
{
    buf_reset (out);
    return login_env_parse (text, len, out);
}

START_TEST (what_profiles_print_does_not_count)
{
    static const char text[] =
        "welcome\nA=wrong\n" MARK "A=1\0B=two\nlines\0PWD=/x\0SHLVL=2\0_=/usr/bin/env\0OLDPWD=/\0PWDX=3";
    _cleanup_buf_ struct buf out = BUF_INIT;

    ck_assert_int_eq (parse (text, sizeof text, &out), 0);
    ck_assert_uint_eq (out.len, sizeof "A=1\0B=two\nlines\0PWDX=3");
    ck_assert_mem_eq (out.data, "A=1\0B=two\nlines\0PWDX=3", out.len);
}
END_TEST

START_TEST (a_shell_that_says_nothing)
{
    _cleanup_buf_ struct buf out = BUF_INIT;

    ck_assert_int_eq (parse (NULL, 0, &out), ENODATA);
    ck_assert_int_eq (parse ("hello\n", 6, &out), ENODATA);
    ck_assert_int_eq (parse (MARK, strlen (MARK), &out), ENODATA);
    ck_assert_int_eq (parse (MARK "A=1", strlen (MARK) + 3, &out), ENODATA); /* it died while it wrote */
}
END_TEST

/* A home of its own with a profile in it. */
static int read_with (const char *profile, const char *shell, unsigned wait_s, bool brief, struct env *ret)
{
    struct fixture f;
    _cleanup_buf_ struct buf out = BUF_INIT;

    fixture_open (&f);
    fixture_write (f.dir, ".profile", profile, strlen (profile), 0644);
    const struct login login = {.user = "tester",
                                .home = f.dir,
                                .shell = shell,
                                .attempt = "MOISSON_ATTEMPT=7.1",
                                .spool = "MOISSON_SPOOL=/spool",
                                .brief = brief,
                                .wait_s = wait_s};
    int rc = login_env_read (&login, &out);
    env_add_blob (ret, out.data, out.len);
    fixture_close (&f);
    return rc;
}

START_TEST (a_login_shell_reads_the_profile)
{
    _cleanup_env_ struct env env = ENV_INIT, brief = ENV_INIT;

    ck_assert_int_eq (setenv ("LEFT_BEHIND", "1", 1), 0);
    ck_assert_int_eq (read_with ("echo noise; export FROM_PROFILE='a b'; cd /\n", "/bin/sh", 20, false, &env), 0);
    ck_assert_str_eq (env_get (&env, "FROM_PROFILE"), "a b");
    ck_assert_str_eq (env_get (&env, "USER"), "tester");
    ck_assert_str_eq (env_get (&env, "SHELL"), "/bin/sh");
    ck_assert_ptr_nonnull (env_get (&env, "PATH"));
    ck_assert_ptr_null (env_get (&env, "LEFT_BEHIND"));
    ck_assert_ptr_null (env_get (&env, "PWD"));
    ck_assert_ptr_null (env_get (&env, "MOISSON_ATTEMPT"));
    ck_assert_int_eq (read_with ("export FROM_PROFILE=x\n", "/bin/bash", 20, true, &brief), 0);
    ck_assert_ptr_null (env_get (&brief, "FROM_PROFILE"));
}
END_TEST

START_TEST (shells_that_let_nobody_in)
{
    _cleanup_env_ struct env env = ENV_INIT;

    ck_assert_int_eq (read_with ("export OK=1\n", "/usr/sbin/nologin", 20, false, &env), 0);
    ck_assert_str_eq (env_get (&env, "OK"), "1");
    ck_assert_str_eq (env_get (&env, "SHELL"), "/bin/sh");
}
END_TEST

START_TEST (one_that_hangs_or_dies)
{
    _cleanup_env_ struct env env = ENV_INIT;
    usec_t begun = clock_monotonic ();

    ck_assert_int_eq (read_with ("sleep 600\n", "/bin/sh", 1, false, &env), ETIMEDOUT);
    ck_assert_uint_lt (clock_monotonic () - begun, DEADLINE);
    ck_assert_int_eq (read_with ("exit 3\n", "/bin/sh", 20, false, &env), ENODATA);
    ck_assert_int_eq (read_with ("", "/no/such/shell", 20, false, &env), ENODATA);
}
END_TEST

SUITE ("login_env", what_profiles_print_does_not_count, a_shell_that_says_nothing, a_login_shell_reads_the_profile,
       shells_that_let_nobody_in, one_that_hangs_or_dies)
