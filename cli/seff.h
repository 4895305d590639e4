/* seff.h - how well a job used what it was given: the text that seff prints. Pure. */
#pragma once
#include "base/buf.h"
#include "base/units.h"
#include "proto/record.pb-c.h"

void seff_put (struct buf *out, const Moisson__AcctRecord *record, const char *cluster, usec_t now);
