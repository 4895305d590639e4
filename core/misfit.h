/* misfit.h - a node that has less than the configuration says gets no work (MARK_INVALID): judged when it registers,
 * and when the configuration changes; it is taken back once both agree. An administrator who resumes it all the same is
 * obeyed: it is marked again only for another finding. */
#pragma once
#include "base/hardware.h"

struct core;
struct node;

void misfit_judge (struct core *core, struct node *node);
void misfit_judge_all (struct core *core);
/* For views: what is not as configured, a sentence (the caller frees it); NULL = nothing, or not known. */
char *misfit_note (const struct node *node);
