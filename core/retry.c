/* retry.c - attempts that follow by themselves. */
#include "core/retry.h"
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "core/state.h"

/* --- what it asks for --------------------------------------------------------------------------------------------- */

static uint64_t scaled (uint64_t value, uint32_t permille)
{
    return value / 1000 * permille + (value % 1000 * permille + 999) / 1000;
}

/* The memory that this spec names, and of what it is. */
static enum retry_mem named_mem (const Moisson__JobSpec *spec, uint64_t *ret_mb)
{
    if (spec->has_mem_per_cpu_mb) {
        *ret_mb = spec->mem_per_cpu_mb;
        return RETRY_MEM_CPU;
    }
    if (spec->has_mem_per_gpu_mb) {
        *ret_mb = spec->mem_per_gpu_mb;
        return RETRY_MEM_GPU;
    }
    *ret_mb = spec->mem_per_node_mb;
    return spec->has_mem_per_node_mb ? RETRY_MEM_NODE : RETRY_MEM_NONE;
}

static void name_mem (Moisson__JobSpec *spec, enum retry_mem of, uint64_t mb)
{
    spec->has_mem_per_cpu_mb = of == RETRY_MEM_CPU;
    spec->has_mem_per_gpu_mb = of == RETRY_MEM_GPU;
    spec->has_mem_per_node_mb = of == RETRY_MEM_NODE;
    *(of == RETRY_MEM_CPU   ? &spec->mem_per_cpu_mb
      : of == RETRY_MEM_GPU ? &spec->mem_per_gpu_mb
                            : &spec->mem_per_node_mb) = mb;
}

/* More than this spec asks? One that names its memory otherwise by now has been changed since, and counts. */
static bool raises_mem (const struct retry *retry, const Moisson__JobSpec *spec)
{
    uint64_t mb;
    enum retry_mem of = named_mem (spec, &mb);

    if (retry->mem_of == RETRY_MEM_NONE)
        return false;
    return of == RETRY_MEM_NONE ? retry->mem_of == RETRY_MEM_NODE : of == retry->mem_of && mb && mb < retry->mem_mb;
}

static bool raises_time (const struct retry *retry, const Moisson__JobSpec *spec)
{
    return retry->time_s && (!spec->has_time_limit_s || (spec->time_limit_s && spec->time_limit_s < retry->time_s));
}

Moisson__JobSpec *retry_spec (const struct retry *retry, const Moisson__JobSpec *spec)
{
    bool mem = raises_mem (retry, spec), time = raises_time (retry, spec);
    Moisson__JobSpec like = *spec;

    if (!mem && !time)
        return NULL;
    if (mem)
        name_mem (&like, retry->mem_of, retry->mem_mb);
    if (time) {
        like.has_time_limit_s = true;
        like.time_limit_s = retry->time_s;
    }
    return message_copy (&like.base);
}

/* --- which rule --------------------------------------------------------------------------------------------------- */

static bool in_rule (const Moisson__RetryRule *rule, uint32_t number)
{
    return !rule->has_first || (number >= rule->first && number <= rule->last);
}

static bool is_about (const Moisson__RetryRule *rule, const struct ending *ending)
{
    switch (rule->cause) {
    case MOISSON__RETRY_CAUSE__RETRY_ANY: return true;
    case MOISSON__RETRY_CAUSE__RETRY_EXIT:
        return ending->cause == rule->cause && (!rule->has_first || (!ending->signal && in_rule (rule, ending->code)));
    case MOISSON__RETRY_CAUSE__RETRY_SIGNAL:
        return ending->cause == MOISSON__RETRY_CAUSE__RETRY_EXIT && ending->signal && in_rule (rule, ending->signal);
    default: return ending->cause == rule->cause;
    }
}

static uint32_t times_used (const struct task *task, size_t rule)
{
    return task->retry && rule < RETRY_RULES_MOST ? task->retry->used[rule] : 0;
}

/* The first rule that applies and has times left; NULL = none. *ret_spent: one applies, and has none left. */
static const Moisson__RetryRule *rule_for (const struct task *task, const struct ending *ending, size_t *ret_at,
                                           const Moisson__RetryRule **ret_spent)
{
    const Moisson__JobSpec *spec = row_facts (task->job, task)->spec;

    *ret_spent = NULL;
    for (size_t i = 0; i < spec->n_retries && i < RETRY_RULES_MOST; i++) {
        const Moisson__RetryRule *rule = spec->retries[i];
        if (!is_about (rule, ending))
            continue;
        if (times_used (task, i) < rule->times) {
            *ret_at = i;
            return rule;
        }
        *ret_spent = rule;
    }
    return NULL;
}

/* --- with how much more ------------------------------------------------------------------------------------------- */

struct more { /* what the next attempt asks for beyond this one; 0 = as much */
    enum retry_mem of;
    uint64_t mem_mb, time_s;
};

static uint64_t largest_share (const struct task *task)
{
    uint64_t most = 0;

    for (uint32_t i = 0; i < task->n_shares; i++)
        if (task->shares[i].mem_mb > most)
            most = task->shares[i].mem_mb;
    return most;
}

static void more_mem (const struct task *task, const Moisson__RetryRule *rule, struct more *more)
{
    uint64_t now;
    enum retry_mem of = named_mem (row_facts (task->job, task)->spec, &now);

    if (!rule->mem_permille)
        return;
    if (of == RETRY_MEM_NONE) { /* what it was given */
        of = RETRY_MEM_NODE;
        now = largest_share (task);
    }
    uint64_t next = scaled (now, rule->mem_permille);
    if (rule->mem_most_mb && next > rule->mem_most_mb)
        next = rule->mem_most_mb;
    if (next <= now || !now)
        return;
    more->of = of;
    more->mem_mb = next;
}

static void more_time (const struct core *core, const struct task *task, const Moisson__RetryRule *rule,
                       struct more *more)
{
    const struct partition *partition = partition_find (core, row_partition (task->job, task));
    uint64_t now = task_time_limit (core, task), most = rule->time_most_s;

    if (!rule->time_permille || !now)
        return;
    uint64_t next = (scaled (now, rule->time_permille) + 59) / 60 * 60;
    if (most && next > most)
        next = most;
    if (partition && partition->conf && partition->conf->max_time_s && next > partition->conf->max_time_s)
        next = partition->conf->max_time_s;
    more->time_s = next > now ? next : 0;
}

/* Would it ever start, asking for so much? */
static bool fits_somewhere (const struct core *core, const struct task *task, const struct more *more)
{
    struct retry like = {.mem_mb = more->mem_mb, .mem_of = more->of};
    const struct partition *partition = partition_find (core, task->job->partition);
    Moisson__JobSpec *spec = retry_spec (&like, row_facts (task->job, task)->spec);
    _cleanup_fit_ struct fit fit = {0};
    struct places places;
    struct demand demand;
    bool fits;

    if (!spec)
        return true;
    demand_of (core, partition, spec, &demand);
    fits = partition->conf && places_of (core, &demand, &places, NULL) == 0;
    if (fits) {
        uint64_t most = partition->conf->max_mem_per_node_mb;
        fits = fit_find (core, &demand, &places, FIT_EMPTY, &fit) == 0 && (!most || fit.picks[0].mem_mb <= most);
        places_clear (&places);
    }
    moisson__job_spec__free_unpacked (spec, NULL);
    return fits;
}

static void say_more (const struct more *more, struct buf *out)
{
    static const char *const of[] = {"", " on each node", " for each CPU", " for each GPU"};
    char text[32];

    if (more->mem_mb)
        buf_printf (out, " with %s%s", mem_format (more->mem_mb, text, sizeof text), of[more->of]);
    if (more->time_s)
        buf_printf (out, " %s %s", more->mem_mb ? "and" : "with", duration_format (more->time_s, text, sizeof text));
}

/* --- the answer --------------------------------------------------------------------------------------------------- */

static struct retry *retry_of (struct task *task)
{
    if (!task->retry)
        task->retry = xcalloc (1, sizeof *task->retry);
    return task->retry;
}

static void put_words (const struct ending *ending, struct buf *out)
{
    static const char *const words[] = {
        [MOISSON__RETRY_CAUSE__RETRY_NODE] = "its node was lost",
        [MOISSON__RETRY_CAUSE__RETRY_OOM] = "out of memory",
        [MOISSON__RETRY_CAUSE__RETRY_TIMEOUT] = "time limit reached",
        [MOISSON__RETRY_CAUSE__RETRY_SETUP] = "could not be set up",
    };

    if (ending->words && *ending->words)
        buf_puts (out, ending->words);
    else if (ending->cause != MOISSON__RETRY_CAUSE__RETRY_EXIT)
        buf_puts (out, words[ending->cause]);
    else if (ending->signal)
        buf_printf (out, "signal %s", signal_name ((int) ending->signal));
    else
        buf_printf (out, "exit code %u", ending->code);
}

/* Another one by the rule; the loss of a node is no reason to ask for more. False, and why not, where it would meet the
 * same or could never start. */
static bool by_rule (struct core *core, struct task *task, const Moisson__RetryRule *rule, size_t at, bool lost,
                     struct buf *out)
{
    struct more more = {0};
    struct retry *retry;
    char text[32];

    if (!lost) {
        more_mem (task, rule, &more);
        more_time (core, task, rule, &more);
    }
    if (!lost && (rule->mem_permille || rule->time_permille) && !more.mem_mb && !more.time_s) {
        buf_puts (out, "; not tried again: it had as much as it may get");
        return false;
    }
    if (more.mem_mb && !fits_somewhere (core, task, &more)) {
        buf_printf (out, "; not tried again: no node of partition %s gives %s (bound it: mem*F@MOST)",
                    task->job->partition, mem_format (more.mem_mb, text, sizeof text));
        return false;
    }
    retry = retry_of (task);
    retry->used[at]++;
    if (more.mem_mb) {
        retry->mem_mb = more.mem_mb;
        retry->mem_of = more.of;
    }
    if (more.time_s)
        retry->time_s = more.time_s;
    buf_puts (out, "; tried again");
    say_more (&more, out);
    buf_printf (out, " (%s: %u of %u)", retry_cause_word (rule->cause), retry->used[at], rule->times);
    return true;
}

static bool in_codes (Moisson__Range *const *ranges, size_t n, const struct ending *ending)
{
    if (ending->cause != MOISSON__RETRY_CAUSE__RETRY_EXIT || ending->signal)
        return false;
    for (size_t i = 0; i < n; i++)
        if (ending->code >= ranges[i]->first && ending->code <= ranges[i]->last)
            return true;
    return false;
}

/* What the site asks for, unless the job does not want to run again. */
static bool by_site (const struct core *core, const struct task *task, const struct ending *ending,
                     struct retry_answer *answer, struct buf *out)
{
    const Moisson__JobSpec *spec = row_facts (task->job, task)->spec;
    const Moisson__Config *config = core->config;

    if (spec->has_requeue && !spec->requeue)
        return false;
    if (in_codes (config->requeue_exit_hold, config->n_requeue_exit_hold, ending)) {
        answer->hold = HOLD_USER;
        buf_printf (out, "; held before it is tried again (RequeueExitHold)");
        return true;
    }
    if (!in_codes (config->requeue_exit, config->n_requeue_exit, ending))
        return false;
    buf_printf (out, "; tried again (RequeueExit)");
    return true;
}

/* The bounds on what happens by itself: of the job, and of the site. */
static bool within_bounds (const struct core *core, const struct task *task, struct retry_answer *answer,
                           struct buf *out)
{
    const Moisson__JobSpec *spec = row_facts (task->job, task)->spec;
    uint32_t done = task->retry ? task->retry->restarts : 0;

    if (spec->has_retry_most && done >= spec->retry_most) {
        buf_printf (out, "; not tried again: %u restarts were made (--retry=max:%u)", done, spec->retry_most);
        return false;
    }
    if (core->config->max_restarts && done >= core->config->max_restarts) {
        buf_printf (out, "; held: %u restarts were made (MaxBatchRequeue)", done);
        answer->hold = HOLD_ADMIN;
    }
    return true;
}

bool retry_asks_after_loss (const struct core *core, const struct task *task)
{
    const struct ending ending = {.cause = MOISSON__RETRY_CAUSE__RETRY_NODE};
    const Moisson__JobSpec *spec = row_facts (task->job, task)->spec;
    const Moisson__RetryRule *spent;
    size_t at;

    if (spec->has_retry_most && task->retry && task->retry->restarts >= spec->retry_most)
        return false;
    return job_wants_requeue (core, task->job) || rule_for (task, &ending, &at, &spent);
}

struct retry_answer retry_decide (struct core *core, struct task *task, const struct ending *ending)
{
    struct retry_answer answer = {0};
    struct buf words = BUF_INIT;
    const Moisson__RetryRule *spent, *rule;
    size_t at = 0;

    rule = rule_for (task, ending, &at, &spent);
    put_words (ending, &words);
    size_t plain = words.len;
    if (rule)
        answer.again = within_bounds (core, task, &answer, &words) &&
                       by_rule (core, task, rule, at, ending->cause == MOISSON__RETRY_CAUSE__RETRY_NODE, &words);
    else if (ending->requeue)
        answer.again = within_bounds (core, task, &answer, &words);
    else if (by_site (core, task, ending, &answer, &words))
        answer.again = within_bounds (core, task, &answer, &words);
    else if (spent)
        buf_printf (&words, "; not tried again: %s was, %u of %u times", retry_cause_word (spent->cause), spent->times,
                    spent->times);
    if (answer.again) {
        retry_of (task)->restarts++;
        free (task->retry->words);
        task->retry->words = xstrdup (words.data);
    }
    if (words.len > plain || answer.again)
        answer.words = buf_steal (&words);
    buf_clear (&words);
    return answer;
}

/* --- snapshots ---------------------------------------------------------------------------------------------------- */

void retry_free (struct retry *retry)
{
    if (retry)
        free (retry->words);
    free (retry);
}

struct retry *retry_load (const Moisson__ImageTask *in)
{
    struct retry *retry;

    if (!in->n_retried)
        return NULL;
    retry = xcalloc (1, sizeof *retry);
    for (size_t i = 0; i < in->n_retried && i < RETRY_RULES_MOST; i++)
        retry->used[i] = in->retried[i];
    retry->mem_mb = in->retry_mem_mb;
    retry->mem_of = in->retry_mem_of <= RETRY_MEM_GPU ? (enum retry_mem) in->retry_mem_of : RETRY_MEM_NONE;
    retry->time_s = in->retry_time_s;
    retry->restarts = in->self_restarts;
    retry->words = xstrdup (in->retry_words);
    return retry;
}

void retry_save (const struct retry *retry, Moisson__ImageTask *out)
{
    if (!retry)
        return;
    out->n_retried = RETRY_RULES_MOST;
    out->retried = xmemdup (retry->used, sizeof retry->used);
    out->has_retry_mem_mb = out->has_retry_mem_of = retry->mem_mb > 0;
    out->retry_mem_mb = retry->mem_mb;
    out->retry_mem_of = retry->mem_of;
    out->has_retry_time_s = retry->time_s > 0;
    out->retry_time_s = retry->time_s;
    out->has_self_restarts = retry->restarts > 0;
    out->self_restarts = retry->restarts;
    out->retry_words = xstrdup (retry->words);
}
