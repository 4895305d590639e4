/* shun.c - nodes where tasks of one kind fail fast while they pass on others. */
#include "core/shun.h"
#include <ctype.h>
#include <string.h>
#include <utlist.h>
#include "base/mem.h"
#include "core/branch.h"
#include "core/state.h"

#define STREAK_LEAST 3
#define MANY 4096 /* counts are halved: what was long ago counts less */

struct shunned {
    char *node;
    uint32_t streak, passes; /* fast failures in a row; what passed there since it is watched */
    usec_t until_us;         /* 0 = only watched; UINT64_MAX = until it is cleared */
};

struct kind {
    uint64_t id;
    char *user, *name;
    uint32_t uid;
    uint64_t passes, fails; /* everywhere */
    struct shunned nodes[SHUN_NODES];
    size_t n;
    struct kind *prev, *next;
};

/* --- kinds -------------------------------------------------------------------------------------------------------- */

static void add (uint64_t *hash, const void *bytes, size_t len) /* FNV-1a, 64 bit */
{
    for (size_t i = 0; i < len; i++)
        *hash = (*hash ^ ((const uint8_t *) bytes)[i]) * 1099511628211ULL;
}

static void add_text (uint64_t *hash, const char *text, bool digits)
{
    for (; text && *text; text++)
        if (digits || !isdigit ((unsigned char) *text))
            add (hash, text, 1);
    add (hash, "", 1);
}

static uint64_t kind_of (const struct job *job, const Moisson__Submitted *facts)
{
    const Moisson__JobSpec *spec = facts->spec;
    const uint32_t numbers[] = {facts->uid, spec->ntasks, spec->cpus_per_task, spec->min_nodes, spec->gpus_per_node};
    uint64_t hash = 14695981039346656037ULL;

    add (&hash, numbers, sizeof numbers);
    add_text (&hash, job_whole (job)->partition, true);
    add_text (&hash, spec->name, false);
    add_text (&hash, spec->constraint, true);
    add_text (&hash, spec->gres, true);
    return hash ? hash : 1;
}

static struct kind *find (const struct core *core, uint64_t id)
{
    struct kind *kind;

    DL_FOREACH (core->shuns.kinds, kind)
    if (kind->id == id)
        return kind;
    return NULL;
}

static void forget_node (struct core *core, struct kind *kind, size_t at)
{
    core->shuns.n_shunned -= kind->nodes[at].until_us > 0;
    free (kind->nodes[at].node);
    kind->nodes[at] = kind->nodes[--kind->n];
}

static void kind_free (struct core *core, struct kind *kind)
{
    while (kind->n)
        forget_node (core, kind, kind->n - 1);
    DL_DELETE (core->shuns.kinds, kind);
    core->shuns.n--;
    free (kind->user);
    free (kind->name);
    free (kind);
}

static struct kind *kind_make (struct core *core, uint64_t id, uint32_t uid, const char *user, const char *name)
{
    struct kind *kind = xcalloc (1, sizeof *kind);

    kind->id = id;
    kind->uid = uid;
    kind->user = xstrdup (user ? user : "");
    kind->name = xstrdup (name ? name : "");
    DL_APPEND (core->shuns.kinds, kind);
    core->shuns.n++;
    return kind;
}

void shun_free (struct core *core)
{
    while (core->shuns.kinds)
        kind_free (core, core->shuns.kinds);
}

/* --- what waits is placed anew ------------------------------------------------------------------------------------ */

static void reshape (struct core *core, uint32_t uid)
{
    for (struct job *job = job_from (core, 0); job; job = job_from (core, job->id + 1)) {
        if (job->spec->uid != uid)
            continue;
        for (struct job *at = job; at; at = at->branches) {
            shape_leave (core, at);
            shape_forget_spec (core, at->spec);
        }
        if (!job->ended)
            job_mark_dirty (core, job);
    }
    core->want_pass = true;
}

/* --- evidence ----------------------------------------------------------------------------------------------------- */

static struct shunned *watched (struct kind *kind, const char *node)
{
    for (size_t i = 0; i < kind->n; i++)
        if (!strcmp (kind->nodes[i].node, node))
            return &kind->nodes[i];
    return NULL;
}

/* Had the node the failure rate of all others, that many in a row would be less likely than one in a million. */
static bool is_no_chance (const struct kind *kind, const struct shunned *at)
{
    uint64_t fails = kind->fails - (at->streak < kind->fails ? at->streak : kind->fails) + 1;
    uint64_t passes = kind->passes - (at->passes < kind->passes ? at->passes : kind->passes) + 1, odds = 1000000;

    if (at->streak < STREAK_LEAST || passes <= STREAK_LEAST)
        return false;
    for (uint32_t i = 0; i < at->streak && odds; i++)
        odds = odds * fails / (fails + passes);
    return odds < 1;
}

static size_t shunned_by (const struct kind *kind)
{
    size_t n = 0;

    for (size_t i = 0; i < kind->n; i++)
        n += kind->nodes[i].until_us > 0;
    return n;
}

static void tell (struct core *core, const struct kind *kind, const struct shunned *at)
{
    struct fx *fx = effects_add (core->fx, FX_SHUNNED);

    if (!fx)
        return;
    fx->node = xstrdup (at->node);
    fx->note = xasprintf ("no more of \"%s\" of %s: %u failed fast in a row, %lu passed elsewhere", kind->name,
                          kind->user, at->streak, (unsigned long) (kind->passes - at->passes));
}

static void shun (struct core *core, struct kind *kind, struct shunned *at)
{
    uint64_t for_s = core->config->fast_fail_exclude_s;
    size_t most = core->nodes.n_up / 4;

    if (core->nodes.n_up < 2 || shunned_by (kind) >= (most ? most : 1)) /* the only node is not left out */
        return;
    at->until_us = for_s ? core->now + for_s * USEC_PER_SEC : UINT64_MAX;
    core->shuns.n_shunned++;
    tell (core, kind, at);
    reshape (core, kind->uid);
}

static void passed (struct core *core, struct kind *kind, struct shunned *at)
{
    kind->passes++;
    if (!at)
        return;
    at->passes++;
    at->streak = 0;
    if (!at->until_us)
        forget_node (core, kind, (size_t) (at - kind->nodes));
}

static void failed (struct core *core, struct kind *kind, struct shunned *at, const char *node)
{
    kind->fails++;
    if (!at && kind->n < SHUN_NODES) {
        at = &kind->nodes[kind->n++];
        *at = (struct shunned){.node = xstrdup (node)};
    }
    if (!at)
        return;
    at->streak++;
    if (!at->until_us && is_no_chance (kind, at))
        shun (core, kind, at);
}

void shun_hear (struct core *core, const struct task *task, job_state_t state, usec_t end_us)
{
    const Moisson__Submitted *facts = row_facts (task->job, task);
    usec_t fast = core->config->fast_fail_s * USEC_PER_SEC;
    bool good = state == MOISSON__JOB_STATE__STATE_COMPLETED;
    struct kind *kind;

    if (!fast || task->n_shares != 1 || task->stop ||
        (!good && (state != MOISSON__JOB_STATE__STATE_FAILED || end_us > task->start_us + fast)))
        return;
    uint64_t id = kind_of (task->job, facts);
    kind = find (core, id);
    if (!kind) {
        if (core->shuns.n == KINDS_MOST)
            kind_free (core, core->shuns.kinds->prev);
        kind = kind_make (core, id, facts->uid, facts->user, facts->spec->name);
    }
    DL_DELETE (core->shuns.kinds, kind);
    DL_PREPEND (core->shuns.kinds, kind);
    if (kind->passes + kind->fails >= MANY) {
        kind->passes /= 2;
        kind->fails /= 2;
    }
    struct shunned *at = watched (kind, node_name (task_host (task)));
    if (good)
        passed (core, kind, at);
    else
        failed (core, kind, at, node_name (task_host (task)));
}

/* --- the pass ----------------------------------------------------------------------------------------------------- */

uint64_t shun_kind (const struct core *core, const struct job *job)
{
    const struct kind *kind;

    if (!core->shuns.n_shunned)
        return 0;
    kind = find (core, kind_of (job, spec_msg (job->spec)));
    return kind && shunned_by (kind) ? kind->id : 0;
}

void shun_places (const struct core *core, uint64_t id, struct places *places)
{
    const struct kind *kind = id ? find (core, id) : NULL;

    for (size_t i = 0; kind && i < kind->n; i++) {
        const struct node *node = kind->nodes[i].until_us ? node_find (core, kind->nodes[i].node) : NULL;
        bool must = false;
        for (size_t k = 0; node && k < places->n_must; k++)
            must |= places->must[k] == node; /* asked for by name: so be it */
        if (node && !must && node->index / 64 < core->nodes.words)
            places->mask[node->index / 64] &= ~(1ULL << node->index % 64);
    }
}

/* --- another chance ----------------------------------------------------------------------------------------------- */

typedef bool (*over_fn) (const struct core *core, const struct shunned *at, const void *arg);

static void let_go (struct core *core, over_fn over, const void *arg)
{
    struct kind *kind;

    DL_FOREACH (core->shuns.kinds, kind)
    {
        bool changed = false;
        for (size_t i = kind->n; i-- > 0;)
            if (over (core, &kind->nodes[i], arg)) {
                changed |= kind->nodes[i].until_us > 0;
                forget_node (core, kind, i);
            }
        if (changed)
            reshape (core, kind->uid);
    }
}

static bool is_node (const struct core *core, const struct shunned *at, const void *arg)
{
    (void) core;
    return !strcmp (at->node, node_name (arg));
}

static bool is_due (const struct core *core, const struct shunned *at, const void *arg)
{
    (void) arg;
    return at->until_us && at->until_us <= core->now;
}

static bool is_no_node (const struct core *core, const struct shunned *at, const void *arg)
{
    (void) arg;
    return !node_find (core, at->node);
}

void shun_clear_node (struct core *core, const struct node *node)
{
    let_go (core, is_node, node);
}

void shun_clock (struct core *core)
{
    if (core->shuns.n_shunned)
        let_go (core, is_due, NULL);
}

void shun_configured (struct core *core)
{
    let_go (core, is_no_node, NULL);
}

usec_t shun_deadline (const struct core *core)
{
    const struct kind *kind;
    usec_t at = UINT64_MAX;

    if (!core->shuns.n_shunned)
        return at;
    DL_FOREACH (core->shuns.kinds, kind)
    for (size_t i = 0; i < kind->n; i++)
        if (kind->nodes[i].until_us && kind->nodes[i].until_us < at)
            at = kind->nodes[i].until_us;
    return at;
}

/* --- words -------------------------------------------------------------------------------------------------------- */

static void say (const struct kind *kind, const struct shunned *at, struct buf *out)
{
    char when[64];

    buf_printf (out, "%sno more of \"%s\" of %s: %u failed fast in a row, %lu passed elsewhere", out->len ? "; " : "",
                kind->name, kind->user, at->streak, (unsigned long) (kind->passes - at->passes));
    if (at->until_us != UINT64_MAX)
        buf_printf (out, "; until %s", time_format (at->until_us, NULL, "", when, sizeof when));
    buf_puts (out, " (State=RESUME clears it)");
}

void shun_note_node (const struct core *core, const struct node *node, struct buf *out)
{
    const struct kind *kind;

    if (!core->shuns.n_shunned)
        return;
    DL_FOREACH (core->shuns.kinds, kind)
    for (size_t i = 0; i < kind->n; i++)
        if (kind->nodes[i].until_us && !strcmp (kind->nodes[i].node, node_name (node)))
            say (kind, &kind->nodes[i], out);
}

void shun_note_job (const struct core *core, const struct job *job, struct buf *out)
{
    uint64_t id = shun_kind (core, job);
    const struct kind *kind = id ? find (core, id) : NULL;

    for (size_t i = 0; kind && i < kind->n; i++)
        if (kind->nodes[i].until_us)
            buf_printf (out, "; not on %s, where %u of its kind failed fast in a row", kind->nodes[i].node,
                        kind->nodes[i].streak);
}

/* --- snapshots ---------------------------------------------------------------------------------------------------- */

Moisson__ImageKind **shun_save (const struct core *core, size_t *ret_n)
{
    Moisson__ImageKind **list = xcalloc (core->shuns.n + 1, sizeof *list);
    const struct kind *kind;

    *ret_n = 0;
    DL_FOREACH (core->shuns.kinds, kind)
    {
        Moisson__ImageKind *out = list[(*ret_n)++] = xmalloc (sizeof *out);
        moisson__image_kind__init (out);
        out->id = kind->id;
        out->uid = kind->uid;
        out->user = xstrdup (kind->user);
        out->name = xstrdup (kind->name);
        out->passes = kind->passes;
        out->fails = kind->fails;
        out->nodes = xcalloc (kind->n + 1, sizeof *out->nodes);
        for (size_t i = 0; i < kind->n; i++) {
            Moisson__ShunnedNode *node = out->nodes[out->n_nodes++] = xmalloc (sizeof *node);
            moisson__shunned_node__init (node);
            node->node = xstrdup (kind->nodes[i].node);
            node->streak = kind->nodes[i].streak;
            node->passes = kind->nodes[i].passes;
            node->until_us = kind->nodes[i].until_us;
        }
    }
    return list;
}

void shun_load (struct core *core, Moisson__ImageKind *const *kinds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct kind *kind = kind_make (core, kinds[i]->id, kinds[i]->uid, kinds[i]->user, kinds[i]->name);
        kind->passes = kinds[i]->passes;
        kind->fails = kinds[i]->fails;
        for (size_t k = 0; k < kinds[i]->n_nodes && k < SHUN_NODES; k++) {
            const Moisson__ShunnedNode *node = kinds[i]->nodes[k];
            kind->nodes[kind->n++] = (struct shunned){xstrdup (node->node), node->streak, node->passes, node->until_us};
            core->shuns.n_shunned += node->until_us > 0;
        }
    }
}

int shun_check (const struct core *core, struct err *err)
{
    size_t kinds = 0, nodes = 0;
    const struct kind *kind;

    DL_FOREACH (core->shuns.kinds, kind)
    {
        kinds++;
        nodes += shunned_by (kind);
    }
    if (kinds != core->shuns.n || kinds > KINDS_MOST || nodes != core->shuns.n_shunned)
        return err_set (err, 0, "%zu kinds of jobs shun %zu nodes, counted %zu and %zu", kinds, nodes, core->shuns.n,
                        core->shuns.n_shunned);
    return 0;
}
