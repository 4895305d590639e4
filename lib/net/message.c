/* message.c - message bodies to bytes and back; what a hostile peer sends is bounded here. */
#include <string.h>
#include "base/mem.h"
#include "net/internal.h"

#define TYPE_SIZE 2
#define HOG_FACTOR 64u /* bytes of memory that one byte of a small message may ask for */
#define HOG_FREE (64u << 10)
#define HOG_BASE (64ull << 20) /* a large one may have this and four times its size */

uint8_t *message_pack (Moisson__MsgType type, const ProtobufCMessage *msg, size_t *ret_len)
{
    size_t len = TYPE_SIZE + (msg ? protobuf_c_message_get_packed_size (msg) : 0);
    uint8_t *data = xmalloc (len);

    data[0] = (uint8_t) ((unsigned) type >> 8);
    data[1] = (uint8_t) type;
    if (msg)
        protobuf_c_message_pack (msg, data + TYPE_SIZE);
    *ret_len = len;
    return data;
}

/* A message of tiny submessages grows many times when unpacked; this allocator stops at a bound. What it hands out is
 * plain malloc memory, so the result is freed in the ordinary way. */
struct hog {
    size_t left;
};

static void *hog_alloc (void *data, size_t size)
{
    struct hog *hog = data;

    size_t real = size + 16 < 32 ? 32 : size + 16; /* what malloc takes for it */

    if (real > hog->left)
        return NULL;
    hog->left -= real;
    return malloc (size);
}

static void hog_free (void *data, void *p)
{
    (void) data;
    free (p);
}

/* Drop what this version does not know, in all depths: it means nothing to us, would be journaled with what does, and
 * the library accepts unknown fields (number 0, written in two bytes) that it cannot read back once it has packed them.
 */
static void drop_unknown (ProtobufCMessage *msg)
{
    for (unsigned i = 0; i < msg->n_unknown_fields; i++)
        free (msg->unknown_fields[i].data);
    free (msg->unknown_fields);
    msg->unknown_fields = NULL;
    msg->n_unknown_fields = 0;
    for (unsigned i = 0; i < msg->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &msg->descriptor->fields[i];
        const char *at = (const char *) msg + field->offset;
        const char *quantifier = (const char *) msg + field->quantifier_offset;
        bool other = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && *(const uint32_t *) quantifier != field->id;
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || other)
            continue;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            ProtobufCMessage *sub = *(ProtobufCMessage *const *) at;
            if (sub)
                drop_unknown (sub);
            continue;
        }
        ProtobufCMessage *const *subs = *(ProtobufCMessage *const *const *) at;
        for (size_t k = 0; k < *(const size_t *) quantifier; k++)
            drop_unknown (subs[k]);
    }
}

void *message_unpack (const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t len)
{
    uint64_t small = (uint64_t) len * HOG_FACTOR + HOG_FREE, large = (uint64_t) len * 4 + HOG_BASE;
    struct hog hog = {.left = (size_t) (small < large ? small : large)};
    ProtobufCAllocator allocator = {.alloc = hog_alloc, .free = hog_free, .allocator_data = &hog};

    ProtobufCMessage *msg = protobuf_c_message_unpack (descriptor, &allocator, len, data);

    if (msg)
        drop_unknown (msg);
    return msg;
}

int message_failure (const uint8_t *data, size_t len, struct err *err)
{
    Moisson__Failure *f = message_unpack (&moisson__failure__descriptor, data, len);

    if (!f)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the peer sent a refusal that cannot be read");
    err_set (err, (int) f->code, "%s", f->why ? f->why : "refused without a reason");
    if (f->what)
        err_what (err, "%s", f->what);
    if (f->fix)
        err_fix (err, "%s", f->fix);
    protobuf_c_message_free_unpacked (&f->base, NULL);
    return -1;
}
