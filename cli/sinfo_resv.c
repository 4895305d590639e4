/* sinfo_resv.c - sinfo -T: reservations, one a line. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/units.h"
#include "failure.h"
#include "lists.h"
#include "sinfo_resv.h"

static int width_of (const Moisson__ResvsPage *page)
{
    size_t width = strlen ("RESV_NAME");

    for (size_t i = 0; i < page->n_reservations; i++)
        if (strlen (page->reservations[i]->resv->name) > width)
            width = strlen (page->reservations[i]->resv->name);
    return (int) width;
}

static void print_row (const Moisson__ResvInfo *row, int width)
{
    const char *format = environment ("SLURM_TIME_FORMAT");
    const Moisson__Resv *resv = row->resv;
    char start[64], end[64], duration[64];

    printf ("%-*s  %8s  %19s  %19s  %11s  %s\n", width, resv->name, row->active ? "ACTIVE" : "INACTIVE",
            time_format (resv->start_us, format, "Unknown", start, sizeof start),
            time_format (resv->end_us, format, "Unknown", end, sizeof end),
            duration_format ((resv->end_us - resv->start_us) / USEC_PER_SEC, duration, sizeof duration),
            row->nodes ? row->nodes : "");
}

int sinfo_print_resvs (struct rpc *rpc, bool header)
{
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__ResvsPage *page = NULL;
    int width;

    if (rpc_request (rpc, RPC_QUERY, MOISSON__MSG_TYPE__MSG_RESVS, NULL, MOISSON__MSG_TYPE__MSG_RESVS_PAGE,
                     &moisson__resvs_page__descriptor, &page, &err))
        return failure_report_query ("slurm_load_reservations", &err);
    width = width_of (page);
    if (!page->n_reservations)
        puts ("No reservations in the system");
    else if (header)
        printf ("%-*s  %8s  %19s  %19s  %11s  %s\n", width, "RESV_NAME", "STATE", "START_TIME", "END_TIME", "DURATION",
                "NODELIST");
    for (size_t i = 0; i < page->n_reservations; i++)
        print_row (page->reservations[i], width);
    moisson__resvs_page__free_unpacked (page, NULL);
    return 0;
}
