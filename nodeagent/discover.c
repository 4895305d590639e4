/* discover.c - a NodeName line from what is found. */
#include "nodeagent/discover.h"
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "nodeagent/facts.h"
#include "nodeagent/topology.h"

int discover_print (FILE *out, struct err *err)
{
    const struct topology_ask ask = {.cpus = 1, .own_host = true};
    _cleanup_topology_ struct topology *t = NULL;
    struct facts facts;

    if (facts_read (&facts, err))
        return -1;
    if (topology_load (&t, &ask, err)) {
        facts_clear (&facts);
        return -1;
    }
    const struct hardware *found = &t->found;
    fprintf (out, "NodeName=%.*s CPUs=%" PRIu32, (int) strcspn (facts.host, "."), facts.host, found->threads);
    if (found->threads % found->cores == 0 && found->cores % found->sockets == 0) /* else no two numbers say it */
        fprintf (out, " Boards=1 SocketsPerBoard=%" PRIu32 " CoresPerSocket=%" PRIu32 " ThreadsPerCore=%" PRIu32,
                 found->sockets, found->cores / found->sockets, found->threads / found->cores);
    fprintf (out, " RealMemory=%" PRIu64 "\n", facts.mem_mb);
    facts_clear (&facts);
    return 0;
}

/* --- named topologies -----------------------------------------------------------------------------------------------
 */

static void say (FILE *out, char kind, const char *node, const char *what, const char *fix)
{
    fprintf (out, "%c\t%s\t%s\t%s\n", kind, node, what, fix ? fix : "");
}

/* Not an error where the file is not there: it is the node that reads it. */
static void check_one (const Moisson__NodeConf *node, const char *topology, FILE *out)
{
    _cleanup_topology_ struct topology *t = NULL;
    _cleanup_free_ char *why = NULL, *key = NULL;
    struct topology_ask ask = topology_ask_of (node);
    _cleanup_err_ struct err err = ERR_INIT;

    ask.topology = topology;
    if (strncmp (topology, "synthetic:", 10) != 0 && access (topology, F_OK)) {
        _cleanup_free_ char *text = xasprintf ("Topology=%s is not on this machine: not looked at", topology);
        say (out, 'n', node->name, text, NULL);
        return;
    }
    if (topology_load (&t, &ask, &err)) {
        say (out, 'e', node->name, err.why, err.fix);
        return;
    }
    const struct hardware there = {t->sockets, t->sockets * t->cores_per_socket,
                                   t->sockets * t->cores_per_socket * t->threads_per_core, node->mem_mb};
    if (hardware_compare (node, &there, &why, &key) != HARDWARE_FITS) {
        _cleanup_free_ char *text = xasprintf ("Topology=%s: %s", topology, why);
        say (out, 'n', node->name, text, NULL);
    }
}

void discover_check (const struct config *conf, FILE *out)
{
    const Moisson__NodeConf *last = NULL;
    const char *last_topology = "";

    for (size_t i = 0; i < conf->core->n_nodes; i++) {
        const Moisson__NodeConf *node = conf->core->nodes[i];
        const char *topology = conf->node_extra[i].topology;
        if (!topology || (last && last->cpus == node->cpus && last->cores_per_socket == node->cores_per_socket &&
                          last->threads_per_core == node->threads_per_core && !strcmp (topology, last_topology)))
            continue; /* of nodes that are alike, the first */
        check_one (node, topology, out);
        last = node;
        last_topology = topology;
    }
}
