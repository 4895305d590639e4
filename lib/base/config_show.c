/* config_show.c - the key tables as `scontrol show config` and as docs/configuration.md. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/config_table.h"
#include "base/mem.h"
#include "base/version.h"

struct entry {
    const char *key;
    char *value;
};

static int by_key (const void *a, const void *b)
{
    return strcasecmp (((const struct entry *) a)->key, ((const struct entry *) b)->key);
}

static bool is_other_word (const char *name) /* of a key that is listed under its newer name */
{
    return !strcmp (name, "ControlMachine") || !strcmp (name, "ControlAddr") || !strcmp (name, "SlurmctldAddr");
}

static char *shown (const struct config *conf, const struct config_key *key)
{
    struct buf b = BUF_INIT;

    if (!strcmp (key->name, "SlurmctldHost") && strcmp (conf->controller_host, conf->controller_addr))
        return xasprintf ("%s(%s)", conf->controller_host, conf->controller_addr);
    if (!strcmp (key->name, "AuthInfo") && *conf->auth_socket)
        return xasprintf ("socket=%s", conf->auth_socket);
    config_show (key, conf, &b);
    return buf_steal (&b);
}

void config_entries (const struct config *conf, config_entry_fn fn, void *arg)
{
    size_t n_keys, n_facts, n = 0;
    const struct config_key *keys = config_keys (KEYS_SCALAR, &n_keys);
    const struct config_fact *facts = config_facts (&n_facts);
    struct entry *list = xcalloc (n_keys + n_facts + 2, sizeof *list);

    for (size_t i = 0; i < n_keys; i++)
        if (!is_other_word (keys[i].name))
            list[n++] = (struct entry){keys[i].name, shown (conf, &keys[i])};
    for (size_t i = 0; i < n_facts; i++)
        list[n++] = (struct entry){facts[i].key, xstrdup (facts[i].value)};
    list[n++] = (struct entry){"SLURM_CONF", xstrdup (conf->path)};
    list[n++] = (struct entry){"SLURM_VERSION", xstrdup (SLURM_COMPAT_VERSION)};
    qsort (list, n, sizeof *list, by_key);
    for (size_t i = 0; i < n; i++) {
        fn (arg, list[i].key, list[i].value);
        free (list[i].value);
    }
    free (list);
}

static void document_keys (FILE *out, enum key_room room)
{
    size_t n;
    const struct config_key *keys = config_keys (room, &n);

    fputs ("\n| key | default | meaning |\n| --- | --- | --- |\n", out);
    for (size_t i = 0; i < n; i++) {
        const char *standard = keys[i].standard ? keys[i].standard : "";
        fprintf (out, "| `%s` | %s%s%s | %s |\n", keys[i].name, *standard ? "`" : "", standard, *standard ? "`" : "",
                 keys[i].help);
    }
}

static void document_ignored (FILE *out, enum key_room room)
{
    size_t n;
    const struct config_ignored *rows = config_ignored (room, &n);

    fputs ("\n| ignored | why |\n| --- | --- |\n", out);
    for (size_t i = 0; i < n; i++)
        fprintf (out, "| `%s` | %s |\n", rows[i].name, rows[i].reason);
}

void config_document (FILE *out)
{
    fputs (
        "# Configuration\n\n"
        "`moisson.conf` is read from `MOISSON_CONF`, else `SLURM_CONF`, else `/etc/moisson/moisson.conf`, in the "
        "syntax\n"
        "of slurm.conf(5): `Key=Value` (keys in any case, several on a line), `#` starts a remark, a line that ends "
        "in\n"
        "`\\` goes on, values with blanks go in double quotes, `Include FILE` reads another file (relative to this "
        "one;\n"
        "`%c` is the cluster's name). Of a key given twice the last one counts. Keys that are not known are errors.\n"
        "`moisson config check FILE` says everything that is wrong with a file, and which keys are ignored.\n\n"
        "What is said about cgroups (Cgroup..., Constrain..., Allowed..., PidsPerCPU) may also stand in a file\n"
        "`cgroup.conf` beside it.\n\n"
        "This page is printed from the table in lib/base/config_keys.c.\n\n"
        "The least a cluster needs:\n\n"
        "    ClusterName=example\n    SlurmctldHost=head\n    ControllerKey=...     # moisson keygen\n"
        "    NodeName=n[01-04] CPUs=32 RealMemory=128000 Gres=gpu:2\n"
        "    PartitionName=main Nodes=ALL Default=YES MaxTime=3-00:00:00\n\n"
        "## The cluster\n",
        out);
    document_keys (out, KEYS_SCALAR);
    fputs ("\n## NodeName lines\n", out);
    document_keys (out, KEYS_NODE);
    fputs ("\n## PartitionName lines\n", out);
    document_keys (out, KEYS_PARTITION);
    fputs ("\n## gres.conf\n\nBeside moisson.conf, and only where there is something to say: which device files the "
           "GPUs of "
           "`Gres` are, and which\ncores are near. Without it a node looks for them itself. Each line is one set of "
           "devices:\n\n"
           "    NodeName=n[01-04] Name=gpu Type=a100 File=/dev/nvidia[0-3]\n",
           out);
    document_keys (out, KEYS_GRES);
    fputs ("\n## Keys of Slurm that change nothing here\n\nOf the cluster:\n", out);
    document_ignored (out, KEYS_SCALAR);
    fputs ("\nOf a node:\n", out);
    document_ignored (out, KEYS_NODE);
    fputs ("\nOf a partition:\n", out);
    document_ignored (out, KEYS_PARTITION);
    fputs ("\nLines:\n", out);
    document_ignored (out, KEYS_LINE);
    fputs ("\nOf gres.conf:\n", out);
    document_ignored (out, KEYS_GRES);
}
