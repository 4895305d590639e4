/* cursor.c - cursors in words. */
#include "cursor.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/units.h"

int cursor_parse (const char *text, uint64_t *ret_sequence, uint32_t *ret_part, struct err *err)
{
    _cleanup_free_ char *copy = xstrdup (text);
    char *dot = strchr (copy, '.');
    uint64_t sequence, part = 0;

    if (dot)
        *dot++ = '\0';
    if (number_parse (copy, "--since", 0, INT64_MAX, &sequence, NULL) < 0 ||
        (dot && number_parse (dot, "--since", 0, UINT32_MAX, &part, NULL) < 0)) {
        err_set (err, 0, "--since=%.80s is no cursor", text);
        return err_fix (err, "write the cursor of a line that was printed, such as 1200.1, or begin, or now");
    }
    *ret_sequence = sequence;
    *ret_part = (uint32_t) part;
    return 0;
}

void cursor_format (uint64_t sequence, uint32_t part, char text[CURSOR_TEXT])
{
    if (part)
        snprintf (text, CURSOR_TEXT, "%" PRIu64 ".%u", sequence, part);
    else
        snprintf (text, CURSOR_TEXT, "%" PRIu64, sequence);
}
