/* fuzz_base_config.c - any text as moisson.conf: refused with sentences or read, never more. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/config.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void on_finding (void *arg, const char *file, unsigned line, bool is_error, const char *what, const char *fix)
{
    (void) line;
    (void) fix;
    assert (file && what && *what);
    *(int *) arg += is_error;
}

static void on_entry (void *arg, const char *key, const char *value)
{
    *(size_t *) arg += strlen (key) + strlen (value);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    int fd = memfd_create ("moisson.conf", 0);
    struct config *conf = NULL;
    struct err err = ERR_INIT;
    size_t shown = 0;
    int errors = 0;
    char path[64];

    if (fd < 0 || write (fd, data, size) != (ssize_t) size)
        abort ();
    snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
    int n = config_check (path, on_finding, &errors);
    assert (n == errors);
    int rc = config_load (&conf, path, &err);
    assert ((rc == 0) == (errors == 0));
    if (rc == 0)
        config_entries (conf, on_entry, &shown);
    config_free (conf);
    err_clear (&err);
    close (fd);
    return 0;
}
