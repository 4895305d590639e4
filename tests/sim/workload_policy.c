/* workload_policy.c - partitions of two tiers, preemption, start rates, and jobs that run again by themselves. */
#include <stdlib.h>
#include "base/mem.h"
#include "base/retry.h"
#include "workload.h"

void policy_begin (struct world *w)
{
    w->tiers = dice_percent (&w->dice, 60);
}

static Moisson__PartitionConf *urgent_like (struct world *w, const Moisson__PartitionConf *like)
{
    Moisson__PartitionConf *p = xmalloc (sizeof *p);

    moisson__partition_conf__init (p);
    p->name = xstrdup ("urgent");
    p->has_priority = true;
    p->priority = 5;
    p->nodes = xcalloc (like->n_nodes, sizeof (char *));
    for (size_t i = 0; i < like->n_nodes; i++)
        p->nodes[p->n_nodes++] = xstrdup (like->nodes[i]);
    p->has_def_mem_per_cpu_mb = true;
    p->def_mem_per_cpu_mb = like->def_mem_per_cpu_mb;
    if (dice_percent (&w->dice, 30)) {
        p->has_user_start_rate = p->has_user_start_rate_us = true;
        p->user_start_rate = 1 + dice_below (&w->dice, 3);
        p->user_start_rate_us = USEC_PER_SEC;
    }
    return p;
}

void policy_configure (struct world *w, Moisson__Config *c)
{
    Moisson__PartitionConf *main = c->partitions[0];

    if (dice_percent (&w->dice, 30)) {
        main->has_start_rate = main->has_start_rate_us = true;
        main->start_rate = 1 + dice_below (&w->dice, 5);
        main->start_rate_us = USEC_PER_SEC;
    }
    if (dice_percent (&w->dice, 50)) {
        c->has_max_restarts = true;
        c->max_restarts = 1 + dice_below (&w->dice, 4);
    }
    c->has_fast_fail_s = c->has_fast_fail_exclude_s = true;
    c->fast_fail_s = 60;
    c->fast_fail_exclude_s = 20;
    if (!w->tiers)
        return;
    c->partitions = xrealloc (c->partitions, (c->n_partitions + 1) * sizeof (void *));
    c->partitions[c->n_partitions++] = urgent_like (w, main);
    main->has_grace_s = dice_percent (&w->dice, 50);
    main->grace_s = 3;
    c->has_preempt_type = c->has_preempt_mode = c->has_preempt_exempt_s = true;
    c->preempt_type = MOISSON__PREEMPT_TYPE__PREEMPT_PARTITION;
    c->preempt_mode = 1 + dice_below (&w->dice, 3);
    c->preempt_exempt_s = dice_percent (&w->dice, 30) ? dice_below (&w->dice, 10) : 0;
}

void policy_spec (struct world *w, Moisson__JobSpec *spec)
{
    static const char *const rules[] = {"exit:2",
                                        "node:2",
                                        "any:3,mem*2",
                                        "exit:2,time*2;max:1",
                                        "setup:9",
                                        "max:2;exit:9,mem*1.5@300",
                                        "node;exit,mem*3@150"};

    if (w->tiers && dice_percent (&w->dice, 25)) {
        free (spec->partition);
        spec->partition = xstrdup ("urgent");
    }
    if (dice_percent (&w->dice, 25))
        retry_parse (spec, rules[dice_below (&w->dice, sizeof rules / sizeof *rules)], NULL);
}

/* --- what the ledger is told -------------------------------------------------------------------------------------- */

/* May another attempt begin while the one before may be alive, once its node's time is up (law 3)? */
static bool asks_after_loss (const Moisson__JobSpec *spec)
{
    bool asks = spec->requeue;

    for (size_t i = 0; i < spec->n_retries; i++)
        asks |= spec->retries[i]->cause == MOISSON__RETRY_CAUSE__RETRY_NODE ||
                spec->retries[i]->cause == MOISSON__RETRY_CAUSE__RETRY_ANY;
    return asks;
}

struct ledger_rights policy_rights (const Moisson__JobSpec *spec)
{
    return (struct ledger_rights){.may_repeat = spec->requeue || spec->n_retries,
                                  .may_overlap = asks_after_loss (spec),
                                  .urgent = spec->partition && spec->partition[0] == 'u'};
}
