/* The pure parts of srun: options, what it can do in which job, environment, labels, words. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"
#include "srun.h"
#include "suite.h"

static struct srun_job job = {.id = 7, .attempt = 1, .cpus = 4, .nodes = 1, .node = "n1", .spool = "/nowhere"};

static int parse (struct srun_options *o, char **argv, int *ret_index, struct err *err)
{
    int argc = 0;

    *o = (struct srun_options){0};
    while (argv[argc])
        argc++;
    return srun_options_parse (o, argc, argv, ret_index, err);
}
#define PARSE(o, ret_index, err, ...) parse (o, (char *[]){(char *) "srun", __VA_ARGS__, NULL}, ret_index, err)

/* Why this is refused; "" where it is not. The caller frees it. */
static char *refusal (char **argv)
{
    _cleanup_ (srun_options_clear) struct srun_options o;
    _cleanup_err_ struct err err = ERR_INIT;
    int index;

    if (parse (&o, argv, &index, &err) == 0 && srun_job_admits (&job, &o, &err) == 0)
        return xstrdup ("");
    ck_assert_ptr_nonnull (err.why);
    ck_assert_ptr_nonnull (err.fix);
    return xstrdup (err.why);
}

static void refused (const char *words, char **argv)
{
    _cleanup_free_ char *why = refusal (argv);

    ck_assert_msg (*words ? strstr (why, words) != NULL : !*why, "\"%s\", not \"%s\"", why, words);
}
#define REFUSED(words, ...) refused (words, (char *[]){(char *) "srun", __VA_ARGS__, (char *) "true", NULL})
#define ADMITTED(...) REFUSED ("", __VA_ARGS__)

START_TEST (options_end_where_the_command_begins)
{
    struct srun_options o;
    int index = 0;

    ck_assert_int_eq (PARSE (&o, &index, NULL, "-n1", "--cpu-bind=q", "--cpus-per-task=2", "sh", "-c", "x", "--label"),
                      0);
    ck_assert_int_eq (index, 4);
    ck_assert_uint_eq (o.tasks, 1);
    ck_assert_uint_eq (o.cpus, 2);
    ck_assert (!o.label && !o.unbound);
    srun_options_clear (&o);
    ck_assert_int_eq (PARSE (&o, &index, NULL, "-l", "--input", "none", "-J", "a b", "--", "-odd", "-l"), 0);
    ck_assert_int_eq (index, 7);
    ck_assert (o.label);
    ck_assert_str_eq (o.input, "none");
    ck_assert_str_eq (o.name, "a b");
    srun_options_clear (&o);
    ck_assert_int_eq (PARSE (&o, &index, NULL, "--cpu-bind=none", "--exclusive", "-t", "1:30", "--overlap", "x"), 0);
    ck_assert (o.unbound && o.exact && o.overlap);
    ck_assert_uint_eq (o.time_s, 90);
    srun_options_clear (&o);
}
END_TEST

START_TEST (what_clients_write_is_accepted)
{
    ADMITTED ("-n1", "-N1");
    ADMITTED ("--ntasks=1", "--nodes=1", "--overlap");
    ADMITTED ("--nodelist=n1", "-N", "1", "-n", "1", "--input", "none"); /* Hydra */
    ADMITTED ("--external-launcher", "--ntasks-per-node=1", "--kill-on-bad-exit", "--mpi=none", "--cpu-bind=none",
              "--jobid=7", "--nodes=1", "--nodelist=n1", "--ntasks=1"); /* PRRTE */
    ADMITTED ("--exclusive", "--nodes", "1", "-l");                     /* Parsl */
    ADMITTED ("-l", "-k");                                              /* DIRAC */
    ADMITTED ("-K0", "-u", "--mem=10", "-p", "main", "-A", "us", "--exact", "-c4", "-r0", "--cpu-bind=v,cores");
    ADMITTED ("-N1-4", "-n1");
}
END_TEST

START_TEST (what_comes_later_says_so)
{
    REFUSED (SRUN_LATER, "-n2");
    REFUSED (SRUN_LATER, "--ntasks-per-node=4");
    REFUSED (SRUN_LATER, "--nodelist=n2");
    REFUSED (SRUN_LATER, "--nodelist=n[1-2]");
    REFUSED (SRUN_LATER, "--jobid=8");
    REFUSED (SRUN_LATER, "--pty");
    REFUSED (SRUN_LATER, "--multi-prog");
    REFUSED (SRUN_LATER, "--mpi=pmix");
    REFUSED ("2 nodes asked, the job has 1", "-N2");
    REFUSED ("More processors requested than permitted", "-c5");
    REFUSED ("Invalid --cpu-bind argument: foo", "--cpu-bind=foo");
    REFUSED ("--ntasks", "-n0");
    REFUSED ("--open-mode", "--open-mode=x");
    job.nodes = 2;
    REFUSED (SRUN_LATER, "-c1"); /* a task on each node */
    REFUSED (SRUN_LATER, "-N2", "-n1");
    ADMITTED ("-n1");
    ADMITTED ("-N1");
    job.nodes = 1;
}
END_TEST

START_TEST (tasks_of_the_job_are_those_of_the_step)
{
    setenv ("SLURM_NTASKS", "4", 1);
    REFUSED ("4 tasks asked", "-c1");
    ADMITTED ("-n1");
    unsetenv ("SLURM_NTASKS");
    setenv ("SLURM_NTASKS_PER_NODE", "2", 1);
    REFUSED ("2 tasks asked", "-c1");
    unsetenv ("SLURM_NTASKS_PER_NODE");
}
END_TEST

START_TEST (outside_a_job_there_is_none)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct srun_job found;

    ck_assert_int_eq (srun_job_find (&found, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, SRUN_LATER));
    setenv ("SLURM_JOB_ID", "7", 1);
    ck_assert_int_eq (srun_job_find (&found, &err), -1);
    setenv ("MOISSON_ATTEMPT", "8.1", 1); /* of another */
    setenv ("MOISSON_SPOOL", "/nowhere", 1);
    ck_assert_int_eq (srun_job_find (&found, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "does not run here"));
    setenv ("MOISSON_ATTEMPT", "7.1", 1);
    ck_assert_int_eq (srun_job_find (&found, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "it has ended"));
    unsetenv ("SLURM_JOB_ID");
    unsetenv ("MOISSON_ATTEMPT");
    unsetenv ("MOISSON_SPOOL");
}
END_TEST

/* --- environment ----------------------------------------------------------------------------------------------------
 */

static const char *value (char **env, const char *name)
{
    const char *found = NULL;

    for (; *env; env++)
        if (!strncmp (*env, name, strlen (name)) && (*env)[strlen (name)] == '=') {
            ck_assert_ptr_null (found); /* each once */
            found = *env + strlen (name) + 1;
        }
    return found;
}

static char **make (char **argv, struct err *err)
{
    static char *const from[] = {(char *) "PATH=/bin",
                                 (char *) "A=1",
                                 (char *) "B=2",
                                 (char *) "SLURM_JOB_ID=7",
                                 (char *) "SLURM_NTASKS=9",
                                 (char *) "CUDA_VISIBLE_DEVICES=0,2,5",
                                 NULL};
    _cleanup_ (srun_options_clear) struct srun_options o;
    const struct srun_step step = {.id = 3, .text = "3", .lock_fd = -1};
    int index;

    ck_assert_int_eq (parse (&o, argv, &index, err), 0);
    return srun_env_make (&job, &step, &o, from, err);
}
#define MAKE(...) make ((char *[]){(char *) "srun", __VA_ARGS__, (char *) "x", NULL}, NULL)

START_TEST (a_task_knows_its_step)
{
    char **env = MAKE ("-c2");

    ck_assert_str_eq (value (env, "SLURM_STEP_ID"), "3");
    ck_assert_str_eq (value (env, "SLURM_STEPID"), "3");
    ck_assert_str_eq (value (env, "SLURM_PROCID"), "0");
    ck_assert_str_eq (value (env, "SLURM_LOCALID"), "0");
    ck_assert_str_eq (value (env, "SLURM_NODEID"), "0");
    ck_assert_str_eq (value (env, "SLURM_NTASKS"), "1");
    ck_assert_str_eq (value (env, "SLURM_NPROCS"), "1");
    ck_assert_str_eq (value (env, "SLURM_STEP_NUM_TASKS"), "1");
    ck_assert_str_eq (value (env, "SLURM_STEP_NODELIST"), "n1");
    ck_assert_str_eq (value (env, "SLURM_CPUS_PER_TASK"), "2");
    ck_assert_str_eq (value (env, "SLURM_JOB_ID"), "7");
    ck_assert_str_eq (value (env, "A"), "1");
    srun_env_pid (env, 123);
    ck_assert_str_eq (value (env, "SLURM_TASK_PID"), "123");
    srun_env_free (env);
}
END_TEST

START_TEST (export_chooses)
{
    char **env = MAKE ("--export=NONE");

    ck_assert_ptr_null (value (env, "A"));
    ck_assert_str_eq (value (env, "SLURM_JOB_ID"), "7");
    srun_env_free (env);
    env = MAKE ("--export=ALL,A=5,C=6");
    ck_assert_str_eq (value (env, "A"), "5");
    ck_assert_str_eq (value (env, "C"), "6");
    ck_assert_str_eq (value (env, "B"), "2");
    srun_env_free (env);
    env = MAKE ("--export=B,C=x y");
    ck_assert_str_eq (value (env, "B"), "2");
    ck_assert_str_eq (value (env, "C"), "x y");
    ck_assert_ptr_null (value (env, "A"));
    ck_assert_ptr_null (value (env, "PATH"));
    srun_env_free (env);
}
END_TEST

START_TEST (gpus_of_the_job_are_shared_out)
{
    static char *const words[][2] = {
        {(char *) "--gpus=2", (char *) "0,2"},       {(char *) "--gpus=0", (char *) ""},
        {(char *) "--gres=none", (char *) ""},       {(char *) "--gres=gpu:a100:1", (char *) "0"},
        {(char *) "--gres=gpu", (char *) "0"},       {(char *) "-G3", (char *) "0,2,5"},
        {(char *) "--gres=disk:9", (char *) "0,2,5"}};
    _cleanup_err_ struct err err = ERR_INIT;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char **env = MAKE (words[i][0]);
        ck_assert_str_eq (value (env, "CUDA_VISIBLE_DEVICES"), words[i][1]);
        srun_env_free (env);
    }
    ck_assert_ptr_null (make ((char *[]){(char *) "srun", (char *) "--gpus=4", (char *) "x", NULL}, &err));
    ck_assert_ptr_nonnull (strstr (err.why, "4 GPUs asked, the job has 3"));
}
END_TEST

/* --- numbers and CPUs -----------------------------------------------------------------------------------------------
 */

START_TEST (numbers_rise_and_cpus_are_shared_out)
{
    char dir[] = "/tmp/srun-XXXXXX";
    struct srun_options exact = {.exact = true, .cpus = 2, .quiet = true}, shared = {.cpus = 3};
    struct srun_step steps[4];

    ck_assert_ptr_nonnull (mkdtemp (dir));
    job.scratch = dir;
    for (uint32_t i = 0; i < 4; i++) {
        srun_step_number (&job, &steps[i]);
        ck_assert_uint_eq (steps[i].id, i);
    }
    ck_assert_int_eq (srun_step_cpus (&job, &exact, &steps[0], NULL), 0);
    ck_assert_int_eq (srun_step_cpus (&job, &exact, &steps[1], NULL), 0);
    ck_assert_int_eq (srun_step_cpus (&job, &shared, &steps[2], NULL), 0); /* does not wait */
    ck_assert_uint_eq (steps[2].cpus, 3);
    srun_step_clear (&steps[0]);
    srun_step_clear (&steps[2]);
    ck_assert_int_eq (srun_step_cpus (&job, &exact, &steps[3], NULL), 0); /* now there is room again */
    for (int i = 0; i < 4; i++)
        srun_step_clear (&steps[i]);
    ck_assert_int_eq (dir_remove (dir), 0);
    job.scratch = "/nowhere/at/all";
    srun_step_number (&job, &steps[0]); /* a number all the same */
    ck_assert_uint_ge (steps[0].id, 1u << 30);
    job.scratch = NULL;
}
END_TEST

/* --- what is written ------------------------------------------------------------------------------------------------
 */

START_TEST (lines_get_labels)
{
    struct srun_lines l = {.from = -1};
    _cleanup_buf_ struct buf out = BUF_INIT;

    srun_label (&l, "a\nb", 3, &out);
    srun_label (&l, "c\n\n", 3, &out);
    srun_label (&l, "end", 3, &out);
    ck_assert_str_eq (buf_str (&out), "0: a\n0: bc\n0: \n0: end");
}
END_TEST

static void ends (int status, int code, const char *words)
{
    _cleanup_free_ char *said = srun_end_words (status);

    ck_assert_int_eq (srun_end_code (status), code);
    if (words)
        ck_assert_str_eq (said, words);
    else
        ck_assert_ptr_null (said);
}

START_TEST (ends_in_slurms_words)
{
    ends (0, 0, NULL);
    ends (3 << 8, 3, "Exited with exit code 3");
    ends (SIGKILL, 137, "Killed");
    ends (SIGTERM, 143, "Terminated");
    ends (SIGSEGV | 0x80, 139, "Segmentation fault (core dumped)");
}
END_TEST

SUITE ("srun", options_end_where_the_command_begins, what_clients_write_is_accepted, what_comes_later_says_so,
       tasks_of_the_job_are_those_of_the_step, outside_a_job_there_is_none, a_task_knows_its_step, export_chooses,
       gpus_of_the_job_are_shared_out, numbers_rise_and_cpus_are_shared_out, lines_get_labels, ends_in_slurms_words)
