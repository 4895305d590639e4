/* pass.h - placing what is pending, a few milliseconds a turn of the loop, while the journal takes new work. */
#pragma once
#include "ctld/ctld.h"

struct pass *pass_create (struct ctld *ctld);
struct pass *pass_free (struct pass *pass);
void pass_want (struct pass *pass); /* something became free, eligible or pending: asked often, done once */
void pass_stop (struct pass *pass); /* place nothing more */

struct pass_stats {
    uint64_t passes, placed;
    usec_t last, longest, total; /* of slices */
    uint64_t slices;
};
struct pass_stats pass_stats (const struct pass *pass);
