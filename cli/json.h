/* json.h - what the controller says as JSON, one shape for squeue, sinfo and scontrol: Slurm's names and words, numbers
 * as numbers (seconds since the epoch; 0 = not known). */
#pragma once
#include <jansson.h>
#include "proto/wire.pb-c.h"

json_t *json_job (const Moisson__JobInfo *job);
json_t *json_node (const Moisson__NodeInfo *node);
json_t *json_partition (const Moisson__PartitionInfo *partition);
json_t *json_resv (const Moisson__ResvInfo *row);
json_t *json_licence (const Moisson__LicenceInfo *row);
/* A string, or JSON's "" for NULL; bytes that are no UTF-8 become '?'. */
json_t *json_text (const char *s);
/* Print {"meta": ..., KEY: array, "errors": []} and release the array. Returns 0, or -1 when stdout fails. */
int json_print (const char *key, json_t *array);
