/* sinfo_fields.h - the columns of sinfo: letters of -o, names of -O. Pure. */
#pragma once
#include "base/fields.h"
#include "sinfo_groups.h"

const struct field *sinfo_fields (size_t *ret_n);
/* Counts, lists and spans that grow when rows are merged; all others must be equal for rows to merge. A span (exact:
 * -e) is then told apart, too. */
bool sinfo_field_merges (const struct field *field, bool exact);
