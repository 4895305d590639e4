/* enroll.h - nodes that ask to be let in, in memory only: strangers write nothing to disk, and no more of them are kept
 * than there is room for. A request is of one name, one key and one address; it is kept while the node asks again, and
 * for a day after. An operator accepts it by its fingerprint; the node then learns its order key when it asks next.
 *
 * Room: ENROLL_MOST in all, ENROLL_A_NAME of one name, ENROLL_AN_ADDRESS from one address. Who would be too many takes
 * the place of one that has not asked for ENROLL_STALE; where there is none it is told to come back. */
#pragma once
#include "ctld/ctld.h"

#define ENROLL_MOST 4096
#define ENROLL_A_NAME 8
#define ENROLL_AN_ADDRESS 256
#define ENROLL_STALE (60 * USEC_PER_SEC)
#define ENROLL_KEPT (24 * 3600 * USEC_PER_SEC)

struct enroll;

struct enroll_request {
    const char *node;
    const char *address, *fingerprint;
    usec_t since_us, seen_us; /* wall clock */
};

struct enroll *enroll_create (struct ctld *ctld);
struct enroll *enroll_free (struct enroll *e);
/* For the door: a node asks. -1: refused, in words. */
int enroll_asked (void *enroll, const struct door_asker *asker, struct door_answer *ret, struct err *err);

/* The requests of a name (NULL: of all), in no order; fn returns false to stop. They are borrowed for the call. */
void enroll_each (const struct enroll *e, const char *node, bool (*fn) (void *arg, const struct enroll_request *r),
                  void *arg);
/* An operator's yes to the request of that name and fingerprint: fills the row to put (its node is borrowed from the
 * caller), with a new order key. replace: also where the name has another accepted key. The request itself goes by
 * enroll_done, once the row has been put. */
int enroll_accept (const struct enroll *e, const char *node, const char *fingerprint, bool replace,
                   struct node_key *ret, struct err *err);
void enroll_done (struct enroll *e, const char *node);
