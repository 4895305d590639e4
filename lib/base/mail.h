/* mail.h - --mail-type in words, and what may be an address: names and addresses come from users and end up in headers
 * and on a command line. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

enum mail_type { /* bits of JobSpec.mail_types */
                 MAIL_BEGIN = 1,
                 MAIL_END = 2,
                 MAIL_FAIL = 4,
                 MAIL_REQUEUE = 8,
                 MAIL_TIME_LIMIT = 16,
                 MAIL_TIME_LIMIT_90 = 32,
                 MAIL_TIME_LIMIT_80 = 64,
                 MAIL_TIME_LIMIT_50 = 128,
                 MAIL_INVALID_DEPEND = 256,
                 MAIL_ARRAY_TASKS = 512, /* of an array: for each task, not once for all */
                 MAIL_STAGE_OUT = 1024,  /* accepted; there is nothing to stage */
};

int mail_types_parse (const char *text, uint32_t *ret, struct err *err); /* "END,FAIL", "ALL", "NONE", in any case */
void mail_types_format (uint32_t types, struct buf *out);                /* "END,FAIL"; "NONE" */

/* One address or user name, or several joined by commas: nothing but letters, digits and what addresses have, no '-' in
 * front. So it ends no header line and is no option. */
bool mail_address_ok (const char *text);
/* Text for one header line: controls become '?'; what is no ASCII is encoded (RFC 2047). */
void mail_header_text (const char *text, struct buf *out);
