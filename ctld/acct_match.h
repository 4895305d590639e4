/* acct_match.h - which accounting records a request is about. Pure, so that the reader's thread can use it. */
#pragma once
#include <stdbool.h>
#include "proto/record.pb-c.h"
#include "proto/wire.pb-c.h"

/* names: the filter's nodelist, parsed; NULL = any node. */
struct hostlist;
bool acct_match (const Moisson__AcctRequest *request, const struct hostlist *names, const Moisson__AcctRecord *record);
