/* node_configless.c - the controller's configuration as files, and in a node's spool. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"
#include "nodeagent/configless.h"
#include "suite.h"

#define HEAD "ClusterName=c\nSlurmctldHost=head\n"
#define TAIL "NodeName=n[1-2] CPUs=4 RealMemory=100\nPartitionName=p Nodes=ALL\n"

struct place {
    char dir[64];
    char *etc, *spool;
};

static struct place place_make (void)
{
    struct place p = {.dir = "/tmp/node_configless.XXXXXX"};

    ck_assert_ptr_nonnull (mkdtemp (p.dir));
    p.etc = xasprintf ("%s/etc", p.dir);
    p.spool = xasprintf ("%s/spool", p.dir);
    ck_assert_int_eq (mkdir (p.etc, 0700) || mkdir (p.spool, 0755), 0);
    return p;
}

static void place_free (struct place *p)
{
    ck_assert_int_eq (dir_remove (p->dir), 0);
    free (p->etc);
    free (p->spool);
}

#define PLACE() __attribute__ ((cleanup (place_free))) struct place p = place_make ()

static void put (const char *dir, const char *name, const char *text)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", dir, name);

    ck_assert_int_eq (file_write (path, text, strlen (text), 0600, 0, NULL), 0);
}

static char *get (const char *dir, const char *name)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", dir, name);
    char *text = NULL;

    return file_read (path, 1 << 20, &text, NULL, NULL) == 0 ? text : NULL;
}

static struct config *load (const char *dir)
{
    _cleanup_free_ char *path = xasprintf ("%s/moisson.conf", dir);
    _cleanup_err_ struct err err = ERR_INIT;
    struct config *conf = NULL;

    ck_assert_msg (config_load (&conf, path, &err) == 0, "%s", err.why);
    return conf;
}

static Moisson__ConfigBundle *bundle_of (const struct place *p)
{
    _cleanup_config_ struct config *conf = load (p->etc);
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__ConfigBundle *b = NULL;

    ck_assert_msg (config_bundle_make (&b, conf, &err) == 0, "%s", err.why);
    return b;
}

static const Moisson__ConfigFile *file_of (const Moisson__ConfigBundle *b, const char *name)
{
    for (size_t i = 0; i < b->n_files; i++)
        if (!strcmp (b->files[i]->name, name))
            return b->files[i];
    return NULL;
}

static int allow (void *arg, const struct config *conf, struct err *err)
{
    (void) conf;
    if (!arg)
        return 0;
    return err_set (err, 0, "%s", (const char *) arg);
}

static int install (const struct place *p, Moisson__ConfigBundle *b, uint64_t version, const char *objection,
                    struct err *err)
{
    b->version = version;
    return configless_install (p->spool, "n1", b, allow, (void *) objection, err);
}

/* --- bundles */

START_TEST (includes_and_what_stands_beside_are_in_it)
{
    PLACE ();
    _cleanup_free_ char *more = xasprintf ("%s/more", p.etc);

    ck_assert_int_eq (mkdir (more, 0700), 0);
    put (p.etc, "moisson.conf",
         HEAD "Include more/nodes.conf\n# a remark\nSlurmdLogFile=\"/tmp/a#b.log\" \\\n  KillWait=7\n");
    put (more, "nodes.conf",
         "NodeName=n[1-2] CPUs=4 RealMemory=100 Topology=two.xml\n"
         "NodeName=n3 CPUs=4 RealMemory=100 Topology=\"synthetic:core:4 pu:1\"\n"
         "NodeName=n4 CPUs=4 RealMemory=100 Topology=two.xml Features=a,b\n"
         "PartitionName=p Nodes=ALL\n");
    put (more, "two.xml", "<topology/>");
    put (p.etc, "gres.conf", "# gres\n");
    Moisson__ConfigBundle *b = bundle_of (&p);
    ck_assert_uint_eq (b->n_files, 3);
    ck_assert_ptr_nonnull (file_of (b, "gres.conf"));
    ck_assert_uint_eq (file_of (b, "topology-1.xml")->data.len, strlen ("<topology/>"));
    ck_assert_ptr_null (file_of (b, "cgroup.conf"));
    /* read where it lands, it says the same */
    _cleanup_free_ char *there = xasprintf ("%s/there", p.dir), *xml = xasprintf ("%s/topology-1.xml", there);
    ck_assert_int_eq (config_bundle_write (b, there, NULL), 0);
    _cleanup_config_ struct config *conf = load (there);
    ck_assert_uint_eq (conf->core->n_nodes, 4);
    ck_assert_uint_eq (conf->kill_wait, 7);
    ck_assert_str_eq (conf->node_log, "/tmp/a#b.log");
    ck_assert_str_eq (conf->node_extra[1].topology, xml);
    ck_assert_str_eq (conf->node_extra[2].topology, "synthetic:core:4 pu:1");
    ck_assert_str_eq (conf->node_extra[3].topology, xml);
    ck_assert_str_eq (conf->core->nodes[3]->features, "a,b");
    /* and a bundle of it is the same again */
    uint8_t first[HASH_SIZE], second[HASH_SIZE];
    Moisson__ConfigBundle *again = NULL;
    ck_assert_int_eq (config_bundle_make (&again, conf, NULL), 0);
    config_bundle_hash (b, first);
    config_bundle_hash (again, second);
    ck_assert_mem_eq (first, second, HASH_SIZE);
    moisson__config_bundle__free_unpacked (b, NULL);
    moisson__config_bundle__free_unpacked (again, NULL);
}
END_TEST

START_TEST (a_file_that_is_missing_is_named)
{
    PLACE ();
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__ConfigBundle *b = NULL;

    put (p.etc, "moisson.conf", HEAD "NodeName=n1 Topology=/no/such.xml\nPartitionName=p Nodes=ALL\n");
    _cleanup_config_ struct config *conf = load (p.etc);
    ck_assert_int_eq (config_bundle_make (&b, conf, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "/no/such.xml"));
    ck_assert_ptr_null (b);
}
END_TEST

START_TEST (a_version_does_not_change_the_hash)
{
    PLACE ();
    uint8_t first[HASH_SIZE], second[HASH_SIZE];

    put (p.etc, "moisson.conf", HEAD TAIL);
    Moisson__ConfigBundle *b = bundle_of (&p);
    config_bundle_hash (b, first);
    b->version = 9;
    config_bundle_hash (b, second);
    ck_assert_mem_eq (first, second, HASH_SIZE);
    b->files[0]->data.data[0] ^= 1;
    config_bundle_hash (b, second);
    ck_assert_mem_ne (first, second, HASH_SIZE);
    moisson__config_bundle__free_unpacked (b, NULL);
}
END_TEST

START_TEST (names_that_lead_elsewhere_are_refused)
{
    static const char *const bad[] = {"../moisson.conf", "a/b", "", ".hidden", "a b", "/etc/passwd"};
    PLACE ();
    _cleanup_free_ char *there = xasprintf ("%s/there", p.dir);

    put (p.etc, "moisson.conf", HEAD TAIL);
    put (p.etc, "gres.conf", "");
    Moisson__ConfigBundle *b = bundle_of (&p);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *kept = b->files[1]->name;
        b->files[1]->name = (char *) bad[i];
        ck_assert_int_eq (config_bundle_write (b, there, NULL), -1);
        ck_assert_int_eq (access (there, F_OK), -1);
        b->files[1]->name = kept;
    }
    ck_assert_int_eq (config_bundle_write (b, there, NULL), 0);
    moisson__config_bundle__free_unpacked (b, NULL);
}
END_TEST

/* --- spool */

START_TEST (a_node_that_is_not_enrolled_is_told_so)
{
    PLACE ();
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_free_ char *path = NULL;
    bool first = false;

    ck_assert_int_eq (configless_find (p.spool, "n1", &path, &first, &err), -1);
    ck_assert_ptr_nonnull (strstr (err.why, "not enrolled"));
    ck_assert_ptr_nonnull (strstr (err.fix, "moisson node enroll"));
    put (p.spool, "enrolled.conf", HEAD TAIL);
    ck_assert_int_eq (configless_find (p.spool, "n1", &path, &first, &err), 0);
    ck_assert (first && configless_is_first (path));
    ck_assert_uint_eq (configless_version (p.spool), 0);
}
END_TEST

START_TEST (a_configuration_takes_the_place_of_the_one_before)
{
    PLACE ();
    _cleanup_free_ char *path = NULL, *hash = NULL;
    uint8_t known[HASH_SIZE], there[HASH_SIZE];
    struct stat st;
    bool first = true;

    put (p.etc, "moisson.conf", HEAD TAIL);
    Moisson__ConfigBundle *b = bundle_of (&p);
    umask (077); /* of root, for example; the agent must be able to read it all the same */
    ck_assert_int_eq (install (&p, b, 5, NULL, NULL), 0);
    umask (022);
    ck_assert_uint_eq (configless_version (p.spool), 5);
    ck_assert_int_eq (configless_find (p.spool, "n1", &path, &first, NULL), 0);
    ck_assert (!first && !configless_is_first (path));
    ck_assert_int_eq (stat (path, &st), 0);
    ck_assert_uint_eq (st.st_mode & 0777, 0644);
    *strrchr (path, '/') = '\0';
    ck_assert_int_eq (stat (path, &st), 0);
    ck_assert_uint_eq (st.st_mode & 0777, 0755);
    config_bundle_hash (b, known);
    ck_assert_int_eq (configless_hash (p.spool, there), 0);
    ck_assert_mem_eq (known, there, HASH_SIZE);
    for (uint64_t version = 6; version < 9; version++)
        ck_assert_int_eq (install (&p, b, version, NULL, NULL), 0);
    ck_assert_uint_eq (configless_version (p.spool), 8);
    _cleanup_free_ char *before = xasprintf ("%s/conf/0000000000000007", p.spool);
    _cleanup_free_ char *old = xasprintf ("%s/conf/0000000000000006", p.spool);
    ck_assert_int_eq (access (before, F_OK), 0); /* a job may have it open by name */
    ck_assert_int_eq (access (old, F_OK), -1);
    moisson__config_bundle__free_unpacked (b, NULL);
}
END_TEST

static void expect_refused (const struct place *p, Moisson__ConfigBundle *b, uint64_t version, const char *objection,
                            const char *words)
{
    _cleanup_err_ struct err err = ERR_INIT;
    uint64_t before = configless_version (p->spool);
    _cleanup_free_ char *fresh = xasprintf ("%s/conf/new", p->spool);

    ck_assert_int_eq (install (p, b, version, objection, &err), -1);
    ck_assert_msg (strstr (err.why, words), "'%s' lacks '%s'", err.why, words);
    ck_assert_uint_eq (configless_version (p->spool), before);
    ck_assert_int_eq (access (fresh, F_OK), -1);
}

START_TEST (what_is_old_wrong_or_not_for_this_node_changes_nothing)
{
    PLACE ();

    put (p.etc, "moisson.conf", HEAD TAIL);
    Moisson__ConfigBundle *b = bundle_of (&p);
    ck_assert_int_eq (install (&p, b, 5, NULL, NULL), 0);
    expect_refused (&p, b, 5, NULL, "is version 5, here is 5 already");
    expect_refused (&p, b, 4, NULL, "is version 4, here is 5 already");
    expect_refused (&p, b, 0, NULL, "is version 0");
    expect_refused (&p, b, 6, "an objection of the launcher", "an objection");
    moisson__config_bundle__free_unpacked (b, NULL);
    put (p.etc, "moisson.conf", HEAD "NodeName=n2 CPUs=4\nPartitionName=p Nodes=ALL\n");
    b = bundle_of (&p);
    expect_refused (&p, b, 6, NULL, "node n1 is not in it");
    free (b->files[0]->data.data);
    b->files[0]->data = (ProtobufCBinaryData){9, (uint8_t *) xstrdup ("NoKey=one")};
    expect_refused (&p, b, 6, NULL, "NoKey");
    _cleanup_free_ char *text = get (p.spool, "conf/current/moisson.conf");
    ck_assert (text && strstr (text, "n[1-2]"));
    moisson__config_bundle__free_unpacked (b, NULL);
}
END_TEST

/* What a launcher that was cut off has left is in nobody's way. */
START_TEST (leftovers_of_a_cut_off_try_are_overcome)
{
    PLACE ();
    _cleanup_free_ char *conf = xasprintf ("%s/conf", p.spool), *fresh = xasprintf ("%s/new", conf),
                        *made = xasprintf ("%s/0000000000000005", conf), *link = xasprintf ("%s/current.new", conf);

    ck_assert_int_eq (mkdir (conf, 0755) || mkdir (fresh, 0755) || mkdir (made, 0755), 0);
    put (fresh, "moisson.conf", "half");
    put (made, "moisson.conf", "a try whose link was not made");
    ck_assert_int_eq (symlink ("nowhere", link), 0);
    ck_assert_uint_eq (configless_version (p.spool), 0);
    put (p.etc, "moisson.conf", HEAD TAIL);
    Moisson__ConfigBundle *b = bundle_of (&p);
    ck_assert_int_eq (install (&p, b, 5, NULL, NULL), 0);
    ck_assert_uint_eq (configless_version (p.spool), 5);
    _cleanup_free_ char *text = get (p.spool, "conf/current/moisson.conf");
    ck_assert (text && strstr (text, "ClusterName"));
    moisson__config_bundle__free_unpacked (b, NULL);
}
END_TEST

SUITE ("configless", includes_and_what_stands_beside_are_in_it, a_file_that_is_missing_is_named,
       a_version_does_not_change_the_hash, names_that_lead_elsewhere_are_refused,
       a_node_that_is_not_enrolled_is_told_so, a_configuration_takes_the_place_of_the_one_before,
       what_is_old_wrong_or_not_for_this_node_changes_nothing, leftovers_of_a_cut_off_try_are_overcome)
