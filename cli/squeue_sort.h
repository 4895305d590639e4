/* squeue_sort.h - squeue's rows in order: kept, as the lines that they will be, until the last has come. */
#pragma once
#include "base/err.h"
#include "squeue_fields.h"

#define SQUEUE_SORT_DEFAULT "P,t,-p" /* as Slurm sorts: partition, state, priority */
#define SQUEUE_SORT_START "S"        /* of --start */

struct squeue_sort;

/* `spec`: letters of -o, each with an optional + or -, with or without commas: "P,t,-p". */
int squeue_sort_create (struct squeue_sort **ret, const char *spec, struct err *err);
struct squeue_sort *squeue_sort_free (struct squeue_sort *s);
void squeue_sort_add (struct squeue_sort *s, const struct squeue_row *row, const char *line); /* both copied */
/* Hand out all lines in order and forget them. s NULL: nothing happens. */
void squeue_sort_finish (struct squeue_sort *s, void (*fn) (void *arg, const char *line), void *arg);
