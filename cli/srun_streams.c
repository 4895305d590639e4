/* srun_streams.c - where a task reads and writes: our own streams, or files by pattern, with labels or without. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "srun.h"

#define CHUNK 65536
#define LABEL "0: "

static char *path_of (const char *pattern, const struct srun_job *job, const struct srun_step *step)
{
    const struct pattern_names names = {.job = job->id,
                                        .has_task = job->has_task,
                                        .array = job->array,
                                        .task = job->task,
                                        .name = job->name,
                                        .user = job->user,
                                        .node = job->node,
                                        .step = step->text};

    return pattern_expand (pattern, &names);
}

/* "all", or the number of our task: as it is. */
static bool is_ours (const char *mode)
{
    return !mode || !strcasecmp (mode, "all") || !strcmp (mode, "0");
}

static int open_one (const char *path, int flags, int *ret, struct err *err)
{
    *ret = open (path, flags | O_NOCTTY | O_CLOEXEC, 0666);
    if (*ret >= 0)
        return 0;
    err_errno (err, errno, "cannot open %s", path);
    return err_fix (err, "make its directory, or name another file");
}

static int open_out (const char *mode, const struct srun_job *job, const struct srun_step *step,
                     const struct srun_options *o, char **ret_path, int *ret, struct err *err)
{
    bool append = o->open_mode && (*o->open_mode | 0x20) == 'a';

    if (is_ours (mode))
        return 0;
    *ret_path = strcasecmp (mode, "none") ? path_of (mode, job, step) : xstrdup ("/dev/null");
    return open_one (*ret_path, O_WRONLY | O_CREAT | O_APPEND | (append ? 0 : O_TRUNC), ret, err);
}

static int open_all (struct srun_streams *s, const struct srun_job *job, const struct srun_step *step,
                     const struct srun_options *o, struct err *err)
{
    _cleanup_free_ char *out = NULL, *errors = NULL, *in = NULL;

    if (!is_ours (o->input)) {
        in = strcasecmp (o->input, "none") ? path_of (o->input, job, step) : xstrdup ("/dev/null");
        if (open_one (in, O_RDONLY, &s->in, err))
            return -1;
    }
    if (open_out (o->output, job, step, o, &out, &s->out, err))
        return -1;
    errors = o->error && out ? path_of (o->error, job, step) : NULL;
    if (out && (!o->error || !strcmp (errors, out))) { /* one file is opened once */
        s->err = fcntl (s->out, F_DUPFD_CLOEXEC, 0);
        return s->err < 0 ? err_errno (err, errno, "cannot use %s twice", out) : 0;
    }
    free (steal (&errors));
    return open_out (o->error, job, step, o, &errors, &s->err, err);
}

int srun_streams_open (struct srun_streams *ret, const struct srun_job *job, const struct srun_step *step,
                       const struct srun_options *o, struct err *err)
{
    *ret = (struct srun_streams){-1, -1, -1, o->label};
    if (open_all (ret, job, step, o, err) == 0)
        return 0;
    srun_streams_close (ret);
    return -1;
}

void srun_streams_close (struct srun_streams *s)
{
    int *const fds[] = {&s->in, &s->out, &s->err};

    for (size_t i = 0; i < 3; i++) {
        if (*fds[i] >= 0)
            close (*fds[i]);
        *fds[i] = -1;
    }
}

/* --- labels ---------------------------------------------------------------------------------------------------------
 */

void srun_label (struct srun_lines *l, const char *text, size_t len, struct buf *out)
{
    while (len) {
        const char *end = memchr (text, '\n', len);
        size_t n = end ? (size_t) (end - text) + 1 : len;

        if (!l->middle)
            buf_puts (out, LABEL);
        buf_add (out, text, n);
        l->middle = !end;
        text += n;
        len -= n;
    }
}

/* Who reads us may be gone: the task goes on, as without labels it would meet that itself. */
static void write_all (int fd, const char *text, size_t len)
{
    while (len) {
        ssize_t n = write (fd, text, len);

        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return;
        n = n < 0 ? 0 : n;
        text += n;
        len -= (size_t) n;
    }
}

void srun_lines_copy (struct srun_lines *l)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    _cleanup_free_ char *text = xmalloc (CHUNK);
    ssize_t n = l->from < 0 ? 0 : read (l->from, text, CHUNK);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n > 0) {
        srun_label (l, text, (size_t) n, &out);
        write_all (l->to, buf_str (&out), out.len);
    } else if (l->from >= 0) {
        close (l->from);
        l->from = -1;
    }
}
