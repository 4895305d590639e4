/* groups.c - names of groups as numbers. */
#include "ctld/groups.h"
#include <grp.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"

#define NOBODY UINT32_MAX /* is no group's: the list of one that names unknown groups alone must not be empty */

static void add (Moisson__PartitionConf *partition, uint32_t gid)
{
    partition->allow_gids =
        xrealloc (partition->allow_gids, (partition->n_allow_gids + 1) * sizeof *partition->allow_gids);
    partition->allow_gids[partition->n_allow_gids++] = gid;
}

static void resolve (Moisson__PartitionConf *partition)
{
    _cleanup_free_ char *copy = xstrdup (partition->allow_groups);
    char *save = NULL;

    for (char *word = strtok_r (copy, ",", &save); word; word = strtok_r (NULL, ",", &save)) {
        const struct group *group = getgrnam (word);
        if (group)
            add (partition, group->gr_gid);
        else
            log_warn ("partition=%s event=config warning=\"AllowGroups names %s, which is no group here\"",
                      partition->name, word);
    }
    if (!partition->n_allow_gids)
        add (partition, NOBODY);
}

void groups_resolve (struct config *conf)
{
    for (size_t i = 0; i < conf->core->n_partitions; i++)
        if (conf->core->partitions[i]->allow_groups)
            resolve (conf->core->partitions[i]);
}
