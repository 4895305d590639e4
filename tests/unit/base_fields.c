#include <stdlib.h>
#include <string.h>
#include "base/fields.h"
#include "suite.h"

struct row {
    const char *id, *state;
};

static void put_id (struct buf *out, const void *row)
{
    buf_puts (out, ((const struct row *) row)->id);
}

static void put_state (struct buf *out, const void *row)
{
    buf_puts (out, ((const struct row *) row)->state);
}

static const struct field table[] = {
    {'i', "JobID", "JOBID", 12, "the job's id", put_id},
    {'T', "State", "STATE", 10, "its state", put_state},
    {'\0', "Words", NULL, 6, "a name without a letter", put_state},
};
#define N 3

typedef int (*parse_fn) (struct columns *, const struct field *, size_t, const char *, struct err *);

static void prints (parse_fn parse, const char *spec, struct row row, const char *header, const char *line)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct columns c = {0};

    ck_assert_msg (parse (&c, table, N, spec, NULL) == 0, "%s", spec);
    columns_header (&c, &out);
    ck_assert_str_eq (buf_str (&out), header);
    buf_reset (&out);
    columns_row (&c, &row, &out);
    ck_assert_str_eq (buf_str (&out), line);
    columns_clear (&c);
}

static void refuses (parse_fn parse, const char *spec, const char *why)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct columns c = {0};

    ck_assert_int_eq (parse (&c, table, N, spec, &err), -1);
    ck_assert_str_eq (err.why, why);
    ck_assert_ptr_null (c.list);
}

static const struct row sample = {"12_3", "RUNNING"};

START_TEST (letters_with_text_around)
{
    prints (columns_parse_letters, "%i:%T", sample, "JOBID:STATE", "12_3:RUNNING");
    prints (columns_parse_letters, "%.8i|%4T|", sample, "   JOBID|STAT|", "    12_3|RUNN|");
    prints (columns_parse_letters, "%10i%T", sample, "JOBID     STATE", "12_3      RUNNING");
    prints (columns_parse_letters, "{\"id\": \"%i\"}", sample, "{\"id\": \"JOBID\"}", "{\"id\": \"12_3\"}");
    prints (columns_parse_letters, " %i^^^%T", sample, " JOBID^^^STATE", " 12_3^^^RUNNING");
    prints (columns_parse_letters, "plain", sample, "plain", "plain");
    prints (columns_parse_letters, "", sample, "", "");
}
END_TEST

START_TEST (runs_of_percent_collapse)
{
    prints (columns_parse_letters, "%%i|%%%T", sample, "JOBID|STATE", "12_3|RUNNING");
}
END_TEST

START_TEST (unknown_letters_are_named)
{
    refuses (columns_parse_letters, "%i %Q", "Invalid format specification: Q");
    refuses (columns_parse_letters, "100%", "Invalid format specification: a letter is missing after %");
}
END_TEST

START_TEST (names_with_width_and_suffix)
{
    prints (columns_parse_names, "jobid,STATE:8", sample, "JOBID               STATE   ",
            "12_3                RUNNING ");
    prints (columns_parse_names, "JobID:.6,State:3", sample, " JOBIDSTA", "  12_3RUN");
    prints (columns_parse_names, "JobID:\x1f,State:\x1f", sample, "JOBID\x1fSTATE\x1f", "12_3\x1fRUNNING\x1f");
    prints (columns_parse_names, "JobID:,State:9;", sample, "JOBIDSTATE    ;", "12_3RUNNING  ;");
    prints (columns_parse_names, "words:8,,", sample, "WORDS   ", "RUNNING ");
    refuses (columns_parse_names, "JobID,Colour:9", "Invalid format specification: Colour");
}
END_TEST

START_TEST (sacct_names)
{
    prints (columns_parse_sacct, "jobid,STATE,", sample, "       JOBID     STATE", "        12_3   RUNNING");
    prints (columns_parse_sacct, "state%-9,,JobID%6", sample, "STATE     JOBID", "RUNNING    12_3");
    prints (columns_parse_sacct, "all", sample, "       JOBID     STATE WORDS", "        12_3   RUNNINGRUNNIN");
    refuses (columns_parse_sacct, "JobID,colour%5", "Invalid field requested: colour");
    refuses (columns_parse_sacct, "JobID%x", "Invalid field width: JobID%x");
}
END_TEST

START_TEST (close_names_are_offered)
{
    static const struct field names[] = {{'\0', "tres-alloc", NULL, 5, "", NULL},
                                         {'\0', "JobArrayID", NULL, 5, "", NULL},
                                         {'\0', "JobID", NULL, 5, "", NULL}};
    static const struct {
        const char *spec, *fix;
    } asked[] = {{"jbid", "did you mean JobID? --help lists all that can be shown"},
                 {"alloc:9", "did you mean tres-alloc? --help lists all that can be shown"},
                 {"array", "did you mean JobArrayID? --help lists all that can be shown"},
                 {"xyzzy", "--help lists what can be shown"}};

    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        _cleanup_err_ struct err err = ERR_INIT;
        struct columns c = {0};
        ck_assert_int_eq (columns_parse_names (&c, names, 3, asked[i].spec, &err), -1);
        ck_assert_str_eq (err.fix, asked[i].fix);
    }
}
END_TEST

static void puts_as (const char *s, int width, bool right, char mark, const char *expected)
{
    _cleanup_buf_ struct buf out = BUF_INIT;

    column_put (&out, s, width, right, mark);
    ck_assert_str_eq (buf_str (&out), expected);
}

START_TEST (values_are_cut_and_padded_by_characters)
{
    puts_as ("CANCELLED by 1000", 10, true, '+', "CANCELLED+");
    puts_as ("CANCELLED", 10, true, '+', " CANCELLED");
    puts_as ("moisson\xc3\xa9", 10, false, 0, "moisson\xc3\xa9  ");
    puts_as ("\xc3\xa9\xc3\xa9\xc3\xa9", 2, false, 0, "\xc3\xa9\xc3\xa9");
    puts_as ("\xc3\xa9\xc3\xa9\xc3\xa9", 2, false, '+', "\xc3\xa9+");
    puts_as ("abc", 1, false, '+', "+");
    puts_as ("", 3, false, '+', "   ");
}
END_TEST

START_TEST (no_value_can_move_the_cursor)
{
    puts_as ("a\033[2Jb\nc\x7f", 0, false, 0, "a?[2Jb?c?");
}
END_TEST

SUITE ("fields", letters_with_text_around, runs_of_percent_collapse, unknown_letters_are_named,
       names_with_width_and_suffix, sacct_names, close_names_are_offered, values_are_cut_and_padded_by_characters,
       no_value_can_move_the_cursor)
