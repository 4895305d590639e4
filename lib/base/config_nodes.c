/* config_nodes.c - NodeName= lines: one row of numbers for a list of names. */
#include <string.h>
#include <strings.h>
#include "base/config_index.h"
#include "base/config_reader.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

struct gpus {
    uint32_t n;
    char *type;
};

static char *or_null (const char *s)
{
    return s && *s ? xstrdup (s) : NULL;
}

/* One word of Gres=: name[:type][:count][(flags)]. */
static int add_gres (struct config_reader *r, struct gpus *gpus, char *word, struct err *err)
{
    char *type = NULL, *count;
    uint64_t n = 1;

    word[strcspn (word, "(")] = '\0';
    count = strchr (word, ':');
    if (count)
        *count++ = '\0';
    if (strcasecmp (word, "gpu")) {
        reader_notice (r, "Gres %s is shown, not scheduled", word);
        return 0;
    }
    char *second = count ? strchr (count, ':') : NULL;
    if (second) {
        *second++ = '\0';
        type = count;
        count = second;
    } else if (count && (*count < '0' || *count > '9')) {
        type = count;
        count = NULL;
    }
    if (count && number_parse (count, "the number of GPUs", 0, 1024, &n, err) < 0)
        return -1;
    if (gpus->n && (gpus->type ? !type || strcmp (gpus->type, type) : type != NULL)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "two types of GPU on one node");
        return err_fix (err, "name one type, or none: Gres=gpu:N");
    }
    gpus->n += (uint32_t) n;
    if (type && !gpus->type)
        gpus->type = xstrdup (type);
    return 0;
}

static int parse_gres (struct config_reader *r, const char *gres, struct gpus *ret, struct err *err)
{
    _cleanup_free_ char *copy = xstrdup (gres ? gres : "");
    char *save = NULL;

    if (!strcasecmp (copy, "(null)") || !strcasecmp (copy, "none"))
        return 0;
    for (char *word = strtok_r (copy, ",", &save); word; word = strtok_r (NULL, ",", &save))
        if (add_gres (r, ret, word, err) < 0)
            return -1;
    return 0;
}

static uint32_t or_one (uint32_t n)
{
    return n ? n : 1;
}

/* Sockets, cores, threads and CPUs of a line, completed from each other. */
static int complete_cpus (struct node_line *n, struct err *err)
{
    bool shaped = n->sockets || n->sockets_per_board || n->cores || n->threads;
    uint64_t product;

    if (n->sockets_per_board)
        n->sockets = or_one (n->boards) * n->sockets_per_board;
    n->sockets = or_one (n->sockets);
    n->cores = or_one (n->cores);
    n->threads = or_one (n->threads);
    product = (uint64_t) n->sockets * n->cores * n->threads;
    if (product > 65533) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%u sockets x %u cores x %u threads are more than 65533 CPUs",
                 n->sockets, n->cores, n->threads);
        return err_fix (err, "see `lscpu` on the node");
    }
    if (!n->cpus)
        n->cpus = (uint32_t) product;
    if (!shaped)
        n->cores = n->cpus; /* one socket of so many cores */
    else if (n->cpus > product) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER,
                 "CPUs=%u is more than its %u sockets x %u cores x %u threads = %llu", n->cpus, n->sockets, n->cores,
                 n->threads, (unsigned long long) product);
        return err_fix (err, "leave CPUs out, or correct Sockets, CoresPerSocket, ThreadsPerCore");
    }
    return 0;
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

static Moisson__NodeConf *make_node (const struct node_line *line, const struct gpus *gpus, const char *name,
                                     const char *address)
{
    Moisson__NodeConf *node = xmalloc (sizeof *node);

    moisson__node_conf__init (node);
    node->name = xstrdup (name);
    node->cpus = line->cpus;
    node->mem_mb = line->mem_mb ? line->mem_mb : 1;
    node->has_gpus = gpus->n > 0;
    node->gpus = gpus->n;
    node->gpu_type = gpus->n ? or_null (gpus->type) : NULL;
    node->has_sockets = node->has_cores_per_socket = node->has_threads_per_core = true;
    node->sockets = line->sockets;
    node->cores_per_socket = line->cores;
    node->threads_per_core = line->threads;
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

static int add_nodes (struct config_reader *r, const struct node_line *line, const struct gpus *gpus,
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
            .topology = or_null (line->topology),
            .hostname = or_null (each (hosts, i)),
        };
        core->nodes[core->n_nodes++] = make_node (line, gpus, hostlist_nth (names, i), each (addresses, i));
    }
    return 0;
}

static int expand (struct config_reader *r, struct node_line *line, struct err *err)
{
    _cleanup_hostlist_ struct hostlist *names = NULL;
    _cleanup_hostlist_ struct hostlist *addresses = NULL;
    _cleanup_hostlist_ struct hostlist *hosts = NULL;
    struct gpus gpus = {0};
    _cleanup_free_ char *type = NULL;
    int rc = parse_gres (r, line->gres, &gpus, err);

    type = gpus.type;
    if (rc < 0 || hostlist_parse (&names, line->names, err) < 0 ||
        parse_each ("NodeAddr", line->address, hostlist_count (names), &addresses, err) < 0 ||
        parse_each ("NodeHostname", line->hostname, hostlist_count (names), &hosts, err) < 0 ||
        complete_cpus (line, err) < 0)
        return -1;
    if (!hostlist_count (names)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "no name");
        return err_fix (err, "write NodeName=n1 or NodeName=n[01-64]");
    }
    if (!line->mem_mb)
        reader_notice (r, "NodeName=%s has no RealMemory: taken as 1 MB, so that jobs asking for memory do not fit",
                       line->names);
    return add_nodes (r, line, &gpus, names, addresses, hosts, err);
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
