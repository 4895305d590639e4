/* ctld.h - the controller: what it is made of, in the order of creation (ctld_free goes backwards). */
#pragma once
#include "base/config.h"
#include "base/node_keys.h"
#include "core/core.h"
#include "ctld/blobs.h"
#include "ctld/journal.h"
#include "ctld/reader.h"
#include "net/users.h"
#include "net/door.h"
#include "net/loop.h"
#include "plugins/abi.h"

struct ctld {
    struct config *conf;
    bool verbose;
    struct users *users; /* forks: before everything with threads */
    uint32_t uid;        /* whose daemon this is */
    char *host;
    usec_t start_us;
    uint8_t secret[KEY_SIZE];
    struct node_keys keys;
    const struct store_ops *ops;
    struct store *store;
    struct core *core;
    struct loop *loop;
    struct journal *journal;
    struct reader *reader;
    struct blobs *blobs;
    struct followers *followers;
    struct bulks *bulks;
    struct waiters *waiters;
    struct snapshots *snapshots;
    struct pass *pass;
    struct clock *clock;
    struct usage_period *usage_period;
    struct children *children;
    struct mailer *mailer;
    struct job_hooks *job_hooks;
    struct nodes *nodes;
    struct notes *notes;
    struct enroll *enroll;
    struct sessions *sessions;
    struct door *door;
    struct stopping *stopping;
    char *pid_file;    /* written; removed at the end */
    uint64_t snapshot; /* sequence of the snapshot that this run began with; 0 = none */
    uint64_t restored; /* of the newest event after the replay */
    bool failed;       /* stopped for a reason that is not a clean one */
};

struct ctld_options {
    const char *config_path;
    bool verbose;
};

int ctld_create (struct ctld **ret, const struct ctld_options *options, struct err *err); /* configuration, keys */
int ctld_restore (struct ctld *ctld, struct err *err); /* snapshot + journal -> core, then the file's configuration */
int ctld_listen (struct ctld *ctld, struct err *err);  /* only now may anybody talk to us */
int ctld_run (struct ctld *ctld, struct err *err);     /* the loop, until told to stop; then a last snapshot */
struct ctld *ctld_free (struct ctld *ctld);
DEFINE_CLEANUP (struct ctld *, ctld_free)
