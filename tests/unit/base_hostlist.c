#include <stdlib.h>
#include <string.h>
#include "base/hostlist.h"
#include "suite.h"

static struct hostlist *list_of (const char *s)
{
    struct hostlist *hl = NULL;

    ck_assert_msg (hostlist_parse (&hl, s, NULL) == 0, "%s", s);
    return hl;
}

static void expands (const char *in, const char *out)
{
    _cleanup_hostlist_ struct hostlist *hl = list_of (in);
    char all[1024] = "";

    for (size_t i = 0; i < hostlist_count (hl); i++) {
        strcat (all, i ? " " : "");
        strcat (all, hostlist_nth (hl, i));
    }
    ck_assert_str_eq (all, out);
}

static void packs (const char *in, const char *out)
{
    _cleanup_hostlist_ struct hostlist *hl = list_of (in);

    hostlist_sort_unique (hl);
    _cleanup_free_ char *text = hostlist_compress (hl);
    ck_assert_str_eq (text, out);
}

START_TEST (lists_expand)
{
    expands ("n1", "n1");
    expands ("n[1-3,07],login", "n1 n2 n3 n07 login");
    expands ("n[054-055],n[1-2,5]", "n054 n055 n1 n2 n5");
    expands ("r[1-2]n[1-2]", "r1n1 r1n2 r2n1 r2n2");
    expands ("n[8-11]-ib", "n8-ib n9-ib n10-ib n11-ib");
    expands ("b,a,b", "b a b");
    expands ("", "");
    expands (" n1, n2 n3,", "n1 n2 n3");
}
END_TEST

START_TEST (bad_lists_are_refused)
{
    static const char *const bad[] = {"n[1-",
                                      "n[]",
                                      "n[1-]",
                                      "n[3-1]",
                                      "n[a-b]",
                                      "n[1;2]",
                                      "n]1",
                                      "../etc",
                                      "n/1",
                                      "n1\x01",
                                      "n[1-99999999999]",
                                      "n[1-2000000]",
                                      "n[1-1000][1-1001]",
                                      "-n",
                                      "n[1[2]]"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct hostlist *hl = NULL;
        ck_assert_msg (hostlist_parse (&hl, bad[i], NULL) == -1, "%s", bad[i]);
        ck_assert_ptr_null (hl);
    }
}
END_TEST

START_TEST (lists_are_packed)
{
    packs ("n3,n1,n2,login", "login,n[1-3]");
    packs ("n01,n02,n03,n7,login1", "login1,n[01-03,7]");
    packs ("n9,n10,n11", "n[9-11]");
    packs ("n09,n10,n11,n100", "n[09-11,100]");
    packs ("n1,n1", "n1");
    packs ("r1n1,r1n2,r2n1", "r1n[1-2],r2n1");
    packs ("a,b", "a,b");
    packs ("", "");
    packs ("n10,n9,n8,n1", "n[1,8-10]");
}
END_TEST

START_TEST (a_name_of_many_digits_survives)
{
    packs ("n1234567890123456789012345,n1234567890123456789012346", "n1234567[890123456789012345-890123456789012346]");
}
END_TEST

START_TEST (counts_are_packed)
{
    _cleanup_free_ char *a = repeat_compress ((const uint32_t[]){8, 8, 4}, 3);
    _cleanup_free_ char *b = repeat_compress ((const uint32_t[]){2, 2, 2, 1}, 4);
    _cleanup_free_ char *c = repeat_compress (NULL, 0);

    ck_assert_str_eq (a, "8(x2),4");
    ck_assert_str_eq (b, "2(x3),1");
    ck_assert_str_eq (c, "");
}
END_TEST

SUITE ("hostlist", lists_expand, bad_lists_are_refused, lists_are_packed, a_name_of_many_digits_survives,
       counts_are_packed)
