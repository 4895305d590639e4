/* users.h - who is uid 1000? Name, groups, home and shell come from the system's user database, which may hang (LDAP);
 * so a helper process asks, and the loop only waits for its answer. Answers are kept for a while. For the controller
 * and the agents of nodes.
 *
 * users_create forks: call it before any thread or loop exists. */
#pragma once
#include <sys/types.h>
#include "base/cleanup.h"
#include "net/loop.h"

struct users;

struct user_facts {
    uint32_t uid, gid;
    char *name, *group, *home, *shell;
    uint32_t *groups;
    size_t n_groups;
};

/* facts (borrowed during the call) or why not. */
typedef void (*users_fn) (void *arg, const struct user_facts *facts, const struct err *why);

/* whose: "controller", "node n1"; for sentences. */
int users_create (struct users **ret, const char *whose, struct err *err);
int users_attach (struct users *users, struct loop *loop, struct err *err); /* before the first users_get */
/* Whoever still waits is told that the controller is stopping. */
struct users *users_free (struct users *users);
DEFINE_CLEANUP (struct users *, users_free)

/* Calls fn once, at once if the answer is known. The code of `why` is FAIL_AUTH where there is no such user. */
void users_get (struct users *users, uint32_t uid, users_fn fn, void *arg);
/* The last answer however old, or NULL: for those who can do with it while the database is silent. Borrowed until the
 * loop goes on. */
const struct user_facts *users_last (const struct users *users, uint32_t uid);
