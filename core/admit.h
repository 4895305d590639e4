/* admit.h - the checks of a submit, for a job that is to change. */
#pragma once
#include "core/core.h"

struct admit_what {
    bool partition, time, depends, resources, deadline; /* what has changed and is to be checked */
};

int admit_changed (const struct core *core, const Moisson__JobSpec *spec, const struct admit_what *what, usec_t now,
                   struct err *err);
