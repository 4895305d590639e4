#!/bin/bash
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=300M
#SBATCH --time=10
# Aligns one chunk of the reads: that of this array task, or the one named.
set -euo pipefail
chunk="${1:-$SLURM_ARRAY_TASK_ID}"

bowtie2 --threads "${SLURM_CPUS_PER_TASK:-1}" -x lambda -1 "reads.1.$chunk" -2 "reads.2.$chunk" -S "chunk.$chunk.sam"
samtools sort -o "chunk.$chunk.bam" "chunk.$chunk.sam"
rm "chunk.$chunk.sam"
