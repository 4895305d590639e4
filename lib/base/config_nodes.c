/* config_nodes.c - NodeName= lines: one row of numbers for a list of names. */
#include <string.h>
#include <strings.h>
#include "base/config_cpus.h"
#include "base/config_gres.h"
#include "base/config_index.h"
#include "base/config_reader.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"

struct node_gres {
    struct gres *list;
    size_t n;
};

static void node_gres_clear (struct node_gres *gres)
{
    config_gres_free (gres->list, gres->n);
}

static char *or_null (const char *s)
{
    return s && *s ? xstrdup (s) : NULL;
}

static uint32_t or_one (uint32_t n)
{
    return n ? n : 1;
}

/* A list that is one name for all, or one name each. NULL stays NULL. */
static int parse_each (const char *key, const char *text, size_t n, struct hostlist **ret, struct err *err)
{
    if (!text || !*text)
        return 0;
    if (hostlist_parse (ret, text, err) < 0)
        return -1;
    if (hostlist_count (*ret) != 1 && hostlist_count (*ret) != n) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s has %zu names for %zu nodes", key, hostlist_count (*ret), n);
        return err_fix (err, "give one, or as many as NodeName has");
    }
    return 0;
}

static const char *each (const struct hostlist *list, size_t i)
{
    return !list ? NULL : hostlist_nth (list, hostlist_count (list) == 1 ? 0 : i);
}

static Moisson__NodeConf *make_node (const struct node_line *line, const struct node_gres *gres, const char *name,
                                     const char *address)
{
    Moisson__NodeConf *node = xmalloc (sizeof *node);

    moisson__node_conf__init (node);
    node->name = xstrdup (name);
    node->cpus = line->cpus;
    node->mem_mb = line->mem_mb ? line->mem_mb : 1;
    config_gres_give (gres->list, gres->n, node);
    node->features = or_null (line->features);
    node->has_weight = true;
    node->weight = or_one (line->weight);
    node->gres = or_null (line->gres);
    node->address = or_null (address);
    if (line->state && (!strcasecmp (line->state, "DOWN") || !strcasecmp (line->state, "DRAIN"))) {
        node->state = xstrdup (line->state);
        for (char *p = node->state; *p; p++)
            *p &= (char) ~0x20; /* words of letters only: upper case */
        node->reason = or_null (line->reason);
    }
    return node;
}

/* Files are named from where the line stands, as with Include. */
static char *topology_path (const struct config_reader *r, const char *value)
{
    const char *slash = strrchr (r->file, '/');

    if (!value || !*value || *value == '/' || !strncmp (value, "synthetic:", 10) || !slash)
        return or_null (value);
    return xasprintf ("%.*s/%s", (int) (slash - r->file), r->file, value);
}

static int add_nodes (struct config_reader *r, const struct node_line *line, const struct node_gres *gres,
                      const struct hostlist *names, const struct hostlist *addresses, const struct hostlist *hosts,
                      struct err *err)
{
    Moisson__Config *core = r->conf->core;

    for (size_t i = 0; i < hostlist_count (names); i++) {
        if (!config_index_add (&r->conf->index, hostlist_nth (names, i), core->n_nodes)) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "node %s is there already", hostlist_nth (names, i));
            return err_fix (err, "remove it from one of the two lines");
        }
        if (core->n_nodes == r->node_room) {
            r->node_room = r->node_room ? r->node_room * 2 : 8;
            core->nodes = xrealloc (core->nodes, r->node_room * sizeof *core->nodes);
            r->conf->node_extra = xrealloc (r->conf->node_extra, r->node_room * sizeof *r->conf->node_extra);
        }
        r->conf->node_extra[core->n_nodes] = (struct config_node_extra){
            .topology = topology_path (r, line->topology),
            .hostname = or_null (each (hosts, i)),
        };
        core->nodes[core->n_nodes++] = make_node (line, gres, hostlist_nth (names, i), each (addresses, i));
        if (config_spec_cpus (line, core->nodes[core->n_nodes - 1], err) < 0)
            return -1;
    }
    return 0;
}

static int expand (struct config_reader *r, struct node_line *line, struct err *err)
{
    _cleanup_hostlist_ struct hostlist *names = NULL;
    _cleanup_hostlist_ struct hostlist *addresses = NULL;
    _cleanup_hostlist_ struct hostlist *hosts = NULL;
    __attribute__ ((cleanup (node_gres_clear))) struct node_gres gres = {0};

    if (config_gres_parse (line->gres, &gres.list, &gres.n, err) < 0 || hostlist_parse (&names, line->names, err) < 0 ||
        parse_each ("NodeAddr", line->address, hostlist_count (names), &addresses, err) < 0 ||
        parse_each ("NodeHostname", line->hostname, hostlist_count (names), &hosts, err) < 0 ||
        config_complete_cpus (r, line, err) < 0)
        return -1;
    if (!hostlist_count (names)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "no name");
        return err_fix (err, "write NodeName=n1 or NodeName=n[01-64]");
    }
    if (!line->mem_mb)
        reader_notice (r, "NodeName=%s has no RealMemory: taken as 1 MB, so that jobs asking for memory do not fit",
                       line->names);
    return add_nodes (r, line, &gres, names, addresses, hosts, err);
}

void reader_node (struct config_reader *r, const char *names, char **cursor)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct node_line line;
    unsigned errors = r->errors;

    if (!strcasecmp (names, "DEFAULT")) {
        reader_pairs (r, KEYS_NODE, &r->node_defaults, cursor);
        return;
    }
    config_copy (KEYS_NODE, &line, &r->node_defaults, sizeof line);
    free (line.names);
    line.names = xstrdup (names);
    reader_pairs (r, KEYS_NODE, &line, cursor);
    if (r->errors == errors && expand (r, &line, &err) < 0) {
        _cleanup_free_ char *subject = xasprintf ("NodeName=%s", names);
        reader_error (r, subject, &err);
    }
    config_release (KEYS_NODE, &line);
}
