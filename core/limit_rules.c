/* limit_rules.c - the table of limits. Words are those that squeue shows with Slurm. */
#include "core/limit_rules.h"

#define NUMBER(s, field, word)                                                                                         \
    {                                                                                                                  \
        .scope = (s), .at = offsetof (Moisson__Limits, field), .has = offsetof (Moisson__Limits, has_##field),         \
        .words = {                                                                                                     \
            word                                                                                                       \
        }                                                                                                              \
    }
#define TRES(s, field, ...)                                                                                            \
    {                                                                                                                  \
        .scope = (s), .at = offsetof (Moisson__Limits, field), .words = { __VA_ARGS__ }                                \
    }

static const struct limit_rule rules[] = {
    {LIMIT_SUBMIT, .of_lane = true, .qos = NUMBER (SCOPE_USER, max_submit_per_user, "QOSMaxSubmitJobPerUserLimit"),
     .assoc = NUMBER (SCOPE_USER, max_submit, "AssocMaxSubmitJobLimit")},
    {LIMIT_SUBMIT, .of_lane = true, .qos = NUMBER (SCOPE_ACCOUNT, max_submit_per_account, "MaxSubmitJobsPerAccount")},
    {LIMIT_SUBMIT, .of_lane = true, .every_level = true, .qos = NUMBER (SCOPE_ALL, grp_submit, "QOSGrpSubmitJobsLimit"),
     .assoc = NUMBER (SCOPE_ALL, grp_submit, "AssocGrpSubmitJobsLimit")},
    {LIMIT_JOBS, .of_lane = true, .qos = NUMBER (SCOPE_USER, max_jobs_per_user, "QOSMaxJobsPerUserLimit"),
     .assoc = NUMBER (SCOPE_USER, max_jobs, "AssocMaxJobsLimit")},
    {LIMIT_JOBS, .of_lane = true, .qos = NUMBER (SCOPE_ACCOUNT, max_jobs_per_account, "MaxJobsPerAccount")},
    {LIMIT_JOBS, .of_lane = true, .every_level = true, .qos = NUMBER (SCOPE_ALL, grp_jobs, "QOSGrpJobsLimit"),
     .assoc = NUMBER (SCOPE_ALL, grp_jobs, "AssocGrpJobsLimit")},
    {LIMIT_WALL_ALL, .of_lane = true, .every_level = true, .wide = true,
     .qos = NUMBER (SCOPE_ALL, grp_wall_s, "QOSGrpWallLimit"),
     .assoc = NUMBER (SCOPE_ALL, grp_wall_s, "AssocGrpWallLimit")},
    {LIMIT_WALL_EACH, .wide = true, .qos = NUMBER (SCOPE_JOB, max_wall_s, "QOSMaxWallDurationPerJobLimit"),
     .assoc = NUMBER (SCOPE_JOB, max_wall_s, "AssocMaxWallDurationPerJobLimit")},
    {LIMIT_LEAST, .by_tres = true,
     .qos = TRES (SCOPE_JOB, min_tres_per_job, "QOSMinCpuNotSatisfied", "QOSMinMemory", "QOSMinNode", "QOSMinGRES",
                  "QOSMinBilling")},
    {LIMIT_TRES, .by_tres = true,
     .qos = TRES (SCOPE_JOB, max_tres_per_job, "QOSMaxCpuPerJobLimit", "QOSMaxMemoryPerJob", "QOSMaxNodePerJobLimit",
                  "QOSMaxGRESPerJob", "QOSMaxBillingPerJob"),
     .assoc = TRES (SCOPE_JOB, max_tres_per_job, "AssocMaxCpuPerJobLimit", "AssocMaxMemPerJob",
                    "AssocMaxNodePerJobLimit", "AssocMaxGRESPerJob", "AssocMaxBillingPerJob")},
    {LIMIT_MINUTES_EACH, .by_tres = true,
     .qos = TRES (SCOPE_JOB, max_tres_mins_per_job, "QOSMaxCpuMinutesPerJobLimit", "QOSMaxMemoryMinutesPerJob",
                  "QOSMaxNodeMinutesPerJob", "QOSMaxGRESMinutesPerJob", "QOSMaxBillingMinutesPerJob"),
     .assoc = TRES (SCOPE_JOB, max_tres_mins_per_job, "AssocMaxCpuMinutesPerJobLimit", "AssocMaxMemMinutesPerJob",
                    "AssocMaxNodeMinutesPerJobLimit", "AssocMaxGRESMinutesPerJob", "AssocMaxBillingMinutesPerJob")},
    {LIMIT_TRES, .by_tres = true,
     .qos = TRES (SCOPE_USER, max_tres_per_user, "QOSMaxCpuPerUserLimit", "QOSMaxMemoryPerUser",
                  "QOSMaxNodePerUserLimit", "QOSMaxGRESPerUser", "QOSMaxBillingPerUser")},
    {LIMIT_TRES, .by_tres = true,
     .qos = TRES (SCOPE_ACCOUNT, max_tres_per_account, "MaxCpuPerAccount", "MaxMemoryPerAccount", "MaxNodePerAccount",
                  "MaxGRESPerAccount", "MaxBillingPerAccount")},
    {LIMIT_TRES, .by_tres = true, .every_level = true,
     .qos = TRES (SCOPE_ALL, grp_tres, "QOSGrpCpuLimit", "QOSGrpMemLimit", "QOSGrpNodeLimit", "QOSGrpGRES",
                  "QOSGrpBilling"),
     .assoc = TRES (SCOPE_ALL, grp_tres, "AssocGrpCpuLimit", "AssocGrpMemLimit", "AssocGrpNodeLimit", "AssocGrpGRES",
                    "AssocGrpBilling")},
    {LIMIT_MINUTES, .by_tres = true, .every_level = true,
     .qos = TRES (SCOPE_ALL, grp_tres_mins, "QOSGrpCPUMinutesLimit", "QOSGrpMemMinutes", "QOSGrpNodeMinutes",
                  "QOSGrpGRESMinutes", "QOSGrpBillingMinutes"),
     .assoc = TRES (SCOPE_ALL, grp_tres_mins, "AssocGrpCPUMinutesLimit", "AssocGrpMemMinutes", "AssocGrpNodeMinutes",
                    "AssocGrpGRESMinutes", "AssocGrpBillingMinutes")},
};

const struct limit_rule *limit_rules (size_t *ret_n)
{
    *ret_n = sizeof rules / sizeof *rules;
    return rules;
}

uint64_t limit_value (const struct limit_rule *rule, const struct limit_side *side, const Moisson__Limits *limits,
                      enum tres tres)
{
    const char *base = (const char *) limits;

    if (!limits || !side->words[0])
        return TRES_ANY;
    if (rule->by_tres) {
        uint64_t value = tres_of (*(Moisson__Tres *const *) (base + side->at), tres);
        bool minutes = rule->kind == LIMIT_MINUTES || rule->kind == LIMIT_MINUTES_EACH;
        return tres == TRES_BILLING && minutes && value != TRES_ANY ? value / 1000 : value;
    }
    if (!*(const protobuf_c_boolean *) (base + side->has))
        return TRES_ANY;
    return rule->wide ? *(const uint64_t *) (base + side->at) : *(const uint32_t *) (base + side->at);
}
