/* mail.h - what --mail-type asks to be told about an event: one mail for an array as a whole, unless ARRAY_TASKS. */
#pragma once
#include "core/core.h"

/* Of the event that was applied last: adds an FX_MAIL for each mail. */
void core_mails (const struct core *core, const Moisson__Event *event, struct effects *fx);

/* A mail about so much of a time limit: 1: it is due; 0: later, *ret_due; -1: no more (it has ended, or has no limit).
 */
int core_mail_due (const struct core *core, const Moisson__Mail *mail, usec_t now, usec_t *ret_due);
/* Those of all that runs, after a restart; each is the callee's. */
void core_mail_limits (const struct core *core, void (*fn) (void *arg, Moisson__Mail *mail), void *arg);
