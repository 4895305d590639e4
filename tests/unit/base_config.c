/* base_config.c - moisson.conf: what it can say, what it must not, and the sentences about it. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/config.h"
#include "base/files.h"
#include "base/mem.h"
#include "base/version.h"
#include "suite.h"

#define HEAD "SlurmctldHost=head\n"
#define TAIL "NodeName=n1 CPUs=4 RealMemory=100\nPartitionName=p Nodes=ALL\n"

/* A directory of its own with main.conf in it. */
struct place {
    char dir[64];
    char path[96];
};

static void place_free (struct place *place)
{
    ck_assert_int_eq (dir_remove (place->dir), 0);
}

static void put_file (const struct place *place, const char *name, const char *text)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", place->dir, name);
    struct err err = ERR_INIT;

    ck_assert_int_eq (file_write (path, text, strlen (text), 0600, 0, &err), 0);
}

static struct place place_make (const char *text)
{
    struct place place;

    strcpy (place.dir, "/tmp/moisson-config-XXXXXX");
    ck_assert_ptr_nonnull (mkdtemp (place.dir));
    snprintf (place.path, sizeof place.path, "%s/main.conf", place.dir);
    put_file (&place, "main.conf", text);
    return place;
}

#define PLACE(text) __attribute__ ((cleanup (place_free))) struct place place = place_make (text)

static struct config *load (const char *text)
{
    PLACE (text);
    _cleanup_err_ struct err err = ERR_INIT;
    struct config *conf = NULL;
    int rc = config_load (&conf, place.path, &err);

    ck_assert_msg (rc == 0, "%s", err.why ? err.why : "");
    return conf;
}

/* The first error of a text, without the directory: "main.conf:2: ... | fix". The caller frees it. */
static char *complaint (const char *text)
{
    PLACE (text);
    _cleanup_err_ struct err err = ERR_INIT;
    struct config *conf = NULL;

    ck_assert_int_eq (config_load (&conf, place.path, &err), -1);
    ck_assert_ptr_null (conf);
    ck_assert_int_eq (strncmp (err.why, place.dir, strlen (place.dir)), 0);
    return xasprintf ("%s | %s", err.why + strlen (place.dir) + 1, err.fix ? err.fix : "");
}

static void ck_complaint (const char *text, const char *expected)
{
    _cleanup_free_ char *got = complaint (text);

    ck_assert_str_eq (got, expected);
}

START_TEST (defaults_are_the_documented_ones)
{
    _cleanup_config_ struct config *conf = load (HEAD TAIL);

    ck_assert_str_eq (conf->controller_host, "head");
    ck_assert_str_eq (conf->controller_addr, "head");
    ck_assert_uint_eq (conf->controller_port, 6817);
    ck_assert_str_eq (conf->state_dir, "/var/lib/moisson");
    ck_assert_str_eq (conf->spool_dir, "/var/spool/moisson/%n");
    ck_assert_str_eq (conf->store_type, "store/sqlite");
    ck_assert_str_eq (conf->auth_type, "auth/munge");
    ck_assert_str_eq (conf->auth_socket, "");
    ck_assert_str_eq (conf->ctld_log, "");
    ck_assert_uint_eq (conf->min_job_age, 300);
    ck_assert_uint_eq (conf->core->min_job_age_s, 300);
    ck_assert_uint_eq (conf->kill_wait, 30);
    ck_assert_uint_eq (conf->core->max_array_size, 4000001);
    ck_assert_uint_eq (conf->core->max_job_count, 10000000);
    ck_assert_uint_eq (conf->core->node_timeout_s, 300);
    ck_assert_uint_eq (conf->core->submit_key_age_s, 604800);
    ck_assert_uint_eq (conf->core->first_job_id, 1);
    ck_assert (conf->core->has_requeue_default && !conf->core->requeue_default);
    ck_assert_uint_eq (conf->message_timeout, 10);
    ck_assert_uint_eq (conf->ballast_mb, 16);
    ck_assert_uint_eq (conf->snapshot_events, 50000);
    ck_assert_uint_eq (conf->n_notices, 0);
}
END_TEST

START_TEST (keys_in_any_case_comments_quotes_and_continuation)
{
    _cleanup_config_ struct config *conf = load ("# a remark\n"
                                                 "clustername=Test SLURMCTLDHOST=head(10.0.0.1)   # two on a line\n"
                                                 "MinJobAge = 20\r\n"
                                                 "SlurmctldLogFile=\"/tmp/a b#c\"\n"
                                                 "AuthInfo=ttl=5,socket=/run/m\n"
                                                 "NodeName=n[1-2] \\\n   CPUs=4 \\\n RealMemory=2G\n"
                                                 "PartitionName=p Nodes=n[1-2] Default=YES MaxTime=1-0 \\\n");

    ck_assert_str_eq (conf->core->cluster, "test");
    ck_assert_str_eq (conf->controller_addr, "10.0.0.1");
    ck_assert_uint_eq (conf->min_job_age, 20);
    ck_assert_str_eq (conf->ctld_log, "/tmp/a b#c");
    ck_assert_str_eq (conf->auth_socket, "/run/m");
    ck_assert_uint_eq (conf->n_notices, 1); /* ttl=5 */
    ck_assert_uint_eq (conf->core->n_nodes, 2);
    ck_assert_uint_eq (conf->core->nodes[1]->mem_mb, 2048);
    ck_assert_uint_eq (conf->core->partitions[0]->max_time_s, 86400);
    ck_assert (conf->core->partitions[0]->is_default);
}
END_TEST

START_TEST (accounts_prices_and_the_order_of_jobs)
{
    _cleanup_config_ struct config *conf =
        load (HEAD TAIL "AccountingStorageEnforce=limits,qos PriorityType=priority/multifactor\n"
                        "PriorityDecayHalfLife=14-0 PriorityWeightFairshare=1000 PriorityFlags=MAX_TRES\n"
                        "PriorityWeightTRES=CPU=1000,Mem=2000,GRES/gpu=3000\n"
                        "PartitionName=q Nodes=n1 AllowAccounts=a,b DenyQos=long QOS=part "
                        "PriorityJobFactor=3 TRESBillingWeights=CPU=1.5,Mem=0.25G,GRES/gpu=4\n");
    const Moisson__PartitionConf *p = conf->core->partitions[1];

    ck_assert_uint_eq (conf->core->enforce, 1 | 2 | 4);
    ck_assert_uint_eq (conf->core->usage_half_life_s, 14 * 86400);
    ck_assert_uint_eq (conf->core->usage_period_s, 300);
    ck_assert (conf->core->multifactor && conf->core->fairshare && conf->core->billing_max);
    ck_assert_double_eq (conf->weight_cpu, 1000);
    ck_assert_double_eq (conf->weight_mem, 2000);
    ck_assert_double_eq (conf->weight_gpu, 3000);
    ck_assert_uint_eq (p->n_allow_accounts, 2);
    ck_assert_str_eq (p->allow_accounts[1], "b");
    ck_assert_uint_eq (p->n_allow_qos, 0);
    ck_assert_str_eq (p->deny_qos[0], "long");
    ck_assert_str_eq (p->qos, "part");
    ck_assert_uint_eq (p->job_factor, 3);
    ck_assert_uint_eq (p->billing->cpu, 1500);
    ck_assert_uint_eq (p->billing->mem_gb, 250);
    ck_assert_uint_eq (p->billing->gpu, 4000);
    ck_assert_ptr_null (conf->core->partitions[0]->billing);
}
END_TEST

START_TEST (a_node_line_speaks_for_all_its_names)
{
    size_t at = 99;
    _cleanup_config_ struct config *conf = load (
        HEAD "NodeName=DEFAULT RealMemory=1000 Features=old\n"
             "NodeName=a[08-10] Sockets=2 CoresPerSocket=4 ThreadsPerCore=2 NodeAddr=10.0.0.[8-10]\n"
             "NodeName=g1 CPUs=8 Gres=gpu:a100:4(S:0-1) Feature=new,big Weight=7 State=drain Reason=\"fan is loud\" "
             "NodeHostname=host1 Topology=\"synthetic:pack:1 core:8 pu:1\" RealMemory=64000 TmpDisk=5\n"
             "PartitionName=p Nodes=a[08-10],g1\n");
    const Moisson__NodeConf *node = config_node (conf, "a09", &at);

    ck_assert_uint_eq (at, 1);
    ck_assert_uint_eq (node->cpus, 16);
    ck_assert_uint_eq (node->sockets, 2);
    ck_assert_uint_eq (node->threads_per_core, 2);
    ck_assert_uint_eq (node->mem_mb, 1000);
    ck_assert_str_eq (node->features, "old");
    ck_assert_str_eq (node->address, "10.0.0.9");
    ck_assert_ptr_null (node->state);
    node = config_node (conf, "g1", &at);
    ck_assert_uint_eq (at, 3);
    ck_assert_uint_eq (node->gpus, 4);
    ck_assert_str_eq (node->gpu_type, "a100");
    ck_assert_str_eq (node->features, "new,big");
    ck_assert_uint_eq (node->weight, 7);
    ck_assert_str_eq (node->state, "DRAIN");
    ck_assert_str_eq (node->reason, "fan is loud");
    ck_assert_uint_eq (node->cores_per_socket, 8);
    ck_assert_str_eq (conf->node_extra[3].topology, "synthetic:pack:1 core:8 pu:1");
    ck_assert_str_eq (conf->node_extra[3].hostname, "host1");
    ck_assert_ptr_null (conf->node_extra[0].topology);
    ck_assert_ptr_null (config_node (conf, "a8", NULL));
}
END_TEST

START_TEST (partitions_take_defaults_and_expand_their_nodes)
{
    _cleanup_config_ struct config *conf =
        load (HEAD "PartitionName=DEFAULT MaxTime=60 State=UP\n"
                   "PartitionName=all Nodes=ALL Default=YES DefMemPerCPU=500\n" /* before the nodes */
                   "PartitionName=two Nodes=n2,n[1-2] MaxTime=INFINITE DefaultTime=30 MaxNodes=UNLIMITED State=drain "
                   "PriorityTier=5 AllowGroups=ALL Hidden=NO OverSubscribe=NO\n"
                   "MaxMemPerNode=9000 DefMemPerNode=100\n"
                   "NodeName=n[1-3] CPUs=1 RealMemory=1\n");
    const Moisson__PartitionConf *p = conf->core->partitions[0];

    ck_assert_uint_eq (p->n_nodes, 3);
    ck_assert_uint_eq (p->max_time_s, 3600);
    ck_assert_uint_eq (p->def_mem_per_cpu_mb, 500);
    ck_assert (!p->has_def_mem_per_node_mb);
    p = conf->core->partitions[1];
    ck_assert_uint_eq (p->n_nodes, 2);
    ck_assert_str_eq (p->nodes[0], "n1");
    ck_assert_uint_eq (p->max_time_s, 0);
    ck_assert_uint_eq (p->default_time_s, 1800);
    ck_assert_uint_eq (p->max_nodes, 0);
    ck_assert_str_eq (p->state, "DRAIN");
    ck_assert_uint_eq (p->priority, 5);
    ck_assert_uint_eq (p->def_mem_per_node_mb, 100);
    ck_assert_uint_eq (p->max_mem_per_node_mb, 9000);
    ck_assert (!p->is_default);
}
END_TEST

START_TEST (an_include_is_relative_and_knows_the_cluster)
{
    PLACE ("ClusterName=blue\n" HEAD "Include nodes-%c.conf\nPartitionName=p Nodes=ALL\n");
    _cleanup_config_ struct config *conf = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    put_file (&place, "nodes-blue.conf", "NodeName=n1 CPUs=1 RealMemory=1\nKilWait=3\n");
    ck_assert_int_eq (config_load (&conf, place.path, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "nodes-blue.conf:2: KilWait: unknown key"));
    ck_assert_str_eq (err.fix, "did you mean KillWait?");
    put_file (&place, "nodes-blue.conf", "NodeName=n1 CPUs=1 RealMemory=1\n");
    ck_assert_int_eq (config_load (&conf, place.path, &err), 0);
    ck_assert_uint_eq (conf->core->n_nodes, 1);
    config_freep (&conf);
    conf = NULL;
    put_file (&place, "nodes-blue.conf", "Include nodes-blue.conf\n");
    ck_assert_int_eq (config_load (&conf, place.path, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "files include each other"));
}
END_TEST

START_TEST (every_refusal_says_where_what_and_how_to_fix_it)
{
    ck_complaint (HEAD TAIL "MinJobAgo=3\n", "main.conf:4: MinJobAgo: unknown key | did you mean MinJobAge?");
    ck_complaint (HEAD TAIL "Qwertyuiop=3\n",
                  "main.conf:4: Qwertyuiop: unknown key | remove it; docs/configuration.md lists all keys");
    ck_complaint (HEAD TAIL "MinJobAge\n",
                  "main.conf:4: \"MinJobAge\" is not Key=Value | write Key=Value; a value with "
                  "blanks goes in double quotes, a remark after #");
    ck_complaint (HEAD "NodeName=n1 CPUs=4 Colour=red RealMemory=1\nPartitionName=p Nodes=n1\n",
                  "main.conf:2: Colour: unknown key | remove it; docs/configuration.md lists all keys");
    ck_complaint (
        HEAD "NodeName=n1 CPUs=64 Sockets=2 CoresPerSocket=8 RealMemory=1\n",
        "main.conf:2: NodeName=n1: CPUs=64 is more than its 2 sockets x 8 cores x 1 threads = 16 | leave CPUs "
        "out, or correct Sockets, CoresPerSocket, ThreadsPerCore");
    ck_complaint (HEAD TAIL "NodeName=n[1-2] CPUs=1 RealMemory=1\n",
                  "main.conf:4: NodeName=n[1-2]: node n1 is there already | remove it from one of the two lines");
    ck_complaint (HEAD "PartitionName=p Nodes=n[1-2]\nNodeName=n1 CPUs=1 RealMemory=1\n",
                  "main.conf:2: PartitionName=p: there is no node n2 | add a NodeName=n2 line, or correct Nodes=");
    ck_complaint (HEAD TAIL "PartitionName=p Nodes=n1\n",
                  "main.conf:4: PartitionName=p: this partition is there already | remove one of the two lines");
    ck_complaint (
        HEAD TAIL "PartitionName=q Nodes=n1 Default=YES\nPartitionName=r Nodes=n1 Default=YES\n",
        "main.conf:5: PartitionName=r: a second default partition, q is one already | keep Default=YES on one "
        "line only");
    ck_complaint (HEAD TAIL "PartitionName=q Nodes=n1 RootOnly=YES\n",
                  "main.conf:4: RootOnly=YES: \"YES\" is not available | use NO, or leave the key out");
    ck_complaint (
        HEAD TAIL "PartitionName=q Nodes=n1 TRESBillingWeights=CPU=fast\n",
        "main.conf:4: TRESBillingWeights=CPU=fast: \"fast\" is no weight | write CPU=1.0,Mem=0.25G,GRES/gpu=2.0");
    ck_complaint (HEAD TAIL "AccountingStorageEnforce=everything\n",
                  "main.conf:4: AccountingStorageEnforce=everything: \"everything\" is no thing to enforce | join "
                  "associations, limits, qos and safe with commas");
    ck_complaint (TAIL,
                  "main.conf: no SlurmctldHost | add SlurmctldHost=NAME, the host name of the controller's machine");
    ck_complaint (HEAD, "main.conf: no node | add a line like NodeName=n1 CPUs=8 RealMemory=16000");
    ck_complaint (HEAD "NodeName=n1 CPUs=8 RealMemory=1\n",
                  "main.conf: no partition | add a line like PartitionName=main Nodes=ALL Default=YES");
    ck_complaint (HEAD TAIL "SlurmctldLogFile=\"/tmp/x\n",
                  "main.conf:4: \"/tmp/x: the closing quote is missing | write Key=\"value with blanks\"");
    ck_complaint (
        HEAD TAIL "SlurmctldHost=a(\n",
        "main.conf:4: SlurmctldHost=a(: not a host | write SlurmctldHost=NAME or SlurmctldHost=NAME(ADDRESS)");
    ck_complaint (HEAD TAIL "ControllerKey=abc\n",
                  "main.conf:4: ControllerKey=abc: not a key | paste the line that `moisson keygen` printed");
    ck_complaint (HEAD TAIL "DefMemPerCPU=1\nDefMemPerNode=1\n",
                  "main.conf: both DefMemPerCPU and DefMemPerNode | give one of them");
}
END_TEST

START_TEST (numbers_stay_within_their_bounds)
{
    static const char *const bad[] = {
        "SlurmctldPort=0",   "SlurmctldPort=65536",        "MinJobAge=-1",        "KillWait=",
        "KillWait=1x",       "MaxArraySize=4000002",       "StoreBallast=2T",     "JobRequeue=maybe",
        "FirstJobId=0",      "StateSaveLocation=relative", "SlurmctldDebug=loud", "ClusterName=a/b",
        "StoreType=store/x", "AuthType=auth/none"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        _cleanup_free_ char *text = xasprintf (HEAD TAIL "%s\n", bad[i]);
        _cleanup_free_ char *got = complaint (text);
        _cleanup_free_ char *where = xasprintf ("main.conf:4: %s: ", bad[i]);
        ck_assert_msg (!strncmp (got, where, strlen (where)), "%s", got);
    }
}
END_TEST

struct heard {
    struct buf text;
    int errors, notices;
};

static void on_finding (void *arg, const char *file, unsigned line, bool is_error, const char *what, const char *fix)
{
    struct heard *heard = arg;

    (void) file;
    (void) fix;
    buf_printf (&heard->text, "%u:%s;", line, what);
    heard->errors += is_error;
    heard->notices += !is_error;
}

START_TEST (check_finds_everything_in_file_order)
{
    PLACE ("SlurmctldHost=head\nKillWait=x\nSwitchType=switch/none\nPartitionName=p Nodes=n9\n"
           "NodeName=n1 CPUs=1 RealMemory=1\nMinJobAge=7\nMinJobAge=8\nNodeSet=x Nodes=n1\n");
    struct heard heard = {BUF_INIT, 0, 0};

    ck_assert_int_eq (config_check (place.path, on_finding, &heard), 2);
    ck_assert_int_eq (heard.notices, 3);
    ck_assert_ptr_nonnull (strstr (buf_str (&heard.text), "2:KillWait=x: "));
    ck_assert_ptr_nonnull (strstr (heard.text.data, ";3:SwitchType is ignored: there are no"));
    ck_assert_ptr_nonnull (strstr (heard.text.data, ";4:PartitionName=p: there is no node n9;"));
    ck_assert_ptr_nonnull (strstr (heard.text.data, ";7:MinJobAge is given before, on line 6: this one counts;8:"));
    buf_clear (&heard.text);
}
END_TEST

START_TEST (a_missing_file_and_a_binary_one)
{
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_free_ char *got = NULL;
    struct config *conf = NULL;

    ck_assert_int_eq (config_load (&conf, "/nonexistent/moisson.conf", &err), -1);
    ck_assert_str_eq (err.why, "cannot open /nonexistent/moisson.conf: No such file or directory");
    ck_assert_ptr_nonnull (strstr (err.fix, "MOISSON_CONF"));
    PLACE (HEAD TAIL);
    _cleanup_fclose_ FILE *f = fopen (place.path, "w");
    ck_assert_ptr_nonnull (f);
    ck_assert_uint_eq (fwrite ("a\0b", 1, 3, f), 3);
    ck_assert_int_eq (fflush (f), 0);
    ck_assert_int_eq (config_load (&conf, place.path, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "zero byte"));
}
END_TEST

static void on_entry (void *arg, const char *key, const char *value)
{
    buf_printf (arg, "%s=%s\n", key, value);
}

START_TEST (entries_have_what_clients_look_for)
{
    _cleanup_config_ struct config *conf = load (HEAD TAIL "MinJobAge=20 SlurmctldPort=7000\n");
    _cleanup_buf_ struct buf b = BUF_INIT;

    config_entries (conf, on_entry, &b);
    ck_assert_ptr_nonnull (strstr (b.data, "\nMinJobAge=20 sec\n"));
    ck_assert_ptr_nonnull (strstr (b.data, "\nSlurmctldPort=7000\n"));
    ck_assert_ptr_nonnull (strstr (b.data, "\nMaxJobCount=10000000\n"));
    ck_assert_ptr_nonnull (strstr (b.data, "\nMaxArraySize=4000001\n"));
    ck_assert_ptr_nonnull (strstr (b.data, "\nSchedulerTimeSlice=30 sec\n"));
    ck_assert_ptr_nonnull (strstr (b.data, "\nAcctGatherNodeFreq=0 sec\n"));
    ck_assert_ptr_nonnull (strstr (b.data, "\nSelectType=select/cons_tres\n"));
    ck_assert_ptr_nonnull (strstr (b.data, "\nSelectTypeParameters=CR_CORE_MEMORY\n"));
    ck_assert_ptr_nonnull (strstr (b.data, "\nSLURM_VERSION=" SLURM_COMPAT_VERSION "\n"));
    ck_assert_ptr_nonnull (strstr (b.data, "\nDefMemPerCPU=UNLIMITED\n"));
    ck_assert_ptr_null (strstr (b.data, "ControlMachine"));
}
END_TEST

START_TEST (node_paths)
{
    _cleanup_free_ char *path = config_node_path ("/s/%n.x/%%n%q%", "n1");

    ck_assert_str_eq (path, "/s/n1.x/%n%q%");
    ck_assert_str_eq (config_default_path ("a", "b"), "a");
    ck_assert_str_eq (config_default_path ("", "b"), "b");
    ck_assert_str_eq (config_default_path (NULL, NULL), "/etc/moisson/moisson.conf");
}
END_TEST

START_TEST (the_page_has_every_key)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream (&text, &len);

    ck_assert_ptr_nonnull (f);
    config_document (f);
    ck_assert_int_eq (fclose (f), 0);
    ck_assert_ptr_nonnull (strstr (text, "| `MinJobAge` | `300` |"));
    ck_assert_ptr_nonnull (strstr (text, "| `Topology` |"));
    ck_assert_ptr_nonnull (strstr (text, "| `SwitchType` | there are no"));
    free (text);
}
END_TEST

START_TEST (cgroup_conf_beside_it_has_its_own_keys)
{
    PLACE (HEAD TAIL);
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_config_ struct config *conf = NULL, *worse = NULL;

    put_file (&place, "cgroup.conf",
              "# from Slurm\nCgroupPlugin=cgroup/v2\nConstrainSwapSpace=no AllowedRAMSpace=95\nTaskAffinity=no\n");
    ck_assert_int_eq (config_load (&conf, place.path, &err), 0);
    ck_assert_str_eq (conf->cgroup_plugin, "cgroup/v2");
    ck_assert (conf->constrain_cores && conf->constrain_ram && conf->constrain_devices && !conf->constrain_swap);
    ck_assert_uint_eq (conf->allowed_ram, 95);
    ck_assert_uint_eq (conf->allowed_swap, 0);
    ck_assert_uint_eq (conf->n_notices, 1);
    ck_assert_ptr_nonnull (strstr (conf->notices[0].file, "/cgroup.conf"));

    put_file (&place, "cgroup.conf", "\nConstrainCores=yes\nSlurmctldPort=1\n");
    ck_assert_int_eq (config_load (&worse, place.path, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "/cgroup.conf:3: SlurmctldPort: not a key of this file"));
    ck_assert_ptr_nonnull (strstr (err.fix, "/main.conf"));
}
END_TEST

START_TEST (a_wrong_word_about_cgroups_is_an_error_with_its_place)
{
    ck_complaint (HEAD "CgroupPlugin=cgroup/v3\n" TAIL,
                  "main.conf:2: CgroupPlugin=cgroup/v3: \"cgroup/v3\" is not available | "
                  "use autodetect|cgroup/v2|cgroup/v1|disabled, or leave the key out");
}
END_TEST

SUITE ("config", cgroup_conf_beside_it_has_its_own_keys, a_wrong_word_about_cgroups_is_an_error_with_its_place,
       defaults_are_the_documented_ones, keys_in_any_case_comments_quotes_and_continuation,
       a_node_line_speaks_for_all_its_names, partitions_take_defaults_and_expand_their_nodes,
       an_include_is_relative_and_knows_the_cluster, accounts_prices_and_the_order_of_jobs,
       every_refusal_says_where_what_and_how_to_fix_it, numbers_stay_within_their_bounds,
       check_finds_everything_in_file_order, a_missing_file_and_a_binary_one, entries_have_what_clients_look_for,
       node_paths, the_page_has_every_key)
