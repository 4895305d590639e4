/* misfit.c - is a node's machine as large as configured? */
#include "core/misfit.h"
#include <string.h>
#include "base/mem.h"
#include "core/state.h"

static enum hardware_fit compare_machine (const struct node *node, char **ret_why, char **ret_key)
{
    const Moisson__Register *facts = node->facts;
    struct hardware found;

    if (!facts->has_found_threads) { /* a given topology, or one of several nodes on a host */
        *ret_why = *ret_key = NULL;
        return HARDWARE_FITS;
    }
    found = (struct hardware){facts->found_sockets, facts->found_cores, facts->found_threads, facts->found_mem_mb};
    return hardware_compare (node->conf, &found, ret_why, ret_key);
}

/* The machine itself, and the devices that gres.conf declares: the latter the agent has looked at. */
static enum hardware_fit compare (const struct node *node, char **ret_why, char **ret_key)
{
    _cleanup_free_ char *why = NULL, *key = NULL;
    const char *gres = node->facts ? node->facts->gres_fault : NULL;
    enum hardware_fit fit;

    if (!node->facts || node_left (node))
        return HARDWARE_FITS;
    fit = compare_machine (node, &why, &key);
    if (!gres) {
        *ret_why = steal (&why);
        *ret_key = steal (&key);
        return fit;
    }
    bool both = fit == HARDWARE_LOW;
    *ret_why = xasprintf ("%s%s%s", gres, both ? "; " : "", both ? why : "");
    *ret_key = xasprintf ("%s; %s", gres, both ? key : "");
    return HARDWARE_LOW;
}

void misfit_judge (struct core *core, struct node *node)
{
    _cleanup_free_ char *why = NULL, *key = NULL;
    bool low = compare (node, &why, &key) == HARDWARE_LOW;

    if (low && node->misfit && !strcmp (node->misfit, key))
        return; /* known: marked, or resumed in spite of it */
    free (node->misfit);
    node->misfit = low ? steal (&key) : NULL;
    if (!low && node->marks & MARK_INVALID)
        node_unmark (core, node, MARK_INVALID);
    if (!low)
        return;
    if (node->by == BY_FACTS) /* another finding than before */
        node_clear_reason (node);
    node_mark (core, node, MARK_INVALID, BY_FACTS, NULL, why);
}

void misfit_judge_all (struct core *core)
{
    for (size_t i = 0; i < core->nodes.n; i++)
        misfit_judge (core, core->nodes.list[i]);
}

char *misfit_note (const struct node *node)
{
    _cleanup_free_ char *why = NULL, *key = NULL;

    return compare (node, &why, &key) == HARDWARE_FITS ? NULL : steal (&why);
}
