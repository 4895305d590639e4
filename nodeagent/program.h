/* program.h - what the node's two daemons share: command line, configuration, names of files, siblings. */
#pragma once
#include <stdbool.h>
#include "base/config.h"

struct program {
    struct config *conf;
    char *conf_path; /* absolute */
    char *node;
    char *spool;
    char *pid_file; /* NULL = none */
    bool verbose;
    int terminal; /* where stderr went before it went to the log; -1 = it is still there. Not closed by program_clear */
};

/* -N NODE [-f CONF] [-v] [-h]. Loads the configuration, finds the node in it, and sends stderr to SlurmdLogFile where
 * one is set. -h prints the usage and ends the process. */
int program_open (struct program *ret, const char *name, int argc, char **argv, struct err *err);
void program_clear (struct program *p);
/* Why start-up failed: on stderr, and also to whoever started us where stderr is a log by now. Returns 1. */
int program_report (const char *name, const struct err *err, int terminal);

/* Another program of this installation: beside /proc/self/exe, else in ../libexec/moisson. The caller frees it. */
int program_sibling (const char *name, char **ret, struct err *err);
