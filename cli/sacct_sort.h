/* sacct_sort.h - records come in the order of their ends; people look for a job. Up to a bound they are kept back and
 * handed out by id: array id (or the job's own), task, attempt; an array's tasks that have no record of their own come
 * last. */
#pragma once
#include <stddef.h>
#include "base/cleanup.h"
#include "proto/record.pb-c.h"

#define SACCT_SORT_MOST 20000 /* some 20 MB */

struct sacct_sort;
typedef void (*sacct_sort_fn) (void *arg, const Moisson__AcctRecord *record);

struct sacct_sort *sacct_sort_create (size_t most, sacct_sort_fn fn, void *arg);
struct sacct_sort *sacct_sort_free (struct sacct_sort *s);
DEFINE_CLEANUP (struct sacct_sort *, sacct_sort_free)
#define _cleanup_sacct_sort_ _cleanup_ (sacct_sort_freep)
/* Copied. The first one beyond the bound gives up sorting: all are handed out as they came, and as they come from now
 * on. */
void sacct_sort_add (struct sacct_sort *s, const Moisson__AcctRecord *record);
void sacct_sort_finish (struct sacct_sort *s); /* hand out what is kept */
