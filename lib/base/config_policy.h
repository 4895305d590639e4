/* config_policy.h - keys about what runs again, how fast jobs start, and who gives way to whom. Internal to config. */
#pragma once
#include "base/config_table.h"

int config_set_requeue_exit (void *base, const char *value, char **ret_note, struct err *err);
int config_set_requeue_exit_hold (void *base, const char *value, char **ret_note, struct err *err);
int config_set_preempt_mode (void *base, const char *value, char **ret_note, struct err *err);
int config_set_preempt_mode_of_partition (void *base, const char *value, char **ret_note, struct err *err);
int config_set_start_rate (void *base, const char *value, char **ret_note, struct err *err);
int config_set_user_start_rate (void *base, const char *value, char **ret_note, struct err *err);

/* OFF, CANCEL, REQUEUE; others of Slurm's words are refused with what to do instead. */
int preempt_mode_parse (const char *word, Moisson__PreemptMode *ret, struct err *err);
/* "50/s", "300/min", "1000/h": so many in so many microseconds. */
int start_rate_parse (const char *text, uint32_t *ret_n, uint64_t *ret_us, struct err *err);

void config_apply_policy (struct config *conf); /* after the last line: into conf->core */
void config_policy_partition (const struct partition_line *line, Moisson__PartitionConf *p);
