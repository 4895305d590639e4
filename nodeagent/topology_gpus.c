/* topology_gpus.c - GPUs as hwloc knows them: coprocessors of its vendors' plugins, and without these (Debian's hwloc
 * has neither NVML nor ROCm) what the PCI bus says to be a display or 3D controller of a vendor of GPUs. */
#include "nodeagent/topology_gpus.h"
#include <stdlib.h>
#include <string.h>
#include "base/idset.h"
#include "base/mem.h"

#define CLASS_DISPLAY 0x03 /* the upper byte of the PCI class: VGA 00, 3D 02, other 80 */
#define CORE_IDS 65536

static enum gpu_vendor vendor_of (const struct hwloc_pcidev_attr_s *pci)
{
    static const struct {
        unsigned short id;
        enum gpu_vendor vendor;
        bool vga_counts; /* Intel's VGA controllers are those of the processors */
    } vendors[] = {{0x10de, GPU_NVIDIA, true}, {0x1002, GPU_AMD, true}, {0x8086, GPU_INTEL, false}};

    for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++)
        if (pci->vendor_id == vendors[i].id && (pci->class_id & 0xff || vendors[i].vga_counts))
            return vendors[i].vendor;
    return GPU_OTHER;
}

static uint32_t numa_near (hwloc_topology_t hw, hwloc_obj_t dev)
{
    hwloc_obj_t near = hwloc_get_non_io_ancestor_obj (hw, dev);

    /* behind a bridge that all memory nodes share it is near none of them */
    if (!near || !near->cpuset || hwloc_bitmap_isequal (near->cpuset, hwloc_topology_get_topology_cpuset (hw)))
        return hwloc_get_nbobjs_by_type (hw, HWLOC_OBJ_NUMANODE) == 1 ? 0 : NOWHERE;
    return topology_numa_of (hw, near->cpuset);
}

/* A device that can compute: one a card, not one a name of it. */
static bool is_coprocessor (hwloc_obj_t osdev)
{
    static const char *const names[] = {"nvml", "cuda", "rsmi", "opencl", "ze"};
    const char *name = osdev->name ? osdev->name : "";

    if (!osdev->attr ||
        (osdev->attr->osdev.type != HWLOC_OBJ_OSDEV_COPROC && osdev->attr->osdev.type != HWLOC_OBJ_OSDEV_GPU))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strncmp (name, names[i], strlen (names[i])))
            return true;
    return false;
}

static hwloc_obj_t pci_of (hwloc_obj_t dev)
{
    while (dev && dev->type != HWLOC_OBJ_PCI_DEVICE)
        dev = dev->parent;
    return dev;
}

/* The model in the words of the vendor's library, and of the list of PCI ids: a type may be in either. */
static char *model_of (hwloc_obj_t dev)
{
    const char *model = NULL, *device = hwloc_obj_get_info_by_name (dev, "PCIDevice");

    for (hwloc_obj_t child = dev->io_first_child; child && !model; child = child->next_sibling)
        model = hwloc_obj_get_info_by_name (child, "GPUModel");
    return model && device ? xasprintf ("%s, %s", model, device) : xstrdup (model ? model : device);
}

static void add_pci (hwloc_topology_t hw, hwloc_obj_t dev, struct gpu_list *found)
{
    const struct hwloc_pcidev_attr_s *pci = &dev->attr->pcidev;
    struct gpu *gpu = gpu_add (found);

    gpu->pci = xasprintf ("%04x:%02x:%02x.%01x", pci->domain, pci->bus, pci->dev, pci->func);
    gpu->vendor = vendor_of (pci);
    gpu->model = model_of (dev);
    gpu->numa = numa_near (hw, dev);
}

static bool computes (hwloc_obj_t dev)
{
    if (dev->attr->pcidev.class_id >> 8 == CLASS_DISPLAY && vendor_of (&dev->attr->pcidev) != GPU_OTHER)
        return true;
    for (hwloc_obj_t child = dev->io_first_child; child; child = child->next_sibling)
        if (child->type == HWLOC_OBJ_OS_DEVICE && is_coprocessor (child))
            return true;
    return false;
}

static int by_pci (const void *a, const void *b)
{
    return strcmp (((const struct gpu *) a)->pci, ((const struct gpu *) b)->pci);
}

/* Coprocessors that are on no PCI bus (virtual ones of recorded machines) come last, as they are listed. */
static void find (hwloc_topology_t hw, struct gpu_list *found)
{
    for (hwloc_obj_t dev = NULL; (dev = hwloc_get_next_pcidev (hw, dev));)
        if (computes (dev))
            add_pci (hw, dev, found);
    if (found->n)
        qsort (found->list, found->n, sizeof *found->list, by_pci);
    for (hwloc_obj_t dev = NULL; (dev = hwloc_get_next_osdev (hw, dev));)
        if (is_coprocessor (dev) && !pci_of (dev))
            gpu_add (found)->numa = numa_near (hw, dev);
}

/* Cores= says what is near: the memory node of the first core of the list. */
static void apply_cores (const struct gpus_ask *ask, struct topology *t)
{
    for (size_t i = 0; i < ask->n_files; i++) {
        _cleanup_idset_ struct idset *cores = NULL;
        uint32_t limit, numa = NOWHERE;
        if (!ask->files[i].cores || idset_parse (&cores, &limit, ask->files[i].cores, CORE_IDS, NULL))
            continue;
        for (size_t k = 0; k < t->n_units && numa == NOWHERE; k++)
            if (idset_has (cores, t->units[k].core))
                numa = t->units[k].numa;
        for (size_t k = 0; k < t->gpus.n && numa != NOWHERE; k++)
            if (t->gpus.list[k].n_files && !strcmp (t->gpus.list[k].files[0].path, ask->files[i].path))
                t->gpus.list[k].numa = numa;
    }
}

void topology_gpus (hwloc_topology_t hw, const struct topology_ask *ask, struct topology *t)
{
    struct gpu_kind kind = {NULL, ask->gpus};
    const struct gpus_ask plain = {.kinds = &kind, .n_kinds = 1, .root = ""};
    const struct gpus_ask *wanted = ask->gpu_ask ? ask->gpu_ask : &plain;
    struct gpu_list found = {0};
    bool real = ask->gpu_ask && ask->own_host && !t->is_virtual;

    if (!wanted->n_kinds)
        return;
    if (hw && !wanted->detect_off)
        find (hw, &found);
    if (real && !wanted->detect_off)
        gpus_look_at_files (&found, wanted->root);
    gpus_match (wanted, &found, real, &t->gpus, &t->gpu_fault);
    apply_cores (wanted, t);
}
