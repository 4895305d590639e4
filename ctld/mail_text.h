/* mail_text.h - a mail in Slurm's words. Pure. */
#pragma once
#include <stdbool.h>
#include "base/buf.h"
#include "proto/record.pb-c.h"

/* "Slurm Job_id=17 Name=x Ended, Run time 00:00:10, COMPLETED, ExitCode 0"; one line whatever the name is. */
void mail_subject (const Moisson__Mail *mail, struct buf *out);
/* The addresses, in full; false: that is none, and no mail is to be sent. domain: MailDomain, "" = none. */
bool mail_recipients (const Moisson__Mail *mail, const char *domain, struct buf *out);
/* Headers and body, for a program like sendmail. */
void mail_message (const Moisson__Mail *mail, const char *cluster, const char *to, struct buf *out);
void mail_body (const Moisson__Mail *mail, const char *cluster, struct buf *out);
/* Does it take a whole message, as sendmail does? Else it is called as `mail -s SUBJECT ADDRESS`. */
bool mail_program_is_sendmail (const char *path);
