/* Things by their number, against an array of all of them. */
#include "core/idmap.h"
#include "suite.h"

#define N 5000

struct thing {
    uint64_t id;
    uint32_t sub;
    bool in;
};

static struct id_key key_of (const void *item)
{
    const struct thing *thing = item;

    return (struct id_key){thing->id, thing->sub};
}

START_TEST (what_is_in_is_found_and_nothing_else)
{
    static struct thing things[N];
    struct idmap map = {0};
    uint64_t state = 11;
    size_t n = 0;

    for (uint32_t i = 0; i < N; i++)
        things[i] = (struct thing){i / 3 * 1000003ULL, i % 3, false};
    for (int round = 0; round < 200000; round++) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL; /* Knuth, MMIX */
        struct thing *thing = &things[(state >> 33) % N], *other = &things[(state >> 40) % N];
        bool growing = round / 20000 % 2 == 0; /* mostly in, then mostly out */
        if (!thing->in && (growing || state >> 62 == 0)) {
            idmap_add (&map, thing, key_of);
            thing->in = true;
            n++;
        } else if (thing->in && (!growing || state >> 62 == 0)) {
            idmap_remove (&map, thing, key_of);
            thing->in = false;
            n--;
        }
        ck_assert_uint_eq (map.n, n);
        ck_assert_ptr_eq (idmap_find (&map, key_of (thing), key_of), thing->in ? thing : NULL);
        ck_assert_ptr_eq (idmap_find (&map, key_of (other), key_of), other->in ? other : NULL);
    }
    for (uint32_t i = 0; i < N; i++)
        ck_assert_ptr_eq (idmap_find (&map, key_of (&things[i]), key_of), things[i].in ? &things[i] : NULL);
    idmap_clear (&map);
}
END_TEST

SUITE ("idmap", what_is_in_is_found_and_nothing_else)
