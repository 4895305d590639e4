/* bulk_line.c - one JSON object becomes one job. */
#include "bulk_line.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "base/cleanup.h"
#include "base/hash.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"
#include "sbatch_env.h"

#define BAD MOISSON__FAIL_CODE__FAIL_BAD_SPEC

struct bulk_row {
    const struct option_row *row;
    UT_hash_handle hh;
};

struct bulk_base { /* what lines with the same script begin with */
    char *path;    /* "" = none but that of the line itself */
    struct script script;
    uint8_t hash[HASH_SIZE];
    struct submit submit;
    uint8_t *packed;
    size_t packed_len;
    UT_hash_handle hh;
};

struct line { /* what is asked beside options */
    const char *script, *script_file;
    const json_t *args, *env;
};

/* They speak to the command, not about a job. */
static const char *const of_the_command[] = {
    "bulk",     "bulk-each", "cluster",   "clusters", "export-file", "help",    "ignore-pbs", "json",
    "parsable", "quiet",     "test-only", "usage",    "verbose",     "version", "wait",
};

static void base_free (struct bulk_base *base)
{
    script_clear (&base->script);
    submit_clear (&base->submit);
    free (base->packed);
    free (base->path);
    free (base);
}

void bulk_source_clear (struct bulk_source *source)
{
    struct bulk_base *base, *next;
    struct bulk_row *row, *after;

    HASH_ITER (hh, source->bases, base, next)
    {
        HASH_DEL (source->bases, base);
        base_free (base);
    }
    HASH_ITER (hh, source->rows, row, after)
    {
        HASH_DEL (source->rows, row);
        free (row);
    }
    free (source->env.key);
    buf_clear (&source->env.blob);
}

/* --- options ------------------------------------------------------------------------------------------------------ */

static void index_rows (struct bulk_source *source)
{
    size_t n;
    const struct option_row *rows = option_rows (&n);

    for (size_t i = 0; i < n; i++) {
        struct bulk_row *entry = xcalloc (1, sizeof *entry);
        entry->row = &rows[i];
        HASH_ADD_KEYPTR (hh, source->rows, rows[i].name, strlen (rows[i].name), entry);
    }
}

static const struct option_row *find_row (struct bulk_source *source, const char *name, struct err *err)
{
    struct bulk_row *entry;
    _cleanup_free_ char *nearest = NULL;

    if (!source->rows)
        index_rows (source);
    HASH_FIND_STR (source->rows, name, entry);
    for (size_t i = 0; entry && i < sizeof of_the_command / sizeof *of_the_command; i++)
        if (!strcmp (name, of_the_command[i])) {
            err_set (err, BAD, "\"%s\" is for the command, not for a job", name);
            err_fix (err, "give --%s on the command line, or leave it out", name);
            return NULL;
        }
    if (entry)
        return entry->row;
    nearest = option_suggest (name);
    err_set (err, BAD, "there is no option \"%.80s\"", name);
    if (nearest)
        err_fix (err, "did you mean \"%s\"?", nearest + 2);
    else
        err_fix (err, "use long options of sbatch without their dashes, or script, script_file, wrap, args, env");
    return NULL;
}

static int add_word (struct buf *text, const json_t *value)
{
    switch (json_typeof (value)) {
    case JSON_STRING:
        buf_puts (text, json_string_value (value));
        return strlen (json_string_value (value)) == json_string_length (value) ? 0 : -1;
    case JSON_INTEGER: buf_printf (text, "%lld", (long long) json_integer_value (value)); return 0;
    default: return -1;
    }
}

static int bad_value (const char *name, struct err *err)
{
    err_set (err, BAD, "the value of \"%.80s\" cannot be used", name);
    return err_fix (err, "write a string, a whole number, or a list of these; true for an option without a value");
}

/* A list of words is what commas join on the command line. */
static int text_of (const char *name, const json_t *value, struct buf *text, struct err *err)
{
    size_t i;
    const json_t *word;

    if (!json_is_array (value))
        return add_word (text, value) ? bad_value (name, err) : 0;
    json_array_foreach ((json_t *) value, i, word)
    {
        if (i)
            buf_putc (text, ',');
        if (add_word (text, word))
            return bad_value (name, err);
    }
    return 0;
}

static int apply_option (struct bulk_source *source, struct submit *s, const char *name, const json_t *value,
                         struct err *err)
{
    const struct option_row *row = find_row (source, name, err);
    _cleanup_buf_ struct buf text = BUF_INIT;

    if (!row)
        return -1;
    if (json_is_null (value) || (json_is_false (value) && row->arg != ARG_REQUIRED))
        return 0;
    if (row->arg == ARG_NONE && !json_is_true (value)) {
        err_set (err, BAD, "\"%s\" takes no value", name);
        return err_fix (err, "write \"%s\": true", name);
    }
    if (json_is_true (value) && row->arg != ARG_REQUIRED)
        return option_apply (s, row, NULL, err);
    return text_of (name, value, &text, err) ? -1 : option_apply (s, row, buf_str (&text), err);
}

static int take_text (const char *name, const json_t *value, const char **ret, struct err *err)
{
    if (!json_is_string (value) || strlen (json_string_value (value)) != json_string_length (value)) {
        err_set (err, BAD, "\"%s\" is no string", name);
        return err_fix (err, "write \"%s\": \"...\"", name);
    }
    *ret = json_string_value (value);
    return 0;
}

static int apply_all (struct bulk_source *source, struct submit *s, const json_t *object, struct err *err)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *) object, name, value)
    {
        if (!strcmp (name, "script") || !strcmp (name, "script_file") || !strcmp (name, "args") ||
            !strcmp (name, "env"))
            continue;
        if (apply_option (source, s, name, value, err))
            return -1;
    }
    return options_finish (s, err);
}

/* --- where a line begins ------------------------------------------------------------------------------------------ */

/* The options, weakest first: environment, script, command line; those of the line follow. */
static int base_options (const struct bulk_source *source, struct bulk_base *base, struct err *err)
{
    struct submit *s = &base->submit;
    int index;

    if (options_parse_env (s, source->lookup, err))
        return -1;
    s->in_script = true;
    if (base->script.text && options_parse_script (s, base->script.text, base->script.len, err))
        return -1;
    s->in_script = false;
    return options_parse (s, source->argc, source->argv, &index, err);
}

static int base_make (const struct bulk_source *source, struct bulk_base *base, const char *text, struct err *err)
{
    submit_init (&base->submit);
    if (*base->path && script_load (&base->script, base->path, source->from->cwd, source->lookup ("PATH"), err))
        return -1;
    if (text) {
        if (script_check (text, strlen (text), err))
            return -1;
        base->script = (struct script){.text = xstrdup (text), .len = strlen (text), .name = xstrdup ("sbatch")};
    }
    if (base->script.text)
        hash_bytes (base->script.text, base->script.len, base->hash);
    if (base_options (source, base, err))
        return -1;
    base->packed_len = moisson__job_spec__get_packed_size (&base->submit.spec);
    base->packed = xmalloc (base->packed_len + 1);
    moisson__job_spec__pack (&base->submit.spec, base->packed);
    return 0;
}

/* path "" with text NULL: no script; it is kept. A text is this line's own: *ret_own, to be freed. */
static int base_get (struct bulk_source *source, const char *path, const char *text, struct bulk_base **ret,
                     struct bulk_base **ret_own, struct err *err)
{
    struct bulk_base *base = NULL;

    if (!text)
        HASH_FIND_STR (source->bases, path, base);
    if (!base) {
        base = xcalloc (1, sizeof *base);
        base->path = xstrdup (path);
        if (base_make (source, base, text, err)) {
            base_free (base);
            return -1;
        }
        if (text)
            *ret_own = base;
        else
            HASH_ADD_KEYPTR (hh, source->bases, base->path, strlen (base->path), base);
    }
    *ret = base;
    return 0;
}

static void copy_gres (struct gres_option *to, const struct gres_option *from)
{
    *to = (struct gres_option){.text = xstrdup (from->text), .n = from->n};
    for (size_t i = 0; i < from->n; i++) {
        to->list[i] = from->list[i];
        to->list[i].name = xstrdup (from->list[i].name);
        to->list[i].type = xstrdup (from->list[i].type);
    }
}

static void base_copy (const struct bulk_base *base, struct submit *s)
{
    Moisson__JobSpec *spec = moisson__job_spec__unpack (NULL, base->packed_len, base->packed);

    if (!spec)
        abort (); /* what was packed here unpacks, or memory is gone */
    *s = (struct submit){.spec = *spec, .now_us = base->submit.now_us, .ntasks_per_gpu = base->submit.ntasks_per_gpu};
    free (spec);
    copy_gres (&s->gres, &base->submit.gres);
    copy_gres (&s->gpus, &base->submit.gpus);
    copy_gres (&s->gpus_per_node, &base->submit.gpus_per_node);
    copy_gres (&s->gpus_per_task, &base->submit.gpus_per_task);
    s->flags.export_file = xstrdup (base->submit.flags.export_file);
}

/* --- environment -------------------------------------------------------------------------------------------------- */

/* As a file of --export-file. */
static int own_variables (const json_t *env, struct buf *file, struct err *err)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *) env, name, value)
    {
        if (!*name || strchr (name, '=')) {
            err_set (err, BAD, "\"%.80s\" in \"env\" is no name of a variable", name);
            return err_fix (err, "use letters, digits and _");
        }
        buf_printf (file, "%s=", name);
        if (add_word (file, value)) {
            err_set (err, BAD, "the value of \"%.80s\" in \"env\" is no string and no whole number", name);
            return err_fix (err, "write \"%.80s\": \"...\"", name);
        }
        buf_putc (file, '\0');
    }
    return 0;
}

static int build_env (struct bulk_source *source, struct submit *s, const json_t *env, struct err *err)
{
    _cleanup_buf_ struct buf file = BUF_INIT;
    _cleanup_free_ char *key = NULL, *shown = env ? json_dumps (env, JSON_COMPACT) : NULL;

    if (env && !json_is_object (env)) {
        err_set (err, BAD, "\"env\" is no object");
        return err_fix (err, "write \"env\": {\"NAME\": \"value\"}");
    }
    if (env_wants_login (s->spec.export_mode))
        s->spec.has_login_env_s = true;
    key = xasprintf ("%s\n%s", s->spec.export_mode ? s->spec.export_mode : "", shown ? shown : "");
    if (source->env.key && !strcmp (source->env.key, key))
        return 0;
    if (source->export_len) {
        buf_add (&file, source->export_file, source->export_len);
        buf_putc (&file, '\0');
    }
    if (env && own_variables (env, &file, err))
        return -1;
    buf_reset (&source->env.blob);
    free (source->env.key);
    source->env.key = NULL;
    if (env_build (&source->env.blob, source->environment, s->spec.export_mode, file.len ? file.data : NULL, file.len,
                   err))
        return -1;
    hash_bytes (buf_str (&source->env.blob), source->env.blob.len, source->env.hash);
    source->env.key = steal (&key);
    return 0;
}

/* --- the line ----------------------------------------------------------------------------------------------------- */

static int read_line (const json_t *object, struct line *ret, struct err *err)
{
    const json_t *value;
    int n = 0;

    *ret = (struct line){.args = json_object_get (object, "args"), .env = json_object_get (object, "env")};
    if ((value = json_object_get (object, "script")) && take_text ("script", value, &ret->script, err))
        return -1;
    if ((value = json_object_get (object, "script_file")) && take_text ("script_file", value, &ret->script_file, err))
        return -1;
    n = (ret->script != NULL) + (ret->script_file != NULL) + (json_object_get (object, "wrap") != NULL);
    if (n <= 1)
        return 0;
    err_set (err, BAD, "the line has more than one of script, script_file and wrap");
    return err_fix (err, "give the job one script");
}

static int take_args (const json_t *args, char ***ret, size_t *ret_n, struct err *err)
{
    size_t i;
    const json_t *word;

    if (!json_is_array (args)) {
        err_set (err, BAD, "\"args\" is no list");
        return err_fix (err, "write \"args\": [\"first\", \"second\"]");
    }
    *ret = xcalloc (json_array_size (args) + 1, sizeof **ret);
    json_array_foreach ((json_t *) args, i, word)
    {
        struct buf text = BUF_INIT;
        if (add_word (&text, word)) {
            buf_clear (&text);
            err_set (err, BAD, "word %zu of \"args\" is no string and no whole number", i + 1);
            return err_fix (err, "write \"args\": [\"first\", \"second\"]");
        }
        (*ret)[(*ret_n)++] = buf_steal (&text);
    }
    return 0;
}

struct job { /* in the making */
    struct submit submit;
    struct bulk_base *own;
    struct script wrapped;
    char **args;
    size_t n_args;
};

static void job_clear (struct job *job)
{
    submit_clear (&job->submit);
    if (job->own)
        base_free (job->own);
    script_clear (&job->wrapped);
    for (size_t i = 0; i < job->n_args; i++)
        free (job->args[i]);
    free (job->args);
}

static int no_script (struct err *err)
{
    err_set (err, BAD, "the job has no script");
    return err_fix (err,
                    "add \"wrap\", \"script\" or \"script_file\" to the line, or name a script on the command line");
}

static int make_job (struct bulk_source *source, const json_t *object, struct job *job, struct bulk_pack *pack,
                     struct err *err)
{
    struct line line;
    struct bulk_base *base = NULL;
    const struct script *script;
    uint8_t hash[HASH_SIZE];
    bool wraps = json_object_get (object, "wrap") != NULL, named;

    if (read_line (object, &line, err))
        return -1;
    named = !line.script && !line.script_file && !wraps && source->script;
    if (base_get (source,
                  line.script_file ? line.script_file
                  : named          ? source->script
                                   : "",
                  line.script, &base, &job->own, err))
        return -1;
    base_copy (base, &job->submit);
    if (apply_all (source, &job->submit, object, err) || build_env (source, &job->submit, line.env, err) ||
        (line.args && take_args (line.args, &job->args, &job->n_args, err)))
        return -1;
    if (wraps && job->n_args) {
        err_set (err, BAD, "Script arguments are not permitted with the --wrap option.");
        return err_fix (err, "put the words into the string of \"wrap\"");
    }
    script = &base->script;
    memcpy (hash, base->hash, HASH_SIZE);
    if (job->submit.flags.wrap) {
        script_wrap (&job->wrapped, job->submit.flags.wrap);
        script = &job->wrapped;
        hash_bytes (script->text, script->len, hash);
    }
    if (!script->text)
        return no_script (err);
    if (spec_complete (&job->submit.spec, source->from, script, line.args || !named ? job->n_args : source->n_args,
                       line.args || !named ? job->args : source->args, err))
        return -1;
    spec_set_hashes (&job->submit.spec, hash, source->env.hash);
    bulk_pack_blob (pack, hash, script->text, script->len);
    bulk_pack_blob (pack, source->env.hash, buf_str (&source->env.blob), source->env.blob.len);
    bulk_pack_add (pack, &job->submit.spec, job->submit.flags.submit_key);
    return 0;
}

int bulk_line_add (struct bulk_source *source, const char *text, size_t len, struct bulk_pack *pack, struct err *err)
{
    json_error_t trouble;
    json_t *object = json_loadb (text, len, JSON_REJECT_DUPLICATES, &trouble);
    _cleanup_ (job_clear) struct job job = {0};
    int rc;

    submit_init (&job.submit);
    if (!object) {
        err_set (err, BAD, "that is no JSON object: %s, at character %d", trouble.text, trouble.position);
        return err_fix (err, "write one job a line: {\"wrap\": \"gzip a.dat\", \"time\": \"10\"}");
    }
    if (json_is_object (object))
        rc = make_job (source, object, &job, pack, err);
    else {
        err_set (err, BAD, "that is no JSON object");
        rc = err_fix (err, "write one job a line: {\"wrap\": \"gzip a.dat\", \"time\": \"10\"}");
    }
    json_decref (object);
    return rc;
}
