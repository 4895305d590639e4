#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/cleanup.h"
#include "failures.h"
#include "seff.h"
#include "suite.h"
#include "why_words.h"

#define SECONDS(n) ((usec_t) (n) *USEC_PER_SEC)
#define S(name) MOISSON__JOB_STATE__STATE_##name

static const struct why_style style = {.time_format = "%s", .now = SECONDS (1000)};

static void job_says (Moisson__JobInfo *job, const char *words)
{
    _cleanup_buf_ struct buf out = BUF_INIT;

    why_put_job (&out, job, &style);
    ck_assert_str_eq (buf_str (&out), words);
}

START_TEST (what_has_not_ended)
{
    Moisson__JobInfo job = MOISSON__JOB_INFO__INIT;
    Moisson__JobSpec spec = MOISSON__JOB_SPEC__INIT;

    job.raw_id = 12;
    job.spec = &spec;
    spec.name = (char *) "al\nign";
    job.submit_us = SECONDS (900);
    job.reason = (char *) "Resources";
    job.reason_text = (char *) "asks 4 cpus";
    job_says (&job, "Job 12 (al?ign) has waited since 900, for 1:40: Resources\n  asks 4 cpus\n");
    job.eligible_us = SECONDS (950);
    job.start_estimate_us = SECONDS (1100);
    spec.dependency = (char *) "afterok:11";
    job_says (&job, "Job 12 (al?ign) has waited since 950, for 0:50: Resources\n  asks 4 cpus\n"
                    "  its dependency is afterok:11\n  it could start at 1100, if running jobs last as long as they "
                    "may and no other job goes first\n");
    spec.name = NULL;
    job.state = S (RUNNING);
    job.nodes = (char *) "n1";
    job.start_us = SECONDS (990);
    job.end_us = SECONDS (1050);
    job_says (&job, "Job 12 is RUNNING on n1 since 990, for 0:10\n  its time limit ends it at 1050\n");
}
END_TEST

static void record_says (const Moisson__AcctRecord *record, const char *who, const char *words)
{
    _cleanup_buf_ struct buf out = BUF_INIT;

    why_put_record (&out, record, who, &style);
    ck_assert_str_eq (buf_str (&out), words);
}

static void failed (Moisson__AcctRecord *r)
{
    moisson__acct_record__init (r);
    r->raw_id = 14;
    r->attempt = 1;
    r->user = r->group = (char *) "ann";
    r->state = S (FAILED);
    r->exit_code = 3;
    r->start_us = SECONDS (100);
    r->end_us = SECONDS (160);
    r->nodes = (char *) "n1";
    r->num_cpus = r->num_nodes = 1;
    r->req_mem_mb = 2048;
}

START_TEST (how_it_ended)
{
    Moisson__AcctRecord r;

    failed (&r);
    record_says (&r, NULL, "Job 14 ended as FAILED, exit code 3, at 160 on n1 after 1:00\n");
    r.exit_code = 0;
    r.exit_signal = 11;
    r.cause = (char *) "it fell";
    r.restarts = 1;
    record_says (&r, NULL,
                 "Job 14 ended as FAILED, signal 11 (SEGV), at 160 on n1 after 1:00\n  it fell\n"
                 "  it was started again 1 time\n");
    r = (Moisson__AcctRecord) MOISSON__ACCT_RECORD__INIT;
    r.raw_id = 15;
    r.end_us = SECONDS (5);
    r.state = S (CANCELLED);
    record_says (&r, "ann", "Job 15 ended as CANCELLED by ann at 5; it had not started\n");
}
END_TEST

static void add (struct failures *f, uint32_t task, Moisson__JobState state, uint32_t code, const char *cause,
                 const char *node)
{
    char *args[] = {(char *) "a b", (char *) "7"};
    Moisson__AcctRecord r;

    failed (&r);
    r.array_id = 10;
    r.has_array_id = r.has_task = true;
    r.raw_id = 10 + task;
    r.task = task;
    r.state = state;
    r.exit_code = code;
    r.cause = (char *) cause;
    r.nodes = (char *) node;
    r.command = (char *) "/work/steps.sh";
    r.name = (char *) "it's";
    r.has_req_mem_mb = true;
    r.script_args = args;
    r.n_script_args = 2;
    if (state == S (OUT_OF_MEMORY))
        r.max_rss_kb = 2300 * 1024 + task;
    failures_add (f, &r);
}

START_TEST (failures_by_cause)
{
    _cleanup_failures_ struct failures *f = failures_create ();
    _cleanup_buf_ struct buf out = BUF_INIT;
    Moisson__AcctRecord rest;

    for (uint32_t i = 1; i <= 3; i++)
        add (f, i, S (OUT_OF_MEMORY), 0, "out of memory: used 2.0 GB", i == 2 ? "n1" : "n2");
    add (f, 4, S (FAILED), 1, "cannot open output /x/10_4: No such file", "n17");
    add (f, 6, S (FAILED), 1, "cannot open output /x/10_6: No such file", "n17");
    add (f, 7, S (FAILED), 9, NULL, "n1");
    add (f, 8, S (COMPLETED), 0, NULL, "n1");
    add (f, 9, S (CANCELLED), 0, NULL, "n1");
    failed (&rest);
    rest.state = S (PENDING);
    rest.has_array_id = true;
    rest.array_id = 10;
    rest.tasks = (char *) "10-19,30%2";
    failures_add (f, &rest);
    rest.state = S (FAILED);
    rest.requeued = true;
    failures_add (f, &rest);
    ck_assert_uint_eq (failures_total (f), 19);
    failures_put (f, &out);
    ck_assert_str_eq (buf_str (&out), "6 of 19 tasks of array 10 failed, 1 cancelled, 11 not ended yet:\n"
                                      "  3 out of memory at 2G (peak 2.2 GB): tasks 1-3\n"
                                      "  2 cannot open output /x/10_4: No such file, all on n17: tasks 4,6\n"
                                      "  1 exit code 9, on n1: task 7\n"
                                      "To run them again, and nothing else:\n"
                                      "  sbatch --array=1-4,6-7 -J 'it'\\''s' --mem=2G /work/steps.sh 'a b' 7\n");
    json_t *o = failures_json (f);
    ck_assert_int_eq (json_integer_value (json_object_get (o, "failed")), 6);
    ck_assert_uint_eq (json_array_size (json_object_get (o, "causes")), 3);
    ck_assert_str_eq (json_string_value (json_object_get (o, "resubmit")),
                      "sbatch --array=1-4,6-7 -J 'it'\\''s' --mem=2G /work/steps.sh 'a b' 7");
    json_decref (o);
}
END_TEST

/* Ten thousand tasks: 6,000 of 4 causes and 4,000 good ones, in an order that mixes them. */
START_TEST (ten_thousand_tasks_of_few_causes)
{
    _cleanup_failures_ struct failures *f = failures_create ();
    _cleanup_buf_ struct buf out = BUF_INIT;
    char cause[64];

    for (uint32_t i = 0; i < 10000; i++) {
        uint32_t task = i * 7919 % 10000; /* a prime: each of them once */
        snprintf (cause, sizeof cause, "cannot open output /x/%u: Disk quota exceeded", task);
        if (task % 10 < 4)
            add (f, task, S (COMPLETED), 0, NULL, "n1");
        else if (task % 10 < 6)
            add (f, task, S (FAILED), 1, cause, "n1");
        else if (task % 10 == 6)
            add (f, task, S (FAILED), 3, NULL, task > 5000 ? "n1" : "n2");
        else if (task % 10 == 7)
            add (f, task, S (FAILED), 4, NULL, "n2");
        else
            add (f, task, S (OUT_OF_MEMORY), 0, "out of memory", "n1");
    }
    failures_put (f, &out);
    ck_assert (strstr (buf_str (&out), "6000 of 10000 tasks of array 10 failed:\n  2000 "));
    ck_assert (strstr (buf_str (&out), "  2000 out of memory at 2G (peak 2.3 GB), all on n1: tasks 8-9,18-19,"));
    ck_assert (strstr (buf_str (&out), "  1000 exit code 4, all on n2: tasks 7-9997:10\n"));
    ck_assert (strstr (buf_str (&out), "  1000 exit code 3: tasks 6-9996:10\n"));
    json_t *o = failures_json (f);
    ck_assert_uint_eq (json_array_size (json_object_get (o, "causes")), 4);
    ck_assert_int_eq (json_integer_value (json_object_get (o, "completed")), 4000);
    ck_assert (strstr (json_string_value (json_object_get (o, "resubmit")), "--array=4-9,14-19,24-29,"));
    json_decref (o);
}
END_TEST

static const char *in_letters (uint32_t n, char out[8])
{
    for (int i = 0; i < 7; i++, n /= 26)
        out[i] = (char) ('a' + n % 26);
    out[7] = '\0';
    return out;
}

/* As many causes as tasks: were each compared with all that came before, the test would not end in its minute. */
START_TEST (every_task_may_have_its_own_cause)
{
    enum { TASKS = 100000 };
    _cleanup_failures_ struct failures *f = failures_create ();
    char word[8];

    for (uint32_t i = 0; i < TASKS; i++)
        add (f, i, S (FAILED), 1, in_letters (i, word), "n1");
    json_t *o = failures_json (f), *causes = json_object_get (o, "causes");
    ck_assert_uint_eq (json_array_size (causes), TASKS);
    ck_assert_int_eq (json_integer_value (json_object_get (o, "failed")), TASKS);
    for (size_t i = 1; i < TASKS; i++) /* as many of each: by their words */
        ck_assert_int_lt (strcmp (json_string_value (json_object_get (json_array_get (causes, i - 1), "cause")),
                                  json_string_value (json_object_get (json_array_get (causes, i), "cause"))),
                          0);
    json_decref (o);
}
END_TEST

START_TEST (seff_prints_slurms_lines)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    Moisson__AcctRecord r;

    failed (&r);
    r.cpu_user_us = SECONDS (20);
    r.cpu_sys_us = SECONDS (10);
    r.num_cpus = 2;
    r.has_max_rss_kb = true;
    r.max_rss_kb = 512 * 1024;
    seff_put (&out, &r, "mini", SECONDS (1000));
    ck_assert_str_eq (buf_str (&out), "Job ID: 14\nCluster: mini\nUser/Group: ann/ann\nState: FAILED (exit code 3)\n"
                                      "Nodes: 1\nCores per node: 2\nCPU Utilized: 00:00:30\n"
                                      "CPU Efficiency: 25.00% of 00:02:00 core-walltime\n"
                                      "Job Wall-clock time: 00:01:00\nMemory Utilized: 512.00 MB\n"
                                      "Memory Efficiency: 25.00% of 2.00 GB\n");
    buf_reset (&out);
    r.mem_per_cpu = r.has_array_id = r.has_task = true;
    r.array_id = 10;
    r.task = 4;
    r.state = S (RUNNING);
    seff_put (&out, &r, "mini", SECONDS (1000));
    ck_assert (strstr (buf_str (&out), "Array Job ID: 10_4\n") && strstr (buf_str (&out), "State: RUNNING\n"));
    ck_assert (strstr (buf_str (&out), "Memory Efficiency: 12.50% of 4.00 GB\nWARNING: "));
}
END_TEST

SUITE ("why", what_has_not_ended, how_it_ended, failures_by_cause, ten_thousand_tasks_of_few_causes,
       every_task_may_have_its_own_cause, seff_prints_slurms_lines)
