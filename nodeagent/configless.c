/* configless.c - the controller's configuration in a node's spool. */
#include "nodeagent/configless.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"

#define FIRST "enrolled.conf"
#define VERSION_SIZE 17 /* 16 hexadecimal digits */

char *configless_first_path (const char *spool)
{
    return xasprintf ("%s/" FIRST, spool);
}

bool configless_is_first (const char *path)
{
    const char *slash = strrchr (path, '/');

    return !strcmp (slash ? slash + 1 : path, FIRST);
}

int configless_find (const char *spool, const char *node, char **ret_path, bool *ret_first, struct err *err)
{
    _cleanup_free_ char *current = xasprintf ("%s/conf/current/moisson.conf", spool);
    _cleanup_free_ char *first = configless_first_path (spool);

    if (access (current, F_OK) == 0) {
        *ret_first = false;
        *ret_path = steal (&current);
        return 0;
    }
    if (access (first, F_OK) == 0) {
        *ret_first = true;
        *ret_path = steal (&first);
        return 0;
    }
    err_set (err, 0, "node %s has no configuration, and it is not enrolled: there is no %s", node, first);
    return err_fix (err, "moisson node enroll --controller HOST --key KEY %s; or name a configuration with -f", node);
}

uint64_t configless_version (const char *spool)
{
    _cleanup_free_ char *path = xasprintf ("%s/conf/current", spool);
    char name[64], *end;
    ssize_t n = readlink (path, name, sizeof name - 1);

    if (n != VERSION_SIZE - 1)
        return 0;
    name[n] = '\0';
    uint64_t version = strtoull (name, &end, 16);
    return *end ? 0 : version;
}

int configless_hash (const char *spool, uint8_t ret[HASH_SIZE])
{
    _cleanup_free_ char *path = xasprintf ("%s/conf/current/hash", spool), *text = NULL;

    if (file_read (path, 256, &text, NULL, NULL) < 0)
        return -1;
    text[strcspn (text, "\n")] = '\0';
    return base64_decode (text, ret, HASH_SIZE);
}

/* --- installing ---------------------------------------------------------------------------------------------- */

static int sync_dir (const char *path, struct err *err)
{
    _cleanup_close_ int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 || fsync (fd) < 0 ? err_errno (err, errno, "cannot make %s durable", path) : 0;
}

static int write_new (const char *dir, const Moisson__ConfigBundle *bundle, struct err *err)
{
    _cleanup_free_ char *path = xasprintf ("%s/hash", dir), *text = NULL, *line = NULL;
    uint8_t hash[HASH_SIZE];
    int r = dir_remove (dir);

    if (r && r != -ENOENT)
        return err_errno (err, -r, "cannot remove %s", dir);
    config_bundle_hash (bundle, hash);
    text = base64_encode (hash, sizeof hash);
    line = xasprintf ("%s\n", text);
    if (config_bundle_write (bundle, dir, err) < 0 || file_write (path, line, strlen (line), 0644, 1, err) < 0)
        return -1;
    return chmod (dir, 0755) < 0 ? err_errno (err, errno, "cannot open %s to all", dir) : 0;
}

static int check_new (const char *dir, const char *node, configless_check_fn check, void *arg, struct err *err)
{
    _cleanup_free_ char *path = xasprintf ("%s/moisson.conf", dir);
    _cleanup_config_ struct config *conf = NULL;

    if (config_load (&conf, path, err) < 0)
        return -1;
    if (!config_node (conf, node, NULL))
        return err_set (err, 0, "node %s is not in it", node);
    return check (arg, conf, err);
}

/* The link is replaced by rename: there is always one, and it is whole. */
static int point_at (const char *conf_dir, const char *name, struct err *err)
{
    _cleanup_free_ char *link = xasprintf ("%s/current", conf_dir), *fresh = xasprintf ("%s/current.new", conf_dir);

    if ((unlink (fresh) < 0 && errno != ENOENT) || symlink (name, fresh) < 0 || rename (fresh, link) < 0)
        return err_errno (err, errno, "cannot make %s a link to %s", link, name);
    return sync_dir (conf_dir, err);
}

static inline void cleanup_closedirp (DIR **d)
{
    if (*d)
        closedir (*d);
}

/* Files of jobs may still name the one before; older ones go. What cannot be removed now is in nobody's way. */
static void remove_old (const char *conf_dir, const char *keep, uint64_t before)
{
    _cleanup_ (cleanup_closedirp) DIR *dir = opendir (conf_dir);
    char kept[VERSION_SIZE];

    snprintf (kept, sizeof kept, "%016" PRIx64, before);
    for (struct dirent *e; dir && (e = readdir (dir));) {
        _cleanup_free_ char *path = xasprintf ("%s/%s", conf_dir, e->d_name);

        if (strlen (e->d_name) == VERSION_SIZE - 1 && strcmp (e->d_name, keep) != 0 && strcmp (e->d_name, kept) != 0)
            (void) dir_remove (path);
    }
}

static int put_in_place (const char *conf_dir, const char *fresh, uint64_t version, uint64_t before, struct err *err)
{
    _cleanup_free_ char *dir = NULL;
    char name[VERSION_SIZE];
    int r;

    snprintf (name, sizeof name, "%016" PRIx64, version);
    dir = xasprintf ("%s/%s", conf_dir, name);
    r = dir_remove (dir); /* of a try that was cut off before the link was made */
    if (r && r != -ENOENT)
        return err_errno (err, -r, "cannot remove %s", dir);
    if (rename (fresh, dir) < 0)
        return err_errno (err, errno, "cannot rename %s to %s", fresh, dir);
    if (point_at (conf_dir, name, err) < 0)
        return -1;
    remove_old (conf_dir, name, before);
    return 0;
}

int configless_install (const char *spool, const char *node, const Moisson__ConfigBundle *bundle,
                        configless_check_fn check, void *arg, struct err *err)
{
    _cleanup_free_ char *conf_dir = xasprintf ("%s/conf", spool), *fresh = xasprintf ("%s/new", conf_dir);
    uint64_t before = configless_version (spool);

    if (bundle->version <= before)
        return err_set (err, 0, "the configuration is version %" PRIu64 ", here is %" PRIu64 " already",
                        bundle->version, before);
    if (dir_make (conf_dir, 0755, err) < 0)
        return -1;
    if (chmod (conf_dir, 0755) < 0)
        return err_errno (err, errno, "cannot open %s to all", conf_dir);
    if (write_new (fresh, bundle, err) == 0 && check_new (fresh, node, check, arg, err) == 0)
        return put_in_place (conf_dir, fresh, bundle->version, before, err);
    (void) dir_remove (fresh); /* the next try does it, too */
    return -1;
}
