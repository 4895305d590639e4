/* accounts_edit.h - what sacctmgr asks for, done to a tree. */
#pragma once
#include "base/accounts.h"
#include "base/buf.h"

/* Changes the tree; each thing that it is about is a line in `lines`, as sacctmgr lists it (none: it is about nothing).
 * -1 with a sentence: the tree is spoilt then, and to be thrown away. Whether it holds together is accounts_check's. */
int accounts_edit (Moisson__Accounts *accounts, const Moisson__AccountsOpRequest *op, struct buf *lines,
                   struct err *err);
