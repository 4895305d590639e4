/* page.h - rows of a page, packed as they are given: rows are borrowed from the core for the length of a call, and a
 * deep copy of each costs more than its encoding. A row becomes one occurrence of the page's repeated field 1. */
#pragma once
#include <stddef.h>
#include <protobuf-c/protobuf-c.h>

struct page {
    ProtobufCMessageUnknownField *rows;
    size_t n, room;
    size_t bytes;
};

#define PAGE_INIT ((struct page){0})
#define _cleanup_page_ __attribute__ ((cleanup (page_clear)))
#define PAGE_BYTES (128u << 10) /* enough for one message */

void page_add (struct page *page, const ProtobufCMessage *row);
void page_lend (const struct page *page, ProtobufCMessage *message); /* until page changes */
void page_clear (struct page *page);
