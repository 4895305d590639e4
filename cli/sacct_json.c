/* sacct_json.c - `sacct --json`. */
#include "sacct_json.h"
#include "base/states.h"
#include "show.h"
#include "json.h"
#include "sacct_fields.h"

static json_t *number (uint64_t v)
{
    return json_integer ((json_int_t) v);
}

static json_t *seconds (usec_t t)
{
    return number (t / USEC_PER_SEC);
}

static json_t *times_of (const Moisson__AcctRecord *r, usec_t now)
{
    bool ended = state_is_ended (r->state);
    usec_t until = ended ? r->end_us : now;
    json_t *limit = r->has_time_limit_s && r->time_limit_s ? number (r->time_limit_s) : json_null ();

    return json_pack (
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "submission", seconds (r->submit_us), "eligible",
        seconds (r->eligible_us), "start", seconds (r->start_us), "end", seconds (ended ? r->end_us : 0), "elapsed",
        seconds (show_running (r->start_us, until, r->suspended_us, r->suspended_at)), "suspended",
        seconds (r->suspended_us + (r->suspended_at && until > r->suspended_at ? until - r->suspended_at : 0)), "limit",
        limit, "user_usec", number (r->cpu_user_us), "system_usec", number (r->cpu_sys_us), "total_usec",
        number (r->cpu_user_us + r->cpu_sys_us));
}

static json_t *steps_of (const Moisson__AcctRecord *r, usec_t now)
{
    json_t *array = json_array ();

    for (size_t i = 0; i < r->n_steps; i++) {
        const Moisson__AcctRecord step = sacct_step_record (r, r->steps[i]);

        json_array_append_new (
            array, json_pack ("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", number (r->steps[i]->id), "name",
                              json_text (step.name), "state", json_text (state_name (step.state)), "exit_code",
                              json_pack ("{s:o, s:o}", "return_code", number (step.exit_code), "signal",
                                         number (step.exit_signal)),
                              "time", times_of (&step, now), "cpus", number (step.num_cpus), "max_rss",
                              step.has_max_rss_kb ? number (step.max_rss_kb * 1024) : json_null ()));
    }
    return array;
}

json_t *json_acct (const Moisson__AcctRecord *r, const char *cluster, usec_t now)
{
    json_t *job = json_pack ("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "job_id", number (r->raw_id), "name",
                             json_text (r->name), "user", json_text (r->user), "group", json_text (r->group), "account",
                             json_text (r->account), "partition", json_text (r->partition), "qos", json_text (r->qos),
                             "cluster", json_text (cluster), "nodes", json_text (r->nodes));
    json_t *array = json_pack ("{s:o, s:o, s:o}", "job_id", number (r->has_array_id ? r->array_id : 0), "task_id",
                               r->has_task ? number (r->task) : json_null (), "task", json_text (r->tasks));
    json_t *state = json_pack ("{s:o, s:o, s:o}", "current",
                               json_text (sacct_was_requeued (r) ? "REQUEUED" : state_name (r->state)), "reason",
                               json_text (r->cause ? r->cause : r->reason), "cancelled_by",
                               r->has_cancelled_by ? number (r->cancelled_by) : json_null ());
    json_t *exit_code =
        json_pack ("{s:o, s:o}", "return_code", number (r->exit_code), "signal", number (r->exit_signal));
    json_t *required = json_pack ("{s:o, s:o, s:b}", "CPUs", number (r->has_req_cpus ? r->req_cpus : r->num_cpus),
                                  "memory", number (r->req_mem_mb), "memory_per_cpu", (int) r->mem_per_cpu);

    json_object_set_new (job, "array", array);
    json_object_set_new (job, "state", state);
    json_object_set_new (job, "exit_code", exit_code);
    json_object_set_new (job, "required", required);
    json_object_set_new (job, "time", times_of (r, now));
    json_object_set_new (job, "attempt", number (r->attempt));
    json_object_set_new (job, "restart_cnt", number (r->restarts));
    json_object_set_new (job, "allocation_nodes", number (r->num_nodes));
    json_object_set_new (job, "allocation_cpus", number (r->num_cpus));
    json_object_set_new (job, "tres", json_text (r->tres));
    json_object_set_new (job, "tres_req", json_text (r->req_tres));
    json_object_set_new (job, "gpu_ids", json_text (r->gpu_ids));
    json_object_set_new (job, "max_rss", r->has_max_rss_kb ? number (r->max_rss_kb * 1024) : json_null ());
    json_object_set_new (job, "working_directory", json_text (r->work_dir));
    json_object_set_new (job, "comment", json_text (r->comment));
    json_object_set_new (job, "steps", steps_of (r, now));
    json_object_set_new (job, "submit_key", json_text (r->submit_key));
    return job;
}
