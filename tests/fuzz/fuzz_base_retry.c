/* fuzz_base_retry.c - any text as --retry: refused with a sentence and nothing kept, or rules that the controller
 * takes, and the same again from the words that were kept. */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/retry.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = xstrndup ((const char *) data, size);
    Moisson__JobSpec spec = MOISSON__JOB_SPEC__INIT, again = MOISSON__JOB_SPEC__INIT;
    struct err err = ERR_INIT;

    if (retry_parse (&spec, text, &err)) {
        assert (err_is_set (&err) && !spec.retry && !spec.n_retries && !spec.has_retry_most);
        err_clear (&err);
        return 0;
    }
    assert (!err_is_set (&err) && (*text ? !strcmp (spec.retry, text) : !spec.retry));
    assert (retry_check (&spec, NULL) == 0);
    assert (retry_parse (&again, spec.retry, NULL) == 0 && again.n_retries == spec.n_retries);
    for (size_t i = 0; i < spec.n_retries; i++) {
        const Moisson__RetryRule *a = spec.retries[i], *b = again.retries[i];
        assert (a->cause == b->cause && a->times == b->times && a->mem_permille == b->mem_permille &&
                a->time_permille == b->time_permille && a->first == b->first && a->last == b->last);
    }
    retry_clear (&spec);
    retry_clear (&again);
    return 0;
}
