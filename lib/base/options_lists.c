/* options_lists.c - --array and --dependency. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/idset.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/options_apply.h"
#include "proto/wire.pb-c.h"

#define TASKS_FOLDED 4000001 /* overlapping ranges are sorted out task by task up to here */

/* --- --array ---------------------------------------------------------------------------------------------------------
 * * Ranges stay ranges, steps too: a million tasks are one row of the spec. */

static int bad_array (const char *value, struct err *err)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "Invalid job array specification");
    err_what (err, "Batch job submission failed");
    return err_fix (err, "instead of \"%s\" write ids and ranges, for example --array=0-9, 1-7:2, 1,3,5-7 or 0-99%%10",
                    value);
}

/* Digits at *p, at most max; moves *p behind them. */
static int take_u32 (const char **p, uint32_t max, uint32_t *ret)
{
    char *end;

    if (!isdigit ((unsigned char) **p))
        return -1;
    errno = 0;
    unsigned long long n = strtoull (*p, &end, 10);
    if (errno || n > max)
        return -1;
    *ret = (uint32_t) n;
    *p = end;
    return 0;
}

static int take_range (const char **p, Moisson__Range *ret)
{
    uint32_t step = 1;

    if (take_u32 (p, UINT32_MAX - 2, &ret->first) < 0)
        return -1;
    ret->last = ret->first;
    if (**p == '-') {
        ++*p;
        if (take_u32 (p, UINT32_MAX - 2, &ret->last) < 0 || ret->last < ret->first)
            return -1;
        if (**p == ':') {
            ++*p;
            if (take_u32 (p, UINT32_MAX - 2, &step) < 0 || !step)
                return -1;
        }
    }
    ret->last -= (ret->last - ret->first) % step;
    ret->has_step = step != 1 && ret->last != ret->first;
    ret->step = ret->has_step ? step : 1;
    return 0;
}

static int by_first (const void *a, const void *b)
{
    const Moisson__Range *x = *(Moisson__Range *const *) a, *y = *(Moisson__Range *const *) b;

    return x->first < y->first ? -1 : x->first > y->first;
}

static void free_ranges (Moisson__Range **ranges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free (ranges[i]);
    free (ranges);
}

static Moisson__Range *new_range (uint32_t first, uint32_t last)
{
    Moisson__Range *range = xmalloc (sizeof *range);

    moisson__range__init (range);
    range->first = first;
    range->last = last;
    return range;
}

/* Make ranges that run into each other disjoint. -1 if that is too many tasks. */
static int fold (Moisson__Range ***ranges, size_t *n)
{
    _cleanup_idset_ struct idset *set = idset_create ();
    uint64_t tasks = 0;

    for (size_t i = 0; i < *n; i++)
        tasks += ((*ranges)[i]->last - (*ranges)[i]->first) / (*ranges)[i]->step + 1;
    if (tasks > TASKS_FOLDED)
        return -1;
    for (size_t i = 0; i < *n; i++)
        idset_add_range (set, (*ranges)[i]->first, (*ranges)[i]->last, (*ranges)[i]->step);
    free_ranges (*ranges, *n);
    *n = idset_ranges (set);
    *ranges = xcalloc (*n, sizeof **ranges);
    for (size_t i = 0; i < *n; i++) {
        uint32_t first, last;
        idset_range (set, i, &first, &last);
        (*ranges)[i] = new_range (first, last);
    }
    return 0;
}

static int parse_ranges (const char *value, Moisson__Range ***ret, size_t *ret_n, uint32_t *ret_limit)
{
    Moisson__Range **ranges = NULL, range = MOISSON__RANGE__INIT;
    size_t n = 0, room = 0;
    bool disjoint = true;
    const char *p = value;
    int rc;

    *ret_limit = 0;
    while ((rc = take_range (&p, &range)) == 0) {
        GROW (ranges, n, room);
        ranges[n] = new_range (range.first, range.last);
        ranges[n]->has_step = range.has_step;
        ranges[n++]->step = range.step;
        if (*p != ',')
            break;
        p++;
    }
    if (rc == 0 && *p == '%') {
        p++;
        rc = take_u32 (&p, UINT32_MAX - 1, ret_limit);
    }
    if (rc == 0 && !*p) {
        qsort (ranges, n, sizeof *ranges, by_first);
        for (size_t i = 1; i < n; i++)
            disjoint = disjoint && ranges[i]->first > ranges[i - 1]->last;
        if (disjoint || fold (&ranges, &n) == 0) {
            *ret = ranges;
            *ret_n = n;
            return 0;
        }
    }
    free_ranges (ranges, n);
    return -1;
}

APPLY (array)
{
    Moisson__Range **ranges = NULL;
    uint32_t limit;
    size_t n;

    if (parse_ranges (value, &ranges, &n, &limit) < 0)
        return bad_array (value, err);
    free_ranges (s->spec.array, s->spec.n_array);
    s->spec.array = ranges;
    s->spec.n_array = n;
    s->spec.has_array_limit = limit > 0;
    s->spec.array_limit = limit;
    return 0;
}

/* --- --dependency ----------------------------------------------------------------------------------------------------
 */

struct depends {
    Moisson__Dependency **list;
    size_t n, room;
    char separator; /* ',' or '?', 0 = none yet */
};

static void depends_clear (struct depends *d)
{
    for (size_t i = 0; i < d->n; i++)
        free (d->list[i]);
    free (d->list);
}

static int bad_depend (const char *value, struct err *err)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_DEPENDENCY, "Job dependency problem"); /* clients match these words */
    err_what (err, "Batch job submission failed");
    return err_fix (
        err,
        "instead of \"%s\" write TYPE:JOB[:JOB...] with after, afterok, afterany, afternotok, aftercorr, or singleton; "
        "conditions are joined by ',' (all) or '?' (any)",
        value);
}

static Moisson__Dependency *add_depend (struct depends *d, Moisson__DependType type)
{
    Moisson__Dependency *dep = xmalloc (sizeof *dep);

    GROW (d->list, d->n, d->room);
    moisson__dependency__init (dep);
    dep->type = type;
    d->list[d->n++] = dep;
    return dep;
}

/* 12, 12_3 (one task), 12_* (the array), after:12+5 (minutes). */
static int take_job (const char **p, Moisson__Dependency *dep)
{
    char *end;

    if (!isdigit ((unsigned char) **p))
        return -1;
    errno = 0;
    dep->job_id = strtoull (*p, &end, 10);
    dep->has_job_id = true;
    if (errno || !dep->job_id)
        return -1;
    *p = end;
    if (**p == '_' && (*p)[1] == '*') {
        *p += 2;
    } else if (**p == '_') {
        ++*p;
        if (take_u32 (p, UINT32_MAX - 2, &dep->task) < 0)
            return -1;
        dep->has_task = true;
    }
    if (**p == '+') {
        ++*p;
        if (dep->type != MOISSON__DEPEND_TYPE__DEP_AFTER || take_u32 (p, 60 * 24 * 366, &dep->delay_min) < 0)
            return -1;
        dep->has_delay_min = true;
    }
    return 0;
}

static int find_type (const char *word, size_t len, Moisson__DependType *ret)
{
    static const struct {
        const char *word;
        Moisson__DependType type;
    } types[] = {
        {"after", MOISSON__DEPEND_TYPE__DEP_AFTER},
        {"afterok", MOISSON__DEPEND_TYPE__DEP_AFTEROK},
        {"afternotok", MOISSON__DEPEND_TYPE__DEP_AFTERNOTOK},
        {"afterany", MOISSON__DEPEND_TYPE__DEP_AFTERANY},
        {"singleton", MOISSON__DEPEND_TYPE__DEP_SINGLETON},
        {"aftercorr", MOISSON__DEPEND_TYPE__DEP_AFTERCORR},
        {"afterburstbuffer", MOISSON__DEPEND_TYPE__DEP_AFTERBURSTBUFFER},
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strlen (types[i].word) == len && !strncasecmp (types[i].word, word, len)) {
            *ret = types[i].type;
            return 0;
        }
    return -1;
}

/* One condition: TYPE:ID[:ID...] or singleton; bare ids are Slurm's old form of afterany. */
static int take_condition (const char **p, struct depends *d)
{
    Moisson__DependType type = MOISSON__DEPEND_TYPE__DEP_AFTERANY;

    if (!isdigit ((unsigned char) **p)) {
        size_t len = strcspn (*p, ":,?");
        if (find_type (*p, len, &type) < 0)
            return -1;
        *p += len;
        if (type == MOISSON__DEPEND_TYPE__DEP_SINGLETON) {
            add_depend (d, type);
            return 0;
        }
        if (**p != ':')
            return -1;
        ++*p;
    }
    for (;;) {
        if (take_job (p, add_depend (d, type)) < 0)
            return -1;
        if (**p != ':')
            return 0;
        ++*p;
    }
}

static int parse_depends (const char *value, struct depends *d)
{
    const char *p = value;

    for (;;) {
        if (take_condition (&p, d) < 0)
            return -1;
        if (!*p)
            return 0;
        if ((*p != ',' && *p != '?') || (d->separator && d->separator != *p))
            return -1;
        d->separator = *p++;
    }
}

static bool asks_corr (const struct depends *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->list[i]->type == MOISSON__DEPEND_TYPE__DEP_AFTERCORR)
            return true;
    return false;
}

APPLY (dependency)
{
    struct depends d = {0};

    if (!strncasecmp (value, "expand:", 7)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC,
                 "expand is known, not available: jobs do not grow while they run");
        return err_fix (err, "ask for all that the job needs when it is submitted");
    }
    if (*value && parse_depends (value, &d) < 0) {
        depends_clear (&d);
        return bad_depend (value, err);
    }
    if (d.separator == '?' && asks_corr (&d)) {
        depends_clear (&d);
        err_set (
            err, MOISSON__FAIL_CODE__FAIL_DEPENDENCY,
            "Job dependency problem: aftercorr is a condition of each task, and cannot be one of several that suffice");
        return err_fix (err, "join the conditions by ',': then all of them must hold");
    }
    for (size_t i = 0; i < s->spec.n_depends; i++)
        free (s->spec.depends[i]);
    free (s->spec.depends);
    free (s->spec.dependency);
    s->spec.depends = d.list;
    s->spec.n_depends = d.n;
    s->spec.has_depends_any = d.separator == '?';
    s->spec.depends_any = d.separator == '?';
    s->spec.dependency = *value ? xstrdup (value) : NULL;
    return 0;
}
