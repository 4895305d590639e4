/* show_assoc.c - associations and QoS as `scontrol show assoc_mgr` prints them: each limit with what is used of it,
 * 10(3); N is no limit. */
#include <inttypes.h>
#include "base/accounts_keys.h"
#include "show.h"

#define PRINT(name)                                                                                                    \
    static void name (struct buf *out, const void *row, const struct show_style *style __attribute__ ((unused)))

enum { CPU, MEM, NODE, GPU, BILLING, KINDS }; /* as AssocInfo counts */

static const struct show_assoc_row *of (const void *row)
{
    return row;
}

static const Moisson__AssocInfo *info_of (const void *row)
{
    return of (row)->info;
}

/* Where nothing is said, every has_ is false. */
static const Moisson__Limits *limits_of (const void *row)
{
    static const Moisson__Limits none = {.base = {&moisson__limits__descriptor, 0, NULL}};

    return of (row)->limits ? of (row)->limits : &none;
}

static double use_of (const double *list, size_t n, size_t kind)
{
    return kind < n ? list[kind] : 0;
}

PRINT (cluster)
{
    show_plain (out, of (row)->cluster);
}

PRINT (account)
{
    show_plain (out, info_of (row)->account && *info_of (row)->account ? info_of (row)->account : "(none)");
}

PRINT (user)
{
    show_plain (out, info_of (row)->user ? info_of (row)->user : "");
}

PRINT (parent)
{
    show_plain (out, info_of (row)->parent ? info_of (row)->parent : "");
}

PRINT (priority)
{
    buf_puts (out, of (row)->priority);
}

PRINT (id)
{
    buf_printf (out, "%" PRIu32, info_of (row)->id);
}

PRINT (shares)
{
    const Moisson__AssocInfo *a = info_of (row);

    if (a->shares_parent)
        buf_puts (out, "parent");
    else
        buf_printf (out, "%" PRIu32, a->shares);
    buf_printf (out, "/%.2f/", a->norm_shares);
    if (a->level_fs > 1e300)
        buf_puts (out, "inf");
    else
        buf_printf (out, "%.2f", a->level_fs);
    buf_printf (out, "/%.2f", a->fairshare);
}

PRINT (usage)
{
    const Moisson__AssocInfo *a = info_of (row);

    buf_printf (out, "%.2f/%.2f/%.2f", use_of (a->used, a->n_used, BILLING), a->parent ? a->effective_usage : 1.0,
                a->parent ? a->norm_usage : 1.0);
}

PRINT (usage_raw)
{
    buf_printf (out, "%.6f", use_of (info_of (row)->used, info_of (row)->n_used, BILLING));
}

PRINT (is_default)
{
    buf_puts (out, of (row)->is_default ? "Yes" : "No");
}

/* --- of all together: limit(use) --- */

static void put_limit (struct buf *out, bool has, uint64_t limit)
{
    if (has)
        buf_printf (out, "%" PRIu64, limit);
    else
        buf_putc (out, 'N');
}

PRINT (grp_jobs)
{
    put_limit (out, limits_of (row)->has_grp_jobs, limits_of (row)->grp_jobs);
    buf_printf (out, "(%" PRIu64 ")", info_of (row)->jobs);
}

PRINT (grp_submit)
{
    put_limit (out, limits_of (row)->has_grp_submit, limits_of (row)->grp_submit);
    buf_printf (out, "(%" PRIu64 ")", info_of (row)->submitted);
}

PRINT (grp_wall)
{
    put_limit (out, limits_of (row)->has_grp_wall_s, limits_of (row)->grp_wall_s / 60);
    buf_printf (out, "(%.2f)", info_of (row)->wall_s / 60);
}

/* limits may be NULL; use is that of each kind. */
static void put_tres (struct buf *out, const Moisson__Tres *limits, const double use[KINDS])
{
    static const Moisson__Tres none = {.base = {&moisson__tres__descriptor, 0, NULL}};
    const Moisson__Tres *t = limits ? limits : &none;
    const struct {
        const char *name;
        bool has;
        uint64_t limit;
    } kinds[KINDS] = {[CPU] = {"cpu", t->has_cpu, t->cpu},
                      [MEM] = {"mem", t->has_mem_mb, t->mem_mb},
                      [NODE] = {"node", t->has_node, t->node},
                      [GPU] = {"gres/gpu", t->has_gpu, t->gpu},
                      [BILLING] = {"billing", t->has_billing, t->billing}};

    for (size_t i = 0; i < KINDS; i++) {
        buf_printf (out, "%s%s=", i ? "," : "", kinds[i].name);
        put_limit (out, kinds[i].has, kinds[i].limit);
        buf_printf (out, "(%.0f)", use[i]);
    }
}

PRINT (grp_tres)
{
    double use[KINDS] = {0};

    for (size_t i = 0; i < KINDS && i < info_of (row)->n_tres; i++)
        use[i] = (double) info_of (row)->tres[i];
    put_tres (out, limits_of (row)->grp_tres, use);
}

static void put_minutes (struct buf *out, const Moisson__Tres *limits, const double *seconds, size_t n)
{
    double use[KINDS];

    for (size_t i = 0; i < KINDS; i++)
        use[i] = use_of (seconds, n, i) / 60;
    put_tres (out, limits, use);
}

PRINT (grp_tres_mins)
{
    put_minutes (out, limits_of (row)->grp_tres_mins, info_of (row)->used, info_of (row)->n_used);
}

PRINT (grp_run_mins)
{
    put_minutes (out, NULL, info_of (row)->ahead, info_of (row)->n_ahead);
}

/* --- of each: the limit, or nothing --- */

#define PRINT_LIMIT(name, field, divisor)                                                                              \
    PRINT (name)                                                                                                       \
    {                                                                                                                  \
        if (limits_of (row)->has_##field)                                                                              \
            buf_printf (out, "%" PRIu64, (uint64_t) limits_of (row)->field / (divisor));                               \
    }
#define PRINT_TRES(name)                                                                                               \
    PRINT (name)                                                                                                       \
    {                                                                                                                  \
        if (limits_of (row)->name)                                                                                     \
            tres_text (limits_of (row)->name, out);                                                                    \
    }

PRINT_LIMIT (max_jobs, max_jobs, 1)
PRINT_LIMIT (max_submit, max_submit, 1)
PRINT_LIMIT (max_wall, max_wall_s, 60)
PRINT_LIMIT (max_jobs_user, max_jobs_per_user, 1)
PRINT_LIMIT (max_submit_user, max_submit_per_user, 1)
PRINT_LIMIT (max_jobs_account, max_jobs_per_account, 1)
PRINT_LIMIT (max_submit_account, max_submit_per_account, 1)
PRINT_TRES (max_tres_per_job)
PRINT_TRES (max_tres_mins_per_job)
PRINT_TRES (max_tres_per_user)
PRINT_TRES (max_tres_per_account)
PRINT_TRES (min_tres_per_job)

static const struct show_field assoc_fields[] = {
    {"ClusterName", true, NULL, cluster},
    {"Account", false, NULL, account},
    {"UserName", false, NULL, user},
    {"Partition", false, ""},
    {"Priority", false, NULL, priority},
    {"ID", false, NULL, id},
    {"SharesRaw/Norm/Level/Factor", true, NULL, shares},
    {"UsageRaw/Norm/Efctv", true, NULL, usage},
    {"ParentAccount", true, NULL, parent},
    {"DefAssoc", false, NULL, is_default},
    {"GrpJobs", true, NULL, grp_jobs},
    {"GrpSubmitJobs", false, NULL, grp_submit},
    {"GrpWall", false, NULL, grp_wall},
    {"GrpTRES", true, NULL, grp_tres},
    {"GrpTRESMins", true, NULL, grp_tres_mins},
    {"GrpTRESRunMins", true, NULL, grp_run_mins},
    {"MaxJobs", true, NULL, max_jobs},
    {"MaxSubmitJobs", false, NULL, max_submit},
    {"MaxWallPJ", false, NULL, max_wall},
    {"MaxTRESPJ", true, NULL, max_tres_per_job},
    {"MaxTRESMinsPJ", true, NULL, max_tres_mins_per_job},
};

PRINT (qos_name)
{
    show_plain (out, info_of (row)->qos);
    buf_printf (out, "(%" PRIu32 ")", info_of (row)->id);
}

PRINT (preempt)
{
    const Moisson__Qos *qos = of (row)->qos;

    for (size_t i = 0; qos && i < qos->n_preempt; i++) {
        buf_puts (out, i ? "," : "");
        show_plain (out, qos->preempt[i]);
    }
}

PRINT (preempt_mode)
{
    const Moisson__Qos *qos = of (row)->qos;

    show_plain (out, qos && qos->preempt_mode ? qos->preempt_mode : "cluster");
}

static const struct show_field qos_fields[] = {
    {"QOS", true, NULL, qos_name},
    {"UsageRaw", true, NULL, usage_raw},
    {"GrpJobs", true, NULL, grp_jobs},
    {"GrpSubmitJobs", false, NULL, grp_submit},
    {"GrpWall", false, NULL, grp_wall},
    {"GrpTRES", true, NULL, grp_tres},
    {"GrpTRESMins", true, NULL, grp_tres_mins},
    {"GrpTRESRunMins", true, NULL, grp_run_mins},
    {"MaxWallPJ", true, NULL, max_wall},
    {"MaxTRESPJ", true, NULL, max_tres_per_job},
    {"MaxTRESMinsPJ", true, NULL, max_tres_mins_per_job},
    {"MinTRESPJ", true, NULL, min_tres_per_job},
    {"MaxJobsPU", true, NULL, max_jobs_user},
    {"MaxSubmitJobsPU", false, NULL, max_submit_user},
    {"MaxTRESPU", false, NULL, max_tres_per_user},
    {"MaxJobsPA", true, NULL, max_jobs_account},
    {"MaxSubmitJobsPA", false, NULL, max_submit_account},
    {"MaxTRESPA", false, NULL, max_tres_per_account},
    {"Preempt", true, NULL, preempt},
    {"PreemptMode", false, NULL, preempt_mode},
    {"Priority", false, NULL, priority},
};

void show_assoc (struct buf *out, const struct show_assoc_row *row, const struct show_style *style)
{
    show_record (out, assoc_fields, sizeof assoc_fields / sizeof *assoc_fields, row, style);
}

void show_qos (struct buf *out, const struct show_assoc_row *row, const struct show_style *style)
{
    show_record (out, qos_fields, sizeof qos_fields / sizeof *qos_fields, row, style);
}
