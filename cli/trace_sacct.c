/* trace_sacct.c - a line of `sacct -P`: ours or Slurm's, the columns in any order. */
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "base/units.h"
#include "trace.h"

enum column {
    JOB_ID,
    SUBMIT,
    START,
    END,
    ELAPSED,
    NCPUS,
    REQ_CPUS,
    ALLOC_CPUS,
    NNODES,
    LIMIT,
    REQ_MEM,
    REQ_TRES,
    USER,
    ACCOUNT,
    QOS,
    PARTITION,
    N_COLUMNS
};

static const struct {
    const char *name;
    bool needed;
} columns[N_COLUMNS] = {
    [JOB_ID] = {"JobID", true}, [SUBMIT] = {"Submit", true}, [START] = {"Start", true}, [END] = {"End", false},
    [ELAPSED] = {"ElapsedRaw"}, [NCPUS] = {"NCPUS"},         [REQ_CPUS] = {"ReqCPUS"},  [ALLOC_CPUS] = {"AllocCPUS"},
    [NNODES] = {"NNodes"},      [LIMIT] = {"Timelimit"},     [REQ_MEM] = {"ReqMem"},    [REQ_TRES] = {"ReqTRES"},
    [USER] = {"User"},          [ACCOUNT] = {"Account"},     [QOS] = {"QOS"},           [PARTITION] = {"Partition"},
};

struct sacct_trace {
    size_t place[N_COLUMNS]; /* in the line, from 1; 0 = not there */
    size_t n;
};

static const char fix[] = "write it with: sacct -a -X -P -S 2026-01-01 -o "
                          "JobID,User,Account,Partition,QOS,Submit,Start,End,Timelimit,NNodes,NCPUS,ReqCPUS,ReqTRES";

struct sacct_trace *sacct_trace_free (struct sacct_trace *c)
{
    free (c);
    return NULL;
}

static const char *next_word (const char **line, size_t *ret_len)
{
    const char *word = *line;

    *ret_len = strcspn (word, "|");
    *line = word[*ret_len] ? word + *ret_len + 1 : NULL;
    return word;
}

static int check_columns (const struct sacct_trace *c, struct err *err)
{
    for (int k = 0; k < N_COLUMNS; k++)
        if (columns[k].needed && !c->place[k]) {
            err_set (err, 0, "the columns have no %s", columns[k].name);
            return err_fix (err, "%s", fix);
        }
    if (!c->place[END] && !c->place[ELAPSED]) {
        err_set (err, 0, "the columns have neither End nor ElapsedRaw");
        return err_fix (err, "%s", fix);
    }
    if (!c->place[NCPUS] && !c->place[REQ_CPUS] && !c->place[ALLOC_CPUS]) {
        err_set (err, 0, "the columns have none of ReqCPUS, NCPUS, AllocCPUS");
        return err_fix (err, "%s", fix);
    }
    return 0;
}

int sacct_trace_begin (struct sacct_trace **ret, const char *header, struct err *err)
{
    _cleanup_ (sacct_trace_freep) struct sacct_trace *c = xcalloc (1, sizeof *c);

    for (const char *rest = header; rest;) {
        size_t len;
        const char *word = next_word (&rest, &len);
        c->n++;
        for (int k = 0; k < N_COLUMNS; k++)
            if (strlen (columns[k].name) == len && !strncasecmp (word, columns[k].name, len) && !c->place[k])
                c->place[k] = c->n;
    }
    if (check_columns (c, err))
        return -1;
    *ret = steal (&c);
    return 0;
}

/* --- one line --------------------------------------------------------------------------------------------------- */

struct words {
    char *text;
    char *word[N_COLUMNS]; /* "" where there is no such column */
};

static int cut (const struct sacct_trace *c, char *line, char *word[N_COLUMNS], struct err *err)
{
    size_t n = 0;

    for (int k = 0; k < N_COLUMNS; k++)
        word[k] = line + strlen (line);
    for (char *rest = line, *next; rest; rest = next) {
        next = strchr (rest, '|');
        if (next)
            *next++ = '\0';
        n++;
        for (int k = 0; k < N_COLUMNS; k++)
            if (c->place[k] == n)
                word[k] = rest;
    }
    if (n != c->n && n != c->n + 1) /* sacct -p ends each line with a bar */
        return err_set (err, 0, "%zu columns where the first line names %zu", n, c->n);
    return 0;
}

static bool is_time (const char *word)
{
    return *word >= '0' && *word <= '9';
}

static int when (char *const *word, enum column k, uint64_t *ret_s, struct err *err)
{
    usec_t at;

    if (time_parse (word[k], 0, false, &at, err)) {
        err_fix (err, "times are written as 2026-01-31T12:00:00; unset SLURM_TIME_FORMAT");
        return err_what (err, "column %s", columns[k].name);
    }
    *ret_s = at / USEC_PER_SEC;
    return 0;
}

static int count (char *const *word, enum column k, uint64_t *ret, struct err *err)
{
    *ret = 0;
    if (!*word[k])
        return 0;
    return number_parse (word[k], columns[k].name, 0, UINT32_MAX, ret, err);
}

/* "billing=4,cpu=4,gres/gpu=1,mem=8G,node=1": what is behind `name`; NULL = it is not there. */
static const char *of_tres (const char *tres, const char *name, char *out, size_t size)
{
    size_t len = strlen (name);

    for (const char *p = tres; p && *p; p = strchr (p, ',') ? strchr (p, ',') + 1 : NULL)
        if (!strncmp (p, name, len) && p[len] == '=') {
            snprintf (out, size, "%.*s", (int) strcspn (p + len + 1, ","), p + len + 1);
            return out;
        }
    return NULL;
}

/* Asked memory of the whole job, in MB. Slurm before 21.08 wrote 4Gn for each node and 4Gc for each CPU. */
static int memory (char *const *word, const struct trace_job *job, uint64_t *ret_mb, struct err *err)
{
    char text[64];
    const char *mem = of_tres (word[REQ_TRES], "mem", text, sizeof text);
    uint64_t times = 1;
    size_t len;

    *ret_mb = 0;
    if (!mem)
        mem = snprintf (text, sizeof text, "%s", word[REQ_MEM]) < (int) sizeof text ? text : "";
    len = strlen (text);
    if (!*mem || !strcmp (mem, "0"))
        return 0;
    if (text[len - 1] == 'c' || text[len - 1] == 'n') {
        times = text[len - 1] == 'c' ? job->cpus : job->nodes ? job->nodes : 1;
        text[len - 1] = '\0';
    }
    if (strchr (text, '.')) { /* 1.50G */
        char *unit;
        double value = strtod (text, &unit);
        if (!(value >= 0 && value < 1e9) || strlen (unit) != 1)
            return err_set (err, 0, "\"%s\" is no amount of memory", mem);
        char rounded[64];
        snprintf (rounded, sizeof rounded, "%llu%s", (unsigned long long) (value * 1024),
                  *unit == 'K'   ? ""
                  : *unit == 'M' ? "K"
                  : *unit == 'G' ? "M"
                                 : "G");
        if (mem_parse (rounded, ret_mb, err))
            return -1;
    } else if (mem_parse (text, ret_mb, err))
        return -1;
    *ret_mb *= times;
    return 0;
}

static int sizes (char *const *word, struct trace_job *job, struct err *err)
{
    uint64_t cpus, nodes, mem_mb, gpus = 0;
    char text[32];

    if (count (word,
               *word[REQ_CPUS] ? REQ_CPUS
               : *word[NCPUS]  ? NCPUS
                               : ALLOC_CPUS,
               &cpus, err) ||
        count (word, NNODES, &nodes, err))
        return -1;
    job->cpus = (uint32_t) cpus;
    job->nodes = nodes > 1 ? (uint32_t) nodes : 0;
    if (memory (word, job, &mem_mb, err))
        return -1;
    job->cpu_mem_mb = cpus ? mem_mb / cpus : 0;
    if (of_tres (word[REQ_TRES], "gres/gpu", text, sizeof text) &&
        number_parse (text, "gres/gpu", 0, UINT32_MAX, &gpus, err))
        return -1;
    job->gpus = (uint32_t) gpus;
    return 0;
}

static int times (char *const *word, struct trace_job *job, bool *ret_ran, bool *ret_limit, struct err *err)
{
    uint64_t start, end, elapsed;

    *ret_ran = is_time (word[START]) && (is_time (word[END]) || is_time (word[ELAPSED]));
    *ret_limit = is_time (word[LIMIT]) || !strcmp (word[LIMIT], "UNLIMITED");
    if (when (word, SUBMIT, &job->submit_s, err) ||
        (is_time (word[LIMIT]) && duration_parse (word[LIMIT], &job->limit_s, err)))
        return -1;
    if (!*ret_ran)
        return 0;
    if (is_time (word[ELAPSED])) {
        if (count (word, ELAPSED, &elapsed, err))
            return -1;
    } else {
        if (when (word, START, &start, err) || when (word, END, &end, err))
            return -1;
        elapsed = end > start ? end - start : 0;
    }
    job->run_s = elapsed;
    return 0;
}

int sacct_trace_line (const struct sacct_trace *c, struct trace *trace, const char *line, struct err *err)
{
    _cleanup_free_ char *copy = xstrdup (line);
    char *word[N_COLUMNS];
    struct trace_job job = {0};
    bool ran, has_limit;

    if (!*line)
        return 0;
    if (cut (c, copy, word, err))
        return -1;
    if (strchr (word[JOB_ID], '.')) {
        trace->left.steps++;
        return 0;
    }
    if (times (word, &job, &ran, &has_limit, err) || sizes (word, &job, err))
        return -1;
    job.number = strtoull (word[JOB_ID], NULL, 10);
    job.user = trace_name (trace, word[USER]);
    job.account = trace_name (trace, word[ACCOUNT]);
    job.qos = trace_name (trace, word[QOS]);
    job.partition = trace_name (trace, word[PARTITION]);
    trace_add (trace, &job, ran, has_limit);
    return 0;
}
