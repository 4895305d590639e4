/* records.h - accounting records of some jobs, kept in the order in which they came. */
#pragma once
#include "proto/record.pb-c.h"
#include "rpc.h"

struct records {
    Moisson__AcctRecord **list;
    size_t n, room;
    usec_t now; /* the controller's clock */
};

int records_fetch (struct records *ret, struct rpc *rpc, Moisson__JobFilter *filter, struct err *err);
void records_clear (struct records *records);
