/* store_place.c - the folder a store lives in: one owner, a local disk, and a reserve for exits on a full one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "plugins/sqlite_db.h"

/* statfs(2) magic numbers of file systems where SQLite's WAL is not safe: it needs shared memory on one host. */
static const struct {
    unsigned long magic;
    const char *name;
} network_fs[] = {
    {0x6969, "NFS"},       {0xff534d42, "CIFS"},   {0xfe534d42, "SMB2"},   {0x517b, "SMB"},     {0x0bd00bd0, "Lustre"},
    {0x47504653, "GPFS"},  {0x00c36400, "CephFS"}, {0x19830326, "BeeGFS"}, {0x5346414f, "AFS"}, {0x6b414653, "kAFS"},
    {0x7461636f, "OCFS2"}, {0x01161970, "GFS2"},   {0x65735546, "FUSE"},   {0x564c, "NCP"},     {0x20030528, "PVFS2"},
    {0x013111a8, "IBRIX"}, {0xaad7aaea, "PanFS"},  {0x61636673, "ACFS"},   {0x01021997, "9p"},  {0xbacbacbc, "VMHGFS"},
};

int place_check (const char *dir, struct err *err)
{
    struct statfs fs;

    if (statfs (dir, &fs))
        return err_errno (err, errno, "cannot look at the file system of %s", dir);
    for (size_t i = 0; i < sizeof network_fs / sizeof *network_fs; i++)
        if ((unsigned long) (unsigned) fs.f_type == network_fs[i].magic) {
            err_set (err, 0, "%s is on a network file system (%s), where SQLite cannot keep its promises", dir,
                     network_fs[i].name);
            return err_fix (err, "set StateSaveLocation to a folder on a local disk");
        }
    return 0;
}

int place_lock (const char *dir, struct err *err)
{
    _cleanup_free_ char *path = xasprintf ("%s/store.lock", dir);
    char pid[32] = "";
    int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_errno (err, errno, "cannot open %s", path);
    if (flock (fd, LOCK_EX | LOCK_NB)) {
        ssize_t n = pread (fd, pid, sizeof pid - 1, 0);
        close (fd);
        err_set (err, 0, "%s is in use by another controller (pid %s)", dir, n > 0 ? pid : "unknown");
        return err_fix (err, "stop it first (scontrol shutdown), or give this one a StateSaveLocation of its own");
    }
    int n = snprintf (pid, sizeof pid, "%d", getpid ());
    if (ftruncate (fd, 0) || pwrite (fd, pid, (size_t) n, 0) != n) {
        err_errno (err, errno, "cannot write %s", path);
        close (fd);
        return -1;
    }
    return fd;
}

uint64_t place_free (const char *dir)
{
    struct statvfs fs;

    return statvfs (dir, &fs) ? 0 : (uint64_t) fs.f_bavail * fs.f_frsize;
}

static char *ballast_path (const char *dir)
{
    return xasprintf ("%s/ballast", dir);
}

bool ballast_in_place (const char *dir, uint64_t bytes)
{
    _cleanup_free_ char *path = ballast_path (dir);
    struct stat st;

    return bytes == 0 || (stat (path, &st) == 0 && (uint64_t) st.st_blocks * 512 >= bytes);
}

int ballast_make (const char *dir, uint64_t bytes)
{
    _cleanup_free_ char *path = ballast_path (dir);
    int rc;

    if (ballast_in_place (dir, bytes))
        return 0;
    _cleanup_close_ int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    rc = posix_fallocate (fd, 0, (off_t) bytes);
    if (rc)
        unlink (path); /* half a reserve would only hide the lack */
    return -rc;
}

void ballast_drop (const char *dir)
{
    _cleanup_free_ char *path = ballast_path (dir);

    unlink (path);
}
