/* spawn_limit.c - how many processes a second this machine starts and reaps, from a plain loop on all cores. The
 * measure that the dispatch rate is compared with: nothing is scheduled, recorded or secured here.
 *
 * Usage: spawn_limit COUNT WORKERS PROGRAM [ARGUMENT...]     prints processes per second */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now (void)
{
    struct timespec t;

    clock_gettime (CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static int reap (pid_t pid)
{
    int status;

    while (waitpid (pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return WIFEXITED (status) && WEXITSTATUS (status) == 0 ? 0 : -1;
}

static int spawn_many (long count, char **argv)
{
    posix_spawn_file_actions_t actions;
    int rc = 0;

    if (posix_spawn_file_actions_init (&actions) ||
        posix_spawn_file_actions_addopen (&actions, 0, "/dev/null", O_RDONLY, 0) ||
        posix_spawn_file_actions_addopen (&actions, 1, "/dev/null", O_WRONLY, 0))
        return -1;
    for (long i = 0; i < count && rc == 0; i++) {
        pid_t pid;
        int error = posix_spawn (&pid, argv[0], &actions, NULL, argv, environ);

        if (error) {
            fprintf (stderr, "spawn_limit: cannot run %s: %s\n", argv[0], strerror (error));
            rc = -1;
        } else if (reap (pid) < 0) {
            fprintf (stderr, "spawn_limit: %s failed\n", argv[0]);
            rc = -1;
        }
    }
    posix_spawn_file_actions_destroy (&actions);
    return rc;
}

static long positive (const char *text)
{
    char *end;
    long n = strtol (text, &end, 10);

    return *end == '\0' && n > 0 && n < 10000000 ? n : -1;
}

int main (int argc, char **argv)
{
    long count = argc > 3 ? positive (argv[1]) : -1, workers = argc > 3 ? positive (argv[2]) : -1;
    double start;
    int failed = 0;

    if (count < 0 || workers < 0 || workers > 1024) {
        fputs ("Usage: spawn_limit COUNT WORKERS PROGRAM [ARGUMENT...]\n", stderr);
        return 1;
    }
    start = now ();
    for (long w = 0; w < workers; w++) {
        pid_t pid = fork ();

        if (pid < 0) {
            perror ("spawn_limit: fork");
            return 1;
        }
        if (pid == 0)
            _exit (spawn_many (count / workers + (w < count % workers), argv + 3) < 0);
    }
    for (int status; wait (&status) > 0;)
        failed |= status != 0;
    if (!failed)
        printf ("%.1f\n", (double) count / (now () - start));
    return failed;
}
