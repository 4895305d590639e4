/* budget.c - what all peers of a loop together make us hold in unfinished input. */
#include <stdlib.h>
#include "base/mem.h"
#include "net/internal.h"

struct budget {
    size_t bytes, limit;
    LIST_HEAD (debts, debt) debts; /* those that hold something */
};

struct budget *budget_create (size_t limit)
{
    struct budget *b = xcalloc (1, sizeof *b);

    b->limit = limit;
    LIST_INIT (&b->debts);
    return b;
}

struct budget *budget_free (struct budget *b)
{
    free (b);
    return NULL;
}

void budget_set_limit (struct budget *b, size_t limit)
{
    b->limit = limit;
}

size_t budget_bytes (const struct budget *b)
{
    return b->bytes;
}

static struct debt *largest (const struct budget *b)
{
    struct debt *d, *most = NULL;

    LIST_FOREACH (d, &b->debts, link)
    if (!most || d->bytes > most->bytes)
        most = d;
    return most;
}

static void set (struct budget *b, struct debt *d, size_t bytes)
{
    if (!d->bytes && bytes)
        LIST_INSERT_HEAD (&b->debts, d, link);
    else if (d->bytes && !bytes)
        LIST_REMOVE (d, link);
    b->bytes = b->bytes - d->bytes + bytes;
    d->bytes = bytes;
}

void budget_charge (struct budget *b, struct debt *d, size_t bytes)
{
    struct debt *most;

    set (b, d, bytes);
    while (b->bytes > b->limit && (most = largest (b))) {
        set (b, most, 0);
        most->evict (most->arg);
    }
}
