/* log.h - one line, one fact, keyed: `log_info ("job=%s node=%s event=exited status=%d", ...)`. Programs log;
 * libraries do not. Lines go to stderr (the daemon's log file) with time, level and program. */
#pragma once

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_open (const char *program, enum log_level level); /* copies program */
int log_level_parse (const char *word,
                     enum log_level *ret); /* Slurm's: quiet fatal error info verbose debug debug2.. */
void log_line (enum log_level level, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));

#define log_error(...) log_line (LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line (LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line (LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line (LOG_LEVEL_DEBUG, __VA_ARGS__)
