/* fuzz_base_script.c - any bytes as a batch script: what is read from its #SBATCH lines packs and unpacks again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include "base/options.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    struct err err = ERR_INIT;
    struct submit s;

    submit_init (&s);
    if (options_parse_script (&s, (const char *) data, size, &err) < 0) {
        assert (err.why && *err.why);
    } else {
        size_t n = moisson__job_spec__get_packed_size (&s.spec);
        uint8_t *bytes = malloc (n ? n : 1);
        if (!bytes)
            abort ();
        size_t packed = moisson__job_spec__pack (&s.spec, bytes);
        assert (packed == n);
        Moisson__JobSpec *again = moisson__job_spec__unpack (NULL, n, bytes);
        assert (again && again->n_array == s.spec.n_array && again->n_depends == s.spec.n_depends);
        moisson__job_spec__free_unpacked (again, NULL);
        free (bytes);
    }
    submit_clear (&s);
    err_clear (&err);
    return 0;
}
