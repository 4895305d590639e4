/* keygen.c - `moisson keygen DIR`: the controller's key, made once. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/files.h"
#include "base/keys.h"
#include "base/mem.h"
#include "command.h"

static int make_key (const char *dir, uint8_t ret_public[KEY_SIZE], struct err *err)
{
    _cleanup_free_ char *path = xasprintf ("%s/controller.key", dir);
    uint8_t secret[KEY_SIZE];
    int r;

    if (dir_make (dir, 0700, err))
        return -1;
    if (access (path, F_OK) == 0) {
        r = key_read (path, secret, err);
        if (!r && key_public (secret, ret_public))
            r = err_set (err, 0, "%s holds no key", path);
    } else {
        keypair_make (ret_public, secret);
        r = key_write (path, secret, err);
    }
    explicit_bzero (secret, sizeof secret);
    return r;
}

int keygen_run (int argc, char **argv)
{
    _cleanup_err_ struct err err = ERR_INIT;
    _cleanup_free_ char *text = NULL;
    uint8_t public_key[KEY_SIZE];

    if (argc == 2 && !strcmp (argv[1], "--help")) {
        printf ("Usage: moisson keygen DIR\n\nMakes DIR/controller.key if there is none (DIR is StateSaveLocation) "
                "and prints the line\nfor moisson.conf by which commands and nodes recognise the controller.\n");
        return 0;
    }
    if (argc != 2 || argv[1][0] == '-') {
        fprintf (stderr, "moisson keygen: error: name one directory\n"
                         "        fix: moisson keygen DIR, where DIR is StateSaveLocation of moisson.conf\n");
        return COMMAND_ERROR;
    }
    if (make_key (argv[1], public_key, &err)) {
        err_report ("moisson keygen", &err);
        return COMMAND_ERROR;
    }
    text = base64_encode (public_key, sizeof public_key);
    printf ("ControllerKey=%s\n", text);
    return 0;
}
