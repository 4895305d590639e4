/* gpus_match.c - of the GPUs that were found, those that are declared. */
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "nodeagent/gpus.h"

/* The number by which libraries know it: its place among all of its vendor, in the order of PCI addresses. */
static void number (struct gpu_list *found)
{
    uint32_t next[GPU_INTEL + 1] = {0};

    for (size_t i = 0; i < found->n; i++)
        found->list[i].rank = next[found->list[i].vendor]++;
}

static void move (struct gpu_list *found, size_t i, const char *type, struct gpu_list *to)
{
    struct gpu *gpu = gpu_add (to);

    *gpu = found->list[i];
    free (gpu->type);
    gpu->type = xstrdup (type);
    found->n--;
    memmove (&found->list[i], &found->list[i + 1], (found->n - i) * sizeof *found->list);
}

/* "a100" is in "NVIDIA A100-SXM4-40GB", as in Slurm. */
static bool model_has (const struct gpu *gpu, const char *type)
{
    return gpu->model && strcasestr (gpu->model, type);
}

static bool has_path (const struct gpu *gpu, const char *path)
{
    for (size_t i = 0; i < gpu->n_files; i++)
        if (!strcmp (gpu->files[i].path, path))
            return true;
    return false;
}

/* --- File= -------------------------------------------------------------------------------------------------------- */

/* The GPU of this file: one that was found, or one of which only the file is known. False: there is no such file. */
static bool take_file (const struct gpus_ask *ask, const struct gpu_file *file, struct gpu_list *found, bool real,
                       struct gpu_list *to)
{
    for (size_t i = 0; i < found->n; i++)
        if (has_path (&found->list[i], file->path)) {
            move (found, i, file->type, to);
            return true;
        }
    struct gpu gpu = {0};
    gpu_add_file (&gpu, ask->root, file->path);
    if (real && !gpu.n_files)
        return false;
    struct gpu *own = gpu_add (to);
    uint32_t numa = own->numa;
    *own = gpu;
    own->numa = numa;
    own->vendor = gpu_vendor_of_path (file->path);
    own->rank = (uint32_t) to->n - 1;
    own->type = xstrdup (file->type);
    return true;
}

static void take_files (const struct gpus_ask *ask, const struct gpu_kind *kind, struct gpu_list *found, bool real,
                        struct gpu_list *to, struct buf *missing)
{
    for (size_t i = 0; i < ask->n_files; i++) {
        const char *type = ask->files[i].type;
        bool same = type && kind->type ? !strcmp (type, kind->type) : type == kind->type;
        if (same && !take_file (ask, &ask->files[i], found, real, to))
            buf_printf (missing, "%s%s", missing->len ? ", " : "", ask->files[i].path);
    }
}

/* --- detection ---------------------------------------------------------------------------------------------------- */

/* Those whose model says the type; then, where no kind names a model, any. */
static void take_found (const struct gpu_kind *kind, uint32_t wanted, bool any, struct gpu_list *found,
                        struct gpu_list *to)
{
    for (size_t i = 0; i < found->n && wanted;) {
        if (!any && !model_has (&found->list[i], kind->type)) {
            i++;
            continue;
        }
        move (found, i, kind->type, to);
        wanted--;
    }
}

static uint32_t count_type (const struct gpu_list *gpus, const char *type)
{
    uint32_t n = 0;

    for (size_t i = 0; i < gpus->n; i++)
        n += gpus->list[i].type && type ? !strcmp (gpus->list[i].type, type) : gpus->list[i].type == type;
    return n;
}

static uint32_t lack_of (const struct gpu_kind *kind, const struct gpu_list *has)
{
    uint32_t n = count_type (has, kind->type);

    return kind->n > n ? kind->n - n : 0;
}

static void take_all (const struct gpus_ask *ask, struct gpu_list *found, struct gpu_list *to)
{
    for (int any = 0; any < 2; any++)
        for (size_t i = 0; i < ask->n_kinds; i++)
            if (any || ask->kinds[i].type)
                take_found (&ask->kinds[i], lack_of (&ask->kinds[i], to), any, found, to);
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static char *say_fault (const struct gpus_ask *ask, const struct gpu_list *has, const struct buf *missing)
{
    struct buf out = BUF_INIT;
    uint64_t declared = 0;

    for (size_t i = 0; i < ask->n_kinds; i++)
        declared += ask->kinds[i].n;
    if (has->n >= declared)
        return NULL;
    buf_printf (&out, "gres/gpu count reported lower than configured (%zu < %llu)", has->n,
                (unsigned long long) declared);
    if (missing->len)
        buf_printf (&out, ": no such device: %s", missing->data);
    return buf_steal (&out);
}

void gpus_match (const struct gpus_ask *ask, struct gpu_list *found, bool real, struct gpu_list *ret, char **ret_fault)
{
    _cleanup_buf_ struct buf missing = BUF_INIT;
    struct gpu_list gpus = {0};

    number (found);
    for (size_t i = 0; i < ask->n_kinds; i++)
        take_files (ask, &ask->kinds[i], found, real, &gpus, &missing);
    if (!ask->n_files && !ask->detect_off)
        take_all (ask, found, &gpus);
    *ret_fault = real && (ask->n_files || !ask->detect_off) ? say_fault (ask, &gpus, &missing) : NULL;
    for (size_t i = 0; i < ask->n_kinds && (!real || (ask->detect_off && !ask->n_files)); i++)
        for (uint32_t n = lack_of (&ask->kinds[i], &gpus); n; n--) {
            struct gpu *gpu = gpu_add (&gpus);
            gpu->type = xstrdup (ask->kinds[i].type);
            gpu->rank = (uint32_t) gpus.n - 1;
        }
    gpu_list_clear (found);
    *ret = gpus;
}
