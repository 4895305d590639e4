/* log.c - one line a call, written with one write(2), so that lines of several processes do not mix. */
#include "base/log.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

static struct {
    char program[64];
    enum log_level level;
} settings = {"moisson", LOG_LEVEL_INFO};

void log_open (const char *program, enum log_level level)
{
    snprintf (settings.program, sizeof settings.program, "%s", program);
    settings.level = level;
}

int log_level_parse (const char *word, enum log_level *ret)
{
    static const struct {
        const char *word, *number;
        enum log_level level;
    } rows[] = {
        {"quiet", "0", LOG_LEVEL_ERROR},  {"fatal", "1", LOG_LEVEL_ERROR},  {"error", "2", LOG_LEVEL_ERROR},
        {"info", "3", LOG_LEVEL_INFO},    {"verbose", "4", LOG_LEVEL_INFO}, {"debug", "5", LOG_LEVEL_DEBUG},
        {"debug2", "6", LOG_LEVEL_DEBUG}, {"debug3", "7", LOG_LEVEL_DEBUG}, {"debug4", "8", LOG_LEVEL_DEBUG},
        {"debug5", "9", LOG_LEVEL_DEBUG},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcasecmp (word, rows[i].word) || !strcmp (word, rows[i].number)) {
            *ret = rows[i].level;
            return 0;
        }
    return -1;
}

/* Time, level and program; returns its length. */
static size_t put_head (char *line, size_t size, enum log_level level)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    struct timespec now;
    struct tm tm;

    clock_gettime (CLOCK_REALTIME, &now);
    localtime_r (&now.tv_sec, &tm);
    size_t n = strftime (line, size, "%Y-%m-%dT%H:%M:%S", &tm);
    int m = snprintf (line + n, size - n, ".%03ld %s %s: ", now.tv_nsec / 1000000, names[level], settings.program);
    return n + (m > 0 ? (size_t) m : 0);
}

void log_line (enum log_level level, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    va_list ap;

    if (level > settings.level)
        return;
    size_t head = put_head (line, sizeof line, level);
    va_start (ap, fmt);
    int m = vsnprintf (line + head, sizeof line - head - 1, fmt, ap);
    va_end (ap);
    size_t len = head + (m > 0 ? (size_t) m : 0);
    if (len > sizeof line - 2)
        len = sizeof line - 2;
    for (size_t i = head; i < len; i++) /* a name with a newline in it must not forge a line */
        if ((unsigned char) line[i] < ' ' || line[i] == 127)
            line[i] = '?';
    line[len++] = '\n';
    ssize_t ignored = write (STDERR_FILENO, line, len); /* nowhere to complain to */
    (void) ignored;
}
