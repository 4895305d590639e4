/* config_schedule.h - keys about the order of the queue, what may pass what waits, and which node is taken. Internal to
 * config.
 */
#pragma once
#include "base/config_table.h"

int config_set_scheduler_parameters (void *base, const char *value, char **ret_note, struct err *err);
void config_schedule_partition (const struct partition_line *line, Moisson__PartitionConf *p);
void config_apply_schedule (struct config *conf); /* after the last line: into conf->core */
