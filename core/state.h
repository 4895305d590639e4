/* state.h - everything the core holds; for the files of this room only. */
#pragma once
#include "base/accounts.h"
#include "base/buf.h"
#include "core/assoc.h"
#include "core/bulk.h"
#include "core/core.h"
#include "core/claim.h"
#include "core/depend.h"
#include "core/gres.h"
#include "core/heap.h"
#include "core/job.h"
#include "core/keys.h"
#include "core/licence.h"
#include "core/node.h"
#include "core/partition.h"
#include "core/pass.h"
#include "core/phases.h"
#include "core/promise.h"
#include "core/qos.h"
#include "core/rest.h"
#include "core/resv.h"
#include "core/shape.h"
#include "core/shun.h"
#include "core/spec.h"
#include "core/start_rate.h"

struct core {
    usec_t now;        /* of the last event */
    uint64_t sequence; /* events applied: the journal's sequence number of the last one */
    uint64_t next_id;
    Moisson__Config *config;
    struct spec_table specs;
    struct job_table jobs;
    struct node_table nodes;
    struct partition_table partitions;
    struct shape_table shapes;
    struct idmap groups;           /* of jobs of one name (depend.c) */
    struct edge *unaimed;          /* while a snapshot is loaded: conditions on jobs that come later in it */
    struct promise_table promises; /* hints of the pass */
    struct expectation *expected;  /* likewise: expect.h */
    struct gres_kind *kinds;
    struct licence_table licences;
    struct resv_table resvs;
    struct bulk *bulks; /* accepted, not all jobs yet */
    uint64_t folded;    /* their lines that are not */
    struct key_table keys;
    struct assoc_table assocs;
    struct qos_table qos;
    uint64_t decayed_s;    /* until when usage has decayed */
    usec_t usage_reset_us; /* all of it was forgotten last, or the first period began; 0: neither */
    struct heap timers;
    struct start_table starts;
    struct claim_table claims;
    struct shun_table shuns;
    struct job *dirty; /* to be looked at again before the event is done */
    struct core_stats stats;
    struct core_policies policies; /* not state: see core.h */
    struct pass_work pass;         /* nor is this */
    bool left_empty;         /* a node that left the configuration has become empty: it goes when the event is done */
    bool want_pass;          /* the event made something placeable */
    struct effects *fx;      /* of the event being applied; NULL = nobody listens */
    struct scratch *scratch; /* what core_start_facts lends */
};

/* --- small verbs shared by the event handlers ------------------------------------------------------------------------
 */

void job_mark_dirty (struct core *core, struct job *job);
/* Look again at everything marked dirty, until nothing is. */
void core_settle (struct core *core);
/* Is it hidden from the pass by a dependency or a begin time? *ret_until: when time alone may change that. */
bool job_hidden (const struct core *core, const struct job *job, usec_t *ret_until);
/* Until when something of it may start and still end before its --deadline; UINT64_MAX: it has none. */
usec_t job_start_by (const struct core *core, const struct job *job);
bool job_startable (const struct core *core, const struct job *job); /* something of it may be placed now */
