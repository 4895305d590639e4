/* Every kind of sudden death on a node: agent, launcher, shepherd, alone and together, and a reboot. Without cgroups,
 * which find more than what is found here by parents and environments (tests/system/test_cgroups.py has those). */
#define WORLD_CONF "CgroupPlugin=disabled\n"
#include "node_world.h"
#include "suite.h"

START_TEST (the_agent_is_killed)
{
    struct world *w = world_open ();
    pid_t first = pid_in (w, NODE ".agent.pid");

    send_start (w, 1, 1, UNTIL_END, 1);
    RUN_UNTIL (w, seen_start (w, 1, 1));
    ck_assert_int_eq (kill (first, SIGKILL), 0);
    RUN_UNTIL (w, w->registers == 2);
    ck_assert_int_ne (pid_in (w, NODE ".agent.pid"), first);
    ck_assert_int_eq (reported (w, 1)->phase, MOISSON__ATTEMPT_PHASE__PHASE_RUNNING);
    ck_assert_str_eq (reported (w, 1)->cpu_ids, "0");
    send_start (w, 2, 1, UNTIL_END, 1);
    RUN_UNTIL (w, seen_start (w, 2, 1));
    ck_assert_str_eq (seen_start (w, 2, 1)->cpu_ids, "1"); /* 0 is held by the job of the earlier agent */
    touch (w, "end");
    RUN_UNTIL (w, seen_end (w, 1, 1) && seen_end (w, 2, 1));
    ck_assert_uint_eq (seen_end (w, 1, 1)->code, 5);
    world_close (w);
}
END_TEST

START_TEST (the_launcher_is_killed)
{
    struct world *w = world_open ();
    uint8_t nonce[16];
    pid_t agent = pid_in (w, NODE ".agent.pid");

    memcpy (nonce, w->facts->launcher_nonce.data, sizeof nonce);
    send_start (w, 1, 1, UNTIL_END, 1);
    send_start (w, 2, 1, UNTIL_END, 1);
    RUN_UNTIL (w, seen_start (w, 1, 1) && seen_start (w, 2, 1));
    kill_moissond (w, SIGKILL);
    RUN_UNTIL (w, process_is_gone (agent)); /* an agent without launcher leaves */
    start_moissond (w);
    RUN_UNTIL (w, w->registers == 2);
    ck_assert_mem_ne (nonce, w->facts->launcher_nonce.data, sizeof nonce);
    ck_assert_int_eq (reported (w, 1)->phase, MOISSON__ATTEMPT_PHASE__PHASE_RUNNING);
    send_stop (w, 1, 1, MOISSON__STOP_HOW__STOP_CANCEL);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_CANCELLED);
    ck_assert_ptr_null (seen_end (w, 2, 1));
    kill_moissond (w, SIGKILL);
    touch (w, "end"); /* it ends while nobody is there */
    _cleanup_free_ char *status = spool_attempt_path (w->spool, (struct attempt_id){2, 1}, "status");
    for (bool ended = false; !ended;) {
        struct status st = STATUS_INIT;
        RUN_UNTIL (w, status_read (status, (struct attempt_id){2, 1}, &st, NULL) == 0);
        ended = st.phase == STATUS_EXITED;
        status_clear (&st);
    }
    start_moissond (w);
    RUN_UNTIL (w, w->registers == 3);
    ck_assert_int_eq (reported (w, 2)->phase, MOISSON__ATTEMPT_PHASE__PHASE_EXITED);
    ck_assert_uint_eq (reported (w, 2)->exit->code, 5);
    world_close (w);
}
END_TEST

START_TEST (the_launcher_is_told_to_stop)
{
    struct world *w = world_open ();

    send_start (w, 1, 1, UNTIL_END, 1);
    RUN_UNTIL (w, seen_start (w, 1, 1));
    kill_moissond (w, SIGTERM);
    ck_assert (!file_is_there (w, NODE ".pid") && !file_is_there (w, NODE ".agent.pid"));
    ck_assert (spool_lock_held (w->spool, (struct attempt_id){1, 1}));
    start_moissond (w);
    RUN_UNTIL (w, w->registers == 2);
    touch (w, "end");
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_uint_eq (seen_end (w, 1, 1)->code, 5);
    world_close (w);
}
END_TEST

START_TEST (a_shepherd_is_killed)
{
    struct world *w = world_open ();

    send_start (w, 1, 1,
                SH "setsid env -i sh -c 'echo $$ >hidden; sleep 1000; :' &\n"
                   "echo $$ >shell; touch up; exec sleep 1000\n",
                1);
    RUN_UNTIL (w, seen_start (w, 1, 1) && file_is_there (w, "up") && pid_in (w, "hidden"));
    ck_assert_int_eq (kill (shepherd_of (w, 1), SIGKILL), 0);
    RUN_UNTIL (w, seen_end (w, 1, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_LOST);
    RUN_UNTIL (w, process_is_gone (pid_in (w, "shell")));
    RUN_UNTIL (w, process_is_gone (pid_in (w, "hidden"))); /* it hid its environment, but not its parent */
    world_close (w);
}
END_TEST

START_TEST (what_was_there_before_is_spared)
{
    struct world *w = world_open ();
    pid_t shepherds[3];

    kill_moissond (w, SIGTERM);
    w->with_child = true;
    start_moissond (w);
    RUN_UNTIL (w, w->registers == 2);
    for (uint64_t raw = 1; raw <= 3; raw++) {
        send_start (w, raw, 1, SH "sleep 1000 & wait\n", 1);
        RUN_UNTIL (w, seen_start (w, raw, 1));
        shepherds[raw - 1] = shepherd_of (w, raw);
    }
    for (int i = 0; i < 2; i++) /* two at once */
        ck_assert_int_eq (kill (shepherds[i], SIGKILL), 0);
    RUN_UNTIL (w, seen_end (w, 1, 1) && seen_end (w, 2, 1));
    ck_assert_int_eq (seen_end (w, 1, 1)->kind, MOISSON__END_KIND__END_LOST);
    ck_assert_int_eq (seen_end (w, 2, 1)->kind, MOISSON__END_KIND__END_LOST);
    ck_assert_ptr_null (seen_end (w, 3, 1)); /* nor was the third one touched */
    ck_assert (!process_is_gone (shepherds[2]));
    send_stop (w, 3, 1, MOISSON__STOP_HOW__STOP_KILL);
    RUN_UNTIL (w, seen_end (w, 3, 1));
    ck_assert_int_eq (seen_end (w, 3, 1)->kind, MOISSON__END_KIND__END_CANCELLED);
    ck_assert (!process_is_gone (pid_in (w, "before")));
    world_close (w);
}
END_TEST

START_TEST (shepherd_and_launcher_are_killed)
{
    struct world *w = world_open ();
    pid_t shepherd;

    send_start (w, 1, 1, SH "setsid sh -c 'echo $$ >shell; touch up; exec sleep 1000' & wait\n", 1);
    RUN_UNTIL (w, seen_start (w, 1, 1) && file_is_there (w, "up"));
    shepherd = shepherd_of (w, 1);
    kill_moissond (w, SIGKILL);
    ck_assert_int_eq (kill (shepherd, SIGKILL), 0);
    RUN_UNTIL (w, !spool_lock_held (w->spool, (struct attempt_id){1, 1}));
    ck_assert (!process_is_gone (pid_in (w, "shell")));
    start_moissond (w);
    RUN_UNTIL (w, w->registers == 2);
    ck_assert_int_eq (reported (w, 1)->phase, MOISSON__ATTEMPT_PHASE__PHASE_EXITED);
    ck_assert_int_eq (reported (w, 1)->exit->kind, MOISSON__END_KIND__END_LOST);
    ck_assert_str_eq (reported (w, 1)->exit->cause, "the job's shepherd vanished; 2 processes of the job were ended");
    RUN_UNTIL (w, process_is_gone (pid_in (w, "shell")));
    world_close (w);
}
END_TEST

START_TEST (a_spool_of_an_earlier_boot)
{
    struct world *w = world_open ();
    static const char before[] =
        "moisson-status 1\nattempt 7.2\nphase RUNNING\nboot 11111111-2222-3333-4444-555555555555\npid 1\nend\n";
    struct attempt_id damaged = {8, 1}, never = {9, 1}, running = {7, 2};

    kill_moissond (w, SIGTERM);
    for (int i = 0; i < 3; i++) {
        _cleanup_free_ char *dir = spool_attempt_path (w->spool, i == 0 ? running : i == 1 ? damaged : never, NULL);
        ck_assert_int_eq (mkdir (dir, 0755), 0);
        if (i < 2)
            fixture_write (dir, "status", before, i ? 20 : sizeof before - 1, 0644);
    }
    fixture_write (w->spool, "boot", "11111111-2222-3333-4444-555555555555\n", 37, 0644);
    start_moissond (w);
    RUN_UNTIL (w, w->registers == 2);
    ck_assert_int_eq (reported (w, 7)->exit->kind, MOISSON__END_KIND__END_NODE_REBOOT);
    ck_assert_int_eq (reported (w, 8)->exit->kind, MOISSON__END_KIND__END_NODE_REBOOT);
    ck_assert_ptr_null (reported (w, 9)); /* it never started: the controller may start it */
    ck_assert (!has_directory (w, 9, 1));
    world_close (w);
}
END_TEST

START_TEST (one_launcher_a_spool)
{
    struct world *w = world_open ();
    _cleanup_free_ char *command =
        xasprintf ("%s/moissond -N " NODE " -f %s 2>%s/second; echo $? >>%s/second", w->bin, w->conf, w->dir, w->dir);
    _cleanup_free_ char *expected =
        xasprintf ("moissond: error: another moissond (pid %d) uses the spool %s\n"
                   "        fix: end it first (kill %d), or give this node a SlurmdSpoolDir of its own (with %%n)\n1\n",
                   (int) w->moissond, w->spool, (int) w->moissond);
    _cleanup_free_ char *path = xasprintf ("%s/second", w->dir), *said = NULL;

    ck_assert_int_eq (system (command), 0);
    ck_assert_int_eq (file_read (path, 4096, &said, NULL, NULL), 0);
    ck_assert_str_eq (said, expected);
    ck_assert_int_eq (pid_in (w, NODE ".pid"), w->moissond);
    world_close (w);
}
END_TEST

SUITE ("node_killed", the_agent_is_killed, the_launcher_is_killed, the_launcher_is_told_to_stop, a_shepherd_is_killed,
       what_was_there_before_is_spared, shepherd_and_launcher_are_killed, a_spool_of_an_earlier_boot,
       one_launcher_a_spool)
