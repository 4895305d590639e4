/* show.c - lays out the fields of a record. */
#include <string.h>
#include "show.h"

void show_plain (struct buf *out, const char *s)
{
    for (; *s; s++)
        buf_putc (out, (unsigned char) *s < 0x20 || *s == 0x7f ? '?' : *s);
}

void show_text (struct buf *out, const char *s)
{
    show_plain (out, s && *s ? s : "(null)");
}

void show_time (struct buf *out, usec_t t, const char *unset, const struct show_style *style)
{
    char text[128];

    buf_puts (out, time_format (t, style->time_format, unset, text, sizeof text));
}

void show_record (struct buf *out, const struct show_field *fields, size_t n, const void *row,
                  const struct show_style *style)
{
    for (size_t i = 0; i < n; i++) {
        const struct show_field *f = &fields[i];

        if (f->present && !f->present (row, style))
            continue;
        if (i > 0)
            buf_puts (out, !f->line ? " " : style->oneline ? " " : "\n   ");
        buf_printf (out, "%s=", f->key);
        if (f->text)
            buf_puts (out, f->text);
        else
            f->print (out, row, style);
    }
    buf_puts (out, style->oneline ? "\n" : "\n\n");
}

void show_gres (struct buf *out, const char *words, const char *prefix)
{
    for (const char *p = words; *p;) {
        size_t len = strcspn (p, ",");
        buf_printf (out, "%s%s%.*s", p > words ? "," : "", prefix, (int) len, p);
        p += len + (p[len] == ',');
    }
}

usec_t show_running (usec_t start, usec_t until, usec_t still_us, usec_t still_at)
{
    usec_t all = start && until > start ? until - start : 0;
    usec_t still = still_us + (still_at && until > still_at ? until - still_at : 0);

    return all > still ? all - still : 0;
}
