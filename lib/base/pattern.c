/* pattern.c - file name patterns of jobs and steps. */
#include "base/pattern.h"
#include <inttypes.h>
#include <string.h>
#include "base/buf.h"

#define NO_TASK 4294967294U
#define WIDTH_MAX 10

static uint64_t job_id (const struct pattern_names *n)
{
    return n->job;
}

static uint64_t array_id (const struct pattern_names *n)
{
    return n->has_task ? n->array : n->job;
}

static uint64_t task_id (const struct pattern_names *n)
{
    return n->has_task ? n->task : NO_TASK;
}

static uint64_t task_digit (const struct pattern_names *n)
{
    return task_id (n) % 10;
}

static uint64_t zero (const struct pattern_names *n)
{
    (void) n;
    return 0;
}

static const char *job_name (const struct pattern_names *n)
{
    return n->name ? n->name : "";
}

static const char *user_name (const struct pattern_names *n)
{
    return n->user ? n->user : "";
}

static const char *step_name (const struct pattern_names *n)
{
    return n->step ? n->step : "batch";
}

static const char *node_name (const struct pattern_names *n)
{
    return n->node;
}

static const struct letter {
    char letter;
    uint64_t (*number) (const struct pattern_names *n);
    const char *(*text) (const struct pattern_names *n);
    const char *until; /* text ends before any of these characters */
} letters[] = {
    {'j', job_id},
    {'J', job_id}, /* and the step, in one */
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
static const char *expand_one (const char *p, const struct pattern_names *names, struct buf *out)
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
    if (*p == 'J' && names->step)
        buf_printf (out, ".%s", names->step);
    return p + 1;
}

char *pattern_expand (const char *pattern, const struct pattern_names *names)
{
    struct buf out = BUF_INIT;

    for (const char *p = pattern; *p;) {
        if (*p == '\\') {
            buf_puts (&out, p + 1);
            break;
        }
        if (*p == '%')
            p = expand_one (p, names, &out);
        else
            buf_putc (&out, *p++);
    }
    return buf_steal (&out);
}
