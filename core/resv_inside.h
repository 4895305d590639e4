/* resv_inside.h - what the files about reservations share. */
#pragma once
#include "core/resv.h"

bool resv_msg_touches (const Moisson__Resv *msg, usec_t from, usec_t until, usec_t *ret_start, usec_t *ret_end);
bool resv_msgs_meet (const Moisson__Resv *a, const Moisson__Resv *b); /* do any occurrences of theirs? */
usec_t resv_step (const Moisson__Resv *msg);                          /* to the next occurrence; 0 = there is none */
/* On to the occurrence that is now, or the next one. False: it is over for good. */
bool resv_roll (Moisson__Resv *msg, usec_t now);
/* May the two lie over each other whatever they have? */
bool resv_may_overlap (const Moisson__Resv *a, const Moisson__Resv *b);
/* The nodes of a reservation that is made, or changed from `old`: those that are named, or chosen. Everything else of
 * it is set. */
int resv_choose_nodes (const struct core *core, const Moisson__ResvOpRequest *asked, const struct resv *old, usec_t now,
                       Moisson__Resv *resv, struct err *err);
