/* base_limits.c - JobLimits. */
#include <string.h>
#include <sys/resource.h>
#include "base/limits.h"
#include "suite.h"

static const struct limit *row (const struct limits *limits, int resource)
{
    for (size_t i = 0; i < LIMITS_N; i++)
        if (limits->rows[i].resource == resource)
            return &limits->rows[i];
    ck_abort_msg ("no row for resource %d", resource);
    return NULL;
}

static void check (const struct limits *limits, int resource, uint64_t soft, uint64_t hard)
{
    const struct limit *limit = row (limits, resource);

    ck_assert_uint_eq (limit->soft, soft);
    ck_assert_uint_eq (limit->hard, hard);
}

START_TEST (every_resource_has_a_value)
{
    struct limits limits;
    struct err err = ERR_INIT;

    ck_assert_int_eq (limits_parse ("", &limits, &err), 0);
    for (int resource = 0; resource < (int) RLIM_NLIMITS; resource++)
        row (&limits, resource);
    check (&limits, RLIMIT_CORE, 0, UINT64_MAX);
    check (&limits, RLIMIT_MEMLOCK, UINT64_MAX, UINT64_MAX);
    check (&limits, RLIMIT_STACK, 8 << 20, UINT64_MAX);
    check (&limits, RLIMIT_NICE, 0, 0);
}
END_TEST

START_TEST (what_is_named_takes_the_place_of_the_standard)
{
    struct limits limits;
    struct err err = ERR_INIT;

    ck_assert_int_eq (limits_parse ("nofile=100:2k, CORE=unlimited,stack=1M:1G,cpu=0,nofile=200:3000", &limits, &err),
                      0);
    check (&limits, RLIMIT_NOFILE, 200, 3000);
    check (&limits, RLIMIT_CORE, UINT64_MAX, UINT64_MAX);
    check (&limits, RLIMIT_STACK, 1 << 20, 1 << 30);
    check (&limits, RLIMIT_CPU, 0, 0);
    check (&limits, RLIMIT_FSIZE, UINT64_MAX, UINT64_MAX);
}
END_TEST

START_TEST (what_is_wrong_is_named)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"nofile", "JobLimits: \"nofile\" is no NAME=VALUE"},
        {"core=0,files=12", "JobLimits: \"files=12\" names no resource limit"},
        {"=3", "JobLimits: \"=3\" names no resource limit"},
        {"core=", "JobLimits: \"core=\" has a value that is no number"},
        {"core=-1", "JobLimits: \"core=-1\" has a value that is no number"},
        {"core=1x", "JobLimits: \"core=1x\" has a value that is no number"},
        {"core=1KB", "JobLimits: \"core=1KB\" has a value that is no number"},
        {"core=1:", "JobLimits: \"core=1:\" has a value that is no number"},
        {"core=99999999999999999999", "JobLimits: \"core=99999999999999999999\" has a value that is no number"},
        {"core=99999999999T", "JobLimits: \"core=99999999999T\" has a value that is no number"},
        {"nofile=20:10", "JobLimits: \"nofile=20:10\" has a soft limit above its hard limit"},
        {"nofile=unlimited:10", "JobLimits: \"nofile=unlimited:10\" has a soft limit above its hard limit"},
    };
    struct limits limits;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = ERR_INIT;

        memset (&limits, 7, sizeof limits);
        ck_assert_int_eq (limits_parse (rows[i].text, &limits, &err), -1);
        ck_assert_str_eq (err.why, rows[i].why);
        ck_assert_ptr_nonnull (strstr (err.fix, "nofile=1024:524288"));
        ck_assert_int_eq (limits.rows[0].resource, 0x07070707); /* untouched */
        err_clear (&err);
    }
}
END_TEST

SUITE ("limits", every_resource_has_a_value, what_is_named_takes_the_place_of_the_standard, what_is_wrong_is_named)
