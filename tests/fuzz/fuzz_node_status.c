/* Whatever is accepted must come back the same from its own text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "nodeagent/status.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    _cleanup_status_ struct status st = STATUS_INIT, back = STATUS_INIT;
    _cleanup_buf_ struct buf text = BUF_INIT, again = BUF_INIT;

    if (status_parse ((const char *) data, size, &st, NULL))
        return 0;
    status_format (&st, &text);
    if (status_parse (text.data, text.len, &back, NULL))
        abort ();
    status_format (&back, &again);
    if (text.len != again.len || memcmp (text.data, again.data, text.len) != 0)
        abort ();
    return 0;
}
