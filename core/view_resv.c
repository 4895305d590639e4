/* view_resv.c - rows of reservations and of licences. */
#include <stdlib.h>
#include <string.h>
#include "base/hostlist.h"
#include "base/mem.h"
#include "core/state.h"

static char *nodes_of (const struct resv *resv)
{
    _cleanup_hostlist_ struct hostlist *names = hostlist_create ();

    for (size_t i = 0; i < resv->msg->n_nodes; i++)
        hostlist_add (names, resv->msg->nodes[i]->node);
    hostlist_sort_unique (names);
    return hostlist_count (names) ? hostlist_compress (names) : NULL;
}

void core_resvs (const struct core *core, core_resv_fn fn, void *arg)
{
    const struct resv *resv, *next;

    HASH_ITER (hh, core->resvs.by_name, resv, next)
    {
        Moisson__ResvInfo row = MOISSON__RESV_INFO__INIT;
        _cleanup_free_ char *nodes = nodes_of (resv);
        row.resv = resv->msg;
        row.has_active = row.has_node_cnt = row.has_core_cnt = row.has_cpus = row.has_running = true;
        row.active = resv_touches (resv, core->now, core->now + 1, NULL, NULL);
        row.nodes = nodes;
        row.node_cnt = resv_size (resv, &row.cpus, &row.core_cnt);
        row.running = resv->running;
        fn (arg, &row);
    }
}

/* What reservations that are active now keep of it, as Slurm counts: whether their jobs use it or not. */
static uint32_t reserved (const struct core *core, const char *name)
{
    const struct resv *resv, *next;
    uint32_t n = 0;

    HASH_ITER (hh, core->resvs.by_name, resv, next)
    for (size_t i = 0; i < resv->msg->n_licences; i++)
        if (!strcmp (resv->msg->licences[i]->name, name) && resv_touches (resv, core->now, core->now + 1, NULL, NULL))
            n += resv->msg->licences[i]->count;
    return n;
}

void core_licences (const struct core *core, core_licence_fn fn, void *arg)
{
    for (size_t i = 0; i < core->licences.n; i++) {
        const struct licence *licence = &core->licences.list[i];
        Moisson__LicenceInfo row = MOISSON__LICENCE_INFO__INIT;
        row.name = licence->name;
        row.total = licence->total;
        row.used = licence->used;
        row.reserved = reserved (core, licence->name);
        fn (arg, &row);
    }
}
