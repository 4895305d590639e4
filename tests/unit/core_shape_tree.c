/* The treap of shapes and the heap, against a plain search over all of them. */
#include "core/shape_tree.h"
#include "suite.h"

#define N 200

static uint32_t dice (uint64_t *state, uint32_t n)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL; /* Knuth, MMIX */
    return (uint32_t) (*state >> 33) % n;
}

/* Class and key of its head in one number. */
static uint64_t rank (const struct shape *shape)
{
    const struct heap_item *head = shape_first (shape);

    return head ? head->class * 1000ULL + head->key : UINT64_MAX;
}

static uint64_t best_by_hand (struct shape *shapes, const bool *in, uint64_t limit)
{
    uint64_t best = UINT64_MAX;

    for (int i = 0; i < N; i++)
        if (in[i] && shapes[i].mem_mb <= limit && rank (&shapes[i]) < best)
            best = rank (&shapes[i]);
    return best;
}

START_TEST (the_best_below_any_limit_is_found)
{
    static struct shape shapes[N];
    static struct heap_item items[N];
    bool in[N] = {false};
    struct shape *root = NULL;
    uint64_t state = 1;

    for (int i = 0; i < N; i++)
        shapes[i].mem_mb = (uint64_t) i * 10;
    for (int round = 0; round < 5000; round++) {
        int i = (int) dice (&state, N);
        uint64_t limit = dice (&state, 10 * N);
        struct shape *best;
        if (!in[i])
            shape_tree_add (&root, &shapes[i]);
        else if (dice (&state, 3) == 0)
            shape_tree_remove (&root, &shapes[i]);
        else {
            if (dice (&state, 4))
                heap_put (&shapes[i].jobs, &items[i], dice (&state, 3), dice (&state, 1000));
            else
                heap_remove (&shapes[i].jobs, &items[i]);
            shape_tree_touch (root, shapes[i].mem_mb);
            in[i] = false; /* undone below */
        }
        in[i] = !in[i];
        ck_assert_ptr_eq (shape_tree_find (root, shapes[i].mem_mb), in[i] ? &shapes[i] : NULL);
        best = shape_tree_best (root, limit);
        ck_assert_uint_eq (rank (best), best_by_hand (shapes, in, limit));
    }
    for (int i = 0; i < N; i++)
        heap_clear (&shapes[i].jobs);
}
END_TEST

START_TEST (a_heap_gives_the_smallest_first)
{
    struct heap_item items[N] = {{0}};
    struct heap heap = {0};
    uint64_t state = 7, last = 0;

    for (int i = 0; i < N; i++)
        heap_put (&heap, &items[i], dice (&state, 3), dice (&state, 1000));
    for (int i = 0; i < N; i += 3)
        heap_put (&heap, &items[i], dice (&state, 3), dice (&state, 1000)); /* moves */
    for (int i = 0; i < N; i += 5)
        heap_remove (&heap, &items[i]);
    ck_assert (!heap_has (&items[0]));
    heap_remove (&heap, &items[0]); /* once more does nothing */
    while (heap.n) {
        ck_assert_uint_ge (heap_first (&heap)->class * 1000ULL + heap_first (&heap)->key, last);
        last = heap_first (&heap)->class * 1000ULL + heap_first (&heap)->key;
        heap_remove (&heap, heap_first (&heap));
    }
    heap_clear (&heap);
}
END_TEST

SUITE ("shape_tree", the_best_below_any_limit_is_found, a_heap_gives_the_smallest_first)
