/* mail_text.c - a mail in Slurm's words. */
#include "ctld/mail_text.h"
#include <inttypes.h>
#include <string.h>
#include "base/mail.h"
#include "base/mem.h"
#include "base/cleanup.h"
#include "base/states.h"
#include "base/units.h"

static const struct {
    uint32_t kind;
    const char *words;
    bool waited, end; /* tells how long it waited; tells how it ended */
} kinds[] = {
    {MAIL_BEGIN, "Began", true, false},
    {MAIL_END, "Ended", false, true},
    {MAIL_FAIL, "Failed", false, true},
    {MAIL_REQUEUE, "Requeued", false, false},
    {MAIL_TIME_LIMIT, "Reached time limit", false, false},
    {MAIL_TIME_LIMIT_90, "Reached 90% of time limit", false, false},
    {MAIL_TIME_LIMIT_80, "Reached 80% of time limit", false, false},
    {MAIL_TIME_LIMIT_50, "Reached 50% of time limit", false, false},
    {MAIL_INVALID_DEPEND, "Invalid dependency", false, false},
};

static size_t kind_of (const Moisson__Mail *mail)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].kind == mail->kind)
            return i;
    return 1;
}

static void put_job (const Moisson__Mail *mail, struct buf *out)
{
    if (mail->summary)
        buf_printf (out, "Array Summary Job_id=%" PRIu64 "_* (%" PRIu64 ")", mail->job_id, mail->job_id);
    else if (mail->has_task)
        buf_printf (out, "Array Task Job_id=%" PRIu64 "_%u (%" PRIu64 ")", mail->job_id, mail->task, mail->raw_id);
    else
        buf_printf (out, "Job_id=%" PRIu64, mail->job_id);
}

static void put_end (const Moisson__Mail *mail, struct buf *out)
{
    if (mail->summary && mail->mixed)
        buf_printf (out, ", Mixed, ExitCode [0-%u]", mail->exit_code);
    else if (mail->summary)
        buf_printf (out, ", %s, ExitCode [0-%u]", state_name (mail->state), mail->exit_code);
    else
        buf_printf (out, ", %s, ExitCode %u", state_name (mail->state), mail->exit_code);
}

static void put_subject (const Moisson__Mail *mail, struct buf *out)
{
    size_t kind = kind_of (mail);
    char time[32];

    buf_puts (out, "Slurm ");
    put_job (mail, out);
    buf_printf (out, " Name=%s %s", mail->name ? mail->name : "", kinds[kind].words);
    duration_format (mail->seconds, time, sizeof time);
    if (mail->has_seconds)
        buf_printf (out, ", %s time %s", kinds[kind].waited ? "Queued" : "Run", time);
    if (kinds[kind].end)
        put_end (mail, out);
}

void mail_subject (const Moisson__Mail *mail, struct buf *out)
{
    _cleanup_buf_ struct buf plain = BUF_INIT;

    put_subject (mail, &plain);
    for (char *p = plain.data; *p; p++)
        if ((unsigned char) *p < ' ' || *p == 127)
            *p = '?';
    buf_puts (out, plain.data);
}

bool mail_recipients (const Moisson__Mail *mail, const char *domain, struct buf *out)
{
    const char *text = mail->address && *mail->address ? mail->address : mail->user ? mail->user : "";

    if (!mail_address_ok (text))
        return false;
    for (const char *p = text; *p;) {
        size_t len = strcspn (p, ",");
        buf_printf (out, "%s%.*s", p == text ? "" : ",", (int) len, p);
        if (*domain && !memchr (p, '@', len))
            buf_printf (out, "@%s", domain);
        p += len;
        p += *p == ',';
    }
    return true;
}

static void put_fact (struct buf *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    buf_printf (out, "%-11s ", name);
    for (const char *p = value; *p; p++)
        buf_putc (out, (unsigned char) *p < ' ' || *p == 127 ? '?' : *p);
    buf_putc (out, '\n');
}

void mail_body (const Moisson__Mail *mail, const char *cluster, struct buf *out)
{
    _cleanup_buf_ struct buf job = BUF_INIT;
    char time[32];

    put_job (mail, &job);
    put_fact (out, "Job:", job.data);
    put_fact (out, "Name:", mail->name);
    put_fact (out, "User:", mail->user);
    put_fact (out, "Cluster:", cluster);
    put_fact (out, "Partition:", mail->partition);
    put_fact (out, "Nodes:", mail->nodes);
    put_fact (out, "Directory:", mail->work_dir);
    put_fact (out, "What:", kinds[kind_of (mail)].words);
    if (mail->has_seconds)
        put_fact (
            out, kinds[kind_of (mail)].waited ? "Waited:" : "Ran:", duration_format (mail->seconds, time, sizeof time));
    if (mail->has_state && !mail->mixed)
        put_fact (out, "State:", state_name (mail->state));
    if (mail->has_exit_code && kinds[kind_of (mail)].end)
        buf_printf (out, "%-11s %u:%u\n", mail->summary ? "Highest:" : "Exit code:", mail->exit_code,
                    mail->exit_signal);
    put_fact (out, "Reason:", mail->reason);
    buf_printf (out, "\nMore: scontrol show job %" PRIu64 " or sacct -j %" PRIu64 "%s\n", mail->job_id, mail->job_id,
                mail->mixed ? "; moisson failures says what went wrong, by cause" : "");
}

void mail_message (const Moisson__Mail *mail, const char *cluster, const char *to, struct buf *out)
{
    _cleanup_buf_ struct buf subject = BUF_INIT;

    mail_subject (mail, &subject);
    buf_printf (out, "To: %s\nSubject: ", to);
    mail_header_text (subject.data, out);
    buf_puts (out, "\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
                   "Content-Transfer-Encoding: 8bit\n\n");
    mail_body (mail, cluster, out);
}

bool mail_program_is_sendmail (const char *path)
{
    const char *slash = strrchr (path, '/'), *name = slash ? slash + 1 : path;
    size_t len = strlen (name);

    return (len >= 8 && !strcmp (name + len - 8, "sendmail")) || !strcmp (name, "msmtp") || !strcmp (name, "ssmtp");
}
