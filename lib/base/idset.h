/* idset.h - a set of task ids as sorted disjoint ranges with step 1; the words of --array. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "base/err.h"

struct idset;
#define IDSET_NONE UINT32_MAX /* "no such id" */

struct idset *idset_create (void);
struct idset *idset_free (struct idset *set);
DEFINE_CLEANUP (struct idset *, idset_free)
#define _cleanup_idset_ _cleanup_ (idset_freep)

/* "0-9", "1-7:2", "1,3,5-7", "0-99%10". *ret_limit = 0 without '%'. Ids must be < max_size. */
int idset_parse (struct idset **ret, uint32_t *ret_limit, const char *s, uint32_t max_size, struct err *err);
void idset_add_range (struct idset *set, uint32_t first, uint32_t last, uint32_t step);
void idset_add (struct idset *set, uint32_t id);
bool idset_remove (struct idset *set, uint32_t id); /* was it there? */
bool idset_has (const struct idset *set, uint32_t id);
uint32_t idset_first (const struct idset *set); /* IDSET_NONE when empty */
uint32_t idset_last (const struct idset *set);
uint32_t idset_next (const struct idset *set, uint32_t after); /* smallest id > after */
uint64_t idset_count (const struct idset *set);                /* O(1) */
bool idset_empty (const struct idset *set);
size_t idset_ranges (const struct idset *set);
void idset_range (const struct idset *set, size_t i, uint32_t *ret_first, uint32_t *ret_last);
struct idset *idset_copy (const struct idset *set);
/* "1-10,12"; with limit > 0 "%limit" is appended. Even steps are folded back ("1-7:2"). At most max_len characters,
 * then "..." as Slurm does; 0 = no limit. The caller frees it. */
char *idset_format (const struct idset *set, uint32_t limit, size_t max_len);
/* "0-3,8": ranges only, never a step. The caller frees it. */
char *idset_list (const struct idset *set);
