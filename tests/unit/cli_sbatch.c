#include <string.h>
#include <unistd.h>
#include "suite.h"
#include "base/cleanup.h"
#include "base/files.h"
#include "sbatch_env.h"
#include "sbatch_script.h"
#include "sbatch_wait.h"

static char *const environment[] = {"PATH=/bin",
                                    "HOME=/home/a",
                                    "FOO=one\ntwo=\"x\"",
                                    "SLURM_CONF=7",
                                    "SPANK_X=1",
                                    "BASH_FUNC_f%%=() { echo; }",
                                    "EMPTY=",
                                    "FOOT=no",
                                    "SLURMY=later",
                                    NULL};

/* The blob with its NULs as '|'. */
static char *build (const char *mode, const char *file, size_t file_len)
{
    struct buf blob = BUF_INIT;
    struct err err = ERR_INIT;

    ck_assert_int_eq (env_build (&blob, environment, mode, file, file_len, &err), 0);
    for (size_t i = 0; i < blob.len; i++)
        if (blob.data[i] == '\0')
            blob.data[i] = '|';
    return buf_steal (&blob);
}

#define ck_env(mode, expected)                                                                                         \
    do {                                                                                                               \
        _cleanup_free_ char *got = build (mode, NULL, 0);                                                              \
        ck_assert_str_eq (got, expected);                                                                              \
    } while (0)

#define EVERYTHING                                                                                                     \
    "PATH=/bin|HOME=/home/a|FOO=one\ntwo=\"x\"|SLURM_CONF=7|SPANK_X=1|BASH_FUNC_f%%=() { echo; }|EMPTY=|FOOT=no|"      \
    "SLURMY=later|"

START_TEST (all_is_the_default_and_byte_exact)
{
    ck_env (NULL, EVERYTHING);
    ck_env ("ALL", EVERYTHING);
    ck_env ("all", EVERYTHING);
}
END_TEST

START_TEST (none_leaves_slurm_variables)
{
    ck_env ("NONE", "SLURM_CONF=7|SPANK_X=1|");
    ck_env ("nil", "SLURM_CONF=7|SPANK_X=1|");
}
END_TEST

START_TEST (a_list_mixes_names_and_definitions)
{
    ck_env ("FOO,HOME,NOSUCH", "SLURM_CONF=7|SPANK_X=1|FOO=one\ntwo=\"x\"|HOME=/home/a|");
    ck_env ("PATH,STAMP=a=b", "SLURM_CONF=7|SPANK_X=1|PATH=/bin|STAMP=a=b|");
    ck_env ("A='x,y',B=\"1,2\",C=it's,D=", "SLURM_CONF=7|SPANK_X=1|A=x,y|B=1,2|C=it's,D=|");
    ck_env ("SLURM_CONF=8", "SPANK_X=1|SLURM_CONF=8|");
    ck_env (",,", "SLURM_CONF=7|SPANK_X=1|");
}
END_TEST

START_TEST (definitions_win_wherever_all_stands)
{
    static const char expected[] = "PATH=/bin|FOO=one\ntwo=\"x\"|SLURM_CONF=7|SPANK_X=1|BASH_FUNC_f%%=() { echo; }|"
                                   "EMPTY=|FOOT=no|SLURMY=later|HOME=/x|";

    ck_env ("ALL,HOME=/x", expected);
    ck_env ("HOME=/x,ALL", expected);
}
END_TEST

START_TEST (a_file_of_definitions_wins_and_is_checked)
{
    static const char file[] = "HOME=/y\0NEW=a\nb";
    struct buf blob = BUF_INIT;
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_free_ char *got = build ("HOME=/x", file, sizeof file - 1);

    ck_assert_str_eq (got, "SLURM_CONF=7|SPANK_X=1|HOME=/y|NEW=a\nb|");
    ck_assert_int_eq (env_build (&blob, environment, NULL, "no definition", 13, &err), -1);
    ck_assert_ptr_nonnull (err.fix);
}
END_TEST

START_TEST (what_a_surrounding_job_was_told_stays_behind)
{
    static char *const inside[] = {"SLURM_JOB_ID=7",
                                   "SLURM_NTASKS=64",
                                   "SLURM_CONF=/c",
                                   "CUDA_VISIBLE_DEVICES=0",
                                   "SLURM_ARRAY_TASK_ID=5",
                                   "A=1",
                                   NULL};
    static char *const outside[] = {"SLURM_NTASKS=64", "CUDA_VISIBLE_DEVICES=0", "SBATCH_SUBMIT_KEY=k", NULL};
    static const struct {
        char *const *environment;
        const char *mode, *expected;
        size_t len;
    } cases[] = {
        {inside, NULL, "SLURM_CONF=/c\0CUDA_VISIBLE_DEVICES=0\0A=1", 41},
        {inside, "NONE", "SLURM_CONF=/c", 14},
        {inside, "SLURM_NTASKS", "SLURM_CONF=/c\0SLURM_NTASKS=64", 30},
        {outside, NULL, "SLURM_NTASKS=64\0CUDA_VISIBLE_DEVICES=0", 39},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        _cleanup_buf_ struct buf blob = BUF_INIT;
        struct err err = ERR_INIT;

        ck_assert_int_eq (env_build (&blob, cases[i].environment, cases[i].mode, NULL, 0, &err), 0);
        ck_assert_uint_eq (blob.len, cases[i].len);
        ck_assert_mem_eq (blob.data, cases[i].expected, blob.len);
    }
}
END_TEST

START_TEST (what_belongs_to_the_login_session_stays_there)
{
    static char *const login[] = {"SSH_AUTH_SOCK=/tmp/s",
                                  "XDG_SESSION_ID=4",
                                  "XDG_SESSIONS=kept",
                                  "XDG_DATA_HOME=/d",
                                  "DBUS_SESSION_BUS_ADDRESS=unix:x",
                                  "DISPLAY=:0",
                                  "SSH_ASKPASS=/a",
                                  NULL};
    static const struct {
        const char *mode, *expected;
        size_t len;
    } cases[] = {
        {NULL, "XDG_SESSIONS=kept\0XDG_DATA_HOME=/d\0DISPLAY=:0\0SSH_ASKPASS=/a", 61},
        {"SSH_AUTH_SOCK,XDG_RUNTIME_DIR=/r", "SSH_AUTH_SOCK=/tmp/s\0XDG_RUNTIME_DIR=/r", 40}, /* asked by name */
        {"ALL,SSH_AUTH_SOCK", "XDG_SESSIONS=kept\0XDG_DATA_HOME=/d\0DISPLAY=:0\0SSH_ASKPASS=/a\0SSH_AUTH_SOCK=/tmp/s",
         82},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        _cleanup_buf_ struct buf blob = BUF_INIT;
        struct err err = ERR_INIT;

        ck_assert_int_eq (env_build (&blob, login, cases[i].mode, NULL, 0, &err), 0);
        ck_assert_uint_eq (blob.len, cases[i].len);
        ck_assert_mem_eq (blob.data, cases[i].expected, blob.len);
    }
}
END_TEST

START_TEST (a_login_where_nothing_is_passed_on)
{
    ck_assert (!env_wants_login (NULL) && !env_wants_login ("ALL") && !env_wants_login ("all"));
    ck_assert (!env_wants_login ("ALL,A=1") && !env_wants_login ("A='x,ALL',all") && !env_wants_login ("NIL"));
    ck_assert (env_wants_login ("NONE") && env_wants_login ("A,B=1") && env_wants_login ("A='ALL,B'"));
}
END_TEST

START_TEST (a_definition_needs_a_name)
{
    struct buf blob = BUF_INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_int_eq (env_build (&blob, environment, "ALL,=x", NULL, 0, &err), -1);
    ck_assert_uint_eq (blob.len, 0);
}
END_TEST

static void refused (const char *text, size_t len, const char *words)
{
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_int_eq (script_check (text, len, &err), -1);
    ck_assert_msg (strstr (err.why, words), "\"%s\" lacks \"%s\"", err.why, words);
}

START_TEST (what_is_no_script_is_refused_in_slurms_words)
{
    refused ("", 0, "Batch script is empty!");
    refused (" \n\t\n", 4, "contains only whitespace!");
    refused ("echo\n", 5, "This does not look like a batch script.");
    refused ("#", 1, "This does not look like a batch script.");
    refused ("#!/bin/sh\r\necho\r\n", 17, "DOS line breaks");
    refused ("#!/bin/sh\n\0", 11, "NULL character");
    ck_assert_int_eq (script_check ("#!/bin/sh", 9, NULL), 0);
    ck_assert_int_eq (script_check ("#!/bin/sh\necho 'a\rb'\n", 21, NULL), 0);
}
END_TEST

START_TEST (a_bare_name_is_here_first_then_on_the_path)
{
    char dir[] = "/tmp/moisson-script-XXXXXX";
    _cleanup_free_ char *path = NULL, *search = NULL;
    struct script script = {0};
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_ptr_nonnull (mkdtemp (dir));
    ck_assert_int_ge (asprintf (&path, "%s/only-there.sh", dir), 0);
    ck_assert_int_ge (asprintf (&search, "/nonexistent::%s", dir), 0);
    ck_assert_int_eq (file_write (path, "#!/bin/sh\n", 10, 0600, 0, &err), 0);
    ck_assert_int_eq (script_load (&script, "only-there.sh", "/here", search, &err), 0);
    ck_assert_str_eq (script.command, path);
    ck_assert_str_eq (script.name, "only-there.sh");
    ck_assert_uint_eq (script.len, 10);
    script_clear (&script);
    ck_assert_int_eq (script_load (&script, "only-there.sh", "/here", NULL, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "Unable to open file only-there.sh"));
    ck_assert_int_eq (dir_remove (dir), 0);
}
END_TEST

START_TEST (wrap_makes_a_shell_script)
{
    struct script script = {0};

    script_wrap (&script, "hostname; date");
    ck_assert_int_eq (script_check (script.text, script.len, NULL), 0);
    ck_assert_int_eq (strncmp (script.text, "#!/bin/sh\n", 10), 0);
    ck_assert_ptr_nonnull (strstr (script.text, "\nhostname; date\n"));
    ck_assert_str_eq (script.name, "wrap");
    ck_assert_ptr_null (script.command);
    script_clear (&script);
}
END_TEST

START_TEST (wait_gives_the_jobs_code_or_one)
{
    ck_assert_int_eq (wait_status (MOISSON__JOB_STATE__STATE_COMPLETED, 0, 0), 0);
    ck_assert_int_eq (wait_status (MOISSON__JOB_STATE__STATE_FAILED, 7, 0), 7);
    ck_assert_int_eq (wait_status (MOISSON__JOB_STATE__STATE_FAILED, 0, 9), 1);
    ck_assert_int_eq (wait_status (MOISSON__JOB_STATE__STATE_TIMEOUT, 0, 0), 1);
    ck_assert_int_eq (wait_status (MOISSON__JOB_STATE__STATE_CANCELLED, 0, 15), 1);
    ck_assert_int_eq (wait_status (MOISSON__JOB_STATE__STATE_FAILED, 4096, 0), 255);
}
END_TEST

SUITE ("sbatch", all_is_the_default_and_byte_exact, none_leaves_slurm_variables, a_list_mixes_names_and_definitions,
       definitions_win_wherever_all_stands, a_file_of_definitions_wins_and_is_checked,
       what_a_surrounding_job_was_told_stays_behind, what_belongs_to_the_login_session_stays_there,
       a_login_where_nothing_is_passed_on, a_definition_needs_a_name, what_is_no_script_is_refused_in_slurms_words,
       a_bare_name_is_here_first_then_on_the_path, wrap_makes_a_shell_script, wait_gives_the_jobs_code_or_one)
