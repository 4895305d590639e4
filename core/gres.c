/* gres.c - kinds of generic resources, parts of them, and what nodes have of them. */
#include "core/gres.h"
#include <string.h>
#include "base/mem.h"
#include "core/state.h"

/* --- kinds -------------------------------------------------------------------------------------------------------- */

static struct gres_kind *kind_make (const char *name, const char *type)
{
    size_t name_len = strlen (name), type_len = type ? strlen (type) : 0;
    struct gres_kind *kind = xcalloc (1, sizeof *kind + name_len + type_len + 2);

    memcpy (kind->text, name, name_len);
    memcpy (kind->text + name_len + 1, type ? type : "", type_len);
    kind->name = kind->text;
    kind->type = type_len ? kind->text + name_len + 1 : NULL;
    kind->gpu = !strcmp (name, "gpu");
    return kind;
}

static size_t key_len (const struct gres_kind *kind)
{
    return strlen (kind->name) + 2 + (kind->type ? strlen (kind->type) : 0);
}

const struct gres_kind *gres_find (const struct core *core, const char *name, const char *type)
{
    struct gres_kind *like = kind_make (name, type), *found;

    HASH_FIND (hh, core->kinds, like->text, key_len (like), found);
    free (like);
    return found;
}

const struct gres_kind *gres_intern (struct core *core, const char *name, const char *type)
{
    const struct gres_kind *found = gres_find (core, name, type);
    struct gres_kind *kind;

    if (found)
        return found;
    kind = kind_make (name, type);
    kind->any = kind->type ? gres_intern (core, name, NULL) : kind;
    HASH_ADD_KEYPTR (hh, core->kinds, kind->text, key_len (kind), kind);
    return kind;
}

void gres_intern_spec (struct core *core, const Moisson__JobSpec *spec)
{
    for (size_t i = 0; i < spec->n_gres_asks; i++)
        gres_intern (core, spec->gres_asks[i]->gres->name, spec->gres_asks[i]->gres->type);
    if (spec->gpus_per_node)
        gres_intern (core, "gpu", NULL);
}

void gres_kinds_clear (struct core *core)
{
    struct gres_kind *kind, *next;

    HASH_ITER (hh, core->kinds, kind, next)
    {
        HASH_DELETE (hh, core->kinds, kind);
        free (kind);
    }
}

/* --- parts -------------------------------------------------------------------------------------------------------- */

void gres_parts_clear (struct gres_parts *parts)
{
    free (parts->list);
    *parts = (struct gres_parts){0};
}

void gres_parts_add (struct gres_parts *parts, const struct gres_kind *kind, uint32_t n)
{
    if (!n)
        return;
    for (uint32_t i = 0; i < parts->n; i++)
        if (parts->list[i].kind == kind) {
            parts->list[i].n += n;
            return;
        }
    parts->list = xrealloc (parts->list, (parts->n + 1) * sizeof *parts->list);
    parts->list[parts->n++] = (struct gres_part){kind, n};
}

uint32_t gres_parts_gpus (const struct gres_parts *parts)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < parts->n; i++)
        n += parts->list[i].kind->gpu ? parts->list[i].n : 0;
    return n;
}

static Moisson__Gres *message_of (const struct gres_part *part)
{
    Moisson__Gres *g = xmalloc (sizeof *g);

    moisson__gres__init (g);
    g->name = xstrdup (part->kind->name);
    g->type = xstrdup (part->kind->type);
    g->count = part->n;
    return g;
}

Moisson__Gres **gres_parts_save (const struct gres_parts *parts, size_t *ret_n)
{
    Moisson__Gres **list = parts->n ? xcalloc (parts->n, sizeof *list) : NULL;

    for (uint32_t i = 0; i < parts->n; i++)
        list[i] = message_of (&parts->list[i]);
    *ret_n = parts->n;
    return list;
}

void gres_list_free (Moisson__Gres **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        moisson__gres__free_unpacked (list[i], NULL);
    free (list);
}

void gres_parts_load (struct core *core, const Moisson__Share *share, const struct node *node, struct gres_parts *ret)
{
    struct gres_parts parts = {0};
    uint32_t left = share->n_gres ? 0 : share->gpus;

    for (size_t i = 0; i < share->n_gres; i++)
        gres_parts_add (&parts, gres_intern (core, share->gres[i]->name, share->gres[i]->type), share->gres[i]->count);
    for (uint32_t i = 0; i < node->n_gres && left; i++) {
        const struct gres_have *have = &node->gres[i];
        uint32_t n = have->kind->gpu && have->total > have->used ? have->total - have->used : 0;
        n = n < left ? n : left;
        gres_parts_add (&parts, have->kind, n);
        left -= n;
    }
    gres_parts_add (&parts, gres_intern (core, "gpu", NULL), left); /* more than it has: the caller finds that */
    *ret = parts;
}

static struct gres *borrow (const struct gres_parts *parts)
{
    struct gres *list = xcalloc (parts->n, sizeof *list);

    for (uint32_t i = 0; i < parts->n; i++)
        list[i] =
            (struct gres){(char *) parts->list[i].kind->name, (char *) parts->list[i].kind->type, parts->list[i].n};
    return list;
}

void gres_parts_show (const struct gres_parts *parts, struct buf *out)
{
    _cleanup_free_ struct gres *list = borrow (parts);

    gres_show_list (list, parts->n, out);
}

void gres_parts_tres (const struct gres_parts *parts, struct buf *out)
{
    _cleanup_free_ struct gres *list = borrow (parts);

    gres_show_tres (list, parts->n, out);
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

static struct gres_have *have_of (struct node *node, const struct gres_kind *kind)
{
    for (uint32_t i = 0; i < node->n_gres; i++)
        if (node->gres[i].kind == kind)
            return &node->gres[i];
    return NULL;
}

static void have_add (struct node *node, const struct gres_kind *kind, uint32_t n)
{
    struct gres_have *have = have_of (node, kind);

    if (!have && node->n_gres == GRES_A_NODE)
        return; /* the configuration's reader allows no more */
    if (!have) {
        have = &node->gres[node->n_gres++];
        *have = (struct gres_have){.kind = kind};
    }
    have->total += n;
    node->gpus += kind->gpu ? n : 0;
}

void gres_node_size (struct core *core, struct node *node)
{
    const Moisson__NodeConf *conf = node->conf;

    node->n_gres = 0;
    node->gpus = 0;
    for (size_t i = 0; i < conf->n_gres_have; i++)
        have_add (node, gres_intern (core, conf->gres_have[i]->name, conf->gres_have[i]->type),
                  conf->gres_have[i]->count);
    if (!conf->n_gres_have && conf->gpus) /* of an older journal */
        have_add (node, gres_intern (core, "gpu", conf->gpu_type), conf->gpus);
    node->used_gpus = 0;
    for (const struct share *share = node->shares; share; share = share->next)
        gres_node_take (node, &share->gres);
}

int gres_check_free (const struct node *node, const struct gres_parts *parts, struct err *err)
{
    for (uint32_t i = 0; i < parts->n; i++) {
        const struct gres_kind *kind = parts->list[i].kind;
        const struct gres_have *have = have_of ((struct node *) node, kind);
        uint32_t n = have && have->total > have->used ? have->total - have->used : 0;
        if (parts->list[i].n > n)
            return err_set (err, 0, "%u of %s%s%s placed on %s, which has %u free", parts->list[i].n, kind->name,
                            kind->type ? ":" : "", kind->type ? kind->type : "", node_name (node), n);
    }
    return 0;
}

/* A kind that the node no longer has counts nowhere: it has none free either way. */
void gres_node_take (struct node *node, const struct gres_parts *parts)
{
    for (uint32_t i = 0; i < parts->n; i++) {
        struct gres_have *have = have_of (node, parts->list[i].kind);
        if (have)
            have->used += parts->list[i].n;
    }
    node->used_gpus += gres_parts_gpus (parts);
}

void gres_node_give (struct node *node, const struct gres_parts *parts)
{
    for (uint32_t i = 0; i < parts->n; i++) {
        struct gres_have *have = have_of (node, parts->list[i].kind);
        if (have)
            have->used -= parts->list[i].n;
    }
    node->used_gpus -= gres_parts_gpus (parts);
}

bool gres_node_over (const struct node *node)
{
    for (uint32_t i = 0; i < node->n_gres; i++)
        if (node->gres[i].used > node->gres[i].total)
            return true;
    return node->used_gpus > node->gpus;
}

int gres_node_check (const struct node *node, struct err *err)
{
    uint64_t gpus = 0;

    for (uint32_t i = 0; i < node->n_gres; i++) {
        const struct gres_have *have = &node->gres[i];
        uint64_t used = 0;
        for (const struct share *share = node->shares; share; share = share->next)
            for (uint32_t k = 0; k < share->gres.n; k++)
                used += share->gres.list[k].kind == have->kind ? share->gres.list[k].n : 0;
        if (used != have->used)
            return err_set (err, 0, "node %s: %lu of %s%s are used, it counts %u", node_name (node),
                            (unsigned long) used, have->kind->name, have->kind->type ? have->kind->type : "",
                            have->used);
        if (!node->excess && have->used > have->total)
            return err_set (err, 0, "node %s is overcommitted: %u of %u %s", node_name (node), have->used, have->total,
                            have->kind->name);
    }
    for (const struct share *share = node->shares; share; share = share->next) {
        if (share->gpus != gres_parts_gpus (&share->gres))
            return err_set (err, 0, "node %s: a share says %u gpus, its parts are %u", node_name (node), share->gpus,
                            gres_parts_gpus (&share->gres));
        gpus += share->gpus;
    }
    if (gpus != node->used_gpus)
        return err_set (err, 0, "node %s: %lu gpus are used, it counts %u", node_name (node), (unsigned long) gpus,
                        node->used_gpus);
    return 0;
}

static size_t counts_of (const struct node *node, bool used, struct gres *ret)
{
    for (uint32_t i = 0; i < node->n_gres; i++)
        ret[i] = (struct gres){(char *) node->gres[i].kind->name, (char *) node->gres[i].kind->type,
                               used ? node->gres[i].used : node->gres[i].total};
    return node->n_gres;
}

void gres_node_show (const struct node *node, bool used, struct buf *out)
{
    struct gres list[GRES_A_NODE];

    gres_show_list (list, counts_of (node, used, list), out);
}

void gres_node_tres (const struct node *node, bool used, struct buf *out)
{
    struct gres list[GRES_A_NODE];

    gres_show_tres (list, counts_of (node, used, list), out);
}
