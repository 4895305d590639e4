/* workload_accounts.c - accounts, QoS and limits: trees come and go, usage is forgotten, and no limit is ever passed.
 */
#include <string.h>
#include "base/accounts.h"
#include "base/mem.h"
#include "workload.h"

#define CPUS_OF_A 6 /* in every tree */

static const char *const trees[] = {
    "QOSName=short Priority=3 MaxJobsPerUser=2 MaxSubmitJobsPerUser=30\nQOSName=half UsageFactor=0.5 Flags=NoDecay\n"
    "AccountName=a GrpTRES=cpu=6 QOS=short,normal\nAccountName=b Parent=a Fairshare=2\n"
    "UserName=u1000,u1001,u1002 Account=a,b\n",
    "QOSName=short MaxTRESPerUser=cpu=3\nAccountName=a GrpTRES=cpu=6 MaxJobs=3\nAccountName=b GrpTRESMins=cpu=20\n"
    "UserName=u1000,u1001,u1002 Account=a\nUserName=u1001 Account=b DefaultAccount=b\n",
    "AccountName=top GrpJobs=5\nAccountName=a Parent=top GrpTRES=cpu=6\nUserName=u1000,u1001,u1002 Account=a\n",
};

void accounts_configure (const struct world *w, Moisson__Config *config)
{
    config->has_enforce = true;
    config->enforce = w->limits ? ENFORCE_LIMITS | (w->whole_cores ? ENFORCE_SAFE : 0) : 0;
    config->has_usage_half_life_s = config->has_usage_period_s = true;
    config->usage_half_life_s = 120;
    config->usage_period_s = 10;
}

void accounts_spec (struct world *w, Moisson__JobSpec *spec)
{
    static const char *const accounts[] = {NULL, "a", "a", "b", "unknown"}, *const qos[] = {NULL, NULL, "short",
                                                                                            "half"};

    spec->account = xstrdup (accounts[dice_below (&w->dice, 5)]);
    spec->qos = xstrdup (qos[dice_below (&w->dice, 4)]);
}

void accounts_change (struct world *w)
{
    Moisson__Event *ev = world_new_event ();

    if (!core_accounts (w->core) || dice_percent (&w->dice, 80)) {
        ev->what_case = MOISSON__EVENT__WHAT_ACCOUNTS_SET;
        ev->accounts_set = xmalloc (sizeof *ev->accounts_set);
        moisson__accounts_set__init (ev->accounts_set);
        if (accounts_conf_parse (&ev->accounts_set->accounts, "accounts.conf",
                                 trees[dice_below (&w->dice, sizeof trees / sizeof *trees)], &w->wrong))
            return;
    } else {
        ev->what_case = MOISSON__EVENT__WHAT_USAGE_RESET;
        ev->usage_reset = xmalloc (sizeof *ev->usage_reset);
        moisson__usage_reset__init (ev->usage_reset);
        if (dice_percent (&w->dice, 20))
            ev->usage_reset->has_begins = ev->usage_reset->begins = true;
        else if (dice_percent (&w->dice, 50))
            ev->usage_reset->user = xasprintf ("u%u", 1000 + dice_below (&w->dice, 3));
    }
    world_event (w, ev);
}

static bool add_cpus (void *arg, const Moisson__JobInfo *row)
{
    uint32_t *cpus = arg;
    bool holds = row->state == MOISSON__JOB_STATE__STATE_RUNNING || row->state == MOISSON__JOB_STATE__STATE_SUSPENDED ||
                 row->start_unconfirmed;

    if (holds && row->spec && row->spec->account && !strcmp (row->spec->account, "a"))
        *cpus += row->num_cpus;
    return true;
}

/* What account a holds, counted from what is shown of its jobs. */
void accounts_hold (struct world *w)
{
    uint32_t cpus = 0;

    if (!w->limits || w->wrong.why)
        return;
    core_jobs (w->core, NULL, 0, 0, add_cpus, &cpus);
    if (cpus > CPUS_OF_A)
        err_set (&w->wrong, 0, "account a holds %u cpus, its limit is %d", cpus, CPUS_OF_A);
}
