/* aliases.h - StateAliases applied to what the controller said, before it is shown: for this command's user. */
#pragma once
#include "base/state_alias.h"
#include "proto/record.pb-c.h"
#include "proto/wire.pb-c.h"
#include "rpc.h"

struct aliases {
    struct state_aliases *list; /* NULL = none */
    char *user;
};

void aliases_load (struct aliases *ret, const struct rpc *rpc);
void aliases_clear (struct aliases *aliases);
void aliases_job (const struct aliases *aliases, Moisson__JobInfo *job);
void aliases_record (const struct aliases *aliases, Moisson__AcctRecord *record);
