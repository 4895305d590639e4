/* journal.h - group commit: events are appended in the loop, a thread of the journal commits them in batches, and what
 * rests on them (replies, start orders, answers) is released in the loop, in order, after their commit.
 *
 * A batch is kept until its commit is known to have succeeded; a commit that failed, or whose outcome is unknown, is
 * tried again with the same batch (rows are keyed by sequence, so a second writing of them changes nothing). While that
 * goes on the health says so, and new work is to be refused before it is applied. */
#pragma once
#include "base/cleanup.h"
#include "core/effects.h"
#include "net/loop.h"
#include "plugins/abi.h"
#include "proto/event.pb-c.h"

struct journal;

enum journal_health {
    JOURNAL_OK,
    JOURNAL_FULL,    /* commits go through, on the reserve: take no new work */
    JOURNAL_FAILING, /* the last commit did not go through; it is being retried */
};

/* committed = false: the journal is being freed; release arg, do nothing else. */
typedef void (*journal_fn) (void *arg, bool committed);
typedef void (*journal_health_fn) (void *arg, enum journal_health health, const char *why);

struct journal_options {
    struct loop *loop;
    const struct store_ops *ops;
    struct store *store;
    uint64_t sequence;                /* of the newest row in the store; 0 = none */
    usec_t retry_first, retry_most;   /* back-off between tries of a failed commit, doubling */
    usec_t probe;                     /* how often an idle store is asked for room */
    void (*on_committed) (void *arg); /* from the loop, after each commit; may be NULL */
    journal_health_fn on_health;      /* from the loop, on each change; may be NULL */
    void *arg;
};

int journal_create (struct journal **ret, const struct journal_options *options, struct err *err);
/* Waits for the commit in progress, drops the rest, and calls what waits with committed = false. */
struct journal *journal_free (struct journal *journal);
DEFINE_CLEANUP (struct journal *, journal_free)

/* Take one applied event, the accounting records among its effects, and the blobs it needs (all copied) into the open
 * batch. Returns its sequence, one more than the last. */
uint64_t journal_append (struct journal *journal, const Moisson__Event *event, const struct effects *fx,
                         const struct store_blob *blobs, size_t n_blobs);

/* More to commit with the event that is appended next, in the same turn of the loop: blobs. Taken over. */
struct batch;
void journal_join (struct journal *journal, struct batch *more);

/* Call fn once the event `sequence` is committed and all earlier waiters have been called; at once if that is so now.
 * Waiters are called in slices, so a large batch does not hold the loop. */
void journal_after (struct journal *journal, uint64_t sequence, journal_fn fn, void *arg);

/* Run work in the journal's thread behind everything appended so far, then done in the loop. done gets rc < 0 and no
 * work was run if the journal is freed before. */
typedef int (*journal_work_fn) (void *arg, struct store *store);
typedef void (*journal_done_fn) (void *arg, int rc);
void journal_call (struct journal *journal, journal_work_fn work, journal_done_fn done, void *arg);

bool journal_accepting (const struct journal *journal); /* may new work be applied? */
enum journal_health journal_health (const struct journal *journal);
const char *journal_trouble (const struct journal *journal); /* why not, in words; "" when healthy */
uint64_t journal_sequence (const struct journal *journal);   /* of the newest event appended */
uint64_t journal_committed (const struct journal *journal);  /* of the newest event committed */

struct journal_stats {
    uint64_t commits, rows, retries;
    usec_t last, longest, total; /* time in commit */
};
struct journal_stats journal_stats (const struct journal *journal);
