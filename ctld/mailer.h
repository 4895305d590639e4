/* mailer.h - sends mail through MailProg: after the commit of what it is about, a few at a time, no faster than some a
 * second, in a bounded queue, and tried again a few times. What is queued when the controller ends is not sent
 * (docs/decisions/0033): at most once. */
#pragma once
#include "ctld/ctld.h"

struct mailer;

struct mailer *mailer_create (struct ctld *ctld);
struct mailer *mailer_free (struct mailer *mailer);
void mailer_send (struct mailer *mailer, const Moisson__Mail *mail);

struct mailer_stats {
    uint64_t sent, failed, dropped; /* dropped: there was no room, or no usable address */
    size_t queued;
};
struct mailer_stats mailer_stats (const struct mailer *mailer);
