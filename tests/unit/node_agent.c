/* The node side against a controller played by the test: starts, stops, refusals, and what a job does to its spool. */
#include "node_world.h"
#include "suite.h"

START_TEST (a_job_runs_and_is_forgotten)
{
    struct world *w = world_open ();

    ck_assert_uint_eq (w->facts->cpus, MANY);
    ck_assert_uint_eq (w->facts->gpus, 4);
    ck_assert_uint_eq (w->facts->mem_mb, 1000);
    ck_assert (w->facts->is_virtual);
    ck_assert_uint_eq (strlen (w->facts->boot_id), 36);
    send_start (w, 1, 1, SH "echo hello; exit 3\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_EXITED);
    ck_assert_uint_eq (seen_end (w, 1, 1)->code, 3);
    ck_assert_str_eq (seen_end (w, 1, 1)->cpu_ids, "0");
    ck_assert (has_directory (w, 1, 1));
    send_forget (w, 1, 1);
    RUN_UNTIL (w, !has_directory (w, 1, 1));
    ck_assert_uint_eq (w->blob_gets, 1);
    send_start (w, 2, 1, SH "echo hello; exit 3\n", 1); /* the same script: cached */
    RUN_UNTIL (w, seen_end (w, 2, 1));
    ck_assert_uint_eq (w->blob_gets, 1);
    world_close (w);
}
END_TEST

static ino_t inode_of (const struct world *w, uint64_t raw, const char *file)
{
    _cleanup_free_ char *path = spool_attempt_path (w->spool, (struct attempt_id){raw, 1}, file);
    struct stat st;

    ck_assert_int_eq (stat (path, &st), 0);
    return st.st_ino;
}

/* A forgotten attempt's directory serves the next job: nothing of the first may be seen in it. */
START_TEST (directories_are_used_again)
{
    static const char *const files[] = {NULL, "order", "script", "env", "lock", "ctl"};
    struct world *w = world_open ();
    ino_t before[6];

    send_start (w, 1, 1, SH "echo a rather long script; exit 3\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    for (int i = 0; i < 6; i++)
        before[i] = inode_of (w, 1, files[i]);
    send_forget (w, 1, 1);
    RUN_UNTIL (w, !has_directory (w, 1, 1));
    send_start (w, 2, 1, SH "touch up; while ! [ -e end ]; do sleep 0.02; done\n", 1);
    RUN_UNTIL (w, seen_start (w, 2, 1));
    for (int i = 0; i < 6; i++)
        ck_assert_uint_eq (inode_of (w, 2, files[i]), before[i]);
    touch (w, "end");
    RUN_UNTIL (w, seen_end (w, 2, 1));
    ck_assert_uint_eq (seen_end (w, 2, 1)->code, 0);
    send_forget (w, 2, 1);
    RUN_UNTIL (w, !has_directory (w, 2, 1));
    send_start (w, 3, 1, SH "touch $(dirname $0)/litter\n", 1); /* what a job leaves there is not kept */
    RUN_UNTIL (w, seen_end (w, 3, 1));
    send_forget (w, 3, 1);
    RUN_UNTIL (w, !has_directory (w, 3, 1));
    send_start (w, 4, 1, SH ":\n", 1);
    RUN_UNTIL (w, seen_end (w, 4, 1));
    _cleanup_free_ char *litter = spool_attempt_path (w->spool, (struct attempt_id){4, 1}, "litter");
    _cleanup_free_ char *script = spool_attempt_path (w->spool, (struct attempt_id){4, 1}, "script"), *text = NULL;
    ck_assert_int_ne (access (litter, F_OK), 0);
    ck_assert_int_eq (file_read (script, 4096, &text, NULL, NULL), 0);
    ck_assert_str_eq (text, SH ":\n");
    world_close (w);
}
END_TEST

START_TEST (many_at_once_share_no_cpu)
{
    struct world *w = world_open ();
    bool taken[MANY] = {false};

    for (uint64_t raw = 1; raw <= MANY / 2; raw++)
        send_start (w, raw, 1, UNTIL_END, 2);
    for (uint64_t raw = 1; raw <= MANY / 2; raw++) {
        unsigned first, last;
        RUN_UNTIL (w, seen_start (w, raw, 1));
        ck_assert_int_eq (sscanf (seen_start (w, raw, 1)->cpu_ids, "%u-%u", &first, &last), 2);
        ck_assert_uint_eq (last, first + 1);
        ck_assert (!taken[first] && !taken[last]);
        taken[first] = taken[last] = true;
    }
    ck_assert_uint_eq (w->blob_gets, 1); /* asked once, though all of them waited for it */
    send_start (w, 100, 1, UNTIL_END, 1);
    RUN_UNTIL (w, seen_end (w, 100, 1));
    ck_assert_int_eq (seen_end (w, 100, 1)->kind, MOISSON__END_KIND__END_REFUSED);
    ck_assert_str_eq (seen_end (w, 100, 1)->cause, "1 cpus and 0 GPUs asked, the node has 0 cpus free");
    touch (w, "end");
    for (uint64_t raw = 1; raw <= MANY / 2; raw++)
        RUN_UNTIL (w, seen_end (w, raw, 1) && seen_end (w, raw, 1)->code == 5);
    world_close (w);
}
END_TEST

START_TEST (what_is_not_signed_does_not_run)
{
    struct world *w = world_open ();

    w->forge = true;
    send_start (w, 1, 1, SH "touch ran\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_REFUSED);
    ck_assert_ptr_nonnull (strstr (seen_end (w, 1, 1)->cause, "not signed with this node's order key"));
    w->forge = false;
    w->sequence = 10;
    send_start (w, 2, 1, SH "true\n", 1);
    w->sequence = 5;
    send_start (w, 3, 1, SH "true\n", 1);
    RUN_UNTIL (w, seen_end (w, 3, 1) && seen_end (w, 2, 1));
    ck_assert_int_eq (seen_end (w, 2, 1)->kind, MOISSON__END_KIND__END_EXITED);
    ck_assert_ptr_nonnull (strstr (seen_end (w, 3, 1)->cause, "order number 6 comes after number 11"));
    ck_assert (!file_is_there (w, "ran"));
    ck_assert (!has_directory (w, 1, 1) && !has_directory (w, 3, 1));
    world_close (w);
}
END_TEST

START_TEST (a_stop_that_overtakes_its_start_digs_a_grave)
{
    struct world *w = world_open ();

    send_stop (w, 1, 1, MOISSON__STOP_HOW__STOP_CANCEL);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_CANCELLED);
    send_start (w, 1, 1, SH "touch ran\n", 1);
    send_start (w, 2, 1, SH "true\n", 1);
    RUN_UNTIL (w, seen_end (w, 2, 1));
    ck_assert (!file_is_there (w, "ran"));
    channel_free (steal (&w->channel)); /* the grave outlives the session, until FORGET */
    RUN_UNTIL (w, w->registers == 2);
    ck_assert_int_eq (reported (w, 1)->phase, MOISSON__ATTEMPT_PHASE__PHASE_TOMBSTONE);
    send_forget (w, 1, 1);
    send_start (w, 3, 1, SH "true\n", 1);
    RUN_UNTIL (w, seen_end (w, 3, 1));
    channel_free (steal (&w->channel));
    RUN_UNTIL (w, w->registers == 3);
    ck_assert_ptr_null (reported (w, 1));
    ck_assert_int_eq (reported (w, 3)->phase, MOISSON__ATTEMPT_PHASE__PHASE_EXITED);
    world_close (w);
}
END_TEST

START_TEST (a_running_job_is_cancelled)
{
    struct world *w = world_open ();

    send_start (w, 1, 1, UNTIL_END, 1);
    RUN_UNTIL (w, seen_start (w, 1, 1));
    send_start (w, 1, 1, UNTIL_END, 1); /* again: it is told what has become of it, and does not run twice */
    send_stop (w, 1, 1, MOISSON__STOP_HOW__STOP_CANCEL);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_CANCELLED);
    world_close (w);
}
END_TEST

START_TEST (a_lost_blob_refuses_its_job_only)
{
    struct world *w = world_open ();

    w->blobs_are_lost = true;
    send_start (w, 1, 1, SH "true\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_str_eq (seen_end (w, 1, 1)->cause, "the controller no longer has the job's script or environment");
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_REFUSED);
    w->blobs_are_lost = false;
    send_start (w, 2, 1, SH "true\n", 1);
    RUN_UNTIL (w, seen_end (w, 2, 1));
    ck_assert_uint_eq (seen_end (w, 2, 1)->code, 0);
    ck_assert_int_eq (seen_end (w, 2, 1)->kind, MOISSON__END_KIND__END_EXITED);
    world_close (w);
}
END_TEST

/* The cache may vanish while the agent believes that it has everything. */
START_TEST (blobs_that_vanish_are_fetched_again)
{
    struct world *w = world_open ();
    _cleanup_free_ char *blobs = spool_path (w->spool, "blobs");

    for (uint64_t raw = 1; raw <= 3; raw++) {
        send_start (w, raw, 1, SH "exit 3\n", 1);
        RUN_UNTIL (w, seen_end (w, raw, 1));
        ck_assert_int_eq (seen_end (w, raw, 1)->kind, MOISSON__END_KIND__END_EXITED);
        ck_assert_uint_eq (seen_end (w, raw, 1)->code, 3);
        ck_assert_uint_eq (w->blob_gets, raw);
        ck_assert_int_eq (dir_remove (blobs), 0);
    }
    world_close (w);
}
END_TEST

START_TEST (what_cannot_be_set_up_is_refused)
{
    struct world *w = world_open ();

    w->bad_spec = true; /* the shepherd ends before there is a status */
    send_start (w, 1, 1, SH "touch ran\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_REFUSED);
    ck_assert_ptr_nonnull (strstr (seen_end (w, 1, 1)->cause, "shepherd ended before it could start the job"));
    RUN_UNTIL (w, !has_directory (w, 1, 1));
    w->bad_spec = false;
    send_start (w, 1, 2, SH "exit 3\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 2));
    ck_assert_uint_eq (seen_end (w, 1, 2)->code, 3);
    ck_assert_str_eq (seen_end (w, 1, 2)->cpu_ids, "0"); /* it was given back */
    world_close (w);
}
END_TEST

START_TEST (a_second_attempt_waits_for_the_end_of_the_first)
{
    struct world *w = world_open ();

    send_start (w, 1, 1, SH "trap '' TERM; touch up; while :; do sleep 0.02; done\n", 1);
    RUN_UNTIL (w, seen_start (w, 1, 1) && file_is_there (w, "up"));
    send_stop (w, 1, 1, MOISSON__STOP_HOW__STOP_CANCEL);
    send_start (w, 1, 2, SH "touch second\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 2));
    ck_assert_ptr_null (seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 2)->kind, MOISSON__END_KIND__END_REFUSED);
    ck_assert_str_eq (seen_end (w, 1, 2)->cause, "job 1 has a live attempt on this node already");
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert (!file_is_there (w, "second"));
    send_start (w, 1, 3, SH "touch third\n", 1);
    RUN_UNTIL (w, seen_end (w, 1, 3));
    ck_assert (file_is_there (w, "third"));
    world_close (w);
}
END_TEST

/* The files of an attempt belong to the job's user: what a job puts there must not hold up the node. */
START_TEST (fifos_in_the_spool_hold_nobody_up)
{
    struct world *w = world_open ();
    uint64_t raw = 0;

    for (int i = 0; i < 2; i++) {
        send_start (w, ++raw, 1,
                    i ? SH "cd $(dirname $0); for f in *; do rm -f $f; mkfifo $f; done; mkfifo status.new; exit 4\n"
                      : SH "cd $(dirname $0); rm order env; mkfifo order env status.spare; exit 4\n",
                    1);
        RUN_UNTIL (w, seen_end (w, raw, 1));
        ck_assert_int_eq (seen_end (w, raw, 1)->kind, MOISSON__END_KIND__END_EXITED);
        ck_assert_uint_eq (seen_end (w, raw, 1)->code, 4);
        send_forget (w, raw, 1);
        RUN_UNTIL (w, !has_directory (w, raw, 1));
        send_start (w, ++raw, 1, SH "exit 5\n", 1);
        RUN_UNTIL (w, seen_end (w, raw, 1));
        ck_assert_uint_eq (seen_end (w, raw, 1)->code, 5);
    }
    world_close (w);
}
END_TEST

START_TEST (a_job_that_removes_its_directory_ends)
{
    struct world *w = world_open ();

    send_start (w, 1, 1, SH "rm -rf \"$(dirname \"$0\")\"; exit 6\n", MANY);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_EXITED);
    ck_assert_uint_eq (seen_end (w, 1, 1)->code, 6);
    send_forget (w, 1, 1);
    RUN_UNTIL (w, !has_directory (w, 1, 1));
    send_start (w, 2, 1, SH "echo $$ >shell; touch up; rm -rf \"$(dirname \"$0\")\"; touch removed; exec sleep 1000\n",
                MANY);
    RUN_UNTIL (w, seen_start (w, 2, 1) && file_is_there (w, "up"));
    RUN_UNTIL (w, file_is_there (w, "removed"));
    send_stop (w, 2, 1, MOISSON__STOP_HOW__STOP_CANCEL); /* there is no ctl now: it is kept until there is */
    RUN_UNTIL (w, seen_end (w, 2, 1));
    ck_assert_int_eq (seen_end (w, 2, 1)->kind, MOISSON__END_KIND__END_CANCELLED);
    ck_assert (process_is_gone (pid_in (w, "shell")));
    send_forget (w, 2, 1);
    send_start (w, 3, 1, SH "exit 7\n", MANY); /* all cpus are free again */
    RUN_UNTIL (w, seen_end (w, 3, 1));
    ck_assert_uint_eq (seen_end (w, 3, 1)->code, 7);
    world_close (w);
}
END_TEST

START_TEST (a_lost_job_without_directory_is_lost)
{
    struct world *w = world_open ();
    pid_t shepherd;

    send_start (w, 1, 1,
                SH "echo $$ >shell; touch up; while ! [ -e go ]; do sleep 0.02; done\n"
                   "rm -rf \"$(dirname \"$0\")\"; kill -9 $(cat shepherd); exec sleep 1000\n",
                MANY);
    RUN_UNTIL (w, seen_start (w, 1, 1) && file_is_there (w, "up"));
    shepherd = shepherd_of (w, 1);
    _cleanup_free_ char *text = xasprintf ("%d\n", (int) shepherd);
    fixture_write (w->dir, "shepherd", text, strlen (text), 0644);
    touch (w, "go");
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_LOST); /* it has run: never again by itself */
    RUN_UNTIL (w, process_is_gone (pid_in (w, "shell")));
    send_forget (w, 1, 1);
    RUN_UNTIL (w, !has_directory (w, 1, 1));
    send_start (w, 2, 1, SH "exit 7\n", MANY);
    RUN_UNTIL (w, seen_end (w, 2, 1));
    ck_assert_uint_eq (seen_end (w, 2, 1)->code, 7);
    world_close (w);
}
END_TEST

START_TEST (a_stop_that_does_not_fit_is_kept)
{
    static const char noise[] = "noise that is no command\n";
    struct world *w = world_open ();
    pid_t shepherd;

    send_start (w, 1, 1, SH "touch up; while :; do sleep 0.02; done\n", 1);
    RUN_UNTIL (w, seen_start (w, 1, 1) && file_is_there (w, "up"));
    shepherd = shepherd_of (w, 1);
    ck_assert_int_eq (kill (shepherd, SIGSTOP), 0);
    _cleanup_free_ char *ctl = spool_attempt_path (w->spool, (struct attempt_id){1, 1}, "ctl");
    _cleanup_close_ int fd = open (ctl, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    while (write (fd, noise, strlen (noise)) > 0)
        ;
    send_stop (w, 1, 1, MOISSON__STOP_HOW__STOP_CANCEL);
    send_stop (w, 1, 1, MOISSON__STOP_HOW__STOP_SIGNAL); /* this must not take its place */
    send_start (w, 2, 1, SH ":\n", 1);
    RUN_UNTIL (w, seen_end (w, 2, 1)); /* the launcher has seen the stops */
    ck_assert_int_eq (kill (shepherd, SIGCONT), 0);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_CANCELLED);
    world_close (w);
}
END_TEST

SUITE ("node", a_job_runs_and_is_forgotten, directories_are_used_again, many_at_once_share_no_cpu,
       what_is_not_signed_does_not_run, a_stop_that_overtakes_its_start_digs_a_grave, a_running_job_is_cancelled,
       a_lost_blob_refuses_its_job_only, blobs_that_vanish_are_fetched_again, what_cannot_be_set_up_is_refused,
       a_second_attempt_waits_for_the_end_of_the_first, fifos_in_the_spool_hold_nobody_up,
       a_job_that_removes_its_directory_ends, a_lost_job_without_directory_is_lost, a_stop_that_does_not_fit_is_kept)
