/* amend.h - what can be changed of a job after its submit, and by whom: one table. Changes are a JobSpec of which the
 * given fields count; an empty text takes away what was asked. */
#pragma once
#include "base/err.h"
#include "core/job.h"
#include "proto/event.pb-c.h"

/* The old one with the changes; of a running task only what can still be changed. The caller frees it. */
Moisson__JobSpec *amend_spec (const Moisson__JobSpec *old, const Moisson__JobSpec *changes, bool running);
/* Is any of it a matter of the job as a whole, not of some of its tasks? *ret_field names the first such. */
bool amend_needs_whole (const Moisson__JobSpec *changes, const char **ret_field);
/* What was changed of a task alone, and then some more: earlier (NULL: nothing) is taken over, the caller frees what is
 * returned. */
Moisson__JobSpec *amend_join (Moisson__JobSpec *earlier, const Moisson__JobSpec *changes);
/* The job as a whole has changed so: what of earlier is left; NULL = nothing. */
Moisson__JobSpec *amend_forget (Moisson__JobSpec *earlier, const Moisson__JobSpec *changes);
/* Is any of it impossible once the job runs? *ret_field names the first such. */
bool amend_needs_pending (const Moisson__JobSpec *changes, const char **ret_field);
/* Is there something that can never be changed? */
bool amend_forbids (const Moisson__JobSpec *changes, const char **ret_field);
