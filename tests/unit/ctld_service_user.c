/* ctld_service_user.c - who may have jobs, who is an operator, whose the state directory must be. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/files.h"
#include "base/mem.h"
#include "core/core.h"
#include "core_kit.h"
#include "ctld/service_user.h"
#include "suite.h"

#define SERVICE 990 /* SlurmUser's uid */

static struct config conf_of (const char *slurm_user)
{
    return (struct config){
        .path = (char *) "moisson.conf", .slurm_user = (char *) slurm_user, .operators = (char *) "", .min_uid = 1000};
}

static int admits (const char *slurm_user, uint32_t own, const struct core *core, uint32_t uid, uint32_t gid,
                   char **why)
{
    const struct config conf = conf_of (slurm_user);
    uint32_t groups[] = {gid, 27};
    const struct user_facts who = {.uid = uid, .gid = gid, .name = (char *) "ada", .groups = groups, .n_groups = 2};
    struct err err = ERR_INIT;
    int rc = service_user_admits (&conf, core, own, &who, &err);

    ck_assert_int_eq (rc < 0, err_is_set (&err));
    ck_assert (rc == 0 || err.fix);
    *why = xstrdup (err.why);
    err_clear (&err);
    return rc;
}

#define ck_admitted(...)                                                                                               \
    do {                                                                                                               \
        char *why_;                                                                                                    \
        int rc_ = admits (__VA_ARGS__, &why_);                                                                         \
        ck_assert_msg (rc_ == 0, "%s", why_);                                                                          \
    } while (0)

#define ck_refused(words, ...)                                                                                         \
    do {                                                                                                               \
        char *why_;                                                                                                    \
        ck_assert_int_eq (admits (__VA_ARGS__, &why_), -1);                                                            \
        ck_assert_str_eq (why_, words);                                                                                \
        free (why_);                                                                                                   \
    } while (0)

/* A core with the nodes n1 and n2; those registered run jobs of `only` (0: of all). */
static struct kit *kit_of (unsigned registered, uint32_t only)
{
    static const char *const names[] = {"n1", "n2"};
    struct kit *k = xcalloc (1, sizeof *k);
    struct kit_conf *conf = kit_conf ("n[1-2]", 4);

    k->core = core_create ();
    k->now = START_US;
    kit_configure (k, conf);
    kit_conf_free (conf);
    for (unsigned i = 0; i < registered; i++) {
        Moisson__Register facts = MOISSON__REGISTER__INIT;
        Moisson__NodeUp up = MOISSON__NODE_UP__INIT;
        EVENT (node_up, NODE_UP, &up);

        facts.node = (char *) names[i];
        facts.boot_id = (char *) "boot-1";
        facts.version = (char *) "test";
        facts.has_only_uid = only != 0;
        facts.only_uid = only;
        up.facts = &facts;
        kit_apply (k, &event);
    }
    return k;
}

START_TEST (root_mode_takes_ordinary_users)
{
    _cleanup_kit_ struct kit *none = kit_of (0, 0), *all = kit_of (2, 0);

    ck_admitted ("moisson", SERVICE, none->core, 1000, 1000);
    ck_admitted ("moisson", SERVICE, all->core, 1001, 100);
    ck_refused ("jobs of ada (uid 0) are not run: MinUID is 1000", "moisson", SERVICE, all->core, 0, 0);
    ck_refused ("jobs of ada (uid 999) are not run: MinUID is 1000", "moisson", SERVICE, none->core, 999, 999);
    ck_refused ("jobs of ada (uid 990) are not run: MinUID is 1000", "moisson", SERVICE, all->core, SERVICE, SERVICE);
    ck_refused ("ada is in group 0 (root's), which no job runs in", "moisson", SERVICE, all->core, 1001, 0);
}
END_TEST

START_TEST (single_user_mode_takes_one_user)
{
    _cleanup_kit_ struct kit *all = kit_of (2, 0);

    ck_admitted ("", 1000, all->core, 1000, 1000);
    ck_admitted ("root", 0, all->core, 0, 0);
    ck_admitted ("", 0, all->core, 0, 0);
    ck_refused ("this cluster is in single-user mode: jobs of uid 0 only are run", "", 0, all->core, 1000, 1000);
    ck_refused ("this cluster is in single-user mode: jobs of uid 0 only are run", "root", 0, all->core, 1000, 1000);
    ck_refused ("this cluster is in single-user mode: jobs of uid 1000 only are run", "", 1000, all->core, 0, 0);
}
END_TEST

START_TEST (nodes_that_run_one_user)
{
    _cleanup_kit_ struct kit *service = kit_of (2, SERVICE), *one = kit_of (1, 1000);

    ck_admitted ("moisson", SERVICE, service->core, SERVICE, SERVICE); /* below MinUID, but that is who they are */
    ck_refused ("the nodes are in single-user mode: jobs of uid 990 only are run", "moisson", SERVICE, service->core,
                1001, 1001);
    ck_admitted ("ada", 1000, one->core, 1000, 1000);
    ck_refused ("the nodes are in single-user mode: jobs of uid 1000 only are run", "ada", 1000, one->core, 0, 0);
}
END_TEST

static bool is_operator (const struct config *conf, uint32_t uid)
{
    for (size_t i = 0; i < conf->core->n_operator_uids; i++)
        if (conf->core->operator_uids[i] == uid)
            return true;
    return false;
}

START_TEST (operators_are_named_or_numbered)
{
    Moisson__Config core = MOISSON__CONFIG__INIT;
    struct config conf = conf_of ("moisson");
    struct err err = ERR_INIT;

    conf.core = &core;
    conf.operators = (char *) "daemon, 1234,,root";
    ck_assert_int_eq (service_user_operators (&conf, SERVICE, &err), 0);
    ck_assert (is_operator (&conf, 0) && is_operator (&conf, SERVICE) && is_operator (&conf, 1) &&
               is_operator (&conf, 1234));
    ck_assert_uint_eq (core.n_operator_uids, 4);
    conf.operators = (char *) "no-such-user-here";
    ck_assert_int_eq (service_user_operators (&conf, SERVICE, &err), -1);
    ck_assert_str_eq (err.why, "Operators: no-such-user-here is not a user of this machine");
    err_clear (&err);
    free (core.operator_uids);
}
END_TEST

START_TEST (a_state_directory_of_our_own)
{
    char dir[] = "/tmp/moisson-state-XXXXXX";
    struct config conf = conf_of ("");
    struct err err = ERR_INIT;

    ck_assert_ptr_nonnull (mkdtemp (dir));
    conf.state_dir = dir;
    ck_assert_int_eq (service_user_check_state (&conf, &err), 0);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_int_eq (chmod (dir, i ? 0702 : 0720), 0);
        ck_assert_int_eq (service_user_check_state (&conf, &err), -1);
        ck_assert_ptr_nonnull (strstr (err.why, i ? "(mode 0702)" : "(mode 0720)"));
        err_clear (&err);
    }
    if (geteuid () == 0) {
        ck_assert_int_eq (chmod (dir, 0700) | chown (dir, 1000, 1000), 0);
        ck_assert_int_eq (service_user_check_state (&conf, &err), -1);
        ck_assert_ptr_nonnull (strstr (err.why, "belongs to uid 1000, this is uid 0"));
        err_clear (&err);
    }
    ck_assert_int_eq (dir_remove (dir), 0);
    ck_assert_int_eq (service_user_check_state (&conf, &err), 0); /* the keys will be missed, with what to do */
}
END_TEST

START_TEST (only_root_becomes_somebody_else)
{
    struct config conf = conf_of ("no-such-user-here");
    struct err err = ERR_INIT;
    uint32_t uid = 7;

    ck_assert_int_eq (service_user_become (&conf, &uid, &err), -1);
    ck_assert_str_eq (err.why, "SlurmUser=no-such-user-here is not a user of this machine");
    err_clear (&err);
    conf.slurm_user = (char *) "";
    ck_assert_int_eq (service_user_become (&conf, &uid, &err), 0);
    ck_assert_uint_eq (uid, geteuid ());
    conf.slurm_user = (char *) "daemon";
    if (geteuid () != 0 && geteuid () != 1) {
        ck_assert_int_eq (service_user_become (&conf, &uid, &err), -1);
        ck_assert_ptr_nonnull (strstr (err.why, "SlurmUser is daemon, but this is user"));
        err_clear (&err);
    }
}
END_TEST

SUITE ("service_user", root_mode_takes_ordinary_users, single_user_mode_takes_one_user, nodes_that_run_one_user,
       operators_are_named_or_numbered, a_state_directory_of_our_own, only_root_becomes_somebody_else)
