/* fuzz_cli_bulkline.c - any bytes as a line of `sbatch --bulk`: it becomes a job, or a sentence says why not; and what
 * is packed for many is, put together again, what each was. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/pieces.h"
#include "bulk_line.h"
#include "proto/event.pb-c.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static const char *nothing (const char *name)
{
    (void) name;
    return NULL;
}

/* Every line, with what is common before it, unpacks, and has the script that was sent. */
static void check_request (struct bulk_pack *pack)
{
    Moisson__BulkRequest request = MOISSON__BULK_REQUEST__INIT;
    const uint8_t *piece;
    size_t len;

    bulk_pack_request (pack, &request);
    struct pieces lines = {request.lines.data, request.lines.len};
    assert (pieces_count (lines) == pack->n);
    for (size_t i = 0; pieces_next (&lines, &piece, &len) == 1; i++) {
        Moisson__BulkLine *line = moisson__bulk_line__unpack (NULL, len, piece);
        assert (line);
        size_t whole_len = pack->common.len + line->spec.len;
        uint8_t *whole = xmalloc (whole_len + 1);
        if (pack->common.len)
            memcpy (whole, pack->common.data, pack->common.len);
        if (line->spec.len)
            memcpy (whole + pack->common.len, line->spec.data, line->spec.len);
        Moisson__JobSpec *spec = moisson__job_spec__unpack (NULL, whole_len, whole);
        assert (spec && spec->has_script_hash && spec->has_env_hash && *spec->work_dir == '/');
        assert (moisson__job_spec__get_packed_size (spec) == pack->list[i].len);
        moisson__job_spec__free_unpacked (spec, NULL);
        moisson__bulk_line__free_unpacked (line, NULL);
        free (whole);
    }
    moisson__job_spec__free_unpacked (request.common, NULL);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static char *no_variables[] = {NULL};
    char *argv[] = {(char *) "sbatch", (char *) "--comment=c", NULL};
    struct submitter from = {.cwd = (char *) "/tmp", .host = "host"};
    struct bulk_source source = {
        .from = &from, .environment = no_variables, .lookup = nothing, .argc = 2, .argv = argv};
    static const char plain[] = "{\"wrap\": \"true\"}";
    struct bulk_pack pack = {0};
    struct err err = ERR_INIT;

    if (memmem (data, size, "script_file", 11)) /* would open whatever it names */
        return 0;
    if (bulk_line_add (&source, (const char *) data, size, &pack, &err) < 0)
        assert (err.why && *err.why);
    else
        assert (pack.n == 1);
    err_clear (&err);
    if (bulk_line_add (&source, plain, strlen (plain), &pack, &err) < 0)
        abort ();
    check_request (&pack);
    bulk_pack_clear (&pack);
    bulk_source_clear (&source);
    return 0;
}
