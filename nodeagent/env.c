/* env.c - the environment of a job. */
#include "nodeagent/env.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "nodeagent/scratch.h"
#include "nodeagent/spool.h"

static const char default_path[] = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
static const char pid_room[] = "SLURM_TASK_PID=0000000000000000000";

void env_clear (struct env *env)
{
    for (size_t i = 0; i < env->n; i++)
        free (env->list[i]);
    free (env->list);
    *env = ENV_INIT;
}

/* The place of the entry of this name (len bytes), or env->n. */
static size_t find (const struct env *env, const char *name, size_t len)
{
    size_t i = 0;

    while (i < env->n && (strncmp (env->list[i], name, len) != 0 || env->list[i][len] != '='))
        i++;
    return i;
}

static void append (struct env *env, char *entry)
{
    if (env->n + 1 >= env->room) { /* always room for the NULL */
        env->room = env->room ? env->room * 2 : 128;
        env->list = xrealloc (env->list, env->room * sizeof *env->list);
    }
    env->list[env->n++] = entry;
    env->list[env->n] = NULL;
}

static void put (struct env *env, char *entry)
{
    size_t i = find (env, entry, strcspn (entry, "="));

    if (i == env->n) {
        append (env, entry);
        return;
    }
    free (env->list[i]);
    env->list[i] = entry;
}

void env_add (struct env *env, const char *entry)
{
    const char *eq = strchr (entry, '=');

    if (eq && eq != entry)
        put (env, xstrdup (entry));
}

void env_set (struct env *env, const char *name, const char *value)
{
    put (env, xasprintf ("%s=%s", name, value));
}

const char *env_get (const struct env *env, const char *name)
{
    size_t len = strlen (name), i = find (env, name, len);

    return i == env->n ? NULL : env->list[i] + len + 1;
}

/* Not through put: what a process's environment holds has each name once, or its owner wanted it so. */
void env_add_blob (struct env *env, const char *blob, size_t len)
{
    while (len) {
        size_t n = strnlen (blob, len);
        const char *eq = memchr (blob, '=', n);
        if (eq && eq != blob)
            append (env, xstrndup (blob, n));
        n += n < len;
        blob += n;
        len -= n;
    }
}

void env_add_over (struct env *env, const char *blob, size_t len)
{
    _cleanup_env_ struct env added = ENV_INIT;

    env_add_blob (&added, blob, len);
    for (size_t i = 0; i < added.n; i++)
        put (env, steal (&added.list[i]));
}

static void set_default (struct env *env, const char *name, const char *value)
{
    if (value && value[0] && !env_get (env, name))
        env_set (env, name, value);
}

static void add_defaults (struct env *env, const Moisson__Order *order)
{
    set_default (env, "HOME", order->home);
    set_default (env, "USER", order->user);
    set_default (env, "LOGNAME", order->user);
    set_default (env, "SHELL", order->shell ? order->shell : "/bin/sh");
    set_default (env, "PATH", default_path);
}

/* The job's own; but a directory that the user has named elsewhere, which is not one that the login node's /tmp had. */
static void set_tmpdir (struct env *env, const Moisson__Launch *launch)
{
    const char *users = env_get (env, "TMPDIR");

    if (!users || !users[0] || scratch_hides (users))
        env_set (env, "TMPDIR", launch->scratch && !launch->private_tmp ? launch->scratch : "/tmp");
}

/* 0 to n-1, for as many as the list has. */
static void put_ordinals (const char *ids, struct buf *out)
{
    buf_putc (out, '0');
    for (unsigned n = 1; (ids = strchr (ids, ',')); n++, ids++)
        buf_printf (out, ",%u", n);
}

/* Libraries count the GPUs that they can open, in the order of their PCI addresses: other numbers where device rules
 * hide some. What ROCR_VISIBLE_DEVICES leaves, GPU_DEVICE_ORDINAL counts anew. */
void env_add_gpus (struct env *env, const Moisson__Launch *launch)
{
    _cleanup_buf_ struct buf ordinals = BUF_INIT;
    const char *ids = launch->gpu_ids, *visible = launch->devices_hidden ? launch->gpu_left : launch->gpu_visible;

    if (!ids || !ids[0])
        return;
    visible = visible ? visible : ids;
    put_ordinals (ids, &ordinals);
    env_set (env, "SLURM_JOB_GPUS", ids);
    if (launch->gpu_vendor == MOISSON__GPU_VENDOR__GPU_VENDOR_AMD) {
        env_set (env, "ROCR_VISIBLE_DEVICES", visible);
        env_set (env, "GPU_DEVICE_ORDINAL", ordinals.data);
        return;
    }
    env_set (env, "CUDA_VISIBLE_DEVICES", visible);
    set_default (env, "CUDA_DEVICE_ORDER", "PCI_BUS_ID");
    env_set (env, "GPU_DEVICE_ORDINAL", visible);
}

void env_add_job (struct env *env, const struct env_facts *facts)
{
    struct attempt_id id = {facts->order->raw_id, facts->order->attempt};
    char name[ATTEMPT_NAME_SIZE];

    add_defaults (env, facts->order);
    set_tmpdir (env, facts->launch);
    for (size_t i = 0; i < facts->order->n_extra_env; i++)
        env_add (env, facts->order->extra_env[i]);
    env_add (env, pid_room);
    env_add_gpus (env, facts->launch);
    if (facts->launch->cpu_ids)
        env_set (env, "MOISSON_CPU_IDS", facts->launch->cpu_ids);
    if (facts->conf_path) {
        env_set (env, "SLURM_CONF", facts->conf_path);
        env_set (env, "MOISSON_CONF", facts->conf_path); /* it would win over the former, and may be of another host */
    }
    if (facts->launch->scratch)
        env_set (env, "MOISSON_SCRATCH", facts->launch->private_tmp ? "/tmp" : facts->launch->scratch);
    env_set (env, "MOISSON_SPOOL", facts->spool);
    env_set (env, "MOISSON_ATTEMPT", attempt_format (id, name));
}

void env_set_pid (struct env *env, long pid)
{
    size_t name = strcspn (pid_room, "="), i = find (env, pid_room, name);

    if (i < env->n)
        snprintf (env->list[i] + name + 1, sizeof pid_room - name - 1, "%ld", pid);
}
