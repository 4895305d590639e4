/* heap.h - a binary heap of items that live inside other structs: smallest class first, within it smallest key, then
 * smallest tie. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_item {
    uint64_t key, tie;
    uint32_t class;
    uint32_t at; /* 0 = in no heap, else its place + 1 */
};

static inline bool heap_before (const struct heap_item *a, const struct heap_item *b)
{
    return a->class != b->class ? a->class < b->class : a->key != b->key ? a->key < b->key : a->tie < b->tie;
}

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

/* Add, or move to a new class and key; the tie is left as the caller has set it. */
void heap_put (struct heap *heap, struct heap_item *item, uint32_t class, uint64_t key);
void heap_remove (struct heap *heap, struct heap_item *item); /* a no-op when it is in no heap */
void heap_clear (struct heap *heap);                          /* all items leave */
