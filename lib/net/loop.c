/* loop.c */
#include "net/loop.h"
