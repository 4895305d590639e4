/* root_mode.c - is this node's launcher root for the jobs of others? */
#include "nodeagent/root_mode.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/identity.h"
#include "nodeagent/spool.h"

static int find_user (const char *key, const char *name, const struct passwd **ret, const struct config *conf,
                      struct err *err)
{
    errno = 0;
    *ret = getpwnam (name);
    if (*ret)
        return 0;
    if (errno && errno != ENOENT)
        return err_errno (err, errno, "cannot look up %s=%s", key, name);
    err_set (err, 0, "%s=%s is not a user of this machine", key, name);
    return err_fix (err, "create the account (useradd --system %s), or correct %s in %s", name, key, conf->path);
}

int root_mode_find (const struct config *conf, struct root_mode *ret, struct err *err)
{
    struct root_mode mode = {0};
    const struct passwd *pw;

    if (geteuid () != 0 || !*conf->slurm_user) {
        *ret = mode;
        return 0;
    }
    if (find_user ("SlurmUser", conf->slurm_user, &pw, conf, err))
        return -1;
    mode.on = pw->pw_uid != 0;
    if (mode.on && *conf->agent_user && find_user ("AgentUser", conf->agent_user, &pw, conf, err))
        return -1;
    mode.agent_uid = pw->pw_uid;
    mode.agent_gid = pw->pw_gid;
    if (mode.on && (mode.agent_uid == 0 || mode.agent_gid == 0)) {
        err_set (err, 0, "the node's agent would run as root or in root's group: AgentUser=%s",
                 *conf->agent_user ? conf->agent_user : conf->slurm_user);
        return err_fix (err, "name a user without rights, with a group of its own: useradd --system moisson-agent");
    }
    *ret = mode;
    return 0;
}

/* Directories that the launcher made, or found where only root could have put them. */
static int give_dir (const char *path, uid_t uid, gid_t gid, mode_t mode, struct err *err)
{
    _cleanup_close_ int fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 || fchown (fd, uid, gid) || fchmod (fd, mode))
        return err_errno (err, errno, "cannot give %s its owner", path);
    return 0;
}

/* A key, where it is there already; a plain file with one name, so that nobody gets another file by a link. */
static int give_key (const char *path, uid_t uid, gid_t gid, mode_t mode, struct err *err)
{
    _cleanup_close_ int fd = open (path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 || fstat (fd, &st))
        return err_errno (err, errno, "cannot open %s", path);
    if (!file_is_of (&st, uid))
        return err_set (err, 0, "%s is no plain file of root or uid %u", path, (unsigned) uid);
    if (fchown (fd, uid, gid) || fchmod (fd, mode))
        return err_errno (err, errno, "cannot give %s its owner", path);
    return 0;
}

int root_mode_own_spool (const struct root_mode *mode, const char *spool, struct err *err)
{
    _cleanup_free_ char *attempts = spool_path (spool, "attempts"), *blobs = spool_path (spool, "blobs");
    _cleanup_free_ char *node_key = spool_path (spool, "node.key"), *order_key = spool_path (spool, "order.key");
    struct stat st;

    if (!mode->on)
        return 0;
    if (stat (spool, &st))
        return err_errno (err, errno, "cannot look at the spool directory %s", spool);
    if (st.st_uid != 0) {
        err_set (err, 0, "the spool directory %s belongs to uid %u, who could put files in the way of root", spool,
                 (unsigned) st.st_uid);
        return err_fix (err, "give this node a SlurmdSpoolDir of root's, or: chown -R root:root %s", spool);
    }
    /* With the group's bit, files below it are of the agent's group, too. */
    if (give_dir (spool, 0, mode->agent_gid, 0755, err) || give_dir (attempts, 0, mode->agent_gid, 02751, err) ||
        give_dir (blobs, mode->agent_uid, mode->agent_gid, 0700, err) || give_key (order_key, 0, 0, 0600, err) ||
        give_key (node_key, mode->agent_uid, mode->agent_gid, 0400, err))
        return -1;
    return 0;
}

int root_mode_become_agent (const struct root_mode *mode)
{
    const struct identity agent = {.change = true, .uid = mode->agent_uid, .gid = mode->agent_gid};

    if (!mode->on)
        return 0;
    int rc = identity_take (&agent);
    return rc ? rc : prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? errno : 0;
}
