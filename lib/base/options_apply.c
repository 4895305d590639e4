/* options_apply.c - options whose value is a word, a number or nothing. */
#include "base/options_apply.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/cleanup.h"
#include "base/hostlist.h"
#include "base/licences.h"
#include "base/mail.h"
#include "base/mem.h"
#include "base/retry.h"
#include "base/units.h"
#include "proto/wire.pb-c.h"

#define NICE_MAX 2147483645
#define KEY_MAX 255
#define NAME_MAX_LEN 1024

int option_bad (struct err *err, const char *option, const char *value, const char *fix)
{
    err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "--%s=%.80s is not understood", option, value);
    return err_fix (err, "%s", fix);
}

/* An empty word is "not asked". */
static int put (char **slot, const char *value)
{
    free (*slot);
    *slot = value && *value ? xstrdup (value) : NULL;
    return 0;
}

#define STRING_OPTION(name, slot)                                                                                      \
    APPLY (name)                                                                                                       \
    {                                                                                                                  \
        (void) err;                                                                                                    \
        return put (&s->slot, value);                                                                                  \
    }

STRING_OPTION (account, spec.account)
STRING_OPTION (chdir, spec.work_dir)
STRING_OPTION (comment, spec.comment)
STRING_OPTION (constraint, spec.constraint)
STRING_OPTION (export, spec.export_mode)
STRING_OPTION (export_file, flags.export_file)
STRING_OPTION (partition, spec.partition)
STRING_OPTION (qos, spec.qos)
STRING_OPTION (reservation, spec.reservation)
STRING_OPTION (wckey, spec.wckey)

APPLY (get_user_env)
{
    static const char fix[] =
        "write --get-user-env, --get-user-env=SECONDS, or with L (login shell) or S behind it: 20L";
    size_t digits = value ? strspn (value, "0123456789") : 0;
    const char *mode = value ? value + digits : "";
    uint64_t seconds = 0;

    if (*mode && (mode[1] || !strchr ("lLsS", *mode)))
        return option_bad (err, "get-user-env", value, fix);
    if (digits) {
        _cleanup_free_ char *number = xstrndup (value, digits);
        if (number_parse (number, "--get-user-env", 0, 3600, &seconds, err) < 0)
            return -1;
    }
    s->spec.has_login_env_s = s->spec.has_login_env_short = true;
    s->spec.login_env_s = (uint32_t) seconds;
    s->spec.login_env_short = *mode == 's' || *mode == 'S';
    return 0;
}

#define FLAG_OPTION(name, flag)                                                                                        \
    APPLY (name)                                                                                                       \
    {                                                                                                                  \
        (void) value;                                                                                                  \
        (void) err;                                                                                                    \
        s->flags.flag = true;                                                                                          \
        return 0;                                                                                                      \
    }

FLAG_OPTION (bulk_each, bulk_each)
FLAG_OPTION (help, help)
FLAG_OPTION (ignore_pbs, ignore_pbs)
FLAG_OPTION (json, json)
FLAG_OPTION (parsable, parsable)
FLAG_OPTION (quiet, quiet)
FLAG_OPTION (test_only, test_only)
FLAG_OPTION (usage, usage)
FLAG_OPTION (version, version)
FLAG_OPTION (wait, wait)

#define BOOL_OPTION(name, member, truth)                                                                               \
    APPLY (name)                                                                                                       \
    {                                                                                                                  \
        (void) value;                                                                                                  \
        (void) err;                                                                                                    \
        s->spec.has_##member = true;                                                                                   \
        s->spec.member = (truth);                                                                                      \
        return 0;                                                                                                      \
    }

BOOL_OPTION (contiguous, contiguous, true)
BOOL_OPTION (hold, hold, true)
BOOL_OPTION (oversubscribe, oversubscribe, true)
BOOL_OPTION (requeue, requeue, true)
BOOL_OPTION (no_requeue, requeue, false)

APPLY (retry)
{
    return retry_parse (&s->spec, value, err);
}

APPLY (licenses)
{
    struct licence_list list;

    if (licences_parse (&list, value, err))
        return -1;
    licences_clear (&list);
    return put (&s->spec.licenses, value);
}

APPLY (tmp)
{
    s->spec.has_tmp_mb = true;
    return mem_parse (value, &s->spec.tmp_mb, err);
}

/* mcs: nodes are shared with nobody then, so what asks for less is met. */
APPLY (exclusive)
{
    if (value && !strcasecmp (value, "user")) {
        s->spec.has_exclusive_user = s->spec.exclusive_user = true;
        s->spec.has_exclusive = s->spec.exclusive = false;
        return 0;
    }
    if (value && *value && strcasecmp (value, "user") != 0 && strcasecmp (value, "mcs") != 0)
        return option_bad (err, "exclusive", value, "use --exclusive alone, or --exclusive=user or mcs");
    s->spec.has_exclusive_user = s->spec.exclusive_user = false;
    s->spec.has_exclusive = s->spec.exclusive = true;
    return 0;
}

#define COUNT_OPTION(name, option, member, most)                                                                       \
    APPLY (name)                                                                                                       \
    {                                                                                                                  \
        uint64_t n;                                                                                                    \
        if (number_parse (value, "--" option, 1, most, &n, err) < 0)                                                   \
            return -1;                                                                                                 \
        s->spec.has_##member = true;                                                                                   \
        s->spec.member = (uint32_t) n;                                                                                 \
        return 0;                                                                                                      \
    }

COUNT_OPTION (mincpus, "mincpus", min_cpus, 65533)
COUNT_OPTION (cpus_per_task, "cpus-per-task", cpus_per_task, 65533)
COUNT_OPTION (ntasks, "ntasks", ntasks, 10000000)
COUNT_OPTION (ntasks_per_core, "ntasks-per-core", ntasks_per_core, 65533)
COUNT_OPTION (ntasks_per_node, "ntasks-per-node", ntasks_per_node, 65533)

static void put_threads (struct submit *s, uint32_t threads, const char *hint)
{
    s->spec.has_threads_per_core = threads > 0;
    s->spec.threads_per_core = threads;
    put (&s->spec.hint, hint);
}

APPLY (threads_per_core)
{
    uint64_t n;

    if (number_parse (value, "--threads-per-core", 1, 65533, &n, err) < 0)
        return -1;
    put_threads (s, (uint32_t) n, NULL); /* the later of --threads-per-core and --hint counts */
    return 0;
}

APPLY (hint)
{
    static const struct {
        const char *word;
        uint32_t threads; /* of each core; 0 = all */
    } hints[] = {{"nomultithread", 1}, {"multithread", 0}, {"compute_bound", 1}, {"memory_bound", 1}};

    if (!*value) {
        put_threads (s, 0, NULL);
        return 0;
    }
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (!strcasecmp (value, hints[i].word)) {
            put_threads (s, hints[i].threads, value);
            return 0;
        }
    return option_bad (err, "hint", value, "use nomultithread, multithread, compute_bound or memory_bound");
}

/* "none" is Slurm's word for nothing. */
static int put_file (char **slot, const char *value)
{
    return put (slot, !strcasecmp (value, "none") ? "/dev/null" : value);
}

APPLY (error)
{
    (void) err;
    return put_file (&s->spec.std_err, value);
}

APPLY (input)
{
    (void) err;
    return put_file (&s->spec.std_in, value);
}

APPLY (output)
{
    (void) err;
    return put_file (&s->spec.std_out, value);
}

APPLY (job_name)
{
    if (strlen (value) > NAME_MAX_LEN)
        return option_bad (err, "job-name", value, "use at most 1024 characters");
    return put (&s->spec.name, value);
}

APPLY (wrap)
{
    if (s->in_script) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "--wrap stands in a script");
        return err_fix (err, "give --wrap on the command line, or put the command into the script");
    }
    free (s->flags.wrap);
    s->flags.wrap = xstrdup (value);
    return 0;
}

APPLY (bulk)
{
    if (s->in_script || !*value) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "--bulk %s", *value ? "stands in a script" : "names no file");
        return err_fix (err, "give it on the command line: --bulk=FILE, or --bulk=- for standard input");
    }
    return put (&s->flags.bulk, value);
}

APPLY (submit_key)
{
    if (strlen (value) > KEY_MAX || strpbrk (value, "\n\r\t"))
        return option_bad (err, "submit-key", value, "use one line of at most 255 characters");
    return put (&s->flags.submit_key, value);
}

APPLY (clusters)
{
    if (strchr (value, ',') || !strcasecmp (value, "all")) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "--clusters=%.80s names more than one cluster", value);
        return err_fix (err, "name this cluster, or leave the option out");
    }
    return put (&s->flags.clusters, value);
}

APPLY (verbose)
{
    uint64_t n = 1;

    if (value && *value && number_parse (value, "--verbose", 0, 9, &n, err) < 0)
        return -1;
    s->flags.verbose += (int) n;
    return 0;
}

APPLY (begin)
{
    usec_t at;

    if (!*value) {
        s->spec.has_begin_us = false;
        return 0;
    }
    if (time_parse (value, s->now_us, true, &at, err) < 0)
        return -1;
    s->spec.has_begin_us = true;
    s->spec.begin_us = at;
    return 0;
}

APPLY (deadline)
{
    usec_t at;

    if (!*value) {
        s->spec.has_deadline_us = false;
        return 0;
    }
    if (time_parse (value, s->now_us, true, &at, err) < 0)
        return -1;
    s->spec.has_deadline_us = true;
    s->spec.deadline_us = at;
    return 0;
}

/* A job limit in whole minutes, as Slurm keeps it; 0 = none. */
static int parse_limit (const char *value, uint64_t *ret_s, struct err *err)
{
    uint64_t s;

    if (duration_parse (value, &s, err) < 0)
        return -1;
    if (s > 10ULL * 366 * 86400) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_BAD_SPEC, "a time of %.80s is longer than ten years", value);
        return err_fix (err, "--time=UNLIMITED asks for no limit");
    }
    *ret_s = (s + 59) / 60 * 60;
    return 0;
}

APPLY (time)
{
    if (parse_limit (value, &s->spec.time_limit_s, err) < 0)
        return -1;
    s->spec.has_time_limit_s = true;
    return 0;
}

APPLY (time_min)
{
    if (parse_limit (value, &s->spec.time_min_s, err) < 0)
        return -1;
    s->spec.has_time_min_s = true;
    return 0;
}

APPLY (mem)
{
    if (mem_parse (value, &s->spec.mem_per_node_mb, err) < 0)
        return -1;
    s->spec.has_mem_per_node_mb = true;
    s->spec.has_mem_per_cpu_mb = s->spec.has_mem_per_gpu_mb = false; /* the last of them counts */
    return 0;
}

APPLY (mem_per_cpu)
{
    if (mem_parse (value, &s->spec.mem_per_cpu_mb, err) < 0)
        return -1;
    s->spec.has_mem_per_cpu_mb = true;
    s->spec.has_mem_per_node_mb = s->spec.has_mem_per_gpu_mb = false;
    return 0;
}

APPLY (mail_type)
{
    if (mail_types_parse (value, &s->spec.mail_types, err) < 0)
        return -1;
    s->spec.has_mail_types = true;
    return 0;
}

APPLY (mail_user)
{
    if (*value && !mail_address_ok (value))
        return option_bad (err, "mail-user", value, "write an address or a user name, or some joined by commas");
    return put (&s->spec.mail_user, value);
}

APPLY (nice)
{
    char *end;
    long n = 100; /* Slurm's, when no number is given */

    if (value && *value) {
        n = strtol (value, &end, 10);
        if (*end || end == value || n > NICE_MAX || n < -NICE_MAX)
            return option_bad (err, "nice", value, "give a whole number; a higher one lets others go first");
    }
    s->spec.has_nice = true;
    s->spec.nice = (int32_t) n;
    return 0;
}

APPLY (priority)
{
    uint64_t n = UINT32_MAX;

    if (strcasecmp (value, "TOP") && number_parse (value, "--priority", 0, UINT32_MAX, &n, err) < 0)
        return -1;
    if (!n)
        return apply_hold (s, NULL, err);
    s->spec.has_priority = true;
    s->spec.priority = (uint32_t) n;
    return 0;
}

APPLY (nodes)
{
    _cleanup_free_ char *text = xstrdup (value);
    char *dash = strchr (text, '-');
    uint64_t min, max;

    if (dash)
        *dash++ = '\0';
    if (number_parse (text, "--nodes", 1, 1000000, &min, err) < 0)
        return -1;
    max = min;
    if (dash && number_parse (dash, "--nodes", 1, 1000000, &max, err) < 0)
        return -1;
    if (max < min)
        return option_bad (err, "nodes", value, "write --nodes=MIN-MAX with MIN not above MAX");
    s->spec.has_min_nodes = s->spec.has_max_nodes = true;
    s->spec.min_nodes = (uint32_t) min;
    s->spec.max_nodes = (uint32_t) max;
    return 0;
}

static int put_nodes (char **slot, const char *option, const char *value, struct err *err)
{
    _cleanup_hostlist_ struct hostlist *list = NULL;

    if (strchr (value, '/'))
        return option_bad (err, option, value, "write the names themselves: n[1-4],n7; files of names are not read");
    if (*value && hostlist_parse (&list, value, err) < 0)
        return -1;
    return put (slot, value);
}

APPLY (nodelist)
{
    return put_nodes (&s->spec.nodelist, "nodelist", value, err);
}

APPLY (exclude)
{
    return put_nodes (&s->spec.exclude, "exclude", value, err);
}

APPLY (open_mode)
{
    bool append = !strcasecmp (value, "append") || !strcasecmp (value, "a");

    if (!append && strcasecmp (value, "truncate") && strcasecmp (value, "t"))
        return option_bad (err, "open-mode", value, "use append or truncate");
    s->spec.has_open_append = true;
    s->spec.open_append = append;
    return 0;
}

APPLY (kill_on_invalid_dep)
{
    bool kill;

    if (bool_parse (value, &kill, err) < 0)
        return option_bad (err, "kill-on-invalid-dep", value, "use yes or no");
    s->spec.has_kill_on_invalid_dep = true;
    s->spec.kill_on_invalid_dep = kill;
    return 0;
}

APPLY (signal)
{
    _cleanup_free_ char *text = xstrdup (value);
    char *name = text, *at = strchr (text, '@');
    uint64_t seconds;
    int sig;

    if (!*value)
        return put (&s->spec.signal, NULL);
    if (at)
        *at++ = '\0';
    for (char *colon; (colon = strchr (name, ':')); name = colon + 1) /* B: batch shell, R: reservations */
        if (strspn (name, "BbRr") != (size_t) (colon - name))
            return option_bad (err, "signal", value, "write --signal=[B:]NAME[@SECONDS], for example B:USR2@30");
    if (signal_parse (name, &sig, err) < 0)
        return -1;
    if (at && number_parse (at, "the seconds of --signal", 0, 65535, &seconds, err) < 0)
        return -1;
    return put (&s->spec.signal, value);
}
