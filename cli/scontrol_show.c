/* scontrol_show.c - `scontrol show WHAT [NAME]`. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "base/hostlist.h"
#include "base/mem.h"
#include "aliases.h"
#include "command.h"
#include "failure.h"
#include "jobref.h"
#include "json.h"
#include "lists.h"
#include "net/loop.h"
#include "scontrol.h"
#include "show.h"

struct listing { /* of one query */
    const struct scontrol *scontrol;
    struct show_style style;
    struct hostlist *wanted; /* NULL: all */
    bool *seen;              /* by the index of wanted */
    const char *name;        /* the partition asked for; NULL: all */
    size_t rows;
    json_t *array; /* with --json */
    struct aliases aliases;
};

static void listing_init (struct listing *l, const struct scontrol *s)
{
    *l = (struct listing){.scontrol = s};
    l->style = (struct show_style){.oneline = s->oneline,
                                   .detail = s->detail,
                                   .time_format = environment ("SLURM_TIME_FORMAT"),
                                   .now = now_wall ()};
    if (s->json)
        l->array = json_array ();
}

static void listing_clear (struct listing *l)
{
    hostlist_free (l->wanted);
    free (l->seen);
    aliases_clear (&l->aliases);
    json_decref (l->array);
}

static int listing_done (struct listing *l, const char *key)
{
    if (l->array && json_print (key, steal (&l->array)))
        return COMMAND_ERROR;
    return 0;
}

static void emit (struct listing *l, struct buf *text)
{
    l->rows++;
    fwrite (buf_str (text), 1, text->len, stdout);
    buf_clear (text);
}

/* --- jobs ------------------------------------------------------------------------------------------------------- */

static bool on_jobs (void *arg, const void *message)
{
    struct listing *l = arg;
    const Moisson__JobsPage *page = message;
    struct buf text = BUF_INIT;

    if (page->now_us)
        l->style.now = page->now_us;
    for (size_t i = 0; i < page->n_jobs; i++) {
        aliases_job (&l->aliases, page->jobs[i]);
        if (l->array) {
            json_array_append_new (l->array, json_job (page->jobs[i]));
            l->rows++;
        } else {
            show_job (&text, page->jobs[i], &l->style);
            emit (l, &text);
        }
    }
    return page->last;
}

static int invalid_job_id (void)
{
    struct err err = {.code = MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID};

    return failure_report_query ("slurm_load_jobs", &err);
}

static int list_jobs (struct listing *l, Moisson__JobFilter *filter)
{
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    aliases_load (&l->aliases, l->scontrol->rpc);
    request.filter = filter;
    request.has_ended = true;
    request.ended = true;
    if (rpc_stream (l->scontrol->rpc, MOISSON__MSG_TYPE__MSG_JOBS, &request.base, MOISSON__MSG_TYPE__MSG_JOBS_PAGE,
                    &moisson__jobs_page__descriptor, on_jobs, l, &err))
        return failure_report_query ("slurm_load_jobs", &err);
    if (!l->rows && filter->n_jobs)
        return invalid_job_id ();
    if (!l->rows && !l->array)
        printf ("No jobs in the system\n");
    return listing_done (l, "jobs");
}

static int show_jobs (struct scontrol *s, const char *name)
{
    _cleanup_ (listing_clear) struct listing l;
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;
    _cleanup_err_ struct err err = ERR_INIT;
    int status;

    listing_init (&l, s);
    if (name && jobref_list_add (name, &filter.jobs, &filter.n_jobs, &err))
        return invalid_job_id ();
    status = scontrol_rpc (s) ? COMMAND_ERROR : list_jobs (&l, &filter);
    jobref_list_clear (&filter.jobs, &filter.n_jobs);
    return status;
}

/* --- nodes ------------------------------------------------------------------------------------------------------ */

static bool is_wanted (struct listing *l, const char *name)
{
    bool found = !l->wanted;

    for (size_t i = 0; l->wanted && i < hostlist_count (l->wanted); i++) {
        if (!strcmp (hostlist_nth (l->wanted, i), name)) {
            l->seen[i] = true;
            found = true;
        }
    }
    return found;
}

static bool on_nodes (void *arg, const void *message)
{
    struct listing *l = arg;
    const Moisson__NodesPage *page = message;
    struct buf text = BUF_INIT;

    for (size_t i = 0; i < page->n_nodes; i++) {
        if (!is_wanted (l, page->nodes[i]->name))
            continue;
        if (l->array) {
            json_array_append_new (l->array, json_node (page->nodes[i]));
        } else {
            show_node (&text, page->nodes[i], &l->style);
            emit (l, &text);
        }
    }
    return page->last;
}

static int report_unseen (const struct listing *l)
{
    int status = 0;

    for (size_t i = 0; l->wanted && i < hostlist_count (l->wanted); i++) {
        if (!l->seen[i]) {
            printf ("Node %s not found\n", hostlist_nth (l->wanted, i));
            status = COMMAND_ERROR;
        }
    }
    return status;
}

static int show_nodes (struct scontrol *s, const char *name)
{
    _cleanup_ (listing_clear) struct listing l;
    _cleanup_err_ struct err err = ERR_INIT;
    int status;

    listing_init (&l, s);
    if (name && hostlist_parse (&l.wanted, name, &err)) {
        err_report ("scontrol", &err);
        return COMMAND_ERROR;
    }
    if (l.wanted)
        l.seen = xcalloc (hostlist_count (l.wanted) + 1, sizeof *l.seen);
    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    if (rpc_stream (s->rpc, MOISSON__MSG_TYPE__MSG_NODES, NULL, MOISSON__MSG_TYPE__MSG_NODES_PAGE,
                    &moisson__nodes_page__descriptor, on_nodes, &l, &err))
        return failure_report_query ("slurm_load_node", &err);
    status = listing_done (&l, "nodes");
    return report_unseen (&l) ? COMMAND_ERROR : status;
}

/* --- partitions ------------------------------------------------------------------------------------------------- */

static bool on_partitions (void *arg, const void *message)
{
    struct listing *l = arg;
    const Moisson__PartitionsPage *page = message;
    struct buf text = BUF_INIT;

    for (size_t i = 0; i < page->n_partitions; i++) {
        if (l->name && strcmp (l->name, page->partitions[i]->name) != 0)
            continue;
        if (l->array) {
            json_array_append_new (l->array, json_partition (page->partitions[i]));
            l->rows++;
        } else {
            show_partition (&text, page->partitions[i], &l->style);
            emit (l, &text);
        }
    }
    return true;
}

static int show_partitions (struct scontrol *s, const char *name)
{
    _cleanup_ (listing_clear) struct listing l;
    _cleanup_err_ struct err err = ERR_INIT;

    listing_init (&l, s);
    l.name = name;
    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    if (rpc_stream (s->rpc, MOISSON__MSG_TYPE__MSG_PARTITIONS, NULL, MOISSON__MSG_TYPE__MSG_PARTITIONS_PAGE,
                    &moisson__partitions_page__descriptor, on_partitions, &l, &err))
        return failure_report_query ("slurm_load_partitions", &err);
    if (name && !l.rows) {
        printf ("Partition %s not found\n", name);
        return COMMAND_ERROR;
    }
    return listing_done (&l, "partitions");
}

/* --- configuration ---------------------------------------------------------------------------------------------- */

static int show_config (struct scontrol *s, const char *name)
{
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__ConfigReply *reply = NULL;
    char when[128];

    (void) name;
    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    if (rpc_request (s->rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_CONFIG, NULL, MOISSON__MSG_TYPE__MSG_CONFIG_REPLY,
                     &moisson__config_reply__descriptor, &reply, &err))
        return failure_report_query ("slurm_load_ctl_conf", &err);
    printf ("Configuration data as of %s\n",
            time_format (now_wall (), environment ("SLURM_TIME_FORMAT"), "Unknown", when, sizeof when));
    for (size_t i = 0; i < reply->n_entries; i++)
        printf ("%-23s = %s\n", reply->entries[i]->key, reply->entries[i]->value);
    printf ("\nSlurmctld(primary) at %s is UP\n", rpc_config (s->rpc)->controller_host);
    moisson__config_reply__free_unpacked (reply, NULL);
    return 0;
}

/* --- host lists: no controller needed --------------------------------------------------------------------------- */

static int parse_hosts (const char *name, struct hostlist **ret)
{
    _cleanup_err_ struct err err = ERR_INIT;

    if (!name)
        name = getenv ("SLURM_JOB_NODELIST");
    if (!name)
        name = getenv ("SLURM_NODELIST");
    if (!name) {
        fprintf (stderr, "scontrol: error: no host list given, and SLURM_JOB_NODELIST is not set\n"
                         "        fix: scontrol show hostnames 'n[1-3]'\n");
        return COMMAND_ERROR;
    }
    if (hostlist_parse (ret, name, &err)) {
        err_report ("scontrol", &err);
        return COMMAND_ERROR;
    }
    return 0;
}

static int show_hostnames (struct scontrol *s, const char *name)
{
    _cleanup_hostlist_ struct hostlist *hosts = NULL;

    (void) s;
    if (parse_hosts (name, &hosts))
        return COMMAND_ERROR;
    for (size_t i = 0; i < hostlist_count (hosts); i++)
        puts (hostlist_nth (hosts, i));
    return 0;
}

static int show_hostlist (struct scontrol *s, const char *name)
{
    _cleanup_hostlist_ struct hostlist *hosts = NULL;
    _cleanup_free_ char *text = NULL;

    (void) s;
    if (parse_hosts (name, &hosts))
        return COMMAND_ERROR;
    text = hostlist_compress (hosts);
    puts (text);
    return 0;
}

static int show_hostlist_sorted (struct scontrol *s, const char *name)
{
    _cleanup_hostlist_ struct hostlist *hosts = NULL;
    _cleanup_free_ char *text = NULL;

    (void) s;
    if (parse_hosts (name, &hosts))
        return COMMAND_ERROR;
    hostlist_sort_unique (hosts);
    text = hostlist_compress (hosts);
    puts (text);
    return 0;
}

/* --- steps ---------------------------------------------------------------------------------------------------------
 */

/* Every step that the controller holds, of all jobs or of one, or one step. */
struct step_listing {
    struct listing l;
    const char *only; /* NULL: all */
};

static bool on_steps (void *arg, const void *message)
{
    struct step_listing *sl = arg;
    const Moisson__JobsPage *page = message;
    struct buf text = BUF_INIT;
    char name[16];

    if (page->now_us)
        sl->l.style.now = page->now_us;
    for (size_t i = 0; i < page->n_jobs; i++)
        for (size_t k = 0; k < page->jobs[i]->n_steps; k++) {
            const struct show_step_row row = {page->jobs[i], page->jobs[i]->steps[k]};
            snprintf (name, sizeof name, "%u", row.step->id);
            if (sl->only && strcmp (sl->only, name) != 0)
                continue;
            show_step (&text, &row, &sl->l.style);
            emit (&sl->l, &text);
        }
    return page->last;
}

static int list_steps (struct scontrol *s, Moisson__JobRef *ref, const char *only, const char *name)
{
    struct step_listing sl = {.only = only};
    Moisson__JobFilter filter = MOISSON__JOB_FILTER__INIT;
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    listing_init (&sl.l, s);
    filter.jobs = &ref;
    filter.n_jobs = ref != NULL;
    request.filter = &filter;
    request.has_ended = request.ended = request.has_steps = request.steps = true;
    if (rpc_stream (s->rpc, MOISSON__MSG_TYPE__MSG_JOBS, &request.base, MOISSON__MSG_TYPE__MSG_JOBS_PAGE,
                    &moisson__jobs_page__descriptor, on_steps, &sl, &err))
        return failure_report_query ("slurm_get_job_steps", &err);
    if (!sl.l.rows && name) {
        printf ("Job step %s not found\n", name);
        return COMMAND_ERROR;
    }
    if (!sl.l.rows)
        puts ("No job steps in the system");
    return 0;
}

static int show_steps (struct scontrol *s, const char *name)
{
    _cleanup_jobref_ Moisson__JobRef *ref = NULL;
    _cleanup_free_ char *only = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (name && jobref_parse (name, &ref, &only, &err)) {
        err_report ("scontrol", &err);
        return COMMAND_ERROR;
    }
    return scontrol_rpc (s) ? COMMAND_ERROR : list_steps (s, ref, only, name);
}

static int show_daemons (struct scontrol *s, const char *name)
{
    (void) s;
    (void) name;
    puts ("moissonctld moissond moisson-agent");
    return 0;
}

static const struct {
    struct scontrol_word word;
    int (*run) (struct scontrol *s, const char *name);
    bool json;
} entities[] = {
    {{"jobs", 1}, show_jobs, true},
    {{"jobid", 4}, show_jobs, true},
    {{"nodes", 1}, show_nodes, true},
    {{"nodename", 5}, show_nodes, true},
    {{"partitions", 1}, show_partitions, true},
    {{"partitionname", 10}, show_partitions, true},
    {{"config", 1}, show_config, false},
    {{"configuration", 7}, show_config, false},
    {{"hostnames", 5}, show_hostnames, false},
    {{"hostlist", 5}, show_hostlist, false},
    {{"hostlistsorted", 9}, show_hostlist_sorted, false},
    {{"reservations", 1}, scontrol_show_resvs, true},
    {{"reservationname", 12}, scontrol_show_resvs, true},
    {{"licenses", 2}, scontrol_show_licences, true},
    {{"steps", 1}, show_steps, false},
    {{"daemons", 2}, show_daemons, false},
};

/* These take several words. */
static const struct scontrol_word assocs[] = {{"assoc_mgr", 2}, {"associations", 2}, {"cache", 2}};

int scontrol_show (struct scontrol *s, int argc, char **argv)
{
    char *equals;

    if (argc == 0) {
        fprintf (stderr, "scontrol: error: show what?\n        fix: scontrol show job|node|partition|config [NAME]\n");
        return COMMAND_ERROR;
    }
    for (size_t i = 0; i < sizeof assocs / sizeof *assocs; i++)
        if (scontrol_matches (&assocs[i], argv[0]))
            return s->json ? scontrol_no_json (assocs[i].name) : scontrol_show_assocs (s, argc - 1, argv + 1);
    equals = strchr (argv[0], '='); /* show job=12 */
    if (equals)
        *equals = '\0';
    if (argc > (equals ? 1 : 2)) {
        fprintf (stderr, "too many arguments for keyword:show\n        fix: several names are one comma list\n");
        return COMMAND_ERROR;
    }
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (scontrol_matches (&entities[i].word, argv[0]))
            return s->json && !entities[i].json ? scontrol_no_json (entities[i].word.name)
                                                : entities[i].run (s, equals     ? equals + 1
                                                                      : argc > 1 ? argv[1]
                                                                                 : NULL);
    fprintf (stderr,
             "invalid entity:%s for keyword:show\n        fix: show job, step, node, partition, reservation, licenses, "
             "assoc_mgr, config, hostnames, hostlist\n",
             argv[0]);
    return COMMAND_ERROR;
}
