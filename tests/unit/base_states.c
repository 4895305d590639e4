#include <string.h>
#include "base/states.h"
#include "suite.h"

START_TEST (every_state_of_the_protocol_has_words)
{
    size_t n;
    const struct state_word *rows = state_words (&n);

    ck_assert_uint_eq (n, moisson__job_state__descriptor.n_values);
    for (unsigned i = 0; i < moisson__job_state__descriptor.n_values; i++) {
        const ProtobufCEnumValue *v = &moisson__job_state__descriptor.values[i];
        ck_assert_int_eq ((int) state_word ((job_state_t) v->value)->state, v->value);
        ck_assert_str_eq (state_name ((job_state_t) v->value), v->name + strlen ("STATE_"));
    }
    for (size_t i = 0; i < n; i++)
        ck_assert_uint_gt (strlen (rows[i].meaning), 10);
}
END_TEST

START_TEST (long_and_short_words_lead_back)
{
    size_t n;
    const struct state_word *rows = state_words (&n);

    for (size_t i = 0; i < n; i++) {
        job_state_t a, b;
        ck_assert_int_eq (state_parse (rows[i].name, &a), 0);
        ck_assert_int_eq (state_parse (rows[i].brief, &b), 0);
        ck_assert_int_eq (a, rows[i].state);
        ck_assert_int_eq (b, rows[i].state);
    }
    job_state_t s;
    ck_assert_int_eq (state_parse ("oom", &s), 0);
    ck_assert_str_eq (state_name (s), "OUT_OF_MEMORY");
}
END_TEST

START_TEST (words_of_states_that_never_occur_are_known)
{
    static const char *const codes[] = {
        "RS", "SI", "SO",       "ST",        "RF",       "RH",      "RQ",           "RESV_DEL_HOLD",
        "RD", "RV", "requeued", "STAGE_OUT", "RESIZING", "STOPPED", "LAUNCH_FAILED"};
    job_state_t s = MOISSON__JOB_STATE__STATE_TIMEOUT;

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        ck_assert_msg (state_parse (codes[i], &s) == STATE_WORD_NEVER, "%s", codes[i]);
    ck_assert_int_eq (state_parse ("SLEEPING", &s), -1);
    ck_assert_int_eq (state_parse ("", &s), -1);
    ck_assert_int_eq (s, MOISSON__JOB_STATE__STATE_TIMEOUT);
}
END_TEST

START_TEST (ended_is_ended)
{
    ck_assert (!state_is_ended (MOISSON__JOB_STATE__STATE_COMPLETING));
    ck_assert (!state_is_ended (MOISSON__JOB_STATE__STATE_PENDING));
    ck_assert (state_is_ended (MOISSON__JOB_STATE__STATE_COMPLETED));
    ck_assert (state_is_ended (MOISSON__JOB_STATE__STATE_NODE_FAIL));
    ck_assert_str_eq (state_brief (MOISSON__JOB_STATE__STATE_CANCELLED), "CA");
}
END_TEST

SUITE ("states", every_state_of_the_protocol_has_words, long_and_short_words_lead_back,
       words_of_states_that_never_occur_are_known, ended_is_ended)
