/* tree.h - the living descendants of a process, by /proc (task/<tid>/children, or every stat's parent where the kernel
 * does not offer that). A process that is a child subreaper keeps all its descendants under it, daemons too. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct pids {
    pid_t *list;
    size_t n, room;
};

#define PIDS_INIT ((struct pids){0})
#define _cleanup_pids_ __attribute__ ((cleanup (pids_clear)))

void pids_clear (struct pids *p);
void pids_add (struct pids *p, pid_t pid);
bool pids_have (const struct pids *p, pid_t pid);

pid_t tree_parent (pid_t pid); /* -1 = it is gone */
/* Appends every descendant of root, parents before children; root itself is not one. */
void tree_list (pid_t root, struct pids *ret);
/* Signals every descendant but `spare` (0 = none). Returns how many were there. */
size_t tree_signal (pid_t root, pid_t spare, int sig);
/* Ends every descendant: STOP until no new one appears (nobody can fork away), then KILL. One round; the caller reaps
 * and repeats until there are none. Returns how many were there. */
size_t tree_kill (pid_t root);
/* STOP to every descendant, until no new one appears. */
void tree_stop (pid_t root);
