/* acct.h - accounting records of attempts, and rows in the same form for what has not ended. */
#pragma once
#include "core/job.h"
#include "proto/record.pb-c.h"

/* Owned by the caller: moisson__acct_record__free_unpacked. */
Moisson__AcctRecord *acct_record (const struct core *core, const struct task *task);
