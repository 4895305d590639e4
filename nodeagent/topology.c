/* topology.c - what a node is made of. */
#include "nodeagent/topology.h"
#include <hwloc.h>
#include <string.h>
#include "base/mem.h"

static inline void cleanup_hwlocp (hwloc_topology_t *t)
{
    if (*t)
        hwloc_topology_destroy (*t);
}

struct topology *topology_free (struct topology *t)
{
    if (!t)
        return NULL;
    for (size_t i = 0; i < t->n_units; i++)
        free (t->units[i].os_cpus);
    free (t->units);
    free (t->gpus);
    free (t->text);
    free (t);
    return NULL;
}

static int set_source (hwloc_topology_t hw, const char *topology, struct err *err)
{
    static const char prefix[] = "synthetic:";

    if (!topology)
        return 0;
    if (strncmp (topology, prefix, sizeof prefix - 1) == 0) {
        if (hwloc_topology_set_synthetic (hw, topology + sizeof prefix - 1) == 0)
            return 0;
        err_set (err, 0, "Topology=%s is not a synthetic topology that hwloc understands", topology);
        return err_fix (err, "write it as in: Topology=\"synthetic:package:2 l3:2 core:8 pu:1\"");
    }
    if (hwloc_topology_set_xml (hw, topology) == 0)
        return 0;
    err_set (err, 0, "Topology=%s cannot be read as hwloc XML", topology);
    return err_fix (err, "make one on the machine it describes: lstopo FILE.xml");
}

static int load (hwloc_topology_t *ret, const char *topology, struct err *err)
{
    _cleanup_ (cleanup_hwlocp) hwloc_topology_t hw = NULL;

    if (hwloc_topology_init (&hw))
        return err_set (err, 0, "hwloc cannot be initialised");
    if (set_source (hw, topology, err))
        return -1;
    if (hwloc_topology_set_io_types_filter (hw, HWLOC_TYPE_FILTER_KEEP_IMPORTANT) || hwloc_topology_load (hw))
        return err_set (err, 0, "hwloc cannot read the topology %s", topology ? topology : "of this machine");
    *ret = hw;
    hw = NULL;
    return 0;
}

static uint32_t number_of (hwloc_topology_t hw, hwloc_obj_type_t type)
{
    int n = hwloc_get_nbobjs_by_type (hw, type);

    return n > 0 ? (uint32_t) n : 0;
}

/* The largest cache that obj shares with others; without caches its package. */
static uint32_t cache_of (hwloc_topology_t hw, hwloc_obj_t obj)
{
    hwloc_obj_t cache = hwloc_get_ancestor_obj_by_type (hw, HWLOC_OBJ_L3CACHE, obj);

    if (!cache)
        cache = hwloc_get_ancestor_obj_by_type (hw, HWLOC_OBJ_PACKAGE, obj);
    return cache ? cache->logical_index : 0;
}

static uint32_t numa_of (hwloc_topology_t hw, hwloc_const_cpuset_t set)
{
    for (hwloc_obj_t node = NULL; (node = hwloc_get_next_obj_by_type (hw, HWLOC_OBJ_NUMANODE, node));)
        if (node->cpuset && hwloc_bitmap_intersects (node->cpuset, set))
            return node->logical_index;
    return NOWHERE;
}

static void fill_unit (hwloc_topology_t hw, hwloc_obj_t obj, struct topology_unit *unit)
{
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type (hw, HWLOC_OBJ_CORE, obj);
    int n = hwloc_bitmap_weight (obj->cpuset), i = -1;

    unit->core = obj->type == HWLOC_OBJ_CORE || !core ? obj->logical_index : core->logical_index;
    unit->cache = cache_of (hw, obj);
    unit->numa = numa_of (hw, obj->cpuset);
    unit->os_cpus = xcalloc (n > 0 ? (size_t) n : 0, sizeof *unit->os_cpus);
    while ((i = hwloc_bitmap_next (obj->cpuset, i)) >= 0)
        unit->os_cpus[unit->n_os_cpus++] = (uint32_t) i;
}

/* A device that can compute: one a card, not one a name of it. */
static bool is_gpu (hwloc_obj_t osdev)
{
    return osdev->attr && osdev->attr->osdev.type == HWLOC_OBJ_OSDEV_COPROC &&
           (strncmp (osdev->name ? osdev->name : "", "cuda", 4) == 0 ||
            strncmp (osdev->name ? osdev->name : "", "rsmi", 4) == 0 ||
            strncmp (osdev->name ? osdev->name : "", "opencl", 6) == 0);
}

/* GPU i of the node is the i-th that hwloc lists; those it does not list are nowhere in particular. */
static void fill_gpus (hwloc_topology_t hw, struct topology *t)
{
    size_t i = 0;

    for (hwloc_obj_t dev = NULL; i < t->n_gpus && (dev = hwloc_get_next_osdev (hw, dev));) {
        if (!is_gpu (dev))
            continue;
        hwloc_obj_t near = hwloc_get_non_io_ancestor_obj (hw, dev);
        if (near && near->cpuset)
            t->gpus[i++].numa = numa_of (hw, near->cpuset);
    }
}

static void fill (hwloc_topology_t hw, struct topology *t, hwloc_obj_type_t type, uint32_t cpus)
{
    uint32_t cores = number_of (hw, HWLOC_OBJ_CORE), pus = number_of (hw, HWLOC_OBJ_PU);
    uint32_t sockets = number_of (hw, HWLOC_OBJ_PACKAGE);

    t->sockets = sockets ? sockets : 1;
    t->cores_per_socket = (cores ? cores : pus) / t->sockets;
    t->threads_per_core = cores ? pus / cores : 1;
    t->units = xcalloc (cpus, sizeof *t->units);
    for (t->n_units = 0; t->n_units < cpus; t->n_units++)
        fill_unit (hw, hwloc_get_obj_by_type (hw, type, (unsigned) t->n_units), &t->units[t->n_units]);
    fill_gpus (hw, t);
}

static void fill_plain (struct topology *t, uint32_t cpus)
{
    t->text = xstrdup ("plain");
    t->is_virtual = true;
    t->sockets = t->threads_per_core = 1;
    t->cores_per_socket = cpus;
    t->n_units = cpus;
    t->units = xcalloc (cpus, sizeof *t->units);
    for (uint32_t i = 0; i < cpus; i++)
        t->units[i] = (struct topology_unit){.core = i};
}

int topology_load (struct topology **ret, const struct topology_ask *ask, struct err *err)
{
    _cleanup_topology_ struct topology *t = xcalloc (1, sizeof *t);
    _cleanup_ (cleanup_hwlocp) hwloc_topology_t hw = NULL;

    t->n_gpus = ask->gpus;
    t->gpus = xcalloc (ask->gpus, sizeof *t->gpus);
    for (size_t i = 0; i < t->n_gpus; i++)
        t->gpus[i].numa = NOWHERE;
    if ((ask->topology || ask->own_host) && load (&hw, ask->topology, err))
        return -1;
    uint32_t cores = hw ? number_of (hw, HWLOC_OBJ_CORE) : 0, pus = hw ? number_of (hw, HWLOC_OBJ_PU) : 0;
    if (ask->topology && ask->cpus > pus) {
        err_set (err, 0, "CPUs=%u, but Topology=%s has %u", ask->cpus, ask->topology, pus);
        return err_fix (err, "set CPUs to %u or less, or leave Topology out", pus);
    }
    if (!hw || ask->cpus > pus)
        fill_plain (t, ask->cpus);
    else {
        fill (hw, t, cores == ask->cpus ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU, ask->cpus);
        t->is_virtual = ask->topology != NULL;
        t->bind = !t->is_virtual;
        t->text = xstrdup (ask->topology ? ask->topology : "machine");
    }
    *ret = steal (&t);
    return 0;
}
