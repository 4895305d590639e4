/* news.h - what an event meant, for those who follow along (`moisson events`) and for mail: derived once, after it was
 * applied, and kept in its row of the journal. Nothing in the core reads it. */
#pragma once
#include "core/core.h"

/* What can be told: a row for each type, for --types, --help and docs. */
struct news_type {
    const char *name;
    const char *meaning;
};
const struct news_type *news_types (size_t *ret_n);

/* Of the event that was applied last, and its effects. event->news is filled; news_clear empties it again. */
void core_news (const struct core *core, Moisson__Event *event, const struct effects *fx);
void news_clear (Moisson__Event *event);
