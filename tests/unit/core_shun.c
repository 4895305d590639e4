/* core_shun.c - a node where tasks of one kind fail fast while they pass elsewhere gets no more of them. */
#include "core_kit.h"
#include "suite.h"

#define SECOND USEC_PER_SEC

static struct kit *kit_judging (const char *nodes)
{
    struct kit_conf *c = kit_conf (nodes, 4);

    c->config.has_fast_fail_s = c->config.has_fast_fail_exclude_s = true;
    c->config.fast_fail_s = 60;
    c->config.fast_fail_exclude_s = 3600;
    return kit_with (c);
}

static char *notes_of (struct kit *k, const char *name);

struct note {
    const char *name;
    char *text;
};

static bool look (void *arg, const Moisson__NodeInfo *row)
{
    struct note *note = arg;

    if (!strcmp (row->name, note->name))
        note->text = xstrdup (row->note ? row->note : "");
    return true;
}

static char *notes_of (struct kit *k, const char *name)
{
    struct note note = {.name = name};

    core_nodes (k->core, 0, 0, look, &note);
    return note.text;
}

/* One task of the kind "align" on this node: it runs for so long and ends with this code. */
static void once (struct kit *k, const char *node, uint32_t seconds, uint32_t code)
{
    char name[32];
    static int n;

    snprintf (name, sizeof name, "align_%d", ++n);
    uint64_t id = submit (k, .name = name, .nodelist = node);
    ck_assert_uint_eq (pass (k), 1);
    started (k, id, 1);
    k->now += seconds * SECOND;
    exited (k, id, 1, code);
}

static void assert_noted (struct kit *k, const char *node, const char *words)
{
    _cleanup_free_ char *note = notes_of (k, node);

    ck_assert_msg (words ? strstr (note, words) != NULL : !*note, "%s: %s", node, note);
}

static void spoil (struct kit *k)
{
    for (int i = 0; i < 30; i++)
        once (k, "n2", 600, 0);
    for (int i = 0; i < 6; i++)
        once (k, "n1", 1, 127);
}

START_TEST (it_is_shunned_by_that_kind_and_by_no_other)
{
    _cleanup_kit_ struct kit *k = kit_judging ("n[1-8]");
    uint64_t same, other, named;

    spoil (k);
    assert_noted (k, "n1", "no more of \"align_");
    assert_noted (k, "n1", "failed fast in a row, 30 passed elsewhere; until ");
    same = submit (k, .name = "align_999");
    other = submit (k, .name = "sort", .exclude = "n[2-8]");
    named = submit (k, .name = "align_1000", .nodelist = "n1"); /* so be it */
    ck_assert_uint_eq (pass (k), 3);
    assert_nodes (k, same, "n2");
    assert_nodes (k, other, "n1");
    assert_nodes (k, named, "n1");
    kit_reload (k);
    assert_noted (k, "n1", "no more of");
}
END_TEST

START_TEST (what_waits_already_goes_elsewhere_too)
{
    _cleanup_kit_ struct kit *k = kit_judging ("n[1-8]");
    uint64_t held = submit (k, .name = "align_0", .hold = true), free_one;

    spoil (k);
    free_one = submit (k, .name = "align_0", .cpus_per_task = 4, .nodelist = "n2");
    ck_assert_uint_eq (pass (k), 1);
    hold (k, held, ALL_TASKS, false, false);
    ck_assert_uint_eq (pass (k), 1);
    assert_nodes (k, held, "n3");
    assert_nodes (k, free_one, "n2");
}
END_TEST

START_TEST (where_it_fails_everywhere_no_node_is_to_blame)
{
    _cleanup_kit_ struct kit *k = kit_judging ("n[1-8]");

    for (int i = 0; i < 30; i++) {
        once (k, "n2", 1, 1);
        once (k, "n3", 600, 0);
    }
    for (int i = 0; i < 8; i++)
        once (k, "n1", 1, 1);
    assert_noted (k, "n1", NULL);
    assert_noted (k, "n2", "no more of"); /* n3 passes always */
}
END_TEST

START_TEST (slow_failures_and_passes_in_between_do_not_count)
{
    _cleanup_kit_ struct kit *k = kit_judging ("n[1-8]");

    for (int i = 0; i < 30; i++)
        once (k, "n2", 600, 0);
    for (int i = 0; i < 20; i++)
        once (k, "n1", 61, 1);
    for (int i = 0; i < 10; i++) {
        once (k, "n1", 1, 1);
        once (k, "n1", 1, 1);
        once (k, "n1", 1, 0);
    }
    assert_noted (k, "n1", NULL);
}
END_TEST

START_TEST (it_is_given_another_chance)
{
    _cleanup_kit_ struct kit *k = kit_judging ("n[1-8]");

    spoil (k);
    clock_at (k, k->now + 3601 * SECOND);
    assert_noted (k, "n1", NULL);
    spoil (k);
    node_set (k, "n1", "RESUME");
    assert_noted (k, "n1", NULL);
    spoil (k);
    node_up_as (k, "n1", "boot-2");
    assert_noted (k, "n1", NULL);
}
END_TEST

START_TEST (most_nodes_stay)
{
    _cleanup_kit_ struct kit *k = kit_judging ("n[1-8]");
    char name[8];
    int shunned = 0;

    for (int i = 0; i < 60; i++)
        once (k, "n8", 600, 0);
    for (int n = 1; n < 8; n++) {
        snprintf (name, sizeof name, "n%d", n);
        for (int i = 0; i < 12; i++)
            once (k, name, 1, 1);
        _cleanup_free_ char *note = notes_of (k, name);
        shunned += *note != '\0';
    }
    ck_assert_int_ge (shunned, 1);
    ck_assert_int_le (shunned, 2); /* a quarter of eight */
}
END_TEST

START_TEST (the_only_node_stays)
{
    _cleanup_kit_ struct kit *k = kit_judging ("n1");

    for (int i = 0; i < 30; i++)
        once (k, "n1", 600, 0);
    for (int i = 0; i < 30; i++)
        once (k, "n1", 1, 7);
    assert_noted (k, "n1", NULL);
}
END_TEST

SUITE ("shun", it_is_shunned_by_that_kind_and_by_no_other, what_waits_already_goes_elsewhere_too,
       where_it_fails_everywhere_no_node_is_to_blame, slow_failures_and_passes_in_between_do_not_count,
       it_is_given_another_chance, most_nodes_stay, the_only_node_stays)
