/* node_states.c - the tables of states of nodes. */
#include "base/node_states.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

#define COUNT(table) (sizeof (table) / sizeof *(table))
#define BUSY (1u << NODE_MIXED | 1u << NODE_ALLOCATED)
#define QUIET (1u << NODE_UNKNOWN | 1u << NODE_IDLE | 1u << NODE_DOWN)
#define ANY (BUSY | QUIET)
#define REBOOTS (NODE_REBOOT_ISSUED | NODE_REBOOT_REQUESTED)

static const char *const bases[N_NODE_BASES] = {
    [NODE_UNKNOWN] = "UNKNOWN",     [NODE_IDLE] = "IDLE", [NODE_MIXED] = "MIXED",
    [NODE_ALLOCATED] = "ALLOCATED", [NODE_DOWN] = "DOWN",
};

/* In the order in which scontrol shows them. */
static const struct node_part parts[] = {
    {"COMPLETING", '+', "Something there was told to stop, or cannot be killed; the mark is on `allocated` alone."},
    {"DRAIN", 0, "Takes no new work; what runs there goes on."},
    {"FAIL", 0, "An administrator expects it to fail: as DRAIN."},
    {"INVALID_REG", 0, "Has less than the configuration says; drained until it has what it should."},
    {"NOT_RESPONDING", '*', "The controller has no session with it now."},
    {"REBOOT_ISSUED", '^', "Was told to reboot and is not back yet."},
    {"REBOOT_REQUESTED", '@', "Is rebooted as soon as nothing runs there."},
    {"MAINTENANCE", '$', "Is in a reservation with the flag MAINT, which is now."},
    {"RESERVED", 0, "Is in a reservation, which is now."},
};

/* The first row that fits is the word: one of its flags is set (0: none needed) and the base is among its bases. */
static const struct {
    unsigned flags, bases, marks; /* marks: flags whose marks it may carry; the first that is set is shown */
    const char *word;
} rows[] = {
    {NODE_INVALID_REG, ANY, 0, "inval"},
    {REBOOTS, QUIET, NODE_REBOOT_ISSUED | NODE_NOT_RESPONDING, "reboot"},
    {NODE_DRAIN, BUSY, REBOOTS | NODE_NOT_RESPONDING, "draining"},
    {NODE_DRAIN, QUIET, REBOOTS | NODE_NOT_RESPONDING, "drained"},
    {NODE_FAIL, BUSY, NODE_NOT_RESPONDING, "failing"},
    {NODE_FAIL, QUIET, NODE_NOT_RESPONDING, "fail"},
    {NODE_MAINTENANCE, 1u << NODE_IDLE, NODE_NOT_RESPONDING, "maint"},
    {NODE_RESERVED, 1u << NODE_IDLE, NODE_NOT_RESPONDING, "reserved"},
    {0, 1u << NODE_DOWN, REBOOTS | NODE_NOT_RESPONDING, "down"},
    {0, 1u << NODE_ALLOCATED, REBOOTS | NODE_NOT_RESPONDING | NODE_COMPLETING, "allocated"},
    {NODE_COMPLETING, ANY, REBOOTS | NODE_NOT_RESPONDING, "completing"},
    {0, 1u << NODE_IDLE, REBOOTS | NODE_NOT_RESPONDING, "idle"},
    {0, 1u << NODE_MIXED, REBOOTS | NODE_NOT_RESPONDING, "mixed"},
    {0, ANY, NODE_NOT_RESPONDING, "unknown"},
};

/* In the order in which their marks are looked for. */
static const unsigned mark_order[] = {NODE_REBOOT_ISSUED, NODE_REBOOT_REQUESTED, NODE_NOT_RESPONDING, NODE_COMPLETING};

static const struct node_word words[] = {
    {"idle", "idle", "Nothing runs there."},
    {"mixed", "mix", "Some of its cpus are taken."},
    {"allocated", "alloc", "All of its cpus are taken."},
    {"completing", "comp", "Something there was told to stop and is not gone yet, or cannot be killed."},
    {"down", "down", "Takes no work: silent for SlurmdTimeout (`down*`), rebooted unasked, or set so."},
    {"drained", "drain", "Takes no work, and nothing runs there."},
    {"draining", "drng", "Takes no new work; something still runs there."},
    {"fail", "fail", "As drained, set with State=FAIL."},
    {"failing", "failg", "As draining, set with State=FAIL."},
    {"inval", "inval", "Has less than the configuration says."},
    {"reboot", "boot", "Waits for its reboot, or is in it (`reboot^`)."},
    {"unknown", "unk", "Has not registered since it was configured."},
    {"maint", "maint", "Nothing runs there, and it is in a maintenance reservation now."},
    {"future", "futr", NULL},
    {"planned", "plnd", NULL},
    {"power_down", "pow_dn", NULL},
    {"power_up", "pow_up", NULL},
    {"powered_down", "pow_dn", NULL},
    {"powering_down", "pow_dn", NULL},
    {"powering_up", "pow_up", NULL},
    {"reserved", "resv", "Nothing runs there, and it is in a reservation now."},
    {"blocked", "block", NULL},
    {"perfctrs", "npc", NULL},
    {"error", "err", NULL},
};

static char mark_of (unsigned flag)
{
    for (size_t i = 0; i < COUNT (parts); i++)
        if (flag == 1u << i)
            return parts[i].mark;
    return 0;
}

/* What ends there still counts for "draining" and "failing". */
static bool fits (size_t i, struct node_look look)
{
    bool ending = rows[i].flags & (NODE_DRAIN | NODE_FAIL) && look.flags & NODE_COMPLETING;
    unsigned base = ending ? 1u << NODE_MIXED : 1u << look.base;

    return (!rows[i].flags || rows[i].flags & look.flags) && rows[i].bases & base;
}

void node_look_put (struct node_look look, struct buf *out)
{
    size_t i = 0;

    while (!fits (i, look))
        i++;
    buf_puts (out, rows[i].word);
    for (size_t m = 0; m < COUNT (mark_order); m++)
        if (rows[i].marks & look.flags & mark_order[m]) {
            buf_putc (out, mark_of (mark_order[m]));
            return;
        }
}

void node_look_put_complete (struct node_look look, struct buf *out)
{
    buf_puts (out, bases[look.base]);
    for (size_t i = 0; i < COUNT (parts); i++)
        if (look.flags & 1u << i)
            buf_printf (out, "+%s", parts[i].name);
}

static bool is_word (const char *text, size_t len, const char *word)
{
    return strlen (word) == len && !strncasecmp (text, word, len);
}

int node_look_parse (const char *complete, struct node_look *ret)
{
    size_t len = strcspn (complete, "+"), b = 0;
    struct node_look look = {0};

    while (b < N_NODE_BASES && !is_word (complete, len, bases[b]))
        b++;
    if (b == N_NODE_BASES)
        return -1;
    look.base = (enum node_base) b;
    for (const char *p = complete + len; *p; p += len) {
        size_t i = 0;
        len = strcspn (++p, "+");
        while (i < COUNT (parts) && !is_word (p, len, parts[i].name))
            i++;
        if (i == COUNT (parts))
            return -1;
        look.flags |= 1u << i;
    }
    *ret = look;
    return 0;
}

const struct node_word *node_words (size_t *ret_n)
{
    *ret_n = COUNT (words);
    return words;
}

const struct node_part *node_flag_parts (size_t *ret_n)
{
    *ret_n = COUNT (parts);
    return parts;
}
