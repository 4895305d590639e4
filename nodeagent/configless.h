/* configless.h - a node without a configuration file: it has the controller's, in its spool.
 *
 *   enrolled.conf         written by `moisson node enroll`: where the controller is, and no more
 *   conf/<version>/       what the controller gave: moisson.conf, gres.conf..., and `hash`, what they are known by
 *   conf/current          a link to the one in use
 *
 * The launcher alone writes here, after it has checked who the files are from. Versions rise; the one before is kept.
 */
#pragma once
#include "base/config_bundle.h"

/* The file to read: that of conf/current, else enrolled.conf (*ret_first: jobs cannot run by it). Neither is there: -1.
 */
int configless_find (const char *spool, const char *node, char **ret_path, bool *ret_first, struct err *err);
/* The one to fall back on when what the controller gave cannot be read (any more, or yet). */
char *configless_first_path (const char *spool);
bool configless_is_first (const char *path);

uint64_t configless_version (const char *spool);                 /* of conf/current; 0 = none */
int configless_hash (const char *spool, uint8_t ret[HASH_SIZE]); /* -1: none */

/* May this launcher run by that configuration? -1 in words. */
typedef int (*configless_check_fn) (void *arg, const struct config *conf, struct err *err);
/* Put it in place of the current one, at once or not at all: it is checked as a configuration, has the node, and passes
 * `check`. */
int configless_install (const char *spool, const char *node, const Moisson__ConfigBundle *bundle,
                        configless_check_fn check, void *arg, struct err *err);
