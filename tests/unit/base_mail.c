/* Types of mail and addresses. */
#include <string.h>
#include "base/mail.h"
#include "suite.h"

START_TEST (types_are_read_and_shown)
{
    static const struct {
        const char *text, *shown;
    } good[] = {{"END", "END"},
                {"begin,fail", "BEGIN,FAIL"},
                {"NONE", "NONE"},
                {"", "NONE"},
                {"ALL", "BEGIN,END,FAIL,REQUEUE,INVALID_DEPEND,STAGE_OUT"},
                {"TIME_LIMIT_90,TIME_LIMIT", "TIME_LIMIT,TIME_LIMIT_90"},
                {"END,ARRAY_TASKS", "END,ARRAY_TASKS"}};
    static const char *const bad[] = {"ENDS", "END FAIL", "TIME_LIMIT_70", "END;FAIL"};
    struct err err = ERR_INIT;
    uint32_t types;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        _cleanup_buf_ struct buf shown = BUF_INIT;
        ck_assert_int_eq (mail_types_parse (good[i].text, &types, &err), 0);
        mail_types_format (types, &shown);
        ck_assert_str_eq (shown.data, good[i].shown);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        types = 7;
        ck_assert_int_eq (mail_types_parse (bad[i], &types, &err), -1);
        ck_assert_uint_eq (types, 7);
        ck_assert (strstr (err.why, "no type of mail") && err.fix);
    }
    err_clear (&err);
}
END_TEST

START_TEST (addresses_end_no_header_and_are_no_option)
{
    static const char *const good[] = {"alice", "a.b+c@lab.example.org", "a@b,c@d", "x_y%z@h"};
    static const char *const bad[] = {"",        "a b",     "a\nBcc: x", "-oQ/tmp",   "a,",  ",a",
                                      "a,,b",    "a,-x",    "|/bin/sh",  "/dev/null", "a\r", "<a@b>",
                                      "a@b;c@d", "\"a\"@b", "é@b",       "@b"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg (mail_address_ok (good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg (!mail_address_ok (bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST (a_header_is_one_line_of_ascii)
{
    static const struct {
        const char *text, *header;
    } rows[] = {
        {"plain", "plain"}, {"a\nb\tc", "a?b?c"}, {"\xc3\xa9", "=?UTF-8?B?w6k=?="}, {"=?x", "=?UTF-8?B?PT94?="}};
    _cleanup_buf_ struct buf longer = BUF_INIT, header = BUF_INIT;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf_reset (&header);
        mail_header_text (rows[i].text, &header);
        ck_assert_str_eq (header.data, rows[i].header);
    }
    for (int i = 0; i < 100; i++)
        buf_puts (&longer, "\xc3\xa9");
    buf_reset (&header);
    mail_header_text (longer.data, &header);
    for (const char *p = header.data; p; p = strchr (p + 1, '\n')) {
        ck_assert_uint_le (strcspn (p + 1, "\n"), 76);
        ck_assert (p == header.data || p[1] == ' ');
    }
}
END_TEST

SUITE ("base/mail", types_are_read_and_shown, addresses_end_no_header_and_are_no_option, a_header_is_one_line_of_ascii)
