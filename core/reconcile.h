/* reconcile.h - on every connect: what the core wants of each attempt x what the node has of it -> what is done. The
 * table is data; docs/states.md is printed from it and every cell has a test. */
#pragma once
#include <stdbool.h>

enum wanted_as {
    WANTED_PLACED,          /* may have started */
    WANTED_RUNNING,         /* the node said STARTED */
    WANTED_SUSPENDED,       /* likewise, and it is to stand still */
    WANTED_STOPPING_PLACED, /* a stop was asked; the node never said STARTED */
    WANTED_STOPPING_RUNNING,
    WANTED_NONE, /* unknown id, an old attempt, or one that has ended */
    N_WANTED
};

enum present_as {
    PRESENT_ABSENT,
    PRESENT_GONE, /* absent, and the node has been rebooted since: a spool may forget in a power loss */
    PRESENT_STARTING,
    PRESENT_RUNNING,
    PRESENT_SUSPENDED,
    PRESENT_EXITED,
    PRESENT_REFUSED,
    PRESENT_TOMBSTONE,
    N_PRESENT
};

enum reconcile_do {
    DO_NOTHING = 0,
    DO_START = 1 << 0,     /* send the start order again: same attempt */
    DO_STARTED = 1 << 1,   /* apply Started */
    DO_ENDED = 1 << 2,     /* apply Ended, as the node reports it */
    DO_LOST = 1 << 3,      /* apply Ended: rebooted if the boot differs from that of the start, else vanished */
    DO_CANCELLED = 1 << 4, /* apply Ended: cancelled before it started */
    DO_STOP = 1 << 5,      /* send the stop again */
    DO_KILL = 1 << 6,      /* send a kill; its exit will be let go */
    DO_FORGET = 1 << 7,    /* the node may let it go */
    DO_REFUSED = 1 << 8,   /* apply Ended: refused, with the cause that the node reports */
    DO_SUSPEND = 1 << 9,   /* send the suspend again */
    DO_RESUME = 1 << 10,   /* send the resume again */
};

struct reconcile_cell {
    unsigned what; /* of enum reconcile_do */
    const char *why;
};

const struct reconcile_cell *reconcile_cell (enum wanted_as wanted, enum present_as present);
const char *wanted_name (enum wanted_as wanted);
const char *present_name (enum present_as present);
/* "start, stop": the words for what a cell does, in the order in which it is done; n >= 64. */
char *reconcile_words (unsigned what, char *buf, unsigned n);
