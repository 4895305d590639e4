/* expect.h - how long jobs are expected to run, where somebody knows better than their time limits. Hints of the pass:
 * in no snapshot. Backfill goes by them (D. Tsafrir, Y. Etsion, D. Feitelson, IEEE TPDS 18(6), 2007); limits,
 * reservations and licences do not. */
#pragma once
#include <stdint.h>

struct core;

/* What is expected of this job whose limit is that (0 = none): less than the limit, or just the limit. */
uint64_t expect_s (const struct core *core, uint64_t job_id, uint64_t limit_s);
void expect_forget (struct core *core, uint64_t job_id);
void expect_clear (struct core *core);
