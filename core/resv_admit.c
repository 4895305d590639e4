/* resv_admit.c - may a reservation be made, changed or deleted like this? All of it is looked at before anything is;
 * Slurm's words first, then the numbers. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "core/resv_inside.h"
#include "core/state.h"

#define LATE_US (600 * USEC_PER_SEC) /* so late a start may be, as in Slurm */
#define NAMES_MOST 1024

typedef const Moisson__ResvOpRequest asked_t;

/* --- lists of names ----------------------------------------------------------------------------------------------- */

static bool has_name (char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp (list[i], name))
            return true;
    return false;
}

/* list as it is after it was set, added to or taken from. */
static void change_names (char ***list, size_t *n, char *const *names, size_t n_names, Moisson__ListHow how)
{
    char **next = xcalloc (*n + n_names + 1, sizeof *next);
    size_t m = 0;

    for (size_t i = 0; i < *n; i++) {
        bool stays = how == MOISSON__LIST_HOW__LIST_ADD ||
                     (how == MOISSON__LIST_HOW__LIST_REMOVE && !has_name (names, n_names, (*list)[i]));
        if (stays)
            next[m++] = (*list)[i];
        else
            free ((*list)[i]);
    }
    for (size_t i = 0; i < n_names && how != MOISSON__LIST_HOW__LIST_REMOVE; i++)
        if (!has_name (next, m, names[i]))
            next[m++] = xstrdup (names[i]);
    free (*list);
    *list = next;
    *n = m;
}

/* Where jobs need an account of the tree, nobody could use a reservation for one that is not in it. */
static int check_accounts (const struct core *core, asked_t *asked, struct err *err)
{
    bool any = !(core->config->enforce & ENFORCE_ASSOCIATIONS) || asked->accounts_how == MOISSON__LIST_HOW__LIST_REMOVE;

    for (size_t i = 0; !any && i < asked->n_accounts; i++) {
        const struct assoc *account = assoc_find (core, asked->accounts[i], "");
        if (account && account->declared)
            continue;
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_ACCOUNT,
                 "Invalid account or account/partition combination specified: there is no account %s",
                 asked->accounts[i]);
        return err_fix (err, "see: sacctmgr show account format=account");
    }
    return 0;
}

static int set_names (const struct core *core, asked_t *asked, Moisson__Resv *resv, struct err *err)
{
    if (asked->n_users > NAMES_MOST || asked->n_accounts > NAMES_MOST)
        return err_set (err, MOISSON__FAIL_CODE__FAIL_RESV_INVALID,
                        "Requested reservation is invalid: more than %d names", NAMES_MOST);
    if (check_accounts (core, asked, err))
        return -1;
    if (asked->n_users || asked->has_users_how) {
        change_names (&resv->users, &resv->n_users, asked->users, asked->n_users, asked->users_how);
        if (asked->users_how == MOISSON__LIST_HOW__LIST_SET)
            resv->has_users_not = resv->users_not = asked->users_not;
    }
    if (asked->n_accounts || asked->has_accounts_how) {
        change_names (&resv->accounts, &resv->n_accounts, asked->accounts, asked->n_accounts, asked->accounts_how);
        if (asked->accounts_how == MOISSON__LIST_HOW__LIST_SET)
            resv->has_accounts_not = resv->accounts_not = asked->accounts_not;
    }
    if (resv->n_users || resv->n_accounts)
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_RESV_LACKS, "Reservation request lacks users, groups or accounts");
    return err_fix (err, "name who may use it: Users=NAMES or Accounts=NAMES");
}

/* --- time --------------------------------------------------------------------------------------------------------- */

static int refuse_time (struct err *err, const char *why, const char *fix)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_TIME_VALUE, "Invalid time specified: %s", why);
    return err_fix (err, "%s", fix);
}

static int set_time (asked_t *asked, Moisson__Resv *resv, bool fresh, usec_t now, struct err *err)
{
    bool began = !fresh && resv->start_us <= now;
    uint64_t length = resv->end_us - resv->start_us;

    if (asked->has_start_us && began && asked->start_us != resv->start_us) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_RESV_STARTED, "Reservation already started");
        return err_fix (err, "change its EndTime or Duration, or delete it and make another one");
    }
    if (asked->has_start_us && !began) {
        if (asked->start_us + LATE_US < now)
            return refuse_time (err, "the start is in the past", "give a StartTime that is to come, or now");
        resv->start_us = asked->start_us;
        resv->end_us = resv->start_us + length; /* unless something else is said */
    }
    if (asked->has_end_us)
        resv->end_us = asked->end_us;
    if (asked->has_duration_s) {
        uint64_t s = asked->duration_s < RESV_FOREVER ? asked->duration_s : RESV_FOREVER;
        resv->end_us = resv->start_us + s * USEC_PER_SEC;
    }
    if (!fresh && resv->end_us <= now && resv->start_us < now)
        resv->end_us = now; /* it ends here and now */
    else if (resv->end_us <= now)
        return refuse_time (err, "the end is in the past", "give an EndTime that is to come");
    if (resv->end_us <= resv->start_us)
        return refuse_time (err, "it would end before it starts", "give an EndTime after its StartTime");
    if (resv_step (resv) && resv->end_us - resv->start_us > resv_step (resv))
        return refuse_time (err, "it is longer than the time to its next occurrence",
                            "make it shorter, or let it recur less often");
    return 0;
}

static int set_flags (asked_t *asked, Moisson__Resv *resv, struct err *err)
{
    unsigned flags = (resv->flags | asked->flags_on) & ~asked->flags_off, recurs = flags & RESV_RECURS;

    if (recurs & (recurs - 1)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_RESV_INVALID,
                 "Requested reservation is invalid: it can recur in one way only");
        return err_fix (err, "give one of HOURLY, DAILY, WEEKDAY, WEEKEND and WEEKLY");
    }
    resv->has_flags = true;
    resv->flags = flags;
    return 0;
}

/* --- licences ----------------------------------------------------------------------------------------------------- */

/* What the others keep of it at the same time. */
static uint64_t kept_by_others (const struct core *core, const Moisson__Resv *resv, const char *name)
{
    const struct resv *other, *next;
    uint64_t n = 0;

    HASH_ITER (hh, core->resvs.by_name, other, next)
    for (size_t i = 0; strcmp (other->msg->name, resv->name) && i < other->msg->n_licences; i++)
        if (!strcmp (other->msg->licences[i]->name, name) && resv_msgs_meet (other->msg, resv))
            n += other->msg->licences[i]->count;
    return n;
}

static void forget_licences (Moisson__Resv *resv)
{
    for (size_t i = 0; i < resv->n_licences; i++)
        moisson__licence__free_unpacked (resv->licences[i], NULL);
    free (resv->licences);
    resv->licences = NULL;
    resv->n_licences = 0;
}

static int set_licences (const struct core *core, asked_t *asked, Moisson__Resv *resv, struct err *err)
{
    _cleanup_licences_ struct licence_list list = LICENCE_LIST_INIT;

    if (asked->licences) {
        if (licence_check (core, asked->licences, err) || licences_parse (&list, asked->licences, err))
            return -1;
        forget_licences (resv);
        resv->licences = xcalloc (list.n + 1, sizeof *resv->licences);
        for (size_t i = 0; i < list.n; i++) {
            Moisson__Licence *licence = resv->licences[resv->n_licences++] = xmalloc (sizeof *licence);
            moisson__licence__init (licence);
            licence->name = xstrdup (list.list[i].name);
            licence->count = list.list[i].n;
        }
    }
    for (size_t i = 0; i < resv->n_licences; i++) {
        const struct licence *licence = licence_find (core, resv->licences[i]->name);
        uint64_t kept = kept_by_others (core, resv, resv->licences[i]->name);
        if (licence && kept + resv->licences[i]->count <= licence->total)
            continue;
        err_set (err, MOISSON__FAIL_CODE__FAIL_LICENCES,
                 "Invalid license specification: %u of licence %s asked, there are %u, and other reservations keep "
                 "%" PRIu64 " at the same time",
                 resv->licences[i]->count, resv->licences[i]->name, licence ? licence->total : 0, kept);
        return err_fix (err, "ask for fewer, or at another time (see: scontrol show reservations)");
    }
    return 0;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static int set_partition (const struct core *core, asked_t *asked, Moisson__Resv *resv, struct err *err)
{
    const struct partition *partition;

    if (asked->features) {
        free (resv->features);
        resv->features = *asked->features ? xstrdup (asked->features) : NULL;
    }
    if (!asked->partition)
        return 0;
    partition = partition_find (core, asked->partition);
    if (*asked->partition && (!partition || !partition->conf)) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_INVALID_PARTITION, "invalid partition specified: %s", asked->partition);
        return err_fix (err, "see: sinfo");
    }
    free (resv->partition);
    resv->partition = *asked->partition ? xstrdup (asked->partition) : NULL;
    return 0;
}

static int refuse_name (const char *name, struct err *err)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_RESV_INVALID, "Requested reservation is invalid: there is no reservation %s",
             name ? name : "without a name");
    return err_fix (err, "see: scontrol show reservations");
}

static bool is_name (const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@";

    return strspn (name, letters) == strlen (name) && strlen (name) <= 64;
}

static int name_it (const struct core *core, asked_t *asked, Moisson__Resv *resv, struct err *err)
{
    uint32_t id = core->resvs.next_id ? core->resvs.next_id : 1;

    resv->has_id = true;
    resv->id = id;
    if (asked->name && *asked->name) {
        resv->name = xstrdup (asked->name);
        if (!is_name (asked->name)) {
            err_set (err, MOISSON__FAIL_CODE__FAIL_RESV_INVALID, "Requested reservation is invalid: \"%s\" is no name",
                     asked->name);
            return err_fix (err, "use letters, digits and . _ - + @, at most 64");
        }
        if (!resv_find (core, asked->name))
            return 0;
        err_set (err, MOISSON__FAIL_CODE__FAIL_RESV_NAME, "Duplicate reservation name: there is a reservation %s",
                 asked->name);
        return err_fix (err, "take another name, or: scontrol update ReservationName=%s ...", asked->name);
    }
    do {
        free (resv->name);
        resv->name = xasprintf ("%s_%" PRIu32,
                                asked->n_users      ? asked->users[0]
                                : asked->n_accounts ? asked->accounts[0]
                                                    : "resv",
                                id++);
    } while (resv_find (core, resv->name));
    return 0;
}

static int make (const struct core *core, asked_t *asked, const struct resv *old, usec_t now, Moisson__Resv *resv,
                 struct err *err)
{
    if ((!old && name_it (core, asked, resv, err)) || set_flags (asked, resv, err) ||
        set_time (asked, resv, !old, now, err) || set_names (core, asked, resv, err) ||
        set_partition (core, asked, resv, err) || set_licences (core, asked, resv, err))
        return -1;
    return resv_choose_nodes (core, asked, old, now, resv, err);
}

static int admit_delete (const struct core *core, asked_t *asked, struct err *err)
{
    const struct resv *resv = resv_find (core, asked->name);

    if (!resv)
        return refuse_name (asked->name, err);
    if (!resv_in_use (core, resv))
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_RESV_BUSY, "Requested reservation is in use: %s",
             resv->running ? "jobs run in it" : "jobs wait for it");
    return err_fix (err, "see squeue --reservation=%s; or let it end: scontrol update ReservationName=%s Duration=0",
                    asked->name, asked->name);
}

int core_admit_resv (const struct core *core, const Moisson__ResvOpRequest *asked, uint32_t uid, usec_t now,
                     Moisson__Resv **ret, struct err *err)
{
    bool update = asked->op == MOISSON__RESV_OP_REQUEST__OP__UPDATE;
    const struct resv *old = update ? resv_find (core, asked->name) : NULL;
    Moisson__Resv *resv;

    *ret = NULL;
    if (!core->config)
        return err_set (err, 0, "the controller has no configuration yet");
    if (asked->op == MOISSON__RESV_OP_REQUEST__OP__DELETE)
        return admit_delete (core, asked, err);
    if (update && !old)
        return refuse_name (asked->name, err);
    if (old)
        resv = message_copy (&old->msg->base);
    else {
        resv = xmalloc (sizeof *resv);
        moisson__resv__init (resv);
        resv->has_uid = resv->has_utc_offset_s = true;
        resv->uid = uid;
        resv->utc_offset_s = asked->utc_offset_s;
        if (!asked->has_start_us || (!asked->has_end_us && !asked->has_duration_s)) {
            moisson__resv__free_unpacked (resv, NULL);
            return refuse_time (err, "it needs a start, and an end or a duration", "give StartTime and Duration");
        }
    }
    if (make (core, asked, old, now, resv, err)) {
        moisson__resv__free_unpacked (resv, NULL);
        return -1;
    }
    *ret = resv;
    return 0;
}

int resv_check (const struct core *core, const Moisson__JobSpec *spec, const char *user, struct err *err)
{
    const struct resv *resv = resv_find (core, spec->reservation);

    if (!spec->reservation || !*spec->reservation)
        return 0;
    if (!resv)
        return refuse_name (spec->reservation, err);
    if (!user || resv_lets_in (resv, user, spec->account))
        return 0;
    err_set (err, MOISSON__FAIL_CODE__FAIL_RESV_ACCESS,
             "Access denied to requested reservation: %s is not for user %s%s%s", resv->msg->name, user,
             spec->account ? " with account " : "", spec->account ? spec->account : "");
    return err_fix (err, "see who may use it: scontrol show reservation %s", resv->msg->name);
}
