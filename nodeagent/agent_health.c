/* agent_health.c - when the node's own programs run, and what the controller hears of them. The first check comes
 * before the first session: a node that is not well says so as it registers. */
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/agent.h"

static void run (struct agent *a)
{
    Moisson__RunProgram msg = MOISSON__RUN_PROGRAM__INIT;

    msg.kind = MOISSON__REPORT_KIND__REPORT_HEALTH;
    launcher_send (a, VERB_RUN, &msg.base);
}

static bool is_on (const struct agent *a)
{
    return *a->program.conf->health_program && a->program.conf->health_interval;
}

/* Is the node in one of the states of HealthCheckNodeState? */
static bool is_time (const struct agent *a)
{
    unsigned when = a->program.conf->health_when;
    bool idle = !HASH_COUNT (a->attempts) || slots_free_cpus (a->slots) == slots_all_cpus (a->slots);
    bool full = !slots_free_cpus (a->slots);

    return when & (idle ? HEALTH_IDLE : full ? HEALTH_ALLOC : HEALTH_MIXED);
}

static void on_timer (void *arg)
{
    struct agent *a = arg;

    if (is_time (a))
        run (a);
    timer_arm (a->health.timer, a->program.conf->health_interval * USEC_PER_SEC);
}

void health_open (struct agent *a)
{
    usec_t first = a->program.conf->health_interval * USEC_PER_SEC;
    uint32_t random;

    if (!is_on (a))
        return;
    a->health.timer = timer_create_in (a->loop, on_timer, a);
    a->health.awaited = true;
    run (a);
    random_fill (&random, sizeof random);
    if (a->program.conf->health_when & HEALTH_CYCLE) /* from here on each node has a time of its own */
        first = random % first;
    timer_arm (a->health.timer, first);
}

void health_close (struct agent *a)
{
    if (a->health.timer)
        a->health.timer = timer_free (a->health.timer);
    free (a->health.words);
    a->health.words = NULL;
}

bool health_is_awaited (const struct agent *a)
{
    return a->health.awaited;
}

static void send_report (struct agent *a, Moisson__ReportKind kind, bool ok, char *words)
{
    Moisson__NodeReport report = MOISSON__NODE_REPORT__INIT;

    if (!a->channel)
        return;
    report.kind = kind;
    report.ok = ok;
    report.words = words;
    channel_send (a->channel, MOISSON__MSG_TYPE__MSG_NODE_REPORT, &report.base);
}

void health_tell (struct agent *a)
{
    if (a->health.known)
        send_report (a, MOISSON__REPORT_KIND__REPORT_HEALTH, a->health.ok, a->health.words);
}

void health_heard (struct agent *a, const Moisson__NodeReport *report)
{
    if (report->kind != MOISSON__REPORT_KIND__REPORT_HEALTH) {
        send_report (a, report->kind, report->ok, report->words);
        return;
    }
    a->health.awaited = false;
    a->health.known = true;
    a->health.ok = report->ok;
    free (a->health.words);
    a->health.words = xstrdup (report->words);
    health_tell (a);
}
