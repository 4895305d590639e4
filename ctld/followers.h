/* followers.h - who follows along (`moisson events`), and what has been told lately, in memory: bounded, and empty
 * while nobody follows. Whoever falls behind it reads the journal instead. */
#pragma once
#include "ctld/stream.h"

struct followers;

struct follower {
    struct follower *prev, *next;
    struct stream *stream;
    bool waits; /* has seen all that is committed: is woken by the next commit */
};

struct told { /* of one event */
    uint64_t sequence, time_us;
    Moisson__News **news;
    size_t n;
};

struct followers *followers_create (void);
struct followers *followers_free (struct followers *followers);
/* An event was appended to the journal: takes its news over where somebody follows. */
void followers_tell (struct followers *followers, uint64_t sequence, Moisson__Event *event);
void followers_committed (struct followers *followers); /* something more is */
/* sequence: of the newest event so far. */
void followers_add (struct followers *followers, struct follower *f, uint64_t sequence);
void followers_remove (struct followers *followers, struct follower *f);
size_t followers_count (const struct followers *followers);
/* All that was told by events from this one on is here. */
uint64_t followers_from (const struct followers *followers);
/* What the first event after this one told that told anything; NULL: none has. */
const struct told *followers_next (const struct followers *followers, uint64_t after);
