/* accounts_edit.h - what sacctmgr asks for, done to a tree. */
#pragma once
#include "base/accounts.h"
#include "base/buf.h"

/* No key of the tree: what was used can be set to 0 with modify, which is not done here. It counts as said of each. */
#define ACCOUNTS_RAW_USAGE "RawUsage"

/* Changes the tree; each thing that it is about is a line in `lines`, as sacctmgr lists it (none: it is about nothing).
 * -1 with a sentence: the tree is spoilt then, and to be thrown away. Whether it holds together is accounts_check's. */
int accounts_edit (Moisson__Accounts *accounts, const Moisson__AccountsOpRequest *op, struct buf *lines,
                   struct err *err);
/* Is this one of those that it is about: an account or a QoS of this name, or a user in this account? */
bool accounts_edit_means (const Moisson__AccountsOpRequest *op, const char *name, const char *account);
