/* What sinfo and scontrol call the states of nodes. */
#include "base/node_states.h"
#include <string.h>
#include "suite.h"

START_TEST (words_are_slurms)
{
    static const struct {
        struct node_look look;
        const char *word, *complete;
    } cases[] = {
        {{NODE_IDLE, 0}, "idle", "IDLE"},
        {{NODE_UNKNOWN, NODE_NOT_RESPONDING}, "unknown*", "UNKNOWN+NOT_RESPONDING"},
        {{NODE_MIXED, NODE_NOT_RESPONDING}, "mixed*", "MIXED+NOT_RESPONDING"},
        {{NODE_ALLOCATED, NODE_COMPLETING}, "allocated+", "ALLOCATED+COMPLETING"},
        {{NODE_MIXED, NODE_COMPLETING}, "completing", "MIXED+COMPLETING"},
        {{NODE_IDLE, NODE_COMPLETING}, "completing", "IDLE+COMPLETING"},
        {{NODE_DOWN, NODE_NOT_RESPONDING}, "down*", "DOWN+NOT_RESPONDING"},
        {{NODE_IDLE, NODE_DRAIN}, "drained", "IDLE+DRAIN"},
        {{NODE_DOWN, NODE_DRAIN | NODE_NOT_RESPONDING}, "drained*", "DOWN+DRAIN+NOT_RESPONDING"},
        {{NODE_MIXED, NODE_DRAIN}, "draining", "MIXED+DRAIN"},
        {{NODE_IDLE, NODE_DRAIN | NODE_COMPLETING}, "draining", "IDLE+COMPLETING+DRAIN"},
        {{NODE_ALLOCATED, NODE_FAIL}, "failing", "ALLOCATED+FAIL"},
        {{NODE_IDLE, NODE_FAIL}, "fail", "IDLE+FAIL"},
        {{NODE_DOWN, NODE_DRAIN | NODE_INVALID_REG}, "inval", "DOWN+DRAIN+INVALID_REG"},
        {{NODE_IDLE, NODE_DRAIN | NODE_REBOOT_REQUESTED}, "reboot", "IDLE+DRAIN+REBOOT_REQUESTED"},
        {{NODE_MIXED, NODE_REBOOT_REQUESTED}, "mixed@", "MIXED+REBOOT_REQUESTED"},
        {{NODE_MIXED, NODE_DRAIN | NODE_REBOOT_REQUESTED}, "draining@", "MIXED+DRAIN+REBOOT_REQUESTED"},
        {{NODE_IDLE, NODE_REBOOT_ISSUED}, "reboot^", "IDLE+REBOOT_ISSUED"},
        {{NODE_DOWN, NODE_REBOOT_ISSUED | NODE_NOT_RESPONDING}, "reboot^", "DOWN+NOT_RESPONDING+REBOOT_ISSUED"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        _cleanup_buf_ struct buf word = BUF_INIT, complete = BUF_INIT;
        struct node_look again;
        node_look_put (cases[i].look, &word);
        node_look_put_complete (cases[i].look, &complete);
        ck_assert_str_eq (buf_str (&word), cases[i].word);
        ck_assert_str_eq (buf_str (&complete), cases[i].complete);
        ck_assert_int_eq (node_look_parse (buf_str (&complete), &again), 0);
        ck_assert (again.base == cases[i].look.base && again.flags == cases[i].look.flags);
    }
}
END_TEST

START_TEST (every_combination_has_a_word_that_sinfo_knows)
{
    size_t n;
    const struct node_word *words = node_words (&n);

    for (unsigned flags = 0; flags < 128; flags++)
        for (int base = 0; base < N_NODE_BASES; base++) {
            _cleanup_buf_ struct buf word = BUF_INIT;
            size_t i = 0, len;
            node_look_put ((struct node_look){(enum node_base) base, flags}, &word);
            len = strcspn (buf_str (&word), "*+^@$");
            ck_assert_uint_le (strlen (buf_str (&word)) - len, 1); /* one mark at most */
            while (i < n && (strlen (words[i].name) != len || strncmp (words[i].name, buf_str (&word), len)))
                i++;
            ck_assert_msg (i < n && words[i].meaning, "%s", buf_str (&word));
        }
}
END_TEST

START_TEST (other_words_are_refused)
{
    struct node_look look;

    ck_assert_int_eq (node_look_parse ("idle+drain", &look), 0);
    ck_assert_int_eq (node_look_parse ("", &look), -1);
    ck_assert_int_eq (node_look_parse ("IDLE+", &look), -1);
    ck_assert_int_eq (node_look_parse ("IDLE+CLOUD", &look), -1);
    ck_assert_int_eq (node_look_parse ("FUTURE", &look), -1);
}
END_TEST

SUITE ("node_states", words_are_slurms, every_combination_has_a_word_that_sinfo_knows, other_words_are_refused)
