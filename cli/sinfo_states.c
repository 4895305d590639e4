/* sinfo_states.c - which nodes a word for states selects, and its short form. */
#include <string.h>
#include <strings.h>
#include "base/node_states.h"
#include "sinfo_groups.h"

size_t sinfo_state_length (const char *state)
{
    return strcspn (state, "*~#!%$@^-+");
}

static bool same (const char *word, size_t len, const char *known)
{
    return known && strlen (known) == len && !strncasecmp (word, known, len);
}

void sinfo_state_brief (struct buf *out, const char *state)
{
    size_t len = sinfo_state_length (state), n;
    const struct node_word *words = node_words (&n);

    for (size_t i = 0; i < n; i++)
        if (same (state, len, words[i].name)) {
            buf_printf (out, "%s%s", words[i].brief, state + len);
            return;
        }
    buf_puts (out, state);
}

/* Words that name a flag or a base select every node that has it, whatever else is shown of it. */
static const struct {
    const char *word;
    unsigned flags;
    bool down; /* or the base */
} broad[] = {
    {"down", 0, true},
    {"drain", NODE_DRAIN, false},
    {"fail", NODE_FAIL, false},
    {"comp", NODE_COMPLETING, false},
    {"completing", NODE_COMPLETING, false},
    {"reboot", NODE_REBOOT_ISSUED | NODE_REBOOT_REQUESTED, false},
    {"reboot_issued", NODE_REBOOT_ISSUED, false},
    {"reboot_requested", NODE_REBOOT_REQUESTED, false},
    {"inval", NODE_INVALID_REG, false},
    {"invalid_reg", NODE_INVALID_REG, false},
    {"no_respond", NODE_NOT_RESPONDING, false},
    {"not_responding", NODE_NOT_RESPONDING, false},
};
#define N_BROAD (sizeof broad / sizeof *broad)

static struct node_look look_of (const Moisson__NodeInfo *node)
{
    struct node_look look = {.base = NODE_IDLE};

    if (!node->state_complete || node_look_parse (node->state_complete, &look)) /* of an older controller */
        look.flags = strchr (node->state, '*') ? NODE_NOT_RESPONDING : 0;
    return look;
}

static bool shows (const char *word, size_t word_len, const char *state)
{
    size_t len = sinfo_state_length (state), n;
    const struct node_word *words = node_words (&n);

    if (word_len == len && !strncasecmp (word, state, len))
        return true;
    for (size_t i = 0; i < n; i++)
        if (same (state, len, words[i].name) && same (word, word_len, words[i].brief))
            return true;
    return false;
}

bool sinfo_state_matches (const char *word, const Moisson__NodeInfo *node)
{
    size_t len = sinfo_state_length (word);
    struct node_look look = look_of (node);

    if (same (word, len, "all"))
        return true;
    if (strchr (word, '*') && !(look.flags & NODE_NOT_RESPONDING))
        return false;
    for (size_t i = 0; i < N_BROAD; i++)
        if (same (word, len, broad[i].word) &&
            (look.flags & broad[i].flags || (broad[i].down && look.base == NODE_DOWN)))
            return true;
    return shows (word, len, node->state);
}

bool sinfo_node_silent (const Moisson__NodeInfo *node)
{
    return look_of (node).flags & NODE_NOT_RESPONDING;
}

bool sinfo_state_known (const char *word)
{
    size_t len = sinfo_state_length (word), n;
    const struct node_word *words = node_words (&n);

    for (size_t i = 0; i < n; i++)
        if (same (word, len, words[i].name) || same (word, len, words[i].brief))
            return true;
    for (size_t i = 0; i < N_BROAD; i++)
        if (same (word, len, broad[i].word))
            return true;
    return same (word, len, "all");
}
