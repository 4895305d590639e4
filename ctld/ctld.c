/* ctld.c - the controller put together: created in order, freed in reverse. */
#include "ctld/ctld.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "base/files.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/service.h"
#include "ctld/accounts.h"
#include "ctld/apply.h"
#include "ctld/bulks.h"
#include "ctld/children.h"
#include "ctld/clock.h"
#include "ctld/enroll.h"
#include "ctld/followers.h"
#include "ctld/keyring.h"
#include "ctld/job_hooks.h"
#include "ctld/mailer.h"
#include "ctld/nodes.h"
#include "ctld/notes.h"
#include "ctld/pass.h"
#include "ctld/policies.h"
#include "ctld/reconfigure.h"
#include "ctld/restore.h"
#include "ctld/service_user.h"
#include "ctld/session.h"
#include "ctld/snapshots.h"
#include "ctld/stopping.h"
#include "ctld/usage_period.h"
#include "ctld/waiters.h"

#define RETRY_FIRST (100 * 1000ULL) /* of a failed commit; doubles */
#define RETRY_MOST (5 * USEC_PER_SEC)
#define PROBE USEC_PER_SEC /* an idle store is asked for room so often */
#define BLOB_CACHE (64u << 20)
#define MUNGE_THREADS 4
#define MAX_UNKNOWN 512 /* peers that are not authenticated yet */

/* --- configuration and keys ------------------------------------------------------------------------------------- */

static int open_log (const struct config *conf, bool verbose, struct err *err)
{
    enum log_level level = LOG_LEVEL_INFO;

    if (*conf->ctld_debug && log_level_parse (conf->ctld_debug, &level) < 0)
        return err_set (err, 0, "SlurmctldDebug=%s is no level (error, info, debug)", conf->ctld_debug);
    log_open ("moissonctld", verbose ? LOG_LEVEL_DEBUG : level);
    if (!*conf->ctld_log)
        return 0;
    _cleanup_close_ int fd = open (conf->ctld_log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0 || dup2 (fd, STDERR_FILENO) < 0) {
        err_errno (err, errno, "cannot write the log %s", conf->ctld_log);
        return err_fix (err, "make its directory, or set SlurmctldLogFile in %s", conf->path);
    }
    return 0;
}

static bool is_key (const char *text, const uint8_t key[KEY_SIZE])
{
    uint8_t told[KEY_SIZE];

    return *text && base64_decode (text, told, KEY_SIZE) == 0 && memcmp (told, key, KEY_SIZE) == 0;
}

static int read_keys (struct ctld *ctld, struct err *err)
{
    const struct config *conf = ctld->conf;
    _cleanup_free_ char *path = xasprintf ("%s/controller.key", conf->state_dir);
    uint8_t public_key[KEY_SIZE];

    if (key_read (path, ctld->secret, err) < 0)
        return err_fix (err,
                        "run `moisson keygen %s` as the user of the controller, and put the line that it prints "
                        "into %s",
                        conf->state_dir, conf->path);
    if (key_public (ctld->secret, public_key) < 0)
        return err_set (err, 0, "%s holds no usable key", path);
    if (!is_key (conf->controller_key, public_key) && !is_key (conf->controller_key_next, public_key)) {
        _cleanup_free_ char *text = base64_encode (public_key, KEY_SIZE);

        err_set (err, 0, "ControllerKey in %s is not the public half of %s, so nobody would trust this controller",
                 conf->path, path);
        return err_fix (err, "write there: ControllerKey=%s", text);
    }
    return keyring_read (ctld, err);
}

static void log_notices (const struct config *conf)
{
    for (size_t i = 0; i < conf->n_notices; i++)
        log_info ("event=config file=%s line=%u note=\"%s\"", conf->notices[i].file, conf->notices[i].line,
                  conf->notices[i].text);
}

/* A session is a descriptor: take as many as the system gives. */
static void raise_limits (void)
{
    struct rlimit limit;

    if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit (RLIMIT_NOFILE, &limit) < 0)
            log_warn ("event=limits note=\"cannot raise the number of open files: %s\"", strerror (errno));
    }
}

static int open_store (struct ctld *ctld, struct err *err)
{
    ctld->ops = store_find (ctld->conf->store_type);
    if (!ctld->ops) {
        err_set (err, 0, "there is no store of type %s", ctld->conf->store_type);
        return err_fix (err, "set StoreType=store/sqlite in %s", ctld->conf->path);
    }
    return ctld->ops->open (&ctld->store, ctld->conf->state_dir, ctld->conf->ballast_mb << 20, err);
}

int ctld_create (struct ctld **ret, const struct ctld_options *options, struct err *err)
{
    _cleanup_ (ctld_freep) struct ctld *ctld = xcalloc (1, sizeof *ctld);
    char host[256] = "localhost";

    ctld->start_us = now_wall ();
    ctld->verbose = options->verbose;
    if (gethostname (host, sizeof host - 1) < 0)
        snprintf (host, sizeof host, "localhost");
    ctld->host = xstrdup (host);
    signal (SIGPIPE, SIG_IGN);
    if (config_load (&ctld->conf, options->config_path, err) < 0 ||
        service_user_become (ctld->conf, &ctld->uid, err) < 0 || /* from here on as SlurmUser */
        open_log (ctld->conf, options->verbose, err) < 0 || service_user_check_state (ctld->conf, err) < 0 ||
        service_user_operators (ctld->conf, ctld->uid, err) < 0 || users_create (&ctld->users, "controller", err) < 0)
        return -1;
    log_notices (ctld->conf);
    raise_limits ();
    if (read_keys (ctld, err) < 0 || open_store (ctld, err) < 0 || loop_create (&ctld->loop, err) < 0 ||
        users_attach (ctld->users, ctld->loop, err) < 0)
        return -1;
    *ret = steal (&ctld);
    return 0;
}

/* --- state ------------------------------------------------------------------------------------------------------ */

static void on_health (void *arg, enum journal_health health, const char *why)
{
    static const char *const words[] = {[JOURNAL_OK] = "ok", [JOURNAL_FULL] = "full", [JOURNAL_FAILING] = "failing"};
    struct ctld *ctld = arg;

    if (health == JOURNAL_OK) {
        log_info ("event=store health=ok");
        pass_want (ctld->pass);
    } else {
        log_error ("event=store health=%s why=\"%s\" note=\"no new jobs are taken\"", words[health], why);
    }
}

static void on_committed (void *arg)
{
    struct ctld *ctld = arg;

    followers_committed (ctld->followers);
}

static int apply_accounts (struct ctld *ctld, struct err *err)
{
    Moisson__Accounts *accounts = NULL;
    int rc = accounts_read (ctld->conf, &accounts, err);

    if (rc == 0)
        rc = accounts_apply (ctld, accounts, err);
    if (accounts)
        moisson__accounts__free_unpacked (accounts, NULL);
    return rc < 0 ? -1 : 0; /* without the file it is as it was */
}

static int apply_config (struct ctld *ctld, struct err *err)
{
    const Moisson__Config *now = core_config (ctld->core);
    Moisson__Event event = MOISSON__EVENT__INIT;

    if (now && config_same (now, ctld->conf->core))
        return 0;
    event.what_case = MOISSON__EVENT__WHAT_CONFIGURED;
    event.configured = ctld->conf->core;
    if (ctld_apply (ctld, &event, err) < 0)
        return err_what (err, "cannot apply %s", ctld->conf->path);
    log_info ("event=configured nodes=%zu partitions=%zu", ctld->conf->core->n_nodes, ctld->conf->core->n_partitions);
    return 0;
}

int ctld_restore (struct ctld *ctld, struct err *err)
{
    if (restore_core (ctld, err) < 0)
        return -1;
    struct journal_options options = {.loop = ctld->loop,
                                      .ops = ctld->ops,
                                      .store = ctld->store,
                                      .sequence = ctld->restored,
                                      .retry_first = RETRY_FIRST,
                                      .retry_most = RETRY_MOST,
                                      .probe = PROBE,
                                      .on_committed = on_committed,
                                      .on_health = on_health,
                                      .arg = ctld};
    ctld->followers = followers_create ();
    if (journal_create (&ctld->journal, &options, err) < 0 ||
        reader_create (&ctld->reader, ctld->loop, ctld->ops, ctld->conf->state_dir, err) < 0)
        return -1;
    ctld->blobs = blobs_create (ctld->reader, ctld->ops, BLOB_CACHE);
    ctld->waiters = waiters_create (ctld);
    if (snapshots_create (&ctld->snapshots, ctld, err) < 0)
        return -1;
    ctld->pass = pass_create (ctld);
    ctld->clock = clock_create (ctld);
    if (apply_config (ctld, err) < 0 || apply_accounts (ctld, err) < 0)
        return -1;
    policies_apply (ctld);
    ctld->usage_period = usage_period_create (ctld);
    usage_period_apply (ctld->usage_period);
    ctld->children = children_create (ctld);
    ctld->mailer = mailer_create (ctld);
    ctld->job_hooks = job_hooks_create (ctld);
    ctld->nodes = nodes_create (ctld);
    ctld->notes = notes_create (ctld);
    ctld->enroll = enroll_create (ctld);
    ctld->bulks = bulks_create (ctld);
    ctld->sessions = sessions_create (ctld);
    ctld->stopping = stopping_create (ctld);
    return 0;
}

/* --- the door ---------------------------------------------------------------------------------------------------- */

static bool is_loopback (const char *address)
{
    return !strcmp (address, "localhost") || !strncmp (address, "127.", 4) || !strcmp (address, "::1");
}

static void on_stop_signal (void *arg, int signo)
{
    struct ctld *ctld = arg;

    stopping_begin (ctld->stopping, NULL, signo == SIGTERM ? "SIGTERM" : "SIGINT");
}

/* SIGHUP: the log has been moved away, a node has been enrolled, the file has changed. */
static void on_reload_signal (void *arg, int signo)
{
    struct ctld *ctld = arg;
    _cleanup_err_ struct err err = ERR_INIT;

    (void) signo;
    if (open_log (ctld->conf, ctld->verbose, &err) < 0 || keyring_read (ctld, &err) < 0 ||
        reconfigure (ctld, false, &err) < 0) {
        log_error ("event=reload failed=\"%s\"", err.why);
        return;
    }
    log_info ("event=reloaded node_keys=%zu", ctld->keys.n);
}

static int watch_signals (struct ctld *ctld, struct err *err)
{
    if (loop_signal (ctld->loop, SIGTERM, on_stop_signal, ctld) < 0 ||
        loop_signal (ctld->loop, SIGINT, on_stop_signal, ctld) < 0 ||
        loop_signal (ctld->loop, SIGHUP, on_reload_signal, ctld) < 0)
        return err_set (err, 0, "cannot watch for signals");
    return 0;
}

static int write_pid (struct ctld *ctld, struct err *err)
{
    char text[24];

    if (!*ctld->conf->ctld_pid)
        return 0;
    snprintf (text, sizeof text, "%ld\n", (long) getpid ());
    ctld->pid_file = xstrdup (ctld->conf->ctld_pid);
    if (file_write (ctld->pid_file, text, strlen (text), 0644, 0, err) == 0)
        return 0;
    /* In root's /run there is no making files, but that one was made for us. */
    _cleanup_close_ int fd = open (ctld->pid_file, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && write (fd, text, strlen (text)) == (ssize_t) strlen (text))
        return 0;
    return err_fix (err, "make its directory, or set SlurmctldPidFile in %s", ctld->conf->path);
}

int ctld_listen (struct ctld *ctld, struct err *err)
{
    const struct config *conf = ctld->conf;
    struct door_options options = {.address = is_loopback (conf->controller_addr) ? conf->controller_addr : "",
                                   .port = (uint16_t) conf->controller_port,
                                   .secret = ctld->secret,
                                   .munge_socket = conf->auth_socket,
                                   .munge_threads = MUNGE_THREADS,
                                   .max_unknown = MAX_UNKNOWN,
                                   .enroll = enroll_asked,
                                   .enroll_arg = ctld->enroll,
                                   .unknown_timeout = conf->message_timeout * USEC_PER_SEC};

    if (watch_signals (ctld, err) < 0 ||
        door_open (&ctld->door, ctld->loop, &options, &ctld->keys, sessions_accept, ctld->sessions, err) < 0 ||
        write_pid (ctld, err) < 0)
        return -1;
    log_info ("event=listening port=%u version=%s pid=%ld", door_port (ctld->door), MOISSON_VERSION, (long) getpid ());
    int rc = service_ready ();
    if (rc < 0)
        log_warn ("event=service note=\"the service manager could not be told: %s\"", strerror (-rc));
    return 0;
}

int ctld_run (struct ctld *ctld, struct err *err)
{
    loop_run (ctld->loop);
    uint64_t sequence = journal_sequence (ctld->journal);
    bool whole = journal_committed (ctld->journal) == sequence;
    ctld->journal = journal_free (ctld->journal);
    if (ctld->failed)
        return err_set (err, 0, "stopped with events that could not be committed; none of them was acknowledged");
    if (whole && snapshots_write_last (ctld, sequence, err) < 0) {
        log_warn ("event=snapshot failed=\"%s\" note=\"the journal is whole; the next start replays it\"", err->why);
        err_clear (err);
    }
    log_info ("event=stopped sequence=%" PRIu64, sequence);
    return 0;
}

struct ctld *ctld_free (struct ctld *ctld)
{
    if (!ctld)
        return NULL;
    if (ctld->pid_file && unlink (ctld->pid_file) < 0 && truncate (ctld->pid_file, 0) < 0 && errno != ENOENT)
        log_warn ("event=stopped note=\"cannot remove %s: %s\"", ctld->pid_file, strerror (errno));
    door_free (ctld->door);
    sessions_free (ctld->sessions);
    journal_free (ctld->journal);
    followers_free (ctld->followers);
    bulks_free (ctld->bulks);
    waiters_free (ctld->waiters);
    stopping_free (ctld->stopping);
    enroll_free (ctld->enroll);
    job_hooks_free (ctld->job_hooks);
    children_free (ctld->children);
    mailer_free (ctld->mailer);
    nodes_free (ctld->nodes);
    notes_free (ctld->notes);
    usage_period_free (ctld->usage_period);
    clock_free (ctld->clock);
    pass_free (ctld->pass);
    snapshots_free (ctld->snapshots);
    reader_free (ctld->reader);
    blobs_free (ctld->blobs);
    users_free (ctld->users);
    loop_free (ctld->loop);
    core_free (ctld->core);
    if (ctld->store)
        ctld->ops->close (ctld->store);
    node_keys_clear (&ctld->keys);
    explicit_bzero (ctld->secret, sizeof ctld->secret);
    config_free (ctld->conf);
    free (ctld->pid_file);
    free (ctld->host);
    free (ctld);
    return NULL;
}
