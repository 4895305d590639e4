/* gpus.h - the GPUs of a node: which there are, what files and places they have.
 *
 * What the configuration declares decides how many there are and of which types. Which devices these are say, in this
 * order: File= in gres.conf; hwloc's PCI devices and coprocessors (of this machine, or of the recorded one that a
 * virtual node is given); the kernel's device files. On this machine a GPU without a device file is none: a container
 * may see more of the PCI bus than it may use. Virtual nodes have as many as declared, whatever is there. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/config.h"

#define GPU_FILES 2 /* device files of one: AMD has a render node and a card */

enum gpu_vendor { GPU_OTHER, GPU_NVIDIA, GPU_AMD, GPU_INTEL };

struct gpu {
    char *type;  /* as declared; NULL = none */
    char *pci;   /* "0000:34:00.0"; NULL = not known */
    char *model; /* in the vendor's words; NULL = not known */
    enum gpu_vendor vendor;
    uint32_t numa; /* NOWHERE: not known */
    uint32_t rank; /* the number by which the vendor's libraries know it where nothing is hidden from them */
    struct {
        char *path;
        dev_t device; /* valid with is_device */
        bool is_device;
    } files[GPU_FILES];
    size_t n_files;
};

struct gpu_list {
    struct gpu *list;
    size_t n, room;
};

struct gpu_kind { /* declared: so many of this type */
    const char *type;
    uint32_t n;
};

struct gpu_file { /* a File= of gres.conf */
    const char *path, *type, *cores;
};

struct gpus_ask { /* strings borrowed from the configuration */
    struct gpu_kind *kinds;
    size_t n_kinds;
    struct gpu_file *files;
    size_t n_files;
    bool detect_off;  /* AutoDetect=off */
    const char *root; /* what stands before /dev, /proc and /sys: "" but in tests */
};

/* What moisson.conf and gres.conf say of node `index`. */
void gpus_ask_make (struct gpus_ask *ret, const struct config *conf, size_t index);
void gpus_ask_clear (struct gpus_ask *ask);

struct gpu *gpu_add (struct gpu_list *gpus); /* a new one, of which nothing is known */
void gpu_list_clear (struct gpu_list *gpus);
void gpu_drop (struct gpu_list *gpus, size_t i);

/* gpus_files.c: the kernel's files. Give those that are known by their PCI address their files, and drop those that
 * have none; add those that only have a file. */
void gpus_look_at_files (struct gpu_list *gpus, const char *root);
void gpu_add_file (struct gpu *gpu, const char *root, const char *path);
enum gpu_vendor gpu_vendor_of_path (const char *path);

/* gpus_match.c: of what was found, what is declared. Whoever is real lacks what was not found, and *ret_fault says so
 * in Slurm's words (NULL: nothing); who is not gets it made up. `found` is used up. */
void gpus_match (const struct gpus_ask *ask, struct gpu_list *found, bool real, struct gpu_list *ret, char **ret_fault);
