/* squeue, sacct and sinfo against a controller played by this test: what they ask, what they print, how they end. */
#include "net_house.h"
#include "command.h"
#include "proto/record.pb-c.h"

struct play {
    struct house house;
    char conf[128], out_path[128], err_path[128];
    char *out, *err; /* what the command printed */
    int status;
    Moisson__JobsRequest *asked_jobs; /* the last requests */
    Moisson__AcctRequest *asked_acct;
    int argc;
    char *argv[16];
    int (*run) (int argc, char **argv);
};

static Moisson__JobInfo job_row (uint64_t id, Moisson__JobState state, const char *reason)
{
    Moisson__JobInfo job = MOISSON__JOB_INFO__INIT;

    job.raw_id = id;
    job.state = state;
    job.reason = (char *) reason;
    job.user = (char *) "ann";
    job.partition = (char *) "main";
    return job;
}

/* Two pages, so that the header must not come twice. Only job 7 and 8 exist. */
static void answer_jobs (struct play *p, const uint8_t *data, size_t len)
{
    Moisson__JobInfo jobs[] = {job_row (7, MOISSON__JOB_STATE__STATE_RUNNING, "None"),
                               job_row (8, MOISSON__JOB_STATE__STATE_PENDING, "Priority")};
    Moisson__JobInfo *rows[] = {&jobs[0], &jobs[1]};
    Moisson__JobsPage page = MOISSON__JOBS_PAGE__INIT;
    Moisson__Failure unknown = MOISSON__FAILURE__INIT;

    p->asked_jobs = moisson__jobs_request__unpack (NULL, len, data);
    ck_assert_ptr_nonnull (p->asked_jobs);
    const Moisson__JobFilter *filter = p->asked_jobs->filter;
    if (filter->n_jobs == 1 && filter->jobs[0]->job_id == 999) {
        unknown.code = MOISSON__FAIL_CODE__FAIL_INVALID_JOB_ID;
        unknown.why = (char *) "there is no job 999";
        unknown.fix = (char *) "see sacct";
        channel_send (p->house.session, MOISSON__MSG_TYPE__MSG_ERROR, &unknown.base);
        return;
    }
    page.n_jobs = 1;
    for (int i = 0; i < 2; i++) {
        page.jobs = &rows[i];
        page.last = i == 1;
        channel_send (p->house.session, MOISSON__MSG_TYPE__MSG_JOBS_PAGE, &page.base);
    }
}

static void answer_acct (struct play *p, const uint8_t *data, size_t len)
{
    Moisson__AcctRecord record = MOISSON__ACCT_RECORD__INIT, *rows[] = {&record};
    Moisson__AcctPage page = MOISSON__ACCT_PAGE__INIT;

    p->asked_acct = moisson__acct_request__unpack (NULL, len, data);
    ck_assert_ptr_nonnull (p->asked_acct);
    record.raw_id = 7;
    record.attempt = 1;
    record.uid = 1000;
    record.name = (char *) "align";
    record.state = MOISSON__JOB_STATE__STATE_COMPLETED;
    record.has_start_us = record.has_end_us = true;
    record.start_us = USEC_PER_SEC;
    record.end_us = 6 * USEC_PER_SEC;
    page.records = rows;
    page.n_records = p->asked_acct->filter->n_jobs && p->asked_acct->filter->jobs[0]->job_id == 999 ? 0 : 1;
    page.last = true;
    channel_send (p->house.session, MOISSON__MSG_TYPE__MSG_ACCT_PAGE, &page.base);
}

static void answer_nodes (struct play *p)
{
    Moisson__NodeInfo a = MOISSON__NODE_INFO__INIT, b = MOISSON__NODE_INFO__INIT, *rows[] = {&a, &b};
    Moisson__NodesPage page = MOISSON__NODES_PAGE__INIT;

    a.name = (char *) "n1";
    b.name = (char *) "n2";
    a.state = b.state = (char *) "idle";
    a.has_cpus = b.has_cpus = true;
    a.cpus = b.cpus = 4;
    page.n_nodes = 1;
    for (int i = 0; i < 2; i++) {
        page.nodes = &rows[i];
        page.last = i == 1;
        channel_send (p->house.session, MOISSON__MSG_TYPE__MSG_NODES_PAGE, &page.base);
    }
}

static void answer_partitions (struct play *p)
{
    Moisson__PartitionInfo part = MOISSON__PARTITION_INFO__INIT, *rows[] = {&part};
    Moisson__PartitionsPage page = MOISSON__PARTITIONS_PAGE__INIT;

    part.name = (char *) "main";
    part.has_is_default = part.is_default = true;
    part.nodes = (char *) "n[1-2]";
    page.partitions = rows;
    page.n_partitions = 1;
    channel_send (p->house.session, MOISSON__MSG_TYPE__MSG_PARTITIONS_PAGE, &page.base);
}

static void on_request (void *arg, Moisson__MsgType type, const uint8_t *data, size_t len)
{
    struct play *p = arg;

    if (type == MOISSON__MSG_TYPE__MSG_JOBS)
        answer_jobs (p, data, len);
    else if (type == MOISSON__MSG_TYPE__MSG_ACCT)
        answer_acct (p, data, len);
    else if (type == MOISSON__MSG_TYPE__MSG_NODES)
        answer_nodes (p);
    else if (type == MOISSON__MSG_TYPE__MSG_PARTITIONS)
        answer_partitions (p);
    else
        ck_abort_msg ("asked for %d", (int) type);
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
    p->house.session = ch;
    channel_handle (ch, &(const struct channel_handlers){.on_message = on_request, .on_closed = on_gone}, p);
}

static void play_open (struct play *p)
{
    struct door_options options = {
        .address = "127.0.0.1", .munge_threads = 2, .max_unknown = 8, .unknown_timeout = WAIT_US};
    struct node_keys no_keys = {0};
    const char *dir;

    *p = (struct play){0};
    munged_start (&p->house.munged);
    dir = p->house.munged.dir;
    keypair_make (p->house.key, p->house.secret);
    options.secret = p->house.secret;
    options.munge_socket = p->house.munged.socket;
    ck_assert_int_eq (loop_create (&p->house.loop, NULL), 0);
    ck_assert_int_eq (door_open (&p->house.door, p->house.loop, &options, &no_keys, take_session, p, NULL), 0);
    _cleanup_free_ char *key = base64_encode (p->house.key, KEY_SIZE);
    _cleanup_free_ char *text =
        xasprintf ("ClusterName=play\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=%u\nControllerKey=%s\n"
                   "AuthInfo=socket=%s\nStateSaveLocation=%s\nSlurmdSpoolDir=%s\nNodeName=n1 CPUs=1\n"
                   "PartitionName=main Nodes=n1 Default=YES\n",
                   (unsigned) door_port (p->house.door), key, p->house.munged.socket, dir, dir);
    snprintf (p->conf, sizeof p->conf, "%s/moisson.conf", dir);
    snprintf (p->out_path, sizeof p->out_path, "%s/out", dir);
    snprintf (p->err_path, sizeof p->err_path, "%s/err", dir);
    ck_assert_int_eq (file_write (p->conf, text, strlen (text), 0600, 0, NULL), 0);
    setenv ("MOISSON_CONF", p->conf, 1);
}

static void forget (struct play *p)
{
    free (p->out);
    free (p->err);
    if (p->asked_jobs)
        moisson__jobs_request__free_unpacked (p->asked_jobs, NULL);
    if (p->asked_acct)
        moisson__acct_request__free_unpacked (p->asked_acct, NULL);
    p->out = p->err = NULL;
    p->asked_jobs = NULL;
    p->asked_acct = NULL;
}

static void play_close (struct play *p)
{
    forget (p);
    house_close (&p->house);
}

static int redirect (int fd, const char *path)
{
    int saved = dup (fd), to = open (path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_ge (saved, 0);
    ck_assert_int_ge (dup2 (to, fd), 0);
    close (to);
    return saved;
}

static void restore (int fd, int saved)
{
    dup2 (saved, fd);
    close (saved);
}

static void *command_main (void *arg)
{
    struct play *p = arg;
    int out, err;

    fflush (stdout);
    out = redirect (STDOUT_FILENO, p->out_path);
    err = redirect (STDERR_FILENO, p->err_path);
    p->status = p->run (p->argc, p->argv);
    fflush (stdout);
    restore (STDOUT_FILENO, out);
    restore (STDERR_FILENO, err);
    loop_post (p->house.loop, stop_loop, p->house.loop);
    return NULL;
}

/* One command line, the words separated by blanks. */
static void type (struct play *p, int (*run) (int argc, char **argv), const char *line)
{
    _cleanup_free_ char *words = xstrdup (line);
    char *save = NULL;
    pthread_t thread;

    forget (p);
    p->argc = 0;
    p->run = run;
    for (char *word = strtok_r (words, " ", &save); word; word = strtok_r (NULL, " ", &save))
        p->argv[p->argc++] = word;
    p->argv[p->argc] = NULL;
    ck_assert_int_eq (pthread_create (&thread, NULL, command_main, p), 0);
    loop_run (p->house.loop);
    pthread_join (thread, NULL);
    ck_assert_int_eq (file_read (p->out_path, 65536, &p->out, NULL, NULL), 0);
    ck_assert_int_eq (file_read (p->err_path, 65536, &p->err, NULL, NULL), 0);
}

static void printed (const struct play *p, int status, const char *out, const char *err)
{
    ck_assert_str_eq (p->err, err);
    ck_assert_str_eq (p->out, out);
    ck_assert_int_eq (p->status, status);
}

START_TEST (squeue_prints_pages_under_one_header)
{
    struct play p;

    play_open (&p);
    type (&p, squeue_run, "squeue -o %i:%T");
    printed (&p, 0, "JOBID:STATE\n8:PENDING\n7:RUNNING\n", "");
    ck_assert (!p.asked_jobs->ended);
    type (&p, squeue_run, "squeue -h -o %i -t all --me");
    printed (&p, 0, "8\n7\n", "");
    ck_assert (p.asked_jobs->ended);
    ck_assert_uint_eq (p.asked_jobs->filter->n_states, 0);
    ck_assert_uint_eq (p.asked_jobs->filter->uids[0], getuid ());
    type (&p, squeue_run, "squeue -h -o %i -S -i");
    printed (&p, 0, "8\n7\n", "");
    type (&p, squeue_run, "squeue -M play -o %i -r");
    printed (&p, 0, "CLUSTER: play\nJOBID\n8\n7\n", "");
    ck_assert (p.asked_jobs->expand);
    play_close (&p);
}
END_TEST

START_TEST (the_job_list_is_an_option_with_or_without_a_blank)
{
    static const char *const lines[] = {
        "squeue -h -o %i -j7,8",      "squeue -h -o %i -j 7,8",   "squeue -h -o %i --jobs=7,8",
        "squeue -h -o %i --jobs 7,8", "squeue 7,8 -j -ho%i",      "squeue --job=7,8, -ho %i",
        "squeue --job 7,8 -ho%i",     "squeue -j 7 -j 8 -aho %i", "squeue 7 8 -ho %i"};
    struct play p;

    play_open (&p);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        type (&p, squeue_run, lines[i]);
        printed (&p, 0, "8\n7\n", "");
        ck_assert_msg (p.asked_jobs->filter->n_jobs == 2, "%s", lines[i]);
        ck_assert_uint_eq (p.asked_jobs->filter->jobs[1]->job_id, 8);
    }
    play_close (&p);
}
END_TEST

START_TEST (an_unknown_id_alone_is_an_error)
{
    struct play p;

    play_open (&p);
    type (&p, squeue_run, "squeue -j 999");
    printed (&p, COMMAND_ERROR, "", "slurm_load_jobs error: Invalid job id specified\n");
    type (&p, squeue_run, "squeue -h -o %i -j 999,999");
    ck_assert_int_eq (p.status, 0);
    ck_assert_uint_eq (p.asked_jobs->filter->n_jobs, 2); /* not made one: clients double an id on purpose */
    type (&p, sacct_run, "sacct -n -j 999");
    printed (&p, 0, "", "");
    play_close (&p);
}
END_TEST

START_TEST (filters_that_match_nothing_ask_nothing)
{
    struct play p;

    play_open (&p);
    type (&p, squeue_run, "squeue -o %i -t RS,SI");
    printed (&p, 0, "JOBID\n", "");
    ck_assert_ptr_null (p.asked_jobs);
    type (&p, squeue_run, "squeue -h -u no_such_user_here");
    printed (&p, 0, "",
             "squeue: error: Invalid user: no_such_user_here\n"
             "        fix: name a user of this host, or give a user id\n");
    ck_assert_ptr_null (p.asked_jobs);
    type (&p, squeue_run, "squeue -t R,S,CG,RS,SI,SO,ST -h -o %i");
    ck_assert_uint_eq (p.asked_jobs->filter->n_states, 3);
    ck_assert (!p.asked_jobs->ended);
    play_close (&p);
}
END_TEST

START_TEST (formats_come_from_the_environment_too)
{
    struct play p;

    play_open (&p);
    setenv ("SQUEUE_FORMAT", "%i|%r", 1);
    setenv ("SQUEUE_STATES", "PENDING", 1);
    type (&p, squeue_run, "squeue -h");
    printed (&p, 0, "8|Priority\n7|None\n", "");
    ck_assert_uint_eq (p.asked_jobs->filter->n_states, 1);
    type (&p, squeue_run, "squeue -h -O jobid:,state:3");
    printed (&p, 0, "8PEN\n7RUN\n", "");
    setenv ("SACCT_FORMAT", "jobid%-6,state%4", 1);
    type (&p, sacct_run, "sacct -X -j 7");
    printed (&p, 0, "JobID  Stat \n------ ---- \n7      COM+ \n", "");
    play_close (&p);
}
END_TEST

START_TEST (sacct_rows_padded_and_parsable)
{
    struct play p;

    play_open (&p);
    type (&p, sacct_run, "sacct -j 7, -o JobID,STATE, -X -n -P --delimiter=,");
    printed (&p, 0, "7,COMPLETED\n", "");
    type (&p, sacct_run, "sacct -p -j 7 -o jobid,jobname,elapsed");
    printed (&p, 0, "JobID|JobName|Elapsed|\n7|align|00:00:05|\n7.batch|batch|00:00:05|\n", "");
    ck_assert (!p.asked_acct->has_since_us);
    type (&p, sacct_run, "sacct -P -n -j 7.batch -o jobid -D");
    printed (&p, 0, "7.batch\n", "");
    ck_assert (p.asked_acct->all_attempts);
    type (&p, sacct_run, "sacct -j 7 -X");
    printed (&p, 0,
             "JobID           JobName  Partition    Account  AllocCPUS      State ExitCode \n"
             "------------ ---------- ---------- ---------- ---------- ---------- -------- \n"
             "7                 align               default          0  COMPLETED      0:0 \n",
             "");
    play_close (&p);
}
END_TEST

START_TEST (sinfo_merges_what_prints_the_same)
{
    struct play p;

    play_open (&p);
    type (&p, sinfo_run, "sinfo");
    printed (&p, 0,
             "PARTITION AVAIL  TIMELIMIT  NODES  STATE NODELIST\n"
             "main*        up   infinite      2   idle n[1-2]\n",
             "");
    type (&p, sinfo_run, "sinfo -aho %F/%C");
    printed (&p, 0, "0/2/0/2/0/8/0/8\n", "");
    type (&p, sinfo_run, "sinfo -hN -o%n|%T");
    printed (&p, 0, "n1|idle\nn2|idle\n", "");
    type (&p, sinfo_run, "sinfo -h -n n2 -o %N -t idle,mix");
    printed (&p, 0, "n2\n", "");
    type (&p, sinfo_run, "sinfo -h -t down");
    printed (&p, 0, "main*        up   infinite      0    n/a \n", "");
    type (&p, sinfo_run, "sinfo -N");
    printed (&p, 0,
             "NODELIST   NODES PARTITION STATE \n"
             "n1             1     main* idle  \n"
             "n2             1     main* idle  \n",
             "");
    play_close (&p);
}
END_TEST

START_TEST (json_is_whole)
{
    static const struct {
        int (*run) (int argc, char **argv);
        const char *line, *has;
    } rows[] = {{squeue_run, "squeue --json", "\"job_id\": 8"},
                {sacct_run, "sacct --json -j 7", "\"current\": \"COMPLETED\""},
                {sinfo_run, "sinfo --json", "\"n2\""}};
    struct play p;

    play_open (&p);
    for (size_t i = 0; i < 3; i++) {
        type (&p, rows[i].run, rows[i].line);
        ck_assert_int_eq (p.status, 0);
        ck_assert_str_eq (p.err, "");
        ck_assert_msg (strstr (p.out, rows[i].has) != NULL, "%s", p.out);
    }
    play_close (&p);
}
END_TEST

int main (void)
{
    const TTest *const tests[] = {
        squeue_prints_pages_under_one_header,  the_job_list_is_an_option_with_or_without_a_blank,
        an_unknown_id_alone_is_an_error,       filters_that_match_nothing_ask_nothing,
        formats_come_from_the_environment_too, sacct_rows_padded_and_parsable,
        sinfo_merges_what_prints_the_same,     json_is_whole};

    if (!munged_is_installed ()) {
        printf ("skipped: munged is not installed\n");
        return 77;
    }
    return suite_run ("queries", tests, sizeof tests / sizeof *tests);
}
