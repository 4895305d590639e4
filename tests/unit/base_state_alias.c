#include "base/state_alias.h"
#include "suite.h"

#define S(name) MOISSON__JOB_STATE__STATE_##name

START_TEST (the_first_that_applies_counts)
{
    _cleanup_state_aliases_ struct state_aliases *list = NULL;

    ck_assert_int_eq (state_aliases_parse (&list,
                                           "OUT_OF_MEMORY:FAILED,,PREEMPTED:CANCELLED:partition=grid,to:f:user=arc,"
                                           "TIMEOUT:CANCELLED",
                                           NULL),
                      0);
    ck_assert_int_eq (state_alias (list, S (OUT_OF_MEMORY), "any", NULL), S (FAILED));
    ck_assert_int_eq (state_alias (list, S (PREEMPTED), "grid", "ann"), S (CANCELLED));
    ck_assert_int_eq (state_alias (list, S (PREEMPTED), "main", "ann"), S (PREEMPTED));
    ck_assert_int_eq (state_alias (list, S (PREEMPTED), NULL, "ann"), S (PREEMPTED));
    ck_assert_int_eq (state_alias (list, S (TIMEOUT), "main", "arc"), S (FAILED));
    ck_assert_int_eq (state_alias (list, S (TIMEOUT), "main", "ann"), S (CANCELLED));
    ck_assert_int_eq (state_alias (list, S (COMPLETED), "main", "ann"), S (COMPLETED));
    ck_assert_int_eq (state_alias (NULL, S (TIMEOUT), "main", "ann"), S (TIMEOUT));
}
END_TEST

START_TEST (wrong_ones_are_refused)
{
    static const char *const wrong[] = {"TIMEOUT",        "TIMEOUT:",       ":FAILED",
                                        "TIMEOUT:SLEEPY", "TIMEOUT:RQ",     "RUNNING:FAILED",
                                        "TO:F:color=red", "TO:F:partition", "TO:F:user="};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct state_aliases *list = NULL;
        _cleanup_err_ struct err err = ERR_INIT;
        ck_assert_msg (state_aliases_parse (&list, wrong[i], &err) == -1, "%s", wrong[i]);
        ck_assert (!list && err.why && err.fix);
    }
}
END_TEST

SUITE ("state_alias", the_first_that_applies_counts, wrong_ones_are_refused)
