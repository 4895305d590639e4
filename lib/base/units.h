/* units.h - the numbers people write: memory, durations, points in time, signals. Formats are Slurm's
 * (sbatch(1), "--time", "--mem", "--begin"; sacct(1) "--starttime"). Pure: no clock, `now` is an argument; local time
 * comes from the C library's zone rules (TZ). All parsers are strict: -1 with a sentence and *ret untouched. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include "base/err.h"

typedef uint64_t usec_t; /* microseconds since the epoch, or a duration where the name says so */
#define USEC_PER_SEC 1000000ULL

/* "100" = MB; suffixes K M G T, KB MB GB TB, any case. Rounds K up to whole MB. */
int mem_parse (const char *s, uint64_t *ret_mb, struct err *err);
/* min, min:sec, H:M:S, D-H, D-H:M, D-H:M:S, fields of any size; 0, "UNLIMITED", "infinite", "-1" give 0 = no limit.
 * Seconds are rounded up to whole minutes for job limits by the caller, not here. */
int duration_parse (const char *s, uint64_t *ret_s, struct err *err);
/* now, now+60, now+5minutes, now-2days, today, tomorrow, midnight, noon, HH:MM[:SS], MMDD[YY], MM/DD[/YY],
 * YYYY-MM-DD[THH:MM[:SS]], seconds as "uts1700000000". A time of day that has passed means tomorrow when `future`. */
int time_parse (const char *s, usec_t now, bool future, usec_t *ret, struct err *err);
/* "TERM", "SIGTERM", "15". */
int signal_parse (const char *s, int *ret_sig, struct err *err);
const char *signal_name (int sig); /* "TERM"; "?" when unknown */
/* A whole decimal number in [min, max]; `name` is for the sentence. */
int number_parse (const char *s, const char *name, uint64_t min, uint64_t max, uint64_t *ret, struct err *err);
int bool_parse (const char *s, bool *ret, struct err *err); /* yes no true false 1 0, any case */

/* All formatters write at most size bytes with the NUL, and return buf. */
char *duration_format (uint64_t s, char *buf, size_t size);       /* [D-]HH:MM:SS      sacct, scontrol */
char *duration_format_short (uint64_t s, char *buf, size_t size); /* 0:05 1:00:00 1-00:00:00    squeue */
char *cpu_time_format (uint64_t usec, char *buf, size_t size);    /* [D-]HH:MM:SS, below 1 h MM:SS.mmm */
/* YYYY-MM-DDTHH:MM:SS in local time, or as SLURM_TIME_FORMAT (given as fmt; NULL = standard) says: "standard",
 * "relative" (the one place that reads the clock), or strftime. 0 gives `unset`. */
char *time_format (usec_t t, const char *fmt, const char *unset, char *buf, size_t size);
/* 2000M, 2G: the largest unit that is exact, as Slurm's commands do without --units. */
char *mem_format (uint64_t mb, char *buf, size_t size);
