/* notes.h - what the controller says to launchers themselves, signed for each: the configuration of nodes that have no
 * file of their own, new keys, reboots. docs/protocol.md has the conversations. */
#pragma once
#include "ctld/session.h"
#include "proto/enroll.pb-c.h"

struct notes;

struct notes *notes_create (struct ctld *ctld); /* once the configuration is in force */
struct notes *notes_free (struct notes *notes);

void notes_reconfigured (struct notes *notes); /* nodes get the new one when they next ask */
/* Of the configuration's files; NULL: it cannot be given out (the log says why). HASH_SIZE bytes. */
const uint8_t *notes_config_hash (const struct notes *notes);
/* A launcher with this nonce wants the configuration, and has one of this hash (NULL: none). */
void notes_send_config (struct notes *notes, struct session *session, const ProtobufCBinaryData *nonce,
                        const ProtobufCBinaryData *hash);

/* Begin to exchange the keys of a node that has a session. -1: it has none. */
int notes_rekey (struct notes *notes, const char *node, struct err *err);
/* Have a node with a session run its RebootProgram. Without one it is asked when it comes, if it is still to reboot. */
void notes_reboot (struct notes *notes, const char *node);
/* What its launcher says to it. */
void notes_answered (struct notes *notes, struct session *session, const Moisson__SignedNote *answer);
/* A session is ready: an exchange that was cut off in the middle goes on. */
void notes_session_ready (struct notes *notes, struct session *session);
void notes_session_left (struct notes *notes, const struct session *session);
bool notes_rekeying (const struct notes *notes, const char *node);
