/* trace_file.c - the lines of a trace, plain or gzip: zlib reads both alike. */
#include <errno.h>
#include <string.h>
#include <zlib.h>
#include "base/buf.h"
#include "base/mem.h"
#include "trace.h"

#define LINE_MOST (1u << 20)

static void close_gz (gzFile *file)
{
    if (*file)
        gzclose_r (*file);
}

/* 1: a line without its end in `line`; 0: no more; -1. */
static int next_line (gzFile file, struct buf *line, struct err *err)
{
    char part[4096];
    int code;

    buf_reset (line);
    while (gzgets (file, part, sizeof part)) {
        size_t len = strlen (part);
        buf_add (line, part, len);
        if (len && part[len - 1] == '\n') {
            line->data[--line->len] = '\0';
            if (line->len && line->data[line->len - 1] == '\r')
                line->data[--line->len] = '\0';
            return 1;
        }
        if (line->len > LINE_MOST)
            return err_set (err, 0, "a line of more than %u bytes: this is no trace", LINE_MOST);
    }
    const char *why = gzerror (file, &code);
    if (code == Z_ERRNO)
        return err_errno (err, errno, "cannot be read");
    if (code != Z_OK && code != Z_STREAM_END)
        return err_set (err, 0, "cannot be unpacked: %s", *why ? why : "damaged");
    return line->len ? 1 : 0;
}

struct reader {
    struct trace *trace;
    const struct trace_options *options;
    struct sacct_trace *sacct; /* columns; NULL while the first line is not known, and for SWF */
    bool begun;
};

/* The first line that is not empty says which form it is: only sacct's has bars. */
static int take (struct reader *r, const char *line, struct err *err)
{
    if (!*line)
        return 0;
    if (!r->begun) {
        r->begun = true;
        if (*line != ';' && strchr (line, '|'))
            return sacct_trace_begin (&r->sacct, line, err);
    }
    return r->sacct ? sacct_trace_line (r->sacct, r->trace, line, err)
                    : swf_line (r->trace, line, r->options->memory, err);
}

static int by_submit (const void *a, const void *b)
{
    const struct trace_job *x = a, *y = b;

    if (x->submit_s != y->submit_s)
        return x->submit_s < y->submit_s ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

int trace_load (struct trace **ret, const char *path, const struct trace_options *options, struct err *err)
{
    _cleanup_trace_ struct trace *trace = trace_create ();
    _cleanup_ (close_gz) gzFile file = gzopen (path, "rb");
    _cleanup_ (sacct_trace_freep) struct sacct_trace *columns = NULL;
    _cleanup_buf_ struct buf line = BUF_INIT;
    struct reader r = {.trace = trace, .options = options};
    unsigned long at = 0;
    int rc;

    if (!file) {
        err_errno (err, errno ? errno : ENOMEM, "%s cannot be opened", path);
        return err_fix (err,
                        "traces are at https://www.cs.huji.ac.il/labs/parallel/workload/; or write one with sacct -P "
                        "(docs/simulate.md)");
    }
    while ((rc = next_line (file, &line, err)) > 0) {
        at++;
        if (options->limit && trace->n >= options->limit)
            break;
        rc = take (&r, buf_str (&line), err);
        columns = r.sacct;
        if (rc)
            break;
    }
    if (rc < 0)
        return err_what (err, "%s:%lu", path, at);
    if (!trace->n)
        return err_set (err, 0, "%s has no job that ran", path);
    qsort (trace->jobs, trace->n, sizeof *trace->jobs, by_submit);
    *ret = steal (&trace);
    return 0;
}
