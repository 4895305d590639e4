/* config_bundle.c - a configuration as files that need no others. */
#include "base/config_bundle.h"
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/config_lines.h"
#include "base/files.h"
#include "base/hostlist.h"
#include "base/mem.h"

#define NAME_MOST 64

struct making {
    const struct config *conf;
    Moisson__ConfigBundle *bundle;
    size_t bytes;
    char *topologies[BUNDLE_FILES]; /* paths; the file of number i is topology-i.xml */
    size_t n_topologies;
    struct buf text;
    struct err *err;
    int rc;
};

static int add_file (struct making *m, const char *name, const void *data, size_t len)
{
    Moisson__ConfigBundle *b = m->bundle;

    m->bytes += len;
    if (m->bytes > BUNDLE_BYTES || b->n_files == BUNDLE_FILES)
        return err_set (m->err, 0, "the configuration has more than %u files or %u MB", BUNDLE_FILES,
                        BUNDLE_BYTES >> 20);
    Moisson__ConfigFile *file = xmalloc (sizeof *file);
    moisson__config_file__init (file);
    file->name = xstrdup (name);
    file->data = (ProtobufCBinaryData){len, xmemdup (data, len ? len : 1)};
    b->files = xrealloc (b->files, (b->n_files + 1) * sizeof *b->files);
    b->files[b->n_files++] = file;
    return 0;
}

/* --- topologies: files that nodes name ----------------------------------------------------------------------- */

/* Where the file is that the line of these nodes names. */
static char *topology_of (const struct making *m, const char *names, const char *value)
{
    _cleanup_hostlist_ struct hostlist *list = NULL;
    size_t index = 0,
           slash = (size_t) (strrchr (m->conf->path, '/') ? strrchr (m->conf->path, '/') - m->conf->path : 0);

    if (hostlist_parse (&list, names, NULL) == 0 && hostlist_count (list) &&
        config_node (m->conf, hostlist_nth (list, 0), &index) && m->conf->node_extra[index].topology)
        return xstrdup (m->conf->node_extra[index].topology);
    return *value == '/' || !slash ? xstrdup (value) : xasprintf ("%.*s/%s", (int) slash, m->conf->path, value);
}

/* Its name in the bundle, "topology-3.xml"; NULL when it cannot be had. */
static char *add_topology (struct making *m, const char *path)
{
    _cleanup_free_ char *name = NULL, *data = NULL;
    size_t i = 0, len;

    while (i < m->n_topologies && strcmp (m->topologies[i], path) != 0)
        i++;
    name = xasprintf ("topology-%zu.xml", i + 1);
    if (i < m->n_topologies)
        return steal (&name);
    if (i == BUNDLE_FILES) {
        err_set (m->err, 0, "the nodes name more than %u topologies", BUNDLE_FILES);
        return NULL;
    }
    if (file_read (path, BUNDLE_BYTES, &data, &len, m->err) < 0 || add_file (m, name, data, len) < 0)
        return NULL;
    m->topologies[m->n_topologies++] = xstrdup (path);
    return steal (&name);
}

/* A NodeName line with Topology=FILE, with the name that the file has in the bundle. */
static void write_node_line (struct making *m, char *text)
{
    _cleanup_buf_ struct buf line = BUF_INIT;
    char *cursor = text, *key, *value, *names = NULL;

    while (config_pair_next (&cursor, &key, &value, NULL) == 0) {
        _cleanup_free_ char *path = NULL, *name = NULL;
        bool is_file = !strcasecmp (key, "Topology") && *value && strncmp (value, "synthetic:", 10) != 0;

        if (!names)
            names = value;
        if (is_file) {
            path = topology_of (m, names, value);
            name = add_topology (m, path);
            m->rc = name ? m->rc : -1;
            value = name ? name : value;
        }
        const char *quote = value[strcspn (value, " \t#")] ? "\"" : "";
        buf_printf (&line, "%s%s=%s%s%s", line.len ? " " : "", key, quote, value, quote);
    }
    config_line_write (&m->text, buf_str (&line));
}

static void on_line (void *arg, unsigned number, char *text)
{
    struct making *m = arg;

    (void) number;
    if (m->rc == 0 && !strncasecmp (text, "NodeName", 8) && strcasestr (text, "Topology"))
        write_node_line (m, text);
    else
        config_line_write (&m->text, text);
}

/* --- making -------------------------------------------------------------------------------------------------- */

/* A file beside the configuration that need not be there. */
static int add_beside (struct making *m, const char *name)
{
    const char *slash = strrchr (m->conf->path, '/');
    _cleanup_free_ char *path = NULL, *data = NULL;
    size_t len;

    path = xasprintf ("%.*s%s", slash ? (int) (slash + 1 - m->conf->path) : 0, m->conf->path, name);
    if (access (path, F_OK) < 0 && errno == ENOENT)
        return 0;
    if (file_read (path, BUNDLE_BYTES, &data, &len, m->err) < 0)
        return -1;
    return add_file (m, name, data, len);
}

int config_bundle_make (Moisson__ConfigBundle **ret, const struct config *conf, struct err *err)
{
    struct making m = {.conf = conf, .err = err};

    m.bundle = xmalloc (sizeof *m.bundle);
    moisson__config_bundle__init (m.bundle);
    config_lines_each (conf->text, on_line, &m);
    if (m.rc || add_file (&m, "moisson.conf", buf_str (&m.text), m.text.len) < 0 || add_beside (&m, "gres.conf") < 0 ||
        add_beside (&m, "cgroup.conf") < 0)
        m.rc = -1;
    for (size_t i = 0; i < m.n_topologies; i++)
        free (m.topologies[i]);
    buf_clear (&m.text);
    if (m.rc) {
        moisson__config_bundle__free_unpacked (m.bundle, NULL);
        return err_what (err, "no configuration for nodes without one");
    }
    *ret = m.bundle;
    return 0;
}

void config_bundle_hash (const Moisson__ConfigBundle *bundle, uint8_t ret[HASH_SIZE])
{
    Moisson__ConfigBundle plain = *bundle;

    plain.version = 0;
    size_t len = moisson__config_bundle__get_packed_size (&plain);
    _cleanup_free_ uint8_t *data = xmalloc (len + 1);
    moisson__config_bundle__pack (&plain, data);
    hash_bytes (data, len, ret);
}

/* --- writing ------------------------------------------------------------------------------------------------- */

int config_bundle_check (const Moisson__ConfigBundle *bundle, struct err *err)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t bytes = 0;
    bool main_file = false;

    if (bundle->n_files > BUNDLE_FILES)
        return err_set (err, 0, "a configuration of %zu files, %u at most", bundle->n_files, BUNDLE_FILES);
    for (size_t i = 0; i < bundle->n_files; i++) {
        const char *name = bundle->files[i]->name;

        if (!*name || *name == '.' || strlen (name) > NAME_MOST || name[strspn (name, good)])
            return err_set (err, 0, "\"%.80s\" is no name for a file of the configuration", name);
        bytes += bundle->files[i]->data.len;
        main_file |= !strcmp (name, "moisson.conf");
    }
    if (bytes > BUNDLE_BYTES)
        return err_set (err, 0, "a configuration of %zu bytes, %u at most", bytes, BUNDLE_BYTES);
    return main_file ? 0 : err_set (err, 0, "a configuration without a moisson.conf");
}

int config_bundle_write (const Moisson__ConfigBundle *bundle, const char *dir, struct err *err)
{
    if (config_bundle_check (bundle, err) < 0 || dir_make (dir, 0755, err) < 0)
        return -1;
    for (size_t i = 0; i < bundle->n_files; i++) {
        const Moisson__ConfigFile *file = bundle->files[i];
        _cleanup_free_ char *path = xasprintf ("%s/%s", dir, file->name);

        if (file_write (path, file->data.data, file->data.len, 0644, 1, err) < 0)
            return -1;
    }
    return 0;
}
