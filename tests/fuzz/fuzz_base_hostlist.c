/* What hostlist_parse accepts, hostlist_compress must write so that it reads back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/hostlist.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = xstrndup ((const char *) data, size);
    _cleanup_hostlist_ struct hostlist *a = NULL, *b = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (hostlist_parse (&a, text, &err)) {
        if (a || !err_is_set (&err))
            abort ();
        return 0;
    }
    if (hostlist_count (a) > 20000)
        return 0;
    _cleanup_free_ char *packed = hostlist_compress (a);
    if (hostlist_parse (&b, packed, NULL) || hostlist_count (a) != hostlist_count (b))
        abort ();
    for (size_t i = 0; i < hostlist_count (a); i++)
        if (strcmp (hostlist_nth (a, i), hostlist_nth (b, i)) != 0)
            abort ();
    hostlist_sort_unique (a);
    for (size_t i = 1; i < hostlist_count (a); i++)
        if (!strcmp (hostlist_nth (a, i - 1), hostlist_nth (a, i)))
            abort ();
    return 0;
}
