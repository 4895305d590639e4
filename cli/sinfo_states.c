/* sinfo_states.c - the words for states of nodes. */
#include <string.h>
#include <strings.h>
#include "sinfo_groups.h"

static const struct {
    const char *name, *brief;
    const char *also; /* another word of -t that selects it */
} states[] = {
    {"idle", "idle", NULL},
    {"mixed", "mix", NULL},
    {"allocated", "alloc", NULL},
    {"completing", "comp", NULL},
    {"down", "down", NULL},
    {"drained", "drain", "drain"},
    {"draining", "drng", "drain"},
    {"fail", "fail", NULL},
    {"failing", "failg", "fail"},
    {"future", "futr", NULL},
    {"inval", "inval", NULL},
    {"maint", "maint", NULL},
    {"planned", "plnd", NULL},
    {"power_down", "pow_dn", NULL},
    {"power_up", "pow_up", NULL},
    {"powered_down", "pow_dn", NULL},
    {"powering_down", "pow_dn", NULL},
    {"powering_up", "pow_up", NULL},
    {"reboot", "boot", NULL},
    {"reserved", "resv", NULL},
    {"unknown", "unk", NULL},
    {"blocked", "block", NULL},
    {"perfctrs", "npc", NULL},
    {"error", "err", NULL},
};
#define N_STATES (sizeof states / sizeof *states)

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
    size_t len = sinfo_state_length (state);

    for (size_t i = 0; i < N_STATES; i++)
        if (same (state, len, states[i].name)) {
            buf_printf (out, "%s%s", states[i].brief, state + len);
            return;
        }
    buf_puts (out, state);
}

bool sinfo_state_matches (const char *word, const char *state)
{
    size_t len = sinfo_state_length (state), word_len = sinfo_state_length (word);

    if (same (word, word_len, "all"))
        return true;
    if (same (word, word_len, "no_respond"))
        return strchr (state, '*') != NULL;
    if (strchr (word, '*') && !strchr (state, '*'))
        return false;
    if (same (state, len, word) || (word_len == len && !strncasecmp (word, state, len)))
        return true;
    for (size_t i = 0; i < N_STATES; i++)
        if (same (state, len, states[i].name) &&
            (same (word, word_len, states[i].brief) || same (word, word_len, states[i].also)))
            return true;
    return false;
}

bool sinfo_state_known (const char *word)
{
    size_t len = sinfo_state_length (word);

    for (size_t i = 0; i < N_STATES; i++)
        if (same (word, len, states[i].name) || same (word, len, states[i].brief))
            return true;
    return same (word, len, "all") || same (word, len, "no_respond");
}
