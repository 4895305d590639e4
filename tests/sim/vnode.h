/* vnode.h - a node agent with its launcher, as far as the controller can tell: what it accepts, keeps and says. */
#pragma once
#include <stddef.h>
#include "base/units.h"
#include "proto/node.pb-c.h"

#define VGPU_TYPES 2 /* workload.c names them */

struct vattempt {
    uint64_t raw_id;
    uint32_t attempt;
    uint32_t cpus, gpus[VGPU_TYPES];
    Moisson__AttemptPhase phase; /* RUNNING, EXITED, REFUSED, TOMBSTONE */
    Moisson__EndKind kind;       /* EXITED */
    uint32_t code;
    usec_t start, end; /* end of a RUNNING one: when it will stop by itself */
    usec_t still_at;   /* it stands still since then; 0 = it does not */
    bool stopping;     /* told to stop: it ends as cancelled, a little later */
    usec_t cling_for;  /* how long its processes outlive it, whatever is done to them; 0 = not at all */
    usec_t held_until; /* EXITED, and they are still there; 0 = they are gone */
    bool forgotten;    /* only they are left */
};

enum vmsg_kind {
    VMSG_START,
    VMSG_STOP,
    VMSG_FORGET,
    VMSG_STARTED,
    VMSG_EXITED,
    VMSG_RELEASED,
    VMSG_REBOOT,
    VMSG_SUSPEND
};

struct vmsg {
    enum vmsg_kind kind;
    uint64_t raw_id;
    uint32_t attempt;
    uint32_t cpus; /* START */
    uint32_t gpus[VGPU_TYPES];
    Moisson__StopHow how;    /* STOP */
    bool suspend;            /* SUSPEND: or go on */
    struct vattempt outcome; /* STARTED, EXITED: a copy */
};

struct vqueue { /* messages on their way, in order */
    struct vmsg *list;
    size_t n, room, head;
};

struct vnode {
    char name[16];
    uint32_t cpus, gpus[VGPU_TYPES];
    unsigned boot;
    bool smaller; /* a part of its memory is broken */
    bool connected, reboot_ordered;
    struct vattempt *attempts;
    size_t n, room;
    struct vqueue in, out; /* in: from the controller; out: to it */
};

/* What the node really does is told to the ledger through these. */
struct vnode_listener {
    void (*ran) (void *arg, struct vnode *node, const struct vattempt *a);
    void (*ended) (void *arg, struct vnode *node, const struct vattempt *a);
    void *arg;
};

void vqueue_push (struct vqueue *q, const struct vmsg *msg);
bool vqueue_pop (struct vqueue *q, struct vmsg *ret);
void vqueue_drop (struct vqueue *q); /* the link broke */
void vnode_clear (struct vnode *node);

struct vnode_fate {          /* of what the next message starts or stops */
    usec_t run_for, die_for; /* how long it will run by itself; how long it takes to die */
    uint32_t code;           /* its exit */
    bool refuse;             /* the node cannot start it */
    usec_t cling_for;        /* how long its processes cannot be killed; 0 = they can */
};

/* Take the next message from the controller. */
bool vnode_receive (struct vnode *node, usec_t now, const struct vnode_fate *fate, const struct vnode_listener *l);
void vnode_advance (struct vnode *node, usec_t now, const struct vnode_listener *l); /* let due jobs end */
/* forgetful: the power went, and the spool with it. */
void vnode_reboot (struct vnode *node, usec_t now, bool forgetful, const struct vnode_listener *l);
struct vattempt *vnode_find (struct vnode *node, uint64_t raw_id, uint32_t attempt);
uint32_t vnode_running_cpus (const struct vnode *node); /* and those that are held */
uint32_t vnode_running_gpus (const struct vnode *node, int type);
/* Everything it has, as an agent reports it. Free with moisson__register__free_unpacked. */
Moisson__Register *vnode_register (const struct vnode *node);
