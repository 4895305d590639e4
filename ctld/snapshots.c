/* snapshots.c - fork, write, name, sweep. */
#include "ctld/snapshots.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "plugins/snapshot_file.h"

struct snapshots {
    struct ctld *ctld;
    uint64_t last;     /* sequence of the newest one */
    uint64_t writing;  /* of the one under way; 0 = none */
    pid_t child;
    int pipe;          /* the child writes the file's name; its end says that it is done */
    struct watch *watch;
    char name[256];
    size_t name_len;
};

/* --- writing --------------------------------------------------------------------------------------------------- */

struct writing {
    struct snapshot_writer *writer;
    uint8_t *bytes;
    size_t room;
    struct err *err;
};

static int add_image (void *arg, const Moisson__Image *image)
{
    struct writing *w = arg;
    size_t len = moisson__image__get_packed_size (image);

    if (len > w->room) {
        w->room = len * 2;
        w->bytes = xrealloc (w->bytes, w->room);
    }
    moisson__image__pack (image, w->bytes);
    return snapshot_writer_add (w->writer, w->bytes, len, w->err);
}

static int write_file (struct ctld *ctld, uint64_t sequence, char **ret_file, struct err *err)
{
    _cleanup_snapshot_writer_ struct snapshot_writer *writer = NULL;
    struct writing w = {.err = err};
    int rc;

    if (snapshot_writer_create (&writer, ctld->conf->state_dir, sequence, err))
        return -1;
    w.writer = writer;
    rc = core_save (ctld->core, sequence, add_image, &w) || snapshot_writer_finish (writer, ret_file, err) ? -1 : 0;
    free (w.bytes);
    return rc;
}

static _Noreturn void child_main (struct ctld *ctld, uint64_t sequence, int fd)
{
    _cleanup_err_ struct err err = ERR_INIT;
    char *file = NULL;

    signal (SIGTERM, SIG_DFL);
    if (write_file (ctld, sequence, &file, &err)) {
        log_error ("event=snapshot sequence=%lu failed=\"%s\"", sequence, err.why ? err.why : "");
        _exit (1);
    }
    _exit (write (fd, file, strlen (file)) == (ssize_t) strlen (file) ? 0 : 1);
}

/* --- naming and sweeping, in the journal's thread ---------------------------------------------------------------- */

struct naming {
    struct ctld *ctld;
    uint64_t sequence;
    char *file;
    uint8_t *keep; /* blobs of live jobs: uid, hash */
    size_t n_keep, room;
    struct err err;
};

static void keep_blob (void *arg, uint32_t uid, const uint8_t *hash)
{
    struct naming *n = arg;

    if (n->n_keep == n->room) {
        n->room = n->room ? n->room * 2 : 64;
        n->keep = xrealloc (n->keep, n->room * 36);
    }
    memcpy (n->keep + n->n_keep * 36, &uid, 4);
    memcpy (n->keep + n->n_keep * 36 + 4, hash, 32);
    n->n_keep++;
}

static int name_it (void *arg, struct store *store)
{
    struct naming *n = arg;

    if (n->ctld->ops->add_snapshot (store, n->file, n->sequence, &n->err))
        return -1;
    return n->ctld->ops->blob_sweep (store, n->keep, n->n_keep, &n->err);
}

static void named (void *arg, int rc)
{
    struct naming *n = arg;

    if (rc == 0)
        log_info ("event=snapshot sequence=%lu file=%s", n->sequence, n->file);
    else
        log_error ("event=snapshot sequence=%lu failed=\"%s\"", n->sequence, n->err.why ? n->err.why : "stopping");
    free (n->file);
    free (n->keep);
    err_clear (&n->err);
    free (n);
}

static struct naming *naming_create (struct ctld *ctld, uint64_t sequence, const char *file)
{
    struct naming *n = xcalloc (1, sizeof *n);

    n->ctld = ctld;
    n->sequence = sequence;
    n->file = xstrdup (file);
    core_blobs (ctld->core, keep_blob, n);
    return n;
}

/* --- the child ---------------------------------------------------------------------------------------------------- */

static void child_done (struct snapshots *s)
{
    int status = 0;

    s->watch = watch_free (s->watch);
    close (s->pipe);
    while (waitpid (s->child, &status, 0) < 0 && errno == EINTR)
        ;
    s->name[s->name_len] = '\0';
    if (WIFEXITED (status) && WEXITSTATUS (status) == 0 && s->name_len) {
        /* Behind everything appended so far: a blob of a batch before the sweep is one that a live job keeps. */
        journal_call (s->ctld->journal, name_it, named, naming_create (s->ctld, s->writing, s->name));
        s->last = s->writing;
    } else {
        log_error ("event=snapshot sequence=%lu failed=\"its writer ended with status %d\"", s->writing, status);
        s->last = s->writing; /* not again at once: the next one is due SnapshotEvents later */
    }
    s->writing = 0;
}

static void on_pipe (void *arg, int events)
{
    struct snapshots *s = arg;
    ssize_t n = read (s->pipe, s->name + s->name_len, sizeof s->name - 1 - s->name_len);

    (void) events;
    if (n > 0)
        s->name_len += (size_t) n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        child_done (s);
}

static void begin (struct snapshots *s)
{
    int fds[2];

    s->last = journal_sequence (s->ctld->journal); /* whatever becomes of it, wait for the next one */
    if (pipe2 (fds, O_CLOEXEC | O_NONBLOCK)) {
        log_error ("event=snapshot failed=\"pipe: %s\"", strerror (errno));
        return;
    }
    s->writing = s->last;
    s->name_len = 0;
    s->child = fork ();
    if (s->child == 0)
        child_main (s->ctld, s->writing, fds[1]);
    close (fds[1]);
    if (s->child < 0) {
        log_error ("event=snapshot failed=\"fork: %s\"", strerror (errno));
        close (fds[0]);
        s->writing = 0;
        return;
    }
    s->pipe = fds[0];
    s->watch = watch_create (s->ctld->loop, s->pipe, on_pipe, s);
    watch_set (s->watch, WATCH_READ);
}

void snapshots_poke (struct snapshots *s)
{
    if (!s->writing && journal_sequence (s->ctld->journal) - s->last >= s->ctld->conf->snapshot_events)
        begin (s);
}

int snapshots_last (struct ctld *ctld, struct err *err)
{
    uint64_t sequence = journal_sequence (ctld->journal);
    _cleanup_free_ char *file = NULL;

    if (sequence == 0 || sequence == ctld->restored)
        return 0; /* nothing new */
    if (write_file (ctld, sequence, &file, err))
        return -1;
    return ctld->ops->add_snapshot (ctld->store, file, sequence, err);
}

struct snapshots *snapshots_create (struct ctld *ctld)
{
    struct snapshots *s = xcalloc (1, sizeof *s);

    s->ctld = ctld;
    s->last = ctld->restored;
    return s;
}

struct snapshots *snapshots_free (struct snapshots *s)
{
    if (!s)
        return NULL;
    if (s->writing) {
        kill (s->child, SIGKILL);
        s->watch = watch_free (s->watch);
        close (s->pipe);
        while (waitpid (s->child, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    free (s);
    return NULL;
}
