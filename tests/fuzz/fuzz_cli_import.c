/* fuzz_cli_import.c - any text as a slurm.conf or gres.conf: every line of the result has a place, no line is lost, and
 * any of them can be struck out. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "import.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static char *read_nothing (void *arg, const char *path, const char **ret_why)
{
    int *left = arg;

    (void) path;
    *ret_why = "not here";
    return (*left)-- > 0 ? xstrdup ("NodeName=x CPUs=1\nInclude again\n") : NULL;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *text = xstrndup ((const char *) data, size);
    struct import m = {.read = read_nothing};
    int includes = 3;
    size_t lines = 0;

    m.read_arg = &includes;
    if (size && data[0] & 1)
        import_gres_text (&m, "gres.conf", text);
    else
        import_text (&m, "slurm.conf", text);
    import_finish (&m);
    for (const char *p = m.out.data; p && *p; p++)
        lines += *p == '\n';
    assert (lines == m.n_places);
    for (unsigned i = 1; i <= m.n_places; i += 3)
        import_strike (&m, i, "why not");
    assert (!import_strike (&m, (unsigned) m.n_places + 1, "beyond"));
    for (int v = 0; v < N_IMPORT_VERDICTS; v++)
        lines += import_count (&m, v);
    assert (lines >= m.n_lines);
    import_clear (&m);
    free (text);
    return 0;
}
