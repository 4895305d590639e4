/* sbatch.c - a script and its options become one MSG_SUBMIT, repeated with the same token until it is answered. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/options.h"
#include "bulk.h"
#include "command.h"
#include "failure.h"
#include "rpc.h"
#include "sbatch_env.h"
#include "sbatch_script.h"
#include "sbatch_spec.h"
#include "sbatch_wait.h"

#define TOOL "sbatch"
#define TOKEN_SIZE 16
#define LEAD "Batch job submission failed"

struct sbatch {
    struct submit submit;
    struct script script;
    struct buf env;
    uint8_t token[TOKEN_SIZE];
    struct submitter from;
    struct rpc *rpc;
    bool progress; /* a line about waiting stands on the terminal */
};

static void sbatch_clear (struct sbatch *s)
{
    submit_clear (&s->submit);
    script_clear (&s->script);
    buf_clear (&s->env);
    submitter_clear (&s->from);
    rpc_free (s->rpc);
}

static const char *from_environment (const char *name)
{
    return getenv (name);
}

/* The options, weakest first: environment, script, command line. The command line is read once before, into a submit of
 * its own, because it says where the script is; that also finds its mistakes before anything is read from stdin. */
static int load_script (struct sbatch *s, int argc, char **argv, int *ret_index, struct submit_flags *flags,
                        struct err *err)
{
    bool has_word = *ret_index < argc;

    if (flags->wrap) {
        if (has_word) {
            err_set (err, 0, "Script arguments not permitted with --wrap option");
            return err_fix (err, "put the words into the string: --wrap=\"%s %s\"", flags->wrap, argv[*ret_index]);
        }
        script_wrap (&s->script, flags->wrap);
        return 0;
    }
    return script_load (&s->script, has_word ? argv[*ret_index] : NULL, s->from.cwd, getenv ("PATH"), err);
}

static int read_options (struct sbatch *s, int argc, char **argv, int *ret_index, struct err *err)
{
    if (options_parse_env (&s->submit, from_environment, err))
        return -1;
    s->submit.in_script = true;
    if (options_parse_script (&s->submit, s->script.text, s->script.len, err))
        return -1;
    s->submit.in_script = false;
    return options_parse (&s->submit, argc, argv, ret_index, err);
}

/* What the job inherits from this process. */
static int complete_spec (struct sbatch *s, int argc, char **argv, int index, struct err *err)
{
    uint8_t script[HASH_SIZE], env[HASH_SIZE];
    size_t n_args = index + 1 < argc ? (size_t) (argc - index - 1) : 0;

    hash_bytes (s->script.text, s->script.len, script);
    hash_bytes (buf_str (&s->env), s->env.len, env);
    spec_set_hashes (&s->submit.spec, script, env);
    return spec_complete (&s->submit.spec, &s->from, &s->script, n_args, n_args ? &argv[index + 1] : NULL, err);
}

static int build_env (struct sbatch *s, struct err *err)
{
    _cleanup_free_ char *file = NULL, *path = NULL;
    const char *word = s->submit.flags.export_file;
    size_t len = 0;

    if (word) /* a number is a descriptor that the caller left open */
        path = strspn (word, "0123456789") == strlen (word) ? xasprintf ("/proc/self/fd/%s", word) : xstrdup (word);
    if (path && file_read (path, ENV_BLOB_MAX, &file, &len, err))
        return err_what (err, "--export-file");
    if (env_wants_login (s->submit.spec.export_mode))
        s->submit.spec.has_login_env_s = true; /* in the node's own time, unless --get-user-env said more */
    return env_build (&s->env, environ, s->submit.spec.export_mode, file, len, err);
}

static void show_progress (void *arg, usec_t waited, const struct err *why)
{
    struct sbatch *s = arg;

    if (waited < 2 * USEC_PER_SEC || !isatty (STDERR_FILENO))
        return;
    fprintf (stderr, "\rsbatch: %s; still trying, %2u s of 60 ", why->why, (unsigned) (waited / USEC_PER_SEC));
    s->progress = true;
}

static void clear_progress (struct sbatch *s)
{
    if (s->progress)
        fputs ("\r\033[K", stderr);
    s->progress = false;
}

/* No answer came: is there a job or not, and how to find out. */
static void explain_silence (const struct sbatch *s)
{
    const struct submit_flags *flags = &s->submit.flags;

    if (!rpc_in_doubt (s->rpc))
        fprintf (stderr, "        The job was not accepted: the request was never delivered. Submit it again later.\n");
    else if (flags->submit_key)
        fprintf (stderr,
                 "        The job may have been accepted: the request may have been delivered, but no answer came.\n"
                 "        Run the same command again: with --submit-key=%s it makes no second job.\n",
                 flags->submit_key);
    else
        fprintf (stderr,
                 "        The job may have been accepted: the request may have been delivered, but no answer came.\n"
                 "        Before submitting again, look: squeue --me --name='%s'  (ended ones: sacct --name='%s')\n"
                 "        With --submit-key=KEY the same command could be repeated without a second job.\n",
                 s->submit.spec.name, s->submit.spec.name);
}

static int submit_failed (const struct sbatch *s, int how, const struct err *err)
{
    if (s->submit.flags.test_only) {
        fprintf (stderr, "allocation failure: %s\n", failure_text (err));
        failure_details (err);
        return COMMAND_ERROR;
    }
    failure_report (TOOL, LEAD, err);
    if (how == RPC_E_CONTACT || rpc_in_doubt (s->rpc)) /* the second: a try before this one may have arrived */
        explain_silence (s);
    return COMMAND_ERROR;
}

static void report_test (const Moisson__SubmitReply *reply)
{
    char when[64];

    fprintf (stderr, "sbatch: Job %llu to start at %s using %u processors on nodes %s in partition %s\n",
             (unsigned long long) reply->job_id,
             time_format (reply->start_estimate_us, getenv ("SLURM_TIME_FORMAT"), "Unknown", when, sizeof when),
             reply->cpus, reply->node ? reply->node : "(null)", reply->partition ? reply->partition : "(null)");
}

static void report_job (const struct sbatch *s, uint64_t job_id)
{
    const struct submit_flags *flags = &s->submit.flags;
    const char *cluster = rpc_config (s->rpc)->cluster_name;
    unsigned long long id = job_id;

    if (flags->parsable && flags->clusters)
        printf ("%llu;%s\n", id, cluster);
    else if (flags->parsable)
        printf ("%llu\n", id);
    else if (!flags->quiet && flags->clusters)
        printf ("Submitted batch job %llu on cluster %s\n", id, cluster);
    else if (!flags->quiet)
        printf ("Submitted batch job %llu\n", id);
}

static int send_job (struct sbatch *s)
{
    Moisson__SubmitRequest request = MOISSON__SUBMIT_REQUEST__INIT;
    Moisson__SubmitReply *reply = NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    uint64_t job_id;
    int r;

    random_fill (s->token, sizeof s->token);
    request.token = (ProtobufCBinaryData){sizeof s->token, s->token};
    request.submit_key = s->submit.flags.submit_key;
    request.spec = &s->submit.spec;
    request.has_script = true;
    request.script = (ProtobufCBinaryData){s->script.len, (uint8_t *) s->script.text};
    request.has_env = true;
    request.env = (ProtobufCBinaryData){s->env.len, (uint8_t *) s->env.data};
    request.has_test_only = s->submit.flags.test_only;
    request.test_only = s->submit.flags.test_only;
    if (s->submit.flags.verbose)
        fprintf (stderr, "sbatch: controller %s, port %u; script of %zu bytes, environment of %zu bytes\n",
                 rpc_config (s->rpc)->controller_addr, (unsigned) rpc_config (s->rpc)->controller_port, s->script.len,
                 s->env.len);
    rpc_on_retry (s->rpc, show_progress, s);
    r = rpc_request (s->rpc, RPC_SUBMIT, MOISSON__MSG_TYPE__MSG_SUBMIT, &request.base,
                     MOISSON__MSG_TYPE__MSG_SUBMIT_REPLY, &moisson__submit_reply__descriptor, &reply, &err);
    clear_progress (s);
    if (r)
        return submit_failed (s, r, &err);
    job_id = reply->job_id;
    if (s->submit.flags.test_only)
        report_test (reply);
    else
        report_job (s, job_id);
    moisson__submit_reply__free_unpacked (reply, NULL);
    if (!s->submit.flags.wait || s->submit.flags.test_only)
        return 0;
    rpc_on_retry (s->rpc, NULL, NULL);
    return sbatch_wait (s->rpc, job_id);
}

/* Everything up to the message; a failure here is nobody's but the caller's. */
static int prepare (struct sbatch *s, int argc, char **argv, int index, struct submit_flags *flags, struct err *err)
{
    submitter_find (&s->from);
    if (load_script (s, argc, argv, &index, flags, err) || read_options (s, argc, argv, &index, err) ||
        options_finish (&s->submit, err) || build_env (s, err) || complete_spec (s, argc, argv, index, err) ||
        rpc_create (&s->rpc, NULL, err))
        return -1;
    return rpc_check_clusters (s->rpc, s->submit.flags.clusters, err);
}

int sbatch_run (int argc, char **argv)
{
    _cleanup_ (submit_clear) struct submit first; /* of the command line alone */
    _cleanup_ (sbatch_clear) struct sbatch s = {0};
    _cleanup_err_ struct err err = ERR_INIT;
    int index = 0;

    submit_init (&first);
    submit_init (&s.submit);
    if (options_parse (&first, argc, argv, &index, &err))
        goto fail;
    if (first.flags.version)
        return command_version ();
    if (first.flags.help || first.flags.usage) {
        (first.flags.help ? options_help : options_usage) (stdout, TOOL);
        return 0;
    }
    if (first.flags.bulk)
        return bulk_run (&first, argc, argv, index);
    if (prepare (&s, argc, argv, index, &first.flags, &err))
        goto fail;
    return send_job (&s);
fail:
    err_report (TOOL, &err);
    return COMMAND_ERROR;
}
