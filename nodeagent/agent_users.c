/* agent_users.c - is the user of an order known on this node? In root mode a helper process asks the user database
 * (which may hang); answers are kept, and an old one will do while there is no new one. Names and numbers of the order
 * are the controller's; a job of somebody whom this node does not know, or knows by another name, is refused. */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/agent.h"

#define PATIENCE (2 * USEC_PER_SEC) /* one order waits so long, and those behind it */

struct question {
    struct agent *agent;
    uint32_t uid;
};

static void on_answer (void *arg, const struct user_facts *facts, const struct err *why)
{
    struct question *q = arg;
    struct agent *a = q->agent;

    for (struct attempt *t = a->users ? a->waiting : NULL; t; t = t->next_waiting)
        if (t->uid == q->uid && t->user_asked) {
            free (t->user_why);
            t->user_why = facts ? NULL : err_line (why);
            t->user_unknown = !facts && why->code == MOISSON__FAIL_CODE__FAIL_AUTH;
            t->user_answered = true;
        }
    free (q);
    if (a->users && !a->asking) /* neither while the agent ends, nor below the orders that ask */
        orders_go_on (a);
}

static void ask (struct agent *a, struct attempt *t)
{
    struct question *q = xmalloc (sizeof *q);

    *q = (struct question){a, t->uid};
    t->user_asked = now_monotonic ();
    a->asking = true;
    users_get (a->users, t->uid, on_answer, q); /* calls back at once if it knows */
    a->asking = false;
}

static char *not_known (const struct agent *a, const struct attempt *t)
{
    return xasprintf (
        "user %s (uid %u) is not known on node %s (fix: make the account known there, see: getent passwd %u)", t->user,
        t->uid, a->program.node, t->uid);
}

enum user_state user_of_order (struct agent *a, struct attempt *t, char **ret_why)
{
    if (!a->users)
        return USER_FINE;
    if (!t->user_asked)
        ask (a, t);
    const struct user_facts *facts = users_last (a->users, t->uid);
    if (facts && strcmp (facts->name, t->user) == 0)
        return USER_FINE;
    if (facts && t->user_answered) {
        *ret_why = xasprintf ("uid %u is %s on node %s, not %s (fix: give the account the same number everywhere)",
                              t->uid, facts->name, a->program.node, t->user);
        return USER_REFUSED;
    }
    if (t->user_answered) {
        *ret_why = t->user_unknown ? not_known (a, t) : steal (&t->user_why);
        return USER_REFUSED;
    }
    if (now_monotonic () - t->user_asked < PATIENCE)
        return USER_ASKED;
    *ret_why = xasprintf ("the user database of node %s does not say who uid %u (%s) is: it does not answer",
                          a->program.node, t->uid, t->user);
    return USER_REFUSED;
}
