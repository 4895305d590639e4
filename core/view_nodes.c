/* view_nodes.c - rows of nodes and partitions for sinfo and scontrol. */
#include <inttypes.h>
#include <stdio.h>
#include "base/buf.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "core/held.h"
#include "core/misfit.h"
#include "core/state.h"

#define SET(info, field, value) ((info)->has_##field = true, (info)->field = (value))
#define SET_IF(info, field, value) ((info)->has_##field = (value) != 0, (info)->field = (value))

static void partitions_of (const struct core *core, const struct node *node, struct buf *out)
{
    for (size_t i = 0; i < core->config->n_partitions; i++) {
        const struct partition *partition = partition_find (core, core->config->partitions[i]->name);
        if (!node_left (node) && partition->nodes[node->index / 64] >> node->index % 64 & 1)
            buf_printf (out, "%s%s", out->len ? "," : "", partition->name);
    }
}

static void fill_conf (const struct node *node, Moisson__NodeInfo *info)
{
    const Moisson__NodeConf *conf = node->conf;

    info->name = conf->name;
    SET (info, cpus, node->cpus);
    SET (info, cpus_total, conf->cpus);
    SET (info, mem_mb, conf->mem_mb);
    SET_IF (info, spec_mem_mb, conf->spec_mem_mb);
    SET_IF (info, core_spec_count, conf->core_spec_count);
    SET_IF (info, boards, conf->boards);
    info->spec_cpu_list = conf->spec_cpu_list;
    SET (info, gpus, node->gpus);
    SET (info, weight, node->weight);
    info->gres = conf->gres;
    info->features = conf->features;
    info->address = conf->address;
    SET_IF (info, sockets, conf->sockets);
    SET_IF (info, cores_per_socket, conf->cores_per_socket);
    SET_IF (info, threads_per_core, conf->threads_per_core);
}

static void fill_facts (const Moisson__Register *facts, Moisson__NodeInfo *info)
{
    info->host = facts->host;
    info->arch = facts->arch;
    info->os = facts->os;
    info->version = facts->version;
    info->cgroup = facts->cgroup;
    info->topology = facts->topology;
    SET_IF (info, boot_us, facts->boot_us);
    SET_IF (info, agent_start_us, facts->agent_start_us);
    SET_IF (info, tmp_disk_mb, facts->tmp_disk_mb);
    SET (info, is_virtual, facts->is_virtual);
    if (!info->has_sockets)
        SET_IF (info, sockets, facts->sockets);
    if (!info->has_cores_per_socket)
        SET_IF (info, cores_per_socket, facts->cores_per_socket);
    if (!info->has_threads_per_core)
        SET_IF (info, threads_per_core, facts->threads_per_core);
}

struct node_texts { /* that a row borrows while it is shown */
    struct buf state, complete, partitions, gres_used, gres_tres, gres_used_tres, held, reason;
};

static void node_texts_clear (struct node_texts *texts)
{
    buf_clear (&texts->state);
    buf_clear (&texts->partitions);
    buf_clear (&texts->gres_used);
    buf_clear (&texts->gres_tres);
    buf_clear (&texts->gres_used_tres);
    buf_clear (&texts->complete);
    buf_clear (&texts->held);
    buf_clear (&texts->reason);
}

/* A reason there is also where only processes that cannot be killed keep some of it. */
static void fill_reason (const struct node *node, Moisson__NodeInfo *info, struct node_texts *texts)
{
    usec_t since = node->reason_us;

    node_put_held (node, &texts->held);
    if (node->reason)
        buf_puts (&texts->reason, node->reason);
    if (texts->held.len) {
        buf_printf (&texts->reason, "%s%s", texts->reason.len ? "; " : "", buf_str (&texts->held));
        info->held = texts->held.data;
        for (struct share *share = node->shares; share && !since; share = share->next)
            since = share_held (share) ? share_held (share)->since : 0;
    }
    if (!texts->reason.len)
        return;
    info->reason = texts->reason.data;
    SET (info, reason_us, since);
    info->has_reason_uid = node->has_reason_uid;
    info->reason_uid = node->reason_uid;
}

static void fill_use (const struct node *node, Moisson__NodeInfo *info, struct node_texts *texts)
{
    SET (info, alloc_cpus, node->used_cpus);
    SET (info, alloc_mem_mb, node->used_mem_mb);
    SET (info, alloc_gpus, node->used_gpus);
    gres_node_show (node, true, &texts->gres_used);
    info->gres_used = texts->gres_used.data;
    gres_node_tres (node, false, &texts->gres_tres);
    info->gres_tres = texts->gres_tres.data;
    gres_node_tres (node, true, &texts->gres_used_tres);
    info->gres_used_tres = texts->gres_used_tres.data;
    SET (info, jobs, node->n_shares - node->n_held);
    SET_IF (info, last_seen_us, node->seen_us);
}

/* What people should know of it besides its state. */
static void put_notes (const struct core *core, const struct node *node, struct buf *out)
{
    _cleanup_free_ char *misfit = misfit_note (node);

    if (misfit)
        buf_puts (out, misfit);
    shun_note_node (core, node, out);
}

size_t core_nodes (const struct core *core, size_t cursor, size_t budget, core_node_fn fn, void *arg)
{
    size_t left = budget ? budget : SIZE_MAX;

    for (size_t i = cursor; i < core->nodes.n; i++) {
        _cleanup_ (node_texts_clear) struct node_texts texts = {0};
        Moisson__NodeInfo info = MOISSON__NODE_INFO__INIT;
        const struct node *node = core->nodes.list[i];
        _cleanup_buf_ struct buf note = BUF_INIT;

        if (!left--)
            return i;
        put_notes (core, node, &note);
        struct node_look look = node_look (node);
        bool maint;
        if (resv_node_reserved (core, node, &maint))
            look.flags |= NODE_RESERVED | (maint ? NODE_MAINTENANCE : 0);
        node_look_put (look, &texts.state);
        node_look_put_complete (look, &texts.complete);
        partitions_of (core, node, &texts.partitions);
        fill_conf (node, &info);
        if (node->facts)
            fill_facts (node->facts, &info);
        fill_use (node, &info, &texts);
        fill_reason (node, &info, &texts);
        info.state = texts.state.data;
        info.state_complete = texts.complete.data;
        info.partitions = texts.partitions.data;
        info.note = note.data;
        if (!fn (arg, &info))
            return i + 1 < core->nodes.n ? i + 1 : 0;
    }
    return 0;
}

/* What its nodes have together, and their names. */
static void fill_nodes (const struct core *core, const struct partition *partition, Moisson__PartitionInfo *info,
                        struct hostlist *names, struct gres_parts *gres)
{
    for (uint32_t i = 0; i < core->nodes.n; i++) {
        const struct node *node = core->nodes.list[i];
        if (node_left (node) || !(partition->nodes[i / 64] >> i % 64 & 1))
            continue;
        info->total_nodes++;
        info->total_cpus += node->cpus;
        info->total_mem_mb += node->mem_mb;
        info->total_gpus += node->gpus;
        for (uint32_t k = 0; k < node->n_gres; k++)
            gres_parts_add (gres, node->gres[k].kind, node->gres[k].total);
        hostlist_add (names, node_name (node));
    }
    info->has_total_nodes = info->has_total_cpus = info->has_total_mem_mb = info->has_total_gpus = true;
}

/* As it is configured; NULL = any. */
static char *rate_text (uint32_t n, uint64_t us, char *buf, size_t size)
{
    const char *unit = us == USEC_PER_SEC ? "s" : us == 60 * USEC_PER_SEC ? "min" : "h";

    if (!n)
        return NULL;
    snprintf (buf, size, "%" PRIu32 "/%s", n, unit);
    return buf;
}

/* Who may use it, and by which rules. */
static void fill_rules (const Moisson__PartitionConf *conf, Moisson__PartitionInfo *info)
{
    info->allow_accounts = conf->allow_accounts;
    info->n_allow_accounts = conf->n_allow_accounts;
    info->deny_accounts = conf->deny_accounts;
    info->n_deny_accounts = conf->n_deny_accounts;
    info->allow_qos = conf->allow_qos;
    info->n_allow_qos = conf->n_allow_qos;
    info->deny_qos = conf->deny_qos;
    info->n_deny_qos = conf->n_deny_qos;
    info->allow_groups = conf->allow_groups;
    info->qos = conf->qos;
    SET (info, job_factor, conf->has_job_factor ? conf->job_factor : 1);
    info->has_over_time_limit_s = conf->has_over_time_limit_s;
    info->over_time_limit_s = conf->over_time_limit_s;
}

void core_partitions (const struct core *core, core_partition_fn fn, void *arg)
{
    for (size_t i = 0; core->config && i < core->config->n_partitions; i++) {
        const struct partition *partition = partition_find (core, core->config->partitions[i]->name);
        const Moisson__PartitionConf *conf = partition->conf;
        _cleanup_hostlist_ struct hostlist *names = hostlist_create ();
        _cleanup_free_ char *text = NULL;
        _cleanup_buf_ struct buf tres = BUF_INIT;
        struct gres_parts gres = {0};
        char rates[2][32];
        Moisson__PartitionInfo info = MOISSON__PARTITION_INFO__INIT;

        fill_nodes (core, partition, &info, names, &gres);
        gres_parts_tres (&gres, &tres);
        gres_parts_clear (&gres);
        info.gres_tres = tres.data;
        hostlist_sort_unique (names);
        info.nodes = text = hostlist_compress (names);
        info.name = conf->name;
        SET (&info, is_default, core->partitions.standard == partition);
        info.state = conf->state ? conf->state : (char *) "UP";
        SET (&info, max_time_s, conf->max_time_s);
        SET (&info, default_time_s, conf->default_time_s);
        SET_IF (&info, def_mem_per_cpu_mb, conf->def_mem_per_cpu_mb);
        SET_IF (&info, def_mem_per_node_mb, conf->def_mem_per_node_mb);
        SET_IF (&info, max_mem_per_node_mb, conf->max_mem_per_node_mb);
        SET_IF (&info, max_mem_per_cpu_mb, conf->max_mem_per_cpu_mb);
        SET (&info, min_nodes, conf->min_nodes);
        SET (&info, max_nodes, conf->max_nodes);
        SET (&info, priority, conf->priority);
        info.preempt_mode = (char *) preempt_mode_word (preempt_mode_of (core, conf));
        SET_IF (&info, grace_s, conf->grace_s);
        info.start_rate = rate_text (conf->start_rate, conf->start_rate_us, rates[0], sizeof rates[0]);
        info.user_start_rate = rate_text (conf->user_start_rate, conf->user_start_rate_us, rates[1], sizeof rates[1]);
        SET_IF (&info, least_loaded, conf->place && !strcmp (conf->place, "place/spread"));
        fill_rules (conf, &info);
        fn (arg, &info);
    }
}

bool core_serves_uid (const struct core *core, uint32_t uid, bool *ret_own, uint32_t *ret_only)
{
    bool any = false;

    *ret_own = false;
    for (size_t i = 0; i < core->nodes.n; i++) {
        const Moisson__Register *facts = core->nodes.list[i]->facts;

        if (!facts)
            continue;
        *ret_own = facts->has_only_uid && facts->only_uid == uid;
        if (!facts->has_only_uid || *ret_own)
            return true;
        any = true;
        *ret_only = facts->only_uid;
    }
    return !any;
}
