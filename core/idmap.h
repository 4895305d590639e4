/* idmap.h - things by their number: open addressing with linear probes (Knuth, vol. 3, 6.4), 12 bytes a slot, a quarter
 * of them free at least. It grows a few slots a call, so that no call takes long, however many there are.
 *
 * A key is a 64-bit number and a smaller one. Items are owned by others; key_of tells the key of one. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_key {
    uint64_t id;
    uint32_t sub;
};

static inline struct id_key id_key_of (uint64_t id) /* of one number */
{
    return (struct id_key){id >> 22, (uint32_t) (id & ((1u << 22) - 1))};
}

typedef struct id_key (*id_key_fn) (const void *item);

struct idmap_slots {
    void **items;
    uint32_t *hashes;
    size_t n_slots; /* a power of two, or 0 */
};

struct idmap {
    struct idmap_slots now, old; /* old: while it grows; those that have gone over leave a mark */
    size_t n, moved;             /* moved: slots of old that have been looked at */
};

void *idmap_find (const struct idmap *map, struct id_key key, id_key_fn key_of); /* NULL = none */
void idmap_add (struct idmap *map, void *item, id_key_fn key_of);                /* no other one has its key */
void idmap_remove (struct idmap *map, void *item, id_key_fn key_of);             /* it is there */
/* One after the other, from *at = 0 on, while nothing comes or goes; NULL = that was all. */
void *idmap_next (const struct idmap *map, size_t *at);
void idmap_clear (struct idmap *map);
