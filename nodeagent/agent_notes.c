/* agent_notes.c - what passes between the controller and the launcher, and the configuration of a node without a file
 * of its own. The agent carries; whether a note counts, the launcher says. */
#include <string.h>
#include "base/config_bundle.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/agent.h"
#include "nodeagent/configless.h"

/* --- configuration ------------------------------------------------------------------------------------------- */

void notes_ask_config (struct agent *a)
{
    Moisson__ConfigGet msg = MOISSON__CONFIG_GET__INIT;
    uint8_t hash[HASH_SIZE];

    msg.launcher_nonce = (ProtobufCBinaryData){a->nonce_len, a->nonce};
    msg.has_hash = !a->program.first_config && configless_hash (a->program.spool, hash) == 0;
    msg.hash = (ProtobufCBinaryData){HASH_SIZE, hash};
    a->awaits_config = true;
    channel_send (a->channel, MOISSON__MSG_TYPE__MSG_CONFIG_GET, &msg.base);
}

/* The configuration stays as it is. Without a real one the node must not register: its facts would be wrong. */
static void go_on (struct agent *a, const char *why)
{
    a->awaits_config = false;
    if (a->program.first_config)
        session_drop (a, why ? why : "the controller has no configuration to give");
    else
        session_register (a);
}

void notes_on_config (struct agent *a, const Moisson__NodeConfig *msg)
{
    if (!a->awaits_config)
        return;
    if (msg->note)
        launcher_send (a, VERB_NOTE, &msg->note->base);
    else
        go_on (a, NULL);
}

/* With a file of its own it should still be the same: jobs are placed by the controller's. */
void notes_compare_config (struct agent *a, const ProtobufCBinaryData *hash)
{
    Moisson__ConfigBundle *bundle = NULL;
    uint8_t own[HASH_SIZE];

    if (a->program.configless || a->compared || hash->len != HASH_SIZE ||
        config_bundle_make (&bundle, a->program.conf, NULL) < 0)
        return;
    a->compared = true;
    config_bundle_hash (bundle, own);
    if (memcmp (own, hash->data, HASH_SIZE) != 0)
        log_warn (
            "event=config-differs file=%s note=\"the controller's configuration is another one than this node's\"",
            a->program.conf_path);
    moisson__config_bundle__free_unpacked (bundle, NULL);
}

/* --- notes --------------------------------------------------------------------------------------------------- */

void notes_on_note (struct agent *a, const Moisson__SignedNote *msg)
{
    launcher_send (a, VERB_NOTE, &msg->base);
}

static void take_new_key (struct agent *a)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (session_read_key (a, &err) < 0)
        log_error ("event=rekeyed why=\"%s\"", err.why);
    a->dial_delay = 0;
    if (a->channel)
        session_drop (a, "this node has new keys: it comes again with them");
}

void notes_on_result (struct agent *a, const Moisson__NoteResult *msg)
{
    if (msg->why)
        log_error ("event=note refused-by-launcher=\"%s\"", msg->why);
    if (msg->answer && a->channel)
        channel_send (a->channel, MOISSON__MSG_TYPE__MSG_NOTE_ANSWER, &msg->answer->base);
    if (msg->has_keys_changed && msg->keys_changed)
        take_new_key (a);
    else if (a->awaits_config && msg->why && a->channel)
        go_on (a, msg->why);
}
