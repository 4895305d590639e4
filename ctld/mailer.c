/* mailer.c - a bounded queue of mails in front of a program. */
#include "ctld/mailer.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utlist.h>
#include "base/log.h"
#include "base/mem.h"
#include "core/mail.h"
#include "core/spec.h"
#include "ctld/children.h"
#include "ctld/mail_text.h"

#define QUEUE_MOST 10000u /* mails that wait, for their turn or their time */
#define AT_ONCE 4u
#define A_SECOND 10u /* so many, after a burst of BURST */
#define BURST 50u
#define TRIES 4u
#define TRY_AGAIN (60 * USEC_PER_SEC) /* doubles */
#define PROGRAM_S 60u

struct letter {
    struct letter *prev, *next;
    struct mailer *mailer;
    Moisson__Mail *mail;
    unsigned tries;
    usec_t not_before; /* wall clock */
};

struct mailer {
    struct ctld *ctld;
    struct letter *waiting; /* by time, then in the order of coming */
    size_t n, running;
    double tokens;
    usec_t filled; /* monotonic */
    struct timer *timer;
    struct mailer_stats stats;
};

static void letter_free (struct letter *letter)
{
    letter->mailer->n--;
    moisson__mail__free_unpacked (letter->mail, NULL);
    free (letter);
}

/* Where it belongs by its time: nearly always the end of those that are due, so the walk is short from there. */
static void enqueue (struct mailer *mailer, struct letter *letter)
{
    struct letter *at = mailer->waiting ? mailer->waiting->prev : NULL;

    while (at && at->not_before > letter->not_before)
        at = at == mailer->waiting ? NULL : at->prev;
    if (at)
        DL_APPEND_ELEM (mailer->waiting, at, letter);
    else
        DL_PREPEND (mailer->waiting, letter);
}

static bool take_token (struct mailer *mailer)
{
    usec_t now = now_monotonic ();

    mailer->tokens += (double) (now - mailer->filled) / USEC_PER_SEC * A_SECOND;
    mailer->filled = now;
    if (mailer->tokens > BURST)
        mailer->tokens = BURST;
    if (mailer->tokens < 1)
        return false;
    mailer->tokens -= 1;
    return true;
}

/* --- one mail ----------------------------------------------------------------------------------------------------- */

static void log_mail (const struct letter *letter, const char *event, const char *why)
{
    _cleanup_buf_ struct buf subject = BUF_INIT;

    mail_subject (letter->mail, &subject);
    log_info ("job=%lu event=%s subject=\"%s\"%s%s%s", (unsigned long) letter->mail->job_id, event, subject.data,
              why ? " why=\"" : "", why ? why : "", why ? "\"" : "");
}

static void go_on (void *arg);

static void sent (void *arg, const char *failure)
{
    struct letter *letter = arg;
    struct mailer *mailer = letter->mailer;

    mailer->running--;
    if (!failure) {
        mailer->stats.sent++;
        log_mail (letter, "mail", NULL);
        letter_free (letter);
    } else if (++letter->tries < TRIES) {
        letter->not_before = now_wall () + (TRY_AGAIN << (letter->tries - 1));
        enqueue (mailer, letter);
    } else {
        mailer->stats.failed++;
        log_mail (letter, "mail-failed", failure);
        letter_free (letter);
    }
    timer_arm (mailer->timer, 0);
}

/* What the program reads: a file without a name. */
static int input_of (const struct buf *text)
{
    int fd = memfd_create ("mail", MFD_CLOEXEC);
    size_t at = 0;

    while (fd >= 0 && at < text->len) {
        ssize_t n = write (fd, text->data + at, text->len - at);
        if (n < 0 && errno != EINTR) {
            close (fd);
            return -1;
        }
        at += n > 0 ? (size_t) n : 0;
    }
    if (fd >= 0)
        lseek (fd, 0, SEEK_SET);
    return fd;
}

static void spawn (struct mailer *mailer, struct letter *letter, const char *to)
{
    const struct config *conf = mailer->ctld->conf;
    _cleanup_buf_ struct buf text = BUF_INIT, subject = BUF_INIT;
    bool whole = mail_program_is_sendmail (conf->mail_program);
    struct child_order order = {.what = "MailProg", .programs = conf->mail_program, .fn = sent, .arg = letter};

    mail_subject (letter->mail, &subject);
    if (whole)
        mail_message (letter->mail, conf->cluster_name, to, &text);
    else
        mail_body (letter->mail, conf->cluster_name, &text);
    const char *const as_sendmail[] = {"-i", "-t", NULL};
    const char *const as_mail[] = {"-s", subject.data, to, NULL};
    order.arguments = whole ? as_sendmail : as_mail;
    order.has_input = true;
    order.input = input_of (&text);
    order.limit_s = PROGRAM_S;
    program_env_begin (&order.env);
    program_env_set (&order.env, "MAILTO", to);
    program_env_set (&order.env, "SLURM_CLUSTER_NAME", conf->cluster_name);
    program_env_setf (&order.env, "SLURM_JOB_ID", "%lu",
                      (unsigned long) (letter->mail->raw_id ? letter->mail->raw_id : letter->mail->job_id));
    program_env_set (&order.env, "SLURM_JOB_USER", letter->mail->user);
    program_env_set (&order.env, "SLURM_JOB_PARTITION", letter->mail->partition);
    mailer->running++;
    children_run (mailer->ctld->children, &order);
}

static void drop (struct letter *letter, const char *why)
{
    letter->mailer->stats.dropped++;
    log_mail (letter, "mail-dropped", why);
    letter_free (letter);
}

static void send_letter (struct mailer *mailer, struct letter *letter)
{
    _cleanup_buf_ struct buf to = BUF_INIT;
    usec_t due = 0;

    if (letter->mail->has_due_us && !letter->tries) {
        int rc = core_mail_due (mailer->ctld->core, letter->mail, now_wall (), &due);
        if (rc < 0) { /* it has ended before */
            letter_free (letter);
            return;
        }
        if (rc == 0) { /* its limit was changed */
            letter->not_before = letter->mail->due_us = due;
            enqueue (mailer, letter);
            return;
        }
    }
    if (!mail_recipients (letter->mail, mailer->ctld->conf->mail_domain, &to))
        drop (letter, "that is no address");
    else
        spawn (mailer, letter, to.data);
}

static void go_on (void *arg)
{
    struct mailer *mailer = arg;
    struct letter *letter;

    while ((letter = mailer->waiting) && mailer->running < AT_ONCE) {
        usec_t now = now_wall ();
        if (letter->not_before > now) { /* the wall clock may be set: look now and then */
            usec_t wait = letter->not_before - now;
            timer_arm (mailer->timer, wait > 30 * USEC_PER_SEC ? 30 * USEC_PER_SEC : wait);
            return;
        }
        if (!take_token (mailer)) {
            timer_arm (mailer->timer, USEC_PER_SEC / A_SECOND);
            return;
        }
        DL_DELETE (mailer->waiting, letter);
        send_letter (mailer, letter);
    }
}

/* --- the queue ---------------------------------------------------------------------------------------------------- */

static void queue_mail (struct mailer *mailer, Moisson__Mail *mail)
{
    struct letter *letter = xcalloc (1, sizeof *letter);

    mailer->n++;
    *letter =
        (struct letter){.mailer = mailer, .mail = mail, .not_before = mail->has_due_us ? mail->due_us : now_wall ()};
    if (mailer->n > QUEUE_MOST) {
        drop (letter, "too many mails wait");
        return;
    }
    enqueue (mailer, letter);
    timer_arm (mailer->timer, 0);
}

static bool sends (const struct mailer *mailer)
{
    const char *program = mailer->ctld->conf->mail_program;

    return *program && mailer->ctld->uid != 0 && access (program, X_OK) == 0;
}

void mailer_send (struct mailer *mailer, const Moisson__Mail *mail)
{
    if (mailer && sends (mailer))
        queue_mail (mailer, message_copy (&mail->base));
}

static void queue_limit (void *arg, Moisson__Mail *mail)
{
    if (mail->due_us > now_wall ()) /* else it was told, or should have been, before the restart */
        queue_mail (arg, mail);
    else
        moisson__mail__free_unpacked (mail, NULL);
}

struct mailer_stats mailer_stats (const struct mailer *mailer)
{
    struct mailer_stats stats = mailer->stats;

    stats.queued = mailer->n;
    return stats;
}

struct mailer *mailer_create (struct ctld *ctld)
{
    struct mailer *mailer = xcalloc (1, sizeof *mailer);

    mailer->ctld = ctld;
    mailer->tokens = BURST;
    mailer->filled = now_monotonic ();
    mailer->timer = timer_create_in (ctld->loop, go_on, mailer);
    if (*ctld->conf->mail_program && ctld->uid == 0)
        log_warn ("event=mail note=\"MailProg is never run as root: no mail is sent; set SlurmUser to another user\"");
    if (sends (mailer))
        core_mail_limits (ctld->core, queue_limit, mailer);
    return mailer;
}

/* Those that run are the children's: they have come back before. */
struct mailer *mailer_free (struct mailer *mailer)
{
    struct letter *letter, *next;

    if (!mailer)
        return NULL;
    if (mailer->waiting)
        log_info ("event=mail note=\"%zu mails are not sent: the controller ends\"", mailer->n);
    DL_FOREACH_SAFE (mailer->waiting, letter, next)
    letter_free (letter);
    timer_free (mailer->timer);
    free (mailer);
    return NULL;
}
