/* import_result.c - what became of a slurm.conf, counted, mended, forgotten. */
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "import.h"

const char *import_word (enum import_verdict verdict)
{
    static const char *const words[N_IMPORT_VERDICTS] = {[IMPORT_CARRIED] = "carried over",
                                                         [IMPORT_CHANGED] = "changed",
                                                         [IMPORT_DROPPED] = "dropped",
                                                         [IMPORT_DECIDE] = "decide"};

    return words[verdict];
}

size_t import_count (const struct import *m, enum import_verdict verdict)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n_lines; i++)
        n += m->lines[i].verdict == verdict;
    return n;
}

static char *line_at (const struct import *m, unsigned line)
{
    char *at = m->out.data;

    while (at && --line > 0) {
        at = strchr (at, '\n');
        at += at != NULL;
    }
    return at && *at ? at : NULL;
}

/* Without it a partition or nodes are missing: that is not for a program to decide. */
static bool is_wide (const char *line)
{
    return !strncmp (line, "NodeName=", 9) || !strncmp (line, "PartitionName=", 14);
}

bool import_strike (struct import *m, unsigned line, const char *why)
{
    char *at = line && line <= m->n_places ? line_at (m, line) : NULL;
    const struct import_place *place = at ? &m->places[line - 1] : NULL;
    struct buf out = BUF_INIT;
    size_t before, len;

    if (!at || *at == '#')
        return false;
    before = (size_t) (at - m->out.data);
    len = strcspn (at, "\n");
    GROW (m->lines, m->n_lines, m->line_room);
    m->lines[m->n_lines++] = (struct import_line){.file = xstrdup (place->file),
                                                  .line = place->line,
                                                  .text = xstrndup (at, len),
                                                  .verdict = is_wide (at) ? IMPORT_DECIDE : IMPORT_DROPPED,
                                                  .why = xstrdup (why)};
    buf_add (&out, m->out.data, before);
    buf_puts (&out, "# ");
    buf_add (&out, at, m->out.len - before);
    buf_clear (&m->out);
    m->out = out;
    return true;
}

void import_clear (struct import *m)
{
    for (size_t i = 0; i < m->n_lines; i++) {
        free (m->lines[i].file);
        free (m->lines[i].text);
        free (m->lines[i].why);
    }
    for (size_t i = 0; i < m->n_places; i++)
        free (m->places[i].file);
    free (m->lines);
    free (m->places);
    free (m->cluster);
    buf_clear (&m->out);
    *m = (struct import){0};
}
