/* job_hooks.c - what the controller runs around jobs. */
#include "ctld/job_hooks.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctld/apply.h"
#include "ctld/children.h"
#include "ctld/job_env.h"
#include "ctld/nodes.h"

#define SWEEP (60 * USEC_PER_SEC)

struct prolog { /* of one attempt; kept until that is over, so that it runs once in the life of the controller */
    struct {
        uint64_t raw_id, attempt;
    } key;
    struct job_hooks *hooks;
    char *node;
    struct child *child; /* NULL: it has ended well */
    UT_hash_handle hh;
};

struct job_hooks {
    struct ctld *ctld;
    struct prolog *prologs;
    struct timer *sweep;
};

/* --- the start ------------------------------------------------------------------------------------------------------
 */

static void take_back (struct ctld *ctld, uint64_t raw_id, uint32_t attempt, const char *why, bool refused)
{
    Moisson__Unplaced unplaced = MOISSON__UNPLACED__INIT;
    Moisson__Event event = MOISSON__EVENT__INIT;
    _cleanup_err_ struct err err = ERR_INIT;
    struct start_facts facts;

    if (core_start_facts (ctld->core, raw_id, attempt, &facts) < 0)
        return; /* overtaken by a cancel */
    unplaced.raw_id = raw_id;
    unplaced.attempt = attempt;
    unplaced.why = (char *) why;
    unplaced.has_refused = unplaced.refused = refused;
    event.what_case = MOISSON__EVENT__WHAT_UNPLACED;
    event.unplaced = &unplaced;
    if (ctld_apply (ctld, &event, &err) < 0)
        log_error ("job=%" PRIu64 " attempt=%u event=unplaced refused=\"%s\"", raw_id, attempt, err.why);
}

/* Sent; or in doubt until the registration under way is committed: reconciliation has seen it. Else it is known not to
 * have been sent: take the placement back. */
static void start_now (struct ctld *ctld, const char *node, uint64_t raw_id, uint32_t attempt)
{
    if (!nodes_start (ctld->nodes, node, raw_id, attempt) && !nodes_registering (ctld->nodes, node))
        take_back (ctld, raw_id, attempt, "the node has no session", false);
}

/* --- prologs --------------------------------------------------------------------------------------------------------
 */

static struct prolog *prolog_find (const struct job_hooks *hooks, uint64_t raw_id, uint32_t attempt)
{
    struct prolog like, *prolog;

    memset (&like.key, 0, sizeof like.key);
    like.key.raw_id = raw_id;
    like.key.attempt = attempt;
    HASH_FIND (hh, hooks->prologs, &like.key, sizeof like.key, prolog);
    return prolog;
}

static void prolog_drop (struct prolog *prolog)
{
    HASH_DELETE (hh, prolog->hooks->prologs, prolog);
    if (prolog->child)
        child_cancel (prolog->child);
    free (prolog->node);
    free (prolog);
}

static void prolog_ended (void *arg, const char *failure)
{
    struct prolog *prolog = arg;
    struct ctld *ctld = prolog->hooks->ctld;
    uint64_t raw_id = prolog->key.raw_id;
    uint32_t attempt = (uint32_t) prolog->key.attempt;

    prolog->child = NULL;
    core_attempt_configuring (ctld->core, raw_id, attempt, false);
    if (!failure) {
        start_now (ctld, prolog->node, raw_id, attempt);
        return;
    }
    _cleanup_free_ char *why = xasprintf ("PrologSlurmctld: %s", failure);
    prolog_drop (prolog);
    take_back (ctld, raw_id, attempt, why, true);
}

static bool is_told (const char *entry)
{
    static const char *const prefixes[] = {"SLURM_JOB_",      "SLURM_JOBID=",        "SLURM_ARRAY_",
                                           "SLURM_NODELIST=", "SLURM_CLUSTER_NAME=", "SLURM_RESTART_COUNT="};

    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (!strncmp (entry, prefixes[i], strlen (prefixes[i])))
            return true;
    return false;
}

static void set_common (const struct ctld *ctld, struct program_env *env, const char *context)
{
    program_env_set (env, "SLURM_SCRIPT_CONTEXT", context);
    program_env_set (env, "SLURM_CONF", ctld->conf->path);
    program_env_set (env, "MOISSON_CONF", ctld->conf->path);
}

static struct program_env prolog_env (const struct ctld *ctld, const struct start_facts *facts)
{
    _cleanup_strings_ struct strings job = STRINGS_INIT;
    struct program_env env;

    program_env_begin (&env);
    job_env_add (&job, facts, ctld->conf->cluster_name, now_wall ());
    for (size_t i = 0; i < job.n; i++) {
        char *value = strchr (job.list[i], '=');
        if (!is_told (job.list[i]) || !value)
            continue;
        _cleanup_free_ char *name = xstrndup (job.list[i], (size_t) (value - job.list[i]));
        program_env_set (&env, name, value + 1);
    }
    program_env_set (&env, "SLURM_JOB_GROUP", facts->submitted->group);
    program_env_set (&env, "SLURM_JOB_CONSTRAINTS", facts->submitted->spec->constraint);
    program_env_set (&env, "SLURM_JOB_COMMENT", facts->submitted->spec->comment);
    program_env_set (&env, "SLURM_JOB_WORK_DIR", facts->submitted->spec->work_dir);
    set_common (ctld, &env, "prolog_slurmctld");
    return env;
}

void job_hooks_start (struct job_hooks *hooks, const char *node, uint64_t raw_id, uint32_t attempt)
{
    struct ctld *ctld = hooks->ctld;
    struct prolog *prolog;
    struct start_facts facts;

    if (!*ctld->conf->ctld_prolog || core_start_facts (ctld->core, raw_id, attempt, &facts) < 0) {
        start_now (ctld, node, raw_id, attempt);
        return;
    }
    prolog = prolog_find (hooks, raw_id, attempt);
    if (prolog) {
        if (!prolog->child)
            start_now (ctld, node, raw_id, attempt);
        return;
    }
    prolog = xcalloc (1, sizeof *prolog);
    prolog->key.raw_id = raw_id;
    prolog->key.attempt = attempt;
    prolog->hooks = hooks;
    prolog->node = xstrdup (node);
    HASH_ADD (hh, hooks->prologs, key, sizeof prolog->key, prolog);
    core_attempt_configuring (ctld->core, raw_id, attempt, true);
    prolog->child = children_run (ctld->children, &(struct child_order){.what = "PrologSlurmctld",
                                                                        .programs = ctld->conf->ctld_prolog,
                                                                        .env = prolog_env (ctld, &facts),
                                                                        .fn = prolog_ended,
                                                                        .arg = prolog});
    timer_arm (hooks->sweep, SWEEP);
}

void job_hooks_stop (struct job_hooks *hooks, uint64_t raw_id, uint32_t attempt)
{
    struct prolog *prolog = prolog_find (hooks, raw_id, attempt);

    if (prolog)
        prolog_drop (prolog);
}

/* Those of attempts that are over. */
static void on_sweep (void *arg)
{
    struct job_hooks *hooks = arg;
    struct prolog *prolog, *next;

    HASH_ITER (hh, hooks->prologs, prolog, next)
    if (!core_attempt_host (hooks->ctld->core, prolog->key.raw_id, (uint32_t) prolog->key.attempt))
        prolog_drop (prolog);
    if (hooks->prologs)
        timer_arm (hooks->sweep, SWEEP);
}

/* --- epilogs --------------------------------------------------------------------------------------------------------
 */

static void epilog_ended (void *arg, const char *failure)
{
    (void) arg; /* the log has it: there is nobody else to tell */
    (void) failure;
}

static struct program_env epilog_env (const struct ctld *ctld, const Moisson__AcctRecord *r)
{
    struct program_env env;

    program_env_begin (&env);
    program_env_setf (&env, "SLURM_JOB_ID", "%" PRIu64, r->raw_id);
    program_env_setf (&env, "SLURM_JOBID", "%" PRIu64, r->raw_id);
    program_env_setf (&env, "SLURM_JOB_UID", "%u", r->uid);
    program_env_setf (&env, "SLURM_JOB_GID", "%u", r->gid);
    program_env_set (&env, "SLURM_JOB_USER", r->user);
    program_env_set (&env, "SLURM_JOB_GROUP", r->group);
    program_env_set (&env, "SLURM_JOB_ACCOUNT", r->account);
    program_env_set (&env, "SLURM_JOB_PARTITION", r->partition);
    program_env_set (&env, "SLURM_JOB_NAME", r->name);
    program_env_set (&env, "SLURM_JOB_NODELIST", r->nodes);
    program_env_set (&env, "SLURM_JOB_WORK_DIR", r->work_dir);
    program_env_set (&env, "SLURM_JOB_COMMENT", r->comment);
    program_env_setf (&env, "SLURM_JOB_EXIT_CODE", "%u", r->exit_code << 8 | r->exit_signal);
    program_env_setf (&env, "SLURM_JOB_EXIT_CODE2", "%u:%u", r->exit_code, r->exit_signal);
    program_env_setf (&env, "SLURM_JOB_DERIVED_EC", "%u", r->exit_code);
    program_env_set (&env, "SLURM_JOB_STATE", state_name (r->state));
    program_env_set (&env, "SLURM_CLUSTER_NAME", ctld->conf->cluster_name);
    if (r->has_array_id) {
        program_env_setf (&env, "SLURM_ARRAY_JOB_ID", "%" PRIu64, r->array_id);
        program_env_setf (&env, "SLURM_ARRAY_TASK_ID", "%u", r->task);
    }
    set_common (ctld, &env, "epilog_slurmctld");
    return env;
}

void job_hooks_ended (struct job_hooks *hooks, const Moisson__AcctRecord *record)
{
    struct ctld *ctld = hooks->ctld;

    if (!*ctld->conf->ctld_epilog || !record->attempt)
        return; /* none, or it was never placed */
    children_run (ctld->children, &(struct child_order){.what = "EpilogSlurmctld",
                                                        .programs = ctld->conf->ctld_epilog,
                                                        .env = epilog_env (ctld, record),
                                                        .outlives = true,
                                                        .fn = epilog_ended});
}

struct job_hooks *job_hooks_create (struct ctld *ctld)
{
    struct job_hooks *hooks = xcalloc (1, sizeof *hooks);

    hooks->ctld = ctld;
    hooks->sweep = timer_create_in (ctld->loop, on_sweep, hooks);
    return hooks;
}

struct job_hooks *job_hooks_free (struct job_hooks *hooks)
{
    struct prolog *prolog, *next;

    if (!hooks)
        return NULL;
    HASH_ITER (hh, hooks->prologs, prolog, next)
    prolog_drop (prolog);
    timer_free (hooks->sweep);
    free (hooks);
    return NULL;
}
