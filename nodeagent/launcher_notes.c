/* launcher_notes.c - what the controller says to this launcher itself. The agent has passed it on, and is not believed:
 * a note counts if it is signed for this node, this life of the launcher, and later than the one before. A
 * configuration decides what root runs here; so does a key; a reboot ends all. */
#include <string.h>
#include <inttypes.h>
#include "base/keys.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/note.h"
#include "nodeagent/configless.h"
#include "nodeagent/launcher.h"
#include "nodeagent/rekey.h"

struct answering {
    Moisson__NoteAnswer answer;
    Moisson__Rekeyed rekeyed;
    struct rekey_publics publics;
    bool send;         /* the controller waits for the answer */
    bool keys_changed; /* node.key is another one */
};

/* --- configuration ------------------------------------------------------------------------------------------- */

/* Would the next launcher start with it? */
static int check_config (void *arg, const struct config *conf, struct err *err)
{
    const struct launcher *l = arg;
    struct root_mode mode;
    struct limits limits;

    if (root_mode_find (conf, &mode, err) < 0 || limits_parse (conf->job_limits, &limits, err) < 0)
        return -1;
    if (l->root_mode.on && !mode.on) {
        err_set (err, 0, "its SlurmUser would make this node's agent, which speaks to the network, run as root");
        return err_fix (err, "name a user without rights in SlurmUser");
    }
    return 0;
}

static int on_config (struct launcher *l, const Moisson__Note *note, struct answering *a, struct err *err)
{
    (void) a;
    if (!l->configless)
        return err_set (err, 0, "this node has a configuration of its own, %s", l->conf_path);
    if (configless_install (l->spool, l->node, note->config, check_config, l, err) < 0)
        return err_what (err, "the controller's configuration cannot be used");
    log_info ("event=configured version=%" PRIu64, note->config->version);
    l->reload = true;
    return 0;
}

/* --- keys ---------------------------------------------------------------------------------------------------- */

static int on_rekey (struct launcher *l, const Moisson__Note *note, struct answering *a, struct err *err)
{
    a->send = true;
    if (rekey_prepare (l->spool, l->verifier.key, note->rekey, &a->publics, err) < 0)
        return -1;
    moisson__rekeyed__init (&a->rekeyed);
    a->rekeyed.launcher_public = (ProtobufCBinaryData){KEY_SIZE, a->publics.launcher};
    a->rekeyed.node_public = (ProtobufCBinaryData){KEY_SIZE, a->publics.node};
    a->rekeyed.enroll_public = (ProtobufCBinaryData){KEY_SIZE, a->publics.enroll};
    a->answer.rekeyed = &a->rekeyed;
    return 0;
}

static int on_commit (struct launcher *l, const Moisson__Note *note, struct answering *a, struct err *err)
{
    _cleanup_free_ char *path = spool_path (l->spool, "order.key");
    uint8_t key[KEY_SIZE];
    int r = rekey_commit (l->spool, l->node, note->commit, err);

    a->send = r < 0; /* else the node's next session says it */
    if (r == REKEY_E_LATER)
        log_error ("event=rekey not-finished=\"%s\" note=\"the old keys are used meanwhile\"", err->why);
    if (r)
        return r < 0 ? -1 : (err_clear (err), 0);
    if (root_mode_own_spool (&l->root_mode, l->spool, err) < 0 || key_read (path, key, err) < 0) {
        a->send = false;
        return -1;
    }
    memcpy (l->verifier.key, key, KEY_SIZE);
    explicit_bzero (key, sizeof key);
    a->keys_changed = true;
    log_info ("event=rekeyed");
    return 0;
}

/* --- reboot -------------------------------------------------------------------------------------------------- */

static int on_reboot (struct launcher *l, const Moisson__Note *note, struct answering *a, struct err *err)
{
    (void) note;
    (void) a;
    (void) err;                  /* how it went is reported when it is known */
    if (launcher_has_jobs (l)) { /* the controller asks when all have ended: an agent may have kept the note back */
        site_program_refuse (l, MOISSON__REPORT_KIND__REPORT_REBOOT, "jobs run here");
        return 0;
    }
    log_info ("event=reboot");
    site_program_run (l, MOISSON__REPORT_KIND__REPORT_REBOOT);
    return 0;
}

/* --- notes --------------------------------------------------------------------------------------------------- */

static const struct {
    Moisson__Note__WhatCase what;
    int (*fn) (struct launcher *l, const Moisson__Note *note, struct answering *a, struct err *err);
} kinds[] = {
    {MOISSON__NOTE__WHAT_CONFIG, on_config},
    {MOISSON__NOTE__WHAT_REKEY, on_rekey},
    {MOISSON__NOTE__WHAT_COMMIT, on_commit},
    {MOISSON__NOTE__WHAT_REBOOT, on_reboot},
};

static int take_note (struct launcher *l, const Moisson__Note *note, struct answering *a, struct err *err)
{
    a->answer.sequence = note->sequence;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].what == note->what_case)
            return kinds[i].fn (l, note, a, err);
    return err_set (err, 0, "this launcher does not know such a note: it is older than the controller");
}

static void answer (struct launcher *l, struct answering *a, const struct err *err)
{
    Moisson__NoteResult result = MOISSON__NOTE_RESULT__INIT;

    a->answer.node = l->node;
    a->answer.launcher_nonce = (ProtobufCBinaryData){NONCE_SIZE, l->verifier.nonce};
    a->answer.why = result.why = err_is_set (err) ? err->why : NULL;
    if (a->send)
        result.answer = note_sign (NOTE_UP, l->verifier.key, &a->answer.base);
    result.has_keys_changed = true;
    result.keys_changed = a->keys_changed;
    pipe_end_send (&l->agent, VERB_NOTE_RESULT, &result.base);
    if (result.answer)
        moisson__signed_note__free_unpacked (result.answer, NULL);
}

void launcher_note (struct launcher *l, const Moisson__SignedNote *signed_note)
{
    struct note_reader reader = {.node = l->node,
                                 .order_key = l->verifier.key,
                                 .nonce = l->verifier.nonce,
                                 .nonce_len = NONCE_SIZE,
                                 .last = l->last_note};
    struct answering a = {.answer = MOISSON__NOTE_ANSWER__INIT};
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__Note *note = NULL;

    if (note_open (&reader, signed_note, &note, &err) == 0) {
        l->last_note = reader.last;
        take_note (l, note, &a, &err);
        moisson__note__free_unpacked (note, NULL);
    }
    if (err_is_set (&err))
        log_error ("event=note refused=\"%s\"", err.why);
    answer (l, &a, &err);
}
