/* lists.h - what the commands that list or choose jobs and nodes share: functions for rows of their option tables, the
 * filter, lines of output. */
#pragma once
#include <stdlib.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/fields.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"
#include "rpc.h"
#include "words.h"

/* Each defines one function for `struct TYPE`, which a row of the option table (optable.h) names. */
#define OPTION_FLAG(type, name, flag)                                                                                  \
    static int name (void *self, const char *value, struct err *err)                                                   \
    {                                                                                                                  \
        (void) value;                                                                                                  \
        (void) err;                                                                                                    \
        ((struct type *) self)->flag = true;                                                                           \
        return 0;                                                                                                      \
    }
#define OPTION_TEXT(type, name, slot)                                                                                  \
    static int name (void *self, const char *value, struct err *err)                                                   \
    {                                                                                                                  \
        (void) err;                                                                                                    \
        text_replace (&((struct type *) self)->slot, value);                                                           \
        return 0;                                                                                                      \
    }
/* The last of two options counts: the other one's text is forgotten. */
#define OPTION_EITHER(type, name, slot, other)                                                                         \
    static int name (void *self, const char *value, struct err *err)                                                   \
    {                                                                                                                  \
        (void) err;                                                                                                    \
        text_replace (&((struct type *) self)->slot, value);                                                           \
        text_replace (&((struct type *) self)->other, NULL);                                                           \
        return 0;                                                                                                      \
    }
/* A comma list, appended to LIST of the member `filter`. */
#define OPTION_WORDS(type, name, list)                                                                                 \
    static int name (void *self, const char *value, struct err *err)                                                   \
    {                                                                                                                  \
        struct type *s = self;                                                                                         \
        (void) err;                                                                                                    \
        words_add (value, &s->filter.list, &s->filter.n_##list);                                                       \
        return 0;                                                                                                      \
    }

void text_replace (char **slot, const char *value); /* value is copied; NULL is fine */
void filter_add_uid (Moisson__JobFilter *f, uint32_t uid);
void filter_clear (Moisson__JobFilter *f); /* of one that was filled by hand: every list is its own block */

/* A variable of the environment; NULL when it is not set, or empty. */
const char *environment (const char *name);

/* The command line was wrong: say so, or where getopt has said it, where to read on. Returns COMMAND_ERROR. */
int list_refused (const char *tool, const struct err *err);
void list_line (struct buf *line); /* to stdout, with its end; empty afterwards */
/* Query once, or again and again with a pause of every_s seconds until one fails. Returns what the last one returned.
 */
int list_repeat (int (*query) (void *self, struct rpc *rpc), void *self, struct rpc *rpc, uint64_t every_s);
/* Above a list: the cluster's name unless NULL, the date if asked. */
void list_title (const char *cluster, bool date);
/* The columns' letters and names, for --help. */
void list_columns_help (const struct field *table, size_t n, int name_width);
