/* shorten.c - a start with less time than asked. That something fits is monotone in its time: what is promised or
 * reserved for others is in the way of a longer stay if it is in the way of a shorter one. So halving finds the
 * longest. */
#include "core/shorten.h"
#include "core/expect.h"
#include "core/state.h"

#define LONGEST_MIN (366 * 24 * 60ULL) /* what a job without a limit may be given instead */

uint64_t job_time_min (const struct core *core, const struct job *job)
{
    uint64_t limit = job_time_limit (core, job), least = job_spec (job)->time_min_s;

    return !limit || least < limit ? least : 0;
}

uint64_t shape_least_s (const struct core *core, const struct shape *shape)
{
    uint64_t least = shape->key.time_min_s;

    if (!least)
        return shape_time_s (core, shape);
    return core->expected ? expect_s (core, shape->node.rank.id, least) : least;
}

static int fits (const struct core *core, struct fit_ask *ask, struct node *node, struct fit *ret)
{
    ask->held_back = false;
    if (!stay_licensed (core, ask->stay)) {
        ask->unlicensed = true;
        return FIT_E_NO;
    }
    ask->unlicensed = false;
    return node ? fit_on (core, ask, node, ret) : fit_ask (core, ask, ret);
}

static int fits_for (const struct core *core, struct fit_ask *ask, struct node *node, uint64_t time_s, struct fit *ret)
{
    const struct stay *whole = ask->stay;
    struct stay stay = stay_for (core, whole->shape, whole->demand, whole->from, time_s);
    int rc;

    ask->stay = &stay;
    rc = fits (core, ask, node, ret);
    ask->stay = whole;
    return rc;
}

int fit_shortened (const struct core *core, struct fit_ask *ask, struct node *node, struct fit *ret,
                   uint64_t *ret_limit_s)
{
    const struct shape_key *key = &ask->stay->shape->key;
    uint64_t low = key->time_min_s / 60, high = key->time_s ? (key->time_s + 59) / 60 : LONGEST_MIN;

    *ret_limit_s = 0;
    if (!fits (core, ask, node, ret))
        return 0;
    if (!key->time_min_s || !(ask->held_back || ask->unlicensed) || fits_for (core, ask, node, key->time_min_s, ret))
        return FIT_E_NO;
    *ret_limit_s = key->time_min_s;
    while (low + 1 < high) { /* low fits; high does not, or is not below the limit */
        uint64_t mid = low + (high - low) / 2;
        struct fit fit = {0};
        if (fits_for (core, ask, node, mid * 60, &fit)) {
            high = mid;
            continue;
        }
        fit_clear (ret);
        *ret = fit;
        *ret_limit_s = mid * 60;
        low = mid;
    }
    return 0;
}
