/* options_apply.h - what each honoured option does to a submit. Internal to options. */
#pragma once
#include "base/options.h"

#define APPLY(name) int apply_##name (struct submit *s, const char *value, struct err *err)

APPLY (account);
APPLY (array);
APPLY (begin);
APPLY (deadline);
APPLY (bulk);
APPLY (bulk_each);
APPLY (chdir);
APPLY (clusters);
APPLY (comment);
APPLY (constraint);
APPLY (contiguous);
APPLY (cpus_per_gpu);
APPLY (cpus_per_task);
APPLY (dependency);
APPLY (error);
APPLY (exclude);
APPLY (exclusive);
APPLY (export);
APPLY (export_file);
APPLY (get_user_env);
APPLY (gpus);
APPLY (gpus_per_node);
APPLY (gpus_per_task);
APPLY (gres);
APPLY (help);
APPLY (hold);
APPLY (hint);
APPLY (ignore_pbs);
APPLY (input);
APPLY (job_name);
APPLY (json);
APPLY (kill_on_invalid_dep);
APPLY (licenses);
APPLY (mail_type);
APPLY (mail_user);
APPLY (mem);
APPLY (mem_per_cpu);
APPLY (mem_per_gpu);
APPLY (mincpus);
APPLY (nice);
APPLY (no_requeue);
APPLY (nodelist);
APPLY (nodes);
APPLY (ntasks);
APPLY (ntasks_per_core);
APPLY (ntasks_per_gpu);
APPLY (ntasks_per_node);
APPLY (open_mode);
APPLY (output);
APPLY (oversubscribe);
APPLY (parsable);
APPLY (partition);
APPLY (priority);
APPLY (qos);
APPLY (quiet);
APPLY (requeue);
APPLY (reservation);
APPLY (retry);
APPLY (signal);
APPLY (submit_key);
APPLY (test_only);
APPLY (threads_per_core);
APPLY (time);
APPLY (time_min);
APPLY (tmp);
APPLY (usage);
APPLY (verbose);
APPLY (version);
APPLY (wait);
APPLY (wckey);
APPLY (wrap);

/* "--time=soon is not understood" and a fix; always -1. */
int option_bad (struct err *err, const char *option, const char *value, const char *fix);
/* spec.gres_asks and its kin from all GPU options so far, whatever their order. */
void options_derive (struct submit *s);
void gres_option_clear (struct gres_option *o);
