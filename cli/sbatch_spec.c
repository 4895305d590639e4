/* sbatch_spec.c - what a job inherits. */
#include "sbatch_spec.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hash.h"
#include "base/mem.h"

void submitter_find (struct submitter *ret)
{
    mode_t mask = umask (022);

    umask (mask);
    *ret = (struct submitter){.umask = (uint32_t) mask, .cwd = getcwd (NULL, 0)};
    if (!ret->cwd)
        ret->cwd = xstrdup ("");
    if (gethostname (ret->host, sizeof ret->host - 1) < 0)
        ret->host[0] = '\0';
}

void submitter_clear (struct submitter *s)
{
    free (s->cwd);
    s->cwd = NULL;
}

static int complete_work_dir (Moisson__JobSpec *spec, const char *cwd, struct err *err)
{
    char *dir = spec->work_dir;

    if (dir && *dir == '/')
        return 0;
    if (!*cwd) {
        err_set (err, 0, "the current directory cannot be found");
        return err_fix (err, "go to a directory that exists, or name one with --chdir=/...");
    }
    spec->work_dir = !dir || !strcmp (dir, ".") ? xstrdup (cwd) : xasprintf ("%s/%s", cwd, dir);
    free (dir);
    return 0;
}

int spec_complete (Moisson__JobSpec *spec, const struct submitter *from, const struct script *script, size_t n_args,
                   char *const *args, struct err *err)
{
    spec->has_umask = true;
    spec->umask = from->umask;
    if (*from->host && !spec->submit_host)
        spec->submit_host = xstrdup (from->host);
    if (!spec->name)
        spec->name = xstrdup (script->name);
    if (!spec->command && script->command)
        spec->command = xstrdup (script->command);
    if (n_args) {
        spec->n_script_args = n_args;
        spec->script_args = xcalloc (n_args, sizeof *spec->script_args);
        for (size_t i = 0; i < n_args; i++)
            spec->script_args[i] = xstrdup (args[i]);
    }
    return complete_work_dir (spec, from->cwd, err);
}

static void set_bytes (ProtobufCBinaryData *bytes, protobuf_c_boolean *has, const uint8_t *data, size_t len)
{
    free (bytes->data);
    bytes->data = xmemdup (data, len);
    bytes->len = len;
    *has = true;
}

void spec_set_hashes (Moisson__JobSpec *spec, const uint8_t *script_hash, const uint8_t *env_hash)
{
    set_bytes (&spec->script_hash, &spec->has_script_hash, script_hash, HASH_SIZE);
    set_bytes (&spec->env_hash, &spec->has_env_hash, env_hash, HASH_SIZE);
}
