/* on_submit.h - what single submits and bulks share. */
#pragma once
#include "ctld/session.h"

#define SUBMIT_TOKEN_SIZE 16

/* Going before others is for operators: a user gets what everybody has, as in Slurm without a word. */
void submit_keep_in_line (const struct ctld *ctld, bool is_operator, Moisson__JobSpec *spec);
int submit_check_key (const char *key, struct err *err);
/* Can new jobs be recorded now? */
int submit_store_ready (const struct ctld *ctld, struct err *err);
/* All of who submits, borrowed from who. */
void submit_facts (Moisson__Submitted *submitted, const struct user_facts *who);
