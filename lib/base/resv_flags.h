/* resv_flags.h - the flags of advance reservations, as Slurm 22.05 names them. Numbers are in journals. */
#pragma once
#include "base/buf.h"
#include "base/err.h"

enum resv_flag {
    RESV_MAINT = 1 << 0,       /* may lie over other reservations; jobs of these keep off its nodes */
    RESV_OVERLAP = 1 << 1,     /* may lie over other reservations */
    RESV_IGNORE_JOBS = 1 << 2, /* what runs there already is no obstacle */
    RESV_HOURLY = 1 << 3,
    RESV_DAILY = 1 << 4,
    RESV_WEEKDAY = 1 << 5, /* Monday to Friday */
    RESV_WEEKEND = 1 << 6, /* Saturday and Sunday */
    RESV_WEEKLY = 1 << 7,
    RESV_SPEC_NODES = 1 << 8, /* nodes were named */
    RESV_ALL_NODES = 1 << 9,  /* all of them were */
    RESV_PART_NODES = 1 << 10,
    RESV_FLEX = 1 << 11,      /* its jobs may begin before it, end after it and use other nodes */
    RESV_ANY_NODES = 1 << 12, /* it has licences only: its jobs run on any node */
    RESV_STATIC = 1 << 13,
    RESV_NO_HOLD = 1 << 14, /* jobs that wait for it when it ends are not held */
    RESV_FIRST_CORES = 1 << 15,
    RESV_RECURS = RESV_HOURLY | RESV_DAILY | RESV_WEEKDAY | RESV_WEEKEND | RESV_WEEKLY,
};

#define RESV_FOREVER (365ULL * 24 * 3600) /* seconds: Duration=UNLIMITED, as Slurm has it */

/* "MAINT,DAILY"; a word may be shortened, as in Slurm. With - before it (or how '-'), it goes to *ret_off. */
int resv_flags_parse (const char *text, char how, unsigned *ret_on, unsigned *ret_off, struct err *err);
void resv_flags_put (unsigned flags, struct buf *out); /* nothing for none */
