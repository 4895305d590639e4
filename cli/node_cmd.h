/* node_cmd.h - the subcommands of `moisson node`, and the options that they share. */
#pragma once
#include <stdbool.h>
#include "base/err.h"

#define NODE_TOOL "moisson node"

struct node_options {
    char *controller, *key; /* enrolment over the network */
    char *spool, *state;
    char *matching; /* accept: a file of names and fingerprints */
    bool no_wait, new_key, replace, all, json, help;
};

/* Each gets the words behind its own; returns an exit status or COMMAND_ERROR. */
int node_enroll_net (const struct node_options *o, const char *node);
int node_fingerprint (const struct node_options *o, int n, char **words);
int node_list (const struct node_options *o, int n, char **words);
int node_accept (const struct node_options *o, int n, char **words);
int node_revoke (const struct node_options *o, int n, char **words);
int node_rekey (const struct node_options *o, int n, char **words);

/* The name given, or else this host's short one. The caller frees it. -1: it is no name for a node. */
int node_name_or_host (const char *given, char **ret, struct err *err);
/* Where a node keeps its keys without a configuration that says so: --spool, else /var/spool/moisson/NAME. */
char *node_spool (const struct node_options *o, const char *node);
