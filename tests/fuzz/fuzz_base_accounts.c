/* fuzz_base_accounts.c - any text as accounts.conf: refused with a sentence, or a tree that can be written out. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/accounts.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = xstrndup ((const char *) data, size);
    _cleanup_buf_ struct buf shown = BUF_INIT;
    _cleanup_err_ struct err err = ERR_INIT;
    Moisson__Accounts *tree = NULL;

    if (accounts_conf_parse (&tree, "accounts.conf", text, &err)) {
        assert (err.why && *err.why);
        return 0;
    }
    assert (accounts_check (tree, NULL) == 0);
    accounts_conf_write (tree, &shown);
    moisson__accounts__free_unpacked (tree, NULL);
    return 0;
}
