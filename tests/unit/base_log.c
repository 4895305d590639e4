#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "suite.h"

static char text[16384];

/* What the calls between begin and end wrote on stderr, in `text`. */
static int ends[2], saved;

static void begin (void)
{
    ck_assert_int_eq (pipe (ends), 0);
    saved = dup (STDERR_FILENO);
    ck_assert_int_ge (dup2 (ends[1], STDERR_FILENO), 0);
}

static void end (void)
{
    dup2 (saved, STDERR_FILENO);
    close (saved);
    close (ends[1]);
    size_t len = 0;
    for (ssize_t n; (n = read (ends[0], text + len, sizeof text - 1 - len)) > 0;)
        len += (size_t) n;
    text[len] = '\0';
    close (ends[0]);
}

START_TEST (one_line_a_call_with_its_head)
{
    log_open ("tester", LOG_LEVEL_INFO);
    begin ();
    log_info ("job=%d event=started", 7);
    log_debug ("not shown");
    end ();
    ck_assert_ptr_nonnull (strstr (text, " info tester: job=7 event=started\n"));
    ck_assert_ptr_null (strstr (text, "not shown"));
    ck_assert_int_eq (text[4], '-');
    ck_assert_int_eq (text[10], 'T');
}
END_TEST

START_TEST (a_name_cannot_forge_a_line)
{
    begin ();
    log_error ("name=%s", "a\nb\033[2J");
    end ();
    ck_assert_ptr_nonnull (strstr (text, "name=a?b?[2J\n"));
    ck_assert_ptr_eq (strchr (text, '\n'), text + strlen (text) - 1);
}
END_TEST

START_TEST (a_long_line_is_cut)
{
    static char word[9000];

    memset (word, 'x', sizeof word - 1);
    begin ();
    log_error ("%s", word);
    end ();
    ck_assert_uint_le (strlen (text), 4096);
    ck_assert_int_eq (text[strlen (text) - 1], '\n');
}
END_TEST

START_TEST (levels_have_slurms_words)
{
    enum log_level level = LOG_LEVEL_WARN;

    ck_assert_int_eq (log_level_parse ("debug3", &level), 0);
    ck_assert_int_eq (level, LOG_LEVEL_DEBUG);
    ck_assert_int_eq (log_level_parse ("Info", &level), 0);
    ck_assert_int_eq (level, LOG_LEVEL_INFO);
    ck_assert_int_eq (log_level_parse ("2", &level), 0);
    ck_assert_int_eq (level, LOG_LEVEL_ERROR);
    ck_assert_int_eq (log_level_parse ("loud", &level), -1);
    ck_assert_int_eq (level, LOG_LEVEL_ERROR);
}
END_TEST

SUITE ("log", one_line_a_call_with_its_head, a_name_cannot_forge_a_line, a_long_line_is_cut, levels_have_slurms_words)
