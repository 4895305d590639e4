#include <signal.h>
#include <string.h>
#include "nodeagent/control.h"
#include "suite.h"

START_TEST (commands)
{
    struct control c;

    ck_assert_int_eq (control_parse ("cancel", &c, NULL), 0);
    ck_assert_int_eq (c.verb, CONTROL_CANCEL);
    ck_assert_int_eq (control_parse ("kill", &c, NULL), 0);
    ck_assert_int_eq (c.verb, CONTROL_KILL);
    ck_assert_int_eq (control_parse ("note CANCELLED AT now", &c, NULL), 0);
    ck_assert_int_eq (c.verb, CONTROL_NOTE);
    ck_assert_str_eq (c.text, "CANCELLED AT now");
    ck_assert_int_eq (control_parse ("signal 12 children", &c, NULL), 0);
    ck_assert_int_eq (c.signal, 12);
    ck_assert_int_eq (c.whom, WHOM_CHILDREN);
    ck_assert_int_eq (control_parse ("limit 7200", &c, NULL), 0);
    ck_assert_int_eq (c.verb, CONTROL_LIMIT);
    ck_assert_uint_eq (c.limit_s, 7200);
    ck_assert_int_eq (control_parse ("suspend", &c, NULL), 0);
    ck_assert_int_eq (c.verb, CONTROL_SUSPEND);
    ck_assert_int_eq (control_parse ("resume", &c, NULL), 0);
    ck_assert_int_eq (c.verb, CONTROL_RESUME);
    ck_assert_int_eq (control_parse ("grace 20", &c, NULL), 0);
    ck_assert_int_eq (c.verb, CONTROL_GRACE);
    ck_assert_uint_eq (c.limit_s, 20);
}
END_TEST

START_TEST (nonsense)
{
    static const char *const lines[] = {"",
                                        "cancel ",
                                        "KILL",
                                        "signal",
                                        "signal 9",
                                        "signal 0 all",
                                        "signal 65 all",
                                        "signal -9 all",
                                        "signal x all",
                                        "limit",
                                        "limit ",
                                        "limit -1",
                                        "limit 60 s",
                                        "signal 9 some"};
    struct control c = {.verb = CONTROL_NOTE};

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg (control_parse (lines[i], &c, NULL) == -1, "accepted: '%s'", lines[i]);
    ck_assert_int_eq (c.verb, CONTROL_NOTE);
}
END_TEST

static void check_lines (Moisson__Stop *stop, const char *expected)
{
    _cleanup_buf_ struct buf out = BUF_INIT;

    control_format (stop, &out);
    ck_assert_str_eq (buf_str (&out), expected);
}

START_TEST (stops_become_lines)
{
    Moisson__Stop stop = MOISSON__STOP__INIT;

    stop.how = MOISSON__STOP_HOW__STOP_SIGNAL;
    stop.has_signal = stop.has_time_limit_s = true; /* an earlier version makes of it a signal that is not obeyed */
    stop.time_limit_s = 90;
    check_lines (&stop, "limit 90\n");
    stop.has_signal = stop.has_time_limit_s = false;
    stop.how = MOISSON__STOP_HOW__STOP_CANCEL;
    check_lines (&stop, "cancel\n");
    stop.how = MOISSON__STOP_HOW__STOP_KILL;
    stop.note = (char *) "CANCELLED\nkill\tX";
    check_lines (&stop, "note CANCELLED kill X\nkill\n"); /* a note cannot smuggle a command */
    stop.note = NULL;
    stop.how = MOISSON__STOP_HOW__STOP_SIGNAL;
    check_lines (&stop, "signal 15 all\n");
    stop.has_signal = stop.has_batch_only = stop.batch_only = true;
    stop.signal = 10;
    check_lines (&stop, "signal 10 batch\n");
    stop.batch_only = false;
    stop.has_children_only = stop.children_only = true;
    check_lines (&stop, "signal 10 children\n");
    stop.signal = 0;
    stop.has_suspend = stop.suspend = true;
    check_lines (&stop, "suspend\n");
    stop.suspend = false;
    check_lines (&stop, "resume\n");
}
END_TEST

START_TEST (long_notes_stay_short_enough_for_the_fifo)
{
    char note[5000];
    Moisson__Stop stop = MOISSON__STOP__INIT;
    _cleanup_buf_ struct buf out = BUF_INIT;

    memset (note, 'x', sizeof note);
    note[sizeof note - 1] = '\0';
    stop.how = MOISSON__STOP_HOW__STOP_CANCEL;
    stop.note = note;
    control_format (&stop, &out);
    ck_assert_uint_lt (out.len, 1000);
    ck_assert_str_eq (out.data + out.len - 8, "\ncancel\n");
}
END_TEST

static void check_warning (const char *text, int signal, enum control_whom whom, unsigned before_s)
{
    struct warning w = {0};

    ck_assert_int_eq (warning_parse (text, &w, NULL), 0);
    ck_assert_int_eq (w.signal, signal);
    ck_assert_int_eq (w.whom, whom);
    ck_assert_uint_eq (w.before_s, before_s);
}

START_TEST (warnings)
{
    check_warning ("USR1", SIGUSR1, WHOM_CHILDREN, 60);
    check_warning ("SIGUSR2@90", SIGUSR2, WHOM_CHILDREN, 90);
    check_warning ("B:INT@30", SIGINT, WHOM_BATCH, 30);
    check_warning ("B:10", SIGUSR1, WHOM_BATCH, 60);
    check_warning ("R:TERM@0", SIGTERM, WHOM_CHILDREN, 0);
    check_warning ("RB:TERM@5", SIGTERM, WHOM_BATCH, 5);
}
END_TEST

START_TEST (bad_warnings)
{
    static const char *const texts[] = {"", "@10", "X:TERM", ":TERM", "TERM@", "TERM@-1", "TERM@99999999", "NOSUCH@10"};
    struct warning w = {.signal = 77};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg (warning_parse (texts[i], &w, NULL) == -1, "accepted: '%s'", texts[i]);
    ck_assert_int_eq (w.signal, 77);
}
END_TEST

SUITE ("control", commands, nonsense, stops_become_lines, long_notes_stay_short_enough_for_the_fifo, warnings,
       bad_warnings)
