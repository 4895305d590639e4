/* idset_text.c - the words of --array, read and written. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/idset.h"

static const char *take (const char *s, uint64_t *ret)
{
    uint64_t v = 0;
    size_t n = strspn (s, "0123456789");

    if (n == 0 || n > 10)
        return NULL;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (uint64_t) (s[i] - '0');
    *ret = v;
    return s + n;
}

/* a, a-b or a-b:step. Returns what follows. */
static const char *take_part (const char *s, uint64_t *first, uint64_t *last, uint64_t *step)
{
    *step = 1;
    if (!(s = take (s, first)))
        return NULL;
    *last = *first;
    if (*s != '-')
        return s;
    if (!(s = take (s + 1, last)) || *last < *first)
        return NULL;
    if (*s == ':' && (!(s = take (s + 1, step)) || *step == 0))
        return NULL;
    return s;
}

static int malformed (const char *s, struct err *err)
{
    err_set (err, 0, "\"%s\" is no list of array tasks", s);
    return err_fix (err, "write 0-9, 1-7:2, 1,3,5-7 or 0-99%%10");
}

int idset_parse (struct idset **ret, uint32_t *ret_limit, const char *s, uint32_t max_size, struct err *err)
{
    _cleanup_idset_ struct idset *set = idset_create ();
    uint64_t first, last, step, limit = 0, listed = 0;
    const char *p = s;

    for (;;) {
        if (!(p = take_part (p, &first, &last, &step)))
            return malformed (s, err);
        if (last >= max_size) {
            err_set (err, 0, "array task id %" PRIu64 " is too large, the largest is %" PRIu32, last, max_size - 1);
            return err_fix (err, "use smaller ids, or have MaxArraySize raised (see: scontrol show config)");
        }
        listed += (last - first) / step + 1;
        if (listed > max_size) /* the same ids over and over: work without end for a short text */
            return err_set (err, 0, "the list names more array tasks than there are ids (%" PRIu32 ")", max_size);
        idset_add_range (set, (uint32_t) first, (uint32_t) last, step > last ? UINT32_MAX : (uint32_t) step);
        if (*p != ',')
            break;
        p++;
    }
    if (*p == '%' && (!(p = take (p + 1, &limit)) || limit == 0 || limit >= UINT32_MAX))
        return malformed (s, err);
    if (*p)
        return malformed (s, err);
    if (ret_limit)
        *ret_limit = (uint32_t) limit;
    *ret = steal (&set);
    return 0;
}

/* The step between single ids when it is the same through the whole set of three or more; else 0. */
static uint32_t even_step (const struct idset *set)
{
    uint32_t first, last, previous = 0, step = 0;
    size_t n = idset_ranges (set);

    if (n < 3)
        return 0;
    for (size_t i = 0; i < n; i++) {
        idset_range (set, i, &first, &last);
        if (first != last || (i > 1 && first - previous != step))
            return 0;
        step = first - previous;
        previous = first;
    }
    return step;
}

char *idset_format (const struct idset *set, uint32_t limit, size_t max_len)
{
    struct buf b = BUF_INIT;
    uint32_t step = even_step (set), first, last;

    if (step)
        buf_printf (&b, "%" PRIu32 "-%" PRIu32 ":%" PRIu32, idset_first (set), idset_last (set), step);
    for (size_t i = 0; !step && i < idset_ranges (set); i++) {
        size_t before = b.len;
        idset_range (set, i, &first, &last);
        buf_printf (&b, "%s%" PRIu32, i ? "," : "", first);
        if (last > first)
            buf_printf (&b, "-%" PRIu32, last);
        if (max_len && b.len > max_len && i) {
            b.len = before;
            b.data[before] = '\0';
            buf_puts (&b, ",...");
            break;
        }
    }
    if (limit)
        buf_printf (&b, "%%%" PRIu32, limit);
    return buf_steal (&b);
}

char *idset_list (const struct idset *set)
{
    struct buf b = BUF_INIT;
    uint32_t first, last;

    for (size_t i = 0; i < idset_ranges (set); i++) {
        idset_range (set, i, &first, &last);
        buf_printf (&b, "%s%" PRIu32, i ? "," : "", first);
        if (last > first)
            buf_printf (&b, "-%" PRIu32, last);
    }
    return buf_steal (&b);
}
