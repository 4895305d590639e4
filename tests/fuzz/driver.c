/* driver.c - runs a fuzz target over every file of a folder and over 2,000 bounded mutations of each (fixed seeds, so
 * that a failure repeats). No libFuzzer needed: this is what CI runs. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

#define MAX_SEED 65536
#define MUTATIONS 2000

static uint64_t next_random (uint64_t *state) /* xorshift64*, Vigna 2016 */
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1DULL;
}

static size_t mutate (uint8_t *data, size_t size, uint64_t *state)
{
    for (unsigned n = 1 + next_random (state) % 4; n--;) {
        size_t at = size ? next_random (state) % size : 0;
        switch (next_random (state) % 4) {
        case 0:
            if (size)
                data[at] ^= (uint8_t) (1u << next_random (state) % 8);
            break;
        case 1:
            if (size)
                data[at] = (uint8_t) next_random (state);
            break;
        case 2: size = at; break;
        default:
            if (size < MAX_SEED) {
                memmove (data + at + 1, data + at, size - at);
                data[at] = (uint8_t) next_random (state);
                size++;
            }
        }
    }
    return size;
}

static void run_file (const char *dir, const char *name)
{
    static uint8_t seed[MAX_SEED], work[MAX_SEED + 8];
    char path[4096];
    uint64_t state = 88172645463325252ULL;

    snprintf (path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen (path, "rb");
    if (!f)
        return;
    size_t size = fread (seed, 1, sizeof seed, f);
    fclose (f);
    LLVMFuzzerTestOneInput (seed, size);
    for (int i = 0; i < MUTATIONS; i++) {
        memcpy (work, seed, size);
        size_t n = mutate (work, size, &state);
        uint8_t *exact = malloc (n ? n : 1); /* its own block, so that ASan sees an overread */
        if (!exact)
            abort ();
        memcpy (exact, work, n);
        LLVMFuzzerTestOneInput (exact, n);
        free (exact);
    }
}

int main (int argc, char **argv)
{
    int files = 0;

    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir (argv[i]);
        if (!dir) {
            fprintf (stderr, "no corpus at %s\n", argv[i]);
            return 1;
        }
        for (struct dirent *e; (e = readdir (dir));)
            if (e->d_name[0] != '.') {
                run_file (argv[i], e->d_name);
                files++;
            }
        closedir (dir);
    }
    printf ("%d seeds, %d mutations each\n", files, MUTATIONS);
    return files ? 0 : 1;
}
