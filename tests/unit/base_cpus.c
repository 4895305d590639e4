/* base_cpus.c - what one CPU is: shapes of nodes, specialised cores, SelectTypeParameters, and what was found. */
#include <string.h>
#include <unistd.h>
#include "base/config.h"
#include "base/files.h"
#include "base/hardware.h"
#include "base/mem.h"
#include "suite.h"

#define CLUSTER "SlurmctldHost=head\nPartitionName=p Nodes=ALL Default=YES\n"

/* Load a configuration with these lines; NULL: *ret_why says what is wrong with it. */
static struct config *try_load (const char *lines, char **ret_why)
{
    char path[] = "/tmp/moisson-cpus-XXXXXX";
    int fd = mkstemp (path);
    _cleanup_free_ char *text = xasprintf (CLUSTER "%s\n", lines);
    _cleanup_err_ struct err err = ERR_INIT;
    struct config *conf = NULL;

    ck_assert_int_ge (fd, 0);
    ck_assert_int_eq (close (fd), 0);
    ck_assert_int_eq (file_write (path, text, strlen (text), 0600, 0, &err), 0);
    if (config_load (&conf, path, &err))
        *ret_why = xasprintf ("%s | %s", strchr (err.why, ' ') + 1, err.fix ? err.fix : "");
    ck_assert_int_eq (unlink (path), 0);
    return conf;
}

static struct config *load (const char *lines)
{
    _cleanup_free_ char *why = NULL;
    struct config *conf = try_load (lines, &why);

    ck_assert_msg (conf != NULL, "%s: %s", lines, why);
    return conf;
}

START_TEST (shapes_are_completed)
{
    static const struct {
        const char *words;
        uint32_t cpus, sockets, cores, threads, core_cpus, notices;
    } rows[] = {
        {"CPUs=8", 8, 1, 8, 1, 0, 0},
        {"Sockets=2 CoresPerSocket=4 ThreadsPerCore=2", 16, 2, 4, 2, 2, 0},
        {"CPUs=16 Sockets=2 CoresPerSocket=4 ThreadsPerCore=2", 16, 2, 4, 2, 2, 0},
        {"CPUs=8 Sockets=2 CoresPerSocket=4 ThreadsPerCore=2", 8, 2, 4, 2, 0, 0}, /* a CPU is a core */
        {"CPUs=12 Sockets=2 CoresPerSocket=4 ThreadsPerCore=2", 16, 2, 4, 2, 2, 1},
        {"CPUs=16 CoresPerSocket=4 ThreadsPerCore=2", 16, 2, 4, 2, 2, 0},
        {"CPUs=16 Sockets=2 ThreadsPerCore=2", 16, 2, 4, 2, 2, 0},
        {"CPUs=16 ThreadsPerCore=2", 16, 1, 8, 2, 2, 0},
        {"Boards=2 SocketsPerBoard=2 CoresPerSocket=3", 12, 4, 3, 1, 0, 0},
        {"Boards=2 Sockets=1 CoresPerSocket=3", 6, 2, 3, 1, 0, 1},
        {"Sockets=8 SocketsPerBoard=1 CoresPerSocket=3", 3, 1, 3, 1, 0, 1},
        {"ThreadsPerCore=4", 4, 1, 1, 4, 4, 0},
        {"", 1, 1, 1, 1, 0, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        _cleanup_free_ char *line = xasprintf ("NodeName=n1 RealMemory=100 %s", rows[i].words);
        _cleanup_config_ struct config *conf = load (line);
        const Moisson__NodeConf *node = conf->core->nodes[0];
        ck_assert_msg (node->cpus == rows[i].cpus && node->sockets == rows[i].sockets &&
                           node->cores_per_socket == rows[i].cores && node->threads_per_core == rows[i].threads &&
                           node->core_cpus == rows[i].core_cpus && conf->n_notices == rows[i].notices,
                       "%s: %u cpus, %u:%u:%u, %u a core, %zu notices", rows[i].words, node->cpus, node->sockets,
                       node->cores_per_socket, node->threads_per_core, node->core_cpus, conf->n_notices);
    }
}
END_TEST

START_TEST (cores_and_memory_that_jobs_never_get)
{
    static const struct {
        const char *words, *list;
        uint32_t spec_cpus;
    } rows[] = {
        {"CoreSpecCount=1", "14-15", 2},     {"CoreSpecCount=2", "6-7,14-15", 4}, /* round the sockets */
        {"CoreSpecCount=3", "6-7,12-15", 6}, {"CoreSpecCount=7", "2-15", 14},
        {"CpuSpecList=0", "0-1", 2},                                                 /* the other thread too */
        {"CpuSpecList=3,8-9", "2-3,8-9", 4}, {"CPUs=8 CoreSpecCount=3", "3,6-7", 3}, /* CPUs that are cores */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        _cleanup_free_ char *line = xasprintf ("NodeName=n1 Sockets=2 CoresPerSocket=4 ThreadsPerCore=2 "
                                               "RealMemory=1000 MemSpecLimit=100 %s",
                                               rows[i].words);
        _cleanup_config_ struct config *conf = load (line);
        const Moisson__NodeConf *node = conf->core->nodes[0];
        ck_assert_str_eq (node->spec_cpu_list, rows[i].list);
        ck_assert_uint_eq (node->spec_cpus, rows[i].spec_cpus);
        ck_assert_uint_eq (node->spec_mem_mb, 100);
    }
}
END_TEST

START_TEST (what_is_refused)
{
    static const struct {
        const char *line, *words;
    } rows[] = {
        {"NodeName=n1 CPUs=4 RealMemory=9 CoreSpecCount=4", "leaves none of its 4 cores to jobs | lower CoreSpecCount"},
        {"NodeName=n1 CPUs=4 RealMemory=9 CoreSpecCount=1 CpuSpecList=1", "both CoreSpecCount and CpuSpecList"},
        {"NodeName=n1 CPUs=4 RealMemory=9 CpuSpecList=4", "is no list of CPUs below 4 | write CpuSpecList=0,1"},
        {"NodeName=n1 CPUs=4 RealMemory=9 CpuSpecList=0-3", "leaves no CPU to jobs"},
        {"NodeName=n1 CPUs=4 RealMemory=9 CpuSpecList=x", "is no list of CPUs"},
        {"NodeName=n1 CPUs=4 RealMemory=9 MemSpecLimit=9", "leaves nothing of RealMemory=9"},
        {"NodeName=n1 Sockets=65533 CoresPerSocket=65533 ThreadsPerCore=65533", "are more than 65533 CPUs"},
        {"NodeName=n1 CPUs=9 CoresPerSocket=4 ThreadsPerCore=2", "CPUs=9 is more than its 1 sockets x 4 cores"},
        {"SelectTypeParameters=CR_Socket_Memory", "sockets are not given out whole | use CR_Core_Memory"},
        {"SelectTypeParameters=CR_Kore", "CR_Kore is not known | use CR_Core_Memory"},
        {"SelectTypeParameters=CR_Core,CR_CPU", "two words for what is given out, the second is CR_CPU"},
        {"SelectType=select/linear", "is not available | use select/cons_tres"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        _cleanup_free_ char *why = NULL;
        ck_assert_ptr_null (try_load (rows[i].line, &why));
        ck_assert_msg (strstr (why, rows[i].words) != NULL, "%s", why);
    }
}
END_TEST

START_TEST (what_select_type_parameters_say)
{
    static const struct {
        const char *value, *shown;
        bool whole, memory, one_task;
        size_t notices;
    } rows[] = {
        {"CR_Core_Memory", "CR_CORE_MEMORY", true, true, false, 0},
        {"cr_cpu_memory", "CR_CPU_MEMORY", false, true, false, 0},
        {"CR_Core", "CR_CORE", true, false, false, 0},
        {"CR_CPU", "CR_CPU", false, false, false, 0},
        {"CR_Memory", "CR_CORE_MEMORY", true, true, false, 1},
        {"CR_CORE_MEMORY,CR_ONE_TASK_PER_CORE,CR_LLN", "CR_CORE_MEMORY,CR_ONE_TASK_PER_CORE,CR_LLN", true, true, true,
         0},
        {"NONE", "CR_CORE_MEMORY", true, true, false, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        _cleanup_free_ char *line = xasprintf ("NodeName=n1 CPUs=4 CoresPerSocket=2 ThreadsPerCore=2 RealMemory=1\n"
                                               "SelectTypeParameters=%s",
                                               rows[i].value);
        _cleanup_config_ struct config *conf = load (line); /* the node line comes first, and is told all the same */
        const Moisson__PartitionConf *p = conf->core->partitions[0];
        ck_assert_str_eq (conf->select_parameters, rows[i].shown);
        ck_assert_uint_eq (conf->core->nodes[0]->core_cpus, rows[i].whole ? 2 : 0);
        ck_assert (p->memory_free == !rows[i].memory && p->one_task_per_core == rows[i].one_task);
        ck_assert_uint_eq (conf->n_notices, rows[i].notices);
    }
}
END_TEST

START_TEST (limits_of_memory_are_inherited)
{
    _cleanup_config_ struct config *conf =
        load ("NodeName=n1 CPUs=4 RealMemory=100\nMaxMemPerCPU=20\nPartitionName=q Nodes=n1 MaxMemPerCPU=30");

    ck_assert_uint_eq (conf->core->partitions[0]->max_mem_per_cpu_mb, 20);
    ck_assert_uint_eq (conf->core->partitions[1]->max_mem_per_cpu_mb, 30);
}
END_TEST

START_TEST (found_and_configured)
{
    static const struct {
        const char *words;
        struct hardware found;
        enum hardware_fit fit;
        const char *why, *key;
    } rows[] = {
        {"CPUs=8 RealMemory=1000", {2, 4, 8, 1000}, HARDWARE_FITS, "", ""},
        {"CPUs=8 RealMemory=1000", {2, 8, 16, 9000}, HARDWARE_FITS, "", ""}, /* more is fine */
        {"CPUs=8 RealMemory=1000", {2, 4, 8, 980}, HARDWARE_NEARLY, "RealMemory=1000 is configured, 980 MB", ""},
        {"CPUs=8 RealMemory=1000",
         {2, 4, 8, 979},
         HARDWARE_LOW,
         "Low RealMemory (reported:979 < 98.00% of configured:1000): correct the NodeName line",
         "memory 97% of 1000"},
        {"CPUs=9 RealMemory=1000",
         {2, 4, 8, 1000},
         HARDWARE_LOW,
         "Low CPUs (reported:8 < configured:9): c",
         "cpus 8/9"},
        {"CPUs=9 RealMemory=1000",
         {2, 4, 8, 10},
         HARDWARE_LOW,
         "Low CPUs (reported:8 < configured:9); Low RealMemory (",
         "cpus 8/9; memory 1% of 1000"},
        {"CPUs=4 CoresPerSocket=4 ThreadsPerCore=2 RealMemory=1",
         {1, 2, 4, 10},
         HARDWARE_LOW,
         "Low CPUs (reported:2 cores < configured:4)",
         "cpus 2/4"},
        {"Sockets=2 CoresPerSocket=4 RealMemory=1", {1, 8, 8, 1}, HARDWARE_NEARLY, "2 sockets are configured, the", ""},
        {"CoresPerSocket=4 ThreadsPerCore=2 RealMemory=1",
         {1, 8, 8, 1},
         HARDWARE_NEARLY,
         "ThreadsPerCore=2 is configured, the machine has 1",
         ""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        _cleanup_free_ char *line = xasprintf ("NodeName=n1 %s", rows[i].words);
        _cleanup_config_ struct config *conf = load (line);
        _cleanup_free_ char *why = NULL, *key = NULL;
        ck_assert_int_eq (hardware_compare (conf->core->nodes[0], &rows[i].found, &why, &key), rows[i].fit);
        ck_assert_msg (!strncmp (why, rows[i].why, strlen (rows[i].why)) && (*why || !*rows[i].why), "%s", why);
        ck_assert_str_eq (key, rows[i].key);
    }
}
END_TEST

SUITE ("cpus", shapes_are_completed, cores_and_memory_that_jobs_never_get, what_is_refused,
       what_select_type_parameters_say, limits_of_memory_are_inherited, found_and_configured)
