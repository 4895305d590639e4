/* The tree of ranks and the lineup of a shape, against a plain search over all that is in them. */
#include "core/lineup.h"
#include "core/rank_tree.h"
#include "suite.h"

#define N 200

static uint32_t dice (uint64_t *state, uint32_t n)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL; /* Knuth, MMIX */
    return (uint32_t) (*state >> 33) % n;
}

struct few {
    struct rank_node nodes[N], *root;
    bool in[N];
    uint64_t state;
};

static void put (struct few *f, int i)
{
    f->nodes[i] = (struct rank_node){.rank = {.tier = dice (&f->state, 3),
                                              .score = dice (&f->state, 20),
                                              .eligible_us = dice (&f->state, 10),
                                              .id = (uint64_t) i + 1},
                                     .cpus = dice (&f->state, 64),
                                     .mem_mb = dice (&f->state, 5000),
                                     .seen = dice (&f->state, 4)};
    if (dice (&f->state, 2))
        rank_tree_add (&f->root, &f->nodes[i]);
    else
        rank_tree_add_last (&f->root, &f->nodes[i]);
    f->in[i] = true;
}

/* By hand: the first after `after` (NULL: of all) that fits the bounds. */
static struct rank_node *by_hand (struct few *f, const struct rank_node *after, uint32_t cpus, uint64_t mem,
                                  uint64_t seen_before)
{
    struct rank_node *best = NULL;

    for (int i = 0; i < N; i++) {
        struct rank_node *n = &f->nodes[i];
        if (f->in[i] && n->cpus <= cpus && n->mem_mb <= mem && n->seen < seen_before &&
            (!after || rank_before (&after->rank, &n->rank)) && (!best || rank_before (&n->rank, &best->rank)))
            best = n;
    }
    return best;
}

START_TEST (the_next_that_asks_for_no_more_is_found)
{
    static struct few f;

    f = (struct few){.state = 7};
    for (int round = 0; round < 3000; round++) {
        int i = (int) dice (&f.state, N);
        uint32_t cpus = dice (&f.state, 70);
        uint64_t mem = dice (&f.state, 6000), seen = dice (&f.state, 5);
        struct rank_node *at, *hand;
        if (!f.in[i])
            put (&f, i);
        else if (dice (&f.state, 3) == 0) {
            rank_tree_remove (&f.root, &f.nodes[i]);
            f.in[i] = false;
        } else
            rank_tree_seen (&f.nodes[i], dice (&f.state, 4));
        ck_assert_ptr_eq (rank_tree_unseen (f.root, seen), by_hand (&f, NULL, UINT32_MAX, UINT64_MAX, seen));
        ck_assert_ptr_eq (rank_tree_first (f.root), by_hand (&f, NULL, UINT32_MAX, UINT64_MAX, UINT64_MAX));
        at = rank_tree_first_within (f.root, cpus, mem);
        for (hand = by_hand (&f, NULL, cpus, mem, UINT64_MAX); hand; hand = by_hand (&f, hand, cpus, mem, UINT64_MAX)) {
            ck_assert_ptr_eq (at, hand);
            at = rank_tree_next_within (at, cpus, mem);
        }
        ck_assert_ptr_null (at);
    }
}
END_TEST

START_TEST (a_higher_tier_goes_before_any_score)
{
    const struct rank low = {.tier = 1, .score = 1e9, .id = 1}, high = {.tier = 2, .score = -5, .id = 2};
    const struct rank later = {.tier = 2, .score = -5, .eligible_us = 3, .id = 1};

    ck_assert (rank_before (&high, &low));
    ck_assert (!rank_before (&low, &high));
    ck_assert (rank_before (&high, &later));
}
END_TEST

START_TEST (a_lineup_is_in_order_whatever_order_it_came_in)
{
    static struct lineup_item items[N];
    struct lineup lineup = {0};
    uint64_t state = 3;
    bool in[N] = {false};

    for (int round = 0; round < 5000; round++) {
        int i = (int) dice (&state, N), best = -1;
        if (in[i])
            lineup_remove (&lineup, &items[i]);
        else
            lineup_put (&lineup, &items[i], dice (&state, 4) / 3, dice (&state, 50) + (uint64_t) round / 10,
                        (uint64_t) i);
        in[i] = !in[i];
        ck_assert (lineup_has (&items[i]) == in[i]);
        for (int k = 0; k < N; k++)
            if (in[k] && (best < 0 || heap_before (&items[k].rank, &items[best].rank)))
                best = k;
        ck_assert_ptr_eq (lineup_first (&lineup), best < 0 ? NULL : &items[best]);
    }
    for (int k = 0; k < N; k++)
        if (in[k])
            lineup_remove (&lineup, &items[k]);
    ck_assert_uint_eq (lineup_count (&lineup), 0);
    lineup_clear (&lineup);
}
END_TEST

SUITE ("rank_tree", the_next_that_asks_for_no_more_is_found, a_higher_tier_goes_before_any_score,
       a_lineup_is_in_order_whatever_order_it_came_in)
