/* Lists, environments and output of site programs. */
#include "base/programs.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "suite.h"

static void make (const char *dir, const char *name, const char *text)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", dir, name);
    FILE *f = fopen (path, "w");

    ck_assert_ptr_nonnull (f);
    ck_assert_int_ge (fputs (text, f), 0);
    ck_assert_int_eq (fclose (f), 0);
    ck_assert_int_eq (chmod (path, 0755), 0);
}

static void remove_all (const char *dir)
{
    _cleanup_free_ char *command = xasprintf ("rm -r %s", dir);

    ck_assert_int_eq (system (command), 0);
}

START_TEST (paths_are_absolute_and_patterns_come_last)
{
    static const struct {
        const char *list;
        int rc;
    } cases[] = {{"", 0},          {"/bin/true", 0}, {"/a/b /c/*", 0}, {" /a ", 0},
                 {"relative", -1}, {"/a b", -1},     {"/a/", -1},      {"/a/*/b", -1}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        _cleanup_err_ struct err err = ERR_INIT;
        ck_assert_msg (programs_check (cases[i].list, &err) == cases[i].rc, "'%s'", cases[i].list);
        ck_assert_int_eq (err_is_set (&err), cases[i].rc != 0);
    }
}
END_TEST

START_TEST (a_pattern_is_its_files_in_order)
{
    char dir[] = "/tmp/moisson-programs-XXXXXX";
    _cleanup_programs_ struct program_list list = {0};

    ck_assert_ptr_nonnull (mkdtemp (dir));
    make (dir, "20-b", "");
    make (dir, "10-a", "");
    make (dir, ".dot", "");
    _cleanup_free_ char *sub = xasprintf ("%s/05-folder", dir), *words = xasprintf ("/first %s/* /last", dir);
    ck_assert_int_eq (mkdir (sub, 0755), 0);
    programs_add (&list, words);
    ck_assert_uint_eq (list.n, 4);
    ck_assert_str_eq (list.paths[0], "/first"); /* what is no pattern is tried, there or not */
    ck_assert_str_eq (strrchr (list.paths[1], '/'), "/10-a");
    ck_assert_str_eq (strrchr (list.paths[2], '/'), "/20-b");
    ck_assert_str_eq (list.paths[3], "/last");
    programs_add (&list, "/no/such/folder/*");
    ck_assert_uint_eq (list.n, 4);
    remove_all (dir);
}
END_TEST

/* Runs it to its end; its wait status. */
static int run (const char *path, const struct program_env *env, struct program_output *out)
{
    _cleanup_err_ struct err err = ERR_INIT;
    int write_fd, status;
    pid_t pid;

    ck_assert_int_eq (program_output_open (out, &write_fd, &err), 0);
    ck_assert_int_eq (program_spawn (&pid, path, NULL, env, write_fd, &err), 0);
    ck_assert_int_eq (close (write_fd), 0);
    struct pollfd fd = {out->fd, POLLIN};
    do
        ck_assert_int_ge (poll (&fd, 1, -1), 0);
    while (program_output_read (out, "test"));
    ck_assert_int_eq (waitpid (pid, &status, 0), pid);
    program_output_close (out, "test");
    return status;
}

START_TEST (it_has_an_environment_of_its_own_and_its_last_line_counts)
{
    char dir[] = "/tmp/moisson-programs-XXXXXX";
    _cleanup_program_env_ struct program_env env = {0};
    struct program_output out;

    ck_assert_ptr_nonnull (mkdtemp (dir));
    ck_assert_int_eq (setenv ("SECRET", "x", 1), 0);
    make (
        dir, "p",
        "#!/bin/sh\necho first\nprintf 'a\\tb [%s] [%s] %s %s\\n\\n' \"$SECRET\" \"$GIVEN\" \"$(pwd)\" \"$(cat)\" >&2\n"
        "[ \"$(ps -o sid= $$ | tr -d ' ')\" = $$ ] || exit 9\nexit 3\n");
    _cleanup_free_ char *path = xasprintf ("%s/p", dir);
    program_env_begin (&env);
    program_env_setf (&env, "GIVEN", "%d", 7);
    program_env_set (&env, "ABSENT", NULL);
    int status = run (path, &env, &out);
    _cleanup_free_ char *words = program_words (status);
    ck_assert_str_eq (words, "exited with code 3");
    ck_assert_str_eq (out.last, "a b [] [7] / ");
    remove_all (dir);
}
END_TEST

START_TEST (what_cannot_be_started_says_so)
{
    _cleanup_program_env_ struct program_env env = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    pid_t pid;

    program_env_begin (&env);
    ck_assert_int_eq (program_spawn (&pid, "/no/such/program", NULL, &env, -1, &err), -1);
    ck_assert_str_eq (err.why, "cannot start /no/such/program: No such file or directory");
}
END_TEST

/* The kernel would not start the program, for a word that a user may have chosen. */
START_TEST (no_value_is_too_long_to_start_it)
{
    char dir[] = "/tmp/moisson-programs-XXXXXX";
    _cleanup_program_env_ struct program_env env = {0};
    _cleanup_free_ char *value = xmalloc (200001);
    struct program_output out;

    memset (value, 'x', 200000);
    value[200000] = '\0';
    ck_assert_ptr_nonnull (mkdtemp (dir));
    make (dir, "p", "#!/bin/sh\necho ${#LONG}\n");
    _cleanup_free_ char *path = xasprintf ("%s/p", dir);
    program_env_begin (&env);
    program_env_set (&env, "LONG", value);
    ck_assert_int_eq (run (path, &env, &out), 0);
    ck_assert_str_eq (out.last, "65536");
    remove_all (dir);
}
END_TEST

START_TEST (long_lines_are_cut_and_the_last_one_needs_no_end)
{
    char dir[] = "/tmp/moisson-programs-XXXXXX";
    _cleanup_program_env_ struct program_env env = {0};
    struct program_output out;

    ck_assert_ptr_nonnull (mkdtemp (dir));
    make (dir, "p", "#!/bin/sh\nhead -c 5000 /dev/zero | tr '\\0' x\necho\nprintf end\nkill -9 $$\n");
    _cleanup_free_ char *path = xasprintf ("%s/p", dir);
    program_env_begin (&env);
    int status = run (path, &env, &out);
    _cleanup_free_ char *words = program_words (status);
    ck_assert_str_eq (words, "was ended by signal 9");
    ck_assert_str_eq (out.last, "end");
    remove_all (dir);
}
END_TEST

SUITE ("programs", paths_are_absolute_and_patterns_come_last, a_pattern_is_its_files_in_order,
       it_has_an_environment_of_its_own_and_its_last_line_counts, what_cannot_be_started_says_so,
       no_value_is_too_long_to_start_it, long_lines_are_cut_and_the_last_one_needs_no_end)
