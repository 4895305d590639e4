/* image.h - what save.c writes and load.c reads. */
#pragma once
#include "core/node.h"

#define IMAGE_VERSION 1

/* ImageNode.admin_state of versions before ImageNode.marks, and for them. */
static const struct {
    const char *word;
    enum mark mark;
} admin_words[] = {{"DOWN", MARK_DOWN}, {"DRAIN", MARK_DRAIN}};
