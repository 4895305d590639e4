/* states.h - the words for job states: one row a state, used by commands, controller, records and docs. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "proto/spec.pb-c.h"

typedef Moisson__JobState job_state_t;

struct state_word {
    job_state_t state;
    const char *name;  /* "PENDING" */
    const char *brief; /* "PD" */
    bool ended;
    const char *meaning; /* one sentence for docs/states.md */
};

const struct state_word *state_word (job_state_t state); /* never NULL */
const char *state_name (job_state_t state);
const char *state_brief (job_state_t state);
bool state_is_ended (job_state_t state);
bool state_is_pending (job_state_t state); /* waits, under whichever name */
/* All rows, for listings; *ret_n rows. */
const struct state_word *state_words (size_t *ret_n);
/* Long or short name in any case -> *ret. Slurm's flag states that Moisson never shows (REQUEUED, RESIZING, RF, SI...)
 * are known words: STATE_WORD_NEVER (1), so that filters accept them and match nothing. -1 = not a state. */
enum { STATE_WORD_NEVER = 1 };
int state_parse (const char *word, job_state_t *ret);
