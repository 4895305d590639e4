/* admit.h - the checks of a submit, for a job that is to change. */
#pragma once
#include "core/core.h"

struct admit_what {
    bool partition, time, depends, resources, deadline; /* what has changed and is to be checked */
};

/* Account, QoS and partition: may this user have these together, and has he room for so many tasks more? The spec has
 * its defaults (payer_settle). */
int admit_payer (const struct core *core, const struct submitter *who, const Moisson__JobSpec *spec, uint64_t tasks,
                 usec_t now, struct err *err);
int admit_changed (const struct core *core, const Moisson__JobSpec *spec, const struct admit_what *what, usec_t now,
                   struct err *err);
