/* config_partitions.c - PartitionName= lines, and what is checked once the whole file is known. */
#include <string.h>
#include <strings.h>
#include "base/config_policy.h"
#include "base/config_schedule.h"
#include "base/config_reader.h"
#include "base/config_jobs.h"
#include "base/config_accounts.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"

static char *upper (const char *s)
{
    char *copy = xstrdup (s);

    for (char *p = copy; *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char) (*p - 'a' + 'A');
    return copy;
}

static int check_line (const struct partition_line *line, struct err *err)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+@";

    if (!*line->name || line->name[strspn (line->name, good)]) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "not a partition name");
        return err_fix (err, "use letters, digits, '_', '-', '.', one name a line");
    }
    if (line->max_time && line->default_time > line->max_time) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "DefaultTime is longer than MaxTime");
        return err_fix (err, "lower DefaultTime or raise MaxTime");
    }
    if (line->max_nodes && line->min_nodes > line->max_nodes) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "MinNodes=%u is more than MaxNodes=%u", line->min_nodes,
                 line->max_nodes);
        return err_fix (err, "lower MinNodes or raise MaxNodes");
    }
    if (line->mem_per_cpu && line->mem_per_node) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "both DefMemPerCPU and DefMemPerNode");
        return err_fix (err, "give one of them");
    }
    if (!line->nodes || !*line->nodes) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "no Nodes");
        return err_fix (err, "write Nodes=n[01-64] or Nodes=ALL");
    }
    return 0;
}

static Moisson__PartitionConf *make_partition (const struct partition_line *line)
{
    Moisson__PartitionConf *p = xmalloc (sizeof *p);

    moisson__partition_conf__init (p);
    p->name = xstrdup (line->name);
    p->has_is_default = true;
    p->is_default = line->is_default;
    p->has_max_time_s = p->has_default_time_s = true;
    p->max_time_s = line->max_time;
    p->default_time_s = line->default_time;
    p->has_over_time_limit_s = line->over_time_limit != NULL;
    p->over_time_limit_s = line->over_time_limit ? config_over_limit (line->over_time_limit) : 0;
    p->has_def_mem_per_cpu_mb = line->mem_per_cpu > 0;
    p->def_mem_per_cpu_mb = line->mem_per_cpu;
    p->has_def_mem_per_node_mb = line->mem_per_node > 0;
    p->def_mem_per_node_mb = line->mem_per_node;
    p->has_max_mem_per_node_mb = line->max_mem_per_node > 0;
    p->max_mem_per_node_mb = line->max_mem_per_node;
    p->has_max_mem_per_cpu_mb = line->max_mem_per_cpu > 0;
    p->max_mem_per_cpu_mb = line->max_mem_per_cpu;
    p->has_min_nodes = p->has_max_nodes = p->has_priority = true;
    p->min_nodes = line->min_nodes;
    p->max_nodes = line->max_nodes;
    p->priority = line->tier;
    config_schedule_partition (line, p);
    p->state = upper (line->state);
    config_policy_partition (line, p);
    config_partition_accounts (line, p);
    return p;
}

static void add_partition (struct config_reader *r, const struct partition_line *line)
{
    GROW (r->partitions, r->n_partitions, r->partition_room);
    r->partitions[r->n_partitions++] = (struct partition_read){
        .serial = r->serial,
        .line = r->line,
        .file = xstrdup (r->file),
        .nodes = xstrdup (line->nodes),
        .conf = make_partition (line),
    };
}

void reader_partition (struct config_reader *r, const char *name, char **cursor)
{
    _cleanup_err_ struct err err = ERR_INIT;
    struct partition_line line;
    unsigned errors = r->errors;

    if (!strcasecmp (name, "DEFAULT")) {
        reader_pairs (r, KEYS_PARTITION, &r->partition_defaults, cursor);
        return;
    }
    config_copy (KEYS_PARTITION, &line, &r->partition_defaults, sizeof line);
    free (line.name);
    line.name = xstrdup (name);
    reader_pairs (r, KEYS_PARTITION, &line, cursor);
    if (r->errors == errors) {
        if (check_line (&line, &err) < 0) {
            _cleanup_free_ char *subject = xasprintf ("PartitionName=%s", name);
            reader_error (r, subject, &err);
        } else {
            add_partition (r, &line);
        }
    }
    config_release (KEYS_PARTITION, &line);
}

/* --- the end of the file -------------------------------------------------------------------------------------------
 */

static void inherit_memory (const struct config *conf, Moisson__PartitionConf *p)
{
    if (!p->has_def_mem_per_cpu_mb && !p->has_def_mem_per_node_mb) {
        p->has_def_mem_per_cpu_mb = conf->def_mem_per_cpu_mb > 0;
        p->def_mem_per_cpu_mb = conf->def_mem_per_cpu_mb;
        p->has_def_mem_per_node_mb = conf->def_mem_per_node_mb > 0;
        p->def_mem_per_node_mb = conf->def_mem_per_node_mb;
    }
    if (!p->has_max_mem_per_node_mb) {
        p->has_max_mem_per_node_mb = conf->max_mem_per_node_mb > 0;
        p->max_mem_per_node_mb = conf->max_mem_per_node_mb;
    }
    if (!p->has_max_mem_per_cpu_mb) {
        p->has_max_mem_per_cpu_mb = conf->max_mem_per_cpu_mb > 0;
        p->max_mem_per_cpu_mb = conf->max_mem_per_cpu_mb;
    }
}

static int resolve_nodes (const struct config *conf, const struct partition_read *read, struct err *err)
{
    _cleanup_hostlist_ struct hostlist *list = NULL;
    const Moisson__Config *core = conf->core;

    if (!strcasecmp (read->nodes, "ALL")) {
        read->conf->nodes = xcalloc (core->n_nodes, sizeof *read->conf->nodes);
        for (size_t i = 0; i < core->n_nodes; i++)
            read->conf->nodes[read->conf->n_nodes++] = xstrdup (core->nodes[i]->name);
        return 0;
    }
    if (hostlist_parse (&list, read->nodes, err) < 0)
        return -1;
    hostlist_sort_unique (list);
    read->conf->nodes = xcalloc (hostlist_count (list), sizeof *read->conf->nodes);
    for (size_t i = 0; i < hostlist_count (list); i++) {
        const char *name = hostlist_nth (list, i);
        if (!config_node (conf, name, NULL)) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "there is no node %s", name);
            return err_fix (err, "add a NodeName=%s line, or correct Nodes=", name);
        }
        read->conf->nodes[read->conf->n_nodes++] = xstrdup (name);
    }
    return 0;
}

static int check_partition (const struct config *conf, const struct partition_read *read, struct err *err)
{
    const Moisson__Config *core = conf->core;

    if (resolve_nodes (conf, read, err) < 0)
        return -1;
    for (size_t i = 0; i < core->n_partitions; i++) {
        if (!strcmp (core->partitions[i]->name, read->conf->name)) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "this partition is there already");
            return err_fix (err, "remove one of the two lines");
        }
        if (read->conf->is_default && core->partitions[i]->is_default) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "a second default partition, %s is one already",
                     core->partitions[i]->name);
            return err_fix (err, "keep Default=YES on one line only");
        }
    }
    return 0;
}

static void finish_partitions (struct config_reader *r)
{
    Moisson__Config *core = r->conf->core;

    core->partitions = xcalloc (r->n_partitions, sizeof *core->partitions);
    for (size_t i = 0; i < r->n_partitions; i++) {
        struct partition_read *read = &r->partitions[i];
        _cleanup_err_ struct err err = ERR_INIT;

        r->file = read->file;
        r->line = read->line;
        r->serial = read->serial;
        inherit_memory (r->conf, read->conf);
        if (check_partition (r->conf, read, &err) < 0) {
            _cleanup_free_ char *subject = xasprintf ("PartitionName=%s", read->conf->name);
            reader_error (r, subject, &err);
            moisson__partition_conf__free_unpacked (read->conf, NULL);
        } else {
            core->partitions[core->n_partitions++] = read->conf;
        }
        read->conf = NULL;
    }
}

static void missing (struct config_reader *r, const char *what, const char *fix)
{
    _cleanup_err_ struct err err = ERR_INIT;

    err_set (&err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s", what);
    err_fix (&err, "%s", fix);
    reader_error (r, NULL, &err);
}

void reader_finish (struct config_reader *r)
{
    struct config *conf = r->conf;
    unsigned errors = r->errors;

    finish_partitions (r);
    r->file = conf->path;
    r->line = 0;
    r->serial = UINT32_MAX;
    if (conf->def_mem_per_cpu_mb && conf->def_mem_per_node_mb)
        missing (r, "both DefMemPerCPU and DefMemPerNode", "give one of them");
    if (errors) /* a line that was not understood may be the very one that is missed */
        return;
    if (!*conf->controller_host && !r->machine_only)
        missing (r, "no SlurmctldHost", "add SlurmctldHost=NAME, the host name of the controller's machine");
    if (!conf->core->n_nodes)
        missing (r, "no node", "add a line like NodeName=n1 CPUs=8 RealMemory=16000");
    if (!r->n_partitions)
        missing (r, "no partition", "add a line like PartitionName=main Nodes=ALL Default=YES");
}
