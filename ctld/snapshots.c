/* snapshots.c - state into a file without holding the loop or the commits. */
#include "ctld/snapshots.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"
#include "plugins/snapshot_file.h"

#define CHILD_S 600 /* seconds that a child may take */
#define BLOB_KEY 36 /* uid and hash, as store_ops.blob_sweep takes them */

struct snapshots {
    struct ctld *ctld;
    uint64_t last;  /* sequence of the newest one, written or tried */
    uint64_t named; /* of the newest one in the store; 0 = none */
    uint64_t written;
    pid_t child; /* 0 = none */
    uint64_t child_sequence;
    int child_fd; /* its end: what it has to say */
};

/* --- writing ------------------------------------------------------------------------------------------------------ */

struct writing {
    struct snapshot_writer *writer;
    struct err *err;
};

static int write_image (void *arg, const Moisson__Image *image)
{
    struct writing *w = arg;
    size_t len = moisson__image__get_packed_size (image);
    _cleanup_free_ uint8_t *data = xmalloc (len);

    return snapshot_writer_add (w->writer, data, moisson__image__pack (image, data), w->err);
}

static int write_file (const struct ctld *ctld, uint64_t sequence, char **ret_file, struct err *err)
{
    _cleanup_snapshot_writer_ struct snapshot_writer *writer = NULL;
    struct writing w = {.err = err};

    if (snapshot_writer_create (&writer, ctld->conf->state_dir, sequence, err) < 0)
        return -1;
    w.writer = writer;
    if (core_save (ctld->core, sequence, write_image, &w) < 0)
        return -1;
    return snapshot_writer_finish (writer, ret_file, err);
}

/* Ends with its parent; keeps none of the parent's descriptors, so that no socket or lock outlives it. */
__attribute__ ((noreturn)) static void child_main (const struct ctld *ctld, uint64_t sequence, int fd, pid_t parent)
{
    _cleanup_err_ struct err err = ERR_INIT;
    char *file = NULL;

    signal (SIGTERM, SIG_DFL);
    signal (SIGALRM, SIG_DFL);
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    if (getppid () != parent)
        _exit (1);
    alarm (CHILD_S);
    if (dup2 (fd, 3) != 3)
        _exit (1);
    closefrom (4);
    bool ok = write_file (ctld, sequence, &file, &err) == 0;
    const char *text = ok ? file : err.why ? err.why : "unknown failure";
    ssize_t n = write (3, text, strlen (text));
    _exit (ok && n >= 0 ? 0 : 1);
}

/* --- naming --------------------------------------------------------------------------------------------------------
 */

struct naming { /* for the journal's thread */
    struct ctld *ctld;
    char *file;
    uint64_t sequence;
    struct err err;
};

struct keeping {
    struct ctld *ctld;
    uint8_t *keep;
    size_t n, room;
    struct err err;
};

static void add_kept (void *arg, uint32_t uid, const uint8_t *hash)
{
    struct keeping *k = arg;

    if (k->n == k->room) {
        k->room = k->room ? k->room * 2 : 256;
        k->keep = xrealloc (k->keep, k->room * BLOB_KEY);
    }
    memcpy (k->keep + k->n * BLOB_KEY, &uid, sizeof uid);
    memcpy (k->keep + k->n * BLOB_KEY + sizeof uid, hash, HASH_SIZE);
    k->n++;
}

static int sweep_work (void *arg, struct store *store)
{
    struct keeping *k = arg;

    return k->ctld->ops->blob_sweep (store, k->keep, k->n, &k->err);
}

static void sweep_done (void *arg, int rc)
{
    struct keeping *k = arg;

    if (rc < 0 && err_is_set (&k->err))
        log_warn ("event=blob-sweep failed=\"%s\"", k->err.why);
    err_clear (&k->err);
    free (k->keep);
    free (k);
}

/* What to keep is asked now, and done behind everything appended so far and before everything to come: no blob of a job
 * in between can be missing from the list. */
static void sweep (struct ctld *ctld)
{
    uint64_t next;

    if (core_folded (ctld->core, &next)) /* the blobs of its lines are named by no job yet; the next time */
        return;
    struct keeping *k = xcalloc (1, sizeof *k);
    k->ctld = ctld;
    core_blobs (ctld->core, add_kept, k);
    journal_call (ctld->journal, sweep_work, sweep_done, k);
}

static int name_work (void *arg, struct store *store)
{
    struct naming *n = arg;

    return n->ctld->ops->add_snapshot (store, n->file, n->sequence, &n->err);
}

static void name_done (void *arg, int rc)
{
    struct naming *n = arg;

    if (rc == 0) {
        n->ctld->snapshots->written++;
        n->ctld->snapshots->named = n->sequence;
        log_info ("event=snapshot sequence=%llu file=%s", (unsigned long long) n->sequence, n->file);
        sweep (n->ctld);
    } else if (err_is_set (&n->err)) {
        log_warn ("event=snapshot failed=\"%s\"", n->err.why);
    }
    err_clear (&n->err);
    free (n->file);
    free (n);
}

/* The rows up to its sequence are committed: it may be named. */
static void name_it (void *arg, bool committed)
{
    struct naming *n = arg;

    if (committed) {
        journal_call (n->ctld->journal, name_work, name_done, n);
        return;
    }
    free (n->file);
    free (n);
}

/* --- the child ------------------------------------------------------------------------------------------------------
 */

static void child_ended (struct snapshots *s, int status)
{
    char text[4096];
    ssize_t n = read (s->child_fd, text, sizeof text - 1);

    text[n > 0 ? n : 0] = '\0';
    close (s->child_fd);
    s->child_fd = -1;
    s->child = 0;
    if (!WIFEXITED (status) || WEXITSTATUS (status) != 0 || n <= 0) {
        log_warn ("event=snapshot failed=\"%s\"", n > 0 ? text : "its process did not end well");
        return;
    }
    struct naming *naming = xcalloc (1, sizeof *naming);
    naming->ctld = s->ctld;
    naming->file = xstrdup (text);
    naming->sequence = s->child_sequence;
    journal_after (s->ctld->journal, s->child_sequence, name_it, naming);
}

static void on_child (void *arg, int signo)
{
    struct snapshots *s = arg;
    int status = 0;

    (void) signo;
    if (s->child > 0 && waitpid (s->child, &status, WNOHANG) == s->child)
        child_ended (s, status);
}

static void begin (struct snapshots *s)
{
    int pair[2];
    pid_t parent = getpid ();

    s->last = s->child_sequence = journal_sequence (s->ctld->journal);
    if (pipe2 (pair, O_CLOEXEC | O_NONBLOCK) < 0) {
        log_warn ("event=snapshot failed=\"cannot make a pipe: %s\"", strerror (errno));
        return;
    }
    pid_t pid = fork ();
    if (pid == 0)
        child_main (s->ctld, s->child_sequence, pair[1], parent);
    close (pair[1]);
    if (pid < 0) {
        log_warn ("event=snapshot failed=\"cannot fork: %s\"", strerror (errno));
        close (pair[0]);
        return;
    }
    s->child = pid;
    s->child_fd = pair[0];
}

void snapshots_poke (struct snapshots *s)
{
    uint64_t sequence = journal_sequence (s->ctld->journal);

    if (!s->child && sequence - s->last >= s->ctld->conf->snapshot_events && journal_accepting (s->ctld->journal))
        begin (s);
}

uint64_t snapshots_written (const struct snapshots *s)
{
    return s->written;
}

int snapshots_write_last (struct ctld *ctld, uint64_t sequence, struct err *err)
{
    _cleanup_free_ char *file = NULL;

    if (sequence == ctld->snapshots->named)
        return 0;
    if (write_file (ctld, sequence, &file, err) < 0)
        return -1;
    return ctld->ops->add_snapshot (ctld->store, file, sequence, err);
}

int snapshots_create (struct snapshots **ret, struct ctld *ctld, struct err *err)
{
    struct snapshots *s = xcalloc (1, sizeof *s);

    s->ctld = ctld;
    s->last = s->named = ctld->snapshot;
    s->child_fd = -1;
    if (loop_signal (ctld->loop, SIGCHLD, on_child, s) < 0) {
        free (s);
        return err_set (err, 0, "cannot watch for the end of child processes");
    }
    *ret = s;
    return 0;
}

struct snapshots *snapshots_free (struct snapshots *s)
{
    if (!s)
        return NULL;
    if (s->child > 0) {
        kill (s->child, SIGKILL);
        while (waitpid (s->child, NULL, 0) < 0 && errno == EINTR)
            ;
        close (s->child_fd);
    }
    free (s);
    return NULL;
}
