/* show_path.c - the file names of a job's streams, as far as they are known. */
#include <ctype.h>
#include <string.h>
#include "base/mem.h"
#include "show.h"

/* Returns false when the letter's value is not known (yet) or it is no letter of a pattern. */
static bool put_letter (struct buf *out, const Moisson__JobInfo *job, char letter, int width)
{
    unsigned long long array_id = job->has_array_id ? job->array_id : job->raw_id;

    if (strchr ("jJ", letter) && (!job->has_array_id || job->has_task))
        buf_printf (out, "%0*llu", width, (unsigned long long) job->raw_id);
    else if (letter == 'A')
        buf_printf (out, "%0*llu", width, array_id);
    else if (letter == 'a' && job->has_task)
        buf_printf (out, "%0*u", width, job->task);
    else if (letter == 'b' && job->has_task)
        buf_printf (out, "%0*u", width, job->task % 10);
    else if (strchr ("nt", letter))
        buf_printf (out, "%0*u", width, 0u);
    else if (letter == 's')
        buf_puts (out, "batch");
    else if (letter == 'x' && job->spec && job->spec->name)
        buf_puts (out, job->spec->name);
    else if (letter == 'u' && job->user)
        buf_puts (out, job->user);
    else if (letter == 'N' && job->batch_host)
        buf_add (out, job->batch_host, strcspn (job->batch_host, "."));
    else
        return false;
    return true;
}

/* At a '%'. Returns where to go on. */
static const char *put_percent (struct buf *out, const Moisson__JobInfo *job, const char *at)
{
    const char *start = at++;
    int width = 0;

    if (*at == '%') {
        buf_putc (out, '%');
        return at + 1;
    }
    for (; isdigit ((unsigned char) *at); at++)
        width = width < 10 ? width * 10 + (*at - '0') : width;
    if (!*at || !put_letter (out, job, *at, width > 10 ? 10 : width))
        buf_add (out, start, (size_t) (at - start) + (*at != '\0'));
    return *at ? at + 1 : at;
}

char *show_path (const Moisson__JobInfo *job, const char *pattern)
{
    struct buf out = BUF_INIT;

    if (!pattern || !*pattern)
        pattern = job->has_array_id ? "slurm-%A_%a.out" : "slurm-%j.out";
    if (*pattern != '/' && job->spec && job->spec->work_dir)
        buf_printf (&out, "%s/", job->spec->work_dir);
    while (*pattern && *pattern != '\\') {
        if (*pattern == '%')
            pattern = put_percent (&out, job, pattern);
        else
            buf_putc (&out, *pattern++);
    }
    if (*pattern == '\\')
        buf_puts (&out, pattern + 1);
    return buf_steal (&out);
}
