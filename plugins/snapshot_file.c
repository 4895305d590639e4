/* snapshot_file.c - writes and reads a snapshot as a file that proves to be whole. */
#include "plugins/snapshot_file.h"
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include "base/hash.h"
#include "base/mem.h"

#define BUFFER_SIZE (1u << 20)

static const char MAGIC[8] = {'M', 'O', 'I', 'S', 'N', 'A', 'P', '1'};

struct head {
    char magic[8];
    uint64_t sequence;
};

struct snapshot_writer {
    char *dir, *file, *temporary; /* base name, and path of the file being written */
    FILE *out;
    struct hasher *hasher;
};

static int put (struct snapshot_writer *w, const void *data, size_t len, struct err *err)
{
    if (fwrite (data, 1, len, w->out) != len)
        return err_errno (err, errno, "cannot write %s", w->temporary);
    if (w->hasher)
        hasher_add (w->hasher, data, len);
    return 0;
}

int snapshot_writer_create (struct snapshot_writer **ret, const char *dir, uint64_t sequence, struct err *err)
{
    _cleanup_snapshot_writer_ struct snapshot_writer *w = xcalloc (1, sizeof *w);
    struct head head = {.sequence = htole64 (sequence)};

    memcpy (head.magic, MAGIC, sizeof head.magic);
    w->dir = xstrdup (dir);
    w->file = xasprintf ("snapshot.%" PRIu64, sequence);
    w->temporary = xasprintf ("%s/%s.%ld.tmp", dir, w->file, (long) getpid ());
    _cleanup_close_ int fd = open (w->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno (err, errno, "cannot create %s", w->temporary);
    w->out = fdopen (fd, "w");
    if (!w->out)
        return err_errno (err, errno, "cannot write %s", w->temporary);
    fd = -1;
    if (setvbuf (w->out, NULL, _IOFBF, BUFFER_SIZE) != 0)
        return err_set (err, 0, "cannot write %s: no buffer", w->temporary);
    w->hasher = hasher_create ();
    if (put (w, &head, sizeof head, err) < 0)
        return -1;
    *ret = steal (&w);
    return 0;
}

int snapshot_writer_add (struct snapshot_writer *w, const uint8_t *image, size_t len, struct err *err)
{
    uint32_t size = htole32 ((uint32_t) len);

    if (!len || len >= UINT32_MAX)
        return err_set (err, 0, "an image of %zu bytes does not go into a snapshot", len);
    return put (w, &size, sizeof size, err) < 0 ? -1 : put (w, image, len, err);
}

static int sync_dir (const char *dir, struct err *err)
{
    _cleanup_close_ int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync (fd) < 0)
        return err_errno (err, errno, "cannot sync %s", dir);
    return 0;
}

int snapshot_writer_finish (struct snapshot_writer *w, char **ret_file, struct err *err)
{
    _cleanup_free_ char *path = xasprintf ("%s/%s", w->dir, w->file);
    uint8_t hash[HASH_SIZE];
    uint32_t end = 0;

    if (put (w, &end, sizeof end, err) < 0)
        return -1;
    hasher_finish (steal (&w->hasher), hash);
    if (put (w, hash, sizeof hash, err) < 0)
        return -1;
    if (fflush (w->out) != 0 || fsync (fileno (w->out)) < 0)
        return err_errno (err, errno, "cannot write %s", w->temporary);
    if (fclose (steal (&w->out)) != 0)
        return err_errno (err, errno, "cannot write %s", w->temporary);
    if (rename (w->temporary, path) < 0)
        return err_errno (err, errno, "cannot rename %s", w->temporary);
    free (steal (&w->temporary));
    if (sync_dir (w->dir, err) < 0)
        return -1;
    *ret_file = xstrdup (w->file);
    return 0;
}

struct snapshot_writer *snapshot_writer_free (struct snapshot_writer *w)
{
    uint8_t unused[HASH_SIZE];

    if (!w)
        return NULL;
    if (w->out)
        fclose (w->out);
    if (w->temporary)
        unlink (w->temporary);
    if (w->hasher)
        hasher_finish (w->hasher, unused);
    free (w->temporary);
    free (w->file);
    free (w->dir);
    free (w);
    return NULL;
}

/* --- reading -------------------------------------------------------------------------------------------------------
 */

static int damaged (struct err *err, const char *path, const char *how)
{
    return err_set (err, 0, "the snapshot %s is damaged: %s", path, how);
}

/* The whole file against the hash at its end. */
static int verify (FILE *in, const char *path, uint64_t size, struct err *err)
{
    _cleanup_free_ uint8_t *buffer = xmalloc (BUFFER_SIZE);
    uint8_t expected[HASH_SIZE], got[HASH_SIZE];
    struct hasher *hasher = hasher_create ();
    uint64_t left = size - HASH_SIZE;
    bool whole = true;

    while (left && whole) {
        size_t want = left < BUFFER_SIZE ? (size_t) left : BUFFER_SIZE;
        whole = fread (buffer, 1, want, in) == want;
        if (whole)
            hasher_add (hasher, buffer, want);
        left -= want;
    }
    hasher_finish (hasher, got);
    if (!whole || fread (expected, 1, sizeof expected, in) != sizeof expected)
        return damaged (err, path, ferror (in) ? strerror (errno) : "it is cut short");
    return memcmp (expected, got, sizeof got) ? damaged (err, path, "its hash does not match") : 0;
}

static int read_head (FILE *in, const char *path, uint64_t sequence, struct err *err)
{
    struct head head;

    if (fread (&head, 1, sizeof head, in) != sizeof head || memcmp (head.magic, MAGIC, sizeof MAGIC))
        return damaged (err, path, "it does not begin as a snapshot");
    return le64toh (head.sequence) == sequence ? 0 : damaged (err, path, "it is of another event");
}

static int read_images (FILE *in, const char *path, uint64_t size,
                        int (*fn) (void *arg, const uint8_t *image, size_t len), void *arg, struct err *err)
{
    _cleanup_free_ uint8_t *image = NULL;
    size_t room = 0;

    for (;;) {
        uint32_t len;
        if (fread (&len, 1, sizeof len, in) != sizeof len)
            return damaged (err, path, "it is cut short");
        len = le32toh (len);
        if (!len)
            return 0;
        if (len > size)
            return damaged (err, path, "an image is longer than the file");
        if (len > room) {
            room = len;
            image = xrealloc (image, room);
        }
        if (fread (image, 1, len, in) != len)
            return damaged (err, path, "it is cut short");
        if (fn (arg, image, len) < 0)
            return damaged (err, path, "an image in it is not understood");
    }
}

int snapshot_read (const char *path, uint64_t sequence, int (*fn) (void *arg, const uint8_t *image, size_t len),
                   void *arg, struct err *err)
{
    _cleanup_fclose_ FILE *in = fopen (path, "re");
    struct stat st;

    if (!in || fstat (fileno (in), &st) < 0)
        return err_errno (err, errno, "cannot read the snapshot %s", path);
    if ((uint64_t) st.st_size < sizeof (struct head) + sizeof (uint32_t) + HASH_SIZE)
        return damaged (err, path, "it is cut short");
    if (verify (in, path, (uint64_t) st.st_size, err) < 0)
        return -1;
    rewind (in);
    if (read_head (in, path, sequence, err) < 0)
        return -1;
    return read_images (in, path, (uint64_t) st.st_size, fn, arg, err);
}
