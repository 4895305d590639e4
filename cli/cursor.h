/* cursor.h - where a line of `moisson events` stands. Pure. */
#pragma once
#include <stdint.h>
#include "base/err.h"

#define CURSOR_TEXT 48

/* "1200" is behind all that event 1200 told (part 0), "1200.2" behind the second thing that it told. */
int cursor_parse (const char *text, uint64_t *ret_sequence, uint32_t *ret_part, struct err *err);
void cursor_format (uint64_t sequence, uint32_t part, char text[CURSOR_TEXT]);
