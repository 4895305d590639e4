/* Lines of the fifo, and the text of --signal. */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "nodeagent/control.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = xstrndup ((const char *) data, size);
    struct control c;
    struct warning w;

    if (control_parse (text, &c, NULL) == 0 && c.verb == CONTROL_SIGNAL && (c.signal < 1 || c.signal >= NSIG))
        abort ();
    if (warning_parse (text, &w, NULL) == 0 && (w.signal < 1 || w.signal >= NSIG))
        abort ();
    return 0;
}
