/* agent.c - moisson-agent -N NODE -f CONF [-v] [-R], started by moissond with the launcher's socket as fd 3, that of
 * the shepherds as fd 4, one for srun as fd 5, and the node's log as stderr. -R: the launcher is root (root_mode.h). */
#include "nodeagent/agent.h"
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/discover.h"

/* Before any thread or loop: it forks. */
static int open_users (struct agent *a, struct err *err)
{
    _cleanup_free_ char *whose = xasprintf ("node %s", a->program.node);

    return a->program.root_mode ? users_create (&a->users, whose, err) : 0;
}

static struct agent *agent_free (struct agent *a)
{
    health_close (a);
    session_close (a);
    notify_close (a);
    steps_shut (a);
    launcher_close (a);
    users_free (steal (&a->users));
    if (a->slots)
        attempt_free_all (a);
    if (a->tell)
        late_free (a->tell);
    slots_free (a->slots);
    topology_free (a->topology);
    if (a->blobs)
        blobs_free (a->blobs);
    if (a->loop)
        loop_free (a->loop);
    facts_clear (&a->facts);
    program_clear (&a->program);
    free (a);
    return NULL;
}
DEFINE_CLEANUP (struct agent *, agent_free)

static const char *machine_of (const struct config *conf, size_t node)
{
    return conf->node_extra[node].hostname ? conf->node_extra[node].hostname : conf->core->nodes[node]->name;
}

static bool is_host (const char *name, const char *host)
{
    size_t len = strcspn (host, ".");

    return strcmp (name, host) == 0 || (strlen (name) == len && strncmp (name, host, len) == 0);
}

/* This node is this machine, and no other node is: several on one host (NodeHostname=) share it, none is all of it. */
static bool is_own_host (const struct agent *a, size_t index)
{
    const struct config *conf = a->program.conf;

    if (!is_host (machine_of (conf, index), a->facts.host))
        return false;
    for (size_t i = 0; i < conf->core->n_nodes; i++)
        if (i != index && is_host (machine_of (conf, i), a->facts.host))
            return false;
    return true;
}

/* The controller judges by the same rule, and drains the node if need be; here it is for the node's own log. */
static void compare_hardware (struct agent *a)
{
    _cleanup_free_ char *why = NULL, *key = NULL;

    if (!a->topology->has_found)
        return;
    a->topology->found.mem_mb = a->facts.mem_mb;
    enum hardware_fit fit = hardware_compare (a->conf, &a->topology->found, &why, &key);
    if (fit != HARDWARE_FITS)
        log_line (fit == HARDWARE_LOW ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, "event=hardware why='%s'", why);
}

static int open_hardware (struct agent *a, struct err *err)
{
    const struct config *conf = a->program.conf;
    size_t index = 0;

    if (facts_read (&a->facts, err))
        return -1;
    a->conf = config_node (conf, a->program.node, &index);
    struct topology_ask ask = topology_ask_of (a->conf);
    _cleanup_ (gpus_ask_clear) struct gpus_ask gpus;

    gpus_ask_make (&gpus, conf, index);
    ask.gpu_ask = &gpus;
    ask.topology = conf->node_extra[index].topology;
    ask.own_host = is_own_host (a, index);
    if (topology_load (&a->topology, &ask, err))
        return err_what (err, "node %s", a->program.node);
    compare_hardware (a);
    if (a->topology->gpu_fault)
        log_error ("event=gpus why='%s'", a->topology->gpu_fault);
    a->slots = slots_create (a->topology);
    log_info ("event=topology is='%s' cpus=%zu kept='%s' gpus=%zu bind=%d", a->topology->text, a->topology->n_units,
              ask.spec_cpus ? ask.spec_cpus : "", a->topology->gpus.n, a->topology->bind);
    return 0;
}

static void on_signal (void *arg, int signo)
{
    struct agent *a = arg;

    log_info ("event=stopping signal=%d", signo);
    loop_stop (a->loop);
}

static int agent_create (struct agent **ret, int argc, char **argv, struct err *err)
{
    _cleanup_ (agent_freep) struct agent *a = xcalloc (1, sizeof *a);
    Moisson__AgentReady ready = MOISSON__AGENT_READY__INIT;

    a->launcher.fd = a->notify_fd = a->steps_fd = -1;
    a->waiting_end = &a->waiting;
    a->start_us = now_wall ();
    a->program.log_is_open = true;
    if (program_open (&a->program, "moisson-agent", argc, argv, err) || open_users (a, err) || open_hardware (a, err) ||
        loop_create (&a->loop, err) || (a->users && users_attach (a->users, a->loop, err)))
        return -1;
    a->tell = late_create (a->loop, attempts_tell, a);
    if (loop_signal (a->loop, SIGTERM, on_signal, a) || loop_signal (a->loop, SIGINT, on_signal, a))
        return err_set (err, 0, "cannot receive signals");
    if (blobs_open (&a->blobs, a->program.spool, err) || notify_open (a, err) || attempts_load (a, err) ||
        launcher_open (a, err) || session_open (a, err))
        return -1;
    steps_open (a);
    launcher_send (a, VERB_READY, &ready.base);
    health_open (a);
    *ret = steal (&a);
    return 0;
}

/* For `moisson config check`. */
static int check_topologies (const char *path, struct err *err)
{
    _cleanup_config_ struct config *conf = NULL;

    if (config_load (&conf, path, err))
        return err_report ("moisson-agent", err);
    discover_check (conf, stdout);
    return 0;
}

int main (int argc, char **argv)
{
    _cleanup_ (agent_freep) struct agent *a = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (argc == 2 && !strcmp (argv[1], "-C"))
        return discover_print (stdout, &err) ? err_report ("moissond", &err) : 0;
    if (argc == 3 && !strcmp (argv[1], "-T"))
        return check_topologies (argv[2], &err);
    if (agent_create (&a, argc, argv, &err)) /* configuration, hardware, spool, launcher */
        return err_report ("moisson-agent", &err);
    loop_run (a->loop); /* until the launcher goes or says so */
    return a->rc;
}
