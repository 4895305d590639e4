/* config_index.h - node names and their places in the list. Internal to config. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct config_index; /* NULL is empty */

bool config_index_add (struct config_index **index, const char *name, size_t place); /* false: it is there already */
bool config_index_find (const struct config_index *index, const char *name, size_t *ret_place);
void config_index_free (struct config_index *index);
