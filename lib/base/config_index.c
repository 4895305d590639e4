/* config_index.c - a hash of node names. */
#include "base/config_index.h"
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "base/mem.h"

struct config_index {
    char *name;
    size_t place;
    UT_hash_handle hh;
};

bool config_index_add (struct config_index **index, const char *name, size_t place)
{
    struct config_index *row;
    size_t there;

    if (config_index_find (*index, name, &there))
        return false;
    row = xcalloc (1, sizeof *row);
    row->name = xstrdup (name);
    row->place = place;
    HASH_ADD_KEYPTR (hh, *index, row->name, strlen (row->name), row);
    return true;
}

bool config_index_find (const struct config_index *index, const char *name, size_t *ret_place)
{
    struct config_index *row;

    HASH_FIND_STR (index, name, row);
    if (row)
        *ret_place = row->place;
    return row != NULL;
}

void config_index_free (struct config_index *index)
{
    struct config_index *row, *next;

    HASH_ITER (hh, index, row, next)
    {
        HASH_DEL (index, row);
        free (row->name);
        free (row);
    }
}
