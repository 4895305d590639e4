#include <string.h>
#include "suite.h"
#include "base/cleanup.h"
#include "failure.h"
#include "json.h"
#include "show.h"
#include "words.h"

#define SECONDS(n) ((usec_t) (n) *USEC_PER_SEC)

static void in_utc (void)
{
    setenv ("TZ", "UTC0", 1);
    tzset ();
}

static void a_job (Moisson__JobInfo *job, Moisson__JobSpec *spec)
{
    moisson__job_spec__init (spec);
    moisson__job_info__init (job);
    spec->name = (char *) "align";
    spec->work_dir = (char *) "/data";
    job->raw_id = 14;
    job->uid = job->gid = 1000;
    job->user = job->group = (char *) "ann";
    job->state = MOISSON__JOB_STATE__STATE_RUNNING;
    job->submit_us = job->eligible_us = SECONDS (1000000000);
    job->start_us = SECONDS (1000000010);
    job->end_us = SECONDS (1000003610);
    job->has_time_limit_s = true;
    job->time_limit_s = 3600;
    job->num_nodes = job->num_cpus = job->num_tasks = 1;
    job->nodes = job->batch_host = (char *) "n1";
    job->partition = (char *) "debug";
    job->tres = (char *) "cpu=1,node=1,billing=1";
    job->spec = spec;
}

static char *shown (const Moisson__JobInfo *job, bool oneline, int detail)
{
    struct show_style style = {.oneline = oneline, .detail = detail, .now = SECONDS (1000000070)};
    struct buf out = BUF_INIT;

    in_utc ();
    show_job (&out, job, &style);
    return buf_steal (&out);
}

START_TEST (a_running_job_in_lines)
{
    static const char expected[] = "JobId=14 JobName=align\n"
                                   "   UserId=ann(1000) GroupId=ann(1000) MCS_label=N/A\n"
                                   "   Priority=0 Nice=0 Account=default QOS=normal\n"
                                   "   JobState=RUNNING Reason=None Dependency=(null)\n"
                                   "   Requeue=0 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0\n"
                                   "   RunTime=00:01:00 TimeLimit=01:00:00 TimeMin=N/A\n"
                                   "   SubmitTime=2001-09-09T01:46:40 EligibleTime=2001-09-09T01:46:40\n"
                                   "   AccrueTime=2001-09-09T01:46:40\n"
                                   "   StartTime=2001-09-09T01:46:50 EndTime=2001-09-09T02:46:50 Deadline=N/A\n"
                                   "   SuspendTime=None SecsPreSuspend=0\n"
                                   "   Partition=debug AllocNode:Sid=(null):0\n"
                                   "   ReqNodeList=(null) ExcNodeList=(null)\n"
                                   "   NodeList=n1\n"
                                   "   BatchHost=n1\n"
                                   "   NumNodes=1 NumCPUs=1 NumTasks=1 CPUs/Task=1 ReqB:S:C:T=0:0:*:*\n"
                                   "   TRES=cpu=1,node=1,billing=1\n"
                                   "   Socks/Node=* NtasksPerN:B:S:C=0:0:*:* CoreSpec=*\n"
                                   "   MinCPUsNode=1 MinMemoryNode=0 MinTmpDiskNode=0\n"
                                   "   Features=(null) DelayBoot=00:00:00\n"
                                   "   OverSubscribe=OK Contiguous=0 Licenses=(null) Network=(null)\n"
                                   "   Command=(null)\n"
                                   "   WorkDir=/data\n"
                                   "   StdErr=/data/slurm-14.out\n"
                                   "   StdIn=/dev/null\n"
                                   "   StdOut=/data/slurm-14.out\n"
                                   "   Power=\n   \n\n";
    Moisson__JobInfo job;
    Moisson__JobSpec spec;
    _cleanup_free_ char *text = NULL;

    a_job (&job, &spec);
    text = shown (&job, false, 0);
    ck_assert_str_eq (text, expected);
}
END_TEST

START_TEST (one_line_has_the_same_words)
{
    Moisson__JobInfo job;
    Moisson__JobSpec spec;
    _cleanup_free_ char *text = NULL;

    a_job (&job, &spec);
    text = shown (&job, true, 0);
    ck_assert_ptr_eq (strchr (text, '\n'), text + strlen (text) - 1);
    ck_assert_ptr_nonnull (strstr (text, " EndTime=2001-09-09T02:46:50 "));
    ck_assert_int_eq (strncmp (text, "JobId=14 ", 9), 0);
}
END_TEST

START_TEST (an_ended_job_has_both_times_and_its_cause)
{
    Moisson__JobInfo job;
    Moisson__JobSpec spec;
    _cleanup_free_ char *text = NULL;

    a_job (&job, &spec);
    job.state = MOISSON__JOB_STATE__STATE_CANCELLED; /* while it was pending */
    job.start_us = 0;
    job.nodes = job.batch_host = NULL;
    job.cause = (char *) "cancelled by ann";
    text = shown (&job, false, 0);
    ck_assert_ptr_nonnull (strstr (text, "StartTime=2001-09-09T02:46:50 EndTime=2001-09-09T02:46:50"));
    ck_assert_ptr_nonnull (strstr (text, "RunTime=00:00:00"));
    ck_assert_ptr_nonnull (strstr (text, "\n   Cause=cancelled by ann\n"));
    ck_assert_ptr_null (strstr (text, "BatchHost="));
}
END_TEST

START_TEST (a_pending_array_keeps_what_is_not_known)
{
    Moisson__JobInfo job;
    Moisson__JobSpec spec;
    _cleanup_free_ char *text = NULL;

    a_job (&job, &spec);
    job.state = MOISSON__JOB_STATE__STATE_PENDING;
    job.has_array_id = true;
    job.array_id = 14;
    job.tasks = (char *) "1-9%2";
    job.start_us = job.end_us = 0;
    spec.array_limit = 2;
    job.mem_per_cpu_mb = 100;
    text = shown (&job, false, 0);
    ck_assert_int_eq (
        strncmp (text, "JobId=14 ArrayJobId=14 ArrayTaskId=1-9%2 ArrayTaskThrottle=2 JobName=align\n", 75), 0);
    ck_assert_ptr_nonnull (strstr (text, "StartTime=Unknown EndTime=Unknown"));
    ck_assert_ptr_nonnull (strstr (text, "StdOut=/data/slurm-14_%a.out"));
    ck_assert_ptr_nonnull (strstr (text, "MinMemoryCPU=100M"));
}
END_TEST

START_TEST (a_job_that_waits_for_its_begin_starts_then)
{
    Moisson__JobInfo job;
    Moisson__JobSpec spec;
    _cleanup_free_ char *ahead = NULL, *over = NULL, *ran = NULL;

    a_job (&job, &spec);
    spec.has_begin_us = true;
    spec.begin_us = SECONDS (1000003610);
    ran = shown (&job, false, 0);
    ck_assert_ptr_nonnull (strstr (ran, "StartTime=2001-09-09T01:46:50 "));
    job.state = MOISSON__JOB_STATE__STATE_PENDING;
    job.start_us = 0;
    ahead = shown (&job, false, 0);
    ck_assert_ptr_nonnull (strstr (ahead, "StartTime=2001-09-09T02:46:50 EndTime=2001-09-09T03:46:50"));
    spec.begin_us = SECONDS (1000000020); /* it waits for something else now */
    over = shown (&job, false, 0);
    ck_assert_ptr_nonnull (strstr (over, "StartTime=Unknown EndTime=Unknown"));
}
END_TEST

START_TEST (a_name_cannot_forge_a_record)
{
    Moisson__JobInfo job;
    Moisson__JobSpec spec;
    _cleanup_free_ char *text = NULL;

    a_job (&job, &spec);
    spec.name = (char *) "x\n\nJobId=1";
    text = shown (&job, false, 1);
    ck_assert_ptr_nonnull (strstr (text, "JobName=x??JobId=1\n"));
    ck_assert_ptr_nonnull (strstr (text, "\n     Nodes=n1 CPU_IDs=(null) Mem=0 GRES=\n"));
}
END_TEST

START_TEST (stream_paths_are_filled_in)
{
    static const struct {
        const char *pattern, *path;
    } cases[] = {
        {NULL, "/data/slurm-12_3.out"},
        {"%j-%x", "/data/14-align"},
        {"/o/%A_%4a.%u", "/o/12_0003.ann"},
        {"%N%n%t.%s", "/data/n100.batch"},
        {"100%%", "/data/100%"},
        {"%q%", "/data/%q%"},
        {"a\\%j", "/data/a%j"},
    };
    Moisson__JobInfo job;
    Moisson__JobSpec spec;

    a_job (&job, &spec);
    job.has_array_id = job.has_task = true;
    job.array_id = 12;
    job.task = 3;
    job.batch_host = (char *) "n1.example.org";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        _cleanup_free_ char *path = show_path (&job, cases[i].pattern);

        ck_assert_str_eq (path, cases[i].path);
    }
}
END_TEST

START_TEST (json_has_numbers_words_and_no_broken_bytes)
{
    Moisson__JobInfo job;
    Moisson__JobSpec spec;
    json_t *o;

    a_job (&job, &spec);
    spec.comment = (char *) "caf\xe9 \"x\"";
    o = json_job (&job);
    ck_assert_int_eq (json_integer_value (json_object_get (o, "job_id")), 14);
    ck_assert_str_eq (json_string_value (json_object_get (o, "job_state")), "RUNNING");
    ck_assert_str_eq (json_string_value (json_object_get (o, "comment")), "caf? \"x\"");
    ck_assert_int_eq (json_integer_value (json_object_get (o, "time_limit")), 60);
    ck_assert (json_is_null (json_object_get (o, "array_task_id")));
    json_decref (o);
}
END_TEST

START_TEST (failures_speak_slurm)
{
    struct err own = {.why = (char *) "the sky fell"};
    struct err known = {.code = MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID, .why = (char *) "no job 7"};

    ck_assert_str_eq (failure_text (&own), "the sky fell");
    ck_assert_str_eq (failure_text (&known), "Invalid job id specified");
    ck_assert_str_eq (failure_sentence (MOISSON__FAIL_CODE__FAIL_DEPENDENCY), "Job dependency problem");
    for (int code = 1; code <= MOISSON__FAIL_CODE__FAIL_INVALID_ACCOUNT; code++)
        if (code != MOISSON__FAIL_CODE__FAIL_BAD_SPEC)
            ck_assert_msg (failure_sentence (code), "code %d has no sentence", code);
}
END_TEST

START_TEST (state_filters_take_all_words_and_refuse_others)
{
    Moisson__JobState *list = NULL;
    size_t n = 0;
    protobuf_c_boolean all = false;
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_int_eq (job_states_add ("R,pending,RQ,", &list, &n, &all, &err), 0);
    ck_assert_uint_eq (n, 2);
    ck_assert (!all);
    ck_assert_int_eq (job_states_add ("ALL", &list, &n, &all, &err), 0);
    ck_assert (all);
    ck_assert_int_eq (job_states_add ("bogus", &list, &n, &all, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.fix, "COMPLETED"));
    free (list);
}
END_TEST

SUITE ("show", a_running_job_in_lines, one_line_has_the_same_words, an_ended_job_has_both_times_and_its_cause,
       a_pending_array_keeps_what_is_not_known, a_job_that_waits_for_its_begin_starts_then,
       a_name_cannot_forge_a_record, stream_paths_are_filled_in, json_has_numbers_words_and_no_broken_bytes,
       failures_speak_slurm, state_filters_take_all_words_and_refuse_others)
