/* bulk.c - sbatch --bulk: read all lines, send them as one request (with --bulk-each as few as there can be), and say
 * what became of each, in order. */
#include "bulk.h"
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/mem.h"
#include "bulk_line.h"
#include "bulk_pack.h"
#include "command.h"
#include "failure.h"
#include "json.h"
#include "rpc.h"
#include "sbatch_env.h"

#define TOOL "sbatch"
#define LINES_MOST 100000u /* of one request, and the bytes of its specs and blobs */
#define BYTES_MOST (8u << 20)
#define BLOBS_MOST (15u << 20)
#define LINE_MOST (4u << 20)
#define TOLD_MOST 20 /* wrong lines named where one is enough to refuse all */
#define TOKEN_SIZE 16

struct bulk_line_state { /* of a line that is not blank */
    unsigned number;     /* in the file */
    uint64_t job_id;     /* 0: refused */
    struct err err;      /* why */
    bool sent;
};

struct bulk {
    const struct submit *first;
    const char *file; /* "-" is shown as standard input */
    struct submitter from;
    struct bulk_source source;
    struct bulk_pack pack;
    struct bulk_line_state *lines;
    size_t n, room;
    size_t packed_from; /* lines from here on are in pack, but for those with an err */
    unsigned refused, told;
    struct rpc *rpc;
};

static const char *environment_of (const char *name)
{
    return getenv (name);
}

static void bulk_clear (struct bulk *b)
{
    bulk_source_clear (&b->source);
    bulk_pack_clear (&b->pack);
    submitter_clear (&b->from);
    for (size_t i = 0; i < b->n; i++)
        err_clear (&b->lines[i].err);
    free (b->lines);
    free (b->source.export_file);
    rpc_free (b->rpc);
}

/* --- wrong lines -------------------------------------------------------------------------------------------------- */

static void tell (struct bulk *b, const struct bulk_line_state *line)
{
    const struct err *err = &line->err;

    if (!b->first->flags.bulk_each && b->told == TOLD_MOST)
        return;
    b->told++;
    fprintf (stderr, "%s: error: %s:%u: %s%s%s\n", TOOL, b->file, line->number, err->what ? err->what : "",
             err->what ? ": " : "", err->why);
    if (err->fix)
        fprintf (stderr, "        fix: %s\n", err->fix);
}

static void refuse_line (struct bulk *b, struct bulk_line_state *line)
{
    b->refused++;
    tell (b, line);
}

/* All or nothing, and it is nothing. */
static int nothing_done (const struct bulk *b, unsigned more)
{
    unsigned hidden = b->refused - b->told + more;

    if (hidden)
        fprintf (stderr, "%s: error: %s: %u more lines are refused\n", TOOL, b->file, hidden);
    fprintf (stderr,
             "%s: error: no job was submitted: of %zu lines %u are refused\n"
             "        fix: mend them, or let --bulk-each submit the others\n",
             TOOL, b->n, b->refused + more);
    return COMMAND_ERROR;
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static struct bulk_line_state *sent_line (struct bulk *b, size_t *at)
{
    while (*at < b->n && !b->lines[*at].sent)
        ++*at;
    return *at < b->n ? &b->lines[(*at)++] : NULL;
}

static void take_failure (struct bulk_line_state *line, const Moisson__Failure *failure)
{
    const char *sentence = failure_sentence ((int) failure->code), *why = failure->why ? failure->why : "refused";

    if (sentence && strncmp (why, sentence, strlen (sentence)))
        err_set (&line->err, (int) failure->code, "%s: %s", sentence, why);
    else
        err_set (&line->err, (int) failure->code, "%s", why);
    if (failure->fix)
        err_fix (&line->err, "%s", failure->fix);
}

/* Exceptions come by line; every other line is the next new job. */
static void take_reply (struct bulk *b, const Moisson__BulkReply *reply)
{
    struct bulk_line_state *line;
    size_t at = b->packed_from, next = 0;
    uint64_t id = reply->first_id;

    for (uint32_t i = 0; (line = sent_line (b, &at)); i++) {
        const Moisson__BulkException *e =
            next < reply->n_exceptions && reply->exceptions[next]->line == i ? reply->exceptions[next++] : NULL;
        line->sent = false;
        if (e && e->failure) {
            take_failure (line, e->failure);
            refuse_line (b, line);
        } else if (e) {
            line->job_id = e->job_id;
        } else if (id && id < reply->first_id + reply->count) {
            line->job_id = id++;
        }
    }
}

static void explain_silence (const struct bulk *b, const struct err *err)
{
    failure_report (TOOL, "Batch job submission failed", err);
    if (!rpc_in_doubt (b->rpc))
        fprintf (stderr,
                 "        No job was accepted: the request was never delivered. Submit the file again later.\n");
    else
        fprintf (
            stderr,
            "        The jobs may have been accepted, all of them or none: no answer came. Look before submitting\n"
            "        again: squeue --me. Lines with a \"submit-key\" could be repeated without a second job.\n");
}

/* What is in pack, and empty it. */
static int send_pack (struct bulk *b)
{
    Moisson__BulkRequest request = MOISSON__BULK_REQUEST__INIT;
    Moisson__BulkReply *reply = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    uint8_t token[TOKEN_SIZE];
    unsigned more = 0;
    int r;

    if (!b->pack.n)
        return 0;
    random_fill (token, sizeof token);
    request.token = (ProtobufCBinaryData){sizeof token, token};
    request.has_each = request.each = b->first->flags.bulk_each;
    bulk_pack_request (&b->pack, &request);
    r = rpc_request (b->rpc, RPC_SUBMIT, MOISSON__MSG_TYPE__MSG_BULK, &request.base, MOISSON__MSG_TYPE__MSG_BULK_REPLY,
                     &moisson__bulk_reply__descriptor, &reply, &err);
    moisson__job_spec__free_unpacked (request.common, NULL);
    bulk_pack_clear (&b->pack);
    if (r == RPC_E_CONTACT || (r && rpc_in_doubt (b->rpc))) {
        explain_silence (b, &err);
        return COMMAND_ERROR;
    }
    if (r)
        return failure_report (TOOL, "Batch job submission failed", &err);
    take_reply (b, reply);
    b->packed_from = b->n;
    more = reply->more_refused;
    moisson__bulk_reply__free_unpacked (reply, NULL);
    return b->refused && !b->first->flags.bulk_each ? nothing_done (b, more) : 0;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static bool pack_is_full (const struct bulk *b)
{
    return b->pack.n >= LINES_MOST || b->pack.blobs.len > BLOBS_MOST - LINE_MOST;
}

static int too_large (const struct bulk *b, struct err *err)
{
    err_set (err, 0,
             "%s has too many jobs to be taken all or none: %zu lines, and scripts and environments of %zu bytes",
             b->file, b->n, b->pack.blobs.len);
    return err_fix (err,
                    "at most %u lines are taken together; split the file, let --bulk-each take it in parts, or keep"
                    " values that differ out of scripts and environments (\"args\")",
                    LINES_MOST);
}

static int add_line (struct bulk *b, unsigned number, char *text, size_t len, struct err *err)
{
    struct bulk_line_state *line;

    if (strspn (text, " \t\r\n") == len)
        return 0;
    if (pack_is_full (b)) {
        if (!b->first->flags.bulk_each)
            return too_large (b, err);
        if (send_pack (b))
            return -1; /* and it has been said */
    }
    GROW (b->lines, b->n, b->room);
    line = &b->lines[b->n++];
    *line = (struct bulk_line_state){.number = number};
    if (len > LINE_MOST)
        err_set (&line->err, 0, "the line has %zu bytes, at most %u are taken", len, LINE_MOST);
    else
        bulk_line_add (&b->source, text, len, &b->pack, &line->err);
    line->sent = !err_is_set (&line->err);
    if (!line->sent)
        refuse_line (b, line);
    return 0;
}

static int read_lines (struct bulk *b, FILE *in, struct err *err)
{
    _cleanup_free_ char *text = NULL;
    size_t room = 0;
    ssize_t len;

    for (unsigned number = 1; (len = getline (&text, &room, in)) >= 0; number++)
        if (add_line (b, number, text, (size_t) len, err))
            return -1;
    if (ferror (in))
        return err_errno (err, errno, "cannot read %s", b->file);
    if (b->n)
        return 0;
    err_set (err, 0, "%s holds no jobs", b->file);
    return err_fix (err, "write one job a line: {\"wrap\": \"gzip a.dat\", \"time\": \"10\"}");
}

static int read_file (struct bulk *b, struct err *err)
{
    const char *name = b->first->flags.bulk;
    bool is_stdin = !strcmp (name, "-");
    FILE *in = is_stdin ? stdin : fopen (name, "re");
    int rc;

    b->file = is_stdin ? "<stdin>" : name;
    if (!in)
        return err_errno (err, errno, "Unable to open file %s", name);
    rc = read_lines (b, in, err);
    if (!is_stdin)
        fclose (in);
    return rc;
}

/* --- saying what became of it ------------------------------------------------------------------------------------- */

static json_t *json_line (const struct bulk_line_state *line)
{
    json_t *o = json_object ();

    json_object_set_new (o, "line", json_integer (line->number));
    if (line->job_id) {
        json_object_set_new (o, "job_id", json_integer ((json_int_t) line->job_id));
        return o;
    }
    json_object_set_new (o, "error",
                         json_pack ("{s:o, s:o}", "why", json_text (line->err.why), "fix", json_text (line->err.fix)));
    return o;
}

static int print_json (const struct bulk *b)
{
    json_t *list = json_array ();

    for (size_t i = 0; i < b->n; i++)
        json_array_append_new (list, json_line (&b->lines[i]));
    return json_print ("submitted", list);
}

static int print_lines (const struct bulk *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct bulk_line_state *line = &b->lines[i];
        unsigned long long id = line->job_id;
        if (b->first->flags.parsable)
            id ? printf ("%llu\n", id) : printf ("-\n"); /* as many lines as there are jobs in the file */
        else if (id && !b->first->flags.quiet)
            printf ("Submitted batch job %llu\n", id);
    }
    return 0;
}

static int report (const struct bulk *b)
{
    int rc = b->first->flags.json ? print_json (b) : print_lines (b);

    return rc || b->refused ? COMMAND_ERROR : 0;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

/* What cannot be said of many jobs at once. */
static int check_options (const struct submit *s, struct err *err)
{
    static const char fix[] = "leave it out";
    const char *bad = s->flags.wrap         ? "--wrap: give each line its own \"wrap\""
                      : s->flags.submit_key ? "--submit-key: give each line its own \"submit-key\""
                      : s->flags.test_only  ? "--test-only: it asks about one job"
                      : s->flags.wait       ? "--wait: moisson wait --all IDS does that"
                                            : NULL;

    if (!bad)
        return 0;
    err_set (err, 0, "--bulk does not go together with %s", bad);
    return err_fix (err, "%s", fix);
}

static int load_export_file (struct bulk *b, struct err *err)
{
    const char *word = b->first->flags.export_file;
    _cleanup_free_ char *path = NULL;

    if (!word)
        return 0;
    path = strspn (word, "0123456789") == strlen (word) ? xasprintf ("/proc/self/fd/%s", word) : xstrdup (word);
    if (file_read (path, ENV_BLOB_MAX, &b->source.export_file, &b->source.export_len, err))
        return err_what (err, "--export-file");
    return 0;
}

static void prepare (struct bulk *b, int argc, char **argv, int index)
{
    submitter_find (&b->from);
    b->source = (struct bulk_source){
        .from = &b->from, .environment = environ, .lookup = environment_of, .argc = argc, .argv = argv};
    if (index < argc) {
        b->source.script = argv[index];
        b->source.n_args = (size_t) (argc - index - 1);
        b->source.args = &argv[index + 1];
    }
}

int bulk_run (const struct submit *first, int argc, char **argv, int index)
{
    _cleanup_ (bulk_clear) struct bulk b = {.first = first};
    _cleanup_err_ struct err err = ERR_INIT;
    int rc;

    prepare (&b, argc, argv, index);
    if (check_options (first, &err) || load_export_file (&b, &err) || rpc_create (&b.rpc, NULL, &err) ||
        rpc_check_clusters (b.rpc, first->flags.clusters, &err) || read_file (&b, &err)) {
        if (err_is_set (&err))
            err_report (TOOL, &err);
        if (b.refused && !first->flags.bulk_each)
            nothing_done (&b, 0);
        return COMMAND_ERROR;
    }
    if (b.refused && !first->flags.bulk_each)
        return nothing_done (&b, 0);
    rc = send_pack (&b);
    if (rc && !first->flags.bulk_each)
        return rc;
    return report (&b) || rc ? COMMAND_ERROR : 0;
}
