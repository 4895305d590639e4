/* tres.c - names of what is counted. */
#include "core/tres.h"

const char *tres_name (enum tres tres)
{
    static const char *const names[N_TRES] = {"cpu", "mem", "node", "gres/gpu", "billing"};

    return names[tres];
}
