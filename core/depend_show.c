/* depend_show.c - the conditions of a job that are not met yet, as Slurm shows them: afterok:12(unfulfilled). */
#include <ctype.h>
#include "core/state.h"

static void put_type (struct buf *out, Moisson__DependType type)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value (&moisson__depend_type__descriptor, (int) type);

    for (const char *p = value ? value->name + strlen ("DEP_") : ""; *p; p++)
        buf_putc (out, (char) tolower ((unsigned char) *p));
}

static void put_edge (struct buf *out, const struct edge *edge)
{
    const Moisson__Dependency *asked = &edge->asked;

    put_type (out, asked->type);
    if (asked->has_job_id)
        buf_printf (out, ":%lu", (unsigned long) asked->job_id);
    if (asked->has_task)
        buf_printf (out, "_%u", asked->task);
    else if (edge->target && job_is_array (edge->target))
        buf_puts (out, "_*");
    if (asked->delay_min)
        buf_printf (out, "+%u", asked->delay_min);
}

static bool is_met (const struct edge *edge, usec_t now)
{
    return edge->state == EDGE_MET && edge->due_us <= now;
}

size_t depend_name (const struct job *job, usec_t now, size_t most, struct buf *out)
{
    const struct depend *depend = job->depend;
    size_t n = 0;

    for (size_t i = 0; depend && i < depend->n; i++) {
        const struct edge *edge = &depend->edges[i];
        char when[64];
        if (is_met (edge, now) || ++n > most)
            continue;
        buf_puts (out, n > 1 ? ", " : "");
        put_edge (out, edge);
        if (edge->state == EDGE_MET)
            buf_printf (out, " (at %s)", time_format (edge->due_us, NULL, "", when, sizeof when));
    }
    return n;
}

void depend_show (const struct job *job, usec_t now, struct buf *out)
{
    const struct depend *depend = job->depend;
    const char *comma = job_spec (job)->depends_any ? "?" : ",";
    usec_t due;

    if (depend_answer (job, now, &due) == DEPEND_MET)
        return;
    for (size_t i = 0; depend && i < depend->n; i++) {
        const struct edge *edge = &depend->edges[i];
        if (is_met (edge, now))
            continue;
        buf_puts (out, out->len ? comma : "");
        put_edge (out, edge);
        buf_puts (out, edge->state == EDGE_NEVER ? "(failed)" : "(unfulfilled)");
    }
}
