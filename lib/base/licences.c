/* licences.c - licences in words. */
#include "base/licences.h"
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

void licences_clear (struct licence_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free (list->list[i].name);
    free (list->list);
    *list = LICENCE_LIST_INIT;
}

static int bad (const char *word, size_t len, const char *why, struct err *err)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_LICENCES, "Invalid license specification: \"%.*s\" %s", (int) len, word,
             why);
    return err_fix (err, "write NAME or NAME:COUNT, separated by commas, such as fluent:2,matlab");
}

static struct licence_count *find (struct licence_list *list, const char *name, size_t len)
{
    for (size_t i = 0; i < list->n; i++)
        if (strlen (list->list[i].name) == len && !strncmp (list->list[i].name, name, len))
            return &list->list[i];
    return NULL;
}

static int add (struct licence_list *list, const char *name, size_t len, uint64_t n, struct err *err)
{
    struct licence_count *count = find (list, name, len);

    if (!count) {
        if (list->n == LICENCE_KINDS_MAX)
            return bad (name, len, "is one name too many", err);
        list->list = xrealloc (list->list, (list->n + 1) * sizeof *list->list);
        count = &list->list[list->n++];
        *count = (struct licence_count){.name = xstrndup (name, len)};
    }
    if (n > LICENCE_COUNT_MAX - count->n)
        return bad (name, len, "are too many", err);
    count->n += (uint32_t) n;
    return 0;
}

/* Names are words: what a file, a command line and a table can hold without quotes. */
static int add_word (struct licence_list *list, const char *word, size_t len, struct err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@/+";
    size_t name = strspn (word, letters);
    _cleanup_free_ char *number = NULL;
    uint64_t n = 1;

    if (!name || name > len || (name < len && word[name] != ':'))
        return bad (word, len, name ? "is not NAME:COUNT" : "has no name", err);
    if (name < len) {
        number = xstrndup (word + name + 1, len - name - 1);
        if (number_parse (number, "count", 0, LICENCE_COUNT_MAX, &n, NULL) < 0)
            return bad (word, len, "has no such count", err);
    }
    return add (list, word, name, n, err);
}

int licences_parse (struct licence_list *ret, const char *text, struct err *err)
{
    struct licence_list list = LICENCE_LIST_INIT;

    for (const char *p = text ? text : ""; *p; p += *p != 0) {
        size_t len = strcspn (p, ",;");
        if (len && add_word (&list, p, len, err)) {
            licences_clear (&list);
            return -1;
        }
        p += len;
    }
    *ret = list;
    return 0;
}

void licences_put (const struct licence_list *list, struct buf *out)
{
    for (size_t i = 0; i < list->n; i++)
        buf_printf (out, "%s%s:%u", i ? "," : "", list->list[i].name, list->list[i].n);
}
