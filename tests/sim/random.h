/* random.h - a repeatable random source: splitmix64 (Steele, Lea, Flood 2014). */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_next (struct dice *d)
{
    uint64_t z = (d->state += 0x9E3779B97F4A7C15ULL);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

static inline uint32_t dice_below (struct dice *d, uint32_t n) /* n > 0 */
{
    return (uint32_t) (dice_next (d) % n);
}

static inline bool dice_percent (struct dice *d, uint32_t p)
{
    return dice_below (d, 100) < p;
}
