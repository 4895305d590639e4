/* why_words.c - sentences about jobs. */
#include "why_words.h"
#include <inttypes.h>
#include "base/cleanup.h"
#include "base/states.h"
#include "jobref.h"
#include "show.h"

static void put_time (struct buf *out, usec_t t, const struct why_style *style)
{
    char word[256];

    buf_puts (out, time_format (t, style->time_format, "an unknown time", word, sizeof word));
}

static void put_span (struct buf *out, usec_t from, usec_t until)
{
    char word[64];

    buf_puts (out, duration_format_short (until > from ? (until - from) / USEC_PER_SEC : 0, word, sizeof word));
}

static void put_name (struct buf *out, const char *name)
{
    if (!name || !*name)
        return;
    buf_puts (out, " (");
    show_plain (out, name);
    buf_putc (out, ')');
}

static void put_more (struct buf *out, const char *text)
{
    if (!text || !*text)
        return;
    buf_puts (out, "  ");
    show_plain (out, text);
    buf_putc (out, '\n');
}

static void put_last_end (struct buf *out, const Moisson__JobInfo *job)
{
    if (!job->last_end || !*job->last_end)
        return;
    buf_puts (out, "  its last attempt: ");
    show_plain (out, job->last_end);
    buf_putc (out, '\n');
}

/* A job that waits for others counts from its submission, others from when they could have started. */
static void put_waiting (struct buf *out, const Moisson__JobInfo *job, const struct why_style *style)
{
    usec_t since = job->eligible_us && job->eligible_us <= style->now ? job->eligible_us : job->submit_us;

    buf_puts (out, " has waited since ");
    put_time (out, since, style);
    buf_puts (out, ", for ");
    put_span (out, since, style->now);
    buf_printf (out, ": %s\n", job->reason ? job->reason : "None");
    put_more (out, job->reason_text);
    put_last_end (out, job);
    if (job->spec && job->spec->dependency && *job->spec->dependency) {
        buf_puts (out, "  its dependency is ");
        show_plain (out, job->spec->dependency);
        buf_putc (out, '\n');
    }
    if (!job->start_estimate_us)
        return;
    buf_puts (out, "  it could start at ");
    put_time (out, job->start_estimate_us, style);
    buf_puts (out, ", if running jobs last as long as they may and no other job goes first\n");
}

static void put_running (struct buf *out, const Moisson__JobInfo *job, const struct why_style *style)
{
    buf_printf (out, " is %s on %s since ", state_name (job->state), job->nodes ? job->nodes : "no node");
    put_time (out, job->start_us, style);
    buf_puts (out, ", for ");
    put_span (out, job->start_us, style->now);
    buf_putc (out, '\n');
    if (job->state != MOISSON__JOB_STATE__STATE_RUNNING)
        put_more (out, state_word (job->state)->meaning);
    if (job->end_us) {
        buf_puts (out, "  its time limit ends it at ");
        put_time (out, job->end_us, style);
        buf_putc (out, '\n');
    }
    put_more (out, job->cause);
    put_last_end (out, job);
}

void why_put_job (struct buf *out, const Moisson__JobInfo *job, const struct why_style *style)
{
    _cleanup_free_ char *id = jobref_format (job);

    buf_printf (out, "Job %s", id);
    put_name (out, job->spec ? job->spec->name : NULL);
    if (state_is_pending (job->state))
        put_waiting (out, job, style);
    else
        put_running (out, job, style);
}

void why_put_exit (struct buf *out, uint32_t code, uint32_t sig)
{
    if (sig && sig < 65)
        buf_printf (out, "signal %" PRIu32 " (%s)", sig, signal_name ((int) sig));
    else if (code)
        buf_printf (out, "exit code %" PRIu32, code);
}

void why_put_id (struct buf *out, const Moisson__AcctRecord *r)
{
    buf_printf (out, "%" PRIu64, r->has_array_id ? r->array_id : r->raw_id);
    if (r->has_array_id && r->has_task)
        buf_printf (out, "_%" PRIu32, r->task);
    else if (r->has_array_id)
        buf_printf (out, "_[%s]", r->tasks ? r->tasks : "");
}

static void put_usage (struct buf *out, const Moisson__AcctRecord *r)
{
    char mem[64], cpu[64];

    if (!r->has_max_rss_kb && !r->cpu_user_us && !r->cpu_sys_us)
        return;
    buf_printf (out, "  it used %.1f MB of memory at most, and %s of CPU time (see seff %" PRIu64 ")\n",
                (double) r->max_rss_kb / 1024, cpu_time_format (r->cpu_user_us + r->cpu_sys_us, cpu, sizeof cpu),
                r->raw_id);
    if (r->state == MOISSON__JOB_STATE__STATE_TIMEOUT && r->time_limit_s)
        buf_printf (out, "  its time limit was %s\n", duration_format_short (r->time_limit_s, mem, sizeof mem));
}

void why_put_record (struct buf *out, const Moisson__AcctRecord *r, const char *canceller,
                     const struct why_style *style)
{
    _cleanup_buf_ struct buf how = BUF_INIT;

    buf_puts (out, "Job ");
    why_put_id (out, r);
    put_name (out, r->name);
    buf_printf (out, " ended as %s", state_name (r->state));
    why_put_exit (&how, r->exit_code, r->state == MOISSON__JOB_STATE__STATE_FAILED ? r->exit_signal : 0);
    if (r->state == MOISSON__JOB_STATE__STATE_FAILED && how.len)
        buf_printf (out, ", %s,", how.data);
    if (canceller)
        buf_printf (out, " by %s", canceller);
    buf_puts (out, " at ");
    put_time (out, r->end_us, style);
    if (r->start_us && r->nodes) {
        buf_printf (out, " on %s after ", r->nodes);
        put_span (out, r->start_us, r->end_us);
    } else
        buf_puts (out, "; it had not started");
    buf_putc (out, '\n');
    put_more (out, r->cause);
    if (r->restarts)
        buf_printf (out, "  it was started again %" PRIu32 " time%s\n", r->restarts, r->restarts == 1 ? "" : "s");
    put_usage (out, r);
}
