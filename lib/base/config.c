/* config.c - load, check, free, and questions about what was read. */
#include "base/config.h"
#include <string.h>
#include <unistd.h>
#include "base/config_accounts.h"
#include "base/config_cpus.h"
#include "base/config_gres.h"
#include "base/config_index.h"
#include "base/config_jobs.h"
#include "base/config_policy.h"
#include "base/config_schedule.h"
#include "base/config_reader.h"
#include "base/licences.h"
#include "base/mem.h"
#include "proto/wire.pb-c.h"

static void fill_licences (const struct config *conf)
{
    _cleanup_licences_ struct licence_list list = LICENCE_LIST_INIT;
    Moisson__Config *core = conf->core;

    licences_parse (&list, conf->licences, NULL); /* as it was checked */
    core->licences = xcalloc (list.n + 1, sizeof *core->licences);
    for (size_t i = 0; i < list.n; i++) {
        Moisson__Licence *licence = core->licences[core->n_licences++] = xmalloc (sizeof *licence);
        moisson__licence__init (licence);
        licence->name = xstrdup (list.list[i].name);
        licence->count = list.list[i].n;
    }
}

static void fill_core (struct config *conf)
{
    Moisson__Config *core = conf->core;

    core->cluster = xstrdup (conf->cluster_name);
    core->min_job_age_s = conf->min_job_age;
    core->kill_wait_s = conf->kill_wait;
    core->max_array_size = conf->max_array_size;
    core->max_job_count = conf->max_job_count;
    core->node_timeout_s = conf->slurmd_timeout;
    core->submit_key_age_s = conf->submit_key_age;
    core->has_requeue_default = true;
    core->requeue_default = conf->job_requeue;
    core->first_job_id = conf->first_job_id;
    core->has_return_to_service = core->has_resume_timeout_s = true;
    core->return_to_service = conf->return_to_service;
    core->resume_timeout_s = conf->resume_timeout;
    core->has_resv_over_run_s = true;
    core->resv_over_run_s = conf->resv_over_run_s;
    fill_licences (conf);
    config_apply_select (conf);
    config_apply_jobs (conf);
    config_apply_policy (conf);
    config_fill_accounts (conf);
    config_apply_schedule (conf);
    if (!*conf->controller_addr) {
        free (conf->controller_addr);
        conf->controller_addr = xstrdup (conf->controller_host);
    }
}

static int by_serial (const void *a, const void *b)
{
    const struct config_finding *x = a, *y = b;

    if (x->serial != y->serial)
        return x->serial < y->serial ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static struct config *config_create (const char *path)
{
    struct config *conf = xcalloc (1, sizeof *conf);

    conf->path = xstrdup (path);
    conf->core = xmalloc (sizeof *conf->core);
    moisson__config__init (conf->core);
    config_defaults (KEYS_SCALAR, conf);
    return conf;
}

struct config *config_free (struct config *conf)
{
    if (!conf)
        return NULL;
    for (size_t i = 0; i < conf->core->n_nodes; i++) {
        free (conf->node_extra[i].topology);
        free (conf->node_extra[i].hostname);
        free (conf->node_extra[i].gres);
    }
    free (conf->node_extra);
    for (size_t i = 0; i < conf->n_notices; i++) {
        free (conf->notices[i].file);
        free (conf->notices[i].text);
    }
    free (conf->notices);
    config_index_free (conf->index);
    config_gres_clear (conf);
    moisson__config__free_unpacked (conf->core, NULL);
    config_release (KEYS_SCALAR, conf);
    free (conf->path);
    free (conf->text);
    free (conf);
    return NULL;
}

/* Read everything; the findings are in file order afterwards. */
static void read_all (struct config_reader *r, const char *path, bool machine_only)
{
    size_t n_keys;

    config_keys (KEYS_SCALAR, &n_keys);
    *r = (struct config_reader){.conf = config_create (path), .machine_only = machine_only};
    r->file = r->conf->path;
    r->seen = xcalloc (n_keys, sizeof *r->seen);
    config_defaults (KEYS_NODE, &r->node_defaults);
    config_defaults (KEYS_PARTITION, &r->partition_defaults);
    reader_file (r, path);
    reader_cgroup_file (r);
    if (r->serial || !r->errors) {
        reader_finish (r);
        reader_gres (r);
    }
    fill_core (r->conf);
    r->conf->text = buf_steal (&r->text);
    if (r->n_findings)
        qsort (r->findings, r->n_findings, sizeof *r->findings, by_serial);
}

static void reader_clear (struct config_reader *r)
{
    for (size_t i = 0; i < r->n_findings; i++) {
        free (r->findings[i].file);
        free (r->findings[i].what);
        free (r->findings[i].fix);
    }
    for (size_t i = 0; i < r->n_partitions; i++) {
        free (r->partitions[i].file);
        free (r->partitions[i].nodes);
        if (r->partitions[i].conf)
            moisson__partition_conf__free_unpacked (r->partitions[i].conf, NULL);
    }
    free (r->findings);
    free (r->partitions);
    free (r->seen);
    config_release (KEYS_NODE, &r->node_defaults);
    config_release (KEYS_PARTITION, &r->partition_defaults);
    config_free (r->conf);
}

static int first_error (const struct config_reader *r, struct err *err)
{
    const struct config_finding *f = r->findings;

    while (!f->is_error)
        f++;
    if (f->line)
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s:%u: %s", f->file, f->line, f->what);
    else if (strstr (f->what, f->file)) /* "cannot open FILE" */
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s", f->what);
    else
        err_set (err, MOISSON__FAIL_CODE__FAIL_OTHER, "%s: %s", f->file, f->what);
    return f->fix ? err_fix (err, "%s", f->fix) : -1;
}

static int load (struct config **ret, const char *path, bool machine_only, struct err *err)
{
    struct config_reader r;
    int rc = 0;

    read_all (&r, path, machine_only);
    if (r.errors) {
        rc = first_error (&r, err);
    } else {
        struct config *conf = steal (&r.conf);
        conf->notices = xcalloc (r.n_findings, sizeof *conf->notices);
        for (size_t i = 0; i < r.n_findings; i++) {
            struct config_notice *notice = &conf->notices[conf->n_notices++];
            notice->file = steal (&r.findings[i].file);
            notice->line = r.findings[i].line;
            notice->text = steal (&r.findings[i].what);
        }
        *ret = conf;
    }
    reader_clear (&r);
    return rc;
}

int config_load (struct config **ret, const char *path, struct err *err)
{
    return load (ret, path, false, err);
}

int config_load_machine (struct config **ret, const char *path, struct err *err)
{
    return load (ret, path, true, err);
}

int config_check (const char *path, config_report_fn fn, void *arg)
{
    struct config_reader r;
    unsigned errors;

    read_all (&r, path, false);
    for (size_t i = 0; i < r.n_findings; i++)
        fn (arg, r.findings[i].file, r.findings[i].line, r.findings[i].is_error, r.findings[i].what, r.findings[i].fix);
    errors = r.errors;
    reader_clear (&r);
    return (int) errors;
}

const char *config_default_path (const char *moisson_conf, const char *slurm_conf)
{
    if (moisson_conf && *moisson_conf)
        return moisson_conf;
    if (slurm_conf && *slurm_conf)
        return slurm_conf;
    return "/etc/moisson/moisson.conf";
}

const Moisson__NodeConf *config_node (const struct config *conf, const char *name, size_t *ret_index)
{
    size_t i;

    if (!config_index_find (conf->index, name, &i))
        return NULL;
    if (ret_index)
        *ret_index = i;
    return conf->core->nodes[i];
}

char *config_node_path (const char *pattern, const char *node)
{
    struct buf b = BUF_INIT;
    char host[256];

    for (const char *p = pattern; *p; p++) {
        if (*p != '%' || !p[1]) {
            buf_putc (&b, *p);
            continue;
        }
        p++;
        if (*p == 'n') {
            buf_puts (&b, node);
        } else if (*p == 'h') {
            if (gethostname (host, sizeof host) < 0)
                snprintf (host, sizeof host, "localhost");
            host[sizeof host - 1] = '\0';
            host[strcspn (host, ".")] = '\0';
            buf_puts (&b, host);
        } else {
            if (*p != '%')
                buf_putc (&b, '%');
            buf_putc (&b, *p);
        }
    }
    return buf_steal (&b);
}
