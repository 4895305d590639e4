#!/bin/sh
#SBATCH --mem=50M
#SBATCH --time=5
# One value of r between 2.8 and 3.99: iterates until the start is forgotten, then counts how many values x goes round in.
set -eu
awk -v task="$SLURM_ARRAY_TASK_ID" -v tasks="$1" 'BEGIN {
    r = 2.8 + 1.19 * (tasks > 1 ? (task - 1) / (tasks - 1) : 0)
    x = 0.5
    for (i = 0; i < 200000; i++)
        x = r * x * (1 - x)
    for (period = 0; period < 64; period++) {
        seen = sprintf ("%.4f", x)
        if (seen in values)
            break
        values[seen] = 1
        x = r * x * (1 - x)
    }
    printf "%.4f %d\n", r, period
}' >"point.$SLURM_ARRAY_TASK_ID"
