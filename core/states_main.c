/* states_main.c - `states-document > docs/states.md` */
#include <stdio.h>
#include "core/phases.h"

int main (void)
{
    states_document (stdout);
    return fflush (stdout) ? 1 : 0;
}
