/* assoc.h - the account tree: the root, accounts below it, users in accounts. A node of it is an association; that of a
 * user in an account is a leaf, and jobs belong to leaves. Who is in no account of the tree (all, where none is
 * declared) is a leaf below the root by his name. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/units.h"
#include "core/tres.h"

struct core;
