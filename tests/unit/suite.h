/* suite.h - the main of a unit test file: `SUITE ("units", test_a, test_b)` after its START_TESTs. */
#pragma once
#include <check.h>
#include <stdlib.h>

static inline int suite_run (const char *name, const TTest *const *tests, size_t n)
{
    Suite *suite = suite_create (name);
    TCase *tc = tcase_create (name);
    SRunner *runner;
    int failed;

    tcase_set_timeout (tc, 60);
    for (size_t i = 0; i < n; i++)
        tcase_add_test (tc, tests[i]);
    suite_add_tcase (suite, tc);
    runner = srunner_create (suite);
    srunner_run_all (runner, CK_ENV);
    failed = srunner_ntests_failed (runner);
    srunner_free (runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define SUITE(name, ...)                                                                                               \
    int main (void)                                                                                                    \
    {                                                                                                                  \
        const TTest *const tests[] = {__VA_ARGS__};                                                                    \
        return suite_run (name, tests, sizeof tests / sizeof *tests);                                                  \
    }
