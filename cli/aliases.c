/* aliases.c - what the configuration declares, for the user who asks. */
#include "aliases.h"
#include <unistd.h>
#include "words.h"

void aliases_load (struct aliases *ret, const struct rpc *rpc)
{
    const char *text = rpc_config (rpc)->state_aliases;

    *ret = (struct aliases){0};
    if (!*text || state_aliases_parse (&ret->list, text, NULL)) /* the configuration has been checked */
        return;
    ret->user = user_format (getuid ());
}

void aliases_clear (struct aliases *aliases)
{
    state_aliases_free (aliases->list);
    free (aliases->user);
    *aliases = (struct aliases){0};
}

void aliases_job (const struct aliases *aliases, Moisson__JobInfo *job)
{
    job->state = state_alias (aliases->list, job->state, job->partition, aliases->user);
}

void aliases_record (const struct aliases *aliases, Moisson__AcctRecord *record)
{
    record->state = state_alias (aliases->list, record->state, record->partition, aliases->user);
}
