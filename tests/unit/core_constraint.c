/* core_constraint.c - features of nodes in words. */
#include "core/constraint.h"
#include <check.h>
#include "suite.h"

static const struct {
    const char *constraint, *features;
    bool met;
} rows[] = {
    {"a", "a,b", true},
    {"a", "ab", false},
    {"a", NULL, false},
    {"a&b", "b,a", true},
    {"a&b", "a", false},
    {"a|b", "b", true},
    {"a,b", "a", false},
    {"a&(b|c)", "a,c", true},
    {"a&(b|c)", "c", false},
    {"(a)&(b)", "a,b", true},
    {"a|b&c", "a", true},
    {"a|b&c", "b", false},
    {"a*2&b*2", "b", true},
    {"a*2&b*2", "c", false},
    {"[a|b]", "b", true},
    {"[a|b]", "c", false},
    {"[a*2&b*2]", "a", true},
    {"[(a&c)*1&b*4]", "a", false},
    {"[(a&c)*1&b*4]", "c,a", true},
};

START_TEST (a_node_meets_a_constraint_or_not)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_msg (constraint_check (rows[i].constraint, NULL) == 0, "%s", rows[i].constraint);
        ck_assert_msg (constraint_met (rows[i].constraint, rows[i].features) == rows[i].met, "%s of %s",
                       rows[i].constraint, rows[i].features ? rows[i].features : "nothing");
    }
}
END_TEST

static const char *const wrong[] = {"",   "a&", "&a",     "(a|b", "a)", "!a",   "a b",
                                    "[a", "a*", "[a*2&]", "a&&b", "[]", "a*2b", "[a*2|b*2]"};

START_TEST (what_is_no_constraint_is_refused_with_a_fix)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = ERR_INIT;
        ck_assert_msg (constraint_check (wrong[i], &err) < 0, "\"%s\"", wrong[i]);
        ck_assert_ptr_nonnull (err.fix);
        err_clear (&err);
    }
}
END_TEST

START_TEST (counts_and_brackets_are_parts)
{
    struct constraint_parts parts;

    constraint_split ("[rack1*2&(rack2|rack3)*14]", &parts);
    ck_assert_int_eq (parts.kind, CONSTRAINT_COUNTS);
    ck_assert_uint_eq (parts.n, 2);
    ck_assert_uint_eq (parts.list[0].nodes, 2);
    ck_assert_uint_eq (parts.list[1].nodes, 14);
    ck_assert (constraint_part_met (&parts.list[1], "rack3"));
    constraint_split ("[rack1|rack2]", &parts);
    ck_assert_int_eq (parts.kind, CONSTRAINT_SAME);
    ck_assert_uint_eq (parts.n, 2);
    ck_assert (!constraint_part_met (&parts.list[0], "rack2"));
}
END_TEST

SUITE ("constraint", a_node_meets_a_constraint_or_not, what_is_no_constraint_is_refused_with_a_fix,
       counts_and_brackets_are_parts)
