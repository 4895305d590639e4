/* What an event told, and which mails it asks for. */
#include "base/mail.h"
#include "core/mail.h"
#include "core/news.h"
#include "core_kit.h"
#include "suite.h"

/* Types of what the effects and this event tell, joined. */
static char *told (struct kit *k, Moisson__Event *event)
{
    struct buf out = BUF_INIT;

    core_news (k->core, event, &k->fx);
    for (size_t i = 0; i < event->n_news; i++)
        buf_printf (&out, "%s%s:%lu", i ? " " : "", event->news[i]->type, (unsigned long) event->news[i]->job_id);
    news_clear (event);
    return buf_steal (&out);
}

/* Kinds of the mails that the last event asks for, added up; the start of this attempt, unless 0, among them. */
static uint32_t mails (struct kit *k, uint64_t raw_id)
{
    Moisson__Started st = MOISSON__STARTED__INIT;
    Moisson__AttemptId attempt = MOISSON__ATTEMPT_ID__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    uint32_t kinds = 0;

    attempt.raw_id = raw_id;
    attempt.attempt = 1;
    st.id = &attempt;
    event.what_case = raw_id ? MOISSON__EVENT__WHAT_STARTED : MOISSON__EVENT__WHAT_CLOCK;
    event.started = raw_id ? &st : NULL;
    core_mails (k->core, &event, &k->fx);
    for (size_t i = 0; i < k->fx.n; i++)
        kinds += k->fx.list[i].kind == FX_MAIL ? k->fx.list[i].mail->kind : 0;
    return kinds;
}

#define TOLD(k, what_, WHAT, msg, expected)                                                                            \
    do {                                                                                                               \
        Moisson__Event event_ = MOISSON__EVENT__INIT;                                                                  \
        event_.what_case = MOISSON__EVENT__WHAT_##WHAT;                                                                \
        event_.what_ = msg;                                                                                            \
        _cleanup_free_ char *text_ = told (k, &event_);                                                                \
        ck_assert_str_eq (text_, expected);                                                                            \
    } while (0)

START_TEST (a_job_is_submitted_starts_and_ends)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "a");
    Moisson__Submitted s = MOISSON__SUBMITTED__INIT;
    Moisson__Started st = MOISSON__STARTED__INIT;
    Moisson__AttemptId attempt = MOISSON__ATTEMPT_ID__INIT;
    Moisson__Ended ended_msg = MOISSON__ENDED__INIT;
    char text[32];

    s.job_id = id;
    snprintf (text, sizeof text, "submitted:%lu", (unsigned long) id);
    TOLD (k, submitted, SUBMITTED, &s, text);
    pass (k);
    started (k, id, 1);
    attempt.raw_id = id;
    attempt.attempt = 1;
    st.id = &attempt;
    snprintf (text, sizeof text, "started:%lu", (unsigned long) id);
    TOLD (k, started, STARTED, &st, text);
    attempt.attempt = 2; /* late news of another attempt tells nothing */
    TOLD (k, started, STARTED, &st, "");
    exited (k, id, 1, 0);
    snprintf (text, sizeof text, "ended:%lu", (unsigned long) id);
    TOLD (k, ended, ENDED, &ended_msg, text);
}
END_TEST

START_TEST (what_is_over_before_it_was_said_to_run_is_told_to_have_started)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t id = submit (k, .name = "a");
    Moisson__Ended ended_msg = MOISSON__ENDED__INIT;
    char text[64];

    pass (k);
    exited (k, id, 1, 0);
    ck_assert_uint_eq (effects_count (&k->fx, FX_RECORD), 1);
    snprintf (text, sizeof text, "started:%lu ended:%lu", (unsigned long) id, (unsigned long) id);
    for (size_t i = 0; i < k->fx.n; i++)
        if (k->fx.list[i].kind == FX_RECORD && !k->fx.list[i].sudden)
            snprintf (text, sizeof text, "ended:%lu", (unsigned long) id); /* the node gave no start time */
    TOLD (k, ended, ENDED, &ended_msg, text);
}
END_TEST

START_TEST (a_dependency_that_never_comes_is_told_once)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t one = submit (k, .name = "one"), two = submit (k, .name = "two");

    submit (k, .name = "waits", .depend = MOISSON__DEPEND_TYPE__DEP_AFTEROK, .on = one,
            .depend2 = MOISSON__DEPEND_TYPE__DEP_AFTEROK, .on2 = two, .mail_types = MAIL_INVALID_DEPEND);
    cancel (k, one, ALL_TASKS);
    ck_assert_uint_eq (effects_count (&k->fx, FX_NEVER), 1);
    ck_assert_uint_eq (mails (k, 0), MAIL_INVALID_DEPEND);
    cancel (k, two, ALL_TASKS);
    ck_assert_uint_eq (effects_count (&k->fx, FX_NEVER), 0);
}
END_TEST

START_TEST (mails_are_those_that_were_asked_for)
{
    _cleanup_kit_ struct kit *k = kit_new ("n1", 4);
    uint64_t all = submit (k, .mail_types = MAIL_BEGIN | MAIL_END, .time_s = 600),
             half = submit (k, .mail_types = MAIL_FAIL | MAIL_TIME_LIMIT_50, .time_s = 600),
             none = submit (k, .name = "x");
    usec_t due = 0;

    pass (k);
    started (k, all, 1);
    ck_assert_uint_eq (mails (k, all), MAIL_BEGIN);
    started (k, half, 1);
    ck_assert_uint_eq (mails (k, half), MAIL_TIME_LIMIT_50);
    struct fx *fx = &k->fx.list[k->fx.n - 1];
    ck_assert_int_eq (core_mail_due (k->core, fx->mail, fx->mail->due_us - 1, &due), 0);
    ck_assert_uint_eq (due, fx->mail->due_us);
    ck_assert_int_eq (core_mail_due (k->core, fx->mail, due, &due), 1);
    started (k, none, 1);
    ck_assert_uint_eq (mails (k, none), 0);
    exited (k, all, 1, 3);
    ck_assert_uint_eq (mails (k, 0), MAIL_FAIL); /* END speaks of every end, in its words */
    exited (k, half, 1, 0);
    ck_assert_uint_eq (mails (k, 0), 0);
}
END_TEST

SUITE ("core/news", a_job_is_submitted_starts_and_ends, what_is_over_before_it_was_said_to_run_is_told_to_have_started,
       a_dependency_that_never_comes_is_told_once, mails_are_those_that_were_asked_for)
