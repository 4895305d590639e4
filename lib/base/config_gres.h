/* config_gres.h - Gres= of NodeName lines, and gres.conf beside moisson.conf. Internal to config. */
#pragma once
#include "base/config_reader.h"
#include "base/gres.h"

/* The words of Gres=, each name and type once. Error: what is wrong with them. */
int config_gres_parse (const char *text, struct gres **ret, size_t *ret_n, struct err *err);
void config_gres_free (struct gres *list, size_t n);
/* Into a node's configuration. */
void config_gres_give (const struct gres *list, size_t n, Moisson__NodeConf *node);

/* After moisson.conf: names are in GresTypes; gres.conf, if it is there, is read and compared with the nodes. */
void reader_gres (struct config_reader *r);
void config_gres_clear (struct config *conf);
