/* fuzz_base_gres.c - any text as gres.conf, and its words as Gres= and --gres: refused with sentences or read, never
 * more. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/config.h"
#include "base/files.h"
#include "base/gres.h"
#include "base/mem.h"
#include "base/options.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static const char conf[] = "SlurmctldHost=head\nNodeName=n[1-3] CPUs=4 RealMemory=1 Gres=gpu:a100:2,gpu:v100:1\n"
                           "PartitionName=p Nodes=ALL\n";

static void on_finding (void *arg, const char *file, unsigned line, bool is_error, const char *what, const char *fix)
{
    (void) line;
    (void) fix;
    assert (file && what && *what);
    *(int *) arg += is_error;
}

static char dir[] = "/dev/shm/moisson-fuzz-XXXXXX"; /* one for all inputs, in memory */

static void remove_dir (void)
{
    if (dir_remove (dir))
        abort ();
}

static void make_dir (void)
{
    _cleanup_free_ char *path = NULL;

    if (!strstr (dir, "XXXXXX"))
        return;
    if (!mkdtemp (dir) || atexit (remove_dir))
        abort ();
    path = xasprintf ("%s/moisson.conf", dir);
    if (file_write (path, conf, sizeof conf - 1, 0600, 0, NULL))
        abort ();
}

static void as_file (const uint8_t *data, size_t size)
{
    _cleanup_free_ char *path = NULL, *gres = NULL;
    _cleanup_config_ struct config *c = NULL;
    int errors = 0;

    make_dir ();
    path = xasprintf ("%s/moisson.conf", dir);
    gres = xasprintf ("%s/gres.conf", dir);
    if (file_write (gres, data, size, 0600, 0, NULL))
        abort ();
    int n = config_check (path, on_finding, &errors);
    assert (n == errors);
    int rc = config_load (&c, path, NULL);
    assert ((rc == 0) == (errors == 0));
}

static void as_words (const char *text)
{
    static const char *const options[] = {"gres", "gpus", "gpus-per-node", "gpus-per-task"};
    _cleanup_gres_ struct gres g = {0};
    struct submit s;
    size_t n;
    const struct option_row *rows = option_rows (&n);

    if (gres_parse (text, &g, NULL) == 0) {
        _cleanup_buf_ struct buf shown = BUF_INIT;
        _cleanup_gres_ struct gres again = {0};
        gres_show (&g, &shown);
        assert (gres_parse (shown.data, &again, NULL) == 0 && again.n == g.n && !strcmp (again.name, g.name));
    }
    submit_init (&s);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof options / sizeof *options; k++)
            if (!strcmp (rows[i].name, options[k])) {
                struct err err = ERR_INIT;
                int rc = option_apply (&s, &rows[i], text, &err);
                assert ((rc == 0) == !err_is_set (&err));
                err_clear (&err);
            }
    submit_clear (&s);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = xstrndup ((const char *) data, size);

    as_words (text);
    as_file (data, size);
    return 0;
}
