/* What idset_parse accepts has a count, ranges and a text that agree with each other and with its members. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/idset.h"
#include "base/mem.h"

#define MAX_SIZE 5000

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void check (const struct idset *set)
{
    uint64_t count = 0;
    uint32_t first, last, previous = 0;

    for (size_t i = 0; i < idset_ranges (set); i++) {
        idset_range (set, i, &first, &last);
        if (first > last || (i && first <= previous + 1))
            abort ();
        previous = last;
        count += (uint64_t) last - first + 1;
    }
    if (count != idset_count (set) || idset_empty (set) != (count == 0))
        abort ();
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = xstrndup ((const char *) data, size);
    _cleanup_idset_ struct idset *a = NULL, *b = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    uint32_t limit, limit_again;

    if (idset_parse (&a, &limit, text, MAX_SIZE, &err)) {
        if (a || !err_is_set (&err))
            abort ();
        return 0;
    }
    check (a);
    _cleanup_free_ char *packed = idset_format (a, limit, 0);
    if (idset_parse (&b, &limit_again, packed, MAX_SIZE, NULL) || limit != limit_again ||
        idset_count (a) != idset_count (b))
        abort ();
    for (uint32_t id = idset_first (a); id != IDSET_NONE; id = idset_next (a, id)) {
        if (!idset_has (b, id) || !idset_remove (b, id))
            abort ();
        if (id % 16 == 0)
            check (b);
    }
    if (!idset_empty (b))
        abort ();
    return 0;
}
