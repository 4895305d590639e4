/* states_doc.c - docs/states.md, printed from the tables. */
#include "base/node_states.h"
#include "base/states.h"
#include "core/phases.h"
#include "core/reconcile.h"

static void print_states (FILE *out)
{
    size_t n;
    const struct state_word *words = state_words (&n);

    fprintf (out, "## States as users see them\n\n| state | short | ended | meaning |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < n; i++)
        fprintf (out, "| %s | %s | %s | %s |\n", words[i].name, words[i].brief, words[i].ended ? "yes" : "",
                 words[i].meaning);
}

static void print_nodes (FILE *out)
{
    size_t n;
    const struct node_word *words = node_words (&n);
    const struct node_part *parts;

    fprintf (out, "\n## States of nodes\n\n"
                  "`sinfo` shows one word, with one mark behind it at most.\n\n"
                  "| state | short | meaning |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < n; i++)
        if (words[i].meaning)
            fprintf (out, "| %s | %s | %s |\n", words[i].name, words[i].brief, words[i].meaning);
    fprintf (out, "\n`scontrol show node` shows a base (UNKNOWN, IDLE, MIXED, ALLOCATED, DOWN) and every flag, as in "
                  "`IDLE+DRAIN`.\n\n"
                  "| flag | mark | meaning |\n| --- | --- | --- |\n");
    parts = node_flag_parts (&n);
    for (size_t i = 0; i < n; i++)
        fprintf (out, "| %s | %.1s | %s |\n", parts[i].name, parts[i].mark ? &parts[i].mark : "", parts[i].meaning);
}

static void print_phases (FILE *out)
{
    struct phase_row_list list = phase_rows ();

    fprintf (out,
             "\n## Phases of a task\n\n"
             "What has no row here is refused with a sentence or, where it is news from a node (unplaced, refused,\n"
             "started, ended, node lost), counted as stale and dropped. A stop that was asked for is a flag beside "
             "PLACED and\n"
             "RUNNING, shown as COMPLETING; so is a suspension beside RUNNING, shown as SUSPENDED. PLACED is shown as "
             "PENDING with the reason `Starting`, or as\nCONFIGURING "
             "while PrologSlurmctld runs.\n\n"
             "| phase | event | next | what follows |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < list.n; i++)
        fprintf (out, "| %s | %s | %s | %s |\n", phase_name (list.rows[i].from), task_event_name (list.rows[i].on),
                 phase_name (list.rows[i].to), list.rows[i].asks);
}

static void print_reconcile (FILE *out)
{
    char words[128];

    fprintf (out,
             "\n## Reconciliation\n\n"
             "On every connect a node reports all attempts it has. What the controller wants of each, and what the\n"
             "node has of it, decide what is done.\n\n"
             "| wanted | present | done | why |\n| --- | --- | --- | --- |\n");
    for (int w = 0; w < N_WANTED; w++)
        for (int p = 0; p < N_PRESENT; p++) {
            const struct reconcile_cell *cell = reconcile_cell (w, p);
            fprintf (out, "| %s | %s | %s | %s |\n", wanted_name (w), present_name (p),
                     reconcile_words (cell->what, words, sizeof words), cell->why);
        }
}

void states_document (FILE *out)
{
    fprintf (out, "# States\n\nPrinted from the tables of the program by `states-document`; do not edit.\n\n");
    print_states (out);
    print_nodes (out);
    print_phases (out);
    print_reconcile (out);
}
