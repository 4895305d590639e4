/* base_options.c - sbatch's options: command line, #SBATCH lines, environment, and what is refused in which words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/options.h"
#include "proto/wire.pb-c.h"
#include "suite.h"

#define _cleanup_submit_ __attribute__ ((cleanup (submit_clear)))
#define NOW (1700000000ULL * 1000000)

static void start (struct submit *s)
{
    submit_init (s);
    ck_assert_uint_gt (s->now_us, NOW);
    s->now_us = NOW;
}

static int parse_words (struct submit *s, char **words, int *ret_index, struct err *err)
{
    int argc = 0;

    while (words[argc])
        argc++;
    return options_parse (s, argc, words, ret_index, err);
}

#define WORDS(...) ((char *[]){"sbatch", __VA_ARGS__, NULL})

/* A submit from a command line that must be right; the words after the options begin at index. */
#define PARSED(...)                                                                                                    \
    _cleanup_submit_ struct submit s;                                                                                  \
    int index = 0;                                                                                                     \
    start (&s);                                                                                                        \
    ck_parsed (&s, WORDS (__VA_ARGS__), &index)

static void ck_parsed (struct submit *s, char **words, int *index)
{
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = parse_words (s, words, index, &err);

    ck_assert_msg (rc == 0, "%s", err.why ? err.why : "");
}

static void ck_refused (char **words, const char *why, const char *fix)
{
    _cleanup_submit_ struct submit s;
    _cleanup_err_ struct err err = ERR_INIT;
    int index = 0;

    start (&s);
    ck_assert_int_eq (parse_words (&s, words, &index, &err), -1);
    ck_assert_str_eq (err.why, why);
    if (fix)
        ck_assert_str_eq (err.fix, fix);
}

START_TEST (the_four_ways_to_write_a_value)
{
    PARSED ("--time=30", "--partition", "short", "-c4", "-n", "2", "-Hvv", "job.sh", "-x");

    ck_assert_int_eq (index, 8);
    ck_assert_uint_eq (s.spec.time_limit_s, 1800);
    ck_assert_str_eq (s.spec.partition, "short");
    ck_assert_uint_eq (s.spec.cpus_per_task, 4);
    ck_assert_uint_eq (s.spec.ntasks, 2);
    ck_assert (s.spec.hold && !s.spec.exclude);
    ck_assert_int_eq (s.flags.verbose, 2);
}
END_TEST

START_TEST (absent_is_absent)
{
    PARSED ("job.sh");

    ck_assert (!s.spec.has_ntasks && !s.spec.has_time_limit_s && !s.spec.has_requeue && !s.spec.has_mem_per_node_mb);
    ck_assert (!s.spec.has_gpus_per_node && !s.spec.n_array && !s.spec.name && !s.spec.has_nice);
    ck_assert_int_eq (index, 1);
}
END_TEST

START_TEST (optional_values_need_the_equals_sign)
{
    PARSED ("--nice", "--exclusive=user", "--nice=-5", "--get-user-env=10L", "--parsable", "--", "--time");

    ck_assert_int_eq (s.spec.nice, -5);
    ck_assert (s.spec.exclusive_user && !s.spec.exclusive && s.flags.parsable);
    ck_assert_int_eq (index, 7);
}
END_TEST

START_TEST (abbreviations)
{
    PARSED ("--part=x", "--job", "n", "--tasks=3", "--cluster=c", "--ntasks=8", "--mem=4gb", "--requeue");

    ck_assert_str_eq (s.spec.partition, "x");
    ck_assert_str_eq (s.spec.name, "n");
    ck_assert_uint_eq (s.spec.ntasks_per_node, 3);
    ck_assert_str_eq (s.flags.clusters, "c");
    ck_assert_uint_eq (s.spec.ntasks, 8);
    ck_assert_uint_eq (s.spec.mem_per_node_mb, 4096);
    ck_assert (s.spec.requeue);
    ck_refused (WORDS ("--tim=3"), "option '--tim' is ambiguous; possibilities: '--time' '--time-min'",
                "write more letters of it");
}
END_TEST

START_TEST (what_is_not_an_option_is_said_as_getopt_does)
{
    ck_refused (WORDS ("--foo"), "unrecognized option '--foo'", "see: sbatch --help");
    ck_refused (WORDS ("--partitoin=x"), "unrecognized option '--partitoin'", "did you mean --partition?");
    ck_refused (WORDS ("--xyzzyplugh"), "unrecognized option '--xyzzyplugh'", "see: sbatch --help");
    ck_refused (WORDS ("--=x"), "unrecognized option '--'", NULL);
    ck_refused (WORDS ("-z"), "invalid option -- 'z'", "see: sbatch --help");
    ck_refused (WORDS ("--time"), "option '--time' requires an argument", NULL);
    ck_refused (WORDS ("-t"), "option requires an argument -- 't'", NULL);
    ck_refused (WORDS ("--hold=yes"), "option '--hold' doesn't allow an argument", "leave the value out");
}
END_TEST

START_TEST (what_would_change_the_job_and_cannot_be_done_is_refused)
{
    ck_refused (WORDS ("--batch=r"), "--batch is known, not available yet",
                "choose the node with --nodelist, or a partition with --partition");
    ck_refused (WORDS ("--mcs-label=x"), "--mcs-label is known, not available yet", NULL);
    ck_refused (WORDS ("--uid=root"), "--uid is known, not available yet", NULL);
    ck_refused (WORDS ("-M", "a,b"), "--clusters=a,b names more than one cluster", NULL);
    ck_refused (WORDS ("-d", "expand:3"), "expand is known, not available: jobs do not grow while they run", NULL);
}
END_TEST

START_TEST (harmless_options_leave_no_trace)
{
    PARSED ("--mem-bind=local", "--profile=none", "--switches=2@1:00", "--acctg-freq=30", "-k", "--propagate", "-m",
            "block", "--gres-flags=enforce-binding");
    _cleanup_submit_ struct submit plain;

    start (&plain);
    ck_assert_uint_eq (moisson__job_spec__get_packed_size (&s.spec), moisson__job_spec__get_packed_size (&plain.spec));
    ck_assert_int_eq (index, 10);
}
END_TEST

START_TEST (threads_of_a_core)
{
    PARSED ("--hint=nomultithread", "--ntasks-per-core=2");

    ck_assert_uint_eq (s.spec.threads_per_core, 1);
    ck_assert_str_eq (s.spec.hint, "nomultithread");
    ck_assert_uint_eq (s.spec.ntasks_per_core, 2);
    ck_parsed (&s, WORDS ("--threads-per-core=2"), &index); /* the later of the two counts */
    ck_assert_uint_eq (s.spec.threads_per_core, 2);
    ck_assert_ptr_null (s.spec.hint);
    ck_parsed (&s, WORDS ("--hint=multithread"), &index);
    ck_assert (!s.spec.has_threads_per_core);
    ck_refused (WORDS ("--hint=fast"), "--hint=fast is not understood",
                "use nomultithread, multithread, compute_bound or memory_bound");
    ck_refused (WORDS ("--threads-per-core=0"), "--threads-per-core is 0, which is too small", NULL);
}
END_TEST

START_TEST (bad_values)
{
    static const char *const bad[] = {"--time=soon",
                                      "--mem=lots",
                                      "--nodes=0",
                                      "--nodes=3-2",
                                      "--nodes=2-",
                                      "--ntasks=0",
                                      "--ntasks=-1",
                                      "-c0",
                                      "--cpus-per-task=1x",
                                      "--open-mode=x",
                                      "--kill-on-invalid-dep=maybe",
                                      "--nice=1.5",
                                      "--signal=NOSUCH",
                                      "--signal=X:TERM",
                                      "--signal=TERM@x",
                                      "--begin=whenever",
                                      "--gpus=a:b:c",
                                      "--gpus=a100:",
                                      "--gpus=-1",
                                      "--gres=gpu:2,gpu:b:1",
                                      "--nodelist=n[1",
                                      "--exclude=/etc/hosts",
                                      "--submit-key=a\nb",
                                      "--time=99999999999999999999",
                                      "--mem=99999999999999999999T",
                                      "--nice=9999999999"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        _cleanup_submit_ struct submit s;
        _cleanup_err_ struct err err = ERR_INIT;
        _cleanup_free_ char *word = xstrdup (bad[i]);
        int index;

        start (&s);
        ck_assert_msg (options_parse (&s, 2, (char *[]){"sbatch", word, NULL}, &index, &err) == -1, "%s", bad[i]);
        ck_assert_msg (err.why && *err.why && !strchr (err.why, '\n') == !strchr (word, '\n'), "%s", bad[i]);
    }
}
END_TEST

START_TEST (a_submit_key_has_at_most_255_characters)
{
    for (size_t len = 255; len <= 256; len++) {
        _cleanup_submit_ struct submit s;
        _cleanup_err_ struct err err = ERR_INIT;
        _cleanup_free_ char *key = xcalloc (1, len + 1), *word = NULL;
        int index;

        memset (key, 'k', len);
        word = xasprintf ("--submit-key=%s", key);
        start (&s);
        ck_assert_int_eq (options_parse (&s, 2, (char *[]){"sbatch", word, NULL}, &index, &err), len > 255 ? -1 : 0);
        if (len > 255)
            ck_assert_str_eq (err.fix, "use one line of at most 255 characters");
        else
            ck_assert_str_eq (s.flags.submit_key, key);
    }
}
END_TEST

START_TEST (times_and_sizes)
{
    PARSED ("-t", "0:7201", "--mem-per-cpu=2g", "--begin=now+60", "--time-min=90", "--nodes=2-4", "--mem=0");

    ck_assert_uint_eq (s.spec.time_limit_s, 7260); /* up to whole minutes */
    ck_assert (!s.spec.has_mem_per_cpu_mb && s.spec.has_mem_per_node_mb);
    ck_assert_uint_eq (s.spec.mem_per_node_mb, 0);
    ck_assert_uint_eq (s.spec.begin_us, NOW + 60000000);
    ck_assert_uint_eq (s.spec.time_min_s, 5400);
    ck_assert_uint_eq (s.spec.min_nodes, 2);
    ck_assert_uint_eq (s.spec.max_nodes, 4);
}
END_TEST

static void ck_range (const Moisson__Range *range, uint32_t first, uint32_t last, uint32_t step)
{
    ck_assert_uint_eq (range->first, first);
    ck_assert_uint_eq (range->last, last);
    ck_assert_uint_eq (range->step, step);
}

START_TEST (arrays_stay_ranges)
{
    PARSED ("--array=0-99999%10");
    ck_assert_uint_eq (s.spec.n_array, 1);
    ck_range (s.spec.array[0], 0, 99999, 1);
    ck_assert_uint_eq (s.spec.array_limit, 10);
    ck_parsed (&s, WORDS ("-a", "1-4000000000:2"), &index);
    ck_assert_uint_eq (s.spec.n_array, 1);
    ck_range (s.spec.array[0], 1, 3999999999, 2);
    ck_assert (!s.spec.has_array_limit);
    ck_parsed (&s, WORDS ("-a9,1-3,5"), &index);
    ck_assert_uint_eq (s.spec.n_array, 3);
    ck_range (s.spec.array[0], 1, 3, 1);
    ck_range (s.spec.array[2], 9, 9, 1);
    ck_parsed (&s, WORDS ("-a", "1-5,3-9:2"), &index);
    ck_assert_uint_eq (s.spec.n_array, 3);
    ck_range (s.spec.array[0], 1, 5, 1);
    ck_range (s.spec.array[1], 7, 7, 1);
    ck_parsed (&s, WORDS ("-a", "3-3:5"), &index);
    ck_range (s.spec.array[0], 3, 3, 1);
}
END_TEST

START_TEST (bad_arrays)
{
    static const char *const bad[] = {"",
                                      "a",
                                      "1-",
                                      "-1",
                                      "3-1",
                                      "1-5:0",
                                      "1,",
                                      ",1",
                                      "1%",
                                      "1%x",
                                      "1 2",
                                      "4294967294",
                                      "99999999999999999999",
                                      "0-4000000000:2,1-4000000000:2",
                                      "1-3%2,5"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        _cleanup_free_ char *word = xasprintf ("--array=%s", bad[i]);
        ck_refused (WORDS (word), "Invalid job array specification", NULL);
    }
}
END_TEST

START_TEST (dependencies)
{
    PARSED ("-d", "afterok:12:13_4,after:5+10,singleton,afternotok:7_*,afterany:1");
    ck_assert_uint_eq (s.spec.n_depends, 6);
    ck_assert_int_eq (s.spec.depends[0]->type, MOISSON__DEPEND_TYPE__DEP_AFTEROK);
    ck_assert_uint_eq (s.spec.depends[0]->job_id, 12);
    ck_assert (!s.spec.depends[0]->has_task);
    ck_assert_uint_eq (s.spec.depends[1]->task, 4);
    ck_assert_uint_eq (s.spec.depends[2]->delay_min, 10);
    ck_assert_int_eq (s.spec.depends[3]->type, MOISSON__DEPEND_TYPE__DEP_SINGLETON);
    ck_assert (!s.spec.depends[3]->has_job_id && !s.spec.depends[4]->has_task && !s.spec.depends_any);
    ck_assert_str_eq (s.spec.dependency, "afterok:12:13_4,after:5+10,singleton,afternotok:7_*,afterany:1");
    ck_parsed (&s, WORDS ("-d", "afterok:1?afternotok:2"), &index);
    ck_assert (s.spec.depends_any);
    ck_assert_uint_eq (s.spec.n_depends, 2);
    ck_parsed (&s, WORDS ("-d", "44"), &index);
    ck_assert_int_eq (s.spec.depends[0]->type, MOISSON__DEPEND_TYPE__DEP_AFTERANY);
    ck_parsed (&s, WORDS ("--dependency="), &index);
    ck_assert (!s.spec.n_depends && !s.spec.dependency);
}
END_TEST

START_TEST (bad_dependencies_in_the_words_clients_match)
{
    static const char *const bad[] = {"afterok",
                                      "afterok:",
                                      "afterok:x",
                                      "nonsense:1",
                                      "afterok:1,",
                                      "afterok:0",
                                      "afterok:1+5",
                                      ":1",
                                      "afterok:1?after:2,after:3",
                                      "after:1:",
                                      "singleton:3",
                                      "after:1+",
                                      "afterok:99999999999999999999999"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        _cleanup_submit_ struct submit s;
        _cleanup_err_ struct err err = ERR_INIT;
        _cleanup_free_ char *word = xasprintf ("-d%s", bad[i]);
        int index;

        start (&s);
        ck_assert_msg (options_parse (&s, 2, WORDS (word), &index, &err) == -1, "%s", bad[i]);
        ck_assert_str_eq (err.what, "Batch job submission failed");
        ck_assert_str_eq (err.why, "Job dependency problem");
        ck_assert_int_eq (err.code, MOISSON__FAIL_CODE__FAIL_DEPENDENCY);
    }
}
END_TEST

START_TEST (empty_words_mean_not_asked)
{
    PARSED ("--qos", "", "--account=", "-p", "", "--comment", "", "-J", "");

    ck_assert (!s.spec.qos && !s.spec.account && !s.spec.partition && !s.spec.comment && !s.spec.name);
}
END_TEST

START_TEST (the_rest_of_the_words)
{
    PARSED ("-o", "none", "-e/x/%j", "-i", "in", "--open-mode=append", "--export=ALL,A=b c", "--export-file=/e",
            "--wckey=w", "--signal=B:USR2@30", "--wrap=echo 'hi'", "--submit-key=k 1", "--no-requeue", "--chdir=sub",
            "-W", "--test-only", "-Q", "-w", "n[1-2]", "-xn3", "--kill-on-invalid-dep=yes", "-A", "acc", "-q", "q");

    ck_assert_str_eq (s.spec.std_out, "/dev/null");
    ck_assert_str_eq (s.spec.std_err, "/x/%j");
    ck_assert_str_eq (s.spec.std_in, "in");
    ck_assert_str_eq (s.spec.export_mode, "ALL,A=b c");
    ck_assert_str_eq (s.flags.export_file, "/e");
    ck_assert_str_eq (s.spec.signal, "B:USR2@30");
    ck_assert_str_eq (s.flags.wrap, "echo 'hi'");
    ck_assert_str_eq (s.flags.submit_key, "k 1");
    ck_assert_str_eq (s.spec.work_dir, "sub");
    ck_assert_str_eq (s.spec.nodelist, "n[1-2]");
    ck_assert_str_eq (s.spec.exclude, "n3");
    ck_assert_str_eq (s.spec.account, "acc");
    ck_assert_str_eq (s.spec.qos, "q");
    ck_assert (s.spec.open_append && s.spec.has_requeue && !s.spec.requeue && s.spec.kill_on_invalid_dep);
    ck_assert (s.flags.wait && s.flags.test_only && s.flags.quiet);
}
END_TEST

/* --- #SBATCH -------------------------------------------------------------------------------------------------------
 */

static int parse_script (struct submit *s, const char *script, struct err *err)
{
    start (s);
    return options_parse_script (s, script, strlen (script), err);
}

START_TEST (script_lines)
{
    _cleanup_submit_ struct submit s;
    _cleanup_err_ struct err err = ERR_INIT;
    int rc = parse_script (&s,
                           "#!/bin/bash -l\n"
                           "\n"
                           "#SBATCH -J nf-align_(3) -o '/a b/%j.log'   # a remark\n"
                           "#SBATCH \n"
                           "#SBATCH\n"
                           "# plain comment\n"
                           "#PBS -l nodes=99\n"
                           "#SBATCHED --bad\n"
                           " #SBATCH --also-not-a-directive\n"
                           "#SBATCH --ntasks-per-node 2 --no-requeue \r\n"
                           "#SBATCH\t--comment=\"it's $HOME; a#b\" -t 1440:0\n"
                           "#SBATCH -t 10 -D /a\\ b\\#c\n"
                           "   \n"
                           "echo hello\n"
                           "#SBATCH --partition=late\n",
                           &err);

    ck_assert_msg (rc == 0, "%s", err.why ? err.why : "");
    ck_assert_str_eq (s.spec.name, "nf-align_(3)");
    ck_assert_str_eq (s.spec.std_out, "/a b/%j.log");
    ck_assert_uint_eq (s.spec.ntasks_per_node, 2);
    ck_assert_str_eq (s.spec.comment, "it's $HOME; a#b");
    ck_assert_uint_eq (s.spec.time_limit_s, 600);
    ck_assert_str_eq (s.spec.work_dir, "/a b#c");
    ck_assert_ptr_null (s.spec.partition);
    ck_assert (!s.in_script);
}
END_TEST

static void ck_script_refused (const char *script, const char *why)
{
    _cleanup_submit_ struct submit s;
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_int_eq (parse_script (&s, script, &err), -1);
    ck_assert_str_eq (err.why, why);
    ck_assert_ptr_nonnull (err.fix);
}

START_TEST (script_refusals_name_the_line)
{
    ck_script_refused ("#!/bin/sh\n#SBATCH --foo\n", "line 2 of the script: unrecognized option '--foo'");
    ck_script_refused ("#SBATCH -J 'a\n", "line 1 of the script: a quote is not closed");
    ck_script_refused ("#!/bin/sh\n\n#SBATCH -J a b\n", "line 3 of the script: \"b\" is no option");
    ck_script_refused ("#SBATCH --wrap=x\n", "line 1 of the script: --wrap stands in a script");
    ck_script_refused ("#SBATCH -d afterok:\n", "Job dependency problem");
    ck_script_refused ("#SBATCH --time # 5\n", "line 1 of the script: option '--time' requires an argument");
}
END_TEST

START_TEST (scripts_without_a_last_newline_or_with_zero_bytes)
{
    _cleanup_submit_ struct submit s;
    _cleanup_submit_ struct submit t;
    _cleanup_err_ struct err err = ERR_INIT;
    static const char binary[] = "#!x\n#\0y\n#SBATCH --foo\n";

    ck_assert_int_eq (parse_script (&s, "#SBATCH -c 3", &err), 0);
    ck_assert_uint_eq (s.spec.cpus_per_task, 3);
    start (&t);
    ck_assert_int_eq (options_parse_script (&t, binary, sizeof binary - 1, &err), 0);
}
END_TEST

/* --- environment ----------------------------------------------------------------------------------------------------
 */

static const char *good_env (const char *name)
{
    static const char *const table[][2] = {{"SBATCH_PARTITION", "env"},  {"SBATCH_TIMELIMIT", "5"},
                                           {"SBATCH_ACCOUNT", ""},       {"SBATCH_REQUEUE", ""},
                                           {"SBATCH_DEBUG", "3"},        {"SBATCH_SUBMIT_KEY", "k"},
                                           {"SBATCH_MEM_PER_NODE", "7"}, {"SBATCH_ARRAY_INX", "1-3"}};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!strcmp (table[i][0], name))
            return table[i][1];
    return NULL;
}

static const char *bad_env (const char *name)
{
    return strcmp (name, "SBATCH_BATCH") ? NULL : "r";
}

START_TEST (environment_then_script_then_command_line)
{
    _cleanup_submit_ struct submit s;
    _cleanup_err_ struct err err = ERR_INIT;
    static const char script[] = "#SBATCH -t 6 --mem=8\n";
    int index;

    start (&s);
    ck_assert_int_eq (options_parse_env (&s, good_env, &err), 0);
    ck_assert_int_eq (options_parse_script (&s, script, strlen (script), &err), 0);
    ck_parsed (&s, WORDS ("-t", "7"), &index);
    ck_assert_str_eq (s.spec.partition, "env");
    ck_assert_uint_eq (s.spec.time_limit_s, 420);
    ck_assert_uint_eq (s.spec.mem_per_node_mb, 8);
    ck_assert_uint_eq (s.spec.array[0]->last, 3);
    ck_assert (s.spec.requeue && !s.spec.account);
    ck_assert_int_eq (s.flags.verbose, 3);
    ck_assert_str_eq (s.flags.submit_key, "k");
}
END_TEST

START_TEST (a_refusal_names_the_variable)
{
    _cleanup_submit_ struct submit s;
    _cleanup_err_ struct err err = ERR_INIT;

    start (&s);
    ck_assert_int_eq (options_parse_env (&s, bad_env, &err), -1);
    ck_assert_str_eq (err.why, "SBATCH_BATCH in the environment: --batch is known, not available yet");
    ck_assert_ptr_nonnull (strstr (err.fix, "or unset SBATCH_BATCH"));
}
END_TEST

/* --- the table -------------------------------------------------------------------------------------------------------
 */

static char *printed (void (*print) (FILE *out))
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream (&text, &len);

    ck_assert_ptr_nonnull (f);
    print (f);
    ck_assert_int_eq (fclose (f), 0);
    return text;
}

static void print_help (FILE *out)
{
    options_help (out, "sbatch");
}

START_TEST (every_row_is_whole_and_every_listing_has_it)
{
    _cleanup_free_ char *help = printed (print_help);
    _cleanup_free_ char *page = printed (options_document);
    _cleanup_free_ char *complete = printed (options_complete);
    size_t n;
    const struct option_row *rows = option_rows (&n);

    ck_assert_uint_eq (n, 109); /* a row that comes or goes is counted here, too */
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *name = xasprintf ("--%s", rows[i].name);
        ck_assert_msg ((rows[i].apply != NULL) == (rows[i].status == OPT_HONOURED), "%s", name);
        ck_assert_msg ((rows[i].value != NULL) == (rows[i].arg != ARG_NONE), "%s", name);
        ck_assert_msg (i == 0 || strcmp (rows[i - 1].name, rows[i].name) < 0, "%s", name);
        ck_assert_msg (strstr (help, name) && strstr (page, name), "%s", name);
        ck_assert_msg (!strstr (complete, name) <= (rows[i].status == OPT_REFUSED), "%s", name);
        for (size_t j = 0; j < i; j++)
            ck_assert_msg (!rows[i].letter || rows[i].letter != rows[j].letter, "%s", name);
    }
}
END_TEST

START_TEST (suggestions)
{
    _cleanup_free_ char *near = option_suggest ("--job-nmae");
    _cleanup_free_ char *far = option_suggest ("zzzzzzzzzz");

    ck_assert_str_eq (near, "--job-name");
    ck_assert_ptr_null (far);
}
END_TEST

SUITE ("options", the_four_ways_to_write_a_value, absent_is_absent, optional_values_need_the_equals_sign, abbreviations,
       what_is_not_an_option_is_said_as_getopt_does, what_would_change_the_job_and_cannot_be_done_is_refused,
       harmless_options_leave_no_trace, threads_of_a_core, bad_values, a_submit_key_has_at_most_255_characters,
       times_and_sizes, arrays_stay_ranges, bad_arrays, dependencies, bad_dependencies_in_the_words_clients_match,
       empty_words_mean_not_asked, the_rest_of_the_words, script_lines, script_refusals_name_the_line,
       scripts_without_a_last_newline_or_with_zero_bytes, environment_then_script_then_command_line,
       a_refusal_names_the_variable, every_row_is_whole_and_every_listing_has_it, suggestions)
