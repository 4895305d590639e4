/* agent_gpus.c - the GPUs of an order: which of the node's they are, and what the launcher is told about them. */
#include <string.h>
#include <sys/sysmacros.h>
#include "base/mem.h"
#include "nodeagent/agent.h"

void gpus_of_order (struct attempt *t, Moisson__Order *order)
{
    t->gpus = order->has_gpus ? order->gpus : 0;
    t->gres = order->gres; /* the order is about to be freed */
    t->n_gres = order->n_gres;
    order->gres = NULL;
    order->n_gres = 0;
}

void gpus_forget (struct attempt *t)
{
    for (size_t i = 0; i < t->n_gres; i++)
        moisson__gres__free_unpacked (t->gres[i], NULL);
    free (t->gres);
    t->gres = NULL;
    t->n_gres = 0;
    free (t->gpu_ids);
    free (t->gpu_text);
    t->gpu_ids = t->gpu_text = NULL;
}

int gpus_take (struct agent *a, struct attempt *t)
{
    _cleanup_free_ struct gpu_want *wants = xcalloc (t->n_gres + 1, sizeof *wants);
    size_t n = 0;

    for (size_t i = 0; i < t->n_gres; i++)
        if (!strcmp (t->gres[i]->name, "gpu")) {
            wants[n] = (struct gpu_want){.type = t->gres[i]->type, .n = t->gres[i]->count};
            n++;
        }
    if (!n && t->gpus) {
        wants[0] = (struct gpu_want){.any = true, .n = t->gpus};
        n = 1;
    }
    if (slots_take_kinds (a->slots, t->cpus, wants, n, &t->claim))
        return -1;
    t->gpu_ids = claim_gpu_ids (&t->claim);
    t->gpu_text = claim_gpu_text (&t->claim, a->topology);
    return 0;
}

/* --- what the launcher is told ------------------------------------------------------------------------------------ */

static void deny (const struct gpu *gpu, Moisson__Launch *launch)
{
    for (size_t i = 0; i < gpu->n_files; i++) {
        if (!gpu->files[i].is_device)
            continue;
        Moisson__Device *d = xmalloc (sizeof *d);
        moisson__device__init (d);
        d->major = major (gpu->files[i].device);
        d->minor = minor (gpu->files[i].device);
        launch->deny_devices = xrealloc (launch->deny_devices, (launch->n_deny_devices + 1) * sizeof (void *));
        launch->deny_devices[launch->n_deny_devices++] = d;
    }
}

static bool can_be_hidden (const struct gpu *gpu)
{
    return gpu->n_files && gpu->files[0].is_device;
}

/* How many that are hidden from the job come before this one. */
static uint32_t hidden_before (const struct agent *a, const struct attempt *t, const struct gpu *gpu)
{
    const struct gpu_list *gpus = &a->topology->gpus;
    uint32_t n = 0;

    for (uint32_t i = 0; i < gpus->n; i++)
        n += !idset_has (t->claim.gpus, i) && can_be_hidden (&gpus->list[i]) && gpus->list[i].vendor == gpu->vendor &&
             gpus->list[i].rank < gpu->rank;
    return n;
}

/* The numbers of its GPUs for the libraries, which count what they can open in the order of PCI addresses; those of the
 * vendor that its first one is of. */
static char *visible (const struct agent *a, const struct attempt *t, bool hidden)
{
    _cleanup_idset_ struct idset *ranks = idset_create ();
    const struct claim like = {.gpus = ranks};
    enum gpu_vendor vendor = a->topology->gpus.list[idset_first (t->claim.gpus)].vendor;

    for (uint32_t id = idset_first (t->claim.gpus); id != IDSET_NONE; id = idset_next (t->claim.gpus, id)) {
        const struct gpu *gpu = &a->topology->gpus.list[id];
        if (gpu->vendor == vendor)
            idset_add (ranks, gpu->rank - (hidden ? hidden_before (a, t, gpu) : 0));
    }
    return claim_gpu_ids (&like);
}

void gpus_launch (const struct agent *a, const struct attempt *t, Moisson__Launch *launch)
{
    const struct gpu_list *gpus = &a->topology->gpus;
    uint32_t first = idset_first (t->claim.gpus);

    for (uint32_t i = 0; i < gpus->n; i++)
        if (!idset_has (t->claim.gpus, i))
            deny (&gpus->list[i], launch);
    launch->gpu_ids = t->gpu_ids;
    launch->gpu_text = t->gpu_text;
    if (first == IDSET_NONE)
        return;
    launch->gpu_visible = visible (a, t, false);
    launch->gpu_left = visible (a, t, true);
    launch->has_gpu_vendor = true;
    launch->gpu_vendor = gpus->list[first].vendor == GPU_AMD ? MOISSON__GPU_VENDOR__GPU_VENDOR_AMD
                                                             : MOISSON__GPU_VENDOR__GPU_VENDOR_NVIDIA;
}

void gpus_launched (Moisson__Launch *launch)
{
    for (size_t i = 0; i < launch->n_deny_devices; i++)
        moisson__device__free_unpacked (launch->deny_devices[i], NULL);
    free (launch->deny_devices);
    free (launch->gpu_visible);
    free (launch->gpu_left);
    launch->deny_devices = NULL;
    launch->n_deny_devices = 0;
    launch->gpu_visible = launch->gpu_left = NULL;
}

/* --- REGISTER ----------------------------------------------------------------------------------------------------- */

void gpus_register (const struct agent *a, Moisson__Register *msg)
{
    msg->gpus = (uint32_t) a->topology->gpus.n;
    msg->gres_fault = a->topology->gpu_fault;
}
