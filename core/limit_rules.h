/* limit_rules.h - every kind of limit as a row: where it stands in Limits, of whom it is, and the words for it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/tres.h"

enum limit_kind {
    LIMIT_JOBS,         /* running */
    LIMIT_SUBMIT,       /* running and pending: at the door */
    LIMIT_TRES,         /* held at once */
    LIMIT_LEAST,        /* asked for at least */
    LIMIT_MINUTES,      /* used, decaying */
    LIMIT_MINUTES_EACH, /* with its time limit */
    LIMIT_WALL_ALL,     /* used, decaying */
    LIMIT_WALL_EACH,    /* time limit */
};

enum limit_scope {
    SCOPE_ALL, /* of the QoS, or of an association and all below it */
    SCOPE_USER,
    SCOPE_ACCOUNT,
    SCOPE_JOB,
};

struct limit_side { /* as a QoS, or an association, has it */
    enum limit_scope scope;
    size_t at, has;            /* in Limits: of a number and its `has`, or (has 0) of a pointer to Tres */
    const char *words[N_TRES]; /* reasons; one alone where it is no limit of TRES; the first NULL: there is none */
};

struct limit_rule {
    enum limit_kind kind;
    bool by_tres;     /* one for each of N_TRES */
    bool of_lane;     /* the size of a job does not matter */
    bool every_level; /* of associations: each level has its own; else the nearest that says it counts */
    bool wide;        /* the number has 64 bits */
    struct limit_side qos, assoc;
};

const struct limit_rule *limit_rules (size_t *ret_n);
/* TRES_ANY: not set. limits may be NULL. */
uint64_t limit_value (const struct limit_rule *rule, const struct limit_side *side, const Moisson__Limits *limits,
                      enum tres tres);
