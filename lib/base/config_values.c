/* config_values.c - values in and out of a struct, by the rows of a key table. */
#include "base/config_table.h"
#include <assert.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "base/nearest.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

const struct config_key *config_key_find (enum key_room room, const char *name)
{
    size_t n;
    const struct config_key *keys = config_keys (room, &n);

    for (size_t i = 0; i < n; i++)
        if (!strcasecmp (keys[i].name, name))
            return &keys[i];
    return NULL;
}

const struct config_ignored *config_ignored_find (enum key_room room, const char *name)
{
    size_t n;
    const struct config_ignored *rows = config_ignored (room, &n);

    for (size_t i = 0; i < n; i++)
        if (!strcasecmp (rows[i].name, name))
            return &rows[i];
    return NULL;
}

const char *config_key_nearest (enum key_room room, const char *name)
{
    size_t distance = NEAREST_LIMIT (name);
    size_t n_keys, n_ignored;
    const struct config_key *keys = config_keys (room, &n_keys);
    const struct config_ignored *ignored = config_ignored (room, &n_ignored);
    const char *best = NULL;

    for (size_t i = 0; i < n_keys; i++)
        nearest_offer (name, keys[i].name, &best, &distance);
    for (size_t i = 0; i < n_ignored; i++)
        nearest_offer (name, ignored[i].name, &best, &distance);
    return best;
}

static bool is_word_of (const char *words, const char *value)
{
    size_t len = strlen (value);

    for (const char *p = words; *p;) {
        size_t n = strcspn (p, "|");
        if (n == len && !strncasecmp (p, value, n))
            return true;
        p += n + (p[n] == '|');
    }
    return false;
}

static bool means_unlimited (const char *value)
{
    return is_word_of ("UNLIMITED|INFINITE|NONE", value);
}

static int parse_number (const struct config_key *key, const char *value, uint64_t *ret, struct err *err)
{
    bool open = key->type == VALUE_MB || key->type == VALUE_MINUTES || key->type == VALUE_COUNT;
    uint64_t n = 0;

    if (open && means_unlimited (value)) {
        *ret = 0;
        return 0;
    }
    if (key->type == VALUE_MB) {
        if (mem_parse (value, &n, err) < 0)
            return -1;
    } else if (key->type == VALUE_MINUTES) {
        if (duration_parse (value, &n, err) < 0)
            return -1;
    } else {
        return number_parse (value, key->name, key->min, key->max, ret, err);
    }
    if (n < key->min || n > key->max) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s is out of range", value);
        return err_fix (err, "give a value from %llu to %llu", (unsigned long long) key->min,
                        (unsigned long long) key->max);
    }
    *ret = n;
    return 0;
}

static void put_string (char **slot, const char *value)
{
    free (*slot);
    *slot = xstrdup (value);
}

static int check_words (const struct config_key *key, const char *value, struct err *err)
{
    if (!key->words || is_word_of (key->words, value))
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "\"%.60s\" is not available", value);
    return err_fix (err, "use %s, or leave the key out", key->words);
}

int config_set (const struct config_key *key, void *base, const char *value, char **ret_note, struct err *err)
{
    void *slot = (char *) base + key->offset;
    uint64_t n = 0;

    if (check_words (key, value, err) < 0)
        return -1;
    if (key->apply)
        return key->apply (base, value, ret_note, err);
    if (key->type == VALUE_STRING) {
        put_string (slot, value);
        return 0;
    }
    if (key->type == VALUE_BOOL)
        return bool_parse (value, slot, err);
    if (parse_number (key, value, &n, err) < 0)
        return -1;
    if (key->type == VALUE_U32 || key->type == VALUE_SECONDS || key->type == VALUE_COUNT)
        *(uint32_t *) slot = (uint32_t) n;
    else
        *(uint64_t *) slot = n;
    return 0;
}

void config_defaults (enum key_room room, void *base)
{
    size_t n_keys;
    const struct config_key *keys = config_keys (room, &n_keys);

    for (size_t i = 0; i < n_keys; i++) {
        const struct config_key *key = &keys[i];
        if (!key->standard)
            continue;
        int rc = config_set (key, base, key->standard, NULL, NULL);
        assert (rc == 0);
    }
}

void config_show (const struct config_key *key, const void *base, struct buf *out)
{
    const void *slot = (const char *) base + key->offset;
    char text[64];
    uint64_t n;

    switch (key->type) {
    case VALUE_STRING: {
        const char *s = *(char *const *) slot;
        buf_puts (out, s && *s ? s : "(null)");
        return;
    }
    case VALUE_BOOL: buf_putc (out, *(const bool *) slot ? '1' : '0'); return;
    case VALUE_SECONDS: buf_printf (out, "%u sec", *(const uint32_t *) slot); return;
    case VALUE_U32: buf_printf (out, "%u", *(const uint32_t *) slot); return;
    case VALUE_COUNT: n = *(const uint32_t *) slot; break;
    case VALUE_MINUTES:
        n = *(const uint64_t *) slot;
        if (n) {
            buf_puts (out, duration_format (n, text, sizeof text));
            return;
        }
        break;
    default: n = *(const uint64_t *) slot;
    }
    if (!n && key->type != VALUE_U64)
        buf_puts (out, "UNLIMITED");
    else
        buf_printf (out, "%llu", (unsigned long long) n);
}

void config_release (enum key_room room, void *base)
{
    size_t n_keys;
    const struct config_key *keys = config_keys (room, &n_keys);

    for (size_t i = 0; i < n_keys; i++)
        if (keys[i].type == VALUE_STRING) {
            char **slot = (char **) ((char *) base + keys[i].offset);
            free (*slot);
            *slot = NULL;
        }
}

void config_copy (enum key_room room, void *to, const void *from, size_t size)
{
    size_t n_keys;
    const struct config_key *keys = config_keys (room, &n_keys);

    memcpy (to, from, size);
    for (size_t i = 0; i < n_keys; i++)
        if (keys[i].type == VALUE_STRING)
            *(char **) ((char *) to + keys[i].offset) = NULL;
    for (size_t i = 0; i < n_keys; i++) { /* two rows may name one member: filled once */
        char **slot = (char **) ((char *) to + keys[i].offset);
        if (keys[i].type == VALUE_STRING && !*slot)
            *slot = xstrdup (*(char *const *) ((const char *) from + keys[i].offset));
    }
}
