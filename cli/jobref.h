/* jobref.h - how people name jobs: 12, 12_3, 12_[1-5,9], and lists of those. Pure. */
#pragma once
#include "base/cleanup.h"
#include "base/err.h"
#include "proto/wire.pb-c.h"

/* *ret is freed with moisson__job_ref__free_unpacked (r, NULL). ret_step: what follows a '.' ("batch", "0"), owned by
 * the caller, NULL when there is none; if ret_step is NULL a '.' is an error. Error: "Invalid job id: <text>". */
int jobref_parse (const char *text, Moisson__JobRef **ret, char **ret_step, struct err *err);

static inline void jobref_freep (Moisson__JobRef **r)
{
    if (*r)
        moisson__job_ref__free_unpacked (*r, NULL);
}
#define _cleanup_jobref_ _cleanup_ (jobref_freep)

/* Append the jobs of a comma list (commas in brackets belong to the id; empty entries are ignored) to *list, a
 * malloc'ed array that filter.jobs can point at; step suffixes are refused. On error the list is as it was. */
int jobref_list_add (const char *text, Moisson__JobRef ***list, size_t *n, struct err *err);
void jobref_list_clear (Moisson__JobRef ***list, size_t *n);

/* "12", "12_3", "12_[1-5]" as squeue shows a row. The caller frees it. */
char *jobref_format (const Moisson__JobInfo *job);
