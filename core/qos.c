/* qos.c - QoS by name. */
#include "core/qos.h"
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "core/state.h"

struct qos *qos_find (const struct core *core, const char *name)
{
    struct qos *qos = NULL;

    if (name && *name)
        HASH_FIND_STR (core->qos.by_name, name, qos);
    return qos && qos->conf ? qos : NULL;
}

struct qos *qos_make (struct core *core, const char *name)
{
    struct qos *qos;

    HASH_FIND_STR (core->qos.by_name, name, qos);
    if (qos)
        return qos;
    qos = xcalloc (1, sizeof *qos + strlen (name) + 1);
    strcpy (qos->name, name);
    HASH_ADD_STR (core->qos.by_name, name, qos);
    return qos;
}

bool qos_has_flag (const struct qos *qos, const char *flag)
{
    for (size_t i = 0; qos && qos->conf && i < qos->conf->n_flags; i++)
        if (!strcasecmp (qos->conf->flags[i], flag))
            return true;
    return false;
}

struct qos_part *qos_part_find (struct qos_part *const *table, const char *name)
{
    struct qos_part *part;

    HASH_FIND_STR (*table, name, part);
    return part;
}

struct qos_part *qos_part_get (struct qos_part **table, const char *name)
{
    struct qos_part *part = qos_part_find (table, name);

    if (part)
        return part;
    part = xcalloc (1, sizeof *part + strlen (name) + 1);
    strcpy (part->name, name);
    HASH_ADD_STR (*table, name, part);
    return part;
}

void qos_part_drop_idle (struct qos_part **table, struct qos_part *part)
{
    if (part->use.submitted || part->use.jobs)
        return;
    HASH_DELETE (hh, *table, part);
    free (part);
}

static void parts_clear (struct qos_part **table)
{
    struct qos_part *part, *next;

    HASH_ITER (hh, *table, part, next)
    {
        HASH_DELETE (hh, *table, part);
        free (part);
    }
}

static void strip (struct core *core, struct qos *qos)
{
    qos->conf = NULL;
    qos->use = (struct use){0};
    usage_accrue (&qos->usage, core->now);
    memset (qos->usage.rate, 0, sizeof qos->usage.rate);
    memset (qos->usage.ends, 0, sizeof qos->usage.ends);
    memset (qos->usage.pledged, 0, sizeof qos->usage.pledged);
    qos->usage.jobs = 0;
    parts_clear (&qos->users);
    parts_clear (&qos->accounts);
}

void qos_configure (struct core *core)
{
    const Moisson__Accounts *accounts = core->assocs.set ? core->assocs.set->accounts : NULL;
    struct qos *qos, *next;

    core->qos.highest = 0;
    HASH_ITER (hh, core->qos.by_name, qos, next)
    strip (core, qos);
    for (size_t i = 0; accounts && i < accounts->n_qos; i++) {
        qos = qos_make (core, accounts->qos[i]->name);
        qos->conf = accounts->qos[i];
        if (qos->conf->priority > core->qos.highest)
            core->qos.highest = qos->conf->priority;
    }
    HASH_ITER (hh, core->qos.by_name, qos, next)
    {
        if (qos->conf || !usage_is_nothing (&qos->usage))
            continue;
        HASH_DELETE (hh, core->qos.by_name, qos);
        free (qos);
    }
}

void qos_clear (struct core *core)
{
    struct qos *qos, *next;

    HASH_ITER (hh, core->qos.by_name, qos, next)
    {
        parts_clear (&qos->users);
        parts_clear (&qos->accounts);
        HASH_DELETE (hh, core->qos.by_name, qos);
        free (qos);
    }
    core->qos = (struct qos_table){0};
}
