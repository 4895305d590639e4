/* page.c - rows of a page, packed as they are given. The encoder writes "unknown fields" as they are, so rows that are
 * packed already pass through it as field 1 (https://protobuf.dev/programming-guides/encoding: embedded message). */
#include "ctld/page.h"
#include <stdint.h>
#include <stdlib.h>
#include "base/mem.h"

static size_t put_length (uint8_t *out, size_t len)
{
    size_t n = 0;

    while (len >= 0x80) {
        out[n++] = (uint8_t) (len | 0x80);
        len >>= 7;
    }
    out[n++] = (uint8_t) len;
    return n;
}

void page_add (struct page *page, const ProtobufCMessage *row)
{
    uint8_t length[10];
    size_t len = protobuf_c_message_get_packed_size (row);
    size_t head = put_length (length, len);
    uint8_t *data = xmalloc (head + len);

    for (size_t i = 0; i < head; i++)
        data[i] = length[i];
    protobuf_c_message_pack (row, data + head);
    GROW (page->rows, page->n, page->room);
    page->rows[page->n++] = (ProtobufCMessageUnknownField){
        .tag = 1, .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, .len = head + len, .data = data};
    page->bytes += head + len;
}

void page_lend (const struct page *page, ProtobufCMessage *message)
{
    message->n_unknown_fields = (unsigned) page->n;
    message->unknown_fields = page->rows;
}

void page_clear (struct page *page)
{
    for (size_t i = 0; i < page->n; i++)
        free (page->rows[i].data);
    free (page->rows);
    *page = PAGE_INIT;
}
