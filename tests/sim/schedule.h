/* schedule.h - random machines and jobs on which nothing goes wrong, and what must hold of every schedule. */
#pragma once
#include <stdint.h>

/* 0, or -1 with what did not hold on stderr. totals: events, placements. */
int schedule_run (uint64_t seed, uint64_t totals[2]);
