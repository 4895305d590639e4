/* failure.h - Slurm's sentences for what the controller refuses, and the two ways commands print them. */
#pragma once
#include "base/err.h"

/* Slurm's sentence for a Moisson__FailCode; NULL for FAIL_OTHER: then err->why speaks for itself. */
const char *failure_sentence (int code);
const char *failure_text (const struct err *err); /* the sentence, else why; never NULL */

/* "CALL error: SENTENCE" on stderr: queries (slurm_load_jobs, slurm_load_node, slurm_load_partitions,
 * slurm_load_ctl_conf). Nothing more follows for an unknown job id: clients compare the whole text. For other failures
 * the plain words and the fix follow on lines of their own. Returns COMMAND_ERROR. */
int failure_report_query (const char *call, const struct err *err);
/* "TOOL: error: LEAD: SENTENCE" (lead NULL: none), then plain words and fix. Returns COMMAND_ERROR. */
int failure_report (const char *tool, const char *lead, const struct err *err);
/* The lines after the sentence: why and fix, as far as they say more. */
void failure_details (const struct err *err);
/* The same for one job of several: why may be NULL. */
void failure_why (int code, const char *why);
