/* paths.c - the patterns of --output, --error and --input. */
#include "nodeagent/paths.h"
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/pattern.h"

char *path_expand (const char *pattern, const Moisson__Order *order, const Moisson__JobSpec *spec)
{
    const struct pattern_names names = {.job = order->raw_id,
                                        .has_task = order->has_task,
                                        .array = order->has_array_id ? order->array_id : order->raw_id,
                                        .task = order->task,
                                        .name = spec->name,
                                        .user = order->user,
                                        .node = order->node};

    return pattern_expand (pattern, &names);
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
