/* config_gres.c - Gres= of NodeName lines, and the lines of gres.conf. */
#include "base/config_gres.h"
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/config_lines.h"
#include "base/files.h"
#include "base/hostlist.h"
#include "base/idset.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"

#define FILE_MAX (1u << 20)
#define KINDS_MAX 8   /* that one node may have: GRES_A_NODE of the core */
#define GPUS_MAX 1024 /* of one node */
#define CORE_IDS 65536
#define LINES_MAX 65536

/* --- Gres= -------------------------------------------------------------------------------------------------------- */

void config_gres_free (struct gres *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        gres_clear (&list[i]);
    free (list);
}

static bool same_type (const char *a, const char *b)
{
    return a && b ? !strcmp (a, b) : a == b;
}

static struct gres *find (struct gres *list, size_t n, const char *name, const char *type)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp (list[i].name, name) && same_type (list[i].type, type))
            return &list[i];
    return NULL;
}

static int add_word (const char *word, struct gres *list, size_t *n, struct err *err)
{
    _cleanup_gres_ struct gres g = {0};
    struct gres *known;

    if (gres_parse (word, &g, err) < 0)
        return err_fix (err, "write NAME:COUNT or NAME:TYPE:COUNT, such as gpu:a100:4");
    if (!strcmp (g.name, "mps") || !strcmp (g.name, "shard")) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s: a GPU is given to one job at a time", g.name);
        return err_fix (err, "leave it out");
    }
    known = find (list, *n, g.name, g.type);
    if ((known ? known->n : 0) + (uint64_t) g.n > (strcmp (g.name, "gpu") ? GRES_COUNT_MAX : GPUS_MAX)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s: that many are not on one node", word);
        return err_fix (err, "give a smaller count");
    }
    if (known) {
        known->n += g.n;
        return 0;
    }
    if (*n == KINDS_MAX) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "more than %d names and types on one node", KINDS_MAX);
        return err_fix (err, "count some of them together");
    }
    list[(*n)++] = g;
    g = (struct gres){0};
    return 0;
}

int config_gres_parse (const char *text, struct gres **ret, size_t *ret_n, struct err *err)
{
    _cleanup_free_ char *copy = xstrdup (text ? text : "");
    struct gres *list = xcalloc (KINDS_MAX, sizeof *list);
    char *save = NULL;
    size_t n = 0;
    int rc = 0;

    if (!strcasecmp (copy, "(null)") || !strcasecmp (copy, "none"))
        *copy = '\0';
    for (char *word = strtok_r (copy, ",", &save); word && rc == 0; word = strtok_r (NULL, ",", &save))
        rc = add_word (word, list, &n, err);
    if (rc) {
        config_gres_free (list, n);
        return -1;
    }
    *ret = list;
    *ret_n = n;
    return 0;
}

void config_gres_give (const struct gres *list, size_t n, Moisson__NodeConf *node)
{
    uint32_t gpus = 0, types = 0;

    node->gres_have = n ? xcalloc (n, sizeof *node->gres_have) : NULL;
    for (size_t i = 0; i < n; i++) {
        Moisson__Gres *g = xmalloc (sizeof *g);
        bool gpu = !strcmp (list[i].name, "gpu");
        moisson__gres__init (g);
        g->name = xstrdup (list[i].name);
        g->type = xstrdup (list[i].type);
        g->count = list[i].n;
        node->gres_have[node->n_gres_have++] = g;
        gpus += gpu ? list[i].n : 0;
        types += gpu;
        if (gpu && types == 1)
            node->gpu_type = xstrdup (list[i].type);
    }
    node->has_gpus = gpus > 0;
    node->gpus = gpus;
}

/* --- GresTypes ---------------------------------------------------------------------------------------------------- */

static bool is_listed (const char *list, const char *name)
{
    size_t len = strlen (name);

    for (const char *p = list; *p;) {
        size_t n = strcspn (p, ",");
        if (n == len && !strncasecmp (p, name, n))
            return true;
        p += n + (p[n] == ',');
    }
    return false;
}

static void check_types (struct config_reader *r)
{
    const Moisson__Config *core = r->conf->core;
    _cleanup_buf_ struct buf told = BUF_INIT;

    for (size_t i = 0; i < core->n_nodes; i++)
        for (size_t k = 0; k < core->nodes[i]->n_gres_have; k++) {
            const char *name = core->nodes[i]->gres_have[k]->name;
            _cleanup_err_ struct err err = ERR_INIT;
            if (!strcmp (name, "gpu") || is_listed (r->conf->gres_types, name) || is_listed (buf_str (&told), name))
                continue;
            err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "Gres of node %s: %s is not in GresTypes",
                     core->nodes[i]->name, name);
            err_fix (&err, "write GresTypes=%s%s%s", r->conf->gres_types, *r->conf->gres_types ? "," : "", name);
            reader_error (r, NULL, &err);
            buf_printf (&told, "%s,", name);
        }
}

/* --- lines of gres.conf ------------------------------------------------------------------------------------------- */

void config_gres_clear (struct config *conf)
{
    for (size_t i = 0; i < conf->n_gres; i++) {
        struct config_gres *g = &conf->gres[i];
        for (size_t k = 0; k < g->n_files; k++)
            free (g->files[k]);
        free (g->files);
        free (g->name);
        free (g->type);
        free (g->cores);
        free (g->file);
    }
    free (conf->gres);
}

static int add_files (struct config_gres *g, const char *word, size_t len, struct err *err)
{
    _cleanup_hostlist_ struct hostlist *names = NULL;
    _cleanup_free_ char *path = xstrndup (word, len);
    char *slash = strrchr (path, '/');

    if (*path != '/' || !slash[1] || memchr (path, '[', (size_t) (slash - path))) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "File=%s is no device file", path);
        return err_fix (err, "write the whole path: File=/dev/nvidia[0-3]");
    }
    if (hostlist_parse (&names, slash + 1, err) < 0)
        return -1;
    for (size_t i = 0; i < hostlist_count (names); i++) {
        if (g->n_files == GPUS_MAX)
            return err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "more than %d files", GPUS_MAX);
        g->files = xrealloc (g->files, (g->n_files + 1) * sizeof *g->files);
        g->files[g->n_files++] = xasprintf ("%.*s/%s", (int) (slash - path), path, hostlist_nth (names, i));
    }
    return 0;
}

/* "/dev/nvidia[0-3],/dev/nvidia8": commas within brackets do not part. */
static int parse_files (struct config_gres *g, const char *text, struct err *err)
{
    size_t depth = 0, start = 0, i = 0;

    for (;; i++) {
        depth += text[i] == '[';
        depth -= text[i] == ']' && depth;
        if (text[i] && (text[i] != ',' || depth))
            continue;
        if (i > start && add_files (g, text + start, i - start, err) < 0)
            return -1;
        start = i + 1;
        if (!text[i])
            return 0;
    }
}

static int fill_line (struct config_gres *g, const struct gres_line *line, struct err *err)
{
    _cleanup_idset_ struct idset *cores = NULL;
    _cleanup_free_ char *word = xasprintf ("%s%s%s:%s", line->name, line->type ? ":" : "", line->type ? line->type : "",
                                           line->count ? line->count : "1");
    _cleanup_gres_ struct gres parsed = {0};
    uint32_t limit;

    if (gres_parse (word, &parsed, err) < 0)
        return err_fix (err, "write Name=gpu, and Type= and Count= where there are such");
    if (line->cores && idset_parse (&cores, &limit, line->cores, CORE_IDS, err) < 0)
        return err_fix (err, "write Cores=0-7, or leave it out: hwloc knows which cores are near");
    if (line->file && parse_files (g, line->file, err) < 0)
        return -1;
    if (g->n_files && line->count && parsed.n != g->n_files) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "Count=%u, but File names %zu", parsed.n, g->n_files);
        return err_fix (err, "leave Count out");
    }
    g->count = g->n_files ? (uint32_t) g->n_files : parsed.n;
    g->counted = g->n_files || line->count;
    g->cores = xstrdup (line->cores);
    g->name = steal (&parsed.name);
    g->type = steal (&parsed.type);
    return 0;
}

static void add_to_node (struct config *conf, size_t index, const struct gres_line *line, bool has_gres)
{
    struct config_node_extra *extra = &conf->node_extra[index];

    if (line->autodetect)
        extra->gres_detect_off = !strcasecmp (line->autodetect, "off");
    if (!has_gres)
        return;
    extra->gres = xrealloc (extra->gres, (extra->n_gres + 1) * sizeof *extra->gres);
    extra->gres[extra->n_gres++] = conf->n_gres - 1;
}

/* To the nodes that the line names; all, where it names none. */
static int add_to_nodes (struct config_reader *r, const struct gres_line *line, bool has_gres, struct err *err)
{
    _cleanup_hostlist_ struct hostlist *names = NULL;
    struct config *conf = r->conf;
    size_t index;

    if (!line->nodes) {
        for (size_t i = 0; i < conf->core->n_nodes; i++)
            add_to_node (conf, i, line, has_gres);
        return 0;
    }
    if (hostlist_parse (&names, line->nodes, err) < 0)
        return -1;
    for (size_t i = 0; i < hostlist_count (names); i++) {
        if (!config_node (conf, hostlist_nth (names, i), &index)) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "node %s is in no NodeName line of %s",
                     hostlist_nth (names, i), conf->path);
            return err_fix (err, "correct the name, or add the node there");
        }
        add_to_node (conf, index, line, has_gres);
    }
    return 0;
}

static int add_line (struct config_reader *r, const struct gres_line *line, struct err *err)
{
    struct config *conf = r->conf;
    bool has_gres = line->name || line->file || line->type || line->count;

    if (line->autodetect && strcasecmp (line->autodetect, "off") && strcasecmp (line->autodetect, "hwloc"))
        reader_notice (r, "AutoDetect=%s is done as hwloc: what hwloc, /sys and /dev know of GPUs", line->autodetect);
    if (!has_gres)
        return add_to_nodes (r, line, false, err);
    if (!line->name) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "no Name");
        return err_fix (err, "write Name=gpu");
    }
    if (conf->n_gres == LINES_MAX)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "more than %d lines", LINES_MAX);
    GROW (conf->gres, conf->n_gres, conf->gres_room);
    struct config_gres *g = &conf->gres[conf->n_gres++];
    *g = (struct config_gres){.file = xstrdup (r->file), .line = r->line};
    g->named = line->nodes != NULL;
    if (fill_line (g, line, err) < 0)
        return -1;
    return add_to_nodes (r, line, true, err);
}

static void on_line (void *arg, unsigned number, char *text)
{
    struct config_reader *r = arg;
    _cleanup_err_ struct err err = ERR_INIT;
    struct gres_line line = {0};
    unsigned errors = r->errors;

    r->line = number;
    r->serial++;
    reader_pairs (r, KEYS_GRES, &line, &text);
    if (r->errors == errors && add_line (r, &line, &err) < 0)
        reader_error (r, NULL, &err);
    config_release (KEYS_GRES, &line);
}

/* --- compared with Gres= ------------------------------------------------------------------------------------------ */

bool config_gres_is (const struct config_gres *line, const Moisson__NodeConf *node, const Moisson__Gres *kind)
{
    size_t of_name = 0;

    if (strcmp (line->name, kind->name))
        return false;
    for (size_t i = 0; i < node->n_gres_have; i++)
        of_name += !strcmp (node->gres_have[i]->name, kind->name);
    return same_type (line->type, kind->type) || (of_name == 1 && (!line->type || !kind->type));
}

static void count_error (struct config_reader *r, const Moisson__NodeConf *node, const Moisson__Gres *kind,
                         uint64_t counted)
{
    _cleanup_err_ struct err err = ERR_INIT;
    const char *colon = kind->type ? ":" : "", *type = kind->type ? kind->type : "";

    err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "node %s has Gres=%s%s%s:%u, but the lines here are about %llu",
             node->name, kind->name, colon, type, kind->count, (unsigned long long) counted);
    err_fix (&err, "correct Gres in %s, or name as many files here", r->conf->path);
    reader_error (r, NULL, &err);
}

static void compare_kind (struct config_reader *r, size_t index, const Moisson__Gres *kind)
{
    const Moisson__NodeConf *node = r->conf->core->nodes[index];
    const struct config_node_extra *extra = &r->conf->node_extra[index];
    uint64_t sum = 0;
    bool counted = false;

    for (size_t i = 0; i < extra->n_gres; i++) {
        const struct config_gres *g = &r->conf->gres[extra->gres[i]];
        if (!config_gres_is (g, node, kind))
            continue;
        r->line = g->line;
        sum += g->count;
        counted |= g->counted;
    }
    if (counted && sum != kind->count)
        count_error (r, node, kind, sum);
}

static bool is_about (const struct config_gres *g, const Moisson__NodeConf *node)
{
    for (size_t i = 0; i < node->n_gres_have; i++)
        if (config_gres_is (g, node, node->gres_have[i]))
            return true;
    return false;
}

/* A line that names nodes is about something that they have. */
static void compare_line (struct config_reader *r, size_t index, const struct config_gres *g)
{
    const Moisson__NodeConf *node = r->conf->core->nodes[index];
    _cleanup_err_ struct err err = ERR_INIT;

    if (is_about (g, node))
        return;
    r->line = g->line;
    err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "node %s has no Gres=%s%s%s", node->name, g->name,
             g->type ? ":" : "", g->type ? g->type : "");
    err_fix (&err, "add it to the NodeName line in %s, or leave the node out here", r->conf->path);
    reader_error (r, NULL, &err);
}

/* Ids count cores; those of threads, which CPUs= was for, are let pass. */
static void compare_cores (struct config_reader *r, size_t index, const struct config_gres *g)
{
    const Moisson__NodeConf *node = r->conf->core->nodes[index];
    uint32_t cores = node->sockets * node->cores_per_socket, threads = cores * node->threads_per_core, limit;
    _cleanup_idset_ struct idset *ids = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (!g->cores || !threads || !is_about (g, node) || idset_parse (&ids, &limit, g->cores, CORE_IDS, NULL) < 0 ||
        idset_last (ids) < threads)
        return;
    r->line = g->line;
    err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "Cores=%s, but node %s has %u core%s", g->cores, node->name, cores,
             cores == 1 ? "" : "s");
    err_fix (&err, "ids start at 0; or leave it out: hwloc knows which cores are near");
    reader_error (r, NULL, &err);
}

static void compare (struct config_reader *r)
{
    const Moisson__Config *core = r->conf->core;

    for (size_t i = 0; i < core->n_nodes; i++) {
        const struct config_node_extra *extra = &r->conf->node_extra[i];
        unsigned errors = r->errors;
        for (size_t k = 0; k < extra->n_gres; k++) {
            const struct config_gres *g = &r->conf->gres[extra->gres[k]];
            if (g->named)
                compare_line (r, i, g);
            compare_cores (r, i, g);
        }
        for (size_t k = 0; k < core->nodes[i]->n_gres_have; k++)
            compare_kind (r, i, core->nodes[i]->gres_have[k]);
        if (r->errors > errors)
            return; /* the next node's are mostly the same */
    }
}

static char *path_beside (const char *conf_path)
{
    const char *slash = strrchr (conf_path, '/');

    return xasprintf ("%.*sgres.conf", slash ? (int) (slash + 1 - conf_path) : 0, conf_path);
}

void reader_gres (struct config_reader *r)
{
    _cleanup_free_ char *path = path_beside (r->conf->path), *text = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    const char *outer = r->file;
    size_t len = 0;

    r->line = 0;
    check_types (r);
    if (access (path, F_OK) < 0 && errno == ENOENT)
        return;
    r->file = path;
    r->serial++;
    if (file_read (path, FILE_MAX, &text, &len, &err) < 0)
        reader_error (r, NULL, &err);
    else if (strlen (text) != len) {
        err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "the file holds a zero byte, it is not text");
        reader_error (r, NULL, &err);
    } else {
        unsigned errors = r->errors;
        config_lines_each (text, on_line, r);
        r->serial++;
        if (r->errors == errors)
            compare (r);
    }
    r->file = outer;
    r->line = 0;
}
