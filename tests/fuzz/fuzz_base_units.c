/* The parsers of units.h: no crash, outputs untouched on error, and a duration reads back as it was written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/units.h"

#define NOTHING 0x5a5a5a5a5a5aULL
#define NOW (1700000000 * USEC_PER_SEC)

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void need (bool ok)
{
    if (!ok)
        abort ();
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = xstrndup ((const char *) data, size);
    _cleanup_err_ struct err err = ERR_INIT;
    uint64_t v = NOTHING, again;
    char word[128];
    int sig = -7;
    bool b;

    need (mem_parse (text, &v, &err) == 0 || (v == NOTHING && err_is_set (&err)));
    v = NOTHING;
    if (duration_parse (text, &v, &err) == 0) {
        duration_format (v, word, sizeof word);
        need (duration_parse (word, &again, NULL) == 0 && again == v);
        duration_format_short (v, word, sizeof word);
        cpu_time_format (v * USEC_PER_SEC, word, sizeof word);
    } else {
        need (v == NOTHING);
    }
    for (int future = 0; future < 2; future++) {
        v = NOTHING;
        if (time_parse (text, NOW, future, &v, &err) == 0)
            time_format (v, NULL, "None", word, sizeof word);
        else
            need (v == NOTHING);
    }
    need (signal_parse (text, &sig, &err) == 0 ? sig >= 1 && sig <= 64 : sig == -7);
    v = NOTHING;
    need (number_parse (text, "x", 3, 9, &v, &err) == 0 ? v >= 3 && v <= 9 : v == NOTHING);
    need (bool_parse (text, &b, &err) <= 0);
    return 0;
}
