#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "base/cleanup.h"
#include "sacct_json.h"
#include "sacct_request.h"
#include "sacct_sort.h"
#include "suite.h"

#define SECONDS(n) ((usec_t) (n) *USEC_PER_SEC)
#define NOW SECONDS (1795361400) /* 2026-11-22T15:30:00 UTC */

static void completed (Moisson__AcctRecord *r, struct sacct_row *row)
{
    setenv ("TZ", "UTC", 1);
    tzset ();
    moisson__acct_record__init (r);
    r->raw_id = 14;
    r->attempt = 1;
    r->uid = 1000;
    r->user = (char *) "ann";
    r->name = (char *) "align";
    r->partition = (char *) "debug";
    r->state = MOISSON__JOB_STATE__STATE_COMPLETED;
    r->submit_us = r->eligible_us = SECONDS (1000000000);
    r->start_us = SECONDS (1000000010);
    r->end_us = SECONDS (1000003671);
    r->has_time_limit_s = true;
    r->time_limit_s = 7200;
    r->num_nodes = 1;
    r->num_cpus = 4;
    r->req_mem_mb = 2000;
    r->nodes = (char *) "n1";
    r->cpu_user_us = 61500000;
    r->cpu_sys_us = 500000;
    r->has_max_rss_kb = true;
    r->max_rss_kb = 2048;
    r->tres = (char *) "cpu=4,mem=2000M,node=1,billing=4";
    *row = (struct sacct_row){.record = r, .now = NOW, .cluster = "mini"};
}

static void shows (const struct sacct_row *row, const char *names, const char *line)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct columns c = {0};
    size_t n;
    const struct field *table = sacct_fields (&n);

    ck_assert_msg (columns_parse_sacct (&c, table, n, names, NULL) == 0, "%s", names);
    for (size_t i = 0; i < c.n; i++) {
        buf_puts (&out, i ? "|" : "");
        c.list[i].field->print (&out, row);
    }
    columns_clear (&c);
    ck_assert_str_eq (buf_str (&out), line);
}

START_TEST (one_record_is_two_rows)
{
    Moisson__AcctRecord r;
    struct sacct_row row;

    completed (&r, &row);
    ck_assert (sacct_has_batch_row (&r));
    shows (&row, "JobID,JobIDRaw,JobName,User,Partition,State,ExitCode,MaxRSS,ReqMem",
           "14|14|align|ann|debug|COMPLETED|0:0||2000M");
    row.batch = true;
    shows (&row, "JobID,JobIDRaw,JobName,User,Partition,State,ExitCode,MaxRSS,ReqMem",
           "14.batch|14.batch|batch|||COMPLETED|0:0|2048K|");
}
END_TEST

START_TEST (a_step_is_a_row_of_its_own)
{
    Moisson__AcctRecord r, seen;
    Moisson__Step step = MOISSON__STEP__INIT;
    struct sacct_row row;

    completed (&r, &row);
    step.id = 2;
    step.name = (char *) "bwa";
    step.start_us = SECONDS (1000000020);
    step.has_max_rss_kb = step.has_cpus = true;
    step.max_rss_kb = 77;
    step.cpus = 2;
    row.batch = true;
    row.step = "2";
    seen = sacct_step_record (&r, &step);
    row.record = &seen;
    shows (&row, "JobID,JobName,State,ExitCode,NCPUS,NTasks,User", "14.2|bwa|RUNNING|0:0|2|1|");
    step.has_end_us = true;
    step.end_us = SECONDS (1000000025);
    step.state = MOISSON__JOB_STATE__STATE_FAILED;
    step.exit_code = 3;
    seen = sacct_step_record (&r, &step);
    shows (&row, "JobID,State,ExitCode,Elapsed,MaxRSS,AllocTRES", "14.2|FAILED|3:0|00:00:05|77K|");
}
END_TEST

START_TEST (times_and_usage)
{
    Moisson__AcctRecord r;
    struct sacct_row row;

    completed (&r, &row);
    shows (&row, "Elapsed,ElapsedRaw,CPUTime,CPUTimeRAW,TotalCPU,UserCPU,SystemCPU,Timelimit,TimelimitRaw",
           "01:01:01|3661|04:04:04|14644|01:02.000|01:01.500|00:00.500|02:00:00|120");
    shows (&row, "Submit,Start,End,Planned", "2001-09-09T01:46:40|2001-09-09T01:46:50|2001-09-09T02:47:51|00:00:10");
    row.time_format = "%s";
    shows (&row, "End", "1000003671");
    r.time_limit_s = 0;
    shows (&row, "Timelimit,TimelimitRaw", "UNLIMITED|UNLIMITED");
    r.has_time_limit_s = false;
    shows (&row, "Timelimit", "Partition_Limit");
}
END_TEST

START_TEST (how_it_ended)
{
    Moisson__AcctRecord r;
    struct sacct_row row;

    completed (&r, &row);
    r.state = MOISSON__JOB_STATE__STATE_CANCELLED;
    r.exit_signal = 15;
    r.has_cancelled_by = true;
    r.cancelled_by = 1000;
    shows (&row, "State,ExitCode,Reason", "CANCELLED by 1000|0:15|None");
    row.batch = true;
    shows (&row, "State,ExitCode,Reason", "CANCELLED|0:15|");
    r.state = MOISSON__JOB_STATE__STATE_TIMEOUT;
    r.exit_signal = 0;
    r.cause = (char *) "time limit of 1 minute reached";
    shows (&row, "State,ExitCode", "CANCELLED|0:15");
    row.batch = false;
    shows (&row, "State,ExitCode,Reason", "TIMEOUT|0:0|time limit of 1 minute reached");
}
END_TEST

START_TEST (what_waits_and_what_never_started)
{
    Moisson__AcctRecord r;
    struct sacct_row row;

    completed (&r, &row);
    r.state = MOISSON__JOB_STATE__STATE_PENDING;
    r.attempt = 0;
    r.start_us = r.end_us = 0;
    r.nodes = NULL;
    r.reason = (char *) "Resources";
    r.has_array_id = true;
    r.array_id = 14;
    r.tasks = (char *) "1-3%2";
    ck_assert (!sacct_has_batch_row (&r));
    shows (&row, "JobID,State,Start,End,NodeList,Elapsed,AllocCPUS,ReqCPUS,Reason",
           "14_[1-3%2]|PENDING|Unknown|Unknown|None assigned|00:00:00|4|4|Resources");
    r.state = MOISSON__JOB_STATE__STATE_CANCELLED;
    r.end_us = SECONDS (1000000020);
    shows (&row, "State,Start,End", "CANCELLED|None|2001-09-09T01:47:00");
    r.has_task = true;
    r.task = 2;
    r.raw_id = 16;
    shows (&row, "JobID,JobIDRaw", "14_2|16");
}
END_TEST

START_TEST (memory_in_the_unit_asked_for)
{
    Moisson__AcctRecord r;
    struct sacct_row row;

    completed (&r, &row);
    r.mem_per_cpu = true;
    shows (&row, "ReqMem", "8000M");
    row.unit = 'G';
    shows (&row, "ReqMem", "7.81G");
    row.batch = true;
    r.max_rss_kb = 1572864;
    shows (&row, "MaxRSS", "1.50G");
    r.max_rss_kb = 2097152;
    shows (&row, "MaxRSS", "2G");
    row.unit = 0;
    row.noconvert = true;
    shows (&row, "MaxRSS", "2147483648");
}
END_TEST

START_TEST (every_name_of_the_help_is_a_column_once)
{
    size_t n;
    const struct field *table = sacct_fields (&n);
    static const char *const wanted[] = {"JobID",   "MaxVMSize", "AllocTRES", "ReqTRES",
                                         "Cluster", "QOS",       "GID",       "AdminComment"};

    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            ck_assert_msg (strcasecmp (table[i].name, table[j].name) != 0, "%s", table[i].name);
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
        size_t i = 0;
        while (i < n && strcmp (table[i].name, wanted[w]) != 0)
            i++;
        ck_assert_msg (i < n, "%s", wanted[w]);
    }
}
END_TEST

/* ---- the request ---- */

static void parsed (struct sacct *s, int argc, const char *const *words)
{
    char *argv[16] = {(char *) "sacct"};

    for (int i = 0; i < argc; i++)
        argv[i + 1] = (char *) words[i];
    *s = (struct sacct){.request = MOISSON__ACCT_REQUEST__INIT, .filter = MOISSON__JOB_FILTER__INIT};
    ck_assert_int_eq (sacct_parse (s, argc + 1, argv, NULL), 0);
    ck_assert_int_eq (sacct_resolve (s, NOW, 1000, NULL), 0);
}
#define PARSED(s, ...)                                                                                                 \
    do {                                                                                                               \
        const char *const words[] = {__VA_ARGS__};                                                                     \
        parsed (s, (int) (sizeof words / sizeof *words), words);                                                       \
    } while (0)

START_TEST (the_window_is_slurms)
{
    struct sacct s;

    setenv ("TZ", "UTC", 1);
    tzset ();
    PARSED (&s, "-n");
    ck_assert_uint_eq (s.request.since_us, SECONDS (1795305600)); /* midnight */
    ck_assert (!s.request.has_until_us);
    ck_assert_uint_eq (s.filter.n_uids, 1);
    ck_assert_uint_eq (s.filter.uids[0], 1000);
    sacct_clear (&s);
    PARSED (&s, "-j", "7");
    ck_assert (!s.request.has_since_us);
    ck_assert_uint_eq (s.filter.n_uids, 0);
    sacct_clear (&s);
    PARSED (&s, "-s", "R", "-a");
    ck_assert_uint_eq (s.request.since_us, NOW);
    ck_assert (!s.no_match);
    ck_assert_uint_eq (s.filter.n_uids, 0);
    sacct_clear (&s);
    PARSED (&s, "-S", "now-2days", "-E", "now");
    ck_assert_uint_eq (s.request.since_us, NOW - SECONDS (172800));
    ck_assert_uint_eq (s.request.until_us, NOW + SECONDS (1));
    ck_assert (!s.no_match);
    sacct_clear (&s);
    PARSED (&s, "-S", "now+1hour");
    ck_assert (s.no_match);
    sacct_clear (&s);
}
END_TEST

START_TEST (lists_of_jobs_as_clients_write_them)
{
    struct sacct s;

    PARSED (&s, "-j", "7,", "-j", " 12_3 ,13_[1-3,5]", "--job=20.batch");
    ck_assert_uint_eq (s.filter.n_jobs, 4);
    ck_assert_uint_eq (s.filter.jobs[0]->job_id, 7);
    ck_assert_uint_eq (s.filter.jobs[1]->n_tasks, 1);
    ck_assert_uint_eq (s.filter.jobs[2]->n_tasks, 2);
    ck_assert_str_eq (s.refs[3].step, "batch");
    ck_assert (s.some_steps);
    sacct_clear (&s);
}
END_TEST

START_TEST (sizes_and_limits_are_sieved)
{
    static const struct {
        const char *option, *value;
        bool wanted;
    } asked[] = {{"-I", "4", true},    {"-I", "1-3", false}, {"-I", "2-8", true},
                 {"-i", "1", true},    {"-i", "2-9", false}, {"-k", "60", true},
                 {"-k", "180", false}, {"-K", "120", true},  {"-K", "1:00:00", false}};
    Moisson__AcctRecord r;
    struct sacct_row row;

    completed (&r, &row); /* 4 CPUs on one node, at most two hours */
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct sacct s = {.request = MOISSON__ACCT_REQUEST__INIT, .filter = MOISSON__JOB_FILTER__INIT};
        char *argv[] = {(char *) "sacct", (char *) asked[i].option, (char *) asked[i].value, NULL};
        _cleanup_err_ struct err err = ERR_INIT;
        ck_assert_msg (!sacct_parse (&s, 3, argv, &err), "%s %s: %s", argv[1], argv[2], err.why);
        ck_assert_msg (sacct_wants (&s, &r, false) == asked[i].wanted, "%s %s", argv[1], argv[2]);
        sacct_clear (&s);
    }
}
END_TEST

START_TEST (steps_and_groups_are_sieved)
{
    Moisson__AcctRecord r;
    struct sacct_row row;
    struct sacct s;

    completed (&r, &row);
    PARSED (&s, "-j", "14.batch");
    ck_assert (sacct_wants (&s, &r, true));
    ck_assert (!sacct_wants (&s, &r, false));
    ck_assert (!sacct_wants_step (&s, &r, "0"));
    sacct_clear (&s);
    PARSED (&s, "-j", "14.0");
    ck_assert (sacct_wants_step (&s, &r, "0"));
    ck_assert (!sacct_wants_step (&s, &r, "1"));
    ck_assert (!sacct_wants (&s, &r, true));
    ck_assert (!sacct_wants (&s, &r, false));
    sacct_clear (&s);
    PARSED (&s, "-j", "14", "-X");
    ck_assert (!sacct_wants (&s, &r, true));
    ck_assert (sacct_wants (&s, &r, false));
    sacct_clear (&s);
    PARSED (&s, "-g", "4242");
    ck_assert (!sacct_wants (&s, &r, false));
    r.has_gid = true;
    r.gid = 4242;
    ck_assert (sacct_wants (&s, &r, false));
    sacct_clear (&s);
}
END_TEST

static void take_record (void *arg, const Moisson__AcctRecord *r)
{
    if (r->has_task)
        buf_printf (arg, "%lu_%u.%u ", (unsigned long) r->array_id, r->task, r->attempt);
    else
        buf_printf (arg, "%lu%s.%u ", (unsigned long) r->raw_id, r->has_array_id ? "_rest" : "", r->attempt);
}

static void add_record (struct sacct_sort *s, uint64_t raw_id, uint64_t array_id, int task, uint32_t attempt)
{
    Moisson__AcctRecord r = MOISSON__ACCT_RECORD__INIT;

    r.raw_id = raw_id;
    r.attempt = attempt;
    r.has_array_id = array_id > 0;
    r.array_id = array_id;
    r.has_task = task >= 0;
    r.task = r.has_task ? (uint32_t) task : 0;
    sacct_sort_add (s, &r);
}

static void five_records (struct sacct_sort *s)
{
    add_record (s, 7, 7, -1, 0); /* the rest of array 7 */
    add_record (s, 20, 7, 10, 1);
    add_record (s, 12, 0, -1, 2);
    add_record (s, 12, 0, -1, 1);
    add_record (s, 21, 7, 9, 1);
}

START_TEST (records_come_by_id_unless_they_are_too_many)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    _cleanup_sacct_sort_ struct sacct_sort *few = sacct_sort_create (5, take_record, &out);
    _cleanup_sacct_sort_ struct sacct_sort *many = sacct_sort_create (4, take_record, &out);

    five_records (few);
    ck_assert_uint_eq (out.len, 0);
    sacct_sort_finish (few);
    ck_assert_str_eq (buf_str (&out), "7_9.1 7_10.1 7_rest.0 12.1 12.2 ");

    buf_reset (&out);
    five_records (many); /* the fifth gives up */
    ck_assert_str_eq (buf_str (&out), "7_rest.0 7_10.1 12.2 12.1 7_9.1 ");
    add_record (many, 1, 0, -1, 1);
    ck_assert_str_eq (buf_str (&out), "7_rest.0 7_10.1 12.2 12.1 7_9.1 1.1 ");
    sacct_sort_finish (many);
    ck_assert_uint_eq (out.len, strlen ("7_rest.0 7_10.1 12.2 12.1 7_9.1 1.1 "));
}
END_TEST

START_TEST (an_attempt_that_was_requeued)
{
    Moisson__AcctRecord r;
    struct sacct_row row;

    completed (&r, &row);
    r.requeued = true;
    r.state = MOISSON__JOB_STATE__STATE_CANCELLED;
    shows (&row, "State", "REQUEUED");
    row.batch = true;
    shows (&row, "State", "CANCELLED");
    row.batch = false;
    r.state = MOISSON__JOB_STATE__STATE_NODE_FAIL;
    shows (&row, "State", "NODE_FAIL");
}
END_TEST

START_TEST (a_record_as_json)
{
    Moisson__AcctRecord r;
    struct sacct_row row;

    completed (&r, &row);
    json_t *job = json_acct (&r, "mini", NOW);
    ck_assert_int_eq (json_integer_value (json_object_get (job, "job_id")), 14);
    ck_assert_str_eq (json_string_value (json_object_get (json_object_get (job, "state"), "current")), "COMPLETED");
    ck_assert_int_eq (json_integer_value (json_object_get (json_object_get (job, "time"), "elapsed")), 3661);
    ck_assert_int_eq (json_integer_value (json_object_get (job, "max_rss")), 2048 * 1024);
    json_decref (job);
}
END_TEST

SUITE ("sacct", one_record_is_two_rows, a_step_is_a_row_of_its_own, times_and_usage, how_it_ended,
       what_waits_and_what_never_started, memory_in_the_unit_asked_for, every_name_of_the_help_is_a_column_once,
       the_window_is_slurms, lists_of_jobs_as_clients_write_them, steps_and_groups_are_sieved,
       sizes_and_limits_are_sieved, records_come_by_id_unless_they_are_too_many, an_attempt_that_was_requeued,
       a_record_as_json)
