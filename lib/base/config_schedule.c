/* config_schedule.c - keys about the order of the queue, what may pass what waits, and which node is taken. */
#include "base/config_schedule.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

#define RESERVE_MOST 1000
#define INTERVAL_MOST 3600

static const struct parameter { /* of SchedulerParameters; all others are tuning of Slurm's own code */
    const char *word;
    size_t offset;
    uint32_t min, max;
} parameters[] = {
    {"bf_interval", offsetof (struct config, bf_interval), 1, INTERVAL_MOST},
    {"bf_job_part_count_reserve", offsetof (struct config, bf_reserve), 0, RESERVE_MOST},
};

static const struct parameter *find (const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        if (strlen (parameters[i].word) == len && !strncasecmp (parameters[i].word, word, len))
            return &parameters[i];
    return NULL;
}

static int read_one (struct config *conf, const char *word, size_t len, struct buf *ignored, struct err *err)
{
    size_t name = strcspn (word, "=");
    const struct parameter *p = find (word, name < len ? name : len);
    _cleanup_free_ char *text = NULL;
    char *end;
    unsigned long n;

    if (!p) {
        buf_printf (ignored, "%s%.*s", ignored->len ? ", " : "", (int) len, word);
        return 0;
    }
    text = xstrndup (word + (name < len ? name + 1 : len), name < len ? len - name - 1 : 0);
    n = strtoul (text, &end, 10);
    if (!*text || strspn (text, "0123456789") != strlen (text) || *end || n < p->min || n > p->max) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s is a number from %u to %u, not \"%s\"", p->word, p->min,
                 p->max, text);
        return err_fix (err, "write %s=%u", p->word, p->min ? 30 : 1);
    }
    *(uint32_t *) ((char *) conf + p->offset) = (uint32_t) n;
    return 0;
}

int config_set_scheduler_parameters (void *base, const char *value, char **ret_note, struct err *err)
{
    struct config *conf = base;
    _cleanup_buf_ struct buf ignored = BUF_INIT;

    for (const char *p = value; *p;) {
        size_t len = strcspn (p, ", ");
        if (len && read_one (conf, p, len, &ignored, err) < 0)
            return -1;
        p += len + (p[len] != '\0');
    }
    free (conf->scheduler_parameters);
    conf->scheduler_parameters =
        xasprintf ("bf_interval=%u,bf_job_part_count_reserve=%u", conf->bf_interval, conf->bf_reserve);
    if (ret_note && ignored.len)
        *ret_note = xasprintf ("tuning of Slurm's own code is ignored: %s", ignored.data);
    return 0;
}

#define SPREAD "place/spread"

void config_schedule_partition (const struct partition_line *line, Moisson__PartitionConf *p)
{
    p->place = line->least_loaded ? xstrdup (SPREAD) : NULL;
}

void config_apply_schedule (struct config *conf)
{
    for (size_t i = 0; i < conf->core->n_partitions; i++)
        if (conf->least_loaded && !conf->core->partitions[i]->place)
            conf->core->partitions[i]->place = xstrdup (SPREAD);
}
