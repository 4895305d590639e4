/* gpus_files.c - GPUs in /dev, /proc and /sys.
 *
 *   NVIDIA   /dev/nvidiaN; /proc/driver/nvidia/gpus/PCI/information says "Device Minor: N"
 *   AMD      /dev/dri/renderDN and /dev/dri/cardN; /sys/bus/pci/devices/PCI/drm has these names
 *   others   as AMD */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/idset.h"
#include "base/mem.h"
#include "nodeagent/gpus.h"

#define MINORS 1024
#define SMALL_FILE 65536

static void closedirp (DIR **d)
{
    if (*d)
        closedir (*d);
}

/* "nvidia3" with "nvidia" is 3; -1: something else. */
static long number_after (const char *name, const char *prefix)
{
    size_t len = strlen (prefix);
    char *end;
    long n;

    if (strncmp (name, prefix, len) || name[len] < '0' || name[len] > '9')
        return -1;
    n = strtol (name + len, &end, 10);
    return *end || n >= MINORS ? -1 : n;
}

enum gpu_vendor gpu_vendor_of_path (const char *path)
{
    const char *base = strrchr (path, '/');

    return base && number_after (base + 1, "nvidia") >= 0 ? GPU_NVIDIA : GPU_OTHER;
}

void gpu_add_file (struct gpu *gpu, const char *root, const char *path)
{
    _cleanup_free_ char *real = xasprintf ("%s%s", root, path);
    struct stat st;

    if (gpu->n_files == GPU_FILES || stat (real, &st))
        return;
    gpu->files[gpu->n_files].path = xstrdup (path);
    gpu->files[gpu->n_files].is_device = S_ISCHR (st.st_mode);
    gpu->files[gpu->n_files].device = st.st_rdev;
    gpu->n_files++;
}

static bool is_used (const struct gpu_list *gpus, const char *path)
{
    for (size_t i = 0; i < gpus->n; i++)
        for (size_t k = 0; k < gpus->list[i].n_files; k++)
            if (!strcmp (gpus->list[i].files[k].path, path))
                return true;
    return false;
}

/* --- NVIDIA ------------------------------------------------------------------------------------------------------- */

/* "Device Minor: \t 3" of the driver's own page about one GPU; -1: it does not say. */
static long nvidia_minor (const char *root, const char *pci)
{
    _cleanup_free_ char *path = xasprintf ("%s/proc/driver/nvidia/gpus/%s/information", root, pci), *text = NULL;
    size_t len = 0;

    if (file_read (path, SMALL_FILE, &text, &len, NULL) < 0)
        return -1;
    const char *at = strstr (text, "Device Minor:");
    return at ? strtol (at + strlen ("Device Minor:"), NULL, 10) : -1;
}

static void nvidia_file (struct gpu *gpu, const char *root)
{
    long minor = nvidia_minor (root, gpu->pci);
    _cleanup_free_ char *path = minor >= 0 && minor < MINORS ? xasprintf ("/dev/nvidia%ld", minor) : NULL;

    if (path)
        gpu_add_file (gpu, root, path);
}

/* Every number N for which dir has the entry prefixN. */
static struct idset *numbers_in (const char *root, const char *dir, const char *prefix)
{
    _cleanup_free_ char *path = xasprintf ("%s%s", root, dir);
    __attribute__ ((cleanup (closedirp))) DIR *d = opendir (path);
    struct idset *set = idset_create ();

    for (struct dirent *e; d && (e = readdir (d));)
        if (number_after (e->d_name, prefix) >= 0)
            idset_add (set, (uint32_t) number_after (e->d_name, prefix));
    return set;
}

/* Files that no GPU has yet: first to those whose file the driver did not name, in the order of both; then GPUs of
 * their own. */
static void nvidia_rest (struct gpu_list *gpus, const char *root)
{
    _cleanup_idset_ struct idset *minors = numbers_in (root, "/dev", "nvidia");

    for (uint32_t n = idset_first (minors); n != IDSET_NONE; n = idset_next (minors, n)) {
        _cleanup_free_ char *path = xasprintf ("/dev/nvidia%u", n);
        struct gpu *gpu = NULL;
        if (is_used (gpus, path))
            continue;
        for (size_t i = 0; i < gpus->n && !gpu; i++)
            if (gpus->list[i].vendor == GPU_NVIDIA && !gpus->list[i].n_files && gpus->list[i].pci &&
                nvidia_minor (root, gpus->list[i].pci) < 0)
                gpu = &gpus->list[i];
        if (!gpu) {
            gpu = gpu_add (gpus);
            gpu->vendor = GPU_NVIDIA;
        }
        gpu_add_file (gpu, root, path);
    }
}

/* --- AMD and others: DRM ------------------------------------------------------------------------------------------ */

static void drm_files (struct gpu *gpu, const char *root)
{
    static const char *const prefixes[] = {"renderD", "card"};
    _cleanup_free_ char *dir = xasprintf ("/sys/bus/pci/devices/%s/drm", gpu->pci);

    for (size_t i = 0; i < 2; i++) {
        _cleanup_idset_ struct idset *set = numbers_in (root, dir, prefixes[i]);
        uint32_t n = idset_first (set);
        _cleanup_free_ char *path = n == IDSET_NONE ? NULL : xasprintf ("/dev/dri/%s%u", prefixes[i], n);
        if (path)
            gpu_add_file (gpu, root, path);
    }
}

static enum gpu_vendor drm_vendor (const char *root, const char *name)
{
    _cleanup_free_ char *path = xasprintf ("%s/sys/class/drm/%s/device/vendor", root, name), *text = NULL;
    size_t len = 0;

    if (file_read (path, SMALL_FILE, &text, &len, NULL) < 0)
        return GPU_OTHER;
    return strtoul (text, NULL, 16) == 0x1002 ? GPU_AMD : GPU_OTHER;
}

/* AMD only: what else has a render node may be anything. */
static void amd_rest (struct gpu_list *gpus, const char *root)
{
    _cleanup_idset_ struct idset *set = numbers_in (root, "/dev/dri", "renderD");

    for (uint32_t n = idset_first (set); n != IDSET_NONE; n = idset_next (set, n)) {
        _cleanup_free_ char *name = xasprintf ("renderD%u", n), *path = xasprintf ("/dev/dri/%s", name);
        if (is_used (gpus, path) || drm_vendor (root, name) != GPU_AMD)
            continue;
        struct gpu *gpu = gpu_add (gpus);
        gpu->vendor = GPU_AMD;
        gpu_add_file (gpu, root, path);
    }
}

void gpus_look_at_files (struct gpu_list *gpus, const char *root)
{
    for (size_t i = 0; i < gpus->n; i++) {
        struct gpu *gpu = &gpus->list[i];
        if (gpu->pci && gpu->vendor == GPU_NVIDIA)
            nvidia_file (gpu, root);
        else if (gpu->pci)
            drm_files (gpu, root);
    }
    nvidia_rest (gpus, root);
    amd_rest (gpus, root);
    for (size_t i = gpus->n; i-- > 0;)
        if (!gpus->list[i].n_files)
            gpu_drop (gpus, i);
}
