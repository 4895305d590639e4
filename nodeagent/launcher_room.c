/* launcher_room.c - the room a job gets on this host: a cgroup under limits, and a directory for temporary files. Both
 * are made before its shepherd starts, named in its order, and go when nobody is left in them. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "base/files.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "nodeagent/launcher.h"

#define BASE_MAX 65536

static char *group_name (struct attempt_id id)
{
    char name[ATTEMPT_NAME_SIZE];

    return xasprintf (CGROUP_JOB_PREFIX "%s", attempt_format (id, name));
}

/* Two clusters may have a node of one name on this host: with spools of their own they are told apart. */
static char *node_tag (const struct launcher *l)
{
    uint8_t hash[HASH_SIZE];

    if (strcmp (l->conf->spool_dir, "/var/spool/moisson/%n") == 0)
        return xstrdup (l->node);
    hash_bytes (l->spool, strlen (l->spool), hash);
    return xasprintf ("%s-%02x%02x%02x%02x", l->node, hash[0], hash[1], hash[2], hash[3]);
}

/* --- at start -------------------------------------------------------------------------------------------------------
 */

static int open_cgroup (struct launcher *l, const char *tag, struct err *err)
{
    _cleanup_free_ char *path = spool_path (l->spool, "cgroup"), *before = NULL;

    if (file_read_own (path, BASE_MAX, &before, NULL, err) < 0)
        return -1;
    const struct cgroup_wish wish = {
        .plugin = l->conf->cgroup_plugin, .mountpoint = l->conf->cgroup_mountpoint, .node = tag, .before = before};
    if (cgroup_open (&l->cgroup, &wish, err))
        return -1;
    const char *base = cgroup_base (l->cgroup);
    log_info ("event=cgroup is='%s'", cgroup_text (l->cgroup));
    if (before && strcmp (before, base) == 0)
        return 0;
    return file_write (path, base, strlen (base), 0600, 0, err);
}

static int open_scratch (struct launcher *l, const char *tag, struct err *err)
{
    _cleanup_free_ char *parent = config_node_path (l->conf->scratch_dir, l->node);
    bool hidden = l->root_mode.on && l->conf->private_tmp;

    if (hidden && (scratch_hides (l->spool) || scratch_hides (l->shepherd_path))) {
        log_warn ("event=no-private-tmp why='%s would not be seen by jobs'",
                  scratch_hides (l->spool) ? l->spool : l->shepherd_path);
        hidden = false;
    }
    if (scratch_open (&l->scratch, parent[0] ? parent : "/tmp", tag, l->root_mode.on, hidden, err))
        return -1;
    _cleanup_free_ char *path = spool_path (l->spool, "scratch"), *line = xasprintf ("%s\n", l->scratch.dir);
    return file_write (path, line, strlen (line), 0600, 0, err); /* for whoever has to clean up after us */
}

int room_open (struct launcher *l, struct err *err)
{
    _cleanup_free_ char *tag = node_tag (l);

    return open_cgroup (l, tag, err) || open_scratch (l, tag, err) ? -1 : 0;
}

void room_close (struct launcher *l)
{
    scratch_close (&l->scratch);
    l->cgroup = cgroup_close (l->cgroup);
}

static bool id_of_name (const char *name, struct attempt_id *ret)
{
    return attempt_parse (name + sizeof CGROUP_JOB_PREFIX - 1, ret) == 0;
}

static bool is_of_live (void *arg, const char *name)
{
    struct attempt_id id;

    return id_of_name (name, &id) && launcher_find (arg, id);
}

/* A group without an attempt goes if it is empty; else whoever is in it belongs to a job that has lost everything but
 * its processes, and is ended as such. */
static void sort_out (void *arg, const char *name)
{
    struct launcher *l = arg;
    struct attempt_id id;

    if (is_of_live (l, name))
        return;
    _cleanup_ (cgroup_freep) struct cgroup_group *g = cgroup_find (l->cgroup, name);
    int rc = cgroup_remove (g);
    if (rc == -EBUSY && id_of_name (name, &id))
        launcher_add_gone (l, id);
    else if (rc)
        log_error ("cannot remove cgroup %s: %s", name, strerror (-rc));
}

void room_sort_out (struct launcher *l)
{
    cgroup_each (l->cgroup, sort_out, l);
    scratch_keep_only (&l->scratch, is_of_live, l);
}

/* --- a job's --------------------------------------------------------------------------------------------------------
 */

static uint64_t percent_of (uint64_t bytes, uint32_t percent)
{
    return bytes / 100 * percent + bytes % 100 * percent / 100;
}

/* What the configuration and the order say, as limits. *ret_deny is owned by the caller. */
static void limits_of (const struct config *conf, const Moisson__Launch *launch, const Moisson__Order *order,
                       struct cgroup_limits *ret, struct cgroup_device **ret_deny)
{
    uint64_t mem = order->has_mem_mb ? order->mem_mb << 20 : 0;
    struct cgroup_device *deny = xcalloc (launch->n_deny_devices + 1, sizeof *deny);

    *ret = (struct cgroup_limits){
        .mem_bytes = CGROUP_NO_LIMIT, .swap_bytes = CGROUP_NO_LIMIT, .pids = CGROUP_NO_LIMIT, .deny = deny};
    if (conf->constrain_cores) {
        ret->cpus = launch->bind_cpus;
        ret->n_cpus = launch->n_bind_cpus;
        ret->mems = launch->bind_mems;
        ret->n_mems = launch->n_bind_mems;
    } else
        ret->weight = order->cpus;
    if (conf->constrain_ram && mem)
        ret->mem_bytes = percent_of (mem, conf->allowed_ram);
    if (conf->constrain_swap)
        ret->swap_bytes = percent_of (mem, conf->allowed_swap);
    if (conf->pids_per_cpu)
        ret->pids = (uint64_t) conf->pids_per_cpu * (order->cpus ? order->cpus : 1);
    for (size_t i = 0; conf->constrain_devices && i < launch->n_deny_devices; i++) {
        const Moisson__Device *d = launch->deny_devices[i];
        deny[ret->n_deny++] = (struct cgroup_device){d->type && d->type[0] == 'b' ? 'b' : 'c', d->major, d->minor};
    }
    *ret_deny = deny;
}

static int make_group (struct launcher *l, const char *name, const Moisson__Launch *launch, const Moisson__Order *order,
                       struct room *ret, struct err *err)
{
    _cleanup_free_ struct cgroup_device *deny = NULL;
    _cleanup_ (cgroup_freep) struct cgroup_group *g = NULL;
    struct cgroup_limits limits;

    limits_of (l->conf, launch, order, &limits, &deny);
    if (cgroup_make (l->cgroup, name, &limits, &g, err))
        return -1;
    ret->words = cgroup_words (g, &ret->n_words);
    return 0;
}

int room_make (struct launcher *l, const Moisson__Launch *launch, const Moisson__Order *order, struct room *ret,
               struct err *err)
{
    struct attempt_id id = {order->raw_id, order->attempt};
    _cleanup_free_ char *name = group_name (id);

    *ret = (struct room){0};
    if (make_group (l, name, launch, order, ret, err) ||
        scratch_make (&l->scratch, name, order->uid, order->gid, &ret->scratch, err)) {
        room_clear (ret);
        room_leave (l, id);
        return -1;
    }
    return 0;
}

static bool rules_devices (const struct room *room)
{
    for (size_t i = 0; i < room->n_words; i++)
        if (!strcmp (room->words[i], "cgroup/v2") || !strncmp (room->words[i], "devices=", 8))
            return true;
    return false;
}

void room_tell (const struct launcher *l, const struct room *room, Moisson__Launch *launch)
{
    launch->cgroup = room->words;
    launch->n_cgroup = room->n_words;
    launch->scratch = room->scratch;
    launch->has_private_tmp = true;
    launch->private_tmp = l->scratch.is_hidden;
    launch->has_unkillable_s = true;
    launch->unkillable_s = l->conf->unkillable_timeout;
    launch->has_devices_hidden = true;
    launch->devices_hidden = l->conf->constrain_devices && launch->n_deny_devices && rules_devices (room);
}

void room_clear (struct room *room)
{
    for (size_t i = 0; i < room->n_words; i++)
        free (room->words[i]);
    free (room->words);
    free (room->scratch);
    *room = (struct room){0};
}

int room_leave (struct launcher *l, struct attempt_id id)
{
    _cleanup_free_ char *name = group_name (id);
    _cleanup_ (cgroup_freep) struct cgroup_group *g = cgroup_find (l->cgroup, name);
    int rc = cgroup_remove (g);

    if (rc == -EBUSY)
        return rc;
    if (rc)
        log_error ("cannot remove cgroup %s: %s", name, strerror (-rc));
    scratch_drop (&l->scratch, name);
    return 0;
}

struct cgroup_group *room_group (const struct launcher *l, struct attempt_id id)
{
    _cleanup_free_ char *name = group_name (id);

    return cgroup_find (l->cgroup, name);
}
