/* pass.h - runs the scheduling pass when something may now fit: coalesced, and in slices that do not hold the loop. */
#pragma once
#include "ctld/ctld.h"

struct pass;

struct pass *pass_create (struct ctld *ctld);
struct pass *pass_free (struct pass *pass);
void pass_want (struct pass *pass);
