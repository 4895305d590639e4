/* gres.h - generic resources in words: name[:type][:count], and the forms in which views show them. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

#define GRES_COUNT_MAX 1000000000u
#define GRES_NAME_MAX 40

struct gres {          /* strings owned where a function fills it, borrowed where it is shown */
    char *name, *type; /* type NULL = none */
    uint32_t n;
};

void gres_clear (struct gres *g);
#define _cleanup_gres_ __attribute__ ((cleanup (gres_clear)))

/* name, name:count, name:type, name:type:count; a count may end in K, M or G (binary); 1 where it is missing. "gres/"
 * before the name is let pass, and "(S:0-1)" or the like behind it. Error: what is wrong with it, without a fix. */
int gres_parse (const char *word, struct gres *ret, struct err *err);
bool gres_is_word (const char *word); /* may it be a name or a type? */

void gres_show (const struct gres *g, struct buf *out);                   /* "gpu:a100:2" */
void gres_show_list (const struct gres *list, size_t n, struct buf *out); /* "gpu:a100:2,gpu:v100:1" */
/* ",gres/gpu=3,gres/gpu:a100=2,gres/gpu:v100=1": each name with its sum, then its types; nothing for zeros. */
void gres_show_tres (const struct gres *list, size_t n, struct buf *out);
