/* nearest.h - "did you mean": the word of a list that is closest to what was typed. */
#pragma once
#include <stddef.h>

/* Number of insertions, deletions, substitutions and swaps of neighbours that turn a into b, case ignored (optimal
 * string alignment, Damerau 1964). Words longer than 63 characters count as far apart (SIZE_MAX). */
size_t word_distance (const char *a, const char *b);

/* Keeps the best candidate so far: *best_distance starts at NEAREST_LIMIT (word). A candidate equal up to the limit
 * replaces a worse one. */
#define NEAREST_LIMIT(word) ((strlen (word) + 2) / 3)
void nearest_offer (const char *word, const char *candidate, const char **best, size_t *best_distance);
