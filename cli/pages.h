/* pages.h - the option tables of the commands, by name. */
#pragma once
#include "optable.h"

const struct optable_page *squeue_page (void);
const struct optable_page *sinfo_page (void);
const struct optable_page *sacct_page (void);
const struct optable_page *scancel_page (void);
const struct optable_page *scontrol_page (void);
const struct optable_page *sacctmgr_page (void);
const struct optable_page *sprio_page (void);
const struct optable_page *sshare_page (void);
const struct optable_page *sdiag_page (void);
const struct optable_page *failures_page (void);
const struct optable_page *why_page (void);
const struct optable_page *wait_page (void);
const struct optable_page *node_page (void);
const struct optable_page *events_page (void);
const struct optable_page *import_page (void);
const struct optable_page *simulate_page (void);

/* "squeue", "events"; "import" is that of `moisson config`. NULL: it has none here (sbatch and srun print their own).
 */
const struct optable_page *page_find (const char *command);
/* All of them; NULL after the last. */
const struct optable_page *page_nth (size_t i, const char **ret_command);
