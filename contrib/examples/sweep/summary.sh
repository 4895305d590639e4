#!/bin/sh
#SBATCH --mem=50M
#SBATCH --time=5
# One line a task, in the order of r: after how many steps x repeats; 64 stands for "not at all", that is chaos.
set -eu
echo "     r  period"
sort -n point.* | awk '{
    bar = ""
    for (i = 0; i < $2; i++)
        bar = bar "#"
    printf "%6.3f  %s%s\n", $1, bar, ($2 == 64 ? " chaos" : " " $2)
}'
