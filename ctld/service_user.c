/* service_user.c - whose process the controller is. */
#include "ctld/service_user.h"
#include "ctld/groups.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/identity.h"
#include "base/mem.h"
#include "base/units.h"
#include "core/core.h"
#include "proto/wire.pb-c.h"

#define GROUPS_MOST 65536

static inline void cleanup_closedirp (DIR **d)
{
    if (*d)
        closedir (*d);
}

/* --- becoming SlurmUser --------------------------------------------------------------------------------------------
 */

/* What is root's, a plain file and has one name only: that user could have put anything else there himself. */
static int give_file (int fd, const struct passwd *pw)
{
    struct stat st;

    if (fstat (fd, &st))
        return -1;
    return file_is_of (&st, 0) && st.st_uid == 0 ? fchown (fd, pw->pw_uid, pw->pw_gid) : 0;
}

/* A file that will be written: made now, where only root may make it. */
static int give_new_file (const char *path, mode_t mode, const struct passwd *pw, struct err *err)
{
    if (!*path)
        return 0;
    const int flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
    _cleanup_close_ int fd = open (path, flags);
    if (fd < 0 && errno == ENOENT)
        fd = open (path, flags | O_CREAT | O_EXCL, mode);
    if (fd >= 0 && give_file (fd, pw) == 0)
        return 0;
    err_errno (err, errno, "cannot make %s for %s", path, pw->pw_name);
    return err_fix (err, "make its directory (mkdir -p), as a directory of root or of %s", pw->pw_name);
}

static int give_contents (const char *path, const struct passwd *pw, struct err *err)
{
    _cleanup_ (cleanup_closedirp) DIR *dir = opendir (path);
    struct dirent *e;

    if (!dir)
        return err_errno (err, errno, "cannot read %s", path);
    while ((e = readdir (dir))) {
        if (e->d_name[0] == '.' && (!e->d_name[1] || (e->d_name[1] == '.' && !e->d_name[2])))
            continue;
        _cleanup_close_ int fd = openat (dirfd (dir), e->d_name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && give_file (fd, pw))
            return err_errno (err, errno, "cannot give %s/%s to %s", path, e->d_name, pw->pw_name);
    }
    return 0;
}

/* `moisson keygen` and `moisson node enroll` may have been run by root. */
static int give_state (const char *path, const struct passwd *pw, struct err *err)
{
    struct stat st;

    if (dir_make (path, 0755, err))
        return err_what (err, "StateSaveLocation");
    _cleanup_close_ int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat (fd, &st))
        return err_errno (err, errno, "cannot open the state directory %s", path);
    if (st.st_uid != 0 && st.st_uid != pw->pw_uid) {
        err_set (err, 0, "the state directory %s belongs to uid %u, not to SlurmUser=%s", path, (unsigned) st.st_uid,
                 pw->pw_name);
        return err_fix (err, "chown -R %s %s, if nobody else uses it", pw->pw_name, path);
    }
    if (st.st_uid == 0 && (fchown (fd, pw->pw_uid, pw->pw_gid) || fchmod (fd, 0700)))
        return err_errno (err, errno, "cannot give the state directory %s to %s", path, pw->pw_name);
    return give_contents (path, pw, err);
}

static int become (const struct passwd *pw, struct err *err)
{
    _cleanup_free_ gid_t *groups = xcalloc (GROUPS_MOST, sizeof *groups);
    int n = GROUPS_MOST;

    if (getgrouplist (pw->pw_name, pw->pw_gid, groups, &n) < 0)
        return err_set (err, 0, "SlurmUser=%s is in more groups than a process can have", pw->pw_name);
    const struct identity id = {true, pw->pw_uid, pw->pw_gid, groups, (size_t) n};
    int rc = identity_take (&id);
    if (rc) {
        err_errno (err, rc, "cannot become SlurmUser=%s (uid %u, gid %u)", pw->pw_name, (unsigned) pw->pw_uid,
                   (unsigned) pw->pw_gid);
        return err_fix (err, "that user must not be in root's group; and root needs its right to change users");
    }
    if (prctl (PR_SET_DUMPABLE, 1)) /* as if that user had started it */
        return err_errno (err, errno, "cannot be dumpable again");
    return 0;
}

int service_user_become (const struct config *conf, uint32_t *ret_uid, struct err *err)
{
    const struct passwd *pw;

    *ret_uid = geteuid ();
    if (!*conf->slurm_user)
        return 0;
    pw = getpwnam (conf->slurm_user);
    if (!pw) {
        err_set (err, 0, "SlurmUser=%s is not a user of this machine", conf->slurm_user);
        return err_fix (err, "create the account, or correct SlurmUser in %s", conf->path);
    }
    if (pw->pw_uid == *ret_uid)
        return 0;
    if (*ret_uid != 0) {
        err_set (err, 0, "SlurmUser is %s, but this is user %u", conf->slurm_user, *ret_uid);
        return err_fix (err, "start moissonctld as root or as %s, or take SlurmUser out of %s", conf->slurm_user,
                        conf->path);
    }
    if (give_state (conf->state_dir, pw, err) || give_new_file (conf->ctld_log, 0640, pw, err) ||
        give_new_file (conf->ctld_pid, 0644, pw, err) || become (pw, err))
        return -1;
    *ret_uid = pw->pw_uid;
    return 0;
}

int service_user_check_state (const struct config *conf, struct err *err)
{
    struct stat st;

    if (stat (conf->state_dir, &st))
        return errno == ENOENT ? 0 : err_errno (err, errno, "cannot look at the state directory %s", conf->state_dir);
    if (st.st_mode & (S_IWGRP | S_IWOTH)) {
        err_set (err, 0, "others can write to the state directory %s (mode %04o)", conf->state_dir,
                 st.st_mode & 07777u);
        return err_fix (err, "chmod 700 %s, and see that nobody has put anything into it", conf->state_dir);
    }
    if (st.st_uid == geteuid ())
        return 0;
    err_set (err, 0, "the state directory %s belongs to uid %u, this is uid %u", conf->state_dir, (unsigned) st.st_uid,
             (unsigned) geteuid ());
    return err_fix (err, "chown -R it to the controller's user, or start moissonctld as root: it does that itself");
}

/* --- operators ------------------------------------------------------------------------------------------------------
 */

static void add_operator (Moisson__Config *core, uint32_t uid)
{
    for (size_t i = 0; i < core->n_operator_uids; i++)
        if (core->operator_uids[i] == uid)
            return;
    core->operator_uids = xrealloc (core->operator_uids, (core->n_operator_uids + 1) * sizeof *core->operator_uids);
    core->operator_uids[core->n_operator_uids++] = uid;
}

int service_user_operators (struct config *conf, uint32_t own_uid, struct err *err)
{
    _cleanup_free_ char *copy = xstrdup (conf->operators);
    char *rest = copy;
    uint64_t uid;

    add_operator (conf->core, 0);
    add_operator (conf->core, own_uid);
    for (char *word; (word = strsep (&rest, ", \t"));) {
        if (!*word)
            continue;
        const struct passwd *pw = getpwnam (word);
        if (pw) {
            add_operator (conf->core, pw->pw_uid);
        } else if (number_parse (word, "uid", 0, UINT32_MAX - 1, &uid, NULL) == 0) {
            add_operator (conf->core, (uint32_t) uid);
        } else {
            err_set (err, 0, "Operators: %s is not a user of this machine", word);
            return err_fix (err, "create the account, or correct Operators in %s", conf->path);
        }
    }
    groups_resolve (conf);
    return 0;
}

/* --- whose jobs -----------------------------------------------------------------------------------------------------
 */

static int refuse_single (uint32_t only, const char *whose, struct err *err)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION, "%s in single-user mode: jobs of uid %u only are run", whose,
             only);
    return err_fix (err,
                    "submit as that user; or, for all users, name a user without rights as SlurmUser in moisson.conf "
                    "and start moissonctld and moissond as root");
}

static int check_groups (const struct user_facts *who, struct err *err)
{
    bool root = who->gid == 0;

    for (size_t i = 0; i < who->n_groups; i++)
        root = root || who->groups[i] == 0;
    if (!root)
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION, "%s is in group 0 (root's), which no job runs in", who->name);
    return err_fix (err, "an administrator takes %s out of that group: gpasswd -d %s root", who->name, who->name);
}

int service_user_admits (const struct config *conf, const struct core *core, uint32_t own_uid,
                         const struct user_facts *who, struct err *err)
{
    uint32_t only = own_uid;
    bool own = false;

    if (!*conf->slurm_user || own_uid == 0)
        return who->uid == own_uid ? 0 : refuse_single (own_uid, "this cluster is", err);
    if (!core_serves_uid (core, who->uid, &own, &only))
        return refuse_single (only, "the nodes are", err);
    if (own)
        return 0;
    if (who->uid < conf->min_uid) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_PERMISSION, "jobs of %s (uid %u) are not run: MinUID is %u", who->name,
                 who->uid, conf->min_uid);
        return err_fix (err, "submit as an ordinary user; an administrator can set MinUID in moisson.conf");
    }
    return check_groups (who, err);
}
