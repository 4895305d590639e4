/* config_bundle.h - a configuration as files that need no others: moisson.conf with its includes in it, gres.conf and
 * cgroup.conf from beside it, and the topologies that its nodes name. What a node without files of its own gets. */
#pragma once
#include "base/config.h"
#include "base/hash.h"
#include "proto/enroll.pb-c.h"

#define BUNDLE_FILES 64         /* at most */
#define BUNDLE_BYTES (8u << 20) /* all files together, at most */

/* Version 0. Free with moisson__config_bundle__free_unpacked. */
int config_bundle_make (Moisson__ConfigBundle **ret, const struct config *conf, struct err *err);
/* Of the files alone: the same files have the same hash, whatever the version. */
void config_bundle_hash (const Moisson__ConfigBundle *bundle, uint8_t ret[HASH_SIZE]);
/* Names are plain names, nothing is too much, and there is a moisson.conf. */
int config_bundle_check (const Moisson__ConfigBundle *bundle, struct err *err);
/* The files, into a directory that is made for them (0755, files 0644, on disk when this returns). Checks first.
 * What it has written before it fails is the caller's to remove. */
int config_bundle_write (const Moisson__ConfigBundle *bundle, const char *dir, struct err *err);
