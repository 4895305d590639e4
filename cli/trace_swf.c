/* trace_swf.c - a line of the Standard Workload Format. */
#include <errno.h>
#include <string.h>
#include "base/mem.h"
#include "trace.h"

#define FIELDS 18

static const char *const names[FIELDS] = {
    "job number",  "submit time",      "wait time",  "run time",     "processors",    "CPU time",
    "used memory", "asked processors", "asked time", "asked memory", "status",        "user",
    "group",       "executable",       "queue",      "partition",    "preceding job", "think time"};

enum {
    NUMBER,
    SUBMIT,
    WAIT,
    RUN,
    PROCS,
    CPU_TIME,
    USED_MEM,
    ASKED_PROCS,
    ASKED_TIME,
    ASKED_MEM,
    STATUS,
    USER,
    GROUP,
    EXECUTABLE,
    QUEUE
};

static bool blank (char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A whole number; a fraction, which some logs have in their means, is cut off. -1 is "not known"; logs of real clusters
 * have other negative ones, too, where a clock was set or never read. */
static int number (const char *word, size_t len, size_t field, int64_t *ret, struct err *err)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll (word, &end, 10);
    if (end != word && *end == '.')
        end += 1 + strspn (end + 1, "0123456789");
    if (end != word + len || errno) {
        err_set (err, 0, "field %zu (%s) is \"%.*s\", and not a number", field + 1, names[field],
                 (int) (len > 40 ? 40 : len), word);
        return -1;
    }
    *ret = value;
    return 0;
}

static int split (const char *line, int64_t value[FIELDS], struct err *err)
{
    for (size_t i = 0; i < FIELDS; i++) {
        size_t len = 0;

        while (blank (*line))
            line++;
        while (line[len] && !blank (line[len]))
            len++;
        if (!len) {
            err_set (err, 0, "%zu fields where SWF has %d", i, FIELDS);
            return err_fix (err, "the file may have been cut off: fetch it again");
        }
        if (number (line, len, i, &value[i], err))
            return -1;
        line += len;
    }
    return 0; /* what follows is an extension of whoever wrote it */
}

static uint64_t cpu_memory (int64_t asked, int64_t cpus, enum trace_memory memory)
{
    if (asked <= 0 || cpus <= 0 || memory == TRACE_MEM_IGNORE)
        return 0;
    if (memory == TRACE_MEM_BYTES)
        return (uint64_t) asked / (uint64_t) cpus >> 20;
    return ((uint64_t) asked + 1023) / 1024;
}

static uint32_t prefixed (struct trace *trace, char prefix, int64_t number)
{
    char text[32];

    if (number < 0)
        return 0;
    snprintf (text, sizeof text, "%.1s%lld", &prefix, (long long) number);
    return trace_name (trace, text);
}

int swf_line (struct trace *trace, const char *line, enum trace_memory memory, struct err *err)
{
    int64_t value[FIELDS], cpus;
    struct trace_job job = {0};
    char queue[32];

    line += strspn (line, " \t\r");
    if (*line == ';' || !*line)
        return 0;
    if (split (line, value, err))
        return -1;
    if (value[SUBMIT] < 0)
        return err_set (err, 0, "the submit time (field 2) is not known");
    cpus = value[ASKED_PROCS] > 0 ? value[ASKED_PROCS] : value[PROCS];
    if (cpus > UINT32_MAX)
        return err_set (err, 0, "%lld processors", (long long) cpus);
    job.number = value[NUMBER] > 0 ? (uint64_t) value[NUMBER] : 0;
    job.submit_s = (uint64_t) value[SUBMIT];
    job.run_s = value[RUN] > 0 ? (uint64_t) value[RUN] : 0;
    job.limit_s = value[ASKED_TIME] > 0 ? (uint64_t) value[ASKED_TIME] : 0;
    job.cpus = cpus > 0 ? (uint32_t) cpus : 0;
    job.cpu_mem_mb = cpu_memory (value[ASKED_MEM], cpus, memory);
    job.user = prefixed (trace, 'u', value[USER]);
    job.account = prefixed (trace, 'g', value[GROUP]);
    if (value[QUEUE] >= 0) {
        snprintf (queue, sizeof queue, "%lld", (long long) value[QUEUE]);
        job.partition = trace_name (trace, queue);
    }
    trace_add (trace, &job, value[RUN] >= 0, value[ASKED_TIME] > 0);
    return 0;
}
