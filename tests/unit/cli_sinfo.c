#include <string.h>
#include "base/cleanup.h"
#include "sinfo_fields.h"
#include "suite.h"

#define N_NODES 4

struct site {
    Moisson__NodeInfo nodes[N_NODES], *node_list[N_NODES];
    Moisson__PartitionInfo partitions[3], *partition_list[3];
    struct columns columns;
    bool by_node, exact;
};

/* n1 n2 idle, n3 half used and larger, n4 gone; "main" has all, "fast" has n3 and n4, "empty" none. */
static void site_init (struct site *s)
{
    static const char *const names[] = {"n1", "n2", "n3", "n4"}, *const states[] = {"idle", "idle", "mixed", "down*"};
    static const char *const partitions[] = {"main", "fast", "empty"}, *const lists[] = {"n[1-4]", "n[3-4]", ""};

    memset (s, 0, sizeof *s);
    for (int i = 0; i < N_NODES; i++) {
        Moisson__NodeInfo *n = s->node_list[i] = &s->nodes[i];
        moisson__node_info__init (n);
        n->name = n->host = (char *) names[i];
        n->state = (char *) states[i];
        n->cpus = i == 2 ? 8 : 4;
        n->alloc_cpus = i == 2 ? 3 : 0;
        n->mem_mb = 1000;
        n->has_free_mem_mb = true;
        n->free_mem_mb = 500 + 100 * (unsigned) i;
    }
    s->nodes[2].gres = (char *) "gpu:2";
    for (int i = 0; i < 3; i++) {
        Moisson__PartitionInfo *p = s->partition_list[i] = &s->partitions[i];
        moisson__partition_info__init (p);
        p->name = (char *) partitions[i];
        p->nodes = (char *) lists[i];
        p->state = (char *) "UP";
        p->is_default = i == 0;
    }
    s->partitions[1].max_time_s = 1800;
}

static void make_key (void *arg, const struct sinfo_row *row, struct buf *key)
{
    const struct site *s = arg;

    for (size_t i = 0; i < s->columns.n; i++)
        if (!sinfo_field_merges (s->columns.list[i].field, s->exact)) {
            s->columns.list[i].field->print (key, row);
            buf_putc (key, '\n');
        }
    if (s->by_node)
        buf_printf (key, "%s\n%s", row->node ? row->node->name : "", row->partition->name);
}

static bool want_all (void *arg, const Moisson__PartitionInfo *partition, const Moisson__NodeInfo *node)
{
    (void) arg;
    (void) partition;
    (void) node;
    return true;
}

static void shows (struct site *s, const char *format, const char *lines)
{
    struct sinfo_options options = {
        .key = make_key, .want = want_all, .arg = s, .by_node = s->by_node, .no_empty = s->by_node};
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct sinfo_table table;
    size_t n;
    const struct field *fields = sinfo_fields (&n);

    ck_assert_int_eq (columns_parse_letters (&s->columns, fields, n, format, NULL), 0);
    ck_assert_int_eq (sinfo_table_build (&table, s->node_list, N_NODES, s->partition_list, 3, &options, NULL), 0);
    for (size_t i = 0; i < table.n; i++) {
        columns_row (&s->columns, table.rows[i], &out);
        buf_putc (&out, '\n');
    }
    ck_assert_str_eq (buf_str (&out), lines);
    sinfo_table_clear (&table);
    columns_clear (&s->columns);
}

START_TEST (the_default_table)
{
    struct site s;

    site_init (&s);
    shows (&s, "%P %a %l %D %t %N",
           "main* up infinite 1 down* n4\n"
           "main* up infinite 1 mix n3\n"
           "main* up infinite 2 idle n[1-2]\n"
           "fast up 30:00 1 down* n4\n"
           "fast up 30:00 1 mix n3\n"
           "empty up infinite 0 n/a \n");
}
END_TEST

START_TEST (a_node_in_two_partitions_counts_once)
{
    struct site s;

    site_init (&s);
    shows (&s, "%C", "3/13/4/20\n");
    shows (&s, "%F", "1/2/1/4\n");
    shows (&s, "%D,%T", "1,down*\n1,mixed\n2,idle\n0,n/a\n");
    shows (&s, "%F/%C", "1/2/1/4/3/13/4/20\n");
}
END_TEST

START_TEST (what_differs_gets_a_plus)
{
    struct site s;

    site_init (&s);
    shows (&s, "%R %c %m %e", "main 4+ 1000 500-800\nfast 4+ 1000 700-800\nempty 0 0 0\n");
    s.exact = true;
    shows (&s, "%c %N", "8 n3\n4 n[1-2,4]\n0 \n");
}
END_TEST

START_TEST (rows_by_node)
{
    struct site s;

    site_init (&s);
    s.by_node = true;
    shows (&s, "%n %R %T", "n1 main idle\nn2 main idle\nn3 main mixed\nn3 fast mixed\nn4 main down*\nn4 fast down*\n");
    shows (&s, "%R", "main\nmain\nmain\nfast\nmain\nfast\n");
}
END_TEST

START_TEST (toils_six_columns)
{
    struct site s;

    site_init (&s);
    shows (&s, "%P %G %l %p %c %m",
           "main* gpu:2 infinite 0 8 1000\nmain* (null) infinite 0 4 1000\n"
           "fast (null) 30:00 0 4 1000\nfast gpu:2 30:00 0 8 1000\nempty (null) infinite 0 0 0\n");
}
END_TEST

START_TEST (states_are_chosen_by_long_and_short_words)
{
    static const struct {
        const char *word, *state, *complete;
        bool matches;
    } cases[] = {
        {"IDLE", "idle*", "IDLE+NOT_RESPONDING", true},
        {"idle*", "idle", "IDLE", false},
        {"mix", "mixed", "MIXED", true},
        {"alloc", "allocated+", "ALLOCATED+COMPLETING", true},
        {"comp", "allocated+", "ALLOCATED+COMPLETING", true},
        {"drain", "drained", "IDLE+DRAIN", true},
        {"drain", "draining*", "MIXED+DRAIN+NOT_RESPONDING", true},
        {"drained", "draining", "MIXED+DRAIN", false},
        {"drng", "draining", "MIXED+DRAIN", true},
        {"all", "down", "DOWN", true},
        {"down", "drained", "DOWN+DRAIN", true},
        {"no_respond", "down*", "DOWN+NOT_RESPONDING", true},
        {"no_respond", "reboot^", "IDLE+NOT_RESPONDING+REBOOT_ISSUED", true},
        {"reboot", "mixed@", "MIXED+REBOOT_REQUESTED", true},
        {"boot", "reboot^", "IDLE+REBOOT_ISSUED", true},
        {"inval", "inval", "IDLE+DRAIN+INVALID_REG", true},
        {"down", "idle", "IDLE", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Moisson__NodeInfo node = MOISSON__NODE_INFO__INIT;
        node.state = (char *) cases[i].state;
        node.state_complete = (char *) cases[i].complete;
        ck_assert_msg (sinfo_state_matches (cases[i].word, &node) == cases[i].matches, "-t %s and %s", cases[i].word,
                       cases[i].complete);
    }
    ck_assert (sinfo_state_known ("maint") && sinfo_state_known ("RESV") && !sinfo_state_known ("fred"));
}
END_TEST

START_TEST (programs_names_are_all_there)
{
    static const char *const specs[] = {"nodehost:100,gres:512,gresused:512,statelong",
                                        "NodeList,AllocMem,Memory,CPUsState,StateLong",
                                        "statelong,cpusstate,allocmem,memory,features,nodehost"};
    size_t n;
    const struct field *fields = sinfo_fields (&n);

    for (size_t i = 0; i < 3; i++) {
        struct columns c = {0};
        ck_assert_msg (columns_parse_names (&c, fields, n, specs[i], NULL) == 0, "%s", specs[i]);
        columns_clear (&c);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            ck_assert_msg (!fields[i].letter || fields[i].letter != fields[j].letter, "%%%c", fields[i].letter);
}
END_TEST

SUITE ("sinfo", the_default_table, a_node_in_two_partitions_counts_once, what_differs_gets_a_plus, rows_by_node,
       toils_six_columns, states_are_chosen_by_long_and_short_words, programs_names_are_all_there)
