/* assoc.h - the account tree: the root, accounts below it, users in accounts. A node of it is an association; that of a
 * user in an account is a leaf, and jobs belong to leaves. Who is in no account of the tree (all, where none is
 * declared) is a leaf below the root by his name, and what was declared once stays while it has something used. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>
#include "core/tres.h"
#include "core/usage.h"
#include "proto/event.pb-c.h"

#define ROOT_ACCOUNT "root"

struct core;

struct use {            /* at this moment; core_check recounts it */
    uint64_t submitted; /* tasks that have not ended */
    uint64_t jobs;      /* of these, placed or running */
    uint64_t tres[N_TRES];
};

struct assoc {
    const char *account, *user;        /* "" for an account itself, or for who is in none; they lie in key */
    struct assoc *parent;              /* NULL: the root */
    struct assoc *first, *prev, *next; /* children, accounts and users mixed; brothers */
    bool declared;                     /* else made up for jobs, or for what is left of it */
    const Moisson__Limits *limits;     /* NULL: none */
    char *const *qos;                  /* n_qos that it names itself */
    size_t n_qos;
    const char *default_qos; /* NULL */
    uint32_t shares, priority;
    bool as_parent;                                   /* Fairshare=parent */
    struct use use;                                   /* with all below it */
    struct usage usage;                               /* likewise */
    double norm_shares, norm_usage, level, fairshare; /* by the last calculation (fairshare.h) */
    UT_hash_handle hh;
    size_t key_len;
    char key[];
};

struct assoc_table {
    struct assoc *by_key;
    struct assoc *root;
    Moisson__AccountsSet *set; /* in force; NULL: none was ever */
    uint32_t highest;          /* priority of all that are declared */
    bool stale;                /* fairshare is to be calculated anew: not state */
};

static inline bool assoc_is_leaf (const struct assoc *assoc)
{
    return assoc->user[0] != '\0';
}

/* The leaf that jobs of this user and account (NULL: none) belong to. */
struct assoc *assoc_find_leaf (const struct core *core, const char *account, const char *user); /* NULL: not made yet */
struct assoc *assoc_leaf (struct core *core, const char *account, const char *user);
struct assoc *assoc_find (const struct core *core, const char *account, const char *user); /* exactly this */
struct assoc *assoc_make (struct core *core, const char *account, const char *user);       /* for a snapshot */
const Moisson__User *assoc_user (const struct core *core, const char *user);               /* as declared; NULL */
/* The account of a job that names none; NULL: there is none to be had. */
const char *assoc_default_account (const struct core *core, const char *user);
const char *assoc_default_qos (const struct assoc *assoc); /* its own or inherited; NULL */
bool assoc_allows_qos (const struct assoc *assoc, const char *qos);

/* The tree becomes this one, which is taken over (NULL: it stays): what was used stays where it was; counters are zero,
 * and what is above leaves is their sum. */
void assoc_configure (struct core *core, Moisson__AccountsSet *set);
/* Those that were made up and have nothing left go. */
void assoc_sweep (struct core *core);
void assoc_clear (struct core *core);
