/* groups.h - AllowGroups of partitions as numbers: asked once, when the configuration is read. */
#pragma once
#include "base/config.h"

/* A group that is not known lets nobody in, and is logged. */
void groups_resolve (struct config *conf);
