/* A list of jobs that is accepted names jobs above 0 and ranges that rise; each entry alone parses to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "jobref.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void check (const Moisson__JobRef *ref)
{
    if (!ref->job_id || !ref->text)
        abort ();
    for (size_t i = 0; i < ref->n_tasks; i++)
        if (ref->tasks[i]->first > ref->tasks[i]->last || (ref->tasks[i]->has_step && !ref->tasks[i]->step))
            abort ();
}

static void check_alone (const Moisson__JobRef *ref)
{
    _cleanup_jobref_ Moisson__JobRef *again = NULL;

    if (jobref_parse (ref->text, &again, NULL, NULL) || again->job_id != ref->job_id || again->n_tasks != ref->n_tasks)
        abort ();
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = xstrndup ((const char *) data, size);
    _cleanup_free_ char *step = NULL;
    _cleanup_jobref_ Moisson__JobRef *one = NULL;
    Moisson__JobRef **list = NULL;
    size_t n = 0;
    _cleanup_err_ struct err err = ERR_INIT;

    if (jobref_list_add (text, &list, &n, &err) && (n || !err_is_set (&err)))
        abort ();
    for (size_t i = 0; i < n; i++) {
        check (list[i]);
        check_alone (list[i]);
    }
    jobref_list_clear (&list, &n);
    if (!jobref_parse (text, &one, &step, NULL))
        check (one);
    return 0;
}
