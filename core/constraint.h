/* constraint.h - --constraint: features joined by & (all of them) or | (one of them), with parentheses; or counts of
 * nodes, "rack1*2&rack2*2"; or, in brackets, features of which all nodes have the same, "[rack1|rack2]". & binds closer
 * than |. Also in brackets: counts. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

int constraint_check (const char *constraint, struct err *err);
/* Has a node with these features (comma list; NULL = none) a part in it at all? */
bool constraint_met (const char *constraint, const char *features);

/* What it asks for beyond that. */
enum constraint_kind {
    CONSTRAINT_PLAIN,  /* each node meets all of it */
    CONSTRAINT_COUNTS, /* so many nodes meet each part, and others any of the parts */
    CONSTRAINT_SAME,   /* all nodes meet the same part */
};

#define CONSTRAINT_PARTS 16

struct constraint_parts {
    enum constraint_kind kind;
    size_t n;
    struct constraint_part {
        const char *text; /* borrowed from the constraint */
        size_t len;
        uint32_t nodes; /* COUNTS: at least so many meet it */
    } list[CONSTRAINT_PARTS];
};

void constraint_split (const char *constraint, struct constraint_parts *ret); /* one that was checked */
uint32_t constraint_nodes (const char *constraint); /* the least that its counts make: 6 for rack1*2&rack2*4 */
bool constraint_part_met (const struct constraint_part *part, const char *features);
