/* gpus.c - lists of GPUs, and what the configuration says about those of a node. */
#include "nodeagent/gpus.h"
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "nodeagent/topology.h"

struct gpu *gpu_add (struct gpu_list *gpus)
{
    GROW (gpus->list, gpus->n, gpus->room);
    gpus->list[gpus->n] = (struct gpu){.numa = NOWHERE};
    return &gpus->list[gpus->n++];
}

static void gpu_clear (struct gpu *gpu)
{
    for (size_t i = 0; i < gpu->n_files; i++)
        free (gpu->files[i].path);
    free (gpu->type);
    free (gpu->pci);
    free (gpu->model);
}

void gpu_drop (struct gpu_list *gpus, size_t i)
{
    gpu_clear (&gpus->list[i]);
    gpus->n--;
    memmove (&gpus->list[i], &gpus->list[i + 1], (gpus->n - i) * sizeof *gpus->list);
}

void gpu_list_clear (struct gpu_list *gpus)
{
    for (size_t i = 0; i < gpus->n; i++)
        gpu_clear (&gpus->list[i]);
    free (gpus->list);
    *gpus = (struct gpu_list){0};
}

/* --- the configuration -------------------------------------------------------------------------------------------- */

static void add_files (struct gpus_ask *ask, const struct config *conf, size_t index, const Moisson__Gres *kind)
{
    const struct config_node_extra *extra = &conf->node_extra[index];

    for (size_t i = 0; i < extra->n_gres; i++) {
        const struct config_gres *line = &conf->gres[extra->gres[i]];
        if (!config_gres_is (line, conf->core->nodes[index], kind))
            continue;
        for (size_t k = 0; k < line->n_files; k++) {
            ask->files = xrealloc (ask->files, (ask->n_files + 1) * sizeof *ask->files);
            ask->files[ask->n_files++] = (struct gpu_file){line->files[k], kind->type, line->cores};
        }
    }
}

void gpus_ask_make (struct gpus_ask *ret, const struct config *conf, size_t index)
{
    const Moisson__NodeConf *node = conf->core->nodes[index];

    *ret = (struct gpus_ask){.root = "", .detect_off = conf->node_extra[index].gres_detect_off};
    ret->kinds = xcalloc (node->n_gres_have, sizeof *ret->kinds);
    for (size_t i = 0; i < node->n_gres_have; i++) {
        const Moisson__Gres *kind = node->gres_have[i];
        if (strcmp (kind->name, "gpu"))
            continue;
        ret->kinds[ret->n_kinds++] = (struct gpu_kind){kind->type, kind->count};
        add_files (ret, conf, index, kind);
    }
}

void gpus_ask_clear (struct gpus_ask *ask)
{
    free (ask->kinds);
    free (ask->files);
    *ask = (struct gpus_ask){0};
}
