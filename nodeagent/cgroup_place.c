/* cgroup_place.c - where this process is in the hierarchies. */
#include "nodeagent/cgroup_place.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "nodeagent/cgroup_manager.h"

/* mountinfo writes blanks and backslashes as \ooo. */
static char *unescape (const char *text)
{
    struct buf out = BUF_INIT;

    for (; *text; text++) {
        if (text[0] == '\\' && text[1] && text[2] && text[3]) {
            buf_putc (&out, (char) ((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0')));
            text += 3;
        } else
            buf_putc (&out, *text);
    }
    return buf_steal (&out);
}

static bool is_below (const char *path, const char *dir)
{
    size_t len = strlen (dir);

    while (len > 1 && dir[len - 1] == '/')
        len--;
    return strncmp (path, dir, len) == 0 && (len <= 1 || path[len] == '/' || path[len] == '\0');
}

/* "31 23 0:28 ROOT POINT rw,relatime shared:9 - TYPE SOURCE OPTIONS": fields before the dash are optional from the
 * seventh on. */
static bool parse_mount (char *line, struct cgroup_mount *ret)
{
    char *words[6], *dash = strstr (line, " - "), *rest = line, *type, *options;
    size_t n = 0;

    if (!dash)
        return false;
    *dash = '\0';
    while (n < 6 && (words[n] = strsep (&rest, " ")))
        n++;
    rest = dash + 3;
    type = strsep (&rest, " ");
    strsep (&rest, " "); /* the source */
    options = rest;
    if (n < 5 || !options || (strcmp (type, "cgroup") != 0 && strcmp (type, "cgroup2") != 0))
        return false;
    *ret = (struct cgroup_mount){
        .is_v2 = strcmp (type, "cgroup2") == 0,
        .options = xstrdup (options),
        .root = unescape (words[3]),
        .point = unescape (words[4]),
    };
    return true;
}

static void mount_clear (struct cgroup_mount *m)
{
    free (m->options);
    free (m->root);
    free (m->point);
}

size_t cgroup_mounts_parse (const char *mountinfo, const char *below, struct cgroup_mount **ret)
{
    _cleanup_free_ char *copy = xstrdup (mountinfo);
    struct cgroup_mount *list = NULL, m;
    size_t n = 0, room = 0;
    char *rest = copy;

    for (char *line; (line = strsep (&rest, "\n"));) {
        if (!parse_mount (line, &m))
            continue;
        if (below && below[0] && !is_below (m.point, below)) {
            mount_clear (&m);
            continue;
        }
        GROW (list, n, room);
        list[n++] = m;
    }
    *ret = list;
    return n;
}

void cgroup_mounts_free (struct cgroup_mount *mounts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        mount_clear (&mounts[i]);
    free (mounts);
}

/* Lines "4:memory:/path", v2's "0::/path". */
char *cgroup_path_of (const char *proc_cgroup, const char *controller)
{
    _cleanup_free_ char *copy = xstrdup (proc_cgroup);
    char *rest = copy;

    for (char *line; (line = strsep (&rest, "\n"));) {
        char *list = strchr (line, ':'), *path = list ? strchr (list + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        list++;
        if (controller[0] ? cgroup_has_word (list, controller) : list[0] == '\0')
            return xstrdup (path);
    }
    return NULL;
}

char *cgroup_place_of (const struct cgroup_mount *mount, const char *path)
{
    const char *rest = path;

    if (strcmp (mount->root, "/") != 0) {
        if (!is_below (path, mount->root))
            return strcmp (path, "/") == 0 ? xstrdup (mount->point) : NULL; /* a cgroup namespace of its own */
        rest += strlen (mount->root);
    }
    return xasprintf ("%s%s", mount->point, strcmp (rest, "/") == 0 ? "" : rest);
}

static char *existing (char *path)
{
    struct stat st;

    if (stat (path, &st) == 0 && S_ISDIR (st.st_mode))
        return path;
    free (path);
    return NULL;
}

/* BASE/moisson/NODE/shepherds: made by a launcher that had to move its own BASE's processes there. */
static size_t without_leaf (const char *own)
{
    static const char leaf[] = "/shepherds", tree[] = "/moisson/";
    size_t len = strlen (own);

    if (len < sizeof leaf || strcmp (own + len - (sizeof leaf - 1), leaf) != 0)
        return len;
    size_t node = len - (sizeof leaf - 1);
    while (node && own[node - 1] != '/')
        node--;
    if (node < sizeof tree - 1 || strncmp (own + node - (sizeof tree - 1), tree, sizeof tree - 1) != 0)
        return len;
    return node - (sizeof tree - 1);
}

char *cgroup_base_dir (const struct cgroup_mount *mount, const char *own)
{
    _cleanup_free_ char *base = xstrndup (own, without_leaf (own));
    const char *slash = strlen (base) > strlen (mount->point) ? strrchr (base, '/') : NULL;
    char *holder = NULL;

    if (slash)
        holder = existing (xasprintf ("%.*s/" CGROUP_HOLDER, (int) (slash - base), base));
    if (!holder)
        holder = existing (xasprintf ("%s/system.slice/" CGROUP_HOLDER, mount->point));
    return holder ? holder : steal (&base);
}
