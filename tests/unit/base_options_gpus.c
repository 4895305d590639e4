/* base_options_gpus.c - the ways to ask for GPUs: what the spec says afterwards, and what is refused. */
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/options.h"
#include "suite.h"

/* "gpu:2/node gpu:a100:1/task": what is asked, in order. The caller frees it. */
static char *asks_of (const Moisson__JobSpec *spec)
{
    static const char *const per[] = {NULL, "node", "job", "task"};
    struct buf out = BUF_INIT;

    for (size_t i = 0; i < spec->n_gres_asks; i++) {
        const Moisson__Gres *g = spec->gres_asks[i]->gres;
        const struct gres shown = {g->name, g->type, g->count};
        buf_puts (&out, i ? " " : "");
        gres_show (&shown, &out);
        buf_printf (&out, "/%s", per[spec->gres_asks[i]->per]);
    }
    return buf_steal (&out);
}

static int parse (struct submit *s, const char *line, struct err *err)
{
    _cleanup_free_ char *copy = xstrdup (line);
    char *argv[16] = {(char *) "sbatch"}, *save = NULL;
    int argc = 1, index;

    for (char *word = strtok_r (copy, " ", &save); word; word = strtok_r (NULL, " ", &save))
        argv[argc++] = word;
    return options_parse (s, argc, argv, &index, err) < 0 || options_finish (s, err) < 0 ? -1 : 0;
}

static const struct {
    const char *line, *asks, *gres; /* gres: as shown; NULL = nothing for each node */
    uint32_t on_node, ntasks, cpus_per_task;
    uint64_t mem_mb;
} rows[] = {
    {"--gres=gpu", "gpu:1/node", "gpu:1", 1},
    {"--gres=gpu:2", "gpu:2/node", "gpu:2", 2},
    {"--gres=gpu:a100:1,gpu:v100:2", "gpu:a100:1/node gpu:v100:2/node", "gpu:a100:1,gpu:v100:2", 3},
    {"--gres=gres:gpu:2,disk:4K", "gpu:2/node disk:4096/node", "gpu:2,disk:4096", 2},
    {"--gres=gpu:a:1,gpu:a:1", "gpu:a:2/node", "gpu:a:2", 2},
    {"--gres=gpu:0", "gpu:0/node", "gpu:0", 0},
    {"--gres=none", "", NULL, 0},
    {"--gres=gpu:2 --gres=", "", NULL, 0},
    {"-G 3 -N 2", "gpu:3/job", NULL, 2},
    {"-G a100", "gpu:a100:1/job", NULL, 1},
    {"--gpus=a100:2,v100:1", "gpu:a100:2/job gpu:v100:1/job", NULL, 3},
    {"--gpus-per-node=a100:4", "gpu:a100:4/node", "gpu:a100:4", 4},
    {"--gpus-per-task=2 --ntasks=4 --nodes=2", "gpu:2/task", NULL, 4, 4},
    {"--gpus-per-task=2 --gpus=6", "gpu:6/job gpu:2/task", NULL, 6, 3},
    {"--gpus=7 --gpus= --gres=gpu --gpus-per-node=4", "gpu:1/node gpu:4/node", "gpu:1,gpu:4", 4},
    {"--gpus=4 --ntasks-per-gpu=2", "gpu:4/job", NULL, 4, 8},
    {"--gpus-per-node=2 -N 3 --ntasks-per-gpu=1", "gpu:2/node", "gpu:2", 2, 6},
    {"--ntasks=5 --ntasks-per-gpu=2", "gpu:3/job", NULL, 3, 5},
    {"--gpus=4 --cpus-per-gpu=3 --mem-per-gpu=2G --ntasks=2", "gpu:4/job", NULL, 4, 2, 6, 8192},
    {"--gres=gpu:2 --cpus-per-gpu=3", "gpu:2/node", "gpu:2", 2, 0, 6},
    {"--gres=gpu:2 --mem=5 --mem-per-gpu=7", "gpu:2/node", "gpu:2", 2, 0, 0, 14},
    {"--gres=gpu:2 --mem-per-gpu=7 --mem=5", "gpu:2/node", "gpu:2", 2, 0, 0, 5},
};

START_TEST (what_the_spec_says)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        __attribute__ ((cleanup (submit_clear))) struct submit s;
        _cleanup_err_ struct err err = ERR_INIT;
        submit_init (&s);
        ck_assert_msg (parse (&s, rows[i].line, &err) == 0, "%s: %s", rows[i].line, err.why);
        _cleanup_free_ char *asks = asks_of (&s.spec);
        ck_assert_msg (!strcmp (asks, rows[i].asks), "%s: %s", rows[i].line, asks);
        ck_assert_pstr_eq (s.spec.gres, rows[i].gres);
        ck_assert_msg (s.spec.gpus_per_node == rows[i].on_node, "%s: %u", rows[i].line, s.spec.gpus_per_node);
        ck_assert_msg (s.spec.ntasks == rows[i].ntasks, "%s: %u tasks", rows[i].line, s.spec.ntasks);
        ck_assert_msg (s.spec.cpus_per_task == rows[i].cpus_per_task, "%s: %u", rows[i].line, s.spec.cpus_per_task);
        ck_assert_msg (s.spec.mem_per_node_mb == rows[i].mem_mb, "%s", rows[i].line);
    }
}
END_TEST

START_TEST (what_is_refused)
{
    static const struct {
        const char *line, *why, *fix;
    } bad[] = {
        {"--gres=gpu:2,gpu:a100:1", "--gres=gpu:2,gpu:a100:1", "name the type of all of them, or of none"},
        {"--gres=gpu:a:b:1", "--gres=gpu:a:b:1", "write NAME[:TYPE][:NUMBER]"},
        {"--gres=gpu,", "--gres=gpu,", "write NAME[:TYPE][:NUMBER]"},
        {"--gpus=a100:two", "--gpus=a100:two", "write [TYPE:]NUMBER, such as 2 or a100:2"},
        {"--gpus=-1", "--gpus=-1", "write [TYPE:]NUMBER"},
        {"--gres=a,b,c,d,e,f,g,h,i", "--gres=a,b", "at most 8"},
        {"--gpus=4 --cpus-per-gpu=1 -c 2", "--cpus-per-gpu and --cpus-per-task", "leave one of them out"},
        {"--cpus-per-gpu=1", "no GPU is asked for", "add --gpus"},
        {"--cpus-per-gpu=0 --gpus=1", "", ""},
        {"--mem-per-gpu=lots --gpus=1", "", ""},
        {"--gpus=5 --gpus-per-task=2", "no multiple", "leave one of the two out"},
        {"-N 2 --gpus=5 --cpus-per-gpu=2", "do not get equally many", "--cpus-per-task and --mem"},
        {"--ntasks-per-gpu=2", "without a number of GPUs or of tasks", "add --gpus or --ntasks"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        __attribute__ ((cleanup (submit_clear))) struct submit s;
        _cleanup_err_ struct err err = ERR_INIT;
        submit_init (&s);
        ck_assert_msg (parse (&s, bad[i].line, &err) == -1, "%s", bad[i].line);
        ck_assert_msg (strstr (err.why, bad[i].why) != NULL, "%s: %s", bad[i].line, err.why);
        ck_assert_msg (err.fix && strstr (err.fix, bad[i].fix) != NULL, "%s: %s", bad[i].line, err.fix);
    }
}
END_TEST

START_TEST (as_typed_for_the_environment)
{
    __attribute__ ((cleanup (submit_clear))) struct submit s;

    submit_init (&s);
    ck_assert_int_eq (parse (&s, "-G a100:2 --gpus-per-task=1", NULL), 0);
    ck_assert_str_eq (s.spec.gpus_text, "a100:2");
    ck_assert_str_eq (s.spec.gpus_per_task_text, "1");
    ck_assert_ptr_null (s.spec.gpus_per_node_text);
}
END_TEST

SUITE ("options for GPUs", what_the_spec_says, what_is_refused, as_typed_for_the_environment)
