/* constraint.c - features of nodes in words. */
#include "core/constraint.h"
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "proto/wire.pb-c.h"

#define DEPTH_MOST 16

static bool has_word (const char *list, const char *word, size_t len)
{
    for (const char *p = list; p && *p; p += strcspn (p, ","), p += *p == ',')
        if (strcspn (p, ",") == len && !strncmp (p, word, len))
            return true;
    return false;
}

/* "a&(b|c)": & and , bind closer than |. With features NULL only the form is looked at. */
struct words {
    const char *at, *end, *features;
    int depth;
    bool malformed;
};

static char here (const struct words *w)
{
    return w->at < w->end ? *w->at : 0;
}

static bool any_of (struct words *w);

static bool one_word (struct words *w)
{
    size_t len = strcspn (w->at, "&,|()[]*! ");
    bool met = false;

    if (w->at + len > w->end)
        len = (size_t) (w->end - w->at);
    if (here (w) == '(' && w->depth < DEPTH_MOST) {
        w->at++;
        w->depth++;
        met = any_of (w);
        w->depth--;
        w->malformed = w->malformed || here (w) != ')';
        w->at += here (w) == ')';
        return met;
    }
    if (len == 0)
        w->malformed = true;
    else
        met = has_word (w->features, w->at, len);
    w->at += len;
    return met;
}

static bool all_of (struct words *w)
{
    bool met = one_word (w);

    while ((here (w) == '&' || here (w) == ',') && !w->malformed) {
        w->at++;
        met = one_word (w) && met;
    }
    return met;
}

static bool any_of (struct words *w)
{
    bool met = all_of (w);

    while (here (w) == '|' && !w->malformed) {
        w->at++;
        met = all_of (w) || met;
    }
    return met;
}

/* --- parts ---------------------------------------------------------------------------------------------------------
 */

/* Up to the next `separator` that is in no parentheses. */
static size_t part_length (const char *at, const char *end, char separator)
{
    const char *p = at;
    int depth = 0;

    for (; p < end && (depth > 0 || (*p != separator && !(separator == '&' && *p == ','))); p++)
        depth += (*p == '(') - (*p == ')');
    return (size_t) (p - at);
}

/* "rack1*2" -> rack1, 2. */
static struct constraint_part part_of (const char *at, size_t len)
{
    struct constraint_part part = {.text = at, .len = len, .nodes = 1};
    size_t digits = 0;

    while (digits < len && at[len - digits - 1] >= '0' && at[len - digits - 1] <= '9')
        digits++;
    if (!digits || digits > 6 || digits >= len || at[len - digits - 1] != '*')
        return part;
    part.nodes = (uint32_t) strtoul (at + len - digits, NULL, 10);
    part.len = len - digits - 1;
    return part;
}

static bool split (const char *at, const char *end, char separator, struct constraint_parts *ret)
{
    for (ret->n = 0;; at++) {
        size_t len = part_length (at, end, separator);
        if (ret->n == CONSTRAINT_PARTS)
            return false;
        ret->list[ret->n++] = part_of (at, len);
        at += len;
        if (at >= end)
            return true;
    }
}

static bool split_any (const char *text, struct constraint_parts *ret)
{
    const char *end = text + strlen (text);
    bool brackets = *text == '[' && end > text + 1 && end[-1] == ']';

    *ret = (struct constraint_parts){.kind = CONSTRAINT_PLAIN};
    text += brackets;
    end -= brackets;
    if (memchr (text, '*', (size_t) (end - text))) {
        ret->kind = CONSTRAINT_COUNTS;
        return split (text, end, '&', ret);
    }
    if (!brackets)
        return true;
    ret->kind = CONSTRAINT_SAME;
    return split (text, end, '|', ret);
}

void constraint_split (const char *constraint, struct constraint_parts *ret)
{
    if (!split_any (constraint, ret))
        ret->kind = CONSTRAINT_PLAIN;
}

uint32_t constraint_nodes (const char *constraint)
{
    struct constraint_parts parts;
    uint32_t n = 0;

    if (!strchr (constraint, '*'))
        return 0;
    constraint_split (constraint, &parts);
    for (size_t i = 0; parts.kind == CONSTRAINT_COUNTS && i < parts.n; i++)
        n += parts.list[i].nodes;
    return n;
}

bool constraint_part_met (const struct constraint_part *part, const char *features)
{
    struct words w = {.at = part->text, .end = part->text + part->len, .features = features};

    return any_of (&w);
}

bool constraint_met (const char *constraint, const char *features)
{
    struct words w = {.at = constraint, .end = constraint + strlen (constraint), .features = features};
    struct constraint_parts parts;

    constraint_split (constraint, &parts);
    if (parts.kind == CONSTRAINT_PLAIN)
        return any_of (&w);
    for (size_t i = 0; i < parts.n; i++)
        if (constraint_part_met (&parts.list[i], features))
            return true;
    return false;
}

/* --- its form ----------------------------------------------------------------------------------------------------- */

static int malformed (const char *constraint, const char *at, struct err *err)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG, "Invalid feature specification: \"%s\", at \"%s\"", constraint,
             at);
    return err_fix (err, "write features joined by & (all of them) or | (any of them), such as \"avx512&(ssd|gpu)\"; "
                         "\"[rack1|rack2]\" for nodes of one of them; \"rack1*2&rack2*4\" for so many of each");
}

static int check_text (const char *constraint, const char *text, size_t len, struct err *err)
{
    struct words w = {.at = text, .end = text + len};

    any_of (&w);
    return w.malformed || w.at < w.end ? malformed (constraint, w.at, err) : 0;
}

int constraint_check (const char *constraint, struct err *err)
{
    struct constraint_parts parts;

    if (!split_any (constraint, &parts)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
                 "Invalid feature specification: \"%s\" has more than %d parts", constraint, CONSTRAINT_PARTS);
        return err_fix (err, "ask for fewer features");
    }
    if (parts.kind == CONSTRAINT_PLAIN)
        return check_text (constraint, constraint, strlen (constraint), err);
    for (size_t i = 0; i < parts.n; i++)
        if (check_text (constraint, parts.list[i].text, parts.list[i].len, err))
            return -1;
    return 0;
}
