/* bookings.h - reservations and licences, told apart from the core: may what is placed be where it is, and are there so
 * many licences? Counted from events alone. */
#pragma once
#include "base/err.h"
#include "core/core.h"

#define BOOKINGS_LICENCES 4 /* of the one licence there is, "lic" */

struct bookings;

struct bookings *bookings_create (void);
struct bookings *bookings_free (struct bookings *b);

void bookings_event (struct bookings *b, const Moisson__Event *event, usec_t now);
/* An attempt was placed so, at this time. A wrong thing is remembered and told by bookings_check. */
void bookings_placed (struct bookings *b, const struct start_facts *facts, usec_t now);
void bookings_over (struct bookings *b, uint64_t raw_id, uint32_t attempt);
int bookings_check (const struct bookings *b, struct err *err);
