/* bulk_line.h - one line of `sbatch --bulk`: a JSON object whose names are the long options of the one option table,
 * and script, script_file, args, env. The same functions as on the command line say what is wrong with a value. */
#pragma once
#include "base/buf.h"
#include "base/options.h"
#include "bulk_pack.h"
#include "sbatch_script.h"
#include "sbatch_spec.h"

struct bulk_base;
struct bulk_row;

struct bulk_source {
    const struct submitter *from;
    char *const *environment;
    const char *(*lookup) (const char *name); /* of the environment */
    int argc;                                 /* of the command line: options for all lines */
    char **argv;
    const char *script; /* named there, for lines without one of their own; NULL */
    size_t n_args;
    char **args;
    char *export_file; /* what --export-file holds, owned by the caller; NULL */
    size_t export_len;
    struct bulk_row *rows;   /* options by name */
    struct bulk_base *bases; /* a script, its options and those of the command line */
    struct bulk_env {
        char *key; /* --export and env of the line */
        uint8_t hash[32];
        struct buf blob;
    } env; /* the last one */
};

/* Add the job of this line to pack. -1: err says what is wrong with it. */
int bulk_line_add (struct bulk_source *source, const char *text, size_t len, struct bulk_pack *pack, struct err *err);
void bulk_source_clear (struct bulk_source *source);
