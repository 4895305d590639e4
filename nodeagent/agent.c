/* agent.c - moisson-agent -N NODE -f CONF [-v], started by moissond with the launcher's socket as fd 3. */
#include "nodeagent/agent.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/files.h"
#include "base/log.h"
#include "base/mem.h"

static struct agent *agent_free (struct agent *a)
{
    session_close (a);
    notify_close (a);
    launcher_close (a);
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
    if (a->pid_file && unlink (a->pid_file) && errno != ENOENT)
        log_warn ("cannot remove %s: %s", a->pid_file, strerror (errno));
    free (a->pid_file);
    facts_clear (&a->facts);
    program_clear (&a->program);
    free (a);
    return NULL;
}
DEFINE_CLEANUP (struct agent *, agent_free)

static bool is_own_host (const struct agent *a, const struct config_node_extra *extra)
{
    _cleanup_free_ char *host = xstrdup (a->facts.host);

    host[strcspn (host, ".")] = '\0';
    const char *name = extra->hostname ? extra->hostname : a->program.node;
    return strcmp (name, host) == 0 || strcmp (name, a->facts.host) == 0;
}

static int open_hardware (struct agent *a, struct err *err)
{
    size_t index = 0;
    struct topology_ask ask = {0};

    if (facts_read (&a->facts, err))
        return -1;
    a->conf = config_node (a->program.conf, a->program.node, &index);
    ask.topology = a->program.conf->node_extra[index].topology;
    ask.cpus = a->conf->cpus;
    ask.gpus = a->conf->has_gpus ? a->conf->gpus : 0;
    ask.own_host = is_own_host (a, &a->program.conf->node_extra[index]);
    if (topology_load (&a->topology, &ask, err))
        return err_what (err, "node %s", a->program.node);
    a->slots = slots_create (a->topology);
    log_info ("event=topology is='%s' cpus=%zu gpus=%zu bind=%d", a->topology->text, a->topology->n_units,
              a->topology->n_gpus, a->topology->bind);
    return 0;
}

static void on_signal (void *arg, int signo)
{
    struct agent *a = arg;

    log_info ("event=stopping signal=%d", signo);
    loop_stop (a->loop);
}

static int write_pid_file (struct agent *a, struct err *err)
{
    _cleanup_free_ char *text = xasprintf ("%d\n", (int) getpid ());
    char *base = a->program.pid_file;
    size_t len;

    if (!base)
        return 0;
    len = strlen (base);
    if (len > 4 && strcmp (base + len - 4, ".pid") == 0)
        len -= 4;
    a->pid_file = xasprintf ("%.*s.agent.pid", (int) len, base);
    return file_write (a->pid_file, text, strlen (text), 0644, 0, err);
}

static int agent_create (struct agent **ret, int argc, char **argv, struct err *err)
{
    _cleanup_ (agent_freep) struct agent *a = xcalloc (1, sizeof *a);
    Moisson__AgentReady ready = MOISSON__AGENT_READY__INIT;

    a->launcher.fd = a->notify_fd = -1;
    a->waiting_end = &a->waiting;
    a->start_us = now_wall ();
    if (program_open (&a->program, "moisson-agent", argc, argv, err) || open_hardware (a, err) ||
        loop_create (&a->loop, err))
        return -1;
    if (a->program.terminal >= 0) /* it is the launcher that reports to people */
        close (a->program.terminal);
    a->tell = late_create (a->loop, attempts_tell, a);
    if (loop_signal (a->loop, SIGTERM, on_signal, a) || loop_signal (a->loop, SIGINT, on_signal, a))
        return err_set (err, 0, "cannot receive signals");
    if (blobs_open (&a->blobs, a->program.spool, err) || notify_open (a, err) || attempts_load (a, err) ||
        launcher_open (a, err) || session_open (a, err) || write_pid_file (a, err))
        return -1;
    launcher_send (a, VERB_READY, &ready.base);
    *ret = steal (&a);
    return 0;
}

int main (int argc, char **argv)
{
    _cleanup_ (agent_freep) struct agent *a = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (agent_create (&a, argc, argv, &err)) /* configuration, hardware, spool, launcher */
        return err_report ("moisson-agent", &err);
    loop_run (a->loop); /* until the launcher goes or says so */
    return a->rc;
}
