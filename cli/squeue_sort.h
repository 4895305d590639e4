/* squeue_sort.h - squeue --sort: rows are kept until the last has come. */
#pragma once
#include "base/err.h"
#include "squeue_fields.h"

struct squeue_sort;

/* `spec`: letters of -o, each with an optional + or -, with or without commas: "P,t,-p". */
int squeue_sort_create (struct squeue_sort **ret, const char *spec, struct err *err);
struct squeue_sort *squeue_sort_free (struct squeue_sort *s);
void squeue_sort_add (struct squeue_sort *s, const Moisson__JobInfo *job); /* copied */
/* Hand out all rows in order and forget them. `common` is what rows share. s NULL: nothing happens. */
void squeue_sort_finish (struct squeue_sort *s, const struct squeue_row *common,
                         void (*fn) (void *arg, const Moisson__JobInfo *job), void *arg);
