/* accounts_keys.c - the table of keys, and values in and out. */
#include "base/accounts_keys.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

enum value_kind {
    VALUE_NUMBER,  /* uint32_t in Limits */
    VALUE_TIME,    /* uint64_t seconds in Limits, written as a time limit */
    VALUE_TRES,    /* Tres in Limits */
    VALUE_ONE,     /* one number of a Tres in Limits */
    VALUE_SPECIAL, /* set and show say how */
};

struct accounts_key {
    const char *name, *also; /* other words for it, with blanks between; NULL */
    int kinds;
    enum value_kind value;
    size_t at;  /* in Limits */
    size_t one; /* VALUE_ONE: in Tres */
    int (*set) (const struct accounts_entry *entry, char sign, const char *value, struct err *err);
    void (*show) (const struct accounts_entry *entry, struct buf *out);
    const char *help;
};

static int refuse (struct err *err, const char *fix, const char *value, const char *what)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "\"%.60s\" is no %s", value, what);
    return err_fix (err, "%s", fix);
}

static bool is_nothing (const char *value)
{
    return !*value || !strcmp (value, "-1");
}

/* --- TRES -----------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    size_t has, at;
} tres_fields[] = {
    {"cpu", offsetof (Moisson__Tres, has_cpu), offsetof (Moisson__Tres, cpu)},
    {"mem", offsetof (Moisson__Tres, has_mem_mb), offsetof (Moisson__Tres, mem_mb)},
    {"node", offsetof (Moisson__Tres, has_node), offsetof (Moisson__Tres, node)},
    {"gres/gpu", offsetof (Moisson__Tres, has_gpu), offsetof (Moisson__Tres, gpu)},
    {"billing", offsetof (Moisson__Tres, has_billing), offsetof (Moisson__Tres, billing)},
};
#define N_TRES_FIELDS (sizeof tres_fields / sizeof *tres_fields)

static protobuf_c_boolean *tres_has (Moisson__Tres *tres, size_t i)
{
    return (protobuf_c_boolean *) ((char *) tres + tres_fields[i].has);
}

static uint64_t *tres_at (Moisson__Tres *tres, size_t i)
{
    return (uint64_t *) ((char *) tres + tres_fields[i].at);
}

static int one_parse (size_t i, const char *value, uint64_t *ret, struct err *err)
{
    if (!strcmp (tres_fields[i].name, "mem"))
        return mem_parse (value, ret, err);
    return number_parse (value, tres_fields[i].name, 0, 1ULL << 50, ret, err);
}

static int tres_word (char *word, Moisson__Tres *tres, struct err *err)
{
    char *value = strchr (word, '=');
    uint64_t n;

    if (value)
        *value++ = '\0';
    for (size_t i = 0; value && i < N_TRES_FIELDS; i++) {
        if (strcasecmp (word, tres_fields[i].name))
            continue;
        if (is_nothing (value)) {
            *tres_has (tres, i) = false;
            return 0;
        }
        if (one_parse (i, value, &n, err))
            return -1;
        *tres_has (tres, i) = true;
        *tres_at (tres, i) = n;
        return 0;
    }
    return refuse (err, "name cpu, mem, node, gres/gpu and billing: cpu=100,mem=1T", word, "resource that is limited");
}

int tres_parse (const char *text, Moisson__Tres *tres, struct err *err)
{
    _cleanup_free_ char *copy = xstrdup (text);
    Moisson__Tres next = *tres;
    char *save = NULL;

    for (char *word = strtok_r (copy, ",", &save); word; word = strtok_r (NULL, ",", &save))
        if (tres_word (word, &next, err))
            return -1;
    *tres = next;
    return 0;
}

void tres_text (const Moisson__Tres *tres, struct buf *out)
{
    Moisson__Tres *t = (Moisson__Tres *) tres;
    const char *comma = "";
    char mem[32];

    for (size_t i = 0; tres && i < N_TRES_FIELDS; i++) {
        if (!*tres_has (t, i))
            continue;
        buf_printf (out, "%s%s=", comma, tres_fields[i].name);
        if (!strcmp (tres_fields[i].name, "mem"))
            buf_puts (out, mem_format (*tres_at (t, i), mem, sizeof mem));
        else
            buf_printf (out, "%" PRIu64, *tres_at (t, i));
        comma = ",";
    }
}

static bool tres_empty (Moisson__Tres *tres)
{
    bool any = false;

    for (size_t i = 0; i < N_TRES_FIELDS; i++)
        any = any || *tres_has (tres, i);
    return !any;
}

/* --- values in Limits -----------------------------------------------------------------------------------------------
 */

static Moisson__Limits **limits_slot (const struct accounts_entry *e)
{
    return e->account ? &e->account->limits : e->member ? &e->member->limits : &e->qos->limits;
}

static Moisson__Limits *limits_get (const struct accounts_entry *e)
{
    Moisson__Limits **slot = limits_slot (e);

    if (!*slot) {
        *slot = xmalloc (sizeof **slot);
        moisson__limits__init (*slot);
    }
    return *slot;
}

/* The has_ of an optional number stands right before it. */
static const ProtobufCFieldDescriptor *field_at (const ProtobufCMessageDescriptor *message, size_t at)
{
    for (unsigned i = 0; i < message->n_fields; i++)
        if (message->fields[i].offset == at)
            return &message->fields[i];
    return NULL;
}

static protobuf_c_boolean *has_of (void *message, const ProtobufCMessageDescriptor *descriptor, size_t at)
{
    return (protobuf_c_boolean *) ((char *) message + field_at (descriptor, at)->quantifier_offset);
}

static int set_number (const struct accounts_key *key, Moisson__Limits *limits, const char *value, struct err *err)
{
    protobuf_c_boolean *has = has_of (limits, &moisson__limits__descriptor, key->at);
    uint64_t n = 0;

    if (!is_nothing (value) && number_parse (value, key->name, 0, UINT32_MAX - 1, &n, err))
        return -1;
    *has = !is_nothing (value);
    *(uint32_t *) ((char *) limits + key->at) = (uint32_t) n;
    return 0;
}

static int set_time (const struct accounts_key *key, Moisson__Limits *limits, const char *value, struct err *err)
{
    protobuf_c_boolean *has = has_of (limits, &moisson__limits__descriptor, key->at);
    uint64_t s = 0;

    if (!is_nothing (value) && duration_parse (value, &s, err))
        return -1;
    *has = s > 0; /* UNLIMITED is no limit */
    *(uint64_t *) ((char *) limits + key->at) = s;
    return 0;
}

static int set_tres (const struct accounts_key *key, Moisson__Limits *limits, const char *value, struct err *err)
{
    Moisson__Tres **slot = (Moisson__Tres **) ((char *) limits + key->at);
    Moisson__Tres next = MOISSON__TRES__INIT;
    uint64_t n = 0;

    if (*slot)
        next = *slot[0];
    if (key->value == VALUE_TRES && is_nothing (value))
        next = (Moisson__Tres) MOISSON__TRES__INIT;
    else if (key->value == VALUE_TRES) {
        if (tres_parse (value, &next, err))
            return -1;
    } else {
        if (!is_nothing (value) &&
            (key->one == offsetof (Moisson__Tres, mem_mb) ? mem_parse (value, &n, err)
                                                          : number_parse (value, key->name, 0, 1ULL << 50, &n, err)))
            return -1;
        *has_of (&next, &moisson__tres__descriptor, key->one) = !is_nothing (value);
        *(uint64_t *) ((char *) &next + key->one) = n;
    }
    if (tres_empty (&next)) {
        free (*slot);
        *slot = NULL;
        return 0;
    }
    if (!*slot)
        *slot = xmalloc (sizeof **slot);
    **slot = next;
    return 0;
}

static void show_limit (const struct accounts_key *key, Moisson__Limits *limits, struct buf *out)
{
    char text[32];

    if (!limits)
        return;
    if (key->value == VALUE_TRES || key->value == VALUE_ONE) {
        Moisson__Tres *tres = *(Moisson__Tres **) ((char *) limits + key->at);
        if (key->value == VALUE_TRES)
            tres_text (tres, out);
        else if (tres && *has_of (tres, &moisson__tres__descriptor, key->one))
            buf_printf (out, "%" PRIu64, *(uint64_t *) ((char *) tres + key->one));
        return;
    }
    if (!*has_of (limits, &moisson__limits__descriptor, key->at))
        return;
    if (key->value == VALUE_TIME)
        buf_puts (out, duration_format (*(uint64_t *) ((char *) limits + key->at), text, sizeof text));
    else
        buf_printf (out, "%" PRIu32, *(uint32_t *) ((char *) limits + key->at));
}

/* --- what is no limit -----------------------------------------------------------------------------------------------
 */

static void put_text (char **slot, const char *value)
{
    free (*slot);
    *slot = *value ? xstrdup (value) : NULL;
}

static void list_add (char ***list, size_t *n, const char *word)
{
    for (size_t i = 0; i < *n; i++)
        if (!strcmp ((*list)[i], word))
            return;
    *list = xrealloc (*list, (*n + 1) * sizeof **list);
    (*list)[(*n)++] = xstrdup (word);
}

static void list_remove (char **list, size_t *n, const char *word)
{
    for (size_t i = 0; i < *n; i++)
        if (!strcmp (list[i], word)) {
            free (list[i]);
            memmove (&list[i], &list[i + 1], (--*n - i) * sizeof *list);
            return;
        }
}

/* "a,b", "+a,-b": a sign before a word counts for it, the one of the pair for all. */
static void put_list (char ***list, size_t *n, char sign, const char *value)
{
    _cleanup_free_ char *copy = xstrdup (value);
    char *save = NULL;

    if (!sign && *value != '+' && *value != '-')
        while (*n)
            list_remove (*list, n, (*list)[0]);
    for (char *word = strtok_r (copy, ",", &save); word; word = strtok_r (NULL, ",", &save)) {
        char how = *word == '+' || *word == '-' ? *word++ : sign;
        if (how == '-')
            list_remove (*list, n, word);
        else if (*word)
            list_add (list, n, word);
    }
}

static void show_list (char *const *list, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        buf_printf (out, "%s%s", i ? "," : "", list[i]);
}

static int set_fairshare (const struct accounts_entry *e, char sign, const char *value, struct err *err)
{
    bool parent = !strcasecmp (value, "parent");
    uint64_t n = 1;

    (void) sign;
    if (!parent && !is_nothing (value) && number_parse (value, "Fairshare", 0, 1000000000, &n, err))
        return -1;
    protobuf_c_boolean *has = e->account ? &e->account->has_fairshare : &e->member->has_fairshare;
    protobuf_c_boolean *has_parent = e->account ? &e->account->has_fairshare_parent : &e->member->has_fairshare_parent;
    protobuf_c_boolean *as_parent = e->account ? &e->account->fairshare_parent : &e->member->fairshare_parent;
    *has = !parent && !is_nothing (value);
    *has_parent = *as_parent = parent;
    *(e->account ? &e->account->fairshare : &e->member->fairshare) = (uint32_t) n;
    return 0;
}

static void show_fairshare (const struct accounts_entry *e, struct buf *out)
{
    bool parent = e->account ? e->account->fairshare_parent : e->member->fairshare_parent;
    bool has = e->account ? e->account->has_fairshare : e->member->has_fairshare;

    if (parent)
        buf_puts (out, "parent");
    else
        buf_printf (out, "%" PRIu32, !has ? 1 : e->account ? e->account->fairshare : e->member->fairshare);
}

static int set_qos (const struct accounts_entry *e, char sign, const char *value, struct err *err)
{
    (void) err;
    if (e->account)
        put_list (&e->account->qos, &e->account->n_qos, sign, value);
    else
        put_list (&e->member->qos, &e->member->n_qos, sign, value);
    return 0;
}

static void show_qos (const struct accounts_entry *e, struct buf *out)
{
    if (e->account)
        show_list (e->account->qos, e->account->n_qos, out);
    else
        show_list (e->member->qos, e->member->n_qos, out);
}

static int set_priority (const struct accounts_entry *e, char sign, const char *value, struct err *err)
{
    uint64_t n = 0;

    (void) sign;
    if (!is_nothing (value) && number_parse (value, "Priority", 0, UINT32_MAX - 1, &n, err))
        return -1;
    *(e->account  ? &e->account->has_priority
      : e->member ? &e->member->has_priority
                  : &e->qos->has_priority) = !is_nothing (value);
    *(e->account ? &e->account->priority : e->member ? &e->member->priority : &e->qos->priority) = (uint32_t) n;
    return 0;
}

static void show_priority (const struct accounts_entry *e, struct buf *out)
{
    bool has = e->account ? e->account->has_priority : e->member ? e->member->has_priority : true;

    if (has)
        buf_printf (out, "%" PRIu32,
                    e->account  ? e->account->priority
                    : e->member ? e->member->priority
                                : e->qos->priority);
}

/* A text of one of them: `slot` is where. */
#define TEXT_KEY(name, slot)                                                                                           \
    static int set_##name (const struct accounts_entry *e, char sign, const char *value, struct err *err)              \
    {                                                                                                                  \
        (void) sign;                                                                                                   \
        (void) err;                                                                                                    \
        put_text (slot, value);                                                                                        \
        return 0;                                                                                                      \
    }                                                                                                                  \
    static void show_##name (const struct accounts_entry *e, struct buf *out)                                          \
    {                                                                                                                  \
        const char *text = *(slot);                                                                                    \
        if (text)                                                                                                      \
            buf_puts (out, text);                                                                                      \
    }

TEXT_KEY (default_qos, e->account ? &e->account->default_qos : &e->member->default_qos)
TEXT_KEY (description, e->account ? &e->account->description : &e->qos->description)
TEXT_KEY (organization, &e->account->organization)

static int set_parent (const struct accounts_entry *e, char sign, const char *value, struct err *err)
{
    (void) sign;
    (void) err;
    put_text (&e->account->parent, !strcmp (value, "root") ? "" : value);
    return 0;
}

static void show_parent (const struct accounts_entry *e, struct buf *out)
{
    if (strcmp (e->account->name, "root"))
        buf_puts (out, e->account->parent ? e->account->parent : "root");
}

static int set_preempt (const struct accounts_entry *e, char sign, const char *value, struct err *err)
{
    (void) err;
    put_list (&e->qos->preempt, &e->qos->n_preempt, sign, value);
    return 0;
}

static void show_preempt (const struct accounts_entry *e, struct buf *out)
{
    show_list (e->qos->preempt, e->qos->n_preempt, out);
}

static int set_preempt_mode (const struct accounts_entry *e, char sign, const char *value, struct err *err)
{
    static const char *const words[] = {"cluster", "cancel", "requeue", "off"};

    (void) sign;
    for (size_t i = 0; *value && i < sizeof words / sizeof *words; i++)
        if (!strcasecmp (value, words[i])) {
            put_text (&e->qos->preempt_mode, words[i]);
            return 0;
        }
    if (*value)
        return refuse (err, "use cluster, cancel, requeue or off", value, "way to preempt");
    put_text (&e->qos->preempt_mode, "");
    return 0;
}

static void show_preempt_mode (const struct accounts_entry *e, struct buf *out)
{
    buf_puts (out, e->qos->preempt_mode ? e->qos->preempt_mode : "cluster");
}

/* GraceTime is in seconds where it is a plain number, as in Slurm. */
static int seconds (const char *value, uint64_t *ret, struct err *err)
{
    if (value[strspn (value, "0123456789")])
        return duration_parse (value, ret, err);
    return number_parse (value, "GraceTime", 0, 31536000, ret, err);
}

#define TIME_KEY(name, field)                                                                                          \
    static int set_##name (const struct accounts_entry *e, char sign, const char *value, struct err *err)              \
    {                                                                                                                  \
        uint64_t s = 0;                                                                                                \
        (void) sign;                                                                                                   \
        if (!is_nothing (value) && seconds (value, &s, err))                                                           \
            return -1;                                                                                                 \
        e->qos->has_##field = !is_nothing (value);                                                                     \
        e->qos->field = s;                                                                                             \
        return 0;                                                                                                      \
    }                                                                                                                  \
    static void show_##name (const struct accounts_entry *e, struct buf *out)                                          \
    {                                                                                                                  \
        char text[32];                                                                                                 \
        if (e->qos->has_##field)                                                                                       \
            buf_puts (out, duration_format (e->qos->field, text, sizeof text));                                        \
    }

TIME_KEY (exempt, preempt_exempt_s)

static int set_grace (const struct accounts_entry *e, char sign, const char *value, struct err *err)
{
    uint64_t s = 0;

    (void) sign;
    if (!is_nothing (value) && seconds (value, &s, err))
        return -1;
    e->qos->has_grace_time_s = !is_nothing (value);
    e->qos->grace_time_s = s;
    return 0;
}

static void show_grace (const struct accounts_entry *e, struct buf *out)
{
    char text[32];

    buf_puts (out, duration_format (e->qos->grace_time_s, text, sizeof text));
}

static int set_factor (const struct accounts_entry *e, char sign, const char *value, struct err *err)
{
    char *end = NULL;
    double factor = is_nothing (value) ? 1 : strtod (value, &end);

    (void) sign;
    if (!(factor >= 0 && factor <= 1000) || (end && (*end || end == value)))
        return refuse (err, "a number from 0 to 1000: UsageFactor=0.5", value, "factor");
    e->qos->has_usage_factor = true;
    e->qos->usage_factor = (uint32_t) (factor * 1000 + 0.5);
    return 0;
}

static void show_factor (const struct accounts_entry *e, struct buf *out)
{
    buf_printf (out, "%.6f", e->qos->has_usage_factor ? e->qos->usage_factor / 1000.0 : 1.0);
}

static const char *const flag_words[] = {"DenyOnLimit", "NoDecay", "OverPartQOS"};

static int set_flags (const struct accounts_entry *e, char sign, const char *value, struct err *err)
{
    _cleanup_free_ char *copy = xstrdup (value);
    char *save = NULL;

    for (char *word = strtok_r (copy, ",", &save); word; word = strtok_r (NULL, ",", &save)) {
        const char *plain = word + (*word == '+' || *word == '-');
        bool known = false;
        for (size_t i = 0; i < sizeof flag_words / sizeof *flag_words; i++)
            known = known || !strcasecmp (plain, flag_words[i]);
        if (!known)
            return refuse (err, "DenyOnLimit, NoDecay and OverPartQOS are known", plain, "flag of a QoS");
    }
    put_list (&e->qos->flags, &e->qos->n_flags, sign, value);
    return 0;
}

static void show_flags (const struct accounts_entry *e, struct buf *out)
{
    show_list (e->qos->flags, e->qos->n_flags, out);
}

/* --- the table ------------------------------------------------------------------------------------------------------
 */

#define LIMIT(field) offsetof (Moisson__Limits, field)
#define ONE(field) offsetof (Moisson__Tres, field)
#define ASSOC (OF_ACCOUNT | OF_MEMBER)
#define ALL (ASSOC | OF_QOS)
#define SPECIAL(name) VALUE_SPECIAL, .set = set_##name, .show = show_##name

/* clang-format off */
static const struct accounts_key keys[] = {
    {"Parent", "ParentName", OF_ACCOUNT, SPECIAL (parent), .help = "The account above; root when not given."},
    {"Description", NULL, OF_ACCOUNT | OF_QOS, SPECIAL (description), .help = "A text."},
    {"Organization", "Org", OF_ACCOUNT, SPECIAL (organization), .help = "A text."},
    {"Fairshare", "Share Shares", ASSOC, SPECIAL (fairshare),
     .help = "Shares among its brothers, 1 when not given; `parent`: what its account has had counts, and not who in it."},
    {"Priority", "Prio", ALL, SPECIAL (priority), .help = "For the order of jobs: see PriorityWeightQOS, PriorityWeightAssoc."},
    {"QOS", "QosLevel", ASSOC, SPECIAL (qos),
     .help = "Those that may be used, comma list; of the account above when not given, at last `normal`."},
    {"DefaultQOS", "DefQOS", ASSOC, SPECIAL (default_qos), .help = "Of jobs that name none."},
    {"Flags", NULL, OF_QOS, SPECIAL (flags),
     .help = "DenyOnLimit (a job that can never run by its limits is refused at once), NoDecay (its usage does not decay), "
             "OverPartQOS (its limits go before those of the partition's QOS)."},
    {"Preempt", NULL, OF_QOS, SPECIAL (preempt), .help = "QoS whose jobs may be preempted for its own."},
    {"PreemptMode", NULL, OF_QOS, SPECIAL (preempt_mode), .help = "How its jobs are preempted: cluster, cancel, requeue, off."},
    {"PreemptExemptTime", NULL, OF_QOS, SPECIAL (exempt), .help = "How long its jobs run at least before they are preempted."},
    {"GraceTime", NULL, OF_QOS, SPECIAL (grace), .help = "Seconds between the notice and the end of a preempted job."},
    {"UsageFactor", NULL, OF_QOS, SPECIAL (factor), .help = "What its jobs use counts so many times; 1 when not given."},
    {"GrpJobs", NULL, ALL, VALUE_NUMBER, LIMIT (grp_jobs), .help = "Running jobs of all together."},
    {"GrpSubmitJobs", "GrpSubmit", ALL, VALUE_NUMBER, LIMIT (grp_submit), .help = "Running and pending jobs of all together."},
    {"GrpTRES", NULL, ALL, VALUE_TRES, LIMIT (grp_tres), .help = "What all together hold at once: `cpu=100,mem=1T,gres/gpu=4`."},
    {"GrpTRESMins", NULL, ALL, VALUE_TRES, LIMIT (grp_tres_mins),
     .help = "What all together may have used, times minutes; it decays (PriorityDecayHalfLife)."},
    {"GrpWall", NULL, ALL, VALUE_TIME, LIMIT (grp_wall_s), .help = "Wall time that all together may have used; it decays."},
    {"MaxJobs", NULL, ASSOC, VALUE_NUMBER, LIMIT (max_jobs), .help = "Running jobs of each user in the account."},
    {"MaxSubmitJobs", "MaxSubmit", ASSOC, VALUE_NUMBER, LIMIT (max_submit), .help = "Running and pending jobs of each user in the account."},
    {"MaxTRESPerJob", "MaxTRES", ALL, VALUE_TRES, LIMIT (max_tres_per_job), .help = "What one job may hold."},
    {"MaxTRESMinsPerJob", "MaxTRESMins", ALL, VALUE_TRES, LIMIT (max_tres_mins_per_job), .help = "What one job may hold, times its time limit in minutes."},
    {"MaxWallDurationPerJob", "MaxWall", ALL, VALUE_TIME, LIMIT (max_wall_s), .help = "Longest time limit: minutes, `H:M:S`, `D-H:M:S`."},
    {"MaxJobsPerUser", "MaxJobsPU MaxJobs", OF_QOS, VALUE_NUMBER, LIMIT (max_jobs_per_user), .help = "Running jobs of each user."},
    {"MaxSubmitJobsPerUser", "MaxSubmitJobsPU MaxSubmitPU MaxSubmitJobs MaxSubmit", OF_QOS, VALUE_NUMBER, LIMIT (max_submit_per_user), .help = "Running and pending jobs of each user."},
    {"MaxTRESPerUser", "MaxTRESPU", OF_QOS, VALUE_TRES, LIMIT (max_tres_per_user), .help = "What each user may hold at once."},
    {"MaxJobsPerAccount", "MaxJobsPA", OF_QOS, VALUE_NUMBER, LIMIT (max_jobs_per_account), .help = "Running jobs of each account."},
    {"MaxSubmitJobsPerAccount", "MaxSubmitJobsPA MaxSubmitPA", OF_QOS, VALUE_NUMBER, LIMIT (max_submit_per_account), .help = "Running and pending jobs of each account."},
    {"MaxTRESPerAccount", "MaxTRESPA", OF_QOS, VALUE_TRES, LIMIT (max_tres_per_account), .help = "What each account may hold at once."},
    {"MinTRESPerJob", "MinTRES", OF_QOS, VALUE_TRES, LIMIT (min_tres_per_job), .help = "What each job must ask for at least."},
    {"GrpCPUs", NULL, ALL, VALUE_ONE, LIMIT (grp_tres), ONE (cpu), .help = "GrpTRES=cpu=."},
    {"GrpMem", "GrpMemory", ALL, VALUE_ONE, LIMIT (grp_tres), ONE (mem_mb), .help = "GrpTRES=mem=."},
    {"GrpNodes", NULL, ALL, VALUE_ONE, LIMIT (grp_tres), ONE (node), .help = "GrpTRES=node=."},
    {"GrpCPUMins", NULL, ALL, VALUE_ONE, LIMIT (grp_tres_mins), ONE (cpu), .help = "GrpTRESMins=cpu=."},
    {"MaxCPUsPerJob", "MaxCPUs", ALL, VALUE_ONE, LIMIT (max_tres_per_job), ONE (cpu), .help = "MaxTRESPerJob=cpu=."},
    {"MaxNodesPerJob", "MaxNodes", ALL, VALUE_ONE, LIMIT (max_tres_per_job), ONE (node), .help = "MaxTRESPerJob=node=."},
    {"MaxCPUMinsPerJob", "MaxCPUMins", ALL, VALUE_ONE, LIMIT (max_tres_mins_per_job), ONE (cpu), .help = "MaxTRESMinsPerJob=cpu=."},
    {"MaxCPUsPerUser", "MaxCPUsPU", OF_QOS, VALUE_ONE, LIMIT (max_tres_per_user), ONE (cpu), .help = "MaxTRESPerUser=cpu=."},
    {"MaxNodesPerUser", "MaxNodesPU", OF_QOS, VALUE_ONE, LIMIT (max_tres_per_user), ONE (node), .help = "MaxTRESPerUser=node=."},
};
/* clang-format on */
#define N_KEYS (sizeof keys / sizeof *keys)

static bool has_name (const struct accounts_key *key, const char *name)
{
    size_t len = strlen (name);

    for (const char *p = key->also ? key->also : ""; *p;) {
        size_t n = strcspn (p, " ");
        if (n == len && !strncasecmp (p, name, n))
            return true;
        p += n + (p[n] == ' ');
    }
    return !strcasecmp (key->name, name);
}

const struct accounts_key *accounts_key_find (enum accounts_kind kind, const char *name)
{
    for (size_t i = 0; *name && i < N_KEYS; i++)
        if ((keys[i].kinds & kind) && has_name (&keys[i], name))
            return &keys[i];
    return NULL;
}

const char *accounts_key_name (const struct accounts_key *key)
{
    return key->name;
}

bool accounts_key_is_short (const struct accounts_key *key)
{
    return key->value == VALUE_ONE;
}

const char *accounts_key_nearest (enum accounts_kind kind, const char *name)
{
    size_t distance = NEAREST_LIMIT (name);
    const char *best = NULL;

    for (size_t i = 0; i < N_KEYS; i++)
        if (keys[i].kinds & kind)
            nearest_offer (name, keys[i].name, &best, &distance);
    return best;
}

int accounts_key_set (const struct accounts_key *key, const struct accounts_entry *entry, char sign, const char *value,
                      struct err *err)
{
    switch (key->value) {
    case VALUE_NUMBER: return set_number (key, limits_get (entry), value, err);
    case VALUE_TIME: return set_time (key, limits_get (entry), value, err);
    case VALUE_TRES:
    case VALUE_ONE: return set_tres (key, limits_get (entry), value, err);
    default: return key->set (entry, sign, value, err);
    }
}

void accounts_key_show (const struct accounts_key *key, const struct accounts_entry *entry, struct buf *out)
{
    if (key->value == VALUE_SPECIAL)
        key->show (entry, out);
    else
        show_limit (key, *limits_slot (entry), out);
}

void accounts_keys_each (enum accounts_kind kind, accounts_key_fn fn, void *arg)
{
    for (size_t i = 0; i < N_KEYS; i++)
        if (keys[i].kinds & kind)
            fn (arg, &keys[i], keys[i].help);
}
