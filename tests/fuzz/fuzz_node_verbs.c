/* A stream of frames in both directions, as it comes from the other end of the socketpair. */
#include <stdint.h>
#include <stdlib.h>
#include "nodeagent/verbs.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void take_all (const uint8_t *data, size_t size, bool to_launcher)
{
    const struct verb_row *row;
    ProtobufCMessage *msg;
    size_t used;

    while (verb_decode (data, size, to_launcher, &used, &row, &msg, NULL) == 0) {
        if (used == 0 || used > size || row->to_launcher != to_launcher)
            abort ();
        protobuf_c_message_free_unpacked (msg, NULL);
        data += used;
        size -= used;
    }
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    take_all (data, size, true);
    take_all (data, size, false);
    return 0;
}
