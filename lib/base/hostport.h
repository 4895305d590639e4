/* hostport.h - "host", "host:port", "[::1]:port", "::1". */
#pragma once
#include <stdint.h>
#include "base/err.h"

#define CONTROLLER_PORT 6817 /* as in slurm.conf */

/* `what` begins the sentence of an error ("--controller"). *ret_host is the caller's to free; outputs only on success.
 */
int hostport_parse (const char *text, const char *what, char **ret_host, uint16_t *ret_port, struct err *err);
