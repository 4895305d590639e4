/* config_jobs.h - keys about the life of jobs whose values are words of their own: OverTimeLimit, DependencyParameters.
 */
#pragma once
#include <stdint.h>
#include "base/config.h"
#include "base/err.h"

#define OVER_LIMIT_NEVER UINT64_MAX /* seconds: a job is never ended for its limit */

/* For the tables of keys: check, and store as written. */
int config_set_over_limit (void *config, const char *value, char **ret_note, struct err *err);
int config_set_partition_over_limit (void *partition_line, const char *value, char **ret_note, struct err *err);
int config_set_dependency (void *config, const char *value, char **ret_note, struct err *err);

uint64_t config_over_limit (const char *text); /* seconds, of a value that was checked */
void config_apply_jobs (struct config *conf);  /* into conf->core */
