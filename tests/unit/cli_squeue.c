#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "base/cleanup.h"
#include "squeue_fields.h"
#include "squeue_sort.h"
#include "suite.h"

#define SECONDS(n) ((usec_t) (n) *USEC_PER_SEC)
#define NOW SECONDS (1000000100)

struct sample {
    Moisson__JobInfo job;
    Moisson__JobSpec spec;
    struct squeue_row row;
};

static void running (struct sample *s)
{
    setenv ("TZ", "UTC", 1);
    tzset ();
    moisson__job_info__init (&s->job);
    moisson__job_spec__init (&s->spec);
    s->spec.name = (char *) "align";
    s->job.spec = &s->spec;
    s->job.raw_id = 14;
    s->job.uid = s->job.gid = 1000;
    s->job.user = s->job.group = (char *) "ann";
    s->job.state = MOISSON__JOB_STATE__STATE_RUNNING;
    s->job.submit_us = SECONDS (1000000000);
    s->job.start_us = SECONDS (1000000010);
    s->job.end_us = SECONDS (1000003610);
    s->job.has_time_limit_s = true;
    s->job.time_limit_s = 3600;
    s->job.has_num_nodes = s->job.has_num_cpus = true;
    s->job.num_nodes = 1;
    s->job.num_cpus = 4;
    s->job.mem_mb = 2048;
    s->job.nodes = s->job.batch_host = (char *) "n1";
    s->job.partition = (char *) "debug";
    s->row = (struct squeue_row){.job = &s->job, .now = NOW, .task_text = SQUEUE_TASK_TEXT};
}

static void pending_array (struct sample *s, const char *tasks)
{
    running (s);
    s->job.state = MOISSON__JOB_STATE__STATE_PENDING;
    s->job.start_us = s->job.end_us = 0;
    s->job.nodes = s->job.batch_host = NULL;
    s->job.reason = (char *) "Resources";
    s->job.has_array_id = true;
    s->job.array_id = s->job.raw_id;
    s->job.tasks = (char *) tasks;
}

static void shows (const struct sample *s, const char *format, const char *line)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct columns c = {0};
    size_t n;
    const struct field *table = squeue_fields (&n);

    ck_assert_int_eq (columns_parse_letters (&c, table, n, format, NULL), 0);
    columns_row (&c, &s->row, &out);
    ck_assert_str_eq (buf_str (&out), line);
    columns_clear (&c);
}

static void shows_names (const struct sample *s, const char *names, const char *line)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct columns c = {0};
    size_t n;
    const struct field *table = squeue_fields (&n);

    ck_assert_msg (columns_parse_names (&c, table, n, names, NULL) == 0, "%s", names);
    columns_row (&c, &s->row, &out);
    ck_assert_str_eq (buf_str (&out), line);
    columns_clear (&c);
}

START_TEST (the_default_header_is_slurms)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct columns c = {0};
    size_t n;
    const struct field *table = squeue_fields (&n);

    ck_assert_int_eq (columns_parse_letters (&c, table, n, "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R", NULL), 0);
    columns_header (&c, &out);
    ck_assert_str_eq (buf_str (&out),
                      "             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)");
    columns_clear (&c);
}
END_TEST

START_TEST (a_running_job)
{
    struct sample s;

    running (&s);
    shows (&s, "%i|%A|%T|%t|%M|%l|%L|%R|%r|%B|%C|%D|%m", "14|14|RUNNING|R|1:30|1:00:00|58:30|n1|None|n1|4|1|2G");
    shows (&s, "%S %e %V", "2001-09-09T01:46:50 2001-09-09T02:46:50 2001-09-09T01:46:40");
    shows (&s, "%a %K %q %x%n%v", "(null) N/A normal (null)");
    s.spec.work_dir = (char *) "/data";
    s.spec.std_out = (char *) "out-%j";
    shows_names (&s, "STDOUT:,STDERR:", "/data/out-14/data/out-14");
    s.row.time_format = "%s";
    s.row.noconvert = true;
    shows (&s, "%S %m", "1000000010 2048M");
}
END_TEST

START_TEST (a_job_that_has_ended)
{
    struct sample s;

    running (&s);
    s.job.state = MOISSON__JOB_STATE__STATE_CANCELLED;
    s.job.end_us = SECONDS (1000000015);
    shows (&s, "%T %M %e %R", "CANCELLED 0:05 2001-09-09T01:46:55 n1");
    s.job.state = MOISSON__JOB_STATE__STATE_FAILED; /* not where, but why */
    s.job.reason = (char *) "NonZeroExitCode";
    shows (&s, "%R|%N", "(NonZeroExitCode)|n1");
    s.job.time_limit_s = 93840;
    shows (&s, "%.3l|%.3j", "1-02:04:00|ali"); /* half a time is another one */
    s.job.time_limit_s = 0;
    shows (&s, "%l %L", "UNLIMITED UNLIMITED");
    s.job.has_time_limit_s = false;
    s.job.mem_mb = 0;
    shows (&s, "%l %m", "NOT_SET 0");
}
END_TEST

START_TEST (what_waits_shows_why)
{
    struct sample s;

    pending_array (&s, "1-10%2");
    shows (&s, "%i|%K|%F|%A|%R|%r|%B|%M|%S|%N", "14_[1-10%2]|1-10%2|14|14|(Resources)|Resources|n/a|0:00|N/A|");
    /* chosen for a node that has not confirmed: no time is running yet */
    s.job.start_us = SECONDS (1000000010);
    shows (&s, "%M %t", "0:00 PD");
    s.job.has_task = true;
    s.job.task = 7;
    s.job.raw_id = 20;
    shows (&s, "%i %K %F %A", "14_7 7 14 20");
    s.job.start_us = 0;
    s.spec.begin_us = NOW + SECONDS (10); /* not before */
    shows (&s, "%S", "2001-09-09T01:48:30");
    s.spec.begin_us = NOW - SECONDS (10);
    shows (&s, "%S", "N/A");
}
END_TEST

START_TEST (long_task_lists_are_cut_between_numbers)
{
    struct sample s;

    pending_array (&s, "1,3,5,7,9,11-20%4");
    s.row.task_text = 6;
    shows (&s, "%i", "14_[1,3,5,...%4]");
    s.row.task_text = 0;
    shows (&s, "%i", "14_[1,3,5,7,9,11-20%4]");
    s.row.task_text = 1;
    pending_array (&s, "1000-2000,3000");
    s.row.task_text = 2;
    shows (&s, "%i", "14_[1000-2000,...]");
}
END_TEST

START_TEST (portals_names_are_all_there)
{
    static const char *const names =
        "Account:,JobID:,BatchHost:,MinCpus:,NumCPUs:,MinTmpDisk:,NumNodes:,EndTime:,Dependency:,Feature:,ArrayJobID:,"
        "GroupName:,GroupID:,OverSubscribe:,Sockets:,JobArrayID:,Cores:,Name:,Threads:,Comment:,ArrayTaskID:,TimeLimit:"
        ","
        "TimeLeft:,MinMemory:,TimeUsed:,ReqNodes:,NodeList:,Command:,Contiguous:,QOS:,Partition:,PriorityLong:,Reason:,"
        "StartTime:,StateCompact:,State:,UserName:,UserID:,Reservation:,SubmitTime:,WCKey:,Licenses:,ExcNodes:,"
        "CoreSpec:,"
        "Nice:,SchedNodes:,SCT:,WorkDir:,tres-alloc:,tres-per-node:";
    struct columns c = {0};
    struct sample s;
    size_t n;
    const struct field *table = squeue_fields (&n);

    ck_assert_int_eq (columns_parse_names (&c, table, n, names, NULL), 0);
    ck_assert_uint_eq (c.n, 50);
    columns_clear (&c);
    running (&s);
    s.job.reason = (char *) "None";
    shows_names (&s, "JobArrayID,StateCompact,Reason", "14                  R                   None                ");
}
END_TEST

START_TEST (no_letter_or_name_stands_for_two_columns)
{
    size_t n;
    const struct field *table = squeue_fields (&n);

    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            ck_assert_msg (!table[i].letter || table[i].letter != table[j].letter, "%%%c", table[i].letter);
            ck_assert_msg (strcasecmp (table[i].name, table[j].name) != 0, "%s", table[i].name);
        }
}
END_TEST

static void take_id (void *arg, const char *line)
{
    buf_printf (arg, "%s ", line);
}

static void sorts (const char *spec, const char *order)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct squeue_sort *sort = NULL;
    struct sample s;

    ck_assert_int_eq (squeue_sort_create (&sort, spec, NULL), 0);
    for (unsigned i = 0; i < 4; i++) {
        running (&s);
        s.job.raw_id = (uint64_t[]){9, 100, 20, 3}[i];
        s.job.partition = (char *) (i % 2 ? "b" : "a");
        s.job.priority = i == 3 ? 0 : 5;
        if (i == 2)
            s.job.state = MOISSON__JOB_STATE__STATE_PENDING;
        s.job.time_limit_s = (uint32_t[]){3600, 540, 86400, 60}[i];
        char line[] = "999";
        snprintf (line, sizeof line, "%u", (unsigned) s.job.raw_id);
        squeue_sort_add (sort, &s.row, line);
    }
    squeue_sort_finish (sort, take_id, &out);
    ck_assert_str_eq (buf_str (&out), order);
    squeue_sort_free (sort);
}

START_TEST (rows_are_sorted_by_columns)
{
    struct squeue_sort *sort = NULL;

    sorts ("i", "3 9 20 100 ");
    sorts ("-i", "100 20 9 3 ");
    sorts ("P,-i", "20 9 100 3 ");
    sorts ("P", "9 20 100 3 ");
    sorts ("l", "3 100 9 20 ");
    sorts (SQUEUE_SORT_DEFAULT, "20 9 100 3 ");
    ck_assert_int_eq (squeue_sort_create (&sort, "P,@", NULL), -1);
}
END_TEST

SUITE ("squeue", the_default_header_is_slurms, a_running_job, a_job_that_has_ended, what_waits_shows_why,
       long_task_lists_are_cut_between_numbers, portals_names_are_all_there, no_letter_or_name_stands_for_two_columns,
       rows_are_sorted_by_columns)
