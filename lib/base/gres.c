/* gres.c - generic resources in words. */
#include "base/gres.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

#define CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

void gres_clear (struct gres *g)
{
    free (g->name);
    free (g->type);
    *g = (struct gres){0};
}

bool gres_is_word (const char *word)
{
    return isalpha ((unsigned char) *word) && !word[strspn (word, CHARACTERS)] && strlen (word) <= GRES_NAME_MAX &&
           strcasecmp (word, "gres"); /* the word before a name */
}

/* A type may begin with a digit (3g.20gb, 1080ti), but is no number. */
static bool is_type (const char *word)
{
    return isalnum ((unsigned char) *word) && word[strspn (word, "0123456789")] && !word[strspn (word, CHARACTERS)] &&
           strlen (word) <= GRES_NAME_MAX;
}

static bool is_count (const char *word)
{
    size_t digits = strspn (word, "0123456789");

    return digits && (!word[digits] || (strchr ("kKmMgG", word[digits]) && !word[digits + 1]));
}

static int parse_count (const char *word, uint32_t *ret, struct err *err)
{
    static const char suffixes[] = "kmg";
    _cleanup_free_ char *digits = xstrdup (word);
    char *suffix = digits + strspn (digits, "0123456789");
    const char *at = *suffix ? strchr (suffixes, tolower ((unsigned char) *suffix)) : NULL;
    unsigned shift = at ? 10 * (unsigned) (at - suffixes + 1) : 0;
    uint64_t n;

    *suffix = '\0';
    if (number_parse (digits, "the count", 0, GRES_COUNT_MAX, &n, err) < 0)
        return -1;
    if (n << shift > GRES_COUNT_MAX)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "%s is more than %u", word, GRES_COUNT_MAX);
    *ret = (uint32_t) (n << shift);
    return 0;
}

static int bad (const char *word, struct err *err)
{
    return err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "\"%.80s\" is not NAME[:TYPE][:COUNT]", word);
}

int gres_parse (const char *word, struct gres *ret, struct err *err)
{
    bool slash = !strncasecmp (word, "gres/", 5) || !strncasecmp (word, "gres:", 5);
    _cleanup_free_ char *copy = xstrdup (slash ? word + 5 : word);
    char *paren = strchr (copy, '(');
    char *parts[3] = {copy, NULL, NULL};
    uint32_t n = 1;
    size_t n_parts = 1;

    if (paren && copy[strlen (copy) - 1] != ')')
        return bad (word, err);
    if (paren)
        *paren = '\0';
    for (char *p = copy; (p = strchr (p, ':')); p++) {
        if (n_parts == 3)
            return bad (word, err);
        *p = '\0';
        parts[n_parts++] = p + 1;
    }
    bool counted = n_parts > 1 && is_count (parts[n_parts - 1]);
    if (counted && parse_count (parts[n_parts - 1], &n, err))
        return -1;
    n_parts -= counted;
    if (n_parts == 3 || !gres_is_word (parts[0]) || (n_parts == 2 && !is_type (parts[1])))
        return bad (word, err);
    *ret = (struct gres){.name = xstrdup (parts[0]), .type = n_parts == 2 ? xstrdup (parts[1]) : NULL, .n = n};
    for (char *p = ret->name; *p; p++)
        *p = (char) tolower ((unsigned char) *p);
    return 0;
}

void gres_show (const struct gres *g, struct buf *out)
{
    buf_printf (out, "%s%s%s:%u", g->name, g->type ? ":" : "", g->type ? g->type : "", g->n);
}

void gres_show_list (const struct gres *list, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_putc (out, ',');
        gres_show (&list[i], out);
    }
}

static bool named_before (const struct gres *list, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (!strcmp (list[k].name, list[i].name))
            return true;
    return false;
}

void gres_show_tres (const struct gres *list, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t sum = 0;
        if (named_before (list, i))
            continue;
        for (size_t k = i; k < n; k++)
            sum += strcmp (list[k].name, list[i].name) ? 0 : list[k].n;
        if (sum)
            buf_printf (out, ",gres/%s=%llu", list[i].name, (unsigned long long) sum);
        for (size_t k = i; k < n; k++)
            if (list[k].type && list[k].n && !strcmp (list[k].name, list[i].name))
                buf_printf (out, ",gres/%s:%s=%u", list[k].name, list[k].type, list[k].n);
    }
}
