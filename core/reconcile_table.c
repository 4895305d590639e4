/* reconcile_table.c - wanted x present, as data. */
#include <stdio.h>
#include <string.h>
#include "core/reconcile.h"

static const struct reconcile_cell table[N_WANTED][N_PRESENT] =
    {
        [WANTED_PLACED] =
            {
                [PRESENT_ABSENT] = {DO_START, "the order was lost"},
                [PRESENT_GONE] = {DO_LOST, "it may have run before the reboot"},
                [PRESENT_STARTING] = {DO_NOTHING, "it will say STARTED"},
                [PRESENT_RUNNING] = {DO_STARTED, "its STARTED was lost"},
                [PRESENT_SUSPENDED] = {DO_STARTED | DO_RESUME, "nobody asked that it stand still"},
                [PRESENT_EXITED] = {DO_ENDED, "STARTED and EXITED were lost"},
                [PRESENT_REFUSED] = {DO_REFUSED, "the refusal was lost"},
                [PRESENT_TOMBSTONE] = {DO_CANCELLED, "a stop came before the start: it will never run"},
            },
        [WANTED_RUNNING] =
            {
                [PRESENT_ABSENT] = {DO_LOST, "it ran, and nothing is left of it"},
                [PRESENT_GONE] = {DO_LOST, "it ran, and ended with the boot"},
                [PRESENT_STARTING] = {DO_NOTHING, "it said STARTED already"},
                [PRESENT_RUNNING] = {DO_NOTHING, "as it should be"},
                [PRESENT_SUSPENDED] = {DO_RESUME, "the resume was lost"},
                [PRESENT_EXITED] = {DO_ENDED, "its EXITED was lost"},
                [PRESENT_REFUSED] = {DO_ENDED, "the node knows better"},
                [PRESENT_TOMBSTONE] = {DO_CANCELLED, "the node knows better"},
            },
        [WANTED_SUSPENDED] =
            {
                [PRESENT_ABSENT] = {DO_LOST, "it ran, and nothing is left of it"},
                [PRESENT_GONE] = {DO_LOST, "it ran, and ended with the boot"},
                [PRESENT_STARTING] = {DO_SUSPEND, "it said STARTED already, and the suspend was lost"},
                [PRESENT_RUNNING] = {DO_SUSPEND, "the suspend was lost"},
                [PRESENT_SUSPENDED] = {DO_NOTHING, "as it should be"},
                [PRESENT_EXITED] = {DO_ENDED, "its EXITED was lost"},
                [PRESENT_REFUSED] = {DO_ENDED, "the node knows better"},
                [PRESENT_TOMBSTONE] = {DO_CANCELLED, "the node knows better"},
            },
        [WANTED_STOPPING_PLACED] =
            {
                [PRESENT_ABSENT] = {DO_STOP | DO_CANCELLED, "it never started; a late start meets a tombstone"},
                [PRESENT_GONE] = {DO_STOP | DO_CANCELLED,
                                  "whatever it was, it is over; a late start meets a tombstone"},
                [PRESENT_STARTING] = {DO_STOP, "the stop was lost"},
                [PRESENT_RUNNING] = {DO_STOP, "the stop was lost"},
                [PRESENT_SUSPENDED] = {DO_STOP, "the stop was lost; it lets it go on, to end"},
                [PRESENT_EXITED] = {DO_ENDED, "its EXITED was lost"},
                [PRESENT_REFUSED] = {DO_REFUSED, "the refusal was lost"},
                [PRESENT_TOMBSTONE] = {DO_CANCELLED, "the stop came first"},
            },
        [WANTED_STOPPING_RUNNING] =
            {
                [PRESENT_ABSENT] = {DO_LOST, "it ran, and nothing is left of it"},
                [PRESENT_GONE] = {DO_LOST, "it ran, and ended with the boot"},
                [PRESENT_STARTING] = {DO_STOP, "the stop was lost"},
                [PRESENT_RUNNING] = {DO_STOP, "the stop was lost"},
                [PRESENT_SUSPENDED] = {DO_STOP, "the stop was lost; it lets it go on, to end"},
                [PRESENT_EXITED] = {DO_ENDED, "its EXITED was lost"},
                [PRESENT_REFUSED] = {DO_ENDED, "the node knows better"},
                [PRESENT_TOMBSTONE] = {DO_CANCELLED, "the node knows better"},
            },
        [WANTED_NONE] =
            {
                [PRESENT_ABSENT] = {DO_NOTHING, "nobody speaks of it"},
                [PRESENT_GONE] = {DO_NOTHING, "nobody speaks of it"},
                [PRESENT_STARTING] = {DO_KILL, "nobody wants it (any more)"},
                [PRESENT_RUNNING] = {DO_KILL, "nobody wants it (any more)"},
                [PRESENT_SUSPENDED] = {DO_KILL, "nobody wants it (any more)"},
                [PRESENT_EXITED] = {DO_FORGET, "its end is recorded"},
                [PRESENT_REFUSED] = {DO_FORGET, "its end is recorded"},
                [PRESENT_TOMBSTONE] = {DO_FORGET, "its end is recorded"},
            },
};

static const char *const wanted_names[N_WANTED] = {
    "PLACED", "RUNNING", "SUSPENDED", "STOPPING (placed)", "STOPPING (running)", "none"};
static const char *const present_names[N_PRESENT] = {"absent",    "absent, rebooted", "starting", "running",
                                                     "suspended", "exited",           "refused",  "tombstone"};

static const struct {
    unsigned what;
    const char *words;
} words[] = {
    {DO_START, "send START"},
    {DO_STOP, "send STOP"},
    {DO_KILL, "send KILL"},
    {DO_STARTED, "apply Started"},
    {DO_ENDED, "apply Ended"},
    {DO_LOST, "apply Ended (lost or rebooted)"},
    {DO_CANCELLED, "apply Ended (cancelled)"},
    {DO_REFUSED, "apply Ended (refused)"},
    {DO_FORGET, "send FORGET"},
    {DO_SUSPEND, "send SUSPEND"},
    {DO_RESUME, "send RESUME"},
};

const struct reconcile_cell *reconcile_cell (enum wanted_as wanted, enum present_as present)
{
    return &table[wanted][present];
}

const char *wanted_name (enum wanted_as wanted)
{
    return wanted_names[wanted];
}

const char *present_name (enum present_as present)
{
    return present_names[present];
}

char *reconcile_words (unsigned what, char *buf, unsigned n)
{
    snprintf (buf, n, "%s", what ? "" : "nothing");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (what & words[i].what) {
            size_t len = strlen (buf);
            snprintf (buf + len, n - len, "%s%s", len ? ", " : "", words[i].words);
        }
    return buf;
}
