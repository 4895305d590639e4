#include <string.h>
#include "ctld/rpc.h"
#include "suite.h"

static const unsigned user = ROLE_USER, operator_ = ROLE_USER | ROLE_OPERATOR, node = ROLE_NODE;

static bool may (Moisson__MsgType type, unsigned roles)
{
    _cleanup_err_ struct err err = ERR_INIT;
    const struct rpc_row *row = rpc_find (type, roles, &err);

    ck_assert (row != NULL || err.why != NULL); /* a refusal has words */
    return row != NULL;
}

static int refusal (Moisson__MsgType type, unsigned roles)
{
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_ptr_null (rpc_find (type, roles, &err));
    return err.code;
}

START_TEST (what_has_no_row_is_refused)
{
    for (int type = -2; type < 1000; type++) {
        size_t n;
        const struct rpc_row *rows = rpc_rows (&n);
        bool there = false;

        for (size_t i = 0; i < n; i++)
            there |= (int) rows[i].type == type;
        if (there)
            continue;
        ck_assert_int_eq (refusal ((Moisson__MsgType) type, user), MOISSON__FAIL_CODE__FAIL_PROTOCOL);
        ck_assert_int_eq (refusal ((Moisson__MsgType) type, operator_), MOISSON__FAIL_CODE__FAIL_PROTOCOL);
        ck_assert_int_eq (refusal ((Moisson__MsgType) type, node), MOISSON__FAIL_CODE__FAIL_PROTOCOL);
    }
}
END_TEST

START_TEST (answers_are_no_questions)
{
    static const Moisson__MsgType answers[] = {
        MOISSON__MSG_TYPE__MSG_ERROR,      MOISSON__MSG_TYPE__MSG_OK,           MOISSON__MSG_TYPE__MSG_SUBMIT_REPLY,
        MOISSON__MSG_TYPE__MSG_JOBS_PAGE,  MOISSON__MSG_TYPE__MSG_REGISTER_ACK, MOISSON__MSG_TYPE__MSG_START,
        MOISSON__MSG_TYPE__MSG_STOP,       MOISSON__MSG_TYPE__MSG_FORGET,       MOISSON__MSG_TYPE__MSG_BLOB,
        MOISSON__MSG_TYPE__MSG_AUTH_USER,  MOISSON__MSG_TYPE__MSG_AUTH_NODE,    MOISSON__MSG_TYPE__MSG_AUTH_OK,
        MOISSON__MSG_TYPE__MSG_ID_RESULTS,
    };

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        ck_assert (!may (answers[i], operator_));
        ck_assert (!may (answers[i], node));
    }
}
END_TEST

START_TEST (each_question_has_one_row_and_one_kind_of_peer)
{
    size_t n;
    const struct rpc_row *rows = rpc_rows (&n);

    for (size_t i = 0; i < n; i++) {
        ck_assert (rows[i].role == ROLE_USER || rows[i].role == ROLE_OPERATOR || rows[i].role == ROLE_NODE);
        ck_assert_ptr_nonnull (rows[i].descriptor);
        ck_assert (rows[i].handler != NULL);
        ck_assert (*rows[i].meaning);
        for (size_t k = 0; k < i; k++) {
            ck_assert_int_ne (rows[i].type, rows[k].type);
            ck_assert (rows[i].handler != rows[k].handler);
        }
    }
}
END_TEST

START_TEST (users_operators_and_nodes_are_kept_apart)
{
    ck_assert (may (MOISSON__MSG_TYPE__MSG_SUBMIT, user));
    ck_assert (may (MOISSON__MSG_TYPE__MSG_SUBMIT, operator_));
    ck_assert (!may (MOISSON__MSG_TYPE__MSG_SUBMIT, node));
    ck_assert (!may (MOISSON__MSG_TYPE__MSG_CANCEL, node));
    ck_assert (!may (MOISSON__MSG_TYPE__MSG_JOBS, node));

    ck_assert_int_eq (refusal (MOISSON__MSG_TYPE__MSG_SHUTDOWN, user), MOISSON__FAIL_CODE__FAIL_PERMISSION);
    ck_assert_int_eq (refusal (MOISSON__MSG_TYPE__MSG_NODE_OP, user), MOISSON__FAIL_CODE__FAIL_PERMISSION);
    ck_assert_int_eq (refusal (MOISSON__MSG_TYPE__MSG_SHUTDOWN, node), MOISSON__FAIL_CODE__FAIL_PROTOCOL);
    ck_assert (may (MOISSON__MSG_TYPE__MSG_SHUTDOWN, operator_));
    ck_assert (may (MOISSON__MSG_TYPE__MSG_NODE_OP, operator_));

    static const Moisson__MsgType node_side[] = {MOISSON__MSG_TYPE__MSG_REGISTER, MOISSON__MSG_TYPE__MSG_STARTED,
                                                 MOISSON__MSG_TYPE__MSG_EXITED, MOISSON__MSG_TYPE__MSG_BLOB_GET,
                                                 MOISSON__MSG_TYPE__MSG_HEARTBEAT};
    for (size_t i = 0; i < sizeof node_side / sizeof *node_side; i++) {
        ck_assert (may (node_side[i], node));
        ck_assert_int_eq (refusal (node_side[i], user), MOISSON__FAIL_CODE__FAIL_PROTOCOL);
        ck_assert_int_eq (refusal (node_side[i], operator_), MOISSON__FAIL_CODE__FAIL_PROTOCOL);
    }
}
END_TEST

START_TEST (nobody_in_particular_may_ask_nothing)
{
    size_t n;
    const struct rpc_row *rows = rpc_rows (&n);

    for (size_t i = 0; i < n; i++)
        ck_assert (!may (rows[i].type, 0));
}
END_TEST

START_TEST (jobs_belong_to_their_owner_and_to_operators)
{
    static const enum action shared[] = {ACTION_JOB_CANCEL, ACTION_JOB_HOLD, ACTION_JOB_RELEASE, ACTION_JOB_REQUEUE};

    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        ck_assert (action_allowed (shared[i], 1000, user, 1000));
        ck_assert (!action_allowed (shared[i], 1000, user, 1001));
        ck_assert (action_allowed (shared[i], 1000, operator_, 1001));
        ck_assert (!action_allowed (shared[i], 1000, node, 1001));
    }
    ck_assert (!action_allowed (ACTION_JOB_RELEASE_ADMIN, 1000, user, 1000));
    ck_assert (action_allowed (ACTION_JOB_RELEASE_ADMIN, 1000, operator_, 1001));
    ck_assert (!action_allowed ((enum action) 99, 0, operator_, 0));
}
END_TEST

SUITE ("rpc", what_has_no_row_is_refused, answers_are_no_questions, each_question_has_one_row_and_one_kind_of_peer,
       users_operators_and_nodes_are_kept_apart, nobody_in_particular_may_ask_nothing,
       jobs_belong_to_their_owner_and_to_operators)
