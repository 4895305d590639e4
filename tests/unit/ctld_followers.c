/* What was told lately: bounded, in order, and nothing while nobody follows. */
#include <stdlib.h>
#include "base/mem.h"
#include "ctld/followers.h"
#include "suite.h"

static void tell (struct followers *f, uint64_t sequence)
{
    Moisson__Event event = MOISSON__EVENT__INIT;
    Moisson__News *news = xmalloc (sizeof *news);

    moisson__news__init (news);
    news->type = xstrdup ("ended");
    event.now_us = sequence * 10;
    event.news = xcalloc (1, sizeof *event.news);
    event.news[0] = news;
    event.n_news = 1;
    followers_tell (f, sequence, &event);
    for (size_t i = 0; i < event.n_news; i++)
        moisson__news__free_unpacked (event.news[i], NULL);
    free (event.news);
}

START_TEST (nothing_is_kept_while_nobody_follows)
{
    struct followers *f = followers_create ();
    struct follower one = {0};

    tell (f, 1);
    ck_assert_ptr_null (followers_next (f, 0));
    followers_add (f, &one, 1);
    ck_assert_uint_eq (followers_from (f), 2);
    tell (f, 2);
    tell (f, 4); /* event 3 told nothing */
    ck_assert_uint_eq (followers_next (f, 0)->sequence, 2);
    ck_assert_uint_eq (followers_next (f, 2)->sequence, 4);
    ck_assert_uint_eq (followers_next (f, 3)->sequence, 4);
    ck_assert_uint_eq (followers_next (f, 3)->time_us, 40);
    ck_assert_ptr_null (followers_next (f, 4));
    followers_remove (f, &one);
    ck_assert_ptr_null (followers_next (f, 0));
    ck_assert_uint_eq (followers_count (f), 0);
    followers_free (f);
}
END_TEST

START_TEST (what_is_too_much_is_left_to_the_journal)
{
    struct followers *f = followers_create ();
    struct follower one = {0}, two = {0};

    followers_add (f, &one, 0);
    followers_add (f, &two, 0);
    for (uint64_t i = 1; i <= 20000; i++)
        tell (f, i);
    ck_assert_uint_gt (followers_from (f), 1000);
    ck_assert_uint_eq (followers_next (f, 0)->sequence, followers_from (f));
    ck_assert_uint_eq (followers_next (f, 19999)->sequence, 20000);
    followers_remove (f, &one); /* the other one still follows */
    ck_assert_uint_eq (followers_next (f, 19999)->sequence, 20000);
    followers_remove (f, &two);
    followers_free (f);
}
END_TEST

SUITE ("ctld/followers", nothing_is_kept_while_nobody_follows, what_is_too_much_is_left_to_the_journal)
