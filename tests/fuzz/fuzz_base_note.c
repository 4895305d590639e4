/* A note that is signed right and may say anything: what a launcher makes of it. */
#include <stdlib.h>
#include <string.h>
#include "base/config_bundle.h"
#include "base/keys.h"
#include "base/note.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void check_config (const Moisson__ConfigBundle *bundle)
{
    uint8_t hash[HASH_SIZE];

    config_bundle_hash (bundle, hash);
    if (config_bundle_check (bundle, NULL) < 0)
        return;
    for (size_t i = 0; i < bundle->n_files; i++) /* they become files of root */
        if (strchr (bundle->files[i]->name, '/') || bundle->files[i]->name[0] == '.' || !bundle->files[i]->name[0])
            abort ();
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static const uint8_t order_key[KEY_SIZE] = {1}, nonce[16] = {2};
    struct note_reader reader = {
        .node = "n1", .order_key = order_key, .nonce = nonce, .nonce_len = sizeof nonce, .last = 3};
    Moisson__SignedNote s = MOISSON__SIGNED_NOTE__INIT;
    uint8_t key[KEY_SIZE], mac[HASH_SIZE];
    Moisson__Note *note = NULL;

    key_derive (order_key, "moisson 1 note to launcher", key);
    mac_bytes (data, size, key, mac);
    s.note = (ProtobufCBinaryData){size, (uint8_t *) data};
    s.mac = (ProtobufCBinaryData){HASH_SIZE, mac};
    if (note_open (&reader, &s, &note, NULL) < 0)
        return 0;
    if (strcmp (note->node, "n1") != 0 || note->sequence <= 3 || reader.last != note->sequence)
        abort ();
    if (note->what_case == MOISSON__NOTE__WHAT_CONFIG)
        check_config (note->config);
    moisson__note__free_unpacked (note, NULL);
    return 0;
}
