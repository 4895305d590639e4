/* sacct_json.h - an accounting record as JSON: Slurm's names and words, numbers as numbers. */
#pragma once
#include <jansson.h>
#include "base/units.h"
#include "proto/record.pb-c.h"

json_t *json_acct (const Moisson__AcctRecord *record, const char *cluster, usec_t now);
