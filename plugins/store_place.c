/* store_place.c - the folder a store lives in: one owner, a local disk, and a reserve for exits on a full one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "plugins/sqlite_db.h"

/* statfs(2) magic numbers of file systems where SQLite's WAL is not safe: it needs shared memory on one host. */
static const struct {
    uint32_t magic;
    const char *name;
} network_fs[] = {
    {0x00006969, "NFS"},    {0xff534d42, "CIFS"}, {0xfe534d42, "SMB2"},     {0x0000517b, "SMB"},
    {0x0bd00bd0, "Lustre"}, {0x47504653, "GPFS"}, {0x00c36400, "CephFS"},   {0x19830326, "BeeGFS"},
    {0x5346414f, "AFS"},    {0x6b414653, "kAFS"}, {0x73757245, "Coda"},     {0x7461636f, "OCFS2"},
    {0x01161970, "GFS2"},   {0x0000564c, "NCP"},  {0x20030528, "OrangeFS"}, {0x013111a8, "IBRIX"},
    {0xaad7aaea, "PanFS"},  {0x61636673, "ACFS"}, {0x01021997, "9p"},       {0xbacbacbc, "VMHGFS"},
};

/* FUSE tells local from remote by its subtype only. */
static const char *const network_fuse[] = {"sshfs",  "glusterfs", "s3fs",     "rclone",  "davfs",        "gcsfuse",
                                           "ceph",   "juicefs",   "mfs",      "moosefs", "curlftpfs",    "beegfs",
                                           "cvmfs2", "afs",       "smbnetfs", "goofys",  "mountpoint-s3"};

const char *network_fs_name (uint32_t magic)
{
    for (size_t i = 0; i < sizeof network_fs / sizeof *network_fs; i++)
        if (magic == network_fs[i].magic)
            return network_fs[i].name;
    return NULL;
}

const char *network_fuse_name (const char *type)
{
    if (!strncmp (type, "fuse.", 5))
        for (size_t i = 0; i < sizeof network_fuse / sizeof *network_fuse; i++)
            if (!strcmp (type + 5, network_fuse[i]))
                return network_fuse[i];
    return NULL;
}

/* The type of the mount that holds a device, from mountinfo: "... 0:42 ... - fuse.sshfs ...". */
static const char *mounted_type (FILE *mounts, dev_t device, char *type, size_t size)
{
    char line[4096];

    while (fgets (line, sizeof line, mounts)) {
        unsigned maj, min;
        const char *dash = strstr (line, " - ");
        if (!dash || sscanf (line, "%*u %*u %u:%u", &maj, &min) != 2 || makedev (maj, min) != device)
            continue;
        dash += 3;
        snprintf (type, size, "%.*s", (int) strcspn (dash, " "), dash);
        return type;
    }
    return NULL;
}

static const char *remote_fuse (const char *dir)
{
    _cleanup_fclose_ FILE *mounts = fopen ("/proc/self/mountinfo", "re");
    struct stat st;
    char type[64];

    if (!mounts || stat (dir, &st) < 0 || !mounted_type (mounts, st.st_dev, type, sizeof type))
        return NULL;
    return network_fuse_name (type);
}

#define FUSE_MAGIC 0x65735546

int place_check (const char *dir, struct err *err)
{
    struct statfs fs;
    const char *name;

    if (statfs (dir, &fs))
        return err_errno (err, errno, "cannot look at the file system of %s", dir);
    name = (uint32_t) fs.f_type == FUSE_MAGIC ? remote_fuse (dir) : network_fs_name ((uint32_t) fs.f_type);
    if (!name)
        return 0;
    err_set (err, 0, "%s is on a network file system (%s), where SQLite cannot keep its promises", dir, name);
    return err_fix (err, "set StateSaveLocation to a folder on a local disk");
}

/* Who holds the lock: what the kernel says, else (a holder in another pid namespace) what the file says. */
static int in_use (int fd, const char *dir, struct err *err)
{
    struct flock other = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char pid[32] = "";

    if (fcntl (fd, F_GETLK, &other) == 0 && other.l_type != F_UNLCK && other.l_pid > 0)
        snprintf (pid, sizeof pid, "%ld", (long) other.l_pid);
    else if (pread (fd, pid, sizeof pid - 1, 0) <= 0)
        snprintf (pid, sizeof pid, "unknown");
    err_set (err, 0, "%s is in use by another controller (pid %s)", dir, pid);
    return err_fix (err, "stop it first (scontrol shutdown), or give this one a StateSaveLocation of its own");
}

/* A record lock, not flock(2): it belongs to this process alone, so that a forked child that outlives a killed
 * controller does not keep the next one out. */
int place_lock (const char *dir, struct err *err)
{
    _cleanup_free_ char *path = xasprintf ("%s/store.lock", dir);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    _cleanup_close_ int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    char pid[32];
    int held;

    if (fd < 0)
        return err_errno (err, errno, "cannot open %s", path);
    if (fcntl (fd, F_SETLK, &lock) < 0) {
        if (errno == EACCES || errno == EAGAIN)
            return in_use (fd, dir, err);
        return err_errno (err, errno, "cannot lock %s", path);
    }
    held = snprintf (pid, sizeof pid, "%ld", (long) getpid ());
    if (ftruncate (fd, 0) < 0)
        return err_errno (err, errno, "cannot write %s", path);
    if (pwrite (fd, pid, (size_t) held, 0) != held && errno != ENOSPC) /* on a full disk the name is missing, no more */
        return err_errno (err, errno, "cannot write %s", path);
    held = fd;
    fd = -1;
    return held;
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
