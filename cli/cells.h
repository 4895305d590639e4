/* cells.h - kinds of columns: each line TEXT, NUMBER or FIXED defines the function of one (base/fields.h). */
#pragma once
#include <inttypes.h>
#include "base/buf.h"

static inline void put_or (struct buf *out, const char *s, const char *absent)
{
    buf_puts (out, s && *s ? s : absent);
}

/* One member of what OF gives for the row, or what stands for it when it is absent. */
#define TEXT(name, of, member, absent)                                                                                 \
    static void name (struct buf *out, const void *row)                                                                \
    {                                                                                                                  \
        put_or (out, of (row)->member, absent);                                                                        \
    }
#define NUMBER(name, value)                                                                                            \
    static void name (struct buf *out, const void *row)                                                                \
    {                                                                                                                  \
        buf_printf (out, "%" PRIu64, (uint64_t) (value));                                                              \
    }
#define FIXED(name, text)                                                                                              \
    static void name (struct buf *out, const void *row)                                                                \
    {                                                                                                                  \
        (void) row;                                                                                                    \
        buf_puts (out, text);                                                                                          \
    }
