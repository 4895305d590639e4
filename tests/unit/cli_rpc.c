/* Commands and a controller that drops, refuses and pages: what is repeated, and what must not be. */
#include "net_house.h"
#include "command.h"
#include "failure.h"
#include "rpc.h"

enum act { DROP, DROP_AND_STOP_MUNGED, REFUSE, ANSWER, PAGE, LAST_PAGE };

struct play { /* what the controller does at each request, and what it saw */
    struct house house;
    const enum act *acts;
    unsigned n_acts, seen;
    uint8_t tokens[8][16];
    bool hang_up; /* on whoever has logged in */
    unsigned sessions;
    char conf[128];
};

static void send_page (struct play *p, uint64_t id, bool last)
{
    Moisson__JobsPage page = MOISSON__JOBS_PAGE__INIT;
    Moisson__JobInfo job = MOISSON__JOB_INFO__INIT, *jobs[] = {&job};

    job.raw_id = id;
    page.jobs = jobs;
    page.n_jobs = 1;
    page.last = last;
    channel_send (p->house.session, MOISSON__MSG_TYPE__MSG_JOBS_PAGE, &page.base);
}

static void send_refusal (struct play *p)
{
    Moisson__Failure failure = MOISSON__FAILURE__INIT;

    failure.code = MOISSON__FAIL_CODE__FAIL_TIME_LIMIT;
    failure.what = (char *) "job not submitted";
    failure.why = (char *) "61 minutes asked, 60 allowed";
    failure.fix = (char *) "ask less";
    channel_send (p->house.session, MOISSON__MSG_TYPE__MSG_ERROR, &failure.base);
}

static void send_answer (struct play *p)
{
    Moisson__SubmitReply reply = MOISSON__SUBMIT_REPLY__INIT;

    reply.job_id = 42;
    channel_send (p->house.session, MOISSON__MSG_TYPE__MSG_SUBMIT_REPLY, &reply.base);
}

static void stop_munged (struct play *p)
{
    ck_assert_int_eq (kill (p->house.munged.pid, SIGTERM), 0);
    ck_assert_int_eq (waitpid (p->house.munged.pid, NULL, 0), p->house.munged.pid);
    p->house.munged.pid = -1; /* its directory is still to be removed */
}

static void on_request (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    struct play *p = arg;
    Moisson__SubmitRequest *submit = NULL;

    ck_assert_uint_lt (p->seen, p->n_acts);
    if (type == MOISSON__MSG_TYPE__MSG_SUBMIT) {
        submit = moisson__submit_request__unpack (NULL, len, data);
        ck_assert_ptr_nonnull (submit);
        ck_assert_uint_eq (submit->token.len, 16);
        memcpy (p->tokens[p->seen], submit->token.data, 16);
        moisson__submit_request__free_unpacked (submit, NULL);
    }
    switch (p->acts[p->seen++]) {
    case DROP: p->house.session = channel_free (p->house.session); break;
    case DROP_AND_STOP_MUNGED: /* the next try cannot log in */
        stop_munged (p);
        p->house.session = channel_free (p->house.session);
        break;
    case REFUSE: send_refusal (p); break;
    case ANSWER: send_answer (p); break;
    case PAGE: /* two pages, then gone */
        send_page (p, 1, false);
        send_page (p, 2, false);
        channel_finish (p->house.session);
        p->house.session = NULL;
        break;
    case LAST_PAGE:
        send_page (p, 3, false);
        send_page (p, 4, true);
        break;
    }
}

static void on_gone (void *arg, const struct err *why)
{
    struct play *p = arg;

    (void) why;
    p->house.session = channel_free (p->house.session);
}

static void take_session (void *arg, struct channel *ch, const struct peer *peer)
{
    struct play *p = arg;

    (void) peer;
    p->sessions++;
    if (p->hang_up) {
        channel_finish (ch);
        return;
    }
    channel_free (p->house.session);
    p->house.session = ch;
    channel_handle (ch, &(const struct channel_handlers){.on_message = on_request, .on_closed = on_gone}, p);
}

static void write_conf (struct play *p)
{
    _cleanup_free_ char *key = base64_encode (p->house.key, KEY_SIZE), *text = NULL;
    struct err err = ERR_INIT;

    snprintf (p->conf, sizeof p->conf, "%s/moisson.conf", p->house.munged.dir);
    text = xasprintf ("ClusterName=play\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=%u\nControllerKey=%s\n"
                      "AuthInfo=socket=%s\nStateSaveLocation=%s\nSlurmdSpoolDir=%s\nNodeName=n1 CPUs=1\n"
                      "PartitionName=main Nodes=n1 Default=YES\n",
                      (unsigned) door_port (p->house.door), key, p->house.munged.socket, p->house.munged.dir,
                      p->house.munged.dir);
    ck_assert_int_eq (file_write (p->conf, text, strlen (text), 0600, 0, &err), 0);
}

static void play_open (struct play *p, const enum act *acts, unsigned n_acts)
{
    struct err err = ERR_INIT;
    struct door_options options = {
        .address = "127.0.0.1", .munge_threads = 2, .max_unknown = 8, .unknown_timeout = WAIT_US};
    struct node_keys no_keys = {0};

    *p = (struct play){.acts = acts, .n_acts = n_acts};
    munged_start (&p->house.munged);
    keypair_make (p->house.key, p->house.secret);
    options.secret = p->house.secret;
    options.munge_socket = p->house.munged.socket;
    ck_assert_int_eq (loop_create (&p->house.loop, &err), 0);
    ck_assert_int_eq (door_open (&p->house.door, p->house.loop, &options, &no_keys, take_session, p, &err), 0);
    write_conf (p);
}

static void play_close (struct play *p)
{
    house_close (&p->house);
}

/* --- the command, in a thread of its own ------------------------------------------------------------------------ */

struct caller {
    struct play *play;
    struct rpc *rpc;
    enum rpc_policy policy;
    bool stream;
    size_t script; /* bytes */
    char **argv;   /* a whole sbatch instead; argc of them */
    int argc, result;
    struct err err;
    uint64_t job_id, rows;
    unsigned retries;
    pthread_t thread;
};

static void count_retry (void *arg, usec_t waited, const struct err *why)
{
    struct caller *c = arg;

    (void) waited;
    ck_assert_ptr_nonnull (why->why);
    c->retries++;
}

static bool count_rows (void *arg, const void *page)
{
    struct caller *c = arg;
    const Moisson__JobsPage *jobs = page;

    c->rows += jobs->n_jobs;
    return jobs->last;
}

static void ask_stream (struct caller *c)
{
    Moisson__JobsRequest request = MOISSON__JOBS_REQUEST__INIT;

    c->result = rpc_stream (c->rpc, MOISSON__MSG_TYPE__MSG_JOBS, &request.base, MOISSON__MSG_TYPE__MSG_JOBS_PAGE,
                            &moisson__jobs_page__descriptor, count_rows, c, &c->err);
}

static void ask_submit (struct caller *c)
{
    uint8_t token[16] = "0123456789abcde";
    Moisson__JobSpec spec = MOISSON__JOB_SPEC__INIT;
    Moisson__SubmitRequest request = MOISSON__SUBMIT_REQUEST__INIT;
    Moisson__SubmitReply *reply = NULL;
    _cleanup_free_ uint8_t *script = xcalloc (1, c->script + 1);

    request.token = (ProtobufCBinaryData){sizeof token, token};
    request.spec = &spec;
    request.has_script = true;
    request.script = (ProtobufCBinaryData){c->script, script};
    c->result = rpc_request (c->rpc, c->policy, MOISSON__MSG_TYPE__MSG_SUBMIT, &request.base,
                             MOISSON__MSG_TYPE__MSG_SUBMIT_REPLY, &moisson__submit_reply__descriptor, &reply, &c->err);
    if (reply) {
        c->job_id = reply->job_id;
        moisson__submit_reply__free_unpacked (reply, NULL);
    }
}

static void *caller_main (void *arg)
{
    struct caller *c = arg;

    if (c->argv)
        c->result = sbatch_run (c->argc, c->argv);
    else if (c->stream)
        ask_stream (c);
    else
        ask_submit (c);
    loop_post (c->play->house.loop, stop_loop, c->play->house.loop);
    return NULL;
}

static void run (struct play *p, struct caller *c)
{
    c->play = p;
    ck_assert_int_eq (rpc_create (&c->rpc, p->conf, &c->err), 0);
    rpc_on_retry (c->rpc, count_retry, c);
    ck_assert_int_eq (pthread_create (&c->thread, NULL, caller_main, c), 0);
    loop_run (p->house.loop);
    pthread_join (c->thread, NULL);
}

static void caller_clear (struct caller *c)
{
    rpc_free (c->rpc);
    err_clear (&c->err);
}

START_TEST (a_submit_is_repeated_with_the_same_token)
{
    static const enum act acts[] = {DROP, DROP, ANSWER};
    struct play p;
    struct caller c = {.policy = RPC_SUBMIT};

    play_open (&p, acts, 3);
    run (&p, &c);
    ck_assert_int_eq (c.result, 0);
    ck_assert_uint_eq (c.job_id, 42);
    ck_assert_uint_eq (p.seen, 3);
    ck_assert_uint_eq (c.retries, 2);
    ck_assert_mem_eq (p.tokens[0], p.tokens[1], 16);
    ck_assert_mem_eq (p.tokens[0], p.tokens[2], 16);
    ck_assert (!rpc_in_doubt (c.rpc)); /* it was answered */
    caller_clear (&c);
    play_close (&p);
}
END_TEST

START_TEST (what_must_not_happen_twice_is_not_repeated)
{
    static const enum act acts[] = {DROP};
    struct play p;
    struct caller c = {.policy = RPC_ONCE};

    play_open (&p, acts, 1);
    run (&p, &c);
    ck_assert_int_eq (c.result, RPC_E_CONTACT);
    ck_assert_uint_eq (p.seen, 1);
    ck_assert_str_eq (c.err.why, "Unable to contact slurm controller (connect failure)");
    ck_assert (rpc_in_doubt (c.rpc));
    caller_clear (&c);
    play_close (&p);
}
END_TEST

START_TEST (a_request_that_was_sent_in_part_may_have_been_delivered)
{
    struct play p;
    struct caller c = {.policy = RPC_ONCE, .script = 16u << 20}; /* more than any socket takes unread */

    play_open (&p, NULL, 0);
    p.hang_up = true;
    run (&p, &c);
    ck_assert_int_eq (c.result, RPC_E_CONTACT);
    ck_assert (rpc_in_doubt (c.rpc));
    ck_assert_uint_eq (p.sessions, 1); /* and was not sent a second time */
    ck_assert_uint_eq (c.retries, 0);
    caller_clear (&c);
    play_close (&p);
}
END_TEST

START_TEST (a_try_that_cannot_log_in_leaves_the_one_before_in_doubt)
{
    static const enum act acts[] = {DROP_AND_STOP_MUNGED};
    struct play p;
    struct caller c = {.policy = RPC_SUBMIT};

    play_open (&p, acts, 1);
    run (&p, &c);
    ck_assert_int_eq (c.result, -1);
    ck_assert_ptr_nonnull (strstr (c.err.why, "munge"));
    ck_assert_uint_eq (p.seen, 1);
    ck_assert (rpc_in_doubt (c.rpc));
    caller_clear (&c);
    play_close (&p);
}
END_TEST

/* What a whole sbatch writes to stderr; the caller frees. */
static char *sbatch_says (struct play *p, struct caller *c)
{
    char path[] = "/tmp/moisson-sbatch-XXXXXX", *text = NULL;
    struct err err = ERR_INIT;
    int fd = mkstemp (path), before = dup (STDERR_FILENO);

    ck_assert_int_ge (fd, 0);
    ck_assert_int_ge (before, 0);
    fflush (stderr);
    ck_assert_int_eq (dup2 (fd, STDERR_FILENO), STDERR_FILENO);
    ck_assert_int_eq (setenv ("MOISSON_CONF", p->conf, 1), 0);
    run (p, c);
    fflush (stderr);
    ck_assert_int_eq (dup2 (before, STDERR_FILENO), STDERR_FILENO);
    close (before);
    close (fd);
    ck_assert_int_eq (file_read (path, 1 << 16, &text, NULL, &err), 0);
    ck_assert_int_eq (unlink (path), 0);
    return text;
}

START_TEST (sbatch_does_not_call_lost_what_may_exist)
{
    static const enum act acts[] = {DROP_AND_STOP_MUNGED}, refusing[] = {DROP, REFUSE};
    char *argv[] = {(char *) "sbatch", (char *) "--submit-key=run7", (char *) "--wrap=hostname", NULL};
    struct play p;
    struct caller c = {.argv = argv, .argc = 3};

    play_open (&p, acts, 1);
    _cleanup_free_ char *text = sbatch_says (&p, &c);
    ck_assert_int_eq (c.result, COMMAND_ERROR);
    ck_assert_msg (strstr (text, "The job may have been accepted"), "%s", text);
    ck_assert_msg (strstr (text, "with --submit-key=run7 it makes no second job"), "%s", text);
    caller_clear (&c);
    play_close (&p);

    c = (struct caller){.argv = argv, .argc = 3};
    play_open (&p, refusing, 2); /* the controller knows the token: its no is a no to both tries */
    _cleanup_free_ char *refusal = sbatch_says (&p, &c);
    ck_assert_int_eq (c.result, COMMAND_ERROR);
    ck_assert_msg (strstr (refusal, "61 minutes asked") && !strstr (refusal, "may have been"), "%s", refusal);
    caller_clear (&c);
    play_close (&p);
}
END_TEST

START_TEST (a_refusal_comes_whole_and_at_once)
{
    static const enum act acts[] = {REFUSE};
    struct play p;
    struct caller c = {.policy = RPC_SUBMIT};

    play_open (&p, acts, 1);
    run (&p, &c);
    ck_assert_int_eq (c.result, -1);
    ck_assert_int_eq (c.err.code, MOISSON__FAIL_CODE__FAIL_TIME_LIMIT);
    ck_assert_str_eq (c.err.what, "job not submitted");
    ck_assert_str_eq (c.err.why, "61 minutes asked, 60 allowed");
    ck_assert_str_eq (c.err.fix, "ask less");
    ck_assert (!rpc_in_doubt (c.rpc)); /* a no is an answer */
    ck_assert_uint_eq (c.retries, 0);
    caller_clear (&c);
    play_close (&p);
}
END_TEST

START_TEST (pages_come_until_the_last)
{
    static const enum act acts[] = {DROP, LAST_PAGE};
    struct play p;
    struct caller c = {.stream = true};

    play_open (&p, acts, 2);
    run (&p, &c);
    ck_assert_int_eq (c.result, 0);
    ck_assert_uint_eq (c.rows, 2);
    caller_clear (&c);
    play_close (&p);
}
END_TEST

START_TEST (a_stream_that_breaks_is_not_begun_again)
{
    static const enum act acts[] = {PAGE};
    struct play p;
    struct caller c = {.stream = true};

    play_open (&p, acts, 1);
    run (&p, &c);
    ck_assert_int_eq (c.result, RPC_E_CONTACT);
    ck_assert_uint_eq (c.rows, 2);
    ck_assert_uint_eq (p.seen, 1);
    caller_clear (&c);
    play_close (&p);
}
END_TEST

START_TEST (nobody_there_is_said_in_slurms_words)
{
    struct play p;
    struct err err = ERR_INIT;
    struct rpc *rpc = NULL;

    play_open (&p, NULL, 0);
    p.house.door = door_free (p.house.door); /* the port is closed now */
    ck_assert_int_eq (rpc_create (&rpc, p.conf, &err), 0);
    ck_assert_int_eq (rpc_request (rpc, RPC_PROBE, MOISSON__MSG_TYPE__MSG_PING, NULL, MOISSON__MSG_TYPE__MSG_PING_REPLY,
                                   NULL, NULL, &err),
                      RPC_E_CONTACT);
    ck_assert_str_eq (failure_text (&err), "Unable to contact slurm controller (connect failure)");
    ck_assert_ptr_nonnull (strstr (err.fix, "127.0.0.1"));
    ck_assert (!rpc_in_doubt (rpc)); /* never delivered */
    err_clear (&err);
    ck_assert_int_eq (rpc_check_clusters (rpc, "all,play", &err), 0);
    ck_assert_int_eq (rpc_check_clusters (rpc, "other", &err), -1);
    err_clear (&err);
    rpc_free (rpc);
    play_close (&p);
}
END_TEST

int main (void)
{
    const TTest *const tests[] = {a_submit_is_repeated_with_the_same_token,
                                  what_must_not_happen_twice_is_not_repeated,
                                  a_request_that_was_sent_in_part_may_have_been_delivered,
                                  a_try_that_cannot_log_in_leaves_the_one_before_in_doubt,
                                  sbatch_does_not_call_lost_what_may_exist,
                                  a_refusal_comes_whole_and_at_once,
                                  pages_come_until_the_last,
                                  a_stream_that_breaks_is_not_begun_again,
                                  nobody_there_is_said_in_slurms_words};

    if (!munged_is_installed ()) {
        printf ("skipped: munged is not installed\n");
        return 77;
    }
    return suite_run ("rpc", tests, sizeof tests / sizeof *tests);
}
