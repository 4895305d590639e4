/* effects.h - what an event asks the daemon to do, in order. Everything here is performed only after the commit of the
 * event that caused it, but for FX_RECORD and FX_RERECORD, which are committed with it. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/states.h"
#include "proto/node.pb-c.h"
#include "proto/record.pb-c.h"

enum fx_kind {
    FX_START,     /* send a start order for (raw_id, attempt) to node */
    FX_STOP,      /* send a stop: how, note */
    FX_LIMIT,     /* send a new time limit: limit_s */
    FX_SUSPEND,   /* send a suspend or (suspend false) a resume */
    FX_FORGET,    /* tell the node that the exit of (raw_id, attempt) is recorded */
    FX_RECORD,    /* accounting record, to be committed with the event */
    FX_RERECORD,  /* likewise: takes the place of the one that this attempt has */
    FX_WANT_PASS, /* something became free, eligible or pending: begin a pass */
    FX_REBOOT,    /* tell node to reboot */
    FX_NEVER,     /* what the job (job_id) depends on can never be satisfied */
    FX_MAIL,      /* send a mail: mail */
    FX_SHUNNED,   /* say in the log: node, note */
    FX_JOB_ENDED, /* the job as a whole (job_id) has ended: wake `sbatch --wait` */
};

struct fx {
    enum fx_kind kind;
    uint64_t job_id;
    uint64_t raw_id;
    uint32_t attempt;
    char *node;                  /* owned; START, STOP, LIMIT, SUSPEND, FORGET, REBOOT */
    Moisson__StopHow how;        /* STOP */
    char *note;                  /* owned, may be NULL; STOP */
    uint32_t grace_s;            /* STOP: KILL after so long; 0 = KillWait */
    uint64_t limit_s;            /* LIMIT; 0 = none */
    bool suspend;                /* SUSPEND */
    Moisson__Mail *mail;         /* owned; MAIL */
    bool sudden;                 /* RECORD: its node had not said before that it runs */
    Moisson__AcctRecord *record; /* owned (unpacked form); RECORD, RERECORD */
};

struct effects {
    struct fx *list;
    size_t n, room;
};

#define EFFECTS_INIT ((struct effects){0})
#define _cleanup_effects_ __attribute__ ((cleanup (effects_clear)))

struct fx *effects_add (struct effects *fx, enum fx_kind kind); /* zeroed but for kind; NULL if fx is NULL */
size_t effects_count (const struct effects *fx, enum fx_kind kind);
void effects_clear (struct effects *fx);
