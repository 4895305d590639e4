/* scratch.h - what the core lends to a caller until the next apply. */
#pragma once
#include "core/core.h"

struct scratch {
    Moisson__Submitted submitted;
    Moisson__Share *shares;
    const Moisson__Share **list;
    size_t n, room; /* n: shares lent */
};

struct scratch *scratch_create (void);
struct scratch *scratch_free (struct scratch *scratch);
