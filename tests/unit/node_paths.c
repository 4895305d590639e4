#include <stdlib.h>
#include "base/cleanup.h"
#include "nodeagent/paths.h"
#include "suite.h"

static Moisson__Order order;
static Moisson__JobSpec spec;

static void setup_plain (void)
{
    moisson__order__init (&order);
    moisson__job_spec__init (&spec);
    order.raw_id = 812;
    order.node = (char *) "n07.site.example";
    order.user = (char *) "ada";
    order.work_dir = (char *) "/home/ada/run";
    spec.name = (char *) "align";
}

static void setup_array (void)
{
    setup_plain ();
    order.has_array_id = order.has_task = true;
    order.array_id = 800;
    order.task = 23;
}

static void check (const char *pattern, const char *expected)
{
    _cleanup_free_ char *path = path_expand (pattern, &order, &spec);

    ck_assert_str_eq (path, expected);
}

START_TEST (letters_of_a_plain_job)
{
    setup_plain ();
    check ("slurm-%j.out", "slurm-812.out");
    check ("%J-%A-%a", "812-812-4294967294");
    check ("%x_%u_%N_%n_%t_%s", "align_ada_n07_0_0_batch");
    check ("100%%", "100%");
    check ("", "");
}
END_TEST

START_TEST (letters_of_an_array_task)
{
    setup_array ();
    check ("%A_%a/%j", "800_23/812");
    check ("%b", "3");
}
END_TEST

START_TEST (widths_pad_numbers_only)
{
    setup_array ();
    check ("%4a.%10j.%0j.%2j", "0023.0000000812.812.812");
    check ("%5x", "align");
    check ("%99999999999j", "0000000812");
}
END_TEST

START_TEST (odd_ends_stay)
{
    setup_plain ();
    check ("%", "%");
    check ("a%4", "a%4");
    check ("%z%q", "%z%q");
    check ("\\%j", "%j");
    check ("a-%j-\\%j%%\\b", "a-812-%j%%\\b");
}
END_TEST

START_TEST (defaults_and_relative_paths)
{
    struct job_paths p = {0};

    setup_plain ();
    job_paths_make (&order, &spec, &p);
    ck_assert_str_eq (p.in, "/dev/null");
    ck_assert_str_eq (p.out, "/home/ada/run/slurm-812.out");
    ck_assert_ptr_null (p.err);
    ck_assert (!p.append);
    job_paths_clear (&p);

    setup_array ();
    spec.std_in = (char *) "in/%a";
    spec.std_err = (char *) "/var/log/%j.err";
    order.has_restarts = true;
    order.restarts = 1;
    job_paths_make (&order, &spec, &p);
    ck_assert_str_eq (p.in, "/home/ada/run/in/23");
    ck_assert_str_eq (p.out, "/home/ada/run/slurm-800_23.out");
    ck_assert_str_eq (p.err, "/var/log/812.err");
    ck_assert (p.append);
    job_paths_clear (&p);
}
END_TEST

START_TEST (one_file_for_both_streams_is_opened_once)
{
    struct job_paths p = {0};

    setup_plain ();
    spec.std_out = (char *) "log-%j";
    spec.std_err = (char *) "/home/ada/run/log-812";
    job_paths_make (&order, &spec, &p);
    ck_assert_ptr_null (p.err);
    job_paths_clear (&p);
}
END_TEST

SUITE ("paths", letters_of_a_plain_job, letters_of_an_array_task, widths_pad_numbers_only, odd_ends_stay,
       defaults_and_relative_paths, one_file_for_both_streams_is_opened_once)
