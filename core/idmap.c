/* idmap.c - things by their number. */
#include "core/idmap.h"
#include <stdlib.h>
#include "base/mem.h"

#define FIRST_SLOTS 64
#define MOVES 8 /* a call, while it grows: all have gone over long before the new one is full */

static char gone; /* what its address stands for: a slot of old that a search goes past */
#define GONE ((void *) &gone)

/* Numbers in a row lie side by side, eight at a time: they mostly come and go together. Mixed as in splitmix64 (Steele
 * et al. 2014). */
static uint32_t hash_of (struct id_key key)
{
    uint64_t z = (key.id + 1) * 0x9e3779b97f4a7c15ULL + key.sub / 8;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return (uint32_t) (z >> 32) * 8 + key.sub % 8;
}

static struct idmap_slots slots_make (size_t n)
{
    return (struct idmap_slots){xcalloc (n, sizeof (void *)), xcalloc (n, sizeof (uint32_t)), n};
}

static void slots_free (struct idmap_slots *slots)
{
    free (slots->items);
    free (slots->hashes);
    *slots = (struct idmap_slots){0};
}

static size_t slot_of (const struct idmap_slots *slots, struct id_key key, uint32_t hash, id_key_fn key_of)
{
    size_t mask = slots->n_slots - 1;

    for (size_t at = hash & mask; slots->n_slots && slots->items[at]; at = (at + 1) & mask)
        if (slots->hashes[at] == hash && slots->items[at] != GONE) {
            struct id_key found = key_of (slots->items[at]);
            if (found.id == key.id && found.sub == key.sub)
                return at;
        }
    return SIZE_MAX;
}

void *idmap_find (const struct idmap *map, struct id_key key, id_key_fn key_of)
{
    uint32_t hash = hash_of (key);
    size_t at = slot_of (&map->now, key, hash, key_of);

    if (at != SIZE_MAX)
        return map->now.items[at];
    at = slot_of (&map->old, key, hash, key_of);
    return at == SIZE_MAX ? NULL : map->old.items[at];
}

static void put (struct idmap_slots *slots, void *item, uint32_t hash)
{
    size_t mask = slots->n_slots - 1, at = hash & mask;

    while (slots->items[at])
        at = (at + 1) & mask;
    slots->items[at] = item;
    slots->hashes[at] = hash;
}

static void move_some (struct idmap *map)
{
    struct idmap_slots *old = &map->old;

    if (!old->n_slots)
        return;
    for (int n = 0; n < MOVES && map->moved < old->n_slots; n++, map->moved++)
        if (old->items[map->moved] && old->items[map->moved] != GONE) {
            put (&map->now, old->items[map->moved], old->hashes[map->moved]);
            old->items[map->moved] = GONE;
        }
    if (map->moved == old->n_slots)
        slots_free (old);
}

void idmap_add (struct idmap *map, void *item, id_key_fn key_of)
{
    move_some (map);
    if ((map->n + 1) * 4 > map->now.n_slots * 3) {
        while (map->old.n_slots)
            move_some (map);
        map->old = map->now;
        map->moved = 0;
        map->now = slots_make (map->old.n_slots ? map->old.n_slots * 2 : FIRST_SLOTS);
    }
    put (&map->now, item, hash_of (key_of (item)));
    map->n++;
}

/* What comes behind it in the same run moves up, where it may. */
static void close_up (struct idmap_slots *slots, size_t hole)
{
    size_t mask = slots->n_slots - 1;

    for (size_t at = (hole + 1) & mask; slots->items[at]; at = (at + 1) & mask) {
        size_t home = slots->hashes[at] & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            slots->items[hole] = slots->items[at];
            slots->hashes[hole] = slots->hashes[at];
            hole = at;
        }
    }
    slots->items[hole] = NULL;
}

void idmap_remove (struct idmap *map, void *item, id_key_fn key_of)
{
    struct id_key key = key_of (item);
    uint32_t hash = hash_of (key);
    size_t at = slot_of (&map->now, key, hash, key_of);

    if (at != SIZE_MAX)
        close_up (&map->now, at);
    else if ((at = slot_of (&map->old, key, hash, key_of)) != SIZE_MAX)
        map->old.items[at] = GONE;
    else
        abort (); /* it was said to be there */
    map->n--;
    if (!map->n)
        idmap_clear (map);
    else
        move_some (map);
}

void *idmap_next (const struct idmap *map, size_t *at)
{
    while (*at < map->now.n_slots + map->old.n_slots) {
        size_t i = (*at)++;
        void *item = i < map->now.n_slots ? map->now.items[i] : map->old.items[i - map->now.n_slots];
        if (item && item != GONE)
            return item;
    }
    return NULL;
}

void idmap_clear (struct idmap *map)
{
    slots_free (&map->now);
    slots_free (&map->old);
    *map = (struct idmap){0};
}
