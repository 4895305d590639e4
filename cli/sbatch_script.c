/* sbatch_script.c - reads a batch script and refuses what cannot be one. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "sbatch_script.h"

static const char *base_name (const char *path)
{
    const char *slash = strrchr (path, '/');

    return slash ? slash + 1 : path;
}

static bool is_file (const char *path)
{
    struct stat st;

    return stat (path, &st) == 0 && !S_ISDIR (st.st_mode);
}

/* The caller frees it. A name that is found nowhere is returned as it is, for the message of open. */
static char *find_script (const char *word, const char *search_path)
{
    if (strchr (word, '/') || is_file (word) || !search_path)
        return xstrdup (word);
    while (*search_path) {
        size_t len = strcspn (search_path, ":");
        char *path = xasprintf ("%.*s/%s", (int) len, search_path, word);

        if (len > 0 && is_file (path) && access (path, R_OK) == 0)
            return path;
        free (path);
        search_path += len;
        search_path += *search_path == ':';
    }
    return xstrdup (word);
}

static int read_all (int fd, const char *name, struct buf *text, struct err *err)
{
    char chunk[65536];

    for (;;) {
        ssize_t n = read (fd, chunk, sizeof chunk);

        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno (err, errno, "Unable to read file %s", name);
        if (text->len + (size_t) n > SCRIPT_MAX) {
            err_set (err, 0, "Batch script %s is larger than %u MB", name, SCRIPT_MAX >> 20);
            return err_fix (err, "keep data in files of their own and let the script read them");
        }
        buf_add (text, chunk, (size_t) n);
    }
}

static int read_script (struct buf *text, const char *path, struct err *err)
{
    _cleanup_close_ int fd = -1;

    if (!path)
        return read_all (STDIN_FILENO, "on standard input", text, err);
    fd = open (path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno (err, errno, "Unable to open file %s", path);
    return read_all (fd, path, text, err);
}

int script_check (const char *text, size_t len, struct err *err)
{
    size_t blanks = 0;

    if (len == 0)
        return err_set (err, 0, "Batch script is empty!");
    while (blanks < len && isspace ((unsigned char) text[blanks]))
        blanks++;
    if (blanks == len)
        return err_set (err, 0, "Batch script contains only whitespace!");
    if (len < 2 || text[0] != '#' || text[1] != '!') {
        err_set (err, 0,
                 "This does not look like a batch script.  The first line must start with #! followed by the path to an"
                 " interpreter.");
        return err_fix (err, "For instance: #!/bin/sh");
    }
    if (memchr (text, '\0', len)) {
        err_set (err, 0, "The batch script contains a NULL character '\\0'.");
        return err_fix (err, "submit a script, not a program; a program runs with --wrap=./program");
    }
    if (memmem (text, len, "\r\n", 2)) {
        err_set (err, 0, "Batch script contains DOS line breaks (\\r\\n) instead of expected UNIX line breaks (\\n).");
        return err_fix (err, "convert it: sed -i 's/\\r$//' SCRIPT");
    }
    return 0;
}

int script_load (struct script *ret, const char *word, const char *cwd, const char *search_path, struct err *err)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    _cleanup_free_ char *path = word ? find_script (word, search_path) : NULL;

    if (read_script (&text, path, err) || script_check (buf_str (&text), text.len, err))
        return -1;
    ret->len = text.len;
    ret->text = buf_steal (&text);
    ret->name = xstrdup (word ? base_name (word) : "sbatch");
    if (path)
        ret->command = *path == '/' ? xstrdup (path) : xasprintf ("%s/%s", cwd, path);
    return 0;
}

void script_wrap (struct script *ret, const char *command)
{
    ret->text = xasprintf ("#!/bin/sh\n\n# made by sbatch --wrap\n\n%s\n", command);
    ret->len = strlen (ret->text);
    ret->name = xstrdup ("wrap");
    ret->command = NULL;
}

void script_clear (struct script *script)
{
    free (script->text);
    free (script->command);
    free (script->name);
    *script = (struct script){0};
}
