/* config_cpus.c - what one CPU is. */
#include "base/config_cpus.h"
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/idset.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"

#define CPUS_MAX 65533

#define REFUSE(...) err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, __VA_ARGS__)

/* --- the shape of a node ------------------------------------------------------------------------------------------ */

/* Boards times SocketsPerBoard is Sockets. Where both words for sockets stand, it is SocketsPerBoard that counts; with
 * several boards Sockets is taken for it. */
static void complete_boards (struct config_reader *r, struct node_line *n)
{
    if (!n->boards)
        n->boards = 1;
    if (n->sockets && n->sockets_per_board)
        reader_notice (r, "NodeName=%s has Sockets and SocketsPerBoard: SocketsPerBoard=%u counts", n->names,
                       n->sockets_per_board);
    else if (n->sockets && n->boards > 1)
        reader_notice (r, "NodeName=%s has Boards=%u: Sockets=%u is taken for SocketsPerBoard", n->names, n->boards,
                       n->sockets);
    if (n->sockets_per_board)
        n->sockets = n->boards * n->sockets_per_board;
    else if (n->boards > 1)
        n->sockets *= n->boards;
}

/* What is missing follows from CPUs where that goes without a rest, else it is 1. */
static uint32_t infer (uint32_t cpus, uint32_t others)
{
    return cpus && cpus % others == 0 ? cpus / others : 1;
}

static void complete_shape (struct node_line *n)
{
    if (!n->threads)
        n->threads = 1;
    if (!n->cores && !n->sockets) { /* one socket of so many cores */
        n->sockets = 1;
        n->cores = infer (n->cpus, n->threads);
    } else if (!n->cores)
        n->cores = infer (n->cpus, n->sockets * n->threads);
    else if (!n->sockets)
        n->sockets = infer (n->cpus, n->cores * n->threads);
}

int config_complete_cpus (struct config_reader *r, struct node_line *n, struct err *err)
{
    uint64_t cores, threads;

    complete_boards (r, n);
    if ((uint64_t) n->sockets * (n->cores ? n->cores : 1) * (n->threads ? n->threads : 1) <= CPUS_MAX &&
        (uint64_t) (n->cores ? n->cores : 1) * (n->threads ? n->threads : 1) <= CPUS_MAX)
        complete_shape (n);
    cores = (uint64_t) n->sockets * n->cores;
    threads = cores * n->threads;
    if (threads > CPUS_MAX || !threads) {
        REFUSE ("%u sockets x %u cores x %u threads are more than %d CPUs", n->sockets, n->cores, n->threads, CPUS_MAX);
        return err_fix (err, "see `moissond -C` or `lscpu` on the node");
    }
    if (!n->cpus)
        n->cpus = (uint32_t) threads;
    if (n->cpus > threads) {
        REFUSE ("CPUs=%u is more than its %u sockets x %u cores x %u threads = %llu", n->cpus, n->sockets, n->cores,
                n->threads, (unsigned long long) threads);
        return err_fix (err, "leave CPUs out, or correct Sockets, CoresPerSocket, ThreadsPerCore");
    }
    if (n->cpus != threads && n->cpus != cores) {
        reader_notice (r,
                       "NodeName=%s: CPUs=%u is neither its %llu cores nor its %llu threads, %llu is taken; "
                       "CoreSpecCount keeps cores from jobs",
                       n->names, n->cpus, (unsigned long long) cores, (unsigned long long) threads,
                       (unsigned long long) threads);
        n->cpus = (uint32_t) threads;
    }
    return 0;
}

static uint32_t cpus_per_core (const Moisson__NodeConf *node)
{
    return node->cpus / (node->sockets * node->cores_per_socket);
}

/* --- what jobs never get ------------------------------------------------------------------------------------------ */

/* Slurm's choice: the last core of the last socket, then that of the one before it, and so on round the sockets. */
static void choose_spec_cores (const Moisson__NodeConf *node, uint32_t count, struct idset *set)
{
    uint32_t sockets = node->sockets, each = cpus_per_core (node);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t socket = sockets - 1 - i % sockets, core = node->cores_per_socket - 1 - i / sockets;
        uint32_t first = (socket * node->cores_per_socket + core) * each;
        idset_add_range (set, first, first + each - 1, 1);
    }
}

/* All CPUs of every core that the list touches. */
static int read_spec_list (const char *list, const Moisson__NodeConf *node, struct idset *set, struct err *err)
{
    _cleanup_idset_ struct idset *named = NULL;
    uint32_t limit, each = cpus_per_core (node);

    if (idset_parse (&named, &limit, list, node->cpus, NULL) < 0 || limit) {
        REFUSE ("CpuSpecList=%.80s is no list of CPUs below %u", list, node->cpus);
        return err_fix (err, "write CpuSpecList=0,1 or CpuSpecList=0-3: ids count sockets, then cores, then threads");
    }
    for (uint32_t id = idset_first (named); id != IDSET_NONE; id = idset_next (named, id))
        idset_add_range (set, id / each * each, id / each * each + each - 1, 1);
    return 0;
}

static int check_spec (const struct node_line *line, const Moisson__NodeConf *node, struct err *err)
{
    if (line->core_spec && line->cpu_spec_list && *line->cpu_spec_list) {
        REFUSE ("both CoreSpecCount and CpuSpecList");
        return err_fix (err, "give one of them");
    }
    if (line->core_spec >= node->sockets * node->cores_per_socket) {
        REFUSE ("CoreSpecCount=%u leaves none of its %u cores to jobs", line->core_spec,
                node->sockets * node->cores_per_socket);
        return err_fix (err, "lower CoreSpecCount");
    }
    if (line->mem_spec_mb && line->mem_spec_mb >= node->mem_mb) {
        REFUSE ("MemSpecLimit=%llu leaves nothing of RealMemory=%llu to jobs", (unsigned long long) line->mem_spec_mb,
                (unsigned long long) node->mem_mb);
        return err_fix (err, "lower MemSpecLimit, or correct RealMemory (see: moissond -C)");
    }
    return 0;
}

int config_spec_cpus (const struct node_line *line, Moisson__NodeConf *node, struct err *err)
{
    _cleanup_idset_ struct idset *set = idset_create ();

    node->has_sockets = node->has_cores_per_socket = node->has_threads_per_core = node->has_boards = true;
    node->boards = line->boards;
    node->sockets = line->sockets;
    node->cores_per_socket = line->cores;
    node->threads_per_core = line->threads;
    if (check_spec (line, node, err) < 0)
        return -1;
    choose_spec_cores (node, line->core_spec, set);
    if (line->cpu_spec_list && *line->cpu_spec_list && read_spec_list (line->cpu_spec_list, node, set, err) < 0)
        return -1;
    if (idset_count (set) >= node->cpus) {
        REFUSE ("CpuSpecList=%s leaves no CPU to jobs", line->cpu_spec_list);
        return err_fix (err, "name fewer CPUs");
    }
    node->has_core_spec_count = line->core_spec > 0;
    node->core_spec_count = line->core_spec;
    node->has_spec_cpus = !idset_empty (set);
    node->spec_cpus = (uint32_t) idset_count (set);
    node->spec_cpu_list = idset_empty (set) ? NULL : idset_list (set);
    node->has_spec_mem_mb = line->mem_spec_mb > 0;
    node->spec_mem_mb = line->mem_spec_mb;
    return 0;
}

/* --- SelectTypeParameters ----------------------------------------------------------------------------------------- */

struct select {
    bool whole_cores, memory, one_task, least_loaded;
};

enum meaning { CORES, CORES_MEMORY, THREADS, THREADS_MEMORY, MEMORY, ONE_TASK, LEAST_LOADED, NOTHING, NOT_HERE };

static const struct {
    const char *word, *why; /* why: of what is ignored or refused */
    enum meaning meaning;
} words[] = {
    {"CR_CPU", NULL, THREADS},
    {"CR_CPU_MEMORY", NULL, THREADS_MEMORY},
    {"CR_CORE", NULL, CORES},
    {"CR_CORE_MEMORY", NULL, CORES_MEMORY},
    {"CR_MEMORY", NULL, MEMORY},
    {"CR_ONE_TASK_PER_CORE", NULL, ONE_TASK},
    {"CR_SOCKET", "sockets are not given out whole", NOT_HERE},
    {"CR_SOCKET_MEMORY", "sockets are not given out whole", NOT_HERE},
    {"CR_BOARD", "boards are not given out whole", NOT_HERE},
    {"CR_BOARD_MEMORY", "boards are not given out whole", NOT_HERE},
    {"CR_CORE_DEFAULT_DIST_BLOCK", "cores near each other are always preferred", NOTHING},
    {"CR_LLN", NULL, LEAST_LOADED},
    {"CR_PACK_NODES", "a job gets as few nodes as will do", NOTHING},
    {"ENFORCE_BINDING_GRES", "cores near the GPUs are preferred, not enforced", NOTHING},
    {"ONE_TASK_PER_SHARING_GRES", "GPUs are not shared", NOTHING},
    {"MULTIPLE_SHARING_GRES_PJ", "GPUs are not shared", NOTHING},
    {"LL_SHARED_GRES", "GPUs are not shared", NOTHING},
    {"NONE", NULL, CORES_MEMORY},
};

static int read_word (const char *word, size_t len, struct select *select, bool *unit, struct buf *notes,
                      struct err *err)
{
    size_t i = 0, n = sizeof words / sizeof *words;

    while (i < n && (strlen (words[i].word) != len || strncasecmp (words[i].word, word, len)))
        i++;
    if (i == n || words[i].meaning == NOT_HERE) {
        REFUSE ("%.*s %s", (int) len, word, i == n ? "is not known" : words[i].why);
        return err_fix (err, "use CR_Core_Memory, CR_Core, CR_CPU_Memory or CR_CPU, with or without "
                             ",CR_ONE_TASK_PER_CORE and ,CR_LLN");
    }
    if (words[i].meaning == NOTHING) {
        buf_printf (notes, "%s%s changes nothing: %s", notes->len ? "; " : "", words[i].word, words[i].why);
        return 0;
    }
    if (words[i].meaning == ONE_TASK || words[i].meaning == LEAST_LOADED) {
        select->one_task |= words[i].meaning == ONE_TASK;
        select->least_loaded |= words[i].meaning == LEAST_LOADED;
        return 0;
    }
    if (*unit) {
        REFUSE ("two words for what is given out, the second is %s", words[i].word);
        return err_fix (err, "keep one of them");
    }
    *unit = true;
    if (words[i].meaning == MEMORY) { /* says nothing about CPUs */
        buf_printf (notes, "%sCPUs are given out too, as with CR_CORE_MEMORY", notes->len ? "; " : "");
        return 0;
    }
    select->whole_cores = words[i].meaning == CORES || words[i].meaning == CORES_MEMORY;
    select->memory = words[i].meaning == CORES_MEMORY || words[i].meaning == THREADS_MEMORY;
    return 0;
}

int config_set_select (void *base, const char *value, char **ret_note, struct err *err)
{
    struct select select = {.whole_cores = true, .memory = true};
    struct config *conf = base;
    _cleanup_buf_ struct buf notes = BUF_INIT;
    bool unit = false;

    for (const char *p = value; *p;) {
        size_t len = strcspn (p, ", ");
        if (len && read_word (p, len, &select, &unit, &notes, err) < 0)
            return -1;
        p += len + (p[len] != '\0');
    }
    conf->whole_cores = select.whole_cores;
    conf->memory_free = !select.memory;
    conf->one_task_per_core = select.one_task;
    conf->least_loaded = select.least_loaded;
    free (conf->select_parameters);
    conf->select_parameters =
        xasprintf ("CR_%s%s%s%s", select.whole_cores ? "CORE" : "CPU", select.memory ? "_MEMORY" : "",
                   select.one_task ? ",CR_ONE_TASK_PER_CORE" : "", select.least_loaded ? ",CR_LLN" : "");
    if (ret_note && notes.len)
        *ret_note = xstrdup (notes.data);
    return 0;
}

void config_apply_select (struct config *conf)
{
    Moisson__Config *core = conf->core;

    for (size_t i = 0; i < core->n_nodes; i++) {
        Moisson__NodeConf *node = core->nodes[i];
        uint32_t each = cpus_per_core (node);
        node->has_core_cpus = conf->whole_cores && each > 1;
        node->core_cpus = node->has_core_cpus ? each : 0;
    }
    for (size_t i = 0; i < core->n_partitions; i++) {
        Moisson__PartitionConf *partition = core->partitions[i];
        partition->has_one_task_per_core = conf->one_task_per_core;
        partition->one_task_per_core = conf->one_task_per_core;
        partition->has_memory_free = conf->memory_free;
        partition->memory_free = conf->memory_free;
    }
}
