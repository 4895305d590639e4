/* options_gpus.c - the ways to ask for GPUs: --gres, --gpus, --gpus-per-node, --gpus-per-task, in any order. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/options_apply.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

#define GPUS_MAX 100000
#define TYPE_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

static void forget (struct gpu_ask *ask)
{
    free (ask->type);
    *ask = (struct gpu_ask){0};
}

static bool is_type (const char *word)
{
    return isalpha ((unsigned char) *word) && !word[strspn (word, TYPE_CHARACTERS)];
}

/* [TYPE:]N, or TYPE alone (one of it). An empty value takes the option back. */
static int parse_gpus (const char *option, const char *value, struct gpu_ask *ask, struct err *err)
{
    _cleanup_free_ char *text = xstrdup (value);
    char *type = NULL, *count = text, *colon = strchr (text, ':');
    uint64_t n = 1;

    if (colon) {
        *colon = '\0';
        type = text;
        count = colon + 1;
    } else if (*text && (*text < '0' || *text > '9')) {
        type = text;
        count = NULL;
    }
    if ((type && !is_type (type)) || (count && strchr (count, ',')))
        return option_bad (err, option, value, "ask for one type of GPU: [TYPE:]NUMBER");
    if (count && *count && number_parse (count, "the number of GPUs", 0, GPUS_MAX, &n, err) < 0)
        return -1;
    if (colon && !*count)
        return option_bad (err, option, value, "write [TYPE:]NUMBER");
    char *copy = xstrdup (type); /* NULL stays NULL */
    forget (ask);
    ask->given = *value != '\0';
    ask->n = (uint32_t) n;
    ask->type = copy;
    return 0;
}

APPLY (gpus)
{
    return parse_gpus ("gpus", value, &s->gpus, err);
}

APPLY (gpus_per_node)
{
    return parse_gpus ("gpus-per-node", value, &s->gpus_per_node, err);
}

APPLY (gpus_per_task)
{
    return parse_gpus ("gpus-per-task", value, &s->gpus_per_task, err);
}

APPLY (gres)
{
    const char *rest = value;

    if (!*value || !strcasecmp (value, "none")) {
        forget (&s->gres);
        return 0;
    }
    if (!strncasecmp (rest, "gres:", 5) || !strncasecmp (rest, "gres/", 5))
        rest += 5;
    if (strncasecmp (rest, "gpu", 3) || (rest[3] && rest[3] != ':')) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "--gres=%.80s: only gpu can be asked for", value);
        return err_fix (err, "write --gres=gpu:NUMBER or --gres=gpu:TYPE:NUMBER");
    }
    return parse_gpus ("gres", rest[3] ? rest + 4 : "1", &s->gres, err);
}

static uint32_t ceil_div (uint32_t n, uint32_t by)
{
    return n / by + (n % by != 0);
}

static void offer (uint64_t n, const char *type, uint64_t *most, const char **ret_type)
{
    if (n > *most)
        *most = n;
    if (type && !*ret_type)
        *ret_type = type;
}

void options_derive (struct submit *s)
{
    Moisson__JobSpec *spec = &s->spec;
    uint32_t nodes = spec->has_min_nodes ? spec->min_nodes : 1;
    uint32_t tasks =
        spec->has_ntasks_per_node ? spec->ntasks_per_node : ceil_div (spec->has_ntasks ? spec->ntasks : 1, nodes);
    const char *type = NULL;
    uint64_t most = 0;

    spec->has_gpus_per_node = s->gres.given || s->gpus.given || s->gpus_per_node.given || s->gpus_per_task.given;
    if (s->gres.given)
        offer (s->gres.n, s->gres.type, &most, &type);
    if (s->gpus_per_node.given)
        offer (s->gpus_per_node.n, s->gpus_per_node.type, &most, &type);
    if (s->gpus.given)
        offer (ceil_div (s->gpus.n, nodes), s->gpus.type, &most, &type);
    if (s->gpus_per_task.given)
        offer ((uint64_t) s->gpus_per_task.n * tasks, s->gpus_per_task.type, &most, &type);
    spec->gpus_per_node = most < UINT32_MAX ? (uint32_t) most : UINT32_MAX;
    free (spec->gres);
    spec->gres = NULL;
    if (type && most)
        spec->gres = xasprintf ("gpu:%s:%u", type, spec->gpus_per_node);
    else if (most)
        spec->gres = xasprintf ("gpu:%u", spec->gpus_per_node);
}
