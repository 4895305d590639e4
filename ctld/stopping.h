/* stopping.h - a clean stop: place nothing more, commit what was applied, let replies leave, end the loop. Jobs go on.
 */
#pragma once
#include "ctld/session.h"

struct stopping;

struct stopping *stopping_create (struct ctld *ctld);
struct stopping *stopping_free (struct stopping *stopping); /* after the journal */
/* request: of the one who asked for it (answered before the end), or NULL. */
void stopping_begin (struct stopping *stopping, struct request *request, const char *why);
