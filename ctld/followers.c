/* followers.c - a ring of what was told lately. */
#include "ctld/followers.h"
#include <stdlib.h>
#include <utlist.h>
#include "base/mem.h"

#define KEPT 8192u /* events */

struct followers {
    struct follower *list;
    size_t n;
    struct told ring[KEPT];
    uint64_t first, end; /* places: ring[i % KEPT] for first <= i < end */
    uint64_t from;       /* sequence */
};

static void told_clear (struct told *told)
{
    for (size_t i = 0; i < told->n; i++)
        moisson__news__free_unpacked (told->news[i], NULL);
    free (told->news);
    *told = (struct told){0};
}

static void drop_first (struct followers *followers)
{
    struct told *told = &followers->ring[followers->first++ % KEPT];

    followers->from = told->sequence + 1;
    told_clear (told);
}

static void forget_all (struct followers *followers)
{
    while (followers->first < followers->end)
        drop_first (followers);
}

void followers_tell (struct followers *followers, uint64_t sequence, Moisson__Event *event)
{
    if (!followers || !followers->n || !event->n_news)
        return;
    if (followers->end - followers->first == KEPT)
        drop_first (followers);
    followers->ring[followers->end++ % KEPT] =
        (struct told){.sequence = sequence, .time_us = event->now_us, .news = event->news, .n = event->n_news};
    event->news = NULL;
    event->n_news = 0;
}

void followers_committed (struct followers *followers)
{
    struct follower *f;

    DL_FOREACH (followers->list, f)
    if (f->waits) {
        f->waits = false;
        stream_resume (f->stream);
    }
}

void followers_add (struct followers *followers, struct follower *f, uint64_t sequence)
{
    if (!followers->n++)
        followers->from = sequence + 1;
    DL_APPEND (followers->list, f);
}

void followers_remove (struct followers *followers, struct follower *f)
{
    DL_DELETE (followers->list, f);
    if (!--followers->n)
        forget_all (followers);
}

size_t followers_count (const struct followers *followers)
{
    return followers->n;
}

uint64_t followers_from (const struct followers *followers)
{
    return followers->from;
}

const struct told *followers_next (const struct followers *followers, uint64_t after)
{
    uint64_t lo = followers->first, hi = followers->end;

    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;
        if (followers->ring[mid % KEPT].sequence > after)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo < followers->end ? &followers->ring[lo % KEPT] : NULL;
}

struct followers *followers_create (void)
{
    return xcalloc (1, sizeof (struct followers));
}

struct followers *followers_free (struct followers *followers)
{
    if (!followers)
        return NULL;
    forget_all (followers);
    free (followers);
    return NULL;
}
