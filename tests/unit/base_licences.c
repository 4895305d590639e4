/* base_licences.c - licences in words, and the flags of reservations. */
#include "base/licences.h"
#include <check.h>
#include <string.h>
#include "base/resv_flags.h"
#include "suite.h"

static const struct {
    const char *text, *shown; /* shown NULL: refused */
} rows[] = {
    {"", ""},
    {"fluent", "fluent:1"},
    {"fluent:30,matlab:5", "fluent:30,matlab:5"},
    {"fluent;matlab:2,", "fluent:1,matlab:2"},
    {"matlab,matlab:2", "matlab:3"},
    {"fluent:0", "fluent:0"},
    {"ansys@flex:3", "ansys@flex:3"},
    {":2", NULL},
    {"fluent:", NULL},
    {"fluent:x", NULL},
    {"fluent:-1", NULL},
    {"fluent=2", NULL},
    {"flu ent", NULL},
    {"fluent:1000000001", NULL},
    {"a:1000000000,a:1", NULL},
};

START_TEST (licences_are_names_and_counts)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        _cleanup_licences_ struct licence_list list = LICENCE_LIST_INIT;
        _cleanup_buf_ struct buf out = BUF_INIT;
        struct err err = ERR_INIT;
        int rc = licences_parse (&list, rows[i].text, &err);
        ck_assert_msg ((rc == 0) == (rows[i].shown != NULL), "\"%s\"", rows[i].text);
        if (rc < 0) {
            ck_assert_ptr_nonnull (strstr (err.why, "Invalid license specification"));
            ck_assert_ptr_nonnull (err.fix);
            err_clear (&err);
            continue;
        }
        licences_put (&list, &out);
        ck_assert_str_eq (out.len ? out.data : "", rows[i].shown);
    }
}
END_TEST

START_TEST (flags_of_reservations_may_be_shortened_and_taken_back)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    unsigned on = 0, off = 0;

    ck_assert_int_eq (resv_flags_parse ("maint,IGNORE,-OVERLAP,WEEKDAY", 0, &on, &off, &err), 0);
    ck_assert_uint_eq (on, RESV_MAINT | RESV_IGNORE_JOBS | RESV_WEEKDAY);
    ck_assert_uint_eq (off, RESV_OVERLAP);
    resv_flags_put (on, &out);
    ck_assert_str_eq (out.data, "MAINT,IGNORE_JOBS,WEEKDAY");
    on = off = 0;
    ck_assert_int_eq (resv_flags_parse ("LICENSE_ONLY,STATIC_ALLOC", '-', &on, &off, &err), 0);
    ck_assert_uint_eq (off, RESV_ANY_NODES | RESV_STATIC);
    ck_assert_int_lt (resv_flags_parse ("FOO", 0, &on, &off, &err), 0);
    ck_assert_str_eq (err.why, "Error parsing flags FOO");
    err_clear (&err);
    ck_assert_int_lt (resv_flags_parse ("REPLACE", 0, &on, &off, &err), 0);
    ck_assert_ptr_nonnull (strstr (err.why, "known"));
    err_clear (&err);
}
END_TEST

SUITE ("licences", licences_are_names_and_counts, flags_of_reservations_may_be_shortened_and_taken_back)
