/* facts.c - what the kernel says about this host. */
#include "nodeagent/facts.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/mem.h"
#include "base/units.h"

/* The number after a word at the start of a line; 0 = not there. */
static uint64_t number_after (const char *text, const char *word)
{
    size_t len = strlen (word);

    for (const char *line = text; line; line = strchr (line, '\n') ? strchr (line, '\n') + 1 : NULL)
        if (strncmp (line, word, len) == 0)
            return strtoull (line + len, NULL, 10);
    return 0;
}

static uint64_t read_number (const char *path, const char *word)
{
    _cleanup_free_ char *text = NULL;

    if (file_read (path, 1u << 20, &text, NULL, NULL))
        return 0;
    return number_after (text, word);
}

int facts_read (struct facts *ret, struct err *err)
{
    struct utsname name;
    struct statvfs tmp;

    if (uname (&name))
        return err_errno (err, errno, "cannot ask the kernel about this host");
    *ret = (struct facts){
        .host = xstrdup (name.nodename),
        .arch = xstrdup (name.machine),
        .os = xasprintf ("%s %s %s", name.sysname, name.release, name.version),
        .mem_mb = read_number ("/proc/meminfo", "MemTotal:") / 1024,
        .boot_us = read_number ("/proc/stat", "btime") * USEC_PER_SEC,
    };
    if (statvfs ("/tmp", &tmp) == 0)
        ret->tmp_disk_mb = (uint64_t) tmp.f_blocks * tmp.f_frsize >> 20;
    return 0;
}

void facts_clear (struct facts *f)
{
    free (f->host);
    free (f->arch);
    free (f->os);
    *f = (struct facts){0};
}

double facts_load (void)
{
    double load;

    return getloadavg (&load, 1) == 1 ? load : -1;
}

uint64_t facts_free_mem_mb (void)
{
    return read_number ("/proc/meminfo", "MemAvailable:") / 1024;
}
