/* roff.h - plain text in a manual page. */
#pragma once
#include <stdio.h>

/* A leading dot or quote is a request, '\' an escape, '-' a hyphen unless escaped. */
void roff_text (FILE *out, const char *s);
