/* Letters of a step; those of a batch script are tested where jobs use them (node_paths.c). */
#include <stdlib.h>
#include "base/cleanup.h"
#include "base/pattern.h"
#include "suite.h"

static const struct pattern_names step = {.job = 812,
                                          .has_task = true,
                                          .array = 800,
                                          .task = 23,
                                          .name = "align",
                                          .user = "ada",
                                          .node = "n07.site.example",
                                          .step = "5"};

static void check (const char *pattern, const char *expected)
{
    _cleanup_free_ char *path = pattern_expand (pattern, &step);

    ck_assert_str_eq (path, expected);
}

START_TEST (letters_of_a_step)
{
    check ("%j_%t_log.out", "812_0_log.out"); /* submitit */
    check ("%A_%a_%t", "800_23_0");
    check ("julia-%4t.out", "julia-0000.out"); /* ClusterManagers.jl */
    check ("%J %s %N %x %u %n", "812.5 5 n07 align ada 0");
    check ("%6J", "000812.5");
    check ("%%j \\%j", "%j %j");
}
END_TEST

START_TEST (names_that_are_not_known)
{
    const struct pattern_names bare = {.job = 3, .node = "n1"};
    _cleanup_free_ char *path = pattern_expand ("[%x%u]%s.%J", &bare);

    ck_assert_str_eq (path, "[]batch.3");
}
END_TEST

SUITE ("pattern", letters_of_a_step, names_that_are_not_known)
