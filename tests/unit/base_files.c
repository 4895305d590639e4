#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"
#include "suite.h"

static char *scratch (void)
{
    char *dir = xstrdup ("/tmp/base_files.XXXXXX");

    ck_assert_ptr_nonnull (mkdtemp (dir));
    return dir;
}

START_TEST (what_is_written_is_read)
{
    _cleanup_free_ char *dir = scratch (), *path = xasprintf ("%s/f", dir), *text = NULL;
    struct stat st;
    size_t len;

    ck_assert_int_eq (file_write (path, "old", 3, 0644, 0, NULL), 0);
    ck_assert_int_eq (file_write (path, "a\0b", 3, 0600, 1, NULL), 0);
    ck_assert_int_eq (file_read (path, 3, &text, &len, NULL), 0);
    ck_assert_uint_eq (len, 3);
    ck_assert_mem_eq (text, "a\0b", 4);
    ck_assert_int_eq (stat (path, &st), 0);
    ck_assert_uint_eq (st.st_mode & 07777, 0600);
    ck_assert_int_eq (dir_remove (dir), 0);
    ck_assert_int_eq (access (dir, F_OK), -1);
}
END_TEST

START_TEST (large_files_grow_and_limits_hold)
{
    _cleanup_free_ char *dir = scratch (), *path = xasprintf ("%s/f", dir), *big = xcalloc (1, 100000), *text = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    size_t len = 0;

    memset (big, 'x', 100000);
    ck_assert_int_eq (file_write (path, big, 100000, 0600, 0, &err), 0);
    ck_assert_int_eq (file_read (path, 99999, &text, &len, &err), -1);
    ck_assert_ptr_null (text);
    ck_assert_ptr_nonnull (strstr (err.why, "larger than 99999"));
    ck_assert_int_eq (file_read (path, 100000, &text, &len, &err), 0);
    ck_assert_mem_eq (text, big, 100000);
    dir_remove (dir);
}
END_TEST

START_TEST (failures_name_the_file_and_leave_nothing)
{
    _cleanup_free_ char *dir = scratch (), *path = xasprintf ("%s/missing/f", dir), *text = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_int_eq (file_read (path, 10, &text, NULL, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, path));
    ck_assert_ptr_nonnull (strstr (err.why, "No such file"));
    ck_assert_int_eq (file_write (path, "x", 1, 0600, 0, &err), -1);
    /* a directory in the way: the rename fails, the temporary goes */
    _cleanup_free_ char *taken = xasprintf ("%s/d", dir);
    ck_assert_int_eq (dir_make (taken, 0700, NULL), 0);
    ck_assert_int_eq (file_write (taken, "x", 1, 0600, 0, &err), -1);
    ck_assert_int_eq (rmdir (taken), 0);
    ck_assert_int_eq (rmdir (dir), 0); /* empty again */
}
END_TEST

START_TEST (directories_are_made_with_their_parents)
{
    _cleanup_free_ char *dir = scratch (), *deep = xasprintf ("%s/a/b//c/", dir), *file = xasprintf ("%s/f", dir);
    _cleanup_err_ struct err err = ERR_INIT;

    ck_assert_int_eq (dir_make (deep, 0700, &err), 0);
    ck_assert_int_eq (dir_make (deep, 0700, &err), 0);
    ck_assert_int_eq (access (deep, W_OK), 0);
    ck_assert_int_eq (file_write (file, "", 0, 0600, 0, &err), 0);
    ck_assert_int_eq (dir_make (file, 0700, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "in the way"));
    dir_remove (dir);
    ck_assert_int_eq (dir_remove (dir), -ENOENT);
}
END_TEST

START_TEST (removing_does_not_follow_links)
{
    _cleanup_free_ char *dir = scratch (), *other = scratch (), *link = xasprintf ("%s/l", dir);

    ck_assert_int_eq (symlink (other, link), 0);
    ck_assert_int_eq (dir_remove (dir), 0);
    ck_assert_int_eq (rmdir (other), 0); /* still there */
}
END_TEST

START_TEST (only_what_is_ours_is_read_and_nothing_blocks)
{
    _cleanup_free_ char *dir = scratch (), *path = xasprintf ("%s/f", dir), *link_path = xasprintf ("%s/l", dir);
    _cleanup_free_ char *fifo = xasprintf ("%s/p", dir), *text = NULL;
    size_t len = 0;

    ck_assert_int_eq (file_read_own (path, 10, &text, &len, NULL), FILE_E_ABSENT);
    ck_assert_int_eq (file_write (path, "abc", 3, 0600, 0, NULL), 0);
    ck_assert_int_eq (file_read_own (path, 2, &text, &len, NULL), FILE_E_ODD);
    ck_assert_int_eq (symlink (path, link_path), 0);
    ck_assert_int_eq (file_read_own (link_path, 10, &text, &len, NULL), FILE_E_ODD);
    ck_assert_int_eq (mkfifo (fifo, 0600), 0);
    ck_assert_int_eq (file_read_own (fifo, 10, &text, &len, NULL), FILE_E_ODD); /* without a writer: it would wait */
    ck_assert_int_eq (file_read_own (dir, 10, &text, &len, NULL), FILE_E_ODD);
    ck_assert_ptr_null (text);
    ck_assert_int_eq (file_read_own (path, 3, &text, &len, NULL), 0);
    ck_assert_str_eq (text, "abc");
    ck_assert_int_eq (unlink (link_path), 0);
    ck_assert_int_eq (link (path, link_path), 0);
    ck_assert_int_eq (file_read_own (path, 10, &text, &len, NULL), FILE_E_ODD); /* somebody else holds it, too */
    ck_assert_int_eq (dir_remove (dir), 0);
}
END_TEST

SUITE ("files", what_is_written_is_read, large_files_grow_and_limits_hold, failures_name_the_file_and_leave_nothing,
       directories_are_made_with_their_parents, removing_does_not_follow_links,
       only_what_is_ours_is_read_and_nothing_blocks)
