/* config_topologies.c - ask moisson-agent -T about the topologies that a configuration names. */
#include "config_topologies.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/config.h"
#include "base/mem.h"

static bool names_topologies (const char *path)
{
    _cleanup_config_ struct config *conf = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (config_load (&conf, path, &err))
        return false; /* its faults were said before */
    for (size_t i = 0; i < conf->core->n_nodes; i++)
        if (conf->node_extra[i].topology)
            return true;
    return false;
}

/* Beside this program, or where packages put it. NULL = the node's programs are not installed here. */
static char *find_agent (void)
{
    static const char *const places[] = {"", "/../libexec/moisson"};
    char self[PATH_MAX];
    ssize_t n = readlink ("/proc/self/exe", self, sizeof self - 1);

    if (n <= 0)
        return NULL;
    self[n] = '\0';
    *strrchr (self, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *agent = xasprintf ("%s%s/moisson-agent", self, places[i]);
        if (access (agent, X_OK) == 0)
            return agent;
        free (agent);
    }
    return NULL;
}

/* Its standard output, or NULL. */
static FILE *run (const char *agent, const char *path, pid_t *ret_pid)
{
    int ends[2];

    if (pipe (ends))
        return NULL;
    fflush (NULL);
    *ret_pid = fork ();
    if (*ret_pid == 0) {
        if (dup2 (ends[1], STDOUT_FILENO) >= 0)
            execl (agent, agent, "-T", path, (char *) NULL);
        _exit (127);
    }
    close (ends[1]);
    if (*ret_pid > 0)
        return fdopen (ends[0], "r");
    close (ends[0]);
    return NULL;
}

/* "e" or "n", node, what, fix. */
static void say (const char *path, char *line, unsigned *errors, unsigned *notes)
{
    char *words[4], *rest = line;

    line[strcspn (line, "\n")] = '\0';
    for (size_t i = 0; i < 4; i++)
        if (!(words[i] = strsep (&rest, "\t")))
            return;
    bool is_error = *words[0] == 'e';
    fprintf (stderr, "%s: %s: NodeName=%s: %s\n", path, is_error ? "error" : "note", words[1], words[2]);
    if (*words[3])
        fprintf (stderr, "        fix: %s\n", words[3]);
    *(is_error ? errors : notes) += 1;
}

unsigned topologies_check (const char *path, unsigned *notes)
{
    _cleanup_free_ char *agent = NULL, *line = NULL;
    unsigned errors = 0;
    size_t room = 0;
    pid_t pid;
    FILE *out;
    int status;

    if (!names_topologies (path))
        return 0;
    agent = find_agent ();
    out = agent ? run (agent, path, &pid) : NULL;
    if (!out) {
        fprintf (stderr, "%s: note: Topology= is not looked at: the programs of a node are not installed here\n", path);
        ++*notes;
        return 0;
    }
    while (getline (&line, &room, out) > 0)
        say (path, line, &errors, notes);
    fclose (out);
    if (waitpid (pid, &status, 0) < 0 || !WIFEXITED (status) || WEXITSTATUS (status)) {
        fprintf (stderr, "%s: note: Topology= could not be looked at: %s has failed\n", path, agent);
        ++*notes;
    }
    return errors;
}
