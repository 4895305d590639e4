/* words.h - comma lists and user names, as filters of commands take them. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "proto/spec.pb-c.h"

/* Append the words of a comma list to a growing array of owned strings; blanks around words and empty words go. */
void words_add (const char *text, char ***list, size_t *n);
void words_clear (char ***list, size_t *n);
/* A user name or number. Error: "Invalid user: NAME". */
int user_parse (const char *name, uint32_t *ret_uid, struct err *err);
char *user_format (uint32_t uid); /* the name, else the number; the caller frees it */
int users_add (const char *text, uint32_t **list, size_t *n, struct err *err);
const char *words_oversubscribe (const Moisson__JobSpec *spec); /* OverSubscribe: NO, USER, YES or OK */
/* "running,PD" or "all" (*ret_all). Flag states that Moisson never shows are accepted and add nothing. */
int job_states_add (const char *text, Moisson__JobState **list, size_t *n, protobuf_c_boolean *ret_all,
                    struct err *err);
