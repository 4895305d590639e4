/* keyring.h - the keys of nodes as the controller has them: in memory, at its door, and in StateSaveLocation/node_keys.
 * A change is on disk before it counts; the list is read again under its lock before each, so that an enrolment by the
 * side (`moisson node enroll --state`) is not lost. */
#pragma once
#include "ctld/ctld.h"

int keyring_read (struct ctld *ctld, struct err *err); /* at start, and on SIGHUP */
const struct node_key *keyring_find (const struct ctld *ctld, const char *node);
/* Put these rows (copied), all or none. */
int keyring_put (struct ctld *ctld, const struct node_key *rows, size_t n, struct err *err);
/* A node came with the next one of its two keys: it is the only one from now on. Counts even if the disk is full: the
 * list then still has both. */
void keyring_promote (struct ctld *ctld, const char *node);

void keyring_fingerprint (const struct node_key *row, char ret[FINGERPRINT_SIZE]);
