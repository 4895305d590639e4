/* vnode.c - a virtual node. Mirrors docs/states.md, "what an agent does", not the agent's code. */
#include "vnode.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

void vqueue_push (struct vqueue *q, const struct vmsg *msg)
{
    GROW (q->list, q->n, q->room);
    q->list[q->n++] = *msg;
}

bool vqueue_pop (struct vqueue *q, struct vmsg *ret)
{
    if (q->head == q->n)
        return false;
    *ret = q->list[q->head++];
    if (q->head == q->n)
        q->head = q->n = 0;
    return true;
}

void vqueue_drop (struct vqueue *q)
{
    q->head = q->n = 0;
}

void vnode_clear (struct vnode *node)
{
    free (node->attempts);
    free (node->in.list);
    free (node->out.list);
}

struct vattempt *vnode_find (struct vnode *node, uint64_t raw_id, uint32_t attempt)
{
    for (size_t i = 0; i < node->n; i++)
        if (node->attempts[i].raw_id == raw_id && node->attempts[i].attempt == attempt)
            return &node->attempts[i];
    return NULL;
}

uint32_t vnode_running_cpus (const struct vnode *node)
{
    uint32_t cpus = 0;

    for (size_t i = 0; i < node->n; i++)
        if (node->attempts[i].phase == MOISSON__ATTEMPT_PHASE__PHASE_RUNNING || node->attempts[i].held_until)
            cpus += node->attempts[i].cpus;
    return cpus;
}

uint32_t vnode_running_gpus (const struct vnode *node, int type)
{
    uint32_t gpus = 0;

    for (size_t i = 0; i < node->n; i++)
        if (node->attempts[i].phase == MOISSON__ATTEMPT_PHASE__PHASE_RUNNING || node->attempts[i].held_until)
            gpus += node->attempts[i].gpus[type];
    return gpus;
}

static struct vattempt *add (struct vnode *node, const struct vmsg *msg, Moisson__AttemptPhase phase, usec_t now)
{
    GROW (node->attempts, node->n, node->room);
    node->attempts[node->n] = (struct vattempt){
        .raw_id = msg->raw_id, .attempt = msg->attempt, .cpus = msg->cpus, .phase = phase, .start = now, .end = now};
    memcpy (node->attempts[node->n].gpus, msg->gpus, sizeof msg->gpus);
    return &node->attempts[node->n++];
}

static void say (struct vnode *node, enum vmsg_kind kind, const struct vattempt *a)
{
    struct vmsg msg = {.kind = kind, .raw_id = a->raw_id, .attempt = a->attempt, .outcome = *a};

    if (node->connected)
        vqueue_push (&node->out, &msg);
}

static void finish (struct vnode *node, struct vattempt *a, Moisson__EndKind kind, usec_t now,
                    const struct vnode_listener *l)
{
    l->ended (l->arg, node, a);
    a->phase = MOISSON__ATTEMPT_PHASE__PHASE_EXITED;
    a->still_at = 0;
    a->kind = kind;
    a->end = now;
    a->held_until = a->cling_for ? now + a->cling_for : 0;
    say (node, VMSG_EXITED, a);
}

/* Never two attempts of one task at once. */
static bool other_lives (const struct vnode *node, uint64_t raw_id)
{
    for (size_t i = 0; i < node->n; i++)
        if (node->attempts[i].raw_id == raw_id && node->attempts[i].phase == MOISSON__ATTEMPT_PHASE__PHASE_RUNNING)
            return true;
    return false;
}

static void on_start (struct vnode *node, const struct vmsg *msg, usec_t now, const struct vnode_fate *fate,
                      const struct vnode_listener *l)
{
    struct vattempt *a = vnode_find (node, msg->raw_id, msg->attempt);

    if (a) { /* a doubled order, or one that a stop has overtaken */
        if (a->phase != MOISSON__ATTEMPT_PHASE__PHASE_RUNNING)
            say (node, VMSG_EXITED, a);
        return;
    }
    if (fate->refuse || other_lives (node, msg->raw_id)) {
        a = add (node, msg, MOISSON__ATTEMPT_PHASE__PHASE_REFUSED, now);
        a->kind = MOISSON__END_KIND__END_REFUSED;
        say (node, VMSG_EXITED, a);
        return;
    }
    a = add (node, msg, MOISSON__ATTEMPT_PHASE__PHASE_RUNNING, now);
    a->end = now + fate->run_for;
    a->code = fate->code;
    a->cling_for = fate->cling_for;
    l->ran (l->arg, node, a);
    say (node, VMSG_STARTED, a);
}

/* What stands still keeps the time it had left. */
static void stand_still (struct vattempt *a, bool on, usec_t now)
{
    if (a->phase != MOISSON__ATTEMPT_PHASE__PHASE_RUNNING || a->stopping || (a->still_at != 0) == on)
        return;
    if (!on)
        a->end += now - a->still_at;
    a->still_at = on ? now : 0;
}

static void on_stop (struct vnode *node, const struct vmsg *msg, usec_t now, usec_t die_for)
{
    struct vattempt *a = vnode_find (node, msg->raw_id, msg->attempt);

    if (!a) {
        a = add (node, msg, MOISSON__ATTEMPT_PHASE__PHASE_TOMBSTONE, now);
        a->kind = MOISSON__END_KIND__END_CANCELLED;
        say (node, VMSG_EXITED, a);
    } else if (a->phase == MOISSON__ATTEMPT_PHASE__PHASE_RUNNING) {
        stand_still (a, false, now);
        if (a->end > now + die_for)
            a->end = now + die_for;
        a->stopping = true;
    } else {
        say (node, VMSG_EXITED, a);
    }
}

bool vnode_receive (struct vnode *node, usec_t now, const struct vnode_fate *fate, const struct vnode_listener *l)
{
    struct vmsg msg;
    struct vattempt *a;

    if (!vqueue_pop (&node->in, &msg))
        return false;
    switch (msg.kind) {
    case VMSG_START: on_start (node, &msg, now, fate, l); break;
    case VMSG_STOP: on_stop (node, &msg, now, fate->die_for); break;
    case VMSG_REBOOT: node->reboot_ordered = true; break;
    case VMSG_SUSPEND:
        a = vnode_find (node, msg.raw_id, msg.attempt);
        if (a)
            stand_still (a, msg.suspend, now);
        break;
    default:
        a = vnode_find (node, msg.raw_id, msg.attempt);
        if (a && a->held_until)
            a->forgotten = true;
        else if (a && a->phase != MOISSON__ATTEMPT_PHASE__PHASE_RUNNING)
            *a = node->attempts[--node->n];
    }
    return true;
}

void vnode_advance (struct vnode *node, usec_t now, const struct vnode_listener *l)
{
    for (size_t i = node->n; i-- > 0;) {
        struct vattempt *a = &node->attempts[i];
        if (a->held_until && a->held_until <= now) {
            a->held_until = 0;
            say (node, VMSG_RELEASED, a);
            if (a->forgotten)
                *a = node->attempts[--node->n];
            continue;
        }
        if (a->phase == MOISSON__ATTEMPT_PHASE__PHASE_RUNNING && !a->still_at && a->end <= now)
            finish (node, a, a->stopping ? MOISSON__END_KIND__END_CANCELLED : MOISSON__END_KIND__END_EXITED, now, l);
    }
}

void vnode_reboot (struct vnode *node, usec_t now, bool forgetful, const struct vnode_listener *l)
{
    node->boot++;
    node->connected = node->reboot_ordered = false;
    vqueue_drop (&node->in);
    vqueue_drop (&node->out);
    for (size_t i = node->n; i-- > 0;) {
        struct vattempt *a = &node->attempts[i];
        if (a->phase == MOISSON__ATTEMPT_PHASE__PHASE_RUNNING)
            finish (node, a, MOISSON__END_KIND__END_NODE_REBOOT, now, l);
        a->held_until = 0;
        if (a->forgotten)
            *a = node->attempts[--node->n];
    }
    if (forgetful)
        node->n = 0;
}

static Moisson__AttemptId *make_id (const struct vattempt *a)
{
    Moisson__AttemptId *id = xmalloc (sizeof *id);

    moisson__attempt_id__init (id);
    id->raw_id = a->raw_id;
    id->attempt = a->attempt;
    return id;
}

static Moisson__AttemptReport *report (const struct vattempt *a)
{
    Moisson__AttemptReport *r = xmalloc (sizeof *r);

    moisson__attempt_report__init (r);
    r->id = make_id (a);
    r->phase = a->phase;
    r->has_start_us = true;
    r->start_us = a->start;
    r->has_suspended = r->suspended = a->still_at != 0;
    if (a->phase == MOISSON__ATTEMPT_PHASE__PHASE_RUNNING)
        return r;
    r->exit = xmalloc (sizeof *r->exit);
    moisson__exit__init (r->exit);
    r->exit->id = xmemdup (r->id, sizeof *r->id);
    r->exit->kind = a->kind;
    r->exit->has_code = true;
    r->exit->code = a->code;
    r->exit->has_end_us = true;
    r->exit->end_us = a->end;
    r->exit->has_unkillable = r->exit->unkillable = a->held_until != 0;
    return r;
}

Moisson__Register *vnode_register (const struct vnode *node)
{
    Moisson__Register *r = xmalloc (sizeof *r);

    moisson__register__init (r);
    r->node = xstrdup (node->name);
    r->boot_id = xasprintf ("%s-boot-%u", node->name, node->boot);
    r->launcher_nonce = (ProtobufCBinaryData){.len = 16, .data = xcalloc (16, 1)};
    r->version = xstrdup ("sim");
    r->has_cpus = true;
    r->cpus = node->cpus;
    r->has_found_sockets = r->has_found_cores = r->has_found_threads = r->has_found_mem_mb = true;
    r->found_sockets = 1;
    r->found_threads = node->cpus + 2;
    r->found_cores = r->found_threads / 2;
    r->found_mem_mb = node->cpus * 1000 / (node->smaller ? 2 : 1) + 500;
    r->attempts = xcalloc (node->n, sizeof (void *));
    r->held = xcalloc (node->n, sizeof (void *));
    for (size_t i = 0; i < node->n; i++) {
        const struct vattempt *a = &node->attempts[i];
        if (!a->forgotten)
            r->attempts[r->n_attempts++] = report (a);
        if (a->held_until)
            r->held[r->n_held++] = make_id (a);
    }
    return r;
}
