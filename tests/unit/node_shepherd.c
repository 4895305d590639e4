/* The built moisson-shepherd, in a spool of its own: what jobs do, and what is left of them. */
#include "node_fixture.h"
#include "nodeagent/setup.h"
#include "suite.h"

#define SH "#!/bin/sh\n"

START_TEST (exit_code_output_and_usage)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    fixture_run (&f, SH "echo out; echo err >&2; exit 3\n", &st);
    ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_EXITED);
    ck_assert_uint_eq (st.code, 3);
    ck_assert_uint_eq (st.signal, 0);
    ck_assert_uint_gt (st.start_us, 0);
    ck_assert_uint_ge (st.end_us, st.start_us);
    ck_assert_uint_gt (st.wall_us, 0);
    ck_assert_uint_gt (st.max_rss_kb, 100);
    ck_assert_uint_eq (strlen (st.boot), 36);
    _cleanup_free_ char *out = fixture_read (&f, "slurm-7.out");
    ck_assert_str_eq (out, "out\nerr\n");
    fixture_close (&f);
}
END_TEST

START_TEST (death_by_signal)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    fixture_run (&f, SH "kill -SEGV $$\n", &st);
    ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_EXITED);
    ck_assert_uint_eq (st.code, 0);
    ck_assert_uint_eq (st.signal, SIGSEGV);
    fixture_close (&f);
}
END_TEST

START_TEST (cpu_time_of_descendants_counts)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    fixture_run (&f, SH "sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'\n", &st);
    ck_assert_uint_gt (st.cpu_user_us + st.cpu_sys_us, 20000);
    fixture_close (&f);
}
END_TEST

START_TEST (arguments_environment_and_stdin)
{
    static const char env[] = "KEEP=a b\0TWICE=user\0PATH=/usr/bin:/bin";
    _cleanup_status_ struct status st = STATUS_INIT;
    char *extra[] = {(char *) "SLURM_JOB_ID=7", (char *) "TWICE=controller"};
    char *args[] = {(char *) "one", (char *) "two words"};
    struct fixture f;

    fixture_open (&f);
    f.order.extra_env = extra;
    f.order.n_extra_env = 2;
    f.order.home = (char *) "/home/tester";
    f.spec.script_args = args;
    f.spec.n_script_args = 2;
    f.launch.gpu_ids = (char *) "0,3";
    f.launch.cpu_ids = (char *) "4-5";
    fixture_start (&f,
                   SH "echo \"$1|$2|$#|$KEEP|$TWICE|$HOME|$USER|$CUDA_VISIBLE_DEVICES|$MOISSON_CPU_IDS\"\n"
                      "echo \"$MOISSON_ATTEMPT|$SLURM_CONF|$SLURM_JOB_ID\"\n"
                      "[ $SLURM_TASK_PID = $$ ] && echo same-pid\n"
                      "cat; umask\n"
                      "[ \"$(ls /proc/$$/fd | tr -d '\\n')\" = 012255 ] || ls /proc/$$/fd\n",
                   env, sizeof env - 1);
    ck_assert_int_eq (fixture_wait (&f), 0);
    fixture_status (&f, &st);
    _cleanup_free_ char *out = fixture_read (&f, "slurm-7.out");
    ck_assert_ptr_nonnull (strstr (out, "one|two words|2|a b|controller|/home/tester|tester|0,3|4-5\n"));
    ck_assert_ptr_nonnull (strstr (out, "7.1|/etc/conf-of-test|7\nsame-pid\n0022\n"));
    fixture_close (&f);
}
END_TEST

START_TEST (no_fd_no_mask_and_no_ignored_signal_is_inherited)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    fixture_run (&f,
                 /* no pipe here: it would be an fd of the shell for a moment */
                 SH "for fd in 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$fd ] && readlink /proc/$$/fd/$fd; done\n"
                    "grep -E 'SigBlk|SigIgn' /proc/self/status\n",
                 &st);
    _cleanup_free_ char *out = fixture_read (&f, "slurm-7.out");
    ck_assert_str_eq (out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    fixture_close (&f);
}
END_TEST

START_TEST (streams_by_patterns)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    f.order.has_array_id = f.order.has_task = true;
    f.order.array_id = 5;
    f.order.task = 12;
    f.spec.std_out = (char *) "o-%A-%4a-%x.txt";
    f.spec.std_err = (char *) "e-%j";
    f.spec.std_in = (char *) "in";
    fixture_write (f.dir, "in", "given\n", 6, 0644);
    fixture_run (&f, SH "cat; echo bad >&2\n", &st);
    _cleanup_free_ char *out = fixture_read (&f, "o-5-0012-test.txt"), *err = fixture_read (&f, "e-7");
    ck_assert_str_eq (out, "given\n");
    ck_assert_str_eq (err, "bad\n");
    fixture_close (&f);
}
END_TEST

START_TEST (output_is_truncated_unless_append_or_restart)
{
    struct fixture f;

    fixture_open (&f);
    f.spec.std_out = (char *) "log";
    for (uint32_t i = 0; i < 3; i++) {
        _cleanup_status_ struct status st = STATUS_INIT;
        f.id.attempt = i + 1;
        f.order.has_restarts = i == 2;
        f.order.restarts = i;
        fixture_run (&f, SH "echo line\n", &st);
    }
    _cleanup_free_ char *restarted = fixture_read (&f, "log");
    ck_assert_str_eq (restarted, "line\nline\n");
    _cleanup_status_ struct status st = STATUS_INIT;
    f.id.attempt = 9;
    f.order.has_restarts = false;
    f.spec.has_open_append = f.spec.open_append = true;
    fixture_run (&f, SH "echo line\n", &st);
    _cleanup_free_ char *appended = fixture_read (&f, "log");
    ck_assert_str_eq (appended, "line\nline\nline\n");
    fixture_close (&f);
}
END_TEST

static void check_setup_failure (struct fixture *f, const char *script, const char *words)
{
    _cleanup_status_ struct status st = STATUS_INIT;

    fixture_run (f, script, &st);
    ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_SETUP);
    ck_assert_str_eq (st.cause, words);
}

START_TEST (setup_failures_in_words)
{
    struct fixture f;

    fixture_open (&f);
    f.order.work_dir = (char *) "/nonexistent/dir";
    check_setup_failure (&f, SH "true\n", "cannot change to directory /nonexistent/dir: No such file or directory");
    f.order.work_dir = f.dir;
    f.id.attempt++;
    check_setup_failure (&f, "#! /bin/nope -x\n", "bad interpreter /bin/nope: No such file or directory");
    f.id.attempt++;
    check_setup_failure (&f, "#!/bin/sh\r\ntrue\r\n",
                         "bad interpreter /bin/sh: the script has DOS line ends (fix: dos2unix)");
    f.id.attempt++;
    check_setup_failure (
        &f, "echo no first line\n",
        "cannot run the script: Exec format error (its first line must name an interpreter: #!/bin/sh)");
    f.id.attempt++;
    f.spec.std_out = (char *) "/nonexistent/x.out";
    check_setup_failure (&f, SH "true\n", "cannot open output /nonexistent/x.out: No such file or directory");
    f.id.attempt++;
    f.spec.std_out = NULL;
    f.spec.std_err = f.dir;
    _cleanup_free_ char *is_dir = xasprintf ("cannot open error output %s: Is a directory", f.dir);
    check_setup_failure (&f, SH "true\n", is_dir);
    f.id.attempt++;
    f.spec.std_err = NULL;
    f.spec.std_in = (char *) "/nonexistent/in";
    check_setup_failure (&f, SH "true\n", "cannot open input /nonexistent/in: No such file or directory");
    fixture_close (&f);
}
END_TEST

START_TEST (leftovers_and_daemons_end_with_the_script)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    fixture_run (
        &f,
        SH "sleep 1000 & echo $! >child\n"
           "(setsid sh -c 'trap \"\" TERM HUP; echo $$ >daemon; while :; do sleep 1000; done' >/dev/null 2>&1 &)\n"
           "while ! [ -s daemon ]; do :; done\n",
        &st);
    ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_EXITED);
    ck_assert_uint_eq (st.code, 0);
    ck_assert (process_is_gone (fixture_pid (&f, "child")));
    ck_assert (process_is_gone (fixture_pid (&f, "daemon")));
    fixture_close (&f);
}
END_TEST

START_TEST (a_fork_bomb_ends)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    fixture_run (&f,
                 SH "mkdir pids\n"
                    "cat >again <<'END'\n"
                    "#!/bin/sh\n"
                    "touch pids/$$; n=$1\n"
                    "while :; do [ $n -gt 0 ] && { setsid ./again $((n-1)) & }; n=$((n-1)); sleep 0.01; done\n"
                    "END\n"
                    "chmod +x again; ./again 4 & while [ $(ls pids | wc -l) -lt 8 ]; do sleep 0.01; done\n",
                 &st);
    ck_assert_uint_eq (st.code, 0);
    _cleanup_free_ char *command =
        xasprintf ("for p in $(ls %s/pids); do ! kill -0 $p 2>/dev/null || exit 1; done", f.dir);
    ck_assert_int_eq (system (command), 0);
    fixture_close (&f);
}
END_TEST

static void limit_after_start (struct fixture *f, uint64_t seconds)
{
    f->order.has_time_limit_s = true;
    f->order.time_limit_s = seconds;
}

START_TEST (time_limit_ends_a_tree_that_ignores_term)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    limit_after_start (&f, 1);
    fixture_run (&f, SH "trap '' TERM\nsleep 1000 & echo $! >child\nwhile :; do sleep 1000; done\n", &st);
    ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_TIME_LIMIT);
    ck_assert_uint_eq (st.signal, SIGKILL);
    ck_assert_uint_ge (st.wall_us, 2 * USEC_PER_SEC); /* limit and KillWait */
    ck_assert (process_is_gone (fixture_pid (&f, "child")));
    _cleanup_free_ char *out = fixture_read (&f, "slurm-7.out");
    char *at = strstr (out, "slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2");
    ck_assert_ptr_nonnull (at);
    ck_assert_ptr_nonnull (strstr (at, " DUE TO TIME LIMIT ***\n"));
    fixture_close (&f);
}
END_TEST

START_TEST (time_limit_with_a_handler_that_leaves_in_time)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    limit_after_start (&f, 1);
    f.order.kill_wait_s = 30;
    fixture_run (&f, SH "trap 'echo saved; exit 0' TERM\nwhile :; do sleep 0.05; done\n", &st);
    ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_TIME_LIMIT);
    ck_assert_uint_lt (st.wall_us, 20 * USEC_PER_SEC);
    _cleanup_free_ char *out = fixture_read (&f, "slurm-7.out");
    ck_assert_ptr_nonnull (strstr (out, "saved\n"));
    fixture_close (&f);
}
END_TEST

START_TEST (while_stopping_descendants_have_their_kill_wait)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    f.order.kill_wait_s = 30;
    fixture_start (&f,
                   SH
                   "sh -c 'trap \"sleep 0.2; echo checkpoint; exit\" TERM; touch up; while :; do sleep 0.02; done' &\n"
                   "wait\n",
                   "", 0);
    WAIT_UNTIL (fixture_has (&f, "up"));
    fixture_ctl (&f, "cancel\n");
    ck_assert_int_eq (fixture_wait (&f), 0);
    fixture_status (&f, &st);
    ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_CANCELLED);
    _cleanup_free_ char *out = fixture_read (&f, "slurm-7.out");
    ck_assert_ptr_nonnull (strstr (out, "checkpoint\n"));
    fixture_close (&f);
}
END_TEST

START_TEST (cancel_with_a_note)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    f.spec.std_err = (char *) "errors";
    fixture_start (&f, SH "touch up; while :; do sleep 1000; done\n", "", 0);
    WAIT_UNTIL (fixture_has (&f, "up"));
    fixture_ctl (&f, "note CANCELLED AT 2026-11-22T10:00:00\ncan");
    fixture_ctl (&f, "cel\n");
    ck_assert_int_eq (fixture_wait (&f), 0);
    fixture_status (&f, &st);
    ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_CANCELLED);
    ck_assert_uint_eq (st.signal, SIGTERM);
    _cleanup_free_ char *err = fixture_read (&f, "errors");
    ck_assert_str_eq (err, "slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-22T10:00:00 ***\n");
    fixture_close (&f);
}
END_TEST

START_TEST (a_machine_that_goes_down_is_no_fault_of_the_job)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;
    bool root = getuid () == 0; /* an ordinary user's TERM goes unheard */

    fixture_open (&f);
    f.order.kill_wait_s = 30;
    fixture_start (&f, SH "touch up; while :; do sleep 0.02; done\n", "", 0);
    WAIT_UNTIL (fixture_has (&f, "up"));
    ck_assert_int_eq (kill (f.shepherd, SIGTERM), 0);
    if (!root)
        fixture_ctl (&f, "cancel\n");
    ck_assert_int_eq (fixture_wait (&f), 0);
    fixture_status (&f, &st);
    ck_assert_uint_eq (st.kind, root ? MOISSON__END_KIND__END_NODE_REBOOT : MOISSON__END_KIND__END_CANCELLED);
    ck_assert_uint_eq (st.signal, SIGTERM);
    if (root)
        ck_assert_str_eq (st.cause, "the node was shut down");
    _cleanup_free_ char *out = fixture_read (&f, "slurm-7.out");
    ck_assert (root == (strstr (out, " DUE TO NODE FAILURE ***\n") != NULL));
    fixture_close (&f);
}
END_TEST

START_TEST (a_stopped_job_can_be_cancelled_and_kill_is_at_once)
{
    struct fixture f;
    const char *const commands[] = {"cancel\n", "kill\n"};

    fixture_open (&f);
    f.order.kill_wait_s = 600;
    for (int i = 0; i < 2; i++) {
        _cleanup_status_ struct status st = STATUS_INIT;
        f.id.attempt = (uint32_t) i + 1;
        fixture_start (
            &f, i ? SH "trap '' TERM; touch up1; while :; do sleep 1000; done\n" : SH "touch up0; kill -STOP $$\n", "",
            0);
        WAIT_UNTIL (fixture_has (&f, i ? "up1" : "up0"));
        fixture_ctl (&f, commands[i]);
        ck_assert_int_eq (fixture_wait (&f), 0);
        fixture_status (&f, &st);
        ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_CANCELLED);
        ck_assert_uint_eq (st.signal, i ? SIGKILL : SIGTERM);
    }
    fixture_close (&f);
}
END_TEST

START_TEST (signals_reach_whom_they_are_for)
{
    static const char script[] =
        SH "trap 'echo shell; touch s' USR1\n"
           "sh -c 'trap \"echo child; touch c\" USR1; touch up; while ! [ -e end ]; do sleep 0.02;"
           " done' &\n"
           "while ! [ -e end ]; do sleep 0.02; done; wait\n";
    static const struct {
        const char *command;
        bool shell, child;
    } rows[] = {
        {"signal 10 batch\n", true, false}, {"signal 10 children\n", false, true}, {"signal 10 all\n", true, true}};

    for (int i = 0; i < 3; i++) {
        _cleanup_status_ struct status st = STATUS_INIT;
        struct fixture f;
        fixture_open (&f);
        fixture_start (&f, script, "", 0);
        WAIT_UNTIL (fixture_has (&f, "up"));
        fixture_ctl (&f, rows[i].command);
        WAIT_UNTIL (fixture_has (&f, "s") == rows[i].shell && fixture_has (&f, "c") == rows[i].child);
        fixture_write (f.dir, "end", "", 0, 0644);
        ck_assert_int_eq (fixture_wait (&f), 0);
        fixture_status (&f, &st);
        ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_EXITED);
        _cleanup_free_ char *out = fixture_read (&f, "slurm-7.out");
        ck_assert_int_eq (strstr (out, "shell") != NULL, rows[i].shell);
        ck_assert_int_eq (strstr (out, "child") != NULL, rows[i].child);
        fixture_close (&f);
    }
}
END_TEST

START_TEST (a_warning_signal_comes_before_the_limit)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    limit_after_start (&f, 600);
    f.spec.signal = (char *) "B:USR2@599";
    fixture_run (&f, SH "trap 'echo warned; exit 4' USR2\nwhile :; do sleep 0.05; done\n", &st);
    ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_EXITED);
    ck_assert_uint_eq (st.code, 4);
    fixture_close (&f);
}
END_TEST

START_TEST (a_cancel_before_the_first_breath_counts)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    f.spec.std_in = (char *) "fifo"; /* its open waits for ever */
    _cleanup_free_ char *fifo = fixture_path (&f, "fifo");
    ck_assert_int_eq (mkfifo (fifo, 0600), 0);
    fixture_start (&f, SH "touch ran\n", "", 0);
    _cleanup_free_ char *status = spool_attempt_path (f.spool, f.id, "status");
    WAIT_UNTIL (access (status, F_OK) == 0);
    fixture_ctl (&f, "cancel\n");
    ck_assert_int_eq (fixture_wait (&f), 0);
    fixture_status (&f, &st);
    ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_CANCELLED);
    ck_assert (!fixture_has (&f, "ran"));
    fixture_close (&f);
}
END_TEST

START_TEST (it_says_running_and_exited)
{
    char text[64];
    struct fixture f;

    fixture_open (&f);
    fixture_start (&f, SH "touch up; while ! [ -e end ]; do sleep 0.02; done\n", "", 0);
    ssize_t n = recv (f.notify, text, sizeof text - 1, 0);
    ck_assert_int_eq (n, 5);
    ck_assert_mem_eq (text, "R 7.1", 5);
    _cleanup_status_ struct status running = STATUS_INIT;
    fixture_status (&f, &running);
    ck_assert_int_eq (running.phase, STATUS_RUNNING);
    ck_assert (!process_is_gone ((pid_t) running.pid));
    ck_assert (spool_lock_held (f.spool, f.id));
    fixture_write (f.dir, "end", "", 0, 0644);
    n = recv (f.notify, text, sizeof text - 1, 0);
    ck_assert_int_eq (n, 5);
    ck_assert_mem_eq (text, "X 7.1", 5);
    ck_assert_int_eq (fixture_wait (&f), 0);
    ck_assert (!spool_lock_held (f.spool, f.id));
    fixture_close (&f);
}
END_TEST

START_TEST (an_attempt_that_was_started_is_not_started_again)
{
    struct fixture f;
    _cleanup_status_ struct status st = STATUS_INIT;
    char name[ATTEMPT_NAME_SIZE];

    fixture_open (&f);
    fixture_run (&f, SH "echo once >>count\n", &st);
    _cleanup_free_ char *command =
        xasprintf ("cd %s/attempts/7.1 && %s/moisson-shepherd %s %s 3<lock 4<>ctl 2>/dev/null", f.spool, f.bin, f.spool,
                   attempt_format (f.id, name));
    ck_assert_int_ne (system (command), 0);
    _cleanup_free_ char *count = fixture_read (&f, "count");
    ck_assert_str_eq (count, "once\n");
    fixture_close (&f);
}
END_TEST

/* A job must not escape its limit by keeping the pipe full that takes its messages. */
START_TEST (a_full_stderr_holds_up_no_stop)
{
    for (int i = 0; i < 2; i++) {
        _cleanup_status_ struct status st = STATUS_INIT;
        char block[4096] = {0};
        struct fixture f;
        fixture_open (&f);
        f.spec.std_err = (char *) "pipe";
        _cleanup_free_ char *pipe_path = fixture_path (&f, "pipe");
        ck_assert_int_eq (mkfifo (pipe_path, 0600), 0);
        _cleanup_close_ int fd = open (pipe_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        while (write (fd, block, sizeof block) > 0)
            ;
        if (i == 0)
            limit_after_start (&f, 1);
        fixture_start (&f, SH "trap '' TERM; touch up; while :; do sleep 0.05; done\n", "", 0);
        WAIT_UNTIL (fixture_has (&f, "up"));
        if (i == 1)
            fixture_ctl (&f, "note CANCELLED\ncancel\n");
        ck_assert_int_eq (fixture_wait (&f), 0);
        fixture_status (&f, &st);
        ck_assert_uint_eq (st.kind, i ? MOISSON__END_KIND__END_CANCELLED : MOISSON__END_KIND__END_TIME_LIMIT);
        ck_assert_uint_eq (st.signal, SIGKILL);
        fixture_close (&f);
    }
}
END_TEST

/* rm -rf "$(dirname "$0")" is how many scripts clean up after themselves. */
START_TEST (a_job_that_removes_its_directory_keeps_its_exit_code)
{
    static const char *const ways[] = {
        SH "rm -rf \"$(dirname \"$0\")\"; exit 6\n", SH "mv \"$(dirname \"$0\")\" away; exit 6\n",
        SH "cd \"$(dirname \"$0\")\"; rm -f status; mkfifo status status.new; exit 6\n",
        SH "d=\"$(dirname \"$0\")\"; rm -rf \"$d\"; ln -s /nonexistent \"$d\"; exit 6\n"};
    struct fixture f;

    fixture_open (&f);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        _cleanup_status_ struct status st = STATUS_INIT;
        f.id.attempt = (uint32_t) i + 1;
        fixture_run (&f, ways[i], &st);
        ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_EXITED);
        ck_assert_uint_eq (st.code, 6);
    }
    fixture_close (&f);
}
END_TEST

START_TEST (a_job_without_a_directory_can_be_cancelled)
{
    _cleanup_status_ struct status st = STATUS_INIT;
    struct fixture f;

    fixture_open (&f);
    fixture_start (&f, SH "rm -rf \"$(dirname \"$0\")\"; touch up; while :; do sleep 0.05; done\n", "", 0);
    WAIT_UNTIL (fixture_has (&f, "up"));
    _cleanup_free_ char *ctl = spool_attempt_path (f.spool, f.id, "ctl");
    WAIT_UNTIL (access (ctl, F_OK) == 0);
    WAIT_UNTIL (spool_lock_look (f.spool, f.id) == LOCK_HELD);
    fixture_ctl (&f, "cancel\n");
    ck_assert_int_eq (fixture_wait (&f), 0);
    fixture_status (&f, &st);
    ck_assert_uint_eq (st.kind, MOISSON__END_KIND__END_CANCELLED);
    ck_assert_int_eq (spool_lock_look (f.spool, f.id), LOCK_FREE);
    fixture_close (&f);
}
END_TEST

/* What the node lacks is not the job's fault: it will be started again. */
START_TEST (whose_fault_a_setup_failure_is)
{
    static const struct {
        struct setup_failure failure;
        bool nodes;
    } rows[] = {{{SETUP_FORK, EAGAIN}, true},   {{SETUP_SESSION, EPERM}, true},  {{SETUP_STREAMS, EBADF}, true},
                {{SETUP_STDOUT, ENFILE}, true}, {{SETUP_EXEC, ENOMEM}, true},    {{SETUP_WORK_DIR, ENOENT}, false},
                {{SETUP_STDIN, EACCES}, false}, {{SETUP_STDOUT, ENOENT}, false}, {{SETUP_STDERR, EISDIR}, false},
                {{SETUP_EXEC, ENOEXEC}, false}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_int_eq (setup_is_the_nodes (&rows[i].failure), rows[i].nodes);
}
END_TEST

SUITE ("shepherd", exit_code_output_and_usage, death_by_signal, cpu_time_of_descendants_counts,
       arguments_environment_and_stdin, no_fd_no_mask_and_no_ignored_signal_is_inherited, streams_by_patterns,
       output_is_truncated_unless_append_or_restart, setup_failures_in_words, leftovers_and_daemons_end_with_the_script,
       a_fork_bomb_ends, time_limit_ends_a_tree_that_ignores_term, time_limit_with_a_handler_that_leaves_in_time,
       while_stopping_descendants_have_their_kill_wait, cancel_with_a_note,
       a_machine_that_goes_down_is_no_fault_of_the_job, a_stopped_job_can_be_cancelled_and_kill_is_at_once,
       signals_reach_whom_they_are_for, a_warning_signal_comes_before_the_limit,
       a_cancel_before_the_first_breath_counts, it_says_running_and_exited,
       an_attempt_that_was_started_is_not_started_again, a_full_stderr_holds_up_no_stop,
       a_job_that_removes_its_directory_keeps_its_exit_code, a_job_without_a_directory_can_be_cancelled,
       whose_fault_a_setup_failure_is)
