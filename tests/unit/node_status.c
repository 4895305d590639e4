#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"
#include "nodeagent/status.h"
#include "suite.h"

static void fill (struct status *st)
{
    *st = (struct status){.id = {7, 2},
                          .phase = STATUS_EXITED,
                          .pid = 42,
                          .start_us = 1795364301311657,
                          .end_us = UINT64_MAX,
                          .wall_us = 5,
                          .kind = MOISSON__END_KIND__END_SETUP,
                          .code = 1,
                          .signal = 9,
                          .cpu_user_us = 11,
                          .cpu_sys_us = 12,
                          .max_rss_kb = 13,
                          .cause = xstrdup ("cannot open output /a b/\nend\r: No")};
    strcpy (st->boot, "dfcf4560-10d5-4454-9910-8e3aaa408063");
}

START_TEST (round_trip)
{
    _cleanup_status_ struct status st, back = STATUS_INIT;
    _cleanup_buf_ struct buf text = BUF_INIT;

    fill (&st);
    status_format (&st, &text);
    ck_assert_int_eq (status_parse (text.data, text.len, &back, NULL), 0);
    ck_assert_int_eq (back.phase, STATUS_EXITED);
    ck_assert_str_eq (back.boot, st.boot);
    ck_assert_uint_eq (back.pid, 42);
    ck_assert_uint_eq (back.start_us, st.start_us);
    ck_assert_uint_eq (back.end_us, UINT64_MAX);
    ck_assert_uint_eq (back.kind, st.kind);
    ck_assert_uint_eq (back.max_rss_kb, 13);
    ck_assert_str_eq (back.cause, "cannot open output /a b/ end : No"); /* a line stays one line */
}
END_TEST

START_TEST (every_truncation_is_noticed)
{
    _cleanup_status_ struct status st;
    _cleanup_buf_ struct buf text = BUF_INIT;

    fill (&st);
    status_format (&st, &text);
    for (size_t n = 0; n < text.len; n++) {
        _cleanup_status_ struct status back = STATUS_INIT;
        ck_assert_msg (status_parse (text.data, n, &back, NULL) != 0, "%zu bytes of %zu were accepted", n, text.len);
        ck_assert_ptr_null (back.cause);
    }
}
END_TEST

START_TEST (nonsense_is_refused)
{
    static const char *const texts[] = {
        "",
        "moisson-status 2\nphase RUNNING\nend\n",
        "moisson-status 1\nphase SLEEPING\nend\n",
        "moisson-status 1\nphase RUNNING\npid -1\nend\n",
        "moisson-status 1\nphase RUNNING\npid 99999999999999999999\nend\n",
        "moisson-status 1\nphase RUNNING\ncolour blue\nend\n",
        "moisson-status 1\nphase RUNNING\nboot 0123456789012345678901234567890123456789\nend\n",
        "moisson-status 1\nphase EXITED\nkind 99\nend\n",
        "moisson-status 1\nphase EXITED\nend\n",
        "moisson-status 1\nphase RUNNING\nend\nmore\n",
    };
    struct status st = STATUS_INIT;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg (status_parse (texts[i], strlen (texts[i]), &st, NULL) == -1, "accepted: %s", texts[i]);
}
END_TEST

START_TEST (files_are_created_once_and_replaced_whole)
{
    char dir[] = "/tmp/moisson-test-XXXXXX";
    _cleanup_status_ struct status st, back = STATUS_INIT;

    fill (&st);
    ck_assert_ptr_nonnull (mkdtemp (dir));
    _cleanup_free_ char *path = xasprintf ("%s/status", dir);
    ck_assert_int_eq (status_read (path, st.id, &back, NULL), STATUS_E_ABSENT);
    ck_assert_int_eq (status_create (path, &st, NULL), 0);
    ck_assert_int_eq (status_create (path, &st, NULL), -1);
    st.pid = 43;
    ck_assert_int_eq (status_replace (path, &st, NULL), 0);
    ck_assert_int_eq (status_read (path, st.id, &back, NULL), 0);
    ck_assert_uint_eq (back.pid, 43);
    ck_assert_int_eq (status_read (path, (struct attempt_id){7, 3}, &back, NULL), STATUS_E_DAMAGED);
    ck_assert_int_eq (status_read (path, (struct attempt_id){70, 2}, &back, NULL), STATUS_E_DAMAGED);
    ck_assert_int_eq (truncate (path, 30), 0);
    ck_assert_int_eq (status_read (path, st.id, &back, NULL), STATUS_E_DAMAGED);
    ck_assert_int_eq (dir_remove (dir), 0);
}
END_TEST

START_TEST (an_endless_cause_is_cut)
{
    _cleanup_status_ struct status st = STATUS_INIT, back = STATUS_INIT;
    _cleanup_buf_ struct buf text = BUF_INIT;

    st.cause = xmalloc (100001);
    memset (st.cause, 'x', 100000);
    st.cause[100000] = '\0';
    status_format (&st, &text);
    ck_assert_uint_le (text.len, STATUS_MAX);
    ck_assert_int_eq (status_parse (text.data, text.len, &back, NULL), 0);
}
END_TEST

SUITE ("status", round_trip, every_truncation_is_noticed, nonsense_is_refused,
       files_are_created_once_and_replaced_whole, an_endless_cause_is_cut)
