/* service_user.h - whose process the controller is, who may do what operators may, and whose jobs run here. */
#pragma once
#include <stdint.h>
#include "base/config.h"
#include "net/users.h"

struct core;

/* Started as root with another user as SlurmUser: give that user the state directory, the log and the pid file, and
 * become that user for good. Started as anybody else: that must be SlurmUser, where one is named, because nobody else
 * can decode credentials. *ret_uid: who we are now. */
int service_user_become (const struct config *conf, uint32_t *ret_uid, struct err *err);

/* Nobody else may write to the state directory. */
int service_user_check_state (const struct config *conf, struct err *err);

/* Root, the controller's own user, and those of Operators=, into the core's part of the configuration. */
int service_user_operators (struct config *conf, uint32_t own_uid, struct err *err);

/* May this user have jobs here? Refused are those whom no launcher would take (nodeagent/verify.h): in single-user mode
 * everybody else, in root mode uids below MinUID and members of root's group. */
int service_user_admits (const struct config *conf, const struct core *core, uint32_t own_uid,
                         const struct user_facts *who, struct err *err);
