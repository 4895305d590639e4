/* scontrol_update.c - update: of what is its first word, and for jobs one table from Slurm's keys to what they change.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "base/options.h"
#include "base/units.h"
#include "command.h"
#include "failure.h"
#include "jobref.h"
#include "scontrol.h"

/* An update in the making: values are read as sbatch reads them. */
struct change {
    struct submit submit;
    Moisson__JobUpdateRequest request;
    Moisson__JobRef **jobs;
    size_t n_jobs;
};

static int refused (const char *what, const char *why, const char *fix)
{
    fprintf (stderr, "scontrol: error: %s: %s\n        fix: %s\n", what, why, fix);
    return COMMAND_ERROR;
}

/* --- the keys of jobs --------------------------------------------------------------------------------------------- */

static const struct option_row *option_named (const char *name)
{
    size_t n;
    const struct option_row *rows = option_rows (&n);

    for (size_t i = 0; i < n; i++)
        if (!strcmp (rows[i].name, name))
            return &rows[i];
    return NULL;
}

static int set_time_limit (struct change *c, const char *value, char sign, struct err *err)
{
    if (!sign && (*value == '+' || *value == '-')) /* TimeLimit=+5, as well as TimeLimit+=5 */
        sign = *value++;
    if (option_apply (&c->submit, option_named ("time"), value, err) < 0)
        return -1;
    if (!sign)
        return 0;
    c->request.has_time_shift_s = true;
    c->request.time_shift_s = (int64_t) c->submit.spec.time_limit_s * (sign == '-' ? -1 : 1);
    c->submit.spec.has_time_limit_s = false;
    return 0;
}

static int set_end_time (struct change *c, const char *value, char sign, struct err *err)
{
    (void) sign;
    c->request.has_end_us = true;
    return time_parse (value, c->submit.now_us, true, &c->request.end_us, err);
}

static int set_number (const char *value, const char *what, uint64_t least, uint64_t most, uint32_t *ret,
                       struct err *err)
{
    uint64_t n;

    if (number_parse (value, what, least, most, &n, err) < 0)
        return -1;
    *ret = (uint32_t) n;
    return 0;
}

static int set_priority (struct change *c, const char *value, char sign, struct err *err)
{
    uint32_t priority;

    (void) sign;
    if (set_number (value, "Priority", 0, UINT32_MAX, &priority, err) < 0)
        return -1;
    c->request.has_hold = c->request.hold = priority == 0;
    c->submit.spec.has_priority = priority > 0;
    c->submit.spec.priority = priority;
    return 0;
}

static int set_num_cpus (struct change *c, const char *value, char sign, struct err *err)
{
    _cleanup_free_ char *least = xstrndup (value, strcspn (value, "-")); /* 4-8: a range */

    (void) sign;
    c->request.has_num_cpus = true;
    return set_number (least, "NumCPUs", 1, 1000000, &c->request.num_cpus, err);
}

static int set_requeue (struct change *c, const char *value, char sign, struct err *err)
{
    uint32_t wanted;

    (void) sign;
    if (set_number (value, "Requeue", 0, 1, &wanted, err) < 0)
        return -1;
    c->submit.spec.has_requeue = true;
    c->submit.spec.requeue = wanted == 1;
    return 0;
}

static int set_throttle (struct change *c, const char *value, char sign, struct err *err)
{
    (void) sign;
    c->submit.spec.has_array_limit = true;
    return set_number (value, "ArrayTaskThrottle", 0, UINT32_MAX, &c->submit.spec.array_limit, err);
}

static int set_work_dir (struct change *c, const char *value, char sign, struct err *err)
{
    (void) sign;
    if (*value != '/') {
        err_set (err, 0, "WorkDir=%s is no absolute path", value);
        return err_fix (err, "write WorkDir=/PATH");
    }
    return option_apply (&c->submit, option_named ("chdir"), value, err);
}

static int set_contiguous (struct change *c, const char *value, char sign, struct err *err)
{
    bool yes;

    (void) sign;
    if (bool_parse (value, &yes, err))
        return -1;
    c->submit.spec.has_contiguous = true;
    c->submit.spec.contiguous = yes;
    return 0;
}

static int set_nothing (struct change *c, const char *value, char sign, struct err *err)
{
    (void) c;
    (void) value;
    (void) sign;
    err_set (err, 0, "it is not kept with jobs");
    return err_fix (err, "use Comment=");
}

#define TEXT(member) offsetof (Moisson__JobSpec, member)

/* option: read as that option of sbatch. text: an empty value takes it away. */
static const struct {
    struct scontrol_word key;
    const char *option;
    size_t text; /* 0 = none: name, the first member, is never taken away */
    int (*set) (struct change *c, const char *value, char sign, struct err *err);
} keys[] = {
    {{"Account", 3}, "account", TEXT (account), NULL},
    {{"AdminComment", 3}, NULL, 0, set_nothing},
    {{"ArrayTaskThrottle", 3}, NULL, 0, set_throttle},
    {{"Comment", 3}, "comment", TEXT (comment), NULL},
    {{"Contiguous", 10}, NULL, 0, set_contiguous},
    {{"CPUsPerTask", 4}, "cpus-per-task", 0, NULL},
    {{"CPUs/Task", 5}, "cpus-per-task", 0, NULL},
    {{"Dependency", 1}, "dependency", TEXT (dependency), NULL},
    {{"EndTime", 2}, NULL, 0, set_end_time},
    {{"ExcNodeList", 3}, "exclude", TEXT (exclude), NULL},
    {{"Features", 1}, "constraint", TEXT (constraint), NULL},
    {{"Gres", 2}, "gres", TEXT (gres), NULL},
    {{"JobName", 4}, "job-name", 0, NULL},
    {{"Licenses", 1}, "licenses", TEXT (licenses), NULL},
    {{"MailType", 5}, "mail-type", 0, NULL},
    {{"MailUser", 5}, "mail-user", TEXT (mail_user), NULL},
    {{"MinCPUsNode", 4}, "mincpus", 0, NULL},
    {{"MinMemoryCPU", 10}, "mem-per-cpu", 0, NULL},
    {{"MinMemoryNode", 10}, "mem", 0, NULL},
    {{"MinTmpDiskNode", 4}, "tmp", 0, NULL},
    {{"Name", 2}, "job-name", 0, NULL},
    {{"Nice", 2}, "nice", 0, NULL},
    {{"NodeList", 5}, "nodelist", TEXT (nodelist), NULL},
    {{"NumCPUs", 4}, NULL, 0, set_num_cpus},
    {{"NumNodes", 4}, "nodes", 0, NULL},
    {{"NumTasks", 4}, "ntasks", 0, NULL},
    {{"Partition", 2}, "partition", 0, NULL},
    {{"Priority", 2}, NULL, 0, set_priority},
    {{"QOS", 1}, "qos", TEXT (qos), NULL},
    {{"ReqCPUs", 4}, NULL, 0, set_num_cpus},
    {{"ReqNodeList", 8}, "nodelist", TEXT (nodelist), NULL},
    {{"ReqNodes", 4}, "nodes", 0, NULL},
    {{"ReqProcs", 4}, NULL, 0, set_num_cpus},
    {{"ReservationName", 3}, "reservation", TEXT (reservation), NULL},
    {{"ReqTasks", 4}, "ntasks", 0, NULL},
    {{"Requeue", 4}, NULL, 0, set_requeue},
    {{"StartTime", 2}, "begin", 0, NULL},
    {{"Deadline", 4}, "deadline", 0, NULL},
    {{"StdErr", 4}, "error", TEXT (std_err), NULL},
    {{"StdIn", 4}, "input", TEXT (std_in), NULL},
    {{"StdOut", 4}, "output", TEXT (std_out), NULL},
    {{"TimeLimit", 5}, NULL, 0, set_time_limit},
    {{"WCKey", 1}, "wckey", TEXT (wckey), NULL},
    {{"WorkDir", 1}, NULL, 0, set_work_dir},
};
#define N_KEYS (sizeof keys / sizeof *keys)

static size_t find_key (const char *word)
{
    for (size_t i = 0; i < N_KEYS; i++)
        if (!strcasecmp (keys[i].key.name, word))
            return i;
    for (size_t i = 0; i < N_KEYS; i++)
        if (scontrol_matches (&keys[i].key, word))
            return i;
    return N_KEYS;
}

static int take_key (struct change *c, const char *word)
{
    size_t len = strcspn (word, "=");
    const char *value = word[len] ? word + len + 1 : "";
    char sign = len && strchr ("+-", word[len - 1]) ? word[len - 1] : 0;
    _cleanup_free_ char *name = xstrndup (word, len - (sign != 0));
    _cleanup_err_ struct err err = ERR_INIT;
    size_t i = find_key (name);
    int rc;

    if (i == N_KEYS || (sign && keys[i].set != set_time_limit)) {
        fprintf (stderr, "Update of this parameter is not supported: %s\nRequest aborted\n", word);
        return COMMAND_ERROR;
    }
    rc = keys[i].set ? keys[i].set (c, value, sign, &err)
                     : option_apply (&c->submit, option_named (keys[i].option), value, &err);
    if (rc < 0) {
        err_what (&err, "%s", word);
        err_report ("scontrol", &err);
        return COMMAND_ERROR;
    }
    if (!*value && keys[i].text) {
        char **slot = (char **) ((char *) &c->submit.spec + keys[i].text);
        free (*slot);
        *slot = xstrdup ("");
    } else if (!*value && keys[i].set != set_priority && strcmp (keys[i].key.name, "Nice"))
        return refused (word, "it has no value", "write KEY=VALUE");
    return 0;
}

/* --- jobs ----------------------------------------------------------------------------------------------------------
 */

static int add_jobs (struct change *c, const char *text)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (!jobref_list_add (text, &c->jobs, &c->n_jobs, &err))
        return 0;
    err_report ("scontrol", &err);
    return COMMAND_ERROR;
}

static void change_clear (struct change *c)
{
    jobref_list_clear (&c->jobs, &c->n_jobs);
    submit_clear (&c->submit);
}

static int send (struct scontrol *s, struct change *c, const char *call)
{
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__IdResults *reply = NULL;
    int status;

    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    c->request.jobs = c->jobs;
    c->request.n_jobs = c->n_jobs;
    c->request.changes = &c->submit.spec;
    /* a shift has its effect each time */
    if (rpc_request (s->rpc, c->request.has_time_shift_s ? RPC_ONCE : RPC_QUERY, MOISSON__MSG_TYPE__MSG_JOB_UPDATE,
                     &c->request.base, MOISSON__MSG_TYPE__MSG_ID_RESULTS, &moisson__id_results__descriptor, &reply,
                     &err))
        return failure_report_query (call, &err);
    status = scontrol_judge (reply);
    moisson__id_results__free_unpacked (reply, NULL);
    return status;
}

static void change_init (struct change *c)
{
    *c = (struct change){.request = MOISSON__JOB_UPDATE_REQUEST__INIT};
    submit_init (&c->submit);
}

static const char *value_of (const char *word, const char *key)
{
    size_t len = strlen (key);

    return !strncasecmp (word, key, len) && word[len] == '=' ? word + len + 1 : NULL;
}

static int update_jobs (struct scontrol *s, int argc, char **argv)
{
    _cleanup_ (change_clear) struct change c;
    int status = 0;

    change_init (&c);
    for (int i = 0; i < argc && !status; i++) {
        const char *jobs = value_of (argv[i], "JobId");

        jobs = jobs ? jobs : value_of (argv[i], "Job");
        if (!strcasecmp (argv[i], "job") || !strcasecmp (argv[i], "JobId"))
            jobs = i + 1 < argc ? argv[++i] : "";
        status = jobs ? add_jobs (&c, jobs) : take_key (&c, argv[i]);
    }
    if (status)
        return status;
    if (!c.n_jobs)
        return refused ("update", "no job is named", "scontrol update JobId=12 TimeLimit=2:00:00");
    if (argc == 1 || (argc == 2 && !strchr (argv[0], '=')))
        return refused ("update", "nothing is to change", "scontrol update JobId=12 TimeLimit=2:00:00");
    return send (s, &c, "slurm_update");
}

int scontrol_top (struct scontrol *s, int argc, char **argv)
{
    _cleanup_ (change_clear) struct change c;

    change_init (&c);
    for (int i = 0; i < argc; i++)
        if (add_jobs (&c, argv[i]))
            return COMMAND_ERROR;
    if (!c.n_jobs)
        return refused ("top", "no job is named", "scontrol top 12,13");
    c.request.has_top = c.request.top = true;
    return send (s, &c, "slurm_top_job");
}

void scontrol_update_help (FILE *out)
{
    size_t column = 0;

    fprintf (
        out,
        "\nupdate JobId=JOBS KEY=VALUE...: values as for sbatch, an empty one takes away; TimeLimit also += and -=\n");
    for (size_t i = 0; i < N_KEYS; i++) {
        size_t len = strlen (keys[i].key.name) + 1;
        if (keys[i].set == set_nothing)
            continue;
        if (!column || column + len > 100) {
            fprintf (out, "%s ", column ? "\n" : "");
            column = 1;
        }
        fprintf (out, " %s", keys[i].key.name);
        column += len;
    }
    fprintf (
        out,
        "\nupdate NodeName=NODES State=DRAIN|UNDRAIN|RESUME|DOWN|FAIL [Reason=TEXT]\n"
        "update ReservationName=NAME and create reservation: StartTime= EndTime= Duration= Users[+-]= Accounts[+-]= "
        "Nodes[+-]= NodeCnt= CoreCnt=\n  PartitionName= Features= Licenses= "
        "Flags[+-]=MAINT,IGNORE_JOBS,OVERLAP,HOURLY,DAILY,WEEKDAY,WEEKEND,WEEKLY,FLEX,\n"
        "  ANY_NODES,PART_NODES,NO_HOLD_JOBS_AFTER_END\n"
        "update PartitionName=NAMES State=UP|DOWN|DRAIN|INACTIVE MaxTime= DefaultTime= Default= MinNodes= MaxNodes=\n"
        "Example: scontrol update JobId=12 TimeLimit+=60 Comment='needs longer'\n");
}

/* --- update of what? -----------------------------------------------------------------------------------------------
 */

static const struct {
    const char *key;
    int (*update) (struct scontrol *s, int argc, char **argv);
} kinds[] = {
    {"JobId", update_jobs},
    {"Job", update_jobs},
    {"NodeName", scontrol_update_nodes},
    {"Node", scontrol_update_nodes},
    {"ReservationName", scontrol_update_resv},
    {"Reservation", scontrol_update_resv},
    {"Res", scontrol_update_resv},
    {"PartitionName", scontrol_update_partitions}, /* after JobId: a job's Partition= is none */
    {"Partition", scontrol_update_partitions},
};

int scontrol_update (struct scontrol *s, int argc, char **argv)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (int i = 0; i < argc; i++)
            if (value_of (argv[i], kinds[k].key) || !strcasecmp (argv[i], kinds[k].key))
                return kinds[k].update (s, argc, argv);
    return refused ("update", "nothing is named", "name it: JobId=, NodeName= or PartitionName=");
}
