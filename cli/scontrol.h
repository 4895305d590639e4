/* scontrol.h - what the parts of scontrol share: its options, and one function a subcommand. */
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include "rpc.h"

struct scontrol {
    struct rpc *rpc; /* opened by scontrol_rpc at first use */
    char *clusters;
    bool oneline, json, quiet, help, version;
    int detail;
};

/* Opens the way to the controller once. 0 or COMMAND_ERROR, then said on stderr. */
int scontrol_rpc (struct scontrol *s);

/* Says for each job what went wrong. Returns 0 or COMMAND_ERROR. */
int scontrol_judge (const Moisson__IdResults *reply);

/* Refuses --json for what is printed as text only. Returns COMMAND_ERROR. */
int scontrol_no_json (const char *what);

/* Each takes the words after the subcommand. Returns 0 or COMMAND_ERROR (said on stderr). */
int scontrol_show (struct scontrol *s, int argc, char **argv);
int scontrol_hold (struct scontrol *s, int argc, char **argv);
int scontrol_uhold (struct scontrol *s, int argc, char **argv);
int scontrol_release (struct scontrol *s, int argc, char **argv);
int scontrol_requeue (struct scontrol *s, int argc, char **argv);
int scontrol_requeuehold (struct scontrol *s, int argc, char **argv);
int scontrol_suspend (struct scontrol *s, int argc, char **argv);
int scontrol_resume (struct scontrol *s, int argc, char **argv);
int scontrol_update (struct scontrol *s, int argc, char **argv);
int scontrol_update_nodes (struct scontrol *s, int argc, char **argv);
void scontrol_update_help (FILE *out);
int scontrol_top (struct scontrol *s, int argc, char **argv);
int scontrol_update_partitions (struct scontrol *s, int argc, char **argv);
int scontrol_create (struct scontrol *s, int argc, char **argv);
int scontrol_delete (struct scontrol *s, int argc, char **argv);
int scontrol_update_resv (struct scontrol *s, int argc, char **argv);
int scontrol_show_resvs (struct scontrol *s, const char *name);
/* The words after assoc_mgr: users= accounts= qos= flags=. */
int scontrol_show_assocs (struct scontrol *s, int argc, char **argv);
int scontrol_show_licences (struct scontrol *s, const char *name);
int scontrol_reboot (struct scontrol *s, int argc, char **argv);
int scontrol_cancel_reboot (struct scontrol *s, int argc, char **argv);
int scontrol_ping (struct scontrol *s, int argc, char **argv);
int scontrol_reconfigure (struct scontrol *s, int argc, char **argv);
int scontrol_write (struct scontrol *s, int argc, char **argv);
int scontrol_wait_job (struct scontrol *s, int argc, char **argv);
int scontrol_shutdown (struct scontrol *s, int argc, char **argv);

/* The first row of a table whose name begins with word, if word has at least its `min` letters; *ret_index. */
struct scontrol_word {
    const char *name;
    size_t min;
};
bool scontrol_matches (const struct scontrol_word *row, const char *word);
