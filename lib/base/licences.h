/* licences.h - licences in words: "fluent:2,matlab" of --licenses, Licenses= and reservations. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

#define LICENCE_COUNT_MAX 1000000000u
#define LICENCE_KINDS_MAX 64

struct licence_count {
    char *name; /* owned */
    uint32_t n;
};

struct licence_list {
    struct licence_count *list;
    size_t n;
};

#define LICENCE_LIST_INIT ((struct licence_list){0})
#define _cleanup_licences_ __attribute__ ((cleanup (licences_clear)))

/* name or name:count, separated by commas or semicolons; a name that comes again adds to itself. An empty text is an
 * empty list. Error: Slurm's words, and what is wrong. */
int licences_parse (struct licence_list *ret, const char *text, struct err *err);
void licences_clear (struct licence_list *list);
void licences_put (const struct licence_list *list, struct buf *out); /* "fluent:2,matlab:1" */
