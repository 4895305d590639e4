/* fuzz_cli_cursor.c - any text as a cursor: it is one, and is written and read as the same again, or a sentence says
 * that it is none. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "cursor.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *text = xstrndup ((const char *) data, size), again[CURSOR_TEXT];
    struct err err = ERR_INIT;
    uint64_t sequence = 7, second;
    uint32_t part = 7, second_part;

    if (cursor_parse (text, &sequence, &part, &err) < 0) {
        assert (err.why && err.fix && sequence == 7 && part == 7);
    } else {
        cursor_format (sequence, part, again);
        assert (cursor_parse (again, &second, &second_part, NULL) == 0);
        assert (second == sequence && second_part == part);
    }
    err_clear (&err);
    free (text);
    return 0;
}
