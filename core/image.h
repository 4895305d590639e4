/* image.h - what save.c writes and load.c reads. */
#pragma once
#include "core/node.h"

#define IMAGE_VERSION 1

static const char *const admin_words[] = {[ADMIN_NONE] = "", [ADMIN_DRAIN] = "DRAIN", [ADMIN_DOWN] = "DOWN"};

static inline const char *admin_word (enum admin admin)
{
    return admin_words[admin];
}
