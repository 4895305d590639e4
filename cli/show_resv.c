/* show_resv.c - one reservation or licence as `scontrol show` prints it. */
#include "base/resv_flags.h"
#include "show.h"

#define PRINT(name)                                                                                                    \
    static void name (struct buf *out, const void *row, const struct show_style *style __attribute__ ((unused)))

static const Moisson__ResvInfo *info (const void *row)
{
    return row;
}

static const Moisson__Resv *resv_of (const void *row)
{
    return info (row)->resv;
}

PRINT (name)
{
    show_text (out, resv_of (row)->name);
}

PRINT (start)
{
    show_time (out, resv_of (row)->start_us, "Unknown", style);
}

PRINT (end)
{
    show_time (out, resv_of (row)->end_us, "Unknown", style);
}

PRINT (duration)
{
    char text[64];

    buf_puts (out,
              duration_format ((resv_of (row)->end_us - resv_of (row)->start_us) / USEC_PER_SEC, text, sizeof text));
}

PRINT (nodes)
{
    show_text (out, info (row)->nodes);
}

PRINT (node_cnt)
{
    buf_printf (out, "%u", info (row)->node_cnt);
}

PRINT (core_cnt)
{
    buf_printf (out, "%u", info (row)->core_cnt);
}

PRINT (features)
{
    show_text (out, resv_of (row)->features);
}

PRINT (partition)
{
    show_text (out, resv_of (row)->partition);
}

PRINT (flags)
{
    resv_flags_put (resv_of (row)->flags, out);
}

PRINT (tres)
{
    if (info (row)->cpus)
        buf_printf (out, "cpu=%u", info (row)->cpus);
    else
        show_text (out, NULL);
}

static void names (struct buf *out, char *const *list, size_t n, bool but)
{
    for (size_t i = 0; i < n; i++) {
        buf_puts (out, i ? "," : "");
        buf_puts (out, but ? "-" : "");
        show_plain (out, list[i]);
    }
    if (!n)
        show_text (out, NULL);
}

PRINT (users)
{
    names (out, resv_of (row)->users, resv_of (row)->n_users, resv_of (row)->users_not);
}

PRINT (accounts)
{
    names (out, resv_of (row)->accounts, resv_of (row)->n_accounts, resv_of (row)->accounts_not);
}

PRINT (licenses)
{
    const Moisson__Resv *resv = resv_of (row);

    for (size_t i = 0; i < resv->n_licences; i++) {
        buf_puts (out, i ? "," : "");
        show_plain (out, resv->licences[i]->name);
        buf_printf (out, ":%u", resv->licences[i]->count);
    }
    if (!resv->n_licences)
        show_text (out, NULL);
}

PRINT (state)
{
    buf_puts (out, info (row)->active ? "ACTIVE" : "INACTIVE");
}

static const struct show_field resv_fields[] = {
    {"ReservationName", true, NULL, name},
    {"StartTime", false, NULL, start},
    {"EndTime", false, NULL, end},
    {"Duration", false, NULL, duration},
    {"Nodes", true, NULL, nodes},
    {"NodeCnt", false, NULL, node_cnt},
    {"CoreCnt", false, NULL, core_cnt},
    {"Features", false, NULL, features},
    {"PartitionName", false, NULL, partition},
    {"Flags", false, NULL, flags},
    {"TRES", true, NULL, tres},
    {"Users", true, NULL, users},
    {"Groups", false, "(null)"},
    {"Accounts", false, NULL, accounts},
    {"Licenses", false, NULL, licenses},
    {"State", false, NULL, state},
    {"BurstBuffer", false, "(null)"},
    {"Watts", false, "n/a"},
    {"MaxStartDelay", true, "(null)"},
};

void show_resv (struct buf *out, const Moisson__ResvInfo *row, const struct show_style *style)
{
    show_record (out, resv_fields, sizeof resv_fields / sizeof *resv_fields, row, style);
}

void show_licence (struct buf *out, const Moisson__LicenceInfo *row, const struct show_style *style)
{
    uint32_t free = row->total > row->used ? row->total - row->used : 0;

    buf_puts (out, "LicenseName=");
    show_plain (out, row->name);
    buf_printf (out, "%sTotal=%u Used=%u Free=%u Reserved=%u Remote=no\n", style->oneline ? " " : "\n    ", row->total,
                row->used, free, row->reserved);
}
