#SBATCH --gres=gpu:a100:2 --gpus-per-task=1 -n 4 -N 1-2
#SBATCH --begin=now+2hours --nice=50 -w n[1-3] --export=NONE,A=1 # x
#SBATCH --mail-type=ALL -x"n 4" --time-min=1-0 --exclusive=user
#SBATCH