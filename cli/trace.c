/* trace.c - jobs of a trace, whatever form they came in. */
#include "trace.h"
#include <string.h>
#include <uthash.h>
#include "base/mem.h"

struct trace_name {
    uint32_t place;
    UT_hash_handle hh;
    char text[];
};

struct trace *trace_create (void)
{
    struct trace *trace = xcalloc (1, sizeof *trace);

    GROW (trace->names, trace->n_names, trace->names_room);
    trace->names[trace->n_names++] = xstrdup ("");
    return trace;
}

struct trace *trace_free (struct trace *trace)
{
    struct trace_name *name, *next;

    if (!trace)
        return NULL;
    HASH_ITER (hh, trace->by_name, name, next)
    {
        HASH_DEL (trace->by_name, name);
        free (name);
    }
    for (size_t i = 0; i < trace->n_names; i++)
        free (trace->names[i]);
    free (trace->names);
    free (trace->jobs);
    free (trace);
    return NULL;
}

uint32_t trace_name (struct trace *trace, const char *text)
{
    struct trace_name *name;
    size_t len = text ? strlen (text) : 0;

    if (!len)
        return 0;
    HASH_FIND (hh, trace->by_name, text, len, name);
    if (!name) {
        name = xcalloc (1, sizeof *name + len + 1);
        memcpy (name->text, text, len);
        name->place = (uint32_t) trace->n_names;
        GROW (trace->names, trace->n_names, trace->names_room);
        trace->names[trace->n_names++] = xstrdup (text);
        HASH_ADD_KEYPTR (hh, trace->by_name, name->text, len, name);
    }
    return name->place;
}

void trace_add (struct trace *trace, struct trace_job *job, bool has_run, bool has_limit)
{
    if (!has_run) {
        trace->left.never_ran++;
        return;
    }
    if (!job->cpus) {
        trace->left.no_cpus++;
        return;
    }
    if (!has_limit) {
        trace->left.no_limit++;
        job->limit_s = job->run_s ? job->run_s : 1;
    }
    if (job->limit_s && job->run_s > job->limit_s) {
        trace->left.cut++;
        job->run_s = job->limit_s;
    }
    GROW (trace->jobs, trace->n, trace->room);
    trace->jobs[trace->n++] = *job;
}
