/* rekey.h - new keys of a node, in two steps, so that it has a pair that works whenever it is cut off.
 *
 *   keys.new      made, and told the controller: used once the controller says that it knows them
 *   keys.commit   the same, decided: what is in it is being written to order.key, enroll.key and node.key
 *
 * Whatever is left of the second step is done when the launcher starts. Files of the launcher's user, 0600. */
#pragma once
#include "base/hash.h"
#include "proto/enroll.pb-c.h"
#include "base/err.h"

/* The launcher's half of an exchange: new pairs for the node, and a new order key from both ephemeral keys. Written to
 * keys.new; public keys are returned. */
struct rekey_publics {
    uint8_t launcher[KEY_SIZE], node[KEY_SIZE], enroll[KEY_SIZE];
};
int rekey_prepare (const char *spool, const uint8_t order_key[KEY_SIZE], const Moisson__RekeyBegin *begin,
                   struct rekey_publics *ret, struct err *err);
/* The controller has them: use them. REKEY_E_LATER: that is decided, and could not be written (err says why): said
 * again it is tried again. -1: it speaks of other keys than those of keys.new, or there are none. */
enum { REKEY_E_LATER = 1 };
int rekey_commit (const char *spool, const char *node, const Moisson__RekeyCommit *commit, struct err *err);
/* At start: finish what was decided. */
int rekey_recover (const char *spool, struct err *err);
