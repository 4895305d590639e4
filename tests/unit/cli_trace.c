/* Traces in both forms: what becomes of each field, and what is said of a damaged line. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "base/mem.h"
#include "suite.h"
#include "trace.h"

static void swf (struct trace *trace, const char *line)
{
    struct err err = ERR_INIT;

    if (swf_line (trace, line, TRACE_MEM_STANDARD, &err))
        ck_abort_msg ("%s: %s", line, err.why);
}

static void swf_refused (const char *line, const char *why)
{
    _cleanup_trace_ struct trace *trace = trace_create ();
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_int_eq (swf_line (trace, line, TRACE_MEM_STANDARD, &err), -1);
    ck_assert_str_eq (err.why, why);
}

START_TEST (fields_of_swf)
{
    _cleanup_trace_ struct trace *trace = trace_create ();

    swf (trace, "; a remark");
    swf (trace, "");
    swf (trace, "  7 100 5 60 4 -1 -1 8 3600 2048 1 12 3 -1 2 -1 -1 -1\r");
    ck_assert_uint_eq (trace->n, 1);
    ck_assert_uint_eq (trace->jobs[0].number, 7);
    ck_assert_uint_eq (trace->jobs[0].submit_s, 100);
    ck_assert_uint_eq (trace->jobs[0].run_s, 60);
    ck_assert_uint_eq (trace->jobs[0].cpus, 8);
    ck_assert_uint_eq (trace->jobs[0].limit_s, 3600);
    ck_assert_uint_eq (trace->jobs[0].cpu_mem_mb, 2);
    ck_assert_str_eq (trace->names[trace->jobs[0].user], "u12");
    ck_assert_str_eq (trace->names[trace->jobs[0].account], "g3");
    ck_assert_str_eq (trace->names[trace->jobs[0].partition], "2");
}
END_TEST

START_TEST (what_is_not_known_is_filled_in_or_left_out)
{
    _cleanup_trace_ struct trace *trace = trace_create ();

    swf (trace, "1 0 -1 60 4 -1 -1 -1 -1 -1 1 -1 -1 -1 -1 -1 -1 -1 {3,4} q_1d 1:ppn=4");
    ck_assert_uint_eq (trace->jobs[0].cpus, 4);
    ck_assert_uint_eq (trace->jobs[0].limit_s, 60);
    ck_assert_uint_eq (trace->jobs[0].user, 0);
    swf (trace, "2 0 -1 60 4 -1 -1 -1 30 -1 1 -1 -1 -1 -1 -1 -1 -1");
    ck_assert_uint_eq (trace->jobs[1].run_s, 30);
    swf (trace, "3 0 -1 -1359980917 4 -1 -1 -1 30 -1 1 -1 -1 -1 -1 -1 -1 -1");
    swf (trace, "4 0 -1 60 -1 -1 -1 -1 30 -1 1 -1 -1 -1 -1 -1 -1 -1");
    swf (trace, "5 0 -1 0.9 1 -1 -1 -1 -1 -1 1 -1 -1 -1 -1 -1 -1 -1");
    ck_assert_uint_eq (trace->n, 3);
    ck_assert_uint_eq (trace->jobs[2].limit_s, 1);
    ck_assert_uint_eq (trace->left.no_limit, 2);
    ck_assert_uint_eq (trace->left.cut, 1);
    ck_assert_uint_eq (trace->left.never_ran, 1);
    ck_assert_uint_eq (trace->left.no_cpus, 1);
}
END_TEST

START_TEST (damaged_lines_of_swf)
{
    swf_refused ("1 2 3", "3 fields where SWF has 18");
    swf_refused ("1 0 -1 x 4 -1 -1 -1 30 -1 1 -1 -1 -1 -1 -1 -1 -1", "field 4 (run time) is \"x\", and not a number");
    swf_refused ("1 0 -1 9999999999999999999999 4 -1 -1 -1 30 -1 1 -1 -1 -1 -1 -1 -1 -1",
                 "field 4 (run time) is \"9999999999999999999999\", and not a number");
    swf_refused ("1 -1 -1 3 4 -1 -1 -1 30 -1 1 -1 -1 -1 -1 -1 -1 -1", "the submit time (field 2) is not known");
    swf_refused ("1 0 -1 3 99999999999 -1 -1 -1 30 -1 1 -1 -1 -1 -1 -1 -1 -1", "99999999999 processors");
}
END_TEST

static struct trace *load (const char *path, enum trace_memory memory, size_t limit)
{
    struct trace_options options = {memory, limit};
    struct trace *trace;
    struct err err = ERR_INIT;

    if (trace_load (&trace, path, &options, &err))
        ck_abort_msg ("%s: %s", path, err.why);
    return trace;
}

START_TEST (records_of_sacct)
{
    _cleanup_trace_ struct trace *trace = NULL;

    setenv ("TZ", "UTC", 1);
    trace = load (TEST_DATA "/traces/records.txt", TRACE_MEM_STANDARD, 0);
    ck_assert_uint_eq (trace->n, 3);
    ck_assert_uint_eq (trace->left.steps, 1);
    ck_assert_uint_eq (trace->left.never_ran, 1);
    ck_assert_uint_eq (trace->left.no_limit, 1);
    ck_assert_uint_eq (trace->jobs[0].number, 11);
    ck_assert_uint_eq (trace->jobs[0].submit_s, 1767607200);
    ck_assert_uint_eq (trace->jobs[0].run_s, 3600);
    ck_assert_uint_eq (trace->jobs[0].limit_s, 7200);
    ck_assert_uint_eq (trace->jobs[0].cpus, 4);
    ck_assert_uint_eq (trace->jobs[0].cpu_mem_mb, 2048);
    ck_assert_uint_eq (trace->jobs[0].gpus, 1);
    ck_assert_uint_eq (trace->jobs[0].nodes, 0);
    ck_assert_str_eq (trace->names[trace->jobs[0].qos], "normal");
    ck_assert_uint_eq (trace->jobs[1].nodes, 2);
    ck_assert_uint_eq (trace->jobs[1].limit_s, 0); /* UNLIMITED */
    ck_assert_uint_eq (trace->jobs[1].cpu_mem_mb, 2000);
    ck_assert_str_eq (trace->names[trace->jobs[2].partition], "gone");
    ck_assert_uint_eq (trace->jobs[2].limit_s, 1800);
}
END_TEST

static void sacct_refused (const char *header, const char *line, const char *why)
{
    _cleanup_trace_ struct trace *trace = trace_create ();
    _cleanup_ (sacct_trace_freep) struct sacct_trace *columns = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = sacct_trace_begin (&columns, header, &err);

    if (!rc)
        rc = sacct_trace_line (columns, trace, line, &err);
    ck_assert_int_eq (rc, -1);
    if (!strstr (err.why, why))
        ck_abort_msg ("%s", err.why);
}

START_TEST (damaged_records)
{
    static const char header[] = "JobID|Submit|Start|End|NCPUS|ReqMem";

    sacct_refused ("JobID|Start|End|NCPUS", "", "no Submit");
    sacct_refused ("JobID|Submit|Start|NCPUS", "", "neither End nor ElapsedRaw");
    sacct_refused ("JobID|Submit|Start|End", "", "none of ReqCPUS");
    sacct_refused (header, "1|2026-01-05T10:00:00", "2 columns where the first line names 6");
    sacct_refused (header, "1|yesterday?|2026-01-05T10:00:00|2026-01-05T10:00:00|1|", "yesterday?");
    sacct_refused (header, "1|2026-01-05T10:00:00|2026-01-05T10:00:00|2026-01-05T10:00:00|many|", "many");
    sacct_refused (header, "1|2026-01-05T10:00:00|2026-01-05T10:00:00|2026-01-05T10:00:00|1|lots", "lots");
}
END_TEST

static uint64_t memory_of (const char *words)
{
    _cleanup_trace_ struct trace *trace = trace_create ();
    _cleanup_ (sacct_trace_freep) struct sacct_trace *columns = NULL;
    _cleanup_free_ char *line =
        xasprintf ("1|2026-01-05T10:00:00|2026-01-05T10:00:00|2026-01-05T10:01:00|4|2|%s", words);
    struct err err = ERR_INIT;

    ck_assert_int_eq (sacct_trace_begin (&columns, "JobID|Submit|Start|End|NCPUS|NNodes|ReqMem", &err), 0);
    if (sacct_trace_line (columns, trace, line, &err))
        ck_abort_msg ("%s: %s", words, err.why);
    return trace->jobs[0].cpu_mem_mb;
}

START_TEST (amounts_of_memory)
{
    ck_assert_uint_eq (memory_of ("8000M"), 2000);
    ck_assert_uint_eq (memory_of ("4Gn"), 2048);
    ck_assert_uint_eq (memory_of ("4Gc"), 4096);
    ck_assert_uint_eq (memory_of ("1.50G"), 384);
    ck_assert_uint_eq (memory_of ("0"), 0);
    ck_assert_uint_eq (memory_of (""), 0);
}
END_TEST

START_TEST (gzip_and_plain_read_alike_and_a_cut_one_is_refused)
{
    char path[] = "/tmp/moisson-trace-XXXXXX";
    _cleanup_close_ int fd = mkstemp (path);
    _cleanup_trace_ struct trace *plain = NULL, *packed = NULL, *nothing = NULL;
    struct trace_options options = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    gzFile out = gzopen (path, "wb");

    for (int i = 1; i <= 2000; i++)
        gzprintf (out, "%d %d -1 %d 1 -1 -1 1 3600 -1 1 1 1 -1 -1 -1 -1 -1\n", i, 5000 - i, i * 7919 % 3601);
    gzclose (out);
    packed = load (path, TRACE_MEM_STANDARD, 0);
    ck_assert_uint_eq (packed->n, 2000);
    ck_assert_uint_eq (packed->jobs[0].submit_s, 3000); /* by submit time, whatever the order of the lines */
    ck_assert_int_eq (truncate (path, lseek (fd, 0, SEEK_END) / 2), 0);
    ck_assert_int_eq (trace_load (&nothing, path, &options, &err), -1);
    if (!strstr (err.why, "cannot be unpacked"))
        ck_abort_msg ("%s", err.why);
    unlink (path);
    plain = load (TEST_DATA "/traces/kth-sp2-cut.swf", TRACE_MEM_STANDARD, 7);
    ck_assert_uint_eq (plain->n, 7);
    ck_assert_uint_eq (plain->jobs[0].number, 15);
    ck_assert_int_eq (trace_load (&nothing, "/nowhere/at.all", &options, &err), -1);
    ck_assert_str_eq (err.why, "/nowhere/at.all cannot be opened: No such file or directory");
}
END_TEST

SUITE ("trace", fields_of_swf, what_is_not_known_is_filled_in_or_left_out, damaged_lines_of_swf, records_of_sacct,
       damaged_records, amounts_of_memory, gzip_and_plain_read_alike_and_a_cut_one_is_refused)
