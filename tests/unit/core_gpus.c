/* core_gpus.c - GPUs by type and other counted resources: what fits, what is given, and that nothing forgets it. */
#include "core_kit.h"
#include "base/gres.h"
#include "suite.h"

#define PER_JOB MOISSON__GRES_PER__GRES_PER_JOB
#define PER_TASK MOISSON__GRES_PER__GRES_PER_TASK

/* Gres of a node as in the configuration: "gpu:a100:2,gpu:v100:1". */
struct conf_gres {
    Moisson__Gres list[8], *pointers[8];
    char *words[8];
    size_t n;
};

static void give (struct conf_gres *g, Moisson__NodeConf *node, const char *text)
{
    _cleanup_free_ char *copy = xstrdup (text);
    char *save = NULL;

    *g = (struct conf_gres){0};
    node->gpus = 0;
    for (char *word = strtok_r (copy, ",", &save); word; word = strtok_r (NULL, ",", &save)) {
        struct gres parsed;
        ck_assert_int_eq (gres_parse (word, &parsed, NULL), 0);
        moisson__gres__init (&g->list[g->n]);
        g->list[g->n].name = parsed.name;
        g->list[g->n].type = parsed.type;
        g->list[g->n].count = parsed.n;
        node->gpus += strcmp (parsed.name, "gpu") ? 0 : parsed.n;
        g->pointers[g->n] = &g->list[g->n];
        g->n++;
    }
    node->gres_have = g->pointers;
    node->n_gres_have = g->n;
}

static void ungive (struct conf_gres *g)
{
    for (size_t i = 0; i < g->n; i++) {
        free (g->list[i].name);
        free (g->list[i].type);
    }
}

/* Nodes n1, n2 of 8 cpus with these. */
static struct kit *cluster (const char *first, const char *second)
{
    struct kit_conf *c = kit_conf ("n[1-2]", 8);
    struct conf_gres g[2];
    struct kit *k;

    give (&g[0], &c->nodes[0], first);
    give (&g[1], &c->nodes[1], second);
    k = kit_with (c);
    ungive (&g[0]);
    ungive (&g[1]);
    return k;
}

static void reconfigure (struct kit *k, const char *first, const char *second)
{
    struct kit_conf *c = kit_conf ("n[1-2]", 8);
    struct conf_gres g[2];

    give (&g[0], &c->nodes[0], first);
    give (&g[1], &c->nodes[1], second);
    kit_configure (k, c);
    kit_conf_free (c);
    ungive (&g[0]);
    ungive (&g[1]);
}

/* Places the next one and says what it gets: "n1 gpu:a100:2; n2 gpu:1"; "" = nothing fits. The caller frees it. */
static char *next (struct kit *k)
{
    struct buf out = BUF_INIT;
    Moisson__Event *event;

    core_pass_begin (k->core, k->now);
    if (core_next_placement (k->core, k->now, &event) == CORE_E_NOTHING)
        return buf_steal (&out);
    for (size_t i = 0; i < event->placed->n_shares; i++) {
        const Moisson__Share *share = event->placed->shares[i];
        buf_printf (&out, "%s%s", i ? "; " : "", share->node);
        for (size_t g = 0; g < share->n_gres; g++) {
            const struct gres shown = {share->gres[g]->name, share->gres[g]->type, share->gres[g]->count};
            buf_puts (&out, g ? "," : " ");
            gres_show (&shown, &out);
        }
    }
    kit_apply (k, event);
    moisson__event__free_unpacked (event, NULL);
    return buf_steal (&out);
}

#define ck_next(k, expected)                                                                                           \
    do {                                                                                                               \
        _cleanup_free_ char *next_ = next (k);                                                                         \
        ck_assert_str_eq (next_, expected);                                                                            \
    } while (0)

#define GPUS(...) .gres = {__VA_ARGS__}

START_TEST (a_type_gets_its_own)
{
    _cleanup_kit_ struct kit *k = cluster ("gpu:a100:2,gpu:v100:1", "gpu:v100:2");

    submit (k, GPUS ({"gpu", "v100", 2}));
    ck_next (k, "n2 gpu:v100:2");
    submit (k, GPUS ({"gpu", "v100", 1}));
    ck_next (k, "n1 gpu:v100:1");
    uint64_t waits = submit (k, GPUS ({"gpu", "v100", 1}));
    submit (k, GPUS ({"gpu", "a100", 1})); /* it does not wait behind that */
    ck_next (k, "n1 gpu:a100:1");
    ck_next (k, "");
    assert_reason (k, waits, "Resources");
}
END_TEST

START_TEST (no_type_gets_any_and_alike_where_it_can)
{
    _cleanup_kit_ struct kit *k = cluster ("gpu:a100:2,gpu:v100:3", "disk:1");

    submit (k, GPUS ({"gpu", NULL, 2}));
    ck_next (k, "n1 gpu:a100:2"); /* the smaller gap that suffices */
    submit (k, GPUS ({"gpu", NULL, 1}));
    ck_next (k, "n1 gpu:v100:1");
    submit (k, GPUS ({"gpu", NULL, 3}));
    ck_next (k, "");
    exited (k, 1, 1, 0);
    ck_next (k, "n1 gpu:a100:2,gpu:v100:1");
}
END_TEST

START_TEST (types_and_names_together)
{
    _cleanup_kit_ struct kit *k = cluster ("gpu:a100:2,gpu:v100:2,disk:5", "gpu:4");

    submit (k, GPUS ({"gpu", "a100", 1}, {"gpu", "v100", 1}, {"disk", NULL, 3}));
    ck_next (k, "n1 gpu:a100:1,gpu:v100:1,disk:3");
    submit (k, GPUS ({"disk", NULL, 3}));
    ck_next (k, "");
    submit (k, GPUS ({"gpu", "a100", 1}, {"gpu", NULL, 2})); /* the first counts towards the second */
    ck_next (k, "n1 gpu:a100:1,gpu:v100:1");
    submit (k, .exclusive = true);
    ck_next (k, "n2 gpu:4");
}
END_TEST

START_TEST (of_each_task_and_of_the_whole_job)
{
    _cleanup_kit_ struct kit *k = cluster ("gpu:4", "gpu:4");

    submit (k, .ntasks = 3, GPUS ({"gpu", NULL, 2, PER_TASK}));
    ck_next (k, "n1 gpu:4; n2 gpu:2");
    exited (k, 1, 1, 0);
    submit (k, .nodes = 2, .ntasks = 2, GPUS ({"gpu", NULL, 5, PER_JOB}));
    ck_next (k, "n1 gpu:3; n2 gpu:2");
    exited (k, 2, 1, 0);
    submit (k, .max_nodes = 2, .ntasks = 2, GPUS ({"gpu", NULL, 3, PER_JOB})); /* one will do */
    ck_next (k, "n1 gpu:3");
    submit (k, .nodes = 1, .max_nodes = 2, .ntasks = 2, GPUS ({"gpu", NULL, 6, PER_JOB}));
    ck_next (k, "");
    exited (k, 3, 1, 0);
    ck_next (k, "n1 gpu:3; n2 gpu:3");
}
END_TEST

START_TEST (what_cannot_be_is_refused)
{
    static const struct {
        struct ask ask;
        const char *words;
    } rows[] = {
        {{GPUS ({"gpu", "k80", 1})}, "no node has gpu of type k80"},
        {{GPUS ({"tape", NULL, 1})}, "Invalid generic resource (gres) specification: no node has tape"},
        {{GPUS ({"gpu", "a100", 3})}, "3 gpus of type a100 on one node asked, the largest (n1) has 2"},
        {{GPUS ({"gpu", NULL, 4})}, "4 gpus on one node asked, the largest (n1) has 3"},
        {{.nodes = 2, .ntasks = 2, GPUS ({"gpu", "a100", 1})}, "do not fit partition main"},
        {{.ntasks = 6, .cpus_per_task = 1, GPUS ({"gpu", NULL, 1, PER_TASK})},
         "6 gpus asked in all, partition main has 5"},
        {{GPUS ({"a", NULL, 1}, {"b", NULL, 1}, {"c", NULL, 1}, {"d", NULL, 1}, {"e", NULL, 1}, {"f", NULL, 1},
                {"g", NULL, 1}, {"h", NULL, 1}, {"i", NULL, 1})},
         "9 kinds asked, 8 are the most"},
    };
    _cleanup_kit_ struct kit *k = cluster ("gpu:a100:2,gpu:v100:1", "gpu:v100:2");

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        _cleanup_err_ struct err err = ERR_INIT;
        ck_assert_int_eq (kit_admit (k, &rows[i].ask, &err), -1);
        ck_assert_msg (strstr (err.why, rows[i].words) && err.fix, "%s", err.why);
    }
    ck_assert_int_eq (admit (k, NULL, .nodes = 2, .ntasks = 2, GPUS ({"gpu", NULL, 5, PER_JOB})), 0);
}
END_TEST

START_TEST (views_say_types)
{
    _cleanup_kit_ struct kit *k = cluster ("gpu:a100:2,gpu:v100:1", "gpu:v100:2");
    uint64_t id = submit (k, .nodes = 2, .ntasks = 2, GPUS ({"gpu", "v100", 1})), waits;

    {
        _cleanup_rows_ struct rows rows = rows_of (k, id, false);
        ck_assert (strstr (rows.row[0]->tres, ",gres/gpu=2,gres/gpu:v100=2") != NULL);
    }
    pass (k);
    started (k, id, 1);
    waits = submit (k, GPUS ({"gpu", "v100", 2}));
    _cleanup_rows_ struct rows rows = rows_of (k, waits, false);
    ck_assert_msg (strstr (rows.row[0]->reason_text, "gpu:v100:2") != NULL, "%s", rows.row[0]->reason_text);
    ck_assert_msg (strstr (rows.row[0]->reason_text, "most of gpu:v100 is free on n2: 1") != NULL, "%s",
                   rows.row[0]->reason_text);
}
END_TEST

/* --- nothing is forgotten ----------------------------------------------------------------------------------------- */

static int into (void *arg, const Moisson__Image *image)
{
    size_t len = moisson__image__get_packed_size (image);
    uint8_t *bytes = xmalloc (len + 1);
    Moisson__Image *copy;
    int rc;

    moisson__image__pack (image, bytes);
    copy = moisson__image__unpack (NULL, len, bytes);
    rc = core_load (arg, copy, NULL);
    moisson__image__free_unpacked (copy, NULL);
    free (bytes);
    return rc;
}

START_TEST (snapshots_know_types)
{
    _cleanup_kit_ struct kit *k = cluster ("gpu:a100:2,gpu:v100:1", "disk:9");
    struct core *copy = core_create ();
    struct err err = ERR_INIT;
    uint8_t a[32], b[32];

    submit (k, GPUS ({"gpu", NULL, 1}, {"disk", NULL, 0}));
    submit (k, GPUS ({"disk", NULL, 4}));
    submit (k, GPUS ({"gpu", "a100", 2}));
    pass (k);
    exited (k, 2, 1, 0);
    ck_assert_int_eq (core_save (k->core, 7, into, copy), 0);
    core_digest (k->core, a);
    core_digest (copy, b);
    ck_assert_mem_eq (a, b, sizeof a);
    ck_assert_msg (core_check (copy, &err) == 0, "%s", err.why);
    core_free (k->core);
    k->core = copy;
    node_up (k, "n1");
    exited (k, 1, 1, 0);
    submit (k, GPUS ({"gpu", NULL, 1}));
    exited (k, 3, 1, 0);
    ck_next (k, "n1 gpu:v100:1");
}
END_TEST

START_TEST (a_node_that_loses_a_type_gets_it_back_whole)
{
    _cleanup_kit_ struct kit *k = cluster ("gpu:a100:2,gpu:v100:2", "disk:1");

    submit (k, GPUS ({"gpu", "a100", 2}));
    submit (k, GPUS ({"gpu", "v100", 1}));
    pass (k);
    started (k, 1, 1);
    reconfigure (k, "gpu:v100:2", "disk:1");
    submit (k, GPUS ({"gpu", "v100", 1}));
    ck_next (k, "n1 gpu:v100:1");
    reconfigure (k, "gpu:a100:1,gpu:v100:2", "disk:1"); /* less than what runs there */
    submit (k, GPUS ({"gpu", "a100", 1}));
    ck_next (k, "");
    exited (k, 1, 1, 0);
    ck_next (k, "n1 gpu:a100:1");
    exited (k, 2, 1, 0);
    exited (k, 3, 1, 0);
    exited (k, 4, 1, 0);
}
END_TEST

START_TEST (journals_that_knew_numbers_only)
{
    struct kit_conf *c = kit_conf ("n1", 8);
    c->nodes[0].gpu_type = (char *) "k80";
    c->nodes[0].gpus = 2;
    _cleanup_kit_ struct kit *k = kit_with (c);
    Moisson__Share share = MOISSON__SHARE__INIT, *shares[] = {&share};
    Moisson__Placed placed = MOISSON__PLACED__INIT;
    EVENT (placed, PLACED, &placed);

    placed.job_id = placed.raw_id = submit (k, .gpus = 1, .time_s = 600);
    placed.attempt = 1;
    placed.shares = shares;
    placed.n_shares = 1;
    share.node = (char *) "n1";
    share.cpus = 1;
    share.has_gpus = true;
    share.gpus = 1;
    kit_apply (k, &event);
    submit (k, .time_s = 600, GPUS ({"gpu", "k80", 2}));
    ck_next (k, "");
    submit (k, .gpus = 1, .time_s = 600);
    ck_next (k, "n1 gpu:k80:1");
    share.gpus = 2;
    placed.job_id = placed.raw_id = submit (k, .gpus = 1);
    ck_assert_int_eq (kit_try (k, &event), -1); /* there are none left */
}
END_TEST

SUITE ("gpus", a_type_gets_its_own, no_type_gets_any_and_alike_where_it_can, types_and_names_together,
       of_each_task_and_of_the_whole_job, what_cannot_be_is_refused, views_say_types, snapshots_know_types,
       a_node_that_loses_a_type_gets_it_back_whole, journals_that_knew_numbers_only)
