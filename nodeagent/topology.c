/* topology.c - what a node is made of. */
#include "nodeagent/topology.h"
#include <hwloc.h>
#include <string.h>
#include "base/idset.h"
#include "base/mem.h"
#include "nodeagent/topology_gpus.h"

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
    free (t->os_mems);
    gpu_list_clear (&t->gpus);
    free (t->gpu_fault);
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

/* Plugins that some other package may have brought: they ask an X server, or whatever drivers OpenCL finds, and tell
 * nothing that we use; PCI devices are known from /sys without one. So a node is the same with and without them. Where
 * they are not installed hwloc says that it does not know them. */
static void leave_out (hwloc_topology_t hw)
{
    static const char *const plugins[] = {"pci", "opencl", "gl"};

    for (size_t i = 0; i < sizeof plugins / sizeof *plugins; i++)
        (void) hwloc_topology_set_components (hw, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, plugins[i]);
}

static int load (hwloc_topology_t *ret, const char *topology, struct err *err)
{
    _cleanup_ (cleanup_hwlocp) hwloc_topology_t hw = NULL;

    if (hwloc_topology_init (&hw))
        return err_set (err, 0, "hwloc cannot be initialised");
    if (set_source (hw, topology, err))
        return -1;
    leave_out (hw);
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

uint32_t topology_numa_of (hwloc_topology_t hw, hwloc_const_cpuset_t set)
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
    unit->numa = topology_numa_of (hw, obj->cpuset);
    unit->os_cpus = xcalloc (n > 0 ? (size_t) n : 0, sizeof *unit->os_cpus);
    while ((i = hwloc_bitmap_next (obj->cpuset, i)) >= 0)
        unit->os_cpus[unit->n_os_cpus++] = (uint32_t) i;
}

/* Memory of GPUs and other devices, which some machines show as memory nodes, is not for jobs' programs at large. */
static bool is_ordinary (hwloc_obj_t node)
{
    return node->attr && node->attr->numanode.local_memory && (!node->subtype || !strstr (node->subtype, "GPU"));
}

static void fill_mems (hwloc_topology_t hw, struct topology *t)
{
    t->os_mems = xcalloc (number_of (hw, HWLOC_OBJ_NUMANODE), sizeof *t->os_mems);
    for (hwloc_obj_t node = NULL; (node = hwloc_get_next_obj_by_type (hw, HWLOC_OBJ_NUMANODE, node));)
        if (is_ordinary (node))
            t->os_mems[t->n_os_mems++] = node->os_index;
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
    fill_mems (hw, t);
}

static void fill_plain (struct topology *t, uint32_t cpus)
{
    t->text = xstrdup ("plain");
    t->is_virtual = true;
    t->sockets = 1;
    t->threads_per_core = t->core_units;
    t->cores_per_socket = cpus / t->core_units;
    t->n_units = cpus;
    t->units = xcalloc (cpus, sizeof *t->units);
    for (uint32_t i = 0; i < cpus; i++)
        t->units[i] = (struct topology_unit){.core = i / t->core_units};
}

static int mark_spec (struct topology *t, const char *list, struct err *err)
{
    _cleanup_idset_ struct idset *set = NULL;
    uint32_t limit;

    if (!list || !*list)
        return 0;
    if (idset_parse (&set, &limit, list, (uint32_t) t->n_units, NULL))
        return err_set (err, 0, "CPUs %s are to be kept from jobs, and the node has %zu", list, t->n_units);
    for (uint32_t id = idset_first (set); id != IDSET_NONE; id = idset_next (set, id))
        t->units[id].spec = true;
    return 0;
}

/* What the whole machine has, and whether it may be this node's own. */
struct counts {
    uint32_t cores, pus;
};

static struct counts count (hwloc_topology_t hw)
{
    struct counts n = {0};

    if (!hw)
        return n;
    n.pus = number_of (hw, HWLOC_OBJ_PU);
    n.cores = number_of (hw, HWLOC_OBJ_CORE);
    if (!n.cores)
        n.cores = n.pus;
    return n;
}

static void note_found (hwloc_topology_t hw, const struct counts *n, struct topology *t)
{
    uint32_t sockets = number_of (hw, HWLOC_OBJ_PACKAGE);

    t->has_found = true;
    t->found = (struct hardware){.sockets = sockets ? sockets : 1, .cores = n->cores, .threads = n->pus};
}

static int too_many (const struct topology_ask *ask, uint32_t there, struct err *err)
{
    err_set (err, 0, "CPUs=%u, but Topology=%s has %u%s", ask->cpus, ask->topology, there,
             ask->cpu_is_core ? " cores" : "");
    return err_fix (err, "set CPUs to %u or less, or leave Topology out", there);
}

int topology_load (struct topology **ret, const struct topology_ask *ask, struct err *err)
{
    _cleanup_topology_ struct topology *t = xcalloc (1, sizeof *t);
    _cleanup_ (cleanup_hwlocp) hwloc_topology_t hw = NULL;

    t->core_units = ask->core_cpus ? ask->core_cpus : 1;
    if ((ask->topology || ask->own_host) && load (&hw, ask->topology, err))
        return -1;
    const struct counts n = count (hw);
    bool cores = ask->cpu_is_core || n.cores == ask->cpus;
    uint32_t there = cores ? n.cores : n.pus;
    if (ask->topology && ask->cpus > there)
        return too_many (ask, there, err);
    if (hw && !ask->topology)
        note_found (hw, &n, t);
    if (!hw || ask->cpus > there)
        fill_plain (t, ask->cpus);
    else {
        fill (hw, t, cores && number_of (hw, HWLOC_OBJ_CORE) ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU, ask->cpus);
        t->is_virtual = ask->topology != NULL;
        t->bind = !t->is_virtual;
        t->text = xstrdup (ask->topology ? ask->topology : "machine");
    }
    topology_gpus (hw, ask, t);
    if (mark_spec (t, ask->spec_cpus, err))
        return -1;
    *ret = steal (&t);
    return 0;
}

struct topology_ask topology_ask_of (const Moisson__NodeConf *conf)
{
    return (struct topology_ask){
        .cpus = conf->cpus,
        .gpus = conf->has_gpus ? conf->gpus : 0,
        .cpu_is_core = conf->threads_per_core > 1 && conf->cpus == conf->sockets * conf->cores_per_socket,
        .core_cpus = conf->core_cpus,
        .spec_cpus = conf->spec_cpu_list,
    };
}
