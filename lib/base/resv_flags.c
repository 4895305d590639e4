/* resv_flags.c - the flags of reservations, as a table. */
#include "base/resv_flags.h"
#include <string.h>
#include <strings.h>

/* In the order in which they are shown. least: letters that a shortened word has at least. */
static const struct {
    unsigned flag;
    const char *name;
    size_t least;
    const char *instead; /* of what is known and not there: what to do */
} rows[] = {
    {RESV_MAINT, "MAINT", 3, NULL},
    {RESV_OVERLAP, "OVERLAP", 1, NULL},
    {RESV_IGNORE_JOBS, "IGNORE_JOBS", 1, NULL},
    {RESV_HOURLY, "HOURLY", 1, NULL},
    {RESV_DAILY, "DAILY", 1, NULL},
    {RESV_WEEKDAY, "WEEKDAY", 5, NULL},
    {RESV_WEEKEND, "WEEKEND", 5, NULL},
    {RESV_WEEKLY, "WEEKLY", 5, NULL},
    {RESV_SPEC_NODES, "SPEC_NODES", 2, NULL},
    {RESV_ALL_NODES, "ALL_NODES", 2, NULL},
    {RESV_ANY_NODES, "ANY_NODES", 2, NULL},
    {RESV_STATIC, "STATIC", 2, NULL},
    {RESV_STATIC, "STATIC_ALLOC", 2, NULL},
    {RESV_PART_NODES, "PART_NODES", 2, NULL},
    {RESV_FIRST_CORES, "FIRST_CORES", 2, NULL},
    {RESV_FLEX, "FLEX", 2, NULL},
    {RESV_NO_HOLD, "NO_HOLD_JOBS_AFTER_END", 2, NULL},
    {RESV_ANY_NODES, "LICENSE_ONLY", 1, NULL},
    {0, "TIME_FLOAT", 2, "give a StartTime"},
    {0, "REPLACE", 7, "name other nodes with scontrol update when one is used"},
    {0, "REPLACE_DOWN", 8, "name other nodes with scontrol update when one goes down"},
    {0, "PURGE_COMP", 2, "delete it when its jobs are done"},
    {0, "MAGNETIC", 3, "submit with --reservation=NAME"},
    {0, "FORCE_START", 2, "give a StartTime that is not past"},
    {0, "USER_DELETE", 1, "let an operator delete it"},
};
#define N_ROWS (sizeof rows / sizeof *rows)

static int take (const char *word, size_t len, bool off, unsigned *ret_on, unsigned *ret_off, struct err *err)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        if (len < rows[i].least || len > strlen (rows[i].name) || strncasecmp (rows[i].name, word, len))
            continue;
        if (rows[i].flag) {
            *(off ? ret_off : ret_on) |= rows[i].flag;
            return 0;
        }
        err_set (err, 0, "the flag %s is known, not available", rows[i].name);
        return err_fix (err, "%s", rows[i].instead);
    }
    err_set (err, 0, "Error parsing flags %.*s", (int) len, word);
    return err_fix (err, "such as MAINT,IGNORE_JOBS,DAILY (see scontrol(1))");
}

int resv_flags_parse (const char *text, char how, unsigned *ret_on, unsigned *ret_off, struct err *err)
{
    for (const char *p = text; *p; p += *p != 0) {
        bool off = how == '-' || *p == '-';
        p += *p == '-' || *p == '+';
        size_t len = strcspn (p, ",");
        if (len && take (p, len, off, ret_on, ret_off, err))
            return -1;
        p += len;
    }
    return 0;
}

void resv_flags_put (unsigned flags, struct buf *out)
{
    bool any = false;

    for (size_t i = 0; i < N_ROWS; i++) {
        if (!(flags & rows[i].flag))
            continue;
        flags &= ~rows[i].flag; /* two names of one flag: the first is shown */
        buf_printf (out, "%s%s", any ? "," : "", rows[i].name);
        any = true;
    }
}
