/* scontrol_partitions.c - update of partitions. */
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "base/units.h"
#include "command.h"
#include "failure.h"
#include "scontrol.h"

static const char example[] = "scontrol update PartitionName=main State=DRAIN";

static int set_name (Moisson__PartitionOpRequest *r, const char *value, struct err *err)
{
    (void) err;
    r->partitions = (char *) value;
    return 0;
}

static int set_state (Moisson__PartitionOpRequest *r, const char *value, struct err *err)
{
    static const char *const states[] = {"UP", "DOWN", "DRAIN", "INACTIVE"};

    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (!strcasecmp (states[i], value)) {
            r->state = (char *) states[i];
            return 0;
        }
    err_set (err, 0, "State=%s is not known", value);
    return err_fix (err, "use UP, DOWN, DRAIN or INACTIVE");
}

static int set_max_time (Moisson__PartitionOpRequest *r, const char *value, struct err *err)
{
    r->has_max_time_s = true;
    return duration_parse (value, &r->max_time_s, err);
}

static int set_default_time (Moisson__PartitionOpRequest *r, const char *value, struct err *err)
{
    r->has_default_time_s = true;
    if (!strcasecmp (value, "NONE"))
        return 0;
    return duration_parse (value, &r->default_time_s, err);
}

static int set_default (Moisson__PartitionOpRequest *r, const char *value, struct err *err)
{
    r->has_is_default = true;
    r->is_default = !strcasecmp (value, "YES");
    if (r->is_default || !strcasecmp (value, "NO"))
        return 0;
    return err_set (err, 0, "Default=%s is neither YES nor NO", value);
}

static int parse_nodes (const char *value, const char *what, uint32_t *ret, struct err *err)
{
    uint64_t n = 0;

    if (strcasecmp (value, "UNLIMITED") && number_parse (value, what, 0, UINT32_MAX, &n, err) < 0)
        return -1;
    *ret = (uint32_t) n;
    return 0;
}

static int set_max_nodes (Moisson__PartitionOpRequest *r, const char *value, struct err *err)
{
    r->has_max_nodes = true;
    return parse_nodes (value, "MaxNodes", &r->max_nodes, err);
}

static int set_min_nodes (Moisson__PartitionOpRequest *r, const char *value, struct err *err)
{
    r->has_min_nodes = true;
    return parse_nodes (value, "MinNodes", &r->min_nodes, err);
}

static const struct {
    const char *key;
    int (*set) (Moisson__PartitionOpRequest *r, const char *value, struct err *err);
} keys[] = {
    {"PartitionName", set_name}, {"Partition", set_name},           {"State", set_state},
    {"MaxTime", set_max_time},   {"DefaultTime", set_default_time}, {"Default", set_default},
    {"MaxNodes", set_max_nodes}, {"MinNodes", set_min_nodes},
};

static int take (Moisson__PartitionOpRequest *request, const char *word)
{
    size_t len = strcspn (word, "=");
    _cleanup_err_ struct err err = ERR_INIT;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!word[len] || strlen (keys[i].key) != len || strncasecmp (keys[i].key, word, len))
            continue;
        if (keys[i].set (request, word + len + 1, &err) == 0)
            return 0;
        err_what (&err, "%s", word);
        err_report ("scontrol", &err);
        return COMMAND_ERROR;
    }
    fprintf (stderr, "Update of this parameter is not supported: %s\nRequest aborted\n", word);
    return COMMAND_ERROR;
}

int scontrol_update_partitions (struct scontrol *s, int argc, char **argv)
{
    Moisson__PartitionOpRequest request = MOISSON__PARTITION_OP_REQUEST__INIT;
    _cleanup_err_ struct err err = ERR_INIT;

    for (int i = 0; i < argc; i++)
        if (take (&request, argv[i]))
            return COMMAND_ERROR;
    if (!request.partitions || argc < 2) {
        fprintf (stderr, "scontrol: error: update: %s\n        fix: %s\n",
                 request.partitions ? "nothing is to change" : "no partition is named", example);
        return COMMAND_ERROR;
    }
    if (scontrol_rpc (s))
        return COMMAND_ERROR;
    if (rpc_request (s->rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_PARTITION_OP, &request.base, MOISSON__MSG_TYPE__MSG_OK,
                     NULL, NULL, &err))
        return failure_report_query ("slurm_update", &err);
    return 0;
}
