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

static bool is_type (const char *word)
{
    return isalpha ((unsigned char) *word) && !word[strspn (word, TYPE_CHARACTERS)];
}

/* N; [TYPE:]N and TYPE alone are understood, and refused: scheduling knows numbers only, and the wrong kind of GPU
 * would be worse than none. An empty value takes the option back. */
static int parse_gpus (const char *option, const char *value, const char *ask_text, struct gpu_ask *ask,
                       struct err *err)
{
    _cleanup_free_ char *text = xstrdup (ask_text);
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
    if (type) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "--%s=%.80s: a type of GPU is known, not available yet",
                 option, value);
        return err_fix (err, "leave the type out, and choose the nodes with --partition or --nodelist");
    }
    ask->given = *ask_text != '\0';
    ask->n = (uint32_t) n;
    return 0;
}

APPLY (gpus)
{
    return parse_gpus ("gpus", value, value, &s->gpus, err);
}

APPLY (gpus_per_node)
{
    return parse_gpus ("gpus-per-node", value, value, &s->gpus_per_node, err);
}

APPLY (gpus_per_task)
{
    return parse_gpus ("gpus-per-task", value, value, &s->gpus_per_task, err);
}

APPLY (gres)
{
    const char *rest = value;

    if (!*value || !strcasecmp (value, "none")) {
        s->gres = (struct gpu_ask){0};
        return 0;
    }
    if (!strncasecmp (rest, "gres:", 5) || !strncasecmp (rest, "gres/", 5))
        rest += 5;
    if (strncasecmp (rest, "gpu", 3) || (rest[3] && rest[3] != ':')) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "--gres=%.80s: only gpu can be asked for", value);
        return err_fix (err, "write --gres=gpu:NUMBER");
    }
    return parse_gpus ("gres", value, rest[3] ? rest + 4 : "1", &s->gres, err);
}

static uint32_t ceil_div (uint32_t n, uint32_t by)
{
    return n / by + (n % by != 0);
}

static void offer (const struct gpu_ask *ask, uint64_t n, uint64_t *most)
{
    if (ask->given && n > *most)
        *most = n;
}

void options_derive (struct submit *s)
{
    Moisson__JobSpec *spec = &s->spec;
    uint32_t nodes = spec->has_min_nodes ? spec->min_nodes : 1;
    uint32_t tasks =
        spec->has_ntasks_per_node ? spec->ntasks_per_node : ceil_div (spec->has_ntasks ? spec->ntasks : 1, nodes);
    uint64_t most = 0;

    spec->has_gpus_per_node = s->gres.given || s->gpus.given || s->gpus_per_node.given || s->gpus_per_task.given;
    offer (&s->gres, s->gres.n, &most);
    offer (&s->gpus_per_node, s->gpus_per_node.n, &most);
    offer (&s->gpus, ceil_div (s->gpus.n, nodes), &most);
    offer (&s->gpus_per_task, (uint64_t) s->gpus_per_task.n * tasks, &most);
    spec->gpus_per_node = most < UINT32_MAX ? (uint32_t) most : UINT32_MAX;
    free (spec->gres);
    spec->gres = most ? xasprintf ("gpu:%u", spec->gpus_per_node) : NULL;
}
