/* admit.c - may this submit be accepted? A list of checks, each one sentence: Slurm's words first, then the numbers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/hostlist.h"
#include "base/retry.h"
#include "base/mail.h"
#include "base/units.h"
#include "core/admit.h"
#include "core/payer.h"
#include "core/constraint.h"
#include "core/state.h"
#include "core/view.h"

#define RANGES_MOST 4096
#define SCATTER_MOST (16u << 20) /* some 0.3 s */
#define DEPENDS_MOST 1024

struct request {
    const struct core *core;
    const Moisson__JobSpec *spec;
    const struct partition *partition;
    usec_t now;
    uint64_t before; /* of the same user, in the same bulk */
};

static int check_count (const struct request *r, struct err *err)
{
    if (r->core->stats.jobs + r->core->folded + r->before < r->core->config->max_job_count)
        return 0;
    err_set (
        err, MOISSON__FAIL_CODE__FAIL_TOO_MANY_JOBS,
        "Slurm temporarily unable to accept job, sleeping and retrying: the maximum number of jobs is in the queue "
        "(MaxJobCount=%u; an array counts as one)",
        r->core->config->max_job_count);
    return err_fix (err, "try again later, or submit one array instead of many jobs");
}

static int check_partition (const struct request *r, struct err *err)
{
    const char *asked = r->spec->partition;

    if (!r->partition && (!asked || !*asked)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_PARTITION,
                 "No partition specified or system default partition: no partition is marked Default=YES");
        return err_fix (err, "name one with -p (see: sinfo)");
    }
    if (!r->partition) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_PARTITION, "invalid partition specified: %s", asked);
        return err_fix (err, strchr (asked, ',') ? "name one partition, not a list" : "see: sinfo");
    }
    if (partition_accepts (r->partition))
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_PARTITION_DOWN,
             "Required partition not available (inactive or drain): partition %s is %s", r->partition->name,
             r->partition->conf->state);
    return err_fix (err, "use another partition (see: sinfo), or wait until it is UP");
}

static int check_time_min (const struct request *r, struct err *err)
{
    const Moisson__JobSpec *spec = r->spec;
    char least[32], limit[32];

    if (!spec->time_min_s || !spec->time_limit_s || spec->time_min_s <= spec->time_limit_s)
        return 0;
    duration_format (spec->time_min_s, least, sizeof least);
    duration_format (spec->time_limit_s, limit, sizeof limit);
    err_set (err, MOISSON__FAIL_CODE__FAIL_TIME_LIMIT,
             "Requested time limit is invalid (missing or exceeds some limit): at least %s asked, at most %s", least,
             limit);
    return err_fix (err, "ask a --time-min not above --time");
}

static int check_time (const struct request *r, struct err *err)
{
    uint64_t most = r->partition->conf->max_time_s;
    char asked[32], limit[32];

    if (!most || !r->spec->has_time_limit_s || (r->spec->time_limit_s && r->spec->time_limit_s <= most))
        return 0;
    duration_format (most, limit, sizeof limit);
    if (r->spec->time_limit_s)
        duration_format (r->spec->time_limit_s, asked, sizeof asked);
    else
        strcpy (asked, "UNLIMITED");
    err_set (err, MOISSON__FAIL_CODE__FAIL_TIME_LIMIT,
             "Requested time limit is invalid (missing or exceeds some limit): %s asked, partition %s allows %s", asked,
             r->partition->name, limit);
    return err_fix (err, "ask --time=%s or less, or use another partition (see: sinfo -o '%%P %%l')", limit);
}

/* What it costs to keep the ids: every range goes through all the pieces that were there before it, and a step makes
 * each id a piece. */
static int check_scatter (const Moisson__JobSpec *spec, struct err *err)
{
    uint64_t pieces = 0, work = 0;

    for (size_t i = 0; i < spec->n_array && i < RANGES_MOST; i++) {
        const Moisson__Range *range = spec->array[i];
        pieces += range->step > 1 ? (range->last - range->first) / range->step + 1 : 1;
        work += pieces;
    }
    if (spec->n_array <= RANGES_MOST && work <= SCATTER_MOST)
        return 0;
    err_set (
        err, MOISSON__FAIL_CODE__FAIL_ARRAY_SIZE,
        "Invalid job array specification: %zu ranges, which make too many pieces (at most %d ranges, and few of them "
        "with a step in a large array)",
        spec->n_array, RANGES_MOST);
    return err_fix (err, "use few wide ranges, or split the array");
}

static int check_array (const struct request *r, struct err *err)
{
    uint32_t size = r->core->config->max_array_size < TASK_INDEX_END ? r->core->config->max_array_size : TASK_INDEX_END;

    for (size_t i = 0; i < r->spec->n_array; i++) {
        const Moisson__Range *range = r->spec->array[i];
        if (range->first <= range->last && range->last < size)
            continue;
        err_set (err, MOISSON__FAIL_CODE__FAIL_ARRAY_SIZE,
                 "Invalid job array specification: task ids %u-%u, the highest allowed is %u (MaxArraySize=%u)",
                 range->first, range->last, size - 1, size);
        return err_fix (err, "use lower ids, or split the array");
    }
    return check_scatter (r->spec, err);
}

static int check_depends (const struct request *r, struct err *err)
{
    if (r->spec->n_depends > DEPENDS_MOST) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "the job depends on %zu others, at most %d are taken",
                 r->spec->n_depends, DEPENDS_MOST);
        return err_fix (err, "let it depend on one job that depends on some of them, or on an array");
    }
    for (size_t i = 0; i < r->spec->n_depends; i++) {
        const Moisson__Dependency *d = r->spec->depends[i];
        if (d->type == MOISSON__DEPEND_TYPE__DEP_SINGLETON ||
            (d->has_job_id && d->job_id && d->job_id < r->core->next_id))
            continue;
        err_set (err, MOISSON__FAIL_CODE__FAIL_DEPENDENCY, "Job dependency problem: there has been no job %lu yet",
                 (unsigned long) d->job_id);
        return err_fix (err, "depend on a job that was submitted before");
    }
    return 0;
}

/* What the largest node of the partition has, for the sentence. */
static const struct node *largest (const struct request *r, uint64_t (*size) (const struct node *node))
{
    const struct node *most = NULL;

    for (uint32_t i = 0; i < r->core->nodes.n; i++)
        if (r->partition->nodes[i / 64] >> i % 64 & 1 && (!most || size (r->core->nodes.list[i]) > size (most)))
            most = r->core->nodes.list[i];
    return most;
}

static uint64_t size_cpus (const struct node *node)
{
    return node->cpus;
}

static uint64_t size_mem (const struct node *node)
{
    return node->mem_mb;
}

static int refuse_amount (const char *what, const char *option, const char *asked, const struct node *most,
                          const char *has, struct err *err)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
             "Requested node configuration is not available: %s %s on one node asked, the largest (%s) has %s", asked,
             what, most ? node_name (most) : "there is none", has);
    return err_fix (err, "ask %s%s or less, or use another partition (see: sinfo -o '%%P %%n %%c %%m %%G')", option,
                    has);
}

static int refuse_size (const char *what, const char *option, uint64_t asked, const struct node *most, uint64_t has,
                        struct err *err)
{
    char asked_text[32], has_text[32];

    snprintf (asked_text, sizeof asked_text, "%" PRIu64, asked);
    snprintf (has_text, sizeof has_text, "%" PRIu64, has);
    return refuse_amount (what, option, asked_text, most, has_text, err);
}

static int refuse_memory (const char *option, uint64_t asked_mb, const struct node *most, struct err *err)
{
    char asked[32], has[32];

    return refuse_amount ("of memory", option, mem_format (asked_mb, asked, sizeof asked), most,
                          mem_format (most->mem_mb, has, sizeof has), err);
}

/* No node is too small by itself: together they are, or they are too few. */
static int refuse_shape (const struct request *r, const struct demand *demand, struct err *err)
{
    char least[32] = "";
    uint32_t nodes = demand->max_nodes;

    if (demand->min_nodes < demand->max_nodes)
        snprintf (least, sizeof least, "%" PRIu32 " to ", demand->min_nodes);
    err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
             "Requested node configuration is not available: %" PRIu32 " task%s of %" PRIu32 " cpu%s on %s%" PRIu32
             " node%s do%s not fit partition %s even when it is empty",
             demand->ntasks, demand->ntasks == 1 ? "" : "s", demand->cpus_per_task,
             demand->cpus_per_task == 1 ? "" : "s", least, nodes, nodes == 1 ? "" : "s",
             demand->ntasks == 1 ? "es" : "", r->partition->name);
    return err_fix (err, "ask fewer tasks, cpus, memory or nodes, or drop --nodelist and --exclude");
}

static uint64_t size_disk (const struct node *node)
{
    return node->facts ? node->facts->tmp_disk_mb : UINT64_MAX; /* not known yet: it may do */
}

static int explain_disk (const struct demand *demand, const struct request *r, struct err *err)
{
    const struct node *disk = demand->tmp_mb ? largest (r, size_disk) : NULL;
    char asked[32], has[32];

    if (!disk || demand->tmp_mb <= size_disk (disk))
        return 0;
    return refuse_amount ("of temporary disk", "--tmp=", mem_format (demand->tmp_mb, asked, sizeof asked), disk,
                          mem_format (size_disk (disk), has, sizeof has), err);
}

static int explain_size (const struct request *r, const struct demand *demand, struct err *err)
{
    const struct node *cpus = largest (r, size_cpus), *mem = largest (r, size_mem);
    uint64_t on_one = demand->max_nodes > 1 ? demand->cpus_per_task : (uint64_t) demand->ntasks * demand->cpus_per_task;
    uint64_t mem_mb = demand->mem_kind == MEM_CPU ? demand->mem_mb * demand->cpus_per_task : demand->mem_mb;

    if (!cpus || on_one > cpus->cpus)
        return refuse_size ("cpus", demand->max_nodes > 1 ? "-c " : "in all ", on_one, cpus, cpus ? cpus->cpus : 0,
                            err);
    if (demand->min_cpus > cpus->cpus)
        return refuse_size ("cpus", "--mincpus=", demand->min_cpus, cpus, cpus->cpus, err);
    if (explain_disk (demand, r, err))
        return -1;
    if (mem_mb > mem->mem_mb)
        return refuse_memory (demand->mem_kind == MEM_CPU ? "in all " : "--mem=", mem_mb, mem, err);
    if (gres_explain (r->core, r->spec, demand, err))
        return -1;
    return refuse_shape (r, demand, err);
}

/* "rack1*2&rack2*2" with --nodes=3 */
static int check_counted (const struct request *r, const struct demand *demand, struct err *err)
{
    uint32_t most = r->spec->has_max_nodes && r->spec->max_nodes ? r->spec->max_nodes : r->spec->min_nodes;
    uint32_t counted = demand->constraint ? constraint_nodes (demand->constraint) : 0;

    if (!r->spec->has_min_nodes || counted <= most)
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
             "Requested node configuration is not available: the constraint \"%s\" is for %u nodes, and at most %u are "
             "asked",
             demand->constraint, counted, most);
    return err_fix (err, "ask --nodes=%u, or for fewer of each feature", counted);
}

static int check_node_counts (const struct request *r, const struct demand *demand, struct err *err)
{
    uint32_t most = r->partition->conf->max_nodes, least = r->partition->conf->min_nodes;
    uint32_t asked = demand->min_nodes;

    if ((!most || asked <= most) && (!least || demand->max_nodes >= least))
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
             "Node count specification invalid: %u nodes asked, partition %s allows %u to %u", asked,
             r->partition->name, least ? least : 1, most ? most : UINT32_MAX);
    return err_fix (err, "ask --nodes within these, or use another partition (see: sinfo)");
}

static int refuse_limit (const struct request *r, const char *option, uint64_t asked_mb, uint64_t most_mb,
                         const char *where, struct err *err)
{
    char asked[32], allowed[32];

    mem_format (asked_mb, asked, sizeof asked);
    mem_format (most_mb, allowed, sizeof allowed);
    return err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
                    "Memory required by task is not available: %s%s asked, partition %s allows %s %s", option, asked,
                    r->partition->name, allowed, where);
}

/* MaxMemPerNode: of one node the job has at least one task, or all of them where they are on one. */
static int check_memory (const struct request *r, const struct demand *demand, struct err *err)
{
    uint64_t most = r->partition->conf->max_mem_per_node_mb, asked = demand->mem_mb;
    uint64_t tasks = demand->max_nodes > 1 ? 1 : demand->ntasks;
    char allowed[32];

    if (!most || (demand->mem_kind != MEM_NODE && demand->mem_kind != MEM_CPU))
        return 0;
    if (demand->mem_kind == MEM_CPU)
        asked *= tasks * demand->cpus_per_task;
    if (asked <= most)
        return 0;
    refuse_limit (r, demand->mem_kind == MEM_CPU ? "in all " : "--mem=", asked, most, "on a node", err);
    return err_fix (err, "ask --mem=%s or less, or use another partition", mem_format (most, allowed, sizeof allowed));
}

/* MaxMemPerCPU: memory beyond it would leave CPUs without any. */
static int check_memory_per_cpu (const struct request *r, const struct demand *demand, struct err *err)
{
    uint64_t most = r->partition->conf->max_mem_per_cpu_mb, asked = demand->mem_mb;
    uint64_t cpus = (uint64_t) demand->ntasks * demand->cpus_per_task;
    char allowed[32];

    if (!most || demand->exclusive || (demand->mem_kind != MEM_NODE && demand->mem_kind != MEM_CPU))
        return 0;
    if (demand->mem_kind == MEM_CPU)
        cpus = 1;
    else if (demand->max_nodes > 1) /* a node may have to do with one task */
        cpus = demand->tasks_per_node ? (uint64_t) demand->tasks_per_node * demand->cpus_per_task
                                      : (cpus + demand->min_nodes - 1) / demand->min_nodes;
    if (asked <= most * cpus)
        return 0;
    mem_format (most, allowed, sizeof allowed);
    if (demand->mem_kind == MEM_CPU) {
        refuse_limit (r, "--mem-per-cpu=", asked, most, "for each CPU", err);
        return err_fix (err, "ask --mem-per-cpu=%s or less, and more CPUs with -c", allowed);
    }
    refuse_limit (r, "--mem=", asked, most, "for each CPU", err);
    return err_fix (err, "ask for %" PRIu64 " CPUs (-c), or less memory", (asked + most - 1) / most);
}

static int check_features (const struct request *r, const struct demand *demand, const struct places *places,
                           struct err *err)
{
    bool none = demand->constraint != NULL;

    for (uint32_t i = 0; i < r->core->nodes.words; i++)
        none = none && !places->mask[i];
    if (!none)
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
             "Requested node configuration is not available: no node of partition %s that it may use has the features "
             "\"%s\"",
             r->partition->name, demand->constraint);
    return err_fix (err, "see what they have: sinfo -o '%%P %%n %%f'");
}

/* A reservation binds its jobs to its nodes. */
static int keep_in_reservation (const struct request *r, struct places *places, struct err *err)
{
    const struct resv *resv = resv_find (r->core, r->spec->reservation);

    if (!resv || resv->msg->flags & (RESV_FLEX | RESV_ANY_NODES))
        return 0;
    for (size_t w = 0; w < r->core->nodes.words; w++)
        places->mask[w] &= w < resv->words ? resv->mask[w] : 0;
    for (size_t i = 0; i < places->n_must; i++) {
        uint32_t at = places->must[i]->index;
        if (places->mask[at / 64] >> at % 64 & 1)
            continue;
        err_set (err, MOISSON__FAIL_CODE__FAIL_NODE_CONFIG,
                 "Requested node configuration is not available: node %s is not in reservation %s",
                 node_name (places->must[i]), resv->msg->name);
        return err_fix (err, "see its nodes: scontrol show reservation %s", resv->msg->name);
    }
    return 0;
}

static int check_resources (const struct request *r, struct err *err)
{
    _cleanup_fit_ struct fit fit = {0};
    struct places places;
    struct demand demand;
    int rc;

    demand_of (r->core, r->partition, r->spec, &demand);
    if (check_counted (r, &demand, err) || check_node_counts (r, &demand, err) || check_memory (r, &demand, err) ||
        check_memory_per_cpu (r, &demand, err) || places_of (r->core, &demand, &places, err))
        return -1;
    if (keep_in_reservation (r, &places, err) || check_features (r, &demand, &places, err)) {
        places_clear (&places);
        return -1;
    }
    rc = fit_find (r->core, &demand, &places, FIT_EMPTY, &fit);
    places_clear (&places);
    return rc == FIT_E_NO ? explain_size (r, &demand, err) : 0;
}

static int check_retry (const struct request *r, struct err *err)
{
    return retry_check (r->spec, err);
}

static int check_gres (const struct request *r, struct err *err)
{
    if (r->spec->n_gres_asks <= GRES_A_JOB)
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC,
             "Invalid generic resource (gres) specification: %zu kinds asked, %d are the most", r->spec->n_gres_asks,
             GRES_A_JOB);
    return err_fix (err, "ask for fewer names and types");
}

static int check_mail (const struct request *r, struct err *err)
{
    const char *user = r->spec->mail_user;

    if (!user || !*user || mail_address_ok (user))
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "--mail-user=%.80s is no address", user);
    return err_fix (err, "write an address or a user name, or some joined by commas");
}

static int check_deadline (const struct request *r, struct err *err)
{
    const Moisson__JobSpec *spec = r->spec;
    const struct partition *partition = r->partition;
    usec_t at = spec->has_begin_us && spec->begin_us > r->now ? spec->begin_us : r->now;
    uint64_t least = spec->time_min_s ? spec->time_min_s : partition_time_limit (partition, spec);
    char deadline[64], end[64];

    if (!spec->deadline_us)
        return 0;
    time_format (spec->deadline_us, NULL, "", deadline, sizeof deadline);
    if (spec->deadline_us <= r->now) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "Requested deadline is in the past: %s", deadline);
        return err_fix (err, "give a later --deadline");
    }
    if (at + least * USEC_PER_SEC <= spec->deadline_us)
        return 0;
    time_format (at + least * USEC_PER_SEC, NULL, "", end, sizeof end);
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC,
             "Requested deadline cannot be met: the job could end at %s at the earliest, its deadline is %s", end,
             deadline);
    return err_fix (err, "give a later --deadline, a shorter --time or --time-min, or an earlier --begin");
}

static int check_licences (const struct request *r, struct err *err)
{
    return licence_check (r->core, r->spec->licenses, err);
}

static int check_reservation (const struct request *r, struct err *err)
{
    return resv_check (r->core, r->spec, NULL, err);
}

int core_admit_reservation (const struct core *core, const Moisson__JobSpec *spec, const char *user, struct err *err)
{
    return core->config ? resv_check (core, spec, user, err) : 0;
}

int admit_changed (const struct core *core, const Moisson__JobSpec *spec, const struct admit_what *what, usec_t now,
                   struct err *err)
{
    struct request r = {.core = core, .spec = spec, .partition = partition_of_spec (core, spec), .now = now};

    if (what->partition && check_partition (&r, err))
        return -1;
    if (!r.partition)
        return 0; /* it waits in one that has left the configuration */
    if ((what->time && check_time (&r, err)) || (what->deadline && check_deadline (&r, err)) ||
        (what->depends && check_depends (&r, err)) ||
        (what->resources && (check_gres (&r, err) || check_licences (&r, err) || check_reservation (&r, err) ||
                             check_resources (&r, err))))
        return -1;
    return 0;
}

/* A name that no node has is a slip. Later a node may leave the configuration: such a job still runs. */
static int check_excluded (const struct request *r, struct err *err)
{
    _cleanup_hostlist_ struct hostlist *names = NULL;

    if (!r->spec->exclude || !*r->spec->exclude)
        return 0;
    if (hostlist_parse (&names, r->spec->exclude, err))
        return err_what (err, "Invalid node name specified");
    for (size_t i = 0; i < hostlist_count (names); i++)
        if (!node_find (r->core, hostlist_nth (names, i))) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_NODE, "Invalid node name specified: there is no node %s",
                     hostlist_nth (names, i));
            return err_fix (err, "exclude nodes of the cluster (see: sinfo -N)");
        }
    return 0;
}

/* Tasks that it brings. */
static uint64_t tasks_of (const Moisson__JobSpec *spec)
{
    uint64_t n = 0;

    for (size_t i = 0; i < spec->n_array; i++)
        n += (spec->array[i]->last - spec->array[i]->first) / (spec->array[i]->step ? spec->array[i]->step : 1) + 1;
    return spec->n_array ? n : 1;
}

int core_admit_behind (const struct core *core, const Moisson__JobSpec *spec, const struct submitter *who, usec_t now,
                       uint64_t before, struct err *err)
{
    static int (*const checks[]) (const struct request *r, struct err *err) = {
        check_count,    check_partition,   check_time_min, check_time, check_array, check_depends,   check_deadline,
        check_licences, check_reservation, check_retry,    check_gres, check_mail,  check_resources, check_excluded,
    };
    Moisson__JobSpec settled = *spec;
    struct request request = {.core = core, .spec = spec, .now = now, .before = before};

    if (!core->config)
        return err_set (err, 0, "the controller has no configuration yet");
    request.partition = partition_of_spec (core, spec);
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (checks[i](&request, err))
            return -1;
    if (!who)
        return 0;
    payer_settle (core, who->user, &settled);
    return admit_payer (core, who, &settled, who->tasks_before + tasks_of (spec), now, err);
}

int core_admit (const struct core *core, const Moisson__JobSpec *spec, const struct submitter *who, usec_t now,
                struct err *err)
{
    return core_admit_behind (core, spec, who, now, 0, err);
}
