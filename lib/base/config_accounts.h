/* config_accounts.h - keys about accounts and the order of jobs. Internal to config. */
#pragma once
#include "base/config_table.h"

int config_set_enforce (void *base, const char *value, char **ret_note, struct err *err);
int config_set_priority_flags (void *base, const char *value, char **ret_note, struct err *err);
int config_set_tres_weights (void *base, const char *value, char **ret_note, struct err *err);
int config_set_billing (void *base, const char *value, char **ret_note, struct err *err); /* of a partition line */
void config_fill_accounts (struct config *conf);                                          /* into conf->core */
/* What a line says of accounts, QoS and prices. */
void config_partition_accounts (const struct partition_line *line, Moisson__PartitionConf *p);
