/* control.c - the lines that a shepherd takes from its fifo. */
#include "nodeagent/control.h"
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/units.h"

static const char *const whoms[] = {[WHOM_BATCH] = "batch", [WHOM_ALL] = "all", [WHOM_CHILDREN] = "children"};

static int parse_signal (const char *text, struct control *ret, struct err *err)
{
    char *end;
    long sig = strtol (text, &end, 10);

    if (end == text || *end != ' ' || sig < 1 || sig >= NSIG)
        return err_set (err, 0, "'signal %s' names no signal", text);
    for (size_t i = 0; i < sizeof whoms / sizeof *whoms; i++)
        if (strcmp (end + 1, whoms[i]) == 0) {
            *ret = (struct control){.verb = CONTROL_SIGNAL, .signal = (int) sig, .whom = (enum control_whom) i};
            return 0;
        }
    return err_set (err, 0, "'signal %s' does not say whom: batch, all or children", text);
}

static int parse_seconds (const char *text, enum control_verb verb, struct control *ret, struct err *err)
{
    uint64_t seconds;

    if (number_parse (text, verb == CONTROL_LIMIT ? "seconds of a limit" : "seconds of grace", 0, UINT32_MAX, &seconds,
                      err))
        return -1;
    *ret = (struct control){.verb = verb, .limit_s = seconds};
    return 0;
}

int control_parse (const char *line, struct control *ret, struct err *err)
{
    if (strncmp (line, "note ", 5) == 0)
        *ret = (struct control){.verb = CONTROL_NOTE, .text = line + 5};
    else if (strcmp (line, "cancel") == 0)
        *ret = (struct control){.verb = CONTROL_CANCEL};
    else if (strcmp (line, "kill") == 0)
        *ret = (struct control){.verb = CONTROL_KILL};
    else if (strcmp (line, "suspend") == 0)
        *ret = (struct control){.verb = CONTROL_SUSPEND};
    else if (strcmp (line, "resume") == 0)
        *ret = (struct control){.verb = CONTROL_RESUME};
    else if (strncmp (line, "signal ", 7) == 0)
        return parse_signal (line + 7, ret, err);
    else if (strncmp (line, "limit ", 6) == 0)
        return parse_seconds (line + 6, CONTROL_LIMIT, ret, err);
    else if (strncmp (line, "grace ", 6) == 0)
        return parse_seconds (line + 6, CONTROL_GRACE, ret, err);
    else
        return err_set (err, 0, "'%.80s' is no command", line);
    return 0;
}

static void add_note (const char *note, struct buf *out)
{
    if (!note || !note[0])
        return;
    buf_puts (out, "note ");
    for (size_t n = 0; *note && n < 512; note++, n++) /* a line stays one line, and fits into one write to a fifo */
        buf_putc (out, (unsigned char) *note < ' ' ? ' ' : *note);
    buf_putc (out, '\n');
}

void control_format (const Moisson__Stop *stop, struct buf *out)
{
    enum control_whom whom = WHOM_ALL;

    add_note (stop->note, out);
    if (stop->how != MOISSON__STOP_HOW__STOP_SIGNAL) {
        if (stop->has_grace_s && stop->how == MOISSON__STOP_HOW__STOP_CANCEL)
            buf_printf (out, "grace %" PRIu32 "\n", stop->grace_s);
        buf_puts (out, stop->how == MOISSON__STOP_HOW__STOP_KILL ? "kill\n" : "cancel\n");
        return;
    }
    if (stop->has_suspend) {
        buf_puts (out, stop->suspend ? "suspend\n" : "resume\n");
        return;
    }
    if (stop->has_time_limit_s) {
        buf_printf (out, "limit %" PRIu64 "\n", stop->time_limit_s);
        return;
    }
    if (stop->has_batch_only && stop->batch_only)
        whom = WHOM_BATCH;
    else if (stop->has_children_only && stop->children_only)
        whom = WHOM_CHILDREN;
    buf_printf (out, "signal %d %s\n", stop->has_signal ? stop->signal : SIGTERM, whoms[whom]);
}

int warning_parse (const char *text, struct warning *ret, struct err *err)
{
    struct warning w = {.whom = WHOM_CHILDREN, .before_s = 60};
    _cleanup_free_ char *copy = xstrdup (text);
    char *name = copy, *at;
    uint64_t seconds;

    for (char *colon = strchr (name, ':'); colon; name = colon + 1, colon = strchr (name, ':')) {
        *colon = '\0';
        if (strpbrk (name, "bB"))
            w.whom = WHOM_BATCH;
        if (name[0] == '\0' || name[strspn (name, "bBrR")] != '\0')
            return err_set (err, 0, "--signal=%s: '%s:' is not known, only B: and R:", text, name);
    }
    at = strchr (name, '@');
    if (at) {
        *at++ = '\0';
        if (number_parse (at, "seconds of --signal", 0, 65535, &seconds, err))
            return -1;
        w.before_s = (unsigned) seconds;
    }
    if (signal_parse (name, &w.signal, err))
        return -1;
    *ret = w;
    return 0;
}
