/* scontrol_assoc.c - `scontrol show assoc_mgr`: users, associations and QoS as the controller has them now. */
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/accounts.h"
#include "command.h"
#include "failure.h"
#include "lists.h"
#include "scontrol.h"
#include "show.h"

struct names { /* none: all */
    char **list;
    size_t n;
};

enum { SHOW_USERS = 1, SHOW_ASSOCS = 2, SHOW_QOS = 4, SHOW_ALL = 7 };

struct asked {
    struct names users, accounts, qos, flags;
    int show;
    struct show_style style;
};

static void names_clear (struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free (names->list[i]);
    free (names->list);
}

static void asked_clear (struct asked *a)
{
    names_clear (&a->users);
    names_clear (&a->accounts);
    names_clear (&a->qos);
    names_clear (&a->flags);
}

static bool wants (const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (!strcmp (names->list[i], name))
            return true;
    return !names->n;
}

/* --- the words ------------------------------------------------------------------------------------------------------
 */

static int take_flags (struct asked *a, struct err *err)
{
    static const struct {
        struct scontrol_word word;
        int show;
    } kinds[] = {{{"users", 1}, SHOW_USERS}, {{"associations", 1}, SHOW_ASSOCS}, {{"qos", 1}, SHOW_QOS}};

    for (size_t i = 0; i < a->flags.n; i++) {
        int show = 0;
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            if (scontrol_matches (&kinds[k].word, a->flags.list[i]))
                show = kinds[k].show;
        if (!show) {
            err_set (err, 0, "invalid flag for show assoc_mgr: %.60s", a->flags.list[i]);
            return err_fix (err, "flags are users, assoc, qos, as a comma list");
        }
        a->show |= show;
    }
    if (!a->show)
        a->show = SHOW_ALL;
    return 0;
}

static int take_words (struct asked *a, int argc, char **argv, struct err *err)
{
    const struct {
        struct scontrol_word word;
        struct names *names;
    } keys[] = {
        {{"users", 1}, &a->users}, {{"accounts", 1}, &a->accounts}, {{"qos", 1}, &a->qos}, {{"flags", 1}, &a->flags}};

    for (int i = 0; i < argc; i++) {
        const char *equals = strchr (argv[i], '=');
        _cleanup_free_ char *key = xstrndup (argv[i], equals ? (size_t) (equals - argv[i]) : strlen (argv[i]));
        struct names *names = NULL;

        for (size_t k = 0; equals && k < sizeof keys / sizeof *keys; k++)
            if (scontrol_matches (&keys[k].word, key))
                names = keys[k].names;
        if (!names) {
            err_set (err, 0, "invalid option for show assoc_mgr: %.60s", argv[i]);
            return err_fix (err, "users=, accounts=, qos= and flags= choose, each with a comma list");
        }
        words_add (equals + 1, &names->list, &names->n);
    }
    return take_flags (a, err);
}

/* --- the records ----------------------------------------------------------------------------------------------------
 */

static void emit (struct buf *text)
{
    fwrite (buf_str (text), 1, text->len, stdout);
    buf_clear (text);
}

static void show_users (const struct asked *a, const Moisson__AccountsPage *page)
{
    const Moisson__Accounts *tree = page->accounts;
    struct buf text = BUF_INIT;
    size_t n = 0;

    for (size_t i = 0; tree && i < tree->n_users; i++) {
        const Moisson__User *user = tree->users[i];
        const struct passwd *entry;

        if (!wants (&a->users, user->name))
            continue;
        if (!n++)
            puts ("\nUser Records\n");
        entry = getpwnam (user->name);
        buf_puts (&text, "UserName=");
        show_plain (&text, user->name);
        if (entry)
            buf_printf (&text, "(%" PRIu32 ")", (uint32_t) entry->pw_uid);
        buf_puts (&text, " DefAccount=");
        show_plain (&text, user->default_account ? user->default_account : "");
        buf_puts (&text, " DefWckey= AdminLevel=");
        show_plain (&text, user->admin_level ? user->admin_level : "None");
        buf_putc (&text, '\n');
        emit (&text);
    }
    if (!n)
        puts ("\nNo users currently cached in Slurm.\n");
}

static void fill (struct show_assoc_row *row, const Moisson__Limits *limits, bool has, uint32_t priority,
                  char number[static 16])
{
    row->limits = limits;
    if (has)
        snprintf (number, 16, "%" PRIu32, priority);
    row->priority = number;
}

static void show_one_assoc (const struct asked *a, const Moisson__AccountsPage *page, const Moisson__AssocInfo *info)
{
    const Moisson__Accounts *tree = page->accounts;
    const char *name = info->account, *user = info->user ? info->user : "";
    const Moisson__Account *account = tree && !*user ? accounts_find (tree, name) : NULL;
    const Moisson__Member *member = tree && *user ? accounts_member (tree, name, user) : NULL;
    const Moisson__User *known = tree && *user ? accounts_user (tree, user) : NULL;
    struct show_assoc_row row = {.info = info, .cluster = page->cluster ? page->cluster : ""};
    struct buf text = BUF_INIT;
    char number[16] = "";

    if (account)
        fill (&row, account->limits, account->has_priority, account->priority, number);
    else if (member)
        fill (&row, member->limits, member->has_priority, member->priority, number);
    else
        fill (&row, NULL, false, 0, number);
    row.is_default = known && known->default_account && !strcmp (known->default_account, name);
    show_assoc (&text, &row, &a->style);
    emit (&text);
}

static void show_assocs (const struct asked *a, const Moisson__AccountsPage *page)
{
    size_t n = 0;

    for (size_t i = 0; i < page->n_rows; i++) {
        const Moisson__AssocInfo *info = page->rows[i];

        if (!info->account || !wants (&a->accounts, info->account) || !wants (&a->users, info->user ? info->user : ""))
            continue;
        if (!n++)
            puts ("\nAssociation Records\n");
        show_one_assoc (a, page, info);
    }
    if (!n)
        puts ("\nNo associations currently cached in Slurm.\n");
}

static void show_all_qos (const struct asked *a, const Moisson__AccountsPage *page)
{
    struct buf text = BUF_INIT;
    size_t n = 0;

    for (size_t i = 0; i < page->n_rows; i++) {
        const Moisson__AssocInfo *info = page->rows[i];
        struct show_assoc_row row = {.info = info};
        char number[16] = "0";

        if (!info->qos || !wants (&a->qos, info->qos))
            continue;
        row.qos = page->accounts ? accounts_qos (page->accounts, info->qos) : NULL;
        fill (&row, row.qos ? row.qos->limits : NULL, row.qos && row.qos->has_priority, row.qos ? row.qos->priority : 0,
              number);
        if (!n++)
            puts ("\nQOS Records\n");
        show_qos (&text, &row, &a->style);
        emit (&text);
    }
    if (!n)
        puts ("\nNo QOS currently cached in Slurm.\n");
}

int scontrol_show_assocs (struct scontrol *s, int argc, char **argv)
{
    __attribute__ ((cleanup (asked_clear))) struct asked asked = {.style = {.oneline = s->oneline}};
    Moisson__AccountsRequest request = MOISSON__ACCOUNTS_REQUEST__INIT;
    Moisson__AccountsPage *page = NULL;
    _cleanup_err_ struct err err = ERR_INIT;

    if (take_words (&asked, argc, argv, &err)) {
        err_report ("scontrol", &err);
        return COMMAND_ERROR;
    }
    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    request.has_usage = request.usage = true;
    if (rpc_request (s->rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_ACCOUNTS, &request.base,
                     MOISSON__MSG_TYPE__MSG_ACCOUNTS_PAGE, &moisson__accounts_page__descriptor, &page, &err))
        return failure_report_query ("slurm_load_assoc_mgr_info", &err);
    if (!page->accounts)
        page->accounts = accounts_create (); /* as it is before the first change */
    puts ("Current Association Manager state");
    if (asked.show & SHOW_USERS)
        show_users (&asked, page);
    if (asked.show & SHOW_ASSOCS)
        show_assocs (&asked, page);
    if (asked.show & SHOW_QOS)
        show_all_qos (&asked, page);
    moisson__accounts_page__free_unpacked (page, NULL);
    return 0;
}
