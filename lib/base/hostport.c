/* hostport.c - where a controller is, in a word. */
#include "base/hostport.h"
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/units.h"

int hostport_parse (const char *text, const char *what, char **ret_host, uint16_t *ret_port, struct err *err)
{
    const char *colon = strrchr (text, ':'), *close = strrchr (text, ']');
    _cleanup_free_ char *host = NULL;
    uint64_t port = CONTROLLER_PORT;

    if (*text == '[' && close) {
        host = xstrndup (text + 1, (size_t) (close - text - 1));
        colon = close[1] == ':' ? close + 1 : NULL;
    } else if (colon && strchr (text, ':') == colon) {
        host = xstrndup (text, (size_t) (colon - text));
    } else { /* a name, or an address of IPv6 */
        host = xstrdup (text);
        colon = NULL;
    }
    if (!*host) {
        err_set (err, 0, "%s=%s names no host", what, text);
        return err_fix (err, "write HOST or HOST:PORT");
    }
    if (colon && number_parse (colon + 1, "port", 1, 65535, &port, err) < 0)
        return err_what (err, "%s=%s", what, text);
    *ret_host = steal (&host);
    *ret_port = (uint16_t) port;
    return 0;
}
