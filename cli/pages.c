/* pages.c - the option tables of the commands, by name. */
#include "pages.h"
#include <string.h>

static const struct {
    const char *command;
    const struct optable_page *(*page) (void);
} pages[] = {
    {"squeue", squeue_page},     {"sinfo", sinfo_page},       {"sacct", sacct_page},   {"scancel", scancel_page},
    {"scontrol", scontrol_page}, {"sacctmgr", sacctmgr_page}, {"sprio", sprio_page},   {"sshare", sshare_page},
    {"sdiag", sdiag_page},       {"failures", failures_page}, {"why", why_page},       {"wait", wait_page},
    {"node", node_page},         {"events", events_page},     {"import", import_page}, {"simulate", simulate_page},
};

const struct optable_page *page_find (const char *command)
{
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (!strcmp (pages[i].command, command))
            return pages[i].page ();
    return NULL;
}

const struct optable_page *page_nth (size_t i, const char **ret_command)
{
    if (i >= sizeof pages / sizeof *pages)
        return NULL;
    *ret_command = pages[i].command;
    return pages[i].page ();
}
