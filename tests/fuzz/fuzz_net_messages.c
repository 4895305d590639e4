/* Every message of the wire, from bytes; what unpacks must pack again, and unpack again to the same bytes.
 * Input: one byte that chooses the message, then its body. */
#include <stdlib.h>
#include <string.h>
#include "net/channel.h"
#include "proto/enroll.pb-c.h"
#include "proto/event.pb-c.h"
#include "proto/node.pb-c.h"
#include "proto/record.pb-c.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* In the order of enum MsgType, then what is packed inside other messages, kept in files, or journaled. */
static const ProtobufCMessageDescriptor *const descriptors[] = {
    &moisson__auth_user__descriptor,
    &moisson__auth_node__descriptor,
    &moisson__auth_ok__descriptor,
    &moisson__failure__descriptor,
    &moisson__nothing__descriptor,
    &moisson__submit_request__descriptor,
    &moisson__submit_reply__descriptor,
    &moisson__cancel_request__descriptor,
    &moisson__job_op_request__descriptor,
    &moisson__id_results__descriptor,
    &moisson__jobs_request__descriptor,
    &moisson__jobs_page__descriptor,
    &moisson__nodes_page__descriptor,
    &moisson__partitions_page__descriptor,
    &moisson__config_reply__descriptor,
    &moisson__ping_reply__descriptor,
    &moisson__wait_request__descriptor,
    &moisson__wait_reply__descriptor,
    &moisson__acct_request__descriptor,
    &moisson__acct_page__descriptor,
    &moisson__node_op_request__descriptor,
    &moisson__stats_reply__descriptor,
    &moisson__register__descriptor,
    &moisson__register_ack__descriptor,
    &moisson__start_batch__descriptor,
    &moisson__stop_batch__descriptor,
    &moisson__attempt_ids__descriptor,
    &moisson__started_batch__descriptor,
    &moisson__exited_batch__descriptor,
    &moisson__blob_ids__descriptor,
    &moisson__blob__descriptor,
    &moisson__heartbeat__descriptor,
    &moisson__order__descriptor,
    &moisson__job_spec__descriptor,
    &moisson__event__descriptor,
    &moisson__image__descriptor,
    &moisson__enroll_request__descriptor,
    &moisson__enroll_reply__descriptor,
    &moisson__signed_note__descriptor,
    &moisson__note__descriptor,
    &moisson__note_answer__descriptor,
    &moisson__config_get__descriptor,
    &moisson__node_config__descriptor,
    &moisson__node_keys_page__descriptor,
    &moisson__node_key_op__descriptor,
    &moisson__node_key_results__descriptor,
    &moisson__step_batch__descriptor,
    &moisson__step_news__descriptor,
    &moisson__bulk_request__descriptor,
    &moisson__bulk_reply__descriptor,
    &moisson__bulk_line__descriptor,
    &moisson__events_request__descriptor,
    &moisson__events_page__descriptor,
};

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    const size_t n = sizeof descriptors / sizeof *descriptors;
    ProtobufCMessage *first, *second;
    uint8_t *packed, *again;
    size_t len;

    if (!size)
        return 0;
    first = message_unpack (descriptors[data[0] % n], data + 1, size - 1);
    if (!first)
        return 0;
    len = protobuf_c_message_get_packed_size (first);
    packed = malloc (len + 1);
    again = malloc (len + 1);
    if (!packed || !again || protobuf_c_message_pack (first, packed) != len)
        abort ();
    second = message_unpack (descriptors[data[0] % n], packed, len);
    if (!second || protobuf_c_message_get_packed_size (second) != len ||
        protobuf_c_message_pack (second, again) != len || memcmp (packed, again, len) != 0)
        abort ();
    protobuf_c_message_free_unpacked (first, NULL);
    protobuf_c_message_free_unpacked (second, NULL);
    free (packed);
    free (again);
    return 0;
}
