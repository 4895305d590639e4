/* version.h - the Slurm release whose clients' expectations Moisson meets: what `sbatch --version` says. */
#pragma once

#define SLURM_COMPAT_VERSION "22.05.8"
