/* amend.c - what can be changed of a job after its submit. */
#include "core/amend.h"
#include <string.h>
#include "base/mem.h"

static const struct {
    const char *field; /* of JobSpec */
    bool running;      /* also once it runs */
    bool alone;        /* also for some tasks of an array */
} rows[] = {
    {"name", true, false},
    {"comment", true, true},
    {"wckey", true, true},
    {"mail_types", true, false},
    {"mail_user", true, false},
    {"qos", true, false},
    {"time_limit_s", true, true},
    {"requeue", true, true},
    {"nice", true, true},
    {"priority", true, true},
    {"array_limit", true, false},
    {"partition", false, false},
    {"account", false, false},
    {"dependency", false, false},
    {"depends", false, false},
    {"depends_any", false, false},
    {"ntasks", false, true},
    {"ntasks_per_node", false, true},
    {"cpus_per_task", false, true},
    {"min_nodes", false, true},
    {"max_nodes", false, true},
    {"mem_per_node_mb", false, true},
    {"mem_per_cpu_mb", false, true},
    {"nodelist", false, true},
    {"exclude", false, true},
    {"constraint", false, true},
    {"licenses", false, true},
    {"reservation", false, false},
    {"contiguous", false, true},
    {"min_cpus", false, true},
    {"tmp_mb", false, true},
    {"begin_us", false, false},
    {"std_in", false, true},
    {"std_out", false, true},
    {"std_err", false, true},
    {"work_dir", false, true},
    {"gres", false, true},
    {"gres_asks", false, true},
    {"gpus_per_node", false, true},
    {"deadline_us", false, false},
};

/* Fields that stand for one another: what is given of the first takes the second away. */
static const struct {
    const char *given, *gone;
} instead[] = {
    {"mem_per_node_mb", "mem_per_cpu_mb"},
    {"mem_per_node_mb", "mem_per_gpu_mb"},
    {"mem_per_cpu_mb", "mem_per_node_mb"},
    {"mem_per_cpu_mb", "mem_per_gpu_mb"},
    {"dependency", "depends"},
    {"dependency", "depends_any"},
    {"gres", "gres_asks"},
    {"gres", "gpus_per_node"},
    {"gres", "gpus_text"},
    {"gres", "gpus_per_node_text"},
    {"gres", "gpus_per_task_text"},
    {"cpus_per_task", "cpus_per_gpu"},
};

typedef const ProtobufCFieldDescriptor field_t;

static field_t *field_named (const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name (&moisson__job_spec__descriptor, name);
}

static void *at (const Moisson__JobSpec *spec, unsigned offset)
{
    return (char *) spec + offset;
}

static bool is_text (field_t *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING && field->label == PROTOBUF_C_LABEL_OPTIONAL;
}

static bool given (const Moisson__JobSpec *spec, field_t *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *) at (spec, field->quantifier_offset) > 0;
    if (is_text (field))
        return *(char *const *) at (spec, field->offset) != NULL;
    return *(const protobuf_c_boolean *) at (spec, field->quantifier_offset);
}

/* In a shallow copy: its values are another's. */
static void take_away (Moisson__JobSpec *spec, field_t *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        *(size_t *) at (spec, field->quantifier_offset) = 0;
    else if (is_text (field))
        *(char **) at (spec, field->offset) = NULL;
    else
        *(protobuf_c_boolean *) at (spec, field->quantifier_offset) = false;
}

static bool may (const char *name, bool running)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp (rows[i].field, name))
            return rows[i].running || !running;
    return false;
}

static bool first_beyond (const Moisson__JobSpec *changes, bool running, const char **ret_field)
{
    const ProtobufCMessageDescriptor *descriptor = &moisson__job_spec__descriptor;

    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (given (changes, &descriptor->fields[i]) && !may (descriptor->fields[i].name, running)) {
            *ret_field = descriptor->fields[i].name;
            return true;
        }
    return false;
}

bool amend_needs_pending (const Moisson__JobSpec *changes, const char **ret_field)
{
    return first_beyond (changes, true, ret_field);
}

bool amend_needs_whole (const Moisson__JobSpec *changes, const char **ret_field)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!rows[i].alone && given (changes, field_named (rows[i].field))) {
            *ret_field = rows[i].field;
            return true;
        }
    return false;
}

bool amend_forbids (const Moisson__JobSpec *changes, const char **ret_field)
{
    return first_beyond (changes, false, ret_field);
}

/* One message after the other is both of them, the later one counting (protobuf's own rule). */
static Moisson__JobSpec *joined (const Moisson__JobSpec *first, const Moisson__JobSpec *second)
{
    size_t n = moisson__job_spec__get_packed_size (first), m = moisson__job_spec__get_packed_size (second);
    _cleanup_free_ uint8_t *bytes = xmalloc (n + m + 1);
    Moisson__JobSpec *both;

    moisson__job_spec__pack (first, bytes);
    moisson__job_spec__pack (second, bytes + n);
    both = moisson__job_spec__unpack (NULL, n + m, bytes);
    if (!both)
        abort (); /* what was packed here unpacks, or memory is gone */
    return both;
}

Moisson__JobSpec *amend_spec (const Moisson__JobSpec *old, const Moisson__JobSpec *changes, bool running)
{
    const ProtobufCMessageDescriptor *descriptor = &moisson__job_spec__descriptor;
    Moisson__JobSpec base = *old, wanted = *changes;

    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        field_t *field = &descriptor->fields[i];
        if (given (&wanted, field) && !may (field->name, running))
            take_away (&wanted, field);
    }
    for (size_t i = 0; i < sizeof instead / sizeof *instead; i++)
        if (given (&wanted, field_named (instead[i].given)))
            take_away (&base, field_named (instead[i].gone));
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        field_t *field = &descriptor->fields[i];
        if (!is_text (field) || !given (&wanted, field) || **(char **) at (&wanted, field->offset))
            continue;
        take_away (&wanted, field);
        take_away (&base, field);
    }
    return joined (&base, &wanted);
}

/* Without what these changes give, or stand for. */
static Moisson__JobSpec less (const Moisson__JobSpec *earlier, const Moisson__JobSpec *changes)
{
    const ProtobufCMessageDescriptor *descriptor = &moisson__job_spec__descriptor;
    Moisson__JobSpec base = *earlier;

    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (given (changes, &descriptor->fields[i]))
            take_away (&base, &descriptor->fields[i]);
    for (size_t i = 0; i < sizeof instead / sizeof *instead; i++)
        if (given (changes, field_named (instead[i].given)))
            take_away (&base, field_named (instead[i].gone));
    return base;
}

Moisson__JobSpec *amend_join (Moisson__JobSpec *earlier, const Moisson__JobSpec *changes)
{
    static const Moisson__JobSpec nothing = MOISSON__JOB_SPEC__INIT;
    Moisson__JobSpec base = earlier ? less (earlier, changes) : nothing;
    Moisson__JobSpec *both = joined (&base, changes);

    if (earlier)
        moisson__job_spec__free_unpacked (earlier, NULL);
    return both;
}

Moisson__JobSpec *amend_forget (Moisson__JobSpec *earlier, const Moisson__JobSpec *changes)
{
    static const Moisson__JobSpec nothing = MOISSON__JOB_SPEC__INIT;
    Moisson__JobSpec base, *left;

    if (!earlier)
        return NULL;
    base = less (earlier, changes);
    left = moisson__job_spec__get_packed_size (&base) ? joined (&base, &nothing) : NULL;
    moisson__job_spec__free_unpacked (earlier, NULL);
    return left;
}
