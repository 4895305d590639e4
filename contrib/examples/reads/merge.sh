#!/bin/bash
#SBATCH --ntasks=1
#SBATCH --mem=300M
#SBATCH --time=10
# Merges the chunks' alignments; counts them and the single run's (chunk.all.bam), and lists where each read went.
set -euo pipefail
chunks="$1"

count ()
{
    samtools flagstat "$1.bam" >"$1.flagstat"
    samtools view "$1.bam" | cut -f 1-6 | LC_ALL=C sort >"$1.positions"
}

inputs=()
for ((i = 1; i <= chunks; i++)); do
    inputs+=("chunk.$i.bam")
done
samtools merge -f -o merged.bam "${inputs[@]}"
mv chunk.all.bam whole.bam
count merged
count whole
