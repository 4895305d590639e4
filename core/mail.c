/* mail.c - mails about jobs. */
#include "core/mail.h"
#include <string.h>
#include <utlist.h>
#include "base/mail.h"
#include "base/mem.h"
#include "core/attempt.h"
#include "core/depend.h"
#include "core/state.h"
#include "core/view.h"

#define SET(mail, field, value) ((mail)->has_##field = true, (mail)->field = (value))

static const struct {
    uint32_t bit;
    unsigned percent;
} marks[] = {{MAIL_TIME_LIMIT_50, 50}, {MAIL_TIME_LIMIT_80, 80}, {MAIL_TIME_LIMIT_90, 90}};

static Moisson__Mail *mail_create (const struct job *job, uint32_t kind)
{
    const Moisson__Submitted *facts = spec_msg (job->spec);
    Moisson__Mail *mail = xmalloc (sizeof *mail);

    moisson__mail__init (mail);
    mail->kind = kind;
    mail->job_id = job->id;
    mail->name = xstrdup (facts->spec->name);
    mail->user = xstrdup (facts->user);
    mail->address = xstrdup (facts->spec->mail_user);
    mail->partition = xstrdup (job->partition);
    mail->work_dir = xstrdup (facts->spec->work_dir);
    SET (mail, uid, facts->uid);
    return mail;
}

static void add_mail (struct effects *fx, Moisson__Mail *mail)
{
    struct fx *one = effects_add (fx, FX_MAIL);

    if (one)
        one->mail = mail;
    else
        moisson__mail__free_unpacked (mail, NULL);
}

/* Of an array, is each task told about? */
static bool by_task (const struct job *job)
{
    return !job_is_array (job) || job_spec (job)->mail_types & MAIL_ARRAY_TASKS;
}

static void about_task (Moisson__Mail *mail, const struct job *job, uint32_t index, uint64_t raw_id)
{
    SET (mail, raw_id, raw_id);
    if (job_is_array (job))
        SET (mail, task, index);
}

/* --- time limits -------------------------------------------------------------------------------------------------- */

static usec_t mark_due (const struct core *core, const struct task *task, uint32_t bit)
{
    uint64_t limit = task_time_limit (core, task);

    for (size_t i = 0; limit && i < sizeof marks / sizeof *marks; i++)
        if (marks[i].bit == bit)
            return task->start_us + limit * marks[i].percent / 100 * USEC_PER_SEC;
    return UINT64_MAX;
}

static void add_limits (const struct core *core, const struct task *task, void (*fn) (void *arg, Moisson__Mail *mail),
                        void *arg)
{
    uint32_t types = job_spec (task->job)->mail_types;

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        usec_t due = mark_due (core, task, marks[i].bit);
        if (!(types & marks[i].bit) || due == UINT64_MAX)
            continue;
        Moisson__Mail *mail = mail_create (task->job, marks[i].bit);
        about_task (mail, task->job, task->index, task->raw_id);
        SET (mail, attempt, task->attempt);
        SET (mail, due_us, due);
        SET (mail, seconds, (due - task->start_us) / USEC_PER_SEC);
        fn (arg, mail);
    }
}

int core_mail_due (const struct core *core, const Moisson__Mail *mail, usec_t now, usec_t *ret_due)
{
    const struct task *task = task_by_raw (core, mail->raw_id);

    if (!task || task->attempt != mail->attempt || task->phase != TASK_RUNNING)
        return -1;
    *ret_due = mark_due (core, task, mail->kind);
    return *ret_due == UINT64_MAX ? -1 : *ret_due <= now;
}

void core_mail_limits (const struct core *core, void (*fn) (void *arg, Moisson__Mail *mail), void *arg)
{
    for (const struct job *job = job_from (core, 0); job; job = job_from (core, job->id + 1))
        for (const struct task *task = job_spec (job)->mail_types ? job->tasks : NULL; task; task = task->next)
            if (task->phase == TASK_RUNNING)
                add_limits (core, task, fn, arg);
}

static void add_effect (void *arg, Moisson__Mail *mail)
{
    add_mail (arg, mail);
}

/* --- starts and ends ---------------------------------------------------------------------------------------------- */

static void begin_mail (const struct job *job, uint32_t index, uint64_t raw_id, usec_t start_us, struct effects *fx)
{
    usec_t waited_from = job->eligible_us && job->eligible_us < start_us ? job->eligible_us : job->submit_us;
    Moisson__Mail *mail;

    if (!(job_spec (job)->mail_types & MAIL_BEGIN))
        return;
    if (!by_task (job) && job->first_start_us && job->first_start_us != start_us)
        return; /* not its first one */
    mail = mail_create (job, MAIL_BEGIN);
    if (by_task (job))
        about_task (mail, job, index, raw_id);
    else
        SET (mail, summary, true);
    SET (mail, seconds, start_us > waited_from ? (start_us - waited_from) / USEC_PER_SEC : 0);
    add_mail (fx, mail);
}

static void started (const struct core *core, const Moisson__AttemptId *id, struct effects *fx)
{
    const struct task *task = task_by_raw (core, id->raw_id);

    if (!task || task->attempt != id->attempt || task->phase != TASK_RUNNING || !job_spec (task->job)->mail_types)
        return;
    begin_mail (task->job, task->index, task->raw_id, task->start_us, fx);
    add_limits (core, task, add_effect, fx);
}

static Moisson__Mail *end_mail (const struct job *job, const Moisson__AcctRecord *r, uint32_t kind)
{
    Moisson__Mail *mail = mail_create (job, kind);

    about_task (mail, job, r->task, r->raw_id);
    mail->has_task = mail->has_task && r->has_task;
    SET (mail, state, r->state);
    SET (mail, exit_code, r->exit_code);
    SET (mail, exit_signal, r->exit_signal);
    SET (mail, seconds, r->start_us && r->end_us > r->start_us ? (r->end_us - r->start_us) / USEC_PER_SEC : 0);
    mail->nodes = xstrdup (r->nodes);
    mail->reason = xstrdup (r->cause);
    return mail;
}

static bool went_wrong (job_state_t state)
{
    return state != MOISSON__JOB_STATE__STATE_COMPLETED && state != MOISSON__JOB_STATE__STATE_CANCELLED;
}

/* END speaks of every end, FAIL of those that went wrong; one mail for both. */
static uint32_t end_kind (uint32_t types, bool wrong)
{
    if (!(types & (MAIL_END | (wrong ? MAIL_FAIL : 0u))))
        return 0;
    return wrong ? MAIL_FAIL : MAIL_END;
}

static void recorded (const struct core *core, const struct fx *record, struct effects *fx)
{
    const Moisson__AcctRecord *r = record->record;
    const struct job *job = job_find (core, r->has_array_id ? r->array_id : record->job_id);
    uint32_t types = job ? job_spec (job)->mail_types : 0, kind;

    if (!types)
        return;
    if (record->sudden)
        begin_mail (job, r->task, r->raw_id, r->start_us, fx);
    if (!by_task (job))
        return; /* the summary comes with its end */
    if (r->requeued) {
        if (types & MAIL_REQUEUE)
            add_mail (fx, end_mail (job, r, MAIL_REQUEUE));
        return;
    }
    if (r->state == MOISSON__JOB_STATE__STATE_TIMEOUT && types & MAIL_TIME_LIMIT)
        add_mail (fx, end_mail (job, r, MAIL_TIME_LIMIT));
    kind = end_kind (types, went_wrong (r->state));
    if (kind)
        add_mail (fx, end_mail (job, r, kind));
}

static void array_ended (const struct core *core, uint64_t job_id, struct effects *fx)
{
    const struct job *job = job_find (core, job_id);
    Moisson__Mail *mail;
    uint32_t kind;

    if (!job || by_task (job) || !(kind = end_kind (job_spec (job)->mail_types, job->failed)))
        return;
    mail = mail_create (job, kind);
    SET (mail, summary, true);
    SET (mail, state, job_state (job));
    SET (mail, mixed, job->failed);
    SET (mail, exit_code, job->max_exit_code);
    SET (mail, exit_signal, job->max_exit_signal);
    if (job->first_start_us && job->end_us > job->first_start_us)
        SET (mail, seconds, (job->end_us - job->first_start_us) / USEC_PER_SEC);
    add_mail (fx, mail);
}

static void never_starts (const struct core *core, uint64_t job_id, struct effects *fx)
{
    const struct job *job = job_find (core, job_id);

    if (job && job_spec (job)->mail_types & MAIL_INVALID_DEPEND)
        add_mail (fx, mail_create (job, MAIL_INVALID_DEPEND));
}

void core_mails (const struct core *core, const Moisson__Event *event, struct effects *fx)
{
    size_t n = fx->n;

    if (event->what_case == MOISSON__EVENT__WHAT_STARTED)
        started (core, event->started->id, fx);
    for (size_t i = 0; i < n; i++) {
        struct fx one = fx->list[i]; /* the list grows */
        if (one.kind == FX_RECORD)
            recorded (core, &one, fx);
        else if (one.kind == FX_JOB_ENDED)
            array_ended (core, one.job_id, fx);
        else if (one.kind == FX_NEVER)
            never_starts (core, one.job_id, fx);
    }
}
