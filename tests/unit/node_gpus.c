/* node_gpus.c - which GPUs a node has, and which ones an attempt gets: on recorded machines, and on pictures of /dev.
 */
#include "nodeagent/gpus.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/files.h"
#include "base/mem.h"
#include "nodeagent/slots.h"
#include "suite.h"

#define MACHINES MOISSON_SOURCE "/tests/data/machines/"
#define DGX2 MACHINES "nvidia-dgx2-16gpu.xml"
#define XEON MACHINES "xeon-2n8c2t-2gpu-ib.xml"

static struct topology *load (const char *xml, uint32_t cpus, const struct gpus_ask *gpus)
{
    const struct topology_ask ask = {.topology = xml, .cpus = cpus, .gpu_ask = gpus};
    struct topology *t = NULL;
    struct err err = ERR_INIT;

    ck_assert_msg (topology_load (&t, &ask, &err) == 0, "%s", err.why);
    return t;
}

static struct topology *dgx2 (struct gpu_kind *kinds, size_t n)
{
    const struct gpus_ask ask = {.kinds = kinds, .n_kinds = n, .root = ""};

    return load (DGX2, 4, &ask);
}

#define KINDS(...)                                                                                                     \
    (struct gpu_kind[]){__VA_ARGS__}, sizeof ((struct gpu_kind[]){__VA_ARGS__}) / sizeof (struct gpu_kind)

/* The ids that one job gets; the caller frees them. */
static char *take (struct slots *s, uint32_t cpus, const char *type, uint32_t n, struct claim *c)
{
    const struct gpu_want want = {.type = type, .any = !type, .n = n};

    ck_assert_int_eq (slots_take_kinds (s, cpus, &want, 1, c), 0);
    return claim_gpu_ids (c);
}

/* --- recorded machines -------------------------------------------------------------------------------------------- */

START_TEST (a_dgx2_has_its_sixteen)
{
    _cleanup_topology_ struct topology *t = dgx2 (KINDS ({"v100", 16}));

    ck_assert_uint_eq (t->gpus.n, 16);
    ck_assert_ptr_null (t->gpu_fault); /* it is virtual */
    ck_assert_str_eq (t->gpus.list[0].pci, "0000:34:00.0");
    ck_assert_str_eq (t->gpus.list[15].pci, "0000:e7:00.0");
    for (size_t i = 0; i < 16; i++) {
        ck_assert_int_eq (t->gpus.list[i].vendor, GPU_NVIDIA);
        ck_assert_str_eq (t->gpus.list[i].type, "v100");
        ck_assert_uint_eq (t->gpus.list[i].rank, i);
    }
}
END_TEST

START_TEST (four_jobs_of_four_on_a_dgx2_are_disjoint)
{
    _cleanup_topology_ struct topology *t = dgx2 (KINDS ({"v100", 16}));
    struct slots *s = slots_create (t);
    struct claim c[4], none;
    bool seen[16] = {false};
    const struct gpu_want one = {.any = true, .n = 1};

    for (int i = 0; i < 4; i++) {
        _cleanup_free_ char *ids = take (s, 1, NULL, 4, &c[i]);
        ck_assert_uint_eq (idset_count (c[i].gpus), 4);
        for (uint32_t id = idset_first (c[i].gpus); id != IDSET_NONE; id = idset_next (c[i].gpus, id)) {
            ck_assert_msg (!seen[id], "%s", ids);
            seen[id] = true;
        }
    }
    ck_assert_int_eq (slots_take_kinds (s, 0, &one, 1, &none), SLOTS_E_FULL);
    for (int i = 0; i < 4; i++)
        slots_release (s, &c[i]);
    slots_free (s);
}
END_TEST

START_TEST (single_gpus_go_round)
{
    _cleanup_topology_ struct topology *t = dgx2 (KINDS ({NULL, 16}));
    struct slots *s = slots_create (t);
    bool seen[16] = {false};

    for (int round = 0; round < 2; round++) {
        memset (seen, 0, sizeof seen);
        for (int i = 0; i < 16; i++) {
            struct claim c;
            _cleanup_free_ char *ids = take (s, 1, NULL, 1, &c);
            ck_assert_msg (!seen[idset_first (c.gpus)], "%s comes too early", ids);
            seen[idset_first (c.gpus)] = true;
            slots_release (s, &c);
        }
    }
    slots_free (s);
}
END_TEST

START_TEST (types_are_kept_apart)
{
    _cleanup_topology_ struct topology *t = dgx2 (KINDS ({"a100", 3}, {"v100", 2}));
    struct slots *s = slots_create (t);
    const struct gpu_want both[] = {{.any = true, .n = 2}, {.type = "v100", .n = 1}};
    struct claim a, b, c;

    ck_assert_uint_eq (t->gpus.n, 5);
    ck_assert_str_eq (t->gpus.list[0].type, "v100"); /* what the model says; the other name says none */
    _cleanup_free_ char *ids = take (s, 1, "a100", 3, &a), *text = claim_gpu_text (&a, t);
    ck_assert_str_eq (text, "gpu:a100:3(IDX:2-4)");
    ck_assert_int_eq (slots_take_kinds (s, 1, &(struct gpu_want){.type = "a100", .n = 1}, 1, &c), SLOTS_E_FULL);
    ck_assert_int_eq (slots_take_kinds (s, 1, both, 2, &c), SLOTS_E_FULL); /* and nothing is taken then */
    slots_release (s, &a);
    ck_assert_int_eq (slots_take_kinds (s, 1, both, 2, &b), 0);
    _cleanup_free_ char *mixed = claim_gpu_text (&b, t);
    ck_assert_uint_eq (idset_count (b.gpus), 3);
    ck_assert_msg (strstr (mixed, "gpu:v100:") != NULL, "%s", mixed);
    ck_assert_str_eq (ids, "2,3,4");
    slots_release (s, &b);
    slots_free (s);
}
END_TEST

START_TEST (a_xeon_with_gpus_of_two_vendors)
{
    struct gpu_kind kinds[] = {{"tesla", 2}, {"tahiti", 1}};
    const struct gpus_ask ask = {.kinds = kinds, .n_kinds = 2, .root = ""};
    _cleanup_topology_ struct topology *t = load (XEON, 32, &ask);
    struct slots *s = slots_create (t);
    struct claim near, amd;

    ck_assert_uint_eq (t->gpus.n, 3); /* the display controller of the board is none */
    ck_assert_str_eq (t->gpus.list[0].pci, "0000:03:00.0");
    ck_assert_str_eq (t->gpus.list[1].pci, "0000:83:00.0");
    ck_assert_int_eq (t->gpus.list[2].vendor, GPU_AMD);
    ck_assert_uint_eq (t->gpus.list[2].rank, 0); /* the first of its vendor */
    ck_assert_uint_ne (t->gpus.list[0].numa, t->gpus.list[1].numa);
    free (take (s, 4, "tesla", 1, &near));
    ck_assert_uint_eq (t->units[idset_first (near.cpus)].numa, t->gpus.list[idset_first (near.gpus)].numa);
    free (take (s, 4, "tahiti", 1, &amd));
    ck_assert_uint_eq (t->units[idset_first (amd.cpus)].numa, 1);
    slots_release (s, &near);
    slots_release (s, &amd);
    slots_free (s);
}
END_TEST

START_TEST (gpus_are_taken_where_cpus_are_left)
{
    struct gpu_kind kind = {"tesla", 2};
    const struct gpus_ask ask = {.kinds = &kind, .n_kinds = 1, .root = ""};
    _cleanup_topology_ struct topology *t = load (XEON, 32, &ask);
    struct slots *s = slots_create (t);
    struct claim big, c;

    ck_assert_int_eq (slots_take (s, 16, 0, &big), 0); /* all of one place */
    uint32_t full = t->units[idset_first (big.cpus)].numa;
    free (take (s, 2, NULL, 1, &c));
    ck_assert_uint_ne (t->gpus.list[idset_first (c.gpus)].numa, full);
    ck_assert_uint_ne (t->units[idset_first (c.cpus)].numa, full);
    slots_release (s, &big);
    slots_release (s, &c);
    slots_free (s);
}
END_TEST

/* --- pictures of /dev, /proc and /sys ----------------------------------------------------------------------------- */

struct picture {
    char root[64];
};

static void put (const struct picture *p, const char *path, const char *text)
{
    _cleanup_free_ char *full = xasprintf ("%s%s", p->root, path);

    for (char *slash = full + strlen (p->root) + 1; (slash = strchr (slash, '/')); slash++) {
        *slash = '\0';
        ck_assert (mkdir (full, 0700) == 0 || access (full, F_OK) == 0);
        *slash = '/';
    }
    ck_assert_int_eq (file_write (full, text, strlen (text), 0600, 0, NULL), 0);
}

static void picture_clear (struct picture *p)
{
    _cleanup_free_ char *command = xasprintf ("rm -rf %s", p->root);

    ck_assert_int_eq (system (command), 0);
}

#define PICTURE(p)                                                                                                     \
    __attribute__ ((cleanup (picture_clear))) struct picture p = {"/tmp/moisson-gpus-XXXXXX"};                         \
    ck_assert_ptr_nonnull (mkdtemp (p.root))

static void add_pci (struct gpu_list *found, const char *pci, enum gpu_vendor vendor, const char *model)
{
    struct gpu *gpu = gpu_add (found);

    gpu->pci = xstrdup (pci);
    gpu->vendor = vendor;
    gpu->model = xstrdup (model);
}

/* What a real node makes of them: "v100@/dev/nvidia1#0 ...", and the fault. The caller frees both. */
static char *match (const struct picture *p, const struct gpus_ask *like, struct gpu_list *found, char **ret_fault)
{
    struct gpus_ask ask = *like;
    struct gpu_list gpus = {0};
    struct buf out = BUF_INIT;

    ask.root = p->root;
    gpus_look_at_files (found, ask.root);
    gpus_match (&ask, found, true, &gpus, ret_fault);
    for (size_t i = 0; i < gpus.n; i++)
        buf_printf (&out, "%s%s@%s#%u", i ? " " : "", gpus.list[i].type ? gpus.list[i].type : "",
                    gpus.list[i].n_files ? gpus.list[i].files[0].path : "-", gpus.list[i].rank);
    gpu_list_clear (&gpus);
    return buf_steal (&out);
}

START_TEST (nvidia_by_the_minors_of_its_driver)
{
    PICTURE (p);
    struct gpu_list found = {0};
    struct gpu_kind kinds[] = {{"a100", 1}, {"t4", 1}};
    const struct gpus_ask ask = {.kinds = kinds, .n_kinds = 2};
    _cleanup_free_ char *fault = NULL, *text = NULL;

    put (&p, "/dev/nvidia0", "");
    put (&p, "/dev/nvidia1", "");
    put (&p, "/dev/nvidiactl", "");
    put (&p, "/dev/nvidia-uvm", "");
    put (&p, "/proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t Tesla T4\nDevice Minor: \t 1\n");
    put (&p, "/proc/driver/nvidia/gpus/0000:02:00.0/information", "Device Minor: 0\n");
    add_pci (&found, "0000:01:00.0", GPU_NVIDIA, "TU104GL [Tesla T4]");
    add_pci (&found, "0000:02:00.0", GPU_NVIDIA, "GA100 [A100 PCIe]");
    text = match (&p, &ask, &found, &fault);
    ck_assert_str_eq (text, "a100@/dev/nvidia0#1 t4@/dev/nvidia1#0");
    ck_assert_ptr_null (fault);
}
END_TEST

START_TEST (what_has_no_file_is_not_there)
{
    PICTURE (p);
    struct gpu_list found = {0};
    struct gpu_kind kind = {NULL, 4};
    const struct gpus_ask ask = {.kinds = &kind, .n_kinds = 1};
    _cleanup_free_ char *fault = NULL, *text = NULL;

    put (&p, "/dev/nvidia3", ""); /* a container may see more of the bus than it may use */
    add_pci (&found, "0000:01:00.0", GPU_NVIDIA, NULL);
    add_pci (&found, "0000:02:00.0", GPU_NVIDIA, NULL);
    text = match (&p, &ask, &found, &fault);
    ck_assert_str_eq (text, "@/dev/nvidia3#0");
    ck_assert_str_eq (fault, "gres/gpu count reported lower than configured (1 < 4)");
}
END_TEST

START_TEST (none_at_all)
{
    PICTURE (p);
    struct gpu_list found = {0};
    struct gpu_kind kind = {NULL, 4};
    const struct gpus_ask ask = {.kinds = &kind, .n_kinds = 1},
                          off = {.kinds = &kind, .n_kinds = 1, .detect_off = true};
    _cleanup_free_ char *fault = NULL, *text = NULL, *counted = NULL, *no_fault = NULL;

    text = match (&p, &ask, &found, &fault);
    ck_assert_str_eq (text, "");
    ck_assert_str_eq (fault, "gres/gpu count reported lower than configured (0 < 4)");
    counted = match (&p, &off, &found, &no_fault);
    ck_assert_str_eq (counted, "@-#0 @-#1 @-#2 @-#3");
    ck_assert_ptr_null (no_fault);
}
END_TEST

START_TEST (files_of_gres_conf)
{
    PICTURE (p);
    struct gpu_list found = {0};
    struct gpu_kind kinds[] = {{"a", 2}, {"b", 1}};
    struct gpu_file files[] = {{"/dev/nvidia1", "a"}, {"/dev/nvidia0", "b"}, {"/dev/nvidia7", "a"}};
    const struct gpus_ask ask = {.kinds = kinds, .n_kinds = 2, .files = files, .n_files = 3};
    _cleanup_free_ char *fault = NULL, *text = NULL;

    put (&p, "/dev/nvidia0", "");
    put (&p, "/dev/nvidia1", "");
    put (&p, "/dev/nvidia2", ""); /* nobody's */
    text = match (&p, &ask, &found, &fault);
    ck_assert_str_eq (text, "a@/dev/nvidia1#1 b@/dev/nvidia0#0");
    ck_assert_str_eq (fault, "gres/gpu count reported lower than configured (2 < 3): no such device: /dev/nvidia7");
}
END_TEST

START_TEST (amd_by_render_nodes)
{
    PICTURE (p);
    struct gpu_list found = {0};
    struct gpu_kind kind = {"mi250", 2};
    const struct gpus_ask ask = {.kinds = &kind, .n_kinds = 1};
    _cleanup_free_ char *fault = NULL, *text = NULL;

    put (&p, "/dev/dri/renderD128", "");
    put (&p, "/dev/dri/renderD129", "");
    put (&p, "/dev/dri/renderD130", "");
    put (&p, "/dev/dri/card1", "");
    put (&p, "/sys/bus/pci/devices/0000:c1:00.0/drm/renderD129/uevent", "");
    put (&p, "/sys/bus/pci/devices/0000:c1:00.0/drm/card1/uevent", "");
    put (&p, "/sys/class/drm/renderD128/device/vendor", "0x1002\n");
    put (&p, "/sys/class/drm/renderD130/device/vendor", "0x1a03\n"); /* a display of the board */
    add_pci (&found, "0000:c1:00.0", GPU_AMD, "Aldebaran [Instinct MI250]");
    text = match (&p, &ask, &found, &fault);
    ck_assert_str_eq (text, "mi250@/dev/dri/renderD129#0 mi250@/dev/dri/renderD128#1");
    ck_assert_ptr_null (fault);
}
END_TEST

SUITE ("gpus", a_dgx2_has_its_sixteen, four_jobs_of_four_on_a_dgx2_are_disjoint, single_gpus_go_round,
       types_are_kept_apart, a_xeon_with_gpus_of_two_vendors, gpus_are_taken_where_cpus_are_left,
       nvidia_by_the_minors_of_its_driver, what_has_no_file_is_not_there, none_at_all, files_of_gres_conf,
       amd_by_render_nodes)
