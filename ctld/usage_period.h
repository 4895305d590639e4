/* usage_period.h - PriorityUsageResetPeriod: at midnight, on Sunday, on the first of a month, quarter or year, local
 * time, all that was used is forgotten. What was missed while the controller was away is made up, once. */
#pragma once
#include "ctld/ctld.h"

enum usage_due {
    USAGE_STAYS,
    USAGE_BEGINS, /* nothing was ever forgotten: periods count from now on */
    USAGE_GOES,
};

/* What is to be done now, if all was forgotten last then (0: never)? *ret_next: when to ask again; UINT64_MAX: never.
 * In the time zone of the process; NOW and NONE have no dates. Pure. */
enum usage_due usage_due (const char *period, usec_t last, usec_t now, usec_t *ret_next);

struct usage_period *usage_period_create (struct ctld *ctld);
struct usage_period *usage_period_free (struct usage_period *period);
void usage_period_apply (struct usage_period *period); /* the configuration is in force from now on */
void usage_period_stop (struct usage_period *period);

/* sacctmgr modify ... set RawUsage=0: is it asked, is it asked for alone, and may it be? */
bool usage_forget_asked (const Moisson__AccountsOpRequest *asked, bool *ret_alone);
int usage_forget_check (const Moisson__AccountsOpRequest *asked, struct err *err);
/* Forget it for all that it names of this tree; it was checked. */
int usage_forget (struct ctld *ctld, const Moisson__AccountsOpRequest *asked, const Moisson__Accounts *tree,
                  uint32_t uid, struct err *err);
