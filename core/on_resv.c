/* on_resv.c - a reservation is made, changed or deleted. What it has was decided before the event was made. */
#include "core/apply.h"
#include "core/state.h"

int on_resv_set (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__Resv *resv = event->resv_set->resv;

    if (resv->start_us >= resv->end_us || !*resv->name)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_TIME_VALUE, "reservation \"%s\" ends before it starts",
                        resv->name);
    resv_put (core, resv);
    return 0;
}

int on_resv_deleted (struct core *core, const Moisson__Event *event, struct err *err)
{
    struct resv *resv = resv_find (core, event->resv_deleted->name);

    (void) err;
    if (!resv)
        return APPLY_E_STALE; /* its time was over meanwhile */
    resv_drop (core, resv);
    return 0;
}
