/* program.h - what the node's two daemons share: command line, configuration, names of files, siblings. */
#pragma once
#include <stdbool.h>
#include "base/config.h"

struct program {
    struct config *conf;
    char *conf_path; /* absolute */
    char *node;
    char *spool;
    char *conf_server; /* --conf-server; NULL = where the configuration says */
    bool configless;   /* conf_path is in the spool, and the controller's (configless.h) */
    bool first_config; /* ... or rather what enrolment wrote: no job can run by it */
    char *pid_file;    /* NULL = none */
    bool verbose;
    bool root_mode;   /* -R, of the agent */
    bool log_is_open; /* set before program_open: stderr is the log already */
    int terminal; /* where stderr went before it went to the log; -1 = it is still there. Not closed by program_clear */
};

/* -N NODE [-f CONF | --conf-server HOST[:PORT] | --spool DIR] [-v] [-h]. Loads the configuration, finds the node in it,
 * and sends stderr to SlurmdLogFile where one is set. -h prints the usage and ends the process. */
int program_open (struct program *ret, const char *name, int argc, char **argv, struct err *err);
void program_clear (struct program *p);
/* Why start-up failed: on stderr, and also to whoever started us where stderr is a log by now. Returns 1. */
int program_report (const char *name, const struct err *err, int terminal);

/* Another program of this installation: beside /proc/self/exe, else in ../libexec/moisson. The caller frees it. */
int program_sibling (const char *name, char **ret, struct err *err);
