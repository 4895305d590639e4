/* records.c - one question, its pages, copies of their rows. */
#include "records.h"
#include <stdlib.h>
#include <time.h>
#include "base/mem.h"
#include "proto/wire.pb-c.h"

static bool keep (void *arg, const void *message)
{
    struct records *records = arg;
    const Moisson__AcctPage *page = message;

    if (page->now_us)
        records->now = page->now_us;
    for (size_t i = 0; i < page->n_records; i++) {
        size_t size = moisson__acct_record__get_packed_size (page->records[i]);
        _cleanup_free_ uint8_t *packed = xmalloc (size + 1);
        moisson__acct_record__pack (page->records[i], packed);
        GROW (records->list, records->n, records->room);
        records->list[records->n] = moisson__acct_record__unpack (NULL, size, packed);
        records->n += records->list[records->n] != NULL;
    }
    return page->last;
}

int records_fetch (struct records *ret, struct rpc *rpc, Moisson__JobFilter *filter, struct err *err)
{
    Moisson__AcctRequest request = MOISSON__ACCT_REQUEST__INIT;

    *ret = (struct records){.now = (usec_t) time (NULL) * USEC_PER_SEC};
    request.filter = filter;
    return rpc_stream (rpc, MOISSON__MSG_TYPE__MSG_ACCT, &request.base, MOISSON__MSG_TYPE__MSG_ACCT_PAGE,
                       &moisson__acct_page__descriptor, keep, ret, err);
}

void records_clear (struct records *records)
{
    for (size_t i = 0; i < records->n; i++)
        moisson__acct_record__free_unpacked (records->list[i], NULL);
    free (records->list);
    *records = (struct records){0};
}
