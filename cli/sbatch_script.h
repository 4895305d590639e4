/* sbatch_script.h - where the batch script comes from: a file, standard input, or --wrap; and whether it is one. */
#pragma once
#include <stddef.h>
#include "base/err.h"

#define SCRIPT_MAX (4u << 20)

struct script {
    char *text; /* NUL-terminated; no NUL inside */
    size_t len;
    char *command; /* absolute path as submitted; NULL for stdin and --wrap */
    char *name;    /* default job name */
};

/* word: path or name of the script, NULL = standard input. A name without '/' is looked for in the current directory,
 * then in search_path (PATH; may be NULL). */
int script_load (struct script *ret, const char *word, const char *cwd, const char *search_path, struct err *err);
void script_wrap (struct script *ret, const char *command); /* "#!/bin/sh" before the words of --wrap */
void script_clear (struct script *script);
/* Slurm's refusals: empty, no "#!", NUL bytes, DOS line breaks. Pure. */
int script_check (const char *text, size_t len, struct err *err);
