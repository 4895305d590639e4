/* world.h - a core with its journal, a replica that replays it, virtual nodes, and a clock. */
#pragma once
#include "bookings.h"
#include "core/core.h"
#include "ledger.h"
#include "random.h"
#include "vnode.h"

#define WORLD_NODES 4

struct journal_row {
    uint8_t *event;
    size_t len;
};

struct world {
    struct dice dice;
    usec_t now;
    struct core *core, *replica;
    struct journal_row *journal;
    size_t n_journal, room_journal;
    struct vnode nodes[WORLD_NODES];
    struct vnode_listener listener;
    struct ledger *ledger;
    struct bookings *bookings;
    bool limits; /* of accounts are enforced */
    bool want_pass, whole_cores, tiers;
    uint64_t preemptions;
    struct vmsg old_news[32]; /* for late and doubled deliveries */
    size_t n_old;
    struct err wrong; /* the first thing that did not hold */
    uint64_t events, crashes, reconnects, placements;
};

void world_init (struct world *w, uint64_t seed);
void world_clear (struct world *w);

/* Journal and apply, check everything, perform what follows. The event is taken over. Returns -1 once w->wrong is set.
 */
int world_event (struct world *w, Moisson__Event *event);
Moisson__Event *world_new_event (void);

void world_connect (struct world *w, struct vnode *node); /* register, reconcile */
void world_disconnect (struct world *w, struct vnode *node);
/* The controller dies and comes back from the journal (through a snapshot, every second time); links are gone. */
void world_crash (struct world *w);
void world_pass (struct world *w);
/* One message from this node, if any. */
bool world_hear (struct world *w, struct vnode *node);
void world_hear_old (struct world *w); /* some earlier message once more */
