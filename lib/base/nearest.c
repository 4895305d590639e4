/* nearest.c - edit distance over short words. */
#include "base/nearest.h"
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define WORD_MAX 63

static size_t smaller (size_t a, size_t b)
{
    return a < b ? a : b;
}

static int lower (char c)
{
    return tolower ((unsigned char) c);
}

size_t word_distance (const char *a, const char *b)
{
    size_t n = strlen (a), m = strlen (b);
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    if (n > WORD_MAX || m > WORD_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        before[j] = above[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t change = lower (a[i - 1]) != lower (b[j - 1]);
            row[j] = smaller (above[j - 1] + change, smaller (above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower (a[i - 1]) == lower (b[j - 2]) && lower (a[i - 2]) == lower (b[j - 1]))
                row[j] = smaller (row[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[m];
}

void nearest_offer (const char *word, const char *candidate, const char **best, size_t *best_distance)
{
    size_t d = word_distance (word, candidate);

    if (d < *best_distance || (d == *best_distance && !*best)) {
        *best = candidate;
        *best_distance = d;
    }
}
