/* config_lines.h - the text of a configuration file as logical lines and Key=Value pairs. Internal to config. */
#pragma once
#include "base/err.h"

/* Calls fn for every logical line that says something: comments cut ('#' outside quotes; "\#" is a plain '#'), lines
 * ending in '\' joined with the next, blanks trimmed. `line` is the number of its first line; fn may change the text.
 */
typedef void (*config_line_fn) (void *arg, unsigned line, char *text);
void config_lines_each (const char *text, config_line_fn fn, void *arg);

/* The same line as text that config_lines_each takes for it again. */
struct buf;
void config_line_write (struct buf *out, const char *text);

/* The next pair of a logical line, cut out of it in place: `Key=Value`, `Key = Value`, `Key="a value"`. CONFIG_PAIR_END
 * after the last; -1 where the text is no pair. */
enum { CONFIG_PAIR_END = 1 };
int config_pair_next (char **cursor, char **ret_key, char **ret_value, struct err *err);
