/* config_jobs.c - keys about the life of jobs. */
#include "base/config_jobs.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/config_table.h"
#include "base/mem.h"
#include "base/units.h"

#define MINUTES_MOST 65533

static int set_over_limit (char **slot, const char *value, struct err *err)
{
    uint64_t minutes;

    if (strcasecmp (value, "UNLIMITED") && number_parse (value, "OverTimeLimit", 0, MINUTES_MOST, &minutes, NULL)) {
        err_set (err, 0, "not a number of minutes");
        return err_fix (err, "write OverTimeLimit=MINUTES, at most %d, or UNLIMITED", MINUTES_MOST);
    }
    free (*slot);
    *slot = xstrdup (value);
    return 0;
}

int config_set_over_limit (void *config, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return set_over_limit (&((struct config *) config)->over_time_limit, value, err);
}

int config_set_partition_over_limit (void *partition_line, const char *value, char **ret_note, struct err *err)
{
    (void) ret_note;
    return set_over_limit (&((struct partition_line *) partition_line)->over_time_limit, value, err);
}

int config_set_dependency (void *config, const char *value, char **ret_note, struct err *err)
{
    static const char kill[] = "kill_invalid_depend";
    struct config *conf = config;

    (void) err;
    conf->kill_invalid_depend = false;
    for (const char *p = value; *p;) {
        size_t n = strcspn (p, ", ");
        if (n == sizeof kill - 1 && !strncasecmp (p, kill, n))
            conf->kill_invalid_depend = true;
        else if (n && ret_note && !*ret_note) /* disable_remote_singleton, max_depend_depth=... */
            *ret_note = xasprintf ("\"%.*s\" is ignored: only %s counts", (int) n, p, kill);
        p += n + (p[n] != '\0');
    }
    free (conf->dependency_parameters);
    conf->dependency_parameters = xstrdup (conf->kill_invalid_depend ? kill : "");
    return 0;
}

uint64_t config_over_limit (const char *text)
{
    return strcasecmp (text, "UNLIMITED") ? strtoull (text, NULL, 10) * 60 : OVER_LIMIT_NEVER;
}

void config_apply_jobs (struct config *conf)
{
    Moisson__Config *core = conf->core;
    uint64_t over = config_over_limit (conf->over_time_limit);

    core->has_over_time_limit_s = over != 0;
    core->over_time_limit_s = over;
    core->has_kill_invalid_depend = core->kill_invalid_depend = conf->kill_invalid_depend;
}
