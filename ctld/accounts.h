/* accounts.h - the account tree: accounts.conf beside moisson.conf, and what sacctmgr asks. */
#pragma once
#include "ctld/ctld.h"

/* The file of this configuration. 0 and *ret; ACCOUNTS_E_NONE: there is none; -1: it is wrong, with file and line. */
int accounts_read (const struct config *conf, Moisson__Accounts **ret, struct err *err);
/* It is in force from now on; an event only if something is different. */
int accounts_apply (struct ctld *ctld, Moisson__Accounts *accounts, struct err *err);
