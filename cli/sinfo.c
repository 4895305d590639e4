/* sinfo.c - partitions and nodes; what prints the same is one row. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "command.h"
#include "failure.h"
#include "json.h"
#include "lists.h"
#include "optable.h"
#include "pages.h"
#include "rpc.h"
#include "sinfo_fields.h"
#include "sinfo_resv.h"

#define TOOL "sinfo"
#define FORMAT_PLAIN "%9P %.5a %.10l %.6D %.6t %N"
#define FORMAT_LONG "%9P %.5a %.10l %.10s %.4r %.8h %.10g %.6D %.11T %N"
#define FORMAT_SUMMARY "%9P %.5a %.10l %.16F %N"
#define FORMAT_NODES "%N %.6D %.9P %6t"
#define FORMAT_NODES_LONG "%N %.6D %.9P %.11T %4c %.8z %.6m %.8d %.6w %.8f %20E"
#define FORMAT_REASONS "%20E %9u %19H %N"
#define FORMAT_REASONS_LONG "%20E %12U %19H %6t %N"

struct sinfo {
    char **partitions, **states;
    size_t n_partitions, n_states;
    struct hostlist *only; /* -n, sorted */
    char *letters, *names, *clusters;
    struct columns columns;
    Moisson__NodeInfo **nodes; /* all of the cluster */
    size_t n_nodes, nodes_room;
    uint64_t iterate_s;
    bool by_node, exact, noheader, is_long, summarize, reasons, responding, dead, resvs, want_json, help, version;
};

#define SELF struct sinfo *s = self
OPTION_FLAG (sinfo, on_by_node, by_node)
OPTION_FLAG (sinfo, on_exact, exact)
OPTION_FLAG (sinfo, on_noheader, noheader)
OPTION_FLAG (sinfo, on_long, is_long)
OPTION_FLAG (sinfo, on_summarize, summarize)
OPTION_FLAG (sinfo, on_reasons, reasons)
OPTION_FLAG (sinfo, on_responding, responding)
OPTION_FLAG (sinfo, on_dead, dead)
OPTION_FLAG (sinfo, on_resvs, resvs)
OPTION_FLAG (sinfo, on_json, want_json)
OPTION_FLAG (sinfo, on_help, help)
OPTION_FLAG (sinfo, on_version, version)
OPTION_TEXT (sinfo, on_clusters, clusters)
OPTION_EITHER (sinfo, on_letters, letters, names)
OPTION_EITHER (sinfo, on_names, names, letters)

static int on_partition (void *self, const char *value, struct err *err)
{
    SELF;

    (void) err;
    words_add (value, &s->partitions, &s->n_partitions);
    return 0;
}

static int on_nodes (void *self, const char *value, struct err *err)
{
    SELF;
    struct hostlist *list;

    if (hostlist_parse (&list, value, err))
        return -1;
    hostlist_free (s->only);
    hostlist_sort_unique (list);
    s->only = list;
    return 0;
}

static int on_states (void *self, const char *value, struct err *err)
{
    SELF;
    size_t i = s->n_states;

    words_add (value, &s->states, &s->n_states);
    for (; i < s->n_states; i++)
        if (!sinfo_state_known (s->states[i])) {
            err_set (err, 0, "Bad state string: \"%s\"", s->states[i]);
            return err_fix (err, "name states such as idle, mix, alloc, down, drain, drng, comp, or all");
        }
    return 0;
}

static int on_iterate (void *self, const char *value, struct err *err)
{
    SELF;

    return number_parse (value, "--iterate", 1, 86400, &s->iterate_s, err);
}

static int on_unavailable (void *self, const char *value, struct err *err)
{
    (void) self;
    (void) value;
    err_set (err, 0, "YAML is known, not available yet");
    return err_fix (err, "--json prints everything about the nodes");
}

static const struct optable_row rows[] = {
    {"all", 'a', ARG_NONE, "SINFO_ALL", NULL, NULL, NULL},
    {"bg", 'b', ARG_NONE, NULL, NULL, NULL, NULL},
    {"clusters", 'M', ARG_REQUIRED, "SLURM_CLUSTERS", "<name>", "this cluster's name, or all", on_clusters},
    {"cluster", 0, ARG_REQUIRED, NULL, NULL, NULL, on_clusters},
    {"dead", 'd', ARG_NONE, NULL, NULL, "only nodes that do not respond", on_dead},
    {"exact", 'e', ARG_NONE, NULL, NULL, "do not merge nodes of different size", on_exact},
    {"federation", 0, ARG_NONE, "SINFO_FEDERATION", NULL, NULL, NULL},
    {"format", 'o', ARG_REQUIRED, NULL, "<format>", "columns as %[.][width]letter with text between", on_letters},
    {"Format", 'O', ARG_REQUIRED, NULL, "<names>", "columns as name[:[.][width][text]]", on_names},
    {"hide", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"iterate", 'i', ARG_REQUIRED, NULL, "<seconds>", "print again and again", on_iterate},
    {"json", 0, ARG_OPTIONAL, NULL, "<version>", "the nodes as JSON", on_json},
    {"list-reasons", 'R', ARG_NONE, NULL, NULL, "why nodes are not in use", on_reasons},
    {"local", 0, ARG_NONE, "SINFO_LOCAL", NULL, NULL, NULL},
    {"long", 'l', ARG_NONE, NULL, NULL, "more columns", on_long},
    {"noconvert", 0, ARG_NONE, NULL, NULL, NULL, NULL},
    {"Node", 'N', ARG_NONE, NULL, NULL, "one row for each node and partition", on_by_node},
    {"nodes", 'n', ARG_REQUIRED, NULL, "<nodes>", "only these nodes", on_nodes},
    {"noheader", 'h', ARG_NONE, NULL, NULL, "no header line", on_noheader},
    {"partition", 'p', ARG_REQUIRED, "SINFO_PARTITION", "<names>", "only these partitions", on_partition},
    {"reservation", 'T', ARG_NONE, NULL, NULL, "the advance reservations", on_resvs},
    {"responding", 'r', ARG_NONE, NULL, NULL, "only nodes that respond", on_responding},
    {"sort", 'S', ARG_REQUIRED, "SINFO_SORT", NULL, NULL, NULL},
    {"states", 't', ARG_REQUIRED, NULL, "<states>", "only nodes in these states", on_states},
    {"summarize", 's', ARG_NONE, NULL, NULL, "one row a partition", on_summarize},
    {"verbose", 'v', ARG_NONE, NULL, NULL, NULL, NULL},
    {"yaml", 0, ARG_OPTIONAL, NULL, NULL, NULL, on_unavailable},
    {"help", 0, ARG_NONE, NULL, NULL, "this text, and the columns", on_help},
    {"usage", 0, ARG_NONE, NULL, NULL, NULL, on_help},
    {"version", 'V', ARG_NONE, NULL, NULL, "print the version", on_version},
};
#define N_ROWS (sizeof rows / sizeof *rows)

const struct optable_page *sinfo_page (void)
{
    static const struct optable_page page = {
        .tool = "sinfo",
        .words = "[OPTIONS]",
        .rows = rows,
        .n = N_ROWS,
        .examples = {{"sinfo", "partitions, and the states of their nodes"},
                     {"sinfo -N -l", "a line for each node"},
                     {"sinfo -R", "what is down or drained, and why"},
                     {"sinfo -o '%P %C %l'", "columns by letter: partition, CPUs, time limit"}}};

    return &page;
}

static void free_nodes (struct sinfo *s)
{
    for (size_t i = 0; i < s->n_nodes; i++)
        moisson__node_info__free_unpacked (s->nodes[i], NULL);
    s->n_nodes = 0;
}

static void sinfo_clear (struct sinfo *s)
{
    words_clear (&s->partitions, &s->n_partitions);
    words_clear (&s->states, &s->n_states);
    hostlist_free (s->only);
    free (s->letters);
    free (s->names);
    free (s->clusters);
    columns_clear (&s->columns);
    free_nodes (s);
    free (s->nodes);
}

static const char *default_format (const struct sinfo *s)
{
    if (s->reasons)
        return s->is_long ? FORMAT_REASONS_LONG : FORMAT_REASONS;
    if (s->by_node)
        return s->is_long ? FORMAT_NODES_LONG : FORMAT_NODES;
    if (s->summarize)
        return FORMAT_SUMMARY;
    return s->is_long ? FORMAT_LONG : FORMAT_PLAIN;
}

static int choose_columns (struct sinfo *s, struct err *err)
{
    size_t n;
    const struct field *table = sinfo_fields (&n);

    if (!s->letters && !s->names && !s->is_long && !s->reasons && !s->by_node && !s->summarize)
        text_replace (&s->letters, environment ("SINFO_FORMAT"));
    if (s->names)
        return columns_parse_names (&s->columns, table, n, s->names, err);
    return columns_parse_letters (&s->columns, table, n, s->letters ? s->letters : default_format (s), err);
}

static bool wants_state (const struct sinfo *s, const Moisson__NodeInfo *node)
{
    for (size_t i = 0; i < s->n_states; i++)
        if (sinfo_state_matches (s->states[i], node))
            return true;
    return s->n_states == 0;
}

static bool is_named (const struct sinfo *s, const char *name)
{
    for (size_t i = 0; s->only && i < hostlist_count (s->only); i++)
        if (!strcmp (hostlist_nth (s->only, i), name))
            return true;
    return !s->only;
}

static bool wants_partition (const struct sinfo *s, const char *name)
{
    for (size_t i = 0; i < s->n_partitions; i++)
        if (!strcmp (s->partitions[i], name))
            return true;
    return s->n_partitions == 0;
}

static bool wants_node (const struct sinfo *s, const Moisson__NodeInfo *node)
{
    bool silent = sinfo_node_silent (node);

    return wants_state (s, node) && is_named (s, node->name) && !(s->responding && silent) && !(s->dead && !silent) &&
           !(s->reasons && !node->reason);
}

static bool wants (void *arg, const Moisson__PartitionInfo *partition, const Moisson__NodeInfo *node)
{
    const struct sinfo *s = arg;

    return wants_partition (s, partition->name) && (!node || wants_node (s, node));
}

/* All that is printed and does not merge; -N keeps nodes and partitions apart, -R does not look at partitions. */
static void make_key (void *arg, const struct sinfo_row *row, struct buf *key)
{
    const struct sinfo *s = arg;

    for (size_t i = 0; i < s->columns.n; i++) {
        if (sinfo_field_merges (s->columns.list[i].field, s->exact))
            continue;
        s->columns.list[i].field->print (key, row);
        buf_putc (key, '\n');
    }
    if (s->by_node)
        buf_printf (key, "%s\n%s", row->node ? row->node->name : "", row->partition->name);
}

/* -N lists nodes first, in a column as wide as the longest name. */
static void fit_first_column (struct sinfo *s, const struct sinfo_table *table)
{
    struct column *first = s->columns.list;
    size_t widest = strlen ("NODELIST");

    if (!s->by_node || s->letters || s->names)
        return;
    for (size_t i = 0; i < table->n; i++)
        if (table->rows[i]->node && strlen (table->rows[i]->node->name) > widest)
            widest = strlen (table->rows[i]->node->name);
    first->width = (int) widest + 1; /* one more than the longest: as Slurm has it */
}

static void print_table (struct sinfo *s, const struct sinfo_table *table, const char *cluster)
{
    _cleanup_buf_ struct buf line = BUF_INIT;

    fit_first_column (s, table);
    if (!s->noheader) {
        list_title (s->clusters ? cluster : NULL, s->is_long || s->iterate_s);
        columns_header (&s->columns, &line);
        list_line (&line);
    }
    for (size_t i = 0; i < table->n; i++) {
        columns_row (&s->columns, table->rows[i], &line);
        list_line (&line);
    }
}

/* Pages are freed after the call: the nodes are taken out of them. */
static bool on_page (void *arg, const void *message)
{
    struct sinfo *s = arg;
    const Moisson__NodesPage *page = message;

    for (size_t i = 0; i < page->n_nodes; i++) {
        size_t size = moisson__node_info__get_packed_size (page->nodes[i]);
        _cleanup_free_ uint8_t *packed = xmalloc (size);
        moisson__node_info__pack (page->nodes[i], packed);
        GROW (s->nodes, s->n_nodes, s->nodes_room);
        s->nodes[s->n_nodes] = moisson__node_info__unpack (NULL, size, packed);
        s->n_nodes += s->nodes[s->n_nodes] != NULL;
    }
    return page->last;
}

static int print_json (const struct sinfo *s)
{
    json_t *list = json_array ();

    for (size_t i = 0; i < s->n_nodes; i++)
        if (wants_node (s, s->nodes[i]))
            json_array_append_new (list, json_node (s->nodes[i]));
    return json_print ("nodes", list) ? COMMAND_ERROR : 0;
}

static bool shows_partitions (const struct sinfo *s)
{
    for (size_t i = 0; i < s->columns.n; i++)
        if (strchr ("PR", s->columns.list[i].field->letter) && s->columns.list[i].field->letter)
            return true;
    return false;
}

static int show (struct sinfo *s, const Moisson__PartitionsPage *page, const char *cluster)
{
    _cleanup_err_ struct err err = ERR_INIT;
    bool sieved = s->n_states || s->only || s->responding || s->dead || s->reasons;
    struct sinfo_options options = {.key = make_key,
                                    .want = wants,
                                    .arg = s,
                                    .by_node = s->by_node,
                                    .by_partition = shows_partitions (s),
                                    .no_empty = s->by_node || s->reasons || (sieved && !shows_partitions (s)),
                                    .time_format = environment ("SLURM_TIME_FORMAT")};
    struct sinfo_table table;

    if (sinfo_table_build (&table, s->nodes, s->n_nodes, page->partitions, page->n_partitions, &options, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    print_table (s, &table, cluster);
    sinfo_table_clear (&table);
    return 0;
}

static int query (void *self, struct rpc *rpc)
{
    SELF;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__PartitionsPage *page = NULL;

    free_nodes (s);
    if (s->resvs)
        return sinfo_print_resvs (rpc, !s->noheader);
    if (rpc_stream (rpc, MOISSON__MSG_TYPE__MSG_NODES, NULL, MOISSON__MSG_TYPE__MSG_NODES_PAGE,
                    &moisson__nodes_page__descriptor, on_page, s, &err))
        return failure_report_query ("slurm_load_node", &err);
    if (s->want_json)
        return print_json (s);
    if (rpc_request (rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_PARTITIONS, NULL, MOISSON__MSG_TYPE__MSG_PARTITIONS_PAGE,
                     &moisson__partitions_page__descriptor, &page, &err))
        return failure_report_query ("slurm_load_partitions", &err);
    int r = show (s, page, rpc_config (rpc)->cluster_name);
    moisson__partitions_page__free_unpacked (page, NULL);
    return r;
}

static int run (struct sinfo *s)
{
    _cleanup_rpc_ struct rpc *rpc = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (choose_columns (s, &err) || rpc_create (&rpc, NULL, &err) || rpc_check_clusters (rpc, s->clusters, &err)) {
        err_report (TOOL, &err);
        return COMMAND_ERROR;
    }
    return list_repeat (query, s, rpc, s->iterate_s);
}

static int print_help (void)
{
    size_t n;
    const struct field *table = sinfo_fields (&n);

    optable_page_help (stdout, sinfo_page ());
    list_columns_help (table, n, 17);
    return 0;
}

int sinfo_run (int argc, char **argv)
{
    _cleanup_ (sinfo_clear) struct sinfo s = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = argc;
    int r = optable_parse (rows, N_ROWS, argc, argv, &s, &index, &err);

    if (!r && index < argc) {
        r = err_set (&err, 0, "unexpected word \"%s\"", argv[index]);
        err_fix (&err, "name nodes with -n, partitions with -p");
    }
    if (r) {
        return list_refused (TOOL, &err);
    }
    if (s.version)
        return command_version ();
    return s.help ? print_help () : run (&s);
}
