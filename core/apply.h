/* apply.h - one handler a kind of event. Each checks first and then changes: when it returns -1, nothing has changed.
 * APPLY_E_STALE: late news, dropped. */
#pragma once
#include "core/core.h"

struct job;
struct node;
struct task;

enum { APPLY_E_STALE = 1 };

int on_configured (struct core *core, const Moisson__Event *event, struct err *err);
int on_bulk (struct core *core, const Moisson__Event *event, struct err *err);
int on_unfold (struct core *core, const Moisson__Event *event, struct err *err);
int on_submitted (struct core *core, const Moisson__Event *event, struct err *err);
int on_placed (struct core *core, const Moisson__Event *event, struct err *err);
int on_unplaced (struct core *core, const Moisson__Event *event, struct err *err);
int on_started (struct core *core, const Moisson__Event *event, struct err *err);
int on_ended (struct core *core, const Moisson__Event *event, struct err *err);
int on_cancel_requested (struct core *core, const Moisson__Event *event, struct err *err);
int on_held (struct core *core, const Moisson__Event *event, struct err *err);
int on_requeued (struct core *core, const Moisson__Event *event, struct err *err);
int on_suspended (struct core *core, const Moisson__Event *event, struct err *err);
int on_node_up (struct core *core, const Moisson__Event *event, struct err *err);
int on_node_down (struct core *core, const Moisson__Event *event, struct err *err);
int on_released (struct core *core, const Moisson__Event *event, struct err *err);
int on_node_set (struct core *core, const Moisson__Event *event, struct err *err);
int on_step (struct core *core, const Moisson__Event *event, struct err *err);
int on_partition_set (struct core *core, const Moisson__Event *event, struct err *err);
int on_accounts_set (struct core *core, const Moisson__Event *event, struct err *err);
int on_usage_reset (struct core *core, const Moisson__Event *event, struct err *err);
int on_job_updated (struct core *core, const Moisson__Event *event, struct err *err);
int on_resv_set (struct core *core, const Moisson__Event *event, struct err *err);
int on_resv_deleted (struct core *core, const Moisson__Event *event, struct err *err);
int on_preempted (struct core *core, const Moisson__Event *event, struct err *err);
int on_clock (struct core *core, const Moisson__Event *event, struct err *err);

/* Used by several: ---------------------------------------------------------------------------------------------------
 */

/* A new job, with an id that no job has had. */
void submit_job (struct core *core, const Moisson__Submitted *submitted, usec_t submit_us);
/* The job that an id names: its own, or that of the array whose task has this raw id (*ret_task is then that one). */
struct job *event_job (const struct core *core, uint64_t id, struct task **ret_task, struct err *err);
/* Calls fn for each record of the job that the ranges name (none: all), or for `only` alone. */
typedef void (*task_fn) (struct core *core, struct task *task, void *arg);
void event_tasks (struct core *core, struct job *job, struct task *only, Moisson__Range *const *ranges, size_t n,
                  task_fn fn, void *arg);
/* Every id that the ranges name and that is still in the rest of the job. */
struct idset *event_rest (const struct job *job, Moisson__Range *const *ranges, size_t n);
struct node *event_node (const struct core *core, const char *name, struct err *err);
/* The attempt that news is about, if it is the current one and placed or running; NULL = stale. */
struct task *news_task (const struct core *core, const Moisson__AttemptId *id);
/* The reservation that it names is gone: it names none any more; hold: and waits for a release. */
void job_without_resv (struct core *core, struct job *job, const char *name, bool hold);
