/* places.c - the nodes where a job may go at all: partition, node lists, features. */
#include <string.h>
#include "base/hostlist.h"
#include "base/mem.h"
#include "core/constraint.h"
#include "core/demand.h"
#include "core/state.h"

static bool bit_get (const uint64_t *mask, uint32_t i)
{
    return mask[i / 64] >> i % 64 & 1;
}

/* For each node of the list: take it out of the mask, or remember it as one that must be had. First those to be taken
 * out. */
static int apply_list (const struct core *core, const char *list, bool must, const struct demand *demand,
                       struct places *places, struct err *err)
{
    _cleanup_hostlist_ struct hostlist *names = NULL;

    if (hostlist_parse (&names, list, err))
        return err_what (err, "Invalid node name specified");
    hostlist_sort_unique (names);
    if (must)
        places->must = xcalloc (hostlist_count (names) + 1, sizeof *places->must);
    for (size_t i = 0; i < hostlist_count (names); i++) {
        struct node *node = node_find (core, hostlist_nth (names, i));
        if (node && !must && !node_left (node))
            places->mask[node->index / 64] &= ~(1ULL << node->index % 64);
        if (!must)
            continue;
        if (!node || node_left (node)) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "Invalid node name specified: there is no node %s",
                     hostlist_nth (names, i));
            return err_fix (err, "name nodes of the cluster (see: sinfo -N)");
        }
        if (!bit_get (demand->partition->nodes, node->index)) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
                     "Requested node configuration is not available: node %s is not in partition %s",
                     hostlist_nth (names, i), demand->partition->name);
            return err_fix (err, "name nodes of that partition (see: sinfo -N -p %s)", demand->partition->name);
        }
        if (!bit_get (places->mask, node->index)) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE,
                     "Invalid node name specified: node %s is required and excluded", hostlist_nth (names, i));
            return err_fix (err, "take it out of --nodelist or out of --exclude");
        }
        places->must[places->n_must++] = node;
    }
    return 0;
}

int places_of (const struct core *core, const struct demand *demand, struct places *ret, struct err *err)
{
    struct places places = {0};

    places.mask = xmemdup (demand->partition->nodes, core->nodes.words * sizeof *places.mask);
    if ((demand->constraint && constraint_check (demand->constraint, err)) ||
        (demand->exclude && apply_list (core, demand->exclude, false, demand, &places, err)) ||
        (demand->nodelist && apply_list (core, demand->nodelist, true, demand, &places, err))) {
        places_clear (&places);
        return -1;
    }
    for (uint32_t i = 0; demand->constraint && i < core->nodes.n; i++)
        if (bit_get (places.mask, i) && !constraint_met (demand->constraint, core->nodes.list[i]->conf->features))
            places.mask[i / 64] &= ~(1ULL << i % 64);
    shun_places (core, demand->shuns, &places);
    *ret = places;
    return 0;
}

void places_clear (struct places *places)
{
    free (places->mask);
    free (places->must);
    *places = (struct places){0};
}
