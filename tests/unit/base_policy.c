/* base_policy.c - keys about what runs again, how fast jobs start, and who gives way to whom. */
#include "base/config_policy.h"
#include <string.h>
#include <unistd.h>
#include "base/files.h"
#include "base/mem.h"
#include "suite.h"

#define HEAD "SlurmctldHost=head\nNodeName=n1 CPUs=4\n"

static struct config *load (const char *text, struct err *err)
{
    char path[] = "/tmp/moisson-policy-XXXXXX";
    struct config *conf = NULL;
    int fd = mkstemp (path);

    ck_assert_int_ge (fd, 0);
    close (fd);
    ck_assert_int_eq (file_write (path, text, strlen (text), 0600, 0, NULL), 0);
    config_load (&conf, path, err);
    unlink (path);
    return conf;
}

START_TEST (every_key_reaches_the_core)
{
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_config_ struct config *conf =
        load (HEAD "RequeueExit=5-7,75\nRequeueExitHold=9\nMaxBatchRequeue=3\nPreemptType=preempt/partition_prio\n"
                   "PreemptMode=requeue\nPreemptExemptTime=10\nFastFailTime=30\nFastFailExclude=2:00:00\n"
                   "PartitionName=a Nodes=ALL StartRate=50/s StartRatePerUser=300/min GraceTime=20\n"
                   "PartitionName=b Nodes=ALL StartRate=7/hour PreemptMode=OFF StartRatePerUser=UNLIMITED\n",
              &err);

    ck_assert_msg (conf != NULL, "%s", err.why);
    const Moisson__Config *core = conf->core;
    ck_assert_uint_eq (core->n_requeue_exit, 2);
    ck_assert_uint_eq (core->requeue_exit[0]->first, 5);
    ck_assert_uint_eq (core->requeue_exit[1]->last, 75);
    ck_assert_uint_eq (core->requeue_exit_hold[0]->first, 9);
    ck_assert_uint_eq (core->max_restarts, 3);
    ck_assert_int_eq (core->preempt_type, MOISSON__PREEMPT_TYPE__PREEMPT_PARTITION);
    ck_assert_int_eq (core->preempt_mode, MOISSON__PREEMPT_MODE__PREEMPT_REQUEUE);
    ck_assert_uint_eq (core->preempt_exempt_s, 600);
    ck_assert_uint_eq (core->fast_fail_s, 30);
    ck_assert_uint_eq (core->fast_fail_exclude_s, 7200);
    const Moisson__PartitionConf *a = core->partitions[0], *b = core->partitions[1];
    ck_assert_uint_eq (a->start_rate, 50);
    ck_assert_uint_eq (a->start_rate_us, 1000000);
    ck_assert_uint_eq (a->user_start_rate, 300);
    ck_assert_uint_eq (a->user_start_rate_us, 60000000);
    ck_assert_uint_eq (a->grace_s, 20);
    ck_assert (!a->has_preempt_mode);
    ck_assert_uint_eq (b->start_rate, 7);
    ck_assert (!b->has_user_start_rate);
    ck_assert_int_eq (b->preempt_mode, MOISSON__PREEMPT_MODE__PREEMPT_OFF);
}
END_TEST

START_TEST (wrong_values_are_refused)
{
    static const char *const wrong[][2] = {
        {"RequeueExit=0\n", "exit codes"},
        {"RequeueExit=300\n", "exit codes"},
        {"RequeueExitHold=a\n", "exit codes"},
        {"PreemptMode=SUSPEND,GANG\n", "keeps its memory"},
        {"PreemptMode=MAYBE\n", "not a way to preempt"},
        {"PreemptType=preempt/mood\n", ""},
        {"PartitionName=x Nodes=ALL StartRate=50\n", "not a rate"},
        {"PartitionName=x Nodes=ALL StartRate=0/s\n", "too small"},
        {"PartitionName=x Nodes=ALL StartRatePerUser=5/day\n", "not a rate"},
        {"PartitionName=x Nodes=ALL PreemptMode=GANG\n", "keeps its memory"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        _cleanup_err_ struct err err = ERR_INIT;
        _cleanup_free_ char *text = xasprintf (HEAD "PartitionName=p Nodes=ALL\n%s", wrong[i][0]);
        _cleanup_config_ struct config *conf = load (text, &err);
        ck_assert_msg (!conf, "%s was taken", wrong[i][0]);
        ck_assert_msg (strstr (err.why, wrong[i][1]) != NULL, "%s: %s", wrong[i][0], err.why);
    }
}
END_TEST

SUITE ("policy", every_key_reaches_the_core, wrong_values_are_refused)
