/* accounts.h - the account tree, QoS and what was used, as one: changed by events, saved, loaded. */
#pragma once
#include "core/core.h"

/* Counters and rates anew, under the configuration as it is now. */
void accounts_refresh (struct core *core);

void accounts_save_head (const struct core *core, Moisson__ImageHead *head); /* borrows */
int accounts_save_usage (const struct core *core, core_image_fn fn, void *arg);
void accounts_load_head (struct core *core, const Moisson__ImageHead *head);
int accounts_load_usage (struct core *core, const Moisson__Image *image, struct err *err);
