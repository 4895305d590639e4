/* jobref.c - reads and writes 12, 12_3, 12_[1-5,9]. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "jobref.h"

static bool take_number (const char **at, uint64_t max, uint64_t *ret)
{
    char *end;
    unsigned long long value;

    if (!isdigit ((unsigned char) **at))
        return false;
    errno = 0;
    value = strtoull (*at, &end, 10);
    if (errno || value > max)
        return false;
    *at = end;
    *ret = value;
    return true;
}

static void add_range (Moisson__JobRef *ref, uint64_t first, uint64_t last, uint64_t step)
{
    Moisson__Range *range = xmalloc (sizeof *range);

    moisson__range__init (range);
    range->first = (uint32_t) first;
    range->last = (uint32_t) last;
    if (step != 1) {
        range->has_step = true;
        range->step = (uint32_t) step;
    }
    ref->tasks = xrealloc (ref->tasks, (ref->n_tasks + 1) * sizeof *ref->tasks);
    ref->tasks[ref->n_tasks++] = range;
}

/* first[-last[:step]] */
static bool take_range (const char **at, Moisson__JobRef *ref)
{
    uint64_t first, last, step = 1;

    if (!take_number (at, UINT32_MAX - 1, &first))
        return false;
    last = first;
    if (**at == '-') {
        (*at)++;
        if (!take_number (at, UINT32_MAX - 1, &last) || last < first)
            return false;
        if (**at == ':') {
            (*at)++;
            if (!take_number (at, UINT32_MAX - 1, &step) || step == 0)
                return false;
        }
    }
    add_range (ref, first, last, step);
    return true;
}

/* [1-5,9] or [1-5%2], as squeue prints it: the limit means nothing here. */
static bool take_tasks (const char **at, Moisson__JobRef *ref)
{
    uint64_t limit;

    if (**at != '[')
        return isdigit ((unsigned char) **at) && take_range (at, ref) && ref->tasks[0]->first == ref->tasks[0]->last;
    do {
        (*at)++;
        if (!take_range (at, ref))
            return false;
    } while (**at == ',');
    if (**at == '%') {
        (*at)++;
        if (!take_number (at, UINT32_MAX, &limit))
            return false;
    }
    if (**at != ']')
        return false;
    (*at)++;
    return true;
}

static bool read_ref (const char *text, Moisson__JobRef *ref, char **ret_step)
{
    const char *at = text;

    if (!take_number (&at, UINT64_MAX - 1, &ref->job_id) || ref->job_id == 0)
        return false;
    if (*at == '_') {
        at++;
        if (!take_tasks (&at, ref))
            return false;
    }
    if (*at == '.' && ret_step && at[1]) {
        *ret_step = xstrdup (at + 1);
        return true;
    }
    return *at == '\0';
}

int jobref_parse (const char *text, Moisson__JobRef **ret, char **ret_step, struct err *err)
{
    _cleanup_jobref_ Moisson__JobRef *ref = xmalloc (sizeof *ref);
    char *step = NULL;

    moisson__job_ref__init (ref);
    if (!read_ref (text, ref, ret_step ? &step : NULL)) {
        err_set (err, 0, "Invalid job id: %s", text);
        return err_fix (err, "name a job as 12, one task of an array as 12_3, several as 12_[1-5,9]");
    }
    ref->text = xstrdup (text);
    if (ret_step)
        *ret_step = step;
    *ret = steal (&ref);
    return 0;
}

/* Length of the entry at s: up to a comma that is not in brackets. */
static size_t entry_length (const char *s)
{
    size_t len = 0;
    bool inside = false;

    for (; s[len] && (inside || s[len] != ','); len++) {
        if (s[len] == '[')
            inside = true;
        else if (s[len] == ']')
            inside = false;
    }
    return len;
}

static int add_entry (const char *s, size_t len, Moisson__JobRef ***list, size_t *n, struct err *err)
{
    _cleanup_free_ char *entry = NULL;
    Moisson__JobRef *ref = NULL;

    while (len > 0 && isspace ((unsigned char) *s)) {
        s++;
        len--;
    }
    while (len > 0 && isspace ((unsigned char) s[len - 1]))
        len--;
    if (len == 0)
        return 0;
    entry = xstrndup (s, len);
    if (jobref_parse (entry, &ref, NULL, err))
        return -1;
    *list = xrealloc (*list, (*n + 1) * sizeof **list);
    (*list)[(*n)++] = ref;
    return 0;
}

int jobref_list_add (const char *text, Moisson__JobRef ***list, size_t *n, struct err *err)
{
    size_t before = *n;

    while (*text) {
        size_t len = entry_length (text);

        if (add_entry (text, len, list, n, err)) {
            while (*n > before)
                moisson__job_ref__free_unpacked ((*list)[--*n], NULL);
            return -1;
        }
        text += len;
        if (*text == ',')
            text++;
    }
    return 0;
}

void jobref_list_clear (Moisson__JobRef ***list, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        moisson__job_ref__free_unpacked ((*list)[i], NULL);
    free (*list);
    *list = NULL;
    *n = 0;
}

char *jobref_format (const Moisson__JobInfo *job)
{
    struct buf b = BUF_INIT;
    unsigned long long array_id = job->array_id;

    if (!job->has_array_id)
        buf_printf (&b, "%llu", (unsigned long long) job->raw_id);
    else if (job->has_task)
        buf_printf (&b, "%llu_%u", array_id, job->task);
    else
        buf_printf (&b, "%llu_[%s]", array_id, job->tasks ? job->tasks : "");
    return buf_steal (&b);
}
