/* spares.h - attempt directories to be used again. A file system that must find a new inode for every file of every
 * job, and give it back, spends more on that than a short job spends on itself (ext4 looks at every inode that was
 * freed in the last minutes before it takes one). So a forgotten attempt's directory waits in `spare/`, files and all,
 * and the next job overwrites them.
 *
 * In root mode the script in it is its last job's user's, who may have it open or may have named it elsewhere: so a
 * spare goes to a job of the same user if there is one; in any other the script is replaced (file_rewrite_for). */
#pragma once
#include <sys/types.h>
#include "base/err.h"

#define SPARES_MAX 256

struct spare {
    unsigned number; /* its name */
    uid_t uid;       /* who owns the script in it */
};

struct spares {
    char *dir;
    struct spare list[SPARES_MAX];
    unsigned n, next; /* next: a number that none has */
};

int spares_open (struct spares *s, const char *spool, struct err *err); /* with those of the last time */
void spares_close (struct spares *s);

/* Make the directory `path`, new or from a spare, for a job of uid. -1 also if it exists. */
int spares_take (struct spares *s, const char *path, uid_t uid, struct err *err);
/* Keep what `path` holds, if it is what we put there and there is room; else remove it. 0 or -errno. */
int spares_give (struct spares *s, const char *path);
