/* The table of phases: every pair of phase and event, with or without a row. */
#include "core/phases.h"
#include "suite.h"

/* Where each event leads from each phase; "" refused, "~" stale. */
static const char *const expect[N_PHASES][N_TASK_EVENTS] = {
    [TASK_PENDING] = {[ON_PLACED] = "PLACED",
                      [ON_UNPLACED] = "~",
                      [ON_REFUSED] = "~",
                      [ON_STARTED] = "~",
                      [ON_EXITED] = "~",
                      [ON_CANCELLED] = "ENDED",
                      [ON_REQUEUED] = "",
                      [ON_LOST] = "~",
                      [ON_AGAIN] = "",
                      [ON_SUSPENDED] = "",
                      [ON_OVERDUE] = "ENDED"},
    [TASK_PLACED] = {[ON_PLACED] = "",
                     [ON_UNPLACED] = "PENDING",
                     [ON_REFUSED] = "PENDING",
                     [ON_STARTED] = "RUNNING",
                     [ON_EXITED] = "ENDED",
                     [ON_CANCELLED] = "PLACED",
                     [ON_REQUEUED] = "PLACED",
                     [ON_LOST] = "ENDED",
                     [ON_AGAIN] = "",
                     [ON_SUSPENDED] = "",
                     [ON_OVERDUE] = ""},
    [TASK_RUNNING] = {[ON_PLACED] = "",
                      [ON_UNPLACED] = "~",
                      [ON_REFUSED] = "~",
                      [ON_STARTED] = "~",
                      [ON_EXITED] = "ENDED",
                      [ON_CANCELLED] = "RUNNING",
                      [ON_REQUEUED] = "RUNNING",
                      [ON_LOST] = "ENDED",
                      [ON_AGAIN] = "",
                      [ON_SUSPENDED] = "RUNNING",
                      [ON_OVERDUE] = ""},
    [TASK_ENDED] = {[ON_PLACED] = "",
                    [ON_UNPLACED] = "~",
                    [ON_REFUSED] = "~",
                    [ON_STARTED] = "~",
                    [ON_EXITED] = "~",
                    [ON_CANCELLED] = "",
                    [ON_REQUEUED] = "PENDING",
                    [ON_LOST] = "~",
                    [ON_AGAIN] = "PENDING",
                    [ON_SUSPENDED] = "",
                    [ON_OVERDUE] = ""},
};

START_TEST (each_pair_has_its_row_or_is_refused)
{
    size_t rows = 0;

    for (int from = 0; from < N_PHASES; from++)
        for (int on = 0; on < N_TASK_EVENTS; on++) {
            _cleanup_err_ struct err err = ERR_INIT;
            enum phase phase = from;
            const char *want = expect[from][on];
            int rc = phase_move (&phase, on, &err);
            if (*want == '~') {
                ck_assert_int_eq (rc, PHASE_E_STALE);
            } else if (!*want) {
                ck_assert_int_eq (rc, -1);
                ck_assert (err_is_set (&err));
            } else {
                ck_assert_int_eq (rc, 0);
                ck_assert_str_eq (phase_name (phase), want);
                rows++;
                continue;
            }
            ck_assert_int_eq (phase, from);
        }
    ck_assert_uint_eq (rows, phase_rows ().n);
}
END_TEST

SUITE ("phases", each_pair_has_its_row_or_is_refused)
