/* Mails in Slurm's words. */
#include <string.h>
#include "base/mail.h"
#include "ctld/mail_text.h"
#include "suite.h"

static const struct {
    Moisson__Mail mail;
    const char *subject;
} rows[] = {
    {{.kind = MAIL_END,
      .job_id = 17,
      .name = (char *) "x",
      .has_state = true,
      .state = MOISSON__JOB_STATE__STATE_COMPLETED,
      .has_seconds = true,
      .seconds = 10},
     "Slurm Job_id=17 Name=x Ended, Run time 00:00:10, COMPLETED, ExitCode 0"},
    {{.kind = MAIL_FAIL,
      .job_id = 17,
      .name = (char *) "x",
      .has_state = true,
      .state = MOISSON__JOB_STATE__STATE_FAILED,
      .has_exit_code = true,
      .exit_code = 3,
      .has_seconds = true,
      .seconds = 90061},
     "Slurm Job_id=17 Name=x Failed, Run time 1-01:01:01, FAILED, ExitCode 3"},
    {{.kind = MAIL_BEGIN, .job_id = 17, .name = (char *) "x", .has_seconds = true, .seconds = 5},
     "Slurm Job_id=17 Name=x Began, Queued time 00:00:05"},
    {{.kind = MAIL_REQUEUE,
      .job_id = 4,
      .has_task = true,
      .task = 2,
      .has_raw_id = true,
      .raw_id = 9,
      .name = (char *) "a",
      .has_seconds = true},
     "Slurm Array Task Job_id=4_2 (9) Name=a Requeued, Run time 00:00:00"},
    {{.kind = MAIL_FAIL,
      .job_id = 4,
      .has_summary = true,
      .summary = true,
      .name = (char *) "a",
      .has_mixed = true,
      .mixed = true,
      .exit_code = 3},
     "Slurm Array Summary Job_id=4_* (4) Name=a Failed, Mixed, ExitCode [0-3]"},
    {{.kind = MAIL_INVALID_DEPEND, .job_id = 4, .name = (char *) "a\nBcc: b"},
     "Slurm Job_id=4 Name=a?Bcc: b Invalid dependency"},
};

START_TEST (subjects_are_slurms)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        _cleanup_buf_ struct buf text = BUF_INIT;
        mail_subject (&rows[i].mail, &text);
        ck_assert_str_eq (text.data, rows[i].subject);
    }
}
END_TEST

START_TEST (recipients_are_completed_or_refused)
{
    Moisson__Mail mail = MOISSON__MAIL__INIT;
    _cleanup_buf_ struct buf to = BUF_INIT;

    ck_assert (!mail_recipients (&mail, "", &to));
    mail.user = (char *) "alice";
    ck_assert (mail_recipients (&mail, "lab.org", &to));
    ck_assert_str_eq (to.data, "alice@lab.org");
    buf_reset (&to);
    mail.address = (char *) "b@x,carol";
    ck_assert (mail_recipients (&mail, "lab.org", &to));
    ck_assert_str_eq (to.data, "b@x,carol@lab.org");
    mail.address = (char *) "b@x\nBcc: all";
    ck_assert (!mail_recipients (&mail, "", &to));
}
END_TEST

START_TEST (the_message_has_no_header_but_its_own)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    char *body;

    mail_message (&rows[5].mail, "cluster", "a@b", &text);
    body = strstr (text.data, "\n\n");
    ck_assert (body && !strstr (text.data, "\nBcc"));
    ck_assert (strstr (body, "Name:       a?Bcc: b\n") && strstr (body, "Cluster:    cluster\n"));
}
END_TEST

START_TEST (programs_that_read_a_message)
{
    ck_assert (mail_program_is_sendmail ("/usr/sbin/sendmail") && mail_program_is_sendmail ("/opt/my-sendmail"));
    ck_assert (mail_program_is_sendmail ("/usr/bin/msmtp"));
    ck_assert (!mail_program_is_sendmail ("/usr/bin/mail") && !mail_program_is_sendmail ("/usr/bin/smail"));
}
END_TEST

SUITE ("ctld/mail_text", subjects_are_slurms, recipients_are_completed_or_refused,
       the_message_has_no_header_but_its_own, programs_that_read_a_message)
