/* paths.c - the patterns of --output, --error and --input. */
#include "nodeagent/paths.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"

#define NO_TASK 4294967294U
#define WIDTH_MAX 10

struct names { /* what the letters stand for */
    const Moisson__Order *order;
    const Moisson__JobSpec *spec;
};

static uint64_t raw_id (const struct names *n)
{
    return n->order->raw_id;
}

static uint64_t array_id (const struct names *n)
{
    return n->order->has_array_id ? n->order->array_id : n->order->raw_id;
}

static uint64_t task_id (const struct names *n)
{
    return n->order->has_task ? n->order->task : NO_TASK;
}

static uint64_t task_digit (const struct names *n)
{
    return task_id (n) % 10;
}

static uint64_t zero (const struct names *n)
{
    (void) n;
    return 0;
}

static const char *job_name (const struct names *n)
{
    return n->spec->name ? n->spec->name : "";
}

static const char *user_name (const struct names *n)
{
    return n->order->user;
}

static const char *step_name (const struct names *n)
{
    (void) n;
    return "batch";
}

static const char *node_name (const struct names *n)
{
    return n->order->node;
}

static const struct letter {
    char letter;
    uint64_t (*number) (const struct names *n);
    const char *(*text) (const struct names *n);
    const char *until; /* text ends before any of these characters */
} letters[] = {
    {'j', raw_id},
    {'J', raw_id},
    {'A', array_id},
    {'a', task_id},
    {'b', task_digit},
    {'n', zero},
    {'t', zero},
    {'x', NULL, job_name, ""},
    {'u', NULL, user_name, ""},
    {'s', NULL, step_name, ""},
    {'N', NULL, node_name, "."},
};

static const struct letter *letter_find (char c)
{
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].letter == c)
            return &letters[i];
    return NULL;
}

/* At a '%': append what it stands for; returns what comes after it. */
static const char *expand_one (const char *p, const struct names *names, struct buf *out)
{
    const char *start = p++;
    int width = 0;

    if (*p == '%') {
        buf_putc (out, '%');
        return p + 1;
    }
    for (; *p >= '0' && *p <= '9'; p++)
        width = width > WIDTH_MAX ? width : width * 10 + (*p - '0');
    const struct letter *l = *p ? letter_find (*p) : NULL;
    if (!l) {
        buf_add (out, start, (size_t) (p - start));
        return p;
    }
    if (l->number)
        buf_printf (out, "%0*" PRIu64, width > WIDTH_MAX ? WIDTH_MAX : width, l->number (names));
    else
        buf_add (out, l->text (names), strcspn (l->text (names), l->until));
    return p + 1;
}

char *path_expand (const char *pattern, const Moisson__Order *order, const Moisson__JobSpec *spec)
{
    const struct names names = {order, spec};
    struct buf out = BUF_INIT;

    for (const char *p = pattern; *p;) {
        if (*p == '\\') {
            buf_puts (&out, p + 1);
            break;
        }
        if (*p == '%')
            p = expand_one (p, &names, &out);
        else
            buf_putc (&out, *p++);
    }
    return buf_steal (&out);
}

static char *absolute (const char *pattern, const Moisson__Order *order, const Moisson__JobSpec *spec)
{
    char *path = path_expand (pattern, order, spec);

    if (path[0] == '/')
        return path;
    char *joined = xasprintf ("%s/%s", order->work_dir, path);
    free (path);
    return joined;
}

void job_paths_make (const Moisson__Order *order, const Moisson__JobSpec *spec, struct job_paths *ret)
{
    const char *out = order->has_task ? "slurm-%A_%a.out" : "slurm-%j.out";

    if (spec->std_out && spec->std_out[0])
        out = spec->std_out;
    ret->in = spec->std_in && spec->std_in[0] ? absolute (spec->std_in, order, spec) : xstrdup ("/dev/null");
    ret->out = absolute (out, order, spec);
    ret->err = spec->std_err && spec->std_err[0] ? absolute (spec->std_err, order, spec) : NULL;
    if (ret->err && strcmp (ret->err, ret->out) == 0) {
        free (ret->err);
        ret->err = NULL;
    }
    ret->append = (spec->has_open_append && spec->open_append) || (order->has_restarts && order->restarts > 0);
}

void job_paths_clear (struct job_paths *p)
{
    free (p->in);
    free (p->out);
    free (p->err);
    *p = (struct job_paths){0};
}
