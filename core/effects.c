/* effects.c - the list of what an event asks the daemon to do. */
#include "core/effects.h"
#include <stdlib.h>
#include "base/mem.h"

struct fx *effects_add (struct effects *fx, enum fx_kind kind)
{
    if (!fx)
        return NULL;
    GROW (fx->list, fx->n, fx->room);
    fx->list[fx->n] = (struct fx){.kind = kind};
    return &fx->list[fx->n++];
}

size_t effects_count (const struct effects *fx, enum fx_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < fx->n; i++)
        n += fx->list[i].kind == kind;
    return n;
}

void effects_clear (struct effects *fx)
{
    for (size_t i = 0; i < fx->n; i++) {
        free (fx->list[i].node);
        free (fx->list[i].note);
        if (fx->list[i].mail)
            moisson__mail__free_unpacked (fx->list[i].mail, NULL);
        if (fx->list[i].record)
            moisson__acct_record__free_unpacked (fx->list[i].record, NULL);
    }
    free (fx->list);
    *fx = EFFECTS_INIT;
}
