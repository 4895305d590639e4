#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/files.h"
#include "base/mem.h"
#include "nodeagent/blobs.h"
#include "nodeagent/spool.h"
#include "suite.h"

static char spool[64];

static struct blobs *fresh (void)
{
    struct blobs *b = NULL;

    strcpy (spool, "/tmp/moisson-test-XXXXXX");
    ck_assert_ptr_nonnull (mkdtemp (spool));
    ck_assert_int_eq (spool_prepare (spool, NULL), 0);
    ck_assert_int_eq (blobs_open (&b, spool, NULL), 0);
    return b;
}

static struct blob_key key_of (const char *text)
{
    struct blob_key key = {.uid = 1000};

    hash_bytes (text, strlen (text), key.hash);
    return key;
}

START_TEST (kept_over_a_restart_and_checked)
{
    struct blobs *b = fresh ();
    struct blob_key one = key_of ("one"), two = key_of ("two"), other = one;

    other.uid = 1001;
    ck_assert (!blobs_have (b, &one));
    ck_assert_int_eq (blobs_put (b, &one, "one", 3, NULL), 0);
    ck_assert_int_eq (blobs_put (b, &two, "two", 3, NULL), 0);
    ck_assert_int_eq (blobs_put (b, &two, "not two", 7, NULL), -1);
    ck_assert (blobs_have (b, &one) && blobs_have (b, &two));
    ck_assert (!blobs_have (b, &other)); /* the same content of another user is another blob */
    blobs_free (b);
    _cleanup_free_ char *command =
        xasprintf ("for f in %s/blobs/*; do grep -q two $f && echo x >>$f; done; true", spool);
    ck_assert_int_eq (system (command), 0);
    ck_assert_int_eq (blobs_open (&b, spool, NULL), 0);
    ck_assert (blobs_have (b, &one));
    ck_assert (!blobs_have (b, &two)); /* damaged: it is asked for again */
    ck_assert_int_eq (blobs_put (b, &two, "two", 3, NULL), 0);
    ck_assert (blobs_have (b, &two));
    blobs_free (b);
    ck_assert_int_eq (dir_remove (spool), 0);
}
END_TEST

START_TEST (the_longest_unused_go_first_and_the_held_stay)
{
    struct blobs *b = fresh ();
    struct blob_key first = key_of ("0"), second = key_of ("1"), third = key_of ("2");
    char text[16];

    blobs_hold (b, &first); /* before it is there */
    for (int i = 0; i < BLOBS_KEPT + 3; i++) {
        snprintf (text, sizeof text, "%d", i);
        struct blob_key key = key_of (text);
        ck_assert_int_eq (blobs_put (b, &key, text, strlen (text), NULL), 0);
        ck_assert (i == 0 || blobs_have (b, &second)); /* used all the time */
    }
    ck_assert_uint_eq (blobs_count (b), BLOBS_KEPT);
    ck_assert (blobs_have (b, &first));
    ck_assert (blobs_have (b, &second));
    ck_assert (!blobs_have (b, &third));
    blobs_release (b, &first);
    ck_assert_uint_eq (blobs_count (b), BLOBS_KEPT);
    blobs_free (b);
    ck_assert_int_eq (dir_remove (spool), 0);
}
END_TEST

SUITE ("blobs", kept_over_a_restart_and_checked, the_longest_unused_go_first_and_the_held_stay)
