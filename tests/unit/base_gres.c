/* base_gres.c - Gres=, GresTypes and gres.conf: what they can say, and the sentences about what they must not. */
#include "base/gres.h"
#include <string.h>
#include "base/config.h"
#include "base/files.h"
#include "base/mem.h"
#include "suite.h"

#define HEAD "SlurmctldHost=head\n"
#define NODES "NodeName=n[1-2] CPUs=4 RealMemory=100 Gres=gpu:a100:2\nNodeName=n3 CPUs=4 Gres=gpu:a100:2,gpu:v100:1\n"
#define TAIL "PartitionName=p Nodes=ALL\n"

/* A directory with moisson.conf and gres.conf in it. */
struct place {
    char dir[64], path[96];
};

static void put_file (const struct place *place, const char *name, const char *text)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", place->dir, name);

    ck_assert_int_eq (file_write (path, text, strlen (text), 0600, 0, NULL), 0);
}

static struct place place_make (const char *conf, const char *gres)
{
    struct place place = {.dir = "/tmp/moisson-gres-XXXXXX"};

    ck_assert_ptr_nonnull (mkdtemp (place.dir));
    snprintf (place.path, sizeof place.path, "%s/moisson.conf", place.dir);
    put_file (&place, "moisson.conf", conf);
    if (gres)
        put_file (&place, "gres.conf", gres);
    return place;
}

static void place_free (struct place *place)
{
    ck_assert_int_eq (dir_remove (place->dir), 0);
}

#define PLACE(conf, gres) __attribute__ ((cleanup (place_free))) struct place place = place_make (conf, gres)

static struct config *load (const char *conf_text, const char *gres)
{
    PLACE (conf_text, gres);
    _cleanup_err_ struct err err = ERR_INIT;
    struct config *conf = NULL;
    int rc = config_load (&conf, place.path, &err);

    ck_assert_msg (rc == 0, "%s", err.why ? err.why : "");
    return conf;
}

/* "gres.conf:2: why | fix"; the caller frees it. */
static char *complaint (const char *conf_text, const char *gres)
{
    PLACE (conf_text, gres);
    _cleanup_err_ struct err err = ERR_INIT;
    struct config *conf = NULL;

    ck_assert_int_eq (config_load (&conf, place.path, &err), -1);
    const char *why = !strncmp (err.why, place.dir, strlen (place.dir)) ? err.why + strlen (place.dir) + 1 : err.why;
    return xasprintf ("%s | %s", why, err.fix ? err.fix : "");
}

START_TEST (words)
{
    static const struct {
        const char *word, *shown;
    } rows[] = {
        {"gpu", "gpu:1"},
        {"gpu:2", "gpu:2"},
        {"gpu:a100", "gpu:a100:1"},
        {"GPU:a100:4", "gpu:a100:4"},
        {"gpu:a100:4(S:0-1)", "gpu:a100:4"},
        {"gres:gpu:3", "gpu:3"},
        {"gres/gpu:3", "gpu:3"},
        {"disk:2k", "disk:2048"},
        {"gpu:3g.20gb:2", "gpu:3g.20gb:2"},
        {"gpu:1080ti:2", "gpu:1080ti:2"},
        {"gpu:0", "gpu:0"},
    };
    static const char *const bad[] = {
        "",          ":",      "gpu:",           "gpu::2", "2",    "gpu:a:b:3", "gpu:a:b",  "gpu:1:2",
        "gpu:a b:1", "gpu:-1", "gpu:5000000000", "gpu:1(", "9x:1", "gpu:2000g", "gpu:\xff",
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        _cleanup_gres_ struct gres g = {0};
        _cleanup_buf_ struct buf out = BUF_INIT;
        ck_assert_int_eq (gres_parse (rows[i].word, &g, NULL), 0);
        gres_show (&g, &out);
        ck_assert_str_eq (out.data, rows[i].shown);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        _cleanup_err_ struct err err = ERR_INIT;
        struct gres g = {0};
        ck_assert_msg (gres_parse (bad[i], &g, &err) == -1, "%s", bad[i]);
        ck_assert_ptr_null (g.name);
        ck_assert_ptr_nonnull (err.why);
    }
}
END_TEST

START_TEST (tres_has_the_sum_of_each_name)
{
    const struct gres list[] = {{(char *) "gpu", (char *) "a100", 2},
                                {(char *) "disk", NULL, 7},
                                {(char *) "gpu", (char *) "v100", 1},
                                {(char *) "gpu", (char *) "k80", 0}};
    _cleanup_buf_ struct buf out = BUF_INIT;

    gres_show_tres (list, 4, &out);
    ck_assert_str_eq (out.data, ",gres/gpu=3,gres/gpu:a100=2,gres/gpu:v100=1,gres/disk=7");
}
END_TEST

START_TEST (nodes_have_kinds)
{
    _cleanup_config_ struct config *conf = load (HEAD "GresTypes=gpu,disk\n"
                                                      "NodeName=n1 CPUs=4 Gres=gpu:a100:2,gpu:v100,disk:4K,gpu:a100:1\n"
                                                      "NodeName=n2 CPUs=4 Gres=(null)\n" TAIL,
                                                 NULL);
    const Moisson__NodeConf *node = conf->core->nodes[0];

    ck_assert_uint_eq (node->n_gres_have, 3);
    ck_assert_str_eq (node->gres_have[0]->type, "a100");
    ck_assert_uint_eq (node->gres_have[0]->count, 3);
    ck_assert_uint_eq (node->gres_have[2]->count, 4096);
    ck_assert_uint_eq (node->gpus, 4);
    ck_assert_uint_eq (conf->core->nodes[1]->n_gres_have, 0);
}
END_TEST

START_TEST (lines_of_gres_conf)
{
    _cleanup_config_ struct config *conf =
        load (HEAD NODES TAIL, "# GPUs\nNodeName=n[1-2] Name=gpu Type=a100 File=/dev/nvidia[0-1] Cores=0-1 Flags=one\n"
                               "NodeName=n3 Name=gpu Type=a100 File=/dev/nvidia0,/dev/nvidia2\n"
                               "NodeName=n3 Name=gpu Type=v100 Count=1\nNodeName=n2 AutoDetect=off\nAutoDetect=nvml\n");
    const struct config_node_extra *n2 = &conf->node_extra[1], *n3 = &conf->node_extra[2];

    ck_assert_uint_eq (conf->n_gres, 3);
    ck_assert_uint_eq (n2->n_gres, 1);
    ck_assert_uint_eq (conf->gres[n2->gres[0]].n_files, 2);
    ck_assert_str_eq (conf->gres[n2->gres[0]].files[1], "/dev/nvidia1");
    ck_assert_str_eq (conf->gres[n2->gres[0]].cores, "0-1");
    ck_assert_uint_eq (n3->n_gres, 2);
    ck_assert_str_eq (conf->gres[n3->gres[0]].files[1], "/dev/nvidia2");
    ck_assert (config_gres_is (&conf->gres[2], conf->core->nodes[2], conf->core->nodes[2]->gres_have[1]));
    ck_assert (!config_gres_is (&conf->gres[2], conf->core->nodes[2], conf->core->nodes[2]->gres_have[0]));
    ck_assert_uint_eq (conf->n_notices, 3); /* Flags, AutoDetect=nvml, n3 without memory */
}
END_TEST

START_TEST (a_line_without_type_is_about_the_only_kind)
{
    _cleanup_config_ struct config *conf =
        load (HEAD "NodeName=n1 CPUs=4 RealMemory=9 Gres=gpu:a100:2\n" TAIL, "Name=gpu File=/dev/nvidia[0-1]\n");

    ck_assert (config_gres_is (&conf->gres[0], conf->core->nodes[0], conf->core->nodes[0]->gres_have[0]));
}
END_TEST

START_TEST (sentences)
{
    static const struct {
        const char *conf, *gres, *words;
    } rows[] = {
        {HEAD "NodeName=n1 CPUs=4 Gres=gpu:2,disk:3\n" TAIL, NULL,
         "Gres of node n1: disk is not in GresTypes | write GresTypes=gpu,disk"},
        {HEAD "NodeName=n1 CPUs=4 Gres=gpu:2:3\n" TAIL, NULL,
         "moisson.conf:2: NodeName=n1: \"gpu:2:3\" is not NAME[:TYPE][:COUNT] | write NAME:COUNT or"},
        {HEAD "NodeName=n1 CPUs=4 Gres=gpu:2000\n" TAIL, NULL, "that many are not on one node"},
        {HEAD "NodeName=n1 CPUs=4 Gres=gpu:2,shard:8\n" TAIL, NULL, "shard: a GPU is given to one job at a time"},
        {HEAD "NodeName=n1 CPUs=4 Gres=gpu:a,gpu:b,gpu:c,gpu:d,gpu:e,gpu:f,gpu:g,gpu:h,gpu:i\n" TAIL, NULL,
         "more than 8 names and types"},
        {HEAD NODES TAIL, "\nName=gpu Typ=a100\n", "gres.conf:2: Typ: unknown key | did you mean Type?"},
        {HEAD NODES TAIL, "NodeName=n9 Name=gpu\n", "gres.conf:1: node n9 is in no NodeName line of /tmp/"},
        {HEAD NODES TAIL, "Name=gpu Type=a100 File=nvidia0\n", "File=nvidia0 is no device file | write the whole path"},
        {HEAD NODES TAIL, "Name=gpu Type=a100 File=/dev/nvidia[0-\n", "gres.conf:1: "},
        {HEAD NODES TAIL, "Name=gpu Type=a100 Cores=a-b\n", "gres.conf:1: "},
        {HEAD NODES TAIL, "Name=gpu Type=a100 Count=3 File=/dev/nvidia[0-1]\n",
         "gres.conf:1: Count=3, but File names 2 | leave Count out"},
        {HEAD NODES TAIL, "NodeName=n1 Name=gpu Type=k80 Count=1\n",
         "gres.conf:1: node n1 has no Gres=gpu:k80 | add it"},
        {HEAD NODES TAIL, "# one too few\nNodeName=n1 Name=gpu Type=a100 File=/dev/nvidia0\n",
         "gres.conf:2: node n1 has Gres=gpu:a100:2, but the lines here are about 1 | correct Gres in /tmp/"},
        {HEAD NODES TAIL, "Name=gpu Type=a100 File=/dev/nvidia[0-1] Cores=0-99\n",
         "gres.conf:1: Cores=0-99, but node n1 has 4 cores | ids start at 0"},
        {HEAD NODES TAIL, "Type=a100\n", "gres.conf:1: no Name | write Name=gpu"},
        {HEAD NODES TAIL, "Name=gpu AutoDetect=magic\n",
         "AutoDetect=magic: \"magic\" is not available | use off|hwloc"},
        {HEAD NODES TAIL, "Include other.conf\n", "gres.conf:1: "},
        {HEAD NODES TAIL, "Name=gpu MultipleFiles=/dev/nvidia0,/dev/nvidia1\n", "MultipleFiles: unknown key"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        _cleanup_free_ char *said = complaint (rows[i].conf, rows[i].gres);
        ck_assert_msg (strstr (said, rows[i].words) != NULL, "%s: %s", rows[i].gres ? rows[i].gres : rows[i].conf,
                       said);
    }
}
END_TEST

SUITE ("gres", words, tres_has_the_sum_of_each_name, nodes_have_kinds, lines_of_gres_conf,
       a_line_without_type_is_about_the_only_kind, sentences)
