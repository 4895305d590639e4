/* squeue_sort.c - order by what the columns show: as numbers where both values are, else as text. */
#include "squeue_sort.h"
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"

#define MAX_KEYS 16

struct kept {
    Moisson__JobInfo *job;
    char *values[MAX_KEYS];
    size_t at; /* order of arrival, decides between equals */
};

struct squeue_sort {
    const struct field *keys[MAX_KEYS];
    bool falling[MAX_KEYS];
    size_t n_keys;
    struct kept *rows;
    size_t n, room;
};

static const struct field *find (char letter)
{
    size_t n;
    const struct field *table = squeue_fields (&n);

    for (size_t i = 0; i < n; i++)
        if (table[i].letter == letter)
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
    for (size_t i = 0; i < s->n; i++) {
        moisson__job_info__free_unpacked (s->rows[i].job, NULL);
        for (size_t k = 0; k < s->n_keys; k++)
            free (s->rows[i].values[k]);
    }
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

void squeue_sort_add (struct squeue_sort *s, const Moisson__JobInfo *job)
{
    size_t size = moisson__job_info__get_packed_size (job);
    _cleanup_free_ uint8_t *packed = xmalloc (size);

    moisson__job_info__pack (job, packed);
    GROW (s->rows, s->n, s->room);
    s->rows[s->n] = (struct kept){.job = moisson__job_info__unpack (NULL, size, packed), .at = s->n};
    s->n += s->rows[s->n].job != NULL;
}

static int compare_values (const char *a, const char *b)
{
    char *end_a, *end_b;
    unsigned long long x = strtoull (a, &end_a, 10), y = strtoull (b, &end_b, 10);

    if (end_a != a && end_b != b && x != y && !*end_a == !*end_b)
        return x < y ? -1 : 1;
    return strcmp (a, b);
}

static int compare (const void *pa, const void *pb, void *arg)
{
    const struct squeue_sort *s = arg;
    const struct kept *a = pa, *b = pb;

    for (size_t k = 0; k < s->n_keys; k++) {
        int c = compare_values (a->values[k], b->values[k]);
        if (c)
            return s->falling[k] ? -c : c;
    }
    return a->at < b->at ? -1 : a->at > b->at;
}

void squeue_sort_finish (struct squeue_sort *s, const struct squeue_row *common,
                         void (*fn) (void *arg, const Moisson__JobInfo *job), void *arg)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        struct squeue_row row = *common;
        row.job = s->rows[i].job;
        for (size_t k = 0; k < s->n_keys; k++) {
            struct buf value = BUF_INIT;
            s->keys[k]->print (&value, &row);
            s->rows[i].values[k] = buf_steal (&value);
        }
    }
    qsort_r (s->rows, s->n, sizeof *s->rows, compare, s);
    for (size_t i = 0; i < s->n; i++)
        fn (arg, s->rows[i].job);
    forget (s);
}
