/* sacct_sort.c - records by id, while they are not too many. */
#include "sacct_sort.h"
#include <stdbool.h>
#include <stdlib.h>
#include "base/mem.h"

struct kept {
    Moisson__AcctRecord *record;
    size_t at; /* order of arrival, decides between equals */
};

struct sacct_sort {
    sacct_sort_fn fn;
    void *arg;
    struct kept *rows;
    size_t n, room, most;
    bool given_up; /* there are more than `most` */
};

struct sacct_sort *sacct_sort_create (size_t most, sacct_sort_fn fn, void *arg)
{
    struct sacct_sort *s = xcalloc (1, sizeof *s);

    *s = (struct sacct_sort){.fn = fn, .arg = arg, .most = most};
    return s;
}

static void forget (struct sacct_sort *s)
{
    for (size_t i = 0; i < s->n; i++)
        moisson__acct_record__free_unpacked (s->rows[i].record, NULL);
    s->n = 0;
}

struct sacct_sort *sacct_sort_free (struct sacct_sort *s)
{
    if (s) {
        forget (s);
        free (s->rows);
        free (s);
    }
    return NULL;
}

static void hand_out (struct sacct_sort *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->fn (s->arg, s->rows[i].record);
    forget (s);
}

void sacct_sort_add (struct sacct_sort *s, const Moisson__AcctRecord *record)
{
    if (s->n == s->most && !s->given_up) {
        s->given_up = true;
        hand_out (s);
    }
    if (s->given_up) {
        s->fn (s->arg, record);
        return;
    }
    size_t size = moisson__acct_record__get_packed_size (record);
    _cleanup_free_ uint8_t *packed = xmalloc (size + 1);

    moisson__acct_record__pack (record, packed);
    GROW (s->rows, s->n, s->room);
    s->rows[s->n] = (struct kept){.record = moisson__acct_record__unpack (NULL, size, packed), .at = s->n};
    s->n += s->rows[s->n].record != NULL;
}

static int order (uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static uint64_t task_of (const Moisson__AcctRecord *r)
{
    return r->has_task ? r->task : r->has_array_id ? UINT64_MAX : 0;
}

/* One without an attempt waits for it, or never got it: it comes after those that there were. */
static uint64_t attempt_of (const Moisson__AcctRecord *r)
{
    return r->attempt ? r->attempt : UINT64_MAX;
}

static int compare (const void *pa, const void *pb)
{
    const struct kept *ka = pa, *kb = pb;
    const Moisson__AcctRecord *a = ka->record, *b = kb->record;
    int c = order (a->has_array_id ? a->array_id : a->raw_id, b->has_array_id ? b->array_id : b->raw_id);

    if (!c)
        c = order (task_of (a), task_of (b));
    if (!c)
        c = order (attempt_of (a), attempt_of (b));
    return c ? c : order (ka->at, kb->at);
}

void sacct_sort_finish (struct sacct_sort *s)
{
    if (s->n)
        qsort (s->rows, s->n, sizeof *s->rows, compare);
    hand_out (s);
}
