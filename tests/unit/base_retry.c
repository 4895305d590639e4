/* base_retry.c - the words of --retry. */
#include "base/retry.h"
#include <string.h>
#include "suite.h"

static void check_bad (const char *text, const char *why)
{
    Moisson__JobSpec spec = MOISSON__JOB_SPEC__INIT;
    struct err err = ERR_INIT;

    ck_assert_int_eq (retry_parse (&spec, text, &err), -1);
    if (!strstr (err.why, why))
        ck_abort_msg ("%s: %s", text, err.why);
    ck_assert_uint_eq (spec.n_retries, 0);
    ck_assert_ptr_null (spec.retry);
    err_clear (&err);
}

START_TEST (rules_are_read)
{
    Moisson__JobSpec spec = MOISSON__JOB_SPEC__INIT;
    const Moisson__RetryRule *r;

    ck_assert_int_eq (retry_parse (&spec, "oom:3,mem*2@16G;node:5;exit=5-8;signal=USR1:2,time*1.25;max:7", NULL), 0);
    ck_assert_uint_eq (spec.n_retries, 4);
    ck_assert_uint_eq (spec.retry_most, 7);
    r = spec.retries[0];
    ck_assert_int_eq (r->cause, MOISSON__RETRY_CAUSE__RETRY_OOM);
    ck_assert_uint_eq (r->times, 3);
    ck_assert_uint_eq (r->mem_permille, 2000);
    ck_assert_uint_eq (r->mem_most_mb, 16384);
    ck_assert (!r->has_time_permille);
    ck_assert_uint_eq (spec.retries[1]->times, 5);
    r = spec.retries[2];
    ck_assert_uint_eq (r->times, 1);
    ck_assert_uint_eq (r->first, 5);
    ck_assert_uint_eq (r->last, 8);
    r = spec.retries[3];
    ck_assert_uint_eq (r->first, 10);
    ck_assert_uint_eq (r->time_permille, 1250);
    ck_assert (!r->has_time_most_s);
    ck_assert_int_eq (retry_check (&spec, NULL), 0);
    ck_assert_int_eq (retry_parse (&spec, "any,time*3@2:00:00", NULL), 0); /* instead of what was there */
    ck_assert_uint_eq (spec.n_retries, 1);
    ck_assert_uint_eq (spec.retries[0]->time_most_s, 7200);
    ck_assert (!spec.has_retry_most);
    ck_assert_int_eq (retry_parse (&spec, "", NULL), 0);
    ck_assert_uint_eq (spec.n_retries, 0);
    ck_assert_ptr_null (spec.retry);
    retry_clear (&spec);
}
END_TEST

START_TEST (what_cannot_be_read_is_refused_with_the_word)
{
    check_bad ("memory:3", "\"memory\" is not a cause");
    check_bad ("oom:0", "how often");
    check_bad ("oom:1001", "how often");
    check_bad ("oom:", "how often");
    check_bad (";", "\"\" is not a cause");
    check_bad ("oom;;node", "\"\" is not a cause");
    check_bad ("oom,mem*1", "a factor above 1");
    check_bad ("oom,mem*0.5", "a factor above 1");
    check_bad ("oom,mem*1.", "three decimals");
    check_bad ("oom,mem*.5", "three decimals");
    check_bad ("oom,mem*1.2345", "three decimals");
    check_bad ("oom,mem*-2", "three decimals");
    check_bad ("oom,mem*200", "up to 100");
    check_bad ("oom,mem*2@", "memory");
    check_bad ("oom,mem*2@0", "a bound");
    check_bad ("oom,cpus*2", "mem*FACTOR");
    check_bad ("oom,mem*2,mem*3", "said twice");
    check_bad ("max:3;max:4", "said twice");
    check_bad ("exit=0", "exit code");
    check_bad ("exit=9-8", "exit code");
    check_bad ("exit=256", "exit code");
    check_bad ("signal", "without the name");
    check_bad ("signal=NONE", "a signal");
    check_bad ("node=n1", "takes a value");
    check_bad ("oom;oom;oom;oom;oom;oom;oom;oom;oom;oom;oom;oom;oom;oom;oom;oom;oom", "more than 16");
}
END_TEST

START_TEST (what_no_command_sends)
{
    Moisson__JobSpec spec = MOISSON__JOB_SPEC__INIT;

    ck_assert_int_eq (retry_parse (&spec, "oom:3,mem*2", NULL), 0);
    spec.retries[0]->times = 0;
    ck_assert_int_eq (retry_check (&spec, NULL), -1);
    spec.retries[0]->times = 1;
    spec.retries[0]->mem_permille = 4000000000u;
    ck_assert_int_eq (retry_check (&spec, NULL), -1);
    spec.retries[0]->mem_permille = 1500;
    ck_assert_int_eq (retry_check (&spec, NULL), 0);
    spec.retries[0]->has_first = true;
    ck_assert_int_eq (retry_check (&spec, NULL), -1);
    retry_clear (&spec);
}
END_TEST

SUITE ("retry", rules_are_read, what_cannot_be_read_is_refused_with_the_word, what_no_command_sends)
