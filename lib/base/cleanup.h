/* cleanup.h - scope-bound release: `_cleanup_(job_freep) struct job *job = NULL;` and `steal (&job)` to hand over.
 * A type that can be destroyed declares its own `*_freep` beside its free function, with DEFINE_CLEANUP. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__ ((cleanup (fn)))

/* For `struct x *x_free (struct x *)`: makes x_freep for _cleanup_. */
#define DEFINE_CLEANUP(type, fn)                                                                                       \
    static inline void fn##p (type *p)                                                                                 \
    {                                                                                                                  \
        if (*p)                                                                                                        \
            fn (*p);                                                                                                   \
    }

#define steal(pp)                                                                                                      \
    ({                                                                                                                 \
        __typeof__ (pp) steal_pp_ = (pp);                                                                              \
        __typeof__ (*steal_pp_) steal_v_ = *steal_pp_;                                                                 \
        *steal_pp_ = NULL;                                                                                             \
        steal_v_;                                                                                                      \
    })

static inline void cleanup_freep (void *p)
{
    free (*(void **) p);
}

static inline void cleanup_closep (const int *fd)
{
    if (*fd >= 0)
        close (*fd);
}

static inline void cleanup_fclosep (FILE **f)
{
    if (*f)
        fclose (*f);
}

#define _cleanup_free_ _cleanup_ (cleanup_freep)
#define _cleanup_close_ _cleanup_ (cleanup_closep)
#define _cleanup_fclose_ _cleanup_ (cleanup_fclosep)
