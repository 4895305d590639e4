/* retry.h - the words of --retry: after which ends another attempt is made, how often, and with what more.
 *
 *     RULES = RULE[;RULE...]
 *     RULE  = CAUSE[:TIMES][,mem*FACTOR[@MOST]][,time*FACTOR[@MOST]]   or   max:TIMES
 *     CAUSE = oom | node | timeout | setup | exit | exit=CODE[-CODE] | signal=SIGNAL | any
 *
 * TIMES is 1 where it is missing. FACTOR is a number with at most three decimals, above 1. MOST is as in --mem and
 * --time. exit is any code but 0 and any signal; any is all of them. Of several rules that apply the first that has
 * times left counts; max is how many further attempts are made in all. Pure. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "proto/spec.pb-c.h"

#define RETRY_TIMES_MOST 1000
#define RETRY_RULES_MOST 16

/* Into spec->retries, retry_most and retry (the words as typed); what was there goes. An empty text asks for nothing.
 */
int retry_parse (Moisson__JobSpec *spec, const char *text, struct err *err);
void retry_clear (Moisson__JobSpec *spec); /* strings and rules that retry_parse made */
/* What a client sent: is it something that retry_parse can make? */
int retry_check (const Moisson__JobSpec *spec, struct err *err);
const char *retry_cause_word (Moisson__RetryCause cause);
