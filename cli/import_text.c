/* import_text.c - every line of a slurm.conf is judged by the tables that the parser uses: what a key's row accepts is
 * carried over, what is known and ignored is dropped with the reason of its row. Few things are said otherwise here.
 * What would let more people in than before is never just dropped: such a partition is DOWN until somebody decides. */
#include "import.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/cleanup.h"
#include "base/config_lines.h"
#include "base/config_table.h"
#include "base/mem.h"

#define DEPTH_MAX 8

/* Another name, or another meaning of the same. */
static const struct {
    enum key_room room;
    const char *key, *instead; /* NULL: the same name */
    enum import_verdict verdict;
    const char *why;
} special[] = {
    {KEYS_SCALAR, "ControlMachine", "SlurmctldHost", IMPORT_CARRIED, "as SlurmctldHost"},
    {KEYS_SCALAR, "ControlAddr", "SlurmctldAddr", IMPORT_CARRIED, "as SlurmctldAddr"},
    {KEYS_SCALAR, "JobRequeue", NULL, IMPORT_CHANGED,
     "only a job whose node is known to be gone runs again; what may still run there does not, unless the job has "
     "--requeue"},
    {KEYS_SCALAR, "SlurmdTimeout", NULL, IMPORT_CHANGED,
     "after this silence a node counts as unreachable; its jobs are not taken as dead"},
    {KEYS_SCALAR, "StateSaveLocation", NULL, IMPORT_CHANGED,
     "Moisson keeps a database there: use a directory of its own while Slurm's files are needed"},
    {KEYS_SCALAR, "AuthInfo", NULL, IMPORT_CHANGED, "munge is needed on login and controller hosts only"},
    {KEYS_SCALAR, "MailProg", NULL, IMPORT_CHANGED, "END speaks of every end of a job, FAIL of those that went wrong"},
    {KEYS_SCALAR, "SlurmUser", NULL, IMPORT_CHANGED,
     "the controller's user; moissond must run as root to start jobs of others"},
};

/* Words of a partition that keep people out: what cannot be said keeps everybody out. */
static const struct {
    const char *key;
    const char *open; /* the value that keeps nobody out */
} doors[] = {{"AllowAccounts", "ALL"}, {"AllowAllocNodes", "ALL"}, {"AllowGroups", "ALL"},
             {"AllowQos", "ALL"},      {"DenyAccounts", ""},       {"DenyQos", ""},
             {"RootOnly", "NO"},       {"ReqResv", "NO"}};

static char *path_of_include (const char *file, const char *word, const char *cluster)
{
    const char *slash = strrchr (file, '/'), *percent = strstr (word, "%c");
    _cleanup_free_ char *name =
        percent ? xasprintf ("%.*s%s%s", (int) (percent - word), word, cluster ? cluster : "", percent + 2)
                : xstrdup (word);

    return *name != '/' && slash ? xasprintf ("%.*s/%s", (int) (slash - file), file, name) : xstrdup (name);
}

/* --- what is said and written ------------------------------------------------------------------------------------- */

struct here { /* the line being read */
    struct import *m;
    const char *file;
    unsigned line;
    bool gres;
};

static void say (const struct here *h, const char *text, enum import_verdict verdict, const char *why)
{
    struct import *m = h->m;

    GROW (m->lines, m->n_lines, m->line_room);
    m->lines[m->n_lines++] = (struct import_line){
        .file = xstrdup (h->file), .line = h->line, .text = xstrdup (text), .verdict = verdict, .why = xstrdup (why)};
}

static void end_line (const struct here *h)
{
    struct import *m = h->m;

    buf_putc (&m->out, '\n');
    GROW (m->places, m->n_places, m->place_room);
    m->places[m->n_places++] = (struct import_place){.file = xstrdup (h->file), .line = h->line};
}

static void put_pair (struct buf *out, const char *key, const char *value)
{
    bool quoted = !*value || strpbrk (value, " \t#");

    buf_printf (out, "%s%s=%s%s%s", out->len && out->data[out->len - 1] != '\n' ? " " : "", key, quoted ? "\"" : "",
                value, quoted ? "\"" : "");
}

static void put_remark (const struct here *h, const char *text, const char *why)
{
    struct buf *out = &h->m->out;

    buf_puts (out, "# ");
    for (const char *p = text; *p; p++)
        buf_putc (out, *p == '\n' || *p == '\r' ? ' ' : *p);
    buf_puts (out, why ? "   # " : "");
    for (const char *p = why ? why : ""; *p; p++)
        buf_putc (out, *p == '\n' ? ' ' : *p);
    if (out->data[out->len - 1] == '\\') /* it would go on with the next line */
        buf_putc (out, ' ');
    end_line (h);
}

/* --- one pair ----------------------------------------------------------------------------------------------------- */

struct judged {
    enum import_verdict verdict;
    const char *key; /* to be written */
    char *why;       /* owned */
};

union room_base {
    struct config config;
    struct node_line node;
    struct partition_line partition;
    struct gres_line gres;
};

/* Does the row of this key take the value? */
static void try_value (enum key_room room, const struct config_key *key, const char *value, struct judged *j)
{
    union room_base *base = xcalloc (1, sizeof *base);
    _cleanup_err_ struct err err = ERR_INIT;
    char *note = NULL;

    config_defaults (room, base);
    if (config_set (key, base, value, &note, &err) < 0) {
        j->verdict = IMPORT_DROPPED;
        j->why = xasprintf ("%s%s%s", err.why, err.fix ? "; " : "", err.fix ? err.fix : "");
        free (note);
    } else {
        j->verdict = note ? IMPORT_CHANGED : IMPORT_CARRIED;
        j->why = note;
    }
    config_release (room, base);
    free (base);
}

static struct judged judge (enum key_room room, const char *name, const char *value)
{
    struct judged j = {.key = name};
    const struct config_ignored *ignored;
    const struct config_key *key;
    size_t i = 0;

    while (i < sizeof special / sizeof *special && (special[i].room != room || strcasecmp (special[i].key, name)))
        i++;
    bool is_special = i < sizeof special / sizeof *special;
    if (is_special && special[i].instead)
        j.key = special[i].instead;
    key = config_key_find (room, j.key);
    ignored = key ? NULL : config_ignored_find (room, j.key);
    if (!key) {
        j.verdict = IMPORT_DROPPED;
        j.why = xstrdup (ignored ? ignored->reason : "no such key is known here");
        return j;
    }
    j.key = key->name;
    try_value (room, key, value, &j);
    if (j.verdict == IMPORT_CARRIED && is_special) {
        j.verdict = special[i].verdict;
        j.why = xstrdup (special[i].why);
    }
    return j;
}

static char *pair_text (const char *key, const char *value)
{
    struct buf b = BUF_INIT;

    put_pair (&b, key, value);
    return buf_steal (&b);
}

/* --- kinds of lines ----------------------------------------------------------------------------------------------- */

static void scalar (struct here *h, const char *name, const char *value)
{
    struct judged j = judge (KEYS_SCALAR, name, value);
    _cleanup_free_ char *text = pair_text (name, value), *why = j.why;

    if (!strcasecmp (j.key, "ClusterName")) {
        free (h->m->cluster);
        h->m->cluster = xstrdup (value);
    }
    h->m->has_requeue |= !strcasecmp (j.key, "JobRequeue");
    h->m->has_array_size |= !strcasecmp (j.key, "MaxArraySize");
    h->m->has_return |= !strcasecmp (j.key, "ReturnToService");
    if (!strcmp (j.key, "SlurmctldHost") && j.verdict != IMPORT_DROPPED && h->m->hosts++) {
        say (h, text, IMPORT_DROPPED, "there is one controller: the first one");
        put_remark (h, text, "there is one controller");
        return;
    }
    say (h, text, j.verdict, why);
    if (j.verdict == IMPORT_DROPPED) {
        put_remark (h, text, why);
        return;
    }
    put_pair (&h->m->out, j.key, value);
    end_line (h);
}

static void scalars (struct here *h, const char *key, const char *value, char **cursor)
{
    _cleanup_err_ struct err err = ERR_INIT;
    char *name, *more;
    int rc;

    scalar (h, key, value);
    while ((rc = config_pair_next (cursor, &name, &more, &err)) == 0)
        scalar (h, name, more);
    if (rc < 0)
        say (h, *cursor, IMPORT_DROPPED, err.why);
}

static const char *door_that_is_shut (const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++)
        if (!strcasecmp (doors[i].key, name) && strcasecmp (doors[i].open, value))
            return doors[i].key;
    return NULL;
}

/* States of nodes that are not there, and those that are said otherwise. */
static bool node_state (struct here *h, const char *value, struct buf *out, bool *ret_absent)
{
    static const char *const absent[] = {"CLOUD", "FUTURE"}, *const drained[] = {"FAIL", "FAILING", "DRAINED",
                                                                                 "DRAINING"};
    _cleanup_free_ char *text = pair_text ("State", value);

    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        *ret_absent |= !strncasecmp (value, absent[i], strlen (absent[i]));
    for (size_t i = 0; i < sizeof drained / sizeof *drained; i++)
        if (!strcasecmp (value, drained[i])) {
            say (h, text, IMPORT_CHANGED, "written as State=DRAIN");
            put_pair (out, "State", "DRAIN");
            return true;
        }
    return *ret_absent;
}

struct wide { /* a NodeName=, PartitionName= or gres.conf line */
    struct buf out;
    bool absent, shut;
    const char *shut_by;
};

static void wide_pair (struct here *h, enum key_room room, const char *name, const char *value, struct wide *w)
{
    struct judged j;
    _cleanup_free_ char *text = pair_text (name, value);

    if (room == KEYS_NODE && !strcasecmp (name, "State") && node_state (h, value, &w->out, &w->absent))
        return;
    j = judge (room, name, value);
    _cleanup_free_ char *why = j.why;
    if (j.verdict == IMPORT_DROPPED && room == KEYS_PARTITION && door_that_is_shut (name, value)) {
        _cleanup_free_ char *more = xasprintf ("%s: the partition is DOWN until you decide who may use it", why);
        say (h, text, IMPORT_DECIDE, more);
        w->shut = true;
        return;
    }
    if (room == KEYS_PARTITION && w->shut && !strcasecmp (name, "State"))
        return; /* DOWN is said already */
    say (h, text, j.verdict, why);
    if (j.verdict != IMPORT_DROPPED)
        put_pair (&w->out, j.key, value);
}

/* State=DOWN counts for a partition that is shut, whatever was said before. */
static void take_state_away (struct buf *out)
{
    char *at = out->data ? strcasestr (out->data, " State=") : NULL;
    size_t len;

    if (!at)
        return;
    len = 1 + strcspn (at + 1, " ");
    memmove (at, at + len, strlen (at + len) + 1);
    out->len -= len;
}

static void wide_line (struct here *h, enum key_room room, const char *key, const char *value, char **cursor)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct wide w = {0};
    char *name, *more;
    int rc;

    wide_pair (h, room, key, value, &w);
    while ((rc = config_pair_next (cursor, &name, &more, &err)) == 0)
        wide_pair (h, room, name, more, &w);
    if (rc < 0)
        say (h, *cursor, IMPORT_DROPPED, err.why);
    if (w.shut) {
        take_state_away (&w.out);
        put_pair (&w.out, "State", "DOWN");
    }
    if (w.absent) {
        say (h, buf_str (&w.out), IMPORT_DROPPED, "such nodes are not there: they are written when they are");
        put_remark (h, buf_str (&w.out), NULL);
    } else if (w.out.len) {
        buf_puts (&h->m->out, w.out.data);
        end_line (h);
    }
    buf_clear (&w.out);
}

static void include (struct here *h, const char *word)
{
    struct import *m = h->m;
    _cleanup_free_ char *path = path_of_include (h->file, word, m->cluster), *text = NULL, *line = NULL;
    const char *why = m->depth >= DEPTH_MAX ? "files include each other eight deep" : "includes are not read here";

    line = xasprintf ("Include %s", word);
    if (m->read && m->depth < DEPTH_MAX)
        text = m->read (m->read_arg, path, &why);
    if (!text) {
        say (h, line, IMPORT_DECIDE, why);
        put_remark (h, line, why);
        return;
    }
    say (h, line, IMPORT_CHANGED, "what it holds is written in its place");
    put_remark (h, line, NULL);
    m->depth++;
    if (h->gres)
        import_gres_text (m, path, text);
    else
        import_text (m, path, text);
    m->depth--;
}

/* "Include FILE" or "Include=FILE". */
static const char *include_word (const char *text)
{
    const char *p = text + 7;

    if (strncasecmp (text, "include", 7) || !*p || !strchr (" \t=", *p))
        return NULL;
    return p + strspn (p, " \t=");
}

static void on_line (void *arg, unsigned line, char *text)
{
    struct here *h = arg;
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_free_ char *whole = xstrdup (text);
    const char *file = include_word (text);
    const struct config_ignored *ignored;
    char *key, *value, *cursor = text;

    h->line = line;
    if (file) {
        include (h, file);
        return;
    }
    if (config_pair_next (&cursor, &key, &value, &err) != 0) {
        say (h, whole, IMPORT_DROPPED, err_is_set (&err) ? err.why : "there is nothing on it");
        put_remark (h, whole, NULL);
        return;
    }
    ignored = config_ignored_find (KEYS_LINE, key);
    if (h->gres)
        wide_line (h, KEYS_GRES, key, value, &cursor);
    else if (!strcasecmp (key, "NodeName"))
        wide_line (h, KEYS_NODE, key, value, &cursor);
    else if (!strcasecmp (key, "PartitionName"))
        wide_line (h, KEYS_PARTITION, key, value, &cursor);
    else if (ignored) {
        say (h, whole, IMPORT_DROPPED, ignored->reason);
        put_remark (h, whole, ignored->reason);
    } else
        scalars (h, key, value, &cursor);
}

void import_text (struct import *m, const char *file, const char *text)
{
    struct here h = {.m = m, .file = file};

    config_lines_each (text, on_line, &h);
}

void import_gres_text (struct import *m, const char *file, const char *text)
{
    struct here h = {.m = m, .file = file, .gres = true};

    config_lines_each (text, on_line, &h);
}

void import_finish (struct import *m)
{
    const struct here h = {.m = m, .file = ""};

    if (!m->has_requeue)
        say (&h, "JobRequeue", IMPORT_CHANGED,
             "not in the file: Slurm's default is 1, here nothing runs twice unasked; JobRequeue=1 allows it");
    if (!m->has_array_size)
        say (&h, "MaxArraySize", IMPORT_CHANGED, "not in the file: Slurm's default is 1001, here 4000001");
    if (!m->has_return)
        say (&h, "ReturnToService", IMPORT_CHANGED,
             "not in the file: Slurm's default is 0 (a node that was silent stays DOWN), here 1");
    say (&h, "ControllerKey", IMPORT_CHANGED,
         "not known to Slurm: run `moisson keygen` as the controller's user and add the line that it prints");
}
