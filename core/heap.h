/* heap.h - a binary heap of items that live inside other structs, smallest key first. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_item {
    uint64_t key;
    size_t at; /* 0 = in no heap, else its place + 1 */
};

struct heap {
    struct heap_item **items;
    size_t n, room;
};

#define container_of(ptr, type, member) ((type *) ((char *) (ptr) -offsetof (type, member)))

static inline bool heap_has (const struct heap_item *item)
{
    return item->at != 0;
}

static inline struct heap_item *heap_first (const struct heap *heap) /* NULL when empty */
{
    return heap->n ? heap->items[0] : NULL;
}

void heap_put (struct heap *heap, struct heap_item *item, uint64_t key); /* add, or move to a new key */
void heap_remove (struct heap *heap, struct heap_item *item);            /* a no-op when it is in no heap */
void heap_clear (struct heap *heap);                                     /* all items leave */
