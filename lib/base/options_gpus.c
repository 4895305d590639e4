/* options_gpus.c - the ways to ask for GPUs and other counted resources: --gres, --gpus and its kin, in any order. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/options_apply.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

#define PER_GPU_MAX 100000

void gres_option_clear (struct gres_option *o)
{
    for (size_t i = 0; i < o->n; i++)
        gres_clear (&o->list[i]);
    free (o->text);
    *o = (struct gres_option){0};
}

static struct gres *find_name (struct gres_option *o, const char *name, const char *type, bool same_type)
{
    for (size_t i = 0; i < o->n; i++) {
        const char *known = o->list[i].type;
        bool same = known && type ? !strcmp (known, type) : known == type;
        if (!strcmp (o->list[i].name, name) && (same_type ? same : !known != !type))
            return &o->list[i];
    }
    return NULL;
}

static int add_word (const char *option, const char *value, const char *word, struct gres_option *o, struct err *err)
{
    _cleanup_gres_ struct gres g = {0};
    struct gres *known;

    if (gres_parse (word, &g, NULL) < 0)
        return option_bad (err, option, value,
                           strcmp (option, "gres") ? "write [TYPE:]NUMBER, such as 2 or a100:2"
                                                   : "write NAME[:TYPE][:NUMBER], such as gpu:2 or gpu:a100:2");
    if (find_name (o, g.name, g.type, false))
        return option_bad (err, option, value, "name the type of all of them, or of none");
    known = find_name (o, g.name, g.type, true);
    if (known) {
        known->n = known->n + (uint64_t) g.n < GRES_COUNT_MAX ? known->n + g.n : GRES_COUNT_MAX;
        return 0;
    }
    if (o->n == GRES_OPTION_MAX)
        return option_bad (err, option, value, "ask for at most 8 names and types");
    o->list[o->n++] = g;
    g = (struct gres){0};
    return 0;
}

/* A list of words, each with `prefix` before it. An empty value takes the option back. */
static int parse_list (const char *option, const char *value, const char *prefix, struct gres_option *ret,
                       struct err *err)
{
    _cleanup_ (gres_option_clear) struct gres_option o = {0};
    const char *p = value;

    while (*value) {
        size_t len = strcspn (p, ",");
        _cleanup_free_ char *word = xasprintf ("%s%.*s", prefix, (int) len, p);
        if (add_word (option, value, word, &o, err) < 0)
            return -1;
        if (!p[len])
            break;
        p += len + 1;
    }
    o.text = *value ? xstrdup (value) : NULL;
    gres_option_clear (ret);
    *ret = o;
    o = (struct gres_option){0};
    return 0;
}

APPLY (gpus)
{
    return parse_list ("gpus", value, "gpu:", &s->gpus, err);
}

APPLY (gpus_per_node)
{
    return parse_list ("gpus-per-node", value, "gpu:", &s->gpus_per_node, err);
}

APPLY (gpus_per_task)
{
    return parse_list ("gpus-per-task", value, "gpu:", &s->gpus_per_task, err);
}

APPLY (gres)
{
    return parse_list ("gres", strcasecmp (value, "none") ? value : "", "", &s->gres, err);
}

APPLY (cpus_per_gpu)
{
    uint64_t n = 0;

    if (*value && number_parse (value, "--cpus-per-gpu", 1, PER_GPU_MAX, &n, err) < 0)
        return -1;
    s->spec.has_cpus_per_gpu = n > 0;
    s->spec.cpus_per_gpu = (uint32_t) n;
    return 0;
}

APPLY (ntasks_per_gpu)
{
    uint64_t n = 0;

    if (*value && number_parse (value, "--ntasks-per-gpu", 1, PER_GPU_MAX, &n, err) < 0)
        return -1;
    s->ntasks_per_gpu = (uint32_t) n;
    return 0;
}

APPLY (mem_per_gpu)
{
    if (mem_parse (value, &s->spec.mem_per_gpu_mb, err) < 0)
        return -1;
    s->spec.has_mem_per_gpu_mb = true;
    s->spec.has_mem_per_node_mb = s->spec.has_mem_per_cpu_mb = false; /* the last of the three counts */
    return 0;
}

/* --- the spec ----------------------------------------------------------------------------------------------------- */

static uint32_t ceil_div (uint64_t n, uint32_t by)
{
    uint64_t q = n / by + (n % by != 0);

    return q < UINT32_MAX ? (uint32_t) q : UINT32_MAX;
}

static uint64_t gpus_of (const struct gres_option *o)
{
    uint64_t n = 0;

    for (size_t i = 0; i < o->n; i++)
        n += strcmp (o->list[i].name, "gpu") ? 0 : o->list[i].n;
    return n;
}

static void add_asks (Moisson__JobSpec *spec, const struct gres_option *o, Moisson__GresPer per)
{
    for (size_t i = 0; i < o->n; i++) {
        Moisson__GresAsk *ask = xmalloc (sizeof *ask);
        moisson__gres_ask__init (ask);
        ask->per = per;
        ask->gres = xmalloc (sizeof *ask->gres);
        moisson__gres__init (ask->gres);
        ask->gres->name = xstrdup (o->list[i].name);
        ask->gres->type = xstrdup (o->list[i].type);
        ask->gres->count = o->list[i].n;
        spec->gres_asks = xrealloc (spec->gres_asks, (spec->n_gres_asks + 1) * sizeof (void *));
        spec->gres_asks[spec->n_gres_asks++] = ask;
    }
}

static void put_text (char **slot, const char *text)
{
    free (*slot);
    *slot = xstrdup (text);
}

static uint32_t nodes_of (const Moisson__JobSpec *spec)
{
    return spec->has_min_nodes && spec->min_nodes ? spec->min_nodes : 1;
}

static uint32_t tasks_on_node (const Moisson__JobSpec *spec)
{
    if (spec->has_ntasks_per_node && spec->ntasks_per_node)
        return spec->ntasks_per_node;
    return ceil_div (spec->has_ntasks && spec->ntasks ? spec->ntasks : 1, nodes_of (spec));
}

/* GPUs on a node: the most of what the options come to. */
static uint32_t gpus_on_node (const struct submit *s)
{
    const uint64_t counts[] = {gpus_of (&s->gres), gpus_of (&s->gpus_per_node),
                               ceil_div (gpus_of (&s->gpus), nodes_of (&s->spec)),
                               gpus_of (&s->gpus_per_task) * tasks_on_node (&s->spec)};
    uint64_t most = 0;

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        most = counts[i] > most ? counts[i] : most;
    return most < UINT32_MAX ? (uint32_t) most : UINT32_MAX;
}

void options_derive (struct submit *s)
{
    Moisson__JobSpec *spec = &s->spec;
    _cleanup_buf_ struct buf shown = BUF_INIT;

    for (size_t i = 0; i < spec->n_gres_asks; i++)
        moisson__gres_ask__free_unpacked (spec->gres_asks[i], NULL);
    free (spec->gres_asks);
    spec->gres_asks = NULL;
    spec->n_gres_asks = 0;
    add_asks (spec, &s->gres, MOISSON__GRES_PER__GRES_PER_NODE);
    add_asks (spec, &s->gpus_per_node, MOISSON__GRES_PER__GRES_PER_NODE);
    add_asks (spec, &s->gpus, MOISSON__GRES_PER__GRES_PER_JOB);
    add_asks (spec, &s->gpus_per_task, MOISSON__GRES_PER__GRES_PER_TASK);
    put_text (&spec->gpus_text, s->gpus.text);
    put_text (&spec->gpus_per_node_text, s->gpus_per_node.text);
    put_text (&spec->gpus_per_task_text, s->gpus_per_task.text);
    spec->gpus_per_node = gpus_on_node (s);
    spec->has_gpus_per_node = s->gres.text || s->gpus.text || s->gpus_per_node.text || s->gpus_per_task.text;
    gres_show_list (s->gres.list, s->gres.n, &shown);
    if (shown.len && s->gpus_per_node.n)
        buf_putc (&shown, ',');
    gres_show_list (s->gpus_per_node.list, s->gpus_per_node.n, &shown);
    put_text (&spec->gres, shown.len ? shown.data : NULL);
}

/* --- what follows from all options together ----------------------------------------------------------------------- */

static int refuse (struct err *err, const char *why, const char *fix)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "%s", why);
    return err_fix (err, "%s", fix);
}

/* Tasks from GPUs, or GPUs from tasks. */
static int finish_tasks (struct submit *s, struct err *err)
{
    Moisson__JobSpec *spec = &s->spec;
    uint64_t gpus = gpus_of (&s->gpus), on_nodes = gpus_on_node (s), each = gpus_of (&s->gpus_per_task);

    if (!gpus)
        gpus = each ? 0 : on_nodes * nodes_of (spec);
    if (s->ntasks_per_gpu && spec->has_ntasks && !gpus) {
        _cleanup_free_ char *n = xasprintf ("%u", ceil_div (spec->ntasks, s->ntasks_per_gpu));
        if (apply_gpus (s, n, err) < 0)
            return -1;
        options_derive (s);
    } else if (s->ntasks_per_gpu && gpus && !spec->has_ntasks) {
        spec->has_ntasks = true;
        spec->ntasks = gpus * s->ntasks_per_gpu < UINT32_MAX ? (uint32_t) (gpus * s->ntasks_per_gpu) : UINT32_MAX;
    } else if (s->ntasks_per_gpu && !gpus)
        return refuse (err, "--ntasks-per-gpu without a number of GPUs or of tasks", "add --gpus or --ntasks");
    else if (each && gpus && !spec->has_ntasks && !spec->has_ntasks_per_node) {
        if (gpus % each)
            return refuse (err, "--gpus is no multiple of --gpus-per-task", "leave one of the two out");
        spec->has_ntasks = true;
        spec->ntasks = (uint32_t) (gpus / each);
    }
    return 0;
}

/* --cpus-per-gpu and --mem-per-gpu are kept as numbers a task and a node. */
static int finish_per_gpu (struct submit *s, struct err *err)
{
    Moisson__JobSpec *spec = &s->spec;
    uint32_t gpus = gpus_on_node (s), tasks = tasks_on_node (spec);

    if (!spec->has_cpus_per_gpu && !spec->has_mem_per_gpu_mb)
        return 0;
    if (!gpus)
        return refuse (err, "CPUs or memory for each GPU, but no GPU is asked for", "add --gpus or --gres=gpu:NUMBER");
    if (spec->has_cpus_per_gpu && spec->has_cpus_per_task)
        return refuse (err, "--cpus-per-gpu and --cpus-per-task cannot be given together", "leave one of them out");
    if (gpus_of (&s->gpus) % nodes_of (spec) ||
        (nodes_of (spec) > 1 && spec->has_ntasks && spec->ntasks % nodes_of (spec)))
        return refuse (err, "CPUs or memory for each GPU, but the nodes do not get equally many",
                       "ask for them with --cpus-per-task and --mem");
    if (spec->has_cpus_per_gpu) {
        spec->has_cpus_per_task = true;
        spec->cpus_per_task = ceil_div ((uint64_t) spec->cpus_per_gpu * gpus, tasks);
    }
    if (spec->has_mem_per_gpu_mb) {
        spec->has_mem_per_node_mb = true;
        spec->mem_per_node_mb = spec->mem_per_gpu_mb * gpus;
    }
    return 0;
}

int options_finish (struct submit *s, struct err *err)
{
    return finish_tasks (s, err) < 0 || finish_per_gpu (s, err) < 0 ? -1 : 0;
}
