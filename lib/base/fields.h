/* fields.h - output columns: a table of fields and the two ways Slurm's commands name them.
 *
 * `-o "%.18i|%T"`  letters, width, '.' = right-justified, literal text around; runs of '%' collapse.
 * `-O name:width`  names, ':.width' right-justified, ':suffix' text; default width 20.
 * sacct's `-o name%width` is the same with '%' and a list. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/buf.h"
#include "base/err.h"

struct field {
    char letter;        /* of -o; 0 = none */
    const char *name;   /* of -O and sacct -o, in canonical spelling; NULL = none */
    const char *header; /* NULL: the name in capitals */
    int width;          /* default of sacct columns; negative = to the left. Else 0 or FIELD_WHOLE */
    const char *help;
    void (*print) (struct buf *out, const void *row); /* appends the value, unpadded */
};

#define FIELD_WHOLE 1 /* never cut: the rest of a number or time would be another one */

struct column {
    const struct field *field;
    int width; /* 0 = natural */
    bool right;
    char *before; /* literal text before the value (-o), NULL = none */
    char *after;  /* suffix (-O), NULL = none */
};

struct columns {
    struct column *list;
    size_t n;
    char *tail;   /* literal text after the last field (-o) */
    bool by_name; /* parsed by names */
};

void columns_clear (struct columns *c);
/* -1 with "Invalid format specification: x" (sacct: "Invalid field requested: x") for what the table does not have. */
int columns_parse_letters (struct columns *ret, const struct field *table, size_t n, const char *spec, struct err *err);
int columns_parse_names (struct columns *ret, const struct field *table, size_t n, const char *spec, struct err *err);
int columns_parse_sacct (struct columns *ret, const struct field *table, size_t n, const char *spec, struct err *err);
/* One value: padded or cut to width (0 = natural); if cut, the last character becomes `mark` unless that is 0. Control
 * characters are shown as '?'. */
void column_put (struct buf *out, const char *s, int width, bool right, char mark);
void columns_header (const struct columns *c, struct buf *out); /* without newline */
void columns_row (const struct columns *c, const void *row, struct buf *out);
