/* bulk_in.c - the lines of a bulk, each checked as a submit of its own would be. */
#include "ctld/bulk_in.h"
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "core/bulk.h"
#include "ctld/on_submit.h"

struct bulk_name {
    UT_hash_handle hh;
    uint32_t line;
    size_t len;
    uint8_t bytes[];
};

static struct bulk_name *name_find (struct bulk_name *table, const void *bytes, size_t len)
{
    struct bulk_name *name;

    HASH_FIND (hh, table, bytes, len, name);
    return name;
}

static void name_add (struct bulk_name **table, const void *bytes, size_t len, uint32_t line)
{
    struct bulk_name *name = xmalloc (sizeof *name + len);

    name->line = line;
    name->len = len;
    memcpy (name->bytes, bytes, len);
    HASH_ADD (hh, *table, bytes, len, name);
}

static void names_clear (struct bulk_name **table)
{
    struct bulk_name *name, *next;

    HASH_ITER (hh, *table, name, next)
    {
        HASH_DEL (*table, name);
        free (name);
    }
}

void bulk_in_init (struct bulk_in *in, const struct request *request)
{
    const Moisson__BulkRequest *msg = request->msg;

    *in = (struct bulk_in){.msg = msg,
                           .uid = request->session->uid,
                           .is_operator = request->session->roles & ROLE_OPERATOR,
                           .blobs = {msg->blobs.data, msg->has_blobs ? msg->blobs.len : 0},
                           .lines = {msg->lines.data, msg->lines.len},
                           .store = batch_create ()};
    submit_keep_in_line (request->ctld, in->is_operator, msg->common);
    in->common_len = moisson__job_spec__get_packed_size (msg->common);
    in->common = xmalloc (in->common_len + 1);
    moisson__job_spec__pack (msg->common, in->common);
}

void bulk_in_clear (struct bulk_in *in)
{
    for (size_t i = 0; i < in->n_exceptions; i++)
        moisson__bulk_exception__free_unpacked (in->exceptions[i], NULL);
    free (in->exceptions);
    names_clear (&in->hashes);
    names_clear (&in->keys);
    batch_free (in->store);
    buf_clear (&in->taken);
    free (in->common);
}

int bulk_in_check (const struct bulk_in *in, struct err *err)
{
    const Moisson__BulkRequest *msg = in->msg;

    if (msg->token.len != SUBMIT_TOKEN_SIZE)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "a submit token has %d bytes, not %zu",
                        SUBMIT_TOKEN_SIZE, msg->token.len);
    if (!msg->count || msg->count > BULK_LINES_MOST || msg->lines.len > BULK_BYTES_MOST) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC,
                 "a bulk of %u jobs and %zu bytes: 1 to %u jobs and at most %u bytes are taken at once", msg->count,
                 msg->lines.len, BULK_LINES_MOST, BULK_BYTES_MOST);
        return err_fix (err, "split the file, or submit arrays");
    }
    return 0;
}

bool bulk_in_refused (const struct bulk_in *in)
{
    return in->n_refused && !in->msg->each;
}

/* --- blobs -------------------------------------------------------------------------------------------------------- */

static void take_blob (struct bulk_in *in, const uint8_t *data, size_t len)
{
    uint8_t hash[HASH_SIZE];
    struct store_blob blob = {in->uid, hash, data, len};

    hash_bytes (data, len, hash);
    if (name_find (in->hashes, hash, HASH_SIZE))
        return;
    name_add (&in->hashes, hash, HASH_SIZE, 0);
    batch_add_blob (in->store, &blob);
    in->n_blobs++;
}

static int check_blobs (const struct bulk_in *in, const Moisson__JobSpec *spec, struct err *err)
{
    if (!spec->has_script_hash || spec->script_hash.len != HASH_SIZE || !spec->has_env_hash ||
        spec->env_hash.len != HASH_SIZE || !name_find (in->hashes, spec->script_hash.data, HASH_SIZE) ||
        !name_find (in->hashes, spec->env_hash.data, HASH_SIZE))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "its script or environment was not sent along");
    return 0;
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

static Moisson__BulkException *exception (struct bulk_in *in)
{
    Moisson__BulkException *e = xmalloc (sizeof *e);

    moisson__bulk_exception__init (e);
    e->line = in->line;
    GROW (in->exceptions, in->n_exceptions, in->exceptions_room);
    in->exceptions[in->n_exceptions++] = e;
    return e;
}

static void refuse_line (struct bulk_in *in, const struct err *err)
{
    Moisson__BulkException *e;

    if (in->n_refused++ >= BULK_REFUSALS_TOLD && !in->msg->each)
        return;
    e = exception (in);
    e->failure = xmalloc (sizeof *e->failure);
    moisson__failure__init (e->failure);
    e->failure->code = (Moisson__FailCode) err->code;
    e->failure->what = xstrdup (err->what);
    e->failure->why = xstrdup (err->why);
    e->failure->fix = xstrdup (err->fix);
}

/* Going before others is for operators. The line without what asks for that, where it does: the caller frees it. */
static uint8_t *line_in_line (const struct bulk_in *in, const struct ctld *ctld, const uint8_t *piece, size_t *len)
{
    Moisson__BulkLine *line = in->is_operator ? NULL : moisson__bulk_line__unpack (NULL, *len, piece);
    Moisson__JobSpec *own = line ? moisson__job_spec__unpack (NULL, line->spec.len, line->spec.data) : NULL;
    uint8_t *packed = NULL;

    if (own && (own->nice < 0 || own->has_priority)) {
        submit_keep_in_line (ctld, false, own);
        free (line->spec.data);
        line->spec.len = moisson__job_spec__get_packed_size (own);
        line->spec.data = xmalloc (line->spec.len + 1);
        moisson__job_spec__pack (own, line->spec.data);
        *len = moisson__bulk_line__get_packed_size (line);
        packed = xmalloc (*len + 1);
        moisson__bulk_line__pack (line, packed);
    }
    if (own)
        moisson__job_spec__free_unpacked (own, NULL);
    if (line)
        moisson__bulk_line__free_unpacked (line, NULL);
    return packed;
}

static uint64_t tasks_of (const Moisson__JobSpec *spec)
{
    uint64_t n = spec->n_array ? 0 : 1;

    for (size_t i = 0; i < spec->n_array; i++) {
        const Moisson__Range *range = spec->array[i];
        n += (range->last - range->first) / (range->step ? range->step : 1) + 1;
    }
    return n;
}

/* 0: a new job; 1: known already, and said so; -1: refused. */
static int check_key (struct bulk_in *in, struct ctld *ctld, const char *key, const Moisson__JobSpec *spec,
                      struct err *err)
{
    const struct bulk_name *before;
    uint64_t job_id = 0;
    int known;

    if (!key || !*key)
        return 0;
    if (submit_check_key (key, err))
        return -1;
    before = name_find (in->keys, key, strlen (key));
    if (before) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_SUBMIT_KEY, "the submit key \"%s\" is that of job %u of the same bulk",
                 key, before->line + 1);
        return err_fix (err, "give each line a key of its own");
    }
    known = core_find_submit (ctld->core, in->uid, NULL, 0, key, spec, &job_id, err);
    if (known < 0)
        return -1;
    name_add (&in->keys, key, strlen (key), in->line);
    if (known == SUBMIT_E_NEW)
        return 0;
    Moisson__BulkException *e = exception (in);
    e->has_job_id = true;
    e->job_id = job_id;
    return 1;
}

static int check_size (size_t len, struct err *err)
{
    if (len <= SPEC_MOST)
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "what is asked for the job has %zu bytes, at most %u are taken",
             len, SPEC_MOST);
    return err_fix (err, "put long arguments, comments and lists into files that the job reads");
}

static int admit_line (const struct bulk_in *in, const struct ctld *ctld, const Moisson__JobSpec *spec, struct err *err)
{
    const struct submitter who = {
        .user = in->who->user, .gids = in->who->groups, .n_gids = in->who->n_groups, .tasks_before = in->n_tasks};

    if (core_admit_behind (ctld->core, spec, &who, now_wall (), in->n_taken, err) < 0)
        return -1;
    return core_admit_reservation (ctld->core, spec, who.user, err);
}

static int read_line (struct bulk_in *in, struct ctld *ctld, const uint8_t *piece, size_t len, struct err *err)
{
    _cleanup_free_ uint8_t *changed = line_in_line (in, ctld, piece, &len);
    _cleanup_free_ char *key = NULL;
    _cleanup_err_ struct err why = ERR_INIT;
    Moisson__JobSpec *spec;
    int rc;

    if (changed)
        piece = changed;
    spec = bulk_spec (in->common, in->common_len, piece, len, &key);
    if (!spec)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "job %u of the bulk cannot be read", in->line + 1);
    rc = check_size (in->common_len + len, &why) || check_blobs (in, spec, &why)
             ? -1
             : check_key (in, ctld, key, spec, &why);
    if (rc == 0)
        rc = admit_line (in, ctld, spec, &why);
    if (rc < 0)
        refuse_line (in, &why);
    else if (rc == 0) {
        pieces_add (&in->taken, piece, len);
        in->n_taken++;
        in->n_tasks += tasks_of (spec);
    }
    in->line++;
    moisson__job_spec__free_unpacked (spec, NULL);
    return 1;
}

int bulk_in_step (struct bulk_in *in, struct ctld *ctld, struct err *err)
{
    const uint8_t *piece;
    size_t len;
    int r = pieces_next (&in->blobs, &piece, &len);

    if (r > 0) {
        take_blob (in, piece, len);
        return 1;
    }
    if (r == 0)
        r = pieces_next (&in->lines, &piece, &len);
    if (r < 0 || (r > 0) == (in->line == in->msg->count))
        return err_set (err, MOISSON__FAIL_CODE__FAIL_PROTOCOL, "the bulk does not hold %u jobs", in->msg->count);
    return r ? read_line (in, ctld, piece, len, err) : 0;
}
