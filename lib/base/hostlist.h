/* hostlist.h - n[1-3,07],login: Slurm's host list notation, and the compressed forms that go with it. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "base/err.h"

struct hostlist;

/* Expand; keeps order and duplicates, zero padding too. At most 1,000,000 names (bad input must not eat memory). */
int hostlist_parse (struct hostlist **ret, const char *s, struct err *err);
struct hostlist *hostlist_create (void);
struct hostlist *hostlist_free (struct hostlist *hl);
DEFINE_CLEANUP (struct hostlist *, hostlist_free)
#define _cleanup_hostlist_ _cleanup_ (hostlist_freep)

void hostlist_add (struct hostlist *hl, const char *name);
size_t hostlist_count (const struct hostlist *hl);
const char *hostlist_nth (const struct hostlist *hl, size_t i); /* borrowed */
int host_compare (const char *a, const char *b);                /* by prefix, then number */
void hostlist_sort_unique (struct hostlist *hl);                /* likewise */
char *hostlist_compress (const struct hostlist *hl);            /* the caller frees it: n[01-03,7],login1 */
/* 8,8,4 -> "8(x2),4": SLURM_JOB_CPUS_PER_NODE, SLURM_TASKS_PER_NODE. The caller frees it. */
char *repeat_compress (const uint32_t *values, size_t n);
