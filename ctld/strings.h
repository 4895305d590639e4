/* strings.h - a growing list of strings, for lists in messages. */
#pragma once
#include <stddef.h>

struct strings {
    char **list;
    size_t n, room;
};

#define STRINGS_INIT ((struct strings){0})
#define _cleanup_strings_ __attribute__ ((cleanup (strings_clear)))

void strings_printf (struct strings *s, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));
void strings_clear (struct strings *s);
