/* fence.h - FenceProgram: is a node that is silent dead? Only then are its jobs over. */
#pragma once
#include "ctld/ctld.h"

/* Ask about a node that was silent for SlurmdTimeout; nothing where there is no such program. Exit 0: it is dead. */
void fence_run (struct ctld *ctld, const char *node);
