/* core_preempt_qos.c - who may preempt whom, as their QoS say. */
#include "accounts_kit.h"
#include "suite.h"

static struct kit *kit_of_qos (const char *qos)
{
    struct kit_conf *c = kit_conf ("n1", 4);

    c->config.has_preempt_type = c->config.has_preempt_mode = true;
    c->config.preempt_type = MOISSON__PREEMPT_TYPE__PREEMPT_QOS;
    c->config.preempt_mode = MOISSON__PREEMPT_MODE__PREEMPT_CANCEL;
    struct kit *k = kit_with (c);
    set_accounts (k, qos);
    return k;
}

static uint64_t fill (struct kit *k, const char *qos, bool requeue)
{
    uint64_t id = submit (k, .qos = qos, .cpus_per_task = 4, .mem = 10, .requeue = requeue);

    ck_assert_uint_eq (pass (k), 1);
    started (k, id, 1);
    return id;
}

START_TEST (a_qos_preempts_those_that_it_names)
{
    _cleanup_kit_ struct kit *k =
        kit_of_qos ("QOSName=normal\nQOSName=scrap PreemptMode=requeue\nQOSName=high Preempt=scrap\n");
    uint64_t scrap = fill (k, "scrap", true), high, normal;

    normal = submit (k, .qos = "normal", .mem = 10);
    pass (k);
    assert_state (k, scrap, RUNNING);
    high = submit (k, .qos = "high", .mem = 10);
    pass (k);
    assert_state (k, scrap, COMPLETING);
    ended (k, scrap, 1, MOISSON__END_KIND__END_CANCELLED, 0, 15);
    assert_state (k, scrap, PENDING); /* REQUEUE is its QoS's, not the cluster's */
    ck_assert_uint_eq (pass (k), 2);
    assert_reason (k, high, "Starting");
    assert_reason (k, normal, "Starting");
}
END_TEST

START_TEST (others_are_left_alone)
{
    _cleanup_kit_ struct kit *k =
        kit_of_qos ("QOSName=normal\nQOSName=scrap\nQOSName=calm PreemptMode=off\nQOSName=high Preempt=scrap,calm\n");
    uint64_t id = fill (k, "normal", false);

    submit (k, .qos = "high", .mem = 10);
    pass (k);
    assert_state (k, id, RUNNING);
    exited (k, id, 1, 0);
    ck_assert_uint_eq (pass (k), 1);
}
END_TEST

START_TEST (a_qos_that_is_not_preempted)
{
    _cleanup_kit_ struct kit *k =
        kit_of_qos ("QOSName=normal\nQOSName=calm PreemptMode=off\nQOSName=high Preempt=calm\n");
    uint64_t id = fill (k, "calm", false);

    submit (k, .qos = "high", .mem = 10);
    pass (k);
    assert_state (k, id, RUNNING);
}
END_TEST

SUITE ("preempt_qos", a_qos_preempts_those_that_it_names, others_are_left_alone, a_qos_that_is_not_preempted)
