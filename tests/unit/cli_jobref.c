#include <string.h>
#include "suite.h"
#include "jobref.h"

static Moisson__JobRef *parse (const char *text)
{
    Moisson__JobRef *ref = NULL;
    struct err err = ERR_INIT;

    ck_assert_msg (jobref_parse (text, &ref, NULL, &err) == 0, "%s", text);
    return ref;
}

START_TEST (a_job_a_task_and_ranges_of_tasks)
{
    _cleanup_jobref_ Moisson__JobRef *plain = parse ("18446744073709551614");
    _cleanup_jobref_ Moisson__JobRef *task = parse ("12_0");
    _cleanup_jobref_ Moisson__JobRef *ranges = parse ("12_[1-5,9,20-30:2%4]");

    ck_assert_uint_eq (plain->job_id, 18446744073709551614ULL);
    ck_assert_uint_eq (plain->n_tasks, 0);
    ck_assert_uint_eq (task->n_tasks, 1);
    ck_assert_uint_eq (task->tasks[0]->first, 0);
    ck_assert_uint_eq (task->tasks[0]->last, 0);
    ck_assert_uint_eq (ranges->n_tasks, 3);
    ck_assert_uint_eq (ranges->tasks[0]->last, 5);
    ck_assert_uint_eq (ranges->tasks[1]->first, 9);
    ck_assert_uint_eq (ranges->tasks[2]->step, 2);
    ck_assert_str_eq (ranges->text, "12_[1-5,9,20-30:2%4]");
}
END_TEST

START_TEST (what_is_no_job_is_refused_with_its_text)
{
    static const char *const bad[] = {"",
                                      "0",
                                      "abc",
                                      "-1",
                                      "12x",
                                      "12_",
                                      "12_a",
                                      "12_[",
                                      "12_[]",
                                      "12_[1",
                                      "12_[5-1]",
                                      "12_[1,]",
                                      "12_1-3",
                                      "12_[1]x",
                                      "12.0",
                                      " 12",
                                      "12+1",
                                      "12_[1-4:0]",
                                      "18446744073709551616",
                                      "1_4294967295"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        _cleanup_err_ struct err err = ERR_INIT;
        Moisson__JobRef *ref = NULL;

        ck_assert_msg (jobref_parse (bad[i], &ref, NULL, &err) == -1, "accepted \"%s\"", bad[i]);
        ck_assert_ptr_null (ref);
        ck_assert_ptr_nonnull (strstr (err.why, "Invalid job id"));
    }
}
END_TEST

START_TEST (a_step_is_split_off_only_where_wanted)
{
    Moisson__JobRef *ref = NULL;
    _cleanup_free_ char *step = NULL;
    struct err err = ERR_INIT;

    ck_assert_int_eq (jobref_parse ("7_3.batch", &ref, &step, &err), 0);
    ck_assert_str_eq (step, "batch");
    ck_assert_uint_eq (ref->tasks[0]->first, 3);
    moisson__job_ref__free_unpacked (ref, NULL);
}
END_TEST

START_TEST (lists_split_outside_brackets_and_forgive_empty_entries)
{
    Moisson__JobRef **list = NULL;
    size_t n = 0;
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_int_eq (jobref_list_add ("1,2_[1,3], 5 ,,", &list, &n, &err), 0);
    ck_assert_uint_eq (n, 3);
    ck_assert_uint_eq (list[1]->n_tasks, 2);
    ck_assert_uint_eq (list[2]->job_id, 5);
    ck_assert_int_eq (jobref_list_add ("6,x", &list, &n, &err), -1);
    ck_assert_uint_eq (n, 3);
    jobref_list_clear (&list, &n);
}
END_TEST

START_TEST (rows_are_written_as_squeue_names_them)
{
    Moisson__JobInfo job = MOISSON__JOB_INFO__INIT;
    _cleanup_free_ char *plain = NULL, *task = NULL, *rest = NULL;

    job.raw_id = 14;
    plain = jobref_format (&job);
    job.has_array_id = true;
    job.array_id = 12;
    job.tasks = (char *) "1-10%2";
    rest = jobref_format (&job);
    job.has_task = true;
    job.task = 3;
    task = jobref_format (&job);
    ck_assert_str_eq (plain, "14");
    ck_assert_str_eq (task, "12_3");
    ck_assert_str_eq (rest, "12_[1-10%2]");
}
END_TEST

SUITE ("jobref", a_job_a_task_and_ranges_of_tasks, what_is_no_job_is_refused_with_its_text,
       a_step_is_split_off_only_where_wanted, lists_split_outside_brackets_and_forgive_empty_entries,
       rows_are_written_as_squeue_names_them)
