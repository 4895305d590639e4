/* bulk.c - Bulk and Unfold events. */
#include "core/bulk.h"
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "core/apply.h"
#include "core/state.h"

#define UNFOLD_MOST 4096

Moisson__JobSpec *bulk_spec (const uint8_t *common, size_t common_len, const uint8_t *line, size_t len, char **ret_key)
{
    Moisson__BulkLine *own = moisson__bulk_line__unpack (NULL, len, line);
    Moisson__JobSpec *spec;
    uint8_t *whole;

    if (!own)
        return NULL;
    whole = xmalloc (common_len + own->spec.len + 1);
    memcpy (whole, common, common_len);
    if (own->spec.len)
        memcpy (whole + common_len, own->spec.data, own->spec.len);
    spec = moisson__job_spec__unpack (NULL, common_len + own->spec.len, whole); /* the later of two fields counts */
    free (whole);
    if (spec && ret_key)
        *ret_key = xstrdup (own->submit_key);
    moisson__bulk_line__free_unpacked (own, NULL);
    return spec;
}

void bulk_add (struct core *core, const Moisson__Bulk *msg, uint32_t done, usec_t submit_us)
{
    struct bulk *bulk = xcalloc (1, sizeof *bulk);
    const uint8_t *piece;
    size_t len;

    bulk->msg = message_copy (&msg->base);
    bulk->left = (struct pieces){bulk->msg->lines.data, bulk->msg->lines.len};
    bulk->submit_us = submit_us;
    for (; bulk->done < done; bulk->done++)
        pieces_next (&bulk->left, &piece, &len);
    core->folded += msg->count - done;
    DL_APPEND (core->bulks, bulk);
}

void bulk_free (struct core *core, struct bulk *bulk)
{
    core->folded -= bulk->msg->count - bulk->done;
    DL_DELETE (core->bulks, bulk);
    moisson__bulk__free_unpacked (bulk->msg, NULL);
    free (bulk);
}

int on_bulk (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__Bulk *msg = event->bulk;
    const Moisson__Submitted *common = msg ? msg->common : NULL;

    if (!common || msg->first_id != core->next_id || !common->token.len || !msg->count)
        return err_set (err, 0, "a bulk from id %lu where the next id is %lu",
                        (unsigned long) (msg ? msg->first_id : 0), (unsigned long) core->next_id);
    if (pieces_count ((struct pieces){msg->lines.data, msg->lines.len}) != msg->count)
        return err_set (err, 0, "a bulk of %u jobs does not hold as many", msg->count);
    bulk_add (core, msg, 0, core->now);
    core->next_id += msg->count;
    key_add (core, common->uid, KEY_TOKEN, common->token.data, common->token.len, msg->first_id, core->now, NULL);
    key_answer (key_find (core, common->uid, KEY_TOKEN, common->token.data, common->token.len), &msg->answer);
    return 0;
}

/* --- lines become jobs -------------------------------------------------------------------------------------------- */

struct unfolding {
    Moisson__JobSpec **specs;
    char **keys;
    size_t n;
    struct pieces left; /* behind them */
};

static void unfolding_clear (struct unfolding *u)
{
    for (size_t i = 0; i < u->n; i++) {
        moisson__job_spec__free_unpacked (u->specs[i], NULL);
        free (u->keys[i]);
    }
    free (u->specs);
    free (u->keys);
}

/* All of them are read before anything changes. */
static int unfolding_read (const struct bulk *bulk, size_t n, struct unfolding *u, struct err *err)
{
    const Moisson__JobSpec *spec = bulk->msg->common->spec;
    size_t common_len = moisson__job_spec__get_packed_size (spec), len;
    _cleanup_free_ uint8_t *common = xmalloc (common_len + 1);
    const uint8_t *piece;

    moisson__job_spec__pack (spec, common);
    u->left = bulk->left;
    u->specs = xcalloc (n, sizeof *u->specs);
    u->keys = xcalloc (n, sizeof *u->keys);
    for (; u->n < n; u->n++)
        if (pieces_next (&u->left, &piece, &len) <= 0 ||
            !(u->specs[u->n] = bulk_spec (common, common_len, piece, len, &u->keys[u->n])))
            return err_set (err, 0, "job %lu of a bulk cannot be read",
                            (unsigned long) (bulk->msg->first_id + bulk->done + u->n));
    return 0;
}

int on_unfold (struct core *core, const Moisson__Event *event, struct err *err)
{
    const Moisson__Unfold *msg = event->unfold;
    struct bulk *bulk = core->bulks;
    _cleanup_ (unfolding_clear) struct unfolding u = {0};

    if (!msg || !bulk || msg->first_id != bulk->msg->first_id + bulk->done || !msg->count || msg->count > UNFOLD_MOST ||
        msg->count > bulk->msg->count - bulk->done)
        return err_set (err, 0, "there is no bulk whose next job is %lu", (unsigned long) (msg ? msg->first_id : 0));
    if (unfolding_read (bulk, msg->count, &u, err))
        return -1;
    for (size_t i = 0; i < u.n; i++) {
        Moisson__Submitted submitted = *bulk->msg->common;
        submitted.job_id = msg->first_id + i;
        submitted.spec = u.specs[i];
        submitted.has_token = false;
        submitted.submit_key = u.keys[i];
        submit_job (core, &submitted, bulk->submit_us);
    }
    bulk->left = u.left;
    bulk->done += msg->count;
    core->folded -= msg->count;
    if (bulk->done == bulk->msg->count)
        bulk_free (core, bulk);
    return 0;
}

uint32_t core_folded (const struct core *core, uint64_t *ret_next)
{
    const struct bulk *bulk = core->bulks;

    if (!bulk)
        return 0;
    *ret_next = bulk->msg->first_id + bulk->done;
    return bulk->msg->count - bulk->done;
}

bool core_find_bulk (const struct core *core, uint32_t uid, const uint8_t *token, size_t len, const uint8_t **ret,
                     size_t *ret_len)
{
    const struct key *key = key_find (core, uid, KEY_TOKEN, token, len);

    if (!key || !key->answer)
        return false;
    *ret = key->answer;
    *ret_len = key->answer_len;
    return true;
}
