/* licence.c - the pool of licences. */
#include "core/licence.h"
#include <string.h>
#include "base/mem.h"
#include "core/state.h"

static bool asks_any (const char *asked)
{
    return asked && *asked;
}

/* What a spec says was checked when it was submitted. */
static struct licence_list parsed (const char *asked)
{
    struct licence_list list = LICENCE_LIST_INIT;

    licences_parse (&list, asked, NULL);
    return list;
}

static struct licence *find (const struct core *core, const char *name)
{
    for (size_t i = 0; i < core->licences.n; i++)
        if (!strcmp (core->licences.list[i].name, name))
            return &core->licences.list[i];
    return NULL;
}

const struct licence *licence_find (const struct core *core, const char *name)
{
    return find (core, name);
}

static struct licence *make (struct core *core, const char *name)
{
    struct licence_table *table = &core->licences;
    struct licence *licence = find (core, name);

    if (licence)
        return licence;
    table->list = xrealloc (table->list, (table->n + 1) * sizeof *table->list);
    table->list[table->n] = (struct licence){.name = xstrdup (name)};
    return &table->list[table->n++];
}

/* --- the configuration -------------------------------------------------------------------------------------------- */

/* As configured, then those that are no longer but that some attempt still has. */
void licence_configure (struct core *core)
{
    struct licence_table old = core->licences;

    core->licences = (struct licence_table){0};
    for (size_t i = 0; i < core->config->n_licences; i++) {
        const Moisson__Licence *conf = core->config->licences[i];
        make (core, conf->name)->total = conf->count;
    }
    for (size_t i = 0; i < old.n; i++)
        if (old.list[i].used)
            make (core, old.list[i].name)->used = old.list[i].used;
    licence_restored (core);
    licence_clear (&old);
}

void licence_clear (struct licence_table *licences)
{
    for (size_t i = 0; i < licences->n; i++)
        free (licences->list[i].name);
    free (licences->list);
    *licences = (struct licence_table){0};
}

/* --- questions ---------------------------------------------------------------------------------------------------- */

int licence_check (const struct core *core, const char *asked, struct err *err)
{
    _cleanup_licences_ struct licence_list list = LICENCE_LIST_INIT;

    if (licences_parse (&list, asked, err))
        return -1;
    for (size_t i = 0; i < list.n; i++) {
        const struct licence *licence = find (core, list.list[i].name);
        if (licence && list.list[i].n <= licence->total)
            continue;
        if (!licence || !licence->total)
            err_set (err, MOISSON__FAIL_CODE__FAIL_LICENCES, "Invalid license specification: there is no licence %s",
                     list.list[i].name);
        else
            err_set (err, MOISSON__FAIL_CODE__FAIL_LICENCES,
                     "Invalid license specification: %u of licence %s asked, there are %u", list.list[i].n,
                     licence->name, licence->total);
        return err_fix (err, "see what there is: scontrol show licenses");
    }
    return 0;
}

/* What reservations other than `in` keep between these times and have not given to jobs of theirs. */
static uint64_t kept (const struct core *core, const struct licence *licence, const struct resv *in, usec_t from,
                      usec_t until)
{
    const struct resv *resv, *next;
    uint64_t n = 0;

    HASH_ITER (hh, core->resvs.by_name, resv, next)
    for (size_t i = 0; resv != in && i < resv->msg->n_licences; i++) {
        const Moisson__Licence *asked = resv->msg->licences[i];
        if (!strcmp (asked->name, licence->name) && asked->count > resv->licences[i] &&
            resv_touches (resv, from, until, NULL, NULL))
            n += asked->count - resv->licences[i];
    }
    return n;
}

uint32_t licence_left (const struct core *core, const struct licence *licence, const struct resv *in, usec_t from,
                       usec_t until)
{
    uint64_t gone = licence->used + kept (core, licence, in, from, until);

    return gone < licence->total ? (uint32_t) (licence->total - gone) : 0;
}

bool licence_free (const struct core *core, const char *asked, const struct resv *in, usec_t from, usec_t until)
{
    _cleanup_licences_ struct licence_list list = LICENCE_LIST_INIT;

    if (!asks_any (asked))
        return true;
    list = parsed (asked);
    for (size_t i = 0; i < list.n; i++) {
        const struct licence *licence = find (core, list.list[i].name);
        if (list.list[i].n && (!licence || list.list[i].n > licence_left (core, licence, in, from, until)))
            return false;
    }
    return true;
}

void licence_lacks (const struct core *core, const char *asked, const struct resv *in, usec_t from, usec_t until,
                    struct buf *out)
{
    _cleanup_licences_ struct licence_list list = parsed (asked);

    for (size_t i = 0; i < list.n; i++) {
        const struct licence *licence = find (core, list.list[i].name);
        uint32_t left = licence ? licence_left (core, licence, in, from, until) : 0;
        if (list.list[i].n > left)
            buf_printf (out, "%s%u of licence %s asked, %u of %u %s free for it", out->len ? "; " : "", list.list[i].n,
                        list.list[i].name, left, licence ? licence->total : 0, left == 1 ? "is" : "are");
    }
}

/* --- attempts ----------------------------------------------------------------------------------------------------- */

void licence_take (struct core *core, const struct task *task)
{
    _cleanup_licences_ struct licence_list list = parsed (row_facts (task->job, task)->spec->licenses);

    for (size_t i = 0; i < list.n; i++)
        if (list.list[i].n)
            make (core, list.list[i].name)->used += list.list[i].n;
}

void licence_restored (struct core *core)
{
    for (size_t i = 0; i < core->licences.n; i++)
        core->licences.list[i].excess = core->licences.list[i].used > core->licences.list[i].total;
}

void licence_give (struct core *core, const struct task *task)
{
    _cleanup_licences_ struct licence_list list = parsed (row_facts (task->job, task)->spec->licenses);

    for (size_t i = 0; i < list.n; i++) {
        struct licence *licence = find (core, list.list[i].name);
        if (!licence)
            continue;
        licence->used -= list.list[i].n < licence->used ? list.list[i].n : licence->used;
        licence->excess = licence->excess && licence->used > licence->total;
    }
}

/* --- checks ------------------------------------------------------------------------------------------------------- */

static uint64_t recount (const struct core *core, const char *name)
{
    uint64_t n = 0;

    for (const struct job *job = job_from (core, 0); job; job = job_from (core, job->id + 1))
        for (const struct task *task = job->tasks; task; task = task->next) {
            const char *asked = row_facts (job, task)->spec->licenses;
            if ((task->phase != TASK_PLACED && task->phase != TASK_RUNNING) || !asks_any (asked))
                continue;
            _cleanup_licences_ struct licence_list list = parsed (asked);
            for (size_t i = 0; i < list.n; i++)
                n += strcmp (list.list[i].name, name) ? 0 : list.list[i].n;
        }
    return n;
}

int licence_invariants (const struct core *core, struct err *err)
{
    for (size_t i = 0; i < core->licences.n; i++) {
        const struct licence *licence = &core->licences.list[i];
        uint64_t n = recount (core, licence->name);
        if (n != licence->used)
            return err_set (err, 0, "%lu of licence %s are used, it counts %u", (unsigned long) n, licence->name,
                            licence->used);
        if (n > licence->total && !licence->excess)
            return err_set (err, 0, "licence %s is overcommitted: %lu of %u", licence->name, (unsigned long) n,
                            licence->total);
    }
    return 0;
}
