/* config_reader.c - files, includes, lines and pairs of a configuration; what is found wrong is collected. */
#include "base/config_reader.h"
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/config_lines.h"
#include "base/files.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"

#define FILE_MAX (16u << 20)
#define DEPTH_MAX 8

static void add_finding (struct config_reader *r, bool is_error, char *what, char *fix)
{
    GROW (r->findings, r->n_findings, r->finding_room);
    r->findings[r->n_findings] = (struct config_finding){
        .serial = r->serial,
        .order = r->n_findings,
        .file = xstrdup (r->file),
        .line = r->line,
        .is_error = is_error,
        .what = what,
        .fix = fix,
    };
    r->n_findings++;
    r->errors += is_error;
}

void reader_error (struct config_reader *r, const char *subject, struct err *err)
{
    char *what = subject ? xasprintf ("%s: %s", subject, err->why) : xstrdup (err->why);

    add_finding (r, true, what, xstrdup (err->fix));
    err_clear (err);
}

void reader_notice (struct config_reader *r, const char *fmt, ...)
{
    char *what = NULL;
    va_list ap;

    va_start (ap, fmt);
    if (vasprintf (&what, fmt, ap) < 0)
        what = xstrdup (fmt);
    va_end (ap);
    add_finding (r, false, what, NULL);
}

/* --- pairs ---------------------------------------------------------------------------------------------------------
 */

static void unknown_key (struct config_reader *r, enum key_room room, const char *name)
{
    _cleanup_err_ struct err err = ERR_INIT;
    const char *nearest = config_key_nearest (room, name);

    err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "unknown key");
    if (nearest)
        err_fix (&err, "did you mean %s?", nearest);
    else
        err_fix (&err, "remove it; docs/configuration.md lists all keys");
    reader_error (r, name, &err);
}

static void note_repeat (struct config_reader *r, const struct config_key *key)
{
    size_t n;
    const struct config_key *first = config_keys (KEYS_SCALAR, &n);
    unsigned *seen = &r->seen[key - first];

    if (*seen && !key->repeats && strcmp (key->name, "SlurmctldHost"))
        reader_notice (r, "%s is given before, on line %u: this one counts", key->name, *seen);
    *seen = r->line;
}

static void read_pair (struct config_reader *r, enum key_room room, void *base, const char *name, const char *value)
{
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_free_ char *note = NULL;
    const struct config_key *key = config_key_find (room, name);
    const struct config_ignored *ignored = key ? NULL : config_ignored_find (room, name);

    if (ignored) {
        reader_notice (r, "%s is ignored: %s", ignored->name, ignored->reason);
        return;
    }
    if (!key) {
        unknown_key (r, room, name);
        return;
    }
    if (room == KEYS_SCALAR)
        note_repeat (r, key);
    if (config_set (key, base, value, &note, &err) < 0) {
        _cleanup_free_ char *subject = xasprintf ("%s=%.80s", key->name, value);
        reader_error (r, subject, &err);
    } else if (note) {
        reader_notice (r, "%s: %s", key->name, note);
    }
}

void reader_pairs (struct config_reader *r, enum key_room room, void *base, char **cursor)
{
    _cleanup_err_ struct err err = ERR_INIT;
    char *key, *value;
    int rc;

    while ((rc = config_pair_next (cursor, &key, &value, &err)) == 0)
        read_pair (r, room, base, key, value);
    if (rc < 0)
        reader_error (r, NULL, &err);
}

/* --- lines ---------------------------------------------------------------------------------------------------------
 */

static void include (struct config_reader *r, const char *word)
{
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_free_ char *path = NULL;
    const char *slash = strrchr (r->file, '/');
    const char *cluster = strstr (word, "%c");
    _cleanup_free_ char *name = NULL;

    if (cluster)
        name = xasprintf ("%.*s%s%s", (int) (cluster - word), word, r->conf->cluster_name, cluster + 2);
    else
        name = xstrdup (word);
    if (*name != '/' && slash)
        path = xasprintf ("%.*s/%s", (int) (slash - r->file), r->file, name);
    else
        path = xstrdup (name);
    if (r->depth >= DEPTH_MAX) {
        err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "files include each other %d deep", DEPTH_MAX);
        err_fix (&err, "look for a file that includes itself");
        reader_error (r, "Include", &err);
        return;
    }
    reader_file (r, path);
}

/* "Include FILE" or "Include=FILE": the file's name, or NULL if the line is something else. */
static const char *include_word (const char *text)
{
    const char *p = text + 7;

    if (strncasecmp (text, "include", 7) || !strchr (" \t=", *p) || !*p)
        return NULL;
    return p + strspn (p, " \t=");
}

static void on_line (void *arg, unsigned line, char *text)
{
    struct config_reader *r = arg;
    _cleanup_err_ struct err err = ERR_INIT;
    const char *file = include_word (text);
    char *key, *value, *cursor = text;

    r->line = line;
    r->serial++;
    if (file) {
        include (r, file);
        return;
    }
    config_line_write (&r->text, text);
    if (config_pair_next (&cursor, &key, &value, &err) < 0) {
        reader_error (r, NULL, &err);
        return;
    }
    const struct config_ignored *ignored = config_ignored_find (KEYS_LINE, key);
    if (!strcasecmp (key, "NodeName"))
        reader_node (r, value, &cursor);
    else if (!strcasecmp (key, "PartitionName"))
        reader_partition (r, value, &cursor);
    else if (ignored)
        reader_notice (r, "%s is ignored: %s", ignored->name, ignored->reason);
    else {
        read_pair (r, KEYS_SCALAR, r->conf, key, value);
        reader_pairs (r, KEYS_SCALAR, r->conf, &cursor);
    }
}

static void read_lines (struct config_reader *r, const char *path, const char *text, size_t len, config_line_fn fn)
{
    _cleanup_err_ struct err err = ERR_INIT;
    const char *outer = r->file;
    unsigned outer_line = r->line;

    r->file = path;
    if (strlen (text) != len) {
        r->line = 0;
        err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "the file holds a zero byte, it is not text");
        err_fix (&err, "is this the right file?");
        reader_error (r, NULL, &err);
    } else {
        r->depth++;
        config_lines_each (text, fn, r);
        r->depth--;
    }
    r->file = outer;
    r->line = outer_line;
}

void reader_file (struct config_reader *r, const char *path)
{
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_free_ char *text = NULL;
    size_t len = 0;

    if (file_read (path, FILE_MAX, &text, &len, &err) == 0) {
        read_lines (r, path, text, len, on_line);
        return;
    }
    if (r->depth) {
        err_fix (&err, "correct the name; without a / in front it is looked for beside this file");
    } else {
        r->line = 0;
        err_fix (&err, "name the cluster's configuration with MOISSON_CONF; a cluster of contrib/ prints the line to "
                       "type: contrib/minicluster env DIR");
    }
    reader_error (r, r->depth ? "Include" : NULL, &err);
}

/* --- cgroup.conf ---------------------------------------------------------------------------------------------------
 */

static void on_cgroup_line (void *arg, unsigned line, char *text)
{
    struct config_reader *r = arg;
    _cleanup_err_ struct err err = ERR_INIT;
    char *key, *value, *cursor = text;
    int rc;

    r->line = line;
    r->serial++;
    while ((rc = config_pair_next (&cursor, &key, &value, &err)) == 0) {
        const struct config_key *known = config_key_find (KEYS_SCALAR, key);
        if (!known || known->in_cgroup_conf) {
            read_pair (r, KEYS_SCALAR, r->conf, key, value);
            continue;
        }
        err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "not a key of this file");
        err_fix (&err, "write it in %s", r->conf->path);
        reader_error (r, known->name, &err);
    }
    if (rc < 0)
        reader_error (r, NULL, &err);
}

void reader_cgroup_file (struct config_reader *r)
{
    const char *slash = strrchr (r->conf->path, '/');
    _cleanup_free_ char *text = NULL, *path = xasprintf ("%.*scgroup.conf",
                                                         slash ? (int) (slash + 1 - r->conf->path) : 0, r->conf->path);
    _cleanup_err_ struct err err = ERR_INIT;
    size_t len = 0;

    if (access (path, F_OK))
        return;
    if (file_read (path, FILE_MAX, &text, &len, &err)) {
        r->line = 0;
        reader_error (r, NULL, &err);
        return;
    }
    read_lines (r, path, text, len, on_cgroup_line);
}
