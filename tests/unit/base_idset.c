#include <stdlib.h>
#include <string.h>
#include "base/idset.h"
#include "base/mem.h"
#include "suite.h"

#define MAX_SIZE 4000001

static struct idset *set_of (const char *s, uint32_t *limit)
{
    struct idset *set = NULL;

    ck_assert_msg (idset_parse (&set, limit, s, MAX_SIZE, NULL) == 0, "%s", s);
    return set;
}

static void shows (const char *in, const char *out, size_t max_len)
{
    uint32_t limit;
    _cleanup_idset_ struct idset *set = set_of (in, &limit);
    _cleanup_free_ char *text = idset_format (set, limit, max_len);

    ck_assert_str_eq (text, out);
}

START_TEST (the_words_of_array)
{
    shows ("0-9", "0-9", 0);
    shows ("1-7:2", "1-7:2", 0);
    shows ("1-8:2", "1-7:2", 0);
    shows ("1,3,5-7", "1,3,5-7", 0);
    shows ("0-99%10", "0-99%10", 0);
    shows ("3,2,1,2", "1-3", 0);
    shows ("1,3", "1,3", 0);
    shows ("1-9:3,20", "1,4,7,20", 0);
    shows ("7", "7", 0);
}
END_TEST

START_TEST (bad_words_are_refused)
{
    static const char *const bad[] = {"",  ",",  "1,",  "5-1",    "1-",   "-1",      "1:2",         "1-7:0",
                                      "a", "1%", "1%0", "1-3%2x", "1 ,2", "4000001", "99999999999", "1-3:"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct idset *set = NULL;
        uint32_t limit = 7;
        ck_assert_msg (idset_parse (&set, &limit, bad[i], MAX_SIZE, NULL) == -1, "%s", bad[i]);
        ck_assert_ptr_null (set);
        ck_assert_uint_eq (limit, 7);
    }
}
END_TEST

START_TEST (a_text_that_repeats_itself_costs_no_work_without_end)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct idset *set = NULL;

    ck_assert_int_eq (idset_parse (&set, NULL, "0-4000000,0-4000000", MAX_SIZE, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "more array tasks than there are ids"));
}
END_TEST

START_TEST (long_lists_are_cut_between_numbers)
{
    shows ("1,3,7,20,22-30,40%2", "1,3,7,20,...%2", 8);
    shows ("1,3,7", "1,3,7", 5);
    shows ("1000000,2000001", "1000000,...", 3);
}
END_TEST

START_TEST (an_array_of_a_million_is_one_range)
{
    uint32_t limit;
    _cleanup_idset_ struct idset *set = set_of ("0-4000000", &limit);

    ck_assert_uint_eq (idset_ranges (set), 1);
    ck_assert_uint_eq (idset_count (set), 4000001);
    bool ok = true;
    for (uint32_t i = 0; i < 1000000; i++)
        ok = idset_remove (set, i) && ok;
    ck_assert (ok);
    ck_assert_uint_eq (idset_first (set), 1000000);
}
END_TEST

START_TEST (a_stepped_million_is_taken_from_the_front_quickly)
{
    uint32_t limit;
    _cleanup_idset_ struct idset *set = set_of ("0-4000000:2", &limit);

    ck_assert_uint_eq (idset_count (set), 2000001);
    bool ok = true;
    for (uint32_t i = 0; i < 2000000; i += 2)
        ok = idset_remove (set, i) && ok; /* a memmove each would take minutes */
    ck_assert (ok);
    ck_assert_uint_eq (idset_count (set), 1000001);
}
END_TEST

/* The same operations on a plain table of booleans. */
START_TEST (it_agrees_with_a_table)
{
    enum { N = 300 };
    unsigned seed = 7;

    for (int round = 0; round < 50; round++) {
        _cleanup_idset_ struct idset *set = idset_create ();
        bool table[N] = {0};
        for (int i = 0; i < 400; i++) {
            uint32_t a = (uint32_t) rand_r (&seed) % N, b = (uint32_t) rand_r (&seed) % N;
            uint32_t step = 1 + (uint32_t) rand_r (&seed) % 5;
            if (rand_r (&seed) % 8 == 0) {
                idset_add_range (set, a, b, step);
                for (uint32_t id = a; id <= b; id += step)
                    table[id] = true;
            } else if (rand_r (&seed) % 3 == 0) {
                idset_add (set, a);
                table[a] = true;
            } else {
                ck_assert (idset_remove (set, a) == table[a]);
                table[a] = false;
            }
        }
        _cleanup_idset_ struct idset *copy = idset_copy (set);
        uint64_t count = 0;
        uint32_t next = idset_first (copy);
        for (uint32_t id = 0; id < N; id++) {
            if (idset_has (copy, id) != table[id])
                ck_abort_msg ("round %d, id %u", round, id);
            if (table[id]) {
                count++;
                ck_assert_uint_eq (next, id);
                next = idset_next (copy, id);
            }
        }
        ck_assert_uint_eq (next, IDSET_NONE);
        ck_assert_uint_eq (idset_count (copy), count);
    }
}
END_TEST

START_TEST (ends_of_the_number_range)
{
    _cleanup_idset_ struct idset *set = idset_create ();

    ck_assert_uint_eq (idset_first (set), IDSET_NONE);
    ck_assert_uint_eq (idset_last (set), IDSET_NONE);
    idset_add_range (set, 0, UINT32_MAX - 1, 1);
    idset_add (set, 5);
    ck_assert_uint_eq (idset_count (set), UINT32_MAX);
    ck_assert_uint_eq (idset_next (set, UINT32_MAX - 1), IDSET_NONE);
    idset_add_range (set, 9, 3, 1);
    ck_assert_uint_eq (idset_ranges (set), 1);
}
END_TEST

SUITE ("idset", the_words_of_array, bad_words_are_refused, a_text_that_repeats_itself_costs_no_work_without_end,
       long_lists_are_cut_between_numbers, an_array_of_a_million_is_one_range,
       a_stepped_million_is_taken_from_the_front_quickly, it_agrees_with_a_table, ends_of_the_number_range)
