/* json.c - jobs, nodes and partitions as JSON objects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mail.h"
#include "base/mem.h"
#include "base/resv_flags.h"
#include "base/states.h"
#include "base/units.h"
#include "base/version.h"
#include "json.h"
#include "show.h"
#include "words.h"

json_t *json_text (const char *s)
{
    _cleanup_free_ char *copy = NULL;
    json_t *text = json_string (s ? s : "");

    if (text)
        return text;
    copy = xstrdup (s);
    for (char *p = copy; *p; p++)
        if ((unsigned char) *p >= 0x80)
            *p = '?';
    return json_string (copy);
}

static void put (json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new (object, key, value)) { /* out of memory: docs/decisions/0001 */
        fputs ("out of memory\n", stderr);
        abort ();
    }
}

static void put_text (json_t *object, const char *key, const char *s)
{
    put (object, key, json_text (s));
}

static void put_gres (json_t *object, const char *key, const char *words, const char *prefix)
{
    _cleanup_buf_ struct buf out = BUF_INIT;

    if (words)
        show_gres (&out, words, prefix);
    put_text (object, key, out.data);
}

static void put_number (json_t *object, const char *key, uint64_t n)
{
    put (object, key, json_integer ((json_int_t) n));
}

static void put_time (json_t *object, const char *key, usec_t t)
{
    put_number (object, key, t / USEC_PER_SEC);
}

static void put_path (json_t *object, const char *key, const Moisson__JobInfo *job, const char *pattern)
{
    _cleanup_free_ char *path = show_path (job, pattern);

    put_text (object, key, path);
}

static void put_spec (json_t *o, const Moisson__JobInfo *job, const Moisson__JobSpec *spec)
{
    _cleanup_buf_ struct buf mail = BUF_INIT;

    put_text (o, "name", spec->name);
    put_text (o, "account", spec->account);
    put_text (o, "qos", spec->qos);
    put_text (o, "comment", spec->comment);
    mail_types_format (spec->mail_types, &mail);
    put_text (o, "mail_type", spec->mail_types ? mail.data : "");
    put_text (o, "mail_user", spec->mail_types ? spec->mail_user : "");
    put_text (o, "command", spec->command);
    put_text (o, "current_working_directory", spec->work_dir);
    put_text (o, "dependency", spec->dependency);
    put_text (o, "features", spec->constraint);
    put_text (o, "required_nodes", spec->nodelist);
    put_text (o, "excluded_nodes", spec->exclude);
    put_text (o, "licenses", spec->licenses);
    put_gres (o, "tres_per_node", spec->gres, "gres:");
    put_gres (o, "tres_per_job", spec->gpus_text, "gres:gpu:");
    put_gres (o, "tres_per_task", spec->gpus_per_task_text, "gres:gpu:");
    put_text (o, "submit_host", spec->submit_host);
    put_number (o, "cpus_per_task", spec->has_cpus_per_task ? spec->cpus_per_task : 1);
    put_number (o, "memory_per_cpu", spec->mem_per_cpu_mb);
    put_number (o, "nice", (uint64_t) (int64_t) spec->nice);
    put (o, "requeue", json_boolean (job->requeue));
    put_path (o, "standard_output", job, spec->std_out);
    put_path (o, "standard_error", job, spec->std_err ? spec->std_err : spec->std_out);
    put_path (o, "standard_input", job, spec->std_in ? spec->std_in : "/dev/null");
}

static json_t *job_resources (const Moisson__JobInfo *job)
{
    json_t *o = json_object ();

    put_text (o, "nodes", job->nodes);
    put_number (o, "allocated_cpus", job->nodes ? job->num_cpus : 0);
    put_number (o, "allocated_hosts", job->nodes ? job->num_nodes : 0);
    put_text (o, "cpu_ids", job->cpu_ids);
    put_text (o, "gpu_ids", job->gpu_ids);
    put (o, "allocated_nodes", json_object ());
    return o;
}

static void put_array (json_t *o, const Moisson__JobInfo *job)
{
    put_number (o, "job_id", job->raw_id);
    put_number (o, "array_job_id", job->array_id);
    put (o, "array_task_id", job->has_task ? json_integer (job->task) : json_null ());
    put_text (o, "array_task_string", job->tasks);
}

static void put_times (json_t *o, const Moisson__JobInfo *job)
{
    put_time (o, "submit_time", job->submit_us);
    put_time (o, "eligible_time", job->eligible_us);
    put_time (o, "start_time", job->start_us);
    put_time (o, "end_time", job->end_us);
    put_time (o, "suspend_time", job->suspended_at);
    /* in minutes, as Slurm counts them; null is no limit */
    put (o, "time_limit", job->time_limit_s ? json_integer ((json_int_t) (job->time_limit_s / 60)) : json_null ());
}

json_t *json_job (const Moisson__JobInfo *job)
{
    static const Moisson__JobSpec none = MOISSON__JOB_SPEC__INIT;
    json_t *o = json_object ();

    put_array (o, job);
    put_text (o, "job_state", state_name (job->state));
    put_text (o, "state_reason", job->reason ? job->reason : "None");
    put_text (o, "state_description", job->cause ? job->cause : job->reason_text);
    put_number (o, "user_id", job->uid);
    put_text (o, "user_name", job->user);
    put_number (o, "group_id", job->gid);
    put_text (o, "group_name", job->group);
    put_text (o, "partition", job->partition);
    put_times (o, job);
    put_number (o, "node_count", job->num_nodes);
    put_number (o, "cpus", job->num_cpus);
    put_number (o, "tasks", job->num_tasks);
    put_number (o, "memory_per_node", job->mem_mb);
    put_number (o, "gpus_per_node", job->gpus);
    put_text (o, "nodes", job->nodes);
    put_text (o, "batch_host", job->batch_host);
    put_number (o, "exit_code", job->exit_code);
    put_number (o, "exit_signal", job->exit_signal);
    put_number (o, "restart_cnt", job->restarts);
    put_number (o, "attempt", job->attempt);
    put_number (o, "priority", job->held ? 0 : job->priority);
    put (o, "hold", json_boolean (job->held));
    put_text (o, "tres_req_str", job->req_tres ? job->req_tres : job->tres);
    put_text (o, "tres_alloc_str", job->nodes ? job->tres : NULL);
    put_spec (o, job, job->spec ? job->spec : &none);
    put (o, "job_resources", job_resources (job));
    return o;
}

static json_t *words_array (const char *text)
{
    json_t *array = json_array ();
    char **words = NULL;
    size_t n = 0;

    words_add (text ? text : "", &words, &n);
    for (size_t i = 0; i < n; i++)
        json_array_append_new (array, json_text (words[i]));
    words_clear (&words, &n);
    return array;
}

json_t *json_node (const Moisson__NodeInfo *node)
{
    json_t *o = json_object ();

    put_text (o, "name", node->name);
    put_text (o, "hostname", node->host ? node->host : node->name);
    put_text (o, "address", node->address ? node->address : node->name);
    put_text (o, "state", node->state);
    put_text (o, "state_complete", node->state_complete);
    put_text (o, "reason", node->reason);
    put (o, "partitions", words_array (node->partitions));
    put_number (o, "cpus", node->cpus_total ? node->cpus_total : node->cpus);
    put_number (o, "alloc_cpus", node->alloc_cpus);
    put_number (o, "idle_cpus", node->cpus > node->alloc_cpus ? node->cpus - node->alloc_cpus : 0);
    put (o, "cpu_load", node->has_load ? json_real (node->load) : json_null ());
    put_number (o, "real_memory", node->mem_mb);
    put_number (o, "specialized_cores", node->core_spec_count);
    put_number (o, "specialized_memory", node->spec_mem_mb);
    put_number (o, "effective_cpus", node->cpus);
    put_number (o, "alloc_memory", node->alloc_mem_mb);
    put_number (o, "free_memory", node->free_mem_mb);
    put_number (o, "gpus", node->gpus);
    put_number (o, "alloc_gpus", node->alloc_gpus);
    put_text (o, "gres", node->gres);
    put_text (o, "gres_used", node->gres_used);
    put_text (o, "features", node->features);
    put_text (o, "architecture", node->arch);
    put_text (o, "operating_system", node->os);
    put_text (o, "version", node->version);
    put_number (o, "sockets", node->sockets);
    put_number (o, "cores", node->cores_per_socket);
    put_number (o, "threads", node->threads_per_core);
    put_number (o, "weight", node->has_weight ? node->weight : 1);
    put_number (o, "temporary_disk", node->tmp_disk_mb);
    put_time (o, "boot_time", node->boot_us);
    put_time (o, "slurmd_start_time", node->agent_start_us);
    put_time (o, "last_seen", node->last_seen_us);
    put (o, "virtual", json_boolean (node->is_virtual));
    put_text (o, "cgroup", node->cgroup);
    put_number (o, "jobs", node->jobs);
    return o;
}

json_t *json_partition (const Moisson__PartitionInfo *partition)
{
    json_t *o = json_object ();

    put_text (o, "name", partition->name);
    put (o, "default", json_boolean (partition->is_default));
    put_text (o, "state", partition->state ? partition->state : "UP");
    put_text (o, "nodes", partition->nodes);
    put_number (o, "total_cpus", partition->total_cpus);
    put_number (o, "total_nodes", partition->total_nodes);
    put_number (o, "total_memory", partition->total_mem_mb);
    put_number (o, "total_gpus", partition->total_gpus);
    put (o, "max_time_limit",
         partition->max_time_s ? json_integer ((json_int_t) (partition->max_time_s / 60)) : json_null ());
    put (o, "default_time_limit",
         partition->default_time_s ? json_integer ((json_int_t) (partition->default_time_s / 60)) : json_null ());
    put_number (o, "default_memory_per_cpu", partition->def_mem_per_cpu_mb);
    put_number (o, "default_memory_per_node", partition->def_mem_per_node_mb);
    put_number (o, "maximum_memory_per_node", partition->max_mem_per_node_mb);
    put_number (o, "maximum_nodes_per_job", partition->max_nodes);
    put_number (o, "minimum_nodes_per_job", partition->min_nodes);
    put_number (o, "priority_tier", partition->priority);
    return o;
}

static void put_names (json_t *object, const char *key, char *const *list, size_t n, bool but)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    for (size_t i = 0; i < n; i++)
        buf_printf (&text, "%s%s%s", i ? "," : "", but ? "-" : "", list[i]);
    put_text (object, key, text.data);
}

json_t *json_resv (const Moisson__ResvInfo *row)
{
    const Moisson__Resv *resv = row->resv;
    _cleanup_buf_ struct buf flags = BUF_INIT, licences = BUF_INIT;
    json_t *o = json_object (), *list = json_array ();

    resv_flags_put (resv->flags, &flags);
    for (char *at = flags.len ? flags.data : NULL, *word; (word = strsep (&at, ","));)
        json_array_append_new (list, json_text (word));
    for (size_t i = 0; i < resv->n_licences; i++)
        buf_printf (&licences, "%s%s:%u", i ? "," : "", resv->licences[i]->name, resv->licences[i]->count);
    put_text (o, "name", resv->name);
    put_names (o, "users", resv->users, resv->n_users, resv->users_not);
    put_names (o, "accounts", resv->accounts, resv->n_accounts, resv->accounts_not);
    put_time (o, "start_time", resv->start_us);
    put_time (o, "end_time", resv->end_us);
    put_text (o, "node_list", row->nodes);
    put_number (o, "node_count", row->node_cnt);
    put_number (o, "core_count", row->core_cnt);
    put_text (o, "partition", resv->partition);
    put_text (o, "features", resv->features);
    put_text (o, "licenses", licences.data);
    put (o, "flags", list);
    put_text (o, "state", row->active ? "ACTIVE" : "INACTIVE");
    return o;
}

/* Names as Slurm's v0.0.37 has them. */
json_t *json_licence (const Moisson__LicenceInfo *row)
{
    json_t *o = json_object ();

    put_text (o, "LicenseName", row->name);
    put_number (o, "Total", row->total);
    put_number (o, "Used", row->used);
    put_number (o, "Free", row->total > row->used ? row->total - row->used : 0);
    put_number (o, "Reserved", row->reserved);
    put (o, "Remote", json_false ());
    return o;
}

int json_print (const char *key, json_t *array)
{
    json_t *meta = json_object (), *document = json_object ();
    int r;

    put_text (meta, "program", "moisson");
    put_text (meta, "version", MOISSON_VERSION);
    put_text (meta, "slurm_compatibility", SLURM_COMPAT_VERSION);
    put (document, "meta", meta);
    put (document, key, array);
    put (document, "errors", json_array ());
    put (document, "warnings", json_array ());
    r = json_dumpf (document, stdout, JSON_INDENT (1) | JSON_REAL_PRECISION (6));
    json_decref (document);
    putchar ('\n');
    return r;
}
