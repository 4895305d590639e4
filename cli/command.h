/* command.h - the commands of the multi-call program `moisson`: one row each, chosen by argv[0] or by the first word.
 */
#pragma once

/* What run returns when something went wrong and has been said on stderr: main makes it SLURM_EXIT_ERROR, else 1.
 * Any other value is the exit status itself (`sbatch --wait` gives the job's). */
#define COMMAND_ERROR (-1)

struct command {
    const char *name;
    const char *summary;                /* one sentence for `moisson` alone */
    int (*run) (int argc, char **argv); /* argv[0] is the command's name */
};

/* Print `slurm 22.05.8`, as every Slurm-named command does for -V and --version. Returns 0. */
int command_version (void);

int sbatch_run (int argc, char **argv);
int srun_run (int argc, char **argv);
int salloc_run (int argc, char **argv);
int squeue_run (int argc, char **argv);
int sinfo_run (int argc, char **argv);
int sacct_run (int argc, char **argv);
int sdiag_run (int argc, char **argv);
int sacctmgr_run (int argc, char **argv);
int sprio_run (int argc, char **argv);
int sshare_run (int argc, char **argv);
int sstat_run (int argc, char **argv);
int seff_run (int argc, char **argv);
int why_run (int argc, char **argv);
int failures_run (int argc, char **argv);
int events_run (int argc, char **argv);
int wait_run (int argc, char **argv);
int scancel_run (int argc, char **argv);
int scontrol_run (int argc, char **argv);
int config_run (int argc, char **argv);
int keygen_run (int argc, char **argv);
int node_run (int argc, char **argv);
int simulate_run (int argc, char **argv);
int docs_run (int argc, char **argv);
