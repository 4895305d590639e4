/* Lines of a trace, as SWF or, where the first has bars, as sacct writes them: a job that is taken has processors and
 * does not run longer than it may. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "trace.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void check (const struct trace *trace)
{
    for (size_t i = 0; i < trace->n; i++) {
        const struct trace_job *job = &trace->jobs[i];
        if (!job->cpus || (job->limit_s && job->run_s > job->limit_s) || job->user >= trace->n_names ||
            job->partition >= trace->n_names)
            abort ();
    }
}

static int line (struct sacct_trace **columns, bool first, struct trace *trace, const char *text, struct err *err)
{
    if (first && strchr (text, '|'))
        return sacct_trace_begin (columns, text, err);
    return *columns ? sacct_trace_line (*columns, trace, text, err) : swf_line (trace, text, TRACE_MEM_STANDARD, err);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = xstrndup ((const char *) data, size);
    _cleanup_trace_ struct trace *trace = trace_create ();
    _cleanup_ (sacct_trace_freep) struct sacct_trace *columns = NULL;
    bool first = true;

    for (char *rest = text, *one; (one = strsep (&rest, "\n")); first = false) {
        _cleanup_err_ struct err err = ERR_INIT;
        if (line (&columns, first, trace, one, &err) && !err_is_set (&err))
            abort ();
    }
    check (trace);
    return 0;
}
