/* failures_groups.c - one group for each state and cause; numbers in a cause (ids, amounts) do not make another one. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "base/idset.h"
#include "base/mem.h"
#include "base/states.h"
#include "base/units.h"
#include "failures.h"
#include "json.h"
#include "show.h"
#include "why_words.h"

#define MOST_TASKS (1U << 22) /* ids of array tasks are below it */

struct group {
    UT_hash_handle hh; /* by key: every task may have a cause of its own */
    job_state_t state;
    char *key, *words;
    char *node; /* where all of them were; "" = on several */
    uint64_t count, mem_mb, peak_kb;
    struct idset *tasks;
};

struct failures {
    struct group *groups; /* a hash */
    uint64_t failed, cancelled, completed, unfinished;
    struct idset *tasks; /* that failed */
    uint64_t job_id;
    bool is_array, uncounted;    /* uncounted: a list of tasks was cut, there are more */
    Moisson__AcctRecord *sample; /* one of them: what was asked */
};

struct failures *failures_create (void)
{
    struct failures *f = xcalloc (1, sizeof *f);

    f->tasks = idset_create ();
    return f;
}

struct failures *failures_free (struct failures *f)
{
    struct group *g, *next;

    if (!f)
        return NULL;
    HASH_ITER (hh, f->groups, g, next)
    {
        HASH_DEL (f->groups, g);
        free (g->key);
        free (g->words);
        free (g->node);
        idset_free (g->tasks);
        free (g);
    }
    idset_free (f->tasks);
    if (f->sample)
        moisson__acct_record__free_unpacked (f->sample, NULL);
    free (f);
    return NULL;
}

static uint64_t asked_mem (const Moisson__AcctRecord *r)
{
    uint64_t times = r->mem_per_cpu ? r->num_cpus : r->num_nodes;

    return r->req_mem_mb * (times ? times : 1);
}

static void put_words (struct buf *out, const Moisson__AcctRecord *r)
{
    if (r->state == MOISSON__JOB_STATE__STATE_OUT_OF_MEMORY) {
        char word[64];
        buf_puts (out, "out of memory");
        if (r->req_mem_mb)
            buf_printf (out, " at %s", mem_format (asked_mem (r), word, sizeof word));
        return;
    }
    if (r->state != MOISSON__JOB_STATE__STATE_FAILED)
        buf_printf (out, "%s%s", state_name (r->state), r->cause && *r->cause ? ": " : "");
    if (r->cause && *r->cause)
        show_plain (out, r->cause);
    else if (r->state == MOISSON__JOB_STATE__STATE_FAILED)
        why_put_exit (out, r->exit_code, r->exit_signal);
    if (!out->len)
        buf_puts (out, state_name (r->state));
}

/* "cannot open /x/12_3.out" and "... 12_4.out" are one cause; exit codes and asked memory are not. */
static char *make_key (const Moisson__AcctRecord *r, const char *words)
{
    _cleanup_buf_ struct buf key = BUF_INIT;
    bool exact = r->state == MOISSON__JOB_STATE__STATE_OUT_OF_MEMORY || !r->cause || !*r->cause;

    buf_printf (&key, "%s ", state_name (r->state));
    for (const char *p = words; *p; p++) {
        bool digit = isdigit ((unsigned char) *p) && !exact;
        if (!digit || p == words || !isdigit ((unsigned char) p[-1]))
            buf_putc (&key, digit ? '#' : *p);
    }
    return buf_steal (&key);
}

static struct group *group_of (struct failures *f, const Moisson__AcctRecord *r)
{
    _cleanup_buf_ struct buf words = BUF_INIT;
    _cleanup_free_ char *key = NULL;
    struct group *g;

    put_words (&words, r);
    key = make_key (r, buf_str (&words));
    HASH_FIND_STR (f->groups, key, g);
    if (g)
        return g;
    g = xcalloc (1, sizeof *g);
    *g = (struct group){.state = r->state,
                        .key = steal (&key),
                        .words = buf_steal (&words),
                        .node = xstrdup (r->nodes ? r->nodes : ""),
                        .tasks = idset_create ()};
    HASH_ADD_KEYPTR (hh, f->groups, g->key, strlen (g->key), g);
    return g;
}

static void add_failure (struct failures *f, const Moisson__AcctRecord *r)
{
    struct group *g = group_of (f, r);

    f->failed++;
    g->count++;
    if (strcmp (g->node, r->nodes ? r->nodes : "") != 0)
        g->node[0] = '\0';
    g->peak_kb = r->max_rss_kb > g->peak_kb ? r->max_rss_kb : g->peak_kb;
    if (r->has_task) {
        idset_add (g->tasks, r->task);
        idset_add (f->tasks, r->task);
    }
}

/* How many tasks this record is about. */
static uint64_t tasks_of (struct failures *f, const Moisson__AcctRecord *r)
{
    _cleanup_idset_ struct idset *set = NULL;
    uint32_t limit;

    if (!r->tasks || r->has_task)
        return 1;
    if (idset_parse (&set, &limit, r->tasks, MOST_TASKS, NULL)) {
        f->uncounted = true;
        return 1;
    }
    return idset_count (set);
}

static Moisson__AcctRecord *copy_record (const Moisson__AcctRecord *r)
{
    size_t len = moisson__acct_record__get_packed_size (r);
    _cleanup_free_ uint8_t *bytes = xmalloc (len + 1);

    moisson__acct_record__pack (r, bytes);
    return moisson__acct_record__unpack (NULL, len, bytes);
}

void failures_add (struct failures *f, const Moisson__AcctRecord *r)
{
    if (r->requeued)
        return;
    f->job_id = r->has_array_id ? r->array_id : r->raw_id;
    f->is_array = r->has_array_id;
    if (!f->sample)
        f->sample = copy_record (r);
    if (!state_is_ended (r->state))
        f->unfinished += tasks_of (f, r);
    else if (r->state == MOISSON__JOB_STATE__STATE_COMPLETED)
        f->completed++;
    else if (r->state == MOISSON__JOB_STATE__STATE_CANCELLED)
        f->cancelled += tasks_of (f, r);
    else
        add_failure (f, r);
}

uint64_t failures_total (const struct failures *f)
{
    return f->failed + f->cancelled + f->completed + f->unfinished;
}

static int larger (const void *a, const void *b)
{
    const struct group *const *x = a, *const *y = b;

    if ((*x)->count != (*y)->count)
        return (*x)->count < (*y)->count ? 1 : -1;
    return strcmp ((*x)->key, (*y)->key);
}

/* NULL after the last; the caller frees it. */
static const struct group **sorted (const struct failures *f)
{
    const struct group **list = xcalloc (HASH_COUNT (f->groups) + 1, sizeof *list);
    size_t n = 0;

    for (const struct group *g = f->groups; g; g = g->hh.next)
        list[n++] = g;
    qsort (list, n, sizeof *list, larger);
    return list;
}

static void put_group (struct buf *out, const struct group *g)
{
    _cleanup_free_ char *tasks = idset_empty (g->tasks) ? NULL : idset_format (g->tasks, 0, 60);

    buf_printf (out, "  %" PRIu64 " %s", g->count, g->words);
    if (g->state == MOISSON__JOB_STATE__STATE_OUT_OF_MEMORY && g->peak_kb)
        buf_printf (out, g->peak_kb < 1024 * 1024 ? " (peak %.1f MB)" : " (peak %.1f GB)",
                    (double) g->peak_kb / (g->peak_kb < 1024 * 1024 ? 1024 : 1024 * 1024));
    if (*g->node)
        buf_printf (out, ", %son %s", g->count > 1 ? "all " : "", g->node);
    if (tasks)
        buf_printf (out, ": task%s %s", g->count > 1 ? "s" : "", tasks);
    buf_putc (out, '\n');
}

/* A word as a shell reads it again. false: it has controls, and is better not shown. */
static bool put_word (struct buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,@%+-";

    for (const char *p = word; *p; p++)
        if ((unsigned char) *p < ' ' || *p == 127)
            return false;
    if (*word && strspn (word, plain) == strlen (word)) {
        buf_puts (out, word);
        return true;
    }
    buf_putc (out, '\'');
    for (const char *p = word; *p; p++)
        *p == '\'' ? buf_puts (out, "'\\''") : buf_putc (out, *p);
    buf_putc (out, '\'');
    return true;
}

static void put_option (struct buf *out, const char *option, const char *value)
{
    size_t before = out->len;

    if (!value || !*value)
        return;
    buf_printf (out, " %s", option);
    if (!put_word (out, value))
        out->data[out->len = before] = '\0';
}

/* What the record still knows of the command line; what #SBATCH lines of the script say, it says again. */
static void put_options (struct buf *out, const Moisson__AcctRecord *r)
{
    char text[64];
    _cleanup_free_ char *cpus = NULL;

    put_option (out, "-J ", r->name);
    put_option (out, "-p ", r->partition);
    put_option (out, "-A ", r->account);
    put_option (out, "-q ", r->qos);
    if (r->time_limit_s)
        put_option (out, "-t ", duration_format (r->time_limit_s, text, sizeof text));
    if (r->num_tasks > 1) {
        cpus = xasprintf ("%u", r->num_tasks);
        put_option (out, "-n ", cpus);
    } else if (r->req_cpus > 1) {
        cpus = xasprintf ("%u", r->req_cpus);
        put_option (out, "-c ", cpus);
    }
    if (r->req_mem_mb)
        put_option (out, r->mem_per_cpu ? "--mem-per-cpu=" : "--mem=", mem_format (r->req_mem_mb, text, sizeof text));
    put_option (out, "-D ", r->work_dir);
    put_option (out, "-o ", r->std_out);
}

static char *resubmit (const struct failures *f)
{
    _cleanup_free_ char *tasks = idset_empty (f->tasks) ? NULL : idset_format (f->tasks, 0, 0);
    const Moisson__AcctRecord *r = f->sample;
    struct buf out = BUF_INIT;

    if (!r)
        return NULL;
    if (!r->command || !*r->command) /* --wrap, or from standard input: the controller has it for a while */
        buf_printf (&out, "scontrol write batch_script %" PRIu64 " - | ", f->job_id);
    buf_puts (&out, "sbatch");
    put_option (&out, "--array=", tasks);
    put_options (&out, r);
    put_option (&out, "", r->command);
    for (size_t i = 0; i < r->n_script_args; i++) {
        buf_putc (&out, ' ');
        put_word (&out, r->script_args[i]);
    }
    return buf_steal (&out);
}

void failures_put (const struct failures *f, struct buf *out)
{
    _cleanup_free_ const struct group **list = sorted (f);
    const char *what = f->is_array ? "tasks of array" : "of job";
    _cleanup_free_ char *again = resubmit (f);

    if (f->is_array)
        buf_printf (out, "%" PRIu64 " of %s%" PRIu64 " %s %" PRIu64 " failed", f->failed,
                    f->uncounted ? "more than " : "", failures_total (f), what, f->job_id);
    else
        buf_printf (out, "job %" PRIu64 " %s", f->job_id, f->failed ? "failed" : "has not failed");
    if (f->cancelled)
        buf_printf (out, f->is_array ? ", %" PRIu64 " cancelled" : ", it was cancelled", f->cancelled);
    if (f->unfinished)
        buf_printf (out, f->is_array ? ", %" PRIu64 " not ended yet" : ", it has not ended", f->unfinished);
    buf_puts (out, f->groups ? ":\n" : "\n");
    for (size_t i = 0; list[i]; i++)
        put_group (out, list[i]);
    if (f->groups)
        buf_printf (out, "To run %s again, and nothing else:\n  %s\n", f->failed == 1 ? "it" : "them", again);
}

json_t *failures_json (const struct failures *f)
{
    _cleanup_free_ const struct group **list = sorted (f);
    _cleanup_free_ char *again = resubmit (f);
    json_t *groups = json_array ();

    for (size_t i = 0; list[i]; i++) {
        _cleanup_free_ char *tasks = idset_format (list[i]->tasks, 0, 0);
        json_array_append_new (groups,
                               json_pack ("{s:o, s:o, s:I, s:o, s:o, s:I}", "job_state",
                                          json_text (state_name (list[i]->state)), "cause", json_text (list[i]->words),
                                          "count", (json_int_t) list[i]->count, "tasks", json_text (tasks), "node",
                                          json_text (list[i]->node), "max_rss", (json_int_t) list[i]->peak_kb * 1024));
    }
    return json_pack ("{s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "job_id", (json_int_t) f->job_id, "failed",
                      (json_int_t) f->failed, "completed", (json_int_t) f->completed, "cancelled",
                      (json_int_t) f->cancelled, "not_ended", (json_int_t) f->unfinished, "causes", groups, "resubmit",
                      json_text (f->failed ? again : NULL));
}
