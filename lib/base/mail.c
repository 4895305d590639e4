/* mail.c - types and addresses of mail. */
#include "base/mail.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/hash.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"

#define ALL (MAIL_BEGIN | MAIL_END | MAIL_FAIL | MAIL_INVALID_DEPEND | MAIL_REQUEUE | MAIL_STAGE_OUT)
#define ADDRESS_MOST 1024
#define WORD_MOST 42 /* bytes of an encoded word: 75 characters (RFC 2047, 2) */

static const struct {
    const char *word;
    uint32_t bits;
} words[] = {
    {"BEGIN", MAIL_BEGIN},
    {"END", MAIL_END},
    {"FAIL", MAIL_FAIL},
    {"REQUEUE", MAIL_REQUEUE},
    {"TIME_LIMIT", MAIL_TIME_LIMIT},
    {"TIME_LIMIT_90", MAIL_TIME_LIMIT_90},
    {"TIME_LIMIT_80", MAIL_TIME_LIMIT_80},
    {"TIME_LIMIT_50", MAIL_TIME_LIMIT_50},
    {"INVALID_DEPEND", MAIL_INVALID_DEPEND},
    {"ARRAY_TASKS", MAIL_ARRAY_TASKS},
    {"STAGE_OUT", MAIL_STAGE_OUT},
    {"ALL", ALL},
    {"NONE", 0},
};

static bool word_bits (const char *word, size_t len, uint32_t *ret)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen (words[i].word) == len && !strncasecmp (words[i].word, word, len)) {
            *ret |= words[i].bits;
            return true;
        }
    return false;
}

int mail_types_parse (const char *text, uint32_t *ret, struct err *err)
{
    uint32_t bits = 0;

    for (const char *p = text; *p;) {
        size_t len = strcspn (p, ",");
        if (len && !word_bits (p, len, &bits)) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "\"%.*s\" is no type of mail", len > 80 ? 80 : (int) len,
                     p);
            return err_fix (err,
                            "use BEGIN, END, FAIL, REQUEUE, TIME_LIMIT, TIME_LIMIT_90, TIME_LIMIT_80, TIME_LIMIT_50,"
                            " INVALID_DEPEND, ARRAY_TASKS, ALL or NONE");
        }
        p += len;
        p += *p == ',';
    }
    *ret = bits;
    return 0;
}

void mail_types_format (uint32_t types, struct buf *out)
{
    size_t start = out->len;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].bits && words[i].bits != ALL && types & words[i].bits)
            buf_printf (out, "%s%s", out->len > start ? "," : "", words[i].word);
    if (out->len == start)
        buf_puts (out, "NONE");
}

bool mail_address_ok (const char *text)
{
    bool begins = true;

    if (!*text || strlen (text) > ADDRESS_MOST)
        return false;
    for (const char *p = text; *p; p++) {
        if (*p == ',') {
            if (begins)
                return false;
            begins = true;
            continue;
        }
        if (!isascii ((unsigned char) *p) || (!isalnum ((unsigned char) *p) && !strchr ("@.!#$%&'*+/=?^_`{|}~-", *p)))
            return false;
        if (begins && (*p == '-' || *p == '@' || *p == '|' || *p == '/')) /* an option, nobody, a pipe, a file */
            return false;
        begins = false;
    }
    return !begins;
}

static size_t word_length (const char *text)
{
    size_t len = strlen (text);

    if (len <= WORD_MOST)
        return len;
    len = WORD_MOST;
    while (len > 1 && ((unsigned char) text[len] & 0xc0) == 0x80) /* not within a character */
        len--;
    return len;
}

void mail_header_text (const char *text, struct buf *out)
{
    _cleanup_free_ char *clean = xstrdup (text);
    bool ascii = true;

    for (char *p = clean; *p; p++) {
        if ((unsigned char) *p < ' ' || *p == 127)
            *p = '?';
        ascii = ascii && isascii ((unsigned char) *p);
    }
    if (ascii && !strstr (clean, "=?")) {
        buf_puts (out, clean);
        return;
    }
    for (const char *p = clean; *p;) {
        size_t len = word_length (p);
        _cleanup_free_ char *coded = base64_encode ((const uint8_t *) p, len);
        static const char *const padding[] = {"", "", "==", "="}; /* base64_encode has none */
        buf_printf (out, "%s=?UTF-8?B?%s%s?=", p == clean ? "" : "\n ", coded, padding[strlen (coded) % 4]);
        p += len;
    }
}
