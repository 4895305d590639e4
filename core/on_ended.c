/* on_ended.c - an attempt is over, as its node saw it or as its absence tells. */
#include "base/mem.h"
#include "core/apply.h"
#include "core/attempt.h"
#include "core/held.h"
#include "core/retry.h"
#include "core/state.h"

/* What each kind of end means. A code or signal of -1: as the node said. */
static const struct kind_row {
    Moisson__EndKind kind;
    job_state_t state;
    int code, signal;
    bool lost;                 /* the node's fault: another attempt if the job asked for it */
    const char *cause;         /* where the node said nothing */
    Moisson__RetryCause retry; /* what --retry knows it as; 0 = never tried again */
} kinds[] = {
    {MOISSON__END_KIND__END_EXITED, MOISSON__JOB_STATE__STATE_FAILED, -1, -1, false, NULL,
     MOISSON__RETRY_CAUSE__RETRY_EXIT},
    {MOISSON__END_KIND__END_TIME_LIMIT, MOISSON__JOB_STATE__STATE_TIMEOUT, 0, 0, false, "time limit reached",
     MOISSON__RETRY_CAUSE__RETRY_TIMEOUT},
    {MOISSON__END_KIND__END_CANCELLED, MOISSON__JOB_STATE__STATE_CANCELLED, 0, 15, false, "cancelled", 0},
    {MOISSON__END_KIND__END_SETUP, MOISSON__JOB_STATE__STATE_FAILED, 1, 0, false, "could not be set up",
     MOISSON__RETRY_CAUSE__RETRY_SETUP},
    {MOISSON__END_KIND__END_LOST, MOISSON__JOB_STATE__STATE_NODE_FAIL, 1, 0, true,
     "its processes vanished from the node", MOISSON__RETRY_CAUSE__RETRY_NODE},
    {MOISSON__END_KIND__END_REFUSED, MOISSON__JOB_STATE__STATE_NODE_FAIL, 1, 0, true, "its node says that it never ran",
     MOISSON__RETRY_CAUSE__RETRY_NODE}, /* after it had said that it runs */
    {MOISSON__END_KIND__END_NODE_REBOOT, MOISSON__JOB_STATE__STATE_NODE_FAIL, 1, 0, true, "the node was rebooted",
     MOISSON__RETRY_CAUSE__RETRY_NODE},
    {MOISSON__END_KIND__END_OOM, MOISSON__JOB_STATE__STATE_OUT_OF_MEMORY, 0, 125, false, "out of memory",
     MOISSON__RETRY_CAUSE__RETRY_OOM},
};

static const struct kind_row preempted = {
    MOISSON__END_KIND__END_CANCELLED, MOISSON__JOB_STATE__STATE_PREEMPTED, 0, 15, false, "preempted", 0};

static const struct kind_row *kind_row (Moisson__EndKind kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].kind == kind)
            return &kinds[i];
    return &kinds[0];
}

static const struct kind_row *kind_in_force (const struct task *task, Moisson__EndKind kind)
{
    if (task->stop == STOP_BY_CANCEL)
        return kind_row (MOISSON__END_KIND__END_CANCELLED);
    if (task->stop == STOP_BY_NODE)
        return kind_row (MOISSON__END_KIND__END_LOST);
    if (task->stop == STOP_BY_PREEMPT && kind == MOISSON__END_KIND__END_CANCELLED)
        return &preempted;
    return kind_row (kind);
}

/* Is it followed by another attempt? Nobody asks that of one that went well or was cancelled. */
static struct retry_answer again_after (struct core *core, struct task *task, const struct kind_row *row,
                                        const struct over *over)
{
    const char *said = over->exit->cause;
    const struct ending ending = {
        .cause = row->retry,
        .code = over->exit->code,
        .signal = over->exit->signal,
        .requeue = row->lost && job_wants_requeue (core, task->job),
        .words = over->cause     ? over->cause
                 : said && *said ? said
                                 : NULL,
    };

    if (task->stop == STOP_BY_REQUEUE)
        return (struct retry_answer){.again = true, .hold = task->again_hold};
    if (row == &preempted)
        return (struct retry_answer){.again = task->preempt_again};
    if (!row->retry || over->state == MOISSON__JOB_STATE__STATE_COMPLETED)
        return (struct retry_answer){0};
    return retry_decide (core, task, &ending);
}

/* What it held is not free, so nobody gets it. */
static void leave_claim (struct core *core, struct task *task)
{
    struct claim *claim = claim_of_victim (core, task);

    if (claim)
        claim_hear (core, claim);
    task->claim = 0;
}

/* The exit as it is kept: code and signal are what is shown. */
static void end_with (struct core *core, struct task *task, const Moisson__Exit *said)
{
    const struct kind_row *row = kind_in_force (task, said->kind);
    Moisson__Exit exit = *said;
    struct over over = {.state = row->state, .exit = &exit};

    exit.has_code = exit.has_signal = true;
    exit.code = row->code < 0 ? said->code : (uint32_t) row->code;
    exit.signal = row->signal < 0 ? said->signal : (uint32_t) row->signal;
    if (row->kind == MOISSON__END_KIND__END_EXITED && !exit.code && !exit.signal)
        over.state = MOISSON__JOB_STATE__STATE_COMPLETED;
    _cleanup_free_ char *words = NULL;
    if (row == &preempted)
        over.cause = words =
            xasprintf ("preempted: its place was needed for job %lu", (unsigned long) task->claimed_for);
    if (task->stop == STOP_BY_NODE)
        over.cause = task->cause; /* which node died */
    else if (task->stop == STOP_BY_REQUEUE && row->kind == MOISSON__END_KIND__END_CANCELLED)
        over.cause = "requeued";
    else if (!over.cause && (!said->cause || !*said->cause))
        over.cause = row->cause;
    struct retry_answer answer = again_after (core, task, row, &over);
    struct held *held = said->unkillable ? held_create (core, task) : NULL;
    if (held)
        leave_claim (core, task);
    attempt_again (core, task, &over, &answer);
    if (held)
        held_take (core, held);
}

/* Its prolog or epilog failed: what comes after would meet the same. */
static void drain (struct core *core, struct node *node, const Moisson__Exit *exit)
{
    if (node && exit->drain && *exit->drain && !(node->marks & MARK_DRAIN))
        node_mark (core, node, MARK_DRAIN, BY_NODE, NULL, exit->drain);
}

/* News of what nobody wants: of a stray that is gone now, unless it leaves something behind. */
static int stray_ended (struct core *core, struct node *from, const Moisson__Exit *exit)
{
    uint64_t raw_id = exit->id->raw_id;

    if (!from || !node_has_stray (from, raw_id, exit->id->attempt))
        return APPLY_E_STALE;
    drain (core, from, exit);
    if (!exit->unkillable)
        node_stray_gone (core, from, raw_id, exit->id->attempt);
    core->want_pass |= !from->n_strays;
    return APPLY_E_STALE;
}

/* It never ran, for no fault of its own: placed again (law 3), unless it was to end anyway. The others of its kind tell
 * that the node can start jobs. */
static bool refused (struct core *core, struct task *task, const Moisson__Exit *said)
{
    const char *cause = said->cause && *said->cause ? said->cause : "the node does not say why";
    struct node *host = task_host (task);
    uint64_t placed_at = task->placed_at;

    if (said->kind != MOISSON__END_KIND__END_REFUSED) {
        if (!kind_row (said->kind)->lost && said->kind != MOISSON__END_KIND__END_CANCELLED)
            node_began (host);
        return false;
    }
    if (task->stop == STOP_BY_CANCEL || phase_move (&task->phase, ON_REFUSED, NULL))
        return false;
    attempt_refused (core, task, cause, said->drain && *said->drain);
    node_refused (core, host, placed_at, said->of_user ? task->job->spec->uid : 0, cause);
    return true;
}

int on_ended (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__Exit *exit = event->ended->exit;
    struct task *task = news_task (core, exit->id);
    struct fx *fx = effects_add (core->fx, FX_FORGET);
    const char *node = event->ended->node;

    if (fx) { /* also for what is not wanted: the node may let it go */
        fx->raw_id = exit->id->raw_id;
        fx->attempt = exit->id->attempt;
        fx->node = xstrdup (node ? node : task ? node_name (task_host (task)) : "");
    }
    if (!task)
        return stray_ended (core, node ? node_find (core, node) : NULL, exit);
    drain (core, task_host (task), exit);
    if (refused (core, task, exit))
        return 0;
    if (phase_move (&task->phase, ON_EXITED, err))
        return APPLY_E_STALE;
    end_with (core, task, exit);
    return 0;
}
