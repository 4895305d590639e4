/* shepherd_note.h - lines on a job's stderr, as Slurm's users and their tools look for them. A process of the job's
 * user writes them: nothing is written with more rights than the job has, and a file server that does not answer, or a
 * reader that does not read, is not the shepherd's to wait for. */
#pragma once
#include "nodeagent/shepherd_job.h"

/* "*** JOB 12 ON n1 <note> ***"; note NULL: CANCELLED AT <now><due>. stderr_fd -1: nobody can be told. */
void note_stop (const struct job *job, int stderr_fd, const char *note, const char *due);
void note_oom (const struct job *job, int stderr_fd, uint64_t kills);
