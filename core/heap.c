/* heap.c - a binary heap of items that live inside other structs. */
#include "core/heap.h"
#include <stdlib.h>
#include "base/mem.h"

static void put_at (struct heap *heap, size_t at, struct heap_item *item)
{
    heap->items[at] = item;
    item->at = (uint32_t) at + 1;
}

static void sift_up (struct heap *heap, size_t at, struct heap_item *item)
{
    while (at && heap_before (item, heap->items[(at - 1) / 2])) {
        put_at (heap, at, heap->items[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put_at (heap, at, item);
}

static void sift_down (struct heap *heap, size_t at, struct heap_item *item)
{
    for (size_t child; (child = 2 * at + 1) < heap->n; at = child) {
        if (child + 1 < heap->n && heap_before (heap->items[child + 1], heap->items[child]))
            child++;
        if (!heap_before (heap->items[child], item))
            break;
        put_at (heap, at, heap->items[child]);
    }
    put_at (heap, at, item);
}

static void settle (struct heap *heap, size_t at, struct heap_item *item)
{
    if (at && heap_before (item, heap->items[(at - 1) / 2]))
        sift_up (heap, at, item);
    else
        sift_down (heap, at, item);
}

void heap_put (struct heap *heap, struct heap_item *item, uint32_t class, uint64_t key)
{
    item->class = class;
    item->key = key;
    if (heap_has (item)) {
        settle (heap, item->at - 1, item);
        return;
    }
    GROW (heap->items, heap->n, heap->room);
    heap->n++;
    sift_up (heap, heap->n - 1, item);
}

void heap_remove (struct heap *heap, struct heap_item *item)
{
    size_t at = item->at;
    struct heap_item *last;

    if (!at)
        return;
    item->at = 0;
    last = heap->items[--heap->n];
    if (last != item)
        settle (heap, at - 1, last);
}

void heap_clear (struct heap *heap)
{
    for (size_t i = 0; i < heap->n; i++)
        heap->items[i]->at = 0;
    free (heap->items);
    *heap = (struct heap){0};
}
