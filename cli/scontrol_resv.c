/* scontrol_resv.c - create, update and delete reservations; show them, and licences. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "base/mem.h"
#include "base/resv_flags.h"
#include "base/units.h"
#include "command.h"
#include "failure.h"
#include "json.h"
#include "lists.h"
#include "net/loop.h"
#include "scontrol.h"
#include "show.h"

struct resv_change { /* in the making */
    Moisson__ResvOpRequest request;
    unsigned flags_on, flags_off;
};

static int refused (const char *why, const char *not_done)
{
    fprintf (stderr, "scontrol: error: %s  No reservation %s.\n", why, not_done);
    return COMMAND_ERROR;
}

/* --- values ---------------------------------------------------------------------------------------------------------
 */

static int set_name (struct resv_change *c, const char *value, char sign, struct err *err)
{
    (void) sign;
    (void) err;
    c->request.name = (char *) value;
    return 0;
}

static int set_start (struct resv_change *c, const char *value, char sign, struct err *err)
{
    (void) sign;
    c->request.has_start_us = true;
    return time_parse (value, now_wall (), true, &c->request.start_us, err);
}

static int set_end (struct resv_change *c, const char *value, char sign, struct err *err)
{
    (void) sign;
    c->request.has_end_us = true;
    return time_parse (value, now_wall (), true, &c->request.end_us, err);
}

static int set_duration (struct resv_change *c, const char *value, char sign, struct err *err)
{
    (void) sign;
    c->request.has_duration_s = true;
    c->request.duration_s = RESV_FOREVER;
    if (!strcasecmp (value, "UNLIMITED") || !strcasecmp (value, "INFINITE"))
        return 0;
    return duration_parse (value, &c->request.duration_s, err);
}

static void add_name (char ***list, size_t *n, const char *name)
{
    *list = xrealloc (*list, (*n + 1) * sizeof **list);
    (*list)[(*n)++] = xstrdup (name);
}

/* "a,b", or "-a,-b": all but these. With a sign the list is added to, or taken from. */
static int take_names (const char *value, char sign, char ***list, size_t *n, Moisson__ListHow *how, bool *ret_not,
                       struct err *err)
{
    _cleanup_free_ char *copy = xstrdup (value);
    char *at = copy, *word;
    size_t but = 0;

    while ((word = strsep (&at, ",")))
        if (*word) {
            but += *word == '-';
            add_name (list, n, word + (*word == '-' || *word == '+'));
        }
    *how = sign == '+'   ? MOISSON__LIST_HOW__LIST_ADD
           : sign == '-' ? MOISSON__LIST_HOW__LIST_REMOVE
                         : MOISSON__LIST_HOW__LIST_SET;
    *ret_not = !sign && but;
    if (sign || !but || but == *n)
        return 0;
    err_set (err, 0, "some names have a - before them and some have not");
    return err_fix (err, "name those who may use it, or those who may not");
}

/* Names, or numbers, of users that there are. */
static int check_user (char **name, struct err *err)
{
    struct passwd *who = getpwnam (*name);
    uint64_t uid;

    if (!who && number_parse (*name, "user", 0, UINT32_MAX, &uid, NULL) == 0)
        who = getpwuid ((uid_t) uid);
    if (!who) {
        err_set (err, MOISSON__FAIL_CODE__FAIL_USER_ID, "Invalid user id: there is no user %s", *name);
        return err_fix (err, "see: getent passwd");
    }
    if (strcmp (who->pw_name, *name) != 0) {
        free (*name);
        *name = xstrdup (who->pw_name);
    }
    return 0;
}

static int set_users (struct resv_change *c, const char *value, char sign, struct err *err)
{
    bool but = false;

    if (take_names (value, sign, &c->request.users, &c->request.n_users, &c->request.users_how, &but, err))
        return -1;
    c->request.has_users_how = c->request.has_users_not = true;
    c->request.users_not = but;
    for (size_t i = 0; i < c->request.n_users; i++)
        if (check_user (&c->request.users[i], err))
            return -1;
    return 0;
}

static int set_accounts (struct resv_change *c, const char *value, char sign, struct err *err)
{
    bool but = false;

    c->request.has_accounts_how = c->request.has_accounts_not = true;
    if (take_names (value, sign, &c->request.accounts, &c->request.n_accounts, &c->request.accounts_how, &but, err))
        return -1;
    c->request.accounts_not = but;
    return 0;
}

static int set_nodes (struct resv_change *c, const char *value, char sign, struct err *err)
{
    (void) err;
    c->request.nodes = (char *) value;
    c->request.has_nodes_how = true;
    c->request.nodes_how = sign == '+'   ? MOISSON__LIST_HOW__LIST_ADD
                           : sign == '-' ? MOISSON__LIST_HOW__LIST_REMOVE
                                         : MOISSON__LIST_HOW__LIST_SET;
    return 0;
}

static int set_node_cnt (struct resv_change *c, const char *value, char sign, struct err *err)
{
    uint64_t n = 0;

    (void) sign;
    if (number_parse (value, "NodeCnt", 0, 1000000, &n, err) < 0)
        return -1;
    c->request.has_node_cnt = true;
    c->request.node_cnt = (uint32_t) n;
    return 0;
}

static int set_core_cnt (struct resv_change *c, const char *value, char sign, struct err *err)
{
    _cleanup_free_ char *copy = xstrdup (value);
    char *at = copy, *word;

    (void) sign;
    while ((word = strsep (&at, ","))) {
        Moisson__ResvOpRequest *r = &c->request;
        uint64_t n = 0;
        if (number_parse (word, "CoreCnt", 1, 100000000, &n, err) < 0)
            return -1;
        r->core_cnt = xrealloc (r->core_cnt, (r->n_core_cnt + 1) * sizeof *r->core_cnt);
        r->core_cnt[r->n_core_cnt++] = (uint32_t) n;
    }
    return 0;
}

static int set_partition (struct resv_change *c, const char *value, char sign, struct err *err)
{
    (void) sign;
    (void) err;
    c->request.partition = (char *) value;
    return 0;
}

static int set_features (struct resv_change *c, const char *value, char sign, struct err *err)
{
    (void) sign;
    (void) err;
    c->request.features = (char *) value;
    return 0;
}

static int set_licences (struct resv_change *c, const char *value, char sign, struct err *err)
{
    (void) sign;
    (void) err;
    c->request.licences = (char *) value;
    return 0;
}

static int set_flags (struct resv_change *c, const char *value, char sign, struct err *err)
{
    return resv_flags_parse (value, sign, &c->flags_on, &c->flags_off, err);
}

static int set_tres (struct resv_change *c, const char *value, char sign, struct err *err)
{
    (void) c;
    (void) value;
    (void) sign;
    err_set (err, 0, "TRES= is known, not available");
    return err_fix (err, "say the same with NodeCnt, CoreCnt and Licenses");
}

static int set_groups (struct resv_change *c, const char *value, char sign, struct err *err)
{
    (void) c;
    (void) value;
    (void) sign;
    err_set (err, 0, "Groups= is known, not available");
    return err_fix (err, "name Users= or Accounts=");
}

static const struct {
    struct scontrol_word key;
    int (*set) (struct resv_change *c, const char *value, char sign, struct err *err);
    bool signs;
} keys[] = {
    {{"ReservationName", 3}, set_name},
    {{"StartTime", 1}, set_start},
    {{"EndTime", 1}, set_end},
    {{"Duration", 1}, set_duration},
    {{"NodeCnt", 5}, set_node_cnt},
    {{"NodeCount", 5}, set_node_cnt},
    {{"CoreCnt", 5}, set_core_cnt},
    {{"CPUCnt", 4}, set_core_cnt},
    {{"Nodes", 5}, set_nodes, true},
    {{"Features", 2}, set_features},
    {{"Licenses", 1}, set_licences},
    {{"PartitionName", 1}, set_partition},
    {{"Users", 1}, set_users, true},
    {{"Accounts", 1}, set_accounts, true},
    {{"Flags", 2}, set_flags, true},
    {{"Groups", 1}, set_groups, true},
    {{"TRES", 1}, set_tres},
};

static const char example[] = "scontrol create reservation ReservationName=course StartTime=2030-01-31T09:00 "
                              "Duration=2:00:00 Users=alice Nodes=n[1-4]";

static int take (struct resv_change *c, const char *word, const char *not_done)
{
    size_t len = strcspn (word, "=");
    char sign = len && strchr ("+-", word[len - 1]) ? word[len - 1] : 0;
    _cleanup_free_ char *name = xstrndup (word, len - (sign != 0));
    _cleanup_err_ struct err err = ERR_INIT;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!word[len] || !scontrol_matches (&keys[i].key, name) || (sign && !keys[i].signs))
            continue;
        if (keys[i].set (c, word + len + 1, sign, &err) == 0)
            return 0;
        if (err.code == MOISSON__FAIL_CODE__FAIL_USER_ID)
            fprintf (stderr, "Error %s the reservation: Invalid user id\n",
                     !strcmp (not_done, "created") ? "creating" : "updating");
        else
            fprintf (stderr, "scontrol: error: %s.  No reservation %s.\n", err.why ? err.why : word, not_done);
        if (err.code == MOISSON__FAIL_CODE__FAIL_USER_ID)
            fprintf (stderr, "        why: %s\n", err.why + strlen ("Invalid user id: "));
        if (err.fix)
            fprintf (stderr, "        fix: %s\n", err.fix);
        return COMMAND_ERROR;
    }
    fprintf (stderr, "scontrol: error: Unknown parameter %s.  No reservation %s.\n        fix: %s\n", word, not_done,
             example);
    return COMMAND_ERROR;
}

/* --- requests -------------------------------------------------------------------------------------------------------
 */

static void change_init (struct resv_change *c, Moisson__ResvOpRequest__Op op)
{
    *c = (struct resv_change){.request = MOISSON__RESV_OP_REQUEST__INIT};
    c->request.op = op;
}

static void change_clear (struct resv_change *c)
{
    for (size_t i = 0; i < c->request.n_users; i++)
        free (c->request.users[i]);
    for (size_t i = 0; i < c->request.n_accounts; i++)
        free (c->request.accounts[i]);
    free (c->request.users);
    free (c->request.accounts);
    free (c->request.core_cnt);
}

/* Which day it is, is said where it was typed. */
static int32_t utc_offset (usec_t at)
{
    time_t t = (time_t) (at / USEC_PER_SEC);
    struct tm tm = {0};

    localtime_r (&t, &tm);
    return (int32_t) tm.tm_gmtoff;
}

static int send (struct scontrol *s, struct resv_change *c, Moisson__ResvOpReply **reply, struct err *err)
{
    Moisson__ResvOpRequest *r = &c->request;

    r->has_flags_on = r->has_flags_off = r->has_utc_offset_s = true;
    r->flags_on = c->flags_on;
    r->flags_off = c->flags_off;
    r->utc_offset_s = utc_offset (r->has_start_us ? r->start_us : now_wall ());
    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    return rpc_request (s->rpc, RPC_ONCE, MOISSON__MSG_TYPE__MSG_RESV_OP, &r->base,
                        MOISSON__MSG_TYPE__MSG_RESV_OP_REPLY, &moisson__resv_op_reply__descriptor, reply, err);
}

static int judge (const char *doing, const struct err *err)
{
    fprintf (stderr, "Error %s the reservation: %s\n", doing, failure_text (err));
    failure_details (err);
    return COMMAND_ERROR;
}

/* What Slurm's command asks for before it asks the controller. */
static int check_create (const struct resv_change *c)
{
    const Moisson__ResvOpRequest *r = &c->request;
    bool what = r->nodes || r->has_node_cnt || r->n_core_cnt || r->licences;

    if (!r->has_start_us)
        return refused ("A start time must be given.", "created");
    if (!r->has_end_us && !r->has_duration_s)
        return refused ("An end time or duration must be given.", "created");
    if (r->has_end_us && r->has_duration_s && r->start_us + r->duration_s * USEC_PER_SEC != r->end_us)
        return refused ("StartTime + Duration does not equal EndTime.", "created");
    if (r->has_end_us && r->start_us > r->end_us)
        return refused ("Start time cannot be after end time.", "created");
    if ((c->flags_on & RESV_PART_NODES) && (!r->partition || !r->nodes || strcasecmp (r->nodes, "ALL") != 0))
        return refused ("PART_NODES flag requires specifying a Partition and ALL nodes.", "created");
    if (!what)
        return refused ("CoreCnt, Nodes, NodeCnt, BurstBuffer, Licenses or Watts must be specified.", "created");
    if (!r->n_users && !r->n_accounts)
        return refused ("Either Users/Groups and/or Accounts must be specified.", "created");
    return 0;
}

int scontrol_create (struct scontrol *s, int argc, char **argv)
{
    static const struct scontrol_word entity = {"reservation", 3};
    _cleanup_ (change_clear) struct resv_change c;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__ResvOpReply *reply = NULL;

    change_init (&c, MOISSON__RESV_OP_REQUEST__OP__CREATE);
    if (!argc) {
        fprintf (stderr, "too few arguments for create keyword\n        fix: %s\n", example);
        return COMMAND_ERROR;
    }
    if (scontrol_matches (&entity, argv[0])) { /* "create res", or "create ReservationName=..." */
        argc--;
        argv++;
    } else if (strncasecmp (argv[0], "res", 3) != 0) {
        fprintf (stderr, "scontrol: error: Invalid creation entity: %s\n        fix: %s\n", argv[0],
                 !strncasecmp (argv[0], "part", 4) || !strncasecmp (argv[0], "node", 4)
                     ? "write partitions and nodes into moisson.conf, then: scontrol reconfigure"
                     : example);
        return COMMAND_ERROR;
    }
    for (int i = 0; i < argc; i++)
        if (take (&c, argv[i], "created"))
            return COMMAND_ERROR;
    if (check_create (&c))
        return COMMAND_ERROR;
    if (send (s, &c, &reply, &err))
        return err_is_set (&err) ? judge ("creating", &err) : COMMAND_ERROR;
    printf ("Reservation created: %s\n", reply->name);
    moisson__resv_op_reply__free_unpacked (reply, NULL);
    return 0;
}

int scontrol_update_resv (struct scontrol *s, int argc, char **argv)
{
    _cleanup_ (change_clear) struct resv_change c;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__ResvOpReply *reply = NULL;

    change_init (&c, MOISSON__RESV_OP_REQUEST__OP__UPDATE);
    for (int i = 0; i < argc; i++)
        if (take (&c, argv[i], "update"))
            return COMMAND_ERROR;
    if (!c.request.name || !*c.request.name)
        return refused ("Reservation must be given.", "update");
    if (send (s, &c, &reply, &err))
        return err_is_set (&err) ? judge ("updating", &err) : COMMAND_ERROR;
    puts ("Reservation updated.");
    moisson__resv_op_reply__free_unpacked (reply, NULL);
    return 0;
}

int scontrol_delete (struct scontrol *s, int argc, char **argv)
{
    static const struct scontrol_word entity = {"reservationname", 3};
    _cleanup_ (change_clear) struct resv_change c;
    _cleanup_free_ char *word = argc ? xstrndup (argv[0], strcspn (argv[0], "=")) : NULL;
    _cleanup_err_ struct err err = ERR_INIT;
    const char *equals = argc ? strchr (argv[0], '=') : NULL;
    Moisson__ResvOpReply *reply = NULL;
    char call[128];

    change_init (&c, MOISSON__RESV_OP_REQUEST__OP__DELETE);
    c.request.name = equals ? (char *) equals + 1 : argc > 1 ? argv[1] : NULL;
    if (!argc || !c.request.name) {
        fprintf (stderr, "too few arguments for delete keyword\n        fix: scontrol delete reservation NAME\n");
        return COMMAND_ERROR;
    }
    if (!scontrol_matches (&entity, word)) {
        fprintf (stderr, "scontrol: error: \"delete %s\" is known, not available\n        fix: %s\n", argv[0],
                 "take partitions and nodes out of moisson.conf, then: scontrol reconfigure");
        return COMMAND_ERROR;
    }
    if (send (s, &c, &reply, &err)) {
        if (!err_is_set (&err))
            return COMMAND_ERROR;
        snprintf (call, sizeof call, "delete_reservation %s", argv[0]);
        fprintf (stderr, "%s: %s\n", call, failure_text (&err));
        failure_details (&err);
        return COMMAND_ERROR;
    }
    moisson__resv_op_reply__free_unpacked (reply, NULL);
    return 0;
}

/* --- show -----------------------------------------------------------------------------------------------------------
 */

static struct show_style style_of (const struct scontrol *s)
{
    return (struct show_style){.oneline = s->oneline,
                               .detail = s->detail,
                               .time_format = environment ("SLURM_TIME_FORMAT"),
                               .now = now_wall ()};
}

static int print_resvs (const struct scontrol *s, const Moisson__ResvsPage *page, const char *name)
{
    struct show_style style = style_of (s);
    _cleanup_buf_ struct buf text = BUF_INIT;
    json_t *array = s->json ? json_array () : NULL;
    size_t n = 0;

    for (size_t i = 0; i < page->n_reservations; i++) {
        if (name && strcmp (name, page->reservations[i]->resv->name) != 0)
            continue;
        n++;
        if (array)
            json_array_append_new (array, json_resv (page->reservations[i]));
        else
            show_resv (&text, page->reservations[i], &style);
    }
    if (array)
        return json_print ("reservations", array) ? COMMAND_ERROR : 0;
    fwrite (buf_str (&text), 1, text.len, stdout);
    if (n)
        return 0;
    if (name)
        printf ("Reservation %s not found\n", name);
    else
        puts ("No reservations in the system");
    return name ? COMMAND_ERROR : 0;
}

int scontrol_show_resvs (struct scontrol *s, const char *name)
{
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__ResvsPage *page = NULL;
    int status;

    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    if (rpc_request (s->rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_RESVS, NULL, MOISSON__MSG_TYPE__MSG_RESVS_PAGE,
                     &moisson__resvs_page__descriptor, &page, &err))
        return failure_report_query ("slurm_load_reservations", &err);
    status = print_resvs (s, page, name);
    moisson__resvs_page__free_unpacked (page, NULL);
    return status;
}

static int print_licences (const struct scontrol *s, const Moisson__LicencesPage *page, const char *name)
{
    struct show_style style = style_of (s);
    _cleanup_buf_ struct buf text = BUF_INIT;
    json_t *array = s->json ? json_array () : NULL;

    for (size_t i = 0; i < page->n_licences; i++) {
        if (name && strcmp (name, page->licences[i]->name) != 0)
            continue;
        if (array)
            json_array_append_new (array, json_licence (page->licences[i]));
        else
            show_licence (&text, page->licences[i], &style);
    }
    if (array)
        return json_print ("licenses", array) ? COMMAND_ERROR : 0;
    fwrite (buf_str (&text), 1, text.len, stdout);
    if (!page->n_licences)
        puts ("No licenses configured in Slurm.");
    return 0;
}

int scontrol_show_licences (struct scontrol *s, const char *name)
{
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__LicencesPage *page = NULL;
    int status;

    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    if (rpc_request (s->rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_LICENCES, NULL, MOISSON__MSG_TYPE__MSG_LICENCES_PAGE,
                     &moisson__licences_page__descriptor, &page, &err))
        return failure_report_query ("slurm_load_license", &err);
    status = print_licences (s, page, name);
    moisson__licences_page__free_unpacked (page, NULL);
    return status;
}
