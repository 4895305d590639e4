/* squeue_sort.c - order by what the columns show: states, times and sizes by what they mean, else as text with numbers.
 */
#include "squeue_sort.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"

#define MAX_KEYS 16

/* What a row has for a key: a number, or where its text begins in the block of the row. */
struct value {
    bool is_text;
    uint64_t n;
};

/* One block a row: of a million jobs, a million are kept. Texts follow the values. */
struct kept {
    size_t at, line; /* order of arrival, decides between equals; where the line begins */
    struct value values[];
};

struct squeue_sort {
    const struct field *keys[MAX_KEYS];
    bool falling[MAX_KEYS];
    size_t n_keys;
    struct kept **rows;
    size_t n, room;
};

static const struct field *find (char letter)
{
    size_t n;
    const struct field *table = squeue_fields (&n);

    for (size_t i = 0; i < n; i++)
        if (table[i].letter == (letter == 't' ? 'T' : letter)) /* states by their long names, as Slurm does */
            return &table[i];
    return NULL;
}

int squeue_sort_create (struct squeue_sort **ret, const char *spec, struct err *err)
{
    struct squeue_sort *s = xcalloc (1, sizeof *s);
    bool falling = false;

    for (; *spec; spec++) {
        if (strchr (", #+-", *spec)) {
            falling = *spec == '-';
            continue;
        }
        const struct field *key = find (*spec);
        if (!key || s->n_keys == MAX_KEYS) {
            squeue_sort_free (s);
            err_set (err, 0, "Invalid sort specification: %c", *spec);
            return err_fix (err, "name up to %d letters of -o, such as P,-t", MAX_KEYS);
        }
        s->falling[s->n_keys] = falling;
        s->keys[s->n_keys++] = key;
        falling = false;
    }
    *ret = s;
    return 0;
}

static void forget (struct squeue_sort *s)
{
    for (size_t i = 0; i < s->n; i++)
        free (s->rows[i]);
    s->n = 0;
}

struct squeue_sort *squeue_sort_free (struct squeue_sort *s)
{
    if (s) {
        forget (s);
        free (s->rows);
        free (s);
    }
    return NULL;
}

/* What is shown as words and sorts as a number. */
static bool rank (char letter, const struct squeue_row *row, uint64_t *ret)
{
    const Moisson__JobInfo *job = row->job;

    switch (letter) {
    case 'p':
    case 'Q': *ret = job->priority; return true;
    case 'S': *ret = squeue_start (row); return true;
    case 'e': *ret = job->end_us; return true;
    case 'V': *ret = job->submit_us; return true;
    case 'l': *ret = job->has_time_limit_s && job->time_limit_s ? job->time_limit_s : UINT64_MAX; return true;
    case 'm': *ret = job->mem_mb; return true;
    case 'M': *ret = squeue_used_seconds (row); return true;
    default: return false;
    }
}

void squeue_sort_add (struct squeue_sort *s, const struct squeue_row *row, const char *line)
{
    _cleanup_buf_ struct buf texts = BUF_INIT;
    size_t head = sizeof (struct kept) + s->n_keys * sizeof (struct value);
    struct value values[MAX_KEYS] = {{0}};

    for (size_t k = 0; k < s->n_keys; k++) {
        values[k].is_text = !rank (s->keys[k]->letter, row, &values[k].n);
        if (values[k].is_text) {
            values[k].n = head + texts.len;
            s->keys[k]->print (&texts, row);
            buf_putc (&texts, '\0');
        }
    }
    size_t at_line = head + texts.len;
    struct kept *kept = xmalloc (at_line + strlen (line) + 1);
    kept->at = s->n;
    kept->line = at_line;
    memcpy (kept->values, values, s->n_keys * sizeof *values);
    memcpy ((char *) kept + head, buf_str (&texts), texts.len);
    strcpy ((char *) kept + at_line, line);
    GROW (s->rows, s->n, s->room);
    s->rows[s->n++] = kept;
}

static int compare_values (const struct kept *a, const struct kept *b, size_t k)
{
    const struct value *x = &a->values[k], *y = &b->values[k];

    if (x->is_text)
        return strverscmp ((const char *) a + x->n, (const char *) b + y->n);
    return x->n == y->n ? 0 : x->n < y->n ? -1 : 1;
}

static int compare (const void *pa, const void *pb, void *arg)
{
    const struct squeue_sort *s = arg;
    const struct kept *a = *(struct kept *const *) pa, *b = *(struct kept *const *) pb;

    for (size_t k = 0; k < s->n_keys; k++) {
        int c = compare_values (a, b, k);
        if (c)
            return s->falling[k] ? -c : c;
    }
    return a->at < b->at ? -1 : a->at > b->at;
}

void squeue_sort_finish (struct squeue_sort *s, void (*fn) (void *arg, const char *line), void *arg)
{
    if (!s)
        return;
    if (s->n)
        qsort_r (s->rows, s->n, sizeof (struct kept *), compare, s);
    for (size_t i = 0; i < s->n; i++)
        fn (arg, (const char *) s->rows[i] + s->rows[i]->line);
    forget (s);
}
