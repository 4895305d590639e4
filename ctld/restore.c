/* restore.c - snapshot and journal into a fresh core. */
#include "ctld/restore.h"
#include <inttypes.h>
#include <stdlib.h>
#include "base/log.h"

#define EVENT_VERSION 1 /* the newest that this program can apply */

struct restoring {
    struct ctld *ctld;
    struct err *err;
    uint64_t events;
};

static int on_image (void *arg, const uint8_t *data, size_t len)
{
    struct restoring *r = arg;
    Moisson__Image *image = moisson__image__unpack (NULL, len, data);
    _cleanup_err_ struct err why = ERR_INIT;

    if (!image)
        return -1;
    int rc = core_load (r->ctld->core, image, &why);
    if (rc < 0)
        log_warn ("event=snapshot refused=\"%s\"", why.why ? why.why : "damaged");
    moisson__image__free_unpacked (image, NULL);
    return rc;
}

static void on_reset (void *arg)
{
    struct restoring *r = arg;

    core_free (r->ctld->core);
    r->ctld->core = core_create ();
}

static int refuse_event (struct restoring *r, uint64_t sequence, const char *why, const char *fix)
{
    err_set (r->err, 0, "event %" PRIu64 " of the journal %s", sequence, why);
    return err_fix (r->err, "%s", fix);
}

static int on_row (void *arg, uint64_t sequence, const uint8_t *data, size_t len)
{
    struct restoring *r = arg;
    Moisson__Event *event = moisson__event__unpack (NULL, len, data);
    int rc = 0;

    if (!event)
        return refuse_event (r, sequence, "cannot be read", "restore StateSaveLocation from a backup");
    if (event->version > EVENT_VERSION || event->what_case == MOISSON__EVENT__WHAT__NOT_SET) {
        rc = refuse_event (r, sequence, "was written by a newer moissonctld",
                           "start that version; a journal is carried forward, never back");
    } else {
        _cleanup_err_ struct err why = ERR_INIT;

        if (core_apply (r->ctld->core, event, event->now_us, NULL, &why) < 0) {
            err_set (r->err, 0, "event %" PRIu64 " of the journal contradicts the state before it: %s", sequence,
                     why.why ? why.why : "unknown");
            rc = err_fix (r->err, "keep a copy of StateSaveLocation and report this; then restore it from a backup");
        }
    }
    moisson__event__free_unpacked (event, NULL);
    r->ctld->restored = sequence;
    r->events++;
    return rc;
}

int restore_core (struct ctld *ctld, struct err *err)
{
    struct restoring r = {.ctld = ctld, .err = err};
    _cleanup_free_ char *note = NULL;
    usec_t began = now_monotonic ();

    ctld->core = core_create ();
    if (ctld->ops->load_snapshot (ctld->store, on_image, on_reset, &r, &ctld->snapshot, &note, err) < 0)
        return -1;
    if (note)
        log_warn ("event=restore note=\"%s\"", note);
    ctld->restored = ctld->snapshot;
    if (ctld->ops->replay (ctld->store, ctld->snapshot, on_row, &r, err) < 0)
        return err_what (err, "cannot restore the state in %s", ctld->conf->state_dir);
    log_info ("event=restored snapshot=%" PRIu64 " events=%" PRIu64 " jobs=%" PRIu64 " ms=%" PRIu64, ctld->snapshot,
              r.events, core_stats (ctld->core).jobs, (now_monotonic () - began) / 1000);
    return 0;
}
