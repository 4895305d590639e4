/* options.h - one table of submit options for sbatch (and srun, salloc when they come): parser, #SBATCH lines,
 * SBATCH_* environment, --help, man page, completion and docs come from its rows. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/gres.h"
#include "proto/spec.pb-c.h"

enum option_arg { ARG_NONE, ARG_REQUIRED, ARG_OPTIONAL };
enum option_status {
    OPT_HONOURED,
    OPT_HARMLESS, /* accepted silently: changes nothing that Moisson does */
    OPT_REFUSED,  /* "known, not available yet", with what to do instead */
};

/* What is asked of the command itself rather than of the job. */
struct submit_flags {
    bool parsable, wait, test_only, quiet, help, usage, version, ignore_pbs;
    int verbose;
    char *wrap;        /* owned */
    char *submit_key;  /* owned */
    char *clusters;    /* owned; -M */
    char *export_file; /* owned */
    char *bulk;        /* owned; --bulk */
    bool bulk_each, json;
};

#define GRES_OPTION_MAX 8

struct gres_option { /* what one option asks for */
    char *text;      /* as typed; NULL = not given */
    struct gres list[GRES_OPTION_MAX];
    size_t n;
};

struct submit {            /* a submit in the making: submit_init, submit_clear */
    Moisson__JobSpec spec; /* strings and arrays in it are owned (malloc); work_dir is as typed: make it absolute */
    struct submit_flags flags;
    bool in_script;  /* now parsing #SBATCH lines */
    uint64_t now_us; /* what --begin=now+60 counts from; submit_init takes the clock */
    struct gres_option gres, gpus, gpus_per_node, gpus_per_task; /* spec.gres_asks follows from them */
    uint32_t ntasks_per_gpu;
};

void submit_init (struct submit *s);
void submit_clear (struct submit *s);

struct option_row {
    const char *name;
    char letter; /* 0 = none */
    enum option_arg arg;
    enum option_status status;
    const char *env;   /* "SBATCH_JOB_NAME" or NULL */
    const char *value; /* what stands for the value in --help: "<MB>" */
    const char *help;  /* one sentence; for OPT_REFUSED: what to do instead */
    int (*apply) (struct submit *s, const char *value, struct err *err); /* NULL unless honoured */
};

const struct option_row *option_rows (size_t *ret_n);

/* Apply one option by row. err->why carries Slurm's words where clients match them. */
int option_apply (struct submit *s, const struct option_row *row, const char *value, struct err *err);

/* Parse like getopt_long with "+": stops at the first word that is no option; *ret_index is its index in argv.
 * Accepts --opt=v, --opt v, -xv, -x v, bundled flags, unique abbreviations. */
int options_parse (struct submit *s, int argc, char **argv, int *ret_index, struct err *err);

/* The #SBATCH lines of a script (clients.md rule 14): words split at blanks, quotes group, '\' escapes, unescaped '#'
 * starts a comment; scanning stops at the first line that is neither blank nor comment. Also #PBS lines are ignored. */
int options_parse_script (struct submit *s, const char *script, size_t len, struct err *err);
/* SBATCH_*; lookup is getenv or a test's table. */
int options_parse_env (struct submit *s, const char *(*lookup) (const char *name), struct err *err);

/* Precedence: environment, then script, then command line: parse in that order into the same submit, then finish it:
 * numbers that follow from several options together (tasks from GPUs, CPUs and memory for each GPU). */
int options_finish (struct submit *s, struct err *err);

void options_help (FILE *out, const char *tool);
void options_usage (FILE *out, const char *tool); /* one paragraph */
void options_document (FILE *out);                /* docs/options.md */
void options_complete (FILE *out);                /* words for bash completion, one a line */
/* For refusals of commands' own options. */
char *option_suggest (const char *unknown); /* nearest long option, or NULL; static memory not used, caller frees */
