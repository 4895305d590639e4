/* import.h - a slurm.conf as a configuration for Moisson, and line by line what became of it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"

enum import_verdict {
    IMPORT_CARRIED,
    IMPORT_CHANGED, /* it is there, and does not mean quite the same */
    IMPORT_DROPPED, /* it is not there, and why */
    IMPORT_DECIDE,  /* somebody has to decide: nothing is let in meanwhile */
    N_IMPORT_VERDICTS,
};

struct import_line { /* what became of one Key=Value, or of a whole line */
    char *file;
    unsigned line;
    char *text;
    enum import_verdict verdict;
    char *why; /* NULL where it was carried over as it is */
};

struct import_place { /* where a line of the result came from */
    char *file;
    unsigned line;
};

struct import {
    struct buf out;
    struct import_place *places; /* by the line of out, from 1 */
    size_t n_places, place_room;
    struct import_line *lines;
    size_t n_lines, line_room;
    char *cluster;
    unsigned depth;
    unsigned hosts; /* SlurmctldHost lines taken */
    bool has_requeue, has_array_size, has_return;
    /* Reads an included file: the caller frees it. NULL: includes are dropped. */
    char *(*read) (void *arg, const char *path, const char **ret_why);
    void *read_arg;
};

/* The text of a file: appends to out and to lines. Pure but for read. */
void import_text (struct import *m, const char *file, const char *text);
void import_gres_text (struct import *m, const char *file, const char *text);
void import_finish (struct import *m); /* what is not in the file, and different without it */
/* Line `line` of out is refused all the same: it becomes a remark. false: that is no line that can be left out. */
bool import_strike (struct import *m, unsigned line, const char *why);
size_t import_count (const struct import *m, enum import_verdict verdict);
const char *import_word (enum import_verdict verdict); /* "carried over" */
void import_clear (struct import *m);
