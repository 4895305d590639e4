/* accounts_keys.h - what can be said of an account, of a user in one, of a QoS: one table for accounts.conf and
 * sacctmgr, in and out. Keys are Slurm's, in any case, with their short forms. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "base/err.h"
#include "proto/accounts.pb-c.h"

enum accounts_kind { /* bits */
                     OF_ACCOUNT = 1,
                     OF_MEMBER = 2, /* a user in an account */
                     OF_QOS = 4,
};

struct accounts_entry { /* one of them */
    Moisson__Account *account;
    Moisson__Member *member;
    Moisson__Qos *qos;
};

struct accounts_key;

/* NULL: there is no such key of this kind. */
const struct accounts_key *accounts_key_find (enum accounts_kind kind, const char *name);
const char *accounts_key_name (const struct accounts_key *key); /* as it is written out */
bool accounts_key_is_short (const struct accounts_key *key);    /* one number of what another key says as a whole */
const char *accounts_key_nearest (enum accounts_kind kind, const char *name);

/* Change it: sign 0, or '+' and '-' for lists. An empty value and -1 take it away. Names in lists are not checked: that
 * is accounts_check. */
int accounts_key_set (const struct accounts_key *key, const struct accounts_entry *entry, char sign, const char *value,
                      struct err *err);
/* Its value as it would be written; nothing where it is not set. */
void accounts_key_show (const struct accounts_key *key, const struct accounts_entry *entry, struct buf *out);

/* Every key of this kind, in the order of the table. */
typedef void (*accounts_key_fn) (void *arg, const struct accounts_key *key, const char *help);
void accounts_keys_each (enum accounts_kind kind, accounts_key_fn fn, void *arg);

void tres_text (const Moisson__Tres *tres, struct buf *out); /* cpu=1,mem=2G,gres/gpu=1 */
int tres_parse (const char *text, Moisson__Tres *tres,
                struct err *err); /* what is named is changed; N=-1: taken away */
