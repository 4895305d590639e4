/* qos.h - QoS as declared; one that is no longer stays while it has something used. What jobs name and nobody declared
 * is none. */
#pragma once
#include "core/assoc.h"

#define NORMAL_QOS "normal"

struct qos_part { /* jobs of one user, or of one account, in a QoS */
    struct use use;
    UT_hash_handle hh;
    char name[];
};

struct qos {
    const Moisson__Qos *conf; /* priority, limits, preempt, preempt_mode, grace_time_s ... ; NULL: no longer declared */
    struct use use;
    struct usage usage;
    struct qos_part *users, *accounts;
    UT_hash_handle hh;
    char name[];
};

struct qos_table {
    struct qos *by_name;
    uint32_t highest; /* priority of all that are declared */
};

struct qos *qos_find (const struct core *core, const char *name); /* NULL: not declared; also for NULL and "" */
struct qos *qos_make (struct core *core, const char *name);       /* for a snapshot */
bool qos_has_flag (const struct qos *qos, const char *flag);      /* any case; NULL is fine */
struct qos_part *qos_part_find (struct qos_part *const *table, const char *name);
struct qos_part *qos_part_get (struct qos_part **table, const char *name);
void qos_part_drop_idle (struct qos_part **table, struct qos_part *part); /* nothing is counted in it: it goes */
/* As core->assocs.set says; counters are zero afterwards, what was used stays. */
void qos_configure (struct core *core);
void qos_clear (struct core *core);
