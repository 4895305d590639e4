#!/bin/bash -l
#SBATCH -J nf-align_(3) -o "/w d/.command.log"
#SBATCH --no-requeue 
#SBATCH --signal B:USR2@30
#SBATCH -c 2 -t 24:00:00 --mem 2048M
#SBATCH --array 0-9:3,12%4 -d afterok:12:13_4?after:5+10

echo hi
