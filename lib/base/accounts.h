/* accounts.h - account trees as messages: found, checked, changed. What accounts.conf and sacctmgr share. */
#pragma once
#include <stdbool.h>
#include "base/err.h"
#include "proto/accounts.pb-c.h"

enum enforce { /* AccountingStorageEnforce; numbers are in journals */
               ENFORCE_ASSOCIATIONS = 1,
               ENFORCE_LIMITS = 2,
               ENFORCE_QOS = 4,
               ENFORCE_SAFE = 8,
};

#define ACCOUNTS_NAME_MOST 64 /* bytes of a name */
#define ACCOUNTS_DEEPEST 32   /* accounts above one another */

/* Does the tree hold together: names, parents, no circle, every user in accounts that are there, every QoS known, no
 * two of one name? -1 with one sentence that names what is wrong. */
int accounts_check (const Moisson__Accounts *accounts, struct err *err);
/* The same; *ret_culprit is the message that is wrong. */
int accounts_check_all (const Moisson__Accounts *accounts, const void **ret_culprit, struct err *err);

Moisson__Account *accounts_find (const Moisson__Accounts *accounts, const char *name); /* NULL: none; likewise below */
Moisson__Member *accounts_member (const Moisson__Accounts *accounts, const char *account, const char *user);
Moisson__User *accounts_user (const Moisson__Accounts *accounts, const char *name);
Moisson__Qos *accounts_qos (const Moisson__Accounts *accounts, const char *name);

/* Added at the end, without a look at what is there already (but for users). */
Moisson__Account *accounts_add (Moisson__Accounts *accounts, const char *name);
Moisson__Member *accounts_add_member (Moisson__Accounts *accounts, const char *account, const char *user);
Moisson__User *accounts_add_user (Moisson__Accounts *accounts, const char *name); /* or the one that is there */
Moisson__Qos *accounts_add_qos (Moisson__Accounts *accounts, const char *name);
/* The one at this place. */
void accounts_remove (Moisson__Accounts *accounts, size_t at);
void accounts_remove_member (Moisson__Accounts *accounts, size_t at);
void accounts_remove_user (Moisson__Accounts *accounts, size_t at);
void accounts_remove_qos (Moisson__Accounts *accounts, size_t at);

/* A tree of the root and QoS normal, which every tree has; complete puts them in where they are missing. Free with
 * moisson__accounts__free_unpacked. */
Moisson__Accounts *accounts_create (void);
void accounts_complete (Moisson__Accounts *accounts);

/* accounts.conf: the file that declares the whole tree, in the manner of slurm.conf(5). Error: "file:line: what", and a
 * fix. ACCOUNTS_E_NONE: there is no such file. */
enum { ACCOUNTS_E_NONE = 1 };
int accounts_conf_load (Moisson__Accounts **ret, const char *path, struct err *err);
/* The same from text; path is for sentences. */
int accounts_conf_parse (Moisson__Accounts **ret, const char *path, const char *text, struct err *err);
/* The tree as such a file. */
struct buf;
void accounts_conf_write (const Moisson__Accounts *accounts, struct buf *out);
